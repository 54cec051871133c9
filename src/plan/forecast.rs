//! Which callbacks are due on a day to come: those that exist, and those that time will bring.

use jiff::civil::Date;

use super::change::Derived;
use super::derive::derive;
use super::facts::{PolicyRef, Subject};
use crate::base::CallbackId;
use crate::calendar::Calendar;
use crate::policy::{Callback, CallbackState};

/// Callbacks of one customer that are owed on a day, as far as is known: nothing else happens
/// until then, and what is open stays open. Those that do not exist yet have id 0.
pub fn forecast(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    subject: &Subject<'_>,
    day: Date,
) -> Vec<Callback> {
    let end = calendar.end_of(day);
    let Derived { changes, .. } = derive(policy, calendar, subject, calendar.start_of(day));
    let mut callbacks: Vec<Callback> = subject
        .callbacks
        .iter()
        .filter(|callback| matches!(callback.state, CallbackState::Open | CallbackState::Waiting))
        .cloned()
        .collect();
    for change in &changes {
        change.apply(&mut callbacks, CallbackId(0));
    }
    callbacks.retain(|callback| callback.state == CallbackState::Open && callback.due < end);
    callbacks.sort_by(|a, b| (a.due, &a.rule, &a.subject).cmp(&(b.due, &b.rule, &b.subject)));
    callbacks
}
