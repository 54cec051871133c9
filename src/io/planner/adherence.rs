//! Whether calls were placed in the prescribed hours and before the deadline (WIN-06), visits
//! began in time (REM-04), and everybody was reached in a year (SCH-29).

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Error, Planner, Settings, campaign, in_force};
use crate::base::Timestamp;
use crate::calendar::Windows;
use crate::io::store::read::UncoveredCustomer;
use crate::policy::OVERRIDE_ACTION;
use crate::policy::pack::Period;

/// Calls of one query.
const PAGE: u32 = 5_000;
/// Who calls where nobody is named.
const ROBOT: &str = "robot";

/// How one caller kept to the rules in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallerAdherence {
    /// Who was to call; `robot` where nobody is named.
    pub caller: String,
    /// Policy pack.
    pub pack: String,
    /// Rule; empty for overrides.
    pub rule: String,
    /// Calls placed for callbacks.
    pub calls: u64,
    /// Of them outside the rule's windows.
    pub outside_window: u64,
    /// Of them at or after the deadline.
    pub after_deadline: u64,
    /// Calls by hand against a rule, with a reason.
    pub overrides: u64,
}

/// One call by hand against a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OverrideLine {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub caller: String,
    /// `callback:7`.
    pub subject: String,
    /// The rule, and the reason given.
    pub detail: String,
}

/// A month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Adherence {
    /// `2026-03`.
    pub month: String,
    /// By caller, pack and rule.
    pub callers: Vec<CallerAdherence>,
    /// Every override of the month.
    pub overrides: Vec<OverrideLine>,
}

/// A visit: when it was to begin and when it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Visit {
    /// Row id of the callback.
    pub callback: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Customer's name.
    pub name: String,
    /// Who went.
    pub assignee: String,
    /// Milliseconds since 1970.
    pub planned: i64,
    /// Milliseconds since 1970.
    pub arrived: i64,
    /// Minutes after the planned time, 0 where they were in time; null where only a day was
    /// planned.
    pub late_minutes: Option<i64>,
}

/// Who was reached in a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Coverage {
    /// Policy pack.
    pub pack: String,
    /// The year.
    pub year: i16,
    /// Rules that count; empty: all.
    pub rules: Vec<String>,
    /// Active customers.
    pub customers: u64,
    /// Of them reached.
    pub covered: u64,
    /// Of them not reached.
    pub uncovered: u64,
    /// Who was not reached, at most 10,000.
    pub items: Vec<UncoveredCustomer>,
}

