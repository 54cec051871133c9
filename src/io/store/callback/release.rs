//! The day's list given to the dialler: an entry for each callback, in the list of its rule.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Error, Store};
use super::day::{self, Verdict, Word};
use super::json;
use crate::base::{CallbackId, EntryId, ListId, Timestamp};
use crate::dialer::NewEntry;
use crate::policy::code;

/// Callbacks of one transaction.
const CHUNK: usize = 200;

/// A callback on its way to the dialler.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseEntry {
    /// Which callback.
    pub callback: CallbackId,
    /// What the dialler is told.
    pub entry: NewEntry,
    /// When it is to be called, by the plan.
    pub start_at: Timestamp,
    /// The windows that hold for it.
    pub windows: String,
    /// The reason it stands on the list.
    pub code: String,
    /// Its figures, for people.
    pub detail: String,
    /// Callbacks for which the same call does.
    pub joined: Vec<CallbackId>,
}

/// What a release came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// Entries that the dialler did not have.
    pub added: u64,
    /// Entries that it has already, waiting: they carry the newest details.
    pub renewed: u64,
    /// Callbacks that ended, were held or are being called: they are left alone.
    pub left: u64,
}

impl Store {
    /// Gives callbacks of one rule to the dialler, a part at a time: each part is one
    /// transaction with its entries, callbacks and verdicts, so that a stop between two of
    /// them loses nothing and doing it again doubles nothing.
    pub async fn release(
        &self,
        pack: &str,
        day: Date,
        list: ListId,
        entries: &[ReleaseEntry],
        now: Timestamp,
    ) -> Result<Released, Error> {
        let mut released = Released::default();
        for chunk in entries.chunks(CHUNK) {
            let mut tx = self.db.begin().await?;
            let part = Part { pack, day, list, now };
            let done = part.release(&mut tx, chunk).await?;
            tx.commit().await?;
            released.added += done.added;
            released.renewed += done.renewed;
            released.left += done.left;
        }
        Ok(released)
    }

    /// Takes entries out that wait in these lists though their callback is not owed any more,
    /// is held for `day`, or is done by another call. Gives how many.
    pub async fn sweep_entries(&self, lists: &[ListId], day: Date, now: Timestamp) -> Result<u64, Error> {
        if lists.is_empty() {
            return Ok(0);
        }
        let found: Vec<(i64, String, String)> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                "SELECT e.id, CASE WHEN b.state = 'open' THEN 'removed' ELSE b.reason END AS word, b.detail
                 FROM entries e JOIN callbacks b ON b.id = e.callback_id
                 WHERE e.state = 'pending' AND (b.state <> 'open' OR b.held_day = ");
            query.push_bind(day.to_string()).push(") AND e.list_id IN (");
            let mut ids = query.separated(", ");
            lists.iter().for_each(|id| {
                ids.push_bind(id.0);
            });
            query.push(") LIMIT 10000");
            query.build_query_as().persistent(false).fetch_all(p).await
        })?;
        let mut stopped = 0;
        for chunk in found.chunks(CHUNK) {
            let mut tx = self.db.begin().await?;
            for (entry, word, detail) in chunk {
                stopped += within!(&mut tx, c => sqlx::query(
                    "UPDATE entries SET state = 'stopped', reason = $2, detail = $3, changed_at = $4
                     WHERE id = $1 AND state = 'pending'")
                    .bind(entry)
                    .bind(word)
                    .bind(detail)
                    .bind(now.0)
                    .execute(c)
                    .await
                    .map(|done| done.rows_affected()))?;
                within!(&mut tx, c => sqlx::query(
                    "UPDATE callbacks SET entry_id = NULL WHERE entry_id = $1 AND state = 'open'")
                    .bind(entry)
                    .execute(c)
                    .await
                    .map(drop))?;
            }
            tx.commit().await?;
        }
        Ok(stopped)
    }
}

/// One part of a release: its statements are of all its callbacks at once.
struct Part<'a> {
    pack: &'a str,
    day: Date,
    list: ListId,
    now: Timestamp,
}

