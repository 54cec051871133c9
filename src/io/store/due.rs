//! What the dialler may call next.

use std::collections::{BTreeMap, BTreeSet};

use super::db::on;
use super::{Error, Store};
use crate::base::{CallbackId, Disposition, EntryId, ListId, PhoneError, Timestamp};
use crate::dialer::{Candidate, Fetched, NewEntry, Terms};
use crate::policy::CALLS_MATTER_MS;

/// Whether an ended or open call counts, as a condition on a row of `calls`: all do but an
/// attempt that was released before any trunk was tried ([`Action::Release`] reports it
/// `cancelled` without a trunk, and its start is stored as NULL). It counts nowhere: not in
/// the ledger of its entry or its number, not in the caps, not in a campaign's tally
/// (see the trigger of migration 3), and its entry gets the attempt back
/// (`write/record.rs: was_dialled`).
///
/// [`Action::Release`]: crate::dialer::Action::Release
macro_rules! counts {
    ($call:literal) => {
        concat!(
            "(",
            $call,
            ".started_at IS NOT NULL OR ",
            $call,
            ".disposition IS NULL OR ",
            $call,
            ".disposition <> 'cancelled')"
        )
    };
}
pub(super) use counts;

/// The attempts of entry `e` in its present series, by how they ended: `busy=2,no_answer=1`.
macro_rules! ledger {
    () => {
        concat!(
            "(SELECT string_agg(k.disposition || '=' || k.n, ',') FROM
                (SELECT o.disposition, COUNT(*) AS n FROM calls o
                 WHERE o.entry_id = e.id AND o.series = e.series AND o.disposition IS NOT NULL AND ",
            $crate::io::store::due::counts!("o"),
            " GROUP BY o.disposition) k)"
        )
    };
}
pub(super) use ledger;

/// When a number was called of late, newest first, as `1772413200000,1772413100000`: what
/// caps count (over all campaigns, and calls of agents with them). `$since` and later.
macro_rules! calls_of {
    ($phone:literal, $since:literal) => {
        concat!(
            "(SELECT string_agg(CAST(t.at AS TEXT), ',') FROM
                (SELECT r.reserved_at AS at FROM calls r
                 WHERE r.phone = ",
            $phone,
            " AND r.reserved_at >= ",
            $since,
            " AND r.direction = 'outbound' AND ",
            $crate::io::store::due::counts!("r"),
            // policy::MAX_CAP: more than the highest cap decide nothing.
            " ORDER BY r.reserved_at DESC LIMIT 1000) t)"
        )
    };
}
pub(super) use calls_of;

/// Most candidates in one fetch, whatever is asked: enough for ten seconds at 300 calls a second.
pub const FETCH_LIMIT: u32 = 3_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    list_id: i64,
    external_id: String,
    phone: String,
    extension: String,
    name: String,
    language: String,
    priority: i64,
    fields: String,
    due_at: i64,
    attempts: i64,
    attempts_by: Option<String>,
    recent_calls: Option<String>,
    do_not_call: i64,
    callback_id: Option<i64>,
    script: String,
    caller_name: String,
    deadline_at: Option<i64>,
    preferred_hours: String,
    quiet_hours: String,
    exact_at: Option<i64>,
    numbers: String,
}

/// Entries of list $1 that are pending and due at $2, at most $4, with the calls to their
/// numbers since $3; a condition and the order follow.
macro_rules! due_sql {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.list_id, e.external_id, e.phone, e.extension, e.name, e.language, e.priority,
                    e.fields, e.due_at, e.attempts, ",
            ledger!(),
            " AS attempts_by, ",
            calls_of!("e.phone", "$3"),
            " AS recent_calls,
                    (SELECT COUNT(*) FROM do_not_call d WHERE d.phone = e.phone) AS do_not_call,
                    e.callback_id, e.script, e.caller_name, e.deadline_at, e.preferred_hours, e.quiet_hours,
                    e.exact_at, e.numbers
             FROM entries e
             WHERE e.list_id = $1 AND e.state = 'pending' AND e.due_at <= $2 ",
            $rest,
            " LIMIT $4"
        )
    };
}

