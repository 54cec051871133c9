//! Acknowledgements: asked for again, passed on, given.

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use super::{Extended, facts, queue_one};
use crate::base::Timestamp;
use crate::notice::NewNotice;

/// A notice that asks for an acknowledgement and has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unacked {
    /// Row id.
    pub id: i64,
    /// As it was queued.
    pub notice: NewNotice,
    /// How often it was sent.
    pub rounds: u32,
    /// When it was sent last.
    pub asked_at: Timestamp,
    /// By when it is to be confirmed, where that is a time of its own.
    pub confirm_by: Option<Timestamp>,
}

impl Store {
    /// Notices that want an acknowledgement and have none: sent before `before`, or to be confirmed
    /// by `now`.
    pub async fn unacked_notices(
        &self,
        before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Unacked>, Error> {
        type Row = (i64, String, String, String, String, String, String, i64, i64, Option<i64>);
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(
            "SELECT id, key, topic, recipient, subject, pack, facts, rounds, asked_at, confirm_by FROM notices
             WHERE wants_ack = 1 AND acked_at IS NULL AND escalated_at IS NULL AND asked_at IS NOT NULL
               AND ((confirm_by IS NULL AND asked_at <= $1) OR confirm_by <= $2)
             ORDER BY asked_at LIMIT $3")
            .bind(before.0)
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        let unacked =
            |(id, key, topic, to, subject, pack, json, rounds, asked_at, confirm_by): Row| Unacked {
                id,
                notice: NewNotice { key, topic, to, subject, pack, facts: facts(&json), wants_ack: true },
                rounds: u32::try_from(rounds).unwrap_or(u32::MAX),
                asked_at: Timestamp(asked_at),
                confirm_by: confirm_by.map(Timestamp),
            };
        Ok(rows.into_iter().map(unacked).collect())
    }

    /// Has a notice sent again: its deliveries are made anew.
    pub async fn ask_again(&self, id: i64) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE notices SET routed_at = NULL WHERE id = $1 AND acked_at IS NULL AND escalated_at IS NULL")
            .bind(id)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// Gives up waiting for an acknowledgement, with a notice to the next level where there is
    /// one. What is never acknowledged is not asked for any more.
    pub async fn escalate_notice(
        &self,
        id: i64,
        next: Option<&NewNotice>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("UPDATE notices SET escalated_at = $2 WHERE id = $1")
            .bind(id)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        if let Some(next) = next {
            queue_one(&mut tx, &Extended::from(next.clone()), now).await?;
        }
        tx.commit().await
    }

    /// A person has taken note; whether they are the first to say so.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn acknowledge_notice(
        &self,
        id: i64,
        by: &str,
        note: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(Option<i64>,)> = within!(&mut tx, c => sqlx::query_as(
            "SELECT acked_at FROM notices WHERE id = $1").bind(id).fetch_optional(c).await)?;
        let Some((acked,)) = row else {
            return Err(Error::NotFound { what: "notice", name: id.to_string() });
        };
        if acked.is_some() {
            return Ok(false);
        }
        within!(&mut tx, c => sqlx::query(
            "UPDATE notices SET acked_at = $2, acked_by = $3, ack_note = $4 WHERE id = $1")
            .bind(id)
            .bind(now.0)
            .bind(clean(by))
            .bind(clean(note))
            .execute(c)
            .await
            .map(drop))?;
        // What nobody has to be told again of need not be sent either.
        within!(&mut tx, c => sqlx::query(
            "UPDATE notice_deliveries SET given_up_at = $2, error = 'acknowledged'
             WHERE notice_id = $1 AND sent_at IS NULL AND given_up_at IS NULL AND round > 0 AND message_id = ''")
            .bind(id)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE warnings SET settled_at = $2, settled_by = $3, settled_reason = 'acknowledged'
             WHERE code = 'unconfirmed_notice' AND subject = $1 AND settled_at IS NULL")
            .bind(format!("notice:{id}"))
            .bind(now.0)
            .bind(clean(by))
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("notice:{id}");
        let line =
            AuditLine { at: now, actor: by, action: "notice.acknowledge", subject: &subject, detail: note };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Notice, id, "acknowledge", by));
        Ok(true)
    }
}
