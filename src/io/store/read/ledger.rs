//! The audit log, and what the database refused.

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::base::Timestamp;

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AuditRow {
    /// Row id.
    pub id: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// A token's name, `local`, or a part of the daemon.
    pub actor: String,
    /// Stable word: `campaign.state`, `list.import`, `token.create`, ...
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// Its figures, for people.
    pub detail: String,
}

/// A write that the database refused for what it is, set aside so that it blocks no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct DeadLetterRow {
    /// Row id.
    pub id: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// `report`, `answer`, ...
    pub kind: String,
    /// The call, where it is of one.
    pub call_id: Option<String>,
    /// What the database said.
    pub reason: String,
    /// The write itself, for whoever mends it.
    pub body: String,
}

/// Which lines of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this token, person or part of the daemon.
    pub actor: Option<String>,
    /// With this stable word; `account.*` takes all that begin so.
    pub action: Option<String>,
    /// To this, e.g. `campaign:3`.
    pub subject: Option<String>,
    /// At or after this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
}

impl Store {
    /// What was set aside, newest first.
    pub async fn dead_letter_rows(
        &self,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<DeadLetterRow>, Error> {
        let rows: Vec<DeadLetterRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, at, kind, call_id, reason, body FROM dead_letters
             WHERE (CAST($1 AS BIGINT) IS NULL OR id < $1) ORDER BY id DESC LIMIT $2")
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// The audit log, newest first; the filters pick one actor, action or subject.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<AuditRow>, Error> {
        let head = filter.action.as_deref().and_then(|action| action.strip_suffix('*'));
        let rows: Vec<AuditRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, at, actor, action, subject, detail FROM audit_log
             WHERE (CAST($1 AS TEXT) IS NULL OR actor = $1)
               AND (CAST($2 AS TEXT) IS NULL OR action = $2 OR SUBSTR(action, 1, LENGTH(CAST($3 AS TEXT))) = CAST($3 AS TEXT))
               AND (CAST($4 AS TEXT) IS NULL OR subject = $4)
               AND (CAST($5 AS BIGINT) IS NULL OR at >= $5) AND (CAST($6 AS BIGINT) IS NULL OR at < $6)
               AND (CAST($7 AS BIGINT) IS NULL OR id < $7)
             ORDER BY id DESC LIMIT $8")
            .bind(filter.actor.as_deref())
            .bind(filter.action.as_deref())
            .bind(head)
            .bind(filter.subject.as_deref())
            .bind(filter.from.map(|at| at.0))
            .bind(filter.to.map(|at| at.0))
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }
}
