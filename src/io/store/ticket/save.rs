//! Tickets written down, each change in one transaction with its timeline, its notices and the
//! callbacks that it asks for.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::super::audit::{self, AuditLine};
use super::super::callback::{insert_callbacks, json};
use super::super::db::{Tx, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic, notice};
use super::{count, found, phase_word, promised};
use crate::base::{CallId, CustomerId, Timestamp};
use crate::policy::Callback;
use crate::ticket::{Changes, Ticket};

/// A callback that a ticket asks for; its subject is the ticket's number and purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// `verify`, `promise`, `return`, ...
    pub purpose: String,
    /// The callback.
    pub callback: Callback,
}

/// What else belongs to a change of a ticket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Linked {
    /// Calls that belong to it from now on.
    pub calls: Vec<CallId>,
    /// Calls that are seen to by this change.
    pub seen: Vec<CallId>,
    /// Callbacks that it asks for.
    pub planned: Vec<Planned>,
    /// The callback whose end it tells of.
    pub settles: Option<i64>,
    /// The callback that found it out: it opens no second one.
    pub found_by: Option<i64>,
    /// Key of what it was found in: it comes to this once.
    pub found: Option<String>,
    /// Departments that see it.
    pub seen_by: BTreeSet<String>,
    /// Its type is a complaint.
    pub complaint: bool,
    /// When time has something to do with it.
    pub next_at: Option<Timestamp>,
    /// Who did it, and what, for the audit log; None: the daemon.
    pub audit: Option<(String, String)>,
}

impl Store {
    /// Stores a new ticket; it gets the next number of its pack's day. Gives it with id and number.
    ///
    /// # Errors
    /// [`Error::Exists`] where one of the calls that it sees to belongs to a ticket already.
    pub async fn open_ticket(
        &self,
        mut changes: Changes,
        linked: &Linked,
        prefix: &str,
        day: Date,
        now: Timestamp,
    ) -> Result<Ticket, Error> {
        let mut tx = self.db.begin().await?;
        for call in &linked.seen {
            if see(&mut tx, *call).await? == 0 {
                return Err(Error::Exists { what: "ticket of call", name: call.to_string() });
            }
        }
        let (last,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO ticket_numbers (prefix, pack, day, last) VALUES ($1, $2, $3, 1)
             ON CONFLICT (prefix, pack, day) DO UPDATE SET last = ticket_numbers.last + 1 RETURNING last")
            .bind(prefix)
            .bind(&changes.ticket.pack)
            .bind(day.to_string())
            .fetch_one(c)
            .await)?;
        changes.ticket.number = format!("{prefix}{}-{last:04}", day.strftime("%Y%m%d"));
        let ticket = &changes.ticket;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO tickets (pack, number, kind, severity, category, source, phase, state, owner, department,
                 phone, name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
             VALUES ($1, $2, $3, '', '', '', 'open', '', $4, '', '', '', '', 0, 0, 0, '', $5, 0, '{}') RETURNING id")
            .bind(&ticket.pack)
            .bind(&ticket.number)
            .bind(&ticket.kind)
            .bind(clean(&ticket.owner))
            .bind(ticket.opened_at.0)
            .fetch_one(c)
            .await)?;
        changes.ticket.id = id;
        write(&mut tx, &changes, linked, 0, now).await?;
        tx.commit().await?;
        self.tell(told(&changes, "open"));
        Ok(changes.ticket)
    }

