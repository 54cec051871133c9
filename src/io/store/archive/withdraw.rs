//! Taking back one event that never happened. A trigger of the database excuses what is owed
//! for it.

use super::super::audit::{self, AuditLine};
use super::super::db::within;
use super::super::{Error, Store};
use crate::base::{CustomerId, EventId, Timestamp};

impl Store {
    /// Withdraws an event; gives its pack and customer. What was done for it stays done.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Refused`] where it is withdrawn already, archived, or a
    /// call for it is up.
    pub async fn withdraw_event(
        &self,
        event: EventId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(String, Option<CustomerId>), Error> {
        let mut tx = self.db.begin().await?;
        super::intake::alone(&mut tx).await?;
        let row: Option<(String, Option<i64>, Option<i64>, Option<i64>)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT pack, customer_id, withdrawn_at, archive_id FROM events WHERE id = $1")
            .bind(event.0)
            .fetch_optional(c)
            .await)?;
        let Some((pack, customer, withdrawn, archive)) = row else {
            return Err(Error::NotFound { what: "event", name: event.to_string() });
        };
        if withdrawn.is_some() {
            return Err(Error::Refused(format!("event {event} was withdrawn already")));
        }
        if let Some(archive) = archive {
            return Err(Error::Refused(format!(
                "event {event} lies in archive {archive}: it is not changed any more"
            )));
        }
        let (up,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "SELECT COUNT(*) FROM callbacks b JOIN entries e ON e.id = b.entry_id
             WHERE b.event_id = $1 AND b.state = 'open' AND e.state = 'dialling'")
            .bind(event.0)
            .fetch_one(c)
            .await)?;
        if up > 0 {
            return Err(Error::Refused(format!(
                "a call for event {event} is up: withdraw it when the call has ended"
            )));
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE events SET withdrawn_at = $2, withdrawn_reason = $3 WHERE id = $1")
            .bind(event.0)
            .bind(now.0)
            .bind(reason)
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("event:{event}");
        let line =
            AuditLine { at: now, actor: by, action: "event.withdraw", subject: &subject, detail: reason };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok((pack, customer.map(CustomerId)))
    }
}
