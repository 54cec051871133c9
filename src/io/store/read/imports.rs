//! Files that were brought in, and what became of their rows.

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::base::{ImportId, ListId};

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ImportRow {
    /// Row id.
    pub id: i64,
    /// Into which list.
    pub list_id: i64,
    /// Name of the file.
    pub file_name: String,
    /// Hex SHA-256 of the file.
    pub sha256: String,
    /// `running`, `done`, or `stopped` where it broke off.
    pub state: String,
    /// New entries.
    pub added: i64,
    /// Entries whose values the file changed.
    pub changed: i64,
    /// Rows that were in the list already.
    pub unchanged: i64,
    /// Rows whose key stands on an earlier line.
    pub duplicate: i64,
    /// Rows that cannot be used.
    pub rejected: i64,
    /// Length of the file.
    pub bytes: i64,
    /// How much of it has been read.
    pub bytes_read: i64,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it was taken back.
    pub undone_at: Option<i64>,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// Why it was taken back.
    pub undone_reason: Option<String>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ImportRowResult {
    /// Line of the file; the header is line 1.
    pub line: i64,
    /// `added`, `changed`, `unchanged`, `duplicate` or `rejected`.
    pub result: String,
    /// Stable word of the reason; empty: there is nothing to say.
    pub code: String,
    /// The column it is about; empty: the row as a whole.
    pub field: String,
    /// Why.
    pub reason: String,
    /// The entry it became or met.
    pub entry_id: Option<i64>,
    /// The beginning of a rejected row as the file has it.
    pub text: String,
}

impl Store {
    /// Imports, newest first.
    pub async fn import_rows(
        &self,
        list: Option<ListId>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<ImportRow>, Error> {
        let rows: Vec<ImportRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT id, list_id, file_name, sha256, state, added, changed, unchanged, duplicate, rejected, bytes,
                    bytes_read, created_at, undone_at, undone_by, undone_reason
             FROM imports
             WHERE (CAST($1 AS BIGINT) IS NULL OR list_id = $1) AND (CAST($2 AS BIGINT) IS NULL OR id < $2)
             ORDER BY id DESC LIMIT $3")
            .bind(list.map(|l| l.0))
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// One import.
    pub async fn import_row(&self, import: ImportId) -> Result<Option<ImportRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, list_id, file_name, sha256, state, added, changed, unchanged, duplicate, rejected, bytes,
                    bytes_read, created_at, undone_at, undone_by, undone_reason
             FROM imports WHERE id = $1")
            .bind(import.0)
            .fetch_optional(p)
            .await)?)
    }

    /// Results of the rows of one import by line; `result` picks one kind.
    pub async fn import_results(
        &self,
        import: ImportId,
        result: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<ImportRowResult>, Error> {
        let rows: Vec<ImportRowResult> = on!(self.db(), p => sqlx::query_as(
            "SELECT line, result, code, field, reason, entry_id, text FROM import_rows
             WHERE import_id = $1 AND (CAST($2 AS TEXT) IS NULL OR result = $2)
               AND (CAST($3 AS BIGINT) IS NULL OR line > $3)
             ORDER BY line LIMIT $4")
            .bind(import.0)
            .bind(result)
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.line, id: row.line.to_string() }))
    }
}
