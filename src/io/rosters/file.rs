//! The rows of a roster's file: text with delimiters, or a spreadsheet.

use std::fs::File;
use std::io::{Read, Seek};

use crate::io::intake::spreadsheet::{self, Format};
use crate::io::reading::Broken;
use crate::table::{Encoding, Records};

/// Rows that are read: a month has 31 nights.
const ROWS: usize = 500;
/// Bytes of a text file that are read.
const BYTES: u64 = 1024 * 1024;

/// Reads the rows of a file: the line of each, and its cells.
///
/// # Errors
/// The disk, or a file that is no table.
pub fn rows(mut file: File, encoding: Encoding, bytes: u64) -> Result<Vec<(u64, Vec<String>)>, Broken> {
    let mut begin = Vec::new();
    file.by_ref().take(8).read_to_end(&mut begin).map_err(Broken::Disk)?;
    file.rewind().map_err(Broken::Disk)?;
    let mut found = Vec::new();
    if let Some(format) = Format::of(&begin) {
        spreadsheet::rows(file, format, bytes, &mut |line, cells, _| {
            let cells = cells.map_err(|e| Broken::NotATable(format!("line {line}: {e}")))?;
            found.push((line, cells));
            Ok(found.len() < ROWS)
        })?;
        return Ok(found);
    }
    let mut text = Vec::new();
    file.take(BYTES).read_to_end(&mut text).map_err(Broken::Disk)?;
    let mut records = Records::new(encoding);
    records.feed(&text);
    records.end();
    while let Some(record) = records.next() {
        let line = record.line;
        let cells = record.cells.map_err(|e| Broken::NotATable(format!("line {line}: {e}")))?;
        found.push((line, cells));
        if found.len() == ROWS {
            break;
        }
    }
    Ok(found)
}
