//! Attempts on disk before their INVITEs leave.

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::due::{calls_of, times};
use super::apply::clean;
use crate::base::Timestamp;
use crate::dialer::{Attempt, Reason};
use crate::engine::Reserved;
use crate::policy::code;

#[derive(sqlx::FromRow)]
struct Facts {
    state: String,
    due_at: i64,
    do_not_call: i64,
    open_calls: i64,
    recent_calls: Option<String>,
}

/// Checks and writes each attempt; a refused one leaves its reason on the entry.
pub(super) async fn reserve(tx: &mut Tx, attempts: &[Attempt], now: Timestamp) -> Result<Reserved, Error> {
    let mut answer = Reserved::default();
    for attempt in attempts {
        match reserve_one(tx, attempt, now).await? {
            None => answer.reserved.push(attempt.call),
            Some(reason) => answer.refused.push((attempt.call, reason)),
        }
    }
    Ok(answer)
}

async fn reserve_one(tx: &mut Tx, attempt: &Attempt, now: Timestamp) -> Result<Option<Reason>, Error> {
    if is_reserved(tx, attempt).await? {
        return Ok(None);
    }
    let Some(facts) = facts(tx, attempt).await? else {
        return Ok(Some(Reason::new(code::NOT_PENDING, format!("there is no entry {}", attempt.entry))));
    };
    if let Some(reason) = objection(&facts, attempt) {
        note(tx, attempt, &reason, now).await?;
        return Ok(Some(reason));
    }
    let taken = within!(tx, c => sqlx::query(
        "UPDATE entries SET state = 'dialling', attempts = attempts + 1, last_call = $2, changed_at = $3,
                reason = 'due', detail = $4
         WHERE id = $1 AND state = 'pending'")
        .bind(attempt.entry.0)
        .bind(attempt.call.to_string())
        .bind(now.0)
        .bind(clean(&attempt.detail))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if taken == 0 {
        return Ok(Some(Reason::new(code::NOT_PENDING, "taken at this very moment")));
    }
    within!(tx, c => sqlx::query(
        "INSERT INTO calls (id, direction, state, campaign_id, entry_id, phone, reserved_at, series)
         VALUES ($1, 'outbound', 'reserved', $2, $3, $4, $5, (SELECT series FROM entries WHERE id = $3))")
        .bind(attempt.call.to_string())
        .bind(attempt.campaign.0)
        .bind(attempt.entry.0)
        .bind(attempt.phone.to_string())
        .bind(attempt.reserved_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(None)
}

/// True where an earlier try of the same write was committed after all, perhaps with the end
/// of the call in the same transaction.
async fn is_reserved(tx: &mut Tx, attempt: &Attempt) -> Result<bool, Error> {
    let row: Option<(i64,)> = within!(tx, c =>
        sqlx::query_as("SELECT reserved_at FROM calls WHERE id = $1")
            .bind(attempt.call.to_string())
            .fetch_optional(c)
            .await)?;
    Ok(row.is_some())
}

async fn facts(tx: &mut Tx, attempt: &Attempt) -> Result<Option<Facts>, Error> {
    // One look at the calls of the number serves all caps.
    let since = attempt.caps.iter().map(|cap| cap.since).min().unwrap_or(Timestamp(i64::MAX));
    Ok(within!(tx, c => sqlx::query_as(
        concat!(
            "SELECT e.state, e.due_at,
                    (SELECT COUNT(*) FROM do_not_call d WHERE d.phone = $2) AS do_not_call,
                    (SELECT COUNT(*) FROM calls o WHERE o.phone = $2 AND o.state = 'reserved') AS open_calls, ",
            calls_of!("$2", "$3"), " AS recent_calls
             FROM entries e WHERE e.id = $1"
        ))
        .bind(attempt.entry.0)
        .bind(attempt.phone.to_string())
        .bind(since.0)
        .fetch_optional(c)
        .await)?)
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
