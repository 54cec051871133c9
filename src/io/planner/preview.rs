//! The list of a day by the policies in force or by another, from what is stored. Nothing is
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::day::{Listed, listed, said};
use super::view::{DifferenceLine, PlanAnswer};
use super::{Error, Planner, Settings, in_force};
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::calendar::Calendar;
use crate::io::store::callback::{Stored, Subject};
use crate::plan::{self, Comparison, Moved, PolicyRef, Row};
use crate::policy::pack::Policy;
use crate::policy::{Callback, CallbackState, Origin};

/// Customers that are worked on at once.
const BATCH: u32 = 1_000;
/// Callbacks that may be due on the day: all of them are held at once, some 3 kB each. Customers are
/// worked on in batches, so that there may be any number of them.
const DUE: usize = 300_000;
/// Turns until a customer's callbacks must have come to rest.
const TURNS: usize = 8;
/// Longest text of a policy.
const MAX_TEXT: usize = 1024 * 1024;

/// What is to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The day; None: today.
    pub day: Option<Date>,
    /// Only this pack; None: all, or that of the policy.
    pub pack: Option<String>,
    /// Text or name of a policy in place of the one in force.
    pub policy: Option<String>,
    /// Text or name of a policy to compare with.
    pub against: Option<String>,
}

/// Where the callbacks of a list come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// As stored; for a day to come with what time alone will add.
    Stored,
    /// Worked out anew from the events, as if the policy had always been in force.
    Events,
    /// The same from what was known at the moment looked at.
    Past,
}

impl Planner {
    /// The list of a day, and what another policy would change. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::NoPack`], [`Error::Refused`] for a policy that cannot be read, those of the store.
    pub async fn preview(&self, wanted: &Wanted, now: Timestamp) -> Result<PlanAnswer, Error> {
        let settings = self.settings();
        let day = wanted.day.unwrap_or_else(|| settings.calendar.date(now));
        let given = wanted.policy.as_deref().map(|text| given_policy(&settings, text, day)).transpose()?;
        let other = wanted.against.as_deref().map(|text| given_policy(&settings, text, day)).transpose()?;
        let named = given.as_ref().or(other.as_ref()).map(|p| p.pack.pack.clone());
        let packs: Vec<String> = match wanted.pack.clone().or(named) {
            Some(pack) => vec![pack],
            None => settings.policies.all_in_force(day).map(|p| p.pack.pack.clone()).collect(),
        };
        let mut answer = PlanAnswer::default();
        for pack in packs {
            // Both lists of a comparison are worked out in the same way.
            let anew = given.is_some() || other.is_some();
            let source = if anew { Source::Events } else { Source::Stored };
            let policy = match &given {
                Some(given) => given,
                None => in_force(&settings, &pack, day)?,
            };
            let list = self.list(&settings, policy, day, source, now).await?;
            if let Some(other) = &other {
                let after = self.list(&settings, other, day, source, now).await?;
                answer.difference.get_or_insert_default().extend(difference(
                    &settings.calendar,
                    &list,
                    &after,
                ));
            }
            let mut view = list.view;
            if source == Source::Stored
                && let Some(row) = self.store().day_plan(&pack, day).await?
            {
                view.state = row.state;
            }
            answer.plans.push(view);
        }
        Ok(answer)
    }

    /// The policy of a pack that is in force on a day, and another by its text or name; None where
    /// nothing is given, or the very same.
    ///
    /// # Errors
    /// [`Error::NoPack`], [`Error::Refused`] for a policy that cannot be read or is of another pack.
    pub fn tried(&self, pack: &str, given: &str, day: Date) -> Result<(Policy, Option<Policy>), Error> {
        let settings = self.settings();
        let known = in_force(&settings, pack, day)?.clone();
        if given.trim().is_empty() {
            return Ok((known, None));
        }
        let other = given_policy(&settings, given, day)?;
        if other.pack.pack != pack {
            return Err(Error::Refused(format!(
                "the policy given is of pack `{}`, not `{pack}`",
                other.pack.pack
            )));
        }
        let is_same = other.version == known.version;
        Ok((known, (!is_same).then_some(other)))
    }

    async fn list(
        &self,
        settings: &Settings,
        policy: &Policy,
        day: Date,
        source: Source,
        now: Timestamp,
    ) -> Result<Listed, Error> {
        let pack = &policy.pack.pack;
        // A day to come is looked at from its beginning.
        let at = now.max(settings.calendar.start_of(day));
        let callbacks = match source {
            Source::Stored if at == now => self.due_callbacks(settings, pack, day).await?,
            _ => self.imagined(settings, policy, day, source, at).await?,
        };
        let facts = self.day_facts(&policy.pack, day, callbacks, at).await?;
        Ok(listed(settings, policy, facts))
    }

