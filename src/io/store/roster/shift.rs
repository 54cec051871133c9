//! Shifts, leave, and who is there.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::roster::Presence;

/// A shift to be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewShift {
    /// Who.
    pub person: String,
    /// Its beginning.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
}

/// A shift as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ShiftRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Who.
    pub person: String,
    /// Its beginning; milliseconds since 1970.
    pub starts_at: i64,
    /// Its end.
    pub ends_at: i64,
    /// When they came.
    pub arrived_at: Option<i64>,
    /// 1: they are on leave, and it was entered before the shift began.
    pub on_leave: i64,
}

/// Leave of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct LeaveRow {
    /// Row id.
    pub id: i64,
    /// Who.
    pub person: String,
    /// First day: `2026-03-04`.
    pub from_day: String,
    /// Last day.
    pub to_day: String,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub created_by: String,
    /// When; milliseconds since 1970.
    pub created_at: i64,
}

impl Store {
    /// Enters shifts of a pack; one that is there already gets a new end.
    pub async fn save_shifts(
        &self,
        pack: &str,
        shifts: &[NewShift],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        for shift in shifts {
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO shifts (pack, person, starts_at, ends_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (pack, person, starts_at) DO UPDATE SET ends_at = excluded.ends_at")
                .bind(clean(pack))
                .bind(clean(&shift.person))
                .bind(shift.starts_at.0)
                .bind(shift.ends_at.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        let subject = format!("shifts:{pack}");
        let detail = format!("{} shifts", shifts.len());
        let line =
            AuditLine { at: now, actor: by, action: "roster.shifts", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    /// Shifts that overlap `[from, to)`, of a pack or of all. `day` names the day of a moment in
    /// the zone of the calendar; leave counts that was entered before the shift began.
    pub async fn shifts(
        &self,
        pack: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        day: impl Fn(Timestamp) -> Date,
    ) -> Result<Vec<ShiftRow>, Error> {
        let mut rows: Vec<ShiftRow> = on!(&self.db, p => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT id, pack, person, starts_at, ends_at, arrived_at, CAST(0 AS BIGINT) AS on_leave FROM shifts
                 WHERE starts_at < ");
            query.push_bind(to.0).push(" AND ends_at > ").push_bind(from.0);
            if let Some(pack) = pack {
                query.push(" AND pack = ").push_bind(pack);
            }
            query.push(" ORDER BY starts_at, person LIMIT 5000");
            query.build_query_as().fetch_all(p).await
        })?;
        let (first, last) = (day(from), day(to));
        let earlier = rows.iter().map(|r| day(Timestamp(r.starts_at))).min().unwrap_or(first).min(first);
        let leaves = self.leaves(earlier, last).await?;
        for row in &mut rows {
            let on = day(Timestamp(row.starts_at)).to_string();
            let covers = |leave: &LeaveRow| {
                leave.person == row.person
                    && leave.from_day <= on
                    && on <= leave.to_day
                    && leave.created_at < row.starts_at
            };
            row.on_leave = i64::from(leaves.iter().any(covers));
        }
        Ok(rows)
    }

    /// Shifts that began in `(from, to]` and were not judged yet; they are then.
    pub async fn shifts_to_judge(&self, from: Timestamp, to: Timestamp) -> Result<Vec<i64>, Error> {
        let waits: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT id FROM shifts WHERE starts_at > $1 AND starts_at <= $2 AND told_at IS NULL LIMIT 1")
            .bind(from.0)
            .bind(to.0)
            .fetch_optional(p)
            .await)?;
        if waits.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.begin().await?;
        let rows: Vec<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE shifts SET told_at = $2 WHERE starts_at > $1 AND starts_at <= $2 AND told_at IS NULL RETURNING id")
            .bind(from.0)
            .bind(to.0)
            .fetch_all(c)
            .await)?;
        tx.commit().await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Enters leave.
    pub async fn add_leave(
        &self,
        person: &str,
        days: (Date, Date),
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<LeaveRow, Error> {
        let mut tx = self.db.begin().await?;
        let row: LeaveRow = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO leaves (person, from_day, to_day, reason, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING id, person, from_day, to_day, reason, created_by, created_at")
            .bind(clean(person))
            .bind(days.0.to_string())
            .bind(days.1.to_string())
            .bind(clean(reason))
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        let subject = format!("leave:{}", row.id);
        let detail = format!("{person} from {} to {}: {reason}", days.0, days.1);
        let line = AuditLine { at: now, actor: by, action: "leave.add", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Leave that touches the days `from` to `to`, both inclusive.
    pub async fn leaves(&self, from: Date, to: Date) -> Result<Vec<LeaveRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, person, from_day, to_day, reason, created_by, created_at FROM leaves
             WHERE from_day <= $2 AND to_day >= $1 ORDER BY from_day, person LIMIT 5000")
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(p)
            .await)?)
    }

    /// Notes that somebody, or a phone, is there or is not; the first arrival of a person for a
    /// shift is kept with it. `early` is how long before its beginning an arrival counts.
    pub async fn set_presence(
        &self,
        who: &str,
        present: bool,
        early: std::time::Duration,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO presence (who, present, since) VALUES ($1, $2, $3) ON CONFLICT (who) DO UPDATE
             SET present = excluded.present, since = excluded.since WHERE presence.present <> excluded.present")
            .bind(clean(who))
            .bind(i64::from(present))
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        if present {
            within!(&mut tx, c => sqlx::query(
                "UPDATE shifts SET arrived_at = $2
                 WHERE person = $1 AND arrived_at IS NULL AND starts_at <= $3 AND ends_at > $2")
                .bind(clean(who))
                .bind(now.0)
                .bind((now + early).0)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }

    /// Who is there and who is not, of whom anything is known.
    pub async fn presence(&self) -> Result<BTreeMap<String, Presence>, Error> {
        let rows: Vec<(String, i64, i64)> = on!(&self.db, p => sqlx::query_as("SELECT who, present, since FROM presence")
            .fetch_all(p)
            .await)?;
        let one = |(who, present, since): (String, i64, i64)| {
            (who, Presence { present: present == 1, since: Timestamp(since) })
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Open callbacks of a rule that are due before `before` and are for a person.
    pub async fn callbacks_for(
        &self,
        pack: &str,
        rule: &str,
        person: &str,
        before: Timestamp,
    ) -> Result<Vec<(i64, String)>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT id, note FROM callbacks WHERE pack = $1 AND rule = $2 AND assignee = $3 AND due < $4
               AND state IN ('open', 'waiting') AND merged_into IS NULL ORDER BY id LIMIT 1000")
            .bind(pack)
            .bind(rule)
            .bind(person)
            .bind(before.0)
            .fetch_all(p)
            .await)?)
    }

    /// How many callbacks of a pack are for each person of a day: open ones due before `before`,
    /// and those that ended since `from`.
    pub async fn loads(
        &self,
        pack: &str,
        from: Timestamp,
        before: Timestamp,
    ) -> Result<BTreeMap<String, u64>, Error> {
        let rows: Vec<(String, i64)> = on!(&self.db, p => sqlx::query_as(
            "SELECT assignee, COUNT(*) FROM callbacks WHERE pack = $1 AND assignee <> ''
               AND ((state = 'open' AND due < $3) OR closed_at >= $2) GROUP BY assignee")
            .bind(pack)
            .bind(from.0)
            .bind(before.0)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(who, n)| (who, n.unsigned_abs())).collect())
    }
}
