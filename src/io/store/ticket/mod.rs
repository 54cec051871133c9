//! Tickets, their numbers, timelines, files and links. The body of a row is the ticket as the
//! rules of [`crate::ticket`] work on it; the columns beside it are what is looked for.

mod calls;
mod count;
mod file;
mod find;
mod found;
mod link;
mod promised;
mod repair;
mod save;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::ticket::{Phase, Ticket};

pub use calls::{EndedCall, SettledCall, TicketOfCallback, Unregistered};
pub use count::AgeingFilter;
pub use file::{FileRow, NewFile};
pub use find::{TicketFilter, TicketRow, TicketSort, TimelineRow};
pub use found::{ClosedCallback, EventFound, Matter};
pub use link::Link;
pub use promised::{PromiseFilter, PromiseRow};
pub use repair::LastRepair;
pub use save::{Linked, Planned};

/// The word of a phase in the database.
fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Verifying => "verifying",
        Phase::Closed => "closed",
        Phase::Joined => "joined",
    }
}

/// How long inbound callers waited for an answer (TKT-45).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnswerDelay {
    /// Inbound calls.
    pub calls: i64,
    /// Answered ones.
    pub answered: i64,
    /// Answered later than allowed.
    pub late: i64,
    /// Mean time to the answer, in milliseconds.
    pub mean_ms: i64,
}

/// Rows as tickets; one that something else wrote is told of and passed over.
fn all(rows: Vec<(String,)>) -> Vec<Ticket> {
    let mut found = Vec::with_capacity(rows.len());
    for (body,) in rows {
        match one(&body) {
            Ok(ticket) => found.push(ticket),
            Err(error) => tracing::error!(%error, "a ticket is passed over"),
        }
    }
    found
}

fn one(body: &str) -> Result<Ticket, Error> {
    serde_json::from_str(body).map_err(|e| Error::Corrupt { what: "ticket", detail: e.to_string() })
}
