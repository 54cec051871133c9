//! What the list of a day was decided on, recorded with the decisions, so that both can be
//! looked at and decided again later, whatever has happened since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::day::Listed;
use super::facts::DayFacts;
use super::{Error, Planner, Settings};
use crate::archive::{Customer, Event};
use crate::base::{CallbackId, PhoneNumber, Timestamp};
use crate::calendar::Calendar;
use crate::io::store;
use crate::io::store::callback::{RecordedDay, RecordedInput, Stored};
use crate::plan::{Ledger, NumberLedger, Row};
use crate::policy::pack::Policy;

/// Days for which records are kept.
const KEEP_DAYS: i64 = 62;

/// What was known of one callback.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub stored: Stored,
    pub customer: Customer,
    pub event: Option<Event>,
    pub ledger: Ledger,
    /// The number whose turn it was, with its calls; None where there is nothing to say of it.
    pub number: Option<(PhoneNumber, NumberLedger)>,
}

/// A day as it was decided.
pub(super) struct Recorded {
    pub day: Date,
    pub made_at: Timestamp,
    pub version: String,
    /// The settings with the calendar and the lines of that time.
    pub settings: Settings,
    /// Agents at work on that day.
    pub agents: u32,
    pub inputs: Vec<Input>,
    pub decisions: Vec<Row>,
    /// Callbacks of customers who were erased since.
    pub erased: u64,
}

impl Planner {
    /// Records a list with what it was decided on.
    pub(super) async fn record(&self, settings: &Settings, pack: &str, listed: &Listed) -> Result<(), Error> {
        let facts = &listed.facts;
        let decisions: BTreeMap<CallbackId, &Row> =
            listed.plan.rows.iter().map(|row| (row.callback, row)).collect();
        let numbers = self.numbers_of(settings, pack, facts);
        let mut rows = Vec::with_capacity(facts.callbacks.len());
        for ((stored, ledger), number) in facts.callbacks.iter().zip(&facts.ledgers).zip(numbers) {
            let b = &stored.callback;
            let (Some(customer), Some(decision)) = (facts.customers.get(&b.customer), decisions.get(&b.id))
            else {
                continue;
            };
            let input = Input {
                stored: stored.clone(),
                customer: customer.clone(),
                event: b.event.and_then(|id| facts.events.get(&id)).cloned(),
                ledger: ledger.clone(),
                number: number.and_then(|phone| Some((phone.clone(), facts.numbers.get(&phone)?.clone()))),
            };
            rows.push(RecordedInput {
                customer_id: b.customer.0,
                input: json(&input)?,
                decision: json(decision)?,
            });
        }
        let day = RecordedDay {
            made_at: facts.now.0,
            version: listed.view.version.clone(),
            calendar: settings.calendar.text(),
            line_count: i64::from(settings.lines),
            agent_count: i64::from(facts.agents),
            callbacks: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        };
        Ok(self.store().record_day(pack, facts.day, &day, &rows).await?)
    }

    /// The number whose turn it is of each callback.
    fn numbers_of(&self, settings: &Settings, pack: &str, facts: &DayFacts) -> Vec<Option<PhoneNumber>> {
        let policy = settings.policies.in_force(pack, facts.day);
        let turns: BTreeMap<CallbackId, PhoneNumber> = facts
            .candidates()
            .filter_map(|c| {
                let rule = policy?.pack.rule.get(&c.callback.rule)?;
                Some((c.callback.id, c.number(rule)?.0))
            })
            .collect();
        facts.callbacks.iter().map(|stored| turns.get(&stored.callback.id).cloned()).collect()
    }

    /// Forgets records that are too old to be of use.
    pub(super) async fn forget_records(&self, pack: &str, today: Date) -> Result<(), Error> {
        let before = today.checked_sub(KEEP_DAYS.days()).unwrap_or(today);
        Ok(self.store().forget_recorded_days(pack, before).await?)
    }

