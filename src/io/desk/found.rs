//! What callbacks found out: a customer who is not content is a ticket at once (TKT-21, ESC-06),
//! whether the robot heard it or a person wrote it down.

use std::collections::BTreeMap;
use std::time::Duration;

use super::calls::Taken;
use super::{Error, TicketDesk};
use crate::base::{CustomerId, Timestamp};
use crate::io::store::ticket::{Discontented, EndedCall, Linked};
use crate::policy::pack::Scale;
use crate::ticket::{Act, Attempt, NewTicket, Who};

/// Callbacks of one look.
const BATCH: u32 = 200;
/// How far back callbacks are looked at that a person closed.
const LATELY: Duration = Duration::from_secs(24 * 3_600);

/// A customer who is not content.
struct Complaint {
    pack: String,
    customer: Option<CustomerId>,
    phone: String,
    matter: String,
    fields: BTreeMap<String, String>,
    at: Timestamp,
    call: Option<Attempt>,
}

impl TicketDesk {
    /// By the script, or by the scale of the pack.
    pub(super) fn is_dissatisfied(&self, call: &EndedCall, now: Timestamp) -> bool {
        if call.dissatisfied > 0 {
            return true;
        }
        let settings = self.parts.planner.settings();
        let pack = call.pack.as_deref().unwrap_or_default();
        let policy = settings.policies.in_force(pack, settings.calendar.date(now));
        let scale = policy.map_or_else(Scale::default, |p| p.pack.scale.clone());
        call.lowest.is_some_and(|lowest| lowest <= scale.dissatisfied_at_or_below)
    }

    /// A call found it out; true where a ticket knows of it.
    pub(super) async fn found_out(
        &self,
        call: &EndedCall,
        attempt: Attempt,
        mut linked: Linked,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut fields = BTreeMap::new();
        if let Some(lowest) = call.lowest {
            fields.insert("score".into(), lowest.to_string());
        }
        if let Some(callback) = call.callback_id {
            fields.insert("callback".into(), callback.to_string());
        }
        linked.found_by = call.callback_id;
        let complaint = Complaint {
            pack: call.pack.clone().unwrap_or_default(),
            customer: call.customer_id.map(CustomerId),
            phone: call.phone.clone(),
            matter: call.subject.clone().unwrap_or_default(),
            fields,
            at: Timestamp(call.ended_at),
            call: Some(attempt),
        };
        self.complain(complaint, linked, taken, now).await
    }

    /// Callbacks that people closed with a customer who is not content.
    pub(super) async fn take_discontented(&self, taken: &mut Taken, now: Timestamp) -> Result<(), Error> {
        let since = Timestamp(now.0.saturating_sub(i64::try_from(LATELY.as_millis()).unwrap_or(0)));
        for found in self.store().discontented(since, BATCH).await? {
            let Discontented { id, pack, customer_id, subject, detail, closed_at } = found;
            let fields = BTreeMap::from([("callback".into(), id.to_string()), ("content".into(), detail)]);
            let complaint = Complaint {
                pack,
                customer: Some(CustomerId(customer_id)),
                phone: String::new(),
                matter: subject,
                fields,
                at: closed_at.map_or(now, Timestamp),
                call: None,
            };
            let linked = Linked { found_by: Some(id), ..Linked::default() };
            match self.complain(complaint, linked, taken, now).await {
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!(callback = id, %error, "a dissatisfied customer came to no ticket")
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// A ticket, or the open one of the same kind once more.
    async fn complain(
        &self,
        complaint: Complaint,
        linked: Linked,
        taken: &mut Taken,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Complaint { pack, customer, phone, matter, fields, at, call } = complaint;
        let known = self.known(&phone, customer, &pack).await?;
        let rules = self.rules(&known.pack)?;
        let kind = rules.pack.intake.dissatisfied.clone();
        if kind.is_empty() {
            return Ok(false);
        }
        let phone = if phone.is_empty() { known.phone.clone() } else { phone };
        let theirs = self.store().tickets_of(&phone, now).await?;
        let same = theirs.iter().find(|t| t.is_open() && t.kind == kind && t.pack == known.pack);
        if let Some(ticket) = same {
            let act = Act::Repeat { call: call.as_ref().and_then(|c| c.call) };
            self.act_with(ticket.id, &act, &linked, &Who::daemon(), now).await?;
            taken.joined += 1;
            return Ok(true);
        }
        let new = NewTicket {
            pack: known.pack,
            kind,
            source: "callback".into(),
            customer: known.customer,
            phone,
            name: known.name,
            matter,
            fields,
            known: known.fields,
            at,
            call,
            ..NewTicket::default()
        };
        self.open_with(&rules, new, linked, &Who::daemon(), now).await?;
        taken.opened += 1;
        Ok(true)
    }
}
