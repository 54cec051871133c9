//! Mends what a kill leaves behind.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::RATE;
use super::seal::sha256;
use super::sink::HEADER;

/// Day folders (`YYYY/MM/DD`) that are searched, newest first: a recording lasts at most
/// 24 hours, so an unfinished one lies in the last days that have any. Without a limit the
/// start would read the header of every recording ever made.
const DAYS: usize = 3;

/// Folders below each other that are searched.
const MAX_DEPTH: usize = 4;

/// A recording whose end was not told by the recorder.
#[derive(Clone, Debug, PartialEq)]
pub struct Repaired {
    /// The file; its stem is the call id.
    pub path: PathBuf,
    /// Length of the audio that was saved.
    pub duration: Duration,
    /// Hex SHA-256 of the whole file after the repair.
    pub sha256: String,
    /// True where the header had to be mended; false where the file was complete.
    pub mended: bool,
}

/// Mends every WAV of the newest days below `folder` whose header tells another length than
/// the file has, and removes none. Files whose stem is in `open` are also told where nothing
/// had to be mended: a kill between two writes leaves a whole file that nobody knows of. To
/// be called at the start, before new recordings are made. Files that cannot be read or are
/// no WAV are left alone.
pub fn repair(folder: &Path, open: &BTreeSet<String>) -> io::Result<Vec<Repaired>> {
    let mut found = Vec::new();
    let (mut dated, mut folders) = (Vec::new(), Vec::new());
    collect(folder, folder, 0, &mut dated, &mut folders)?;
    dated.sort();
    folders.extend(dated.into_iter().rev().take(DAYS));
    for folder in folders {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "wav")
                && let Ok(Some(repaired)) = look_at(&path, open)
            {
                found.push(repaired);
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(
    root: &Path,
    folder: &Path,
    depth: usize,
    dated: &mut Vec<PathBuf>,
    other: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let day = folder.strip_prefix(root).is_ok_and(is_day);
    if day {
        dated.push(folder.into())
    } else {
        other.push(folder.into())
    }
    if depth == MAX_DEPTH {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A day holds only files, of which there can be many: `d_type` spares a stat each.
        if entry.file_type()?.is_dir() {
            collect(root, &entry.path(), depth + 1, dated, other)?;
        } else if day {
            break;
        }
    }
    Ok(())
}

/// `YYYY/MM/DD`.
fn is_day(path: &Path) -> bool {
    let digits = |part: &std::ffi::OsStr, len| {
        part.len() == len && part.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    };
    let parts: Vec<_> = path.iter().collect();
    parts.len() == 3 && parts.iter().zip([4, 2, 2]).all(|(part, len)| digits(part, len))
}

fn look_at(path: &Path, open: &BTreeSet<String>) -> io::Result<Option<Repaired>> {
    let wanted = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| open.contains(stem));
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    Ok(match mend(&file)? {
        Some((duration, mended)) if mended || wanted => {
            let sha256 = sha256(&file, &mut vec![0; 64 * 1024])?;
            Some(Repaired { path: path.into(), duration, sha256, mended })
        }
        _ => None,
    })
}

/// Looks at one recording of a call without an end in the store, and mends it if need be.
pub fn repair_file(path: &Path) -> io::Result<Repaired> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let (duration, mended) = mend(&file)?.ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} is no recording", path.display()))
    })?;
    let sha256 = sha256(&file, &mut vec![0; 64 * 1024])?;
    Ok(Repaired { path: path.into(), duration, sha256, mended })
}

/// Brings the header in line with the file. None: it is no WAV of ours. Else the length of
/// the audio, and whether something was changed.
fn mend(file: &File) -> io::Result<Option<(Duration, bool)>> {
    let size = file.metadata()?.len();
    let mut header = [0; HEADER];
    if size < HEADER as u64 || file.read_exact_at(&mut header, 0).is_err() {
        return Ok(None);
    }
    let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let channels = u16::from_le_bytes([header[22], header[23]]);
    let ours = &header[..4] == b"RIFF"
        && &header[8..16] == b"WAVEfmt "
        && &header[36..40] == b"data"
        && field(24) == RATE
        && header[34] == 16
        && matches!(channels, 1 | 2);
    if !ours {
        return Ok(None);
    }
    let align = 2 * u64::from(channels);
    let data = ((size - HEADER as u64) / align * align).min(u64::from(u32::MAX) / align * align);
    let length = Duration::from_micros(data / align * 1_000_000 / u64::from(RATE));
    let riff = (data + HEADER as u64 - 8) as u32;
    if u64::from(field(40)) == data && field(4) == riff {
        return Ok(Some((length, false)));
    }
    file.set_len(HEADER as u64 + data)?;
    file.write_all_at(&riff.to_le_bytes(), 4)?;
    file.write_all_at(&(data as u32).to_le_bytes(), 40)?;
    Ok(Some((length, true)))
}
