//! Lists of customers to call.

use super::audit::{self, AuditLine};
use super::db::{on, within};
use super::{Error, Store};
use crate::base::{ListId, Timestamp};

/// One list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Row id.
    pub id: ListId,
    /// Unique name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// Makes an empty list. [`Error::Exists`] if the name is taken.
    pub async fn create_list(&self, name: &str, by: &str, now: Timestamp) -> Result<List, Error> {
        if name.trim().is_empty() {
            return Err(Error::Refused("a list needs a name".into()));
        }
        let mut tx = self.db.begin().await?;
        let made: Result<(i64,), _> = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO lists (name, created_at) VALUES ($1, $2) RETURNING id")
            .bind(name)
            .bind(now.0)
            .fetch_one(c)
            .await);
        let (id,) = made.map_err(|e| Error::from(e).or_exists("list", name))?;
        let subject = format!("list:{id}");
        let line = AuditLine { at: now, actor: by, action: "list.create", subject: &subject, detail: name };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(List { id: ListId(id), name: name.to_owned(), created_at: now })
    }

    /// The list of that name.
    pub async fn list_by_name(&self, name: &str) -> Result<Option<List>, Error> {
        let row: Option<(i64, i64)> = on!(&self.db, p =>
            sqlx::query_as("SELECT id, created_at FROM lists WHERE name = $1").bind(name).fetch_optional(p).await)?;
        Ok(row.map(|(id, at)| List { id: ListId(id), name: name.to_owned(), created_at: Timestamp(at) }))
    }
}