impl Part<'_> {
    async fn release(&self, tx: &mut Tx, releases: &[ReleaseEntry]) -> Result<Released, Error> {
        let held = self.owed(tx, releases).await?;
        let there = self.there(tx, releases).await?;
        let (mut released, mut entries, mut new) = (Released::default(), Vec::new(), Vec::new());
        for release in releases {
            let Some(held) = held.get(&release.callback.0) else {
                released.left += 1;
                continue;
            };
            // An entry that is final waits to be settled, and must not be called once more; one
            // that the callback had let go of is put back.
            match there.get(&key(release)) {
                None => new.push((release, Values::new(&release.entry, self.now)?)),
                Some((id, state)) if state == "dialling" || (state != "pending" && *held == Some(*id)) => {
                    released.left += 1;
                }
                Some((id, state)) => {
                    Values::new(&release.entry, self.now)?.update(tx, *id, self.now).await?;
                    entries.push((release, EntryId(*id)));
                    match state.as_str() {
                        "pending" => released.renewed += 1,
                        _ => released.added += 1,
                    }
                }
            }
        }
        released.added += new.len() as u64;
        let mut made = self.insert(tx, &new).await?;
        for (release, _) in new {
            entries.extend(made.remove(&key(release)).map(|id| (release, id)));
        }
        self.mark(tx, &entries).await?;
        Ok(released)
    }

    /// Callbacks that are owed and not held for the day, with the entry that they have.
    async fn owed(
        &self,
        tx: &mut Tx,
        releases: &[ReleaseEntry],
    ) -> Result<BTreeMap<i64, Option<i64>>, Error> {
        let rows: Vec<(i64, Option<i64>)> = within!(tx, c => {
            let mut query = QueryBuilder::new(
                "SELECT id, entry_id FROM callbacks WHERE state = 'open' AND (held_day IS NULL OR held_day <> ");
            query.push_bind(self.day.to_string()).push(") AND id IN (");
            let mut ids = query.separated(", ");
            releases.iter().for_each(|release| {
                ids.push_bind(release.callback.0);
            });
            query.push(")");
            query.build_query_as().persistent(releases.len() == CHUNK).fetch_all(c).await
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Entries that the list has of these callbacks, with their state, by key.
    async fn there(
        &self,
        tx: &mut Tx,
        releases: &[ReleaseEntry],
    ) -> Result<BTreeMap<String, (i64, String)>, Error> {
        let rows: Vec<(String, i64, String)> = within!(tx, c => {
            let mut query = QueryBuilder::new("SELECT row_key, id, state FROM entries WHERE list_id = ");
            query.push_bind(self.list.0).push(" AND row_key IN (");
            let mut keys = query.separated(", ");
            releases.iter().for_each(|release| {
                keys.push_bind(key(release));
            });
            query.push(")");
            query.build_query_as().persistent(releases.len() == CHUNK).fetch_all(c).await
        })?;
        Ok(rows.into_iter().map(|(key, id, state)| (key, (id, state))).collect())
    }

    /// New entries; their ids by key.
    async fn insert(
        &self,
        tx: &mut Tx,
        new: &[(&ReleaseEntry, Values<'_>)],
    ) -> Result<BTreeMap<String, EntryId>, Error> {
        if new.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<(String, i64)> = within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields,
                     due_at, state, reason, detail, created_at, changed_at, callback_id, script, caller_name, deadline_at,
                     preferred_hours, quiet_hours, exact_at, numbers) ");
            query.push_values(new, |mut row, (release, values)| {
                let (e, terms) = (values.entry, &values.entry.terms);
                row.push_bind(self.list.0)
                    .push_bind(key(release))
                    .push_bind(clean(&e.external_id))
                    .push_bind(e.phone.as_str())
                    .push_bind(clean(&e.extension))
                    .push_bind(clean(&e.name))
                    .push_bind(clean(&e.language))
                    .push_bind(i64::from(e.priority))
                    .push_bind(values.fields.as_str())
                    .push_bind(values.due_at)
                    .push("'pending'")
                    .push("'due'")
                    .push("''")
                    .push_bind(self.now.0)
                    .push_bind(self.now.0)
                    .push_bind(terms.callback.map(|id| id.0))
                    .push_bind(clean(&terms.script))
                    .push_bind(clean(&terms.caller_name))
                    .push_bind(terms.deadline_at.map(|t| t.0))
                    .push_bind(clean(&terms.preferred_hours))
                    .push_bind(clean(&terms.quiet_hours))
                    .push_bind(terms.exact_at.map(|t| t.0))
                    .push_bind(values.numbers.as_str());
            });
            query.push(" RETURNING row_key, id");
            query.build_query_as().persistent(new.len() == CHUNK).fetch_all(c).await
        })?;
        Ok(rows.into_iter().map(|(key, id)| (key, EntryId(id))).collect())
    }

    /// Each callback, and those for which its call does, knows its entry and the day on whose
    /// list it stands; each has its verdict.
    async fn mark(&self, tx: &mut Tx, entries: &[(&ReleaseEntry, EntryId)]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut verdicts: BTreeMap<i64, Verdict> = BTreeMap::new();
        for (release, entry) in entries {
            let own = verdict(release.callback, release, &release.code, &release.detail);
            verdicts.insert(release.callback.0, own);
            for joined in &release.joined {
                self.join(tx, *joined, release.callback, *entry).await?;
                let detail = format!("one call with callback {}", release.callback);
                let merged = verdict(*joined, release, code::MERGED, &detail);
                verdicts.insert(joined.0, Verdict { word: Word::Not, ..merged });
            }
        }
        within!(&mut *tx, c => {
            // The entry is looked up by its key: a table of values beside the callbacks would be
            // read through once for each of them.
            let mut query = QueryBuilder::new(
                "UPDATE callbacks SET merged_into = NULL, entry_id =
                     (SELECT e.id FROM entries e WHERE e.row_key = 'cb:' || callbacks.id AND e.list_id = ");
            query.push_bind(self.list.0).push("), released_day = ").push_bind(self.day.to_string());
            query.push(", changed_at = ").push_bind(self.now.0).push(" WHERE state = 'open' AND id IN (");
            let mut ids = query.separated(", ");
            entries.iter().for_each(|(release, _)| {
                ids.push_bind(release.callback.0);
            });
            query.push(")");
            query.build().persistent(entries.len() == CHUNK).execute(c).await.map(drop)
        })?;
        let verdicts: Vec<Verdict> = verdicts.into_values().collect();
        day::put(tx, self.pack, self.day, &verdicts, self.now).await
    }
}

impl Part<'_> {
    /// The call of another callback does for this one too.
    async fn join(
        &self,
        tx: &mut Tx,
        callback: CallbackId,
        into: CallbackId,
        entry: EntryId,
    ) -> Result<(), Error> {
        within!(tx, c => sqlx::query(
            "UPDATE callbacks SET entry_id = $2, merged_into = $3, released_day = $4, changed_at = $5
             WHERE id = $1 AND state = 'open'")
            .bind(callback.0)
            .bind(entry.0)
            .bind(into.0)
            .bind(self.day.to_string())
            .bind(self.now.0)
            .execute(c)
            .await
            .map(drop))?;
        Ok(())
    }
}

/// The entry of a callback in the list of its rule.
fn key(release: &ReleaseEntry) -> String {
    format!("cb:{}", release.callback)
}

fn verdict(callback: CallbackId, release: &ReleaseEntry, code: &str, detail: &str) -> Verdict {
    Verdict {
        callback,
        word: Word::Call,
        code: code.into(),
        detail: detail.into(),
        start_at: Some(release.start_at),
        windows: release.windows.clone(),
    }
}

/// An entry as the database holds it.
struct Values<'a> {
    entry: &'a NewEntry,
    fields: String,
    numbers: String,
    due_at: i64,
}

impl<'a> Values<'a> {
    fn new(entry: &'a NewEntry, now: Timestamp) -> Result<Values<'a>, Error> {
        Ok(Values {
            entry,
            fields: json(&entry.fields)?,
            numbers: json(&entry.terms.numbers)?,
            // A promised call is due at its time and no sooner.
            due_at: entry.terms.exact_at.or(entry.due_at).unwrap_or(now).0,
        })
    }

    /// What waits for a retry keeps the dialler's own time and turn among the numbers.
    async fn update(&self, tx: &mut Tx, id: i64, now: Timestamp) -> Result<(), Error> {
        let (e, terms) = (self.entry, &self.entry.terms);
        within!(tx, c => sqlx::query(
            "UPDATE entries SET extension = $3, name = $4, language = $5, priority = $6, fields = $7, script = $10,
                    caller_name = $11, deadline_at = $12, preferred_hours = $13, quiet_hours = $14,
                    phone    = CASE WHEN state = 'pending' AND attempts > 0 THEN phone    ELSE $2  END,
                    numbers  = CASE WHEN state = 'pending' AND attempts > 0 THEN numbers  ELSE $15 END,
                    due_at   = CASE WHEN state = 'pending' AND attempts > 0 THEN due_at   ELSE $8  END,
                    exact_at = CASE WHEN state = 'pending' AND attempts > 0 THEN exact_at ELSE $16 END,
                    reason   = CASE WHEN state = 'pending' THEN reason   ELSE 'due' END,
                    detail   = CASE WHEN state = 'pending' THEN detail   ELSE '' END,
                    state = 'pending', changed_at = $9
             WHERE id = $1 AND state <> 'dialling'")
            .bind(id)
            .bind(e.phone.as_str())
            .bind(clean(&e.extension))
            .bind(clean(&e.name))
            .bind(clean(&e.language))
            .bind(i64::from(e.priority))
            .bind(&self.fields)
            .bind(self.due_at)
            .bind(now.0)
            .bind(clean(&terms.script))
            .bind(clean(&terms.caller_name))
            .bind(terms.deadline_at.map(|t| t.0))
            .bind(clean(&terms.preferred_hours))
            .bind(clean(&terms.quiet_hours))
            .bind(&self.numbers)
            .bind(terms.exact_at.map(|t| t.0))
            .execute(c)
            .await
            .map(drop))?;
        Ok(())
    }
}
