//! Who was given sound, words or names.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::read::{Cursor, Page, fetch};
use super::super::write::clean;
use super::super::{Error, Store};
use super::of_keys;
use crate::base::Timestamp;

/// How long a listening may rest before the next part is another listening.
const RESTS_MS: i64 = 5 * 60 * 1_000;

/// One access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AccessRow {
    /// Row id.
    pub id: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Name of the token, or `local`.
    pub who: String,
    /// Address of the client, or `local` for the unix socket.
    pub place: String,
    /// `listen`, `comment`, `waveform`, `transcript`, `picture`, `export`, `report`, `performance`,
    /// `findings`.
    pub what: String,
    /// `call:01K...`, `customer:3`, `register:callbacks`, `performance:2026-03/li`, `findings:li`.
    pub subject: String,
    /// Which of it: the number of a comment, the kind of a file.
    pub detail: String,
    /// Where the part begins that was sent, in ms of the recording; null: it has no parts.
    pub from_ms: Option<i64>,
    /// Where it ends.
    pub to_ms: Option<i64>,
    /// Requests that it took.
    pub requests: i64,
    /// Time of the last one.
    pub last_at: i64,
    /// When it was closed; null: more may come.
    pub ended_at: Option<i64>,
}

/// An access to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccess<'a> {
    /// Name of the token.
    pub who: &'a str,
    /// Address of the client.
    pub place: &'a str,
    /// Stable word.
    pub what: &'a str,
    /// What was given out.
    pub subject: &'a str,
    /// Which of it.
    pub detail: &'a str,
    /// The part of a recording that is sent, in ms: one of several requests of one listening.
    pub part: Option<(i64, i64)>,
}

/// Which of them; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// By this token.
    pub who: Option<String>,
    /// Of this kind.
    pub what: Option<String>,
    /// To this.
    pub subject: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, at, who, place, what, subject, detail, from_ms, to_ms, requests, last_at, ended_at FROM accesses ";

impl Store {
    /// Notes an access before anything is sent: what cannot be noted is not given out. A part that
    /// belongs to a listening of the last minutes prolongs it.
    pub async fn note_access(&self, new: &NewAccess<'_>, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        let prolonged = match new.part {
            Some(part) => prolong(&mut tx, new, part, now).await?,
            None => false,
        };
        if !prolonged {
            let ended = new.part.is_none().then_some(now.0);
            within!(&mut tx, c => sqlx::query(
                "INSERT INTO accesses (at, who, place, what, subject, detail, from_ms, to_ms, requests, last_at, ended_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $1, $9)")
                .bind(now.0)
                .bind(clean(new.who))
                .bind(clean(new.place))
                .bind(new.what)
                .bind(clean(new.subject))
                .bind(clean(new.detail))
                .bind(new.part.map(|(from, _)| from))
                .bind(new.part.map(|(_, to)| to))
                .bind(ended)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await
    }

    /// Closes listenings that rest; gives how many, and when the next one may be due.
    pub async fn close_accesses(&self, now: Timestamp) -> Result<(u64, Option<Timestamp>), Error> {
        let (oldest,): (Option<i64>,) = on!(self.db(), p => sqlx::query_as(
            "SELECT MIN(last_at) FROM accesses WHERE ended_at IS NULL").fetch_one(p).await)?;
        match oldest {
            None => return Ok((0, None)),
            Some(at) if at + RESTS_MS > now.0 => return Ok((0, Some(Timestamp(at + RESTS_MS)))),
            Some(_) => {}
        }
        let mut tx = self.db.begin().await?;
        let closed = within!(&mut tx, c => sqlx::query(
            "UPDATE accesses SET ended_at = $1 WHERE ended_at IS NULL AND last_at <= $2")
            .bind(now.0)
            .bind(now.0 - RESTS_MS)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok((closed, Some(now)))
    }

    /// A page of accesses, newest first.
    pub async fn access_rows(
        &self,
        filter: &AccessFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<AccessRow>, Error> {
        let rows: Vec<AccessRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(COLUMNS);
            query.push("WHERE 1 = 1");
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.who.as_deref(), " AND who = ");
            when!(filter.what.as_deref(), " AND what = ");
            when!(filter.from.map(|at| at.0), " AND at >= ");
            when!(filter.to.map(|at| at.0), " AND at < ");
            when!(filter.subject.as_deref(), " AND subject = ");
            when!(after.map(|a| a.key), " AND id < ");
            query.push(" ORDER BY id DESC LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// Accesses to any of these subjects, newest first.
    pub async fn accesses_of(&self, subjects: &[String]) -> Result<Vec<AccessRow>, Error> {
        let mut all = of_keys!(
            self.db(),
            AccessRow,
            "SELECT id, at, who, place, what, subject, detail, from_ms, to_ms, requests, last_at, ended_at
             FROM accesses WHERE subject IN (",
            subjects
        );
        all.sort_by_key(|row| std::cmp::Reverse(row.id));
        Ok(all)
    }
}

async fn prolong(
    tx: &mut Tx,
    new: &NewAccess<'_>,
    (from, to): (i64, i64),
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = within!(tx, c => sqlx::query(
        "UPDATE accesses SET requests = requests + 1, last_at = CASE WHEN last_at > $6 THEN last_at ELSE $6 END,
                from_ms = CASE WHEN from_ms < $7 THEN from_ms ELSE $7 END,
                to_ms = CASE WHEN to_ms > $8 THEN to_ms ELSE $8 END
         WHERE id = (SELECT MAX(id) FROM accesses
                     WHERE ended_at IS NULL AND subject = $1 AND who = $2 AND place = $3 AND what = $4 AND last_at > $5
                       AND detail = $9)")
        .bind(clean(new.subject))
        .bind(clean(new.who))
        .bind(clean(new.place))
        .bind(new.what)
        .bind(now.0 - RESTS_MS)
        .bind(now.0)
        .bind(from)
        .bind(to)
        .bind(clean(new.detail))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}