impl Store {
    /// Entries of a list that are pending and due at `now`: promised calls, then by priority,
    /// due time and id, each with the ledger of its number; how many others are unfinished;
    /// when the next of them is due, and when the next customer is promised a call.
    pub async fn due(&self, list: ListId, now: Timestamp, limit: u32) -> Result<Fetched, Error> {
        let limit = limit.min(FETCH_LIMIT);
        let mut rows = self
            .rows(list, now, limit, due_sql!("AND e.exact_at IS NOT NULL ORDER BY e.due_at, e.id"))
            .await?;
        let promised: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
        let routine =
            self.rows(list, now, limit, due_sql!("ORDER BY e.priority DESC, e.due_at, e.id")).await?;
        rows.extend(routine.into_iter().filter(|row| !promised.contains(&row.id)));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let found = rows.len();
        let mut candidates = Vec::with_capacity(found);
        for row in rows {
            match candidate(row) {
                Ok(candidate) => candidates.push(candidate),
                // One row that something else wrote must not keep the others from being called.
                Err(error) => tracing::error!(%error, "an entry is passed over"),
            }
        }
        let (unfinished,): (i64,) = on!(&self.db, p => sqlx::query_as(
            "SELECT COUNT(*) FROM entries WHERE list_id = $1 AND state IN ('pending', 'dialling')")
            .bind(list.0)
            .fetch_one(p)
            .await)?;
        let unfinished = u64::try_from(unfinished).unwrap_or(0).saturating_sub(candidates.len() as u64);
        let next_due = self.next_due(list, found).await?;
        let next_exact = self.next_exact(list, now).await?;
        Ok(Fetched { candidates, unfinished, next_due, next_exact })
    }

    async fn rows(
        &self,
        list: ListId,
        now: Timestamp,
        limit: u32,
        sql: &'static str,
    ) -> Result<Vec<Row>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(sql)
            .bind(list.0)
            .bind(now.0)
            .bind(now.0.saturating_sub(CALLS_MATTER_MS))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// The earliest due time of pending entries beyond the `skip` that were found: those were
    /// due, so whichever of the due ones they are, the next in time is the answer.
    async fn next_due(&self, list: ListId, skip: usize) -> Result<Option<Timestamp>, Error> {
        let next: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT due_at FROM entries WHERE list_id = $1 AND state = 'pending'
             ORDER BY due_at LIMIT 1 OFFSET $2")
            .bind(list.0)
            .bind(skip as i64)
            .fetch_optional(p)
            .await)?;
        Ok(next.map(|(due,)| Timestamp(due)))
    }

    /// When the next promised call is due that is not due yet.
    async fn next_exact(&self, list: ListId, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let next: Option<(i64,)> = on!(&self.db, p => sqlx::query_as(
            "SELECT due_at FROM entries
             WHERE list_id = $1 AND state = 'pending' AND exact_at IS NOT NULL AND due_at > $2
             ORDER BY due_at LIMIT 1")
            .bind(list.0)
            .bind(now.0)
            .fetch_optional(p)
            .await)?;
        Ok(next.map(|(due,)| Timestamp(due)))
    }
}

fn candidate(row: Row) -> Result<Candidate, Error> {
    let corrupt = |detail: String| Error::Corrupt { what: "entry", detail: format!("{}: {detail}", row.id) };
    let fields: BTreeMap<String, String> =
        serde_json::from_str(&row.fields).map_err(|e| corrupt(format!("fields: {e}")))?;
    let terms = Terms {
        callback: row.callback_id.map(CallbackId),
        script: row.script,
        caller_name: row.caller_name,
        deadline_at: row.deadline_at.map(Timestamp),
        preferred_hours: row.preferred_hours,
        quiet_hours: row.quiet_hours,
        exact_at: row.exact_at.map(Timestamp),
        numbers: serde_json::from_str(&row.numbers).map_err(|e| corrupt(format!("numbers: {e}")))?,
    };
    Ok(Candidate {
        entry: EntryId(row.id),
        list: ListId(row.list_id),
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        attempts_by: dispositions(row.attempts_by.as_deref().unwrap_or("")).map_err(&corrupt)?,
        recent_calls: times(row.recent_calls.as_deref()),
        do_not_call: row.do_not_call > 0,
        details: NewEntry {
            external_id: row.external_id,
            phone: row.phone.parse().map_err(|e: PhoneError| corrupt(e.to_string()))?,
            extension: row.extension,
            name: row.name,
            language: row.language,
            priority: u8::try_from(row.priority).unwrap_or(5),
            due_at: Some(Timestamp(row.due_at)),
            fields,
            terms,
        },
    })
}

/// Reads what [`calls_of!`] gives.
pub(super) fn times(text: Option<&str>) -> Vec<Timestamp> {
    text.unwrap_or("").split(',').filter_map(|at| at.parse().ok()).map(Timestamp).collect()
}

/// Reads `busy=2,no_answer=1`.
pub(super) fn dispositions(text: &str) -> Result<BTreeMap<Disposition, u32>, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (word, count) = pair.split_once('=').ok_or_else(|| format!("`{pair}` has no count"))?;
            Ok((word.parse()?, count.parse().map_err(|_| format!("`{count}` is not a count"))?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_by_disposition_are_read_from_their_text() {
        let read = dispositions("busy=2,no_answer=1").unwrap();
        assert_eq!(read, BTreeMap::from([(Disposition::Busy, 2), (Disposition::NoAnswer, 1)]));
        assert_eq!(dispositions(""), Ok(BTreeMap::new()));
        assert!(dispositions("busy").is_err());
        assert!(dispositions("bored=1").is_err());
    }
}
