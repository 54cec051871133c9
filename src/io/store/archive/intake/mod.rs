//! Rows coming into the archive, in chunks: each chunk is one short transaction of a few
//! statements, so that a large file holds up neither memory nor the calls that are written.

mod chunk;
mod find;
mod write;

use super::super::audit::{self, AuditLine};
use super::super::db::{Db, Tx, within};
use super::super::{Change, Error, Store, Topic};
use crate::base::{CustomerId, ImportId, Timestamp};
use crate::intake::RowResult;

pub use chunk::Verdict;
pub(super) use find::StoredEvent;

/// Rows in one transaction: its statements have at most 19 values a row, fewer than the
/// 32,766 that SQLite takes.
pub const INTAKE_CHUNK: usize = 1_000;

/// What comes in, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntakeOrder {
    /// Policy pack, by its id.
    pub pack: String,
    /// Section of the pack; empty for none.
    pub intake: String,
    /// System or person it comes from.
    pub source: String,
    /// `file`, `api` or `folder`.
    pub channel: String,
    /// Name of the file, for people.
    pub file_name: String,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Who collected the slips.
    pub collected_by: String,
    /// Who handed them over.
    pub handed_over_by: String,
    /// Department that gets a copy of each row that is new; empty for none.
    pub copy_to: String,
    /// Count what would happen and change nothing.
    pub dry_run: bool,
    /// Who brings it in.
    pub by: String,
}

/// What became of the rows so far.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct IntakeCounts {
    /// New events; new customers where rows tell of customers alone.
    pub added: u64,
    /// Events or customers that the rows changed.
    pub changed: u64,
    /// Rows that say nothing new.
    pub unchanged: u64,
    /// Rows whose key stands on an earlier line.
    pub duplicate: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Rows that were not asked for, such as unsettled jobs.
    pub skipped: u64,
    /// Rows taken with a warning.
    pub warned: u64,
    /// Rows entered on a later day than received.
    pub late: u64,
    /// New customers.
    pub customers_added: u64,
    /// Customers whose details changed.
    pub customers_changed: u64,
}

/// What a push did.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// What became of each row, in order.
    pub verdicts: Vec<Verdict>,
    /// Customers of whom something is known that was not known before: their callbacks are to
    /// be worked out again.
    pub touched: Vec<CustomerId>,
}

/// An intake under way. Dropped before [`IntakeSession::finish`], it leaves the chunks that
/// were pushed; bringing the file in again completes it.
#[derive(Debug)]
pub struct IntakeSession {
    store: Store,
    order: IntakeOrder,
    id: Option<i64>,
    counts: IntakeCounts,
    bytes_read: u64,
    chunks: u32,
    now: Timestamp,
}

impl Store {
    /// PostgreSQL plans by what it knew of a table when it counted it last: one that was empty
    /// then is read whole for every key, until it is counted again.
    async fn count_archive(&self) -> Result<(), Error> {
        if let Db::Pg(pool) = &self.db {
            sqlx::query("ANALYZE customers, customer_phones, events").execute(pool).await?;
        }
        Ok(())
    }

    /// Begins an intake. One of the same file name into the same pack that never finished is
    /// marked `stopped`.
    pub async fn begin_intake(&self, order: IntakeOrder, now: Timestamp) -> Result<IntakeSession, Error> {
        let mut id = None;
        if !order.dry_run {
            let mut tx = self.db.begin().await?;
            let made: (i64,) = within!(&mut tx, c => sqlx::query_as(
                "INSERT INTO intakes (pack, intake, source, channel, file_name, sha256, bytes, state, collected_by,
                        handed_over_by, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, $10, $11) RETURNING id")
                .bind(&order.pack)
                .bind(&order.intake)
                .bind(&order.source)
                .bind(&order.channel)
                .bind(&order.file_name)
                .bind(&order.sha256)
                .bind(number(order.bytes))
                .bind(&order.collected_by)
                .bind(&order.handed_over_by)
                .bind(&order.by)
                .bind(now.0)
                .fetch_one(c)
                .await)?;
            id = Some(made.0);
            tx.commit().await?;
        }
        let counts = IntakeCounts::default();
        Ok(IntakeSession { store: self.clone(), order, id, counts, bytes_read: 0, chunks: 0, now })
    }

    /// Marks intakes that a daemon left unfinished as `stopped`; gives how many.
    pub async fn stop_unfinished_intakes(&self) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let stopped = within!(&mut tx, c => sqlx::query(
            "UPDATE intakes SET state = 'stopped' WHERE state = 'running'")
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(stopped)
    }
}

impl IntakeSession {
    /// The row of `intakes`; None for a dry run.
    pub fn id(&self) -> Option<ImportId> {
        self.id.map(ImportId)
    }

    /// What became of the rows so far.
    pub fn counts(&self) -> IntakeCounts {
        self.counts
    }

