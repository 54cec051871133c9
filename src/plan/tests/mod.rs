//! Rows of the requirements, each from its given, when, then.

mod draws;
mod figures;
mod outcomes;
mod property;
mod schedule;
mod series;

use std::collections::BTreeMap;

use super::{Change, PolicyRef, Subject, derive};
use crate::archive::{Contact, Customer, Event, Standing};
use crate::base::{CallbackId, CustomerId, EventId, Timestamp};
use crate::calendar::Calendar;
use crate::policy::pack::Pack;
use crate::policy::{Callback, CallbackState, Outcome};

pub(super) const CALENDAR: &str = r#"
    timezone = "Asia/Shanghai"
    [year.2026]
    off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
    work = [{ day = "2026-10-10", name = "国庆节" }]
"#;

/// A time in China.
pub(super) fn cn(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00") };
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

/// A pack of these rules; the kinds of events are not checked here.
pub(super) fn pack(rules: &str) -> Pack {
    let head = if rules.contains("pack =") { "" } else { "pack = 'p'\n" };
    let text = format!("{head}title = 'test'\nevent = {{}}\n{rules}");
    toml::from_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

pub(super) fn customer(id: i64) -> Customer {
    Customer {
        id: CustomerId(id),
        pack: "p".into(),
        external_id: format!("C{id}"),
        name: format!("客户{id}"),
        contacts: vec![Contact {
            phone: format!("138{:08}", 10_000_000 + id).parse().unwrap(),
            extension: String::new(),
            label: String::new(),
        }],
        language: String::new(),
        grade: String::new(),
        preferred_hours: String::new(),
        quiet_hours: String::new(),
        key_account: false,
        plan_every: None,
        plan_from: None,
        owner: String::new(),
        email: String::new(),
        standing: Standing::Active,
        fields: BTreeMap::new(),
        version: 1,
    }
}

/// One customer, whose facts a test tells and whose callbacks it reads.
pub(super) struct World {
    pub pack: Pack,
    pub version: String,
    pub calendar: Calendar,
    pub customer: Customer,
    pub events: Vec<Event>,
    pub callbacks: Vec<Callback>,
    pub review_at: Option<Timestamp>,
    pub faults: Vec<String>,
    pub history: u32,
}

impl World {
    pub fn new(rules: &str) -> World {
        World {
            pack: pack(rules),
            version: "v1".into(),
            calendar: Calendar::parse(CALENDAR).unwrap(),
            customer: customer(1),
            events: Vec::new(),
            callbacks: Vec::new(),
            review_at: None,
            faults: Vec::new(),
            history: 0,
        }
    }

    /// Something happens; `fields` are `name=value` words. It is known from then on.
    pub fn event(&mut self, kind: &str, at: &str, matter: &str, fields: &str) -> EventId {
        self.heard(kind, at, at, matter, fields)
    }

    /// The same, heard of at another time.
    pub fn heard(&mut self, kind: &str, at: &str, heard: &str, matter: &str, fields: &str) -> EventId {
        let id = EventId(self.events.len() as i64 + 1);
        let fields = fields
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace('_', " ")))
            .collect();
        self.events.push(Event {
            id,
            pack: "p".into(),
            kind: kind.into(),
            external_id: format!("E{}", id.0),
            at: cn(at),
            has_time: at.contains('T'),
            customer: self.customer.id,
            matter: matter.into(),
            fields,
            received_at: cn(heard),
        });
        id
    }

    pub fn derive_once(&mut self, now: Timestamp) -> Vec<Change> {
        let policy = PolicyRef { pack: &self.pack, version: &self.version };
        let subject = Subject { customer: &self.customer, events: &self.events, callbacks: &self.callbacks };
        let derived = derive(policy, &self.calendar, &subject, now);
        for change in &derived.changes {
            let id = CallbackId(self.callbacks.len() as i64 + 1);
            change.apply(&mut self.callbacks, id);
        }
        (self.review_at, self.faults, self.history) = (derived.review_at, derived.faults, derived.history);
        derived.changes
    }

    /// Derives until nothing changes, as the daemon does; it must come to rest.
    pub fn at(&mut self, now: &str) -> &mut World {
        self.at_time(cn(now))
    }

    pub fn at_time(&mut self, now: Timestamp) -> &mut World {
        for _ in 0..20 {
            if self.derive_once(now).is_empty() {
                return self;
            }
        }
        panic!("derive does not come to rest: {:#?}", self.callbacks);
    }

    /// Lets time pass as the daemon does: at every moment that a derivation named.
    pub fn pass_until(&mut self, from: &str, to: &str) -> &mut World {
        let end = cn(to);
        self.at(from);
        for _ in 0..1000 {
            match self.review_at.filter(|at| *at <= end) {
                Some(next) => self.at_time(next),
                None => break,
            };
        }
        self.at(to)
    }

    /// The customer is reached.
    pub fn done(&mut self, rule: &str, at: &str, outcome: Outcome) -> CallbackId {
        let open = |c: &&mut Callback| c.rule == rule && c.state == CallbackState::Open;
        let callback = self.callbacks.iter_mut().find(open).unwrap_or_else(|| panic!("{rule} is not open"));
        callback.state =
            if outcome == Outcome::Unreached { CallbackState::Excused } else { CallbackState::Done };
        callback.outcome = Some(outcome);
        callback.closed_at = Some(cn(at));
        callback.id
    }

    pub fn of(&self, rule: &str) -> Vec<&Callback> {
        self.callbacks.iter().filter(|callback| callback.rule == rule).collect()
    }

    pub fn one(&self, rule: &str) -> &Callback {
        match self.of(rule)[..] {
            [callback] => callback,
            ref other => panic!("{rule}: {} callbacks: {other:#?}", other.len()),
        }
    }

    /// `due .. deadline state`, for comparing.
    pub fn dates(&self, rule: &str) -> Vec<String> {
        self.of(rule)
            .iter()
            .map(|c| {
                let late = if c.breached_at.is_some() { " late" } else { "" };
                let (due, deadline) = (self.calendar.civil(c.due), self.calendar.civil(c.deadline));
                format!("{due} .. {deadline} {}{late}", c.state)
            })
            .collect()
    }

    /// Days in a year on which it is due.
    pub fn due_days(&self, rule: &str) -> Vec<String> {
        self.of(rule).iter().map(|c| self.calendar.date(c.due).to_string()).collect()
    }
}
