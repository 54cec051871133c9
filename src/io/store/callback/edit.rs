//! What a person does to callbacks. Each edit is one transaction with its line in the audit
//! log: who, what, why.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use super::day::{self, Verdict, Word};
use super::reply;
use super::settle::{Ending, end};
use super::write::{insert, part, review};
use super::{Row, Stored, callback_columns};
use crate::base::{CallId, CallbackId, EntryId, ListId, Timestamp};
use crate::ivr::Reply;
use crate::policy::pack::Method;
use crate::policy::{Callback, CallbackState, Outcome, Reason, code};

/// One thing that a person does to a callback.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Keeps it off the list of one day; the day after, the rules decide again.
    Hold(Date),
    /// Takes it out for good.
    Remove,
    /// Done by a channel that the dialler does not serve: a visit, an answered questionnaire
    /// (SCH-32, SCH-33).
    Done {
        /// By what channel.
        method: Method,
        /// When.
        at: Timestamp,
        /// With what result.
        outcome: Outcome,
        /// What was filled in, by column (CNT-03).
        fields: BTreeMap<String, String>,
        /// What the customer answered in writing (SCH-33).
        replies: Vec<Reply>,
    },
    /// Not before this moment. The deadline stays.
    Move(Timestamp),
    /// Who is to call; empty: anybody of the role.
    Assign(String),
    /// Purpose or note, shown on the card.
    Note(String),
}

impl Edit {
    /// Stable word of the audit log.
    const fn action(&self) -> &'static str {
        match self {
            Edit::Hold(_) => "callback.hold",
            Edit::Remove => "callback.remove",
            Edit::Done { .. } => "callback.done",
            Edit::Move(_) => "callback.move",
            Edit::Assign(_) => "callback.assign",
            Edit::Note(_) => "callback.note",
        }
    }

    /// What the audit log tells beside the reason.
    fn figures(&self) -> String {
        match self {
            Edit::Hold(day) => format!("for {day}: "),
            Edit::Remove => String::new(),
            Edit::Done { method, at, outcome, .. } => format!("{outcome} by {} at {at}: ", method.as_str()),
            Edit::Move(at) => format!("not before {at}: "),
            Edit::Assign(person) => format!("to `{person}`: "),
            Edit::Note(note) => format!("`{note}`: "),
        }
    }
}

/// A callback that a person adds.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCallback {
    /// The callback; its key must be new.
    pub callback: Callback,
    /// The callback that it takes the place of, closed in the same transaction.
    pub instead_of: Option<CallbackId>,
    /// A callback that stays open and is not called before a moment, set in the same transaction.
    pub holds: Option<(CallbackId, Timestamp)>,
}

