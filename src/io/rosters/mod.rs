//! Rosters beside the planner: months that are missing, posts that are empty, agents who are
//! late, and callbacks of those who are away.

mod file;
mod month;
mod presence;
mod shift;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::json;

use super::planner::{self, Planner};
use super::store::{self, Store};
use super::web::EventHub;
use crate::base::Timestamp;
use crate::roster::{OnDuty, Settings, SheetError, Team, on_duty};

pub use file::rows as read_rows;
pub use month::Wanted;
pub use presence::Present;
pub use shift::ShiftView;

/// Who the audit log names for what rosters do by themselves.
pub const ACTOR: &str = "rosters";

/// Why a roster is not as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The planner.
    #[error(transparent)]
    Planner(#[from] planner::Error),
    /// Fields that are wrong: which, and what is wrong with it.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<(String, String)>),
}

impl From<Vec<SheetError>> for Error {
    fn from(errors: Vec<SheetError>) -> Error {
        Error::Invalid(errors.into_iter().map(|e| (format!("line {}", e.line), e.problem)).collect())
    }
}

/// The rosters. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Rosters {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    hub: EventHub,
    settings: RwLock<Arc<Vec<Settings>>>,
    /// When the turn was done last.
    looked: Mutex<Option<Timestamp>>,
    /// Posts whose emptiness was told, by pack, address and beginning.
    told: Mutex<BTreeSet<(String, String, i64)>>,
}

impl std::fmt::Debug for Rosters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rosters")
    }
}

impl Rosters {
    /// Rosters over the daemon's parts. Calendar and policies are those of the planner.
    pub fn new(store: Store, planner: Planner, hub: EventHub, settings: Vec<Settings>) -> Rosters {
        let settings = RwLock::new(Arc::new(settings));
        let (looked, told) = (Mutex::default(), Mutex::default());
        Rosters { parts: Arc::new(Parts { store, planner, hub, settings, looked, told }) }
    }

    /// Packs that have rosters.
    pub fn packs(&self) -> Arc<Vec<Settings>> {
        self.parts.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New settings, from the next question on.
    pub fn set_settings(&self, settings: Vec<Settings>) {
        *self.parts.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// The rules of a pack; one that is not configured has the usual ones.
    pub fn settings(&self, pack: &str) -> Settings {
        let found = self.packs().iter().find(|s| s.pack == pack).cloned();
        found.unwrap_or_else(|| Settings { pack: pack.to_owned(), ..Settings::default() })
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Who is on duty at a moment, and in which order they are called; None by day (ROS-02).
    ///
    /// # Errors
    /// The database.
    pub async fn on_duty(&self, pack: &str, at: Timestamp) -> Result<Option<OnDuty>, Error> {
        let settings = self.settings(pack);
        let calendar = self.parts.planner.settings().calendar;
        let Some((date, _)) = settings.nights.night_of(&calendar, at) else { return Ok(None) };
        let months = [crate::roster::Month::of(date)];
        let duties = self.store().roster_duties(pack, &months, true).await?;
        Ok(on_duty(&settings, &calendar, &duties, at))
    }

    /// The team whose turn it is by day, for `subject` (ROS-04); None where there is none.
    ///
    /// # Errors
    /// The database.
    pub async fn next_team(&self, pack: &str, subject: &str, now: Timestamp) -> Result<Option<Team>, Error> {
        Ok(self.store().take_turn(pack, subject, now).await?)
    }

    /// Says that a phone, by its extension, or a person by name is there or is not (ROS-03,
    /// ROS-05).
    ///
    /// # Errors
    /// The database.
    pub async fn set_presence(&self, who: &str, present: bool, now: Timestamp) -> Result<(), Error> {
        // Whoever comes hours before a shift has come for something else.
        let early = std::time::Duration::from_secs(2 * 3_600);
        Ok(self.store().set_presence(who, present, early, now).await?)
    }

    /// Something a person must look at.
    fn alarm(&self, word: &str, pack: &str, detail: &str) {
        let alarm = format!("{word}: {detail}");
        tracing::warn!(pack, alarm, "alarm");
        self.parts.hub.publish_value("alarm", &json!({ "call": null, "alarm": alarm, "pack": pack }));
    }
}

/// Facts of a notice.
fn facts<const N: usize>(all: [(&str, String); N]) -> BTreeMap<String, String> {
    all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
