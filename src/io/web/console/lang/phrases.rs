//! What the daemon says, in another language. Whatever refuses, finds or warns says so in English at the
//! place where it happens; the phrasebook turns the finished sentence into the visitor's language where
//! it is shown, so that nothing below knows of languages.
//!
//! A phrase is the sentence as the source has it, with places such as `{name}`, and the same in the other
//! language. Values are sentences too: causes stand within causes. Between backticks stands what people
//! typed or have to type, and it stays as it is. What the book does not know stays English.

use std::borrow::Cow;
use std::collections::HashMap;

use super::pattern::{Pattern, Piece, pieces};

/// Longest sentence, in bytes: what is longer was written by nobody here.
const LONGEST: usize = 4_096;
/// How deep sentences stand within sentences.
const DEEPEST: usize = 6;
/// Phrases that are tried for one sentence with all that stands in it.
const MOST_TRIES: usize = 600;
/// Phrases of one text whose values are looked at; those with the most words of their own come first.
const BEST: usize = 4;
/// Letters below which a phrase says little, and below which it says next to nothing: `{} on {}` fits
/// half of all sentences.
const FEW_LETTERS: usize = 14;
const HARDLY_ANY: usize = 6;
/// What joins sentences, the weakest bond first; how the other language writes it; and whether both sides
/// have to be known.
const JOINTS: [(&str, &str, bool); 7] = [
    ("; ", "；", false),
    (" · ", " · ", false),
    (": ", "：", false),
    (", ", "，", true),
    (" and ", "和", true),
    (" = ", " = ", true),
    (" + ", " + ", true),
];
/// A list of values is joined by this.
const LIST_JOINT: &str = "、";
/// Longest value of a list, in bytes of English.
const LONGEST_OF_LIST: usize = 24;

struct Phrase {
    pattern: Pattern<'static>,
    said: Vec<Piece<'static>>,
}

/// The phrases of one language.
pub(super) struct Phrasebook {
    /// Sentences without a place.
    whole: HashMap<String, String>,
    phrases: Vec<Phrase>,
    /// Phrases by the rarest word that must stand in the sentence.
    by_word: HashMap<&'static str, Vec<usize>>,
    /// Phrases that have no such word.
    wordless: Vec<usize>,
}

/// A sentence in the other language.
struct Said {
    text: String,
    /// Letters that were left as they were.
    left: usize,
    /// Phrases that it was made of.
    phrases: usize,
}

impl Said {
    /// Less English is better, then fewer phrases.
    fn rank(&self) -> (usize, usize) {
        (self.left, self.phrases)
    }
}

/// The pairs of a file: an English line, and below it `= ` and the same in the other language.
pub(super) fn pairs(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    let mut english = "";
    lines.filter_map(move |line| match line.strip_prefix("= ") {
        Some(said) => Some((std::mem::take(&mut english), said)),
        None => {
            english = line;
            None
        }
    })
}

impl Phrasebook {
    /// The book of these files.
    pub fn of(files: &[&'static str]) -> Phrasebook {
        let (mut whole, mut phrases) = (HashMap::new(), Vec::new());
        for (english, said) in files.iter().copied().flat_map(pairs) {
            let pattern = Pattern::of(english);
            match pattern.text() {
                Some(text) => drop(whole.insert(text.to_owned(), plain(&pieces(said)))),
                None => phrases.push(Phrase { pattern, said: pieces(said) }),
            }
        }
        let mut often: HashMap<&str, usize> = HashMap::new();
        for phrase in &phrases {
            phrase.pattern.words().for_each(|word| *often.entry(word).or_default() += 1);
        }
        let (mut by_word, mut wordless) = (HashMap::<_, Vec<usize>>::new(), Vec::new());
        for (i, phrase) in phrases.iter().enumerate() {
            let rarest = phrase.pattern.words().min_by_key(|word| (often[word], usize::MAX - word.len()));
            match rarest {
                Some(word) => by_word.entry(word).or_default().push(i),
                None => wordless.push(i),
            }
        }
        Phrasebook { whole, phrases, by_word, wordless }
    }

    /// The text in the language of the book, as far as it has it.
    pub fn say<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut tries = MOST_TRIES;
        let mut changed = false;
        let lines: Vec<Cow<'_, str>> = text
            .split('\n')
            .map(|line| match self.sentence(line, 0, &mut tries) {
                Some(said) => {
                    changed = true;
                    Cow::Owned(said.text)
                }
                None => Cow::Borrowed(line),
            })
            .collect();
        if changed { Cow::Owned(lines.join("\n")) } else { Cow::Borrowed(text) }
    }

