//! Deadlines: an anchor and an offset, by the clock that the pack or the stage names, each with
//! the sum that led to it.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use super::pack::{ClockWord, StageRule, TicketPack};
use super::record::Ticket;
use crate::base::Timestamp;
use crate::calendar::{Calendar, ClosedOn, Edge, Moment, Offset, Sum, Unit, Windows};

/// What tickets of a pack go by: the file, and the one calendar.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The file.
    pub pack: Arc<TicketPack>,
    /// Holidays, working days, zone.
    pub calendar: Arc<Calendar>,
    business: Windows,
}

impl Rules {
    /// The rules of a pack.
    pub fn new(pack: Arc<TicketPack>, calendar: Arc<Calendar>) -> Rules {
        let zone = calendar.zone().iana_name().unwrap_or("UTC").to_owned();
        let closed = ClosedOn { holidays: pack.holidays_off, weekends: false, freezes: true };
        let business = Windows::parse(&pack.business, &zone)
            .map_or_else(|_| Windows::always(), |w| w.with_calendar(calendar.clone(), closed));
        Rules { pack, calendar, business }
    }

    /// Windows of a duty, in the calendar's zone.
    pub(super) fn windows(&self, text: &[String]) -> Option<Windows> {
        Windows::parse(text, self.calendar.zone().iana_name().unwrap_or("UTC")).ok()
    }

    /// `anchor` plus `offset` by a clock. Days, working days and months are whole days by either
    /// clock and last to 24:00 of theirs.
    pub fn deadline(&self, anchor: Timestamp, offset: Offset, clock: ClockWord) -> Moment {
        if offset.unit.is_civil() || clock == ClockWord::Always {
            return self.calendar.add(anchor, offset, Edge::End, None);
        }
        let minutes = i64::from(offset.amount) * if offset.unit == Unit::Hours { 60 } else { 1 };
        let open = std::time::Duration::from_millis((minutes * 60_000).max(0).unsigned_abs());
        let mut sum = Sum::default();
        let Some(at) = self.business.after_open_time(anchor, open) else {
            sum.note("business hours never open: counted around the clock");
            let moment = self.calendar.add(anchor, offset, Edge::End, None);
            sum.0.extend(moment.sum.0);
            return Moment { sum, ..moment };
        };
        let hours = self.pack.business.join(", ");
        let (from, to) = (self.calendar.civil(anchor), self.calendar.civil(at));
        sum.note(format!("{from} {offset} of business hours ({hours}) = {to}"));
        Moment { at, day: self.calendar.date(at), sum }
    }

    /// The beginning of the time before `at` that an offset spans.
    pub fn before(&self, at: Timestamp, offset: Offset) -> Timestamp {
        let back = Offset { amount: -offset.amount, unit: offset.unit };
        self.calendar.add(at, back, Edge::Start, None).at
    }

    /// When the business hours of the day of `at` end; of a moment after them, those of the next
    /// day on which there are any.
    pub fn end_of_business(&self, at: Timestamp) -> Moment {
        let mut end = self.business.next_opening(at).and_then(|open| self.business.closing(open));
        if let Some(first) = end {
            let day = self.calendar.date(first);
            let mut at = first;
            while let Some(open) = self.business.next_opening(at).filter(|o| self.calendar.date(*o) == day) {
                match self.business.closing(open) {
                    Some(later) if later > at => at = later,
                    _ => break,
                }
            }
            end = Some(at);
        }
        let end = end.unwrap_or_else(|| self.calendar.end_of(self.calendar.date(at)));
        let text =
            format!("end of business hours after {} = {}", self.calendar.civil(at), self.calendar.civil(end));
        Moment { at: end, day: self.calendar.date(at), sum: Sum(vec![text]) }
    }

