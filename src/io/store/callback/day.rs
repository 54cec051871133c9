//! The day's list of a pack, and the why-ledger: one reason for each callback and day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use crate::base::{CallbackId, Timestamp};

/// Verdicts of one statement: 9 parameters each.
const CHUNK: usize = 1_000;

/// Where the list of a day stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayPlanState {
    /// Built, to be looked at and changed by people.
    Draft,
    /// Given to the dialler.
    Released,
    /// The day is over and its books balance or were complained of.
    Closed,
}

impl DayPlanState {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DayPlanState::Draft => "draft",
            DayPlanState::Released => "released",
            DayPlanState::Closed => "closed",
        }
    }
}

/// The list of one day of one pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct DayPlanRow {
    /// Policy pack.
    pub pack: String,
    /// Day: `2026-03-03`.
    pub day: String,
    /// `draft`, `released` or `closed`.
    pub state: String,
    /// Version of the pack by which it was built.
    pub version: String,
    /// Milliseconds since 1970.
    pub built_at: i64,
    /// Milliseconds since 1970.
    pub released_at: Option<i64>,
    /// Who released it: a token's name, `local`, or `planner`.
    pub released_by: String,
    /// Counts, warnings, when it ends.
    #[serde(with = "crate::io::store::read::page_json")]
    #[schema(value_type = Object)]
    pub summary: String,
}

/// What became of a callback on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// On the list of the day.
    Call,
    /// A person does it through another channel.
    Task,
    /// Owed, and not on the list.
    Not,
    /// Done on that day.
    Done,
    /// Given up on that day.
    Excused,
}

impl Word {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Word::Call => "call",
            Word::Task => "task",
            Word::Not => "not",
            Word::Done => "done",
            Word::Excused => "excused",
        }
    }
}

/// The one reason of a callback on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Which callback.
    pub callback: CallbackId,
    /// What became of it.
    pub word: Word,
    /// Stable word of the reason.
    pub code: String,
    /// Its figures, for people.
    pub detail: String,
    /// When it is, or was, to be called.
    pub start_at: Option<Timestamp>,
    /// The windows that hold for it.
    pub windows: String,
}

/// A verdict as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct VerdictRow {
    /// Day.
    pub day: String,
    /// Which callback.
    pub callback_id: i64,
    /// Its rule.
    pub rule: String,
    /// The rule's title; the policies know it, and who reads them puts it in.
    #[sqlx(default)]
    pub title: String,
    /// Row id of the customer.
    pub customer_id: i64,
    /// Customer's name.
    pub name: String,
    /// `call`, `task`, `not`, `done` or `excused`.
    pub verdict: String,
    /// Stable word of the reason.
    pub code: String,
    /// Its figures, for people.
    pub detail: String,
    /// When it is, or was, to be called; milliseconds since 1970.
    pub start_at: Option<i64>,
    /// The windows that hold for it.
    pub windows: String,
    /// Milliseconds since 1970.
    pub updated_at: i64,
}

/// How many callbacks of a day have each verdict.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct VerdictCount {
    /// The verdict.
    pub verdict: String,
    /// The reason.
    pub code: String,
    /// How many.
    pub count: i64,
}

/// A verdict with its callback and customer; conditions follow.
macro_rules! verdicts_sql {
    () => {
        "SELECT v.day, v.callback_id, b.rule, b.customer_id, c.name, v.verdict, v.code, v.detail, v.start_at,
                v.windows, v.updated_at
         FROM day_verdicts v JOIN callbacks b ON b.id = v.callback_id JOIN customers c ON c.id = b.customer_id
         WHERE "
    };
}

