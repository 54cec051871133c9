//! A fresh database for each test, of both kinds.
//!
//! PostgreSQL is there when `RINGBACK_TEST_POSTGRES_URL` names a server (`tests/run` starts
//! one). Without it that half is skipped, loudly; with `RINGBACK_TEST_POSTGRES=required` its
//! absence is a failure.

use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use ringback::io::store::{Db, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// One empty database; it goes away with this value.
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    pub fn sqlite() -> Database {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("new/ringback.db").display());
        Database { url, _folder: Some(folder) }
    }

    /// A schema of its own on the server that the environment names.
    pub async fn postgres() -> Option<Database> {
        let server = postgres_server()?;
        let schema = unique_name();
        let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL of the tests");
        connection.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.expect("a schema");
        connection.close().await.expect("to close");
        let mark = if server.contains('?') { '&' } else { '?' };
        Some(Database { url: format!("{server}{mark}options[search_path]={schema}"), _folder: None })
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("the store opens")
    }
}

/// A name no other test and no other run of the tests uses.
pub fn unique_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("t{}_{}_{}", started.as_millis(), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The server for tests; None is reported on the terminal.
pub fn postgres_server() -> Option<String> {
    let url = std::env::var("RINGBACK_TEST_POSTGRES_URL").ok();
    if url.is_none() {
        let promised = std::env::var("RINGBACK_TEST_POSTGRES").is_ok_and(|v| v == "required");
        assert!(!promised, "RINGBACK_TEST_POSTGRES=required, but RINGBACK_TEST_POSTGRES_URL is not set");
        // Not eprintln!, which the test harness would swallow.
        let note = b"SKIPPED on PostgreSQL: RINGBACK_TEST_POSTGRES_URL is not set (tests/run sets it)\n";
        std::io::stderr().write_all(note).expect("stderr");
    }
    url
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Makes one test per database from an `async fn(&Database)`.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                $crate::support::databases::block_on(super::$name(
                    &$crate::support::databases::Database::sqlite(),
                ));
            }

            #[test]
            fn on_postgres() {
                $crate::support::databases::block_on(async {
                    if let Some(database) = $crate::support::databases::Database::postgres().await {
                        super::$name(&database).await;
                    }
                });
            }
        }
    )*};
}
pub(crate) use on_both_databases;

/// One number out of the database, for tests that look behind the store's back.
pub async fn number(store: &Store, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match store.db() {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await.expect("a number"),
        Db::Pg(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect("a number"),
    }
}

/// One text out of the database.
pub async fn text(store: &Store, sql: &str) -> String {
    let sql = AssertSqlSafe(sql.to_owned());
    match store.db() {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await.expect("a text"),
        Db::Pg(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect("a text"),
    }
}

/// Changes the database behind the store's back.
pub async fn execute(store: &Store, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    match store.db() {
        Db::Sqlite { write, .. } => write.execute(sql).await.map(drop),
        Db::Pg(pool) => pool.execute(sql).await.map(drop),
    }
}
