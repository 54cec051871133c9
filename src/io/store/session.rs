//! Sessions of browsers: only the hash of a cookie is kept.

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::{Error, Store};
use crate::base::Timestamp;

/// A session with what its account may do.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    /// Whose.
    pub account_id: i64,
    /// Name of the account.
    pub name: String,
    /// JSON array of words.
    pub roles: String,
    /// The agent behind the account; empty: none.
    pub agent: String,
    /// Its department; empty: none.
    pub department: String,
    /// Its shop; empty: none.
    pub shop: String,
    /// Since when the account is locked.
    pub locked_at: Option<i64>,
    /// Milliseconds since 1970.
    pub began_at: i64,
    /// Last request that was noted; milliseconds since 1970.
    pub seen_at: i64,
}

impl Session {
    /// Roles of its account.
    pub fn roles(&self) -> Vec<String> {
        serde_json::from_str(&self.roles).unwrap_or_default()
    }
}

impl Store {
    /// Opens a session: the failures of the account are forgotten, the step of its one-time code is
    /// kept, its dead sessions go. False: the code was used already.
    pub async fn add_session(
        &self,
        hash: &str,
        (account, name): (i64, &str),
        totp_step: Option<i64>,
        address: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let fresh = within!(&mut tx, c => sqlx::query(
            "UPDATE accounts SET failures = 0, totp_step = COALESCE(CAST($2 AS BIGINT), totp_step)
             WHERE id = $1 AND (CAST($2 AS BIGINT) IS NULL OR totp_step < $2)")
            .bind(account).bind(totp_step).execute(c).await.map(|done| done.rows_affected()))?;
        if fresh == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let dead = Timestamp(now.0.saturating_sub(crate::account::ABSOLUTE.as_millis() as i64));
        within!(&mut tx, c => sqlx::query("DELETE FROM sessions WHERE began_at < $1")
            .bind(dead.0).execute(c).await.map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO sessions (hash, account_id, began_at, seen_at, address) VALUES ($1, $2, $3, $3, $4)")
            .bind(hash).bind(account).bind(now.0).bind(address).execute(c).await.map(drop))?;
        let subject = format!("account:{name}");
        let line =
            AuditLine { at: now, actor: name, action: "session.open", subject: &subject, detail: address };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The session with that hash, open or not.
    pub async fn session(&self, hash: &str) -> Result<Option<Session>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT s.account_id, a.name, a.roles, a.agent, a.department, a.shop, a.locked_at, s.began_at, s.seen_at
             FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.hash = $1")
            .bind(hash).fetch_optional(p).await)?)
    }

    /// Notes a request of a session.
    pub async fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("UPDATE sessions SET seen_at = $2 WHERE hash = $1")
            .bind(hash).bind(now.0).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Ends a session.
    pub async fn end_session(&self, hash: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(hash).execute(c).await.map(drop))?;
        tx.commit().await
    }
}
