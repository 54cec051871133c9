//! A call that is over: its record, its trace, what becomes of its entry, in one transaction.

use std::path::Path;

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::do_not_call;
use super::WriterSettings;
use super::apply::{clean, direction_word, settle_entry};
use crate::base::{Blame, Disposition, Timestamp};
use crate::call::{CallRecord, EndedBy};
use crate::engine::Report;

/// Stores a report. A call that has its outcome already keeps it: a record is made once.
pub(super) async fn report(
    tx: &mut Tx,
    settings: &WriterSettings,
    report: &Report,
    now: Timestamp,
) -> Result<(), Error> {
    let record = &report.record;
    if !close(tx, settings, report).await?
        && !(open_if_unknown(tx, record).await? && close(tx, settings, report).await?)
    {
        return Ok(());
    }
    if !report.trace.is_empty() {
        let messages = json(&report.trace)?;
        within!(tx, c => sqlx::query(
            "INSERT INTO traces (call_id, messages) VALUES ($1, $2) ON CONFLICT (call_id) DO NOTHING")
            .bind(record.id.to_string())
            .bind(messages)
            .execute(c)
            .await
            .map(drop))?;
    }
    if let Some(update) = &report.entry {
        settle_entry(tx, update, now).await?;
    }
    if let (Some(entry), false) = (record.entry, was_dialled(record)) {
        within!(tx, c => sqlx::query("UPDATE entries SET attempts = attempts - 1 WHERE id = $1 AND attempts > 0")
            .bind(entry.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    if let Some(reason) = &report.do_not_call {
        do_not_call::put(tx, &clean(&record.phone), &clean(reason), Some(record.id), "call", now).await?;
    }
    Ok(())
}

/// False for an attempt that was released before any trunk was tried: it counts nowhere, see
/// [`counts`](super::super::due::counts).
fn was_dialled(record: &CallRecord) -> bool {
    record.trunk.is_some() || record.disposition != Disposition::Cancelled
}

/// A call whose beginning was never stored gets its row with the record; true where it did.
async fn open_if_unknown(tx: &mut Tx, record: &CallRecord) -> Result<bool, Error> {
    let opened = within!(tx, c => sqlx::query(
        "INSERT INTO calls (id, direction, state, campaign_id, entry_id, phone, reserved_at, series)
         VALUES ($1, $2, 'reserved', $3, $4, $5, $6, COALESCE((SELECT series FROM entries WHERE id = $4), 0))
         ON CONFLICT (id) DO NOTHING")
        .bind(record.id.to_string())
        .bind(direction_word(record.direction))
        .bind(record.campaign.map(|id| id.0))
        .bind(record.entry.map(|id| id.0))
        .bind(clean(&record.phone))
        .bind(record.started_at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(opened > 0)
}

/// True where the call was open.
async fn close(tx: &mut Tx, settings: &WriterSettings, report: &Report) -> Result<bool, Error> {
    let record = &report.record;
    let recording = record.recording.as_ref();
    let amd = record.amd.as_ref().map(json).transpose()?;
    let quality = record.quality.as_ref().map(json).transpose()?;
    let closed = within!(tx, c => sqlx::query(
        "UPDATE calls SET state = 'ended', trunk = $2, script = $3, started_at = $4, ringing_at = $5,
                early_media_at = $6, answered_at = $7, ended_at = $8, disposition = $9, sip_status = $10,
                q850 = $11, blame = $12, ended_by = $13, detail = $14, amd = $15, quality = $16,
                recording = $17, recording_ms = $18, sha256 = $19, left_dbfs = $20, right_dbfs = $21,
                missing_frames = $22, alarm = $23
         WHERE id = $1 AND state = 'reserved'")
        .bind(record.id.to_string())
        .bind(record.trunk.as_deref().map(clean))
        .bind(record.script.as_deref().map(clean))
        .bind(was_dialled(record).then_some(record.started_at.0))
        .bind(record.ringing_at.map(|t| t.0))
        .bind(record.early_media_at.map(|t| t.0))
        .bind(record.answered_at.map(|t| t.0))
        .bind(record.ended_at.0)
        .bind(record.disposition.as_str())
        .bind(i64::from(record.cause.sip))
        .bind(i64::from(record.cause.q850))
        .bind(blame_word(record.blame))
        .bind(ended_by_word(record.ended_by))
        .bind(clean(&record.detail))
        .bind(amd)
        .bind(quality)
        .bind(recording.map(|r| relative(&r.path, &settings.recordings)))
        .bind(recording.map(|r| i64::try_from(r.duration.as_millis()).unwrap_or(i64::MAX)))
        .bind(recording.map(|r| r.sha256.as_str()))
        .bind(recording.map(|r| f64::from(r.left_dbfs)))
        .bind(recording.map(|r| f64::from(r.right_dbfs)))
        .bind(recording.map(|r| i64::try_from(r.missing_frames).unwrap_or(i64::MAX)))
        .bind(report.alarm.as_deref().map(clean))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(closed > 0)
}

/// The path below the recordings folder, with `/` on every system; one outside it stays whole.
pub(in crate::io::store) fn relative(path: &Path, folder: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.to_string_lossy().replace('\\', "/")
}

fn blame_word(blame: Blame) -> &'static str {
    match blame {
        Blame::None => "none",
        Blame::Ours => "ours",
        Blame::Peer => "peer",
        Blame::Carrier => "carrier",
        Blame::Unknown => "unknown",
    }
}

fn ended_by_word(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Us => "us",
        EndedBy::Peer => "peer",
        EndedBy::Fault => "fault",
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Refused(format!("cannot be written as JSON: {e}")))
}
