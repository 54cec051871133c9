//! An import taken back: what it added is gone, unless somebody was called by then.

use sqlx::QueryBuilder;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, within};
use super::super::{Change, Error, Store, Topic};
use super::number;
use crate::base::{ImportId, ListId, Timestamp};

/// Entries removed in one transaction.
const CHUNK: i64 = 500;

/// What taking an import back did.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct ImportUndone {
    /// Entries that are not on the list any more.
    pub removed: u64,
    /// Entries that it added and that stay: somebody was called for them, or a person changed them.
    pub kept: u64,
    /// Entries whose details it changed: they stay as the file had them.
    pub changed: u64,
}

impl Store {
    /// Takes an import back: entries that it added are removed, unless somebody was called for them.
    /// Its rows and its line in the audit log stay, and the same file can be brought in again.
    ///
    /// # Errors
    /// [`Error::Refused`] where it is running or was undone.
    pub async fn undo_import(
        &self,
        import: ImportId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(ListId, ImportUndone), Error> {
        let (list, added, changed) = self.begin_undo(import, reason, by, now).await?;
        let mut removed = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let ids = untouched(&mut tx, import).await?;
            remove(&mut tx, &ids).await?;
            tx.commit().await?;
            removed += ids.len() as u64;
            if number(ids.len() as u64) < CHUNK {
                break;
            }
        }
        let undone = ImportUndone { removed, kept: added.saturating_sub(removed), changed };
        let mut tx = self.db.begin().await?;
        let subject = format!("list:{list}");
        let detail = format!(
            "import {import}: {reason}: {removed} removed, {} kept, {changed} stay changed",
            undone.kept
        );
        let line =
            AuditLine { at: now, actor: by, action: "list.undo_import", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Import, import.0, "undo", by).now("undone"));
        Ok((list, undone))
    }

    /// Marks it as undone, so that no second person begins; its list, and what it added and changed.
    async fn begin_undo(
        &self,
        import: ImportId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(ListId, u64, u64), Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64, String, Option<i64>, i64, i64)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT list_id, state, undone_at, added, changed FROM imports WHERE id = $1")
            .bind(import.0)
            .fetch_optional(c)
            .await)?;
        let Some((list, state, undone_at, added, changed)) = row else {
            return Err(Error::NotFound { what: "import", name: import.to_string() });
        };
        if state == "running" {
            return Err(Error::Refused(format!("import {import} is running: undo it when it has ended")));
        }
        if undone_at.is_some() {
            return Err(Error::Refused(format!("import {import} was undone already")));
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE imports SET undone_at = $2, undone_by = $3, undone_reason = $4 WHERE id = $1")
            .bind(import.0)
            .bind(now.0)
            .bind(by)
            .bind(reason)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok((ListId(list), count(added), count(changed)))
    }
}

/// The next entries of the import that nobody was called for and that no policy put on the list.
async fn untouched(tx: &mut Tx, import: ImportId) -> Result<Vec<i64>, Error> {
    let found: Vec<(i64,)> = within!(tx, c => sqlx::query_as(
        "SELECT DISTINCT e.id FROM import_rows r JOIN entries e ON e.id = r.entry_id
         WHERE r.import_id = $1 AND r.result = 'added' AND e.attempts = 0 AND e.callback_id IS NULL
           AND (e.state = 'pending' OR (e.state = 'stopped' AND e.reason IN ('do_not_call', 'removed')))
           AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.entry_id = e.id)
           AND NOT EXISTS (SELECT 1 FROM callbacks b WHERE b.entry_id = e.id)
         ORDER BY e.id LIMIT $2")
        .bind(import.0)
        .bind(CHUNK)
        .fetch_all(c)
        .await)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

async fn remove(tx: &mut Tx, ids: &[i64]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    within!(tx, c => {
        let mut query = QueryBuilder::new("UPDATE import_rows SET entry_id = NULL WHERE entry_id IN (");
        let mut list = query.separated(", ");
        ids.iter().for_each(|id| { list.push_bind(*id); });
        query.push(")");
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    within!(tx, c => {
        let mut query = QueryBuilder::new("DELETE FROM entries WHERE id IN (");
        let mut list = query.separated(", ");
        ids.iter().for_each(|id| { list.push_bind(*id); });
        query.push(")");
        query.build().persistent(false).execute(c).await.map(drop)
    })?;
    Ok(())
}