    /// Callbacks that will be due on a day, or would be by another policy.
    pub(super) async fn imagined(
        &self,
        settings: &Settings,
        policy: &Policy,
        day: Date,
        source: Source,
        at: Timestamp,
    ) -> Result<Vec<Stored>, Error> {
        let pack = &policy.pack.pack;
        let end = settings.calendar.end_of(day);
        let mut found = match source {
            Source::Stored => self.due_callbacks(settings, pack, day).await?,
            Source::Events | Source::Past => Vec::new(),
        };
        let review_before = (source == Source::Stored).then_some(end);
        let (mut after, mut next) = (CustomerId(0), -1);
        // What is stored is taken as it will be by then.
        let mut not_due = BTreeSet::new();
        loop {
            let ids = self.store().customers_of_pack(pack, review_before, after, BATCH).await?;
            let Some(last) = ids.last() else {
                found.retain(|stored| !not_due.contains(&stored.callback.id));
                return Ok(found);
            };
            after = *last;
            if found.len() > DUE {
                return Err(Error::Refused(format!(
                    "more than {DUE} callbacks of `{pack}` would be due on {day}: a policy that is tried holds for everything that ever happened; let `when` leave out what is long past, or try it with `ringback simulate`"
                )));
            }
            let subjects = match source {
                Source::Past => self.store().subjects_at(&ids, at).await?,
                Source::Stored | Source::Events => self.store().subjects(&ids).await?,
            };
            for subject in subjects {
                let known = |id: CallbackId| source == Source::Stored && id.0 > 0;
                let callbacks = imagine(settings, policy, subject, source, at, &mut next);
                if source == Source::Stored {
                    let later = callbacks.iter().filter(|c| c.id.0 > 0 && !is_due(c, end));
                    not_due.extend(later.map(|c| c.id));
                }
                let due = callbacks.into_iter().filter(|c| is_due(c, end) && !known(c.id));
                found.extend(due.map(|callback| Stored {
                    callback,
                    entry: None,
                    released_day: None,
                    held_day: None,
                }));
            }
        }
    }
}

fn is_due(callback: &Callback, end: Timestamp) -> bool {
    callback.state == CallbackState::Open && callback.due < end
}

/// The callbacks of a customer as the policy makes them of the facts.
fn imagine(
    settings: &Settings,
    policy: &Policy,
    subject: Subject,
    source: Source,
    at: Timestamp,
    next: &mut i64,
) -> Vec<Callback> {
    let Subject { customer, events, mut callbacks } = subject;
    if source != Source::Stored {
        // What was done is history, and what people set stays; the rest is worked out anew.
        callbacks.retain(|c| {
            let by_person =
                matches!(c.origin, Origin::Manual | Origin::FollowUp | Origin::Appointment | Origin::Sample);
            by_person || matches!(c.state, CallbackState::Done)
        });
    }
    let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
    for _ in 0..TURNS {
        let all = plan::Subject { customer: &customer, events: &events, callbacks: &callbacks };
        let derived = plan::derive(reference, &settings.calendar, &all, at);
        if derived.changes.is_empty() {
            break;
        }
        for change in &derived.changes {
            change.apply(&mut callbacks, CallbackId(*next));
            *next -= 1;
        }
    }
    callbacks
}

/// A policy by its text or its name.
pub(super) fn given_policy(settings: &Settings, given: &str, day: Date) -> Result<Policy, Error> {
    if given.len() > MAX_TEXT {
        return Err(Error::Refused(format!("the policy is longer than {MAX_TEXT} bytes")));
    }
    if given.contains('\n') || given.contains('=') {
        return Policy::parse("the policy given", given).map_err(|e| Error::Refused(e.to_string()));
    }
    settings.policies.named(given, day).cloned().ok_or_else(|| Error::NoPack(given.to_owned()))
}

/// What differs between two lists of a day.
pub(super) fn difference(calendar: &Calendar, before: &Listed, after: &Listed) -> Vec<DifferenceLine> {
    let lines = before.view.lines.iter().chain(&after.view.lines);
    let titles: BTreeMap<&str, &str> = lines.map(|line| (line.rule.as_str(), line.title.as_str())).collect();
    let title = |rule: &str| titles.get(rule).map(|title| (*title).to_owned());
    moved(calendar, &plan::compare(&before.plan, &after.plan), &title)
}

/// A comparison in lines for people; `title` knows the titles of rules.
pub(super) fn moved(
    calendar: &Calendar,
    compared: &Comparison,
    title: &dyn Fn(&str) -> Option<String>,
) -> Vec<DifferenceLine> {
    let short = |row: &Row| short(calendar, row);
    let line = |row: &Row, before: String, after: String| DifferenceLine {
        rule: row.rule.clone(),
        title: title(&row.rule).unwrap_or_else(|| row.rule.clone()),
        customer: row.customer.0,
        name: row.name.clone(),
        before,
        after,
    };
    let dated = |moved: &Moved, row: &Row| {
        let dates = moved.what.iter().any(|word| word == "due" || word == "deadline");
        let (due, until) = (calendar.civil(row.due), calendar.civil(row.deadline));
        if dates { format!("{}; due {due}, until {until}", short(row)) } else { short(row) }
    };
    let moved = compared.moved.iter().map(|m| line(&m.after, dated(m, &m.before), dated(m, &m.after)));
    let gone = compared.gone.iter().map(|row| line(row, short(row), String::new()));
    let added = compared.added.iter().map(|row| line(row, String::new(), short(row)));
    moved.chain(gone).chain(added).collect()
}

/// A row in a few words.
fn short(calendar: &Calendar, row: &Row) -> String {
    let (word, code, detail, start) = said(row);
    match (row.verdict.call(), start) {
        (Some(call), Some(start)) => {
            let start = calendar.civil(start);
            format!("{}: {start} by {}, {}", word.as_str(), row.rule, call.script)
        }
        _ => format!("{}: {code} ({detail})", word.as_str()),
    }
}
