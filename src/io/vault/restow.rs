//! Storing a recording anew: in another form, sealed, in another place.
//!
//! Nothing is lost whenever it is cut off: the new file is written aside, read back and compared with the old
//! one byte by byte, put in its place, noted in one transaction, and only then the old one is taken away.
//! What is left over by a cut is overwritten or taken away by the next run.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::file::{self, CHUNK, Output};
use super::flac;
use super::key::Key;
use super::worker::Worker;
use super::{Error, Vault};
use crate::base::Timestamp;
use crate::base::hex;
use crate::io::store::{Standing, StoredFile};

/// Folder of what is being written, below the place it is for.
const ASIDE: &str = ".keeping";

/// What was done, in this order: tests end the world after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The new file is on the disk, aside; it was read back and is the same.
    Aside,
    /// It is where it belongs.
    Placed,
    /// The database knows.
    Noted,
    /// The old file is gone.
    Removed,
}

/// Told of each step; an error cuts the work off there.
pub(super) type Steps = dyn Fn(Step) -> io::Result<()> + Send + Sync;

/// How a recording is to be stored.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// `wav` or `flac`.
    pub form: &'static str,
    /// Sealed with this key.
    pub seal: Option<Key>,
    /// In this place.
    pub place: String,
}

impl Wanted {
    /// Whether a file is stored so.
    pub fn is(&self, file: &StoredFile) -> bool {
        file.form == self.form
            && file.place == self.place
            && file.sealed == self.seal.as_ref().map_or("", |key| &key.id)
    }

    /// Path below the place.
    fn path(&self, name: &str) -> String {
        let stem = name.strip_suffix(".wav").unwrap_or(name);
        match &self.seal {
            Some(key) => format!("{stem}.{}.{}", self.form, key.id),
            None => format!("{stem}.{}", self.form),
        }
    }

    /// In words.
    fn why(&self, old: &StoredFile) -> String {
        let mut done = Vec::new();
        if old.form != self.form {
            done.push("archived as FLAC".to_owned());
        }
        if let Some(key) = &self.seal
            && old.sealed != key.id
        {
            let word = if old.sealed.is_empty() { "sealed" } else { "sealed again" };
            done.push(format!("{word} with key {}", key.id));
        }
        if old.place != self.place {
            done.push(format!(
                "moved to {}",
                if self.place.is_empty() { "the recordings folder" } else { &self.place }
            ));
        }
        done.join(", ")
    }
}

/// The file of a recording as it is now; one of which nothing was noted has no digest yet.
pub(super) struct Source<'a> {
    pub file: &'a StoredFile,
    /// Hex SHA-256 that the plain WAV must have; None: none was noted.
    pub wav_sha256: Option<&'a str>,
}

/// What was written aside and compared.
struct Written {
    aside: PathBuf,
    sha256: String,
    bytes: u64,
    wav_sha256: String,
    wav_bytes: u64,
}

impl Vault {
    /// Stores a recording as wanted and gives the bytes of its WAV. `run` runs what blocks.
    ///
    /// # Errors
    /// [`Error`]; of kind `InvalidData` where the WAV is not the one that was recorded, or FLAC would lose
    /// something of it. The old file is there in any case.
    pub(super) async fn restow(
        &self,
        worker: &Worker,
        source: Source<'_>,
        wanted: &Wanted,
        now: Timestamp,
        steps: &Steps,
    ) -> Result<u64, Error> {
        let old = source.file.clone();
        let wrong = |error| Error::File { name: old.name.clone(), error };
        let path = wanted.path(&old.name);
        let folder = self.folder_of(&wanted.place);
        let aside_in = folder.clone().unwrap_or_else(|| self.parts.recordings.clone());
        let file_name = Path::new(&path).file_name().unwrap_or_default();
        let aside = aside_in.join(ASIDE).join(file_name);
        let (vault, runtime, expected) =
            (self.clone(), Handle::current(), source.wav_sha256.map(str::to_owned));
        let written = {
            let (old, wanted, aside) = (old.clone(), wanted.clone(), aside.clone());
            let write = move || vault.write_aside(&old, expected.as_deref(), &wanted, &aside, runtime);
            worker.run(write).await.map_err(wrong)?
        };
        steps(Step::Aside).map_err(wrong)?;
        self.place(&written, folder, &wanted.place, &path, worker).await.map_err(wrong)?;
        steps(Step::Placed).map_err(wrong)?;
        let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let new = StoredFile {
            id: 0,
            form: wanted.form.to_owned(),
            sealed: wanted.seal.as_ref().map_or(String::new(), |key| key.id.clone()),
            place: wanted.place.clone(),
            path,
            bytes: bytes(written.bytes),
            sha256: written.sha256,
            wav_bytes: bytes(written.wav_bytes),
            wav_sha256: written.wav_sha256.clone(),
            at: now.0,
            ..old.clone()
        };
        let mut ended = old.clone();
        if ended.id == 0 {
            // What was recorded is noted as it was found.
            (ended.bytes, ended.wav_bytes) = (new.wav_bytes, new.wav_bytes);
            (ended.sha256, ended.wav_sha256) = (written.wav_sha256.clone(), written.wav_sha256);
        }
        if !self.store().note_restowed(&ended, &new, &wanted.why(&old), now).await? {
            // It was erased or stored otherwise meanwhile: what was put there is nobody's.
            let theirs = self.standing(&old.name).await?;
            if !matches!(theirs, Standing::Stored(file) if (&file.place, &file.path) == (&new.place, &new.path))
            {
                self.remove_bytes(&new, now).await?;
            }
            return Ok(0);
        }
        steps(Step::Noted).map_err(wrong)?;
        self.remove_bytes(&old, now).await?;
        steps(Step::Removed).map_err(wrong)?;
        Ok(written.wav_bytes)
    }

