//! What evidence on a call is made from.

use super::super::db::on;
use super::super::{Error, Store};
use crate::base::Timestamp;

/// The desk of tickets sees to a call soon after its end; whoever waits for it stops after this, in ms.
const DESK_MS: i64 = 30_000;

/// One call with its callback and customer.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
pub struct CallSource {
    /// The call's id.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Written to disk.
    pub reserved_at: i64,
    /// INVITE.
    pub started_at: Option<i64>,
    /// The 200.
    pub answered_at: Option<i64>,
    /// The end.
    pub ended_at: i64,
    /// `us`, `peer` or `fault`.
    pub ended_by: String,
    /// What it came to.
    pub disposition: String,
    /// JSON of [`crate::media::Quality`].
    pub quality: Option<String>,
    /// JSON of [`crate::call::StepStamp`]s.
    pub steps: Option<String>,
    /// Path of the recording, relative to the recordings folder.
    pub recording: Option<String>,
    /// Samples per channel lost between tap and disk.
    pub missing_frames: Option<i64>,
    /// Alarm word.
    pub alarm: Option<String>,
    /// `customer`, `agent` or `system`.
    pub hung_up_first: Option<String>,
    /// When.
    pub hung_up_first_at: Option<i64>,
    /// Keys that the customer pressed.
    pub keys: i64,
    /// Pack of the callback, else of the customer.
    pub pack: Option<String>,
    /// Rule of the callback.
    pub rule: Option<String>,
    /// Deadline of the callback, exclusive.
    pub deadline: Option<i64>,
    /// State of the callback.
    pub callback_state: Option<String>,
    /// When the callback was closed.
    pub closed_at: Option<i64>,
    /// The call that closed it.
    pub closed_by_call: Option<String>,
    /// 1: a person closed it, and this call was its last.
    pub by_hand: i64,
    /// JSON of what a person filled in when they closed the callback.
    pub filled: Option<String>,
    /// Callbacks that follow from it.
    pub follow_ups: i64,
    /// JSON of the customer's fields.
    pub fields: Option<String>,
    /// What was heard, from an earlier look: JSON of [`crate::evidence::Heard`].
    pub heard: Option<String>,
    /// Why the recording was not heard then.
    pub problem: Option<String>,
    /// State of the transcription then.
    pub transcription: Option<String>,
}

/// A ticket that knows of a call.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TicketSource {
    /// Its type.
    pub kind: String,
    /// 1: it is a complaint.
    pub complaint: i64,
}

/// Calls with their callbacks: by the entry that was dialled, or closed by hand with this call.
macro_rules! source_sql {
    () => {
        "SELECT c.id, c.direction, c.reserved_at, c.started_at, c.answered_at, c.ended_at, c.ended_by,
            c.disposition, c.quality, c.steps, c.recording, c.missing_frames, c.alarm, c.hung_up_first,
            c.hung_up_first_at,
            (SELECT COUNT(*) FROM answers a WHERE a.call_id = c.id AND a.keys IS NOT NULL) AS keys,
            COALESCE(b.pack, p.pack) AS pack, b.rule, b.deadline, b.state AS callback_state, b.closed_at,
            b.call_id AS closed_by_call, b.filled,
            CAST(CASE WHEN b.state = 'done' AND b.call_id IS NULL AND e.last_call = c.id THEN 1 ELSE 0 END AS BIGINT)
                AS by_hand,
            (SELECT COUNT(*) FROM callbacks f WHERE f.follows = b.id) AS follow_ups,
            COALESCE(k.fields, p.fields) AS fields, v.heard, v.problem, v.transcription
         FROM calls c LEFT JOIN entries e ON e.id = c.entry_id LEFT JOIN callbacks b ON b.id = e.callback_id
              LEFT JOIN customers k ON k.id = b.customer_id
              LEFT JOIN customers p ON b.id IS NULL AND p.id =
                   (SELECT MIN(h.customer_id) FROM customer_phones h JOIN customers m ON m.id = h.customer_id
                    WHERE h.phone = c.phone AND h.valid_to IS NULL AND m.merged_into IS NULL)
              LEFT JOIN call_evidence v ON v.call_id = c.id
         WHERE "
    };
}

impl Store {
    /// Calls that ended and were not looked at, oldest first; also those that never were answered.
    pub async fn unheard_calls(&self, now: Timestamp, limit: u32) -> Result<Vec<CallSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(source_sql!(),
            "c.state = 'ended' AND c.heard = 0 AND (c.ticketed = 1 OR c.ended_at < $1) ORDER BY c.id LIMIT $2"))
            .bind(now.0 - DESK_MS)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Calls whose entry in the register is due to be looked at.
    pub async fn calls_to_review(&self, now: Timestamp, limit: u32) -> Result<Vec<CallSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(source_sql!(),
            "c.id IN (SELECT call_id FROM call_evidence WHERE review_at <= $1 ORDER BY review_at LIMIT $2)"))
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// One call.
    pub async fn call_source(&self, call: &str) -> Result<Option<CallSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(source_sql!(), "c.id = $1 AND c.state = 'ended'"))
            .bind(call)
            .fetch_optional(p)
            .await)?)
    }

    /// The oldest call whose transcript is wanted.
    pub async fn call_to_transcribe(&self) -> Result<Option<CallSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(source_sql!(),
            "c.id = (SELECT MIN(call_id) FROM call_evidence WHERE transcription = 'wanted')"))
            .fetch_optional(p)
            .await)?)
    }

    /// When the next entry of the register is due to be looked at, and whether calls wait for the
    /// desk of tickets.
    pub async fn next_review(&self) -> Result<Option<Timestamp>, Error> {
        let (at,): (Option<i64>,) = on!(self.db(), p => sqlx::query_as(
            "SELECT MIN(at) FROM (
                SELECT MIN(review_at) AS at FROM call_evidence WHERE review_at IS NOT NULL
                UNION ALL
                SELECT MIN(ended_at) + $1 FROM calls WHERE state = 'ended' AND heard = 0) AS times")
            .bind(DESK_MS)
            .fetch_one(p)
            .await)?;
        Ok(at.map(Timestamp))
    }

    /// Tickets that know of a call.
    pub async fn tickets_of_call(&self, call: &str) -> Result<Vec<TicketSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT t.kind, t.complaint FROM ticket_calls l JOIN tickets t ON t.id = l.ticket_id
             WHERE l.call_id = $1 ORDER BY t.id")
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// Lengths of the last calls in which somebody of ours talked, in ms.
    pub async fn late_talks(&self, limit: u32) -> Result<Vec<i64>, Error> {
        let rows: Vec<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT talk_ms FROM call_evidence WHERE agent IS NOT NULL ORDER BY call_id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(ms,)| ms).collect())
    }

    /// The lines of a call's transcript as JSON, and where they come from.
    pub async fn transcript_json(&self, call: &str) -> Result<Option<(String, String)>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as("SELECT lines, source FROM transcripts WHERE call_id = $1")
            .bind(call)
            .fetch_optional(p)
            .await)?)
    }
}
