//! Tickets that come into being.

use super::{Error, TicketDesk};
use crate::base::{CallId, Timestamp};
use crate::io::store::ticket::Linked;
use crate::ticket::{self, NewTicket, Rules, Ticket, Who};

/// A ticket that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The ticket.
    pub ticket: Ticket,
    /// What should still be asked for: stable words.
    pub warnings: Vec<String>,
}

impl TicketDesk {
    /// Opens a ticket for a person.
    ///
    /// # Errors
    /// What the rules refuse, and those of the store.
    pub async fn open(&self, mut new: NewTicket, who: &Who, now: Timestamp) -> Result<Opened, Error> {
        new.phone = self.number(&new.phone);
        let known = self.known(&new.phone, new.customer, &new.pack).await?;
        if new.pack.is_empty() {
            new.pack = known.pack.clone();
        }
        let rules = self.rules(&new.pack)?;
        (new.customer, new.known) = (new.customer.or(known.customer), known.fields);
        if new.name.is_empty() {
            new.name = known.name;
        }
        // Without a number nobody could call about it.
        if new.phone.is_empty() {
            new.phone = known.phone;
        }
        let calls = new.call.as_ref().and_then(|c| c.call).into_iter().collect();
        let linked =
            Linked { calls, audit: Some((who.name.clone(), "ticket.open".into())), ..Linked::default() };
        self.open_with(&rules, new, linked, who, now).await
    }

    /// Opens a ticket whose pack is known, with what belongs to it.
    pub(super) async fn open_with(
        &self,
        rules: &Rules,
        mut new: NewTicket,
        linked: Linked,
        who: &Who,
        now: Timestamp,
    ) -> Result<Opened, Error> {
        if let Some(call) = linked.calls.first() {
            new.fields.entry("call".into()).or_insert_with(|| call.to_string());
        }
        self.look_up_cover(rules, &mut new).await?;
        let mut changes = ticket::open(rules, &new, who, now)?;
        if changes.ticket.customer.is_none() && !changes.ticket.phone.is_empty() {
            let (pack, ticket) = (self.callback_pack(rules, &changes.ticket), &changes.ticket);
            let customer = self.store().caller(&pack, &ticket.phone, &ticket.name, now).await?;
            changes.ticket.customer = Some(customer);
        }
        let linked = self.linked(rules, &changes, linked, now);
        let warnings = changes.warnings.clone();
        let day = rules.calendar.date(new.at);
        let ticket = self.store().open_ticket(changes, &linked, &rules.pack.prefix, day, now).await?;
        self.asks(&linked);
        Ok(Opened { ticket, warnings })
    }

    /// The planner hears of a change that asks for calls.
    pub(super) fn asks(&self, linked: &Linked) {
        if !linked.planned.is_empty() {
            self.parts.planner.wake();
        }
    }

    /// A call as a ticket's field names it.
    pub(super) fn call_id(text: &str) -> Option<CallId> {
        text.parse().ok()
    }
}
