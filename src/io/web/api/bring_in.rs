//! A received file on its way into a list: one thread reads and judges rows, the store
//! writes them, and what has been done is told as it is done.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::imports::{ImportReport, RowProblem};
use crate::base::ListId;
use crate::dialer::import::{Import, ImportError, ImportSettings, RowOutcome, RowResult};
use crate::io::store::{ImportCounts, ImportFile, ImportSession};
use crate::io::web::control::Control;
use crate::io::web::problem::Problem;
use crate::io::web::spool::Spooled;
use crate::io::web::state::Shared;

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;
/// Rows handed to the store at once: one of its transactions.
const BATCH: usize = crate::io::store::IMPORT_CHUNK;
/// Batches that wait for the store; each holds some 300 KB.
const BATCHES_AHEAD: usize = 2;
/// Rows with a problem that the answer itself shows; all of them stand in the import's rows.
const SHOWN_PROBLEMS: usize = 1_000;
/// Between two events about one import: a bar moves, and the ring of events keeps its calls.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Rows of a file in its order, as far as they were read.
struct Batch {
    rows: Vec<RowResult>,
    bytes_read: u64,
}

/// Why reading ended early.
enum Broken {
    NoList(ImportError),
    Disk(std::io::Error),
}

/// What is wanted of one file.
pub(super) struct Wanted {
    pub file_name: String,
    pub dry_run: bool,
    pub by: String,
}

/// Rows of a file whose header is good.
pub(super) struct Rows {
    batches: mpsc::Receiver<Result<Batch, Broken>>,
    reader: tokio::task::JoinHandle<()>,
    bytes: u64,
    sha256: String,
}

impl Rows {
    /// Begins to read; a file that is no list is a problem here, before anything is made.
    pub(super) async fn open(spooled: Spooled, settings: &ImportSettings) -> Result<Rows, Problem> {
        let Spooled { file, bytes, sha256, encoding } = spooled;
        let import = Import::new(encoding, settings).map_err(|e| Broken::NoList(e).problem())?;
        let (send, mut batches) = mpsc::channel(BATCHES_AHEAD);
        let reader = tokio::task::spawn_blocking(move || {
            if let Err(broken) = read(file, import, &send) {
                // An error means that nobody waits for it any more.
                send.blocking_send(Err(broken)).ok();
            }
        });
        // The first batch is empty: it says that the header was read.
        match batches.recv().await {
            Some(Ok(_)) => Ok(Rows { batches, reader, bytes, sha256 }),
            Some(Err(broken)) => Err(broken.problem()),
            None => Err(Problem::internal(&"the thread that reads an upload ended")),
        }
    }

    async fn next(&mut self) -> Result<Option<Batch>, Problem> {
        match self.batches.recv().await {
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(broken)) => Err(broken.problem()),
            None => (&mut self.reader).await.map(|()| None).map_err(|e| Problem::internal(&e)),
        }
    }
}

impl Broken {
    fn problem(self) -> Problem {
        match self {
            Broken::NoList(e) => Problem::invalid_field(
                "body",
                e.to_string(),
                "see the mapping parameter and the file's header",
            ),
            Broken::Disk(e) => Problem::internal(&e),
        }
    }
}

/// Reads the file to its end, in batches, as fast as they are taken.
fn read(
    mut file: File,
    mut import: Import,
    send: &mpsc::Sender<Result<Batch, Broken>>,
) -> Result<(), Broken> {
    let mut piece = vec![0; READ_BYTES];
    let mut batch = Batch { rows: Vec::with_capacity(BATCH), bytes_read: 0 };
    let mut told = false;
    loop {
        let length = file.read(&mut piece).map_err(Broken::Disk)?;
        match length {
            0 => import.end(),
            length => import.feed(&piece[..length]),
        }
        .map_err(Broken::NoList)?;
        batch.bytes_read += length as u64;
        let bytes_read = batch.bytes_read;
        let pass = |batch: &mut Batch| {
            let rows = std::mem::replace(&mut batch.rows, Vec::with_capacity(BATCH));
            send.blocking_send(Ok(Batch { rows, bytes_read })).is_ok()
        };
        if !told && !import.header().is_empty() {
            told = true;
            if !pass(&mut batch) {
                return Ok(());
            }
        }
        while let Some(row) = import.next() {
            batch.rows.push(row);
            if batch.rows.len() == BATCH && !pass(&mut batch) {
                return Ok(());
            }
        }
        if length == 0 {
            pass(&mut batch);
            return Ok(());
        }
    }
}

/// Brings the rows into the list. None counts them alone, for a dry run into a list that is
/// not there yet.
pub(super) async fn bring_in(
    api: &Shared,
    mut rows: Rows,
    list: Option<ListId>,
    wanted: Wanted,
) -> Result<ImportReport, Problem> {
    let mut report = ImportReport {
        id: None,
        list_id: list,
        dry_run: wanted.dry_run,
        counts: ImportCounts::default(),
        problems: Vec::new(),
    };
    let Some(list) = list else {
        while let Some(batch) = rows.next().await? {
            batch.rows.iter().for_each(|row| report.note(row, true));
        }
        return Ok(report);
    };
    let file = ImportFile {
        name: wanted.file_name,
        sha256: rows.sha256.clone(),
        bytes: rows.bytes,
        dry_run: wanted.dry_run,
        by: wanted.by,
    };
    let mut session = api.store().begin_import(list, file, api.now()).await?;
    report.id = session.id();
    if let Err(problem) = push_all(api, &mut rows, &mut session, &mut report).await {
        if let Err(error) = session.stop().await {
            tracing::warn!(%error, "an import that broke off is marked as stopped at the next start");
        }
        return Err(problem);
    }
    report.counts = session.finish().await?;
    if !wanted.dry_run {
        api.parts.events.publish_value("import", &report.progress("done", rows.bytes, rows.bytes));
        api.tell(Control::ListGrown(list)).await;
    }
    Ok(report)
}

async fn push_all(
    api: &Shared,
    rows: &mut Rows,
    session: &mut ImportSession,
    report: &mut ImportReport,
) -> Result<(), Problem> {
    let mut told: Option<Instant> = None;
    while let Some(batch) = rows.next().await? {
        batch.rows.iter().for_each(|row| report.note(row, false));
        session.push(&batch.rows, batch.bytes_read).await?;
        report.counts = session.counts();
        if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            told = Some(Instant::now());
            let progress = report.progress("running", batch.bytes_read, rows.bytes);
            api.parts.events.publish_value("import", &progress);
        }
    }
    Ok(())
}

impl ImportReport {
    /// Keeps the problem of a row; counts it too where no store does.
    fn note(&mut self, row: &RowResult, count: bool) {
        let (result, reason) = match &row.result {
            RowOutcome::Accepted(_) => {
                self.counts.added += u64::from(count);
                return;
            }
            RowOutcome::Duplicate { of } => {
                self.counts.duplicate += u64::from(count);
                ("duplicate", format!("same key as line {of}"))
            }
            RowOutcome::Rejected { reason, .. } => {
                self.counts.rejected += u64::from(count);
                ("rejected", reason.clone())
            }
        };
        if self.problems.len() < SHOWN_PROBLEMS {
            self.problems.push(RowProblem { line: row.line, result: result.into(), reason });
        }
    }

    fn progress(&self, state: &str, bytes_read: u64, bytes: u64) -> serde_json::Value {
        serde_json::json!({
            "id": self.id, "list_id": self.list_id, "state": state, "counts": self.counts,
            "bytes_read": bytes_read, "bytes": bytes,
        })
    }
}
