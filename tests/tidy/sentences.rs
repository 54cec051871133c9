//! Sentences that the program says to people, read off its sources: every literal that reads like one,
//! except where nobody but a programmer or a log sees it.

use super::source::{Source, literal};

/// A literal of a source.
pub struct Literal {
    /// Where it begins in the source.
    pub at: usize,
    /// As the phrasebook has it: places without their formats, nothing at the edges that joins it to others.
    pub text: String,
    /// What it stands in, from the outside: `format!`, `Problem::conflict`, `#[error`.
    pub heads: Vec<String>,
}

/// Macros and functions whose texts are no answer.
const UNSAID: &[&str] = &[
    "error!",
    "warn!",
    "info!",
    "debug!",
    "trace!",
    "event!",
    "span!",
    "expect",
    "panic!",
    "unreachable!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
    "debug_assert!",
    "debug_assert_eq!",
    "print!",
    "println!",
    "eprintln!",
    "query",
    "query_as",
    "query_scalar",
    "query_with",
];

/// Words of SQL, in capitals.
const SQL: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "WITH", "FROM", "WHERE", "ORDER", "GROUP", "BY", "AND",
    "OR", "AS", "IN", "ON", "SET", "JOIN", "ELSE", "THEN", "LIMIT", "ESCAPE", "VALUES", "EXISTS", "CASE",
    "ANALYZE", "PRAGMA", "BEGIN", "ALTER", "DROP", "VACUUM", "LISTEN", "LOCK",
];

/// Pieces of what only programs read: HTML, headers, styles, SVG.
const MARKUP: &[&str] = &[
    "</", "=\"", "<!", "-src '", "charset=", "filename", "max-age", "Max-Age", "HTTP/1.1", "||", "\"${",
    "{font}",
];

/// Every literal of what is shipped of a source.
pub fn literals(source: &Source) -> Vec<Literal> {
    let (text, code) = (&source.text, &source.shipped);
    let (mut found, mut heads, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(c) = code.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '"' => {
                let end = literal(text, at).unwrap_or(at + 1);
                if let Some(said) = decoded(&text[at..end]) {
                    let text = phrase(&said);
                    found.push(Literal { at, text, heads: heads.clone() });
                }
                at = end;
                continue;
            }
            '(' | '[' | '{' => heads.push(head(code, at, c)),
            ')' | ']' | '}' => drop(heads.pop()),
            _ => {}
        }
        at += c.len_utf8();
    }
    found
}

/// What opens the bracket at `at`: the name before it, or of an attribute the name behind it.
fn head(code: &str, at: usize, bracket: char) -> String {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!' | '.');
    let before = &code[..at];
    if bracket == '[' && (before.ends_with('#') || before.ends_with("#!")) {
        return format!("#[{}", code[at + 1..].chars().take_while(|c| is_name(*c)).collect::<String>());
    }
    let name = before.trim_end_matches(is_name);
    if bracket == '{' { String::new() } else { before[name.len()..].to_owned() }
}

/// What a literal stands for; None: a character, or bytes.
fn decoded(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let raw = raw.trim_matches('#');
        return Some(raw.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?.chars().peekable();
    let mut said = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                '\n' => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                'n' => said.push('\n'),
                'r' => said.push('\r'),
                't' => said.push('\t'),
                other => said.push(other),
            },
            c => said.push(c),
        }
    }
    Some(said)
}

/// The text as the phrasebook has it.
pub fn phrase(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        found.push_str(&rest[..at]);
        let tail = &rest[at..];
        let double = tail.starts_with("{{") || tail.starts_with("}}");
        match tail.find('}').filter(|_| tail.starts_with('{') && !double) {
            Some(end) => {
                let name = tail[1..end].split(':').next().unwrap_or_default();
                found.push_str(&format!("{{{}}}", name.trim()));
                rest = &tail[end + 1..];
            }
            None => {
                let length = if double { 2 } else { 1 };
                found.push_str(&tail[..length]);
                rest = &tail[length..];
            }
        }
    }
    found.push_str(rest);
    let found = found.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | ':'));
    found.to_owned()
}

/// Whether a literal is a sentence, or a part of one, that people read.
pub fn is_said(literal: &Literal) -> bool {
    let unsaid = |head: &String| {
        let name = head.rsplit([':', '.']).next().unwrap_or_default();
        UNSAID.contains(&name) || head.starts_with("#[") && head != "#[error"
    };
    is_sentence(&literal.text) && !literal.heads.iter().any(unsaid)
}

/// At least two words, or one word and a place.
fn is_sentence(text: &str) -> bool {
    if text.contains('\n') || MARKUP.iter().any(|piece| text.contains(piece)) {
        return false;
    }
    let bare = without_places(text);
    let words: Vec<&str> = bare.split_whitespace().collect();
    let inner = |word: &&str| word.trim_matches(|c: char| c.is_ascii_punctuation()).to_owned();
    if words.iter().map(inner).any(|word| SQL.contains(&word.as_str())) {
        return false;
    }
    let is_word = |word: &&str| {
        let word = word.trim_start_matches('(').trim_end_matches([',', ';', ':', '.', ')', '?', '!']);
        let letters = word.replace(['\'', '-'], "");
        (letters.len() > 1 || letters == "a")
            && letters.chars().all(|c| c.is_ascii_alphabetic())
            && !is_capital(&letters)
    };
    let count = words.iter().filter(|word| is_word(word)).count();
    count > 1 || count == 1 && words.len() > 1 && text.contains(['{', '`'])
}

fn is_capital(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase())
}

/// The text with `{}` in every place.
fn without_places(text: &str) -> String {
    let mut bare = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => {
                depth += 1;
                bare.push(c);
            }
            '}' => {
                depth -= 1;
                bare.push(c);
            }
            c if depth <= 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

#[test]
fn sentences_are_told_from_logs_queries_and_code() {
    let text = r##"
        fn f() -> Result<(), Problem> {
            tracing::warn!(%error, "the log alone has this");
            let sql = format!("SELECT id FROM calls WHERE id IN {}", 1);
            let joined = format!("{} to {day:02}; ", 1);
            /* "a comment says nothing" */
            Err(Problem::conflict(
                "first half \
                 and \"second\" half",
            ))
        }
        #[derive(Error)] #[error("no {what:?} `{0}`")] struct E;
        #[schema(description = "for the API description")] struct S;
        #[cfg(test)]
        mod tests { const T: &str = "in a test only"; }
    "##;
    let found = literals(&Source::new("src/x.rs".into(), text.into()));
    let said: Vec<&str> = found.iter().filter(|l| is_said(l)).map(|l| l.text.as_str()).collect();
    assert_eq!(said, ["{} to {day}", "first half and \"second\" half", "no {what} `{0}`"]);
    assert_eq!(
        found.iter().find(|l| l.text.starts_with("first")).unwrap().heads.last().unwrap(),
        "Problem::conflict"
    );
}
