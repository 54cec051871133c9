//! A service event: something that happened and may call for a callback.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{CustomerId, EventId, Timestamp};

/// Longest kind of an event, in characters.
pub const MAX_KIND_CHARS: usize = 60;

/// Something that happened to a customer or an order: installation finished, contract
/// signed, discharged, repaired, slip received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Row id; 0 for one that is not stored yet.
    pub id: EventId,
    /// Policy pack that applies, by its id.
    pub pack: String,
    /// What happened, one of the pack's `[event]` kinds: `install.finished`.
    pub kind: String,
    /// The source's own key; the same kind and key twice is the same event.
    pub external_id: String,
    /// When it happened. Where the source gives only a day, its midnight.
    pub at: Timestamp,
    /// Whether the source gave a time of day.
    pub has_time: bool,
    /// To whom.
    pub customer: CustomerId,
    /// Order, project, vehicle, stay: what "first" and "the same" are counted by. May be empty:
    /// then the customer stands for it.
    pub matter: String,
    /// Everything else the source says, by column.
    pub fields: BTreeMap<String, String>,
    /// When we learned of it.
    pub received_at: Timestamp,
}

impl Event {
    /// What belongs together: the matter, or the customer where none is named.
    pub fn subject(&self) -> String {
        if self.matter.is_empty() { format!("customer:{}", self.customer) } else { self.matter.clone() }
    }
}
