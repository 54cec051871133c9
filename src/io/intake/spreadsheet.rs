//! Rows of Excel files. A file may be made to do harm: how much it unpacks to is counted
//! before any of it is taken into memory, and rows come one by one.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xls, Xlsx};

use crate::intake::{MAX_COLUMNS, MAX_ROWS};
use crate::io::reading::Broken;

/// Bytes that an xlsx file may unpack to: 500,000 rows of 1 KB.
const UNPACKED_LIMIT: u64 = 512 * 1024 * 1024;
/// Files inside an xlsx file.
const PARTS_LIMIT: usize = 2_000;
/// Bytes of one part that is held in memory whole: texts, styles.
const HELD_LIMIT: u64 = 96 * 1024 * 1024;
/// Different texts that a file may announce: room is made for as many as it says.
const TEXTS_LIMIT: u64 = 5_000_000;
/// Bytes of an xls file, which is held in memory whole.
const XLS_LIMIT: u64 = 64 * 1024 * 1024;

/// The formats of spreadsheets that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Format {
    /// Office Open XML: a zip archive.
    Xlsx,
    /// BIFF in a compound file, as Excel wrote until 2003.
    Xls,
}

impl Format {
    /// The format of a file that begins with these bytes; None: it is no spreadsheet.
    pub(in crate::io) fn of(begin: &[u8]) -> Option<Format> {
        match begin {
            [b'P', b'K', 3, 4, ..] => Some(Format::Xlsx),
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Some(Format::Xls),
            _ => None,
        }
    }
}

/// One row: its number in the sheet, its cells or what is wrong with it, and how much of the
/// file has been read, in bytes.
pub(in crate::io) type Take<'a> =
    dyn FnMut(u64, Result<Vec<String>, String>, u64) -> Result<bool, Broken> + 'a;

/// Hands the rows of the first sheet that has any to `take`, until it says no. Empty rows, and
/// titles that stand above the names of the columns, are left out.
pub(in crate::io) fn rows(file: File, format: Format, bytes: u64, take: &mut Take<'_>) -> Result<(), Broken> {
    match format {
        Format::Xlsx => xlsx(file, bytes, take),
        Format::Xls => xls(file, bytes, take),
    }
}

fn broken(error: impl std::fmt::Display) -> Broken {
    Broken::NotATable(format!("the spreadsheet cannot be read: {error}; save it again, or as `CSV UTF-8`"))
}

/// Unpacks everything once, to nowhere, and refuses what is too large. What a zip archive says
/// of its own sizes is not believed.
fn weigh(file: &mut File) -> Result<(), Broken> {
    let too_large = |what: &str| {
        Broken::NotATable(format!(
            "the spreadsheet unpacks to too much ({what}): split it, or save it as `CSV UTF-8`"
        ))
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(&mut *file)).map_err(broken)?;
    if archive.len() > PARTS_LIMIT {
        return Err(too_large(&format!("{} parts", archive.len())));
    }
    let mut total = 0;
    let mut piece = vec![0; 64 * 1024];
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(broken)?;
        // Sheets are read row by row; all else is held.
        let is_sheet = part.name().map_err(broken)?.to_ascii_lowercase().contains("worksheets/sheet");
        let (mut own, mut tail) = (0, Vec::new());
        loop {
            let length = part.read(&mut piece).map_err(broken)?;
            if length == 0 {
                break;
            }
            own += length as u64;
            total += length as u64;
            if total > UNPACKED_LIMIT || (!is_sheet && own > HELD_LIMIT) {
                return Err(too_large(&format!("more than {} MB", total.min(own.max(HELD_LIMIT)) >> 20)));
            }
            if announced(&mut tail, &piece[..length]).is_some_and(|count| count > TEXTS_LIMIT) {
                return Err(too_large("it announces too many texts"));
            }
        }
    }
    file.rewind().map_err(Broken::Disk)
}

/// The largest number behind `uniqueCount="` in what passes by; `tail` keeps the end of one
/// piece for the next.
fn announced(tail: &mut Vec<u8>, piece: &[u8]) -> Option<u64> {
    const MARK: &[u8] = b"uniqueCount";
    /// Mark, sign, quote, blanks and as many digits as a number has.
    const REACH: usize = 64;
    tail.extend_from_slice(piece);
    let mut largest = None;
    for at in tail.windows(MARK.len()).enumerate().filter(|(_, w)| *w == MARK).map(|(at, _)| at) {
        let rest = &tail[at + MARK.len()..];
        let digits: Vec<u8> = rest
            .iter()
            .copied()
            .skip_while(|b| !b.is_ascii_digit() && *b != b'>')
            .take_while(u8::is_ascii_digit)
            .take(20)
            .collect();
        let count = std::str::from_utf8(&digits).ok().and_then(|text| text.parse::<u64>().ok());
        // Twenty digits are no count of anything.
        let count = if digits.len() >= 20 { Some(u64::MAX) } else { count };
        largest = largest.max(count);
    }
    let keep = tail.len().saturating_sub(REACH);
    tail.drain(..keep);
    largest
}

