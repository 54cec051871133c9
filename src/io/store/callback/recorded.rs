//! What the list of a day was decided on, kept so that it can be decided again.

use jiff::civil::Date;
use sqlx::QueryBuilder;

use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::{CustomerId, Timestamp};

/// Rows of one statement: 6 parameters each.
const CHUNK: usize = 1_000;

/// The frame of a recorded day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RecordedDay {
    /// The moment for which it was decided; milliseconds since 1970.
    pub made_at: i64,
    /// Version of the pack.
    pub version: String,
    /// The calendar, as a calendar file.
    pub calendar: String,
    /// Lines for the estimate of its end; 0: not known.
    pub line_count: i64,
    /// Agents at work, for the same; 0: not known.
    pub agent_count: i64,
    /// Callbacks that were decided; fewer are left where somebody was erased.
    pub callbacks: i64,
}

/// One callback of a recorded day, as JSON that the planner reads.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RecordedInput {
    /// Row id of the customer: whoever is erased takes it along.
    pub customer_id: i64,
    /// What was known.
    pub input: String,
    /// What was decided.
    pub decision: String,
}

impl Store {
    /// Records a day in place of what was recorded of it before, in one transaction.
    pub async fn record_day(
        &self,
        pack: &str,
        day: Date,
        recorded: &RecordedDay,
        inputs: &[RecordedInput],
    ) -> Result<(), Error> {
        let day = day.to_string();
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query("DELETE FROM recorded_inputs WHERE pack = $1 AND day = $2")
            .bind(pack)
            .bind(&day)
            .execute(c)
            .await
            .map(drop))?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO recorded_days (pack, day, made_at, version, calendar, line_count, callbacks, agent_count)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (pack, day) DO UPDATE SET made_at = excluded.made_at, version = excluded.version,
                 calendar = excluded.calendar, line_count = excluded.line_count, callbacks = excluded.callbacks,
                 agent_count = excluded.agent_count")
            .bind(pack)
            .bind(&day)
            .bind(recorded.made_at)
            .bind(&recorded.version)
            .bind(clean(&recorded.calendar))
            .bind(recorded.line_count)
            .bind(recorded.callbacks)
            .bind(recorded.agent_count)
            .execute(c)
            .await
            .map(drop))?;
        let mut first = 0_i64;
        for chunk in inputs.chunks(CHUNK) {
            within!(&mut tx, c => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO recorded_inputs (pack, day, position, customer_id, input, decision) ");
                query.push_values(chunk.iter().zip(first..), |mut values, (row, position)| {
                    values
                        .push_bind(pack)
                        .push_bind(day.as_str())
                        .push_bind(position)
                        .push_bind(row.customer_id)
                        .push_bind(clean(&row.input))
                        .push_bind(clean(&row.decision));
                });
                query.build().persistent(chunk.len() == CHUNK).execute(c).await.map(drop)
            })?;
            first += i64::try_from(chunk.len()).unwrap_or(0);
        }
        tx.commit().await
    }

    /// A recorded day with its callbacks in the order in which they were decided.
    pub async fn recorded_day(
        &self,
        pack: &str,
        day: Date,
    ) -> Result<Option<(RecordedDay, Vec<RecordedInput>)>, Error> {
        let day = day.to_string();
        let frame: Option<RecordedDay> = on!(&self.db, p => sqlx::query_as(
            "SELECT made_at, version, calendar, line_count, agent_count, callbacks FROM recorded_days
             WHERE pack = $1 AND day = $2")
            .bind(pack)
            .bind(&day)
            .fetch_optional(p)
            .await)?;
        let Some(frame) = frame else { return Ok(None) };
        let inputs = on!(&self.db, p => sqlx::query_as(
            "SELECT customer_id, input, decision FROM recorded_inputs WHERE pack = $1 AND day = $2 ORDER BY position")
            .bind(pack)
            .bind(&day)
            .fetch_all(p)
            .await)?;
        Ok(Some((frame, inputs)))
    }

    /// Days of a pack that are recorded, newest first.
    pub async fn recorded_days(&self, pack: &str) -> Result<Vec<Date>, Error> {
        let rows: Vec<(String,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT day FROM recorded_days WHERE pack = $1 ORDER BY day DESC LIMIT 400")
            .bind(pack)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().filter_map(|(day,)| day.parse().ok()).collect())
    }

    /// Forgets what was recorded of days of a pack before `day`.
    pub async fn forget_recorded_days(&self, pack: &str, day: Date) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for sql in [
            "DELETE FROM recorded_inputs WHERE pack = $1 AND day < $2",
            "DELETE FROM recorded_days WHERE pack = $1 AND day < $2",
        ] {
            within!(&mut tx, c =>
                sqlx::query(sql).bind(pack).bind(day.to_string()).execute(c).await.map(drop))?;
        }
        tx.commit().await
    }

    /// These customers with what was known of them at a moment: no event that was heard of
    /// later, but those that were withdrawn later.
    pub async fn subjects_at(&self, ids: &[CustomerId], at: Timestamp) -> Result<Vec<super::Subject>, Error> {
        let mut subjects = self.subjects_of(ids, Some(at)).await?;
        for subject in &mut subjects {
            subject.events.retain(|event| event.received_at <= at);
            subject.callbacks.retain(|callback| callback.created_at <= at);
            subject.callbacks.iter_mut().for_each(|callback| callback.reopen_after(at));
        }
        Ok(subjects)
    }
}
