//! Files in the recordings folder that no row knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use crate::base::CallId;
use crate::io::store::Store;

/// Behind the id of every call.
pub(super) const BEHIND: &str = "~";
/// Letters of the folder of a day.
pub(super) const DAY: usize = "2026/03/02".len();
/// Letters of a call's id, with which its files begin.
const ID: usize = 26;
/// A younger file may belong to a call whose row is still being written.
const SETTLED: Duration = Duration::from_secs(5 * 60);
/// Files of one question.
const CHUNK: usize = 500;
/// Folders below each other.
const DEEPEST: usize = 12;

/// Files below `folder` that neither `known` has nor a row, given to `found` as they are met. Hidden
/// files are none of ours: the recorder's probe is one.
pub(super) async fn strays(
    store: &Store,
    folder: &Path,
    known: &BTreeSet<String>,
    mut found: impl FnMut(String),
) -> Result<(), Error> {
    let mut open = vec![(PathBuf::new(), 0)];
    while let Some((below, depth)) = open.pop() {
        let (root, at) = (folder.to_owned(), below.clone());
        let listed = tokio::task::spawn_blocking(move || list(&root, &at)).await;
        let file = |source| Error::File { path: folder.join(&below), source };
        let Ok(listed) = listed else { return Ok(()) };
        let (folders, mut files) = listed.map_err(file)?;
        if depth < DEEPEST {
            open.extend(folders.into_iter().map(|folder| (folder, depth + 1)));
        }
        files.retain(|path| !known.contains(path));
        for chunk in files.chunks(CHUNK) {
            let calls: BTreeSet<String> = chunk.iter().filter_map(|path| call_of(path)).collect();
            let calls: Vec<String> = calls.into_iter().collect();
            let (rows, up) = store.known_files(&calls).await?;
            let is_stray = |path: &&String| {
                let is_up = || call_of(path).is_some_and(|call| up.contains(&call));
                !rows.contains(*path) && !is_up() && is_settled(&folder.join(path))
            };
            chunk.iter().filter(is_stray).for_each(|path| found(path.clone()));
        }
    }
    Ok(())
}

/// The call whose file this is, by its name.
pub(super) fn call_of(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let id: CallId = name.get(..ID)?.parse().ok()?;
    Some(id.to_string())
}

/// Folders and files of one folder, relative to the root, in order.
fn list(root: &Path, below: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(root.join(below)) {
        Ok(entries) => entries,
        // Nothing was recorded yet, or the folder went while it was looked through.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((folders, files)),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = below.join(&name);
        if kind.is_dir() {
            folders.push(path);
        } else {
            files.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    folders.sort_by(|a, b| b.cmp(a));
    files.sort();
    Ok((folders, files))
}

fn is_settled(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|file| file.modified());
    changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= SETTLED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_call() {
        let id = CallId::first_of(crate::base::Timestamp(1_772_413_200_000)).to_string();
        let check =
            |path: String, expect: Option<&str>| assert_eq!(call_of(&path).as_deref(), expect, "{path}");
        check(format!("2026/03/02/{id}.wav"), Some(&id));
        check(format!("2026/03/02/{id}.comment.wav"), Some(&id));
        check(format!("tickets/3/{}", "ab".repeat(32)), None);
        check("2026/03/02/notes.txt".into(), None);
        check("回访.wav".into(), None);
    }
}
