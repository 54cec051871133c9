//! In which encoding a file is written, found out while its bytes pass.

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use super::text::MAX_RECORD_BYTES;

/// How the bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// The Chinese national standard, which contains GBK and GB2312.
    Gb18030,
    /// UTF-16, low byte first; known by its byte order mark.
    Utf16Le,
    /// UTF-16, high byte first; known by its byte order mark.
    Utf16Be,
}

/// Finds the encoding of a file whose bytes pass by: by byte order mark, else UTF-8 unless
/// more lines speak against it than for it, so that one damaged cell does not turn the
/// whole file to garbage. Holds one line.
#[derive(Debug, Default)]
pub struct EncodingTally {
    head: Vec<u8>,
    line: Vec<u8>,
    for_utf8: u64,
    against: u64,
}

impl EncodingTally {
    /// The next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let missing = 3_usize.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        let mut lines = bytes.split(|b| *b == b'\n').peekable();
        while let Some(part) = lines.next() {
            let is_whole = lines.peek().is_some();
            if is_whole && self.line.is_empty() {
                self.count(part);
                continue;
            }
            // Of a line that is longer than any record the beginning is judged.
            let room = MAX_RECORD_BYTES.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if is_whole {
                let line = std::mem::take(&mut self.line);
                self.count(&line);
            }
        }
    }

    /// The encoding, as far as was fed.
    pub fn encoding(&self) -> Encoding {
        match self.head.as_slice() {
            [0xEF, 0xBB, 0xBF] => return Encoding::Utf8,
            [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
            [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
            _ => {}
        }
        let last = verdict(&self.line);
        let against = self.against + u64::from(last == Some(false));
        let for_utf8 = self.for_utf8 + u64::from(last == Some(true));
        if against > for_utf8 { Encoding::Gb18030 } else { Encoding::Utf8 }
    }

    fn count(&mut self, line: &[u8]) {
        match verdict(line) {
            Some(true) => self.for_utf8 += 1,
            Some(false) => self.against += 1,
            None => {}
        }
    }
}

/// Whether a line is UTF-8; None where it says nothing. A line cut inside its last
/// character speaks for what came before.
fn verdict(line: &[u8]) -> Option<bool> {
    (!line.is_ascii()).then(|| std::str::from_utf8(line).map_or_else(|e| e.error_len().is_none(), |_| true))
}

/// Makes UTF-8 of UTF-16, chunk by chunk.
pub(super) struct Utf16(Decoder);

impl Utf16 {
    /// None for every other encoding.
    pub(super) fn new(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Utf16Le => Some(Utf16(UTF_16LE.new_decoder_with_bom_removal())),
            Encoding::Utf16Be => Some(Utf16(UTF_16BE.new_decoder_with_bom_removal())),
            Encoding::Utf8 | Encoding::Gb18030 => None,
        }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        // Three bytes of UTF-8 for two of UTF-16, and what was kept from the chunk before.
        let mut text = String::with_capacity(bytes.len() / 2 * 3 + 16);
        let (_, read, _) = self.0.decode_to_string(bytes, &mut text, false);
        debug_assert_eq!(read, bytes.len(), "the text has room for all");
        out.extend_from_slice(text.as_bytes());
    }
}

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Utf16({})", self.0.encoding().name())
    }
}
