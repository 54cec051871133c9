//! Calls and callbacks that tickets have to know of.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::{on, within};
use super::super::{Error, Store};
use crate::base::{CallbackId, Timestamp};

/// A call that ended and was not seen to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EndedCall {
    /// The call's id.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// The other side's number.
    pub phone: String,
    /// The number that was dialled, of an inbound call.
    pub dialled: String,
    /// When it began.
    pub reserved_at: i64,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// How it ended.
    pub disposition: String,
    /// The callback it was made for.
    pub callback_id: Option<i64>,
    /// Pack of that callback.
    pub pack: Option<String>,
    /// Its rule.
    pub rule: Option<String>,
    /// Its customer.
    pub customer_id: Option<i64>,
    /// What that callback is about.
    pub subject: Option<String>,
    /// Event behind it.
    pub event_id: Option<i64>,
    /// JSON object: fields of that event.
    pub event_fields: Option<String>,
    /// Row id of the ticket that asked for that callback.
    pub ticket_id: Option<i64>,
    /// The agent who began it.
    pub begun_by: Option<String>,
    /// Row id of a ticket that names this call already: it was opened while the call was up.
    pub linked: Option<i64>,
    /// Lowest score among its answers.
    pub lowest: Option<i64>,
    /// Answers that are those of a dissatisfied person, by the script.
    pub dissatisfied: i64,
    /// How the wait in a queue ended; None: it never waited.
    pub waited: Option<String>,
    /// How the callback ended that a queue promised; None: none was promised.
    pub called_back: Option<String>,
    /// People of ours who talked in it.
    pub talked: i64,
    /// Position of the answer that was left by voice.
    pub voice: Option<i64>,
    /// What the caller said of being recorded: `accepted`, `refused`; None: nothing.
    pub consent: Option<String>,
}

/// A callback of a ticket that ended.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SettledCall {
    /// Row id of the callback.
    pub callback_id: i64,
    /// Of the ticket.
    pub ticket_id: i64,
    /// `verify`, `promise`, ...
    pub purpose: String,
    /// `done` or `excused`.
    pub state: String,
    /// How it ended.
    pub outcome: String,
    /// The call.
    pub call_id: Option<String>,
    /// Answers given in that call.
    pub answers: i64,
    /// Lowest score given.
    pub lowest: Option<i64>,
}

/// The ticket to which a callback belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct TicketOfCallback {
    /// Row id of the ticket.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// Its type.
    pub kind: String,
    /// `verify`, `promise`, ... of one that the ticket asked for; `found` of one that it came of.
    pub purpose: String,
}

/// An inbound call without a ticket (TKT-04).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Unregistered {
    /// The call's id.
    pub id: String,
    /// The caller's number, masked unless asked for.
    pub phone: String,
    /// The number that was dialled.
    pub dialled: String,
    /// Milliseconds since 1970.
    pub reserved_at: i64,
    /// How it ended; null: it is up.
    pub disposition: Option<String>,
}

