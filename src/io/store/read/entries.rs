//! List entries with the reasons why they are, or are not, being called.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::base::{EntryId, ListId};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct EntryRow {
    /// Row id.
    pub id: i64,
    /// Its list.
    pub list_id: i64,
    /// The list's own key for the row.
    pub external_id: String,
    /// Canonical number.
    pub phone: String,
    /// Extension; empty for none.
    pub extension: String,
    /// Customer's name.
    pub name: String,
    /// Prompt language, or empty for the campaign's.
    pub language: String,
    /// Higher goes first: 1 to 9.
    pub priority: i64,
    /// JSON object of the other columns.
    #[serde(with = "super::page_json")]
    #[schema(value_type = Object)]
    pub fields: String,
    /// Word of [`crate::dialer::EntryState`].
    pub state: String,
    /// Word of [`crate::base::Disposition`] of the last attempt.
    pub disposition: Option<String>,
    /// Stable word: why it is, or is not, being called.
    pub reason: String,
    /// Figures behind the reason, for people.
    pub detail: String,
    /// Not before this, in milliseconds since 1970.
    pub due_at: i64,
    /// Attempts made.
    pub attempts: i64,
    /// Id of the last call.
    pub last_call: Option<String>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
    /// The callback behind it, where a policy put it on the list.
    pub callback_id: Option<i64>,
    /// Its own survey script; empty: the campaign's.
    pub script: String,
    /// When it must be done, in milliseconds since 1970.
    pub deadline_at: Option<i64>,
    /// When the customer is promised a call that is still to be placed, in milliseconds since 1970.
    pub exact_at: Option<i64>,
    /// Hours in which the customer prefers to be called, as window text.
    pub preferred_hours: String,
    /// Hours in which the customer does not want to be called, as window text.
    pub quiet_hours: String,
}

/// Which entries; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of this list.
    pub list: Option<ListId>,
    /// In this state.
    pub state: Option<String>,
    /// For this reason.
    pub reason: Option<String>,
    /// With this result of the last attempt.
    pub disposition: Option<String>,
    /// With this canonical number.
    pub phone: Option<String>,
    /// Whose name or external id contains this text.
    pub text: Option<String>,
}

/// The order of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntrySort {
    /// As they were brought in.
    #[default]
    Id,
    /// What is due first.
    Due,
    /// What changed last.
    Changed,
    /// Most attempts first.
    Attempts,
}

/// An entry; conditions follow.
macro_rules! entries_sql {
    () => {
        "SELECT id, list_id, external_id, phone, extension, name, language, priority, fields, state,
                disposition, reason, detail, due_at, attempts, last_call, created_at, changed_at,
                callback_id, script, deadline_at, exact_at, preferred_hours, quiet_hours
         FROM entries WHERE "
    };
}

impl EntrySort {
    const fn key(self) -> &'static str {
        match self {
            EntrySort::Id => "id",
            EntrySort::Due => "due_at",
            EntrySort::Changed => "changed_at",
            EntrySort::Attempts => "attempts",
        }
    }

    /// How a later row compares with an earlier one, and the word for that order.
    const fn direction(self) -> (&'static str, &'static str) {
        match self {
            EntrySort::Id | EntrySort::Due => (">", "ASC"),
            EntrySort::Changed | EntrySort::Attempts => ("<", "DESC"),
        }
    }

    fn cursor(self, row: &EntryRow) -> Cursor {
        let key = match self {
            EntrySort::Id => row.id,
            EntrySort::Due => row.due_at,
            EntrySort::Changed => row.changed_at,
            EntrySort::Attempts => row.attempts,
        };
        Cursor { key, id: row.id.to_string() }
    }
}

/// `text` for LIKE: its own wildcards are letters.
pub(in crate::io::store) fn like(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

impl Store {
    /// A page of entries.
    pub async fn entry_rows(
        &self,
        filter: &EntryFilter,
        sort: EntrySort,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<EntryRow>, Error> {
        // Only the conditions that are asked for, so that each finds its index.
        let rows: Vec<EntryRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(concat!(entries_sql!(), "1 = 1"));
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.list.map(|l| l.0), " AND list_id = ");
            when!(filter.state.as_deref(), " AND state = ");
            when!(filter.reason.as_deref(), " AND reason = ");
            when!(filter.disposition.as_deref(), " AND disposition = ");
            when!(filter.phone.as_deref(), " AND phone = ");
            if let Some(text) = filter.text.as_deref().map(like) {
                query.push(" AND (name LIKE ").push_bind(text.clone()).push(" ESCAPE '\\' OR external_id LIKE ");
                query.push_bind(text).push(" ESCAPE '\\')");
            }
            let (key, (compare, order)) = (sort.key(), sort.direction());
            if let Some(after) = after {
                query.push(format_args!(" AND ({key}, id) {compare} (")).push_bind(after.key);
                query.push(", ").push_bind(after.id.parse::<i64>().unwrap_or(0)).push(")");
            }
            query.push(format_args!(" ORDER BY {key} {order}, id {order} LIMIT ")).push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| sort.cursor(row)))
    }

    /// One entry.
    pub async fn entry_row(&self, entry: EntryId) -> Result<Option<EntryRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            concat!(entries_sql!(), "id = $1"))
            .bind(entry.0)
            .fetch_optional(p)
            .await)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_are_letters() {
        assert_eq!(like("50%_\\"), "%50\\%\\_\\\\%");
    }
}
