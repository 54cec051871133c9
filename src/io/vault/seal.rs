//! Sealed files: XChaCha20-Poly1305 in the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár,
//! CRYPTO 2015) over blocks of 64 KiB.
//!
//! ```text
//! 8 bytes `RBSEAL1\n`, id of the key in 13 bytes (zeros behind it), 19 bytes nonce, then the blocks,
//! each 16 bytes longer than its plain 64 KiB; only the last may be shorter.
//! ```
//!
//! The position of a block and whether it is the last are part of its nonce, header and name of the
//! recording are authenticated with each: blocks that were altered, swapped, cut off or brought in from
//! another recording do not open. A range is read by opening the blocks it lies in.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::aead::{KeyInit, Payload, generic_array::GenericArray};

use super::key::{ID_LENGTH, Key, KeyRing};

/// Plain bytes of a block.
pub const BLOCK: usize = 64 * 1024;
/// What authentication adds to a block.
const TAG: usize = 16;
const MAGIC: &[u8; 8] = b"RBSEAL1\n";
const ID_FIELD: usize = 13;
/// The rest of the 24 bytes of a nonce are position and end mark.
const NONCE: usize = 19;
/// Bytes before the first block.
pub const HEADER: usize = MAGIC.len() + ID_FIELD + NONCE;

type Stream = StreamBE32<XChaCha20Poly1305>;

