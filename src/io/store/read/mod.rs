//! Queries of the API and the console. They read; they never write.
//!
//! The pattern: a plain struct with `#[derive(sqlx::FromRow)]` whose columns are `i64`,
//! `f64`, `String` and their options; one SQL text; [`on!`](super::db) picks the driver.

use super::db::on;
use super::{Error, Store};

/// How many entries of a list are in one state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StateCount {
    /// Word of [`crate::dialer::EntryState`].
    pub state: String,
    /// Entries in it.
    pub count: i64,
}

impl Store {
    /// Entries of a list by state, in the order of the words.
    pub async fn entry_counts(&self, list: crate::base::ListId) -> Result<Vec<StateCount>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT state, COUNT(*) AS count FROM entries WHERE list_id = $1 GROUP BY state ORDER BY state")
            .bind(list.0)
            .fetch_all(p)
            .await)?)
    }
}
