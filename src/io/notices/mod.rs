//! The outbox: finds the channels of what was queued, sends it, asks again where nobody
//! acknowledges, and queues by itself what callbacks, events and days call for.
//!
//! It holds no state of its own but what it looked at last: every turn reads what is owed and
//! does it. A message has its id before it is sent, so that one that was sent and not marked goes
//! out again as the same message.

mod announce;
mod callback;
mod copy;
mod customer;
mod deliver;
mod event;
mod material;
mod post;
mod remind;
mod send;
mod table;
mod turn;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::planner::Planner;
use super::store::{self, Store};
use super::told::Told;
use super::web::EventHub;
use crate::base::Timestamp;
use crate::notice::Settings;

pub use announce::Announced;

pub use send::SendError;
pub use turn::Turn;

/// Who the audit log names for what the outbox does by itself.
pub const ACTOR: &str = "notices";

/// At least so many milliseconds between two looks at what is not told of by itself.
const EVERY_MS: i64 = 5_000;

/// Why the outbox did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The planner.
    #[error(transparent)]
    Planner(#[from] super::planner::Error),
}

/// The outbox. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Notices {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    hub: EventHub,
    sender: send::Sender,
    told: Told<Arc<Settings>>,
    /// When each thing was looked at last.
    looked: Mutex<BTreeMap<&'static str, Timestamp>>,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

impl Notices {
    /// An outbox over the daemon's parts. Calendar and policies are those of the planner.
    ///
    /// # Errors
    /// A sentence: there is no HTTP client.
    pub fn new(store: Store, planner: Planner, hub: EventHub, settings: Settings) -> Result<Notices, String> {
        let parts = Parts {
            store,
            planner,
            hub,
            sender: send::Sender::new(&settings.authorities)?,
            told: Told::new(Arc::new(settings)),
            looked: Mutex::default(),
        };
        Ok(Notices { parts: Arc::new(parts) })
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Arc<Settings> {
        self.parts.told.get()
    }

    /// New settings, from the next turn on; it comes at once.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(Arc::new(settings));
    }

    /// Something was queued: look at once.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the outbox.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn is_time(&self, what: &'static str, now: Timestamp) -> bool {
        let mut looked = self.parts.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let last = looked.get(what).copied();
        if last.is_some_and(|last| (0..EVERY_MS).contains(&now.millis_since(last))) {
            return false;
        }
        looked.insert(what, now);
        true
    }

    /// Something a person must look at.
    fn alarm(&self, word: &str, detail: &str) {
        let alarm = format!("{word}: {detail}");
        tracing::warn!(alarm, "alarm");
        self.parts.hub.publish_value("alarm", &json!({ "call": null, "alarm": alarm }));
    }
}
