//! Choice of trunk: group, priority, weight, limits, health, failover.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Reason;
use super::pace::Pacer;
use crate::base::{Mono, NumberFormat, PhoneNumber, Rng};

/// A 503 without Retry-After (RFC 3261 section 21.5.4): rest for this long.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// A Retry-After beyond an hour is a mistake of the peer; it is asked again after one.
const MAX_COOL_DOWN: Duration = Duration::from_secs(3600);

/// What the choice of a trunk stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkSettings {
    /// Unique name.
    pub name: Arc<str>,
    /// Group it belongs to; campaigns name groups.
    pub group: String,
    /// Lower is tried first (as in RFC 2782).
    pub priority: u16,
    /// Share among trunks of equal priority; 0 only when no other is left.
    pub weight: u16,
    /// Calls at once, both directions; 0 means no limit.
    pub max_calls: u32,
    /// New outbound calls a second; 0 means no limit.
    pub max_cps: f64,
    /// Whether it must have answered OPTIONS or REGISTER before it is dialled.
    pub health_check: bool,
    /// How it wants numbers.
    pub number_format: NumberFormat,
}

/// What the health check of a trunk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not asked yet, or no answer yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not, and why.
    Down(String),
}

/// Why a way failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFailure {
    /// A final response that speaks of the trunk, see [`RouteFailure::is_trunks`].
    Status {
        /// 300-699.
        status: u16,
        /// Its Retry-After.
        retry_after: Option<Duration>,
    },
    /// No response (timer B).
    Timeout,
    /// No connection, no address.
    Unreachable,
}

impl RouteFailure {
    /// Whether a final status says that the trunk cannot, rather than that the customer does
    /// not, so that another trunk is worth a try: 408 and 5xx.
    pub const fn is_trunks(status: u16) -> bool {
        matches!(status, 408 | 500..=599)
    }
}

/// What a trunk is doing, for people and the API.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkStatus {
    /// Its name.
    pub name: Arc<str>,
    /// What the health check says.
    pub health: Health,
    /// Rests until then after a 503 or a silence.
    pub cooling_until: Option<Mono>,
    /// Calls up or being set up, both directions.
    pub calls: u32,
    /// Whether it can be dialled.
    pub ready: bool,
}

/// How the trunks of a group stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GroupState {
    /// One can be dialled.
    Ready,
    /// All that are up are at their limits; the time at which one's pace allows the next.
    Busy(Option<Mono>),
    /// None is up; why, and when one's rest is over.
    Down(String, Option<Mono>),
}

#[derive(Debug)]
struct Trunk {
    settings: TrunkSettings,
    health: Health,
    cooling_until: Option<Mono>,
    /// Set where only an answer of the trunk, and not time alone, was missing.
    cooled_by_silence: bool,
    calls: u32,
    /// Why campaigns are held off it.
    held: Option<Reason>,
    /// Paces reservations, so that no more are made than can be dialled.
    reserve: Pacer,
    /// Paces INVITEs: the limit that the carrier sees.
    dial: Pacer,
    /// Gone from the settings; kept while calls are up.
    retired: bool,
}

impl Trunk {
    fn new(settings: TrunkSettings) -> Self {
        Trunk {
            health: Health::Unknown,
            cooling_until: None,
            cooled_by_silence: false,
            calls: 0,
            held: None,
            reserve: Pacer::new(settings.max_cps),
            dial: Pacer::new(settings.max_cps),
            retired: false,
            settings,
        }
    }

    fn is_cooling(&self, now: Mono) -> bool {
        self.cooling_until.is_some_and(|until| now < until)
    }

    /// Up, as far as is known: without a health check the benefit of the doubt.
    fn is_up(&self, now: Mono) -> bool {
        let answers = match self.health {
            Health::Up => true,
            Health::Unknown => !self.settings.health_check,
            Health::Down(_) => false,
        };
        answers && !self.retired && !self.is_cooling(now)
    }

    /// Up, and nothing holds campaigns off it.
    fn is_open(&self, now: Mono) -> bool {
        self.is_up(now) && self.held.is_none()
    }

    fn has_room(&self) -> bool {
        self.settings.max_calls == 0 || self.calls < self.settings.max_calls
    }

    fn why_down(&self, now: Mono) -> String {
        let name = &self.settings.name;
        match &self.health {
            Health::Down(why) => format!("{name}: {why}"),
            Health::Unknown if self.settings.health_check => format!("{name}: no answer yet"),
            _ if self.is_cooling(now) => format!("{name}: rests after refusing calls"),
            _ => match &self.held {
                Some(reason) => format!("{name}: {}", reason.detail),
                None => format!("{name}: not usable"),
            },
        }
    }
}

