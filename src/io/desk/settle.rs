//! Callbacks of tickets that ended: what the customer said goes back to the ticket.

use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::io::store::Error as StoreError;
use crate::io::store::ticket::{Linked, SettledCall};
use crate::ticket::{Act, Attempt, Found, Who};

/// Callbacks of one look.
const BATCH: u32 = 200;

impl TicketDesk {
    /// Settles every callback of a ticket that ended; gives how many.
    pub(super) async fn settle(&self, now: Timestamp) -> Result<u64, Error> {
        let mut settled = 0;
        for callback in self.store().settled_calls(BATCH).await? {
            match self.settle_one(&callback, now).await {
                Ok(()) => settled += 1,
                Err(Error::Store(error @ (StoreError::Sql(_) | StoreError::Timeout(_)))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(callback = callback.callback_id, %error, "the end of a ticket's callback");
                    self.leave(&callback, now).await?;
                }
            }
        }
        Ok(settled)
    }

    async fn settle_one(&self, callback: &SettledCall, now: Timestamp) -> Result<(), Error> {
        let call = callback.call_id.as_deref().and_then(Self::call_id);
        let linked = Linked {
            settles: Some(callback.callback_id),
            calls: call.into_iter().collect(),
            ..Linked::default()
        };
        let taken_back = matches!(callback.outcome.as_str(), "withdrawn" | "removed");
        let act = match callback.purpose.as_str() {
            _ if taken_back => return self.leave(callback, now).await,
            "verify" => Act::Verify(Found {
                solved: solved(callback),
                score: callback.lowest,
                call,
                ..Found::default()
            }),
            // A call through the dialler stamped the ticket when it ended.
            _ if call.is_some() || callback.state != "done" => return self.leave(callback, now).await,
            _ => {
                let (inbound, answered, at, agent) = (false, true, now, String::new());
                Act::Call(Attempt { call, inbound, answered, at, agent, departments: None })
            }
        };
        self.act_with(callback.ticket_id, &act, &linked, &Who::daemon(), now).await?;
        Ok(())
    }

    /// It ended, and nothing comes of it.
    async fn leave(&self, callback: &SettledCall, now: Timestamp) -> Result<(), Error> {
        let linked = Linked { settles: Some(callback.callback_id), ..Linked::default() };
        let note =
            Act::Comment(format!("{} call: {} {}", callback.purpose, callback.state, callback.outcome));
        self.act_with(callback.ticket_id, &note, &linked, &Who::daemon(), now).await?;
        Ok(())
    }
}

/// Solved, not solved, or not reached.
fn solved(callback: &SettledCall) -> Option<bool> {
    match callback.outcome.as_str() {
        "satisfied" => Some(true),
        "dissatisfied" => Some(false),
        // Answered by a key that carries no score: the script's `solved`.
        "reached" if callback.answers > 0 => Some(true),
        _ => None,
    }
}
