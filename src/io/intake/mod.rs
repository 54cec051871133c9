//! Files and items on their way into the archive, whichever way they come: by the API, the
//! command line or a watched folder.

mod calls;
mod folder;
mod items;
mod packs;
mod rows;
pub(in crate::io) mod spreadsheet;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use folder::{Folder, Found, SCAN_EVERY, open, watch};
pub use items::Item;
pub use packs::Packs;

use crate::base::{CustomerId, ImportId, Timestamp};
use crate::dialer::import::ImportSettings;
use crate::intake::{RowResult, Settings};
use crate::io::reading::{Batches, Broken};
use crate::io::store::Store;
use crate::io::store::archive::{INTAKE_CHUNK, IntakeCounts, IntakeOrder, IntakeSession, Undone, Verdict};
use crate::table::Encoding;

/// Rows with a problem that the answer itself shows; all of them stand in the intake's rows.
const SHOWN_PROBLEMS: usize = 1_000;
/// Between two reports about one intake.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// A file that comes in, open at its beginning.
#[derive(Debug)]
pub struct Incoming {
    /// The file.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Hex SHA-256.
    pub sha256: String,
    /// How it is to be read, where it is text.
    pub encoding: Encoding,
}

/// Why nothing came in.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The pack or its intake is not known.
    #[error("{0}")]
    Pack(String),
    /// The file.
    #[error("{}", match .0 {
        Broken::NotATable(text) | Broken::Gone(text) => text.clone(),
        Broken::Disk(error) => error.to_string(),
    })]
    Broken(Broken),
    /// The database.
    #[error("{0}")]
    Store(#[from] crate::io::store::Error),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Failure::Broken(broken)
    }
}

/// What an intake did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntakeReport {
    /// Its id; null for a dry run.
    #[schema(value_type = Option<i64>)]
    pub id: Option<ImportId>,
    /// Policy pack.
    pub pack: String,
    /// Section of the pack; empty for none.
    pub intake: String,
    /// Nothing was changed.
    pub dry_run: bool,
    /// Rows by result.
    pub counts: IntakeCounts,
    /// Rows that were not taken or are odd, at most 1,000; all stand in the intake's rows.
    pub problems: Vec<IntakeProblem>,
}

/// A row that was not taken, or taken with a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IntakeProblem {
    /// Line of the file; the header is line 1. Place in the list, from 1, for items.
    pub line: u64,
    /// `added`, `changed`, `duplicate`, `rejected` or `skipped`.
    pub result: String,
    /// Stable word.
    pub code: String,
    /// Why, and how to mend it.
    pub reason: String,
    /// The beginning of a rejected row as the file has it, for whoever sent the file.
    #[serde(default)]
    pub text: String,
}

/// How far an intake is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Its id; null for a dry run.
    pub id: Option<ImportId>,
    /// Policy pack.
    pub pack: String,
    /// `running` or `done`.
    pub state: &'static str,
    /// Rows by result.
    pub counts: IntakeCounts,
    /// How much of the file has been read.
    pub bytes_read: u64,
    /// Its length.
    pub bytes: u64,
}

/// Called with the customers of whom something new is known, once for each write that was
/// committed: here their callbacks are worked out again.
pub type Follow = Arc<dyn Fn(Vec<CustomerId>) + Send + Sync>;

