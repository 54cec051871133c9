//! Notices: what people and their programs are told, decided here and delivered by the outbox.
//!
//! A notice is queued in the transaction of what it tells of. Routes name the channels that
//! carry it, templates make its text, masks cover numbers and names, and what comes in a flood
//! becomes one message.

mod batch;
mod channel;
mod due;
mod example;
mod mask;
mod message;
mod pace;
mod route;
mod rule;
mod seal;
mod text;
mod wire;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use batch::{BATCH_LIMIT, Waiting, batch};
pub use channel::{Channel, Kind, Mail, MailTls, Secret};
pub use due::{Standing, standing};
pub use example::example;
pub use mask::{Mask, Masks};
pub use message::{Attachment, Item, Message, compose, message_id};
pub use pace::{RATE_WINDOW, retry_after};
pub use route::{Recipient, Route, Settings, Target};
pub use rule::{EventNotice, customer_topic, event_facts};
pub use seal::{hmac_sha256, webhook_signature};
pub use text::{GENERIC, Language, Template, Templates, TextError};
pub use wire::{Answer, HttpRequest, Wire, answer, wire};

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
