//! The callback rate of a month: of all callbacks whose deadline lies in it, how many were done.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Error, Planner, Settings};
use crate::io::store::read::RateRow;

/// The rate of one rule in one month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleRate {
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// What the customer has in the field by which it is split; empty where it is not.
    pub part: String,
    /// Month: `2026-03`.
    pub month: String,
    /// All whose deadline lies in the month: the denominator. What an event took back or a
    /// person took out is not among them; nor are refusals, where the pack says so.
    pub due: u64,
    /// Done, whenever and by whatever channel.
    pub done: u64,
    /// Done before the deadline.
    pub in_time: u64,
    /// Still owed.
    pub open: u64,
    /// Given up: unreached, refused, not to be called.
    pub excused: u64,
    /// Refused by the customer (WIN-03).
    pub refused: u64,
    /// Not reached by any channel.
    pub unreached: u64,
    /// Taken back by an event or taken out by a person.
    pub withdrawn: u64,
    /// Done, and satisfied.
    pub satisfied: u64,
    /// Done, and dissatisfied.
    pub dissatisfied: u64,
    /// Done by channel.
    pub by_method: BTreeMap<String, u64>,
    /// Done, in percent of those due; null where nothing was due.
    pub rate: Option<f64>,
    /// Done before the deadline, in percent of those due.
    pub in_time_rate: Option<f64>,
    /// Done, in percent of those that could be reached.
    pub reached_rate: Option<f64>,
    /// Percent that must be done by the deadline.
    pub target: f64,
    /// Whether it counts in the pack's rate (CNT-20: internal interviews do not).
    pub counts: bool,
}

impl Planner {
    /// The rates of every rule in the month of that day.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rates(&self, month: Date) -> Result<Vec<RuleRate>, Error> {
        self.rates_by(month, None).await
    }

    /// The same, split by a field of the customer such as `customer_type` (ARC-06).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rates_by(&self, month: Date, field: Option<&str>) -> Result<Vec<RuleRate>, Error> {
        let settings = self.settings();
        let first = month.first_of_month();
        let next = first.checked_add(1.month()).unwrap_or(first);
        let calendar = &settings.calendar;
        let rows = self.store().rates(calendar.start_of(first), calendar.start_of(next), field).await?;
        Ok(rates(&settings, first, &rows))
    }
}

fn rates(settings: &Settings, first: Date, rows: &[RateRow]) -> Vec<RuleRate> {
    let mut rates: BTreeMap<(&str, &str, &str), RuleRate> = BTreeMap::new();
    for row in rows {
        let policy = settings.policies.in_force(&row.pack, first).map(|p| &p.pack);
        let rule = policy.and_then(|pack| pack.rule.get(&row.rule));
        let rate = rates.entry((&row.pack, &row.rule, &row.part)).or_insert_with(|| RuleRate {
            pack: row.pack.clone(),
            rule: row.rule.clone(),
            title: rule.map_or_else(|| row.rule.clone(), |rule| rule.title.clone()),
            part: row.part.clone(),
            month: first.strftime("%Y-%m").to_string(),
            target: rule.and_then(|r| r.target_rate).or(policy.map(|p| p.rate.target)).unwrap_or(100.0),
            counts: rule.is_none_or(|r| r.counts),
            ..RuleRate::default()
        });
        add(rate, row, policy.is_some_and(|p| p.rate.without_refused));
    }
    let mut rates: Vec<RuleRate> = rates.into_values().collect();
    rates.iter_mut().for_each(finish);
    rates
}

fn add(rate: &mut RuleRate, row: &RateRow, without_refused: bool) {
    let count = u64::try_from(row.count).unwrap_or(0);
    match (row.state.as_str(), row.outcome.as_str()) {
        (_, "withdrawn" | "removed") => {
            rate.withdrawn += count;
            return;
        }
        ("done", outcome) => {
            rate.done += count;
            match outcome {
                "satisfied" => rate.satisfied += count,
                "dissatisfied" => rate.dissatisfied += count,
                _ => {}
            }
            if row.breached == 0 {
                rate.in_time += count;
            }
            *rate.by_method.entry(row.method.clone()).or_default() += count;
        }
        ("excused", outcome) => {
            rate.excused += count;
            match outcome {
                "refused" => rate.refused += count,
                "unreached" => rate.unreached += count,
                _ => {}
            }
            if outcome == "refused" && without_refused {
                return;
            }
        }
        _ => rate.open += count,
    }
    rate.due += count;
}

fn finish(rate: &mut RuleRate) {
    let percent = |part: u64, of: u64| (of > 0).then(|| part as f64 * 100.0 / of as f64);
    rate.rate = percent(rate.done, rate.due);
    rate.in_time_rate = percent(rate.in_time, rate.due);
    rate.reached_rate = percent(rate.done, rate.due.saturating_sub(rate.unreached));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, outcome: &str, method: &str, breached: i64, count: i64) -> RateRow {
        RateRow {
            pack: "hospital".into(),
            rule: "inpatient".into(),
            method: method.into(),
            state: state.into(),
            outcome: outcome.into(),
            breached,
            count,
            part: String::new(),
        }
    }

    #[test]
    fn the_unreached_stay_in_the_denominator_and_what_was_taken_back_does_not() {
        let rows = [
            row("done", "satisfied", "phone", 0, 7),
            row("done", "reached", "onsite", 1, 2),
            row("excused", "unreached", "phone", 1, 1),
            row("excused", "withdrawn", "phone", 0, 5),
        ];
        let first = jiff::civil::date(2026, 3, 1);
        let rates = rates(&Settings::default(), first, &rows);
        let [rate] = rates.as_slice() else { panic!("{rates:?}") };
        assert_eq!((rate.due, rate.done, rate.in_time, rate.withdrawn), (10, 9, 7, 5));
        assert_eq!((rate.rate, rate.in_time_rate, rate.reached_rate), (Some(90.0), Some(70.0), Some(100.0)));
        assert_eq!(rate.by_method, BTreeMap::from([("onsite".into(), 2), ("phone".into(), 7)]));
        assert_eq!(rate.due, rate.done + rate.open + rate.excused);
    }

    #[test]
    fn refusals_leave_the_denominator_where_the_pack_says_so() {
        let mut rate = RuleRate::default();
        add(&mut rate, &row("excused", "refused", "phone", 0, 3), true);
        add(&mut rate, &row("done", "reached", "phone", 0, 1), true);
        finish(&mut rate);
        assert_eq!((rate.due, rate.refused, rate.rate), (1, 3, Some(100.0)));
    }
}
