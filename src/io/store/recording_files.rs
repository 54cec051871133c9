//! In which form, where, and with which digest the sound of recordings is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::db::{Tx, on, within};
use super::{Error, Store};
use crate::base::Timestamp;

/// A form in which a recording is or was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct StoredFile {
    /// Row id; 0: not noted yet.
    pub id: i64,
    /// The call.
    pub call_id: String,
    /// Its name, which never changes: the path of the WAV that was recorded.
    pub name: String,
    /// `wav` or `flac`.
    pub form: String,
    /// Id of the key it is sealed with; empty: it is not encrypted.
    pub sealed: String,
    /// Empty: the recordings folder; else `file:///folder` or `s3://bucket/prefix`.
    pub place: String,
    /// Path below the place.
    pub path: String,
    /// Bytes as stored.
    pub bytes: i64,
    /// Hex SHA-256 of the bytes as stored.
    pub sha256: String,
    /// Bytes of the plain WAV.
    pub wav_bytes: i64,
    /// Hex SHA-256 of the plain WAV.
    pub wav_sha256: String,
    /// Milliseconds since 1970, as all times here: since when.
    pub at: i64,
    /// Until when; null: this is the one.
    pub gone_at: Option<i64>,
    /// Why it is gone.
    pub gone_why: String,
    /// When its bytes were taken away; null: they are there, or that is owed.
    pub removed_at: Option<i64>,
}

/// What is known of a recording by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was noted: it lies as the WAV that was recorded, at its name.
    AsRecorded,
    /// This is where it is.
    Stored(Box<StoredFile>),
    /// It is gone.
    Gone {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// A recording or spoken comment with what decides how long it is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Recorded {
    /// The call.
    pub call_id: String,
    /// Its name.
    pub name: String,
    /// Hex SHA-256 of the WAV, noted at the end of the call; None: a spoken comment.
    pub sha256: Option<String>,
    /// When the call ended, in ms since 1970.
    pub ended_at: i64,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// The result.
    pub disposition: Option<String>,
    /// Pack of the callback, else of the customer; empty: nobody's.
    pub pack: String,
    /// Rule of the callback; empty: none.
    pub rule: String,
}

/// Stored recordings by form, key and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct StoredSum {
    /// `wav` or `flac`.
    pub form: String,
    /// Id of the key; empty: not encrypted.
    pub sealed: String,
    /// Empty: the recordings folder.
    pub place: String,
    /// How many.
    pub files: i64,
    /// Bytes as stored.
    pub bytes: i64,
    /// Bytes of their plain WAVs.
    pub wav_bytes: i64,
}

macro_rules! file_columns {
    () => {
        "id, call_id, name, form, sealed, place, path, bytes, sha256, wav_bytes, wav_sha256, at, gone_at, gone_why,
         removed_at"
    };
}

/// Recordings and spoken comments of ended calls whose sound was finished, as columns of `r`.
macro_rules! recorded_sql {
    () => {
        "(SELECT id AS call_id, recording AS name, sha256 FROM calls
          WHERE recording IS NOT NULL AND sha256 IS NOT NULL AND state = 'ended'
          UNION ALL
          SELECT a.call_id, a.comment, CAST(NULL AS TEXT) FROM answers a JOIN calls k ON k.id = a.call_id
          WHERE a.comment IS NOT NULL AND k.state = 'ended')"
    };
}