impl Planner {
    /// Who kept to the rules in the month of that day.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn adherence(&self, month: Date) -> Result<Adherence, Error> {
        let settings = self.settings();
        let (first, span) = month_of(&settings, month);
        let mut callers: BTreeMap<(String, String, String), CallerAdherence> = BTreeMap::new();
        let mut windows: BTreeMap<(String, String), Option<Windows>> = BTreeMap::new();
        let mut after = None;
        loop {
            let calls = self.store().placed_calls(span, after, PAGE).await?;
            let Some(last) = calls.last() else { break };
            after = Some((last.reserved_at, last.id.clone()));
            for call in &calls {
                let caller = if call.assignee.is_empty() { ROBOT } else { &call.assignee };
                let one = row(&mut callers, caller, &call.pack, &call.rule);
                let key = (call.pack.clone(), call.rule.clone());
                let open = windows.entry(key).or_insert_with(|| of(&settings, first, &call.pack, &call.rule));
                one.calls += 1;
                one.outside_window +=
                    u64::from(open.as_ref().is_some_and(|w| !w.is_open(Timestamp(call.at))));
                one.after_deadline += u64::from(call.at >= call.deadline);
            }
        }
        // Calls that agents dialled: each left inside the hours, or is among the overrides.
        for (agent, calls) in self.store().dialled_by(span.0, span.1).await? {
            row(&mut callers, &agent, "", "").calls += calls.unsigned_abs();
        }
        let lines = self.store().audit_of(OVERRIDE_ACTION, span.0, span.1).await?;
        let mut overrides = Vec::with_capacity(lines.len());
        for line in lines {
            row(&mut callers, &line.actor, "", "").overrides += 1;
            overrides.push(OverrideLine {
                at: line.at,
                caller: line.actor,
                subject: line.subject,
                detail: line.detail,
            });
        }
        let month = first.strftime("%Y-%m").to_string();
        Ok(Adherence { month, callers: callers.into_values().collect(), overrides })
    }

    /// Whether a moment lies in the windows of a rule; None where the pack or rule is gone.
    pub fn is_within_window(&self, pack: &str, rule: &str, at: Timestamp) -> Option<bool> {
        let settings = self.settings();
        let day = settings.calendar.date(at);
        of(&settings, day, pack, rule).map(|windows| windows.is_open(at))
    }

    /// Visits made in the month of that day, with how late they began.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn visits(&self, month: Date) -> Result<Vec<Visit>, Error> {
        let settings = self.settings();
        let (_, (from, to)) = month_of(&settings, month);
        let calendar = &settings.calendar;
        let visit = |row: crate::io::store::read::VisitRow| {
            let planned = Timestamp(row.planned);
            let has_time = calendar.start_of(calendar.date(planned)) != planned;
            let late = Timestamp(row.arrived).millis_since(planned).max(0) / 60_000;
            Visit {
                callback: row.callback,
                pack: row.pack,
                rule: row.rule,
                name: row.name,
                assignee: row.assignee,
                planned: row.planned,
                arrived: row.arrived,
                late_minutes: has_time.then_some(late),
            }
        };
        Ok(self.store().visits(from, to).await?.into_iter().map(visit).collect())
    }

    /// Which customers of a pack were not reached in a year: by the rules named, else by those
    /// that want each customer once a year, else by any.
    ///
    /// # Errors
    /// [`Error::NoPack`], [`Error::Refused`] for a year that is none, those of the store.
    pub async fn coverage_of(&self, pack: &str, year: i16, rule: Option<&str>) -> Result<Coverage, Error> {
        let settings = self.settings();
        let first = Date::new(year, 1, 1).map_err(|e| Error::Refused(format!("{year} is no year: {e}")))?;
        let last = Date::new(year, 12, 31).unwrap_or(first);
        let known = &in_force(&settings, pack, last)?.pack.rule;
        let yearly = known.iter().filter(|(_, rule)| {
            rule.enabled && rule.on.yearly.as_ref().is_some_and(|yearly| yearly.period == Period::Year)
        });
        let rules: BTreeSet<String> = match rule {
            Some(rule) => BTreeSet::from([rule.to_owned()]),
            None => yearly.map(|(id, _)| id.clone()).collect(),
        };
        let span = (settings.calendar.start_of(first), settings.calendar.end_of(last));
        let (customers, uncovered, items) = self.store().without_callback(pack, &rules, span).await?;
        Ok(Coverage {
            pack: pack.to_owned(),
            year,
            rules: rules.into_iter().collect(),
            customers,
            covered: customers.saturating_sub(uncovered),
            uncovered,
            items,
        })
    }
}

/// The first day of a month, and its first moment and that of the next.
fn month_of(settings: &Settings, month: Date) -> (Date, (Timestamp, Timestamp)) {
    let first = month.first_of_month();
    let next = first.checked_add(1.month()).unwrap_or(first);
    (first, (settings.calendar.start_of(first), settings.calendar.start_of(next)))
}

fn row<'a>(
    callers: &'a mut BTreeMap<(String, String, String), CallerAdherence>,
    caller: &str,
    pack: &str,
    rule: &str,
) -> &'a mut CallerAdherence {
    let key = (caller.to_owned(), pack.to_owned(), rule.to_owned());
    callers.entry(key).or_insert_with(|| CallerAdherence {
        caller: caller.to_owned(),
        pack: pack.to_owned(),
        rule: rule.to_owned(),
        ..CallerAdherence::default()
    })
}

/// The windows of a rule; None where the pack or rule is gone and nothing can be said.
fn of(settings: &Settings, day: Date, pack: &str, rule: &str) -> Option<Windows> {
    let pack = &settings.policies.in_force(pack, day)?.pack;
    let zone = settings.calendar.zone().iana_name().unwrap_or("UTC");
    campaign::settings(pack, pack.rule.get(rule)?, zone).windows(&Windows::always(), &settings.calendar).ok()
}
