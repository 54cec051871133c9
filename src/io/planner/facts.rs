//! What the day's list is made from: callbacks that are due, with their customers, events,
//! attempts and numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;

use super::{Error, Planner, Settings};
use crate::archive::{Customer, Event};
use crate::base::{CustomerId, EntryId, EventId, PhoneNumber, Timestamp};
use crate::io::store::callback::Stored;
use crate::plan::{self, Candidate, Capacity, DayPlan, Ledger, NumberLedger, PolicyRef, Today};
use crate::policy::pack::{Pack, Policy, Rule};

/// How far back calls to a number count: a week from Monday, and a day to spare.
const CALLS_COUNT: Duration = Duration::from_secs(8 * 24 * 3_600);

/// Everything about one pack's day, held in memory while its list is made.
pub(super) struct DayFacts {
    pub day: Date,
    pub now: Timestamp,
    pub callbacks: Vec<Stored>,
    pub customers: BTreeMap<CustomerId, Customer>,
    pub events: BTreeMap<EventId, Event>,
    pub ledgers: Vec<Ledger>,
    pub numbers: BTreeMap<PhoneNumber, NumberLedger>,
    /// Agents at work on that day.
    pub agents: u32,
}

impl DayFacts {
    /// Nothing is known yet.
    pub fn empty(day: Date, now: Timestamp) -> DayFacts {
        DayFacts {
            day,
            now,
            callbacks: Vec::new(),
            customers: BTreeMap::new(),
            events: BTreeMap::new(),
            ledgers: Vec::new(),
            numbers: BTreeMap::new(),
            agents: 0,
        }
    }

    /// The day's list by this policy.
    pub fn plan(&self, settings: &Settings, policy: &Policy) -> DayPlan {
        let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
        let policies = BTreeMap::from([(policy.pack.pack.clone(), reference)]);
        let candidates: Vec<Candidate<'_>> = self.candidates().collect();
        let mut capacity = Capacity { agents: self.agents, ..Capacity::default() };
        if settings.lines > 0 {
            capacity.lines = settings.lines;
        }
        capacity.ring_seconds = policy.pack.attempts.ring_seconds;
        plan::day(&Today {
            date: self.day,
            policies: &policies,
            calendar: &settings.calendar,
            candidates: &candidates,
            numbers: &self.numbers,
            capacity,
            now: self.now,
        })
    }

    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.callbacks.iter().zip(&self.ledgers).filter_map(|(stored, ledger)| {
            let callback = &stored.callback;
            Some(Candidate {
                callback,
                customer: self.customers.get(&callback.customer)?,
                event: callback.event.and_then(|id| self.events.get(&id)),
                ledger: ledger.clone(),
            })
        })
    }
}

impl Planner {
    /// Open callbacks of a pack that are due by the end of a day.
    pub(super) async fn due_callbacks(
        &self,
        settings: &Settings,
        pack: &str,
        day: Date,
    ) -> Result<Vec<Stored>, Error> {
        let end = settings.calendar.end_of(day);
        let mut found: Vec<Stored> = Vec::new();
        loop {
            let after = found.last().map(|s| (s.callback.due, s.callback.id));
            let page = self.store().open_callbacks(pack, end, after).await?;
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    }

    /// Everything else that the list of these callbacks depends on.
    pub(super) async fn day_facts(
        &self,
        pack: &Pack,
        day: Date,
        callbacks: Vec<Stored>,
        now: Timestamp,
    ) -> Result<DayFacts, Error> {
        let store = self.store();
        let ids: BTreeSet<CustomerId> = callbacks.iter().map(|s| s.callback.customer).collect();
        let ids: Vec<CustomerId> = ids.into_iter().collect();
        let customers = store.customers_by_id(&ids).await?;
        let events: BTreeSet<EventId> = callbacks.iter().filter_map(|s| s.callback.event).collect();
        let events: Vec<EventId> = events.into_iter().collect();
        let events = store.events_by_id(&events).await?;
        let entries: Vec<EntryId> = callbacks.iter().filter_map(|s| s.entry).collect();
        let mut attempts = store.entry_ledgers(&entries).await?;
        let complaints = store.open_complaints(&ids).await?;
        let others = self.other_callers(pack, &callbacks).await?;
        let ledgers = callbacks
            .iter()
            .map(|stored| {
                let made = stored.entry.and_then(|id| attempts.remove(&id)).unwrap_or_default();
                Ledger {
                    attempts: made.attempts,
                    next_attempt: made.next_attempt,
                    removed: (stored.held_day == Some(day))
                        .then(|| "a person took it off this day".to_owned()),
                    complaint_open: complaints.contains(&stored.callback.customer),
                    not_by: others.get(&stored.callback.id.0).cloned().unwrap_or_default(),
                }
            })
            .collect();
        let mut facts = DayFacts { callbacks, customers, events, ledgers, ..DayFacts::empty(day, now) };
        let phones: BTreeSet<PhoneNumber> =
            facts.candidates().filter_map(|c| Some(c.number(pack.rule.get(&c.callback.rule)?)?.0)).collect();
        let phones: Vec<PhoneNumber> = phones.into_iter().collect();
        let since = Timestamp(now.0.saturating_sub(i64::try_from(CALLS_COUNT.as_millis()).unwrap_or(0)));
        facts.numbers = store.number_ledgers(&phones, since).await?;
        facts.agents = self.agents_of(pack, day).await?;
        Ok(facts)
    }

    /// Agents who work for a pack on a day: whoever has a shift and is not on leave; where no shifts
    /// are entered, the agents of the configuration.
    async fn agents_of(&self, pack: &Pack, day: Date) -> Result<u32, Error> {
        let settings = self.settings();
        let calendar = &settings.calendar;
        let (from, to) = (calendar.start_of(day), calendar.end_of(day));
        let shifts = self.store().shifts(Some(&pack.pack), from, to, |at| calendar.date(at)).await?;
        let count = if shifts.is_empty() {
            let theirs = |packs: &&BTreeSet<String>| packs.is_empty() || packs.contains(&pack.pack);
            settings.agents.values().filter(theirs).count()
        } else {
            let at_work = shifts.iter().filter(|shift| shift.on_leave == 0);
            at_work.map(|shift| shift.person.as_str()).collect::<BTreeSet<_>>().len()
        };
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Who made the callback before, where a rule wants another person than that (SCH-06).
    pub(super) async fn other_callers(
        &self,
        pack: &Pack,
        callbacks: &[Stored],
    ) -> Result<BTreeMap<i64, String>, Error> {
        let wants = |stored: &&Stored| {
            let rule: Option<&Rule> = pack.rule.get(&stored.callback.rule);
            rule.is_some_and(|rule| !rule.caller.not_the_caller_of.is_empty())
        };
        let mut found = BTreeMap::new();
        let wanting: Vec<&Stored> = callbacks.iter().filter(wants).collect();
        for chunk in wanting.chunks(1_000) {
            let ids: BTreeSet<CustomerId> = chunk.iter().map(|s| s.callback.customer).collect();
            let ids: Vec<CustomerId> = ids.into_iter().collect();
            let theirs = self.store().callbacks_of(&ids).await?;
            for stored in chunk {
                let b = &stored.callback;
                let Some(rule) = pack.rule.get(&b.rule) else { continue };
                let before = theirs.iter().rev().find(|t| {
                    t.callback.customer == b.customer
                        && t.callback.rule == rule.caller.not_the_caller_of
                        && !t.callback.assignee.is_empty()
                });
                if let Some(before) = before {
                    found.insert(b.id.0, before.callback.assignee.clone());
                }
            }
        }
        Ok(found)
    }
}
