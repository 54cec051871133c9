//! The settings of a pack beside its rules. Every default is ours; the sources are silent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::Condition;
use crate::archive::{Anniversary, WARRANTY_MONTHS};
use crate::calendar::{Offset, Roll};

/// Whether such days are for calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calls {
    /// Calls are placed.
    #[default]
    Calls,
    /// No call is placed.
    NoCalls,
}

/// `[calendar]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PackCalendar {
    /// Statutory holidays (WIN-01).
    pub holidays: Calls,
    /// Weekends; make-up working days are no weekend (X08).
    pub weekends: Calls,
    /// Where a due date goes that falls on a day without calls. Deadlines never move.
    pub roll: Roll,
}

/// `[windows]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Windows {
    /// When calls may be placed: `Mon-Fri 09:00-12:00`. A call in progress may finish.
    pub call: Vec<String>,
    /// Other hours of the organisation, by name, for rosters and hotlines:
    /// `{ night = ["summer 18:30-08:00 from 05-01 to 10-31"] }` (WIN-05).
    pub duty: BTreeMap<String, Vec<String>>,
}

impl Default for Windows {
    fn default() -> Self {
        Windows { call: vec!["09:00-12:00".into(), "14:00-18:00".into()], duty: BTreeMap::new() }
    }
}

/// How long after an attempt the next may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Spacing {
    /// So long: `2h`.
    After(Offset),
    /// By a word.
    Word(SpacingWord),
}

/// Spacings by a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpacingWord {
    /// In the next window that opens.
    NextWindow,
    /// In the first window of the next day.
    NextDay,
}

/// `[attempts]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Attempts {
    /// Attempts to reach the customer for one callback.
    pub max: u32,
    /// Between the first and the second, the second and the third, and so on; the last
    /// repeats. The retry never goes beyond the deadline while one can lie before it.
    pub spacing: Vec<Spacing>,
    /// Seconds to let it ring.
    pub ring_seconds: u32,
    /// Goes on after the deadline has passed; the breach stays (SCH-02).
    pub after_deadline: bool,
    /// What one number is spared, over all rules, campaigns and numbers shown.
    pub caps: Caps,
    /// Two callbacks to one number on one day become one call (WIN-04).
    pub merge_same_number_same_day: bool,
    /// Asks about the complaint instead of the routine survey while one is open.
    pub suppress_while_complaint_open: bool,
}

impl Default for Attempts {
    fn default() -> Self {
        use SpacingWord::{NextDay, NextWindow};
        Attempts {
            max: 3,
            spacing: vec![
                Spacing::After(Offset::hours(2)),
                Spacing::Word(NextWindow),
                Spacing::Word(NextDay),
            ],
            ring_seconds: 45,
            after_deadline: true,
            caps: Caps::default(),
            merge_same_number_same_day: true,
            suppress_while_complaint_open: true,
        }
    }
}

/// Calls to one number at most; 0 means no cap. Counted over all campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// In a calendar day.
    pub day: u32,
    /// In a week from Monday.
    pub week: u32,
    /// In any 24 hours.
    pub hours_24: u32,
    /// In any 5 minutes.
    pub minutes_5: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { day: 2, week: 4, hours_24: 0, minutes_5: 1 }
    }
}

/// `[scale]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// Scores at or below this are dissatisfied.
    pub dissatisfied_at_or_below: i64,
    /// Scores counted as neither.
    pub neutral: Vec<i64>,
}

impl Default for Scale {
    fn default() -> Self {
        Scale { dissatisfied_at_or_below: 2, neutral: vec![3] }
    }
}

/// `[rate]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rate {
    /// Percent of all due callbacks that must be done by their deadline.
    pub target: f64,
    /// Leaves refusals out of the denominator.
    pub without_refused: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Rate { target: 100.0, without_refused: false }
    }
}

/// `[warranty]`: until when service is free of charge (ARC-04).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WarrantyRules {
    /// Months from the delivery on.
    pub months: i32,
    /// Whether the day on which the months are full still belongs to them: `within`, or `after`.
    pub anniversary: Anniversary,
    /// Field of the customer with the last day, where one was agreed.
    pub ends: String,
    /// Field of the customer with the day of delivery.
    pub delivered: String,
    /// Kinds of events that begin a warranty.
    pub from: Vec<String>,
}

impl Default for WarrantyRules {
    fn default() -> Self {
        WarrantyRules {
            months: WARRANTY_MONTHS,
            anniversary: Anniversary::default(),
            ends: "warranty_end".into(),
            delivered: "delivered".into(),
            from: Vec::new(),
        }
    }
}

/// Which deadline holds within a `group` of rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// The earliest.
    #[default]
    Strictest,
    /// That of this rule.
    Rule(String),
}

/// `[intake.<name>]`: what is asked of a slip or list row (IMP-01 to IMP-04, IMP-11, IMP-12).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    pub title_en: String,
    /// The kind of event a row becomes.
    pub event: String,
    /// Or the kind by the value of a column: `{ 合同单 = "contract.signed" }`. A value that is
    /// not listed rejects the row.
    pub event_by: BTreeMap<String, BTreeMap<String, String>>,
    /// Column names of the source for our fields: `{ 客户评分 = "score" }`.
    pub columns: BTreeMap<String, String>,
    /// What rejects or warns, asked in this order.
    pub reject: Vec<Reject>,
    /// Only rows for which all of this holds are taken; others are left out, counted, and no error.
    pub only: Vec<Condition>,
    /// The kind of event whose absence is missed: an installation known to be finished
    /// yesterday without a slip (IMP-01).
    pub expects: String,
    /// Time of day by which the day's rows are there: `08:30`; a missing row is warned of then.
    pub by: String,
    /// Time of day at which they are asked for, some time before `by` (REM-05).
    pub remind: String,
    /// Departments that get a copy of each row (IMP-08).
    pub copy_to: Vec<String>,
    /// Flags rows entered on a later day than they were received (IMP-02).
    pub same_day: bool,
    /// Fields that every row taken gets, whatever it says: `{ state = "after_sales" }` (IMP-08).
    pub sets: BTreeMap<String, String>,
    /// Requirement ids.
    pub source: String,
}

/// One reason not to take a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reject {
    /// The stable word: `no_customer_score`.
    pub reason: String,
    /// For people.
    pub title: String,
    /// Holds for a row that is not to be taken: all of it.
    pub when: Vec<Condition>,
    /// Takes the row all the same and notes the reason as a warning.
    pub warn_only: bool,
}

/// An event that a caller makes by keys: what they answered to a script of the hotline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByCall {
    /// The script, by file name without `.toml`.
    pub script: String,
    /// The question whose answer makes it.
    pub question: String,
    /// That answer, as the script names it.
    pub is: String,
    /// Fields of the event, each with the questions whose answers it holds, in order. A date of
    /// keys (`MMDD`) gets the next year in which it lies ahead.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<String>>,
}

/// What is taken along on visits, and what they may cost (ARC-09).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Visits {
    /// Most that is paid back of one expense, in yuan; 0: nothing is. Ours: 500.
    pub expense_limit: u32,
    /// Days until materials must be back. Ours: 2.
    pub materials_days: u16,
}

impl Default for Visits {
    fn default() -> Self {
        Visits { expense_limit: 500, materials_days: 2 }
    }
}
