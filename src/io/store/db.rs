//! Both databases behind one SQL text: each query is a constant string that is run, through
//! [`on!`] or [`within!`], on the driver at hand, so that no query exists twice.
//!
//! Rules for that text: `$1` parameters; times, counts and flags as `i64` (SQLite's STRICT
//! tables have no boolean); `CAST(AVG(x) AS DOUBLE PRECISION)`, `CAST(SUM(x) AS BIGINT)`;
//! an optional filter is `(CAST($2 AS TEXT) IS NULL OR state = $2)`.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Executor};

use super::Error;

/// Reader connections to SQLite: WAL lets them run beside the writer; more than this only
/// queue on two cores.
const SQLITE_READERS: u32 = 4;
/// Rows that a reader fetches ahead of who asked: each time it is full, two threads have to wake each other.
const SQLITE_ROWS_AHEAD: usize = 512;
/// Connections to PostgreSQL: the writer's, and those of the console's reads.
const PG_CONNECTIONS: u32 = 8;
/// Pages that a reader keeps, in KiB (PRAGMA cache_size): a month of rows with their indexes is some
/// megabytes, and the usual 2 are read again and again from the file for one question.
const SQLITE_READER_CACHE: &str = "-8000";
/// How long SQLite waits for another process (`list import` beside the daemon) to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Names ringback's own lock among PostgreSQL's advisory locks of a database.
const CALLS_LOCK: i64 = 0x7269_6E67_6261_636B;
/// How long a query waits for a connection before it fails as "away".
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The pools of one database.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file. Readers see the last commit and are never blocked by the writer.
    Sqlite {
        /// Read-only connections.
        read: SqlitePool,
        /// The only connection that writes: SQLite has one writer, and a queue here is
        /// fairer than its busy timeout.
        write: SqlitePool,
    },
    /// A server.
    Pg(PgPool),
}

/// An open write transaction; rolled back unless committed.
#[derive(Debug)]
pub enum Tx {
    /// Holds SQLite's write lock.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// READ COMMITTED.
    Pg(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// Runs one read on the pool at hand: `on!(db, p => sqlx::query_as("...").bind(x).fetch_all(p).await)`.
/// The body is compiled once per driver and must give the same type on both.
macro_rules! on {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::io::store::Db::Sqlite { read: $pool, .. } => $body,
            $crate::io::store::Db::Pg($pool) => $body,
        }
    };
}
pub(crate) use on;

/// Runs one statement in a transaction: `within!(tx, c => sqlx::query("...").bind(x).execute(c).await)`.
macro_rules! within {
    ($tx:expr, $conn:ident => $body:expr) => {
        match $tx {
            $crate::io::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::io::store::Tx::Pg(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}
pub(crate) use within;

impl Db {
    /// Connects by URL: `sqlite:PATH` (folder and file are made) or `postgres://...`.
    pub(super) async fn connect(url: &str) -> Result<Db, Error> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return Self::connect_pg(url).await;
        }
        match url.strip_prefix("sqlite:") {
            Some(rest) => {
                let path = Path::new(rest.strip_prefix("//").unwrap_or(rest));
                // A call is an act on the outside world: its attempt survives a power cut.
                Self::connect_sqlite(path, SqliteSynchronous::Full).await
            }
            None => Err(Error::Url(url.split(':').next().unwrap_or_default().to_owned())),
        }
    }

    /// Connects to a database that is there.
    pub(super) async fn connect_existing(url: &str) -> Result<Db, Error> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = Path::new(rest.strip_prefix("//").unwrap_or(rest));
            if !path.as_os_str().is_empty() && !path.is_file() {
                return Err(Error::NotFound { what: "database file", name: path.display().to_string() });
            }
        }
        Self::connect(url).await
    }

    /// Opens a SQLite file that nobody needs after this process: nothing waits for the disk.
    pub(super) async fn connect_fleeting(path: &Path) -> Result<Db, Error> {
        Self::connect_sqlite(path, SqliteSynchronous::Off).await
    }

    async fn connect_sqlite(path: &Path, synchronous: SqliteSynchronous) -> Result<Db, Error> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(Error::Url("sqlite without a file".into()));
        }
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A full disk makes SQLite roll back by itself; sqlx still counts a transaction
            // then and could begin no other on that connection, ever.
            .before_acquire(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
            .connect_with(options.clone())
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(
                options
                    .row_buffer_size(SQLITE_ROWS_AHEAD)
                    .pragma("cache_size", SQLITE_READER_CACHE)
                    .pragma("query_only", "ON"),
            );
        Ok(Db::Sqlite { read, write })
    }

    async fn connect_pg(url: &str) -> Result<Db, Error> {
        let options = PgConnectOptions::from_str(url)?.application_name("ringback");
        let pool = PgPoolOptions::new()
            .max_connections(PG_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|conn, _| {
                // Whatever the server's default: see `synchronous` above.
                // A server that lost us mid-transaction must let our locks go by itself.
                Box::pin(async move {
                    conn.execute("SET synchronous_commit = on").await?;
                    conn.execute("SET idle_in_transaction_session_timeout = '60s'").await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        Ok(Db::Pg(pool))
    }

    /// Begins a write transaction. On SQLite it takes the write lock at once: a lock taken
    /// half-way cannot wait, it fails.
    pub(crate) async fn begin(&self) -> Result<Tx, Error> {
        Ok(match self {
            Db::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }

    /// Begins a transaction that alone changes what is known of calls in progress.
    ///
    /// On PostgreSQL the transaction of a connection that was cut, or of a daemon that was
    /// killed, may still be committing when its successor asks what was written. It holds
    /// this lock, so the successor waits until its fate is known.
    pub(crate) async fn begin_alone(&self) -> Result<Tx, Error> {
        let mut tx = self.begin().await?;
        if let Tx::Pg(tx) = &mut tx {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CALLS_LOCK).execute(&mut **tx).await?;
        }
        Ok(tx)
    }

    /// Waits for open transactions and closes every connection.
    pub(super) async fn close(&self) {
        match self {
            Db::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Db::Pg(pool) => pool.close().await,
        }
    }

    /// Whether the database answers now. Errors say why not.
    pub(super) async fn ping(&self) -> Result<(), Error> {
        on!(self, p => p.acquire().await?.ping().await)?;
        Ok(())
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self {
            Db::Sqlite { .. } => "sqlite",
            Db::Pg(_) => "postgres",
        }
    }
}

impl Tx {
    /// Makes it durable. After an error it is unknown whether it was committed, so every
    /// write must bear being done again.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it.
    pub(crate) async fn rollback(self) -> Result<(), Error> {
        match self {
            Tx::Sqlite(tx) => tx.rollback().await?,
            Tx::Pg(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
