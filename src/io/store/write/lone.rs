//! Attempts of no list on disk before their INVITEs leave.

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::due::{calls_of, times};
use crate::base::{CallId, Timestamp};
use crate::dialer::Reason;
use crate::engine::LoneAttempt;
use crate::policy::code;

/// Checks and writes an attempt; says why it is refused.
pub(super) async fn reserve(tx: &mut Tx, attempt: &LoneAttempt) -> Result<Option<Reason>, Error> {
    let (call, phone) = (attempt.call.to_string(), attempt.phone.to_string());
    let since = attempt.caps.iter().map(|cap| cap.since).min().unwrap_or(Timestamp(i64::MAX));
    let (known, forbidden, open, recent): (i64, i64, i64, Option<String>) = within!(tx, c => sqlx::query_as(concat!(
        "SELECT (SELECT COUNT(*) FROM calls k WHERE k.id = $1),
                (SELECT COUNT(*) FROM do_not_call d WHERE d.phone = $2),
                (SELECT COUNT(*) FROM calls o WHERE o.phone = $2 AND o.state = 'reserved'), ",
        calls_of!("$2", "$3")))
        .bind(&call)
        .bind(&phone)
        .bind(since.0)
        .fetch_one(c)
        .await)?;
    // An earlier try of the same write was committed after all.
    if known > 0 {
        return Ok(None);
    }
    if forbidden > 0 {
        return Ok(Some(Reason::new(code::DO_NOT_CALL, "the number is on the do-not-call list")));
    }
    if open > 0 {
        return Ok(Some(Reason::new(code::NUMBER_IN_CALL, "a call with this number is up")));
    }
    let calls = times(recent.as_deref());
    if let Some(reason) = attempt.caps.iter().find_map(|cap| cap.objection(&calls)) {
        return Ok(Some(reason));
    }
    within!(tx, c => sqlx::query(
        "INSERT INTO calls (id, direction, state, phone, reserved_at, purpose, ticketed)
         VALUES ($1, 'outbound', 'reserved', $2, $3, $4, $5)")
        .bind(&call)
        .bind(&phone)
        .bind(attempt.reserved_at.0)
        .bind(attempt.purpose.as_str())
        .bind(i64::from(attempt.purpose.as_str().is_some()))
        .execute(c)
        .await
        .map(drop))?;
    if let Some(callback) = attempt.callback {
        mark_dialling(tx, callback, &call).await?;
    }
    Ok(None)
}

/// The number of a queue's callback is being called by this call, until the callback is kept anew.
async fn mark_dialling(tx: &mut Tx, callback: CallId, call: &str) -> Result<(), Error> {
    within!(tx, c => sqlx::query("UPDATE queue_callbacks SET dialling = $2 WHERE call_id = $1 AND fate IS NULL")
        .bind(callback.to_string())
        .bind(call)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
