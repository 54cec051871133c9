//! What a customer said of the fields that a clerk registered (IMP-07).

use std::collections::BTreeMap;

use super::super::audit::{self, AuditLine};
use super::super::db::within;
use super::super::{Error, Store};
use super::save::json;
use crate::base::{CustomerId, EventId, Timestamp};

impl Store {
    /// Notes of a field of an event whether it agrees with what the customer says: `result` is
    /// `match` or `mismatch`. Gives the customer.
    pub async fn check_field(
        &self,
        event: EventId,
        field: &str,
        result: &str,
        note: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<CustomerId, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(Option<i64>, String, String, Option<i64>)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT customer_id, fields, checks, archive_id FROM events WHERE id = $1 AND withdrawn_at IS NULL")
            .bind(event.0)
            .fetch_optional(c)
            .await)?;
        let Some((Some(customer), fields, checks, archive)) = row else {
            return Err(Error::NotFound { what: "event", name: event.to_string() });
        };
        if let Some(archive) = archive {
            return Err(Error::Refused(format!(
                "event {event} lies in archive {archive}: it is not changed any more"
            )));
        }
        let corrupt = |e: serde_json::Error| Error::Corrupt { what: "event", detail: e.to_string() };
        let fields: BTreeMap<String, String> = serde_json::from_str(&fields).map_err(corrupt)?;
        if !fields.contains_key(field) {
            let known = fields.keys().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            return Err(Error::Refused(format!("event {event} has no field `{field}`; it has {known}")));
        }
        let mut checks: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&checks).map_err(corrupt)?;
        let said = serde_json::json!({ "result": result, "note": note, "by": by, "at": now.0 });
        checks.insert(field.to_owned(), said);
        let checks = json(&checks)?;
        within!(&mut tx, c => sqlx::query("UPDATE events SET checks = $2 WHERE id = $1")
            .bind(event.0).bind(checks).execute(c).await.map(drop))?;
        let (subject, detail) = (format!("event:{event}"), format!("{field}: {result} {note}"));
        let line =
            AuditLine { at: now, actor: by, action: "event.check", subject: &subject, detail: detail.trim() };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(CustomerId(customer))
    }
}
