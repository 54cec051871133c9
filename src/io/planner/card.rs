//! The facts of a callback: what the script branches on and speaks, and what stands on the card.

use std::collections::BTreeMap;

use super::facts::DayFacts;
use crate::archive::{Contact, Customer, Event};
use crate::base::PhoneNumber;
use crate::dialer::{NewEntry, Terms};
use crate::io::store::callback::Stored;
use crate::plan::Call;
use crate::policy::Origin;
use crate::policy::pack::{Purpose, Rule, Target};

/// Fields of the customer, over them those of the event, over them what the callback itself is
/// about. Empty ones are left out: a script asks whether a field is given.
pub(super) fn facts(
    stored: &Stored,
    customer: &Customer,
    event: Option<&Event>,
    rule: Option<&Rule>,
    zone: &crate::calendar::Calendar,
) -> BTreeMap<String, String> {
    let b = &stored.callback;
    let mut fields = customer.fields.clone();
    if let Some(event) = event {
        fields.extend(event.fields.iter().map(|(key, value)| (key.clone(), value.clone())));
        fields.insert("event".into(), event.kind.clone());
        fields.insert("event_day".into(), zone.date(event.at).to_string());
        fields.insert("matter".into(), event.matter.clone());
    }
    fields.insert("rule".into(), b.rule.clone());
    fields.insert("purpose".into(), b.note.clone());
    fields.insert("assignee".into(), b.assignee.clone());
    fields.insert("due_day".into(), zone.date(b.due).to_string());
    if let Some(rule) = rule {
        fields.insert("title".into(), rule.title.clone());
        fields.insert("on_behalf_of".into(), rule.caller.on_behalf_of.clone());
    }
    fields.retain(|_, value| !value.trim().is_empty());
    fields
}

impl DayFacts {
    /// What the dialler is told of one call.
    pub(super) fn entry(
        &self,
        at: usize,
        call: &Call,
        rule: Option<&Rule>,
        zone: &crate::calendar::Calendar,
    ) -> Option<NewEntry> {
        let stored = self.callbacks.get(at)?;
        let b = &stored.callback;
        let customer = self.customers.get(&b.customer)?;
        let event = b.event.and_then(|id| self.events.get(&id));
        let promised =
            b.origin == Origin::Appointment || rule.is_some_and(|rule| rule.purpose == Purpose::Appointment);
        let to_customer = rule.is_none_or(|rule| rule.target == Target::Customer);
        let name = if call.on_behalf_of.is_empty() { &call.brand } else { &call.on_behalf_of };
        Some(NewEntry {
            external_id: format!("cb:{}", b.id),
            phone: call.phone.clone(),
            extension: call.extension.clone(),
            name: customer.name.clone(),
            language: call.language.clone(),
            priority: call.priority,
            due_at: Some(b.due.max(b.earliest)),
            fields: facts(stored, customer, event, rule, zone),
            terms: Terms {
                callback: Some(b.id),
                script: call.script.clone(),
                caller_name: name.clone(),
                deadline_at: Some(b.deadline),
                preferred_hours: customer.preferred_hours.clone(),
                quiet_hours: customer.quiet_hours.clone(),
                exact_at: promised.then_some(b.due),
                numbers: if to_customer { further(&customer.contacts, &call.phone) } else { Vec::new() },
            },
        })
    }
}

/// The numbers after the one that is called.
fn further(contacts: &[Contact], called: &PhoneNumber) -> Vec<PhoneNumber> {
    let numbers = contacts.iter().map(|contact| &contact.phone);
    numbers.skip_while(|phone| *phone != called).skip(1).cloned().collect()
}
