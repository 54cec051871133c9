//! Roots of days as text files, one a month, so that copies can be kept elsewhere.

use std::io::Write;
use std::path::Path;

use super::Error;
use crate::custody::{Root, parse_roots};

/// First line of a file.
const HEAD: &str = "# ringback: the chain of custody. One line a day: day, last entry, its SHA-256.
# Keep copies where nobody of this house can change them; `ringback verify --roots FILE` compares.
";

/// The roots in a file.
///
/// # Errors
/// The file, or a line of it.
pub fn read_roots(path: &Path) -> Result<Vec<Root>, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let wrong =
        |(line, mistake): (usize, String)| Error::Roots(format!("{}:{line}: {mistake}", path.display()));
    parse_roots(&text).map_err(wrong)
}

/// The roots in all files of a folder; none where there is no folder.
///
/// # Errors
/// Those of [`read_roots`].
pub fn published(folder: &Path) -> Result<Vec<Root>, Error> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "txt") {
            files.push(path);
        }
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        all.extend(read_roots(&file)?);
    }
    Ok(all)
}

/// Appends the roots that the file of their month lacks. What stands there is never changed.
///
/// # Errors
/// The folder or the file; a root that stands there differently.
pub(super) fn publish(folder: &Path, roots: &[Root]) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::File { path: folder.to_owned(), source })?;
    for root in roots {
        let path = folder.join(format!("{}.txt", root.day.strftime("%Y-%m")));
        let failed = |source| Error::File { path: path.clone(), source };
        let known = if path.exists() { read_roots(&path)? } else { Vec::new() };
        if let Some(told) = known.iter().find(|known| known.day == root.day) {
            if told != root {
                return Err(Error::Roots(format!(
                    "{} has another root of {} than the database: run `ringback verify`",
                    path.display(),
                    root.day
                )));
            }
            continue;
        }
        let is_new = !path.exists();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let head = if is_new { HEAD } else { "" };
        file.write_all(format!("{head}{root}\n").as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::custody::Digest;

    fn root(day: i8, text: &str) -> Root {
        Root { day: date(2026, 3, day), seq: day.unsigned_abs().into(), hash: Digest::of(text.as_bytes()) }
    }

    #[test]
    fn rec_03_a_root_is_written_once_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("roots");
        assert_eq!(published(&at).unwrap(), []);
        publish(&at, &[root(2, "a"), root(3, "b")]).unwrap();
        publish(&at, &[root(3, "b"), Root { day: date(2026, 4, 1), ..root(4, "c") }]).unwrap();
        let days: Vec<String> = published(&at).unwrap().iter().map(|root| root.day.to_string()).collect();
        assert_eq!(days, ["2026-03-02", "2026-03-03", "2026-04-01"]);
        let refused = publish(&at, &[root(2, "forged")]).unwrap_err().to_string();
        assert!(refused.contains("another root of 2026-03-02"), "{refused}");
        std::fs::write(at.join("2026-05.txt"), "2026-05-01 x\n").unwrap();
        let broken = published(&at).unwrap_err().to_string();
        assert!(broken.contains("2026-05.txt:1: "), "{broken}");
    }
}
