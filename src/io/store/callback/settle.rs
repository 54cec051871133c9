//! Released callbacks whose entry the dialler is through with: what the entry came to, and
//! what that makes of the callback.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::QueryBuilder;

use super::super::db::{Tx, on, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use super::day::{self, Verdict, Word};
use super::{Row, Stored, callback_columns};
use crate::base::{CallId, CallbackId, CustomerId, Disposition, Timestamp};
use crate::dialer::EntryState;
use crate::policy::pack::Method;
use crate::policy::{CallbackState, Outcome, Reason, code};

/// A callback that waits to be settled, with what its entry came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Settling {
    /// The callback.
    pub stored: Stored,
    /// Where its entry stands: done, failed or stopped.
    pub state: EntryState,
    /// Result of the last attempt.
    pub disposition: Option<Disposition>,
    /// Why the entry stands there.
    pub reason: Reason,
    /// The last call.
    pub call: Option<CallId>,
    /// When the entry came to its end.
    pub at: Timestamp,
    /// Scores of the last call.
    pub scores: Vec<i64>,
    /// What its dissatisfied answers mean, by the script.
    pub complaints: Vec<String>,
}

/// What the answers of one call say.
#[derive(Default)]
struct Said {
    scores: Vec<i64>,
    complaints: Vec<String>,
}

/// What becomes of a callback.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// Which callback.
    pub callback: CallbackId,
    /// Whose.
    pub customer: CustomerId,
    /// Its pack.
    pub pack: String,
    /// The day on whose list it stood.
    pub day: Option<Date>,
    /// Done or excused; open where another channel takes over.
    pub state: CallbackState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// By what channel it was done, or is to be tried now.
    pub method: Method,
    /// Why.
    pub reason: Reason,
    /// The call that ended it.
    pub call: Option<CallId>,
    /// When.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Found {
    #[sqlx(flatten)]
    row: Row,
    entry_state: String,
    disposition: Option<String>,
    entry_reason: String,
    entry_detail: String,
    last_call: Option<String>,
    entry_changed_at: i64,
    call_ended_at: Option<i64>,
}

