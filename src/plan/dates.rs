//! The three dates of a callback: not before, should, must. Each with its sum.

use jiff::civil::Time;

use super::closed::closed;
use crate::base::Timestamp;
use crate::calendar::{Calendar, Edge, Moment, Offset, Roll, Sum, Unit};
use crate::policy::Sums;
use crate::policy::pack::{Pack, Rule};

/// Days that are passed over when a due date is rolled: no run of holidays is longer.
const MAX_ROLL: i32 = 60;

/// When a callback may, should and must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    /// Not before.
    pub earliest: Timestamp,
    /// When it should be done.
    pub due: Timestamp,
    /// When it must be done; exclusive.
    pub deadline: Timestamp,
    /// How the three were computed.
    pub sums: Sums,
}

/// What the dates of one callback are counted from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count<'a> {
    pub calendar: &'a Calendar,
    pub pack: &'a Pack,
    pub rule: &'a Rule,
    pub anchor: Timestamp,
    /// Where the deadline is counted from another moment.
    pub deadline_anchor: Option<Timestamp>,
    /// Added to the anchor before the rule's own offsets: the repetition, or the time since the last.
    pub step: Offset,
}

impl Count<'_> {
    pub fn dates(&self) -> Dates {
        let Count { calendar, rule, anchor, .. } = *self;
        let time = rule.at.as_deref().and_then(time_of_day);
        let mut due = self.reach(anchor, rule.due, Edge::Start, time);
        let unrolled = due.at;
        if rule.due.unit.is_civil() {
            self.roll(&mut due, time);
        }
        let mut earliest = match rule.earliest {
            Some(offset) => self.reach(anchor, offset, Edge::Start, time),
            None => self.own_day(unrolled.min(due.at)),
        };
        if earliest.at > due.at {
            if rule.earliest.is_some() {
                due.sum.note(format!("not before {}", calendar.civil(earliest.at)));
                due.at = earliest.at;
            } else {
                earliest = due.clone();
            }
        }
        let deadline = self.deadline(unrolled);
        Dates {
            earliest: earliest.at,
            due: due.at,
            deadline: deadline.at,
            sums: Sums { earliest: earliest.sum, due: due.sum, deadline: deadline.sum },
        }
    }

    fn deadline(&self, due: Timestamp) -> Moment {
        let offset = self.rule.deadline;
        if self.rule.deadline_from_due {
            return self.calendar.add(due, offset, Edge::End, None);
        }
        let own = || self.reach(self.anchor, offset, Edge::End, None);
        let Some(other) = self.deadline_anchor.filter(|other| *other != self.anchor) else { return own() };
        let counted = self.reach(other, offset, Edge::End, None);
        if counted.at > due {
            return counted;
        }
        // A later visit of the same matter: the deadline of the first is over before this
        // callback is due, so that it can say nothing about this one.
        let mut moment = own();
        moment.sum.note(format!("counted from {} would be over by then", self.calendar.civil(other)));
        moment
    }

    /// The anchor plus step plus offset; both at once where they count the same thing, so that
    /// 31 August plus 3 months plus 6 months is 31 May.
    fn reach(&self, anchor: Timestamp, offset: Offset, edge: Edge, time: Option<Time>) -> Moment {
        if let Some(whole) = joined(self.step, offset) {
            return self.calendar.add(anchor, whole, edge, time);
        }
        let base = self.calendar.add(anchor, self.step, Edge::Start, None);
        let mut moment = self.calendar.add(base.at, offset, edge, time);
        moment.sum.0.splice(0..0, base.sum.0);
        moment
    }

    /// The anchor itself, or its day as the step moves it; never later than `due`.
    fn own_day(&self, due: Timestamp) -> Moment {
        let mut moment = if self.step.amount == 0 {
            Moment {
                at: self.anchor,
                day: self.calendar.date(self.anchor),
                sum: Sum(vec![self.calendar.civil(self.anchor)]),
            }
        } else {
            self.calendar.add(self.anchor, self.step, Edge::Start, None)
        };
        if moment.at > due {
            moment.at = due;
            moment.sum = Sum(vec![format!("{}, when it is due", self.calendar.civil(due))]);
        }
        moment
    }

    fn roll(&self, due: &mut Moment, time: Option<Time>) {
        let step = match self.rule.roll.unwrap_or(self.pack.calendar.roll) {
            Roll::None => return,
            Roll::Forward => 1,
            Roll::Back => -1,
        };
        let Some(first) = closed(self.pack, self.calendar, due.day) else { return };
        let mut day = due.day;
        for _ in 0..MAX_ROLL {
            day = if step > 0 { day.tomorrow() } else { day.yesterday() }.unwrap_or(day);
            if closed(self.pack, self.calendar, day).is_none() {
                break;
            }
        }
        let way = if step > 0 { "forward" } else { "back" };
        due.sum.note(format!("{} is {first}, rolled {way} to {day}", due.day));
        due.day = day;
        due.at = self.calendar.place(day, Edge::Start, time);
    }
}

/// Two offsets as one, where they count the same thing.
pub(super) fn joined(a: Offset, b: Offset) -> Option<Offset> {
    let months = |offset: Offset| match offset.unit {
        Unit::Months => Some(offset.amount),
        Unit::Years => offset.amount.checked_mul(12),
        _ => None,
    };
    match (a.amount, b.amount) {
        (0, _) => return Some(b),
        (_, 0) if b.unit.is_civil() == a.unit.is_civil() => return Some(a),
        _ => {}
    }
    if a.unit == b.unit {
        return Some(Offset { amount: a.amount.checked_add(b.amount)?, unit: a.unit });
    }
    Some(Offset { amount: months(a)?.checked_add(months(b)?)?, unit: Unit::Months })
}

/// So many times an offset.
pub(super) fn times(offset: Offset, count: u32) -> Offset {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    Offset { amount: offset.amount.saturating_mul(count), unit: offset.unit }
}

/// Days that an offset surely does not exceed.
pub(super) fn at_most_days(offset: Offset) -> i64 {
    let amount = i64::from(offset.amount);
    match offset.unit {
        Unit::Minutes | Unit::Hours => amount.abs() / 24 + 1,
        Unit::Days => amount,
        // Twice for weekends; all holidays of a year together are less than two months.
        Unit::WorkingDays => amount * 2 + 60,
        Unit::Months => amount * 31,
        Unit::Years => amount * 366,
    }
}

/// `09:00` as a time of day.
pub(super) fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.trim().parse().ok()?, minute.trim().parse().ok()?, 0, 0).ok()
}