impl Store {
    /// Changes a callback as a person says. Gives the callback as it is then, and the list and
    /// entry that were taken out of the dialler.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Refused`] where it is not owed any more or being called.
    pub async fn edit_callback(
        &self,
        id: CallbackId,
        edit: &Edit,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(Stored, Option<(ListId, EntryId)>), Error> {
        let mut tx = self.db.begin().await?;
        let done = edit_in(&mut tx, id, edit, reason, by, now).await?;
        tx.commit().await?;
        self.tell(told(&done.0, edit.action(), by));
        Ok(done)
    }

    /// The same, and adds a callback that was promised with it: both or neither (CNT-03).
    ///
    /// # Errors
    /// Those of [`Store::edit_callback`] and [`Store::add_callback`].
    pub async fn edit_and_add(
        &self,
        id: CallbackId,
        edit: &Edit,
        added: &NewCallback,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(Stored, Option<(ListId, EntryId)>), Error> {
        let mut tx = self.db.begin().await?;
        let done = edit_in(&mut tx, id, edit, reason, by, now).await?;
        let new = add_in(&mut tx, added, reason, by, now).await?;
        tx.commit().await?;
        self.tell(told(&done.0, edit.action(), by));
        self.tell(told(&new, "callback.add", by));
        Ok(done)
    }

    /// Has the dialler call a callback next, if it has it and the entry waits; gives the list.
    /// Either way it is written into the audit log.
    pub async fn due_at_once(
        &self,
        id: CallbackId,
        by: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<Option<ListId>, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE entries SET due_at = $2, priority = 9, changed_at = $2
             WHERE id = (SELECT entry_id FROM callbacks WHERE id = $1) AND state = 'pending' RETURNING list_id")
            .bind(id.0)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let subject = format!("callback:{id}");
        let line = AuditLine { at: now, actor: by, action: "callback.call_now", subject: &subject, detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Callback, id.0, "call_now", by));
        Ok(row.map(|(list,)| ListId(list)))
    }

    /// Adds a callback by hand: with a reason (SCH-13), as a follow-up that an agent or doctor
    /// set (SCH-20), as an appointment (REM-03). Gives it as stored.
    ///
    /// # Errors
    /// [`Error::Exists`] where the same was added already.
    pub async fn add_callback(
        &self,
        new: &NewCallback,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        let mut tx = self.db.begin().await?;
        let stored = add_in(&mut tx, new, reason, by, now).await?;
        tx.commit().await?;
        self.tell(told(&stored, "callback.add", by));
        Ok(stored)
    }
}

/// What followers are told: the word of the audit log without its head.
fn told(stored: &Stored, action: &str, by: &str) -> Change {
    let b = &stored.callback;
    let act = action.trim_start_matches("callback.");
    Change::new(Topic::Callback, b.id.0, act, by).of_pack(&b.pack).of(&b.assignee).now(b.state.as_str())
}

/// A visit that was made closes the callback by telephone that called for it (SCH-34).
async fn visited(
    tx: &mut Tx,
    visit: &Stored,
    method: Method,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(first) = visit.callback.follows.filter(|_| visit.callback.method == Method::Onsite) else {
        return Ok(());
    };
    let first = find(tx, first).await?;
    if first.callback.method != Method::Phone || first.callback.state != CallbackState::Open {
        return Ok(());
    }
    let why = format!("visited, see callback {}", visit.callback.id);
    let ending = Ending {
        callback: first.callback.id,
        day: first.released_day,
        method,
        reason: Reason::new(code::FINISHED, why.clone()),
        ..ending.clone()
    };
    end(tx, &ending, now).await?;
    stop_entry(tx, &first, "callback.done", &why, now).await.map(drop)
}

/// Changes a callback as a person says.
async fn edit_in(
    tx: &mut Tx,
    id: CallbackId,
    edit: &Edit,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<(Stored, Option<(ListId, EntryId)>), Error> {
    let stored = find(tx, id).await?;
    let owed = matches!(stored.callback.state, CallbackState::Open | CallbackState::Waiting);
    let (archive,): (Option<i64>,) = within!(tx, c => sqlx::query_as(
        "SELECT archive_id FROM callbacks WHERE id = $1").bind(id.0).fetch_one(c).await)?;
    if let Some(archive) = archive {
        return Err(Error::Refused(format!(
            "callback {id} lies in archive {archive}: it is not changed any more"
        )));
    }
    if !owed && !matches!(edit, Edit::Note(_)) {
        return Err(Error::Refused(format!(
            "callback {id} is {} already ({}): it cannot be changed any more",
            stored.callback.state, stored.callback.reason.code
        )));
    }
    let taken = match edit {
        Edit::Hold(day) => hold(tx, &stored, *day, reason, now).await?,
        Edit::Remove | Edit::Done { .. } => {
            let mut ending = ending(&stored, edit, reason, now);
            if ending.method == Method::Phone && ending.state == CallbackState::Done {
                ending.call = call_for(tx, id).await?;
            }
            end(tx, &ending, now).await?;
            if let Edit::Done { fields, replies, at, method, .. } = edit {
                fill(tx, id, fields, now).await?;
                reply::keep(tx, id, replies, *at).await?;
                visited(tx, &stored, *method, &ending, now).await?;
            }
            stop_entry(tx, &stored, edit.action(), reason, now).await?
        }
        Edit::Move(at) => {
            set_time(tx, id, *at, now).await?;
            review(tx, stored.callback.customer, Some(now)).await?;
            stop_entry(tx, &stored, code::NOT_YET, reason, now).await?
        }
        Edit::Assign(text) | Edit::Note(text) => {
            let sql = match edit {
                Edit::Note(_) => "UPDATE callbacks SET note = $2, changed_at = $3 WHERE id = $1",
                _ => "UPDATE callbacks SET assignee = $2, changed_at = $3 WHERE id = $1",
            };
            set_text(tx, sql, id, text, now).await?;
            None
        }
    };
    let subject = format!("callback:{id}");
    let detail = format!("{}{reason}", edit.figures());
    let line = AuditLine { at: now, actor: by, action: edit.action(), subject: &subject, detail: &detail };
    audit::append(tx, &line).await?;
    let after = find(tx, id).await?;
    Ok((after, taken))
}

/// Adds a callback; gives it as stored.
async fn add_in(
    tx: &mut Tx,
    new: &NewCallback,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<Stored, Error> {
    let b = &new.callback;
    let made = insert(tx, std::slice::from_ref(b), now).await;
    let made = made.map_err(|e| e.or_not_found("customer", b.customer))?;
    if made == 0 {
        return Err(Error::Exists { what: "callback", name: format!("{}/{} {}", b.pack, b.rule, b.subject) });
    }
    let row: Row = within!(tx, c => sqlx::query_as(
        concat!("SELECT ", callback_columns!(), " FROM callbacks b
                 WHERE b.pack = $1 AND b.rule = $2 AND b.subject = $3 AND b.occurrence = $4"))
        .bind(&b.pack)
        .bind(&b.rule)
        .bind(clean(&b.subject))
        .bind(i64::from(b.occurrence))
        .fetch_one(c)
        .await)?;
    let stored = Stored::try_from(row)?;
    let id = stored.callback.id;
    if let Some(old) = new.instead_of {
        let old = find(tx, old).await?;
        let why = format!("callback {id} takes its place: {reason}");
        let mut ending = ending(&old, &Edit::Remove, &why, now);
        ending.outcome = Some(Outcome::Withdrawn);
        ending.reason.code = "superseded".into();
        end(tx, &ending, now).await?;
        stop_entry(tx, &old, "superseded", &why, now).await?;
    }
    if let Some((held, until)) = new.holds {
        let held = find(tx, held).await?;
        set_time(tx, held.callback.id, until, now).await?;
        stop_entry(tx, &held, code::NOT_YET, &format!("waits for callback {id}"), now).await?;
    }
    review(tx, b.customer, Some(now)).await?;
    let subject = format!("callback:{id}");
    let detail = format!("{} for customer {}: {reason}", b.origin, b.customer);
    let line = AuditLine { at: now, actor: by, action: "callback.add", subject: &subject, detail: &detail };
    audit::append(tx, &line).await?;
    Ok(stored)
}

async fn find(tx: &mut Tx, id: CallbackId) -> Result<Stored, Error> {
    let row: Option<Row> = within!(tx, c => sqlx::query_as(
        concat!("SELECT ", callback_columns!(), " FROM callbacks b WHERE b.id = $1"))
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
    row.ok_or_else(|| Error::NotFound { what: "callback", name: id.to_string() })?.try_into()
}

fn ending(stored: &Stored, edit: &Edit, reason: &str, now: Timestamp) -> Ending {
    let b = &stored.callback;
    let (state, outcome, method, word, at) = match edit {
        Edit::Done { method, at, outcome, .. } => {
            (CallbackState::Done, *outcome, *method, code::FINISHED, *at)
        }
        _ => (CallbackState::Excused, Outcome::Removed, b.method, "removed", now),
    };
    Ending {
        callback: b.id,
        customer: b.customer,
        pack: b.pack.clone(),
        day: stored.released_day,
        state,
        outcome: Some(outcome),
        method,
        reason: Reason::new(word, reason),
        call: None,
        at,
    }
}

/// The last call that an agent made for a callback and that reached somebody, or is still up: its answers
/// were given in that call.
async fn call_for(tx: &mut Tx, id: CallbackId) -> Result<Option<CallId>, Error> {
    let row: Option<(String,)> = within!(tx, c => sqlx::query_as(
        "SELECT id FROM calls WHERE callback_id = $1 AND (state = 'reserved' OR answered_at IS NOT NULL)
         ORDER BY reserved_at DESC, id DESC LIMIT 1")
        .bind(id.0)
        .fetch_optional(c)
        .await)?;
    Ok(row.and_then(|(id,)| id.parse().ok()))
}

/// Keeps a callback off the list of a day.
async fn hold(
    tx: &mut Tx,
    stored: &Stored,
    day: Date,
    reason: &str,
    now: Timestamp,
) -> Result<Option<(ListId, EntryId)>, Error> {
    let b = &stored.callback;
    within!(tx, c => sqlx::query("UPDATE callbacks SET held_day = $2, changed_at = $3 WHERE id = $1")
        .bind(b.id.0)
        .bind(day.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    let verdict = Verdict {
        callback: b.id,
        word: Word::Not,
        code: "removed".into(),
        detail: reason.into(),
        start_at: None,
        windows: String::new(),
    };
    day::put(tx, &b.pack, day, &[verdict], now).await?;
    if stored.released_day == Some(day) {
        return stop_entry(tx, stored, "removed", reason, now).await;
    }
    Ok(None)
}

/// Takes the entry of a callback out of the dialler, and the callback lets go of it. While it
/// is being called both stay as they are: the call goes on, and its result is the callback's.
async fn stop_entry(
    tx: &mut Tx,
    stored: &Stored,
    word: &str,
    detail: &str,
    now: Timestamp,
) -> Result<Option<(ListId, EntryId)>, Error> {
    let Some(entry) = stored.entry else { return Ok(None) };
    let row: Option<(i64,)> = within!(tx, c => sqlx::query_as(
        "UPDATE entries SET state = 'stopped', reason = $2, detail = $3, changed_at = $4
         WHERE id = $1 AND state = 'pending' RETURNING list_id")
        .bind(entry.0)
        .bind(clean(word))
        .bind(clean(detail))
        .bind(now.0)
        .fetch_optional(c)
        .await)?;
    let Some((list,)) = row else { return Ok(None) };
    part(tx, stored.callback.id, now).await?;
    within!(tx, c => sqlx::query("UPDATE callbacks SET entry_id = NULL WHERE id = $1")
        .bind(stored.callback.id.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(Some((ListId(list), entry)))
}

async fn set_time(tx: &mut Tx, id: CallbackId, at: Timestamp, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE callbacks SET earliest = $2, due = CASE WHEN due < $2 THEN $2 ELSE due END, changed_at = $3
         WHERE id = $1")
        .bind(id.0)
        .bind(at.0)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Keeps what a person filled in when they closed a callback.
async fn fill(
    tx: &mut Tx,
    id: CallbackId,
    fields: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<(), Error> {
    if fields.is_empty() {
        return Ok(());
    }
    let (before,): (String,) = within!(&mut *tx, c => sqlx::query_as("SELECT filled FROM callbacks WHERE id = $1")
        .bind(id.0)
        .fetch_one(c)
        .await)?;
    // What was ticked while the customer was on the line stays.
    let mut all: BTreeMap<String, String> = serde_json::from_str(&before).unwrap_or_default();
    all.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    let json = super::json(&all)?;
    set_text(tx, "UPDATE callbacks SET filled = $2, changed_at = $3 WHERE id = $1", id, &json, now).await
}

async fn set_text(
    tx: &mut Tx,
    sql: &'static str,
    id: CallbackId,
    text: &str,
    now: Timestamp,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(sql).bind(id.0).bind(clean(text)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}
