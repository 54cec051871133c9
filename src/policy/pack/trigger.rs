//! What makes a callback of a rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Offset;

/// What makes a callback: exactly one of these is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trigger {
    /// Events of one of these kinds.
    pub event: Vec<String>,
    /// The outcome of another rule's callback.
    pub after: Option<After>,
    /// So long after the customer's last one.
    pub every: Option<Every>,
    /// Once a calendar year or month for each customer.
    pub yearly: Option<Yearly>,
    /// The plan of a key account, see the customer's own fields (SCH-30).
    pub key_account_plan: bool,
    /// A random sample (SCH-18).
    pub sample: Option<Sample>,
    /// Only by a person's hand.
    pub manual: bool,
}

/// `on = { after = { rule = "install1", outcome = ["done"] } }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The other rule, of the same pack.
    pub rule: String,
    /// Outcomes that count.
    pub outcome: Vec<OutcomeWord>,
}

/// How a callback ended, as another rule may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeWord {
    /// Done, whatever was answered.
    Done,
    /// Done, and no answer was dissatisfied.
    Satisfied,
    /// Done, and some answer was dissatisfied.
    Dissatisfied,
    /// Not reached.
    Unreached,
}

/// `on = { every = { offset = "6mo", since = "last_callback" } }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// How long after.
    pub offset: Offset,
    /// Kind of the event it is counted from, the last one of each customer; empty: the
    /// customer's last done callback of any rule.
    #[serde(default)]
    pub since: String,
}

/// `on = { yearly = { period = "year", from = "11-01", to = "12-31" } }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Yearly {
    /// Once in each of these.
    pub period: Period,
    /// First day: `11-01` in a year, `1` in a month.
    pub from: String,
    /// Last day: `12-31` in a year, `31` in a month (clamped).
    pub to: String,
}

/// A calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// `on = { sample = { ... } }`: a draw anybody can repeat from the published seed and list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Kind of the events that are drawn from.
    pub from: String,
    /// Days of the week on which it is drawn: `["Tue", "Thu", "Sat"]`.
    pub days: Vec<String>,
    /// How many each time.
    pub size: u32,
    /// Field whose values are drawn from in proportion; empty: all together.
    #[serde(default)]
    pub strata: String,
    /// Only events of so many days before the draw.
    pub recency: Offset,
    /// The same customer again only after so long.
    pub cooloff: Offset,
    /// Draws in a week at least; fewer is a warning on Monday.
    #[serde(default)]
    pub min_a_week: u32,
    /// Draws in a week at most.
    #[serde(default)]
    pub max_a_week: u32,
}

impl Trigger {
    /// The words of the triggers that are given; exactly one is right.
    pub fn given(&self) -> Vec<&'static str> {
        let all = [
            ("event", !self.event.is_empty()),
            ("after", self.after.is_some()),
            ("every", self.every.is_some()),
            ("yearly", self.yearly.is_some()),
            ("key_account_plan", self.key_account_plan),
            ("sample", self.sample.is_some()),
            ("manual", self.manual),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(word, _)| word).collect()
    }

    /// Kinds of events whose fields a condition of the rule may ask for.
    pub fn kinds(&self) -> Vec<&str> {
        let sampled = self.sample.iter().map(|sample| sample.from.as_str());
        let every = self.every.iter().map(|every| every.since.as_str()).filter(|kind| !kind.is_empty());
        self.event.iter().map(String::as_str).chain(sampled).chain(every).collect()
    }
}

impl Yearly {
    /// First and last day as `(month, day)`; month 0 where the period is a month.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn days(&self) -> Result<[(i8, i8); 2], String> {
        let read = |text: &str| -> Result<(i8, i8), String> {
            let bad = || match self.period {
                Period::Year => format!("`{text}` is not a day of the year: write month and day as 11-01"),
                Period::Month => format!("`{text}` is not a day of the month: write a number from 1 to 31"),
            };
            let (month, day) = match self.period {
                Period::Year => text.split_once('-').ok_or_else(bad)?,
                Period::Month => ("1", text),
            };
            let (month, day): (i8, i8) = (month.parse().map_err(|_| bad())?, day.parse().map_err(|_| bad())?);
            // 2024 is a leap year, and January has 31 days.
            jiff::civil::Date::new(2024, month, day).map_err(|_| bad())?;
            Ok(if self.period == Period::Year { (month, day) } else { (0, day) })
        };
        let (from, to) = (read(&self.from)?, read(&self.to)?);
        if to < from {
            return Err(format!("from `{}` to `{}` runs backwards", self.from, self.to));
        }
        Ok([from, to])
    }
}
