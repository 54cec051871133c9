//! The phrasebook is complete: whatever the program says to a visitor has its Chinese, and nothing in the
//! book is without its sentence.

use std::collections::{BTreeMap, BTreeSet};

use super::judge;
use super::sentences::{Literal, is_said, literals};
use super::source::{Source, line_of, sources};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/io/web/console/locales/zh-CN/sentences");

/// The file of what libraries say and is passed on.
const ELSEWHERE: &str = "libraries.txt";

/// Sources whose sentences do not reach a visitor of the console, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("src/sip/", "what a peer sent wrongly is told in the trace, in the words of the standard"),
    ("src/media/", "sound is refused in the log"),
    ("src/sim/", "simulated phones speak to nobody"),
    ("src/io/cli/", "for the terminal"),
    ("src/main.rs", "for the terminal"),
    ("src/app/program.rs", "for the terminal"),
    ("src/app/demo", "for the terminal"),
    ("src/app/rehearsal", "a rehearsal is printed"),
    ("src/app/daemon.rs", "a start that fails is told on the terminal"),
    ("src/policy/pack/words.rs", "pages say a rule in words of their own"),
    ("src/io/demo", "things of the demo, in Chinese already"),
    ("src/io/telemetry.rs", "help of metrics"),
    ("src/io/web/complete", "the API description is English"),
    ("src/io/web/console/docs/", "the API description is English"),
    ("src/io/web/page.rs", "both languages stand there"),
    ("src/io/web/api/trace.rs", "a trace in text is for programs"),
    ("src/io/signal/", "told in the log; a trunk says how it is by engine"),
    ("src/io/rtp/", "told in the log"),
    ("src/io/recorder/", "told in the log"),
    ("src/io/dns.rs", "told in the log"),
    ("src/evidence/detector.rs", "both languages stand there"),
    ("src/notice/example", "both languages stand there"),
    ("src/ivr/written/", "what is spoken"),
    ("src/io/store/schema", "SQL"),
    ("src/calendar/text.rs", "TOML"),
];

/// Literals that read like sentences and are none.
const NONE: &[&str] = &[
    "'pending', 'due', ''",
    "399 ringback \"{why}\"",
    "Call completed elsewhere",
    "Cookie, X-Fragment",
    "RETURNING kind, external_id, id",
    "bytes */{length}",
    "bytes {from}-{to}/{length}",
    "bytes {from}-{}/{}",
    "event {} {} {}",
    "finding {} {kind}",
    "pack, version, number, text, effective, loaded_at, loaded_by",
    "ringback recording key0",
    "spark is-reached",
    "table {pack}",
    "unsaved {}",
    "{gutter} = hint: {hint}",
    "{} kB",
];

/// English lines of the book with what stands below them.
fn pairs() -> Vec<(String, String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(BOOK).expect("the phrasebook").flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let mut found = Vec::new();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file.path()).expect("a file of the phrasebook");
        let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
        while let Some(english) = lines.next() {
            let said = lines.next().and_then(|line| line.strip_prefix("= "));
            let said = said.unwrap_or_else(|| panic!("{name}: `{english}` has no line `= ` below it"));
            found.push((name.clone(), english.to_owned(), said.to_owned()));
        }
    }
    found
}

fn is_left_out(source: &Source) -> bool {
    LEFT_OUT.iter().any(|(path, _)| source.path.starts_with(path))
}

#[test]
fn everything_that_is_said_to_a_visitor_has_its_phrase() {
    let book: BTreeSet<String> = pairs().into_iter().map(|(_, english, _)| english).collect();
    let mut missing = BTreeMap::new();
    for source in sources("src").iter().filter(|source| !is_left_out(source)) {
        let said = literals(source).into_iter().filter(|l| is_said(l) && !NONE.contains(&l.text.as_str()));
        for Literal { at, text, .. } in said.filter(|l| !book.contains(&l.text)) {
            let place = || format!("{}:{}", source.path, line_of(&source.text, at));
            missing.entry(text).or_insert_with(place);
        }
    }
    let lines = missing.iter().map(|(text, place)| format!("# {place}\n{text}\n= "));
    let lines: String = lines.collect::<Vec<_>>().join("\n");
    assert!(
        missing.is_empty(),
        "{} sentences are not in the phrasebook. Put these into a file of {BOOK}, each with its Chinese behind `= ` \
         and without the line of its place; what is no sentence for people stands in NONE of tests/tidy/phrases.rs\n\n{lines}\n",
        missing.len()
    );
}

#[test]
fn every_phrase_is_said_somewhere_and_stands_once() {
    let mut said: BTreeSet<String> = BTreeSet::new();
    for source in &sources("src") {
        said.extend(literals(source).into_iter().map(|literal| literal.text));
    }
    let mut seen = BTreeSet::new();
    let mut offences = Vec::new();
    for (file, english, _) in pairs() {
        if file != ELSEWHERE && !said.contains(&english) {
            offences.push(format!("{file}: nothing says `{english}`: take it out"));
        }
        if !seen.insert(english.clone()) {
            offences.push(format!("{file}: `{english}` stands twice"));
        }
    }
    judge("A phrase is the text of a literal, and stands once:", offences);
}

#[test]
fn a_phrase_has_the_same_places_in_both_languages() {
    let mut offences = Vec::new();
    for (file, english, said) in pairs() {
        let (one, other) = (places(&english), places(&said));
        if one != other {
            offences.push(format!("{file}: `{english}` has the places {one:?}, `{said}` has {other:?}"));
        }
        if !said.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) && one.is_empty() {
            offences.push(format!("{file}: `{english}` is not in Chinese"));
        }
    }
    judge("A phrase keeps its places:", offences);
}

/// Names of the places of a text; those without are counted.
fn places(text: &str) -> BTreeSet<String> {
    let text = text.replace("{{", " ").replace("}}", " ");
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let mut nameless = 0;
    let name = |(name, _): (&str, &str)| match name {
        "" => {
            nameless += 1;
            (nameless - 1).to_string()
        }
        name => name.to_owned(),
    };
    names.map(name).collect()
}
