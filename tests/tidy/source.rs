//! Rust sources taken apart as far as the house rules need: code without comments and
//! string contents, and comments without code.

use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Path from the root of the repository.
    pub path: String,
    pub lines: usize,
    /// Code; comments and the insides of strings are blank, everything keeps its place.
    pub code: String,
    /// Code without what is compiled for tests only.
    pub shipped: String,
    /// Text of comments with the line on which each begins.
    pub comments: Vec<(usize, String)>,
    /// The file as it is.
    pub text: String,
}

/// Every `.rs` file below `folder`, in the order of their paths.
pub fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let path = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            Source::new(path, text)
        })
        .collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, paths) } else { paths.push(path) }
    }
}

impl Source {
    pub fn new(path: String, text: String) -> Source {
        let (code, comments) = split(&text);
        let is_test = path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/");
        let shipped = if is_test { String::new() } else { without_tests(&code) };
        Source { lines: text.lines().count(), path, code, shipped, comments, text }
    }

    /// The module below `src/` that the file belongs to: `sip` for `src/sip/digest/mod.rs`.
    pub fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        let first = below.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }
}

/// Line number of a byte position, from 1.
pub fn line_of(text: &str, position: usize) -> usize {
    text[..position].matches('\n').count() + 1
}

/// Every place at which `word` stands alone in `code`.
pub fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let starts = word.starts_with(is_word);
        !(starts && before.is_some_and(is_word) || word.ends_with(is_word) && after.is_some_and(is_word))
    })
}

fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let (mut code, mut comments, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let end = if rest.starts_with("//") {
            at + rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            at + block_comment(rest)
        } else if let Some(end) = literal(text, at) {
            code.push('"');
            blank(&text[at + 1..end], &mut code);
            at = end;
            continue;
        } else {
            let next = rest.chars().next().expect("not at the end");
            code.push(next);
            at += next.len_utf8();
            continue;
        };
        comments.push((line_of(text, at), text[at..end].to_owned()));
        blank(&text[at..end], &mut code);
        at = end;
    }
    (code, comments)
}

/// Spaces for everything but line ends, a byte for a byte, so that places stay.
fn blank(text: &str, code: &mut String) {
    code.extend(text.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The end of the string or character literal that begins at `at`, if one does.
pub fn literal(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let after_word = text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !after_word && let Some(raw) = ["r", "br", "cr"].iter().find_map(|p| rest.strip_prefix(p)) {
        let hashes = raw.chars().take_while(|c| *c == '#').count();
        if raw[hashes..].starts_with('"') {
            let body = text.len() - raw.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            return Some(text[body..].find(&close).map_or(text.len(), |end| body + end + close.len()));
        }
    }
    if rest.starts_with('"') {
        return Some(quoted(text, at, '"'));
    }
    // A lifetime has no closing quote right behind its first character.
    let mut chars = rest.strip_prefix('\'')?.chars();
    let first = chars.next()?;
    (first == '\\' || chars.next() == Some('\'')).then(|| quoted(text, at, '\''))
}

fn quoted(text: &str, at: usize, quote: char) -> usize {
    let mut chars = text[at + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => return at + 1 + offset + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Blanks each item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut shipped = code.to_owned();
    while let Some(start) = shipped.find("#[cfg(test)]") {
        let end = start + item_end(&shipped[start..]);
        let mut blanked = String::new();
        blank(&shipped[start..end], &mut blanked);
        shipped.replace_range(start..end, &blanked);
    }
    shipped
}

/// The end of the item that begins here: its semicolon, or its closing brace.
fn item_end(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn code_comments_and_tests_are_told_apart() {
    let text = "use a; // crate::x\nlet s = \"// no \\\" comment\"; /* b /* c */ */ let r = r#\"\"//\"\"#;\n\
                fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // end\n\
                #[cfg(test)]\nmod tests { use crate::io; fn g() {} }\nfn h() {}\n";
    let source = Source::new("src/x.rs".into(), text.into());
    let comments: Vec<_> = source.comments.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(comments, [(1, "// crate::x"), (2, "/* b /* c */ */"), (3, "// end")]);
    assert!(source.code.contains("crate::io") && !source.shipped.contains("crate::io"), "{}", source.shipped);
    assert!(source.shipped.contains("fn h()") && source.shipped.contains("let r ="));
    assert!(!source.code.contains("no"), "{}", source.code);
    assert_eq!(source.code.lines().count(), text.lines().count());
}
