//! Recordings for programs of the operator's, which take files.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};

use super::{Error, Vault, file};
use crate::io::store::Standing;

/// A recording as a file, for as long as this is held.
#[derive(Debug)]
pub struct Lent {
    path: PathBuf,
    /// A file in memory that no folder names: the sound of a sealed recording is never on a disk.
    _memory: Option<File>,
}

impl Lent {
    /// Where programs of the same user find it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Vault {
    /// The plain WAV of a recording as a file: the one that lies there, else one in memory.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn lend(&self, name: &str) -> Result<Lent, Error> {
        if let Some(path) = self.plain_file(name).await? {
            return Ok(Lent { path, _memory: None });
        }
        let mut sound = self.open(name).await?;
        let filled = tokio::task::spawn_blocking(move || {
            let mut memory = in_memory()?;
            io::copy(&mut sound, &mut memory)?;
            memory.flush()?;
            Ok(memory)
        });
        let memory = filled.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let memory = memory.map_err(|error| Error::File { name: name.to_owned(), error })?;
        let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), memory.as_raw_fd()));
        Ok(Lent { path, _memory: Some(memory) })
    }

    async fn plain_file(&self, name: &str) -> Result<Option<PathBuf>, Error> {
        Ok(match self.standing(name).await? {
            Standing::AsRecorded => file::find(&self.parts.recordings, name).ok(),
            Standing::Stored(stored) if stored.form == "wav" && stored.sealed.is_empty() => {
                self.folder_of(&stored.place).and_then(|folder| file::find(&folder, &stored.path).ok())
            }
            _ => None,
        })
    }
}

fn in_memory() -> io::Result<File> {
    // SAFETY: the name is a constant that ends with a zero; the flag is a number.
    let descriptor = unsafe { libc::memfd_create(c"recording".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}
