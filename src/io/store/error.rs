//! What can go wrong with the database, sorted by what the caller should do about it.

use std::path::PathBuf;

use sqlx::error::ErrorKind;

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL names no database that is spoken.
    #[error("`{0}` is not a database URL: write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`")]
    Url(String),
    /// The folder of the database file cannot be made.
    #[error("cannot make the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The schema was written by a newer ringback.
    #[error(
        "the database has schema version {found}, this ringback knows versions up to {known}: \
         run the newer ringback, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// In the database.
        found: i64,
        /// Highest version of this program.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("cannot bring the database schema up to date: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    /// Such a thing exists already.
    #[error("{what} `{name}` exists already")]
    Exists {
        /// `list`, `campaign`, `token`, ...
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// No such thing.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// `list`, `campaign`, `token`, ...
        what: &'static str,
        /// Its name or id.
        name: String,
    },
    /// The value is refused; the sentence says why and how to mend it.
    #[error("{0}")]
    Refused(String),
    /// A stored text does not parse: the row was written by something else.
    #[error("the database holds a {what} that cannot be read: {detail}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it cannot be.
        detail: String,
    },
    /// The database itself.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The database did not answer in time.
    #[error("the database did not answer within {0} s")]
    Timeout(u64),
}

/// What a failed write calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The database is away: the same write will succeed later.
    Away,
    /// The write itself is refused, now and for ever.
    Poison,
}

impl Error {
    /// True where a unique constraint refused the row.
    pub(super) fn is_unique(&self) -> bool {
        matches!(self, Error::Sql(e) if e.as_database_error().is_some_and(|d| d.is_unique_violation()))
    }

    /// True where the row that is pointed to does not exist.
    pub(super) fn is_foreign_key(&self) -> bool {
        matches!(self, Error::Sql(e) if e.as_database_error().is_some_and(|d| d.is_foreign_key_violation()))
    }

    /// Names what exists already, where a unique constraint refused the row.
    pub(super) fn or_exists(self, what: &'static str, name: &str) -> Error {
        if self.is_unique() { Error::Exists { what, name: name.to_owned() } } else { self }
    }

    /// Names what is missing, where the row that is pointed to does not exist.
    pub(super) fn or_not_found(self, what: &'static str, name: impl ToString) -> Error {
        if self.is_foreign_key() { Error::NotFound { what, name: name.to_string() } } else { self }
    }

    /// Sorts a failed write: what the database says about this row is poison, all else is
    /// weather.
    pub(super) fn fault(&self) -> Fault {
        let Error::Sql(error) = self else {
            return if matches!(self, Error::Timeout(_)) { Fault::Away } else { Fault::Poison };
        };
        match error {
            sqlx::Error::Database(d) if d.kind() != ErrorKind::Other => Fault::Poison,
            sqlx::Error::Database(d) => match d.code().as_deref() {
                Some(code) if is_poison_code(code) => Fault::Poison,
                _ => Fault::Away,
            },
            sqlx::Error::Encode(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::InvalidArgument(_)
            | sqlx::Error::RowNotFound => Fault::Poison,
            _ => Fault::Away,
        }
    }
}

/// PostgreSQL: class 22 is bad values, 23 constraints, 42 a wrong query, 54 too large.
/// SQLite (primary result code is the low byte): 1 a wrong query, 18 too big,
/// 19 constraint, 20 mismatch, 25 out of range.
fn is_poison_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["22", "23", "42", "54"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<i64>().is_ok_and(|c| matches!(c & 0xFF, 1 | 18 | 19 | 20 | 25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_bad_rows_are_poison_and_codes_of_a_bad_day_are_not() {
        for code in ["22021", "23505", "23503", "42P01", "54000", "1", "18", "19", "2067", "787", "20"] {
            assert!(is_poison_code(code), "{code}");
        }
        // Busy, locked, read-only, IO error, full, cannot open; cut, shutting down, deadlock,
        // disk full, out of connections.
        for code in ["5", "6", "8", "10", "13", "14", "261", "08006", "57P01", "40P01", "53100", "53300"] {
            assert!(!is_poison_code(code), "{code}");
        }
    }
}
