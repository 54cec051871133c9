//! What people write into the rows of registers: appended, never edited.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct NoteRow {
    /// Row id.
    pub id: i64,
    /// The row it stands in: `callback:12`.
    pub record: String,
    /// Which part of it: `feedback`.
    pub word: String,
    /// What was written; empty where it was erased.
    pub text: String,
    /// Who.
    pub actor: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Who complained.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Complainant {
    /// Policy pack; empty: not known.
    pub pack: String,
    /// Name.
    pub name: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// Number; may be empty.
    pub phone: String,
}

impl Store {
    /// Whether there are any notes at all.
    pub async fn has_register_notes(&self) -> Result<bool, Error> {
        let found: Option<(i64,)> = on!(&self.db, p =>
            sqlx::query_as("SELECT id FROM register_notes LIMIT 1").fetch_optional(p).await)?;
        Ok(found.is_some())
    }

    /// Notes of these rows, oldest first.
    pub async fn register_notes(&self, records: &[&str]) -> Result<Vec<NoteRow>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(&self.db, p => {
            let mut query = QueryBuilder::new("SELECT id, record, word, text, actor, at FROM register_notes WHERE record IN (");
            let mut list = query.separated(", ");
            for record in records {
                list.push_bind(*record);
            }
            query.push(") ORDER BY id");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// Whether a call, callback, ticket, event, customer or shift of that name is stored.
    pub async fn is_record(&self, record: &str) -> Result<bool, Error> {
        let whole = record.split('/').next().unwrap_or_default();
        let (kind, id) = whole.split_once(':').unwrap_or_default();
        let sql = match kind {
            "call" => "SELECT id FROM calls WHERE id = $1",
            "callback" => "SELECT CAST(id AS TEXT) FROM callbacks WHERE CAST(id AS TEXT) = $1",
            "ticket" => "SELECT CAST(id AS TEXT) FROM tickets WHERE CAST(id AS TEXT) = $1",
            "event" => "SELECT CAST(id AS TEXT) FROM events WHERE CAST(id AS TEXT) = $1",
            "customer" => "SELECT CAST(id AS TEXT) FROM customers WHERE CAST(id AS TEXT) = $1",
            "shift" => "SELECT CAST(id AS TEXT) FROM shifts WHERE CAST(id AS TEXT) = $1",
            _ => return Ok(false),
        };
        let found: Option<(String,)> =
            on!(&self.db, p => sqlx::query_as(sql).bind(id).fetch_optional(p).await)?;
        Ok(found.is_some())
    }

    /// The times by which the rows of a record belong to periods; empty: to none.
    pub async fn moments_of_record(&self, record: &str) -> Result<Vec<i64>, Error> {
        let whole = record.split('/').next().unwrap_or_default();
        let (kind, id) = whole.split_once(':').unwrap_or_default();
        let sql = match kind {
            "call" => "SELECT reserved_at, ended_at FROM calls WHERE id = $1",
            "callback" => "SELECT deadline, closed_at FROM callbacks WHERE CAST(id AS TEXT) = $1",
            "ticket" => "SELECT opened_at, closed_at FROM tickets WHERE CAST(id AS TEXT) = $1",
            "event" => "SELECT at, at FROM events WHERE CAST(id AS TEXT) = $1",
            "shift" => "SELECT starts_at, starts_at FROM shifts WHERE CAST(id AS TEXT) = $1",
            _ => return Ok(Vec::new()),
        };
        let found: Option<(i64, Option<i64>)> =
            on!(&self.db, p => sqlx::query_as(sql).bind(id).fetch_optional(p).await)?;
        Ok(found.map(|(at, ended)| std::iter::once(at).chain(ended).collect()).unwrap_or_default())
    }

    /// Whose complaint stands in the row of a call or callback; None: it has a ticket already, or
    /// is none of the two.
    pub async fn complaint_source(&self, record: &str) -> Result<Option<Complainant>, Error> {
        let whole = record.split('/').next().unwrap_or_default();
        let (kind, id) = whole.split_once(':').unwrap_or_default();
        let sql = match kind {
            "callback" => "SELECT b.pack, u.name, COALESCE(e.matter, '') AS matter,
                    COALESCE((SELECT n.phone FROM customer_phones n WHERE n.customer_id = u.id AND n.valid_to IS NULL
                              ORDER BY n.position LIMIT 1), '') AS phone
                 FROM callbacks b JOIN customers u ON u.id = b.customer_id LEFT JOIN events e ON e.id = b.event_id
                 WHERE CAST(b.id AS TEXT) = $1
                   AND NOT EXISTS (SELECT 1 FROM ticket_calls k WHERE k.call_id = b.call_id)
                   AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.customer_id = b.customer_id
                                   AND t.body LIKE '%\"record\":\"callback:' || $1 || '\"%')",
            "call" => "SELECT COALESCE(b.pack, '') AS pack, COALESCE(e.name, '') AS name, '' AS matter, c.phone
                 FROM calls c LEFT JOIN entries e ON e.id = c.entry_id
                 LEFT JOIN callbacks b ON b.id = (SELECT MIN(x.id) FROM callbacks x WHERE x.entry_id = c.entry_id)
                 WHERE c.id = $1 AND NOT EXISTS (SELECT 1 FROM ticket_calls k WHERE k.call_id = c.id)
                   AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.phone = c.phone
                                   AND t.body LIKE '%\"record\":\"call:' || $1 || '\"%')",
            _ => return Ok(None),
        };
        Ok(on!(&self.db, p => sqlx::query_as(sql).bind(id).fetch_optional(p).await)?)
    }

    /// Writes into a row; what stood there stays in its history.
    pub async fn add_register_notes(
        &self,
        record: &str,
        notes: &[(String, String)],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for (word, text) in notes {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO register_notes (record, word, text, actor, at) VALUES ($1, $2, $3, $4, $5)")
                .bind(clean(record))
                .bind(clean(word))
                .bind(clean(text))
                .bind(by)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        let words: Vec<&str> = notes.iter().map(|(word, _)| word.as_str()).collect();
        let detail = words.join(" ");
        audit::append(
            &mut tx,
            &AuditLine { at: now, actor: by, action: "register.note", subject: record, detail: &detail },
        )
        .await?;
        tx.commit().await
    }
}
