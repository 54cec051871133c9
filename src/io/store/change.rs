//! What was committed, told at once to whoever follows: the page that shows it, a program that listens.
//!
//! A change names the thing and what was done to it, never the words in it: whoever may see the thing
//! reads it anew. So nothing needs a mask here, and what a follower may hear is asked of the thing.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use super::Store;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A ticket.
    Ticket,
    /// A case of the audit, or a draw.
    Audit,
    /// An import into a list.
    Import,
    /// An intake into the archive.
    Intake,
    /// A report.
    Report,
    /// A report or register that is being counted.
    ReportRun,
    /// The list of a day.
    Plan,
    /// A callback.
    Callback,
    /// A notice.
    Notice,
    /// A customer.
    Customer,
    /// What a person should look at.
    Warning,
}

impl Topic {
    /// The word by which streams name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::Ticket => "ticket",
            Topic::Audit => "audit",
            Topic::Import => "import",
            Topic::Intake => "intake",
            Topic::Report => "report",
            Topic::ReportRun => "report_run",
            Topic::Plan => "plan",
            Topic::Callback => "callback",
            Topic::Notice => "notice",
            Topic::Customer => "customer",
            Topic::Warning => "warning",
        }
    }
}

/// One change, as events tell it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ChangeEvent)]
pub struct Change {
    /// What changed: the name of the event.
    #[serde(skip)]
    #[schema(ignore)]
    pub topic: Topic,
    /// The thing; left out: several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// What was done: `open`, `stage_done`, `submit`, `merge`, ...; stable words.
    pub act: String,
    /// Who did it; a part of the daemon where nobody did.
    pub by: String,
    /// Its policy pack.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pack: String,
    /// Whose it is: the owner of a ticket, the auditor of a case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Its day or period.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub day: String,
    /// Its number for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// Its kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// How many changed, where there are several; how much of it is done, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Change {
    /// A change of which nothing more is known.
    pub fn new(topic: Topic, id: impl Into<Option<i64>>, act: &str, by: &str) -> Change {
        Change {
            topic,
            id: id.into(),
            act: act.to_owned(),
            by: by.to_owned(),
            pack: String::new(),
            owner: String::new(),
            day: String::new(),
            number: String::new(),
            kind: String::new(),
            state: String::new(),
            count: None,
        }
    }

    /// The same with its pack.
    #[must_use]
    pub fn of_pack(self, pack: &str) -> Change {
        Change { pack: pack.to_owned(), ..self }
    }

    /// The same with the person whose it is.
    #[must_use]
    pub fn of(self, owner: &str) -> Change {
        Change { owner: owner.to_owned(), ..self }
    }

    /// The same with its day or period.
    #[must_use]
    pub fn on(self, day: impl fmt::Display) -> Change {
        Change { day: day.to_string(), ..self }
    }

    /// The same with where it stands.
    #[must_use]
    pub fn now(self, state: &str) -> Change {
        Change { state: state.to_owned(), ..self }
    }

    /// The same with a number of things.
    #[must_use]
    pub fn times(self, count: u64) -> Change {
        Change { count: Some(count), ..self }
    }
}

type Follower = Arc<dyn Fn(Change) + Send + Sync>;

/// Who is told of changes. Clones of a store share it.
#[derive(Clone, Default)]
pub(super) struct Feed(Arc<RwLock<Option<Follower>>>);

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feed")
    }
}

impl Store {
    /// Tells every change from now on, in place of whoever was told before.
    pub fn follow(&self, follower: impl Fn(Change) + Send + Sync + 'static) {
        *self.feed.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(follower));
    }

    /// Tells of a change, once it is committed.
    pub fn tell(&self, change: Change) {
        let follower = self.feed.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(follower) = follower {
            follower(change);
        }
    }
}
