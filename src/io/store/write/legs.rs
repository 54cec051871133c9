//! What belongs to calls that somebody of ours was rung for.

use sqlx::QueryBuilder;

use super::super::Error;
use super::super::db::{Tx, within};
use super::apply::clean;
use super::record::ended_by_word;
use super::together::shares;
use crate::base::{CallId, Timestamp};
use crate::call::leg::{LegKind, LegRecord, Pause};
use crate::call::{Bridging, CallRecord};
use crate::engine::Report;
use crate::sip::TraceItem;

/// Keeps the legs, the pauses, the holds and who hung up first; doing it twice changes nothing.
pub(super) async fn keep(tx: &mut Tx, reports: &[&Report]) -> Result<(), Error> {
    let bridged = || reports.iter().map(|report| (report.record.id, &report.record.bridging));
    let legs: Vec<_> =
        bridged().flat_map(|(call, bridging)| bridging.legs.iter().map(move |leg| (call, leg))).collect();
    let pauses: Vec<_> = bridged()
        .flat_map(|(call, bridging)| bridging.pauses.iter().map(move |pause| (call, pause)))
        .collect();
    keep_legs(tx, &legs).await?;
    keep_pauses(tx, &pauses).await?;
    for report in reports.iter().filter(|report| is_special(report)) {
        let Bridging { begun_by, abandoned, .. } = &report.record.bridging;
        within!(tx, c => sqlx::query(
            "UPDATE calls SET begun_by = COALESCE($2, begun_by), abandoned = $3, survey_owed = $4 WHERE id = $1")
            .bind(report.record.id.to_string())
            .bind(begun_by.as_deref().map(clean))
            .bind(i64::from(*abandoned))
            .bind(i64::from(was_with_agent(&report.record)))
            .execute(c)
            .await
            .map(drop))?;
    }
    let holds: Vec<_> =
        bridged().flat_map(|(call, bridging)| bridging.holds.iter().map(move |hold| (call, *hold))).collect();
    keep_holds(tx, &holds).await?;
    for (call, bridging) in bridged() {
        let Some((first, at)) = bridging.hung_up_first else { continue };
        within!(tx, c => sqlx::query(
            "UPDATE calls SET hung_up_first = $2, hung_up_first_at = $3 WHERE id = $1")
            .bind(call.to_string())
            .bind(first.as_str())
            .bind(at.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

/// Whether agents have to do with a call in a way of its own.
fn is_special(report: &Report) -> bool {
    let bridging = &report.record.bridging;
    bridging.begun_by.is_some() || bridging.abandoned || was_with_agent(&report.record)
}

/// Whether the customer talked with an agent: a survey is owed unless they gave one.
fn was_with_agent(record: &CallRecord) -> bool {
    let with = |leg: &LegRecord| leg.kind == LegKind::Agent && leg.answered_at.is_some();
    // A call between two phones of ours has no customer.
    let internal = record.trunk.as_deref() == Some("phones");
    !internal && record.bridging.hung_up_first.is_some() && record.bridging.legs.iter().any(with)
}

/// Keeps the messages of one leg; doing it twice changes nothing.
pub(super) async fn keep_trace(
    tx: &mut Tx,
    call: CallId,
    number: u32,
    trace: &[TraceItem],
) -> Result<(), Error> {
    let messages = super::record::json(&trace)?;
    // A call that was refused before it was written has no row.
    within!(tx, c => sqlx::query(
        "INSERT INTO leg_traces (call_id, number, messages)
         SELECT k.id, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM calls k WHERE k.id = $1 ON CONFLICT (call_id, number) DO NOTHING")
        .bind(call.to_string())
        .bind(i64::from(number))
        .bind(messages)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

async fn keep_legs(tx: &mut Tx, legs: &[(CallId, &LegRecord)]) -> Result<(), Error> {
    for share in shares(legs) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "INSERT INTO legs (call_id, number, kind, target, agent, started_at, ringing_at, answered_at,
                     ended_at, result, ended_by) ");
            query.push_values(share, |mut values, (call, leg)| {
                values
                    .push_bind(call.to_string())
                    .push_bind(i64::from(leg.number))
                    .push_bind(leg.kind.as_str())
                    .push_bind(clean(&leg.target))
                    .push_bind(leg.agent.as_deref().map(clean))
                    .push_bind(leg.started_at.0)
                    .push_bind(leg.ringing_at.map(|t| t.0))
                    .push_bind(leg.answered_at.map(|t| t.0))
                    .push_bind(leg.ended_at.0)
                    .push_bind(leg.result.as_str())
                    .push_bind(ended_by_word(leg.ended_by));
            });
            query.push(" ON CONFLICT (call_id, number) DO NOTHING");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn keep_pauses(tx: &mut Tx, pauses: &[(CallId, &Pause)]) -> Result<(), Error> {
    for share in shares(pauses) {
        within!(tx, c => {
            let mut query = QueryBuilder::new("INSERT INTO recording_pauses (call_id, from_at, to_at, actor) ");
            query.push_values(share, |mut values, (call, pause)| {
                values
                    .push_bind(call.to_string())
                    .push_bind(pause.from.0)
                    .push_bind(pause.to.map(|t| t.0))
                    .push_bind(clean(&pause.by));
            });
            query.push(" ON CONFLICT (call_id, from_at) DO NOTHING");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn keep_holds(tx: &mut Tx, holds: &[(CallId, (Timestamp, Timestamp))]) -> Result<(), Error> {
    for share in shares(holds) {
        within!(tx, c => {
            let mut query = QueryBuilder::new("INSERT INTO call_holds (call_id, from_at, to_at) ");
            query.push_values(share, |mut values, (call, (from, to))| {
                values.push_bind(call.to_string()).push_bind(from.0).push_bind(to.0);
            });
            query.push(" ON CONFLICT (call_id, from_at) DO NOTHING");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
