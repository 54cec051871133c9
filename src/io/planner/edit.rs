//! What people add and change, with the engine told of what was taken out of its lists.

use jiff::civil::Date;

use super::{Error, Planner, in_force};
use crate::archive::Customer;
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::calendar::Sum;
use crate::io::store::callback::{Edit, NewCallback, Stored};
use crate::io::web::Control;
use crate::plan::{self, PolicyRef};
use crate::policy::pack::{Method, Pack};
use crate::policy::{Callback, CallbackState};

/// A callback that a person adds, with a reason (SCH-13).
#[derive(Clone, Debug, PartialEq)]
pub struct Manual {
    /// Whom it is about.
    pub customer: CustomerId,
    /// The pack; None: the customer's own.
    pub pack: Option<String>,
    /// The rule by which it is called; None: the pack's rule for such callbacks.
    pub rule: Option<String>,
    /// The day on which it is due.
    pub day: Date,
    /// Its last day; None: the same day.
    pub deadline: Option<Date>,
    /// Who is to call; empty: anybody.
    pub assignee: String,
    /// Purpose, shown on the card.
    pub note: String,
    /// Why it is added.
    pub reason: String,
}

/// The next date that an agent or doctor set (SCH-20).
#[derive(Clone, Debug, PartialEq)]
pub struct FollowUp {
    /// The callback after which it comes.
    pub after: CallbackId,
    /// The day.
    pub day: Date,
    /// Purpose, shown on the card.
    pub note: String,
    /// Why.
    pub reason: String,
}

/// A call that was promised for an exact time (REM-03).
#[derive(Clone, Debug, PartialEq)]
pub struct Appointment {
    /// The callback in whose place it comes, if that is still owed.
    pub of: CallbackId,
    /// When it rings.
    pub at: Timestamp,
    /// Who calls; None: who was to call before.
    pub assignee: Option<String>,
    /// Place or purpose, shown on the card.
    pub note: String,
    /// Why.
    pub reason: String,
}

/// Somebody of ours sees the customer, or speaks with them, at a time that was agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    /// The callback in which it was agreed.
    pub of: CallbackId,
    /// A visit, during which the callback waits (SCH-34); or a task of an expert (CNT-19).
    pub method: Method,
    /// When.
    pub at: Timestamp,
    /// Who goes or speaks; None: who was to call.
    pub person: Option<String>,
    /// Address of the visit; department of the expert.
    pub place: String,
    /// Why.
    pub reason: String,
}

/// Something that a person adds.
#[derive(Clone, Debug, PartialEq)]
pub enum Added {
    /// A callback by hand.
    Manual(Manual),
    /// A follow-up.
    FollowUp(FollowUp),
    /// An appointment.
    Appointment(Appointment),
    /// A visit or an expert's call.
    Meeting(Meeting),
}

impl Planner {
    /// Adds what a person wants; gives the callback as stored.
    ///
    /// # Errors
    /// [`Error::Refused`] and those of the store, in words for the person.
    pub async fn add(&self, added: &Added, by: &str, now: Timestamp) -> Result<Stored, Error> {
        let (new, reason) = match added {
            Added::Manual(manual) => (self.manual(manual, now).await?, &manual.reason),
            Added::FollowUp(next) => (self.follow_up(next, now).await?, &next.reason),
            Added::Appointment(promise) => (self.appointment(promise, true, now).await?, &promise.reason),
            Added::Meeting(meeting) => (self.meeting(meeting, now).await?, &meeting.reason),
        };
        let stored = self.store().add_callback(&new, reason, by, now).await?;
        self.wake();
        Ok(stored)
    }

    /// Changes a callback as a person says; the engine forgets what was taken out.
    ///
    /// # Errors
    /// [`Error::Refused`] and those of the store, in words for the person.
    pub async fn edit(
        &self,
        id: CallbackId,
        edit: &Edit,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        let (stored, taken) = self.store().edit_callback(id, edit, reason, by, now).await?;
        if let Some((list, entry)) = taken {
            self.tell(Control::EntryRemoved { list, entry }).await;
        }
        self.wake();
        Ok(stored)
    }

    /// Closes a callback, and makes the appointment that was agreed on with it: both or neither.
    ///
    /// # Errors
    /// [`Error::Refused`] and those of the store, in words for the person.
    pub async fn close_with_appointment(
        &self,
        edit: &Edit,
        promise: &Appointment,
        by: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        let new = self.appointment(promise, false, now).await?;
        let done = self.store().edit_and_add(promise.of, edit, &new, &promise.reason, by, now).await?;
        let (stored, taken) = done;
        if let Some((list, entry)) = taken {
            self.tell(Control::EntryRemoved { list, entry }).await;
        }
        self.wake();
        Ok(stored)
    }

