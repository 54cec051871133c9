//! What the day's list is made from.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::PolicyRef;
use crate::archive::{Customer, Event};
use crate::base::{Disposition, PhoneNumber, Timestamp};
use crate::calendar::Calendar;
use crate::policy::pack::{Mode, Purpose, Rule, Target, field_of};
use crate::policy::{Callback, Origin, counted_attempts};

/// Everything that a day's list stands on.
#[derive(Clone, Copy, Debug)]
pub struct Today<'a> {
    /// The day.
    pub date: Date,
    /// The policies in force, by the id of their pack.
    pub policies: &'a BTreeMap<String, PolicyRef<'a>>,
    /// The calendar.
    pub calendar: &'a Calendar,
    /// Callbacks that are due by the end of the day, or more.
    pub candidates: &'a [Candidate<'a>],
    /// What is known of each number that was called in the last days or may not be called.
    pub numbers: &'a BTreeMap<PhoneNumber, NumberLedger>,
    /// Lines and agents.
    pub capacity: Capacity,
    /// When the list is made; what is over by then is not planned.
    pub now: Timestamp,
}

/// One callback with what its call depends on.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The callback.
    pub callback: &'a Callback,
    /// Its customer.
    pub customer: &'a Customer,
    /// The event behind it.
    pub event: Option<&'a Event>,
    /// What was done for it so far.
    pub ledger: Ledger,
}

/// What was done for one callback.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    /// Attempts by how they ended.
    pub attempts: BTreeMap<Disposition, u32>,
    /// When the next may be, by the retry rule or the customer's wish.
    pub next_attempt: Option<Timestamp>,
    /// Why a person took it out of the day's list.
    pub removed: Option<String>,
    /// Whether a complaint of the customer is open.
    pub complaint_open: bool,
    /// Who must not call, because they made the callback before it (SCH-06).
    pub not_by: String,
}

/// What one number was spared or is to be, over all campaigns and packs.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NumberLedger {
    /// When calls were placed to it in the last 8 days, earliest first.
    pub calls: Vec<Timestamp>,
    /// On the do-not-call list.
    pub do_not_call: bool,
    /// A call to it is up or reserved.
    pub in_call: bool,
}

/// Who makes the calls, and how long they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Capacity {
    /// Calls that the robot can have up at once.
    pub lines: u32,
    /// Agents at work.
    pub agents: u32,
    /// Seconds of an answered call of the robot.
    pub robot_seconds: u32,
    /// Seconds of an answered call of an agent, with the notes after it.
    pub agent_seconds: u32,
    /// Seconds of a call that nobody answers.
    pub ring_seconds: u32,
    /// Of a hundred calls, those that are answered.
    pub answer_percent: u32,
}

impl Default for Capacity {
    /// Ours, until a month of calls gives better figures.
    fn default() -> Self {
        Capacity {
            lines: 4,
            agents: 0,
            robot_seconds: 90,
            agent_seconds: 240,
            ring_seconds: 35,
            answer_percent: 50,
        }
    }
}

impl Capacity {
    /// Milliseconds that one call takes on the average; never 0.
    pub fn call_millis(&self, mode: Mode) -> i64 {
        let talk = match mode {
            Mode::Robot => self.robot_seconds,
            Mode::Agent => self.agent_seconds,
        };
        let answered = i64::from(self.answer_percent.min(100));
        (10 * (i64::from(talk) * answered + i64::from(self.ring_seconds) * (100 - answered))).max(1)
    }

    /// Calls that can be up at once.
    pub const fn slots(&self, mode: Mode) -> u32 {
        match mode {
            Mode::Robot => self.lines,
            Mode::Agent => self.agents,
        }
    }
}

impl<'a> Candidate<'a> {
    /// Attempts that count against the pack's maximum.
    pub fn counted(&self) -> u32 {
        let all = self.ledger.attempts.values().sum();
        counted_attempts(all, &self.ledger.attempts)
    }

    /// The number to call next, with its extension: each of a customer's numbers in turn, for
    /// the next is called where the ones before it did not answer.
    pub fn number(&self, rule: &Rule) -> Option<(PhoneNumber, String)> {
        match &rule.target {
            Target::Field(field) => {
                let field = field.trim_start_matches("field:");
                let text = field_of(self.customer, self.event, field)?;
                let (number, extension) = PhoneNumber::parse(text, None).ok()?;
                Some((number, extension.unwrap_or_default()))
            }
            Target::Customer => {
                let contacts = &self.customer.contacts;
                let at = usize::try_from(self.counted()).unwrap_or(0) % contacts.len().max(1);
                contacts.get(at).map(|contact| (contact.phone.clone(), contact.extension.clone()))
            }
        }
    }

    /// The script for this customer: the first whose conditions hold (CNT-17).
    pub fn script(&self, rule: &'a Rule) -> &'a str {
        rule.script_for(|name| field_of(self.customer, self.event, name))
    }

    /// The persons rated in this callback, by their function; who is not named is left out.
    pub fn rated(&self, rule: &Rule) -> BTreeMap<String, String> {
        let person = |field: &str| field_of(self.customer, self.event, field);
        rule.rates
            .iter()
            .filter_map(|(function, field)| Some((function.clone(), person(field)?.trim().to_owned())))
            .filter(|(_, person)| !person.is_empty())
            .collect()
    }

    /// Whether it was promised for an exact time: such a call waits for nothing and is joined
    /// with none.
    pub fn is_promised(&self, rule: &Rule) -> bool {
        self.callback.origin == Origin::Appointment || rule.purpose == Purpose::Appointment
    }
}
