//! What each rule of a pack wants: callbacks that do not exist yet.

use std::collections::BTreeSet;

use super::dates::{Count, Dates, at_most_days};
use super::facts::{Facts, moment, of_customer};
use super::fate::{Case, Fate, fate};
use super::{milestone, period, series};
use crate::archive::Event;
use crate::base::{CallbackId, EventId, Timestamp};
use crate::calendar::{Edge, Offset};
use crate::policy::pack::{After, Anchor, OncePer, OutcomeWord, Rule, field_of, holds_for};
use crate::policy::{Callback, CallbackState, Origin, Outcome};
use crate::table::date;

const DAY_MS: i64 = 24 * 3_600_000;

/// An event of which we learn so long after the deadline is history and owes no callback: a
/// slip that comes late is called about, an archive of past years is not. Ours: 30 days.
const LATE_DAYS: i64 = 30;

/// A callback that is wanted and does not exist.
pub(super) struct Want<'a> {
    pub id: &'a str,
    pub rule: &'a Rule,
    pub subject: String,
    pub occurrence: u32,
    pub origin: Origin,
    pub event: Option<&'a Event>,
    pub follows: Option<&'a Callback>,
    pub anchor: Timestamp,
    pub dates: Dates,
    pub fate: Fate,
    pub assignee: String,
}

impl Want<'_> {
    /// What rules of one group contend for.
    pub fn contested(&self) -> Option<(&str, EventId)> {
        let group = Some(self.rule.group.as_str()).filter(|group| !group.is_empty())?;
        self.event.filter(|_| self.occurrence == 0).map(|event| (group, event.id))
    }
}

/// The same before its dates are counted.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub id: &'a str,
    pub rule: &'a Rule,
    pub subject: String,
    pub occurrence: u32,
    pub origin: Origin,
    pub event: Option<&'a Event>,
    pub follows: Option<&'a Callback>,
    /// The moment of the trigger.
    pub at: Timestamp,
    /// Added to the anchor before the rule's offsets.
    pub step: Offset,
    /// When we learned of the trigger.
    pub learned: Timestamp,
    /// How long after the deadline that may be, in days.
    pub late_days: i64,
}

/// Everything that the rules want.
pub(super) struct Triggers<'f, 'a> {
    pub facts: &'f Facts<'a>,
    pub wants: Vec<Want<'a>>,
    pub review_at: Option<Timestamp>,
    pub history: u32,
    pub faults: Vec<String>,
}

impl<'f, 'a> Triggers<'f, 'a> {
    pub fn find(facts: &'f Facts<'a>) -> Triggers<'f, 'a> {
        let mut found =
            Triggers { facts, wants: Vec::new(), review_at: None, history: 0, faults: Vec::new() };
        let pack = facts.pack();
        for (id, rule) in &pack.rule {
            let switched_off = !rule.set.is_empty() && pack.rule_sets.get(&rule.set) == Some(&false);
            if rule.enabled && !switched_off {
                found.of_rule(id, rule);
            }
        }
        found
    }

    fn of_rule(&mut self, id: &'a str, rule: &'a Rule) {
        let on = &rule.on;
        if !on.event.is_empty() {
            self.by_events(id, rule);
        } else if let Some(after) = &on.after {
            self.by_outcomes(id, rule, after);
        } else if let Some(every) = &on.every {
            period::since_last(self, id, rule, every);
        } else if let Some(yearly) = &on.yearly {
            period::each_period(self, id, rule, yearly);
        } else if on.key_account_plan {
            period::key_account(self, id, rule);
        }
    }

