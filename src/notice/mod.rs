//! Notices: what people and their programs are told, decided here and delivered by the outbox.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A notice that is owed. The outbox keeps it until it is delivered, or given up with a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNotice {
    /// Names the notice: a second one with the same key is not queued.
    pub key: String,
    /// What it is about: `ticket.breach`, `roster.missing`, `callback.done`.
    pub topic: String,
    /// Person, role or department it is for; empty: whoever the routes of its topic name.
    pub to: String,
    /// The record it is about: `ticket:12`.
    pub subject: String,
    /// Policy pack of that record; empty for none. Its masking rules hold.
    pub pack: String,
    /// What the template may say, by name: `number`, `customer`, `phone`, `due`. Values are
    /// whole; masking is done when the text is made.
    pub facts: BTreeMap<String, String>,
    /// It asks for an acknowledgement and is sent again without one (NOT-04).
    pub wants_ack: bool,
}