/// Where everything comes in.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    packs: Packs,
    follow: Follow,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("packs", &self.packs).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk over a store and the packs in force.
    pub fn new(store: Store, packs: Packs, follow: Follow) -> Desk {
        Desk { store, packs, follow }
    }

    /// The packs in force.
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Something new is known of these customers. The one place that everything which writes
    /// facts goes through: files, items, edits, merges, undo.
    pub fn touched(&self, customers: Vec<CustomerId>) {
        if !customers.is_empty() {
            (self.follow)(customers);
        }
    }

    /// Reads a file and brings its rows in; `tell` hears now and then how far it is. Bringing
    /// the same file in again changes nothing.
    pub async fn bring_in(
        &self,
        incoming: Incoming,
        mut order: IntakeOrder,
        settings: Settings,
        mut tell: impl FnMut(&Progress) + Send,
    ) -> Result<IntakeReport, Failure> {
        let pack = self.packs.get(&order.pack).map_err(Failure::Pack)?;
        let rules = pack.intake.get(&order.intake);
        order.copy_to = rules.map(|rules| rules.copy_to.join(", ")).unwrap_or_default();
        (order.sha256, order.bytes) = (incoming.sha256.clone(), incoming.bytes);
        let (now, bytes, name) = (settings.now, incoming.bytes, order.intake.clone());
        let mut rows: Batches<RowResult> =
            Batches::open(INTAKE_CHUNK, move |sink| rows::read(incoming, &pack, &name, &settings, sink))
                .await?;
        let mut report = report_of(&order);
        let mut session = self.store.begin_intake(order, now).await?;
        report.id = session.id();
        if let Err(failure) = self.push_all(&mut rows, &mut session, &mut report, bytes, &mut tell).await {
            if let Err(error) = session.stop().await {
                tracing::warn!(%error, "an intake that broke off is marked as stopped at the next start");
            }
            return Err(failure);
        }
        report.counts = session.finish().await?;
        tell(&report.progress("done", bytes, bytes));
        Ok(report)
    }

    async fn push_all(
        &self,
        rows: &mut Batches<RowResult>,
        session: &mut IntakeSession,
        report: &mut IntakeReport,
        bytes: u64,
        tell: &mut (impl FnMut(&Progress) + Send),
    ) -> Result<(), Failure> {
        let mut told: Option<Instant> = None;
        while let Some(batch) = rows.next().await? {
            let pushed = session.push(&batch.rows, batch.bytes_read).await?;
            report.note(&pushed.verdicts);
            report.counts = session.counts();
            self.touched(pushed.touched);
            if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
                told = Some(Instant::now());
                tell(&report.progress("running", batch.bytes_read, bytes));
            }
        }
        Ok(())
    }

    /// Takes an intake back, see [`Store::undo_intake`].
    pub async fn undo(
        &self,
        intake: ImportId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Undone, crate::io::store::Error> {
        let (undone, touched) = self.store.undo_intake(intake, reason, by, now).await?;
        self.touched(touched);
        Ok(undone)
    }
}

fn report_of(order: &IntakeOrder) -> IntakeReport {
    IntakeReport {
        pack: order.pack.clone(),
        intake: order.intake.clone(),
        dry_run: order.dry_run,
        ..IntakeReport::default()
    }
}

/// Judges every row of a file by a pack, without a store: what a rehearsal brings in by and by.
///
/// # Errors
/// [`Failure::Broken`] where the file is no table or cannot be read.
pub async fn judged(
    incoming: Incoming,
    pack: Arc<crate::policy::pack::Pack>,
    intake: &str,
    settings: Settings,
) -> Result<Vec<RowResult>, Failure> {
    let name = intake.to_owned();
    let mut batches: Batches<RowResult> =
        Batches::open(INTAKE_CHUNK, move |sink| rows::read(incoming, &pack, &name, &settings, sink)).await?;
    let mut all = Vec::new();
    while let Some(batch) = batches.next().await? {
        all.extend(batch.rows);
    }
    Ok(all)
}

/// How rows are read where the daemon's settings say how lists are.
pub fn settings(lists: &ImportSettings, now: Timestamp) -> Settings {
    Settings {
        home_area: lists.home_area.clone(),
        timezone: lists.timezone.clone(),
        now,
        ..Settings::default()
    }
}

impl IntakeReport {
    /// Keeps what is worth saying of some rows.
    fn note(&mut self, verdicts: &[Verdict]) {
        let odd = verdicts.iter().filter(|v| !v.code.is_empty());
        let room = SHOWN_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(odd.take(room).map(|verdict| IntakeProblem {
            line: verdict.line,
            result: verdict.result.to_owned(),
            code: verdict.code.clone(),
            reason: verdict.reason.clone(),
            text: verdict.text.clone(),
        }));
    }

    fn progress(&self, state: &'static str, bytes_read: u64, bytes: u64) -> Progress {
        Progress { id: self.id, pack: self.pack.clone(), state, counts: self.counts, bytes_read, bytes }
    }
}
