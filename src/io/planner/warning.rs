//! What a person should look at raises itself: once a day, as an alarm and as a row that stays
//! until it holds no more (IMP-01, REM-05, SCH-09, SCH-18).

use std::collections::BTreeSet;
use std::sync::PoisonError;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use super::{ACTOR, Error, Planner, Settings, in_force};
use crate::base::Timestamp;
use crate::intake::{Checked, checks};
use crate::io::store::NewWarning;
use crate::plan::sample::{self, Quota};
use crate::policy::pack::Pack;

/// At least so many milliseconds between two looks at one pack.
const EVERY_MS: i64 = 15_000;
/// Words of what holds no more by itself: when the slip or report came in, the calendar was
/// completed.
const PASSING: [&str; 4] = ["missing_slip", "report_due", "report_missing", "calendar_year_missing"];

impl Planner {
    /// Raises what holds and is not known yet, and closes what holds no more.
    pub(super) async fn keep_warnings(
        &self,
        settings: &Settings,
        pack_id: &str,
        today: Date,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !self.is_time_to_warn(pack_id, now) {
            return Ok(());
        }
        let pack = &in_force(settings, pack_id, today)?.pack;
        let known = self.store().known_warnings(pack_id, today).await?;
        let open = || known.iter().filter(|w| w.settled_at.is_none() && PASSING.contains(&w.code.as_str()));
        let mut days: BTreeSet<Date> = open().filter_map(|w| w.day.parse().ok()).collect();
        days.insert(today);
        let mut holds = self.quotas(pack, today).await?;
        holds.extend(calendar(settings, today));
        for day in days {
            let end = Timestamp(settings.calendar.end_of(day).0.saturating_sub(1));
            holds.extend(self.expected(settings, pack, day, now.min(end)).await?);
        }
        let is = |w: &crate::io::store::WarningRow, n: &NewWarning| {
            w.code == n.code && w.subject == n.subject && w.day == n.day.to_string()
        };
        let mut over: Vec<i64> = open().filter(|w| !holds.iter().any(|n| is(w, n))).map(|w| w.id).collect();
        over.extend(self.store().covered_since(pack_id).await?);
        // What a person settled stays so; what held no more and holds again is raised again.
        let stays = |n: &NewWarning| {
            known.iter().any(|w| is(w, n) && (w.settled_at.is_none() || w.settled_by != ACTOR))
        };
        holds.retain(|n| !stays(n));
        holds.extend(self.coverage(settings, pack).await?);
        if !over.is_empty() {
            self.store().close_warnings(&over, ACTOR, now).await?;
        }
        if holds.is_empty() {
            return Ok(());
        }
        for raised in self.store().raise_warnings(pack_id, &holds, ACTOR, now).await? {
            let alarm = format!("{}: {}: {}", raised.code, raised.subject, raised.detail);
            tracing::warn!(pack = pack_id, day = %raised.day, alarm, "a person should look at this");
            let told =
                json!({ "call": null, "alarm": alarm, "pack": pack_id, "day": raised.day.to_string() });
            self.parts.hub.publish_value("alarm", &told);
        }
        Ok(())
    }

    fn is_time_to_warn(&self, pack: &str, now: Timestamp) -> bool {
        let mut warned = self.parts.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let last = warned.get(pack).copied();
        if last.is_some_and(|last| (0..EVERY_MS).contains(&now.millis_since(last))) {
            return false;
        }
        warned.insert(pack.to_owned(), now);
        true
    }