fn stream(key: &Key, nonce: &[u8]) -> Stream {
    let cipher = XChaCha20Poly1305::new(GenericArray::from_slice(key.secret()));
    Stream::from_aead(cipher, GenericArray::from_slice(nonce))
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

/// Writes a sealed file. Its first blocks are kept back until the end, for a header of what is sealed
/// that is known only then: no block is ever sealed twice.
pub(super) struct Sealer {
    file: File,
    stream: Stream,
    bound: Vec<u8>,
    /// Plain bytes of the blocks that are kept back, and how many blocks those are.
    head: Vec<u8>,
    kept_back: usize,
    /// Plain bytes of the block that is being filled: it may be the last, so it waits until more comes.
    filling: Vec<u8>,
    /// The block that `filling` becomes.
    position: u32,
}

impl Sealer {
    /// Seals into an empty file. Of the plain bytes the first `head` may be set by [`Sealer::finish`].
    pub fn new(file: File, key: &Key, name: &str, head: usize) -> io::Result<Sealer> {
        let mut header = [0; HEADER];
        header[..MAGIC.len()].copy_from_slice(MAGIC);
        header[MAGIC.len()..MAGIC.len() + ID_LENGTH].copy_from_slice(&key.id.as_bytes()[..ID_LENGTH]);
        getrandom::fill(&mut header[HEADER - NONCE..])
            .map_err(|e| io::Error::other(format!("the operating system gives no random bytes: {e}")))?;
        file.write_all_at(&header, 0)?;
        let kept_back = head.div_ceil(BLOCK);
        Ok(Sealer {
            file,
            stream: stream(key, &header[HEADER - NONCE..]),
            bound: bound(&header, name),
            head: Vec::new(),
            kept_back,
            filling: Vec::with_capacity(BLOCK),
            position: u32::try_from(kept_back).map_err(io::Error::other)?,
        })
    }

    fn put(&self, position: u32, last: bool, plain: &[u8]) -> io::Result<()> {
        let payload = Payload { msg: plain, aad: &self.bound };
        let sealed =
            self.stream.encrypt(position, last, payload).map_err(|_| invalid("a block cannot be sealed"))?;
        self.file.write_all_at(&sealed, HEADER as u64 + u64::from(position) * (BLOCK + TAG) as u64)
    }

    /// Puts `head` in place of the first plain bytes and seals what was kept back.
    pub fn finish(mut self, head: &[u8]) -> io::Result<File> {
        if head.len() > self.head.len() {
            return Err(invalid("the header is longer than what was written"));
        }
        self.head[..head.len()].copy_from_slice(head);
        let more = !self.filling.is_empty();
        let blocks = self.head.len().div_ceil(BLOCK);
        for (n, plain) in self.head.chunks(BLOCK).enumerate() {
            self.put(u32::try_from(n).map_err(io::Error::other)?, !more && n + 1 == blocks, plain)?;
        }
        if more || blocks == 0 {
            self.put(self.position, true, &self.filling)?;
        }
        Ok(self.file)
    }
}

/// What every block of a file is bound to.
fn bound(header: &[u8; HEADER], name: &str) -> Vec<u8> {
    [&header[..], name.as_bytes()].concat()
}

impl Write for Sealer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.kept_back * BLOCK - self.head.len();
        if room > 0 {
            let taken = room.min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            return Ok(taken);
        }
        if self.filling.len() == BLOCK {
            self.put(self.position, false, &self.filling)?;
            self.filling.clear();
            self.position = self.position.checked_add(1).ok_or_else(|| invalid("more than 256 TB"))?;
        }
        let taken = (BLOCK - self.filling.len()).min(bytes.len());
        self.filling.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The plain bytes of a sealed file.
pub(super) struct Opened<R> {
    inner: R,
    stream: Stream,
    bound: Vec<u8>,
    blocks: u32,
    length: u64,
    at: u64,
    /// The block that was opened last.
    held: Option<u32>,
    plain: Vec<u8>,
}

impl<R: Read + Seek> Opened<R> {
    /// Opens the sealed file of a recording of that name.
    ///
    /// # Errors
    /// `InvalidData`: it is none; `PermissionDenied` with the id of its key: that key is lost.
    pub fn new(mut inner: R, ring: &KeyRing, name: &str) -> io::Result<Opened<R>> {
        let size = inner.seek(SeekFrom::End(0))?;
        inner.seek(SeekFrom::Start(0))?;
        let mut header = [0; HEADER];
        inner.read_exact(&mut header).map_err(|_| invalid("it is cut off"))?;
        let id = &header[MAGIC.len()..MAGIC.len() + ID_FIELD];
        let id = std::str::from_utf8(id).map(|id| id.trim_end_matches('\0')).unwrap_or_default();
        if header[..MAGIC.len()] != *MAGIC || id.is_empty() {
            return Err(invalid("it is no sealed recording"));
        }
        let key = ring.get(id).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "it is sealed with key {id}, which is not in the key file: put back a copy that holds it"
                ),
            )
        })?;
        let body = size - HEADER as u64;
        let blocks = body.div_ceil((BLOCK + TAG) as u64).max(1);
        let tags = blocks * TAG as u64;
        if body < tags || body - (blocks - 1) * (BLOCK + TAG) as u64 <= TAG as u64 && blocks > 1 {
            return Err(invalid("it is cut off"));
        }
        Ok(Opened {
            stream: stream(key, &header[HEADER - NONCE..]),
            bound: bound(&header, name),
            blocks: u32::try_from(blocks).map_err(|_| invalid("it is too large"))?,
            length: body - tags,
            at: 0,
            held: None,
            plain: Vec::new(),
            inner,
        })
    }

    fn hold(&mut self, block: u32) -> io::Result<()> {
        if self.held == Some(block) {
            return Ok(());
        }
        self.held = None;
        let start = u64::from(block) * BLOCK as u64;
        let plain = usize::try_from((self.length - start).min(BLOCK as u64)).map_err(io::Error::other)?;
        let mut sealed = vec![0; plain + TAG];
        self.inner.seek(SeekFrom::Start(HEADER as u64 + u64::from(block) * (BLOCK + TAG) as u64))?;
        self.inner.read_exact(&mut sealed)?;
        let last = block + 1 == self.blocks;
        let payload = Payload { msg: &sealed, aad: &self.bound };
        self.plain = self.stream.decrypt(block, last, payload).map_err(|_| {
            let end = if last { ", or its end was cut off" } else { "" };
            invalid(format!("block {block} does not open: it was altered, or belongs elsewhere{end}"))
        })?;
        self.held = Some(block);
        Ok(())
    }
}

impl<R: Read + Seek> Read for Opened<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // An empty file has a block too, which proves that nothing was cut off.
        let block = u32::try_from(self.at.min(self.length.saturating_sub(1)) / BLOCK as u64)
            .map_err(io::Error::other)?;
        self.hold(block)?;
        let from = usize::try_from((self.at - u64::from(block) * BLOCK as u64).min(self.plain.len() as u64))
            .map_err(io::Error::other)?;
        let taken = (self.plain.len() - from).min(out.len());
        out[..taken].copy_from_slice(&self.plain[from..from + taken]);
        self.at += taken as u64;
        Ok(taken)
    }
}

impl<R> Seek for Opened<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = super::file::seek_to(self.at, self.length, to)?;
        Ok(self.at)
    }
}
