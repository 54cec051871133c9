//! A ticket that comes into being.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::act::{Attempt, Refusal, Who};
use super::changes::{Changes, Work};
use super::clock::Rules;
use super::pack::{Kind, Sale};
use super::record::{Meeting, Stage, Ticket};
use crate::base::{CallbackId, CustomerId, EventId, Timestamp};

/// What is known when a ticket is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTicket {
    /// Policy pack of the customer.
    pub pack: String,
    /// Type.
    pub kind: String,
    /// Where it comes from: `call`, `walk_in`, `callback`, a department's name.
    pub source: String,
    /// Severity; empty: the type's.
    pub severity: String,
    /// Category.
    pub category: String,
    /// Department; empty: by type and category.
    pub department: String,
    /// Owner; empty: by the type.
    pub owner: String,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// Number.
    pub phone: String,
    /// Name.
    pub name: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// Everything else.
    pub fields: BTreeMap<String, String>,
    /// What the archive knows of the customer, for region and warranty.
    pub known: BTreeMap<String, String>,
    /// Event of the archive that it comes of.
    pub event: Option<EventId>,
    /// Callback in which it was found out.
    pub found_in: Option<CallbackId>,
    /// The customer is not content (ESC-08); None: where the source is `callback`.
    pub dissatisfied: Option<bool>,
    /// Words of what a person should know: `not_handed_over`.
    pub flags: BTreeSet<String>,
    /// When the clock begins: when the call came in.
    pub at: Timestamp,
    /// The call.
    pub call: Option<Attempt>,
    /// Opened by a person, who can be asked to fill in what is missing.
    pub by_hand: bool,
}

/// Opens a ticket; its id and number are given by whoever stores it.
///
/// # Errors
/// The type is unknown, or a person left out what it is not opened without.
pub fn open(rules: &Rules, new: &NewTicket, who: &Who, now: Timestamp) -> Result<Changes, Refusal> {
    let Some(kind) = rules.pack.kind.get(&new.kind) else {
        let known: Vec<&str> = rules.pack.kind.keys().map(String::as_str).collect();
        let hint = format!("write one of {}", known.join(", "));
        return Err(Refusal::field("kind", format!("`{}` is no type of ticket", new.kind), hint));
    };
    let mut work = Work::new(rules, who, blank(rules, kind, new), now);
    work.fill(&new.fields)?;
    if new.by_hand {
        work.need(&kind.opens_with, "this type")?;
        if new.customer.is_none() && new.call.is_some() {
            work.identify()?;
        }
        if kind.next_reply
            && work.out.ticket.field("answer").is_none()
            && work.out.ticket.field("next_reply_at").is_none()
        {
            let hint = "give `answer`, or `next_reply_at` with the time of the next reply";
            return Err(Refusal::field("next_reply_at", "neither solved nor a next reply", hint));
        }
    }
    work.derive(kind, new);
    work.name_owner(kind, new);
    if kind.sale != Sale::After {
        work.tag(kind);
    }
    work.count_lists();
    work.out.ticket.stages =
        kind.stage.iter().map(|rule| Stage { rule: rule.clone(), ..Stage::default() }).collect();
    work.log_call(
        "opened",
        format!("{} from {}", new.kind, work.out.ticket.source),
        new.call.as_ref().and_then(|c| c.call),
    );
    work.warn_of_gaps(kind);
    // A call that is still up ends when its end is told.
    work.out.ticket.in_call = new.by_hand && new.call.is_some();
    if let Some(attempt) = new.call.as_ref().filter(|_| !new.by_hand) {
        work.out.ticket.call_end = Some(attempt.at);
    }
    if work.out.ticket.says_yes("solved") || work.out.ticket.field("answer").is_some() {
        work.out.ticket.first_contact = new.by_hand && work.out.ticket.says_yes("solved");
    }
    work.recount();
    work.announce(kind);
    if let Some(text) = work.out.ticket.field("next_reply_at").map(str::to_owned) {
        work.promised_in_field(&text)?;
    }
    work.settle_state();
    Ok(work.out)
}

