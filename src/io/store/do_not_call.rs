//! Numbers that are never called.

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::{Error, Store};
use crate::base::{CallId, PhoneNumber, Timestamp};

/// One number of the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DoNotCall {
    /// Canonical number.
    pub phone: String,
    /// Why, for people.
    pub reason: String,
    /// The call in which it was asked for.
    pub call_id: Option<String>,
    /// A token's name, `local`, or `call`.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl Store {
    /// What the list says of a number; None: it is not on it.
    pub async fn do_not_call_of(&self, phone: &PhoneNumber) -> Result<Option<DoNotCall>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT phone, reason, call_id, created_by, created_at FROM do_not_call WHERE phone = $1")
            .bind(phone.to_string())
            .fetch_optional(p)
            .await)?)
    }

    /// Puts a number on the list and stops its waiting entries in all lists. Gives how many
    /// entries were stopped. A number already there keeps its first reason.
    pub async fn add_do_not_call(
        &self,
        phone: &PhoneNumber,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let phone = phone.to_string();
        let stopped = put(&mut tx, &phone, reason, None, by, now).await?;
        let subject = format!("phone:{phone}");
        let line =
            AuditLine { at: now, actor: by, action: "do_not_call.add", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(stopped)
    }

    /// Takes a number off the list. Its stopped entries stay stopped: a person who lifts a
    /// wish not to be called decides about each.
    pub async fn remove_do_not_call(
        &self,
        phone: &PhoneNumber,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let phone = phone.to_string();
        let removed = within!(&mut tx, c => sqlx::query("DELETE FROM do_not_call WHERE phone = $1")
            .bind(&phone)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if removed == 0 {
            return Err(Error::NotFound { what: "number on the do-not-call list", name: phone });
        }
        let subject = format!("phone:{phone}");
        let line =
            AuditLine { at: now, actor: by, action: "do_not_call.remove", subject: &subject, detail: "" };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// Up to `limit` numbers after `after` in the order of the numbers; None begins at the first.
    pub async fn do_not_call(&self, after: Option<&str>, limit: u32) -> Result<Vec<DoNotCall>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT phone, reason, call_id, created_by, created_at FROM do_not_call
             WHERE phone > $1 ORDER BY phone LIMIT $2")
            .bind(after.unwrap_or(""))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }
}

/// Puts a number on the list and stops its waiting entries; gives how many were stopped.
pub(super) async fn put(
    tx: &mut Tx,
    phone: &str,
    reason: &str,
    call: Option<CallId>,
    by: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO do_not_call (phone, reason, call_id, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (phone) DO NOTHING")
        .bind(phone)
        .bind(reason)
        .bind(call.map(|id| id.to_string()))
        .bind(by)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    let stopped = within!(tx, c => sqlx::query(
        "UPDATE entries SET state = 'stopped', reason = 'do_not_call', detail = $2, changed_at = $3
         WHERE phone = $1 AND state = 'pending'")
        .bind(phone)
        .bind(reason)
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(stopped)
}
