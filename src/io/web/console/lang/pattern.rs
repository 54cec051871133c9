//! Sentences with places in them, as Rust writes them: `no {what} {id}`, `{}`, `{0}`, `{{` for a brace.

use std::borrow::Cow;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// As it stands.
    Text(String),
    /// Where the value of that name stands. Those without a name are counted from 0.
    Place(Cow<'p, str>),
}

/// A sentence taken apart.
pub(super) fn pieces(sentence: &str) -> Vec<Piece<'_>> {
    let (mut found, mut text, mut nameless) = (Vec::new(), String::new(), 0usize);
    let mut rest = sentence;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = tail.find('}').filter(|_| tail.starts_with('{') && !tail.starts_with("{{"));
        let Some(end) = end else {
            // A brace, written twice.
            text.push_str(&tail[..1]);
            rest = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")).unwrap_or(&tail[1..]);
            continue;
        };
        if !text.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut text)));
        }
        found.push(Piece::Place(match &tail[1..end] {
            "" => {
                nameless += 1;
                Cow::Owned((nameless - 1).to_string())
            }
            name => Cow::Borrowed(name),
        }));
        rest = &tail[end + 1..];
    }
    text.push_str(rest);
    if !text.is_empty() || found.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

/// What sentences are compared with: texts, and a place between each two of them.
#[derive(Clone, Debug)]
pub(super) struct Pattern<'p> {
    /// As it is written.
    source: &'p str,
    texts: Vec<String>,
    places: Vec<Cow<'p, str>>,
}

impl<'p> Pattern<'p> {
    pub fn of(source: &'p str) -> Pattern<'p> {
        let (mut texts, mut places) = (vec![String::new()], Vec::new());
        for piece in pieces(source) {
            match piece {
                Piece::Text(text) => texts.last_mut().into_iter().for_each(|last| last.push_str(&text)),
                Piece::Place(name) => {
                    places.push(name);
                    texts.push(String::new());
                }
            }
        }
        Pattern { source, texts, places }
    }

    /// The sentence, where it has no place.
    pub fn text(&self) -> Option<&str> {
        if self.places.is_empty() { self.texts.first().map(String::as_str) } else { None }
    }

    /// Which place has that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place == name)
    }

    /// Whether what stands in a place is between backticks.
    pub fn is_quoted(&self, place: usize) -> bool {
        self.texts[place].ends_with('`') && self.texts[place + 1].starts_with('`')
    }

    /// Whether it begins so.
    pub fn begins_with(&self, text: &str) -> bool {
        self.texts.first().is_some_and(|first| first.starts_with(text))
    }

    /// Bytes of its own.
    pub fn own(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }

    /// Letters of its own.
    pub fn letters(&self) -> usize {
        self.texts.iter().flat_map(|text| text.chars()).filter(|c| c.is_alphabetic()).count()
    }

    /// Words that stand whole in every sentence that fits: none that touches a place.
    pub fn words(&self) -> impl Iterator<Item = &'p str> {
        let source = self.source;
        let mut at = 0;
        source.split(move |c: char| !c.is_alphanumeric()).filter(move |word| {
            let start = at;
            at += word.len();
            let (before, after) = (&source[..start], &source[at..]);
            at += after.chars().next().map_or(0, char::len_utf8);
            let is_inside = before.rfind('{') > before.rfind('}');
            let touches = before.ends_with('}') || after.starts_with('{');
            !word.is_empty() && !is_inside && !touches
        })
    }

    /// The values of a sentence that fits; the first is the shortest where several would do.
    pub fn values<'t>(&self, sentence: &'t str) -> Option<Vec<&'t str>> {
        let [first, between @ .., last] = self.texts.as_slice() else { return None };
        let mut rest = sentence.strip_prefix(first.as_str())?.strip_suffix(last.as_str())?;
        let mut values = Vec::with_capacity(self.places.len());
        for text in between {
            let at = rest.find(text.as_str())?;
            values.push(&rest[..at]);
            rest = &rest[at + text.len()..];
        }
        values.push(rest);
        Some(values)
    }

    /// The same, where the last value is the shortest: an id at the end has no words before it.
    pub fn values_from_right<'t>(&self, sentence: &'t str) -> Option<Vec<&'t str>> {
        let [first, between @ .., last] = self.texts.as_slice() else { return None };
        let mut rest = sentence.strip_prefix(first.as_str())?.strip_suffix(last.as_str())?;
        let mut values = Vec::with_capacity(self.places.len());
        for text in between.iter().rev() {
            let at = rest.rfind(text.as_str())?;
            values.push(&rest[at + text.len()..]);
            rest = &rest[..at];
        }
        values.push(rest);
        values.reverse();
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'t>(pattern: &str, sentence: &'t str) -> Option<Vec<&'t str>> {
        Pattern::of(pattern).values(sentence)
    }

    #[test]
    fn a_sentence_is_taken_apart_as_rust_writes_it() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let place = |name: &str| Piece::Place(Cow::Owned(name.to_owned()));
        assert_eq!(
            pieces("no {what} {}, {}"),
            [text("no "), place("what"), text(" "), place("0"), text(", "), place("1")]
        );
        assert_eq!(pieces("write `{{` or `}}`: {0}"), [text("write `{` or `}`: "), place("0")]);
        assert_eq!(pieces("open { and }"), [text("open "), place(" and ")]);
        assert_eq!(pieces(""), [text("")]);
        for odd in ["{", "}", "a } b {", "{{{", "{é"] {
            drop(pieces(odd));
        }
    }

    #[test]
    fn values_stand_between_the_texts_in_their_order() {
        assert_eq!(values("no {what} {}", "no call 7"), Some(vec!["call", "7"]));
        assert_eq!(values("no {what} {}", "no call on hold 7"), Some(vec!["call", "on hold 7"]));
        assert_eq!(
            Pattern::of("no {what} {}").values_from_right("no call on hold 7"),
            Some(vec!["call on hold", "7"])
        );
        assert_eq!(values("`{}` is {}", "`a` is b"), Some(vec!["a", "b"]));
        assert_eq!(values("{}{} b", "a b"), Some(vec!["", "a"]));
        for (pattern, sentence) in
            [("a {} a", "a"), ("no {}", "know"), ("{} of {}", "one on two"), ("plain", "plain")]
        {
            assert_eq!(values(pattern, sentence), None, "{pattern} in {sentence}");
        }
    }

    #[test]
    fn words_that_touch_a_place_are_no_words_to_look_for() {
        let words: Vec<&str> = Pattern::of("from {x}th of the month-end, {}s {{or}} so").words().collect();
        assert_eq!(words, ["from", "of", "the", "month", "end", "so"]);
        assert!(Pattern::of("`{}` is {x}").is_quoted(0) && !Pattern::of("`{}` is {x}").is_quoted(1));
        assert_eq!(Pattern::of("no {what}: x").letters(), 3);
        assert_eq!((Pattern::of("so {{ it is").text(), Pattern::of("{}").text()), (Some("so { it is"), None));
    }
}
