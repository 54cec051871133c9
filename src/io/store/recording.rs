//! Recordings that a kill left unfinished and that were repaired at start.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::db::within;
use super::write::relative;
use super::{Error, Store};
use crate::base::{CallId, Timestamp};

impl Store {
    /// Ids of the calls that were lost and have no recording yet, of those that began at
    /// `since` or later.
    pub async fn lost_without_recording(&self, since: Timestamp) -> Result<BTreeSet<String>, Error> {
        let mut tx = self.db.begin().await?;
        let ids: Vec<(String,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT id FROM calls WHERE reserved_at >= $1 AND disposition = 'lost' AND sha256 IS NULL")
            .bind(since.0)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }

    /// Notes a repaired recording with its call: `path` below `folder`, its length and hex
    /// SHA-256. False where no such call is known, or its recording was closed in order.
    pub async fn recording_repaired(
        &self,
        call: CallId,
        path: &Path,
        folder: &Path,
        duration: Duration,
        sha256: &str,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE calls SET recording = $2, recording_ms = $3, sha256 = $4 WHERE id = $1 AND sha256 IS NULL")
            .bind(call.to_string())
            .bind(relative(path, folder))
            .bind(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
            .bind(sha256)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(changed > 0)
    }
}