/// Which pace a choice is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An attempt is about to be reserved.
    Reserve,
    /// An INVITE leaves at once.
    Dial,
    /// The same for a person who waits on the line: it may leave before its pace.
    Person,
}

/// By how much the pace may be run ahead of for people who wait. What leaves later waits the
/// longer, so that the rate holds over seconds.
const AHEAD: Duration = Duration::from_secs(1);

/// All trunks.
#[derive(Debug)]
pub(super) struct Trunks {
    by_name: BTreeMap<Arc<str>, Trunk>,
}

impl Trunks {
    pub(super) fn new(settings: Vec<TrunkSettings>) -> Self {
        Trunks { by_name: settings.into_iter().map(|s| (s.name.clone(), Trunk::new(s))).collect() }
    }

    /// Takes new settings; counts, health and pace of trunks that stay are kept.
    pub(super) fn replace(&mut self, settings: Vec<TrunkSettings>) {
        for trunk in self.by_name.values_mut() {
            trunk.retired = true;
        }
        for settings in settings {
            match self.by_name.get_mut(&settings.name) {
                Some(trunk) => {
                    trunk.reserve.set_rate(settings.max_cps);
                    trunk.dial.set_rate(settings.max_cps);
                    trunk.settings = settings;
                    trunk.retired = false;
                }
                None => {
                    self.by_name.insert(settings.name.clone(), Trunk::new(settings));
                }
            }
        }
        self.by_name.retain(|_, trunk| !trunk.retired || trunk.calls > 0);
    }

    pub(super) fn set_health(&mut self, name: &str, health: Health) {
        let Some(trunk) = self.by_name.get_mut(name) else { return };
        if health == Health::Up && trunk.cooled_by_silence {
            trunk.cooling_until = None;
        }
        trunk.health = health;
    }

    /// Holds campaigns off a trunk, or lets them dial through it again.
    pub(super) fn set_held(&mut self, name: &str, reason: Option<Reason>) {
        if let Some(trunk) = self.by_name.get_mut(name) {
            trunk.held = reason;
        }
    }

    /// Why campaigns are held off a trunk.
    pub(super) fn held(&self, name: &str) -> Option<&Reason> {
        self.by_name.get(name).and_then(|trunk| trunk.held.as_ref())
    }

