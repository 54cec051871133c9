//! Random samples that were drawn: seed, what was drawn from, and what was drawn (SCH-18).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::db::{on, within};
use super::super::{Error, Store};
use super::write::{Changes, insert};
use crate::base::{CustomerId, Timestamp};

/// One draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Draw {
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Day of the draw.
    pub day: String,
    /// Seed, as text.
    pub seed: String,
    /// SHA-256 of what was drawn from, in order.
    pub frame_hash: String,
    /// How many were drawn from.
    pub frame_size: i64,
    /// What was drawn: a JSON array.
    pub picks: String,
    /// Milliseconds since 1970.
    pub drawn_at: i64,
}

impl Store {
    /// Keeps a draw with its callbacks, in one transaction. A draw of that day that exists
    /// already stays, and nothing is added; true where it was new.
    pub async fn keep_draw(&self, draw: &Draw, changes: &Changes, now: Timestamp) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let made = within!(&mut tx, c => sqlx::query(
            "INSERT INTO draws (pack, rule, day, seed, frame_hash, frame_size, picks, drawn_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (pack, rule, day) DO NOTHING")
            .bind(&draw.pack)
            .bind(&draw.rule)
            .bind(&draw.day)
            .bind(&draw.seed)
            .bind(&draw.frame_hash)
            .bind(draw.frame_size)
            .bind(&draw.picks)
            .bind(draw.drawn_at)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if made > 0 && !changes.new.is_empty() {
            insert(&mut tx, &changes.new, now).await?;
        }
        tx.commit().await?;
        Ok(made > 0)
    }

    /// When each customer was last drawn by a rule.
    pub async fn last_drawn(&self, pack: &str, rule: &str) -> Result<BTreeMap<CustomerId, Timestamp>, Error> {
        let rows: Vec<(i64, i64)> = on!(&self.db, p => sqlx::query_as(
            "SELECT customer_id, MAX(created_at) FROM callbacks
             WHERE pack = $1 AND rule = $2 AND origin = 'sample' GROUP BY customer_id")
            .bind(pack)
            .bind(rule)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id, at)| (CustomerId(id), Timestamp(at))).collect())
    }

    /// Draws of a rule in the days `[from, to]`, oldest first.
    pub async fn draws(&self, pack: &str, rule: &str, from: Date, to: Date) -> Result<Vec<Draw>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT pack, rule, day, seed, frame_hash, frame_size, picks, drawn_at FROM draws
             WHERE pack = $1 AND rule = $2 AND day >= $3 AND day <= $4 ORDER BY day")
            .bind(pack)
            .bind(rule)
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(p)
            .await)?)
    }
}