    /// Takes the next rows, in transactions of [`INTAKE_CHUNK`] rows; `bytes_read` is how far
    /// into the file they reach.
    pub async fn push(&mut self, rows: &[RowResult], bytes_read: u64) -> Result<Pushed, Error> {
        let mut pushed = Pushed::default();
        for chunk in rows.chunks(INTAKE_CHUNK) {
            let mut counts = self.counts;
            let mut tx = self.store.db.begin().await?;
            alone(&mut tx).await?;
            let judged = chunk::judge(&mut tx, &self.order, self.id, self.now, chunk).await?;
            judged.verdicts.iter().for_each(|verdict| counts.count(verdict));
            counts.customers_added += judged.customers_added;
            counts.customers_changed += judged.customers_changed;
            match self.id {
                Some(id) => {
                    write::keep_rows(&mut tx, id, &judged.verdicts).await?;
                    keep_progress(&mut tx, id, &counts, bytes_read, "running").await?;
                    tx.commit().await?;
                    pushed.touched.extend(judged.touched);
                    self.chunks += 1;
                    if matches!(self.chunks, 1 | 10 | 100) {
                        self.store.count_archive().await?;
                    }
                }
                None => tx.rollback().await?,
            }
            pushed.verdicts.extend(judged.verdicts);
            (self.counts, self.bytes_read) = (counts, bytes_read);
        }
        Ok(pushed)
    }

    /// Ends the intake and writes its line into the audit log.
    pub async fn finish(self) -> Result<IntakeCounts, Error> {
        if let Some(id) = self.id {
            let mut tx = self.store.db.begin().await?;
            keep_progress(&mut tx, id, &self.counts, self.order.bytes, "done").await?;
            let c = &self.counts;
            let detail = format!(
                "{} into {}: {} added, {} changed, {} unchanged, {} duplicate, {} rejected, {} left out; {} new customers; sha256 {}",
                self.order.file_name,
                self.order.pack,
                c.added,
                c.changed,
                c.unchanged,
                c.duplicate,
                c.rejected,
                c.skipped,
                c.customers_added,
                self.order.sha256
            );
            let subject = format!("intake:{id}");
            let line = AuditLine {
                at: self.now,
                actor: &self.order.by,
                action: "intake",
                subject: &subject,
                detail: &detail,
            };
            audit::append(&mut tx, &line).await?;
            tx.commit().await?;
            let change = Change::new(Topic::Intake, id, "done", &self.order.by);
            self.store.tell(change.of_pack(&self.order.pack).now("done"));
        }
        Ok(self.counts)
    }

    /// Marks an intake that cannot go on as `stopped`; the chunks that were pushed stay, and
    /// can be undone.
    pub async fn stop(self) -> Result<(), Error> {
        let Some(id) = self.id else { return Ok(()) };
        let mut tx = self.store.db.begin().await?;
        keep_progress(&mut tx, id, &self.counts, self.bytes_read, "stopped").await?;
        tx.commit().await?;
        let change = Change::new(Topic::Intake, id, "stop", &self.order.by);
        self.store.tell(change.of_pack(&self.order.pack).now("stopped"));
        Ok(())
    }
}

/// Two intakes at once would each make a customer of the same number: on PostgreSQL the
/// transactions of intakes follow one another, as SQLite's do anyway.
pub(super) async fn alone(tx: &mut Tx) -> Result<(), Error> {
    /// Names this lock among PostgreSQL's advisory locks of a database.
    const LOCK: i64 = 0x696E_7461_6B65;
    if let Tx::Pg(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut **tx).await?;
    }
    Ok(())
}

impl IntakeCounts {
    fn count(&mut self, verdict: &Verdict) {
        let place = match verdict.result {
            "added" => &mut self.added,
            "changed" => &mut self.changed,
            "unchanged" => &mut self.unchanged,
            "duplicate" => &mut self.duplicate,
            "skipped" => &mut self.skipped,
            _ => &mut self.rejected,
        };
        *place += 1;
        self.warned += u64::from(verdict.warned);
        self.late += u64::from(verdict.late);
    }
}

async fn keep_progress(
    tx: &mut Tx,
    id: i64,
    counts: &IntakeCounts,
    bytes_read: u64,
    state: &str,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE intakes SET added = $2, changed = $3, unchanged = $4, duplicate = $5, rejected = $6, skipped = $7,
                warned = $8, late = $9, customers_added = $10, customers_changed = $11, bytes_read = $12, state = $13
         WHERE id = $1")
        .bind(id)
        .bind(number(counts.added))
        .bind(number(counts.changed))
        .bind(number(counts.unchanged))
        .bind(number(counts.duplicate))
        .bind(number(counts.rejected))
        .bind(number(counts.skipped))
        .bind(number(counts.warned))
        .bind(number(counts.late))
        .bind(number(counts.customers_added))
        .bind(number(counts.customers_changed))
        .bind(number(bytes_read))
        .bind(state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
