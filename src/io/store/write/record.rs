//! Calls that are over: record, trace, what becomes of the entry, in one transaction.

use std::path::Path;

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::super::do_not_call;
use super::WriterSettings;
use super::apply::{clean, direction_word, settle_entries};
use super::together::{Halt, shares};
use crate::base::{Blame, Disposition, EntryId, Timestamp};
use crate::call::{CallRecord, EndedBy};
use crate::dialer::EntryUpdate;
use crate::engine::Report;

/// Stores reports; each call and each entry stands there once. A call that has its outcome
/// already keeps it: a record is made once.
pub(super) async fn reports(
    tx: &mut Tx,
    settings: &WriterSettings,
    reports: &[&Report],
    now: Timestamp,
) -> Result<(), Halt> {
    for share in shares(reports) {
        let closed = close(tx, settings, share).await?;
        if closed == share.len() as u64 {
            continue;
        }
        let [alone] = reports else { return Err(Halt::Apart) };
        if !open_if_unknown(tx, &alone.record).await? || close(tx, settings, share).await? == 0 {
            return Ok(());
        }
    }
    keep_traces(tx, reports).await?;
    super::legs::keep(tx, reports).await?;
    let updates: Vec<&EntryUpdate> = reports.iter().filter_map(|report| report.entry.as_ref()).collect();
    settle_entries(tx, &updates, now).await?;
    for report in reports {
        let record = &report.record;
        if let (Some(entry), false) = (record.entry, was_dialled(record)) {
            give_back(tx, entry).await?;
        }
        if let Some(reason) = &report.do_not_call {
            do_not_call::put(tx, &clean(&record.phone), &clean(reason), Some(record.id), "call", now).await?;
        }
    }
    Ok(())
}

async fn keep_traces(tx: &mut Tx, reports: &[&Report]) -> Result<(), Error> {
    let mut traces = Vec::with_capacity(reports.len());
    for report in reports.iter().filter(|report| !report.trace.is_empty()) {
        traces.push((report.record.id, json(&report.trace)?));
    }
    for share in shares(&traces) {
        within!(tx, c => {
            let mut query = QueryBuilder::new("INSERT INTO traces (call_id, messages) ");
            query.push_values(share, |mut values, (call, messages)| {
                values.push_bind(call.to_string()).push_bind(messages.as_str());
            });
            query.push(" ON CONFLICT (call_id) DO NOTHING");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// An attempt that was not dialled does not count.
async fn give_back(tx: &mut Tx, entry: EntryId) -> Result<(), Error> {
    within!(tx, c => sqlx::query("UPDATE entries SET attempts = attempts - 1 WHERE id = $1 AND attempts > 0")
        .bind(entry.0)
        .execute(c)
        .await
        .map(drop))?;
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

/// Ends calls; how many of them were open.
async fn close(tx: &mut Tx, settings: &WriterSettings, reports: &[&Report]) -> Result<u64, Error> {
    let mut details = Vec::with_capacity(reports.len());
    for Report { record, .. } in reports {
        let amd = record.amd.as_ref().map(json).transpose()?;
        let steps = (!record.steps.is_empty()).then(|| json(&record.steps)).transpose()?;
        details.push((amd, record.quality.as_ref().map(json).transpose()?, steps));
    }
    let rows = reports.iter().zip(details);
    Ok(within!(tx, c => {
        let mut query = QueryBuilder::new(
            "UPDATE calls SET state = 'ended', trunk = v.column2, script = v.column3, started_at = v.column4,
                    ringing_at = v.column5, early_media_at = v.column6, answered_at = v.column7,
                    ended_at = v.column8, disposition = v.column9, sip_status = v.column10, q850 = v.column11,
                    blame = v.column12, ended_by = v.column13, detail = v.column14, amd = v.column15,
                    quality = v.column16, recording = v.column17, recording_ms = v.column18,
                    sha256 = v.column19, left_dbfs = v.column20, right_dbfs = v.column21,
                    missing_frames = v.column22, alarm = v.column23, steps = v.column24,
                    announced_at = v.column25, consent = v.column26, consent_at = v.column27
             FROM (");
        query.push_values(rows, |mut values, (Report { record, alarm, .. }, (amd, quality, steps))| {
            let recording = record.recording.as_ref();
            values
                .push_bind(record.id.to_string())
                .push_bind(record.trunk.as_deref().map(clean))
                .push_bind(record.script.as_deref().map(clean))
                .push_bind(was_dialled(record).then_some(record.started_at.0))
                .push_bind(record.ringing_at.map(|t| t.0))
                .push_bind(record.early_media_at.map(|t| t.0))
                .push_bind(record.answered_at.map(|t| t.0))
                .push_bind(record.ended_at.0)
                .push_bind(record.disposition.as_str())
                .push_bind(i64::from(record.cause.sip))
                .push_bind(i64::from(record.cause.q850))
                .push_bind(blame_word(record.blame))
                .push_bind(ended_by_word(record.ended_by))
                .push_bind(clean(&record.detail))
                .push_bind(amd)
                .push_bind(quality)
                .push_bind(recording.map(|r| relative(&r.path, &settings.recordings)))
                .push_bind(recording.map(|r| i64::try_from(r.duration.as_millis()).unwrap_or(i64::MAX)))
                .push_bind(recording.map(|r| r.sha256.as_str()))
                .push_bind(recording.map(|r| f64::from(r.left_dbfs)))
                .push_bind(recording.map(|r| f64::from(r.right_dbfs)))
                .push_bind(recording.map(|r| i64::try_from(r.missing_frames).unwrap_or(i64::MAX)))
                .push_bind(alarm.as_deref().map(clean))
                .push_bind(steps)
                .push_bind(record.notice.announced_at.map(|t| t.0))
                .push_bind(record.notice.consent.map(|(consent, _)| consent.as_str()))
                .push_bind(record.notice.consent.map(|(_, at)| at.0));
        });
        query.push(") AS v WHERE calls.id = v.column1 AND calls.state = 'reserved'");
        query.build().execute(c).await.map(|done| done.rows_affected())
    })?)
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

pub(super) fn ended_by_word(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Us => "us",
        EndedBy::Peer => "peer",
        EndedBy::Fault => "fault",
    }
}

pub(in crate::io::store) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Refused(format!("cannot be written as JSON: {e}")))
}
