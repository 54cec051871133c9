//! From a file to judged rows, in a thread of its own.

use std::io::{Read, Seek};

use super::Incoming;
use super::spreadsheet::{self, Format};
use crate::intake::{Intake, MAX_ROWS, Outcome, Reader, Remark, RowResult, Settings};
use crate::io::reading::{Broken, NobodyListens, Sink};
use crate::policy::pack::Pack;
use crate::table::{Encoding, MAX_SHOWN_BYTES, Records};

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

/// Rows on their way: the first names the columns.
struct Taking<'p, 's> {
    reader: Option<Reader<'p>>,
    intake: Option<Intake<'p>>,
    settings: &'p Settings,
    sink: &'s mut Sink<RowResult>,
    full: bool,
}

/// Reads the file to its end, in batches, as fast as they are taken.
pub(super) fn read(
    mut incoming: Incoming,
    pack: &Pack,
    intake: &str,
    settings: &Settings,
    sink: &mut Sink<RowResult>,
) -> Result<(), Broken> {
    let reader = Reader::new(pack, Some(intake), settings).map_err(|e| Broken::NotATable(e.0))?;
    let mut taking = Taking { reader: Some(reader), intake: None, settings, sink, full: false };
    let mut begin = Vec::new();
    incoming.file.by_ref().take(8).read_to_end(&mut begin).map_err(Broken::Disk)?;
    incoming.file.rewind().map_err(Broken::Disk)?;
    let bytes = incoming.bytes;
    match Format::of(&begin) {
        Some(format) => {
            spreadsheet::rows(incoming.file, format, bytes, &mut |line, cells, read| {
                let shown = cells.as_ref().map(|cells| cells.join(",")).unwrap_or_default();
                taking.take(line, cells, || cut(shown), read)
            })?;
        }
        None => text(&mut incoming.file, incoming.encoding, &mut taking)?,
    }
    if taking.intake.is_none() {
        return Err(Broken::NotATable("the file is empty".into()));
    }
    taking.sink.end(bytes).ok();
    Ok(())
}

fn text(file: &mut std::fs::File, encoding: Encoding, taking: &mut Taking<'_, '_>) -> Result<(), Broken> {
    let mut records = Records::new(encoding);
    let mut piece = vec![0; READ_BYTES];
    let mut bytes_read = 0;
    loop {
        let length = file.read(&mut piece).map_err(Broken::Disk)?;
        match length {
            0 => records.end(),
            length => records.feed(&piece[..length]),
        }
        bytes_read += length as u64;
        while let Some(mut record) = records.next() {
            let cells = std::mem::replace(&mut record.cells, Ok(Vec::new()));
            if !taking.take(record.line, cells, || records.shown(&record), bytes_read)? {
                return Ok(());
            }
        }
        if length == 0 {
            return Ok(());
        }
    }
}

impl Taking<'_, '_> {
    /// Takes one row; whether more are wanted.
    fn take(
        &mut self,
        line: u64,
        cells: Result<Vec<String>, String>,
        shown: impl FnOnce() -> String,
        bytes_read: u64,
    ) -> Result<bool, Broken> {
        if let Some(reader) = self.reader.take() {
            let header = cells.map_err(|e| Broken::NotATable(format!("line {line}: {e}")))?;
            let intake = Intake::new(reader, header, &self.settings.mapping);
            self.intake = Some(intake.map_err(|e| Broken::NotATable(e.0))?);
            return Ok(self.sink.header_is_good().is_ok());
        }
        let Some(intake) = self.intake.as_mut().filter(|_| !self.full) else { return Ok(false) };
        let row = if intake.is_full() {
            self.full = true;
            let text =
                format!("rows from here on are left out: at most {MAX_ROWS} are taken, split the file");
            let remark = Remark::new("too_many_rows", text);
            RowResult { line, outcome: Outcome::Rejected { remark, text: shown() } }
        } else {
            intake.row(line, cells, shown)
        };
        match self.sink.push(row, bytes_read) {
            Ok(()) => Ok(!self.full),
            Err(NobodyListens) => {
                self.full = true;
                Ok(false)
            }
        }
    }
}

/// What is shown of a row, cut at the end of a character.
fn cut(mut text: String) -> String {
    let end = (0..=MAX_SHOWN_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text
}