    /// Writes the new file aside, reads it back, and compares; one that failed is thrown away. Blocks.
    fn write_aside(
        &self,
        old: &StoredFile,
        expected: Option<&str>,
        wanted: &Wanted,
        aside: &Path,
        runtime: Handle,
    ) -> io::Result<Written> {
        let written = self.write_and_compare(old, expected, wanted, aside, runtime);
        if written.is_err() {
            file::remove(aside).ok();
        }
        written
    }

    fn write_and_compare(
        &self,
        old: &StoredFile,
        expected: Option<&str>,
        wanted: &Wanted,
        aside: &Path,
        runtime: Handle,
    ) -> io::Result<Written> {
        let mut wav = self.open_file(old, runtime.clone())?;
        let length = wav.length();
        let head = if wanted.form == "flac" { flac::head_bytes(length) } else { 0 };
        let mut out = Output::create(aside, wanted.seal.as_ref(), &old.name, head)?;
        let head = match wanted.form {
            "flac" => flac::encode(&mut wav, length, &mut out)?,
            _ => {
                io::copy(&mut wav, &mut out)?;
                Vec::new()
            }
        };
        out.finish(&head)?;
        let ring = self.settings().ring;
        let sealed = wanted.seal.as_ref().map_or("", |key| &key.id);
        let mut new = super::plain(Box::new(File::open(aside)?), wanted.form, sealed, &old.name, &ring)?;
        let wav_sha256 = compare(&mut self.open_file(old, runtime)?, &mut new)?;
        if expected.is_some_and(|expected| expected != wav_sha256) {
            let text =
                "the recording is not the one that was noted: its digest is another; it is left as it is";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let (sha256, bytes) = file::digest(&mut File::open(aside)?)?;
        Ok(Written { aside: aside.to_owned(), sha256, bytes, wav_sha256, wav_bytes: length })
    }

    /// Brings the new file where it belongs.
    async fn place(
        &self,
        written: &Written,
        folder: Option<PathBuf>,
        place: &str,
        path: &str,
        worker: &Worker,
    ) -> io::Result<()> {
        let aside = written.aside.clone();
        let Some(folder) = folder else {
            let bucket = self.bucket(place)?;
            bucket.put(&aside, path).await?;
            let there = bucket.digest(path).await?;
            if there != (written.sha256.clone(), written.bytes) {
                let text = format!("{place} gives back other bytes than it was given");
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            return worker.run(move || file::remove(&aside)).await;
        };
        let target = file::below(&folder, path)?;
        worker
            .run(move || {
                if let Some(folder) = target.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::rename(&aside, &target)?;
                file::sync_folder_of(&target)
            })
            .await
    }

    /// Takes away what runs that were cut off left aside.
    pub(super) async fn sweep(&self, worker: &Worker) -> io::Result<()> {
        let mut folders = vec![self.parts.recordings.clone()];
        folders.extend(self.folder_of(&self.settings().archive));
        worker
            .run(move || {
                for folder in folders {
                    match std::fs::remove_dir_all(folder.join(ASIDE)) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
                Ok(())
            })
            .await
    }
}

/// Compares two readers to their ends; hex SHA-256 of what is in them.
fn compare(old: &mut impl Read, new: &mut impl Read) -> io::Result<String> {
    let (mut hash, mut a, mut b) = (Sha256::new(), vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let (n, m) = (fill(old, &mut a)?, fill(new, &mut b)?);
        if a[..n] != b[..m] {
            return Err(io::Error::other("what was written is not what was read: it is thrown away"));
        }
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&a[..n]);
    }
}

/// As much as there is, up to the whole buffer.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}
