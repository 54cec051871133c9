//! From the bytes of a file to records of cells.
//!
//! A reader of whole files would take an unclosed quote to the end of the file for one
//! cell; here a quote may span [`MAX_QUOTED_LINES`] lines, and otherwise costs one row.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

/// Longest record: a hundred long cells; anything longer is an unclosed quote or no list.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Lines one quoted cell may span: addresses and remarks have a few.
pub const MAX_QUOTED_LINES: usize = 20;

/// How the bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark, or made UTF-8 from UTF-16.
    Utf8,
    /// The Chinese national standard, which contains GBK and GB2312.
    Gb18030,
}

/// Decides the encoding: by byte order mark, else UTF-8 unless more lines speak against it
/// than for it, so that one damaged cell does not turn the whole file to garbage.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, [u8]>, Encoding) {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return (Cow::Borrowed(rest), Encoding::Utf8);
    }
    for (mark, encoding) in [(b"\xFF\xFE", UTF_16LE), (b"\xFE\xFF", UTF_16BE)] {
        if bytes.starts_with(mark) {
            let (text, _) = encoding.decode_with_bom_removal(bytes);
            return (Cow::Owned(text.into_owned().into_bytes()), Encoding::Utf8);
        }
    }
    let (mut for_it, mut against) = (0usize, 0usize);
    for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_ascii()) {
        match std::str::from_utf8(line) {
            Ok(_) => for_it += 1,
            Err(_) => against += 1,
        }
    }
    (Cow::Borrowed(bytes), if against > for_it { Encoding::Gb18030 } else { Encoding::Utf8 })
}

/// One record as found: where, and its cells or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Line on which it begins, from 1.
    pub line: u64,
    pub cells: Result<Vec<String>, String>,
}

/// Splits a file into records; holds a position and no text.
#[derive(Debug)]
pub(super) struct Records {
    encoding: Encoding,
    delimiter: u8,
    at: usize,
    line: u64,
}

impl Records {
    pub(super) fn new(encoding: Encoding, delimiter: u8) -> Self {
        Records { encoding, delimiter, at: 0, line: 1 }
    }

    /// The next record; None at the end. Blank lines at the end of the file are none.
    ///
    /// In GB18030 no byte of a longer character is a delimiter, a quote or a line end, so
    /// splitting goes before decoding.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<Record> {
        let rest = bytes.get(self.at..)?;
        if rest.iter().all(|b| matches!(b, b'\n' | b'\r' | b' ')) {
            return None;
        }
        let line = self.line;
        let (end, lines, closed) = extent(rest, self.delimiter);
        self.at += end;
        self.line += lines;
        let raw = trim_line_end(&rest[..end]);
        if !closed {
            let problem =
                "a quote is opened and not closed: close it, or write \"\" for a quote inside a cell";
            return Some(Record { line, cells: Err(problem.into()) });
        }
        if raw.len() > MAX_RECORD_BYTES {
            let problem = format!("the row is longer than {MAX_RECORD_BYTES} bytes");
            return Some(Record { line, cells: Err(problem) });
        }
        let cells = self.text(raw).map(|text| split(&text, char::from(self.delimiter)));
        Some(Record { line, cells })
    }

    fn text<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, String> {
        match self.encoding {
            Encoding::Utf8 => match std::str::from_utf8(raw) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(e) => Err(format!(
                    "byte {} of the row is not UTF-8, as the rest of the file is: mend the character there",
                    e.valid_up_to() + 1
                )),
            },
            Encoding::Gb18030 => {
                let (text, damaged) = GB18030.decode_without_bom_handling(raw);
                if damaged {
                    return Err(
                        "the row has bytes that are no GB18030 text: mend them or save the file as UTF-8"
                            .into(),
                    );
                }
                Ok(text)
            }
        }
    }
}

/// Where the record that begins `bytes` ends, how many lines it has, and whether its
/// quotes are closed. An unclosed record is its first line alone.
fn extent(bytes: &[u8], delimiter: u8) -> (usize, u64, bool) {
    let mut first_line_end = None;
    let (mut quoted, mut cell_start, mut lines) = (false, true, 0u64);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' if quoted && bytes.get(at) == Some(&b'"') => at += 1,
            b'"' if quoted => quoted = false,
            b'"' if cell_start => (quoted, cell_start) = (true, false),
            b'\n' => {
                lines += 1;
                first_line_end.get_or_insert(at);
                if !quoted {
                    return (at, lines, true);
                }
                if lines >= MAX_QUOTED_LINES as u64 || at > MAX_RECORD_BYTES {
                    break;
                }
            }
            b if !quoted => cell_start = *b == delimiter || (cell_start && *b == b' '),
            _ => {}
        }
    }
    match first_line_end {
        Some(end) if quoted => (end, 1, false),
        _ => (at, lines + 1, !quoted),
    }
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
pub(super) fn delimiter(bytes: &[u8]) -> u8 {
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
