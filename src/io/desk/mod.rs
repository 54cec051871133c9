//! The desk: tickets from calls, from people and from what callbacks and events found out, and
//! back from their verification to the close.
//!
//! It holds no state of its own: every turn reads what is owed and does it, in transactions that
//! may be done twice. A ticket that somebody else changes at the same moment is read again.

mod act;
mod calls;
mod cover;
mod department;
mod found;
mod known;
mod open;
mod planned;
mod report;
mod settle;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::planner::Planner;
use super::store::{self, Store};
use super::told::Told;
use crate::calendar::Calendar;
use crate::ticket::{Refusal, Rules, TicketPack, TicketPacks};

pub use open::Opened;
pub use report::{Delay, Month};
pub use turn::Turn;

/// What the desk is told by the configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The ticket packs.
    pub packs: Arc<TicketPacks>,
    /// Area code of numbers that come without one.
    pub home_area: Option<String>,
    /// The agents, each with the roles and departments that they hold.
    pub people: BTreeMap<String, Vec<String>>,
}

/// Why the desk did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The rules of the ticket.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No ticket file is for this pack, and none is for all.
    #[error("no ticket file is for pack `{0}`, and there is no default one")]
    NoPack(String),
    /// Somebody else changed the ticket again and again.
    #[error("ticket {0} is being changed by others: try again")]
    Busy(i64),
}

/// The desk. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct TicketDesk {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    told: Told<Settings>,
}

impl std::fmt::Debug for TicketDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketDesk")
    }
}

impl TicketDesk {
    /// A desk over the daemon's parts; the planner knows calendar and policies.
    pub fn new(store: Store, planner: Planner, settings: Settings) -> TicketDesk {
        TicketDesk { parts: Arc::new(Parts { store, planner, told: Told::new(settings) }) }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings, from the next turn on. Tickets that are open keep the stages they have.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
    }

    /// Something happened that tickets may have to know of: look at once.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the desk.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn calendar(&self) -> Arc<Calendar> {
        self.parts.planner.settings().calendar
    }

    /// The rules of a pack's tickets.
    ///
    /// # Errors
    /// [`Error::NoPack`].
    pub fn rules(&self, pack: &str) -> Result<Rules, Error> {
        let found = self.settings().packs.of(pack).ok_or_else(|| Error::NoPack(pack.to_owned()))?;
        Ok(self.rules_of(found))
    }

    fn rules_of(&self, pack: Arc<TicketPack>) -> Rules {
        Rules::new(pack, self.calendar())
    }
}
