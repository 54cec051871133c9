//! Attempts on disk before their INVITEs leave.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::due::{calls_of, times};
use super::apply::clean;
use super::together::{Halt, shares};
use crate::base::Timestamp;
use crate::dialer::{Attempt, Reason};
use crate::policy::code;

#[derive(sqlx::FromRow)]
struct Facts {
    id: i64,
    state: String,
    due_at: i64,
    do_not_call: i64,
    open_calls: i64,
    recent_calls: Option<String>,
    /// An earlier try of the same write was committed after all, perhaps with the end of the
    /// call in the same transaction.
    known: i64,
}

/// Checks and writes attempts, no two of one entry or number; says of each why it is refused,
/// and leaves that reason on its entry.
pub(super) async fn reserve(
    tx: &mut Tx,
    attempts: &[&Attempt],
    now: Timestamp,
) -> Result<Vec<Option<Reason>>, Halt> {
    let mut refusals = Vec::with_capacity(attempts.len());
    for share in shares(attempts) {
        let facts = facts(tx, share).await?;
        let mut good = Vec::with_capacity(share.len());
        for attempt in share {
            let refusal = match facts.get(&attempt.entry.0) {
                Some(facts) if facts.known > 0 => None,
                Some(facts) => {
                    let objection = objection(facts, attempt);
                    match &objection {
                        Some(reason) => note(tx, attempt, reason, now).await?,
                        None => good.push(*attempt),
                    }
                    objection
                }
                None => Some(Reason::new(code::NOT_PENDING, format!("there is no entry {}", attempt.entry))),
            };
            refusals.push(refusal);
        }
        for good in shares(&good) {
            if take_entries(tx, good, now).await? < good.len() as u64 {
                if attempts.len() > 1 {
                    return Err(Halt::Apart);
                }
                return Ok(vec![Some(Reason::new(code::NOT_PENDING, "taken at this very moment"))]);
            }
            insert(tx, good).await?;
        }
    }
    Ok(refusals)
}

/// Entries become `dialling`; how many of them were pending.
async fn take_entries(tx: &mut Tx, attempts: &[&Attempt], now: Timestamp) -> Result<u64, Error> {
    Ok(within!(tx, c => {
        let mut query = QueryBuilder::new(
            "UPDATE entries SET state = 'dialling', attempts = attempts + 1, last_call = v.column2,
                    changed_at = v.column3, reason = 'due', detail = v.column4
             FROM (");
        query.push_values(attempts, |mut values, attempt| {
            values.push_bind(attempt.entry.0).push_bind(attempt.call.to_string()).push_bind(now.0).push_bind(clean(&attempt.detail));
        });
        query.push(") AS v WHERE entries.id = v.column1 AND entries.state = 'pending'");
        query.build().execute(c).await.map(|done| done.rows_affected())
    })?)
}

async fn insert(tx: &mut Tx, attempts: &[&Attempt]) -> Result<(), Error> {
    within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO calls (id, direction, state, campaign_id, entry_id, phone, reserved_at, series)
             SELECT v.column1, 'outbound', 'reserved', v.column2, e.id, v.column4, v.column5, e.series
             FROM (");
        query.push_values(attempts, |mut values, attempt| {
            values
                .push_bind(attempt.call.to_string())
                .push_bind(attempt.campaign.0)
                .push_bind(attempt.entry.0)
                .push_bind(attempt.phone.to_string())
                .push_bind(attempt.reserved_at.0);
        });
        query.push(") AS v JOIN entries e ON e.id = v.column3");
        query.build().execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Since when calls to the number count for a cap.
fn caps_since(attempt: &Attempt) -> Timestamp {
    attempt.caps.iter().map(|cap| cap.since).min().unwrap_or(Timestamp(i64::MAX))
}

/// What is known of the entries of attempts, by entry.
async fn facts(tx: &mut Tx, attempts: &[&Attempt]) -> Result<BTreeMap<i64, Facts>, Error> {
    let found: Vec<Facts> = within!(tx, c => {
        let mut query = QueryBuilder::new(concat!(
            "SELECT e.id, e.state, e.due_at,
                    (SELECT COUNT(*) FROM do_not_call d WHERE d.phone = v.column2) AS do_not_call,
                    (SELECT COUNT(*) FROM calls o WHERE o.phone = v.column2 AND o.state = 'reserved') AS open_calls,",
            // One look at the calls of the number serves all caps.
            calls_of!("v.column2", "v.column3"), " AS recent_calls,
                    (SELECT COUNT(*) FROM calls k WHERE k.id = v.column4) AS known
             FROM ("
        ));
        query.push_values(attempts, |mut values, attempt| {
            values
                .push_bind(attempt.entry.0)
                .push_bind(attempt.phone.to_string())
                .push_bind(caps_since(attempt).0)
                .push_bind(attempt.call.to_string());
        });
        query.push(") AS v JOIN entries e ON e.id = v.column1");
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(found.into_iter().map(|facts| (facts.id, facts)).collect())
}

/// What speaks against the attempt, strongest first.
fn objection(facts: &Facts, attempt: &Attempt) -> Option<Reason> {
    if facts.state != "pending" {
        return Some(Reason::new(code::NOT_PENDING, format!("the entry is {}", facts.state)));
    }
    if facts.do_not_call > 0 {
        return Some(Reason::new(code::DO_NOT_CALL, "the number is on the do-not-call list"));
    }
    if facts.due_at > attempt.reserved_at.0 {
        return Some(Reason::new(code::NOT_YET, format!("due at {}", Timestamp(facts.due_at))));
    }
    if facts.open_calls > 0 {
        return Some(Reason::new(code::NUMBER_IN_CALL, "a call with this number is up"));
    }
    let calls = times(facts.recent_calls.as_deref());
    attempt.caps.iter().find_map(|cap| cap.objection(&calls))
}

/// Puts the reason on the entry. The do-not-call list takes it out; all else leaves it
/// pending, for the dialler to give it another time.
async fn note(tx: &mut Tx, attempt: &Attempt, reason: &Reason, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE entries SET reason = $2, detail = $3, changed_at = $4,
                state = CASE WHEN $2 = 'do_not_call' THEN 'stopped' ELSE state END
         WHERE id = $1 AND state = 'pending'")
        .bind(attempt.entry.0)
        .bind(clean(&reason.code))
        .bind(clean(&reason.detail))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
