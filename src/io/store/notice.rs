//! The outbox of notices.

use super::db::{Tx, within};
use super::write::clean;
use super::{Error, Store, callback};
use crate::base::Timestamp;
use crate::notice::NewNotice;

impl Store {
    /// Queues notices; those whose key is known are left out.
    pub async fn queue_notices(&self, notices: &[NewNotice], now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        queue(&mut tx, notices, now).await?;
        tx.commit().await
    }
}

/// Queues notices in the transaction of what they tell of; one whose key is known is left out.
pub(super) async fn queue(tx: &mut Tx, notices: &[NewNotice], now: Timestamp) -> Result<(), Error> {
    for notice in notices {
        let facts = callback::json(&notice.facts)?;
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO notices (key, topic, recipient, subject, pack, facts, wants_ack, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING")
            .bind(clean(&notice.key))
            .bind(clean(&notice.topic))
            .bind(clean(&notice.to))
            .bind(clean(&notice.subject))
            .bind(clean(&notice.pack))
            .bind(&facts)
            .bind(i64::from(notice.wants_ack))
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}
