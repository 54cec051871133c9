//! Writes that the database refuses for what they are: kept for a person, out of the way.

use super::super::db::{Tx, within};
use super::super::{Error, Store};
use super::apply::clean;
use crate::base::{CallId, Timestamp};
use crate::dialer::Reason;
use crate::engine::{Report, Write};
use crate::policy::code;

/// Most characters of the body that are kept: a report with its whole trace fits.
const BODY_LIMIT: usize = 65_536;

/// The word for a kind of write.
pub(super) fn kind(write: &Write) -> &'static str {
    match write {
        Write::Reserve(_) => "reserve",
        Write::ReserveLone(_) => "reserve_lone",
        Write::KeepCallback(_) => "keep_callback",
        Write::EndCallback { .. } => "end_callback",
        Write::Waited(_) => "waited",
        Write::Canary(_) => "canary",
        Write::Begin { .. } => "begin",
        Write::Answer(_) => "answer",
        Write::Report(_) => "report",
        Write::Entries(_) => "entries",
        Write::State { .. } => "state",
        Write::Blocked { .. } => "blocked",
        Write::AgentState(_) => "agent_state",
        Write::LegTrace { .. } => "leg_trace",
    }
}

/// The refusal of a reservation that was set aside.
pub(super) fn refusal(reason: &str) -> Reason {
    Reason::new(code::STORE, format!("the database refused the attempt: {reason}"))
}

/// Stores the write as text with its reason. What must not stay open is closed in the same
/// transaction, unless `bare`: then only the letter is stored.
pub(super) async fn keep(
    store: &Store,
    write: &Write,
    reason: &str,
    at: Timestamp,
    bare: bool,
) -> Result<(), Error> {
    let body: String = format!("{write:?}").chars().take(BODY_LIMIT).collect();
    let mut tx = store.db().begin_alone().await?;
    within!(&mut tx, c => sqlx::query(
        "INSERT INTO dead_letters (at, kind, call_id, reason, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(at.0)
        .bind(kind(write))
        .bind(call_of(write).map(|id| id.to_string()))
        .bind(clean(reason))
        .bind(clean(&body))
        .execute(c)
        .await
        .map(drop))?;
    if let (Write::Report(report), false) = (write, bare) {
        close_bare(&mut tx, report, at).await?;
    }
    tx.commit().await
}

fn call_of(write: &Write) -> Option<CallId> {
    match write {
        Write::Report(report) => Some(report.record.id),
        Write::Answer(answer) => Some(answer.call),
        Write::Begin { call, .. } | Write::EndCallback { call, .. } | Write::LegTrace { call, .. } => {
            Some(*call)
        }
        Write::ReserveLone(attempt) => Some(attempt.call),
        Write::KeepCallback(kept) => Some(kept.caller.call),
        Write::Waited(waited) => Some(waited.call),
        Write::Canary(run) => Some(run.caller),
        _ => None,
    }
}

/// The call gets an outcome and its entry leaves `dialling`; it is not called again before
/// a person has looked, because the customer may have been reached.
async fn close_bare(tx: &mut Tx, report: &Report, at: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE calls SET state = 'ended', ended_at = $2, disposition = 'failed', blame = 'ours',
                ended_by = 'fault', detail = 'the report could not be stored and was set aside',
                alarm = 'report_set_aside'
         WHERE id = $1 AND state = 'reserved'")
        .bind(report.record.id.to_string())
        .bind(report.record.ended_at.0)
        .execute(c)
        .await
        .map(drop))?;
    let Some(entry) = report.record.entry else { return Ok(()) };
    within!(tx, c => sqlx::query(
        "UPDATE entries SET state = 'failed', disposition = 'failed', reason = 'store', changed_at = $2,
                detail = 'the report of the call could not be stored: see dead_letters'
         WHERE id = $1 AND state = 'dialling'")
        .bind(entry.0)
        .bind(at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
