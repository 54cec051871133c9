//! List entries with the reasons why they are, or are not, being called.

use serde::{Deserialize, Serialize};

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

macro_rules! entries_sql {
    ($of:literal, $key:literal, $compare:literal, $direction:literal) => {
        concat!(
            "SELECT id, list_id, external_id, phone, extension, name, language, priority, fields, state,
                    disposition, reason, detail, due_at, attempts, last_call, created_at, changed_at
             FROM entries
             WHERE ", $of, "
               AND (CAST($2 AS TEXT) IS NULL OR state = $2)
               AND (CAST($3 AS TEXT) IS NULL OR reason = $3)
               AND (CAST($4 AS TEXT) IS NULL OR disposition = $4)
               AND (CAST($5 AS TEXT) IS NULL OR phone = $5)
               AND (CAST($6 AS TEXT) IS NULL OR name LIKE $6 ESCAPE '\\' OR external_id LIKE $6 ESCAPE '\\')
               AND (", $key, ", id) ", $compare, " ($7, $8)
             ORDER BY ", $key, " ", $direction, ", id ", $direction, " LIMIT $9"
        )
    };
}

impl EntrySort {
    /// Two texts per order: an index is found only where no OR hides its column.
    const fn sql(self, of_list: bool) -> &'static str {
        match (self, of_list) {
            (EntrySort::Id, true) => entries_sql!("list_id = $1", "id", ">", "ASC"),
            (EntrySort::Due, true) => entries_sql!("list_id = $1", "due_at", ">", "ASC"),
            (EntrySort::Changed, true) => entries_sql!("list_id = $1", "changed_at", "<", "DESC"),
            (EntrySort::Attempts, true) => entries_sql!("list_id = $1", "attempts", "<", "DESC"),
            (EntrySort::Id, false) => entries_sql!("CAST($1 AS BIGINT) IS NULL", "id", ">", "ASC"),
            (EntrySort::Due, false) => entries_sql!("CAST($1 AS BIGINT) IS NULL", "due_at", ">", "ASC"),
            (EntrySort::Changed, false) => {
                entries_sql!("CAST($1 AS BIGINT) IS NULL", "changed_at", "<", "DESC")
            }
            (EntrySort::Attempts, false) => {
                entries_sql!("CAST($1 AS BIGINT) IS NULL", "attempts", "<", "DESC")
            }
        }
    }

    /// A key before every row.
    const fn start(self) -> i64 {
        match self {
            EntrySort::Id | EntrySort::Due => i64::MIN,
            EntrySort::Changed | EntrySort::Attempts => i64::MAX,
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
pub(super) fn like(text: &str) -> String {
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
        let rows: Vec<EntryRow> = on!(self.db(), p => sqlx::query_as(sort.sql(filter.list.is_some()))
            .bind(filter.list.map(|l| l.0))
            .bind(filter.state.as_deref())
            .bind(filter.reason.as_deref())
            .bind(filter.disposition.as_deref())
            .bind(filter.phone.as_deref())
            .bind(filter.text.as_deref().map(like))
            .bind(after.map_or(sort.start(), |c| c.key))
            .bind(after.and_then(|c| c.id.parse::<i64>().ok()).unwrap_or(0))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| sort.cursor(row)))
    }

    /// One entry.
    pub async fn entry_row(&self, entry: EntryId) -> Result<Option<EntryRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, list_id, external_id, phone, extension, name, language, priority, fields, state,
                    disposition, reason, detail, due_at, attempts, last_call, created_at, changed_at
             FROM entries WHERE id = $1")
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
