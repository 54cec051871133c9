//! The keeper of canaries: orders each when it is due, looks at what came of it, and holds campaigns off
//! a trunk whose canary is due or failed. It has no state of its own that matters: what was made and
//! found is in the store.

mod judge;
mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;

use super::store::{CanaryOverride, Error, Store};
use super::telemetry::Telemetry;
use super::told::Told;
use super::vault::Vault;
use super::web::{Control, ControlHandle, Done, EventHub, LiveReader, Refused};
use crate::base::{CallId, Timestamp};
use crate::calendar::{Calendar, Windows};
use crate::canary::{self, Day, Ran, Standing, standing};
use crate::dialer::{CampaignState, Reason};

pub use view::{CanaryStanding, CanaryView};

/// Before the first calling window of the day, where the configuration names no time.
const BEFORE_MS: i64 = 30 * 60_000;
/// A turn at least so often: trunks come up, and the store may be behind.
const AT_LEAST: Duration = Duration::from_secs(10);
/// The same while one is due: it waits for its trunk, or for another's.
const SOON: Duration = Duration::from_secs(2);
/// The first window of a day is looked up again after so long: campaigns come and go.
const WINDOW_FOR: Duration = Duration::from_secs(60);
/// A canary that was ordered is waited for so long before another is: both calls have ended by then.
const FLIGHT: Duration = Duration::from_secs(300);
/// Canaries that are looked at to tell how a trunk stands.
const LOOK_BACK: u32 = 20;
/// Who orders those that are due.
const ACTOR: &str = "ringback";

/// What the configuration says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Trunks with a canary, by name.
    pub trunks: BTreeMap<String, canary::Settings>,
    /// Windows of campaigns that name none.
    pub windows: Windows,
    /// Zone, holidays, working days.
    pub calendar: Arc<Calendar>,
}

/// What its work stands on.
pub struct Place {
    /// The database.
    pub store: Store,
    /// Orders to the engine.
    pub control: ControlHandle,
    /// Where people hear of it.
    pub hub: EventHub,
    /// Counters of alarms.
    pub telemetry: Arc<Telemetry>,
    /// What is live.
    pub live: LiveReader,
    /// The sound of recordings.
    pub vault: Vault,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When the next is due.
    pub next: Timestamp,
}

/// The keeper. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct CanaryKeeper {
    parts: Arc<Parts>,
}

struct Parts {
    place: Place,
    told: Told<Settings>,
    notes: Mutex<Notes>,
}

/// What it remembers between turns, to do nothing twice.
#[derive(Debug, Default)]
struct Notes {
    /// What the engine was told.
    holds: BTreeMap<String, Option<Reason>>,
    /// The canary that was ordered last, until the store has it.
    ordered: Option<(CallId, Timestamp)>,
    /// When that day's first window opens, and when that was looked up.
    opening: Option<(Date, Timestamp, Option<Timestamp>)>,
}

impl std::fmt::Debug for CanaryKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CanaryKeeper")
    }
}

