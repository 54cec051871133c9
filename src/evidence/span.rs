//! Stretches of time in a recording.

use serde::{Deserialize, Serialize};

/// From when to when, in ms from the beginning of the recording; `to` lies outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First millisecond.
    pub from: u32,
    /// The one after the last.
    pub to: u32,
}

impl Span {
    /// From when to when; empty where that is the wrong way round.
    pub fn new(from: u32, to: u32) -> Span {
        Span { from, to: to.max(from) }
    }

    /// Its length in ms.
    pub fn ms(self) -> u32 {
        self.to.saturating_sub(self.from)
    }

    /// Its length in seconds.
    pub fn seconds(self) -> f64 {
        f64::from(self.ms()) / 1_000.0
    }

    /// What both have in common; None: nothing.
    pub fn common(self, other: Span) -> Option<Span> {
        let common = Span { from: self.from.max(other.from), to: self.to.min(other.to) };
        (common.from < common.to).then_some(common)
    }

    /// Whether a moment lies inside.
    pub fn has(self, at: u32) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// Sorted and joined where they touch.
pub fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.ms() > 0);
    spans.sort();
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => out.push(span),
        }
    }
    out
}

/// What of `spans` lies in `places`; both sorted and joined.
pub fn within(spans: &[Span], places: &[Span]) -> Vec<Span> {
    let (mut out, mut first) = (Vec::new(), 0);
    for span in spans {
        while places.get(first).is_some_and(|place| place.to <= span.from) {
            first += 1;
        }
        let near = places[first..].iter().take_while(|place| place.from < span.to);
        out.extend(near.filter_map(|place| span.common(*place)));
    }
    out
}

/// What of `spans` lies outside `holes`; both sorted and joined.
pub fn without(spans: &[Span], holes: &[Span]) -> Vec<Span> {
    let mut out = Vec::new();
    for span in spans {
        let mut from = span.from;
        for hole in holes.iter().filter(|hole| hole.common(*span).is_some()) {
            if hole.from > from {
                out.push(Span::new(from, hole.from));
            }
            from = hole.to;
        }
        if from < span.to {
            out.push(Span::new(from, span.to));
        }
    }
    out
}

/// Their length together, in ms.
pub fn total(spans: &[Span]) -> u64 {
    spans.iter().map(|span| u64::from(span.ms())).sum()
}
