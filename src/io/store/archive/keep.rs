//! Closed records put away month by month, in the name of who keeps them (ARC-08). They are
//! found as before and changed no more.

use serde::{Deserialize, Serialize};

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, on, within};
use super::super::{Error, Store};
use crate::base::Timestamp;

/// What was put away at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ArchiveRow {
    /// Row id; callbacks and events name it.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// `2026-03`.
    pub month: String,
    /// Who keeps them.
    pub keeper: String,
    /// Callbacks.
    pub callbacks: i64,
    /// Events.
    pub events: i64,
    /// Who put them away.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

const COLUMNS: &str =
    "SELECT id, pack, month, keeper, callbacks, events, created_by, created_at FROM archives";

impl Store {
    /// Puts away what of a pack was closed in `from..to`: callbacks that ended, and events for
    /// which nothing is owed. What was put away before stays where it is.
    ///
    /// # Errors
    /// [`Error::Refused`] where the month is not over.
    pub async fn put_away(
        &self,
        pack: &str,
        month: &str,
        (from, to): (Timestamp, Timestamp),
        keeper: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<ArchiveRow, Error> {
        if to > now {
            return Err(Error::Refused(format!("{month} is not over: it is put away from its end on")));
        }
        let mut tx = self.db.begin().await?;
        super::intake::alone(&mut tx).await?;
        let (id,): (i64,) = within!(&mut tx, c => sqlx::query_as(
            "INSERT INTO archives (pack, month, keeper, callbacks, events, created_by, created_at)
             VALUES ($1, $2, $3, 0, 0, $4, $5) RETURNING id")
            .bind(pack)
            .bind(month)
            .bind(keeper)
            .bind(by)
            .bind(now.0)
            .fetch_one(c)
            .await)?;
        let callbacks = mark(
            &mut tx,
            "UPDATE callbacks SET archive_id = $1
             WHERE pack = $2 AND state IN ('done', 'excused') AND closed_at >= $3 AND closed_at < $4
               AND archive_id IS NULL",
            (id, pack, from, to),
        )
        .await?;
        let events = mark(
            &mut tx,
            "UPDATE events SET archive_id = $1
             WHERE pack = $2 AND at >= $3 AND at < $4 AND archive_id IS NULL
               AND NOT EXISTS (SELECT 1 FROM callbacks b WHERE b.event_id = events.id
                               AND b.state IN ('waiting', 'open'))",
            (id, pack, from, to),
        )
        .await?;
        within!(&mut tx, c => sqlx::query("UPDATE archives SET callbacks = $2, events = $3 WHERE id = $1")
            .bind(id)
            .bind(callbacks)
            .bind(events)
            .execute(c)
            .await
            .map(drop))?;
        let subject = format!("archive:{id}");
        let detail = format!("{pack} {month}: {callbacks} callbacks, {events} events, kept by {keeper}");
        let line =
            AuditLine { at: now, actor: by, action: "archive.create", subject: &subject, detail: &detail };
        audit::append(&mut tx, &line).await?;
        tx.commit().await?;
        Ok(ArchiveRow {
            id,
            pack: pack.to_owned(),
            month: month.to_owned(),
            keeper: keeper.to_owned(),
            callbacks,
            events,
            created_by: by.to_owned(),
            created_at: now.0,
        })
    }

    /// What was put away, newest first; at most 1,000.
    pub async fn archive_rows(&self, pack: Option<&str>) -> Result<Vec<ArchiveRow>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(COLUMNS);
            if let Some(pack) = pack {
                query.push(" WHERE pack = ").push_bind(pack);
            }
            query.push(" ORDER BY id DESC LIMIT 1000");
            query.build_query_as().fetch_all(p).await
        })?)
    }
}

async fn mark(
    tx: &mut Tx,
    sql: &'static str,
    (id, pack, from, to): (i64, &str, Timestamp, Timestamp),
) -> Result<i64, Error> {
    let marked = within!(tx, c => sqlx::query(sql)
        .bind(id)
        .bind(pack)
        .bind(from.0)
        .bind(to.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(i64::try_from(marked).unwrap_or(i64::MAX))
}
