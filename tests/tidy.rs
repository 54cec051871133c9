//! The rules of the house, read off the sources: the order of the modules, purity above the
//! line, small files, plain names, comments that describe the code, known requirement ids.

mod acts;
mod phrases;
mod requirements;
mod sentences;
mod source;

use std::collections::BTreeMap;

use source::{Source, line_of, places, sources};

/// Lines of one file, tests included. Most stay below 350.
const LONGEST_FILE: usize = 500;

/// Above the line nothing of this may appear in what is shipped, for time comes in as an
/// argument and bytes come in and go out.
const IMPURE: &[(&str, &str)] = &[
    ("std::fs", "reads or writes files"),
    ("std::thread", "starts threads"),
    ("std::env", "reads the environment"),
    ("std::process", "starts programs"),
    ("std::io::stdin", "reads the terminal"),
    ("UdpSocket", "opens sockets"),
    ("TcpStream", "opens sockets"),
    ("TcpListener", "opens sockets"),
    ("UnixStream", "opens sockets"),
    ("UnixListener", "opens sockets"),
    ("Instant", "reads the clock"),
    ("SystemTime", "reads the clock"),
    ("Timestamp::now", "reads the clock"),
    ("Zoned::now", "reads the clock"),
    ("Mutex", "locks"),
    ("RwLock", "locks"),
    ("Condvar", "locks"),
    ("thread_local", "shares state behind the caller's back"),
    ("async", "waits"),
    (".await", "waits"),
    ("tokio", "waits"),
    ("sqlx", "asks a database"),
    ("axum", "speaks HTTP"),
    ("reqwest", "speaks HTTP"),
    ("crossbeam_channel", "waits"),
    ("getrandom", "draws randomness"),
    ("println!", "prints"),
    ("eprintln!", "prints"),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "data", "info", "process",
    "shared", "stuff",
];

/// Comments describe the code as it is, never how it came to be or what it should become.
const BANNED_WORDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK", "no longer", "previously", "used to be"];

/// Modules in the order of `src/lib.rs`, and how many of them stand above the line.
fn order() -> (Vec<String>, usize) {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).expect("src/lib.rs");
    let (mut modules, mut pure) = (Vec::new(), None);
    for line in text.lines() {
        if line.contains("pure above, IO below") {
            pure = Some(modules.len());
        }
        if let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            modules.push(name.to_owned());
        }
    }
    (modules, pure.expect("the line `pure above, IO below` in src/lib.rs"))
}

/// Fails with every offence at once.
fn judge(rule: &str, offences: Vec<String>) {
    assert!(offences.is_empty(), "{rule}\n  {}\n", offences.join("\n  "));
}

/// Names of the modules that follow `crate::`, also in `crate::{a::B, c}`.
fn crate_modules(code: &str) -> Vec<(usize, String)> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for at in places(code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push((at, name(rest)));
            continue;
        };
        let (mut depth, mut start) = (0i32, true);
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && !c.is_whitespace() => {
                    found.push((at, name(&group[offset..])));
                    start = false;
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let (modules, _) = order();
    let place: BTreeMap<&str, usize> = modules.iter().enumerate().map(|(i, m)| (m.as_str(), i)).collect();
    let mut offences = Vec::new();
    for source in sources("src") {
        let Some(own) = source.module().and_then(|m| place.get(m).map(|i| (m.to_owned(), *i))) else {
            continue;
        };
        for (at, used) in crate_modules(&source.shipped) {
            if place.get(used.as_str()).is_some_and(|i| *i > own.1) {
                let line = line_of(&source.shipped, at);
                offences.push(format!(
                    "{}:{line}: `{}` uses `{used}`, which stands below it in src/lib.rs",
                    source.path, own.0
                ));
            }
        }
    }
    judge("A module uses only modules above it in src/lib.rs:", offences);
}

#[test]
fn above_the_line_there_is_no_io_no_clock_no_lock_and_no_waiting() {
    let (modules, pure) = order();
    let mut offences = Vec::new();
    for source in sources("src") {
        if !source.module().is_some_and(|m| modules[..pure].iter().any(|p| p == m)) {
            continue;
        }
        for (word, why) in IMPURE {
            for at in places(&source.shipped, word) {
                let line = line_of(&source.shipped, at);
                offences.push(format!("{}:{line}: `{word}` {why}: that belongs below the line", source.path));
            }
        }
    }
    judge("Above the line in src/lib.rs everything is pure:", offences);
}

