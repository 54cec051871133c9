//! The schema's versions: forward only, one folder of migrations per database.

use sqlx::migrate::{MigrateError, Migrator};

use super::Error;
use super::db::{Db, on};

static SQLITE: Migrator = sqlx::migrate!("src/io/store/migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("src/io/store/migrations/postgres");

/// Brings the schema up to this program's version.
pub(super) async fn migrate(db: &Db) -> Result<(), Error> {
    let done = match db {
        Db::Sqlite { write, .. } => SQLITE.run(write).await,
        Db::Pg(pool) => POSTGRES.run(pool).await,
    };
    match done {
        Err(MigrateError::VersionMissing(_)) => {
            Err(Error::NewerSchema { found: version(db).await?, known: known() })
        }
        other => other.map_err(Error::Migrate),
    }
}

/// Refuses a schema of another version than this program's.
pub(super) async fn require(db: &Db) -> Result<(), Error> {
    let found = version(db).await?;
    let known = known();
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::NewerSchema { found, known }),
        std::cmp::Ordering::Less => Err(Error::Refused(format!(
            "the database has schema version {found}, and this ringback works on version {known}: start its daemon, or \
             run `ringback db migrate`, first"
        ))),
    }
}

/// Version the database has; 0 before the first migration.
pub(super) async fn version(db: &Db) -> Result<i64, Error> {
    let (version,): (i64,) = on!(db, p =>
        sqlx::query_as("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations").fetch_one(p).await)?;
    Ok(version)
}

/// Highest version this program knows.
pub(super) fn known() -> i64 {
    SQLITE.iter().map(|m| m.version).max().unwrap_or(0)
}