impl Store {
    /// The list of a day.
    pub async fn day_plan(&self, pack: &str, day: Date) -> Result<Option<DayPlanRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT pack, day, state, version, built_at, released_at, released_by, summary FROM day_plans
             WHERE pack = $1 AND day = $2")
            .bind(pack)
            .bind(day.to_string())
            .fetch_optional(p)
            .await)?)
    }

    /// Whether a list of a pack was ever built for a day before `day`.
    pub async fn was_planned_before(&self, pack: &str, day: Date) -> Result<bool, Error> {
        let found: Option<(String,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT day FROM day_plans WHERE pack = $1 AND day < $2 LIMIT 1")
            .bind(pack)
            .bind(day.to_string())
            .fetch_optional(p)
            .await)?;
        Ok(found.is_some())
    }

    /// Days of a pack before `day` whose books are not closed, oldest first.
    pub async fn unclosed_days(&self, pack: &str, day: Date) -> Result<Vec<Date>, Error> {
        let rows: Vec<(String,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT day FROM day_plans WHERE pack = $1 AND day < $2 AND state <> 'closed' ORDER BY day LIMIT 100")
            .bind(pack)
            .bind(day.to_string())
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().filter_map(|(day,)| day.parse().ok()).collect())
    }

    /// Notes that the list of a day was built: a draft, or a released one with new figures.
    pub async fn keep_day_plan(
        &self,
        pack: &str,
        day: Date,
        version: &str,
        summary: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO day_plans (pack, day, state, version, built_at, summary) VALUES ($1, $2, 'draft', $3, $4, $5)
             ON CONFLICT (pack, day) DO UPDATE SET version = excluded.version, built_at = excluded.built_at,
                 summary = excluded.summary")
            .bind(pack)
            .bind(day.to_string())
            .bind(version)
            .bind(now.0)
            .bind(summary)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Plan, None, "build", "").of_pack(pack).on(day));
        Ok(())
    }

    /// Notes that the list of a day was given to the dialler; true where it was not before.
    pub async fn day_released(&self, pack: &str, day: Date, by: &str, now: Timestamp) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE day_plans SET state = 'released', released_at = $3, released_by = $4
             WHERE pack = $1 AND day = $2 AND state = 'draft'")
            .bind(pack)
            .bind(day.to_string())
            .bind(now.0)
            .bind(by)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed > 0 {
            let subject = format!("plan:{pack}/{day}");
            let line =
                AuditLine { at: now, actor: by, action: "plan.release", subject: &subject, detail: "" };
            audit::append(&mut tx, &line).await?;
        }
        tx.commit().await?;
        if changed > 0 {
            self.tell(Change::new(Topic::Plan, None, "release", by).of_pack(pack).on(day).now("released"));
        }
        Ok(changed > 0)
    }

    /// Notes that the books of a day are closed, with its last figures.
    pub async fn day_closed(&self, pack: &str, day: Date, summary: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE day_plans SET state = 'closed', summary = $3 WHERE pack = $1 AND day = $2")
            .bind(pack)
            .bind(day.to_string())
            .bind(summary)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await?;
        self.tell(Change::new(Topic::Plan, None, "close", "").of_pack(pack).on(day).now("closed"));
        Ok(())
    }

    /// Writes verdicts of a day; one that is there already is replaced.
    pub async fn keep_verdicts(
        &self,
        pack: &str,
        day: Date,
        verdicts: &[Verdict],
        now: Timestamp,
    ) -> Result<(), Error> {
        for chunk in verdicts.chunks(CHUNK) {
            let mut tx = self.db.begin().await?;
            put(&mut tx, pack, day, chunk, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Verdicts of a day of a pack with that word and reason, by callback, after the one given.
    pub async fn verdicts_with(
        &self,
        (pack, day): (&str, Date),
        (verdict, code): (&str, &str),
        after: i64,
        limit: u32,
    ) -> Result<Vec<VerdictRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            concat!(verdicts_sql!(), "v.pack = $1 AND v.day = $2 AND v.callback_id > $3 AND v.verdict = $5
                AND v.code = $6 ORDER BY v.callback_id LIMIT $4"))
            .bind(pack)
            .bind(day.to_string())
            .bind(after)
            .bind(i64::from(limit))
            .bind(verdict)
            .bind(code)
            .fetch_all(p)
            .await)?)
    }

    /// Every verdict of a callback, oldest day first.
    pub async fn verdicts_of(&self, callback: CallbackId) -> Result<Vec<VerdictRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            concat!(verdicts_sql!(), "v.callback_id = $1 ORDER BY v.day LIMIT 1000"))
            .bind(callback.0)
            .fetch_all(p)
            .await)?)
    }

    /// Verdicts of a day of a pack, by callback, after the one given.
    pub async fn verdicts(
        &self,
        pack: &str,
        day: Date,
        after: i64,
        limit: u32,
    ) -> Result<Vec<VerdictRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            concat!(verdicts_sql!(), "v.pack = $1 AND v.day = $2 AND v.callback_id > $3 ORDER BY v.callback_id LIMIT $4"))
            .bind(pack)
            .bind(day.to_string())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Callback, verdict and reason of a day of a pack, by callback, after the one given; at
    /// most 10,000.
    pub async fn verdict_words(
        &self,
        pack: &str,
        day: Date,
        after: i64,
    ) -> Result<Vec<(i64, String, String)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT callback_id, verdict, code FROM day_verdicts
             WHERE pack = $1 AND day = $2 AND callback_id > $3 ORDER BY callback_id LIMIT 10000")
            .bind(pack)
            .bind(day.to_string())
            .bind(after)
            .fetch_all(p)
            .await)?)
    }

    /// Why the dialler has not come to an end with open callbacks that stood on the list of a
    /// day: reason and detail of their entries.
    pub async fn waiting_reasons(
        &self,
        pack: &str,
        day: Date,
    ) -> Result<BTreeMap<i64, (String, String)>, Error> {
        let rows: Vec<(i64, String, String)> = on!(&self.db, p => sqlx::query_as(
            "SELECT b.id, e.reason, e.detail FROM callbacks b JOIN entries e ON e.id = b.entry_id
             WHERE b.state = 'open' AND b.entry_id IS NOT NULL AND b.pack = $1 AND b.released_day = $2")
            .bind(pack)
            .bind(day.to_string())
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id, code, detail)| (id, (code, detail))).collect())
    }

    /// Verdicts of a day of a pack, counted by verdict and reason.
    pub async fn verdict_counts(&self, pack: &str, day: Date) -> Result<Vec<VerdictCount>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT verdict, code, COUNT(*) AS count FROM day_verdicts WHERE pack = $1 AND day = $2
             GROUP BY verdict, code ORDER BY verdict, code")
            .bind(pack)
            .bind(day.to_string())
            .fetch_all(p)
            .await)?)
    }
}

