//! The `config` folder, carried inside the binary: defaults, scripts, prompts, demo list.

use std::borrow::Cow;
use std::path::Path;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "config/"]
#[exclude = "prompts/build*"]
#[exclude = "*.service"]
struct Config;

/// One embedded file by its path below `config`.
pub fn read(path: &str) -> Option<Cow<'static, [u8]>> {
    Config::get(path).map(|file| file.data)
}

/// Paths of every embedded file that begin with `head`, sorted.
pub fn list(head: &str) -> Vec<String> {
    let mut paths: Vec<String> =
        Config::iter().filter(|p| p.starts_with(head)).map(Cow::into_owned).collect();
    paths.sort();
    paths
}

/// Files below the embedded folder `head` and below each of `folders`, by path relative to
/// it, with their bytes. A later folder overrides an earlier one, and all override what is embedded.
///
/// # Errors
/// A folder that cannot be read.
pub fn layered<'a>(
    head: &str,
    folders: impl IntoIterator<Item = &'a Path>,
    ending: &str,
) -> std::io::Result<std::collections::BTreeMap<String, Cow<'static, [u8]>>> {
    let mut files = std::collections::BTreeMap::new();
    for path in list(head).into_iter().filter(|p| p.ends_with(ending)) {
        if let (Some(bytes), Some(name)) = (read(&path), path.strip_prefix(head)) {
            files.insert(name.trim_start_matches('/').to_owned(), bytes);
        }
    }
    for folder in folders {
        walk(folder, folder, ending, &mut |name, bytes| {
            files.insert(name, Cow::Owned(bytes));
        })?;
    }
    Ok(files)
}

/// The file of a folder that all others of it are laid over.
pub const BASE: &str = "default.toml";

/// Files in TOML of one kind that people write, as their place (`tickets/default.toml`) and text: the
/// embedded ones, overridden by those in the folder `kind` below `folder`. [`BASE`] comes first, for the others
/// are laid over it.
///
/// # Errors
/// A folder that cannot be read.
pub fn written(kind: &str, folder: Option<&Path>) -> std::io::Result<Vec<(String, String)>> {
    let own = folder.map(|folder| folder.join(kind)).filter(|folder| folder.is_dir());
    let head = format!("{kind}/");
    let files = layered(&head, own.as_deref(), ".toml")?;
    let mut texts: Vec<_> = files.into_iter().collect();
    texts.sort_by_key(|(file, _)| file != BASE);
    let text = |bytes: Cow<[u8]>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(texts.into_iter().map(|(file, bytes)| (format!("{head}{file}"), text(bytes))).collect())
}

fn walk(
    top: &Path,
    folder: &Path,
    ending: &str,
    found: &mut impl FnMut(String, Vec<u8>),
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(top, &path, ending, found)?;
        } else if path.to_string_lossy().ends_with(ending) {
            let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
            found(name, std::fs::read(&path)?);
        }
    }
    Ok(())
}
