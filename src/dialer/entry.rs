//! A list entry: one customer to call, and why they are, or are not, being called.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CallId, CampaignId, Disposition, EntryId, ListId, PhoneNumber, Timestamp};
use crate::policy::Reason;

/// Where an entry stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Waits for its time (`due_at`).
    Pending,
    /// An attempt is reserved or in progress.
    Dialling,
    /// Finished with a result.
    Done,
    /// Attempts are spent without reaching the customer.
    Failed,
    /// Taken out: do-not-call, or removed by a person with a reason.
    Stopped,
}

impl EntryState {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            EntryState::Pending => "pending",
            EntryState::Dialling => "dialling",
            EntryState::Done => "done",
            EntryState::Failed => "failed",
            EntryState::Stopped => "stopped",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        use EntryState::*;
        [Pending, Dialling, Done, Failed, Stopped].into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for EntryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a list says about one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEntry {
    /// The list's own key for the row (order number and the like); empty means the number is the key.
    pub external_id: String,
    /// Canonical number.
    pub phone: PhoneNumber,
    /// Extension dialled as keys after the answer; empty for none.
    pub extension: String,
    /// Customer's name.
    pub name: String,
    /// Prompt language, or empty for the campaign's.
    pub language: String,
    /// Higher goes first: 1 to 9.
    pub priority: u8,
    /// Not before this time.
    pub due_at: Option<Timestamp>,
    /// Everything else the list says, by column; scripts branch on it and speak it.
    pub fields: BTreeMap<String, String>,
}

impl NewEntry {
    /// What makes a row the same row in a second import: the external id, else the number
    /// with its extension.
    pub fn row_key(&self) -> String {
        match (self.external_id.as_str(), self.extension.as_str()) {
            ("", "") => self.phone.to_string(),
            ("", extension) => format!("{}-{extension}", self.phone),
            (id, _) => id.to_owned(),
        }
    }
}

/// A due entry together with the ledger of its number, as the store hands it to the dialler.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Row id.
    pub entry: EntryId,
    /// Its list.
    pub list: ListId,
    /// What the list says.
    pub details: NewEntry,
    /// Attempts made for this entry so far.
    pub attempts: u32,
    /// Attempts for this entry by how they ended.
    pub attempts_by: BTreeMap<Disposition, u32>,
    /// Calls placed to this number since local midnight, over all campaigns.
    pub calls_today: u32,
    /// Whether the number is on the do-not-call list.
    pub do_not_call: bool,
}

/// An attempt to be written before its INVITE leaves. Its id is the call's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The call to be.
    pub call: CallId,
    /// Whose campaign.
    pub campaign: CampaignId,
    /// For whom.
    pub entry: EntryId,
    /// The number.
    pub phone: PhoneNumber,
    /// When it was reserved.
    pub reserved_at: Timestamp,
    /// The cap the store checks again inside the transaction; 0 means none.
    pub daily_cap: u32,
    /// Start of the local day for that cap.
    pub day_start: Timestamp,
}

/// What becomes of an entry after an attempt or a decision not to call.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryUpdate {
    /// Which.
    pub entry: EntryId,
    /// Its new state.
    pub state: EntryState,
    /// Result of the attempt that led here, if one did.
    pub disposition: Option<Disposition>,
    /// When it may be looked at again (for `Pending`).
    pub due_at: Option<Timestamp>,
    /// Why, in words an operator understands, as a stable word and its parts.
    pub reason: Reason,
}
