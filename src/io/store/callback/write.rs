//! What the rules say about callbacks, written down: new ones, and changes of old ones.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;

use super::super::db::{Tx, within};
use super::super::write::clean;
use super::super::{Change, Error, Store, Topic};
use super::json;
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::policy::{Callback, CallbackState};

/// Rows of one statement: 27 parameters each stay below what SQLite takes (32,766).
const CHUNK: usize = 500;

/// What becomes of some customers' callbacks, in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Callbacks that come into being. One whose key exists already is left as it is.
    pub new: Vec<Callback>,
    /// Callbacks as they are to be, with the state they had when this was worked out. One
    /// that has moved on since is left as it is: it is looked at again.
    pub changed: Vec<(CallbackState, Callback)>,
    /// When each customer is to be looked at again, if nothing came in of them since they were
    /// taken until `lease` ([`Store::take_reviews`]).
    pub reviews: Vec<(CustomerId, Option<Timestamp>)>,
    /// The lease.
    pub lease: Timestamp,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty() && self.reviews.is_empty()
    }
}

impl Store {
    /// Writes all changes in one transaction; gives how many callbacks came into being and how
    /// many changed. Doing it twice changes nothing.
    pub async fn change_callbacks(&self, changes: &Changes, now: Timestamp) -> Result<(u64, u64), Error> {
        let mut tx = self.db.begin().await?;
        let mut made = 0;
        for chunk in changes.new.chunks(CHUNK) {
            made += insert(&mut tx, chunk, now).await?;
        }
        let mut changed = 0;
        for (was, callback) in &changes.changed {
            let done = update(&mut tx, *was, callback, now).await?;
            if done > 0 && callback.closed_at.is_some() {
                stop_entry(&mut tx, callback, now).await?;
            }
            changed += done;
        }
        for (customer, at) in &changes.reviews {
            within!(&mut tx, c => sqlx::query("UPDATE customers SET review_at = $2 WHERE id = $1 AND review_at = $3")
                .bind(customer.0)
                .bind(at.map(|t| t.0))
                .bind(changes.lease.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        tx.commit().await?;
        self.tell_of(changes);
        Ok((made, changed))
    }

    /// The planner changes thousands at once: one event a pack says how many.
    fn tell_of(&self, changes: &Changes) {
        let mut packs: BTreeMap<&str, u64> = BTreeMap::new();
        let all = changes.new.iter().chain(changes.changed.iter().map(|(_, callback)| callback));
        all.for_each(|callback| *packs.entry(&callback.pack).or_default() += 1);
        for (pack, count) in packs {
            self.tell(Change::new(Topic::Callback, None, "plan", "").of_pack(pack).times(count));
        }
    }
}

/// New callbacks; those that exist already are passed over. Gives how many were new.
pub(in crate::io::store) async fn insert(
    tx: &mut Tx,
    callbacks: &[Callback],
    now: Timestamp,
) -> Result<u64, Error> {
    let mut rows = Vec::with_capacity(callbacks.len());
    for callback in callbacks {
        rows.push((callback, json(&callback.sums)?));
    }
    let made = within!(tx, c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO callbacks (pack, rule, version, customer_id, subject, occurrence, origin, event_id, follows,
                 method, earliest, due, deadline, sums, state, reason, detail, outcome, closed_at, call_id,
                 merged_into, breached_at, assignee, note, created_at, changed_at) ");
        query.push_values(&rows, |mut values, (b, sums)| {
            values
                .push_bind(b.pack.as_str())
                .push_bind(b.rule.as_str())
                .push_bind(b.version.as_str())
                .push_bind(b.customer.0)
                .push_bind(clean(&b.subject))
                .push_bind(i64::from(b.occurrence))
                .push_bind(b.origin.as_str())
                .push_bind(b.event.map(|e| e.0))
                .push_bind(b.follows.map(|f| f.0))
                .push_bind(b.method.as_str())
                .push_bind(b.earliest.0)
                .push_bind(b.due.0)
                .push_bind(b.deadline.0)
                .push_bind(sums.as_str())
                .push_bind(b.state.as_str())
                .push_bind(clean(&b.reason.code))
                .push_bind(clean(&b.reason.detail))
                .push_bind(b.outcome.map(|o| o.as_str()))
                .push_bind(b.closed_at.map(|t| t.0))
                .push_bind(b.call.map(|c| c.to_string()))
                .push_bind(b.merged_into.map(|m| m.0))
                .push_bind(b.breached_at.map(|t| t.0))
                .push_bind(clean(&b.assignee))
                .push_bind(clean(&b.note))
                .push_bind(b.created_at.0)
                .push_bind(now.0);
        });
        query.push(" ON CONFLICT (pack, rule, subject, occurrence) DO NOTHING");
        query.build().persistent(rows.len() == CHUNK).execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(made)
}

/// A callback as it is to be, if it still is in the state it was. Gives 1 where it was.
///
/// Who is to call and the note are a person's and stay; so does the breach.
pub(super) async fn update(
    tx: &mut Tx,
    was: CallbackState,
    b: &Callback,
    now: Timestamp,
) -> Result<u64, Error> {
    let sums = json(&b.sums)?;
    let changed = within!(tx, c => sqlx::query(
        "UPDATE callbacks SET version = $3, origin = $4, event_id = $5, follows = $6, method = $7, earliest = $8,
                due = $9, deadline = $10, sums = $11, state = $12, reason = $13, detail = $14, outcome = $15,
                closed_at = $16, call_id = $17, merged_into = $18,
                breached_at = COALESCE(breached_at, $19), changed_at = $20
         WHERE id = $1 AND state = $2")
        .bind(b.id.0)
        .bind(was.as_str())
        .bind(&b.version)
        .bind(b.origin.as_str())
        .bind(b.event.map(|e| e.0))
        .bind(b.follows.map(|f| f.0))
        .bind(b.method.as_str())
        .bind(b.earliest.0)
        .bind(b.due.0)
        .bind(b.deadline.0)
        .bind(&sums)
        .bind(b.state.as_str())
        .bind(clean(&b.reason.code))
        .bind(clean(&b.reason.detail))
        .bind(b.outcome.map(|o| o.as_str()))
        .bind(b.closed_at.map(|t| t.0))
        .bind(b.call.map(|c| c.to_string()))
        .bind(b.merged_into.map(|m| m.0))
        .bind(b.breached_at.map(|t| t.0))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed)
}

/// When a customer is to be looked at again.
pub(super) async fn review(tx: &mut Tx, customer: CustomerId, at: Option<Timestamp>) -> Result<(), Error> {
    within!(tx, c => sqlx::query("UPDATE customers SET review_at = $2 WHERE id = $1")
        .bind(customer.0)
        .bind(at.map(|t| t.0))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// A callback that is not owed any more is not dialled. A call that is up goes on.
async fn stop_entry(tx: &mut Tx, b: &Callback, now: Timestamp) -> Result<(), Error> {
    let stopped = within!(&mut *tx, c => sqlx::query(
        "UPDATE entries SET state = 'stopped', reason = $2, detail = $3, changed_at = $4
         WHERE callback_id = $1 AND state = 'pending'")
        .bind(b.id.0)
        .bind(clean(&b.reason.code))
        .bind(clean(&b.reason.detail))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if stopped > 0 { part(tx, b.id, now).await } else { Ok(()) }
}

/// Callbacks for which the call of this one was to do are on their own again: the list of the
/// day is made anew with them.
pub(super) async fn part(tx: &mut Tx, id: CallbackId, now: Timestamp) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "UPDATE callbacks SET merged_into = NULL, entry_id = NULL, changed_at = $2
         WHERE merged_into = $1 AND state = 'open'")
        .bind(id.0)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
