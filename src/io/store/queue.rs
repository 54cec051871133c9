//! Queues on disk: how long callers waited, and the callbacks that keep their places.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::db::{Tx, on, within};
use super::write::clean;
use super::{Error, Store};
use crate::archive;
use crate::base::{CallId, Timestamp};
use crate::engine::Waited;
use crate::queue::{CallbackFate, Kept};

/// A callback of a queue, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct QueueCallbackRow {
    /// The call that asked for it.
    pub call_id: String,
    /// In which queue.
    pub queue: String,
    /// Whom; masked unless asked for.
    pub phone: String,
    /// The place in line: when the caller came. Milliseconds since 1970.
    pub joined_at: i64,
    /// When it is given up.
    pub until_at: i64,
    /// Calls that came to nothing.
    pub attempts: i64,
    /// Not called before then; null: when its turn comes.
    pub rests_until: Option<i64>,
    /// `reached`, `given_up`, `came_back` or `cancelled`; null: it lives.
    pub fate: Option<String>,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// How fast the calls of a queue, or of an agent, were answered (TKT-45).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AnswerLine {
    /// Name of the queue or agent.
    pub name: String,
    /// Callers who came to the queue; calls that rang at the agent.
    pub offered: i64,
    /// Of these answered.
    pub answered: i64,
    /// Of these within the time allowed.
    pub in_time: i64,
    /// Callers who hung up before; calls that the agent did not take.
    pub missed: i64,
    /// Mean time to the answer, in milliseconds; null: none was answered.
    pub mean_ms: Option<f64>,
    /// Longest time to an answer, in milliseconds.
    pub longest_ms: Option<i64>,
}

/// Keeps a wait; the same once more changes nothing.
pub(super) async fn keep_wait(tx: &mut Tx, waited: &Waited) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO queue_waits (call_id, queue, fate, agent, came_at, waited_ms) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (call_id) DO NOTHING")
        .bind(waited.call.to_string())
        .bind(clean(&waited.queue))
        .bind(waited.fate)
        .bind(clean(&waited.agent))
        .bind(waited.joined.0)
        .bind(i64::try_from(waited.waited_ms).unwrap_or(i64::MAX))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Keeps a callback as it is now; one that has ended stays so.