impl Store {
    /// Calls that ended and were not seen to, oldest first.
    pub async fn ended_calls(&self, limit: u32) -> Result<Vec<EndedCall>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            // A caller to whom a queue has promised a callback is served by it, or not: that is seen
            // when it has ended, so that nobody is rung twice.
            "SELECT c.id, c.direction, c.phone, c.dialled, c.reserved_at, c.answered_at, c.ended_at, c.disposition,
                    c.begun_by, b.id AS callback_id, b.pack, b.rule, b.customer_id, b.subject, b.event_id, v.fields AS event_fields,
                    t.ticket_id,
                    (SELECT MIN(l.ticket_id) FROM ticket_calls l WHERE l.call_id = c.id) AS linked,
                    (SELECT MIN(a.score) FROM answers a WHERE a.call_id = c.id) AS lowest,
                    (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id AND a.dissatisfied = 1) AS dissatisfied,
                    (SELECT w.fate FROM queue_waits w WHERE w.call_id = c.id) AS waited,
                    (SELECT q.fate FROM queue_callbacks q WHERE q.call_id = c.id) AS called_back,
                    (SELECT COUNT(*) FROM legs l WHERE l.call_id = c.id AND l.result = 'talked'
                        AND l.kind <> 'supervisor') AS talked,
                    (SELECT MAX(a.seq) FROM answers a WHERE a.call_id = c.id AND a.comment IS NOT NULL) AS voice,
                    c.consent
             FROM calls c LEFT JOIN entries e ON e.id = c.entry_id
                  LEFT JOIN callbacks b ON b.id = COALESCE(e.callback_id, c.callback_id)
                  LEFT JOIN events v ON v.id = b.event_id LEFT JOIN ticket_callbacks t ON t.callback_id = b.id
             WHERE c.state = 'ended' AND c.ticketed = 0
               AND NOT EXISTS (SELECT 1 FROM queue_callbacks q WHERE q.call_id = c.id AND q.fate IS NULL) ORDER BY c.id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Says that these calls were seen to.
    pub async fn see_calls(&self, calls: &[String]) -> Result<(), Error> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => {
            let mut query = QueryBuilder::new("UPDATE calls SET ticketed = 1 WHERE ticketed = 0 AND id IN (");
            let mut ids = query.separated(", ");
            calls.iter().for_each(|id| {
                ids.push_bind(id.as_str());
            });
            query.push(")");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Key that was pressed at a question of a call, or at the same asked once more
    /// (`<question>_again`), the last one; None: none was.
    pub async fn key_pressed(&self, call: &str, question: &str) -> Result<Option<String>, Error> {
        let row: Option<(Option<String>,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT keys FROM answers WHERE call_id = $1 AND question IN ($2, $2 || '_again') ORDER BY seq DESC LIMIT 1")
            .bind(call)
            .bind(question)
            .fetch_optional(p)
            .await)?;
        Ok(row.and_then(|(keys,)| keys))
    }

    /// Customers who have this number now: pack, row id, name, fields as JSON.
    pub async fn customers_of_phone(&self, phone: &str) -> Result<Vec<(String, i64, String, String)>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT k.pack, k.id, k.name, k.fields FROM customers k JOIN customer_phones h ON h.customer_id = k.id
             WHERE h.phone = $1 AND h.valid_to IS NULL AND k.merged_into IS NULL ORDER BY k.id LIMIT 20")
            .bind(phone)
            .fetch_all(p)
            .await)?)
    }

    /// An open callback of this number whose calls came to nothing so far: the caller may be
    /// returning ours.
    pub async fn unreached_callback(&self, phone: &str) -> Result<Option<(i64, String)>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT b.id, b.rule FROM entries e JOIN callbacks b ON b.id = e.callback_id
             WHERE e.phone = $1 AND b.state = 'open' AND e.attempts > 0 ORDER BY b.id DESC LIMIT 1")
            .bind(phone)
            .fetch_optional(p)
            .await)?)
    }

    /// Callbacks of tickets that ended and that their tickets do not know of.
    pub async fn settled_calls(&self, limit: u32) -> Result<Vec<SettledCall>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT t.callback_id, t.ticket_id, t.purpose, b.state, COALESCE(b.outcome, '') AS outcome, b.call_id,
                    (SELECT COUNT(*) FROM answers a WHERE a.call_id = b.call_id AND a.keys IS NOT NULL
                       AND a.question <> 'greeting') AS answers,
                    (SELECT MIN(a.score) FROM answers a WHERE a.call_id = b.call_id) AS lowest
             FROM ticket_callbacks t JOIN callbacks b ON b.id = t.callback_id
             WHERE t.settled_at IS NULL AND b.state IN ('done', 'excused') ORDER BY t.callback_id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// The ticket to which a callback belongs.
    pub async fn ticket_of_callback(&self, id: CallbackId) -> Result<Option<TicketOfCallback>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT t.id, t.number, t.kind, k.purpose FROM ticket_callbacks k JOIN tickets t ON t.id = k.ticket_id
             WHERE k.callback_id = $1")
            .bind(id.0)
            .fetch_optional(p)
            .await)?)
    }

    /// Inbound calls between two moments that belong to no ticket.
    pub async fn unregistered_calls(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Unregistered>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT c.id, c.phone, c.dialled, c.reserved_at, c.disposition FROM calls c
             WHERE c.direction = 'inbound' AND c.reserved_at >= $1 AND c.reserved_at < $2
               AND NOT EXISTS (SELECT 1 FROM ticket_calls t WHERE t.call_id = c.id)
             ORDER BY c.id LIMIT 1000")
            .bind(from.0)
            .bind(to.0)
            .fetch_all(p)
            .await)?)
    }
}
