//! Links by which a department sees and reports its ticket without a login: 256 random bits of
//! which only the hash is kept, for one ticket, until a day.

use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::{CallId, Timestamp};

/// A link as kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Link {
    /// Row id of the ticket.
    pub ticket_id: i64,
    /// Department it was made for.
    pub department: String,
    /// Milliseconds since 1970.
    pub expires_at: i64,
}

impl Store {
    /// Keeps a link by the hash of its secret.
    pub async fn add_ticket_link(
        &self,
        hash: &str,
        link: &Link,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO ticket_links (hash, ticket_id, department, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(hash)
            .bind(link.ticket_id)
            .bind(clean(&link.department))
            .bind(by)
            .bind(now.0)
            .bind(link.expires_at)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// The link of that hash, while it is good.
    pub async fn ticket_link(&self, hash: &str, now: Timestamp) -> Result<Option<Link>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT ticket_id, department, expires_at FROM ticket_links WHERE hash = $1 AND expires_at > $2")
            .bind(hash)
            .bind(now.0)
            .fetch_optional(p)
            .await)?)
    }

    /// Notes a call of the robot to a department about a ticket.
    pub async fn add_department_call(
        &self,
        call: CallId,
        ticket: i64,
        department: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO department_calls (call_id, ticket_id, department, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5)")
            .bind(call.to_string())
            .bind(ticket)
            .bind(clean(department))
            .bind(clean(by))
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// The ticket that a call to a department was about, with the department.
    pub async fn department_call(&self, call: &str) -> Result<Option<(i64, String)>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT ticket_id, department FROM department_calls WHERE call_id = $1")
            .bind(call)
            .fetch_optional(p)
            .await)?)
    }
}
