//! Tickets as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};

/// A ticket: its body is the ticket as the rules work on it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct TicketRecord {
    /// Row id.
    pub id: i64,
    /// When it was opened; milliseconds since 1970.
    pub opened_at: i64,
    /// JSON of the ticket.
    pub body: String,
}

impl Store {
    /// The next tickets by their opening.
    pub async fn register_tickets(&self, after: &After) -> Result<Vec<TicketRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, opened_at, body FROM tickets WHERE opened_at < $3 AND (opened_at, id) > ($1, $2)
             ORDER BY opened_at, id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// The next tickets that took points off since `since`, whenever they were opened.
    pub async fn register_points(&self, since: i64, after: &After) -> Result<Vec<TicketRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, opened_at, body FROM tickets
             WHERE id IN (SELECT ticket_id FROM ticket_points WHERE at >= $5 AND at < $3) AND (opened_at, id) > ($1, $2)
             ORDER BY opened_at, id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .bind(since)
            .fetch_all(p)
            .await)?)
    }

    /// The next tickets that were open at any time since `since`.
    pub async fn register_ticket_load(&self, since: i64, after: &After) -> Result<Vec<TicketRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, opened_at, body FROM tickets
             WHERE opened_at < $3 AND (closed_at IS NULL OR closed_at >= $5) AND (opened_at, id) > ($1, $2)
             ORDER BY opened_at, id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .bind(since)
            .fetch_all(p)
            .await)?)
    }
}
