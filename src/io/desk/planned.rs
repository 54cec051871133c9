//! Calls that tickets ask for, as ordinary callbacks of their customer's pack: guard, caps and
//! windows hold for them, and the day's list shows them with the rest.

use super::TicketDesk;
use crate::base::{CallbackId, Timestamp};
use crate::io::store::ticket::{Linked, Planned};
use crate::policy::pack::Method;
use crate::policy::{Callback, CallbackState, Origin, Reason, Sums, code};
use crate::ticket::{CALL_RULE, Changes, Rules, Ticket, VERIFY_RULE, WantedCall, next_at, seen_by};

impl TicketDesk {
    /// Policy pack by which a ticket's customer is called.
    pub(super) fn callback_pack(&self, rules: &Rules, ticket: &Ticket) -> String {
        let settings = self.parts.planner.settings();
        let today = settings.calendar.date(ticket.opened_at);
        let has_policy = settings.policies.in_force(&ticket.pack, today).is_some();
        match rules.pack.callbacks_by.as_str() {
            other if !other.is_empty() && !has_policy => other.to_owned(),
            _ => ticket.pack.clone(),
        }
    }

    /// What belongs to a change: the callbacks it asks for, and when to look again.
    pub(super) fn linked(
        &self,
        rules: &Rules,
        changes: &Changes,
        mut linked: Linked,
        now: Timestamp,
    ) -> Linked {
        let ticket = &changes.ticket;
        linked.complaint = rules.pack.kind.get(&ticket.kind).is_some_and(|kind| kind.complaint);
        linked.next_at = next_at(rules, ticket);
        linked.seen_by = seen_by(rules, ticket);
        let Some(customer) = ticket.customer else { return linked };
        let settings = self.parts.planner.settings();
        let pack = self.callback_pack(rules, ticket);
        let version =
            settings.policies.in_force(&pack, settings.calendar.date(now)).map(|p| p.version.clone());
        let callback = |wanted: &WantedCall| {
            let rule = if wanted.robot { VERIFY_RULE } else { CALL_RULE };
            let (origin, word) = match wanted.exact {
                true => (Origin::Appointment, code::LATER),
                false => (Origin::Manual, code::MANUAL),
            };
            Callback {
                id: CallbackId(0),
                pack: pack.clone(),
                rule: rule.to_owned(),
                version: version.clone().unwrap_or_default(),
                customer,
                subject: String::new(),
                occurrence: wanted.no,
                origin,
                event: ticket.event.filter(|_| pack == ticket.pack),
                follows: ticket.found_in,
                method: Method::Phone,
                earliest: wanted.due,
                due: wanted.due,
                deadline: wanted.deadline,
                sums: Sums {
                    earliest: wanted.sum.clone(),
                    due: wanted.sum.clone(),
                    deadline: wanted.sum.clone(),
                },
                state: CallbackState::Open,
                reason: Reason::new(word, wanted.note.clone()),
                outcome: None,
                closed_at: None,
                call: None,
                merged_into: None,
                breached_at: None,
                assignee: wanted.assignee.clone(),
                note: wanted.note.clone(),
                created_at: now,
            }
        };
        linked.planned = changes
            .calls
            .iter()
            .map(|wanted| Planned { purpose: wanted.purpose.clone(), callback: callback(wanted) })
            .collect();
        linked
    }
}
