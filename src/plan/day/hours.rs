//! The hours of a day in which one customer may be called: the windows, narrowed to what the
//! customer prefers, without their quiet hours.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::closed::{Closed, closed};
use crate::archive::Customer;
use crate::base::Timestamp;
use crate::calendar::{Calendar, ClosedOn, MAX_RANGES, Windows};
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
    /// The same, as windows keep it.
    shared: Arc<Calendar>,
    parsed: BTreeMap<(String, ClosedOn), Option<Windows>>,
    spans: BTreeMap<(String, ClosedOn, Date), Rc<[Span]>>,
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
        Hours {
            calendar,
            shared: Arc::new(calendar.clone()),
            parsed: BTreeMap::new(),
            spans: BTreeMap::new(),
            wrong: BTreeMap::new(),
        }
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
        let rest = pack.closed_on();
        let windows = if rule.windows.is_empty() { &pack.windows.call } else { &rule.windows };
        let mut open = match &windows[..] {
            [only] => self.on(only, rest, day),
            several => self.on(&several.join(";"), rest, day),
        };
        if open.first().is_some_and(|span| span.from < from) {
            let later = open.iter().filter(|span| span.to > from);
            open = later.map(|span| Span { from: span.from.max(from), to: span.to }).collect();
        }
        if open.is_empty() {
            // A night window that began the evening before reaches into a day without calls.
            return Err(closed(pack, self.calendar, day).map_or(NoHours::Windows, NoHours::Closed));
        }
        // What a customer wrote says when, and not on which holidays.
        let always = ClosedOn::default();
        let preferred = customer.preferred_hours.trim();
        if !preferred.is_empty() && self.readable(preferred) {
            open = common(&open, &self.on(preferred, always, day)).into();
            if open.is_empty() {
                return Err(NoHours::Preferred);
            }
        }
        let quiet = customer.quiet_hours.trim();
        if !quiet.is_empty() && self.readable(quiet) {
            open = without(&open, &self.on(quiet, always, day)).into();
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
        self.windows(text, ClosedOn::default()).is_some()
    }

    fn windows(&mut self, text: &str, rest: ClosedOn) -> Option<&Windows> {
        let key = (text.to_owned(), rest);
        if !self.parsed.contains_key(&key) {
            let zone = self.calendar.zone().iana_name().unwrap_or("Asia/Shanghai");
            let read = if text.is_empty() { Ok(None) } else { Windows::parse(&[text], zone).map(Some) };
            let windows = read.unwrap_or_else(|e| {
                self.wrong.insert(text.to_owned(), e.to_string());
                None
            });
            let windows = windows.map(|windows| windows.with_calendar(Arc::clone(&self.shared), rest));
            self.parsed.insert(key.clone(), windows);
        }
        self.parsed.get(&key).and_then(Option::as_ref)
    }

    /// The stretches of a day in which windows are open. Text that is no window opens none.
    fn on(&mut self, text: &str, rest: ClosedOn, day: Date) -> Rc<[Span]> {
        let key = (text.to_owned(), rest, day);
        if let Some(known) = self.spans.get(&key) {
            return Rc::clone(known);
        }
        let (start, end) = (self.calendar.start_of(day), self.calendar.end_of(day));
        let mut spans = Vec::new();
        if let Some(windows) = self.windows(text, rest) {
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

    /// Days of October 2026, up to the 14th, on which a pack has hours, each with its first hour.
    fn open_days(pack: &str) -> Vec<(i8, i8)> {
        let calendar = Calendar::parse(
            "[year.2026]\noff = [{ from = \"2026-10-01\", to = \"2026-10-07\", name = \"国庆节\" }]\n\
             work = [{ day = \"2026-10-10\", name = \"国庆节\" }]\n[[freeze]]\nfrom = \"2026-10-12\"\nname = \"stocktaking\"\n",
        )
        .unwrap();
        let pack = crate::plan::tests::pack(&format!(
            "{pack}\n[rule.r]\ntitle = 't'\nsource = 'WIN-07'\non = {{ manual = true }}\ndue = '0d'\ndeadline = '0d'\n"
        ));
        let customer = crate::plan::tests::customer(1);
        let mut hours = Hours::new(&calendar);
        let first = |day: i8| {
            let date = jiff::civil::date(2026, 10, day);
            let open = hours.of(&pack, &pack.rule["r"], &customer, date, calendar.start_of(date)).ok()?;
            Some((day, open[0].from.to_jiff().to_zoned(calendar.zone().clone()).hour()))
        };
        (1..=14).filter_map(first).collect()
    }

    #[test]
    fn win_07_holidays_weekends_and_make_up_days_hold_for_the_plan() {
        let worked = [8, 9, 10, 13, 14].map(|day| (day, 10));
        let closed = "calendar = { holidays = 'no_calls', weekends = 'no_calls' }\nwindows = { call = ['10:00-12:00'] }";
        assert_eq!(open_days(closed), worked, "the 10th, a Saturday, is worked; the company closes the 12th");
        assert_eq!(open_days("windows = { call = ['workday 10:00-12:00'] }"), worked, "the windows say it");
        let text = "windows = { call = ['10:00-12:00', 'closed 2026-10-03 to 2026-10-14'] }";
        assert_eq!(open_days(text), [(1, 10), (2, 10)], "single days that the text closes");
    }

    #[test]
    fn win_05_the_season_of_the_day_gives_its_hours() {
        let text = "windows = { call = ['summer 9:00-12:00 from 05-01 to 10-08', 'winter 10:00-12:00 from 10-09 to 04-30'] }";
        let first: Vec<i8> = open_days(text).into_iter().map(|(_, hour)| hour).collect();
        assert_eq!(first, [[9; 8].as_slice(), [10; 5].as_slice()].concat());
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
