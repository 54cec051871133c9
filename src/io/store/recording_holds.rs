//! What keeps recordings from being deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::read::{Cursor, Page, fetch};
use super::{Error, Store};
use crate::base::{CallId, Timestamp};

/// Something that holds a recording now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct HeldRow {
    /// The call.
    pub call_id: String,
    /// `by_hand`, `complaint`, `must_audit`, `draw`, `audit`, `appeal` or `example`.
    pub kind: String,
    /// Who put it, the ticket's number, the month, auditor, agent or title.
    pub reference: String,
    /// Why.
    pub reason: String,
}

/// A hold by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct HoldRow {
    /// Row id.
    pub id: i64,
    /// The call.
    pub call_id: String,
    /// Why.
    pub reason: String,
    /// Who put it.
    pub put_by: String,
    /// Milliseconds since 1970.
    pub put_at: i64,
    /// Who lifted it.
    pub lifted_by: String,
    /// When; null: it holds.
    pub lifted_at: Option<i64>,
    /// Why it was lifted.
    pub lifted_why: String,
}

impl Store {
    /// Puts a hold on the recording of a call, with a line in the audit log.
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such call; [`Error::Refused`]: it is held by hand already, or has no recording
    /// that could be kept.
    pub async fn put_hold(&self, call: CallId, reason: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let id = call.to_string();
        let mut tx = self.db.begin().await?;
        if lock(&mut tx, &id).await? == 0 {
            return Err(Error::NotFound { what: "call", name: id });
        }
        let (held, kept): (i64, i64) = within!(&mut tx, c => sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM recording_holds WHERE call_id = c.id AND lifted_at IS NULL),
                    CAST(CASE WHEN c.recording IS NULL OR (
                        EXISTS (SELECT 1 FROM recording_files f WHERE f.name = c.recording)
                        AND NOT EXISTS (SELECT 1 FROM recording_files f WHERE f.name = c.recording AND f.gone_at IS NULL))
                    THEN 0 ELSE 1 END AS BIGINT)
             FROM calls c WHERE c.id = $1")
            .bind(&id)
            .fetch_one(c)
            .await)?;
        if held > 0 {
            return Err(Error::Refused(format!("call {id} is held already; lift that hold first")));
        }
        if kept == 0 {
            return Err(Error::Refused(format!("call {id} has no recording that could be held")));
        }
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO recording_holds (call_id, reason, put_by, put_at) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(reason)
            .bind(by)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("call:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "recording.hold", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// Lifts the hold that a person put, with a line in the audit log.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn lift_hold(&self, call: CallId, reason: &str, by: &str, now: Timestamp) -> Result<(), Error> {
        let id = call.to_string();
        let mut tx = self.db.begin().await?;
        lock(&mut tx, &id).await?;
        let lifted = within!(&mut tx, c => sqlx::query(
            "UPDATE recording_holds SET lifted_by = $2, lifted_at = $3, lifted_why = $4
             WHERE call_id = $1 AND lifted_at IS NULL")
            .bind(&id)
            .bind(by)
            .bind(now.0)
            .bind(reason)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if lifted == 0 {
            return Err(Error::NotFound { what: "hold on the recording of call", name: id });
        }
        let subject = format!("call:{id}");
        let line = AuditLine {
            at: now,
            actor: by,
            action: "recording.lift_hold",
            subject: &subject,
            detail: reason,
        };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// Holds by hand of a call, of now and before.
    pub async fn holds_of_call(&self, call: &str) -> Result<Vec<HoldRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, call_id, reason, put_by, put_at, lifted_by, lifted_at, lifted_why FROM recording_holds
             WHERE call_id = $1 ORDER BY id")
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// A page of holds by hand, newest first; `open`: only those that hold now.
    pub async fn hold_rows(
        &self,
        open: bool,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<HoldRow>, Error> {
        let rows: Vec<HoldRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, call_id, reason, put_by, put_at, lifted_by, lifted_at, lifted_why FROM recording_holds
             WHERE ($1 = 0 OR lifted_at IS NULL) AND (CAST($2 AS BIGINT) IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3")
            .bind(i64::from(open))
            .bind(after.map(|cursor| cursor.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// What holds these calls now, by call.
    pub async fn held(&self, calls: &[&str]) -> Result<BTreeMap<String, Vec<HeldRow>>, Error> {
        let mut found: BTreeMap<String, Vec<HeldRow>> = BTreeMap::new();
        if calls.is_empty() {
            return Ok(found);
        }
        let rows: Vec<HeldRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT DISTINCT call_id, kind, reference, reason FROM held_calls WHERE call_id IN (");
            let mut ids = query.separated(", ");
            for call in calls {
                ids.push_bind(*call);
            }
            query.push(") ORDER BY call_id, kind, reference, reason");
            query.build_query_as().fetch_all(p).await
        })?;
        for row in rows {
            found.entry(row.call_id.clone()).or_default().push(row);
        }
        Ok(found)
    }
}

/// Keeps others from a call's holds until the transaction ends; how many such calls there are.
pub(super) async fn lock(tx: &mut Tx, call: &str) -> Result<u64, Error> {
    Ok(within!(tx, c => sqlx::query("UPDATE calls SET heard = heard WHERE id = $1")
        .bind(call)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Whether anything holds a call now.
pub(super) async fn is_held(tx: &mut Tx, call: &str) -> Result<bool, Error> {
    let held: i64 = within!(tx, c => sqlx::query_scalar("SELECT COUNT(*) FROM held_calls WHERE call_id = $1")
        .bind(call)
        .fetch_one(c)
        .await)?;
    Ok(held > 0)
}
