//! The roster of a month of a pack.

use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::notice::queue;
use super::super::write::clean;
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::notice::NewNotice;
use crate::roster::{Duty, Month, Person, Role, Swap};

/// A month as stored, without its duties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct RosterMonth {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// `2026-07`.
    pub month: String,
    /// `draft` or `published`.
    pub state: String,
    /// Who changed it last.
    pub changed_by: String,
    /// When; milliseconds since 1970.
    pub changed_at: i64,
    /// Who published it; empty: nobody.
    pub published_by: String,
    /// When.
    pub published_at: Option<i64>,
}

/// A swap that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct SwapRow {
    /// The night: `2026-07-01`.
    pub date: String,
    /// Role.
    pub role: String,
    /// Who could not come.
    pub person: String,
    /// Who came.
    pub substitute: String,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub created_by: String,
    /// When; milliseconds since 1970.
    pub created_at: i64,
}

const MONTH: &str =
    "SELECT id, pack, month, state, changed_by, changed_at, published_by, published_at FROM rosters WHERE ";

impl Store {
    /// Months of a pack, or of all, newest first.
    pub async fn roster_months(&self, pack: Option<&str>) -> Result<Vec<RosterMonth>, Error> {
        Ok(on!(&self.db, p => {
            let mut query = sqlx::QueryBuilder::new(MONTH);
            query.push("1 = 1");
            if let Some(pack) = pack {
                query.push(" AND pack = ").push_bind(pack);
            }
            query.push(" ORDER BY month DESC, pack LIMIT 500");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// One month of a pack.
    pub async fn roster_month(&self, pack: &str, month: Month) -> Result<Option<RosterMonth>, Error> {
        Ok(on!(&self.db, p => {
            let mut query = sqlx::QueryBuilder::new(MONTH);
            query.push("pack = ").push_bind(pack).push(" AND month = ").push_bind(month.to_string());
            query.build_query_as().fetch_optional(p).await
        })?)
    }

    /// Duties of some months of a pack; `published`: of published ones alone.
    pub async fn roster_duties(
        &self,
        pack: &str,
        months: &[Month],
        published: bool,
    ) -> Result<Vec<Duty>, Error> {
        let mut duties = Vec::new();
        for month in months {
            let rows: Vec<(String, String, String, String, String)> = on!(&self.db, p => sqlx::query_as(
                "SELECT d.date, d.role, d.person, d.phone, d.extension FROM roster_duties d
                 JOIN rosters r ON r.id = d.roster_id
                 WHERE r.pack = $1 AND r.month = $2 AND (r.state = 'published' OR $3 = 0)
                 ORDER BY d.date, d.position")
                .bind(pack)
                .bind(month.to_string())
                .bind(i64::from(published))
                .fetch_all(p)
                .await)?;
            for row in rows {
                duties.push(duty(row)?);
            }
        }
        Ok(duties)
    }

    /// Swaps of a month, oldest first.
    pub async fn roster_swaps(&self, roster: i64) -> Result<Vec<SwapRow>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT date, role, person, substitute, reason, created_by, created_at FROM roster_swaps
             WHERE roster_id = $1 ORDER BY id")
            .bind(roster)
            .fetch_all(p)
            .await)?)
    }

    /// Keeps the duties of a month in place of those it had; a published month stays published.
    pub async fn save_roster(
        &self,
        pack: &str,
        month: Month,
        duties: &[Duty],
        by: &str,
        now: Timestamp,
    ) -> Result<RosterMonth, Error> {
        let mut tx = self.db.begin().await?;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO rosters (pack, month, state, changed_by, changed_at) VALUES ($1, $2, 'draft', $3, $4)
             ON CONFLICT (pack, month) DO UPDATE SET changed_by = excluded.changed_by, changed_at = excluded.changed_at
             RETURNING id")
            .bind(clean(pack))
            .bind(month.to_string())
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        put(&mut tx, id, duties).await?;
        let subject = format!("roster:{pack}/{month}");
        let detail = format!("{} duties", duties.len());
        let line =
            AuditLine { at: now, actor: by, action: "roster.save", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.known_roster(pack, month).await
    }

    /// Publishes a month, with notices to everybody in it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn publish_roster(
        &self,
        pack: &str,
        month: Month,
        notices: &[NewNotice],
        by: &str,
        now: Timestamp,
    ) -> Result<RosterMonth, Error> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE rosters SET state = 'published', published_by = $3, published_at = $4
             WHERE pack = $1 AND month = $2 RETURNING id")
            .bind(pack)
            .bind(month.to_string())
            .bind(by)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        if row.is_none() {
            return Err(Error::NotFound { what: "roster", name: format!("{pack}/{month}") });
        }
        queue(&mut tx, notices, now).await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE warnings SET settled_at = $3, settled_by = $4, settled_reason = 'published'
             WHERE pack = $1 AND code = 'roster_missing' AND subject = $2 AND settled_at IS NULL")
            .bind(pack)
            .bind(format!("roster/{month}"))
            .bind(now.0)
            .bind(by)
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("roster:{pack}/{month}");
        let detail = format!("{} notices", notices.len());
        let line =
            AuditLine { at: now, actor: by, action: "roster.publish", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        self.known_roster(pack, month).await
    }

    /// Puts a substitute into a night; `duties` are those of the month with the substitute in
    /// place.
    #[expect(clippy::too_many_arguments, reason = "what, why, by whom, when, and who hears of it")]
    pub async fn swap_duty(
        &self,
        roster: &RosterMonth,
        duties: &[Duty],
        wanted: &Swap,
        reason: &str,
        notices: &[NewNotice],
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        put(&mut tx, roster.id, duties).await?;
        within!(&mut tx, c => sqlx::query(
            "INSERT INTO roster_swaps (roster_id, date, role, person, substitute, reason, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(roster.id)
            .bind(wanted.date.to_string())
            .bind(wanted.role.as_str())
            .bind(clean(&wanted.person))
            .bind(clean(&wanted.substitute.name))
            .bind(clean(reason))
            .bind(by)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        queue(&mut tx, notices, now).await?;
        let subject = format!("roster:{}/{}", roster.pack, roster.month);
        let detail = format!(
            "{} {}: {} for {}: {reason}",
            wanted.date, wanted.role, wanted.substitute.name, wanted.person
        );
        let line =
            AuditLine { at: now, actor: by, action: "roster.swap", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await
    }

    async fn known_roster(&self, pack: &str, month: Month) -> Result<RosterMonth, Error> {
        let found = self.roster_month(pack, month).await?;
        found.ok_or_else(|| Error::NotFound { what: "roster", name: format!("{pack}/{month}") })
    }
}

async fn put(tx: &mut Tx, roster: i64, duties: &[Duty]) -> Result<(), Error> {
    within!(&mut *tx, c => sqlx::query("DELETE FROM roster_duties WHERE roster_id = $1")
        .bind(roster)
        .execute(c)
        .await
        .map(drop))?;
    for (position, duty) in duties.iter().enumerate() {
        within!(&mut *tx, c => sqlx::query(
            "INSERT INTO roster_duties (roster_id, date, role, position, person, phone, extension)
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(roster)
            .bind(duty.date.to_string())
            .bind(duty.role.as_str())
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .bind(clean(&duty.person.name))
            .bind(clean(&duty.person.phone))
            .bind(clean(&duty.person.extension))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

fn duty(
    (date, role, name, phone, extension): (String, String, String, String, String),
) -> Result<Duty, Error> {
    let corrupt = |detail: String| Error::Corrupt { what: "duty", detail };
    Ok(Duty {
        date: date.parse().map_err(|_| corrupt(format!("`{date}` is no day")))?,
        role: role.parse::<Role>().map_err(corrupt)?,
        person: Person { name, phone, extension },
    })
}