    /// Stores what became of a ticket that had version `was`; false where somebody else changed
    /// it meanwhile, and nothing is written.
    pub async fn save_ticket(
        &self,
        changes: &Changes,
        was: i64,
        linked: &Linked,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        for call in &linked.seen {
            see(&mut tx, *call).await?;
        }
        if !write(&mut tx, changes, linked, was, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        self.tell(told(changes, "change"));
        Ok(true)
    }
}

/// What followers are told of a change: its first line of the timeline says what was done, and who did it.
fn told(changes: &Changes, otherwise: &str) -> Change {
    let ticket = &changes.ticket;
    let line = changes.log.first();
    let (act, by) = line.map_or((otherwise, ""), |line| (line.action.as_str(), line.actor.as_str()));
    let change = Change::new(Topic::Ticket, ticket.id, act, by).of_pack(&ticket.pack).of(&ticket.owner);
    Change { number: ticket.number.clone(), kind: ticket.kind.clone(), ..change.now(&ticket.state) }
}

/// Says that a call was seen to; gives 0 where it was already.
async fn see(tx: &mut Tx, call: CallId) -> Result<u64, Error> {
    Ok(within!(tx, c => sqlx::query("UPDATE calls SET ticketed = 1 WHERE id = $1 AND ticketed = 0")
        .bind(call.to_string())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

async fn write(
    tx: &mut Tx,
    changes: &Changes,
    linked: &Linked,
    was: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    if !row(tx, &changes.ticket, linked, was).await? {
        return Ok(false);
    }
    let id = changes.ticket.id;
    if let Some(key) = &linked.found {
        found::keep(tx, key, id, now).await?;
    }
    found::show_to(tx, id, &linked.seen_by).await?;
    promised::owe(tx, &changes.ticket).await?;
    count::score(tx, &changes.ticket).await?;
    for line in &changes.log {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_log (ticket_id, at, actor, action, detail, call_id) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(id)
            .bind(line.at.0)
            .bind(clean(&line.actor))
            .bind(&line.action)
            .bind(clean(&line.detail))
            .bind(line.call.map(|call| call.to_string()))
            .execute(c)
            .await
            .map(drop))?;
    }
    for call in &linked.calls {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_calls (ticket_id, call_id) SELECT CAST($1 AS BIGINT), id FROM calls WHERE id = $2
             ON CONFLICT (ticket_id, call_id) DO NOTHING")
            .bind(id)
            .bind(call.to_string())
            .execute(c)
            .await
            .map(drop))?;
    }
    callbacks(tx, changes, linked, now).await?;
    notice::queue(tx, &changes.notices(), now).await?;
    if let Some((actor, action)) = &linked.audit {
        let (subject, detail) = (format!("ticket:{id}"), changes.ticket.number.clone());
        let line = AuditLine { at: now, actor, action, subject: &subject, detail: &detail };
        audit::append(tx, &line).await?;
    }
    Ok(true)
}

async fn row(tx: &mut Tx, ticket: &Ticket, linked: &Linked, was: i64) -> Result<bool, Error> {
    let body = json(ticket)?;
    let meeting = match &ticket.meeting {
        None => "",
        Some(meeting) if meeting.decision.trim().is_empty() => "open",
        Some(_) => "decided",
    };
    let (in_time, breached) = ticket.deadlines();
    let changed = within!(tx, c => sqlx::query(
        "UPDATE tickets SET severity = $3, category = $4, source = $5, phase = $6, state = $7, owner = $8,
                department = $9, customer_id = $10, phone = $11, name = $12, matter = $13, complaint = $14,
                dissatisfied = $15, level = $16, meeting = $17, due_at = $18, next_at = $19, closed_at = $20,
                version = $21, body = $22, acknowledged = $23, in_time = $24, breached = $25, first_contact = $26,
                reported_at = $27, state_since = $28
         WHERE id = $1 AND version = $2")
        .bind(ticket.id)
        .bind(was)
        .bind(&ticket.severity)
        .bind(clean(&ticket.category))
        .bind(clean(&ticket.source))
        .bind(phase_word(ticket.phase))
        .bind(clean(&ticket.state))
        .bind(clean(&ticket.owner))
        .bind(clean(&ticket.department))
        .bind(ticket.customer.map(|id| id.0))
        .bind(clean(&ticket.phone))
        .bind(clean(&ticket.name))
        .bind(clean(&ticket.matter))
        .bind(i64::from(linked.complaint))
        .bind(i64::from(ticket.dissatisfied))
        .bind(i64::from(ticket.level))
        .bind(meeting)
        .bind(ticket.due_at().map(|at| at.0))
        .bind(linked.next_at.map(|at| at.0))
        .bind(ticket.closed_at.map(|at| at.0))
        .bind(ticket.version)
        .bind(clean(&body))
        .bind(i64::from(ticket.acknowledged.is_some()))
        .bind(in_time)
        .bind(breached)
        .bind(i64::from(ticket.first_contact))
        .bind(ticket.reported_at.map(|at| at.0))
        .bind(ticket.state_since().0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Takes back the callbacks that are not wanted any more, and adds the new ones.
async fn callbacks(tx: &mut Tx, changes: &Changes, linked: &Linked, now: Timestamp) -> Result<(), Error> {
    let id = changes.ticket.id;
    if let Some(callback) = linked.settles {
        within!(&mut *tx, c => sqlx::query("UPDATE ticket_callbacks SET settled_at = $2 WHERE callback_id = $1")
            .bind(callback)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    if let Some(callback) = linked.found_by {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_callbacks (callback_id, ticket_id, purpose, settled_at) VALUES ($1, $2, 'found', $3)
             ON CONFLICT (callback_id) DO NOTHING")
            .bind(callback)
            .bind(id)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    let ended = match (changes.ends_calls, changes.ends_verification) {
        (true, _) => Some("%"),
        (false, true) => Some("verify"),
        (false, false) => None,
    };
    if let Some(purpose) = ended {
        take_back(tx, id, purpose, now).await?;
    }
    for planned in &linked.planned {
        let subject = format!("{}/{}", changes.ticket.number, planned.purpose);
        let callback = Callback { subject, ..planned.callback.clone() };
        insert_callbacks(tx, std::slice::from_ref(&callback), now).await?;
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_callbacks (callback_id, ticket_id, purpose)
             SELECT id, CAST($1 AS BIGINT), CAST($2 AS TEXT) FROM callbacks WHERE pack = $3 AND rule = $4 AND subject = $5 AND occurrence = $6
             ON CONFLICT (callback_id) DO NOTHING")
            .bind(id)
            .bind(&planned.purpose)
            .bind(&callback.pack)
            .bind(&callback.rule)
            .bind(&callback.subject)
            .bind(i64::from(callback.occurrence))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

async fn take_back(tx: &mut Tx, ticket: i64, purpose: &str, now: Timestamp) -> Result<(), Error> {
    for sql in [
        "UPDATE callbacks SET state = 'excused', outcome = 'withdrawn', reason = 'ticket_closed', closed_at = $3,
                changed_at = $3
         WHERE state IN ('open', 'waiting')
           AND id IN (SELECT callback_id FROM ticket_callbacks WHERE ticket_id = $1 AND purpose LIKE $2)",
        "UPDATE entries SET state = 'stopped', reason = 'ticket_closed', changed_at = $3
         WHERE state = 'pending' AND callback_id IN (SELECT callback_id FROM ticket_callbacks
                                                     WHERE ticket_id = $1 AND purpose LIKE $2)",
        "UPDATE ticket_callbacks SET settled_at = COALESCE(settled_at, $3) WHERE ticket_id = $1 AND purpose LIKE $2",
    ] {
        within!(&mut *tx, c => sqlx::query(sql)
            .bind(ticket)
            .bind(purpose)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

impl Store {
    /// A customer of a pack by number, made where there is none: the hotline knows people whom
    /// the archive does not.
    pub async fn caller(
        &self,
        pack: &str,
        phone: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<CustomerId, Error> {
        let mut tx = self.db.begin().await?;
        let known: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT MIN(COALESCE(k.merged_into, k.id)) FROM customers k JOIN customer_phones p ON p.customer_id = k.id
             WHERE p.phone = $2 AND p.valid_to IS NULL AND k.pack = $1 HAVING COUNT(*) > 0")
            .bind(pack)
            .bind(phone)
            .fetch_optional(c)
            .await)?;
        if let Some((id,)) = known {
            return Ok(CustomerId(id));
        }
        // Names are shown where numbers are masked.
        let tail = phone.get(phone.len().saturating_sub(4)..).unwrap_or_default();
        let shown = if name.is_empty() { format!("来电 尾号{tail}") } else { name.to_owned() };
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO customers (pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
                 plan_every, owner, email, standing, fields, version, created_at, changed_at)
             VALUES ($1, '', $2, '', '', '', '', 0, '', '', '', 'active', '{\"source\":\"hotline\"}', 1, $3, $3)
             RETURNING id")
            .bind(pack)
            .bind(clean(&shown))
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             VALUES ($1, $2, $3, '', '', 0, $4)")
            .bind(id)
            .bind(pack)
            .bind(phone)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        Ok(CustomerId(id))
    }
}
