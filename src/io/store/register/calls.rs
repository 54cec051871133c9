//! Calls as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, AnswerOf, CHUNK};

/// A call that ended, with what it was for.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CallRecord {
    /// Id.
    pub id: String,
    /// `outbound` or `inbound`.
    pub direction: String,
    /// Pack of its callback or ticket; empty: not known.
    pub pack: String,
    /// Rule of its callback.
    pub rule: String,
    /// Row id of its callback.
    pub callback_id: Option<i64>,
    /// Campaign.
    pub campaign: String,
    /// Script.
    pub script: String,
    /// Number of the customer.
    pub phone: String,
    /// Number that was dialled, of an inbound call.
    pub dialled: String,
    /// Name of the customer, where they are known.
    pub name: String,
    /// Milliseconds since 1970.
    pub reserved_at: i64,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// When it ended.
    pub ended_at: i64,
    /// Outcome.
    pub disposition: String,
    /// `customer`, `agent`, `system`; empty: nobody talked.
    pub hung_up_first: String,
    /// Path of the recording; empty: none.
    pub recording: String,
    /// Who talked with the customer; empty: the robot, or nobody.
    pub agent: String,
    /// Number of its ticket.
    pub ticket: String,
    /// Type of that ticket.
    pub ticket_kind: String,
}

impl Store {
    /// The next calls that ended.
    pub async fn register_calls(&self, after: &After) -> Result<Vec<CallRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT c.id, c.direction, COALESCE(b.pack, t.pack, '') AS pack, COALESCE(b.rule, '') AS rule,
                    b.id AS callback_id, COALESCE(g.name, '') AS campaign, COALESCE(c.script, '') AS script, c.phone,
                    c.dialled, COALESCE(e.name, NULLIF(t.name, ''), (SELECT u.name FROM customer_phones n
                        JOIN customers u ON u.id = n.customer_id
                        WHERE n.phone = c.phone AND n.valid_to IS NULL ORDER BY n.id LIMIT 1), '') AS name,
                    c.reserved_at, c.answered_at, c.ended_at, COALESCE(c.disposition, '') AS disposition,
                    COALESCE(c.hung_up_first, '') AS hung_up_first, COALESCE(c.recording, '') AS recording,
                    COALESCE((SELECT l.agent FROM legs l WHERE l.call_id = c.id AND l.answered_at IS NOT NULL
                              AND l.agent IS NOT NULL ORDER BY l.number LIMIT 1), '') AS agent,
                    COALESCE(t.number, '') AS ticket, COALESCE(t.kind, '') AS ticket_kind
             FROM calls c
             LEFT JOIN campaigns g ON g.id = c.campaign_id
             LEFT JOIN entries e ON e.id = c.entry_id
             LEFT JOIN callbacks b ON b.id = (SELECT MIN(x.id) FROM callbacks x WHERE x.entry_id = c.entry_id)
             LEFT JOIN tickets t ON t.id = (SELECT MIN(k.ticket_id) FROM ticket_calls k WHERE k.call_id = c.id)
             WHERE c.reserved_at < $3 AND c.state = 'ended' AND c.purpose IS NULL AND (c.reserved_at, c.id) > ($1, $2)
             ORDER BY c.reserved_at, c.id LIMIT $4")
            .bind(after.at)
            .bind(&after.call)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// What was answered in the calls of a chunk: those after `after` up to the last of it.
    pub async fn register_call_answers(
        &self,
        after: &After,
        last: &CallRecord,
    ) -> Result<Vec<AnswerOf>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT a.call_id AS owner, a.seq, a.question, a.keys, a.meaning, a.score, a.comment, a.rated_function,
                    a.rated_person, a.dimension, a.dissatisfied
             FROM calls c JOIN answers a ON a.call_id = c.id
             WHERE (c.reserved_at, c.id) > ($1, $2) AND (c.reserved_at, c.id) <= ($3, $4)
             ORDER BY a.call_id, a.seq")
            .bind(after.at)
            .bind(&after.call)
            .bind(last.reserved_at)
            .bind(&last.id)
            .fetch_all(p)
            .await)?)
    }

    /// How many calls ended that began in a period: what every register of calls must come to.
    pub async fn count_calls(&self, from: i64, to: i64) -> Result<i64, Error> {
        let (count,): (i64,) = on!(&self.db, p => sqlx::query_as(
            "SELECT COUNT(*) FROM calls WHERE reserved_at >= $1 AND reserved_at < $2 AND state = 'ended'
               AND purpose IS NULL")
            .bind(from)
            .bind(to)
            .fetch_one(p)
            .await)?;
        Ok(count)
    }
}
