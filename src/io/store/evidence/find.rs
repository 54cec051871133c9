//! Findings, of one call or of many.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::read::{Cursor, Page, fetch};
use super::super::{Error, Store};
use crate::evidence::Severity;

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct FindingRow {
    /// The call.
    pub call_id: String,
    /// Position among the findings of the call, from 1.
    pub number: i64,
    /// Word of the detector, see `/scorecards`.
    pub detector: String,
    /// Its value.
    pub value: f64,
    /// Unit of the value; empty: a count, or 1 for yes.
    pub unit: String,
    /// From when, in ms from the beginning of the recording; null: the whole call.
    pub start_ms: Option<i64>,
    /// To when.
    pub end_ms: Option<i64>,
    /// `info`, `hint`, `warn`, `fail` or `critical`.
    pub severity: String,
    /// On whose account: `nobody`, `agent` or `system`.
    pub charge: String,
    /// Which agent.
    pub agent: Option<String>,
    /// Phrase or step.
    pub rule: String,
    /// Who, or which words.
    pub detail: String,
}

/// The evidence on one call, without its findings.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct EvidenceRow {
    /// The call.
    pub call_id: String,
    /// When it was made.
    pub made_at: i64,
    /// Pack of the scorecard.
    pub pack: String,
    /// Version of the scorecard.
    pub version: String,
    /// Who had the customer first.
    pub agent: Option<String>,
    /// How long it was up.
    pub talk_ms: i64,
    /// Length of what was heard.
    pub heard_ms: Option<i64>,
    /// JSON of what was heard.
    pub heard: String,
    /// Severity of the gravest finding.
    pub worst: String,
    /// JSON array of the reasons to audit it.
    pub audit: String,
    /// Why the recording was not heard.
    pub problem: String,
    /// State of the transcription.
    pub transcription: String,
    /// When the register is looked at.
    pub review_at: Option<i64>,
}

/// A call that must be audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MustAuditRow {
    /// The call.
    pub call_id: String,
    /// Who had the customer first; null: the robot alone.
    pub agent: Option<String>,
    /// Severity of its gravest finding.
    pub worst: String,
    /// JSON array of the reasons: `too_short`, `perfunctory`, `possible_dispute`, `critical`.
    pub audit: String,
    /// Milliseconds since 1970: when the evidence was made.
    pub made_at: i64,
}

/// Which findings; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of this detector.
    pub detector: Option<String>,
    /// At least this grave; None: graver than measured.
    pub severity: Option<Severity>,
    /// Charged with this agent.
    pub agent: Option<String>,
    /// On this account.
    pub charge: Option<String>,
    /// Of this phrase or step.
    pub rule: Option<String>,
    /// Of calls from this id on, which begins with their time.
    pub from: Option<String>,
    /// Of calls before this id.
    pub to: Option<String>,
}

macro_rules! finding_sql {
    () => {
        "SELECT f.call_id, f.number, f.detector, f.value, f.unit, f.start_ms, f.end_ms, f.severity, f.charge,
                f.agent, f.rule, f.detail FROM findings f WHERE "
    };
}

impl Store {
    /// The evidence on a call; None: it was not made.
    pub async fn evidence_row(&self, call: &str) -> Result<Option<EvidenceRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT call_id, made_at, pack, version, agent, talk_ms, heard_ms, heard, worst, audit, problem,
                    transcription, review_at FROM call_evidence WHERE call_id = $1")
            .bind(call)
            .fetch_optional(p)
            .await)?)
    }

    /// What was found in a call.
    pub async fn findings_of(&self, call: &str) -> Result<Vec<FindingRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(finding_sql!(), "f.call_id = $1 ORDER BY f.number"))
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// A page of findings, those of the newest call first.
    pub async fn finding_page(
        &self,
        filter: &FindingFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<FindingRow>, Error> {
        let rows: Vec<FindingRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(concat!(finding_sql!(), "1 = 1"));
            let least = filter.severity.unwrap_or(Severity::Hint);
            if least > Severity::Info {
                // The words of the statement, so that the index of these is found.
                query.push(" AND f.severity <> 'info'");
            }
            if least > Severity::Hint {
                query.push(" AND f.severity IN (");
                let mut words = query.separated(", ");
                for severity in Severity::ALL.into_iter().filter(|severity| *severity >= least) {
                    words.push_bind(severity.as_str());
                }
                query.push(")");
            }
            for (condition, value) in [
                (" AND f.detector = ", &filter.detector),
                (" AND f.agent = ", &filter.agent),
                (" AND f.charge = ", &filter.charge),
                (" AND f.rule = ", &filter.rule),
                (" AND f.call_id >= ", &filter.from),
                (" AND f.call_id < ", &filter.to),
            ] {
                if let Some(value) = value.as_deref() {
                    query.push(condition).push_bind(value);
                }
            }
            if let Some(after) = after {
                query.push(" AND (f.call_id, f.number) < (");
                query.push_bind(after.id.as_str()).push(", ").push_bind(after.key).push(")");
            }
            query.push(" ORDER BY f.call_id DESC, f.number DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.number, id: row.call_id.clone() }))
    }

    /// A page of calls that must be audited, newest first; with this reason, or any.
    pub async fn audit_page(
        &self,
        reason: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<MustAuditRow>, Error> {
        let rows: Vec<MustAuditRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT call_id, agent, worst, audit, made_at FROM call_evidence WHERE audit <> '[]'");
            if let Some(reason) = reason {
                query.push(" AND audit LIKE ").push_bind(format!("%\"{reason}\"%"));
            }
            if let Some(after) = after {
                query.push(" AND call_id < ").push_bind(after.id.as_str());
            }
            query.push(" ORDER BY call_id DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: 0, id: row.call_id.clone() }))
    }
}
