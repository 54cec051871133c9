//! One turn of the daemon: calls that ended, callbacks that came back, deadlines that passed.

use std::time::Duration;

use super::{Error, TicketDesk};
use crate::base::Timestamp;
use crate::ticket;

/// Tickets of one look.
const BATCH: u32 = 200;
/// Looked at again by then where nothing is known to come.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Tickets that came into being.
    pub opened: u64,
    /// Calls that joined one.
    pub joined: u64,
    /// Callbacks of tickets that ended.
    pub settled: u64,
    /// Tickets for which time had something.
    pub due: u64,
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

impl TicketDesk {
    /// Does everything that is due at `now`.
    ///
    /// # Errors
    /// The first part that the database did not take; the next turn does what is left.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let mut taken = self.take_calls(now).await?;
        self.look_at_callbacks(&mut taken, now).await?;
        self.look_at_events(&mut taken, now).await?;
        let settled = self.settle(now).await?;
        let (due, more) = self.keep_time(now).await?;
        let next = self.store().next_ticket().await?.map_or(now + A_DAY, |at| at.max(now));
        Ok(Turn { opened: taken.opened, joined: taken.joined, settled, due, more: taken.more || more, next })
    }

    /// Warnings, breaches, escalations, reminders.
    async fn keep_time(&self, now: Timestamp) -> Result<(u64, bool), Error> {
        let tickets = self.store().tickets_due(now, BATCH).await?;
        let (mut done, found) = (0, tickets.len());
        for was in tickets {
            let Ok(rules) = self.rules(&was.pack) else {
                tracing::error!(ticket = was.number, pack = was.pack, "no ticket file: its deadlines rest");
                continue;
            };
            let Some(changes) = ticket::due(&rules, &was, now) else {
                // Its file changed: what is written beside it is old.
                self.look_later(&rules, &was, now).await?;
                continue;
            };
            let linked = self.linked(&rules, &changes, Default::default(), now);
            // Changed by somebody at this moment: the next turn looks again.
            if self.store().save_ticket(&changes, was.version, &linked, now).await? {
                done += 1;
                self.asks(&linked);
            }
        }
        Ok((done, found == BATCH as usize && done > 0))
    }

    async fn look_later(
        &self,
        rules: &ticket::Rules,
        was: &ticket::Ticket,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut ticket = was.clone();
        ticket.version += 1;
        let changes = ticket::Changes { ticket, ..Default::default() };
        let linked = self.linked(rules, &changes, Default::default(), now);
        self.store().save_ticket(&changes, was.version, &linked, now).await?;
        Ok(())
    }
}
