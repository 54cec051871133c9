//! Answers that are kept, so that a request that comes twice is carried out once.

use super::db::within;
use super::{Error, Store};
use crate::base::Timestamp;

/// For how long an answer is kept.
const KEPT_MS: i64 = 86_400_000;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the request is to be carried out now.
    Fresh,
    /// The same request is being carried out.
    Running,
    /// It came with another request.
    Other,
    /// It was carried out.
    Done {
        /// HTTP status.
        status: i64,
        /// JSON; None: there was none, or it held a secret that is shown once.
        body: Option<String>,
    },
}

impl Store {
    /// Takes a key, or says what it was used for. What began before `started` and has no answer was cut
    /// off with the process that carried it out.
    pub async fn keep_key(
        &self,
        holder: &str,
        key: &str,
        request: &str,
        started: Timestamp,
        now: Timestamp,
    ) -> Result<Kept, Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "DELETE FROM kept_answers WHERE created_at < $1 OR (status IS NULL AND created_at < $2)")
            .bind(now.0 - KEPT_MS).bind(started.0).execute(c).await.map(drop))?;
        let taken = within!(&mut tx, c => sqlx::query(
            "INSERT INTO kept_answers (holder, key, request, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (holder, key) DO NOTHING")
            .bind(holder).bind(key).bind(request).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
        let found: (String, Option<i64>, Option<String>) = within!(&mut tx, c => sqlx::query_as(
            "SELECT request, status, body FROM kept_answers WHERE holder = $1 AND key = $2")
            .bind(holder).bind(key).fetch_one(c).await)?;
        tx.commit().await?;
        Ok(match found {
            _ if taken == 1 => Kept::Fresh,
            (other, ..) if other != request => Kept::Other,
            (_, None, _) => Kept::Running,
            (_, Some(status), body) => Kept::Done { status, body },
        })
    }

    /// Keeps the answer of a key.
    pub async fn keep_answer(
        &self,
        holder: &str,
        key: &str,
        status: u16,
        body: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE kept_answers SET status = $3, body = $4 WHERE holder = $1 AND key = $2")
            .bind(holder).bind(key).bind(i64::from(status)).bind(body).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Forgets a key whose request was refused: the same may be sent again.
    pub async fn forget_key(&self, holder: &str, key: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM kept_answers WHERE holder = $1 AND key = $2")
            .bind(holder).bind(key).execute(c).await.map(drop))?;
        tx.commit().await
    }
}
