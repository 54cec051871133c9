//! Callbacks as the planner asks for them: by id, by customer, by day; what is due to be
//! looked at.

use sqlx::QueryBuilder;

use super::super::db::{on, within};
use super::super::{Error, Store};
use super::{Row, Stored, all, callback_columns};
use crate::base::{CallbackId, CustomerId, Timestamp};

/// Most callbacks of one answer to the planner.
const BATCH: u32 = 1_000;

/// A callback whose deadline passed while it was owed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Breach {
    /// Row id of the callback.
    pub id: i64,
    /// Its pack.
    pub pack: String,
    /// Its rule.
    pub rule: String,
    /// The deadline, milliseconds since 1970.
    pub deadline: i64,
}

impl Store {
    /// One callback.
    pub async fn callback(&self, id: CallbackId) -> Result<Option<Stored>, Error> {
        let row: Option<Row> = on!(&self.db, p => sqlx::query_as(
            concat!("SELECT ", callback_columns!(), " FROM callbacks b WHERE b.id = $1"))
            .bind(id.0)
            .fetch_optional(p)
            .await)?;
        row.map(Stored::try_from).transpose()
    }

    /// Every callback of these customers, by id.
    pub async fn callbacks_of(&self, customers: &[CustomerId]) -> Result<Vec<Stored>, Error> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                concat!("SELECT ", callback_columns!(), " FROM callbacks b WHERE b.customer_id IN ("));
            let mut ids = query.separated(", ");
            customers.iter().for_each(|id| {
                ids.push_bind(id.0);
            });
            query.push(") ORDER BY b.id");
            query.build_query_as().persistent(false).fetch_all(p).await
        })?;
        Ok(all(rows))
    }

    /// Callbacks of a pack that are open and due before `until`, by their due date, after the
    /// one given; at most 1,000.
    pub async fn open_callbacks(
        &self,
        pack: &str,
        until: Timestamp,
        after: Option<(Timestamp, CallbackId)>,
    ) -> Result<Vec<Stored>, Error> {
        let (due, id) = after.map_or((i64::MIN, i64::MIN), |(at, id)| (at.0, id.0));
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(
            concat!("SELECT ", callback_columns!(), " FROM callbacks b
                     WHERE b.pack = $1 AND b.state = 'open' AND b.due < $2 AND (b.due, b.id) > ($3, $4)
                     ORDER BY b.due, b.id LIMIT $5"))
            .bind(pack)
            .bind(until.0)
            .bind(due)
            .bind(id)
            .bind(i64::from(BATCH))
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// Whether the list of a day misses something: a callback that is due on it and has no
    /// verdict yet, changed after the list was made, or was joined with one that is gone.
    pub async fn is_day_stale(
        &self,
        pack: &str,
        day: jiff::civil::Date,
        end: Timestamp,
        made_at: Timestamp,
    ) -> Result<bool, Error> {
        let found: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT b.id FROM callbacks b
             WHERE b.pack = $1 AND b.state = 'open' AND b.due < $2
               AND (b.changed_at > $3
                    OR NOT EXISTS (SELECT 1 FROM day_verdicts v WHERE v.day = $4 AND v.callback_id = b.id
                                   AND (v.code <> 'merged' OR b.merged_into IS NOT NULL)))
             LIMIT 1")
            .bind(pack)
            .bind(end.0)
            .bind(made_at.0)
            .bind(day.to_string())
            .fetch_optional(p)
            .await)?;
        Ok(found.is_some())
    }

    /// Callbacks of a pack that closed in `[from, to)`, after the id given; at most 1,000.
    pub async fn closed_callbacks(
        &self,
        pack: &str,
        from: Timestamp,
        to: Timestamp,
        after: Option<(Timestamp, CallbackId)>,
    ) -> Result<Vec<Stored>, Error> {
        let (closed, id) = after.map_or((i64::MIN, i64::MIN), |(at, id)| (at.0, id.0));
        let rows: Vec<Row> = on!(&self.db, p => sqlx::query_as(
            concat!("SELECT ", callback_columns!(), " FROM callbacks b
                     WHERE b.pack = $1 AND b.closed_at >= $2 AND b.closed_at < $3
                       AND (b.closed_at, b.id) > ($4, $5)
                     ORDER BY b.closed_at, b.id LIMIT $6"))
            .bind(pack)
            .bind(from.0)
            .bind(to.0)
            .bind(closed)
            .bind(id)
            .bind(i64::from(BATCH))
            .fetch_all(p)
            .await)?;
        Ok(all(rows))
    }

    /// The callbacks for which the calls of these do too.
    pub async fn joined_callbacks(&self, into: &[CallbackId]) -> Result<Vec<Stored>, Error> {
        if into.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(concat!(
                "SELECT ", callback_columns!(), " FROM callbacks b WHERE b.state = 'open' AND b.merged_into IN ("));
            let mut ids = query.separated(", ");
            into.iter().for_each(|id| {
                ids.push_bind(id.0);
            });
            query.push(") ORDER BY b.id");
            query.build_query_as().persistent(false).fetch_all(p).await
        })?;
        Ok(all(rows))
    }

    /// Takes customers who are to be looked at by `now`, the longest waiting first, until
    /// `lease`: what comes in of them meanwhile sets another time, which is seen when the
    /// changes are written. Who is taken and never written is looked at again then.
    pub async fn take_reviews(
        &self,
        now: Timestamp,
        lease: Timestamp,
        limit: u32,
    ) -> Result<Vec<CustomerId>, Error> {
        let mut tx = self.db.begin().await?;
        let rows: Vec<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE customers SET review_at = $2 WHERE id IN
                 (SELECT id FROM customers WHERE review_at <= $1 ORDER BY review_at, id LIMIT $3)
             RETURNING id")
            .bind(now.0)
            .bind(lease.0)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await)?;
        tx.commit().await?;
        let mut ids: Vec<CustomerId> = rows.into_iter().map(|(id,)| CustomerId(id)).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// The next moment at which the planner has something to do: a customer to look at, or a
    /// deadline that passes.
    pub async fn next_planning(&self) -> Result<Option<Timestamp>, Error> {
        let review: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT review_at FROM customers WHERE review_at IS NOT NULL ORDER BY review_at LIMIT 1")
            .fetch_optional(p)
            .await)?;
        let deadline: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT deadline FROM callbacks WHERE state = 'open' AND breached_at IS NULL
             ORDER BY deadline LIMIT 1")
            .fetch_optional(p)
            .await)?;
        Ok(review.into_iter().chain(deadline).map(|(at,)| Timestamp(at)).min())
    }

    /// Marks callbacks whose deadline has passed while they were owed, at most `limit`. The
    /// mark is the deadline itself and stays, whenever the callback is done (SCH-02).
    pub async fn mark_breached(&self, now: Timestamp, limit: u32) -> Result<Vec<Breach>, Error> {
        let mut tx = self.db.begin().await?;
        let rows: Vec<Breach> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE callbacks SET breached_at = deadline, changed_at = $1
             WHERE id IN (SELECT id FROM callbacks WHERE state = 'open' AND breached_at IS NULL
                          AND deadline <= $1 ORDER BY deadline LIMIT $2)
             RETURNING id, pack, rule, deadline")
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await)?;
        tx.commit().await?;
        Ok(rows)
    }
}
