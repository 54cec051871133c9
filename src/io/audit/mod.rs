//! The audit office: freezes the calls of a month, draws when the seed is there, hands out the
//! cases, takes the sheets. It has no state: everything is in the store.

mod cases;
mod draws;
mod facts;
mod results;
mod training;

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::planner::Planner;
use super::store::{Error as StoreError, Store};
use super::told::Told;
use crate::audit::{Form, Forms, Lack};
use crate::base::{CallId, Timestamp};

pub use cases::{AppealBody, CaseView, Decision, Person};
pub use draws::{DrawView, SeedBody, Verified};
pub use results::{AgentResult, MonthResult, SheetLine};
pub use training::{ItemSpread, SessionBody, SessionView};

/// When a turn is due at the latest: once a month is over, its list waits for nobody.
const NEXT_TURN_MS: i64 = 3_600_000;

/// What the configuration says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Audit forms.
    pub forms: Arc<Forms>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such thing.
    #[error("there is no {0} {1}")]
    NoSuch(&'static str, String),
    /// Not as things stand.
    #[error("{0}")]
    Refused(String),
    /// Not for this person.
    #[error("{0}")]
    Forbidden(String),
    /// Fields that are wrong.
    #[error("{} fields are wrong", .0.len())]
    Lacks(Vec<Lack>),
}

impl Error {
    fn field(field: &str, detail: impl Into<String>, hint: &str) -> Error {
        Error::Lacks(vec![Lack { field: field.into(), detail: detail.into(), hint: hint.into() }])
    }
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// The draw that was frozen; None: nothing was due.
    pub frozen: Option<i64>,
    /// When the next turn is due.
    pub next: Timestamp,
}

/// The audit office. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct AuditOffice {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    planner: Planner,
    told: Told<Settings>,
}

impl std::fmt::Debug for AuditOffice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditOffice")
    }
}

impl AuditOffice {
    /// The office over a store; the planner knows the calendar.
    pub fn new(store: Store, planner: Planner, settings: Settings) -> AuditOffice {
        AuditOffice { parts: Arc::new(Parts { store, planner, told: Told::new(settings) }) }
    }

    /// The settings of this moment.
    pub fn settings(&self) -> Settings {
        self.parts.told.get()
    }

    /// New settings. What was scored keeps the version it was scored by.
    pub fn set_settings(&self, settings: Settings) {
        self.parts.told.set(settings);
    }

    /// Freezes the calls of the month before, once its day has come and all of them were looked at.
    ///
    /// # Errors
    /// The database's.
    pub async fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        let next = Timestamp(now.0 + NEXT_TURN_MS);
        let idle = Turn { frozen: None, next };
        // A demo has no form, and draws nothing.
        let Ok((form, _)) = self.form("") else { return Ok(idle) };
        let today = self.calendar().date(now);
        if form.draw.day == 0 || today.day() < form.draw.day {
            return Ok(idle);
        }
        let Some(month) = today.first_of_month().checked_sub(1.month()).ok() else { return Ok(idle) };
        let month = month.strftime("%Y-%m").to_string();
        if self.store().audit_draws().await?.iter().any(|draw| draw.month == month && draw.pack.is_empty()) {
            return Ok(idle);
        }
        match self.freeze(&month, "", "", "ringback", now).await {
            Ok(id) => Ok(Turn { frozen: Some(id), next }),
            // No call at all, or some that are not looked at yet.
            Err(Error::Refused(_)) => Ok(idle),
            Err(error) => Err(error),
        }
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn calendar(&self) -> Arc<crate::calendar::Calendar> {
        self.parts.planner.settings().calendar
    }

    /// The form of a pack and its version.
    fn form(&self, pack: &str) -> Result<(Arc<Form>, Arc<str>), Error> {
        let found = self.settings().forms.of(pack);
        found.ok_or_else(|| {
            Error::Refused("no audit form can be used; `ringback audit check` says why".into())
        })
    }

    /// First and last day of a month, and the ids between which its calls lie.
    fn month(&self, month: &str) -> Result<Month, Error> {
        let wrong = || Error::field("month", format!("`{month}` is no month"), "write it as 2026-03");
        let first: Date = format!("{month}-01").parse().map_err(|_| wrong())?;
        if month.len() != 7 {
            return Err(wrong());
        }
        let next = first.checked_add(1.month()).map_err(|_| wrong())?;
        let calendar = self.calendar();
        let (from, to) = (calendar.start_of(first), calendar.start_of(next));
        let ids = (CallId::first_of(from).to_string(), CallId::first_of(to).to_string());
        Ok(Month { next, end: to, from: ids.0, to: ids.1 })
    }
}

/// A month.
struct Month {
    /// First day of the next.
    next: Date,
    /// Its end.
    end: Timestamp,
    /// Ids of its calls: from this on.
    from: String,
    /// And before this.
    to: String,
}
