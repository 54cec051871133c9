//! The monthly sheet of a person: lines with points, each of which opens what it comes of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Figure, Kind, Tally};
use crate::register::Record;
use crate::written::{Mistake, Place};

/// How people are appraised: `config/appraisals/<id>.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appraisal {
    /// Its id: `default`, or the pack for which it takes the place of that.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Below so many rows a line is shown and neither scored nor ranked.
    #[serde(default = "few")]
    pub few: u64,
    /// Its lines.
    #[serde(rename = "line")]
    pub lines: Vec<Rule>,
}

const fn few() -> u64 {
    5
}

/// One line of the sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The figure behind it, counted for each value of `by`, which names the person.
    pub figure: Figure,
    /// What is reached without points taken off or given; None: the line only informs.
    #[serde(default)]
    pub standard: Option<f64>,
    /// Width of a tier, in the unit of the figure.
    #[serde(default = "five")]
    pub tier: f64,
    /// Points for each tier below the standard that was begun; negative.
    #[serde(default)]
    pub below: f64,
    /// Points where the figure is at least this.
    #[serde(default)]
    pub reward_from: Option<f64>,
    /// How many.
    #[serde(default)]
    pub reward: f64,
    /// The value itself is the points: rows of `scores`.
    #[serde(default)]
    pub is_points: bool,
}

const fn five() -> f64 {
    5.0
}

impl Appraisal {
    /// Reads a file.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Appraisal, Mistake> {
        let read: Appraisal = toml::from_str(text)
            .map_err(|e| Mistake::of_toml(file, text, &e, "keys: id, title, few and [[line]]"))?;
        for (place, line) in read.lines.iter().enumerate() {
            let place = place.to_string();
            let at = |path: &[&str]| {
                let path = [&["line", place.as_str()], path].concat();
                Place::find_or_start(text, &path)
            };
            if line.figure.by.is_empty() {
                let message = format!("line `{}` does not say whose it is", line.figure.id);
                return Err(Mistake::at(
                    file,
                    at(&["figure", "id"]),
                    message,
                    "name the field of the person: by = \"caller\"",
                ));
            }
            if line.tier <= 0.0 {
                return Err(Mistake::at(file, at(&["tier"]), "a tier has no width", "write 5"));
            }
        }
        Ok(read)
    }
}

/// A line of a person's sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonLine {
    /// Its word.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English; empty: it has none.
    pub title_en: String,
    /// Rows that count.
    pub numerator: u64,
    /// Rows of which they are.
    pub denominator: u64,
    /// The figure; null where nothing can be said.
    pub value: Option<f64>,
    /// What is to be reached; null: the line only informs.
    pub standard: Option<f64>,
    /// Tiers below the standard.
    pub tiers: u32,
    /// Points given or taken off.
    pub points: f64,
    /// Whether there are too few rows to judge.
    pub few: bool,
    /// The list behind it, below `/api/v1`.
    pub rows: String,
}

/// The sheet of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sheet {
    /// Whose.
    pub person: String,
    /// `2026-03`.
    pub month: String,
    /// The lines.
    pub lines: Vec<PersonLine>,
    /// Sum of the points of the lines.
    pub total: f64,
    /// Place among those who have enough rows, from 1; null: not ranked.
    pub rank: Option<u32>,
}

/// Tiers below the standard and points for a value (PRF-01): a tier that was begun counts.
pub fn points_of(rule: &Rule, value: f64) -> (u32, f64) {
    if rule.is_points {
        return (0, value);
    }
    let mut tiers = 0;
    let mut points = 0.0;
    if let Some(standard) = rule.standard {
        let short = ((standard - value) / rule.tier - 1e-9).ceil().max(0.0);
        tiers = short as u32;
        points += f64::from(tiers) * rule.below;
    }
    if rule.reward_from.is_some_and(|from| value >= from) {
        points += rule.reward;
    }
    (tiers, points)
}

/// The sheets of everybody, from what was counted line by line.
pub fn sheet(appraisal: &Appraisal, month: &str, tallies: Vec<Tally>) -> Vec<Sheet> {
    let mut sheets: BTreeMap<String, Vec<PersonLine>> = BTreeMap::new();
    for (rule, tally) in appraisal.lines.iter().zip(tallies) {
        for group in tally.finish().groups.into_iter().filter(|group| !group.name.is_empty()) {
            let few = group.denominator < appraisal.few && rule.figure.kind != Kind::Sum && !rule.is_points;
            let scored = group.value.filter(|_| !few).map(|value| points_of(rule, value));
            let (tiers, points) = scored.unwrap_or((0, 0.0));
            let rows = format!(
                "/performance/rows?month={month}&line={}&person={}",
                rule.figure.id,
                form_urlencoded::byte_serialize(group.name.as_bytes()).collect::<String>()
            );
            sheets.entry(group.name).or_default().push(PersonLine {
                id: rule.figure.id.clone(),
                title: rule.figure.title.clone(),
                title_en: rule.figure.title_en.clone(),
                numerator: group.numerator,
                denominator: group.denominator,
                value: group.value,
                standard: rule.standard,
                tiers,
                points,
                few,
                rows,
            });
        }
    }
    let total = |lines: &[PersonLine]| lines.iter().map(|line| line.points).sum::<f64>();
    let mut all: Vec<Sheet> = sheets
        .into_iter()
        .map(|(person, lines)| Sheet {
            person,
            month: month.to_owned(),
            total: total(&lines),
            rank: None,
            lines,
        })
        .collect();
    rank(&mut all);
    all
}

/// Places by total; whoever has only lines with too few rows is not ranked.
fn rank(sheets: &mut [Sheet]) {
    let ranked = |sheet: &Sheet| sheet.lines.iter().any(|line| line.standard.is_some() && !line.few);
    let totals: Vec<f64> = sheets.iter().filter(|s| ranked(s)).map(|s| s.total).collect();
    for sheet in sheets.iter_mut().filter(|s| ranked(s)) {
        let before = totals.iter().filter(|total| **total > sheet.total).count();
        sheet.rank = u32::try_from(before + 1).ok();
    }
}

impl Rule {
    /// Whether a row stands behind the line of a person.
    pub fn is_behind(&self, record: &Record, person: &str) -> bool {
        self.figure.part(record).is_some() && self.figure.group(record) == person
    }
}
