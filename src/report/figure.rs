//! A figure: how many of how many, and who is left out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::pack::{Condition, holds_all};
use crate::register::{Record, Source};

/// How a figure is computed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The number of rows that count.
    #[default]
    Count,
    /// Those that count, in percent of all.
    Share,
    /// The mean of `value` over the rows that count and have it.
    Mean,
    /// The sum of `value` over the rows that count and have it.
    Sum,
}

/// A figure of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Its word within the report.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    #[serde(default)]
    pub title_en: String,
    /// What is counted.
    pub from: Source,
    /// The denominator: rows where all of this holds.
    #[serde(default)]
    pub of: Vec<Condition>,
    /// The numerator: of those, the rows where all of this holds too.
    #[serde(default)]
    pub count: Vec<Condition>,
    /// How it is computed.
    #[serde(default)]
    pub kind: Kind,
    /// Field whose number is added up; for `mean` and `sum`.
    #[serde(default)]
    pub value: String,
    /// What each row that counts adds, where no field says it; for `sum`.
    #[serde(default)]
    pub each: Option<f64>,
    /// Fields a row must have: one without is missing, named, and in no numerator.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Field by which it is split: a line for each value.
    #[serde(default)]
    pub by: String,
    /// Field by which the lines are split again.
    #[serde(default)]
    pub by_too: String,
    /// Whether it is drawn.
    #[serde(default)]
    pub chart: bool,
}

/// To which part of a figure a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Counted, and in the denominator.
    Numerator,
    /// In the denominator, and not counted.
    Rest,
    /// In the denominator, and without what is needed.
    Missing,
}

impl Figure {
    /// The fields it looks at.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let conditions = self.of.iter().chain(&self.count).flat_map(Condition::fields);
        let own = [&self.value, &self.by, &self.by_too].into_iter().chain(&self.needs).map(String::as_str);
        conditions.chain(own).filter(|name| !name.is_empty())
    }

    /// To which part a row belongs; None: to none.
    pub fn part(&self, record: &Record) -> Option<Part> {
        let field = |name: &str| record.fields.get(name);
        if !holds_all(&self.of, field) {
            return None;
        }
        let lacks = |name: &str| !name.is_empty() && field(name).is_none();
        if self.needs.iter().any(|name| lacks(name)) {
            return Some(Part::Missing);
        }
        if !holds_all(&self.count, field) {
            return Some(Part::Rest);
        }
        let adds = matches!(self.kind, Kind::Mean | Kind::Sum);
        if adds && self.number(record).is_none() {
            return Some(Part::Missing);
        }
        Some(Part::Numerator)
    }

    fn number(&self, record: &Record) -> Option<f64> {
        if self.each.is_some() {
            return self.each;
        }
        let text = record.fields.get(&self.value)?;
        text.trim().replace(',', "").parse::<f64>().ok().filter(|n| n.is_finite())
    }

    /// The line to which a row belongs: the values of `by` and `by_too`.
    pub fn group(&self, record: &Record) -> String {
        let value = |name: &str| record.fields.get(name).unwrap_or_default().to_owned();
        match (self.by.is_empty(), self.by_too.is_empty()) {
            (true, _) => String::new(),
            (_, true) => value(&self.by),
            _ => format!("{} / {}", value(&self.by), value(&self.by_too)),
        }
    }
}

/// What rows add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    numerator: u64,
    denominator: u64,
    missing: u64,
    total: f64,
}

/// A figure that is being counted, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    figure: Figure,
    all: Sums,
    groups: BTreeMap<String, Sums>,
}

/// One line of a figure that is split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Group {
    /// Value by which it is split; empty: the rows have none.
    pub name: String,
    /// Rows that count.
    pub numerator: u64,
    /// Rows of which they are.
    pub denominator: u64,
    /// Rows that lack what is needed.
    pub missing: u64,
    /// The figure; null where nothing can be said.
    pub value: Option<f64>,
}

/// A figure that was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counted {
    /// Its word within the report.
    pub id: String,
    /// Title, in Chinese.
    pub title: String,
    /// How it was computed.
    pub kind: Kind,
    /// Rows that count.
    pub numerator: u64,
    /// Rows of which they are.
    pub denominator: u64,
    /// Rows that lack what is needed: named in the list behind it, never estimated.
    pub missing: u64,
    /// The figure, rounded to a hundredth; null where nothing can be said.
    pub value: Option<f64>,
    /// By which field it is split; empty: by none.
    pub by: String,
    /// Its lines, by name.
    pub groups: Vec<Group>,
    /// Whether it is drawn.
    pub chart: bool,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(figure: &Figure) -> Tally {
        Tally { figure: figure.clone(), all: Sums::default(), groups: BTreeMap::new() }
    }

    /// Counts one row.
    pub fn add(&mut self, record: &Record) {
        let Some(part) = self.figure.part(record) else { return };
        let number = self.figure.number(record).unwrap_or(0.0);
        let add = |sums: &mut Sums| {
            sums.denominator += 1;
            match part {
                Part::Numerator => {
                    sums.numerator += 1;
                    sums.total += number;
                }
                Part::Missing => sums.missing += 1,
                Part::Rest => {}
            }
        };
        add(&mut self.all);
        if !self.figure.by.is_empty() {
            add(self.groups.entry(self.figure.group(record)).or_default());
        }
    }

    /// What it came to.
    pub fn finish(self) -> Counted {
        let Tally { figure, all, groups } = self;
        let kind = figure.kind;
        let group = |(name, sums): (String, Sums)| Group {
            name,
            numerator: sums.numerator,
            denominator: sums.denominator,
            missing: sums.missing,
            value: sums.value(kind),
        };
        Counted {
            id: figure.id,
            title: figure.title,
            kind,
            numerator: all.numerator,
            denominator: all.denominator,
            missing: all.missing,
            value: all.value(kind),
            by: figure.by,
            groups: groups.into_iter().map(group).collect(),
            chart: figure.chart,
        }
    }
}

impl Sums {
    fn value(&self, kind: Kind) -> Option<f64> {
        let counted = self.numerator as f64;
        let value = match kind {
            Kind::Count => Some(counted),
            Kind::Share => (self.denominator > 0).then(|| counted * 100.0 / self.denominator as f64),
            Kind::Mean => (self.numerator > 0).then(|| self.total / counted),
            Kind::Sum => Some(self.total),
        };
        value.map(|v| (v * 100.0).round() / 100.0)
    }
}
