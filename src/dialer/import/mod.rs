//! Brings a list in: CSV bytes, as they come, to entries, one result a row, never stopped by
//! a bad row.

mod columns;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

pub use columns::{FIELDS, MAX_COLUMNS, guess};
pub use row::{MAX_CELL_CHARS, MAX_NAME_CHARS};

use super::NewEntry;
use crate::base::PhoneNumber;
use crate::table::Records;
pub use crate::table::{Encoding, EncodingTally, MAX_QUOTED_LINES, MAX_RECORD_BYTES, MAX_SHOWN_BYTES};

/// Most rows of one file: a digest of 16 bytes and a line is held of each, to find
/// duplicates, which makes some 16 MB.
pub const MAX_ROWS: u64 = 500_000;

/// How a file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSettings {
    /// Area code for numbers without one: `021`.
    pub home_area: Option<String>,
    /// Column header to field (`phone`, `extension`, `name`, `external_id`, `language`,
    /// `priority`, `due`, `quiet_hours`, `-` to leave out, or the name of a free field).
    /// Overrides the known names.
    pub mapping: BTreeMap<String, String>,
    /// IANA zone of the times in the file; empty means UTC.
    pub timezone: String,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowResult {
    /// Line of the file on which the row begins; the header is line 1.
    pub line: u64,
    /// The result.
    pub result: RowOutcome,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowOutcome {
    /// Good.
    Accepted(Box<NewEntry>),
    /// The same key stands on an earlier line.
    Duplicate {
        /// That line.
        of: u64,
    },
    /// Not usable.
    Rejected {
        /// Stable word of the reason.
        code: &'static str,
        /// The column it is about, as the file names it; empty: the row as a whole.
        column: String,
        /// Why, and how to mend it.
        reason: String,
        /// The row as the file has it, cut to [`MAX_SHOWN_BYTES`].
        text: String,
    },
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialer) struct Fault {
    code: &'static str,
    column: String,
    text: String,
}

impl Fault {
    fn new(code: &'static str, column: &str, text: impl Into<String>) -> Fault {
        Fault { code, column: column.to_owned(), text: text.into() }
    }

    fn of_row(code: &'static str, text: impl Into<String>) -> Fault {
        Fault::new(code, "", text)
    }

    fn reason(&self) -> String {
        if self.column.is_empty() {
            self.text.clone()
        } else {
            format!("column `{}`: {}", self.column, self.text)
        }
    }
}

/// The file as a whole cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub String);

/// How many rows had which result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Good rows.
    pub accepted: u64,
    /// Rows whose key stood on an earlier line.
    pub duplicate: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
}

/// Results by row, in the order of the file: [`Import::feed`] bytes, take rows from
/// [`Import::next`] until it wants more, and [`Import::end`] when the file has ended. Holds
/// one record and a digest of each key seen; a dry run is the same without a store.
#[derive(Debug)]
pub struct Import {
    records: Records,
    settings: ImportSettings,
    zone: TimeZone,
    header: Vec<String>,
    /// There once the header has been read.
    rows: Option<row::RowReader>,
    /// Line by digest of the row key.
    seen: BTreeMap<[u8; 16], u32>,
    counts: Counts,
    finished: bool,
}

impl Import {
    /// An import that has not seen its file yet; [`EncodingTally`] finds the encoding.
    pub fn new(encoding: Encoding, settings: &ImportSettings) -> Result<Self, ImportError> {
        let mut settings = settings.clone();
        if settings.timezone.is_empty() {
            settings.timezone = "UTC".into();
        }
        let zone = TimeZone::get(&settings.timezone).map_err(|_| {
            ImportError(format!("`{}` is not an IANA time zone, such as Asia/Shanghai", settings.timezone))
        })?;
        Ok(Import {
            records: Records::new(encoding),
            settings,
            zone,
            header: Vec::new(),
            rows: None,
            seen: BTreeMap::new(),
            counts: Counts::default(),
            finished: false,
        })
    }

