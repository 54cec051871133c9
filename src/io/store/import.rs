//! A file coming into a list: rows in chunks, each chunk one short transaction, so that
//! a large import holds up neither memory nor the calls that are being written.

use super::audit::{self, AuditLine};
use super::db::{Tx, within};
use super::write::clean;
use super::{Error, Store};
use crate::base::{ImportId, ListId, Timestamp};
use crate::dialer::NewEntry;
use crate::dialer::import::{RowOutcome, RowResult};

/// Rows in one transaction: some 20 ms of the writer's time on an SSD.
pub const IMPORT_CHUNK: usize = 500;

/// The file that comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFile {
    /// Its name, for people.
    pub name: String,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
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
    now: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Existing {
    id: i64,
    phone: String,
    extension: String,
    name: String,
    language: String,
    priority: i64,
    fields: String,
    due_at: i64,
    state: String,
    attempts: i64,
}

struct Verdict {
    result: &'static str,
    reason: String,
    entry: Option<i64>,
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
                "INSERT INTO imports (list_id, file_name, sha256, state, created_at)
                 VALUES ($1, $2, $3, 'running', $4) RETURNING id")
                .bind(list.0)
                .bind(&file.name)
                .bind(&file.sha256)
                .bind(now.0)
                .fetch_one(c)
                .await);
            id = Some(ImportId(made.map_err(|e| Error::from(e).or_not_found("list", list))?.0));
            tx.commit().await?;
        }
        Ok(ImportSession { store: self.clone(), list, file, id, counts: ImportCounts::default(), now })
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

    /// Takes the next rows, in transactions of [`IMPORT_CHUNK`] rows.
    pub async fn push(&mut self, rows: &[RowResult]) -> Result<(), Error> {
        for chunk in rows.chunks(IMPORT_CHUNK) {
            let mut counts = self.counts;
            let mut tx = self.store.db.begin().await?;
            for row in chunk {
                let verdict = self.judge(&mut tx, row).await?;
                counts.count(verdict.result);
                if let Some(id) = self.id {
                    keep_row(&mut tx, id, row.line, &verdict).await?;
                }
            }
            match self.id {
                Some(id) => {
                    keep_counts(&mut tx, id, &counts, "running").await?;
                    tx.commit().await?;
                }
                None => tx.rollback().await?,
            }
            self.counts = counts;
        }
        Ok(())
    }

    /// Ends the import and writes its line into the audit log.
    pub async fn finish(self) -> Result<ImportCounts, Error> {
        if let Some(id) = self.id {
            let mut tx = self.store.db.begin().await?;
            keep_counts(&mut tx, id, &self.counts, "done").await?;
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
        }
        Ok(self.counts)
    }

    async fn judge(&self, tx: &mut Tx, row: &RowResult) -> Result<Verdict, Error> {
        match &row.result {
            RowOutcome::Rejected(reason) => {
                Ok(Verdict { result: "rejected", reason: reason.clone(), entry: None })
            }
            RowOutcome::Duplicate { of } => {
                Ok(Verdict { result: "duplicate", reason: format!("same key as line {of}"), entry: None })
            }
            RowOutcome::Accepted(entry) => self.accept(tx, entry).await,
        }
    }

    async fn accept(&self, tx: &mut Tx, entry: &NewEntry) -> Result<Verdict, Error> {
        let fields = fields_json(entry)?;
        let existing: Option<Existing> = within!(tx, c => sqlx::query_as(
            "SELECT id, phone, extension, name, language, priority, fields, due_at, state, attempts
             FROM entries WHERE list_id = $1 AND row_key = $2")
            .bind(self.list.0)
            .bind(row_key(entry))
            .fetch_optional(c)
            .await)?;
        let Some(old) = existing else {
            let id = self.insert(tx, entry, &fields).await?;
            return Ok(Verdict { result: "added", reason: String::new(), entry: Some(id) });
        };
        if old.says_the_same(entry, &fields) {
            return Ok(Verdict { result: "unchanged", reason: String::new(), entry: Some(old.id) });
        }
        if old.state != "pending" {
            let reason = format!("the entry is {}: the new details were not taken", old.state);
            return Ok(Verdict { result: "unchanged", reason, entry: Some(old.id) });
        }
        if !self.file.dry_run {
            self.update(tx, old.id, entry, &fields).await?;
        }
        Ok(Verdict { result: "changed", reason: String::new(), entry: Some(old.id) })
    }

    /// A number on the do-not-call list comes in `stopped`, so that its reason is seen at once.
    async fn insert(&self, tx: &mut Tx, entry: &NewEntry, fields: &str) -> Result<i64, Error> {
        let made: Result<(i64,), _> = within!(tx, c => sqlx::query_as(
            "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority,
                                  fields, due_at, state, reason, detail, created_at, changed_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                    CASE WHEN n = 0 THEN 'pending' ELSE 'stopped' END,
                    CASE WHEN n = 0 THEN 'due' ELSE 'do_not_call' END, '', $11, $11
             FROM (SELECT COUNT(*) AS n FROM do_not_call WHERE phone = $4) d
             RETURNING id")
            .bind(self.list.0)
            .bind(row_key(entry))
            .bind(clean(&entry.external_id))
            .bind(entry.phone.to_string())
            .bind(clean(&entry.extension))
            .bind(clean(&entry.name))
            .bind(clean(&entry.language))
            .bind(i64::from(entry.priority))
            .bind(fields)
            .bind(entry.due_at.unwrap_or(self.now).0)
            .bind(self.now.0)
            .fetch_one(c)
            .await);
        Ok(made.map_err(|e| Error::from(e).or_not_found("list", self.list))?.0)
    }

    async fn update(&self, tx: &mut Tx, id: i64, entry: &NewEntry, fields: &str) -> Result<(), Error> {
        within!(tx, c => sqlx::query(
            "UPDATE entries SET phone = $2, extension = $3, name = $4, language = $5, priority = $6, fields = $7,
                    due_at = CASE WHEN attempts = 0 THEN COALESCE($8, due_at) ELSE due_at END, changed_at = $9
             WHERE id = $1")
            .bind(id)
            .bind(entry.phone.to_string())
            .bind(clean(&entry.extension))
            .bind(clean(&entry.name))
            .bind(clean(&entry.language))
            .bind(i64::from(entry.priority))
            .bind(fields)
            .bind(entry.due_at.map(|t| t.0))
            .bind(self.now.0)
            .execute(c)
            .await
            .map(drop))?;
        Ok(())
    }
}

impl Existing {
    fn says_the_same(&self, entry: &NewEntry, fields: &str) -> bool {
        // After the first attempt the due time is the dialler's, not the file's.
        let due = self.attempts > 0 || entry.due_at.is_none_or(|due| due.0 == self.due_at);
        due && self.phone == entry.phone.to_string()
            && self.extension == clean(&entry.extension)
            && self.name == clean(&entry.name)
            && self.language == clean(&entry.language)
            && self.priority == i64::from(entry.priority)
            && self.fields == fields
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

/// What makes a row the same row when its file comes again.
fn row_key(entry: &NewEntry) -> String {
    if !entry.external_id.is_empty() {
        return clean(&entry.external_id).into_owned();
    }
    match entry.extension.is_empty() {
        true => entry.phone.to_string(),
        false => format!("{}-{}", entry.phone, clean(&entry.extension)),
    }
}

fn fields_json(entry: &NewEntry) -> Result<String, Error> {
    serde_json::to_string(&entry.fields)
        .map_err(|e| Error::Refused(format!("the fields cannot be stored: {e}")))
}

async fn keep_row(tx: &mut Tx, id: ImportId, line: u64, verdict: &Verdict) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO import_rows (import_id, line, result, reason, entry_id) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.0)
        .bind(i64::try_from(line).unwrap_or(i64::MAX))
        .bind(verdict.result)
        .bind(clean(&verdict.reason))
        .bind(verdict.entry)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

async fn keep_counts(tx: &mut Tx, id: ImportId, counts: &ImportCounts, state: &str) -> Result<(), Error> {
    let n = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    within!(tx, c => sqlx::query(
        "UPDATE imports SET added = $2, changed = $3, unchanged = $4, duplicate = $5, rejected = $6, state = $7
         WHERE id = $1")
        .bind(id.0)
        .bind(n(counts.added))
        .bind(n(counts.changed))
        .bind(n(counts.unchanged))
        .bind(n(counts.duplicate))
        .bind(n(counts.rejected))
        .bind(state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