    /// When a stage that began at `anchor` must be done; None where it has no deadline.
    pub(super) fn stage_due(&self, ticket: &Ticket, rule: &StageRule, anchor: Timestamp) -> Option<Moment> {
        if !rule.due_field.is_empty() {
            return self.named(&rule.due_field, ticket.field(&rule.due_field)?);
        }
        if rule.due_same_day {
            return Some(self.end_of_business(anchor));
        }
        let by_region = rule.due_by_region.get(&ticket.region);
        let by_severity = rule.due_by_severity.get(&ticket.severity);
        let offset = by_region.or(by_severity).copied().or(rule.due)?;
        let mut moment = self.deadline(anchor, offset, rule.clock.unwrap_or(self.pack.clock));
        if by_region.is_some() {
            moment.sum.note(format!("{offset} for region {}", ticket.region));
        } else if by_severity.is_some() {
            moment.sum.note(format!("{offset} for severity {}", ticket.severity));
        }
        Some(moment)
    }

    /// A day, which lasts to its 24:00, or a time that a field names.
    fn named(&self, field: &str, text: &str) -> Option<Moment> {
        let (at, day) = self.read_time(text)?;
        let sum = Sum(vec![format!("{field} = {text}")]);
        Some(Moment { at, day, sum })
    }

    /// A day, a local time, or a time with its zone. A day means its 24:00.
    pub fn read_time(&self, text: &str) -> Option<(Timestamp, Date)> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            let at = Timestamp::from_jiff(at);
            return Some((at, self.calendar.date(at)));
        }
        if text.contains(':') {
            let civil: DateTime = text.replace(' ', "T").parse().ok()?;
            return Some((self.calendar.instant(civil.date(), civil.time()), civil.date()));
        }
        let day: Date = text.trim().parse().ok()?;
        Some((self.calendar.end_of(day), day))
    }

    /// A deadline after a pause: what was left of it when the pause began is left when it ends.
    pub(super) fn after_pause(
        &self,
        due: Timestamp,
        clock: ClockWord,
        since: Timestamp,
        until: Timestamp,
    ) -> (Timestamp, String) {
        let moved = if due <= since {
            due
        } else if clock == ClockWord::Business {
            let left = self.business.open_time(since, due);
            self.business.after_open_time(until, left).unwrap_or(due)
        } else {
            Timestamp(due.0.saturating_add(until.millis_since(since).max(0)))
        };
        let (from, to) = (self.calendar.civil(since), self.calendar.civil(until));
        (moved, format!("waited for the customer {from} to {to} = {}", self.calendar.civil(moved)))
    }

    /// When a deadline is warned of: so long before, or at four fifths of the time.
    pub(super) fn warn_at(&self, rule: &StageRule, began: Timestamp, due: Timestamp) -> Timestamp {
        match rule.warn.or(self.pack.warn) {
            Some(before) if before.unit.is_civil() => {
                let day = self.calendar.date(Timestamp(due.0.saturating_sub(1)));
                let mut sum = Sum::default();
                let back = Offset { amount: -before.amount, unit: before.unit };
                self.calendar.start_of(self.calendar.add_days(day, back, &mut sum))
            }
            Some(before) => {
                let minutes = i64::from(before.amount) * if before.unit == Unit::Hours { 60 } else { 1 };
                Timestamp(due.0.saturating_sub(minutes * 60_000))
            }
            None => Timestamp(began.0.saturating_add(due.millis_since(began).max(0) / 5 * 4)),
        }
    }

    /// Where a customer is, by what is known of them (X39).
    pub(super) fn region(&self, field: impl Fn(&str) -> Option<String>) -> String {
        let region = &self.pack.region;
        if let Some(word) = field("region") {
            return word;
        }
        let places: Vec<String> = ["city", "province", "address", "城市", "省份", "地址"]
            .iter()
            .filter_map(|name| field(name))
            .collect();
        let holds = |name: &str| !name.is_empty() && places.iter().any(|place| place.contains(name));
        if holds(&region.city) {
            "city".into()
        } else if holds(&region.province) {
            "in_province".into()
        } else if places.is_empty() {
            region.unknown.clone()
        } else {
            "other_province".into()
        }
    }
}
