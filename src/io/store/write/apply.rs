//! The writes of one transaction: those that go together, and those that stand alone.

use std::borrow::Cow;

use sqlx::QueryBuilder;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, within};
use super::super::{Error, Store};
use super::WriterSettings;
use super::together::{Halt, Together, shares};
use crate::base::{CampaignId, Timestamp};
use crate::call::Direction;
use crate::dialer::{CampaignState, EntryUpdate, Reason};
use crate::engine::{Reserved, Write};

/// Does all writes in one transaction; gives the answers to its reserves, in order, once
/// they are durable.
pub(super) async fn apply(
    store: &Store,
    settings: &WriterSettings,
    writes: &[Write],
) -> Result<Vec<Reserved>, Error> {
    let mut done = apply_with(store, settings, writes, Together::new(false)).await;
    if matches!(done, Err(Halt::Apart)) {
        done = apply_with(store, settings, writes, Together::new(true)).await;
    }
    done.map_err(|halt| match halt {
        Halt::Failed(error) => error,
        Halt::Apart => Error::Refused("a write that stands alone cannot be taken apart".into()),
    })
}

async fn apply_with<'a>(
    store: &Store,
    settings: &WriterSettings,
    writes: &'a [Write],
    mut together: Together<'a>,
) -> Result<Vec<Reserved>, Halt> {
    // Rolled back where it is not committed.
    let mut tx = store.db().begin_alone().await?;
    for write in writes {
        if !together.take(&mut tx, settings, write).await? {
            together.flush(&mut tx, settings).await?;
            apply_alone(&mut tx, write, (settings.clock)()).await?;
        }
    }
    together.flush(&mut tx, settings).await?;
    tx.commit().await?;
    Ok(together.into_reserved())
}

/// Writes that are rare enough to go by themselves.
async fn apply_alone(tx: &mut Tx, write: &Write, now: Timestamp) -> Result<(), Error> {
    match write {
        Write::Entries(updates) => {
            for update in updates {
                update_entry(tx, update, now).await?;
            }
        }
        Write::State { campaign, state, by } => change_state(tx, *campaign, *state, by, now).await?,
        Write::Blocked { campaign, reason } => block(tx, *campaign, reason.as_ref()).await?,
        Write::AgentState(change) => super::super::agent::keep(tx, change).await?,
        Write::LegTrace { call, number, trace } => super::legs::keep_trace(tx, *call, *number, trace).await?,
        Write::KeepCallback(kept) => super::super::queue::keep_callback(tx, kept).await?,
        Write::EndCallback { call, fate, at } => {
            super::super::queue::end_callback(tx, *call, *fate, *at).await?
        }
        Write::Waited(waited) => super::super::queue::keep_wait(tx, waited).await?,
        Write::Canary(run) => super::super::canary::keep(tx, run).await?,
        Write::ReserveLone(_)
        | Write::Reserve(_)
        | Write::Begin { .. }
        | Write::Answer(_)
        | Write::Report(_) => {}
    }
    Ok(())
}

/// Text as PostgreSQL can hold it: a NUL, which any peer can put into a message, is no
/// character there.
pub(in crate::io::store) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}

/// The word of a direction in the database.
pub(super) fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "outbound",
        Direction::Inbound => "inbound",
    }
}

/// An entry that was looked at and not called. One that is being dialled, finished or taken
/// out meanwhile keeps what it has.
const PASS_OVER: &str = "UPDATE entries SET state = $2, disposition = COALESCE($3, disposition),
            due_at = COALESCE($4, due_at), reason = $5, detail = $6, changed_at = $7,
            exact_at = COALESCE($8, exact_at), phone = COALESCE($9, phone), numbers = COALESCE($10, numbers)
     WHERE id = $1 AND state = 'pending'";

