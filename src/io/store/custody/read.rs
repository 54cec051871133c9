//! Entries, roots and tombstones, for verifying and for people.

use serde::{Deserialize, Serialize};

use super::super::db::{on, within};
use super::super::notice::Extended;
use super::super::read::{Cursor, Page, fetch};
use super::super::{Error, Store};
use crate::base::Timestamp;
use crate::custody::{Entry, Head, Kind, Root};

/// Entries of one question.
const CHUNK: i64 = 2_000;

/// An entry, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
#[schema(as = CustodyEntry)]
pub struct EntryRow {
    /// From 1, without a gap.
    pub seq: i64,
    /// When it was linked; milliseconds since 1970.
    pub at: i64,
    /// `recording`, `comment`, `answer`, `reply`, `sheet`, `file`, `access`, `heard`, `tombstone`, `audit`.
    pub kind: String,
    /// Of which: `call:01K...`, `call:01K.../2`, `sheet:3`.
    pub subject: String,
    /// Hex SHA-256 of its content.
    pub digest: String,
    /// Hex SHA-256 over the hash before and all of this.
    pub hash: String,
}

/// The root of a day, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct RootRow {
    /// `2026-03-03`.
    pub day: String,
    /// The last entry that was linked before the day ended.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
}

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct TombstoneRow {
    /// Row id.
    pub id: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who erased it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Kind of what was erased.
    pub kind: String,
    /// Which.
    pub subject: String,
    /// Its digest in the chain; empty: it was not linked yet.
    pub was: String,
    /// Digest of what is left of it; empty: nothing.
    pub remains: String,
}

/// How the chain stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustodyStanding)]
pub struct Standing {
    /// Entries.
    pub entries: i64,
    /// When the last one was linked; milliseconds since 1970; null: there is none.
    pub last_at: Option<i64>,
    /// Its hash; empty: there is none.
    pub hash: String,
    /// Facts that wait to be linked.
    pub waiting: i64,
    /// Things that were erased.
    pub tombstones: i64,
}

fn entry(row: EntryRow) -> Result<Entry, Error> {
    let corrupt = |detail: String| Error::Corrupt { what: "entry of the chain", detail };
    Ok(Entry {
        kind: Kind::of(&row.kind).ok_or_else(|| corrupt(format!("{}: kind `{}`", row.seq, row.kind)))?,
        seq: row.seq.unsigned_abs(),
        at: Timestamp(row.at),
        digest: super::digest("digest of the chain", &row.digest)?,
        hash: super::digest("hash of the chain", &row.hash)?,
        subject: row.subject,
    })
}

