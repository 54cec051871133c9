//! The day's list given to the dialler: an entry for each callback, in the list of its rule.

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

/// What becomes of one entry.
enum Put {
    Added(EntryId),
    Renewed(EntryId),
    Left,
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
            for entry in chunk {
                match release_one(&mut tx, pack, day, list, entry, now).await? {
                    Put::Added(_) => released.added += 1,
                    Put::Renewed(_) => released.renewed += 1,
                    Put::Left => released.left += 1,
                }
            }
            tx.commit().await?;
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

async fn release_one(
    tx: &mut Tx,
    pack: &str,
    day: Date,
    list: ListId,
    release: &ReleaseEntry,
    now: Timestamp,
) -> Result<Put, Error> {
    let found: Option<(Option<String>, Option<i64>)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT held_day, entry_id FROM callbacks WHERE id = $1 AND state = 'open'")
        .bind(release.callback.0)
        .fetch_optional(c)
        .await)?;
    let Some((held, entry)) = found else { return Ok(Put::Left) };
    if held.as_deref() == Some(day.to_string().as_str()) {
        return Ok(Put::Left);
    }
    let put = put_entry(tx, list, release, entry, now).await?;
    let (Put::Added(entry) | Put::Renewed(entry)) = put else { return Ok(put) };
    mark(tx, release.callback, None, entry, day, now).await?;
    let mut verdicts = vec![verdict(release.callback, release, &release.code, &release.detail)];
    for joined in &release.joined {
        mark(tx, *joined, Some(release.callback), entry, day, now).await?;
        let detail = format!("one call with callback {}", release.callback);
        let merged = verdict(*joined, release, code::MERGED, &detail);
        verdicts.push(Verdict { word: Word::Not, ..merged });
    }
    day::put(tx, pack, day, &verdicts, now).await?;
    Ok(put)
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

/// The callback knows its entry and the day on whose list it stands.
async fn mark(
    tx: &mut Tx,
    callback: CallbackId,
    merged_into: Option<CallbackId>,
    entry: EntryId,
    day: Date,
    now: Timestamp,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE callbacks SET entry_id = $2, merged_into = $3, released_day = $4, changed_at = $5
         WHERE id = $1 AND state = 'open'")
        .bind(callback.0)
        .bind(entry.0)
        .bind(merged_into.map(|m| m.0))
        .bind(day.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// An entry for a callback: made where there is none, renewed where it waits, put back where
/// the callback had let go of it. `held` is the entry that the callback has: one that is final
/// waits to be settled, and must not be called once more.
async fn put_entry(
    tx: &mut Tx,
    list: ListId,
    release: &ReleaseEntry,
    held: Option<i64>,
    now: Timestamp,
) -> Result<Put, Error> {
    let key = format!("cb:{}", release.callback);
    let old: Option<(i64, String)> = within!(&mut *tx, c => sqlx::query_as(
        "SELECT id, state FROM entries WHERE list_id = $1 AND row_key = $2")
        .bind(list.0)
        .bind(&key)
        .fetch_optional(c)
        .await)?;
    let values = Values::new(&release.entry, now)?;
    let Some((id, state)) = old else {
        return Ok(Put::Added(values.insert(tx, list, &key, now).await?));
    };
    if state == "dialling" || (state != "pending" && held == Some(id)) {
        return Ok(Put::Left);
    }
    values.update(tx, id, now).await?;
    Ok(if state == "pending" { Put::Renewed(EntryId(id)) } else { Put::Added(EntryId(id)) })
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

    async fn insert(&self, tx: &mut Tx, list: ListId, key: &str, now: Timestamp) -> Result<EntryId, Error> {
        let (e, terms) = (self.entry, &self.entry.terms);
        let (id,): (i64,) = within!(tx, c => sqlx::query_as(
            "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields,
                 due_at, state, reason, detail, created_at, changed_at, callback_id, script, caller_name, deadline_at,
                 preferred_hours, quiet_hours, exact_at, numbers)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', 'due', '', $11, $11, $12, $13, $14, $15, $16,
                     $17, $18, $19) RETURNING id")
            .bind(list.0)
            .bind(key)
            .bind(clean(&e.external_id))
            .bind(e.phone.as_str())
            .bind(clean(&e.extension))
            .bind(clean(&e.name))
            .bind(clean(&e.language))
            .bind(i64::from(e.priority))
            .bind(&self.fields)
            .bind(self.due_at)
            .bind(now.0)
            .bind(terms.callback.map(|id| id.0))
            .bind(clean(&terms.script))
            .bind(clean(&terms.caller_name))
            .bind(terms.deadline_at.map(|t| t.0))
            .bind(clean(&terms.preferred_hours))
            .bind(clean(&terms.quiet_hours))
            .bind(terms.exact_at.map(|t| t.0))
            .bind(&self.numbers)
            .fetch_one(c)
            .await)?;
        Ok(EntryId(id))
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