    /// Slips and reports that are missing at `moment`, on `day`.
    async fn expected(
        &self,
        settings: &Settings,
        pack: &Pack,
        day: Date,
        moment: Timestamp,
    ) -> Result<Vec<NewWarning>, Error> {
        let mut found = Vec::new();
        // Of the packs that come with the program a company uses one or two: nobody owes the others anything.
        if !self.store().has_customers(&pack.pack).await? {
            return Ok(found);
        }
        for check in checks(pack, &settings.calendar, moment) {
            let by = settings.calendar.civil(check.by);
            let warning = |code: &str, subject: String, detail: String| NewWarning {
                day,
                code: code.into(),
                subject,
                detail,
            };
            match &check.what {
                Checked::Slips { expects, kinds, from, to } => {
                    let missing = self.store().missing_slips(&pack.pack, expects, kinds, *from, *to).await?;
                    found.extend(missing.into_iter().map(|event| {
                        let order = if event.matter.is_empty() { &event.external_id } else { &event.matter };
                        let detail = format!(
                            "{order}, {}: {expects} is known, and no row of intake `{}` came in by {by}",
                            event.name, check.intake
                        );
                        warning("missing_slip", format!("{}/{order}", check.intake), detail)
                    }));
                }
                Checked::Report { since } => {
                    if !self.store().intake_since(&pack.pack, &check.intake, *since).await? {
                        let code = if check.is_late { "report_missing" } else { "report_due" };
                        let detail =
                            format!("nothing came in by intake `{}`; it is due by {by}", check.intake);
                        found.push(warning(code, check.intake.clone(), detail));
                    }
                }
            }
        }
        Ok(found)
    }

    /// On Monday: samples of which the week before had too few draws or too many (SCH-18).
    async fn quotas(&self, pack: &Pack, today: Date) -> Result<Vec<NewWarning>, Error> {
        let mut found = Vec::new();
        if today.weekday() != jiff::civil::Weekday::Monday {
            return Ok(found);
        }
        let from = today.checked_sub(7.days()).unwrap_or(today);
        // Where ringback did not run yet, no draw was owed.
        if !self.store().was_planned_before(&pack.pack, today).await? {
            return Ok(found);
        }
        for (id, rule) in pack.rule.iter().filter(|(_, rule)| rule.enabled) {
            let Some(wanted) = &rule.on.sample else { continue };
            let draws = self.store().draws(&pack.pack, id, from, today).await?;
            let days: Vec<Date> = draws.iter().filter_map(|draw| draw.day.parse().ok()).collect();
            let code = match sample::week_before(wanted, today, &days) {
                Quota::Kept => continue,
                Quota::UnderQuota => "under_quota",
                Quota::OverQuota => "over_quota",
            };
            let runs = days.iter().filter(|day| **day < today).count();
            found.push(NewWarning {
                day: today,
                code: code.into(),
                subject: format!("{}/{id}", pack.pack),
                detail: format!(
                    "{runs} draws in the week from {from}; {} to {} are wanted",
                    wanted.min_a_week, wanted.max_a_week
                ),
            });
        }
        Ok(found)
    }

    /// Customers whom a rule must reach at least once, past the deadline: once each, on the day
    /// it was missed (SCH-09).
    async fn coverage(&self, settings: &Settings, pack: &Pack) -> Result<Vec<NewWarning>, Error> {
        let mut found = Vec::new();
        for (id, _) in pack.rule.iter().filter(|(_, rule)| rule.satisfied_by_any_callback) {
            for missed in self.store().uncovered(&pack.pack, id).await? {
                let day = settings.calendar.date(Timestamp(missed.deadline.saturating_sub(1)));
                found.push(NewWarning {
                    day,
                    code: "coverage_breach".into(),
                    subject: format!("callback:{}", missed.id),
                    detail: format!("{}: rule `{}` had nobody reach them by {day}", missed.name, missed.rule),
                });
            }
        }
        Ok(found)
    }
}

/// The year of today, and in December the next one, about which the calendar says nothing.
fn calendar(settings: &Settings, today: Date) -> Vec<NewWarning> {
    let next = (today.month() == 12).then(|| today.year().saturating_add(1));
    let missing = [Some(today.year()), next].into_iter().flatten().filter_map(|year| {
        let missing = settings.calendar.missing(year)?;
        let (code, subject) = ("calendar_year_missing".into(), format!("calendar/{year}"));
        Some(NewWarning { day: today, code, subject, detail: missing.to_string() })
    });
    missing.collect()
}
