//! What is done to a ticket, by people and by what happened.

use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::io::store::Error as StoreError;
use crate::io::store::ticket::Linked;
use crate::ticket::{self, Act, Ticket, Who};

/// How often a ticket is read again that others change at the same moment.
const TRIES: usize = 8;

impl TicketDesk {
    /// One ticket.
    ///
    /// # Errors
    /// There is none of that id; those of the store.
    pub async fn ticket(&self, id: i64) -> Result<Ticket, Error> {
        let missing = || StoreError::NotFound { what: "ticket", name: id.to_string() };
        Ok(self.store().ticket(id).await?.ok_or_else(missing)?)
    }

    /// Does something to a ticket; gives it as it is then.
    ///
    /// # Errors
    /// What the rules refuse, and those of the store.
    pub async fn act(&self, id: i64, act: &Act, who: &Who, now: Timestamp) -> Result<Ticket, Error> {
        let audit = Some((who.name.clone(), format!("ticket.{}", word(act))));
        self.act_with(id, act, &Linked { audit, ..Linked::default() }, who, now).await
    }

    /// The same with what belongs to it.
    pub(super) async fn act_with(
        &self,
        id: i64,
        act: &Act,
        linked: &Linked,
        who: &Who,
        now: Timestamp,
    ) -> Result<Ticket, Error> {
        for _ in 0..TRIES {
            let ticket = self.ticket(id).await?;
            let (was, rules) = (ticket.version, self.rules(&ticket.pack)?);
            let changes = ticket::step(&rules, ticket, act, who, now)?;
            let all = self.linked(&rules, &changes, linked.clone(), now);
            if self.store().save_ticket(&changes, was, &all, now).await? {
                self.asks(&all);
                // A deadline of the new stage may come before the one that is slept for.
                self.wake();
                return Ok(changes.ticket);
            }
        }
        Err(Error::Busy(id))
    }

    /// Two tickets are the same: the first goes into the second, with its calls.
    ///
    /// # Errors
    /// What the rules refuse, and those of the store.
    pub async fn join(&self, id: i64, into: i64, who: &Who, now: Timestamp) -> Result<Ticket, Error> {
        let (from, target) = (self.ticket(id).await?, self.ticket(into).await?);
        let act = Act::Join { into, number: target.number.clone() };
        let joined = self.act(id, &act, who, now).await?;
        let calls = self.store().ticket_timeline(id).await?;
        let calls = calls.iter().filter_map(|line| Self::call_id(line.call_id.as_deref()?)).collect();
        let note = Act::Comment(format!("{} was joined into this ticket", from.number));
        self.act_with(into, &note, &Linked { calls, ..Linked::default() }, who, now).await?;
        Ok(joined)
    }
}

/// Stable word of an act, for the audit log.
fn word(act: &Act) -> &'static str {
    match act {
        Act::Edit(_) => "edit",
        Act::Assign { .. } => "assign",
        Act::Acknowledge { .. } => "acknowledge",
        Act::HandOver { .. } => "hand_over",
        Act::Report { .. } => "report",
        Act::Promise { .. } => "promise",
        Act::Call(_) => "call",
        Act::Repeat { .. } => "repeat",
        Act::Comment(_) => "comment",
        Act::CallIn { .. } => "call_in",
        Act::Attach(_) => "attach",
        Act::Escalate { .. } => "escalate",
        Act::ReportUp => "report_up",
        Act::Approve { .. } => "approve",
        Act::Amend(_) => "amend",
        Act::Wait(_) => "wait",
        Act::Resume => "resume",
        Act::CallBack { .. } => "call_back",
        Act::Meet(_) => "meeting",
        Act::Handled => "handled",
        Act::Verify(_) => "verify",
        Act::Close { .. } => "close",
        Act::Override(_) => "override",
        Act::Reopen(_) => "reopen",
        Act::Join { .. } => "join",
        Act::File => "file",
    }
}