    /// Takes the next bytes. An error says why the file is no list.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.records.feed(bytes);
        self.read_header()
    }

    /// The file has ended; [`Import::next`] gives what is left.
    pub fn end(&mut self) -> Result<(), ImportError> {
        self.records.end();
        self.read_header()?;
        if self.rows.is_none() { Err(ImportError("the file is empty".into())) } else { Ok(()) }
    }

    /// The result of the next row; None where more must be fed first, and at the end.
    #[expect(clippy::should_implement_trait, reason = "after None there may be more")]
    pub fn next(&mut self) -> Option<RowResult> {
        if self.finished || self.rows.is_none() {
            return None;
        }
        let mut record = self.records.next()?;
        let line = record.line;
        let cells = std::mem::replace(&mut record.cells, Ok(Vec::new()));
        let judged = self.judged(line, cells);
        Some(self.result(line, judged, |import| import.records.shown(&record)))
    }

    /// The same for a row of a spreadsheet, whose cells are known; the first names the columns and
    /// has no result. An error says why the file is no list.
    pub fn take(
        &mut self,
        line: u64,
        cells: Result<Vec<String>, String>,
    ) -> Result<Option<RowResult>, ImportError> {
        if self.rows.is_none() {
            let header = cells.map_err(|e| ImportError(format!("line {line}: {e}")))?;
            return self.begin(header).map(|()| None);
        }
        if self.finished {
            return Ok(None);
        }
        let shown = cells.as_ref().map(|cells| cut(cells.join(","))).unwrap_or_default();
        let judged = self.judged(line, cells);
        Ok(Some(self.result(line, judged, |_| shown)))
    }

    /// Whether no more rows are taken.
    pub fn is_full(&self) -> bool {
        self.finished
    }

    /// The columns as the first line names them; empty until it has been read.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Results so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn read_header(&mut self) -> Result<(), ImportError> {
        if self.rows.is_some() {
            return Ok(());
        }
        if self.records.begins_with(b"PK\x03\x04") || self.records.begins_with(b"\xD0\xCF\x11\xE0") {
            return Err(ImportError(
                "this is a spreadsheet, not CSV: save it as `CSV UTF-8` and import that".into(),
            ));
        }
        let Some(record) = self.records.next() else { return Ok(()) };
        let header = record.cells.map_err(|e| ImportError(format!("line {}: {e}", record.line)))?;
        self.begin(header)
    }

    /// Gives the columns their meaning.
    fn begin(&mut self, header: Vec<String>) -> Result<(), ImportError> {
        if header.iter().any(|cell| PhoneNumber::parse(cell, None).is_ok()) {
            return Err(ImportError(
                "line 1 holds a telephone number: the first line must name the columns, such as `name,phone`"
                    .into(),
            ));
        }
        self.rows = Some(row::RowReader {
            columns: columns::assign(&header, &self.settings.mapping)?,
            home_area: self.settings.home_area.clone(),
            timezone: self.settings.timezone.clone(),
            zone: self.zone.clone(),
        });
        self.header = header;
        Ok(())
    }

    fn judged(&mut self, line: u64, cells: Result<Vec<String>, String>) -> Result<RowOutcome, Fault> {
        if self.counts.rows() >= MAX_ROWS {
            self.finished = true;
            let text =
                format!("rows from here on are left out: at most {MAX_ROWS} are taken, split the file");
            return Err(Fault::of_row("too_many_rows", text));
        }
        self.outcome(line, cells)
    }

    fn result(
        &mut self,
        line: u64,
        judged: Result<RowOutcome, Fault>,
        shown: impl FnOnce(&Import) -> String,
    ) -> RowResult {
        let result = judged.unwrap_or_else(|fault| {
            self.counts.rejected += 1;
            let reason = fault.reason();
            RowOutcome::Rejected { code: fault.code, column: fault.column, reason, text: shown(self) }
        });
        RowResult { line, result }
    }

    fn outcome(&mut self, line: u64, cells: Result<Vec<String>, String>) -> Result<RowOutcome, Fault> {
        let not_a_row = |text: String| Fault::of_row("not_a_row", text);
        let rows = self.rows.as_ref().ok_or_else(|| not_a_row("the header was not read".into()))?;
        let entry = rows.read(&self.header, &cells.map_err(not_a_row)?)?;
        match self.seen.entry(digest(&entry.row_key())) {
            std::collections::btree_map::Entry::Occupied(first) => {
                self.counts.duplicate += 1;
                Ok(RowOutcome::Duplicate { of: u64::from(*first.get()) })
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(u32::try_from(line).unwrap_or(u32::MAX));
                self.counts.accepted += 1;
                Ok(RowOutcome::Accepted(Box::new(entry)))
            }
        }
    }
}

impl Counts {
    fn rows(&self) -> u64 {
        self.accepted + self.duplicate + self.rejected
    }
}

/// What is shown of a row, cut at the end of a character.
fn cut(mut text: String) -> String {
    let end = (0..=MAX_SHOWN_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text
}

/// Half of SHA-256: two keys of one file that share it do not happen, also not on purpose.
fn digest(key: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(key)[..16]);
    half
}
