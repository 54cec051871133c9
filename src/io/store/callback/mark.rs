//! What an agent ticks on the card while the customer is on the line: blocks of the script
//! (CNT-09), and registered fields that agree with what the customer says or not (IMP-07).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::{CallbackId, Timestamp};

/// What is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A block of the script: `done` or `skipped`.
    Block,
    /// A field of the card: `match` or `mismatch`.
    Field,
}

impl MarkKind {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            MarkKind::Block => "block",
            MarkKind::Field => "field",
        }
    }

    /// What it can be marked with.
    pub const fn results(self) -> [&'static str; 2] {
        match self {
            MarkKind::Block => ["done", "skipped"],
            MarkKind::Field => ["match", "mismatch"],
        }
    }
}

/// A tick that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What is ticked.
    pub kind: MarkKind,
    /// Its name: step of the script, or column.
    pub name: String,
    /// One of [`MarkKind::results`].
    pub result: String,
    /// What the customer said; may be empty.
    pub note: String,
}

/// A tick as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct MarkRow {
    /// `block` or `field`.
    pub kind: String,
    /// Step of the script, or column.
    pub name: String,
    /// `done` or `skipped`; `match` or `mismatch`.
    pub result: String,
    /// What the customer said.
    pub note: String,
    /// Who ticked it.
    pub actor: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// Ticks a block or a field of a callback that is owed; a later tick takes the place of an
    /// earlier one. A field stands in what was filled in too, and so in the register.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Refused`] where the callback is closed.
    pub async fn mark_callback(
        &self,
        id: CallbackId,
        mark: &Mark,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(String, String)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT state, filled FROM callbacks WHERE id = $1").bind(id.0).fetch_optional(c).await)?;
        let Some((state, filled)) = row else {
            return Err(Error::NotFound { what: "callback", name: id.to_string() });
        };
        if !matches!(state.as_str(), "open" | "waiting") {
            return Err(Error::Refused(format!(
                "callback {id} is {state} already: nothing is ticked any more"
            )));
        }
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO callback_marks (callback_id, kind, name, result, note, actor, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (callback_id, kind, name) DO UPDATE
             SET result = excluded.result, note = excluded.note, actor = excluded.actor, at = excluded.at")
            .bind(id.0)
            .bind(mark.kind.as_str())
            .bind(clean(&mark.name))
            .bind(&mark.result)
            .bind(clean(&mark.note))
            .bind(by)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        if mark.kind == MarkKind::Field {
            let corrupt = |e: serde_json::Error| Error::Corrupt { what: "callback", detail: e.to_string() };
            let mut filled: BTreeMap<String, String> = serde_json::from_str(&filled).map_err(corrupt)?;
            filled.insert(mark.name.clone(), mark.result.clone());
            let filled = super::json(&filled)?;
            within!(&mut tx, c => sqlx::query("UPDATE callbacks SET filled = $2, changed_at = $3 WHERE id = $1")
                .bind(id.0)
                .bind(clean(&filled))
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        let (subject, detail) =
            (format!("callback:{id}"), format!("{}: {} {}", mark.name, mark.result, mark.note));
        let line = AuditLine {
            at: now,
            actor: by,
            action: "callback.mark",
            subject: &subject,
            detail: detail.trim(),
        };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// The ticks of a callback, in the order in which they were made.
    pub async fn callback_marks(&self, id: CallbackId) -> Result<Vec<MarkRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT kind, name, result, note, actor, at FROM callback_marks WHERE callback_id = $1 ORDER BY at, name")
            .bind(id.0)
            .fetch_all(p)
            .await)?)
    }
}