#[test]
fn a_file_holds_one_idea_and_is_short() {
    let all = sources("src").into_iter().chain(sources("tests"));
    let long = all.filter(|s| s.lines > LONGEST_FILE);
    let offences = long.map(|s| format!("{} has {} lines: split it by idea", s.path, s.lines)).collect();
    judge(&format!("A file has at most {LONGEST_FILE} lines:"), offences);
}

#[test]
fn every_file_is_a_module_of_the_program() {
    let mut offences = Vec::new();
    let binaries = [
        ("src", &["src/lib.rs", "src/main.rs"][..], ""),
        ("tests", &["tests/main.rs"][..], "tests/bench/"),
        (
            "tests/bench",
            &[
                "tests/bench/main.rs",
                "tests/bench/console.rs",
                "tests/bench/plan.rs",
                "tests/bench/evidence.rs",
                "tests/bench/custody.rs",
                "tests/bench/report.rs",
            ][..],
            "",
        ),
    ];
    for (folder, roots, other) in binaries {
        let all: BTreeMap<String, Source> = sources(folder)
            .into_iter()
            .filter(|source| other.is_empty() || !source.path.starts_with(other))
            .map(|source| (source.path.clone(), source))
            .collect();
        for path in all.keys().filter(|path| !roots.contains(&path.as_str())) {
            let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let (parent, name) = stem.rsplit_once('/').expect("below a folder");
            let declaration = format!("mod {name};");
            let parents = [format!("{parent}/mod.rs"), format!("{parent}.rs")];
            let declared = parents.iter().map(String::as_str).chain(roots.iter().copied()).any(|file| {
                let is_root = roots.contains(&file);
                (!is_root || parent == folder)
                    && all.get(file).is_some_and(|source| places(&source.code, &declaration).next().is_some())
            });
            if !declared {
                offences.push(format!("{path}: no `{declaration}` in its parent, so it is never compiled"));
            }
        }
    }
    judge("Every file is reached from lib.rs, main.rs or tests/main.rs:", offences);
}

#[test]
fn names_say_what_is_inside() {
    let mut offences = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for part in source.path.split('/').map(|part| part.trim_end_matches(".rs")) {
            if EMPTY_NAMES.contains(&part) {
                offences
                    .push(format!("{}: `{part}` says nothing: name the noun that is inside", source.path));
            }
        }
    }
    judge("Folders and modules are named by what they hold:", offences);
}

#[test]
fn comments_describe_the_code_and_never_its_history() {
    let mut offences = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        if source.path.starts_with("tests/tidy") {
            continue;
        }
        for (line, comment) in &source.comments {
            for word in BANNED_WORDS.iter().filter(|word| places(comment, word).next().is_some()) {
                offences.push(format!("{}:{line}: `{word}` in a comment", source.path));
            }
        }
    }
    judge("Comments describe the code as it is:", offences);
}

/// Words such as `SCH-07` in a text.
fn ids(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('-').filter_map(move |(dash, _)| {
        let (from, to) = (dash.checked_sub(3)?, dash + 3);
        let id = text.get(from..to)?;
        let (letters, digits) = (id.get(..3)?, id.get(4..)?);
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let alone = !inside(text[..from].chars().next_back()) && !inside(text[to..].chars().next());
        let shaped =
            letters.bytes().all(|b| b.is_ascii_uppercase()) && digits.bytes().all(|b| b.is_ascii_digit());
        (shaped && alone).then_some((from, id))
    })
}

/// The same as names of tests spell them: `fn sch_07_...` names SCH-07.
fn ids_of_names(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("fn ") {
        let name: String =
            text[at + 3..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let words: Vec<&str> = name.split('_').collect();
        for pair in words.windows(2) {
            let letters = pair[0].len() == 3 && pair[0].bytes().all(|b| b.is_ascii_lowercase());
            if letters && pair[1].len() == 2 && pair[1].bytes().all(|b| b.is_ascii_digit()) {
                found.push((at, format!("{}-{}", pair[0].to_uppercase(), pair[1])));
            }
        }
    }
    found
}

#[test]
fn imports_in_groups_are_seen() {
    let code = "use crate::{base::{A, B}, io::store, sim}; let x = crate::app::main(); mycrate::y();";
    let found: Vec<_> = crate_modules(code).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["base", "io", "sim", "app"]);
    let found: Vec<_> = ids("SCH-07, RFC-32 (REC-03) XSCH-07 SCH-071 IMP-01x").map(|(_, id)| id).collect();
    assert_eq!(found, ["SCH-07", "RFC-32", "REC-03"]);
}
