//! Notices that have no deliveries yet.

use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;

/// A notice whose channels are to be found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unrouted {
    /// Row id.
    pub id: i64,
    /// What it is about.
    pub topic: String,
    /// Whom it is for.
    #[sqlx(rename = "recipient")]
    pub to: String,
    /// Pack of its record.
    pub pack: String,
    /// Its key.
    pub key: String,
    /// Of a customer who is told; empty: by the routes.
    pub address: String,
    /// Deliveries are made for this reminder; 0: the first time.
    pub rounds: i64,
}

/// A delivery to be made: notice, channel, reminder, what may go into one message with it, and
/// whether it is urgent.
pub(in crate::io) type NewDelivery = (i64, String, i64, String, bool);

impl Store {
    /// Notices without deliveries, oldest first.
    pub async fn unrouted_notices(&self, limit: u32) -> Result<Vec<Unrouted>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, topic, recipient, pack, key, address, rounds FROM notices WHERE routed_at IS NULL
             ORDER BY id LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Makes the deliveries of notices, which have their channels then, also where that is none.
    pub(in crate::io) async fn route_notices(
        &self,
        notices: &[i64],
        deliveries: &[NewDelivery],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for (notice, channel, round, about, urgent) in deliveries {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO notice_deliveries (notice_id, channel, round, about, urgent, next_at, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING")
                .bind(notice)
                .bind(channel)
                .bind(round)
                .bind(clean(about))
                .bind(i64::from(*urgent))
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        for id in notices {
            within!(&mut tx, c => sqlx::query(
                "UPDATE notices SET routed_at = $2, asked_at = $2, rounds = rounds + 1 WHERE id = $1 AND routed_at IS NULL")
                .bind(id)
                .bind(now.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }
}
