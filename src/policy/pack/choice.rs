//! What a pack settles for a rule or a customer: whether a rule is on, its windows, its script.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Calls, Pack, Rule, holds_all};
use crate::calendar::{Calendar, ClosedOn, DayKind, Offset, Roll, WindowError, Windows};

impl Rule {
    /// The script for a customer: the first choice that fits, else the rule's own (CNT-17).
    /// `field` gives the value of a field, see [`super::field_of`].
    pub fn script_for<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> &str {
        let fits = self.scripts.iter().find(|choice| holds_all(&choice.when, &field));
        fits.map_or(&self.script, |choice| &choice.script)
    }

    /// Every script the rule may play.
    pub fn all_scripts(&self) -> impl Iterator<Item = &str> {
        let own = Some(self.script.as_str()).filter(|script| !script.is_empty());
        own.into_iter().chain(self.scripts.iter().map(|choice| choice.script.as_str()))
    }

    /// Whether the rule repeats itself.
    pub fn repeats(&self) -> Option<Offset> {
        self.repeat.filter(|every| every.amount > 0)
    }
}

impl Pack {
    /// Whether a rule makes callbacks: it is on, and so is its set. A set that `[rule_sets]`
    /// does not name is on.
    pub fn is_active(&self, rule: &Rule) -> bool {
        rule.enabled && self.rule_sets.get(&rule.set).copied().unwrap_or(true)
    }

    /// The rules that make callbacks, by id.
    pub fn active_rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.rule.iter().filter(|(_, rule)| self.is_active(rule)).map(|(id, rule)| (id.as_str(), rule))
    }

    /// Where a due date of `rule` goes that falls on a day without calls.
    pub fn roll_of(&self, rule: &Rule) -> Roll {
        rule.roll.unwrap_or(self.calendar.roll)
    }

    /// The days on which this pack makes no calls.
    pub fn closed_on(&self) -> ClosedOn {
        ClosedOn {
            holidays: self.calendar.holidays == Calls::NoCalls,
            weekends: self.calendar.weekends == Calls::NoCalls,
            freezes: true,
        }
    }

    /// Whether this pack makes calls on `day` at all.
    pub fn calls_on(&self, day: Date, calendar: &Calendar) -> bool {
        let closed = self.closed_on();
        match calendar.day(day) {
            DayKind::Freeze(_) => !closed.freezes,
            DayKind::Holiday(_) => !closed.holidays,
            DayKind::Weekend => !closed.weekends,
            DayKind::Work | DayKind::MakeUp(_) => true,
        }
    }

    /// The windows of `rule`: its own, else the pack's, in the zone of the calendar and closed on
    /// the days without calls.
    ///
    /// # Errors
    /// A window that cannot be read; [`Pack::parse`] has refused such a file.
    pub fn windows_of(&self, rule: &Rule, calendar: &Arc<Calendar>) -> Result<Windows, WindowError> {
        let written = if rule.windows.is_empty() { &self.windows.call } else { &rule.windows };
        self.windows(written, calendar)
    }

    /// Hours of the organisation by name: `night`. They hold on every day of the year.
    ///
    /// # Errors
    /// The pack names no such hours.
    pub fn duty(&self, name: &str, calendar: &Arc<Calendar>) -> Result<Windows, WindowError> {
        let written = self
            .windows
            .duty
            .get(name)
            .ok_or_else(|| WindowError(format!("pack `{}` has no hours named `{name}`", self.pack)))?;
        let zone = calendar.zone().iana_name().unwrap_or("UTC");
        let always = ClosedOn::default();
        Ok(Windows::parse(written, zone)?.with_calendar(Arc::clone(calendar), always))
    }

    fn windows(&self, written: &[String], calendar: &Arc<Calendar>) -> Result<Windows, WindowError> {
        let zone = calendar.zone().iana_name().unwrap_or("UTC");
        Ok(Windows::parse(written, zone)?.with_calendar(Arc::clone(calendar), self.closed_on()))
    }

    /// Percent of a rule's callbacks that must be done by their deadline.
    pub fn target_rate_of(&self, rule: &Rule) -> f64 {
        rule.target_rate.unwrap_or(self.rate.target)
    }
}
