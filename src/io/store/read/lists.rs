//! Lists with their sizes.

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::base::ListId;

/// How many entries of a list are in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct StateCount {
    /// Word of [`crate::dialer::EntryState`].
    pub state: String,
    /// Entries in it.
    pub count: i64,
}

/// A list with its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ListRow {
    /// Row id.
    pub id: i64,
    /// Unique name.
    pub name: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Entries in all.
    pub entries: i64,
    /// Of these: waiting or being dialled.
    pub open: i64,
    /// The campaign that dials it.
    pub campaign_id: Option<i64>,
}

impl Store {
    /// Entries of a list by state, in the order of the words.
    pub async fn entry_counts(&self, list: ListId) -> Result<Vec<StateCount>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT state, COUNT(*) AS count FROM entries WHERE list_id = $1 GROUP BY state ORDER BY state")
            .bind(list.0)
            .fetch_all(p)
            .await)?)
    }

    /// Entries of all lists by state.
    pub async fn all_entry_counts(&self) -> Result<Vec<StateCount>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT state, COUNT(*) AS count FROM entries GROUP BY state ORDER BY state")
            .fetch_all(p)
            .await)?)
    }

    /// One list.
    pub async fn list_row(&self, list: ListId) -> Result<Option<ListRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT l.id, l.name, l.created_at, c.id AS campaign_id,
                    (SELECT COUNT(*) FROM entries e WHERE e.list_id = l.id) AS entries,
                    (SELECT COUNT(*) FROM entries e
                     WHERE e.list_id = l.id AND e.state IN ('pending', 'dialling')) AS open
             FROM lists l LEFT JOIN campaigns c ON c.list_id = l.id WHERE l.id = $1")
            .bind(list.0)
            .fetch_optional(p)
            .await)?)
    }

    /// Lists, newest first.
    pub async fn list_rows(&self, after: Option<&Cursor>, limit: u32) -> Result<Page<ListRow>, Error> {
        let rows: Vec<ListRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT l.id, l.name, l.created_at, c.id AS campaign_id,
                    (SELECT COUNT(*) FROM entries e WHERE e.list_id = l.id) AS entries,
                    (SELECT COUNT(*) FROM entries e
                     WHERE e.list_id = l.id AND e.state IN ('pending', 'dialling')) AS open
             FROM lists l LEFT JOIN campaigns c ON c.list_id = l.id
             WHERE (CAST($1 AS BIGINT) IS NULL OR l.id < $1) ORDER BY l.id DESC LIMIT $2")
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }
}
