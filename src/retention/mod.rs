//! How long a recording is kept, in which form, and what keeps it longer.
//!
//! A recording begins as a WAV, becomes an archived FLAC, and is deleted when its time is over. Whatever
//! holds it, an open complaint, an audit that is not finished, a person, keeps it from being deleted, and
//! from nothing else: what is archived is heard as before.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::base::{Disposition, Timestamp};

/// One day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// After how many days what becomes of a recording; None: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Days as WAV before it is archived.
    pub archive_after: Option<u32>,
    /// Days before it is deleted.
    pub delete_after: Option<u32>,
}

/// Terms of some calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Only of this policy pack.
    pub pack: Option<String>,
    /// Only of callbacks of this rule.
    pub rule: Option<String>,
    /// Only `inbound` or `outbound` ones.
    pub direction: Option<String>,
    /// Only with one of these results; empty: with any.
    pub results: Vec<Disposition>,
    /// What holds for them.
    pub terms: Terms,
}

/// Terms of all calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The first that fits counts.
    pub rules: Vec<Rule>,
    /// Where none fits.
    pub otherwise: Terms,
}

/// What is known of a recorded call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// When it ended.
    pub ended_at: Timestamp,
    /// Policy pack; empty: nobody's.
    pub pack: &'a str,
    /// Rule of the callback; empty: none.
    pub rule: &'a str,
    /// `inbound` or `outbound`.
    pub direction: &'a str,
    /// The result, as its word.
    pub result: &'a str,
}

/// Something that keeps a recording from being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `complaint`, `by_hand`, ...
    pub kind: String,
    /// Which one.
    pub reference: String,
}

/// What is done with a recording today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Keep,
    /// It is stored as FLAC.
    Archive,
    /// It is deleted.
    Delete,
}

impl Act {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Act::Keep => "keep",
            Act::Archive => "archive",
            Act::Delete => "delete",
        }
    }
}

/// What is done today, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is done.
    pub act: Act,
    /// In words.
    pub because: String,
    /// Its time is over, and something holds it.
    pub held: bool,
    /// When time alone changes the verdict; None: never.
    pub next: Option<Timestamp>,
}

impl Rule {
    fn fits(&self, call: &Call<'_>) -> bool {
        let is = |wanted: &Option<String>, there: &str| wanted.as_deref().is_none_or(|word| word == there);
        is(&self.pack, call.pack)
            && is(&self.rule, call.rule)
            && is(&self.direction, call.direction)
            && (self.results.is_empty() || self.results.iter().any(|result| result.as_str() == call.result))
    }
}

impl Retention {
    /// The terms of a call, and by which rule in words.
    fn terms(&self, call: &Call<'_>) -> (Terms, String) {
        match self.rules.iter().position(|rule| rule.fits(call)) {
            Some(place) => (self.rules[place].terms, format!("retention.rule {}", place + 1)),
            None => (self.otherwise, "[retention]".into()),
        }
    }

    /// What is done with a recording at a moment. `archived`: it is a FLAC already.
    pub fn decide(&self, call: &Call<'_>, archived: bool, holds: &[Hold], now: Timestamp) -> Verdict {
        let (terms, by) = self.terms(call);
        let at = |days: Option<u32>| days.map(|days| call.ended_at + DAY * days);
        let (archive_at, delete_at) = (at(terms.archive_after).filter(|_| !archived), at(terms.delete_after));
        let due = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= now);
        let over = terms
            .delete_after
            .filter(|_| due(delete_at))
            .map(|days| format!("its {days} days are over ({by})"));
        if let Some(over) = &over
            && holds.is_empty()
        {
            return Verdict { act: Act::Delete, because: over.clone(), held: false, next: None };
        }
        let by_what: Vec<String> =
            holds.iter().map(|hold| format!("{} {}", hold.kind, hold.reference)).collect();
        let is_held = over.is_some();
        let held = over.map(|over| format!("{over}, but it is held: {}", by_what.join(", ")));
        if due(archive_at) {
            let days = terms.archive_after.unwrap_or_default();
            let because = held.unwrap_or_else(|| format!("its {days} days as WAV are over ({by})"));
            return Verdict {
                act: Act::Archive,
                because,
                held: is_held,
                next: delete_at.filter(|at| *at > now),
            };
        }
        let next = [archive_at, delete_at].into_iter().flatten().filter(|at| *at > now).min();
        let because = held.unwrap_or_else(|| match next {
            Some(_) => format!("its time is not over ({by})"),
            None => format!("it is kept for ever ({by})"),
        });
        Verdict { act: Act::Keep, because, held: is_held, next }
    }
}
