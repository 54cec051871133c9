//! The vault: the one way to the sound of a recording.
//!
//! A recording has a name, the path of the WAV that was recorded. In which form it is stored now, WAV or
//! FLAC, sealed or not, in which place, is a row of `recording_files`, or nothing was noted and it lies at
//! its name. Whoever wants its sound gets the bytes of the plain WAV, from anywhere in it, decoded and opened
//! in memory.

mod bucket;
mod file;
mod flac;
mod keep;
mod key;
mod lend;
mod report;
mod restow;
mod seal;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes as Buffer;
use tokio::runtime::Handle;
use tokio_stream::wrappers::ReceiverStream;

use crate::base::Timestamp;
use crate::io::store::{self, Standing, Store, StoredFile};

pub use bucket::Access;
pub use file::Bytes;
pub(super) use file::{below, folder_of};
pub use keep::{Keeper, KeepingRules, Turn};
pub use key::{Key, KeyRing};
pub use lend::Lent;
pub use report::{KeepingReport, Planned, Run, Tally};
pub use restow::Step;

use bucket::Bucket;

/// Read at a time for a listener.
const BLOCK: usize = 64 * 1024;
/// Blocks that may wait for a slow listener.
const AHEAD: usize = 2;

/// How recordings are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Keys; none: nothing is sealed.
    pub ring: KeyRing,
    /// Where archived recordings go: empty, the recordings folder; else `file:///folder` or `s3://bucket/prefix`.
    pub archive: String,
    /// How an object store is spoken to.
    pub access: Access,
}

/// Why the sound of a recording cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It was deleted.
    #[error("the recording is gone since {at}: {why}")]
    Gone {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// The file is not there, its key is lost, its archive is away, or it was altered.
    #[error("the recording {name}: {error}")]
    File {
        /// Its name.
        name: String,
        /// Why.
        error: io::Error,
    },
}