impl Store {
    /// What is known of a recording.
    pub async fn standing_of(&self, name: &str) -> Result<Standing, Error> {
        let newest: Option<StoredFile> = on!(self.db(), p => sqlx::query_as(
            concat!("SELECT ", file_columns!(), " FROM recording_files WHERE name = $1
             ORDER BY CASE WHEN gone_at IS NULL THEN 0 ELSE 1 END, id DESC LIMIT 1"))
            .bind(name)
            .fetch_optional(p)
            .await)?;
        Ok(match newest {
            None => Standing::AsRecorded,
            Some(StoredFile { gone_at: Some(at), gone_why, .. }) => {
                Standing::Gone { at: Timestamp(at), why: gone_why }
            }
            Some(file) => Standing::Stored(Box::new(file)),
        })
    }

    /// Every form in which the recordings of a call were stored, oldest first.
    pub async fn files_of_call(&self, call: &str) -> Result<Vec<StoredFile>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            concat!("SELECT ", file_columns!(), " FROM recording_files WHERE call_id = $1 ORDER BY id"))
            .bind(call)
            .fetch_all(p)
            .await)?)
    }

    /// The newest form of the recording of each of these calls, by call; none of one that lies as it was
    /// recorded.
    pub async fn files_of_calls(&self, calls: &[&str]) -> Result<BTreeMap<String, StoredFile>, Error> {
        if calls.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<StoredFile> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(concat!("SELECT ", file_columns!(), " FROM recording_files
                WHERE name = (SELECT c.recording FROM calls c WHERE c.id = recording_files.call_id) AND call_id IN ("));
            let mut ids = query.separated(", ");
            for call in calls {
                ids.push_bind(*call);
            }
            query.push(") ORDER BY id");
            query.build_query_as().fetch_all(p).await
        })?;
        // A later row stands in the place of an earlier one.
        Ok(rows.into_iter().map(|row| (row.call_id.clone(), row)).collect())
    }

    /// The recording of one call, with what decides how long it is kept; None: there is none.
    pub async fn recorded_of(&self, call: &str) -> Result<Option<Recorded>, Error> {
        let name: Option<String> = on!(self.db(), p => sqlx::query_scalar(
            "SELECT recording FROM calls WHERE id = $1 AND recording IS NOT NULL")
            .bind(call)
            .fetch_optional(p)
            .await)?;
        let items = self.recorded_between(call, call).await?;
        Ok(items.into_iter().find(|item| Some(&item.name) == name.as_ref()))
    }

    /// Recordings of the next so many calls behind `after` that ended before `before`, and the last of those
    /// calls; None: there are no more. What is gone is left out.
    pub async fn recorded(
        &self,
        after: &str,
        before: Timestamp,
        calls: u32,
    ) -> Result<Option<(String, Vec<Recorded>)>, Error> {
        match self.recorded_calls(after, before, calls).await? {
            Some((first, last)) => Ok(Some((last.clone(), self.recorded_between(&first, &last).await?))),
            None => Ok(None),
        }
    }

    /// The first and the last of the next so many ended calls that left sound.
    async fn recorded_calls(
        &self,
        after: &str,
        before: Timestamp,
        calls: u32,
    ) -> Result<Option<(String, String)>, Error> {
        let ids: Vec<(String,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id FROM calls WHERE id > $1 AND state = 'ended' AND ended_at < $2
               AND (recording IS NOT NULL
                    OR EXISTS (SELECT 1 FROM answers a WHERE a.call_id = calls.id AND a.comment IS NOT NULL))
             ORDER BY id LIMIT $3")
            .bind(after)
            .bind(before.0)
            .bind(i64::from(calls))
            .fetch_all(p)
            .await)?;
        let first = ids.first().map(|(id,)| id.clone());
        Ok(first.zip(ids.into_iter().next_back().map(|(id,)| id)))
    }

    async fn recorded_between(&self, first: &str, last: &str) -> Result<Vec<Recorded>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(
            "SELECT r.call_id, r.name, r.sha256, c.ended_at, c.direction, c.disposition,
                COALESCE(b.pack, (SELECT p.pack FROM customers p WHERE p.id =
                    (SELECT MIN(h.customer_id) FROM customer_phones h JOIN customers m ON m.id = h.customer_id
                     WHERE h.phone = c.phone AND h.valid_to IS NULL AND m.merged_into IS NULL)), '') AS pack,
                COALESCE(b.rule, '') AS rule
             FROM ", recorded_sql!(), " r JOIN calls c ON c.id = r.call_id
                  LEFT JOIN entries e ON e.id = c.entry_id LEFT JOIN callbacks b ON b.id = e.callback_id
             WHERE r.call_id >= $1 AND r.call_id <= $2
               AND NOT EXISTS (SELECT 1 FROM recording_files g WHERE g.name = r.name AND g.gone_at IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM recording_files n WHERE n.name = r.name AND n.gone_at IS NULL))
             ORDER BY r.call_id, r.name"))
            .bind(first)
            .bind(last)
            .fetch_all(p)
            .await)?)
    }

    /// Recordings of calls from an id on of which nothing was noted: they lie as they were recorded.
    pub async fn recorded_plain(&self, from: &str, limit: u32) -> Result<Vec<Recorded>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(
            "SELECT r.call_id, r.name, r.sha256, c.ended_at, c.direction, c.disposition, '' AS pack, '' AS rule
             FROM ", recorded_sql!(), " r JOIN calls c ON c.id = r.call_id
             WHERE r.call_id >= $1 AND NOT EXISTS (SELECT 1 FROM recording_files f WHERE f.name = r.name)
             ORDER BY r.call_id, r.name LIMIT $2"))
            .bind(from)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// How many recordings of calls that ended before `before` there are, gone or not.
    pub async fn recorded_count(&self, before: Timestamp) -> Result<i64, Error> {
        Ok(on!(self.db(), p => sqlx::query_scalar(concat!(
            "SELECT COUNT(*) FROM ", recorded_sql!(), " r JOIN calls c ON c.id = r.call_id WHERE c.ended_at < $1"))
            .bind(before.0)
            .fetch_one(p)
            .await)?)
    }

    /// Notes that a recording is stored anew: the old form is gone, the new one is the one. False, and nothing
    /// is changed, where the old form is the one no more.
    pub async fn note_restowed(
        &self,
        old: &StoredFile,
        new: &StoredFile,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        if !end_form(&mut tx, old, why, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        insert(&mut tx, new, None).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends the last form of a recording for good. With `unless_held` it is left where anything holds it, which
    /// is looked at inside the transaction. False: it is held, or another form is the one.
    pub async fn end_recording(
        &self,
        last: &StoredFile,
        why: &str,
        unless_held: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        super::recording_holds::lock(&mut tx, &last.call_id).await?;
        let held = unless_held && super::recording_holds::is_held(&mut tx, &last.call_id).await?;
        if held || !end_form(&mut tx, last, why, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Files whose bytes are still to be taken away.
    pub async fn files_to_remove(&self, limit: u32) -> Result<Vec<StoredFile>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(
            "SELECT ", file_columns!(), " FROM recording_files
             WHERE gone_at IS NOT NULL AND removed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM recording_files n WHERE n.name = recording_files.name
                   AND n.place = recording_files.place AND n.path = recording_files.path AND n.gone_at IS NULL)
             ORDER BY id LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// The bytes of a form that is gone were taken away.
    pub async fn note_removed(
        &self,
        name: &str,
        place: &str,
        path: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        within!(&mut tx, c => sqlx::query(
            "UPDATE recording_files SET removed_at = $4 WHERE name = $1 AND place = $2 AND path = $3
             AND gone_at IS NOT NULL AND removed_at IS NULL")
            .bind(name)
            .bind(place)
            .bind(path)
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        tx.commit().await
    }

    /// What was stored anew, by form, key and place.
    pub async fn stored_sums(&self) -> Result<Vec<StoredSum>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT form, sealed, place, COUNT(*) AS files, CAST(SUM(bytes) AS BIGINT) AS bytes,
                    CAST(SUM(wav_bytes) AS BIGINT) AS wav_bytes
             FROM recording_files WHERE gone_at IS NULL GROUP BY form, sealed, place ORDER BY form, sealed, place")
            .fetch_all(p)
            .await)?)
    }
}

/// Ends a form; the one that was recorded gets its row by that. False: it is the one no more.
async fn end_form(tx: &mut Tx, old: &StoredFile, why: &str, now: Timestamp) -> Result<bool, Error> {
    if old.id == 0 {
        let known: i64 = within!(tx, c => sqlx::query_scalar("SELECT COUNT(*) FROM recording_files WHERE name = $1")
            .bind(&old.name)
            .fetch_one(c)
            .await)?;
        if known > 0 {
            return Ok(false);
        }
        insert(tx, old, Some((why, now))).await?;
        return Ok(true);
    }
    let ended = within!(tx, c => sqlx::query(
        "UPDATE recording_files SET gone_at = $2, gone_why = $3 WHERE id = $1 AND gone_at IS NULL")
        .bind(old.id)
        .bind(now.0)
        .bind(why)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(ended == 1)
}

async fn insert(tx: &mut Tx, file: &StoredFile, gone: Option<(&str, Timestamp)>) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO recording_files (call_id, name, form, sealed, place, path, bytes, sha256, wav_bytes,
                 wav_sha256, at, gone_at, gone_why) VALUES (");
        let mut values = query.separated(", ");
        values.push_bind(&file.call_id);
        values.push_bind(&file.name);
        values.push_bind(&file.form);
        values.push_bind(&file.sealed);
        values.push_bind(&file.place);
        values.push_bind(&file.path);
        values.push_bind(file.bytes);
        values.push_bind(&file.sha256);
        values.push_bind(file.wav_bytes);
        values.push_bind(&file.wav_sha256);
        values.push_bind(file.at);
        values.push_bind(gone.map(|(_, at)| at.0));
        values.push_bind(gone.map_or("", |(why, _)| why));
        query.push(")");
        query.build().execute(c).await.map(drop)
    })?;
    Ok(())
}
