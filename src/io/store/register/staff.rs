//! Shifts and expenses of our own people, as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};

/// A shift.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ShiftRecord {
    /// Row id.
    pub id: i64,
    /// Pack.
    pub pack: String,
    /// Who.
    pub person: String,
    /// Its beginning; milliseconds since 1970.
    pub starts_at: i64,
    /// Its end.
    pub ends_at: i64,
    /// When they came.
    pub arrived_at: Option<i64>,
}

/// What somebody paid on a visit.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct ExpenseRecord {
    /// Row id.
    pub id: i64,
    /// Pack.
    pub pack: String,
    /// The visit; None: it was for none.
    pub callback_id: Option<i64>,
    /// Who paid.
    pub person: String,
    /// The day.
    pub day: String,
    /// What for.
    pub purpose: String,
    /// What was paid, in yuan.
    pub amount: i64,
    /// The most that is paid back.
    pub ceiling: i64,
    /// What is paid back; None: nobody has decided; 0: refused.
    pub approved: Option<i64>,
    /// Who decided; empty: nobody yet.
    pub decided_by: String,
    /// Why it was decided so.
    pub reason: String,
}

impl Store {
    /// Shifts that begin between two moments, by time.
    pub async fn register_shifts(&self, from: i64, to: i64) -> Result<Vec<ShiftRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, pack, person, starts_at, ends_at, arrived_at FROM shifts
             WHERE starts_at >= $1 AND starts_at < $2 ORDER BY starts_at, id")
            .bind(from)
            .bind(to)
            .fetch_all(p)
            .await)?)
    }

    /// Expenses of some days, inclusive, by day.
    pub async fn register_expenses(&self, from: &str, to: &str) -> Result<Vec<ExpenseRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, pack, callback_id, person, day, purpose, amount, ceiling, approved,
                    COALESCE(decided_by, '') AS decided_by, reason
             FROM expenses WHERE day >= $1 AND day <= $2 ORDER BY day, id")
            .bind(from)
            .bind(to)
            .fetch_all(p)
            .await)?)
    }
}