impl Error {
    /// Whether there is no file, in contrast to one that cannot be read.
    pub fn is_missing(&self) -> bool {
        matches!(self, Error::File { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

/// The plain WAV of a recording.
pub struct Sound {
    reader: Box<dyn Bytes>,
    length: u64,
}

impl Sound {
    /// Bytes of the WAV.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// `size` bytes from `from` on, read as fast as they are taken.
    pub fn stream(self, from: u64, size: u64) -> ReceiverStream<io::Result<Buffer>> {
        let (send, receive) = tokio::sync::mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let (mut sound, mut at, end) = (self, from, from + size);
            while at < end {
                let want = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
                // No thread waits for the listener.
                let part = tokio::task::spawn_blocking(move || sound.part(at, want));
                let part = part.await.unwrap_or_else(|error| Err(io::Error::other(error)));
                match part {
                    Ok((back, block)) => {
                        (sound, at) = (back, at + want as u64);
                        if send.send(Ok(block.into())).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "a recording could not be read to its end");
                        // The body breaks off, so that the listener sees a failure and not a short recording.
                        send.send(Err(error)).await.ok();
                        return;
                    }
                }
            }
        });
        ReceiverStream::new(receive)
    }

    /// Hex SHA-256 of all of it. Reads on the thread of the caller.
    ///
    /// # Errors
    /// What [`Read`] gives.
    pub fn sha256(mut self) -> io::Result<String> {
        self.seek(SeekFrom::Start(0))?;
        Ok(file::digest(&mut self)?.0)
    }

    fn part(mut self, at: u64, want: usize) -> io::Result<(Sound, Vec<u8>)> {
        if self.stream_position()? != at {
            self.seek(SeekFrom::Start(at))?;
        }
        let mut block = vec![0; want];
        self.read_exact(&mut block)?;
        Ok((self, block))
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Read for Sound {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reader.read(out)
    }
}

impl Seek for Sound {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// The vault. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Vault {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    /// Where recordings are made.
    recordings: PathBuf,
    settings: RwLock<Settings>,
    /// Buckets that were spoken to, with how.
    buckets: Mutex<BTreeMap<String, (Access, Bucket)>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("recordings", &self.parts.recordings).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault over the folder in which recordings are made.
    pub fn new(store: Store, recordings: PathBuf) -> Vault {
        let (settings, buckets) = (RwLock::default(), Mutex::default());
        Vault { parts: Arc::new(Parts { store, recordings, settings, buckets }) }
    }

    /// How recordings are stored from here on. Those that are stored otherwise stay readable.
    pub fn set_settings(&self, settings: Settings) {
        *self.parts.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The sound of a recording or spoken comment, by its name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open(&self, name: &str) -> Result<Sound, Error> {
        // It may be stored anew between the look at its row and the opening of its file.
        let first = self.standing(name).await?;
        match self.open_standing(name, &first).await {
            Err(error) if error.is_missing() => {
                let again = self.standing(name).await?;
                if again == first { Err(error) } else { self.open_standing(name, &again).await }
            }
            opened => opened,
        }
    }

    async fn standing(&self, name: &str) -> Result<Standing, Error> {
        Ok(self.store().standing_of(name).await?)
    }

    async fn open_standing(&self, name: &str, standing: &Standing) -> Result<Sound, Error> {
        let stored = match standing {
            Standing::Gone { at, why } => return Err(Error::Gone { at: *at, why: why.clone() }),
            Standing::Stored(file) => (**file).clone(),
            Standing::AsRecorded => as_recorded(name),
        };
        let vault = self.clone();
        let runtime = Handle::current();
        let opened = tokio::task::spawn_blocking(move || vault.open_file(&stored, runtime)).await;
        let opened = opened.unwrap_or_else(|error| Err(io::Error::other(error)));
        opened.map_err(|error| Error::File { name: name.to_owned(), error })
    }

    /// Takes a recording away for good, whatever holds it: the order of a person. Its row stays and says why.
    ///
    /// # Errors
    /// [`Error`]; its row is ended in any case, and its bytes are taken away by the next keeping.
    pub async fn erase(&self, name: &str, why: &str, now: Timestamp) -> Result<(), Error> {
        let file = match self.standing(name).await? {
            Standing::Gone { .. } => return Ok(()),
            Standing::Stored(file) => *file,
            Standing::AsRecorded => match self.noted(name, now).await {
                Ok(Some(file)) => file,
                // There is nothing that could be taken away, or it is no recording of a call.
                Ok(None) => return self.remove_unnoted(name).await,
                Err(error) => return Err(error),
            },
        };
        self.store().end_recording(&file, why, false, now).await?;
        self.remove_bytes(&file, now).await
    }

    async fn remove_unnoted(&self, name: &str) -> Result<(), Error> {
        let path = file::below(&self.parts.recordings, name);
        path.and_then(|path| file::remove(&path))
            .map_err(|error| Error::File { name: name.to_owned(), error })
    }

    /// What would be noted of a recording that lies as it was recorded; None: its file is away, or belongs to
    /// no call.
    async fn noted(&self, name: &str, now: Timestamp) -> Result<Option<StoredFile>, Error> {
        let stem = Path::new(name).file_name().and_then(|file| file.to_str()).unwrap_or_default();
        let call = stem.split('.').next().unwrap_or_default();
        let known = match call.parse() {
            Ok(id) => self.store().call_row(id).await?.is_some(),
            Err(_) => false,
        };
        let Ok(path) = file::find(&self.parts.recordings, name) else { return Ok(None) };
        if !known {
            return Ok(None);
        }
        let bytes = tokio::task::spawn_blocking(move || file::digest(&mut File::open(path)?)).await;
        let (sha256, bytes) = bytes
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| Error::File { name: name.to_owned(), error })?;
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        Ok(Some(StoredFile {
            call_id: call.to_owned(),
            bytes,
            wav_bytes: bytes,
            wav_sha256: sha256.clone(),
            sha256,
            at: now.0,
            ..as_recorded(name)
        }))
    }

    /// Takes the bytes of a form that is gone away, and notes it.
    async fn remove_bytes(&self, file: &StoredFile, now: Timestamp) -> Result<(), Error> {
        let wrong = |error| Error::File { name: file.name.clone(), error };
        match self.folder_of(&file.place) {
            Some(folder) => {
                let path = file::below(&folder, &file.path).map_err(wrong)?;
                let removed = tokio::task::spawn_blocking(move || file::remove(&path)).await;
                removed.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(wrong)?;
            }
            None => self.bucket(&file.place).map_err(wrong)?.remove(&file.path).await.map_err(wrong)?,
        }
        self.store().note_removed(&file.name, &file.place, &file.path, now).await?;
        Ok(())
    }

    /// The folder that a place is; None: it is no folder.
    fn folder_of(&self, place: &str) -> Option<PathBuf> {
        file::folder_of(&self.parts.recordings, place)
    }

    fn bucket(&self, place: &str) -> io::Result<Bucket> {
        let access = self.settings().access;
        let mut buckets = self.parts.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((how, bucket)) = buckets.get(place)
            && *how == access
        {
            return Ok(bucket.clone());
        }
        if access.access_key_id.is_empty() {
            let text = format!("it lies in {place}, and [archive] says not how to get there");
            return Err(io::Error::new(io::ErrorKind::NotConnected, text));
        }
        let bucket = Bucket::new(place, &access)?;
        buckets.insert(place.to_owned(), (access, bucket.clone()));
        Ok(bucket)
    }

    /// The bytes of a stored file, as stored. Blocks.
    fn open_stored(&self, file: &StoredFile, runtime: Handle) -> io::Result<Box<dyn Bytes>> {
        match self.folder_of(&file.place) {
            Some(folder) => Ok(Box::new(File::open(file::find(&folder, &file.path)?)?)),
            None => {
                let length = u64::try_from(file.bytes).unwrap_or_default();
                Ok(Box::new(self.bucket(&file.place)?.open(&file.path, length, runtime)))
            }
        }
    }

    /// The plain WAV of a stored file. Blocks.
    fn open_file(&self, file: &StoredFile, runtime: Handle) -> io::Result<Sound> {
        let stored = self.open_stored(file, runtime)?;
        plain(stored, &file.form, &file.sealed, &file.name, &self.settings().ring)
    }
}

/// The plain WAV in stored bytes of that form.
fn plain(stored: Box<dyn Bytes>, form: &str, sealed: &str, name: &str, ring: &KeyRing) -> io::Result<Sound> {
    let opened: Box<dyn Bytes> =
        if sealed.is_empty() { stored } else { Box::new(seal::Opened::new(stored, ring, name)?) };
    let mut reader: Box<dyn Bytes> = match form {
        "flac" => Box::new(flac::FlacAsWav::new(opened)?),
        _ => opened,
    };
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(Sound { reader, length })
}

/// A recording of which nothing was noted.
fn as_recorded(name: &str) -> StoredFile {
    StoredFile {
        id: 0,
        call_id: String::new(),
        name: name.to_owned(),
        form: "wav".into(),
        sealed: String::new(),
        place: String::new(),
        path: name.to_owned(),
        bytes: 0,
        sha256: String::new(),
        wav_bytes: 0,
        wav_sha256: String::new(),
        at: 0,
        gone_at: None,
        gone_why: String::new(),
        removed_at: None,
    }
}
