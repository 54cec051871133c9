//! Brings a list in: CSV bytes to entries, one result a row, never stopped by a bad row.

mod columns;
mod row;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;

pub use columns::MAX_COLUMNS;
pub use row::{MAX_CELL_CHARS, MAX_NAME_CHARS};
pub use text::{Encoding, MAX_QUOTED_LINES, MAX_RECORD_BYTES};

use super::NewEntry;
use crate::base::PhoneNumber;

/// Largest file that is taken: 100,000 rows have about 10 MB. Whoever receives a file
/// stops at this size; [`Import::open`] checks it again.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// Most rows of one file; the keys of all of them are held to find duplicates.
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
    /// Not usable, and why.
    Rejected(String),
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

/// Results by row, in the order of the file. Holds the file and the keys seen, one row at a
/// time beyond that; a dry run is the same iteration without a store.
#[derive(Debug)]
pub struct Import<'a> {
    bytes: Cow<'a, [u8]>,
    encoding: Encoding,
    records: text::Records,
    header: Vec<String>,
    rows: row::RowReader,
    /// Line by row key.
    seen: BTreeMap<Box<str>, u64>,
    counts: Counts,
    finished: bool,
}

impl<'a> Import<'a> {
    /// Reads the encoding and the header of a file held in memory.
    pub fn open(bytes: &'a [u8], settings: &ImportSettings) -> Result<Self, ImportError> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(ImportError(format!(
                "the file has {} MB; at most {} MB are taken: split it",
                bytes.len() >> 20,
                MAX_FILE_BYTES >> 20
            )));
        }
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
            return Err(ImportError(
                "this is a spreadsheet, not CSV: save it as `CSV UTF-8` and import that".into(),
            ));
        }
        let zone_name = if settings.timezone.is_empty() { "UTC" } else { &settings.timezone };
        let zone = TimeZone::get(zone_name).map_err(|_| {
            ImportError(format!("`{zone_name}` is not an IANA time zone, such as Asia/Shanghai"))
        })?;
        let (bytes, encoding) = text::decode(bytes);
        let mut records = text::Records::new(encoding, text::delimiter(&bytes));
        let header = match records.next(&bytes) {
            Some(record) => record.cells.map_err(|e| ImportError(format!("line {}: {e}", record.line)))?,
            None => return Err(ImportError("the file is empty".into())),
        };
        if header.iter().any(|cell| PhoneNumber::parse(cell, None).is_ok()) {
            return Err(ImportError(
                "line 1 holds a telephone number: the first line must name the columns, such as `name,phone`"
                    .into(),
            ));
        }
        let columns = columns::assign(&header, &settings.mapping)?;
        let rows = row::RowReader {
            columns,
            home_area: settings.home_area.clone(),
            timezone: zone_name.to_owned(),
            zone,
        };
        let (seen, counts) = (BTreeMap::new(), Counts::default());
        Ok(Import { bytes, encoding, records, header, rows, seen, counts, finished: false })
    }

    /// How the bytes are read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The columns as the first line names them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Results so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn outcome(&mut self, line: u64, cells: Result<Vec<String>, String>) -> RowOutcome {
        let entry = match cells.and_then(|cells| self.rows.read(&self.header, &cells)) {
            Ok(entry) => entry,
            Err(problem) => return RowOutcome::Rejected(problem),
        };
        match self.seen.entry(entry.row_key().into()) {
            std::collections::btree_map::Entry::Occupied(first) => RowOutcome::Duplicate { of: *first.get() },
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(line);
                RowOutcome::Accepted(Box::new(entry))
            }
        }
    }
}

impl Iterator for Import<'_> {
    type Item = RowResult;

    fn next(&mut self) -> Option<RowResult> {
        if self.finished {
            return None;
        }
        let record = self.records.next(&self.bytes)?;
        let line = record.line;
        let counts = self.counts;
        let result = if counts.accepted + counts.duplicate + counts.rejected >= MAX_ROWS {
            self.finished = true;
            RowOutcome::Rejected(format!(
                "rows from here on are left out: at most {MAX_ROWS} are taken, split the file"
            ))
        } else {
            self.outcome(line, record.cells)
        };
        match result {
            RowOutcome::Accepted(_) => self.counts.accepted += 1,
            RowOutcome::Duplicate { .. } => self.counts.duplicate += 1,
            RowOutcome::Rejected(_) => self.counts.rejected += 1,
        }
        Some(RowResult { line, result })
    }
}
