//! A received file on its way into a list: one thread reads and judges rows, the store
//! writes them, and what has been done is told as it is done.

use std::fs::File;
use std::io::{Read, Seek};
use std::time::Duration;

use tokio::time::Instant;

use super::imports::{ImportReport, RowProblem};
use crate::base::ListId;
use crate::dialer::import::{Import, ImportSettings, RowOutcome, RowResult};
use crate::io::intake::spreadsheet::{self, Format};
use crate::io::reading::{Batch, Batches, Broken, Sink};
use crate::io::store::{ImportCounts, ImportFile, ImportSession};
use crate::io::web::control::Control;
use crate::io::web::problem::Problem;
use crate::io::web::spool::Spooled;
use crate::io::web::state::Shared;

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;
/// Rows handed to the store at once: one of its transactions.
const BATCH: usize = crate::io::store::IMPORT_CHUNK;
/// Rows with a problem that the answer itself shows; all of them stand in the import's rows.
const SHOWN_PROBLEMS: usize = 1_000;
/// Between two events about one import: a bar moves, and the ring of events keeps its calls.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What is wanted of one file.
pub(super) struct Wanted {
    pub file_name: String,
    pub dry_run: bool,
    pub by: String,
}

/// Rows of a file whose header is good.
pub(super) struct Rows {
    batches: Batches<RowResult>,
    bytes: u64,
    sha256: String,
}

impl Rows {
    /// Begins to read; a file that is no list is a problem here, before anything is made.
    pub(super) async fn open(spooled: Spooled, settings: &ImportSettings) -> Result<Rows, Problem> {
        let Spooled { file, bytes, sha256, encoding } = spooled;
        let import = Import::new(encoding, settings).map_err(|e| Broken::NotATable(e.0))?;
        let batches = Batches::open(BATCH, move |sink| read(file, import, sink)).await?;
        Ok(Rows { batches, bytes, sha256 })
    }

    async fn next(&mut self) -> Result<Option<Batch<RowResult>>, Problem> {
        Ok(self.batches.next().await?)
    }
}

/// Reads the file to its end, in batches, as fast as they are taken.
fn read(mut file: File, mut import: Import, sink: &mut Sink<RowResult>) -> Result<(), Broken> {
    let mut begin = Vec::new();
    file.by_ref().take(8).read_to_end(&mut begin).map_err(Broken::Disk)?;
    file.rewind().map_err(Broken::Disk)?;
    if let Some(format) = Format::of(&begin) {
        return read_cells(file, format, import, sink);
    }
    let mut piece = vec![0; READ_BYTES];
    let (mut bytes_read, mut told) = (0, false);
    loop {
        let length = file.read(&mut piece).map_err(Broken::Disk)?;
        match length {
            0 => import.end(),
            length => import.feed(&piece[..length]),
        }
        .map_err(|e| Broken::NotATable(e.0))?;
        bytes_read += length as u64;
        if !told && !import.header().is_empty() {
            told = true;
            if sink.header_is_good().is_err() {
                return Ok(());
            }
        }
        while let Some(row) = import.next() {
            if sink.push(row, bytes_read).is_err() {
                return Ok(());
            }
        }
        if length == 0 {
            sink.end(bytes_read).ok();
            return Ok(());
        }
    }
}

/// The same for a spreadsheet, whose first row names the columns.
fn read_cells(
    file: File,
    format: Format,
    mut import: Import,
    sink: &mut Sink<RowResult>,
) -> Result<(), Broken> {
    let bytes = file.metadata().map_err(Broken::Disk)?.len();
    let mut told = false;
    spreadsheet::rows(file, format, bytes, &mut |line, cells, read| {
        let row = import.take(line, cells).map_err(|e| Broken::NotATable(e.0))?;
        if !told {
            told = true;
            return Ok(sink.header_is_good().is_ok());
        }
        let heard = row.is_none_or(|row| sink.push(row, read).is_ok());
        Ok(heard && !import.is_full())
    })?;
    if !told {
        return Err(Broken::NotATable("the file is empty".into()));
    }
    sink.end(bytes).ok();
    Ok(())
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
        let problem = match &row.result {
            RowOutcome::Accepted(_) => {
                self.counts.added += u64::from(count);
                return;
            }
            RowOutcome::Duplicate { of } => {
                self.counts.duplicate += u64::from(count);
                let reason = format!("same key as line {of}");
                let (result, code) = ("duplicate".into(), "duplicate".into());
                RowProblem { line: row.line, result, code, reason, ..RowProblem::default() }
            }
            RowOutcome::Rejected { code, column, reason, text } => {
                self.counts.rejected += u64::from(count);
                RowProblem {
                    line: row.line,
                    result: "rejected".into(),
                    code: (*code).into(),
                    field: column.clone(),
                    reason: reason.clone(),
                    text: text.clone(),
                }
            }
        };
        if self.problems.len() < SHOWN_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn progress(&self, state: &str, bytes_read: u64, bytes: u64) -> serde_json::Value {
        serde_json::json!({
            "id": self.id, "list_id": self.list_id, "state": state, "counts": self.counts,
            "bytes_read": bytes_read, "bytes": bytes,
        })
    }
}
