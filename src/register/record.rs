//! One model of rows: what every register and every figure is made from.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Wanted;
use crate::base::Timestamp;

/// What rows are made from, and by which of its times a row belongs to a period.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Every call in and out, by its beginning.
    Calls,
    /// Callbacks that were closed, by that time.
    Callbacks,
    /// Callbacks that were owed, by their deadline: done, open or excused.
    Owed,
    /// Rated answers of closed callbacks, one row for each question.
    Answers,
    /// Opinions, suggestions, demands, wishes and complaints of closed callbacks, one row for each.
    Opinions,
    /// Tickets, by their opening.
    Tickets,
    /// Tickets that were open at any time of the period.
    TicketLoad,
    /// Points that tickets took off, by their time.
    Points,
    /// Crews of tickets that were finished, one row for each of them, by that time.
    Crews,
    /// Messages that were sent, by the time they were made.
    Messages,
    /// Events of the archive: slips, orders, contracts, handovers; by the time they happened.
    Events,
    /// Customers who are known.
    Customers,
    /// Nights of published rosters.
    Duties,
    /// Shifts of our own people, by their beginning.
    Shifts,
    /// What our own people paid on visits, by its day.
    Expenses,
    /// What counts for or against the score of people, by its day.
    Scores,
    /// What was found in calls, by their beginning: evidence that says more than how it was.
    Findings,
    /// Calls of frozen months that must be audited in any case, one row for each reason, by their beginning.
    MustAudit,
    /// Audit sheets that count, by the beginning of their calls, one a call; no session, no second look.
    Sheets,
}

impl Source {
    /// The word in files and links.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Calls => "calls",
            Source::Callbacks => "callbacks",
            Source::Owed => "owed",
            Source::Answers => "answers",
            Source::Opinions => "opinions",
            Source::Tickets => "tickets",
            Source::TicketLoad => "ticket_load",
            Source::Points => "points",
            Source::Crews => "crews",
            Source::Messages => "messages",
            Source::Events => "events",
            Source::Customers => "customers",
            Source::Duties => "duties",
            Source::Shifts => "shifts",
            Source::Expenses => "expenses",
            Source::Scores => "scores",
            Source::Findings => "findings",
            Source::MustAudit => "must_audit",
            Source::Sheets => "sheets",
        }
    }

    /// The source of whose rows its own are parts; itself where they stand alone.
    pub const fn whole(self) -> Source {
        match self {
            Source::Answers | Source::Opinions => Source::Callbacks,
            whole => whole,
        }
    }
}

/// The values of a row by name. An empty value is the same as none and is not kept, nor is one that
/// nobody reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    values: Vec<(Cow<'static, str>, String)>,
    wanted: Wanted,
}

impl Fields {
    /// No values yet, and only those to come that are read.
    pub fn of(wanted: &Wanted) -> Fields {
        Fields { values: Vec::new(), wanted: wanted.clone() }
    }

    /// Which of its values are read.
    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Adds a value; one that is empty is left out, one that is there already is replaced.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String> + AsRef<str>) {
        let name = name.into();
        if value.as_ref().trim().is_empty() || !self.wanted.has(&name) {
            return;
        }
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value.into(),
            None => self.values.push((name, value.into())),
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Names and values, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Changes the value of a name, where there is one.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        if let Some((_, value)) = self.values.iter_mut().find(|(known, _)| known == name) {
            *value = change(value);
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is: `call:01K...`, `callback:12`, `ticket:3`, `callback:12/suggestion/1`.
    pub id: String,
    /// The time by which it belongs to a period.
    pub at: Timestamp,
    /// Its values.
    pub fields: Fields,
}

impl Record {
    /// Where the thing itself is shown by the API, below `/api/v1`; empty where it is not.
    pub fn link(&self) -> String {
        let whole = self.id.split('/').next().unwrap_or_default();
        match whole.split_once(':') {
            Some(("call", id)) => format!("/calls/{id}"),
            Some(("callback", id)) => format!("/callbacks/{id}"),
            Some(("expense", _)) => "/expenses".to_owned(),
            Some(("ticket", id)) => format!("/tickets/{id}"),
            Some(("customer", id)) => format!("/customers/{id}"),
            Some(("notice", id)) => format!("/notices/{id}"),
            Some(("case", id)) => format!("/audits/cases/{id}"),
            _ => String::new(),
        }
    }
}