    /// Whether a trunk takes a call, whatever holds campaigns off it.
    pub(super) fn is_ready(&self, now: Mono, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|trunk| trunk.is_up(now) && trunk.has_room())
    }

    /// Every trunk but that one.
    pub(super) fn others(&self, only: &str) -> Vec<Arc<str>> {
        self.by_name.keys().filter(|name| &***name != only).cloned().collect()
    }

    /// Picks a trunk of the group that was not tried, counts the call on it, and gives its
    /// name: the lowest priority first, by weight among equals (RFC 2782). A trunk that campaigns are
    /// held off is only for a person, who hears for themselves, and only where there is no other.
    pub(super) fn choose(
        &mut self,
        now: Mono,
        group: &str,
        tried: &[Arc<str>],
        purpose: Purpose,
        rng: &mut Rng,
    ) -> Option<Arc<str>> {
        let usable = |t: &Trunk| {
            let ready = match purpose {
                Purpose::Reserve => t.reserve.is_ready(now),
                Purpose::Dial => t.dial.is_ready(now),
                Purpose::Person => t.dial.is_ready(now + AHEAD),
            };
            t.is_up(now) && t.has_room() && ready && !tried.contains(&t.settings.name)
        };
        let (open, held): (Vec<_>, Vec<_>) =
            self.of_group(group).filter(|t| usable(t)).partition(|t| t.held.is_none());
        let usable = if open.is_empty() && purpose == Purpose::Person { held } else { open };
        let usable: Vec<&TrunkSettings> = usable.into_iter().map(|t| &t.settings).collect();
        let best = usable.iter().map(|s| s.priority).min()?;
        let equals: Vec<&TrunkSettings> = usable.into_iter().filter(|s| s.priority == best).collect();
        let total: u64 = equals.iter().map(|s| u64::from(s.weight)).sum();
        let name = if total == 0 {
            equals[usize::try_from(rng.below(equals.len() as u64)).unwrap_or(0)].name.clone()
        } else {
            let mut draw = rng.below(total);
            let drawn = equals.iter().find(|s| {
                let weight = u64::from(s.weight);
                let here = draw < weight;
                draw = draw.saturating_sub(weight);
                here
            });
            drawn.unwrap_or(&equals[0]).name.clone()
        };
        let trunk = self.by_name.get_mut(&name)?;
        trunk.calls += 1;
        match purpose {
            Purpose::Reserve => trunk.reserve.take(now),
            Purpose::Dial | Purpose::Person => trunk.dial.take(now),
        }
        Some(name)
    }

    /// Whether a reserved call may leave over its trunk; counts it if so.
    pub(super) fn take_dial(&mut self, now: Mono, name: &str) -> DialCheck {
        match self.by_name.get_mut(name) {
            Some(trunk) if trunk.is_open(now) => {
                if !trunk.dial.is_ready(now) {
                    return DialCheck::At(trunk.dial.ready_at());
                }
                trunk.dial.take(now);
                DialCheck::Go
            }
            _ => DialCheck::Gone,
        }
    }

    /// Counts a call that came over the trunk by itself; false if it has no room.
    pub(super) fn begin(&mut self, name: &str) -> bool {
        match self.by_name.get_mut(name) {
            Some(trunk) if trunk.has_room() && !trunk.retired => {
                trunk.calls += 1;
                true
            }
            _ => false,
        }
    }

    /// A call left the trunk.
    pub(super) fn release(&mut self, name: &str) {
        if let Some(trunk) = self.by_name.get_mut(name) {
            trunk.calls = trunk.calls.saturating_sub(1);
            if trunk.retired && trunk.calls == 0 {
                self.by_name.remove(name);
            }
        }
    }

    /// A way over this trunk failed: does it need a rest?
    pub(super) fn note_failure(&mut self, now: Mono, name: &str, failure: RouteFailure) {
        let Some(trunk) = self.by_name.get_mut(name) else { return };
        let (rest, silence) = match failure {
            RouteFailure::Status { status: 503, retry_after } => (retry_after.unwrap_or(COOL_DOWN), false),
            RouteFailure::Status { .. } => return,
            RouteFailure::Timeout | RouteFailure::Unreachable => (COOL_DOWN, true),
        };
        let until = now + rest.min(MAX_COOL_DOWN);
        // A shorter rest never cuts a longer one short.
        if trunk.cooling_until.is_none_or(|old| old < until) {
            trunk.cooling_until = Some(until);
            trunk.cooled_by_silence = silence;
        }
    }

    /// How the trunks of a group stand, for whoever waits for one.
    pub(super) fn group_state(&self, now: Mono, group: &str) -> GroupState {
        let mut known = false;
        let (mut up, mut ready_at, mut warm_at) = (false, None::<Mono>, None::<Mono>);
        let mut why = Vec::new();
        let earlier = |a: Option<Mono>, b: Mono| Some(a.map_or(b, |a| a.min(b)));
        for trunk in self.of_group(group) {
            known = true;
            if trunk.is_open(now) {
                up = true;
                if trunk.has_room() {
                    if trunk.reserve.is_ready(now) {
                        return GroupState::Ready;
                    }
                    ready_at = earlier(ready_at, trunk.reserve.ready_at());
                }
            } else {
                why.push(trunk.why_down(now));
            }
            if let Some(until) = trunk.cooling_until.filter(|until| *until > now) {
                warm_at = earlier(warm_at, until);
            }
        }
        match (known, up) {
            (false, _) if group.is_empty() => GroupState::Down("no trunk is configured".into(), None),
            (false, _) => GroupState::Down(format!("no trunk is in group `{group}`"), None),
            (true, true) => GroupState::Busy(match (ready_at, warm_at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            }),
            (true, false) => GroupState::Down(why.join("; "), warm_at),
        }
    }

    /// The number as this trunk wants it.
    pub(super) fn dial_string(&self, name: &str, number: &PhoneNumber) -> Option<String> {
        self.by_name.get(name).map(|t| t.settings.number_format.dial_string(number))
    }

    /// What each trunk is doing.
    pub(super) fn status(&self, now: Mono) -> Vec<TrunkStatus> {
        self.by_name
            .values()
            .filter(|t| !t.retired)
            .map(|t| TrunkStatus {
                name: t.settings.name.clone(),
                health: t.health.clone(),
                cooling_until: t.cooling_until.filter(|until| *until > now),
                calls: t.calls,
                ready: t.is_open(now) && t.has_room(),
            })
            .collect()
    }

    fn of_group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Trunk> {
        self.by_name.values().filter(move |t| !t.retired && (group.is_empty() || t.settings.group == group))
    }
}

/// Whether a reserved call may leave over its trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DialCheck {
    /// At once; it is counted.
    Go,
    /// The trunk's pace allows it then.
    At(Mono),
    /// The trunk cannot be dialled any more: choose another.
    Gone,
}
