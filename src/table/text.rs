//! From the bytes of a file, as they come, to records of cells.
//!
//! A reader of whole files would take an unclosed quote to the end of the file for one
//! cell; here a quote may span [`MAX_QUOTED_LINES`] lines, and otherwise costs one row.
//! What is held is one record, [`MAX_RECORD_BYTES`] at most, and what was fed beyond it.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::encoding::{Encoding, Utf16};

/// Longest record: a hundred long cells; anything longer is an unclosed quote or no list.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Lines one quoted cell may span: addresses and remarks have a few.
pub const MAX_QUOTED_LINES: usize = 20;
/// Bytes of a row's own text that are shown beside the reason why it was not taken.
pub const MAX_SHOWN_BYTES: usize = 1_000;

/// One record as found: where, and its cells or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Its cells, trimmed, or what is wrong with it and how to mend it.
    pub cells: Result<Vec<String>, String>,
    /// Where its bytes stand in the buffer until the next are fed.
    at: (usize, usize),
}

/// Splits what it is fed into records.
#[derive(Debug)]
pub struct Records {
    encoding: Encoding,
    utf16: Option<Utf16>,
    /// The delimiter, once the header line is there.
    delimiter: Option<u8>,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    /// Blank lines just before `line`, which count as rows once something follows them.
    blank: u64,
    /// Inside a line that was reported as too long.
    skipping: bool,
    ended: bool,
}

impl Records {
    /// For a file in that encoding, of which nothing was fed yet.
    pub fn new(encoding: Encoding) -> Self {
        Records {
            encoding,
            utf16: Utf16::new(encoding),
            delimiter: None,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            blank: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        match &mut self.utf16 {
            Some(utf16) => utf16.decode(bytes, &mut self.buffer),
            None => self.buffer.extend_from_slice(bytes),
        }
    }

    /// There are no more bytes.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the file begins with these bytes; asked before the first record is taken.
    pub fn begins_with(&self, mark: &[u8]) -> bool {
        self.buffer.starts_with(mark)
    }

    /// The next record; None where more must be fed first, and at the end. Blank lines at
    /// the end of the file are no records.
    ///
    /// In GB18030 no byte of a longer character is a delimiter, a quote or a line end, so
    /// splitting goes before decoding.
    #[expect(clippy::should_implement_trait, reason = "after None there may be more")]
    pub fn next(&mut self) -> Option<Record> {
        if self.line == 1 && self.at == 0 && self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
        }
        self.pass_blank_lines()?;
        if self.blank > 0 {
            self.blank -= 1;
            let line = self.line - self.blank - 1;
            return Some(Record { line, cells: Ok(vec![String::new()]), at: (self.at, self.at) });
        }
        let rest = &self.buffer[self.at..];
        let delimiter = match self.delimiter {
            Some(delimiter) => delimiter,
            None if self.ended || rest.contains(&b'\n') || rest.len() > MAX_RECORD_BYTES => {
                *self.delimiter.insert(delimiter(rest))
            }
            None => return None,
        };
        let extent = extent(rest, delimiter, self.ended)?;
        let (line, begin) = (self.line, self.at);
        self.at += extent.bytes;
        self.line += extent.lines;
        let raw = trim_line_end(&self.buffer[begin..self.at]);
        let at = (begin, begin + raw.len());
        let cells = match extent.ending {
            Ending::Closed => self.text(raw).map(|text| split(&text, char::from(delimiter))),
            Ending::Unclosed => {
                Err("a quote is opened and not closed: close it, or write \"\" for a quote inside a cell"
                    .into())
            }
            Ending::TooLong => {
                self.skipping = extent.lines == 0;
                Err(format!("the row is longer than {MAX_RECORD_BYTES} bytes"))
            }
        };
        Some(Record { line, cells, at })
    }

    /// What the file says in a record, cut to [`MAX_SHOWN_BYTES`]. To be asked before more is fed.
    pub fn shown(&self, record: &Record) -> String {
        let raw = self.buffer.get(record.at.0..record.at.1).unwrap_or_default();
        let raw = &raw[..raw.len().min(MAX_SHOWN_BYTES)];
        let text = match self.encoding {
            Encoding::Gb18030 => GB18030.decode_without_bom_handling(raw).0,
            _ => String::from_utf8_lossy(raw),
        };
        text.replace('\0', "\u{FFFD}")
    }

