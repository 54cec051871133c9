//! What all stored forms have in common: files that are written whole or not at all, and digests.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::key::Key;
use super::seal::Sealer;
use crate::base::hex;

/// Read at a time.
pub(super) const CHUNK: usize = 128 * 1024;

/// Stored or plain bytes that can be read from anywhere.
pub trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// Where a seek leads in something of that length.
pub(super) fn seek_to(at: u64, length: u64, to: SeekFrom) -> io::Result<u64> {
    let place = match to {
        SeekFrom::Start(place) => Some(place),
        SeekFrom::End(by) => length.checked_add_signed(by),
        SeekFrom::Current(by) => at.checked_add_signed(by),
    };
    place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning"))
}

/// What places that are folders of this machine begin with.
const FOLDER: &str = "file://";

/// The folder that a place is, empty for `recordings`; None: it is no folder.
pub(in crate::io) fn folder_of(recordings: &Path, place: &str) -> Option<PathBuf> {
    match place {
        "" => Some(recordings.to_owned()),
        _ => place.strip_prefix(FOLDER).map(PathBuf::from),
    }
}

/// `path` below `folder`, unless its parts lead elsewhere.
pub(in crate::io) fn below(folder: &Path, path: &str) -> io::Result<PathBuf> {
    let relative = Path::new(path);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !plain {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("`{path}` is no path of a recording")));
    }
    Ok(folder.join(relative))
}

/// `path` below `folder`, where it is a file and neither dots nor links lead out of the folder.
pub(super) fn find(folder: &Path, path: &str) -> io::Result<PathBuf> {
    let file = std::fs::canonicalize(below(folder, path)?)?;
    let inside = file.starts_with(std::fs::canonicalize(folder)?) && std::fs::metadata(&file)?.is_file();
    if inside { Ok(file) } else { Err(io::Error::new(io::ErrorKind::NotFound, "it leads out of its folder")) }
}

/// Brings the names in a folder onto the disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Removes a file for good; one that is gone already is what was wanted.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync_folder_of(path)),
    }
}

/// Hex SHA-256 of everything that is left to read, and how much it is.
pub(super) fn digest(from: &mut impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut block, mut bytes) = (Sha256::new(), vec![0; CHUNK], 0);
    loop {
        match from.read(&mut block)? {
            0 => return Ok((hex(&hash.finalize()), bytes)),
            n => {
                hash.update(&block[..n]);
                bytes += n as u64;
            }
        }
    }
}

/// A stored file while it is written.
pub(super) enum Output {
    /// As it is.
    Plain(File),
    /// Sealed.
    Sealed(Box<Sealer>),
}

impl Output {
    /// Makes the file anew; a leftover of that name goes. Of the bytes that are written to it the first
    /// `head` may be set by [`Output::finish`].
    pub fn create(path: &Path, seal: Option<&Key>, name: &str, head: usize) -> io::Result<Output> {
        remove(path)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(match seal {
            Some(key) => Output::Sealed(Box::new(Sealer::new(file, key, name, head)?)),
            None => Output::Plain(file),
        })
    }

    /// Puts `head` in place of the first bytes and brings the file onto the disk.
    pub fn finish(self, head: &[u8]) -> io::Result<()> {
        let file = match self {
            Output::Plain(file) => {
                file.write_all_at(head, 0)?;
                file
            }
            Output::Sealed(sealer) => sealer.finish(head)?,
        };
        file.sync_all()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(file) => file.write(bytes),
            Output::Sealed(sealer) => sealer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("recordings");
        std::fs::create_dir_all(folder.join("2026")).unwrap();
        std::fs::write(folder.join("2026/a.wav"), b"x").unwrap();
        std::fs::write(root.path().join("secret"), b"x").unwrap();
        std::os::unix::fs::symlink(root.path().join("secret"), folder.join("link.wav")).unwrap();
        find(&folder, "2026/a.wav").unwrap();
        let outside = [
            "../secret",
            "2026/../../secret",
            "/etc/passwd",
            "link.wav",
            "2026",
            "",
            "none.wav",
            "./../secret",
        ];
        for path in outside {
            find(&folder, path).unwrap_err();
        }
    }

    #[test]
    fn a_file_is_removed_once_and_a_second_time_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"x").unwrap();
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