pub(super) async fn keep_callback(tx: &mut Tx, kept: &Kept) -> Result<(), Error> {
    let caller = super::write::json(&kept.caller)?;
    within!(tx, c => sqlx::query(
        "INSERT INTO queue_callbacks (call_id, queue, phone, caller, joined_at, until_at, attempts, rests_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (call_id) DO UPDATE SET attempts = excluded.attempts, rests_until = excluded.rests_until,
                                             dialling = NULL")
        .bind(kept.caller.call.to_string())
        .bind(clean(&kept.queue))
        .bind(clean(&kept.caller.number))
        .bind(clean(&caller))
        .bind(kept.joined.0)
        .bind(kept.until.0)
        .bind(i64::from(kept.attempts))
        .bind(kept.rests_until.map(|at| at.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends a callback.
pub(super) async fn end_callback(
    tx: &mut Tx,
    call: CallId,
    fate: CallbackFate,
    at: Timestamp,
) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE queue_callbacks SET fate = $2, ended_at = $3 WHERE call_id = $1 AND fate IS NULL")
        .bind(call.to_string())
        .bind(fate.as_str())
        .bind(at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// What is known of somebody who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownCaller {
    /// Row id of the customer; None: nobody has this number, or it is of several packs' customers.
    pub customer: Option<i64>,
    /// Their name.
    pub name: String,
    /// They are marked as VIP, or are a key account (ARC-07).
    pub vip: bool,
    /// Their language; empty where unknown.
    pub language: String,
    /// Extension of the agent who talked with them last.
    pub last_extension: Option<String>,
}

impl Store {
    /// Who calls, by a canonical number.
    pub async fn known_caller(&self, phone: &str) -> Result<KnownCaller, Error> {
        let found: Vec<(i64, String, String, String, i64)> = on!(self.db(), p => sqlx::query_as(
            "SELECT k.id, k.name, k.language, k.fields, k.key_account
             FROM customers k JOIN customer_phones h ON h.customer_id = k.id
             WHERE h.phone = $1 AND h.valid_to IS NULL AND k.merged_into IS NULL ORDER BY k.id LIMIT 20")
            .bind(phone)
            .fetch_all(p)
            .await)?;
        let last: Option<(String,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT l.target FROM calls c JOIN legs l ON l.call_id = c.id
             WHERE c.phone = $1 AND l.kind = 'agent' AND l.result = 'talked'
             ORDER BY c.reserved_at DESC, l.number DESC LIMIT 1")
            .bind(phone)
            .fetch_optional(p)
            .await)?;
        let is_vip = |(_, _, _, fields, key_account): &(i64, String, String, String, i64)| {
            let fields: BTreeMap<String, String> = serde_json::from_str(fields).unwrap_or_default();
            *key_account == 1 || archive::is_vip(&fields)
        };
        let vip = found.iter().any(is_vip);
        let last_extension = last.map(|(extension,)| extension);
        Ok(match found.into_iter().next() {
            Some((id, name, language, ..)) => {
                KnownCaller { customer: Some(id), name, vip, language, last_extension }
            }
            None => KnownCaller { last_extension, ..KnownCaller::default() },
        })
    }

    /// Callbacks that live, those first that came first.
    pub async fn kept_callbacks(&self) -> Result<Vec<Kept>, Error> {
        type Row = (String, String, i64, i64, i64, Option<i64>, Option<String>);
        let rows: Vec<Row> = on!(self.db(), p => sqlx::query_as(
            "SELECT caller, queue, joined_at, until_at, attempts, rests_until, dialling FROM queue_callbacks
             WHERE fate IS NULL ORDER BY joined_at, call_id")
            .fetch_all(p)
            .await)?;
        let kept = |(caller, queue, joined, until, attempts, rests, dialling): Row| {
            let corrupt =
                |e: serde_json::Error| Error::Corrupt { what: "callback of a queue", detail: e.to_string() };
            Ok(Kept {
                caller: serde_json::from_str(&caller).map_err(corrupt)?,
                queue,
                joined: Timestamp(joined),
                until: Timestamp(until),
                attempts: u8::try_from(attempts).unwrap_or(u8::MAX),
                rests_until: rests.map(Timestamp),
                is_dialling: dialling.is_some(),
            })
        };
        rows.into_iter().map(kept).collect()
    }

    /// Callbacks of queues: those that live, and those that ended since `since`.
    pub async fn queue_callbacks(&self, since: Timestamp) -> Result<Vec<QueueCallbackRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT call_id, queue, phone, joined_at, until_at, attempts, rests_until, fate, ended_at
             FROM queue_callbacks WHERE fate IS NULL OR ended_at >= $1 ORDER BY joined_at, call_id LIMIT 1000")
            .bind(since.0)
            .fetch_all(p)
            .await)?)
    }

    /// How fast each queue was answered between two moments; `allowed_ms` is what counts as in
    /// time.
    pub async fn queue_delays(
        &self,
        from: Timestamp,
        until: Timestamp,
        allowed_ms: i64,
    ) -> Result<Vec<AnswerLine>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT queue AS name, COUNT(*) AS offered,
                    CAST(SUM(CASE WHEN fate = 'answered' THEN 1 ELSE 0 END) AS BIGINT) AS answered,
                    CAST(SUM(CASE WHEN fate = 'answered' AND waited_ms <= $3 THEN 1 ELSE 0 END) AS BIGINT) AS in_time,
                    CAST(SUM(CASE WHEN fate = 'abandoned' THEN 1 ELSE 0 END) AS BIGINT) AS missed,
                    CAST(AVG(CASE WHEN fate = 'answered' THEN waited_ms END) AS DOUBLE PRECISION) AS mean_ms,
                    MAX(CASE WHEN fate = 'answered' THEN waited_ms END) AS longest_ms
             FROM queue_waits WHERE came_at >= $1 AND came_at < $2 GROUP BY queue ORDER BY queue")
            .bind(from.0)
            .bind(until.0)
            .bind(allowed_ms)
            .fetch_all(p)
            .await)?)
    }

    /// How fast each agent answered what rang at their phone between two moments. An offer ends
    /// where the agent's next state begins: in the call, or not. One that the caller or another
    /// agent ended is no miss.
    pub async fn agent_delays(
        &self,
        from: Timestamp,
        until: Timestamp,
        allowed_ms: i64,
    ) -> Result<Vec<AnswerLine>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "WITH offers AS (
                 SELECT o.agent, n.state AS after, n.reason AS why, n.began_at - o.began_at AS ms
                 FROM agent_states o JOIN agent_states n
                   ON n.id = (SELECT MIN(x.id) FROM agent_states x WHERE x.agent = o.agent AND x.id > o.id)
                 WHERE o.state = 'offered' AND o.began_at >= $1 AND o.began_at < $2)
             SELECT agent AS name, COUNT(*) AS offered,
                    CAST(SUM(CASE WHEN after = 'on_call' THEN 1 ELSE 0 END) AS BIGINT) AS answered,
                    CAST(SUM(CASE WHEN after = 'on_call' AND ms <= $3 THEN 1 ELSE 0 END) AS BIGINT) AS in_time,
                    CAST(SUM(CASE WHEN after <> 'on_call' AND why <> 'withdrawn' THEN 1 ELSE 0 END) AS BIGINT) AS missed,
                    CAST(AVG(CASE WHEN after = 'on_call' THEN ms END) AS DOUBLE PRECISION) AS mean_ms,
                    MAX(CASE WHEN after = 'on_call' THEN ms END) AS longest_ms
             FROM offers GROUP BY agent ORDER BY agent")
            .bind(from.0)
            .bind(until.0)
            .bind(allowed_ms)
            .fetch_all(p)
            .await)?)
    }
}