    /// Moves to the next line that is not blank; None where that is not there yet.
    fn pass_blank_lines(&mut self) -> Option<()> {
        loop {
            let rest = &self.buffer[self.at..];
            let line_end = rest.iter().position(|b| *b == b'\n');
            let first = &rest[..line_end.unwrap_or(rest.len())];
            let is_blank = first.iter().all(|b| matches!(b, b'\r' | b' '));
            if !self.skipping && (!is_blank || (line_end.is_none() && first.len() > MAX_RECORD_BYTES)) {
                return Some(());
            }
            let Some(end) = line_end else {
                if self.skipping {
                    self.at = self.buffer.len();
                }
                return None;
            };
            self.at += end + 1;
            self.line += 1;
            if !std::mem::take(&mut self.skipping) {
                self.blank += 1;
            }
        }
    }

    fn text<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, String> {
        if self.encoding == Encoding::Gb18030 {
            let (text, damaged) = GB18030.decode_without_bom_handling(raw);
            return if damaged {
                Err("the row has bytes that are no GB18030 text: mend them or save the file as UTF-8".into())
            } else {
                Ok(text)
            };
        }
        std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|e| {
            format!(
                "byte {} of the row is not UTF-8, as the rest of the file is: mend the character there",
                e.valid_up_to() + 1
            )
        })
    }
}

/// How far a record reaches.
struct Extent {
    bytes: usize,
    /// Line ends in it; 0 where it was cut inside its line.
    lines: u64,
    ending: Ending,
}

enum Ending {
    Closed,
    Unclosed,
    TooLong,
}

/// The extent of the record that begins `bytes`; None where its end is not there yet. An
/// unclosed or too long record is its first line alone.
fn extent(bytes: &[u8], delimiter: u8, ended: bool) -> Option<Extent> {
    let mut first_line_end = None;
    let (mut quoted, mut cell_start, mut lines) = (false, true, 0u64);
    let mut at = 0;
    while let Some(byte) = bytes.get(at).filter(|_| at <= MAX_RECORD_BYTES) {
        at += 1;
        match byte {
            b'"' if quoted && bytes.get(at) == Some(&b'"') => at += 1,
            b'"' if quoted => quoted = false,
            b'"' if cell_start => (quoted, cell_start) = (true, false),
            b'\n' => {
                lines += 1;
                first_line_end.get_or_insert(at);
                if !quoted {
                    return Some(Extent { bytes: at, lines, ending: Ending::Closed });
                }
                if lines >= MAX_QUOTED_LINES as u64 {
                    break;
                }
            }
            b if !quoted => cell_start = *b == delimiter || (cell_start && *b == b' '),
            _ => {}
        }
    }
    let too_long = at > MAX_RECORD_BYTES;
    if !too_long && lines < MAX_QUOTED_LINES as u64 && !ended {
        return None;
    }
    let ending = if quoted { Ending::Unclosed } else { Ending::TooLong };
    Some(match first_line_end {
        Some(end) if quoted || too_long => Extent { bytes: end, lines: 1, ending },
        None if too_long => Extent { bytes: at.min(bytes.len()), lines: 0, ending: Ending::TooLong },
        _ if quoted => Extent { bytes: at, lines: lines + 1, ending },
        _ => Extent { bytes: at, lines: lines + 1, ending: Ending::Closed },
    })
}

fn trim_line_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

/// The cells of one record (RFC 4180), trimmed.
fn split(text: &str, delimiter: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if !was_quoted && cell.trim().is_empty() => {
                cell.clear();
                (quoted, was_quoted) = (true, true);
            }
            c if c == delimiter && !quoted => {
                cells.push(clean(&cell));
                cell.clear();
                was_quoted = false;
            }
            c => cell.push(c),
        }
    }
    cells.push(clean(&cell));
    cells
}

/// Line breaks become spaces, and what cannot be seen is taken out.
fn clean(cell: &str) -> String {
    let seen = cell.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    });
    seen.collect::<String>().trim().to_owned()
}

/// The delimiter of the header line: the most frequent of `,` `;` and tab outside quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| {
        let mut quoted = false;
        header
            .iter()
            .filter(|b| {
                quoted ^= **b == b'"';
                !quoted && **b == wanted
            })
            .count()
    };
    let mut best = (b',', count(b','));
    for other in [b';', b'\t'] {
        if count(other) > best.1 {
            best = (other, count(other));
        }
    }
    best.0
}
