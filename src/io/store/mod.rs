//! The database: SQLite in a file, or PostgreSQL by URL. It keeps what it is told and
//! answers questions; it never decides.
//!
//! What happens during calls goes through the [`Writer`]: a bounded queue, group commits,
//! and patience while the database is away. Lists, campaigns, tokens and the do-not-call
//! list are changed by methods of [`Store`], each one transaction.

mod account;
mod add_entries;
mod agent;
pub mod archive;
mod audit;
pub mod audits;
mod backup;
pub mod callback;
mod campaign;
mod canary;
mod change;
pub mod custody;
mod db;
mod dial;
mod do_not_call;
mod due;
mod entry;
mod error;
pub mod evidence;
mod import;
mod list;
pub mod notice;
mod once;
mod queue;
pub mod read;
mod recording;
mod recording_files;
mod recording_holds;
mod recover;
pub mod register;
pub mod roster;
mod schema;
mod score;
mod segment;
mod session;
mod signing;
pub mod ticket;
mod token;
mod visit;
mod warning;
mod within;
mod write;

pub use account::{Account, AccountLink, AccountSessions, LinkKind, NewAccount};
pub use agent::{AgentLogin, AgentStateRow, AgentTime};
pub use audit::AuditLine;
pub use campaign::NewCampaign;
pub use change::{Change, Topic};
pub use db::{Db, Tx};
pub use dial::{Abandoned, AgentTalks, DueAppointment, NewDial, Talk};
pub use do_not_call::DoNotCall;
pub use error::Error;
pub use import::{IMPORT_CHUNK, ImportCounts, ImportFile, ImportSession, ImportUndone};
pub use list::List;
pub use once::Kept;
pub use queue::{AnswerLine, KnownCaller, QueueCallbackRow};

pub use canary::{CanaryCallRow, CanaryOverride, CanaryRow};
pub use recording_files::{Recorded, Standing, StoredFile, StoredSum};
pub use recording_holds::{HeldRow, HoldRow};
pub use recover::LostAttempt;
pub use score::{NewScore, ScoreEventRow, ScoreFilter};
pub use segment::SegmentRow;
pub use session::Session;
pub use token::{NewToken, Token};
pub use visit::{ExpenseRow, MaterialRow, NewExpense, NewMaterial, VisitFilter};
pub use warning::{NewWarning, Uncovered, WarningRow};
pub use within::Thing;
pub use write::{
    Full, QUEUE_CAPACITY, RESERVE_LIMIT, StoreEvent, StoreHealth, Writer, WriterHandle, WriterSettings,
};

/// The open database. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    feed: change::Feed,
}

impl Store {
    /// Opens `sqlite:PATH` (its folder and file are made) or `postgres://USER:PASSWORD@HOST/NAME`
    /// and brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Folder`], [`Error::NewerSchema`], [`Error::Migrate`], [`Error::Sql`].
    pub async fn open(url: &str) -> Result<Store, Error> {
        let db = Db::connect(url).await?;
        schema::migrate(&db).await?;
        Ok(Store { db, feed: change::Feed::default() })
    }

    /// Opens a SQLite file that nobody needs after this process, such as that of a rehearsal:
    /// its writes do not wait for the disk.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub async fn open_fleeting(path: &std::path::Path) -> Result<Store, Error> {
        let db = Db::connect_fleeting(path).await?;
        schema::migrate(&db).await?;
        Ok(Store { db, feed: change::Feed::default() })
    }

    /// Opens a database that is there, as it is: nothing is made, and its schema is not changed.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Sql`]; [`Error::NotFound`] where there is no such file; [`Error::Refused`]
    /// and [`Error::NewerSchema`] where its schema is not of this program.
    pub async fn open_existing(url: &str) -> Result<Store, Error> {
        let db = Db::connect_existing(url).await?;
        schema::require(&db).await?;
        Ok(Store { db, feed: change::Feed::default() })
    }

    /// Waits for open transactions and closes every connection. End the [`Writer`] first.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Whether the database answers now; the error says why it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.db.ping().await
    }

    /// Version of the schema, which equals the highest migration.
    pub async fn schema_version(&self) -> Result<i64, Error> {
        schema::version(&self.db).await
    }

    /// The connections, for queries written with `on!` and `within!`.
    pub fn db(&self) -> &Db {
        &self.db
    }
}
