//! What people add and change, with the engine told of what was taken out of its lists.

use jiff::civil::Date;

use super::{Error, Planner, in_force};
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::calendar::Sum;
use crate::io::store::callback::{Edit, NewCallback, Stored};
use crate::io::web::Control;
use crate::policy::pack::{Method, Pack};
use crate::policy::{Callback, CallbackState, Origin, Reason, Sums, code};

/// The least time that a promised call may take: a busy line, a second try.
const PROMISE_MS: i64 = 30 * 60_000;

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

/// Something that a person adds.
#[derive(Clone, Debug, PartialEq)]
pub enum Added {
    /// A callback by hand.
    Manual(Manual),
    /// A follow-up.
    FollowUp(FollowUp),
    /// An appointment.
    Appointment(Appointment),
}

impl Planner {
    /// Adds what a person wants; gives the callback as stored.
    ///
    /// # Errors
    /// [`Error::Refused`] and those of the store, in words for the person.
    pub async fn add(&self, added: &Added, by: &str, now: Timestamp) -> Result<Stored, Error> {
        let (new, reason) = match added {
            Added::Manual(manual) => (self.manual(manual, by, now).await?, &manual.reason),
            Added::FollowUp(next) => (self.follow_up(next, now).await?, &next.reason),
            Added::Appointment(promise) => (self.appointment(promise, now).await?, &promise.reason),
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

    async fn manual(&self, manual: &Manual, by: &str, now: Timestamp) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let subjects = self.store().subjects(&[manual.customer]).await?;
        let customer = &subjects
            .first()
            .ok_or_else(|| Error::Refused(format!("there is no customer {}", manual.customer)))?
            .customer;
        let pack = manual.pack.as_deref().unwrap_or(&customer.pack);
        let policy = in_force(&settings, pack, settings.calendar.date(now))?;
        let rule = manual_rule(&policy.pack, manual.rule.as_deref())?;
        let calendar = &settings.calendar;
        let last = manual.deadline.unwrap_or(manual.day).max(manual.day);
        let sum = Sum(vec![format!("set by {by}: {}", manual.day)]);
        let callback = Callback {
            pack: pack.to_owned(),
            rule,
            version: policy.version.clone(),
            customer: manual.customer,
            subject: format!("manual:{}:{}", manual.customer, manual.day),
            origin: Origin::Manual,
            earliest: calendar.start_of(manual.day),
            due: calendar.start_of(manual.day),
            deadline: calendar.end_of(last),
            sums: Sums { earliest: sum.clone(), due: sum.clone(), deadline: sum },
            reason: Reason::new(code::DUE, &manual.reason),
            assignee: manual.assignee.clone(),
            note: manual.note.clone(),
            ..blank(now)
        };
        Ok(NewCallback { callback, instead_of: None })
    }

    async fn follow_up(&self, next: &FollowUp, now: Timestamp) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let calendar = &settings.calendar;
        let before = self.existing(next.after).await?;
        if calendar.end_of(next.day) <= now {
            return Err(Error::Refused(format!("{} has passed: give a day from today on", next.day)));
        }
        let sum = Sum(vec![format!("set in callback {}: {}", next.after, next.day)]);
        let callback = Callback {
            subject: format!("{}/follow_up:{}", before.subject, next.day),
            origin: Origin::FollowUp,
            follows: Some(next.after),
            earliest: calendar.start_of(next.day),
            due: calendar.start_of(next.day),
            deadline: calendar.end_of(next.day),
            sums: Sums { earliest: sum.clone(), due: sum.clone(), deadline: sum },
            reason: Reason::new(code::DUE, &next.reason),
            note: next.note.clone(),
            ..like(&before, now)
        };
        Ok(NewCallback { callback, instead_of: None })
    }

    async fn appointment(&self, promise: &Appointment, now: Timestamp) -> Result<NewCallback, Error> {
        let settings = self.settings();
        let before = self.existing(promise.of).await?;
        if promise.at < now {
            let at = settings.calendar.civil(promise.at);
            return Err(Error::Refused(format!("{at} has passed: promise a time that is still to come")));
        }
        let at = settings.calendar.civil(promise.at);
        let sum = Sum(vec![format!("promised in callback {}: {at}", promise.of)]);
        let owed = matches!(before.state, CallbackState::Open | CallbackState::Waiting);
        // The deadline of what is owed does not move, unless the customer wants a later time.
        let last = Timestamp(promise.at.0.saturating_add(PROMISE_MS));
        let deadline = if owed { before.deadline.max(last) } else { last };
        let mut deadline_sum = sum.clone();
        if owed && before.deadline > last {
            deadline_sum = before.sums.deadline.clone();
        }
        let callback = Callback {
            subject: format!("{}/appointment:{}", before.subject, promise.at.0),
            origin: Origin::Appointment,
            follows: Some(promise.of),
            earliest: promise.at,
            due: promise.at,
            deadline,
            sums: Sums { earliest: sum.clone(), due: sum, deadline: deadline_sum },
            reason: Reason::new(code::DUE, &promise.reason),
            assignee: promise.assignee.clone().unwrap_or_else(|| before.assignee.clone()),
            note: promise.note.clone(),
            ..like(&before, now)
        };
        Ok(NewCallback { callback, instead_of: owed.then_some(promise.of) })
    }

    async fn existing(&self, id: CallbackId) -> Result<Callback, Error> {
        let found = self.store().callback(id).await?;
        let missing = || crate::io::store::Error::NotFound { what: "callback", name: id.to_string() };
        Ok(found.ok_or_else(missing)?.callback)
    }
}

/// The rule of callbacks by hand: the one that is named, else the pack's only one for them.
fn manual_rule(pack: &Pack, named: Option<&str>) -> Result<String, Error> {
    if let Some(name) = named {
        return match pack.rule.contains_key(name) {
            true => Ok(name.to_owned()),
            false => {
                let known: Vec<&str> = pack.rule.keys().map(String::as_str).collect();
                Err(Error::Refused(format!(
                    "pack `{}` has no rule `{name}`; it has {}",
                    pack.pack,
                    known.join(", ")
                )))
            }
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

/// A callback of which nothing is known yet.
fn blank(now: Timestamp) -> Callback {
    Callback {
        id: CallbackId(0),
        pack: String::new(),
        rule: String::new(),
        version: String::new(),
        customer: CustomerId(0),
        subject: String::new(),
        occurrence: 0,
        origin: Origin::Manual,
        event: None,
        follows: None,
        method: Method::Phone,
        earliest: now,
        due: now,
        deadline: now,
        sums: Sums::default(),
        state: CallbackState::Open,
        reason: Reason::new(code::DUE, ""),
        outcome: None,
        closed_at: None,
        call: None,
        merged_into: None,
        breached_at: None,
        assignee: String::new(),
        note: String::new(),
        created_at: now,
    }
}

/// A callback about the same as another.
fn like(before: &Callback, now: Timestamp) -> Callback {
    Callback {
        pack: before.pack.clone(),
        rule: before.rule.clone(),
        version: before.version.clone(),
        customer: before.customer,
        event: before.event,
        assignee: before.assignee.clone(),
        ..blank(now)
    }
}