    /// One sentence; None: the book has nothing of it.
    fn sentence(&self, text: &str, depth: usize, tries: &mut usize) -> Option<Said> {
        if depth > DEEPEST || text.len() > LONGEST || !text.bytes().any(|b| b.is_ascii_lowercase()) {
            return None;
        }
        if let Some(said) = self.whole.get(text) {
            return Some(Said { text: said.clone(), left: 0, phrases: 1 });
        }
        let phrase = self.phrase(text, depth, tries);
        // Two sentences beside each other fit a wide phrase too; then as little is left of the parts.
        let parts = self.parts(text, depth, tries);
        match (phrase, parts) {
            (Some(phrase), Some(parts)) if parts.rank() < phrase.rank() => Some(parts),
            (Some(phrase), Some(parts)) if parts.rank() == phrase.rank() && text.contains("; ") => {
                Some(parts)
            }
            (phrase, parts) => phrase.or(parts),
        }
    }

    /// By the phrase that leaves the least in English; among those, the one with the most of its own.
    fn phrase(&self, text: &str, depth: usize, tries: &mut usize) -> Option<Said> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let near = words.filter_map(|word| self.by_word.get(word)).flatten().chain(&self.wordless);
        let mut fitting: Vec<(&Phrase, Vec<&str>)> = Vec::new();
        for i in near {
            *tries = tries.checked_sub(1)?;
            let phrase = &self.phrases[*i];
            if fitting.iter().any(|(other, _)| std::ptr::eq(*other, phrase)) {
                continue;
            }
            let (left, right) = (phrase.pattern.values(text), phrase.pattern.values_from_right(text));
            let other = right.filter(|right| left.as_ref() != Some(right));
            fitting.extend(left.into_iter().chain(other).map(|values| (phrase, values)));
        }
        fitting.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.pattern.own()));
        let mut best: Option<Said> = None;
        for (phrase, values) in fitting.into_iter().take(2 * BEST) {
            let Some(said) = self.filled(phrase, &values, depth, tries) else { continue };
            if best.as_ref().is_none_or(|best| said.left < best.left) {
                best = Some(said);
            }
        }
        best
    }

    /// The phrase with its values; None: it says too little to hold what is not known.
    fn filled(&self, phrase: &Phrase, values: &[&str], depth: usize, tries: &mut usize) -> Option<Said> {
        let most = match phrase.pattern.letters() {
            0..HARDLY_ANY => 0,
            HARDLY_ANY..FEW_LETTERS => 1,
            _ => usize::MAX,
        };
        let is_order = phrase.pattern.begins_with("write ");
        let (mut left, mut phrases) = (0, 1);
        let mut said: Vec<Cow<'_, str>> = Vec::with_capacity(values.len());
        for (place, text) in values.iter().enumerate() {
            // Such a phrase holds no sentences beside each other.
            if most == 0 && (text.contains("; ") || text.contains(": ")) {
                return None;
            }
            if is_order {
                // What is to be written is a word of files and the API.
                said.push(Cow::Borrowed(text));
                continue;
            }
            if phrase.pattern.is_quoted(place) {
                // Two quotations are not one.
                if text.contains('`') {
                    return None;
                }
                said.push(Cow::Borrowed(text));
                continue;
            }
            match self.sentence(text, depth + 1, tries) {
                Some(value) => {
                    left += value.left;
                    phrases += value.phrases;
                    said.push(Cow::Owned(value.text));
                }
                None if !is_name(text, most) => return None,
                None => {
                    left += letters(text);
                    said.push(Cow::Borrowed(text));
                }
            }
        }
        let text = phrase.said.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Place(name) => phrase.pattern.place(name).map_or("", |place| said[place].as_ref()),
        });
        Some(Said { text: text.collect(), left, phrases })
    }

    /// By what stands between its joints.
    fn parts(&self, text: &str, depth: usize, tries: &mut usize) -> Option<Said> {
        if let Some(said) = self.edged(text, depth, tries) {
            return Some(said);
        }
        if let Some((number, unit)) = text.split_once(' ')
            && number.bytes().all(|b| b.is_ascii_digit())
            && let Some(unit) = self.whole.get(unit)
        {
            return Some(Said { text: format!("{number} {unit}"), left: 0, phrases: 1 });
        }
        JOINTS.iter().find_map(|joint| self.joined(text, *joint, depth, tries))
    }

    fn joined(
        &self,
        text: &str,
        (joint, written, whole): (&str, &str, bool),
        depth: usize,
        tries: &mut usize,
    ) -> Option<Said> {
        // Behind a colon stands a sentence, which may have colons of its own.
        let parts = cut(text, joint, if joint == ": " { 2 } else { usize::MAX });
        // A setting as files write it is to be copied.
        if parts.len() < 2 || joint == " = " && text.contains('"') {
            return None;
        }
        // The words of a list are those of files and the API.
        if joint == ", " && parts.iter().all(|part| !part.contains(' ')) {
            return None;
        }
        let (mut said, mut left, mut phrases) = (Vec::with_capacity(parts.len()), 0, 0);
        for (i, part) in parts.iter().enumerate() {
            // What stands alone before a colon is the name of a field or a file.
            let is_field = i == 0 && joint == ": " && !part.contains(' ');
            match if is_field { None } else { self.sentence(part, depth + 1, tries) } {
                Some(part) => {
                    left += part.left;
                    phrases += part.phrases;
                    said.push(part.text);
                }
                None if whole && !is_name(part, 1) => return None,
                None => {
                    left += letters(part);
                    said.push((*part).to_owned());
                }
            }
        }
        let is_list = joint == ", " && parts.iter().all(|part| part.len() <= LONGEST_OF_LIST);
        let text = said.join(if is_list { LIST_JOINT } else { written });
        (phrases > 0).then_some(Said { text, left, phrases })
    }

    /// A text with something at its edges: a joint before or behind it, or words in brackets.
    fn edged(&self, text: &str, depth: usize, tries: &mut usize) -> Option<Said> {
        let joints = JOINTS.iter().map(|(joint, written, _)| (*joint, *written));
        for (joint, written) in joints.chain([(" ", "")]) {
            if let Some(rest) = text.strip_prefix(joint) {
                let said = self.sentence(rest, depth + 1, tries)?;
                return Some(Said { text: format!("{written}{}", said.text), ..said });
            }
            if let Some(rest) = text.strip_suffix(joint) {
                let said = self.sentence(rest, depth + 1, tries)?;
                return Some(Said { text: format!("{}{written}", said.text), ..said });
            }
        }
        let inner = text.strip_suffix(')')?;
        let open = if inner.starts_with('(') { 0 } else { inner.rfind(" (")? };
        let (before, within) = (&inner[..open], inner[open..].trim_start_matches([' ', '(']));
        let outer = self.sentence(before, depth + 1, tries);
        let inner = self.sentence(within, depth + 1, tries);
        if outer.is_none() && inner.is_none() {
            return None;
        }
        let outer = outer.unwrap_or_else(|| as_it_is(before));
        let inner = inner.unwrap_or_else(|| as_it_is(within));
        Some(Said {
            text: format!("{}（{}）", outer.text, inner.text),
            left: outer.left + inner.left,
            phrases: outer.phrases + inner.phrases,
        })
    }
}

fn as_it_is(text: &str) -> Said {
    Said { text: text.to_owned(), left: letters(text), phrases: 0 }
}

/// Whether a text is a name, a code or a figure, with at most so many plain words in it.
fn is_name(text: &str, most: usize) -> bool {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
    most == usize::MAX || !text.is_empty() && text.split(' ').filter(is_word).count() <= most
}

/// Letters that a reader of the other language stumbles over.
fn letters(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_alphabetic).count()
}

/// The text of pieces without places.
fn plain(pieces: &[Piece<'_>]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Place(_) => "",
    });
    texts.collect()
}

/// The text cut at a joint into at most so many parts, never between backticks.
fn cut<'t>(text: &'t str, joint: &str, most: usize) -> Vec<&'t str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(joint) {
        if parts.len() + 1 < most && at >= start && text[..at].matches('`').count() % 2 == 0 {
            parts.push(&text[start..at]);
            start = at + joint.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests;