async fn update_entry(tx: &mut Tx, update: &EntryUpdate, now: Timestamp) -> Result<(), Error> {
    let turn = update.turn.as_ref();
    let numbers = turn.map(|turn| super::record::json(&turn.numbers)).transpose()?;
    within!(tx, c => sqlx::query(PASS_OVER)
        .bind(update.entry.0)
        .bind(update.state.as_str())
        .bind(update.disposition.map(|d| d.as_str()))
        .bind(update.due_at.map(|t| t.0))
        .bind(clean(&update.reason.code))
        .bind(clean(&update.reason.detail))
        .bind(now.0)
        .bind(update.exact_at.map(|t| t.0))
        .bind(turn.map(|turn| turn.phone.as_str()))
        .bind(numbers)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Settles entries after their attempts; each entry stands there once. One that a person took
/// out during the call stays out, with the result noted. What the customer was promised is kept
/// or is over, as the update says; their numbers may have changed places.
pub(in crate::io::store) async fn settle_entries(
    tx: &mut Tx,
    updates: &[&EntryUpdate],
    now: Timestamp,
) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(updates.len());
    for update in updates {
        let turn = update.turn.as_ref();
        rows.push((update, turn, turn.map(|turn| super::record::json(&turn.numbers)).transpose()?));
    }
    for share in shares(&rows) {
        within!(tx, c => {
            let mut query = QueryBuilder::new(
                "UPDATE entries SET disposition = COALESCE(v.column3, disposition), changed_at = v.column7,
                        state  = CASE WHEN state = 'dialling' THEN v.column2 ELSE state END,
                        due_at = CASE WHEN state = 'dialling' THEN COALESCE(v.column4, due_at) ELSE due_at END,
                        reason = CASE WHEN state = 'dialling' THEN v.column5 ELSE reason END,
                        detail = CASE WHEN state = 'dialling' THEN v.column6 ELSE detail END,
                        exact_at = CASE WHEN state = 'dialling' THEN v.column8 ELSE exact_at END,
                        phone = CASE WHEN state = 'dialling' THEN COALESCE(v.column9, phone) ELSE phone END,
                        numbers = CASE WHEN state = 'dialling' THEN COALESCE(v.column10, numbers) ELSE numbers END
                 FROM (");
            query.push_values(share, |mut values, (update, turn, numbers)| {
                values
                    .push_bind(update.entry.0)
                    .push_bind(update.state.as_str())
                    .push_bind(update.disposition.map(|d| d.as_str()))
                    .push_bind(update.due_at.map(|t| t.0))
                    .push_bind(clean(&update.reason.code))
                    .push_bind(clean(&update.reason.detail))
                    .push_bind(now.0)
                    .push_bind(update.exact_at.map(|t| t.0))
                    .push_bind(turn.map(|turn| turn.phone.as_str()))
                    .push_bind(numbers.as_deref());
            });
            query.push(") AS v WHERE entries.id = v.column1");
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

async fn change_state(
    tx: &mut Tx,
    campaign: CampaignId,
    state: CampaignState,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let changed = within!(tx, c => sqlx::query(
        "UPDATE campaigns SET state = $2, changed_at = $3 WHERE id = $1 AND state <> $2")
        .bind(campaign.0)
        .bind(state.as_str())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    // Done twice, it is told once.
    if changed > 0 {
        let subject = format!("campaign:{campaign}");
        let actor = clean(by);
        let (action, detail) = ("campaign.state", state.as_str());
        audit::append(tx, &AuditLine { at: now, actor: &actor, action, subject: &subject, detail }).await?;
    }
    Ok(())
}

async fn block(tx: &mut Tx, campaign: CampaignId, reason: Option<&Reason>) -> Result<(), Error> {
    within!(tx, c => sqlx::query("UPDATE campaigns SET blocked = $2, blocked_detail = $3 WHERE id = $1")
        .bind(campaign.0)
        .bind(clean(reason.map_or("", |r| &r.code)))
        .bind(clean(reason.map_or("", |r| &r.detail)))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
