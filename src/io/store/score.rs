//! What counts for or against the score of a person, one row for each happening. The monthly sheet
//! sums the rows that were not withdrawn.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::audit::{self, AuditLine};
use super::db::{Tx, on, within};
use super::read::{Cursor, Page};
use super::write::clean;
use super::{Error, Store};
use crate::base::Timestamp;

/// Something that counts for or against somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewScore {
    /// Names the happening: a second one with the same key takes the place of the first.
    pub key: String,
    /// Policy pack.
    pub pack: String,
    /// Whose score.
    pub person: String,
    /// The day on which it counts: `2026-03-03`.
    pub day: String,
    /// Stable word: `reconciliation`.
    pub kind: String,
    /// What it comes of.
    pub subject: String,
    /// Below zero: taken off.
    pub points: i64,
    /// What happened, for people.
    pub detail: String,
}

/// The same as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ScoreEventRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Whose score.
    pub person: String,
    /// The day on which it counts.
    pub day: String,
    /// Stable word: `reconciliation`.
    pub kind: String,
    /// What it comes of.
    pub subject: String,
    /// Below zero: taken off.
    pub points: i64,
    /// What happened, for people.
    pub detail: String,
    /// Who found it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// When it turned out to be no such thing; null: it counts.
    pub withdrawn_at: Option<i64>,
    /// 1: it counts only once a manager has approved it (PRF-06).
    pub proposed: i64,
    /// 1: approved, 0: refused; null: not decided.
    pub approved: Option<i64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
}

/// Which of them; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoreFilter {
    /// Of this pack.
    pub pack: Option<String>,
    /// Of this person.
    pub person: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// From this day on.
    pub from: Option<String>,
    /// To this day.
    pub to: Option<String>,
    /// Withdrawn ones too.
    pub withdrawn: bool,
}

impl Store {
    /// A page of what counts, by row id.
    pub async fn score_events(
        &self,
        filter: &ScoreFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<ScoreEventRow>, Error> {
        let rows: Vec<ScoreEventRow> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                "SELECT id, pack, person, day, kind, subject, points, detail, created_by, created_at, withdrawn_at,
                        proposed, approved, decided_by, decided_at
                 FROM score_events WHERE 1 = 1");
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.pack.as_deref(), " AND pack = ");
            when!(filter.person.as_deref(), " AND person = ");
            when!(filter.kind.as_deref(), " AND kind = ");
            when!(filter.from.as_deref(), " AND day >= ");
            when!(filter.to.as_deref(), " AND day <= ");
            if !filter.withdrawn {
                query.push(" AND withdrawn_at IS NULL");
            }
            when!(after.map(|a| a.key), " AND id > ");
            query.push(" ORDER BY id LIMIT ").push_bind(super::read::fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }
}

impl Store {
    /// Proposes points for or against a person: they count once they are approved (PRF-06). Gives
    /// its row id.
    ///
    /// # Errors
    /// [`Error::Refused`]: one with this key was decided on.
    pub async fn propose_score(&self, new: &NewScore, by: &str, now: Timestamp) -> Result<i64, Error> {
        let mut tx = self.db.begin().await?;
        put(&mut tx, new, by, now).await?;
        let row: Option<(i64,)> = within!(&mut tx, c => sqlx::query_as(
            "UPDATE score_events SET proposed = 1 WHERE key = $1 AND decided_at IS NULL RETURNING id")
            .bind(clean(&new.key))
            .fetch_optional(c)
            .await)?;
        let Some((id,)) = row else {
            tx.rollback().await?;
            return Err(Error::Refused("it was proposed and decided on already".into()));
        };
        let (subject, detail) =
            (format!("score:{id}"), format!("{} {}: {}", new.person, new.points, new.detail));
        let line =
            AuditLine { at: now, actor: by, action: "score.propose", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Approves or refuses what was proposed, once.
    ///
    /// # Errors
    /// [`Error::Refused`]: nothing undecided has this id, or it was proposed by the same person.
    pub async fn decide_score(
        &self,
        id: i64,
        approved: bool,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let changed = within!(&mut tx, c => sqlx::query(
            "UPDATE score_events SET approved = $2, decided_by = $3, decided_at = $4
             WHERE id = $1 AND proposed = 1 AND approved IS NULL AND created_by <> $3")
            .bind(id)
            .bind(i64::from(approved))
            .bind(by)
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed == 0 {
            tx.rollback().await?;
            return Err(Error::Refused(format!(
                "no proposal {id} waits for a decision by somebody other than who made it"
            )));
        }
        let action = if approved { "score.approve" } else { "score.refuse" };
        let subject = format!("score:{id}");
        audit::append(&mut tx, &AuditLine { at: now, actor: by, action, subject: &subject, detail: reason })
            .await?;
        tx.commit().await
    }
}

/// Keeps one happening; one that was withdrawn counts again.
pub(super) async fn put(tx: &mut Tx, new: &NewScore, by: &str, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO score_events (key, pack, person, day, kind, subject, points, detail, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (key) DO UPDATE SET person = excluded.person, points = excluded.points, detail = excluded.detail,
                                         withdrawn_at = NULL")
        .bind(clean(&new.key))
        .bind(&new.pack)
        .bind(clean(&new.person))
        .bind(&new.day)
        .bind(&new.kind)
        .bind(clean(&new.subject))
        .bind(new.points)
        .bind(clean(&new.detail))
        .bind(by)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Withdraws all that came of a subject.
pub(super) async fn withdraw(tx: &mut Tx, subject: &str, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE score_events SET withdrawn_at = $2 WHERE subject = $1 AND withdrawn_at IS NULL")
        .bind(clean(subject))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
