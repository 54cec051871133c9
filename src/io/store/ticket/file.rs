//! Files of tickets: what was attached, and where it lies.

use serde::{Deserialize, Serialize};

use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use crate::base::Timestamp;

/// A file on its way into a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile<'a> {
    /// Row id of the ticket.
    pub ticket: i64,
    /// Its name.
    pub name: &'a str,
    /// `photo`, `scan`, `form` or another word.
    pub kind: &'a str,
    /// Path relative to the recordings folder.
    pub path: &'a str,
    /// Hex SHA-256.
    pub sha256: &'a str,
    /// Size in bytes.
    pub bytes: i64,
}

/// A file of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct FileRow {
    /// Row id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `photo`, `scan`, `form` or another word.
    pub kind: String,
    /// Path relative to the recordings folder; not shown.
    #[serde(skip)]
    pub path: String,
    /// Hex SHA-256.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Who attached it.
    pub added_by: String,
    /// Milliseconds since 1970.
    pub added_at: i64,
}

impl Store {
    /// Keeps where a file lies; gives its id.
    pub async fn add_ticket_file(&self, file: &NewFile<'_>, by: &str, now: Timestamp) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO ticket_files (ticket_id, name, kind, path, sha256, bytes, added_by, added_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id")
            .bind(file.ticket)
            .bind(clean(file.name))
            .bind(clean(file.kind))
            .bind(file.path)
            .bind(file.sha256)
            .bind(file.bytes)
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Ticket, file.ticket, "attach", by));
        Ok(id)
    }

    /// Files of a ticket.
    pub async fn ticket_files(&self, ticket: i64) -> Result<Vec<FileRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, name, kind, path, sha256, bytes, added_by, added_at FROM ticket_files
             WHERE ticket_id = $1 ORDER BY id")
            .bind(ticket)
            .fetch_all(p)
            .await)?)
    }
}
