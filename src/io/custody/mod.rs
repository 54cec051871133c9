//! The keeper of the chain of custody: links what was noted, gives each day its root and writes it
//! into a file, looks at the files of the recordings again and again, and verifies everything on
//! request.
//!
//! The queue is the database: triggers note what is to be linked, so a crash loses nothing.

mod check;
mod hash;
mod publish;
mod strays;
mod turn;
mod verification;
mod verify;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::planner::Planner;
use super::store::{self, NewWarning, Store};
use super::telemetry::Telemetry;
use super::told::Told;
use super::vault::Vault;
use super::web::EventHub;
use crate::base::Timestamp;
use crate::notice::NewNotice;

pub use check::Checker;
pub use publish::{published, read_roots};
pub use turn::{Turn, remove_files};
pub use verification::Verification;
pub use verify::{Order, Progress, Trouble, Verified, verify};

/// Who the audit log and the warnings name for what the keeper does by itself.
pub const ACTOR: &str = "custody";

/// What the keeper is told by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the beginning of one look at all files to that of the next; zero: none.
    pub check_every: Duration,
    /// Bytes that such a look reads in a second.
    pub check_rate: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { check_every: Duration::ZERO, check_rate: 8_000_000 }
    }
}

/// Why the keeper could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file or a folder.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of roots holds a line that is none, or another root than the database.
    #[error("{0}")]
    Roots(String),
}

/// The keeper. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Custody {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    hub: EventHub,
    telemetry: Arc<Telemetry>,
    vault: Vault,
    /// The recordings.
    folder: PathBuf,
    /// Files of roots.
    roots: PathBuf,
    told: Told<Settings>,
    verification: Mutex<Option<Verification>>,
    /// A difference between a file of roots and the database, so that it is told once.
    differs: Mutex<String>,
}

impl std::fmt::Debug for Custody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custody")
    }
}

/// The parts of the daemon that the keeper stands on.
#[derive(Debug)]
pub struct Place {
    /// Live events.
    pub hub: EventHub,
    /// Counters.
    pub telemetry: Arc<Telemetry>,
    /// The one way to their sound.
    pub vault: Vault,
    /// Folder of the recordings.
    pub folder: PathBuf,
    /// Folder of the files of roots; it is made.
    pub roots: PathBuf,
}

impl Custody {
    /// A keeper over the daemon's parts; days are those of the planner's calendar.
    pub fn new(store: Store, planner: Planner, place: Place, settings: Settings) -> Custody {
        let Place { hub, telemetry, vault, folder, roots } = place;
        Custody {
            parts: Arc::new(Parts {
                store,
                planner,
                hub,
                telemetry,
                vault,
                folder,
                roots,
                told: Told::new(settings),
                verification: Mutex::default(),
                differs: Mutex::default(),
            }),
        }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings, from the next look on.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
    }

    /// Something was written that is to be linked soon.
    pub fn wake(&self) {
        self.parts.told.ring();
    }

    /// Waits until somebody woke the keeper.
    pub async fn woken(&self) {
        self.parts.told.rung().await;
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn calendar(&self) -> Arc<crate::calendar::Calendar> {
        self.parts.planner.settings().calendar
    }

    /// Something a person must look at: a warning, an alarm, and a notice, once for each.
    async fn alarm(&self, warning: NewWarning, now: Timestamp) -> Result<(), Error> {
        for raised in self.store().raise_warnings("", &[warning], ACTOR, now).await? {
            let alarm = format!("{}: {}: {}", raised.code, raised.subject, raised.detail);
            self.parts.telemetry.alarms.with(&[&raised.code]).add(1);
            tracing::error!(alarm, "alarm");
            let call = raised.subject.strip_prefix("call:").and_then(|rest| rest.split('/').next());
            self.parts.hub.publish_value("alarm", &json!({ "call": call, "alarm": alarm }));
            let facts = [
                ("what", raised.code.clone()),
                ("about", raised.subject.clone()),
                ("detail", raised.detail.clone()),
                ("day", raised.day.to_string()),
            ];
            let notice = NewNotice {
                key: format!("custody.alarm:{}:{}:{}", raised.code, raised.subject, now.0),
                topic: "custody.alarm".into(),
                subject: raised.subject,
                facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                ..NewNotice::default()
            };
            self.store().queue_extended(&[notice.into()], now).await?;
        }
        Ok(())
    }
}
