//! Which way a branch goes.

use crate::ivr::{Subject, Test, spoken};

use super::{Given, Runner};

impl Runner {
    pub(super) fn holds(&self, subject: &Subject, test: &Test) -> bool {
        match subject {
            Subject::Field(field) => self.field_holds(self.facts.fields.get(field).map(|t| t.trim()), test),
            Subject::Answer(question) => answer_holds(self.given.get(question), test),
            Subject::AnyScore => self.given.values().any(|g| answer_holds(Some(g), test)),
        }
    }

    fn field_holds(&self, text: Option<&str>, test: &Test) -> bool {
        let text = text.filter(|t| !t.is_empty());
        let number = || text.and_then(|t| t.parse::<f64>().ok());
        match test {
            Test::Is(words) => text.is_some_and(|t| words.iter().any(|w| w == t)),
            Test::Present(wanted) => text.is_some() == *wanted,
            Test::Spoken(wanted) => text.is_some_and(|t| self.is_heard(t)) == *wanted,
            Test::AtMost(limit) => number().is_some_and(|n| n <= *limit),
            Test::AtLeast(limit) => number().is_some_and(|n| n >= *limit),
            Test::AfterField(other) => {
                let other = self.facts.fields.get(other).and_then(|t| spoken::date(t));
                text.and_then(spoken::date).zip(other).is_some_and(|(date, other)| date > other)
            }
        }
    }
}

/// No answer fails every test but that for its absence.
fn answer_holds(given: Option<&Given>, test: &Test) -> bool {
    let score = || given.and_then(|g| g.score).map(f64::from);
    match test {
        Test::Is(words) => given.is_some_and(|g| {
            let texts = [g.meaning.as_deref(), g.keys.as_deref()];
            texts.into_iter().flatten().any(|text| words.iter().any(|w| w == text))
        }),
        Test::Present(wanted) => given.is_some_and(|g| g.keys.is_some() || g.spoke) == *wanted,
        Test::AtMost(limit) => score().is_some_and(|s| s <= *limit),
        Test::AtLeast(limit) => score().is_some_and(|s| s >= *limit),
        Test::AfterField(_) | Test::Spoken(_) => false,
    }
}