    async fn manual(&self, manual: &Manual, now: Timestamp) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let customer = self.customer(manual.customer).await?;
        let pack = manual.pack.as_deref().unwrap_or(&customer.pack);
        let policy = in_force(&settings, pack, settings.calendar.date(now))?;
        let rule = manual_rule(&policy.pack, manual.rule.as_deref())?;
        let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
        let calendar = &settings.calendar;
        let made = plan::manual(reference, calendar, &rule, &customer, manual.day, &manual.reason, now);
        let mut callback = made.ok_or_else(|| no_rule(&policy.pack, &rule))?;
        if let Some(last) = manual.deadline.filter(|last| *last > manual.day) {
            callback.deadline = calendar.end_of(last);
            callback.sums.deadline.note(format!("until {last}, named by a person"));
        }
        if !manual.assignee.is_empty() {
            callback.assignee = manual.assignee.clone();
        }
        if !manual.note.is_empty() {
            callback.note = manual.note.clone();
        }
        Ok(NewCallback { callback, instead_of: None, holds: None })
    }

    async fn follow_up(&self, next: &FollowUp, now: Timestamp) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let calendar = &settings.calendar;
        let before = self.existing(next.after).await?;
        if calendar.end_of(next.day) <= now {
            return Err(Error::Refused(format!("{} has passed: give a day from today on", next.day)));
        }
        let customer = self.customer(before.customer).await?;
        let policy = in_force(&settings, &before.pack, calendar.date(now))?;
        let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
        let made = plan::follow_up(reference, calendar, &before, &customer, next.day, &next.note, now);
        let callback = made.ok_or_else(|| no_rule(&policy.pack, &before.rule))?;
        Ok(NewCallback { callback, instead_of: None, holds: None })
    }

    /// The callback of an appointment; `instead` of the one that it is agreed on in, if that is
    /// still owed, else beside it.
    async fn appointment(
        &self,
        promise: &Appointment,
        instead: bool,
        now: Timestamp,
    ) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let calendar = &settings.calendar;
        let before = self.existing(promise.of).await?;
        if promise.at < now {
            let at = calendar.civil(promise.at);
            return Err(Error::Refused(format!("{at} has passed: promise a time that is still to come")));
        }
        let customer = self.customer(before.customer).await?;
        let policy = in_force(&settings, &before.pack, calendar.date(now))?;
        let reference = PolicyRef { pack: &policy.pack, version: &policy.version };
        let who = promise.assignee.as_deref().unwrap_or(&before.assignee);
        let made = plan::appointment(reference, calendar, &before, &customer, promise.at, who, now);
        let mut callback = made.ok_or_else(|| no_rule(&policy.pack, &before.rule))?;
        callback.note = promise.note.clone();
        let owed = instead && matches!(before.state, CallbackState::Open | CallbackState::Waiting);
        // The deadline of what is owed does not move, unless the customer wants a later time.
        if owed && before.deadline > callback.deadline {
            callback.deadline = before.deadline;
            callback.sums.deadline = before.sums.deadline.clone();
        }
        Ok(NewCallback { callback, instead_of: owed.then_some(promise.of), holds: None })
    }

    /// A visit keeps the callback by telephone open, and nobody rings until its day is over: it is
    /// closed with the visit.
    async fn meeting(&self, meeting: &Meeting, now: Timestamp) -> Result<NewCallback, Error> {
        let promise = Appointment {
            of: meeting.of,
            at: meeting.at,
            assignee: meeting.person.clone(),
            note: meeting.place.clone(),
            reason: meeting.reason.clone(),
        };
        let calendar = self.settings().calendar;
        let last = calendar.date(meeting.at);
        let NewCallback { mut callback, instead_of, .. } = self.appointment(&promise, true, now).await?;
        callback.method = meeting.method;
        callback.deadline = calendar.end_of(last);
        callback.sums.deadline = Sum(vec![format!("{last}, the day that was agreed")]);
        let holds = instead_of.filter(|_| meeting.method == Method::Onsite);
        Ok(NewCallback { holds: holds.map(|id| (id, calendar.end_of(last))), callback, instead_of: None })
    }

    async fn existing(&self, id: CallbackId) -> Result<Callback, Error> {
        let found = self.store().callback(id).await?;
        let missing = || crate::io::store::Error::NotFound { what: "callback", name: id.to_string() };
        Ok(found.ok_or_else(missing)?.callback)
    }

    async fn customer(&self, id: CustomerId) -> Result<Customer, Error> {
        let found = self.store().customers_by_id(&[id]).await?.into_values().next();
        let missing = || crate::io::store::Error::NotFound { what: "customer", name: id.to_string() };
        Ok(found.ok_or_else(missing)?)
    }
}

fn no_rule(pack: &Pack, rule: &str) -> Error {
    let known: Vec<&str> = pack.rule.keys().map(String::as_str).collect();
    Error::Refused(format!("pack `{}` has no rule `{rule}`; it has {}", pack.pack, known.join(", ")))
}

/// The rule of callbacks by hand: the one that is named, else the pack's only one for them.
fn manual_rule(pack: &Pack, named: Option<&str>) -> Result<String, Error> {
    if let Some(name) = named {
        return match pack.rule.contains_key(name) {
            true => Ok(name.to_owned()),
            false => Err(no_rule(pack, name)),
        };
    }
    let mut by_hand = pack.rule.iter().filter(|(_, rule)| rule.on.manual).map(|(id, _)| id.clone());
    match (by_hand.next(), by_hand.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::Refused(format!(
            "pack `{}` has no rule for callbacks by hand (`on = {{ manual = true }}`): name the rule by which it is called",
            pack.pack
        ))),
        (Some(_), Some(_)) => Err(Error::Refused(format!(
            "pack `{}` has several rules for callbacks by hand: name one",
            pack.pack
        ))),
    }
}
