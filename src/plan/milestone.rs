//! Milestones of a matter: one is clear when it was answered without dissatisfaction, and so
//! were those before it, or what was wrong has been fed back (SCH-12).

use super::facts::{Facts, PolicyRef, Subject, moment, related};
use crate::base::{CallbackId, Timestamp};
use crate::calendar::Calendar;
use crate::policy::pack::Purpose;
use crate::policy::{Callback, CallbackState, Outcome};

/// One milestone that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Its rule.
    pub rule: String,
    /// Its callback.
    pub callback: CallbackId,
    /// When its callback is due.
    pub due: Timestamp,
    /// Whether what follows may go on.
    pub clear: bool,
    /// What keeps it from being clear; empty for nothing.
    pub because: String,
}

/// The milestones of a matter in the order in which they are due.
pub fn milestones(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    subject: &Subject<'_>,
    matter: &str,
    now: Timestamp,
) -> Vec<Milestone> {
    let facts = Facts::new(policy, calendar, subject, now);
    let mut blocking: Option<String> = None;
    of_matter(&facts, matter)
        .into_iter()
        .map(|callback| {
            let own = obstacle(&facts, callback);
            let because = blocking.clone().or_else(|| own.clone());
            if is_dissatisfied(callback) && blocking.is_none() {
                blocking = own;
            }
            Milestone {
                rule: callback.rule.clone(),
                callback: callback.id,
                due: callback.due,
                clear: because.is_none(),
                because: because.unwrap_or_default(),
            }
        })
        .collect()
}

/// What an earlier milestone of the matter left open, for the card of the next.
pub(super) fn left_open(facts: &Facts<'_>, matter: &str) -> Option<String> {
    let earlier = of_matter(facts, matter);
    earlier.into_iter().filter(|callback| is_dissatisfied(callback)).find_map(|c| obstacle(facts, c))
}

/// When the dissatisfaction of a callback was fed back: verified with the customer as solved,
/// or by an event that fulfils the rule.
pub(super) fn fed_back(facts: &Facts<'_>, callback: &Callback) -> Option<Timestamp> {
    let since = callback.closed_at?;
    let matter = facts.matter(callback);
    let verified = facts
        .answered()
        .filter(|(other, at)| {
            let verifies = facts.rule(&other.rule).is_some_and(|rule| rule.purpose == Purpose::Verification);
            verifies && *at > since && facts.matter(other) == matter && !is_dissatisfied(other)
        })
        .map(|(_, at)| at)
        .min();
    let rule = facts.rule(&callback.rule)?;
    let told = rule
        .satisfied_by
        .iter()
        .flat_map(|kind| facts.of_kind(kind))
        .filter(|event| related(rule, matter, event) && moment(event) > since)
        .map(|event| moment(event))
        .min();
    verified.into_iter().chain(told).min()
}

fn of_matter<'a>(facts: &Facts<'a>, matter: &str) -> Vec<&'a Callback> {
    let mut found: Vec<&Callback> = facts
        .callbacks
        .iter()
        .filter(|callback| facts.rule(&callback.rule).is_some_and(|rule| rule.milestone))
        .filter(|callback| facts.matter(callback) == matter)
        .collect();
    found.sort_by(|a, b| (a.due, &a.rule, a.id).cmp(&(b.due, &b.rule, b.id)));
    found
}

fn is_dissatisfied(callback: &Callback) -> bool {
    callback.outcome == Some(Outcome::Dissatisfied)
}

fn obstacle(facts: &Facts<'_>, callback: &Callback) -> Option<String> {
    match callback.state {
        CallbackState::Waiting | CallbackState::Open => Some(format!("{} is not done", callback.rule)),
        CallbackState::Excused => None,
        CallbackState::Done if !is_dissatisfied(callback) => None,
        CallbackState::Done => fed_back(facts, callback)
            .is_none()
            .then(|| format!("{} was dissatisfied and is not fed back", callback.rule)),
    }
}