/// Verdicts in the transaction of what they tell of.
pub(super) async fn put(
    tx: &mut Tx,
    pack: &str,
    day: Date,
    verdicts: &[Verdict],
    now: Timestamp,
) -> Result<(), Error> {
    if verdicts.is_empty() {
        return Ok(());
    }
    let day = day.to_string();
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO day_verdicts (day, callback_id, pack, verdict, code, detail, start_at, windows, updated_at) ");
        query.push_values(verdicts, |mut values, v| {
            values
                .push_bind(day.as_str())
                .push_bind(v.callback.0)
                .push_bind(pack)
                .push_bind(v.word.as_str())
                .push_bind(clean(&v.code))
                .push_bind(clean(&v.detail))
                .push_bind(v.start_at.map(|t| t.0))
                .push_bind(v.windows.as_str())
                .push_bind(now.0);
        });
        query.push(
            " ON CONFLICT (day, callback_id) DO UPDATE SET verdict = excluded.verdict, code = excluded.code,
                 detail = excluded.detail, start_at = COALESCE(excluded.start_at, day_verdicts.start_at),
                 windows = excluded.windows, updated_at = excluded.updated_at");
        query.build().persistent(verdicts.len() == CHUNK).execute(c).await.map(drop)
    })?;
    Ok(())
}
