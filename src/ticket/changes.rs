//! What an act comes to: the ticket as it is then, and what has to be written, told and dialled.

use std::collections::BTreeMap;

use super::act::Who;
use super::clock::Rules;
use super::record::Ticket;
use crate::base::{CallId, Timestamp};
use crate::calendar::Sum;
use crate::notice::NewNotice;

/// One line of a ticket's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// Named user, or `desk`.
    pub actor: String,
    /// Stable word: `opened`, `stage.done`, `breach`.
    pub action: String,
    /// In words.
    pub detail: String,
    /// The call it is about.
    pub call: Option<CallId>,
}

/// Somebody is told of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `ticket.breach`, `ticket.opened`, ...
    pub topic: String,
    /// Person, role or department.
    pub to: String,
    /// Tells it from others of its topic and ticket.
    pub mark: String,
    /// What it says beside the ticket's own facts.
    pub facts: BTreeMap<String, String>,
    /// It asks for an acknowledgement.
    pub wants_ack: bool,
}

/// A call to the customer that has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedCall {
    /// `verify`, `promise`, `return`, `inform`, `technician`.
    pub purpose: String,
    /// Counts the ticket's calls of this purpose.
    pub no: u32,
    /// By the robot; else a person calls.
    pub robot: bool,
    /// When.
    pub due: Timestamp,
    /// By when.
    pub deadline: Timestamp,
    /// How that was computed.
    pub sum: Sum,
    /// Who calls; empty: anybody.
    pub assignee: String,
    /// What for, shown on the card.
    pub note: String,
    /// Exactly at `due`, as promised.
    pub exact: bool,
}

/// Everything that an act comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The ticket as it is then.
    pub ticket: Ticket,
    /// Lines of its timeline.
    pub log: Vec<LogLine>,
    /// Who is told what.
    pub told: Vec<Told>,
    /// Calls to be made.
    pub calls: Vec<WantedCall>,
    /// The ticket is not owed any more: calls of it that are open are taken back.
    pub ends_calls: bool,
    /// A verification came to a result: one that is still to be made is taken back.
    pub ends_verification: bool,
    /// What the person should know: stable words.
    pub warnings: Vec<String>,
}

impl Changes {
    /// The notices, once the ticket has its id and number.
    pub fn notices(&self) -> Vec<NewNotice> {
        let ticket = &self.ticket;
        let notice = |told: &Told| {
            let own = [
                ("number", ticket.number.clone()),
                ("kind", ticket.kind.clone()),
                ("severity", ticket.severity.clone()),
                ("customer", ticket.name.clone()),
                ("phone", ticket.phone.clone()),
                ("owner", ticket.owner.clone()),
                ("department", ticket.department.clone()),
                ("link", format!("/api/v1/tickets/{}", ticket.id)),
            ];
            let mut facts: BTreeMap<String, String> =
                own.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            facts.extend(told.facts.clone());
            NewNotice {
                key: format!("ticket:{}:{}:{}:{}", ticket.id, told.topic, told.to, told.mark),
                topic: told.topic.clone(),
                to: told.to.clone(),
                subject: format!("ticket:{}", ticket.id),
                pack: ticket.pack.clone(),
                facts,
                wants_ack: told.wants_ack,
            }
        };
        self.told.iter().map(notice).collect()
    }
}

/// An act being carried out.
pub(super) struct Work<'a> {
    pub rules: &'a Rules,
    pub who: &'a Who,
    pub now: Timestamp,
    pub out: Changes,
}

impl<'a> Work<'a> {
    pub fn new(rules: &'a Rules, who: &'a Who, ticket: Ticket, now: Timestamp) -> Work<'a> {
        Work { rules, who, now, out: Changes { ticket, ..Changes::default() } }
    }

    pub fn ticket(&mut self) -> &mut Ticket {
        &mut self.out.ticket
    }

    /// Writes a line into the timeline.
    pub fn log(&mut self, action: &str, detail: impl Into<String>) {
        self.log_call(action, detail, None);
    }

    pub fn log_call(&mut self, action: &str, detail: impl Into<String>, call: Option<CallId>) {
        self.out.log.push(LogLine {
            at: self.now,
            actor: self.who.name.clone(),
            action: action.to_owned(),
            detail: detail.into(),
            call,
        });
    }

    /// Tells somebody; nobody is told twice of the same.
    pub fn tell(&mut self, topic: &str, to: &str, mark: &str, facts: &[(&str, String)]) {
        self.tell_acked(topic, to, mark, facts, false);
    }

    pub fn tell_acked(
        &mut self,
        topic: &str,
        to: &str,
        mark: &str,
        facts: &[(&str, String)],
        wants_ack: bool,
    ) {
        let same = |t: &Told| t.topic == topic && t.to == to && t.mark == mark;
        if to.is_empty() || self.out.told.iter().any(same) {
            return;
        }
        self.out.told.push(Told {
            topic: topic.to_owned(),
            to: to.to_owned(),
            mark: mark.to_owned(),
            facts: facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            wants_ack,
        });
    }

    /// The department is told, and it is kept when.
    pub fn tell_department(&mut self, topic: &str, mark: &str) {
        let department = self.out.ticket.department.clone();
        if department.is_empty() {
            return;
        }
        self.tell(topic, &department, mark, &[]);
        self.out.ticket.told_at = Some(self.now);
    }

    /// A call to the customer is wanted.
    pub fn want_call(&mut self, call: WantedCall) {
        if self.out.ticket.phone.is_empty() {
            self.log("call.impossible", format!("{}: the ticket has no number", call.purpose));
            return;
        }
        let at = self.rules.calendar.civil(call.due);
        let by = if call.robot { "the robot" } else { "a person" };
        self.log("call.wanted", format!("{} at {at} by {by}", call.purpose));
        self.out.calls.push(call);
    }

    /// The next number of a call that is no verification.
    pub fn next_call(&mut self) -> u32 {
        self.out.ticket.calls += 1;
        self.out.ticket.calls
    }

    /// The supervisor, or whoever stands at a level.
    pub fn at_level(&self, level: u32) -> String {
        let pack = &self.rules.pack;
        let place = usize::try_from(level.saturating_sub(1)).unwrap_or(0);
        pack.levels.get(place).or(pack.levels.last()).unwrap_or(&pack.supervisor).clone()
    }

    /// Who a role of a stage is: `owner` and `department` are the ticket's, and a word that
    /// is one of its fields is what that says.
    pub fn role(&self, word: &str) -> String {
        let ticket = &self.out.ticket;
        match word {
            "" | "owner" => ticket.owner.clone(),
            "department" if ticket.department.is_empty() => ticket.owner.clone(),
            "department" => ticket.department.clone(),
            "supervisor" => self.rules.pack.supervisor.clone(),
            "engineer" => self.engineer(),
            other => self.out.ticket.field(other).unwrap_or(other).to_owned(),
        }
    }

    /// The engineer of the customer's region (TKT-27).
    fn engineer(&self) -> String {
        let engineers = &self.rules.pack.engineers;
        let ticket = &self.out.ticket;
        engineers.get(&ticket.region).or(engineers.get("")).unwrap_or(&ticket.owner).clone()
    }
}