fn blank(rules: &Rules, kind: &Kind, new: &NewTicket) -> Ticket {
    let pack = &rules.pack;
    let first =
        |words: &[&str]| words.iter().find(|w| !w.is_empty()).map_or(String::new(), |w| (*w).to_owned());
    let severity = first(&[&new.severity, &kind.severity, "ordinary"]);
    let routed = pack.departments.get(&new.category).map_or("", String::as_str);
    Ticket {
        pack: new.pack.clone(),
        kind: new.kind.clone(),
        severity,
        category: new.category.clone(),
        source: first(&[&new.source, "manual"]),
        owner: first(&[&new.owner, &kind.owner, &pack.owner]),
        department: first(&[&new.department, routed, &kind.department]),
        customer: new.customer,
        phone: new.phone.clone(),
        name: new.name.clone(),
        matter: new.matter.clone(),
        opened_at: new.at,
        touched_at: new.at,
        repeat: 1,
        event: new.event,
        found_in: new.found_in,
        dissatisfied: new.dissatisfied.unwrap_or(new.source == "callback"),
        flags: new.flags.clone(),
        version: 1,
        ..Ticket::default()
    }
}

impl Work<'_> {
    /// Region, warranty, duty: what follows from what is known.
    fn derive(&mut self, kind: &Kind, new: &NewTicket) {
        let known = |name: &str| new.fields.get(name).or(new.known.get(name)).cloned();
        self.out.ticket.region = self.rules.region(known);
        let in_production = self.out.ticket.says_yes("in_production");
        let until = known("warranty_end").and_then(|text| text.trim().parse::<Date>().ok());
        if let Some(until) = until.filter(|_| !in_production) {
            let day = self.rules.calendar.date(new.at);
            let fields = &mut self.out.ticket.fields;
            fields.insert("warranty_end".into(), until.to_string());
            let inside = day <= until;
            fields.insert("in_warranty".into(), inside.to_string());
            // Served for life, and paid for from then on (ARC-04).
            fields.insert("paid".into(), (!inside).to_string());
            if !inside {
                fields.insert("chargeable".into(), "true".into());
            }
        }
        let on_duty =
            kind.duty.iter().find(|duty| self.rules.windows(&duty.hours).is_some_and(|w| w.is_open(new.at)));
        if let Some(duty) = on_duty {
            self.out.ticket.department = duty.to.clone();
        }
    }

    /// Where in the sale it lies, for lists and registers.
    fn tag(&mut self, kind: &Kind) {
        let sale = kind.sale.as_str().to_owned();
        self.ticket().fields.entry("sale".into()).or_insert(sale);
    }

    /// Who is named for the customer's matter answers for it; where nobody is, the supervisor does.
    fn name_owner(&mut self, kind: &Kind, new: &NewTicket) {
        let field = self.rules.pack.owner_from.clone();
        if field.is_empty() || !new.owner.is_empty() || !kind.owner.is_empty() {
            return;
        }
        let named = new.fields.get(&field).or(new.known.get(&field)).map(|name| name.trim().to_owned());
        let supervisor = self.rules.pack.supervisor.clone();
        match named.filter(|name| !name.is_empty()) {
            Some(name) => self.ticket().owner = name,
            None => {
                self.ticket().owner = supervisor;
                self.out.warnings.push(format!("no_{field}"));
                self.ticket().flags.insert(format!("no_{field}"));
            }
        }
    }

    /// Words of what was not said; a ticket is never refused for a gap that a call cannot fill.
    fn warn_of_gaps(&mut self, kind: &Kind) {
        if self.out.ticket.phone.is_empty() {
            self.out.warnings.push("no_phone".into());
            self.ticket().flags.insert("no_phone".into());
        }
        for name in &kind.asks {
            if self.out.ticket.field(name).is_none() {
                self.out.warnings.push(format!("no_{name}"));
            }
        }
    }

    fn announce(&mut self, kind: &Kind) {
        // First those who have to acknowledge: the department may be among them.
        for role in &kind.notify {
            let to = self.role(role);
            self.tell_acked("ticket.opened", &to, "", &[], kind.notify_ack);
        }
        self.tell_department("ticket.opened", "");
        if kind.meeting && self.out.ticket.severity == "major" {
            self.call_meeting();
        }
    }

    /// A major ticket calls for a meeting (ESC-03).
    pub fn call_meeting(&mut self) {
        if self.out.ticket.meeting.is_none() {
            let none = String::new;
            self.ticket().meeting = Some(Meeting { date: none(), participants: none(), decision: none() });
            self.log("meeting.called", "a major ticket is decided in a meeting");
        }
    }
}