impl CanaryKeeper {
    /// A keeper with these settings.
    pub fn new(place: Place, settings: Settings) -> CanaryKeeper {
        let parts = Parts { place, told: Told::new(settings), notes: Mutex::default() };
        CanaryKeeper { parts: Arc::new(parts) }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// Other settings.
    pub fn set_settings(&self, settings: Settings) {
        self.notes().opening = None;
        self.parts.told.set(settings);
    }

    /// Waits until somebody wakes it.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    /// Everything that is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        for row in self.store().canaries_to_judge().await? {
            self.judge(row, now).await?;
        }
        let mut next = now + AT_LEAST;
        let mut due = Vec::new();
        let mut holds = BTreeMap::new();
        for (trunk, standing) in self.standings(now).await? {
            match standing.next {
                Some(at) if at <= now => due.push(trunk.clone()),
                Some(at) => next = next.min(at),
                None => {}
            }
            holds.insert(trunk, standing.light.hold());
        }
        self.tell(holds).await;
        if !due.is_empty() {
            next = next.min(now + SOON);
        }
        self.run_due(due, now).await?;
        Ok(Turn { next })
    }

    /// Why campaigns are held off trunks at this moment.
    ///
    /// # Errors
    /// The database's.
    pub async fn holds(&self, now: Timestamp) -> Result<Vec<(String, Option<Reason>)>, Error> {
        let standings = self.standings(now).await?;
        Ok(standings.into_iter().map(|(trunk, standing)| (trunk, standing.light.hold())).collect())
    }

    /// Makes the canary of a trunk now; gives the call that goes out.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub async fn run(&self, trunk: &str, by: &str, now: Timestamp) -> Result<CallId, Refused> {
        let order = Control::Canary { trunk: trunk.to_owned(), by: by.to_owned() };
        match self.parts.place.control.ask(order).await? {
            Done::Call(call) => {
                self.notes().ordered = Some((call, now));
                Ok(call)
            }
            _ => Err(Refused::Unavailable("the order was answered by another's answer".into())),
        }
    }

    /// Lets a trunk be dialled today in spite of its canary.
    ///
    /// # Errors
    /// The database's.
    pub async fn override_today(
        &self,
        trunk: &str,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<CanaryOverride, Error> {
        let new = CanaryOverride {
            trunk: trunk.to_owned(),
            day: self.settings().calendar.date(now).to_string(),
            at: now.0,
            by: by.to_owned(),
            reason: reason.to_owned(),
        };
        self.store().override_canary(&new).await?;
        tracing::warn!(trunk, by, "a canary is overridden for today");
        self.tell_people(trunk, "overridden", None);
        self.parts.told.ring();
        Ok(new)
    }

    fn store(&self) -> &Store {
        &self.parts.place.store
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Whole between any two statements.
        self.parts.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How every trunk with a canary stands.
    async fn standings(&self, now: Timestamp) -> Result<Vec<(String, Standing)>, Error> {
        let settings = self.settings();
        let mut all = Vec::with_capacity(settings.trunks.len());
        if settings.trunks.is_empty() {
            return Ok(all);
        }
        let today = settings.calendar.date(now);
        let overridden = self.store().canary_overrides(today).await?;
        for (trunk, canary) in &settings.trunks {
            let day = self.day(&settings, canary, now).await?;
            let rows = self.store().canaries(trunk, LOOK_BACK).await?;
            let ran = rows.iter().filter_map(|row| {
                let passed = row.passed? == 1;
                Some(Ran { began: Timestamp(row.began_at), ended: Timestamp(row.ended_at), passed })
            });
            let by_person = overridden.iter().any(|one| one.trunk == *trunk);
            all.push((trunk.clone(), standing(now, day, &ran.collect::<Vec<_>>(), by_person)));
        }
        Ok(all)
    }

    /// The present day of a trunk's canary.
    async fn day(
        &self,
        settings: &Settings,
        canary: &canary::Settings,
        now: Timestamp,
    ) -> Result<Day, Error> {
        let today = settings.calendar.date(now);
        let begins = settings.calendar.start_of(today);
        let opening = self.opening(settings, today, now).await?;
        let due = opening.map(|opening| match canary.at {
            Some(time) => {
                let zoned = today.to_datetime(time).to_zoned(settings.calendar.zone().clone());
                zoned.map_or(begins, |at| Timestamp::from_jiff(at.timestamp()))
            }
            None => begins.max(Timestamp(opening.0 - BEFORE_MS)),
        });
        Ok(Day { begins, due })
    }

    /// When the first window of a day opens, of the campaigns that are not over, or of those that
    /// name none; None: nobody is called on it.
    async fn opening(
        &self,
        settings: &Settings,
        day: Date,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        if let Some((known, at, opening)) = self.notes().opening
            && known == day
            && now.millis_since(at) < WINDOW_FOR.as_millis() as i64
        {
            return Ok(opening);
        }
        let (begins, ends) = (settings.calendar.start_of(day), settings.calendar.end_of(day));
        let is_live = |state: CampaignState| {
            matches!(state, CampaignState::Draft | CampaignState::Running | CampaignState::Paused)
        };
        let campaigns = self.store().campaigns().await?;
        let mut windows: Vec<Windows> = campaigns
            .iter()
            .filter(|campaign| is_live(campaign.state))
            .filter_map(|campaign| campaign.settings.windows(&settings.windows, &settings.calendar).ok())
            .collect();
        if windows.is_empty() {
            windows.push(settings.windows.clone());
        }
        let opening = windows.iter().filter_map(|w| w.next_opening(begins)).filter(|at| *at < ends).min();
        self.notes().opening = Some((day, now, opening));
        Ok(opening)
    }

    /// Tells the engine what has changed.
    async fn tell(&self, mut holds: BTreeMap<String, Option<Reason>>) {
        let known = self.notes().holds.clone();
        // A trunk whose canary was taken out of the configuration waits for nothing.
        for trunk in known.keys().filter(|trunk| !holds.contains_key(*trunk)).cloned().collect::<Vec<_>>() {
            holds.insert(trunk, None);
        }
        for (trunk, reason) in holds {
            if known.get(&trunk) == Some(&reason) {
                continue;
            }
            let order = Control::HoldTrunk { trunk: trunk.clone(), reason: reason.clone() };
            if self.parts.place.control.ask(order).await.is_ok() {
                self.notes().holds.insert(trunk.clone(), reason);
                self.tell_people(&trunk, "changed", None);
            }
        }
    }

    /// Orders the first that can be made; the others wait for their turn.
    async fn run_due(&self, due: Vec<String>, now: Timestamp) -> Result<(), Error> {
        let ordered = self.notes().ordered;
        if let Some((call, at)) = ordered {
            let is_stored = self.store().has_canary(call).await?;
            if !is_stored && now.millis_since(at) < FLIGHT.as_millis() as i64 {
                return Ok(());
            }
            self.notes().ordered = None;
        }
        for trunk in due {
            match self.run(&trunk, ACTOR, now).await {
                Ok(_) => break,
                // It is down or full: its time comes.
                Err(why) => tracing::debug!(trunk, %why, "a canary waits"),
            }
        }
        Ok(())
    }

    fn tell_people(&self, trunk: &str, word: &str, call: Option<&str>) {
        let event = serde_json::json!({ "trunk": trunk, "canary": word, "call": call });
        self.parts.place.hub.publish_value("trunk", &event);
    }
}
