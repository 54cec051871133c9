//! The hours of a day in which one customer may be called: the windows, narrowed to what the
//! customer prefers, without their quiet hours.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::closed::{Closed, closed};
use crate::archive::Customer;
use crate::base::Timestamp;
use crate::calendar::{Calendar, MAX_RANGES, Windows};
use crate::policy::pack::{Pack, Rule};

/// Days that are looked ahead for the next call: no run of closed days is longer.
const HORIZON_DAYS: u32 = 60;

/// A stretch of time; its end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
}

/// Hours by day, each worked out once.
pub(super) struct Hours<'a> {
    calendar: &'a Calendar,
    parsed: BTreeMap<String, Option<Windows>>,
    spans: BTreeMap<(String, Date), Rc<[Span]>>,
    /// Texts that are no windows.
    pub wrong: BTreeMap<String, String>,
}

/// Why there is no hour for a customer on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoHours {
    /// No call is placed on that day.
    Closed(Closed),
    /// The windows do not open, or not any more.
    Windows,
    /// They do, but not when the customer prefers.
    Preferred,
    /// They do, but only in the customer's quiet hours.
    Quiet,
}

impl<'a> Hours<'a> {
    pub fn new(calendar: &'a Calendar) -> Self {
        Hours { calendar, parsed: BTreeMap::new(), spans: BTreeMap::new(), wrong: BTreeMap::new() }
    }

    /// The hours of a day from a moment on.
    pub fn of(
        &mut self,
        pack: &Pack,
        rule: &Rule,
        customer: &Customer,
        day: Date,
        from: Timestamp,
    ) -> Result<Rc<[Span]>, NoHours> {
        if let Some(why) = closed(pack, self.calendar, day) {
            return Err(NoHours::Closed(why));
        }
        let windows = if rule.windows.is_empty() { &pack.windows.call } else { &rule.windows };
        let mut open = match &windows[..] {
            [only] => self.on(only, day),
            several => self.on(&several.join(";"), day),
        };
        if open.first().is_some_and(|span| span.from < from) {
            let later = open.iter().filter(|span| span.to > from);
            open = later.map(|span| Span { from: span.from.max(from), to: span.to }).collect();
        }
        if open.is_empty() {
            return Err(NoHours::Windows);
        }
        let preferred = customer.preferred_hours.trim();
        if !preferred.is_empty() && self.readable(preferred) {
            open = common(&open, &self.on(preferred, day)).into();
            if open.is_empty() {
                return Err(NoHours::Preferred);
            }
        }
        let quiet = customer.quiet_hours.trim();
        if !quiet.is_empty() && self.readable(quiet) {
            open = without(&open, &self.on(quiet, day)).into();
            if open.is_empty() {
                return Err(NoHours::Quiet);
            }
        }
        Ok(open)
    }

    /// The first moment after a day at which the customer may be called.
    pub fn next(
        &mut self,
        pack: &Pack,
        rule: &Rule,
        customer: &Customer,
        after: Date,
        from: Timestamp,
    ) -> Option<Timestamp> {
        let mut day = after;
        for _ in 0..HORIZON_DAYS {
            day = day.tomorrow().ok()?;
            if self.calendar.end_of(day) <= from {
                continue;
            }
            if let Ok(open) = self.of(pack, rule, customer, day, from) {
                return open.first().map(|span| span.from);
            }
        }
        None
    }

    fn readable(&mut self, text: &str) -> bool {
        self.windows(text).is_some()
    }

    fn windows(&mut self, text: &str) -> Option<&Windows> {
        if !self.parsed.contains_key(text) {
            let zone = self.calendar.zone().iana_name().unwrap_or("Asia/Shanghai");
            let read = if text.is_empty() { Ok(None) } else { Windows::parse(&[text], zone).map(Some) };
            let windows = read.unwrap_or_else(|e| {
                self.wrong.insert(text.to_owned(), e.to_string());
                None
            });
            self.parsed.insert(text.to_owned(), windows);
        }
        self.parsed.get(text).and_then(Option::as_ref)
    }

    /// The stretches of a day in which windows are open. Text that is no window opens none.
    fn on(&mut self, text: &str, day: Date) -> Rc<[Span]> {
        let key = (text.to_owned(), day);
        if let Some(known) = self.spans.get(&key) {
            return Rc::clone(known);
        }
        let (start, end) = (self.calendar.start_of(day), self.calendar.end_of(day));
        let mut spans = Vec::new();
        if let Some(windows) = self.windows(text) {
            let mut at = start;
            for _ in 0..MAX_RANGES {
                let Some(from) = windows.next_opening(at).filter(|from| *from < end) else { break };
                let to = windows.closing(from).unwrap_or(end).min(end);
                spans.push(Span { from, to });
                at = to;
                if to >= end {
                    break;
                }
            }
        }
        let spans: Rc<[Span]> = spans.into();
        self.spans.insert(key, Rc::clone(&spans));
        spans
    }
}

/// What lies in both; each is in order and without overlap.
fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
    pairs
        .map(|(x, y)| Span { from: x.from.max(y.from), to: x.to.min(y.to) })
        .filter(|span| span.from < span.to)
        .collect()
}

/// What lies in the first and not in the second.
fn without(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut left = a.to_vec();
    for hole in b {
        let cut = |span: Span| {
            let before = Span { from: span.from, to: span.to.min(hole.from) };
            let after = Span { from: span.from.max(hole.to), to: span.to };
            [before, after]
        };
        left = left.into_iter().flat_map(cut).filter(|span| span.from < span.to).collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(i64, i64)]) -> Vec<Span> {
        pairs.iter().map(|(from, to)| Span { from: Timestamp(*from), to: Timestamp(*to) }).collect()
    }

    #[test]
    fn spans_are_cut_and_crossed() {
        let day = spans(&[(9, 12), (14, 18)]);
        assert_eq!(common(&day, &spans(&[(11, 15)])), spans(&[(11, 12), (14, 15)]));
        assert_eq!(without(&day, &spans(&[(11, 15)])), spans(&[(9, 11), (15, 18)]));
        assert_eq!(without(&day, &spans(&[(0, 24)])), spans(&[]));
        assert_eq!(
            without(&day, &spans(&[(10, 11), (16, 17)])),
            spans(&[(9, 10), (11, 12), (14, 16), (17, 18)])
        );
    }
}
