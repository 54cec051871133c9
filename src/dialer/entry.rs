//! A list entry: one customer to call, and why they are, or are not, being called.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CallId, CallbackId, CampaignId, Disposition, EntryId, ListId, PhoneNumber, Timestamp};
use crate::policy::{CapWindow, Reason};

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
    /// What a policy says of it, where one put it on the list.
    #[serde(default)]
    pub terms: Terms,
}

/// What a policy says of one entry, beside and before what its campaign says of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The callback behind it; there is one entry at most for each.
    pub callback: Option<CallbackId>,
    /// Survey script, by name; empty means the campaign's.
    pub script: String,
    /// Name shown; empty means the campaign's.
    pub caller_name: String,
    /// When it must be done; exclusive. What follows then is the campaign's to say.
    pub deadline_at: Option<Timestamp>,
    /// Hours in which this customer prefers to be called, as window text; empty: any.
    pub preferred_hours: String,
    /// Hours in which this customer does not want to be called, as window text; empty: none.
    pub quiet_hours: String,
    /// The customer was promised a call at this time, and it is still to be placed (REM-03):
    /// it leaves within a minute, before all routine calls.
    pub exact_at: Option<Timestamp>,
    /// Further numbers of the customer, for the attempts after this one.
    pub numbers: Vec<PhoneNumber>,
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
    /// When this number was called of late, over all campaigns and agents, as far back as
    /// caps count ([`crate::policy::CALLS_MATTER_MS`]).
    pub recent_calls: Vec<Timestamp>,
    /// Whether the number is on the do-not-call list.
    pub do_not_call: bool,
}

impl Candidate {
    /// Whether the customer was promised this call.
    pub const fn is_appointment(&self) -> bool {
        self.details.terms.exact_at.is_some()
    }
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
    /// The caps that the store checks again inside the transaction.
    pub caps: Vec<CapWindow>,
    /// Why the customer is called, for the entry: figures and notes of the decision.
    pub detail: String,
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
    /// After an attempt: the call that the customer is promised then. What was looked at and
    /// not called keeps what it was promised.
    pub exact_at: Option<Timestamp>,
    /// The number of the next attempt, where it is another.
    pub turn: Option<Turn>,
}

impl EntryUpdate {
    /// An update that changes neither the number nor what the customer was promised.
    pub fn new(
        entry: EntryId,
        state: EntryState,
        disposition: Option<Disposition>,
        due_at: Option<Timestamp>,
        reason: Reason,
    ) -> Self {
        EntryUpdate { entry, state, disposition, due_at, reason, exact_at: None, turn: None }
    }
}

/// Whose turn it is among the numbers of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The number of the next attempt.
    pub phone: PhoneNumber,
    /// Those after it, in order.
    pub numbers: Vec<PhoneNumber>,
}
