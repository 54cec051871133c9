//! A computed moment together with the sum that led to it, for people who ask why.

use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// Which end of a day a civil offset means. A callback may begin with its day; a deadline
/// lasts to 24:00 of it (section 1: "N days" is the end of day D+N).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// 00:00 of the day.
    Start,
    /// 24:00 of the day.
    End,
}

/// Where a due date goes that falls on a day without calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// Nowhere: windows decide.
    #[default]
    None,
    /// To the next working day.
    Forward,
    /// To the working day before.
    Back,
}

/// The steps of a computed date: `2026-08-31 + 1mo = 2026-09-30, clamped to the month's last day`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sum(pub Vec<String>);

impl Sum {
    /// Adds a step.
    pub fn note(&mut self, step: impl Into<String>) {
        self.0.push(step.into());
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// A computed moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment itself.
    pub at: Timestamp,
    /// The civil day it belongs to; of a deadline at 24:00 the day that ends then.
    pub day: Date,
    /// How it was computed.
    pub sum: Sum,
}
