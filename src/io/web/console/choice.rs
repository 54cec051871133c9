//! Small parts of pages: choices of a list, facts, and what is wrong with a filter.

use super::super::problem::{FieldProblem, Problem};
use super::frame::Frame;

/// One choice of a list.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

/// A name with its value.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub label: String,
    pub value: String,
}

/// Words of the program as choices; `kind` is that of their texts.
pub(super) fn choices<'a>(
    frame: &Frame,
    kind: &str,
    words: impl IntoIterator<Item = &'a str>,
    chosen: Option<&str>,
) -> Vec<Choice> {
    let choice = |word: &str| Choice {
        value: word.to_owned(),
        label: frame.lang.word(kind, word),
        is_chosen: chosen == Some(word),
    };
    words.into_iter().map(choice).collect()
}

/// What is wrong with a filter, and how to mend it.
pub(super) fn told(problem: &Problem) -> String {
    let one = |e: &FieldProblem| format!("{}: {} ({})", e.field, e.detail, e.hint);
    match problem.errors.first() {
        Some(error) => one(error),
        None => problem.detail.to_string(),
    }
}
