//! What customers said over time: the scores of each month, and how they moved (CNT-18).

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Error, Planner, Settings};
use crate::io::store::read::ScoreRow;

/// Months of one question: five years.
const MAX_MONTHS: usize = 60;

/// What the scores of a rule are told apart by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyBy {
    /// By nothing: one line a month.
    #[default]
    Rule,
    /// By what the question is about (CNT-04).
    Dimension,
    /// By who is rated (SCH-04, ROL-08).
    Person,
}

/// Scores of one rule in one month. Rules are never mixed, so that what our own people say of
/// themselves stays out of what customers say (CNT-20).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SurveyMonth {
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Month: `2026-03`.
    pub month: String,
    /// What it is about; null: not asked for, or not said by the script.
    pub dimension: Option<String>,
    /// Function of who is rated; null: not asked for, or nobody is rated.
    pub rated_function: Option<String>,
    /// Who that is.
    pub rated_person: Option<String>,
    /// Scores that were given; no answer is none.
    pub n: i64,
    /// Their mean.
    pub mean: f64,
    /// By how much the mean moved since the last month with scores; null: there is none before.
    pub delta: Option<f64>,
    /// Whether the rule counts in the pack's rate (CNT-20: internal interviews do not).
    pub counts: bool,
}

/// What lines are told apart by: pack, rule, dimension, function, person.
type Key = (String, String, Option<String>, Option<String>, Option<String>);

impl Planner {
    /// Scores by month of the callbacks that were closed from the first to the last month, of
    /// one rule or of all.
    ///
    /// # Errors
    /// [`Error::Refused`] where the months are too many; those of the store.
    pub async fn surveys(
        &self,
        pack: Option<&str>,
        rule: Option<&str>,
        (first, last): (Date, Date),
        by: SurveyBy,
    ) -> Result<Vec<SurveyMonth>, Error> {
        let settings = self.settings();
        let mut months = Vec::new();
        let mut month = first.first_of_month();
        while month <= last {
            if months.len() == MAX_MONTHS {
                return Err(Error::Refused(format!("more than {MAX_MONTHS} months: ask for fewer")));
            }
            let next = month.checked_add(1.month()).unwrap_or(last);
            let calendar = &settings.calendar;
            let span = (calendar.start_of(month), calendar.start_of(next));
            months.push((month, self.store().scores(pack, rule, span).await?));
            if next <= month {
                break;
            }
            month = next;
        }
        Ok(lines(&settings, &months, by))
    }
}

fn lines(settings: &Settings, months: &[(Date, Vec<ScoreRow>)], by: SurveyBy) -> Vec<SurveyMonth> {
    let mut lines: BTreeMap<(Key, Date), (i64, i64)> = BTreeMap::new();
    for (month, rows) in months {
        for row in rows {
            let (sum, n) = lines.entry((key(row, by), *month)).or_default();
            *sum += row.sum;
            *n += row.count;
        }
    }
    let mut told: Vec<SurveyMonth> = Vec::with_capacity(lines.len());
    let mut before: Option<(Key, f64)> = None;
    for ((key, month), (sum, n)) in lines {
        let mean = sum as f64 / n as f64;
        let delta = before.as_ref().filter(|(of, _)| *of == key).map(|(_, last)| mean - last);
        let rule = settings.policies.in_force(&key.0, month).and_then(|p| p.pack.rule.get(&key.1));
        before = Some((key.clone(), mean));
        let (pack, name, dimension, rated_function, rated_person) = key;
        told.push(SurveyMonth {
            pack,
            rule: name,
            month: month.strftime("%Y-%m").to_string(),
            dimension,
            rated_function,
            rated_person,
            n,
            mean,
            delta,
            counts: rule.is_none_or(|rule| rule.counts),
        });
    }
    told
}

fn key(row: &ScoreRow, by: SurveyBy) -> Key {
    let (pack, rule) = (row.pack.clone(), row.rule.clone());
    match by {
        SurveyBy::Rule => (pack, rule, None, None, None),
        SurveyBy::Dimension => (pack, rule, row.dimension.clone(), None, None),
        SurveyBy::Person => (pack, rule, None, row.rated_function.clone(), row.rated_person.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rule: &str, dimension: &str, person: &str, sum: i64, count: i64) -> ScoreRow {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ScoreRow {
            pack: "shop".into(),
            rule: rule.into(),
            dimension: given(dimension),
            rated_function: given(person).map(|_| "设计师".into()),
            rated_person: given(person),
            sum,
            count,
        }
    }

    fn told(months: &[(Date, Vec<ScoreRow>)], by: SurveyBy) -> Vec<(String, String, i64, f64, Option<f64>)> {
        let lines = lines(&Settings::default(), months, by);
        let name = |l: &SurveyMonth| l.dimension.clone().or(l.rated_person.clone()).unwrap_or(l.rule.clone());
        lines.iter().map(|l| (l.month.clone(), name(l), l.n, l.mean, l.delta)).collect()
    }

    #[test]
    fn cnt_18_both_means_and_how_they_moved() {
        let (january, february) = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2026, 2, 1));
        let months = [
            (january, vec![row("survey", "质量", "王", 8, 2), row("survey", "态度", "", 5, 1)]),
            (february, vec![row("survey", "质量", "王", 5, 1), row("manager", "", "", 1, 1)]),
        ];
        let line =
            |month: &str, name: &str, n, mean, delta| (month.to_owned(), name.to_owned(), n, mean, delta);
        let first = 13.0 / 3.0;
        assert_eq!(
            told(&months, SurveyBy::Rule),
            [
                line("2026-02", "manager", 1, 1.0, None),
                line("2026-01", "survey", 3, first, None),
                line("2026-02", "survey", 1, 5.0, Some(5.0 - first)),
            ]
        );
        let by = told(&months, SurveyBy::Dimension);
        assert!(by.contains(&line("2026-02", "质量", 1, 5.0, Some(1.0))), "{by:?}");
        let by = told(&months, SurveyBy::Person);
        assert!(by.contains(&line("2026-01", "王", 2, 4.0, None)), "{by:?}");
    }
}