impl Store {
    /// The next entries behind `after`, each with its salt.
    pub async fn custody_entries(&self, after: u64) -> Result<Vec<(Entry, Option<String>)>, Error> {
        type Row = (i64, i64, String, String, String, String, Option<String>);
        let rows: Vec<Row> = on!(self.db(), p => sqlx::query_as(
            "SELECT seq, at, kind, subject, digest, hash, salt FROM custody_chain WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(CHUNK)
            .fetch_all(p)
            .await)?;
        let one = |(seq, at, kind, subject, digest, hash, salt): Row| {
            Ok((entry(EntryRow { seq, at, kind, subject, digest, hash })?, salt))
        };
        rows.into_iter().map(one).collect()
    }

    /// The last entry that was linked before `end`; a head of 0 where there is none.
    pub async fn custody_head(&self, end: Timestamp) -> Result<Head, Error> {
        let row: Option<(i64, i64, String)> = on!(self.db(), p => sqlx::query_as(
            "SELECT seq, at, hash FROM custody_chain WHERE at < $1 ORDER BY at DESC, seq DESC LIMIT 1")
            .bind(end.0)
            .fetch_optional(p)
            .await)?;
        let Some((seq, at, hash)) = row else { return Ok(Head::default()) };
        Ok(Head {
            seq: seq.unsigned_abs(),
            at: Timestamp(at),
            hash: super::digest("hash of the chain", &hash)?,
        })
    }

    /// When the first entry was linked.
    pub async fn custody_began(&self) -> Result<Option<Timestamp>, Error> {
        let row: Option<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT at FROM custody_chain ORDER BY seq LIMIT 1").fetch_optional(p).await)?;
        Ok(row.map(|(at,)| Timestamp(at)))
    }

    /// How the chain stands.
    pub async fn custody_standing(&self) -> Result<Standing, Error> {
        let head = self.custody_head(Timestamp(i64::MAX)).await?;
        let (waiting, tombstones): (i64, i64) = on!(self.db(), p => sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM custody_pending), (SELECT COUNT(*) FROM tombstones)").fetch_one(p).await)?;
        let is_there = head.seq > 0;
        Ok(Standing {
            entries: i64::try_from(head.seq).unwrap_or(i64::MAX),
            last_at: is_there.then_some(head.at.0),
            hash: if is_there { head.hash.to_string() } else { String::new() },
            waiting,
            tombstones,
        })
    }

    /// Entries of a kind, or of a subject and, of a call, of its answers; newest first.
    pub async fn custody_rows(
        &self,
        kind: Option<&str>,
        subject: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<EntryRow>, Error> {
        let below = |end: char| subject.map(|subject| format!("{subject}{end}"));
        // `0` comes behind `/`: everything below the subject.
        let rows: Vec<EntryRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT seq, at, kind, subject, digest, hash FROM custody_chain
             WHERE (CAST($1 AS TEXT) IS NULL OR kind = $1)
               AND (CAST($2 AS TEXT) IS NULL OR subject = $2 OR (subject > $3 AND subject < $4))
               AND (CAST($5 AS BIGINT) IS NULL OR seq < $5)
             ORDER BY seq DESC LIMIT $6")
            .bind(kind)
            .bind(subject)
            .bind(below('/'))
            .bind(below('0'))
            .bind(after.map(|a| a.key))
            .bind(fetch(limit))
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.seq, id: row.seq.to_string() }))
    }

    /// The entries of these subjects, oldest first.
    pub async fn entries_of(&self, subjects: &[String]) -> Result<Vec<EntryRow>, Error> {
        let mut all = super::of_keys!(
            self.db(),
            EntryRow,
            "SELECT seq, at, kind, subject, digest, hash FROM custody_chain WHERE subject IN (",
            subjects
        );
        all.sort_by_key(|row| row.seq);
        Ok(all)
    }

    /// Roots of days, the newest first.
    pub async fn custody_roots(&self, limit: i64) -> Result<Vec<RootRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT day, seq, hash, made_at FROM custody_roots ORDER BY day DESC LIMIT $1")
            .bind(limit)
            .fetch_all(p)
            .await)?)
    }

    /// The root of a day; None: the day is not over, or the chain had not begun.
    pub async fn root_of(&self, day: &str) -> Result<Option<RootRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT day, seq, hash, made_at FROM custody_roots WHERE day = $1")
            .bind(day)
            .fetch_optional(p)
            .await)?)
    }

    /// Keeps the root of a day, with the notices that tell of it; false: it stands already.
    pub async fn keep_root(&self, root: &Root, notices: &[Extended], now: Timestamp) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let kept = within!(&mut tx, c => sqlx::query(
            "INSERT INTO custody_roots (day, seq, hash, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING")
            .bind(root.day.to_string())
            .bind(i64::try_from(root.seq).unwrap_or(i64::MAX))
            .bind(root.hash.to_string())
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        for notice in notices {
            super::super::notice::queue_one(&mut tx, notice, now).await?;
        }
        tx.commit().await?;
        Ok(kept > 0)
    }

    /// What was erased of a subject, the newest first.
    pub async fn tombstones_of(&self, kind: Kind, subject: &str) -> Result<Vec<TombstoneRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, at, actor, reason, kind, subject, was, remains FROM tombstones
             WHERE kind = $1 AND subject = $2 ORDER BY id DESC")
            .bind(kind.as_str())
            .bind(subject)
            .fetch_all(p)
            .await)?)
    }

    /// Facts of a kind that stand in the database, are not linked, and do not wait to be: some of them.
    pub async fn custody_unlinked(&self, kind: Kind, most: i64) -> Result<Vec<String>, Error> {
        macro_rules! unlinked {
            ($kind:literal, $subject:literal, $from:literal) => {
                concat!(
                    "SELECT s FROM (SELECT ",
                    $subject,
                    " AS s FROM ",
                    $from,
                    ") AS f
                     WHERE NOT EXISTS (SELECT 1 FROM custody_chain l WHERE l.kind = '",
                    $kind,
                    "' AND l.subject = f.s)
                       AND NOT EXISTS (SELECT 1 FROM custody_pending w WHERE w.kind = '",
                    $kind,
                    "' AND w.subject = f.s)
                     LIMIT $1"
                )
            };
        }
        let sql = match kind {
            Kind::Recording => unlinked!("recording", "'call:' || id", "calls WHERE sha256 IS NOT NULL"),
            Kind::Comment => unlinked!(
                "comment",
                "'call:' || a.call_id || '/' || CAST(a.seq AS TEXT)",
                "answers a JOIN calls c ON c.id = a.call_id WHERE c.state = 'ended' AND a.comment IS NOT NULL"
            ),
            Kind::Answer => unlinked!(
                "answer",
                "'call:' || a.call_id || '/' || CAST(a.seq AS TEXT)",
                "answers a JOIN calls c ON c.id = a.call_id WHERE c.state = 'ended'"
            ),
            Kind::Reply => unlinked!(
                "reply",
                "'callback:' || CAST(callback_id AS TEXT) || '/' || CAST(seq AS TEXT)",
                "form_answers"
            ),
            Kind::Sheet => {
                unlinked!("sheet", "'sheet:' || CAST(id AS TEXT)", "audit_sheets WHERE state = 'submitted'")
            }
            Kind::File => unlinked!("file", "'file:' || CAST(id AS TEXT)", "ticket_files"),
            Kind::Stored => unlinked!("stored", "'stored:' || CAST(id AS TEXT)", "recording_files"),
            Kind::Gone => {
                unlinked!(
                    "gone",
                    "'stored:' || CAST(id AS TEXT)",
                    "recording_files WHERE gone_at IS NOT NULL"
                )
            }
            Kind::Access => unlinked!("access", "'access:' || CAST(id AS TEXT)", "accesses"),
            // What has no parts is closed as it is noted, and has nothing more to be linked.
            Kind::Heard => unlinked!(
                "heard",
                "'access:' || CAST(id AS TEXT)",
                "accesses WHERE ended_at IS NOT NULL AND from_ms IS NOT NULL"
            ),
            Kind::Tombstone => unlinked!("tombstone", "'tombstone:' || CAST(id AS TEXT)", "tombstones"),
            Kind::Audit => unlinked!("audit", "'audit:' || CAST(id AS TEXT)", "audit_log"),
        };
        let rows: Vec<(String,)> = on!(self.db(), p => sqlx::query_as(sql).bind(most).fetch_all(p).await)?;
        Ok(rows.into_iter().map(|(subject,)| subject).collect())
    }
}