impl Store {
    /// Callbacks whose entry is final while they are still open, at most `limit`.
    pub async fn settling(&self, limit: u32) -> Result<Vec<Settling>, Error> {
        let rows: Vec<Found> = on!(&self.db, p => sqlx::query_as(
            concat!("SELECT ", callback_columns!(), ", e.state AS entry_state, e.disposition,
                            e.reason AS entry_reason, e.detail AS entry_detail, e.last_call,
                            e.changed_at AS entry_changed_at, k.ended_at AS call_ended_at
                     FROM callbacks b JOIN entries e ON e.id = b.entry_id LEFT JOIN calls k ON k.id = e.last_call
                     WHERE b.state = 'open' AND b.entry_id IS NOT NULL AND b.merged_into IS NULL
                       AND e.state IN ('done', 'failed', 'stopped')
                     ORDER BY b.entry_id LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        let calls: Vec<&str> = rows.iter().filter_map(|r| r.last_call.as_deref()).collect();
        let mut said = self.said(&calls).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            match settling(row, &mut said) {
                Ok(settling) => found.push(settling),
                Err(error) => tracing::error!(%error, "a callback is passed over"),
            }
        }
        Ok(found)
    }

    /// Scores and dissatisfied answers of these calls, in the order of the questions.
    async fn said(&self, calls: &[&str]) -> Result<BTreeMap<String, Said>, Error> {
        let mut said: BTreeMap<String, Said> = BTreeMap::new();
        if calls.is_empty() {
            return Ok(said);
        }
        let rows: Vec<(String, Option<i64>, i64, String)> = on!(&self.db, p => {
            let mut query = QueryBuilder::new(
                "SELECT call_id, score, dissatisfied, COALESCE(meaning, question) FROM answers
                 WHERE (score IS NOT NULL OR dissatisfied = 1) AND call_id IN (");
            let mut ids = query.separated(", ");
            calls.iter().for_each(|id| {
                ids.push_bind(*id);
            });
            query.push(") ORDER BY call_id, seq");
            query.build_query_as().persistent(false).fetch_all(p).await
        })?;
        for (call, score, dissatisfied, meaning) in rows {
            let said = said.entry(call).or_default();
            said.scores.extend(score);
            said.complaints.extend((dissatisfied == 1).then_some(meaning));
        }
        Ok(said)
    }

    /// Ends callbacks, in one transaction with the verdicts of their days; their customers are
    /// to be looked at again at once. One that is not open any more is left as it is. Gives how
    /// many ended.
    pub async fn end_callbacks(&self, endings: &[Ending], now: Timestamp) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let mut ended = 0;
        for ending in endings {
            ended += end(&mut tx, ending, now).await?;
        }
        tx.commit().await?;
        for ending in endings.iter().filter(|_| ended > 0) {
            let change = Change::new(Topic::Callback, ending.callback.0, "end", "");
            self.tell(change.of_pack(&ending.pack).now(ending.state.as_str()));
        }
        Ok(ended)
    }
}

fn settling(found: Found, said: &mut BTreeMap<String, Said>) -> Result<Settling, Error> {
    let stored = Stored::try_from(found.row)?;
    let bad = |detail: String| Error::Corrupt { what: "entry of a callback", detail };
    let id = found.last_call.as_ref();
    let Said { scores, complaints } = id.and_then(|id| said.remove(id)).unwrap_or_default();
    // A call ends before it is written down; what a person stopped ends when they did.
    let by_call = found.disposition.is_some() && found.entry_reason != code::REMOVED;
    let at = found.call_ended_at.filter(|_| by_call).unwrap_or(found.entry_changed_at);
    Ok(Settling {
        state: EntryState::parse(&found.entry_state)
            .ok_or_else(|| bad(format!("unknown state `{}`", found.entry_state)))?,
        disposition: found.disposition.map(|d| d.parse()).transpose().map_err(bad)?,
        reason: Reason::new(&found.entry_reason, found.entry_detail),
        call: id
            .map(|id| id.parse())
            .transpose()
            .map_err(|e: crate::base::ParseIdError| bad(e.to_string()))?,
        at: Timestamp(at),
        scores,
        complaints,
        stored,
    })
}

/// Ends one callback in a transaction; gives 1 where it was open.
pub(super) async fn end(tx: &mut Tx, ending: &Ending, now: Timestamp) -> Result<u64, Error> {
    let closed = ending.state != CallbackState::Open;
    let changed = within!(tx, c => sqlx::query(
        "UPDATE callbacks SET state = $2, outcome = $3, method = $4, reason = $5, detail = $6, closed_at = $7,
                call_id = COALESCE($8, call_id), changed_at = $9,
                entry_id = CASE WHEN $2 = 'open' THEN NULL ELSE entry_id END,
                merged_into = CASE WHEN $2 = 'open' THEN NULL ELSE merged_into END,
                breached_at = CASE WHEN $10 >= deadline OR $2 = 'open' AND breached_at IS NOT NULL THEN deadline
                                   ELSE NULL END
         WHERE id = $1 AND state IN ('open', 'waiting')")
        .bind(ending.callback.0)
        .bind(ending.state.as_str())
        .bind(ending.outcome.map(|o| o.as_str()))
        .bind(ending.method.as_str())
        .bind(clean(&ending.reason.code))
        .bind(clean(&ending.reason.detail))
        .bind(closed.then_some(ending.at.0))
        .bind(ending.call.map(|c| c.to_string()))
        .bind(now.0)
        .bind(ending.at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Ok(0);
    }
    if let Some(day) = ending.day {
        let word = match ending.state {
            CallbackState::Done => Word::Done,
            CallbackState::Excused => Word::Excused,
            CallbackState::Open | CallbackState::Waiting => Word::Not,
        };
        let verdict = Verdict {
            callback: ending.callback,
            word,
            code: ending.reason.code.clone(),
            detail: ending.reason.detail.clone(),
            start_at: None,
            windows: String::new(),
        };
        day::put(tx, &ending.pack, day, &[verdict], now).await?;
    }
    super::write::review(tx, ending.customer, Some(now)).await?;
    Ok(changed)
}
