//! Terms, tried out: an event on every day of a year, and whether it can be called in time.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Check, Severity, attempts};
use crate::base::Timestamp;
use crate::calendar::{DayKind, Edge, Moment, Offset, Roll, Sum, Windows};
use crate::policy::pack::read::time_of;
use crate::policy::pack::{Method, Purpose, Rule};

/// Days on which an event is tried.
const DAYS: i64 = 366;
/// Days on which it is also tried how many attempts fit: four weeks hold every weekday.
const ATTEMPT_DAYS: usize = 28;

/// The dates of one callback.
struct Term {
    anchor: Date,
    start: Timestamp,
    deadline: Moment,
}

impl Check<'_> {
    pub(super) fn dates(&mut self) {
        for (id, rule) in self.pack.rule.iter().filter(|(_, rule)| self.pack.is_active(rule)) {
            if let Ok(windows) = self.pack.windows_of(rule, self.around.calendar)
                && windows.next_opening(self.around.calendar.start_of(self.around.today)).is_some()
            {
                self.terms(id, rule, &windows);
            }
        }
    }

    fn terms(&mut self, id: &str, rule: &Rule, windows: &Windows) {
        let first = Date::new(self.around.today.year(), 1, 1).unwrap_or(self.around.today);
        let days = (0..DAYS).filter_map(|n| first.checked_add(n.days()).ok());
        // A rule of the calendar begins on one day of its period only.
        let begins = rule.on.yearly.as_ref().and_then(|yearly| yearly.days().ok()).map(|[from, _]| from);
        let begins = |day: &Date| {
            begins.is_none_or(|(month, at)| day.day() == at && (month == 0 || day.month() == month))
        };
        let terms: Vec<Term> = days.filter(begins).map(|day| self.term(rule, windows, day)).collect();
        if terms.is_empty() {
            return;
        }
        self.period(id, rule, &terms);
        let backwards: Vec<&Term> = terms.iter().filter(|term| term.deadline.at <= term.start).collect();
        if backwards.len() == terms.len() {
            let (due, deadline) = (rule.due, rule.deadline);
            let from = if rule.deadline_from_due { ", counted from the due date" } else { "" };
            let message =
                format!("the deadline ({deadline}{from}) is over before the callback is due ({due})");
            let hint = "a deadline lies after `due` and after `earliest`";
            return self.error(&["rule", id, "deadline"], message, hint);
        }
        // Whoever visits or writes keeps no calling windows.
        if rule.method != Method::Phone {
            return;
        }
        let opening = |term: &Term| windows.next_opening(term.start);
        let closed: Vec<&Term> =
            terms.iter().filter(|term| opening(term).is_none_or(|open| open >= term.deadline.at)).collect();
        if closed.len() == terms.len() {
            let message = "no window is open between the due date and the deadline, on no day of the year";
            let hint = "move the deadline, or open a window before it";
            return self.error(&["rule", id, "deadline"], message, hint);
        }
        if let Some(example) = closed.first() {
            self.closed_terms(id, example, [closed.len(), terms.len()], windows);
        }
        // A promised call is made once, at its minute.
        if rule.purpose == Purpose::Appointment {
            return;
        }
        let tried = terms.iter().take(ATTEMPT_DAYS);
        let fit = tried
            .map(|term| attempts::that_fit(&self.pack.attempts, windows, term.start, term.deadline.at))
            .max();
        self.attempts(id, fit.unwrap_or(0));
    }

    /// A deadline beyond the last day of the period would run into the next one.
    fn period(&mut self, id: &str, rule: &Rule, terms: &[Term]) {
        let Some(yearly) = &rule.on.yearly else { return };
        let Ok([_, (month, day)]) = yearly.days() else { return };
        let last = |anchor: Date| {
            let month = if month == 0 { anchor.month() } else { month };
            let first = Date::new(anchor.year(), month, 1).unwrap_or(anchor);
            Date::new(anchor.year(), month, day.min(first.days_in_month())).unwrap_or(anchor)
        };
        if let Some(term) = terms.iter().find(|term| term.deadline.day > last(term.anchor)) {
            let message = format!(
                "counted from {} the deadline is {}, after the last day {}",
                term.anchor,
                term.deadline.day,
                last(term.anchor)
            );
            self.warn(&["rule", id, "deadline"], message, "shorten the deadline, or move `to`");
        }
    }

    fn closed_terms(&mut self, id: &str, example: &Term, [count, tried]: [usize; 2], windows: &Windows) {
        let calendar = self.around.calendar;
        let day = calendar.date(example.start);
        let why = match calendar.day(day) {
            DayKind::Holiday(name) | DayKind::Freeze(name) => format!(" ({name})"),
            _ => String::new(),
        };
        let next = windows.next_opening(example.start).map_or("never".into(), |at| calendar.civil(at));
        let message = format!(
            "on {count} of {tried} days an event cannot be called in time: on {} it would be due on {day}{why}, \
             its deadline ends with {}, and the next window opens {next}",
            example.anchor, example.deadline.day
        );
        let hint = "give more time, or count the deadline in working days (wd)";
        let severity = if count * 4 > tried { Severity::Warning } else { Severity::Note };
        self.found(severity, &["rule", id, "deadline"], message, hint);
    }

    fn attempts(&mut self, id: &str, fit: u32) {
        let wanted = self.pack.attempts.max;
        if fit == 0 || fit >= wanted {
            return;
        }
        let caps = self.pack.attempts.caps;
        let message = format!(
            "only {fit} of {wanted} attempts fit before the deadline (at most {} calls a day, {} a week)",
            caps.day, caps.week
        );
        let hint = "give more time, bring the attempts closer together, or raise the caps";
        let severity = if fit == 1 { Severity::Warning } else { Severity::Note };
        self.found(severity, &["rule", id, "deadline"], message, hint);
    }

    fn term(&self, rule: &Rule, windows: &Windows, anchor: Date) -> Term {
        let calendar = self.around.calendar;
        // The event comes while people work, where they do that day.
        let noon = calendar.instant(anchor, jiff::civil::time(12, 0, 0, 0));
        let opening = windows.next_opening(calendar.start_of(anchor));
        let moment = opening.filter(|at| calendar.date(*at) == anchor).unwrap_or(noon);
        let at = rule.at.as_deref().and_then(time_of);
        let date = |offset: Offset, rolls: bool| {
            if !offset.unit.is_civil() {
                return calendar.add(moment, offset, Edge::Start, None).at;
            }
            let day = calendar.add_days(anchor, offset, &mut Sum::default());
            let day = if rolls { self.rolled(rule, day) } else { day };
            calendar.place(day, Edge::Start, at)
        };
        let due = date(rule.due, true);
        let start = rule.earliest.map_or(due, |earliest| due.max(date(earliest, false)));
        let base = if rule.deadline_from_due { date(rule.due, false) } else { moment };
        let deadline = calendar.add(base, rule.deadline, Edge::End, None);
        Term { anchor, start, deadline }
    }

    /// `day`, moved to one with calls where the rule asks for that.
    fn rolled(&self, rule: &Rule, day: Date) -> Date {
        let step = match self.pack.roll_of(rule) {
            Roll::None => return day,
            Roll::Forward => 1,
            Roll::Back => -1,
        };
        let days = (0..DAYS).filter_map(|n| day.checked_add((n * step).days()).ok());
        let mut open = days.filter(|day| self.pack.calls_on(*day, self.around.calendar));
        open.next().unwrap_or(day)
    }
}