    /// A day as it was decided, and the policy of that time.
    pub(super) async fn recorded(&self, pack: &str, day: Date) -> Result<(Recorded, Policy), Error> {
        let Some((frame, rows)) = self.store().recorded_day(pack, day).await? else {
            return Err(Error::Refused(self.not_recorded(pack, day).await?));
        };
        let Some(version) = self.store().policy_version(pack, &frame.version).await? else {
            return Err(Error::Refused(format!("the text of version {} is not kept", frame.version)));
        };
        let name = format!("{pack}, version {}", frame.version);
        let policy = Policy::parse(&name, &version.text).map_err(|e| Error::Refused(e.to_string()))?;
        let calendar =
            Calendar::parse(&frame.calendar).map_err(|e| corrupt(format!("{pack} {day}: calendar: {e}")))?;
        let mut recorded = Recorded {
            day,
            made_at: Timestamp(frame.made_at),
            version: frame.version,
            settings: Settings {
                lines: u32::try_from(frame.line_count).unwrap_or(0),
                calendar: Arc::new(calendar),
                ..self.settings()
            },
            agents: u32::try_from(frame.agent_count).unwrap_or(0),
            inputs: Vec::with_capacity(rows.len()),
            decisions: Vec::with_capacity(rows.len()),
            erased: u64::try_from(frame.callbacks).unwrap_or(0).saturating_sub(rows.len() as u64),
        };
        for row in rows {
            let bad = |e: serde_json::Error| corrupt(format!("{pack} {day}: {e}"));
            recorded.inputs.push(serde_json::from_str(&row.input).map_err(bad)?);
            recorded.decisions.push(serde_json::from_str(&row.decision).map_err(bad)?);
        }
        Ok((recorded, policy))
    }

    async fn not_recorded(&self, pack: &str, day: Date) -> Result<String, Error> {
        let days = self.store().recorded_days(pack).await?;
        Ok(match (days.first(), days.last()) {
            (Some(last), Some(first)) => format!(
                "the list of {day} of pack `{pack}` is not recorded: there are {} days from {first} to {last}",
                days.len()
            ),
            _ => format!(
                "no list of pack `{pack}` is recorded: a list is recorded when it is built or released"
            ),
        })
    }
}

impl Recorded {
    /// What was known, as the planner works on it.
    pub fn facts(&self) -> DayFacts {
        let mut facts = DayFacts::empty(self.day, self.made_at);
        self.lay_over(&mut facts);
        for input in &self.inputs {
            facts.callbacks.push(input.stored.clone());
            facts.ledgers.push(input.ledger.clone());
        }
        facts
    }

    /// Puts what was known at that time in place of what is known now: customers, events,
    /// numbers, and what was done for callbacks of the same name.
    pub fn lay_over(&self, facts: &mut DayFacts) {
        facts.agents = self.agents;
        let mut known: BTreeMap<(&str, &str, u32), &Input> = BTreeMap::new();
        for input in &self.inputs {
            let b = &input.stored.callback;
            known.insert((&b.rule, &b.subject, b.occurrence), input);
            facts.customers.insert(input.customer.id, input.customer.clone());
            facts.events.extend(input.event.iter().map(|event| (event.id, event.clone())));
            facts.numbers.extend(input.number.iter().cloned());
        }
        let complained: BTreeMap<_, _> =
            self.inputs.iter().map(|i| (i.customer.id, i.ledger.complaint_open)).collect();
        for (stored, ledger) in facts.callbacks.iter().zip(&mut facts.ledgers) {
            let b = &stored.callback;
            if let Some(input) = known.get(&(b.rule.as_str(), b.subject.as_str(), b.occurrence)) {
                ledger.clone_from(&input.ledger);
            }
            if let Some(open) = complained.get(&b.customer) {
                ledger.complaint_open = *open;
            }
        }
        let called: BTreeSet<PhoneNumber> =
            self.inputs.iter().filter_map(|i| i.number.as_ref().map(|(phone, _)| phone.clone())).collect();
        for (phone, ledger) in &mut facts.numbers {
            if !called.contains(phone) {
                ledger.calls.retain(|at| *at <= self.made_at);
                ledger.in_call = false;
            }
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Refused(format!("cannot be recorded: {e}")))
}

fn corrupt(detail: String) -> Error {
    store::Error::Corrupt { what: "recorded day", detail }.into()
}
