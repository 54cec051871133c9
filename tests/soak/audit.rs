//! What must hold at every moment, kept apart from whatever the daemon itself believes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ringback::base::{CallId, CampaignId, Mono, Now};
use ringback::calendar::Windows;
use ringback::call::Direction;
use ringback::dialer::CampaignSettings;
use ringback::engine::{Engine, TrunkSettings};

use super::books::Books;

/// A call that lasts longer than this has been forgotten by everybody.
const LONGEST_CALL_MS: i64 = 10 * 60_000;
/// Time between the store's word and the call, or between the call's end and its record.
const LONGEST_LIMBO: Duration = Duration::from_secs(30);

/// A breach: the number it is about, and what was seen.
pub type Breach = (String, String);

/// What a campaign may do.
pub struct Rules {
    pub settings: CampaignSettings,
    pub windows: Windows,
}

/// The auditor.
pub struct Audit {
    pub rules: BTreeMap<CampaignId, Rules>,
    trunks: Vec<TrunkSettings>,
    max_calls: u32,
    max_cps: f64,
    /// INVITEs by attempt and trunk.
    invites: BTreeSet<(CallId, usize)>,
    /// Times of the last calls, by what is paced.
    paces: BTreeMap<String, VecDeque<Mono>>,
    /// Attempts without a call, since when.
    limbo: BTreeMap<CallId, Mono>,
    pub invited: u64,
}

impl Audit {
    pub fn new(trunks: Vec<TrunkSettings>, max_calls: u32, max_cps: f64) -> Self {
        Audit {
            rules: BTreeMap::new(),
            trunks,
            max_calls,
            max_cps,
            invites: BTreeSet::new(),
            paces: BTreeMap::new(),
            limbo: BTreeMap::new(),
            invited: 0,
        }
    }

    /// A new process begins with fresh paces.
    pub fn restart(&mut self) {
        self.paces.clear();
        self.limbo.clear();
    }

    /// The first INVITE of a dialog is about to leave to `number` over trunk `index`.
    pub fn invite(
        &mut self,
        now: Now,
        engine: &Engine,
        books: &Books,
        index: usize,
        number: &str,
    ) -> Result<(), String> {
        self.invited += 1;
        let open = books.open().find(|(_, l)| l.phone == number && l.entry.is_some());
        let Some((call, line)) = open else {
            return Err("an INVITE left without a stored attempt".into());
        };
        if engine.call(*call).is_none() {
            return Err(format!("an INVITE left for {call}, which is no call"));
        }
        let first = !self.invites.iter().any(|(id, _)| id == call);
        if !self.invites.insert((*call, index)) {
            return Err(format!("attempt {call} was sent twice over trunk {index}"));
        }
        let campaign = line.campaign.expect("an entry belongs to a campaign");
        let rules = &self.rules[&campaign];
        if !rules.windows.is_open(now.utc) {
            return Err(format!("an INVITE outside the window, at {}", rules.windows.civil(now.utc)));
        }
        // The call itself is among them.
        let caps = rules.settings.caps_per_number().at(line.reserved_at, &rules.windows);
        let before: Vec<_> = books.calls_to(number).into_iter().filter(|at| *at < line.reserved_at).collect();
        if let Some(over) = caps.iter().find_map(|cap| cap.objection(&before)) {
            return Err(format!("an INVITE beyond a cap: {}: {}", over.code, over.detail));
        }
        let (pace, campaign_pace) = (self.trunks[index].choice.max_cps, rules.settings.calls_per_second);
        self.pace(now.mono, format!("trunk {index}"), pace)?;
        if first {
            self.pace(now.mono, format!("campaign {campaign}"), campaign_pace)?;
            self.pace(now.mono, "daemon".into(), self.max_cps)?;
        }
        Ok(())
    }

    /// At most `rate * t + 1 + rate * 0.02` in any `t` seconds, as the pacer promises.
    fn pace(&mut self, now: Mono, what: String, rate: f64) -> Result<(), String> {
        const KEPT: usize = 64;
        if rate <= 0.0 {
            return Ok(());
        }
        let times = self.paces.entry(what.clone()).or_default();
        times.push_back(now);
        if times.len() > KEPT {
            times.pop_front();
        }
        for (i, at) in times.iter().enumerate() {
            let (n, span) = ((times.len() - i) as f64, now.since(*at).as_secs_f64());
            if n > rate * span + 1.0 + rate * 0.02 + 1e-6 {
                return Err(format!("{what}: {n} calls in {span} s at {rate} a second"));
            }
        }
        Ok(())
    }

    /// After everything that happened at one moment.
    pub fn look(&mut self, now: Now, engine: &Engine, books: &Books) -> Result<(), Breach> {
        let (mut numbers, mut by_campaign) = (BTreeSet::new(), BTreeMap::<_, u32>::new());
        let mut by_trunk = BTreeMap::<&str, u32>::new();
        let mut calls = 0;
        for call in engine.calls() {
            let breach = |text: String| Err((call.phone.to_owned(), text));
            calls += 1;
            if call.direction == Direction::Outbound {
                if !numbers.insert(call.phone) {
                    return breach("two calls to one number".into());
                }
                if books.lines.get(&call.id).is_none_or(|l| l.outcome.is_some()) {
                    return breach(format!("call {} has no open attempt", call.id));
                }
                *by_campaign.entry(call.campaign).or_default() += 1;
            }
            if let Some(trunk) = call.trunk {
                *by_trunk.entry(trunk).or_default() += 1;
            }
            let age = now.utc.millis_since(call.started_at);
            if age > LONGEST_CALL_MS {
                return breach(format!("a call of {age} ms in state {:?}", call.state));
            }
        }
        if calls > 0 && engine.next_wake().is_none() {
            return Err((String::new(), format!("{calls} calls and no timer")));
        }
        for trunk in &self.trunks {
            let (up, max) = (by_trunk.get(&*trunk.choice.name).copied().unwrap_or(0), trunk.choice.max_calls);
            if max > 0 && up > max {
                return Err((String::new(), format!("{up} calls on {}, {max} allowed", trunk.choice.name)));
            }
        }
        for (campaign, up) in &by_campaign {
            let Some(rules) = campaign.and_then(|id| self.rules.get(&id)) else { continue };
            let max = rules.settings.concurrency;
            if max > 0 && *up > max {
                return Err((String::new(), format!("{up} calls of {campaign:?}, {max} allowed")));
            }
        }
        let list_calls: u32 = by_campaign.values().sum();
        if self.max_calls > 0 && list_calls > self.max_calls {
            return Err((String::new(), format!("{list_calls} calls in all, {} allowed", self.max_calls)));
        }
        self.look_for_orphans(now, engine, books)
    }

    /// Every open attempt belongs to a call, waits for one, or has its record on the way.
    fn look_for_orphans(&mut self, now: Now, engine: &Engine, books: &Books) -> Result<(), Breach> {
        let mut limbo = BTreeMap::new();
        for (id, line) in books.open() {
            if engine.call(*id).is_some() || books.is_being_closed(*id) {
                continue;
            }
            let since = self.limbo.get(id).copied().unwrap_or(now.mono);
            if now.mono.since(since) > LONGEST_LIMBO && !books.is_down(now.mono) {
                return Err((line.phone.clone(), format!("attempt {id} is open and nobody's")));
            }
            limbo.insert(*id, since);
        }
        self.limbo = limbo;
        Ok(())
    }
}