    fn by_events(&mut self, id: &'a str, rule: &'a Rule) {
        let facts = self.facts;
        let mut events: Vec<&'a Event> =
            rule.on.event.iter().flat_map(|kind| facts.of_kind(kind)).copied().collect();
        if rule.on.event.len() > 1 {
            events.sort_unstable_by_key(|event| (event.at, event.id));
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for event in events {
            if !holds_for(&rule.when, facts.customer, Some(event)) {
                continue;
            }
            let first = match rule.once_per {
                OncePer::Event => true,
                OncePer::Matter => seen.insert(&event.matter),
                OncePer::Customer => seen.insert(""),
            };
            if first {
                self.by_event(id, rule, event);
            }
        }
    }

    fn by_event(&mut self, id: &'a str, rule: &'a Rule, event: &'a Event) {
        let repeats = series::repeats(rule);
        if !repeats && self.facts.has_for(id, event.id, 0) {
            return;
        }
        if !repeats && self.is_long_past(rule, event) {
            self.history += 1;
            return;
        }
        let subject = match rule.once_per {
            OncePer::Event => format!("{}#{}", event.subject(), event.id),
            OncePer::Matter => event.subject(),
            OncePer::Customer => of_customer(self.facts.customer),
        };
        if self.group_has(rule, event) || !repeats && self.facts.has(id, &subject, 0) {
            return;
        }
        let draft = Draft {
            id,
            rule,
            subject,
            occurrence: 0,
            origin: Origin::Event,
            event: Some(event),
            follows: None,
            at: event.at,
            step: Offset::ZERO,
            learned: event.received_at,
            late_days: LATE_DAYS,
        };
        if repeats { series::next(self, draft) } else { self.want(draft) }
    }

    /// Whether an event is history beyond doubt, so that no date need be counted.
    fn is_long_past(&self, rule: &Rule, event: &Event) -> bool {
        // A date in a field may lie anywhere; the first event of a matter lies before this one.
        let by_field = |anchor: &Anchor| matches!(anchor, Anchor::Field(_));
        if by_field(&rule.anchor) || rule.deadline_anchor.as_ref().is_some_and(by_field) {
            return false;
        }
        let days = at_most_days(rule.due).max(0) + at_most_days(rule.deadline).max(0) + LATE_DAYS + 2;
        event.at.0 + days * DAY_MS < self.known(event.received_at).0
    }

    /// Whether another rule of the group made its callback for this event already.
    fn group_has(&self, rule: &Rule, event: &Event) -> bool {
        let rules = &self.facts.pack().rule;
        !rule.group.is_empty()
            && rules.iter().any(|(id, other)| {
                other.group == rule.group && !std::ptr::eq(other, rule) && self.facts.has_for(id, event.id, 0)
            })
    }

    fn by_outcomes(&mut self, id: &'a str, rule: &'a Rule, after: &After) {
        let facts = self.facts;
        for parent in facts.of_rule(&after.rule) {
            let Some(at) = outcome_at(facts, parent, &after.outcome) else { continue };
            let event = parent.event.and_then(|id| facts.event(id));
            if !holds_for(&rule.when, facts.customer, event) {
                continue;
            }
            let subject = match (rule.once_per, event) {
                (OncePer::Event, _) | (OncePer::Matter, None) => parent.subject.clone(),
                (OncePer::Matter, Some(event)) => event.subject(),
                (OncePer::Customer, _) => of_customer(facts.customer),
            };
            // A rule that follows itself asks again until the customer is satisfied.
            let occurrence = match rule.once_per {
                OncePer::Event => parent.occurrence + u32::from(after.rule == id),
                OncePer::Matter | OncePer::Customer => 0,
            };
            let wanted = self.wants.iter().rev().take_while(|want| want.id == id);
            let doubled = wanted.into_iter().any(|w| w.subject == subject && w.occurrence == occurrence);
            if doubled || facts.has(id, &subject, occurrence) {
                continue;
            }
            self.want(Draft {
                id,
                rule,
                subject,
                occurrence,
                origin: Origin::Outcome,
                event,
                follows: Some(parent),
                at,
                step: Offset::ZERO,
                learned: at,
                late_days: LATE_DAYS,
            });
        }
    }

    /// Notes that time alone changes something at `at`.
    pub fn review(&mut self, at: Timestamp) {
        if at > self.facts.now {
            self.review_at = Some(self.review_at.map_or(at, |before| before.min(at)));
        }
    }

    /// When the pack could know: it looks back no further than the day it came into force.
    pub fn known(&self, learned: Timestamp) -> Timestamp {
        self.facts.effective.map_or(learned, |effective| effective.max(learned))
    }

    /// Counts the dates of a draft and keeps it, unless it is history or cannot be counted.
    pub fn want(&mut self, draft: Draft<'a>) {
        let Some((anchor, dates, fate)) = self.counted(&draft) else { return };
        if dates.deadline.0.saturating_add(draft.late_days * DAY_MS) < self.known(draft.learned).0 {
            self.history += 1;
            return;
        }
        self.keep(draft, anchor, dates, fate);
    }

    pub fn keep(&mut self, draft: Draft<'a>, anchor: Timestamp, dates: Dates, fate: Fate) {
        let Draft { id, rule, subject, occurrence, origin, event, follows, .. } = draft;
        let assignee = match origin {
            Origin::Plan if !self.facts.customer.owner.is_empty() => self.facts.customer.owner.clone(),
            _ => rule.caller.person.clone(),
        };
        self.wants.push(Want {
            id,
            rule,
            subject,
            occurrence,
            origin,
            event,
            follows,
            anchor,
            dates,
            fate,
            assignee,
        });
    }

    /// The anchor, the dates, and what has already become of it. None where the anchor is not known.
    pub fn counted(&mut self, draft: &Draft<'a>) -> Option<(Timestamp, Dates, Fate)> {
        let Draft { rule, event, .. } = *draft;
        let mut anchor = self.anchor(&rule.anchor, draft)?;
        let deadline_anchor = match &rule.deadline_anchor {
            Some(other) => Some(self.anchor(other, draft)?),
            None => None,
        };
        let since = match draft.origin {
            Origin::Event => event.map_or(draft.at, moment),
            Origin::Series => self.facts.now,
            _ => draft.at,
        };
        let matter = event.map_or("", |event| event.matter.as_str());
        let fate = fate(self.facts, &Case { rule, id: CallbackId(0), event, matter, since, created: None });
        if let Fate::Owed { released: Some(released) } = &fate
            && rule.anchor == Anchor::Event
        {
            anchor = anchor.max(*released);
        }
        let Facts { calendar, .. } = *self.facts;
        let count =
            Count { calendar, pack: self.facts.pack(), rule, anchor, deadline_anchor, step: draft.step };
        let mut dates = count.dates();
        if let Some(yearly) = &rule.on.yearly
            && let Some(last) = period::last_day(yearly, calendar.date(draft.at))
        {
            dates.deadline = calendar.place(last, Edge::End, None);
            dates.sums.deadline = crate::calendar::Sum(vec![format!("{last}, the last day of the period")]);
        }
        Some((anchor, dates, fate))
    }

    /// What became of a draft in the light of everything since a moment before it.
    pub fn covered_since(&self, draft: &Draft<'a>, since: Timestamp) -> Option<Fate> {
        let case =
            Case { rule: draft.rule, id: CallbackId(0), event: None, matter: "", since, created: None };
        Some(fate(self.facts, &case)).filter(|fate| matches!(fate, Fate::Done { .. }))
    }

    fn anchor(&mut self, anchor: &Anchor, draft: &Draft<'a>) -> Option<Timestamp> {
        match anchor {
            Anchor::Event => Some(draft.at),
            Anchor::First => Some(self.first(draft).map_or(draft.at, |event| event.at)),
            Anchor::Field(name) => {
                let name = name.trim_start_matches("field:");
                let text = field_of(self.facts.customer, draft.event, name).unwrap_or_default();
                let read = date::read(text, self.facts.calendar.zone()).ok().map(|read| read.at);
                if read.is_none() {
                    let of = draft.event.map_or_else(
                        || format!("customer {}", self.facts.customer.id),
                        |event| format!("event {} ({})", event.id, event.kind),
                    );
                    let fault = if text.trim().is_empty() {
                        format!("rule `{}`: {of} has no date in `{name}`: fill it in", draft.id)
                    } else {
                        format!(
                            "rule `{}`: {of} has `{text}` in `{name}`: write a date such as 2026-03-10",
                            draft.id
                        )
                    };
                    self.faults.push(fault);
                }
                read
            }
        }
    }

    /// The first event of the same kinds of the same subject.
    fn first(&self, draft: &Draft<'a>) -> Option<&'a Event> {
        let event = draft.event?;
        let kinds = if draft.rule.on.event.is_empty() {
            std::slice::from_ref(&event.kind)
        } else {
            &draft.rule.on.event[..]
        };
        kinds
            .iter()
            .filter_map(|kind| self.facts.of_kind(kind).iter().find(|other| other.matter == event.matter))
            .min_by_key(|other| (other.at, other.id))
            .copied()
    }
}

/// When a callback had one of these outcomes; None while it had not.
fn outcome_at(facts: &Facts<'_>, callback: &Callback, words: &[OutcomeWord]) -> Option<Timestamp> {
    use CallbackState::{Done, Excused};
    let closed = callback.closed_at?;
    let dissatisfied = callback.outcome == Some(Outcome::Dissatisfied);
    words
        .iter()
        .filter_map(|word| match word {
            OutcomeWord::Done => (callback.state == Done).then_some(closed),
            OutcomeWord::Dissatisfied => (callback.state == Done && dissatisfied).then_some(closed),
            OutcomeWord::Satisfied if callback.state != Done => None,
            OutcomeWord::Satisfied if !dissatisfied => Some(closed),
            // A milestone is satisfied once what was wrong has been fed back (REM-12).
            OutcomeWord::Satisfied => facts
                .rule(&callback.rule)
                .filter(|rule| rule.milestone)
                .and_then(|_| milestone::fed_back(facts, callback)),
            OutcomeWord::Unreached => {
                let unreached = callback.outcome == Some(Outcome::Unreached);
                (callback.state == Excused && unreached).then_some(closed)
            }
        })
        .min()
}
