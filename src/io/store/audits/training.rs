//! Sessions in which several auditors score one call, and examples for training.

use serde::{Deserialize, Serialize};

use super::super::db::{on, within};
use super::super::read::{Cursor, Page, fetch};
use super::super::{Error, Store};
use crate::base::Timestamp;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// The call that all score.
    pub call_id: String,
    /// Who called it.
    pub made_by: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
}

/// A place in a recording that is played in training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ExampleRow {
    /// Its id.
    pub id: i64,
    /// The call.
    pub call_id: String,
    /// `good` or `bad`.
    pub kind: String,
    /// Item of the form; empty: the whole.
    pub item: String,
    /// From when in the recording, in ms.
    pub from_ms: i64,
    /// To when.
    pub to_ms: i64,
    /// Its title.
    pub title: String,
    /// What can be learnt from it.
    pub note: String,
    /// Who chose it.
    pub made_by: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
}

impl Store {
    /// Makes a session; its id.
    pub async fn open_session(
        &self,
        title: &str,
        call: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO audit_sessions (title, call_id, made_by, made_at) VALUES ($1, $2, $3, $4) RETURNING id")
            .bind(title)
            .bind(call)
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        tx.commit().await?;
        Ok(id)
    }

    /// Sessions, the newest first, those after a place.
    pub async fn sessions(&self, after: Option<&Cursor>, limit: u32) -> Result<Page<SessionRow>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT id, title, call_id, made_by, made_at FROM audit_sessions
             WHERE (CAST($1 AS BIGINT) IS NULL OR id < $1) ORDER BY id DESC LIMIT $2")
            .bind(after.map(|after| after.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row: &SessionRow| Cursor { key: row.id, id: "session".into() }))
    }

    /// One session.
    pub async fn session_row(&self, id: i64) -> Result<Option<SessionRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, title, call_id, made_by, made_at FROM audit_sessions WHERE id = $1")
            .bind(id)
            .fetch_optional(p)
            .await)?)
    }

    /// Keeps an example; its id.
    pub async fn save_example(&self, new: &ExampleRow) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO audit_examples (call_id, kind, item, from_ms, to_ms, title, note, made_by, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id")
            .bind(&new.call_id)
            .bind(&new.kind)
            .bind(&new.item)
            .bind(new.from_ms)
            .bind(new.to_ms)
            .bind(&new.title)
            .bind(&new.note)
            .bind(&new.made_by)
            .bind(new.made_at)
            .fetch_one(c)
            .await)?;
        tx.commit().await?;
        Ok(id)
    }

    /// Examples, the newest first; of a kind and an item, where these are not empty.
    pub async fn examples(
        &self,
        (kind, item): (&str, &str),
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<ExampleRow>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT id, call_id, kind, item, from_ms, to_ms, title, note, made_by, made_at FROM audit_examples
             WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR item = $2) AND (CAST($3 AS BIGINT) IS NULL OR id < $3)
             ORDER BY id DESC LIMIT $4")
            .bind(kind)
            .bind(item)
            .bind(after.map(|after| after.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row: &ExampleRow| Cursor { key: row.id, id: "example".into() }))
    }
}
