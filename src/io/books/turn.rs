//! What the books do by themselves: reports at their time, reminders, what is late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use jiff::civil::{Date, Time};

use super::{ACTOR, Books, Error};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::NewWarning;
use crate::register::{Register, table};
use crate::report::{Period, Report};

/// When people are reminded on the day of a reminder.
const REMINDED_AT: Time = Time::constant(9, 0, 0, 0);
/// Rows that a notice names.
const NAMED: usize = 10;

/// What a turn did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Reports that were made.
    pub made: u32,
    /// When the next is due.
    pub next: Timestamp,
}

impl Books {
    /// Makes the reports whose time has come, reminds of those that are due, and names what is
    /// late. Done twice it changes nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let (settings, planner) = (self.settings(), self.parts.planner.settings());
        let calendar = planner.calendar.clone();
        let mut turn = Turn { made: 0, next: Timestamp(i64::MAX) };
        for report in settings.reports.all() {
            turn.next = turn.next.min(report.schedule.next(&calendar, now));
            if let Some(period) = report.schedule.newest(&calendar, now)
                && self.make_once(report, &period, now).await?
            {
                turn.made += 1;
            }
            self.remind(report, &calendar, now).await?;
        }
        self.name_the_late(&calendar, now).await?;
        let yesterday = calendar.date(now).yesterday().unwrap_or_else(|_| calendar.date(now));
        for register in settings.registers.all().filter(|register| register.same_day) {
            turn.next = turn.next.min(calendar.end_of(calendar.date(now)));
            self.name_the_unsaved(register, yesterday, now).await?;
        }
        Ok(turn)
    }

    /// Agents who get no call until they have saved what is missing in their rows of today, and the
    /// reason of `[agents]` for it (REG-02).
    ///
    /// # Errors
    /// The database.
    pub async fn held(&self, now: Timestamp) -> Result<BTreeMap<String, String>, Error> {
        let registers = self.settings().registers;
        let today = self.parts.planner.settings().calendar.date(now);
        let mut held = BTreeMap::new();
        for register in registers.all().filter(|register| !register.hold.is_empty()) {
            let records = self.records(register, (today, today), false).await?;
            let filled = table(register, &records, ("", ""), (now.0, today));
            let open: BTreeSet<&str> = filled.missing.iter().map(|gap| gap.record.as_str()).collect();
            let agents = records.iter().filter(|record| open.contains(record.id.as_str()));
            let agents = agents.filter_map(|record| record.fields.get("agent"));
            held.extend(agents.map(|agent| (agent.to_owned(), register.hold.clone())));
        }
        Ok(held)
    }

    async fn make_once(&self, report: &Report, period: &Period, now: Timestamp) -> Result<bool, Error> {
        let (what, first) = (format!("made {}", report.id), period.from.to_string());
        if self.was_done(&what, &first) {
            return Ok(false);
        }
        let is_there = self.store().report_of(&report.id, &first).await?.is_some();
        let is_owed = !is_there && (report.when_empty || !self.is_empty(report, period).await?);
        let made = is_owed && self.make(report, period, ACTOR, now).await?.is_some();
        self.done(what, first);
        Ok(made)
    }

    /// Whether something was done for a period since the start: it need not be looked at again.
    fn was_done(&self, what: &str, period: &str) -> bool {
        let looked = self.parts.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.get(what).is_some_and(|done| done == period)
    }

    fn done(&self, what: String, period: String) {
        self.parts.looked.lock().unwrap_or_else(PoisonError::into_inner).insert(what, period);
    }

    /// Reminds of a report that is due soon, with the rows that have no result yet.
    async fn remind(&self, report: &Report, calendar: &Calendar, now: Timestamp) -> Result<(), Error> {
        let period = report.schedule.period_of(calendar, calendar.date(now));
        let Some(day) = period.remind else { return Ok(()) };
        let (what, first) = (format!("reminded {}", report.id), period.from.to_string());
        let is_time = now >= calendar.instant(day, REMINDED_AT) && now < period.due_at;
        if !is_time || self.was_done(&what, &first) {
            return Ok(());
        }
        let row = self.store().report_of(&report.id, &first).await?;
        if row.is_none_or(|row| row.state == "draft") {
            let mut gaps = Vec::new();
            for id in &report.registers {
                gaps.extend(self.filled(id, (period.from, period.to), false, now).await?.missing);
            }
            let gap = |gap: &crate::register::Missing| format!("{}: {}", gap.record, gap.columns.join("、"));
            let named: Vec<String> = gaps.iter().take(NAMED).map(gap).collect();
            let more = [("rows", gaps.len().to_string()), ("gaps", named.join("\n"))];
            let notices = self.tell(report, &period, "report.reminder", &more);
            self.store().queue_extended(&notices, now).await?;
        }
        self.done(what, first);
        Ok(())
    }

    /// Reports that were not handed in when they were due.
    async fn name_the_late(&self, calendar: &Calendar, now: Timestamp) -> Result<(), Error> {
        for row in self.store().mark_late_reports(now).await? {
            let due = Timestamp(row.due_at);
            let day = calendar.date(Timestamp(row.due_at - 1));
            let warning = NewWarning {
                day,
                code: "report_overdue".into(),
                subject: format!("report:{}", row.id),
                detail: format!(
                    "{} {} .. {}: due {}",
                    row.report,
                    row.from_day,
                    row.to_day,
                    calendar.civil(due)
                ),
            };
            self.store().raise_warnings(&row.pack, &[warning], ACTOR, now).await?;
        }
        Ok(())
    }

    /// Rows of a day that lacked a part by hand when it ended (REG-02, REG-04).
    async fn name_the_unsaved(&self, register: &Register, day: Date, now: Timestamp) -> Result<(), Error> {
        let what = format!("unsaved {}", register.id);
        if self.was_done(&what, &day.to_string()) {
            return Ok(());
        }
        let table = self.filled(&register.id, (day, day), false, now).await?;
        let warning = |gap: &crate::register::Missing| NewWarning {
            day,
            code: "register_late".into(),
            subject: format!("{}/{}", register.id, gap.record),
            detail: format!("{}: {}", register.title, gap.columns.join("、")),
        };
        let warnings: Vec<NewWarning> = table.missing.iter().map(warning).collect();
        let pack = register.packs.first().map(String::as_str).unwrap_or_default();
        self.store().raise_warnings(pack, &warnings, ACTOR, now).await?;
        self.done(what, day.to_string());
        Ok(())
    }
}
