//! A file coming into a list: rows in chunks, each chunk one short transaction of a few
//! statements, so that a large import holds up neither memory nor the calls that are being
//! written.

mod chunk;
mod undo;

pub use undo::ImportUndone;

use super::audit::{self, AuditLine};
use super::db::{Tx, within};
use super::{Change, Error, Store, Topic};
use crate::base::{ImportId, ListId, Timestamp};
use crate::dialer::import::RowResult;

/// Rows in one transaction: some 20 ms of the writer's time on an SSD. Its statements have
/// 15 values a row, fewer than the 32,766 that SQLite takes.
pub const IMPORT_CHUNK: usize = 500;

/// The file that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFile {
    /// Its name, for people.
    pub name: String,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Count what would happen and change nothing.
    pub dry_run: bool,
    /// Who brings it in.
    pub by: String,
}

/// What became of the rows so far.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct ImportCounts {
    /// New entries.
    pub added: u64,
    /// Waiting entries whose details the file changed.
    pub changed: u64,
    /// Entries that are there already.
    pub unchanged: u64,
    /// Rows whose key stands on an earlier line of the file.
    pub duplicate: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
}

/// An import under way. Dropped before [`ImportSession::finish`], it leaves the chunks that
/// were pushed; importing the file again completes it.
#[derive(Debug)]
pub struct ImportSession {
    store: Store,
    list: ListId,
    file: ImportFile,
    id: Option<ImportId>,
    counts: ImportCounts,
    bytes_read: u64,
    now: Timestamp,
}

impl Store {
    /// Begins an import into a list. An import of the same list that never finished is
    /// marked `stopped`.
    pub async fn begin_import(
        &self,
        list: ListId,
        file: ImportFile,
        now: Timestamp,
    ) -> Result<ImportSession, Error> {
        let mut id = None;
        if !file.dry_run {
            let mut tx = self.db.begin().await?;
            within!(&mut tx, c => sqlx::query(
                "UPDATE imports SET state = 'stopped' WHERE list_id = $1 AND state = 'running'")
                .bind(list.0)
                .execute(c)
                .await
                .map(drop))?;
            let made: Result<(i64,), _> = within!(&mut tx, c => sqlx::query_as(
                "INSERT INTO imports (list_id, file_name, sha256, bytes, state, created_at)
                 VALUES ($1, $2, $3, $4, 'running', $5) RETURNING id")
                .bind(list.0)
                .bind(&file.name)
                .bind(&file.sha256)
                .bind(number(file.bytes))
                .bind(now.0)
                .fetch_one(c)
                .await);
            id = Some(ImportId(made.map_err(|e| Error::from(e).or_not_found("list", list))?.0));
            tx.commit().await?;
        }
        let (counts, bytes_read) = (ImportCounts::default(), 0);
        Ok(ImportSession { store: self.clone(), list, file, id, counts, bytes_read, now })
    }
}

impl ImportSession {
    /// The row of `imports`; None for a dry run.
    pub fn id(&self) -> Option<ImportId> {
        self.id
    }

    /// What became of the rows so far.
    pub fn counts(&self) -> ImportCounts {
        self.counts
    }

    /// Takes the next rows, in transactions of [`IMPORT_CHUNK`] rows; `bytes_read` is how far
    /// into the file they reach.
    pub async fn push(&mut self, rows: &[RowResult], bytes_read: u64) -> Result<(), Error> {
        for chunk in rows.chunks(IMPORT_CHUNK) {
            let mut counts = self.counts;
            let mut tx = self.store.db.begin().await?;
            let verdicts = self.judge(&mut tx, chunk).await?;
            verdicts.iter().for_each(|verdict| counts.count(verdict.result));
            match self.id {
                Some(id) => {
                    chunk::keep_rows(&mut tx, id, &verdicts).await?;
                    keep_progress(&mut tx, id, &counts, bytes_read, "running").await?;
                    tx.commit().await?;
                }
                None => tx.rollback().await?,
            }
            (self.counts, self.bytes_read) = (counts, bytes_read);
        }
        Ok(())
    }

    /// Ends the import and writes its line into the audit log.
    pub async fn finish(self) -> Result<ImportCounts, Error> {
        if let Some(id) = self.id {
            let mut tx = self.store.db.begin().await?;
            keep_progress(&mut tx, id, &self.counts, self.file.bytes, "done").await?;
            let c = &self.counts;
            let detail = format!(
                "{}: {} added, {} changed, {} unchanged, {} duplicate, {} rejected; sha256 {}",
                self.file.name, c.added, c.changed, c.unchanged, c.duplicate, c.rejected, self.file.sha256
            );
            let subject = format!("list:{}", self.list);
            let (at, actor) = (self.now, self.file.by.as_str());
            let line = AuditLine { at, actor, action: "list.import", subject: &subject, detail: &detail };
            audit::append(&mut tx, &line).await?;
            tx.commit().await?;
            self.store.tell(Change::new(Topic::Import, id.0, "done", actor).now("done"));
        }
        Ok(self.counts)
    }

    /// Marks an import that cannot go on as `stopped`; the chunks that were pushed stay.
    pub async fn stop(self) -> Result<(), Error> {
        let Some(id) = self.id else { return Ok(()) };
        let mut tx = self.store.db.begin().await?;
        keep_progress(&mut tx, id, &self.counts, self.bytes_read, "stopped").await?;
        tx.commit().await?;
        self.store.tell(Change::new(Topic::Import, id.0, "stop", &self.file.by).now("stopped"));
        Ok(())
    }
}

impl ImportCounts {
    fn count(&mut self, result: &str) {
        let place = match result {
            "added" => &mut self.added,
            "changed" => &mut self.changed,
            "unchanged" => &mut self.unchanged,
            "duplicate" => &mut self.duplicate,
            _ => &mut self.rejected,
        };
        *place += 1;
    }
}

async fn keep_progress(
    tx: &mut Tx,
    id: ImportId,
    counts: &ImportCounts,
    bytes_read: u64,
    state: &str,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE imports SET added = $2, changed = $3, unchanged = $4, duplicate = $5, rejected = $6,
                bytes_read = $7, state = $8
         WHERE id = $1")
        .bind(id.0)
        .bind(number(counts.added))
        .bind(number(counts.changed))
        .bind(number(counts.unchanged))
        .bind(number(counts.duplicate))
        .bind(number(counts.rejected))
        .bind(number(bytes_read))
        .bind(state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
