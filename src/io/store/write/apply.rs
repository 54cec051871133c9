//! One write of each kind, as statements of a transaction.

use std::borrow::Cow;

use super::super::audit::{self, AuditLine};
use super::super::db::{Tx, within};
use super::super::{Error, Store};
use super::{WriterSettings, record, reserve};
use crate::base::{CallId, CampaignId, Timestamp};
use crate::call::{Direction, StoredAnswer};
use crate::dialer::{CampaignState, EntryUpdate, Reason};
use crate::engine::{Reserved, Write};

/// Does all writes in one transaction; gives the answers to its reserves, in order, once
/// they are durable.
pub(super) async fn apply(
    store: &Store,
    settings: &WriterSettings,
    writes: &[Write],
) -> Result<Vec<Reserved>, Error> {
    let mut tx = store.db().begin_alone().await?;
    let mut answers = Vec::new();
    for write in writes {
        let now = (settings.clock)();
        match write {
            Write::Reserve(attempts) => answers.push(reserve::reserve(&mut tx, attempts, now).await?),
            Write::Begin { call, direction, phone, at } => {
                begin_call(&mut tx, *call, *direction, phone, *at).await?;
            }
            Write::Answer(answer) => keep_answer(&mut tx, answer).await?,
            Write::Report(report) => record::report(&mut tx, settings, report, now).await?,
            Write::Entries(updates) => {
                for update in updates {
                    update_entry(&mut tx, PASS_OVER, update, now).await?;
                }
            }
            Write::State { campaign, state, by } => change_state(&mut tx, *campaign, *state, by, now).await?,
            Write::Blocked { campaign, reason } => block(&mut tx, *campaign, reason.as_ref()).await?,
        }
    }
    tx.commit().await?;
    Ok(answers)
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

async fn begin_call(
    tx: &mut Tx,
    call: CallId,
    direction: Direction,
    phone: &str,
    at: Timestamp,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO calls (id, direction, state, phone, reserved_at, started_at)
         VALUES ($1, $2, 'reserved', $3, $4, $4) ON CONFLICT (id) DO NOTHING")
        .bind(call.to_string())
        .bind(direction_word(direction))
        .bind(clean(phone))
        .bind(at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

async fn keep_answer(tx: &mut Tx, answer: &StoredAnswer) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO answers (call_id, seq, question, keys, meaning, score, comment, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (call_id, seq) DO UPDATE SET question = excluded.question, keys = excluded.keys,
             meaning = excluded.meaning, score = excluded.score, comment = excluded.comment, at = excluded.at")
        .bind(answer.call.to_string())
        .bind(i64::from(answer.seq))
        .bind(clean(&answer.question))
        .bind(answer.keys.as_deref().map(clean))
        .bind(answer.meaning.as_deref().map(clean))
        .bind(answer.score.map(i64::from))
        .bind(answer.comment.as_deref().map(clean))
        .bind(answer.at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// An entry that was looked at and not called. One that is being dialled, finished or taken
/// out meanwhile keeps what it has.
const PASS_OVER: &str = "UPDATE entries SET state = $2, disposition = COALESCE($3, disposition),
            due_at = COALESCE($4, due_at), reason = $5, detail = $6, changed_at = $7,
            exact_at = COALESCE($8, exact_at), phone = COALESCE($9, phone), numbers = COALESCE($10, numbers)
     WHERE id = $1 AND state = 'pending'";

/// What becomes of an entry after its attempt. One that a person took out during the call
/// stays out, with the result noted. What the customer was promised is kept or is over, as the
/// update says; their numbers may have changed places.
const SETTLE: &str = "UPDATE entries SET disposition = COALESCE($3, disposition), changed_at = $7,
            state  = CASE WHEN state = 'dialling' THEN $2 ELSE state END,
            due_at = CASE WHEN state = 'dialling' THEN COALESCE($4, due_at) ELSE due_at END,
            reason = CASE WHEN state = 'dialling' THEN $5 ELSE reason END,
            detail = CASE WHEN state = 'dialling' THEN $6 ELSE detail END,
            exact_at = CASE WHEN state = 'dialling' THEN $8 ELSE exact_at END,
            phone = CASE WHEN state = 'dialling' THEN COALESCE($9, phone) ELSE phone END,
            numbers = CASE WHEN state = 'dialling' THEN COALESCE($10, numbers) ELSE numbers END
     WHERE id = $1";

/// Settles an entry after its attempt.
pub(in crate::io::store) async fn settle_entry(
    tx: &mut Tx,
    update: &EntryUpdate,
    now: Timestamp,
) -> Result<(), Error> {
    update_entry(tx, SETTLE, update, now).await
}

async fn update_entry(
    tx: &mut Tx,
    sql: &'static str,
    update: &EntryUpdate,
    now: Timestamp,
) -> Result<(), Error> {
    let turn = update.turn.as_ref();
    let numbers = turn.map(|turn| super::record::json(&turn.numbers)).transpose()?;
    within!(tx, c => sqlx::query(sql)
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
