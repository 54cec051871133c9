//! Copies of slips and forms for other departments (IMP-08): kept when the row was taken in, here
//! joined to the outbox.

use super::super::db::{on, within};
use super::super::{Error, Store};
use super::queue;
use super::tell::first_phone;
use crate::base::Timestamp;
use crate::notice::NewNotice;

/// A copy that nobody has been sent yet.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Copy {
    /// Row id.
    pub id: i64,
    /// Department.
    pub recipient: String,
    /// Row id of the event.
    pub event_id: i64,
    /// Policy pack.
    pub pack: String,
    /// Kind of the event.
    pub kind: String,
    /// When it happened.
    pub at: i64,
    /// Customer's name.
    pub customer: String,
    /// The number that is called first; empty: none.
    pub phone: String,
    /// Order, project, stay.
    pub matter: String,
    /// JSON: its fields.
    pub fields: String,
}

impl Store {
    /// Copies that are owed, oldest first. What was withdrawn is owed to nobody.
    pub async fn copies_owed(&self, limit: u32) -> Result<Vec<Copy>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(concat!(
            "SELECT o.id, o.recipient, o.event_id, e.pack, e.kind, e.at, c.name AS customer, ", first_phone!(), ",
                    e.matter, e.fields
             FROM intake_copies o JOIN events e ON e.id = o.event_id JOIN customers c ON c.id = e.customer_id
             WHERE o.sent_at IS NULL AND e.withdrawn_at IS NULL ORDER BY o.created_at, o.id LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Queues the notices of copies and says that these are sent, in one transaction.
    pub async fn copies_sent(
        &self,
        copies: &[i64],
        notices: &[NewNotice],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        queue(&mut tx, notices, now).await?;
        for id in copies {
            within!(&mut tx, c => sqlx::query("UPDATE intake_copies SET sent_at = $2 WHERE id = $1")
                .bind(id)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }
}
