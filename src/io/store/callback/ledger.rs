//! What was done for callbacks and numbers so far: what a day's list depends on.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::due::counts;
use super::super::{Error, Store};
use crate::base::{CustomerId, Disposition, EntryId, PhoneNumber, Timestamp};
use crate::plan::NumberLedger;

/// Keys of one query.
const CHUNK: usize = 1_000;

/// What the dialler did for one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryLedger {
    /// Attempts of its present series by how they ended.
    pub attempts: BTreeMap<Disposition, u32>,
    /// When the next may be, where attempts were made and another follows.
    pub next_attempt: Option<Timestamp>,
}

impl Store {
    /// What was done for these entries.
    pub async fn entry_ledgers(&self, ids: &[EntryId]) -> Result<BTreeMap<EntryId, EntryLedger>, Error> {
        let mut ledgers: BTreeMap<EntryId, EntryLedger> = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<(i64, String, i64)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new(concat!(
                    "SELECT c.entry_id, c.disposition, COUNT(*) FROM calls c JOIN entries e ON e.id = c.entry_id
                     WHERE c.series = e.series AND c.disposition IS NOT NULL AND ", counts!("c"),
                    " AND c.entry_id IN ("));
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                query.push(") GROUP BY c.entry_id, c.disposition");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            for (entry, word, count) in rows {
                let Ok(disposition) = word.parse() else { continue };
                let ledger = ledgers.entry(EntryId(entry)).or_default();
                ledger.attempts.insert(disposition, u32::try_from(count).unwrap_or(u32::MAX));
            }
            let waiting: Vec<(i64, i64)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new(
                    "SELECT id, due_at FROM entries WHERE state = 'pending' AND attempts > 0 AND id IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                query.push(")");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            for (entry, due) in waiting {
                ledgers.entry(EntryId(entry)).or_default().next_attempt = Some(Timestamp(due));
            }
        }
        Ok(ledgers)
    }

    /// When these numbers were called since `since`, over all campaigns, and whether they may
    /// be called at all. Numbers of which there is nothing to say are left out.
    pub async fn number_ledgers(
        &self,
        phones: &[PhoneNumber],
        since: Timestamp,
    ) -> Result<BTreeMap<PhoneNumber, NumberLedger>, Error> {
        let mut ledgers: BTreeMap<PhoneNumber, NumberLedger> = BTreeMap::new();
        for chunk in phones.chunks(CHUNK) {
            let calls: Vec<(String, i64, String)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new(concat!(
                    "SELECT c.phone, c.reserved_at, c.state FROM calls c WHERE c.direction = 'outbound' AND ",
                    counts!("c"), " AND c.reserved_at >= "));
                query.push_bind(since.0).push(" AND c.phone IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|phone| {
                    list.push_bind(phone.as_str());
                });
                query.push(") ORDER BY c.phone, c.reserved_at");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            for (phone, at, state) in calls {
                let Ok(phone) = phone.parse() else { continue };
                let ledger: &mut NumberLedger = ledgers.entry(phone).or_default();
                ledger.calls.push(Timestamp(at));
                ledger.in_call |= state == "reserved";
            }
            let banned: Vec<(String,)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new("SELECT phone FROM do_not_call WHERE phone IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|phone| {
                    list.push_bind(phone.as_str());
                });
                query.push(")");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            for (phone,) in banned {
                let Ok(phone) = phone.parse() else { continue };
                ledgers.entry(phone).or_default().do_not_call = true;
            }
        }
        Ok(ledgers)
    }

    /// Which of these customers have a complaint that came in and was not settled since.
    pub async fn open_complaints(&self, ids: &[CustomerId]) -> Result<BTreeSet<CustomerId>, Error> {
        let mut open = BTreeSet::new();
        for chunk in ids.chunks(CHUNK) {
            let rows: Vec<(i64,)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new("SELECT customer_id FROM events WHERE customer_id IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                query.push(
                    ") AND withdrawn_at IS NULL AND kind LIKE 'complaint.%' GROUP BY customer_id
                     HAVING MAX(CASE WHEN kind IN ('complaint.opened', 'complaint.received', 'complaint.registered')
                                     THEN at ELSE -1 END)
                          > MAX(CASE WHEN kind IN ('complaint.closed', 'complaint.resolved') THEN at ELSE -1 END)");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            open.extend(rows.into_iter().map(|(id,)| CustomerId(id)));
            let rows: Vec<(i64,)> = on!(&self.db, p => {
                let mut query = QueryBuilder::new(
                    "SELECT customer_id FROM tickets WHERE complaint = 1 AND closed_at IS NULL AND customer_id IN (");
                let mut list = query.separated(", ");
                chunk.iter().for_each(|id| {
                    list.push_bind(id.0);
                });
                query.push(")");
                query.build_query_as().persistent(chunk.len() == CHUNK).fetch_all(p).await
            })?;
            open.extend(rows.into_iter().map(|(id,)| CustomerId(id)));
        }
        Ok(open)
    }

    /// Customers of a pack, by id, after the one given, or only those who are looked at by time
    /// before `review_before`.
    pub async fn customers_of_pack(
        &self,
        pack: &str,
        review_before: Option<Timestamp>,
        after: CustomerId,
        limit: u32,
    ) -> Result<Vec<CustomerId>, Error> {
        // Few of many wait for a look: they are found by their time, and sorted then.
        let sql = match review_before {
            Some(_) => {
                "SELECT id FROM customers WHERE pack = $1 AND merged_into IS NULL AND review_at IS NOT NULL
                    AND review_at < $2 AND +id > $3 ORDER BY +id LIMIT $4"
            }
            None => {
                "SELECT id FROM customers WHERE pack = $1 AND merged_into IS NULL AND CAST($2 AS BIGINT) IS NULL
                    AND id > $3 ORDER BY id LIMIT $4"
            }
        };
        let rows: Vec<(i64,)> = on!(&self.db, p => sqlx::query_as(sql)
            .bind(pack)
            .bind(review_before.map(|t| t.0))
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
    }
}
