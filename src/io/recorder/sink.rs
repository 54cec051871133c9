//! What lies between hound and the file: few system calls, and a failed write is a hole.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of the canonical WAV header that hound writes for 16-bit PCM.
pub(super) const HEADER: usize = 44;

/// Bytes waiting for the next `flush`, shared by all files of a writer thread because only
/// one of them is written at a time: hound's own buffer would stay with each file.
pub(super) type Scratch = Rc<RefCell<Vec<u8>>>;

/// Collects what hound writes; [`Write::flush`] puts it on disk by at most two writes, the
/// audio first and then the header, so that the header never tells more than is there.
///
/// When a write fails the position still advances: later audio lands where it belongs and
/// what failed reads as zeros, which is silence.
pub(super) struct Sink {
    file: Arc<File>,
    header: [u8; HEADER],
    header_changed: bool,
    /// Where hound stands; only told from the end of the audio while inside the header.
    position: u64,
    /// Where the next audio goes. A failed flush leaves hound behind its header, so its
    /// position cannot be trusted for that.
    end: u64,
    /// Where the first byte of the scratch belongs.
    start: u64,
    scratch: Scratch,
}

impl Sink {
    pub fn new(file: Arc<File>, scratch: Scratch) -> Self {
        Sink {
            file,
            header: [0; HEADER],
            header_changed: false,
            position: 0,
            end: HEADER as u64,
            start: HEADER as u64,
            scratch,
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.position as usize;
        if at < HEADER {
            let end = (at + bytes.len()).min(HEADER);
            self.header[at..end].copy_from_slice(&bytes[..end - at]);
            self.header_changed = true;
            self.position = end as u64;
            return Ok(end - at);
        }
        let mut scratch = self.scratch.borrow_mut();
        if scratch.is_empty() {
            self.start = self.end;
        }
        scratch.extend_from_slice(bytes);
        self.end += bytes.len() as u64;
        self.position = self.end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut scratch = self.scratch.borrow_mut();
        let audio = if scratch.is_empty() { Ok(()) } else { self.file.write_all_at(&scratch, self.start) };
        scratch.clear();
        audio?;
        if self.header_changed {
            self.file.write_all_at(&self.header, 0)?;
            self.header_changed = false;
        }
        Ok(())
    }
}

impl Seek for Sink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.position.saturating_add_signed(by),
            SeekFrom::End(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(self.position)
    }
}
