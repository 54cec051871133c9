//! What a list of calls is made from.

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store};

/// A call of a person with what was found in it and what stands in the register.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct AuditSource {
    /// The call.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// When the customer was up.
    pub answered_at: i64,
    /// Who had the customer first.
    pub agent: String,
    /// Pack of the callback, else of the customer; empty: nobody's.
    pub pack: String,
    /// Severity of its gravest finding.
    pub worst: String,
    /// JSON array of reasons of the evidence.
    pub audit: String,
    /// Path of the recording.
    pub recording: Option<String>,
    /// Rule of the callback.
    pub rule: Option<String>,
    /// Complaints that know of it.
    pub complaints: i64,
    /// 1: the callback is done, and this was its call.
    pub done: i64,
    /// `satisfied`, `dissatisfied`, `reached`.
    pub outcome: Option<String>,
    /// Text in the register.
    pub detail: Option<String>,
    /// JSON of what was filled in.
    pub filled: Option<String>,
    /// The customer of the callback.
    pub customer_id: Option<i64>,
}

/// A score that a customer keyed in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KeyedScore {
    /// The call.
    pub call_id: String,
    /// The question.
    pub question: String,
    /// The score.
    pub score: i64,
}

/// A finding that may be a sign of a critical item.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct SignRow {
    /// The call.
    pub call_id: String,
    /// Word of the detector.
    pub detector: String,
    /// Phrase or step.
    pub rule: String,
    /// Its value in the unit of the detector.
    pub value: f64,
    /// `info` to `critical`.
    pub severity: String,
}

/// A complaint that is closed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClosedComplaint {
    /// Its number.
    pub number: String,
    /// JSON of the ticket.
    pub body: String,
}

macro_rules! source_sql {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.direction, c.answered_at, v.agent,
                COALESCE(b.pack, (SELECT p.pack FROM customers p WHERE p.id =
                    (SELECT MIN(h.customer_id) FROM customer_phones h JOIN customers m ON m.id = h.customer_id
                     WHERE h.phone = c.phone AND h.valid_to IS NULL AND m.merged_into IS NULL)), '') AS pack, v.worst, v.audit, c.recording, b.rule,
                (SELECT COUNT(*) FROM ticket_calls l JOIN tickets t ON t.id = l.ticket_id
                 WHERE l.call_id = c.id AND t.complaint = 1) AS complaints,
                CAST(CASE WHEN b.state = 'done' AND e.last_call = c.id THEN 1 ELSE 0 END AS BIGINT) AS done,
                b.outcome, b.detail, b.filled, b.customer_id
             FROM call_evidence v JOIN calls c ON c.id = v.call_id
                  LEFT JOIN entries e ON e.id = c.entry_id LEFT JOIN callbacks b ON b.id = e.callback_id
             WHERE v.agent IS NOT NULL AND c.answered_at IS NOT NULL AND ",
            $rest
        )
    };
}

impl Store {
    /// Calls of people between two ids, oldest first.
    pub async fn calls_to_audit(&self, from: &str, to: &str) -> Result<Vec<AuditSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(source_sql!(
            "c.id >= $1 AND c.id < $2 ORDER BY c.id"))
            .bind(from)
            .bind(to)
            .fetch_all(p)
            .await)?)
    }

    /// One such call.
    pub async fn call_to_audit(&self, call: &str) -> Result<Option<AuditSource>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(source_sql!("c.id = $1")).bind(call).fetch_optional(p).await)?)
    }

    /// Scores that were keyed in calls between two ids.
    pub async fn keyed_scores(&self, from: &str, to: &str) -> Result<Vec<KeyedScore>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT call_id, question, score FROM answers
             WHERE call_id >= $1 AND call_id < $2 AND score IS NOT NULL AND keys IS NOT NULL ORDER BY call_id, seq")
            .bind(from)
            .bind(to)
            .fetch_all(p)
            .await)?)
    }

    /// What some detectors found in calls between two ids that no system is charged with.
    pub async fn signs_found(&self, from: &str, to: &str, detectors: &[&str]) -> Result<Vec<SignRow>, Error> {
        if detectors.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT call_id, detector, rule, value, severity FROM findings WHERE charge <> 'system' AND call_id >= ");
            query.push_bind(from).push(" AND call_id < ").push_bind(to).push(" AND detector IN (");
            let mut list = query.separated(", ");
            for detector in detectors {
                list.push_bind(*detector);
            }
            query.push(") ORDER BY call_id, number");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// Ended calls between two ids that were not looked at, and answered ones that no person had.
    pub async fn calls_beside(&self, from: &str, to: &str) -> Result<(i64, i64), Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(CASE WHEN c.state = 'reserved' OR c.heard = 0 THEN 1 END),
                    COUNT(CASE WHEN c.answered_at IS NOT NULL AND c.heard = 1 AND v.agent IS NULL THEN 1 END)
             FROM calls c LEFT JOIN call_evidence v ON v.call_id = c.id
             WHERE c.id >= $1 AND c.id < $2 AND c.purpose IS NULL")
            .bind(from)
            .bind(to)
            .fetch_one(p)
            .await)?)
    }

    /// Everybody of ours who had the customer in a call.
    pub async fn agents_of_call(&self, call: &str) -> Result<Vec<String>, Error> {
        let rows: Vec<(String,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT DISTINCT agent FROM legs WHERE call_id = $1 AND agent IS NOT NULL AND answered_at IS NOT NULL
             ORDER BY agent")
            .bind(call)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(agent,)| agent).collect())
    }

    /// Closed complaints that know of a call.
    pub async fn closed_complaints(&self, call: &str) -> Result<Vec<ClosedComplaint>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT t.number, t.body FROM ticket_calls l JOIN tickets t ON t.id = l.ticket_id
             WHERE l.call_id = $1 AND t.complaint = 1 AND t.phase = 'closed' ORDER BY t.id")
            .bind(call)
            .fetch_all(p)
            .await)?)
    }
}