fn xlsx(mut file: File, bytes: u64, take: &mut Take<'_>) -> Result<(), Broken> {
    weigh(&mut file)?;
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(broken)?;
    let mut rows = Rows { title: None, told: false, take };
    for sheet in book.sheet_names() {
        // A chart is a sheet without cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&sheet) else { continue };
        let last = u64::from(cells.dimensions().end.0) + 1;
        let mut row = Row::default();
        loop {
            let cell = cells.next_cell().map_err(broken)?;
            let place = cell.as_ref().map(calamine::Cell::get_position);
            if place.is_none_or(|(number, _)| number != row.number) && !row.is_empty() {
                let read = bytes / last.max(1) * u64::from(row.number).min(last);
                if !rows.row(std::mem::take(&mut row), read)? {
                    return Ok(());
                }
            }
            let (Some(cell), Some((number, column))) = (cell, place) else { break };
            row.number = number;
            row.put(column, text_of(cell.get_value()));
        }
        if rows.seen() {
            break;
        }
    }
    rows.end(bytes)
}

fn xls(file: File, bytes: u64, take: &mut Take<'_>) -> Result<(), Broken> {
    if bytes > XLS_LIMIT {
        let limit = XLS_LIMIT >> 20;
        return Err(broken(format!("an xls file of more than {limit} MB is not taken; save it as xlsx")));
    }
    let mut book: Xls<_> = Xls::new(BufReader::new(file)).map_err(broken)?;
    let mut rows = Rows { title: None, told: false, take };
    for sheet in book.sheet_names() {
        let range = book.worksheet_range(&sheet).map_err(broken)?;
        let first = range.start().map_or(0, |(row, _)| row);
        let count = range.height().max(1) as u64;
        for (at, cells) in range.rows().enumerate() {
            let mut row = Row { number: first + u32::try_from(at).unwrap_or(u32::MAX), ..Row::default() };
            for (column, cell) in cells.iter().enumerate() {
                row.put(u32::try_from(column).unwrap_or(u32::MAX), text_of(&as_ref(cell)));
            }
            if !row.is_empty() && !rows.row(row, bytes / count * at as u64)? {
                return Ok(());
            }
        }
        if rows.seen() {
            break;
        }
    }
    rows.end(bytes)
}

fn as_ref(cell: &Data) -> DataRef<'_> {
    match cell {
        Data::Int(n) => DataRef::Int(*n),
        Data::Float(n) => DataRef::Float(*n),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(is) => DataRef::Bool(*is),
        Data::DateTime(at) => DataRef::DateTime(*at),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// A row on its way.
#[derive(Default)]
struct Row {
    /// From 0.
    number: u32,
    cells: Vec<String>,
    too_wide: bool,
}

impl Row {
    fn put(&mut self, column: u32, text: String) {
        let column = column as usize;
        if text.is_empty() {
            return;
        }
        if column >= MAX_COLUMNS {
            self.too_wide = true;
            return;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
    }

    fn is_empty(&self) -> bool {
        self.cells.is_empty() && !self.too_wide
    }

    fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.is_empty()).count()
    }
}

/// Hands rows over, without the titles above the header.
struct Rows<'a, 'b> {
    /// A single cell at the top: a title if wider rows follow, else the only column's name.
    title: Option<Row>,
    told: bool,
    take: &'a mut Take<'b>,
}

impl Rows<'_, '_> {
    fn seen(&self) -> bool {
        self.told || self.title.is_some()
    }

    fn row(&mut self, row: Row, read: u64) -> Result<bool, Broken> {
        if !self.told {
            let single = row.filled() == 1;
            match self.title.take() {
                None if single => {
                    self.title = Some(row);
                    return Ok(true);
                }
                Some(title) if single => {
                    self.told = true;
                    if !self.pass(title, read)? {
                        return Ok(false);
                    }
                }
                _ => self.told = true,
            }
        }
        self.pass(row, read)
    }

    fn pass(&mut self, row: Row, read: u64) -> Result<bool, Broken> {
        let line = u64::from(row.number) + 1;
        if line > MAX_ROWS * 4 {
            return Err(broken(format!("row {line} is beyond the last that is looked at")));
        }
        let cells = if row.too_wide {
            Err(format!("the row has cells beyond column {MAX_COLUMNS}"))
        } else {
            Ok(row.cells)
        };
        (self.take)(line, cells, read)
    }

    fn end(&mut self, bytes: u64) -> Result<(), Broken> {
        match self.title.take() {
            Some(title) => self.pass(title, bytes).map(drop),
            None => Ok(()),
        }
    }
}

/// A cell as a person sees it: whole numbers without a point, days without a time.
fn text_of(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => n.to_string(),
        DataRef::String(text) => tidy(text),
        DataRef::SharedString(text) => tidy(text),
        DataRef::Bool(is) => if *is { "是" } else { "否" }.to_owned(),
        DataRef::DateTime(at) => date(at),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Line breaks become spaces, and what cannot be seen is taken out.
fn tidy(text: &str) -> String {
    let seen = text.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    });
    seen.collect::<String>().trim().to_owned()
}

fn date(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    // Below one day it is a time alone.
    if at.as_f64() < 1.0 {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    if (hour, minute, second) == (0, 0, 0) {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}
