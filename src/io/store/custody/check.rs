//! How far the daemon's own look at the files has come, so that a restart goes on from there.

use serde::{Deserialize, Serialize};

use super::super::db::{on, within};
use super::super::{Error, Store};
use crate::base::Timestamp;

/// One look at all files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CheckRow {
    /// Row id.
    pub id: i64,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// The last call whose files were read; empty: none yet.
    pub reached: String,
    /// Files that were read.
    pub files: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Files that are missing, altered, or unknown.
    pub problems: i64,
    /// When it was done; null: it goes on.
    pub finished_at: Option<i64>,
}

impl Store {
    /// The newest look at the files.
    pub async fn last_check(&self) -> Result<Option<CheckRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, started_at, reached, files, bytes, problems, finished_at FROM custody_checks
             ORDER BY id DESC LIMIT 1")
            .fetch_optional(p)
            .await)?)
    }

    /// Begins a look.
    pub async fn begin_check(&self, now: Timestamp) -> Result<CheckRow, Error> {
        let mut tx = self.db.begin().await?;
        let row: CheckRow = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO custody_checks (started_at, reached, files, bytes, problems) VALUES ($1, '', 0, 0, 0)
             RETURNING id, started_at, reached, files, bytes, problems, finished_at")
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        tx.commit().await?;
        Ok(row)
    }

    /// Keeps how far it has come.
    pub async fn keep_check(&self, row: &CheckRow) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE custody_checks SET reached = $2, files = $3, bytes = $4, problems = $5, finished_at = $6
             WHERE id = $1")
            .bind(row.id)
            .bind(&row.reached)
            .bind(row.files)
            .bind(row.bytes)
            .bind(row.problems)
            .bind(row.finished_at)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }
}
