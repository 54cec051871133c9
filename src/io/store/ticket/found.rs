//! Where tickets are found: events that came in, callbacks that people closed, answers of calls.
//! What was looked at has a key, so that it comes to something once.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use super::all;
use crate::base::{CustomerId, Timestamp};
use crate::ticket::Ticket;

/// How long it is known of something that it came to no ticket: longer than the desk looks back, so that
/// nothing is looked at twice.
const REMEMBERED_MS: i64 = 8 * 24 * 3_600_000;

/// An event that may come to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EventFound {
    /// Row id.
    pub id: i64,
    /// Kind.
    pub kind: String,
    /// When we learned of it.
    pub received_at: i64,
    /// To whom.
    pub customer_id: i64,
    /// Order, project, stay; may be empty.
    pub matter: String,
    /// JSON object.
    pub fields: String,
}

/// A callback that was closed without a call.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClosedCallback {
    /// Row id.
    pub id: i64,
    /// Its pack.
    pub pack: String,
    /// Its rule.
    pub rule: String,
    /// Its customer.
    pub customer_id: i64,
    /// What it is about.
    pub subject: String,
    /// How it ended.
    pub outcome: String,
    /// What the person wrote.
    pub detail: String,
    /// JSON object: what the person filled in.
    pub filled: String,
    /// When it was closed.
    pub closed_at: i64,
    /// Event behind it.
    pub event_id: Option<i64>,
    /// JSON object: fields of that event.
    pub event_fields: Option<String>,
}

/// For which customer and matter tickets are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// Policy pack.
    pub pack: &'a str,
    /// The customer, where they are known.
    pub customer: Option<CustomerId>,
    /// Their number; may be empty.
    pub phone: &'a str,
    /// Order, project, vehicle; may be empty.
    pub matter: &'a str,
}

impl Store {
    /// Open tickets of a type for a customer and matter, oldest first. Where one of two names no
    /// matter, they are of the same.
    pub async fn open_tickets(&self, kind: &str, of: Matter<'_>) -> Result<Vec<Ticket>, Error> {
        let rows = on!(self.db(), p => sqlx::query_as(
            "SELECT body FROM tickets WHERE pack = $1 AND kind = $2 AND phase IN ('open', 'verifying')
               AND (matter = $3 OR matter = '' OR CAST($3 AS TEXT) = '')
               AND (customer_id = $4 OR phone = $5 AND phone <> '' OR matter = $3 AND matter <> '')
             ORDER BY id LIMIT 50")
            .bind(of.pack)
            .bind(kind)
            .bind(of.matter)
            .bind(of.customer.map(|id| id.0))
            .bind(of.phone)
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// What became of what has this key: None: it was not looked at; else the ticket that it came
    /// to, if to any.
    pub async fn found(&self, key: &str) -> Result<Option<Option<i64>>, Error> {
        let row: Option<(Option<i64>,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT ticket_id FROM ticket_findings WHERE key = $1").bind(key).fetch_optional(p).await)?;
        Ok(row.map(|(ticket,)| ticket))
    }

    /// Says that these were looked at. What came to no ticket is forgotten after some days.
    pub async fn looked_at(&self, keys: &[String], now: Timestamp) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM ticket_findings WHERE ticket_id IS NULL AND found_at < $1")
            .bind(now.0.saturating_sub(REMEMBERED_MS))
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut tx, c => {
            let mut query = QueryBuilder::new("INSERT INTO ticket_findings (key, found_at) ");
            query.push_values(keys, |mut values, key| {
                values.push_bind(key.as_str()).push_bind(now.0);
            });
            query.push(" ON CONFLICT (key) DO NOTHING");
            query.build().persistent(false).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Events of a kind that came in at or after `since`, from row `from` on, and were not looked
    /// at.
    pub async fn events_to_look_at(
        &self,
        pack: &str,
        kind: &str,
        from: i64,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventFound>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT e.id, e.kind, e.received_at, e.customer_id, e.matter, e.fields FROM events e
             WHERE e.pack = $1 AND e.kind = $2 AND e.id >= $3 AND e.received_at >= $4 AND e.withdrawn_at IS NULL
               AND e.customer_id IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM ticket_findings f WHERE f.key = 'event:' || e.id)
             ORDER BY e.id LIMIT $5")
            .bind(pack)
            .bind(kind)
            .bind(from)
            .bind(since.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Callbacks that were closed without a call since `since` and not looked at.
    pub async fn closed_without_call(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClosedCallback>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT b.id, b.pack, b.rule, b.customer_id, b.subject, b.outcome, b.detail, b.filled, b.closed_at,
                    b.event_id, e.fields AS event_fields
             FROM callbacks b LEFT JOIN events e ON e.id = b.event_id
             WHERE b.state = 'done' AND b.call_id IS NULL AND b.merged_into IS NULL AND b.closed_at >= $1
               AND NOT EXISTS (SELECT 1 FROM ticket_callbacks k WHERE k.callback_id = b.id)
               AND NOT EXISTS (SELECT 1 FROM ticket_findings f WHERE f.key = 'callback:' || b.id)
             ORDER BY b.closed_at, b.id LIMIT $2")
            .bind(since.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Answers of a call by question: the recording of a comment, else what the key means, the
    /// score, the key. The last of several holds.
    pub async fn answers_by_question(&self, call: &str) -> Result<BTreeMap<String, String>, Error> {
        let rows: Vec<(String, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT question, COALESCE(comment, meaning, CAST(score AS TEXT), keys, '') FROM answers
             WHERE call_id = $1 ORDER BY seq")
            .bind(call)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().filter(|(_, said)| !said.is_empty()).collect())
    }

    /// Whether an event of a kind happened for a matter, or where none is named for a customer,
    /// at or before a moment.
    pub async fn has_happened(&self, kind: &str, of: Matter<'_>, at: Timestamp) -> Result<bool, Error> {
        let row: Option<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id FROM events WHERE pack = $1 AND kind = $2 AND at <= $3 AND withdrawn_at IS NULL
               AND (matter = $4 AND matter <> '' OR CAST($4 AS TEXT) = '' AND customer_id = $5) LIMIT 1")
            .bind(of.pack)
            .bind(kind)
            .bind(at.0)
            .bind(of.matter)
            .bind(of.customer.map(|id| id.0))
            .fetch_optional(p)
            .await)?;
        Ok(row.is_some())
    }
}

/// Keeps that a ticket came of what has this key.
///
/// # Errors
/// [`Error::Exists`]: it came to one already.
pub(super) async fn keep(tx: &mut Tx, key: &str, ticket: i64, now: Timestamp) -> Result<(), Error> {
    let kept = within!(tx, c => sqlx::query(
        "INSERT INTO ticket_findings (key, ticket_id, found_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
        .bind(key)
        .bind(ticket)
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if kept == 0 {
        return Err(Error::Exists { what: "ticket of", name: key.to_owned() });
    }
    Ok(())
}

/// Writes down which departments see a ticket.
pub(super) async fn show_to(
    tx: &mut Tx,
    ticket: i64,
    departments: impl IntoIterator<Item = &String>,
) -> Result<(), Error> {
    within!(&mut *tx, c => sqlx::query("DELETE FROM ticket_departments WHERE ticket_id = $1")
        .bind(ticket)
        .execute(c)
        .await
        .map(drop))?;
    for department in departments {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO ticket_departments (department, ticket_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(clean(department))
            .bind(ticket)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}
