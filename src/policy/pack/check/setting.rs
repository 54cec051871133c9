//! Settings out of range, windows that never open, lists that become no event.

use super::Check;
use crate::calendar::Windows;
use crate::policy::pack::read::time_of;
use crate::policy::pack::{Intake, Rule};

/// Days until a first opening that are longer than any run of holidays: such a window was
/// probably meant otherwise.
const LONG_CLOSED_DAYS: i64 = 31;

/// The calendar is asked so many days ahead; the State Council publishes a year in November.
const CALENDAR_AHEAD_DAYS: i64 = 60;

impl Check<'_> {
    pub(super) fn settings(&mut self) {
        self.calendar();
        let attempts = &self.pack.attempts;
        if attempts.max == 0 {
            self.error(&["attempts", "max"], "no attempt is allowed, so nobody is ever called", "write 3");
        }
        if attempts.max > 1 && attempts.spacing.is_empty() {
            let message = "several attempts are allowed, but nothing says how far apart";
            self.error(&["attempts", "spacing"], message, r#"write spacing = ["2h", "next_day"]"#);
        }
        let caps = attempts.caps;
        if caps.day > 0 && caps.week > 0 && caps.week < caps.day {
            let message = format!(
                "a week allows {} calls and a day {}: the day's can never be used",
                caps.week, caps.day
            );
            self.warn(&["attempts", "caps"], message, "raise week, or lower day");
        }
        if !(5..=120).contains(&attempts.ring_seconds) {
            let message = format!("{} seconds of ringing are too few or too many", attempts.ring_seconds);
            self.error(&["attempts", "ring_seconds"], message, "write 5 to 120");
        }
        self.percent(&["rate", "target"], self.pack.rate.target);
        let pack_windows = &self.pack.windows.call;
        if pack_windows.is_empty() && self.pack.rule.values().any(|rule| rule.windows.is_empty()) {
            let hint = r#"write call = ["09:00-12:00", "14:00-18:00"]"#;
            self.error(&["windows", "call"], "no window is given, so nobody is ever called", hint);
        }
        for (id, rule) in &self.pack.rule {
            self.rule_settings(id, rule);
        }
    }

    fn calendar(&mut self) {
        let ahead = self.around.today.checked_add(jiff::ToSpan::days(CALENDAR_AHEAD_DAYS));
        let years = [Some(self.around.today.year()), ahead.ok().map(|day| day.year())];
        let mut missing: Vec<_> =
            years.into_iter().flatten().filter_map(|year| self.around.calendar.missing(year)).collect();
        missing.dedup();
        for year in missing {
            self.warn(&["calendar"], year.to_string(), "");
        }
    }

    fn rule_settings(&mut self, id: &str, rule: &Rule) {
        if !(1..=9).contains(&rule.priority) {
            let message = format!("{} is no priority", rule.priority);
            self.error(&["rule", id, "priority"], message, "write 1 (last) to 9 (first)");
        }
        if let Some(rate) = rule.target_rate {
            self.percent(&["rule", id, "target_rate"], rate);
        }
        if rule.source.trim().is_empty() {
            let hint = "name the requirement, or write ours";
            self.warn(&["rule", id, "source"], "nothing says where this rule comes from", hint);
        }
        let Ok(windows) = self.pack.windows_of(rule, self.around.calendar) else { return };
        let key = if rule.windows.is_empty() { vec!["windows", "call"] } else { vec!["rule", id, "windows"] };
        self.opens(&key, &windows);
        if let Some(at) = &rule.at
            && let Some(time) = time_of(at)
        {
            let start = self.around.calendar.start_of(self.around.today);
            let first = windows.next_opening(start).unwrap_or(start);
            let day = self.around.calendar.date(first);
            let begin = self.around.calendar.instant(day, time);
            if !windows.is_open(begin) {
                let message = format!("{at} lies outside the windows, so calls begin at the next opening");
                self.warn(&["rule", id, "at"], message, "name a time inside a window");
            }
        }
    }

    fn opens(&mut self, path: &[&str], windows: &Windows) {
        if self.findings.iter().any(|finding| finding.key == path.join(".")) {
            return;
        }
        let start = self.around.calendar.start_of(self.around.today);
        let Some(first) = windows.next_opening(start) else {
            let message = "no window opens within a year, so nobody is ever called";
            let hint = "holidays, weekends and freezes are closed too: see [calendar]";
            return self.error(path, message, hint);
        };
        let days = first.millis_since(start) / 86_400_000;
        if days > LONG_CLOSED_DAYS {
            let message = format!(
                "the first window opens on {}, {days} days from now",
                self.around.calendar.civil(first)
            );
            self.warn(path, message, "holidays, weekends and freezes are closed too: see [calendar]");
        }
    }

    fn percent(&mut self, path: &[&str], percent: f64) {
        if !(0.0..=100.0).contains(&percent) {
            self.error(path, format!("{percent} is no percentage"), "write 0 to 100");
        }
    }

    pub(super) fn intakes(&mut self) {
        for (name, intake) in &self.pack.intake {
            self.intake(name, intake);
        }
    }

    fn intake(&mut self, name: &str, intake: &Intake) {
        let path = ["intake", name];
        match (intake.event.is_empty(), intake.event_by.is_empty()) {
            (true, true) => {
                let hint = r#"write event = "install.finished", or event_by"#;
                self.error(&path, "its rows become no event, so the list does nothing", hint);
            }
            (false, false) => {
                let hint = "keep `event` where all rows are one kind, else `event_by`";
                self.error(&path, "both `event` and `event_by` say what a row becomes", hint);
            }
            _ => {}
        }
        let by = intake.event_by.values().flat_map(|kinds| kinds.values());
        let kinds = by.chain([&intake.event, &intake.expects]).filter(|kind| !kind.is_empty());
        for kind in kinds {
            if !self.pack.event.contains_key(kind) {
                self.unknown_kind(&path, kind, "so its rows are lost");
            }
        }
        for reject in &intake.reject {
            let shaped = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if reject.reason.is_empty() || !reject.reason.chars().all(shaped) {
                let message = format!("`{}` is not a reason that programs can rely on", reject.reason);
                self.error(&["intake", name, "reject"], message, "write one such as no_customer_score");
            }
            if reject.when.is_empty() {
                let message = format!("`{}` has no condition, so every row is rejected", reject.reason);
                self.error(&["intake", name, "reject"], message, "say for which rows it holds");
            }
        }
        if !intake.remind.is_empty() && (intake.by.is_empty() || intake.remind >= intake.by) {
            let message = "the reminder comes when the list is late already";
            self.warn(&["intake", name, "remind"], message, "name a time before `by`");
        }
    }
}
