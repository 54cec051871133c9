//! What is there already of the rows of a chunk. Each key is looked up by itself in its
//! index: a planner that has no statistics of a table just being filled would read all of it
//! for each chunk.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::super::super::Error;
use super::super::super::db::{Tx, within};
use super::INTAKE_CHUNK;
use crate::intake::NewEvent;

/// An event that is stored.
#[derive(Clone, Debug, sqlx::FromRow, serde::Serialize, serde::Deserialize)]
pub(in super::super) struct StoredEvent {
    pub id: i64,
    pub kind: String,
    pub external_id: String,
    pub at: i64,
    pub has_time: i64,
    pub customer_id: Option<i64>,
    pub matter: String,
    pub fields: String,
    pub withdrawn_at: Option<i64>,
    /// The archive in which it lies.
    #[serde(default)]
    pub archive_id: Option<i64>,
}

/// Stored events by kind and key.
pub(super) async fn events(
    tx: &mut Tx,
    pack: &str,
    wanted: &[&NewEvent],
) -> Result<BTreeMap<(String, String), StoredEvent>, Error> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found: Vec<StoredEvent> = within!(tx, c => {
        let mut query = QueryBuilder::new(
            "SELECT id, kind, external_id, at, has_time, customer_id, matter, fields, withdrawn_at, archive_id FROM events
             WHERE id IN (SELECT (SELECT e.id FROM events e WHERE e.kind = v.column1 AND e.external_id = v.column2
                                  AND e.pack = ");
        query.push_bind(pack).push(") FROM (");
        query.push_values(wanted, |mut values, event| {
            values.push_bind(event.kind.as_str()).push_bind(event.external_id.as_str());
        });
        query.push(") AS v)");
        query.build_query_as().persistent(wanted.len() == INTAKE_CHUNK).fetch_all(c).await
    })?;
    Ok(found.into_iter().map(|event| ((event.kind.clone(), event.external_id.clone()), event)).collect())
}

/// Customers by one of their keys: external id, current number, or the matter of an event.
#[derive(Default)]
pub(super) struct Known {
    pub by_external: BTreeMap<String, i64>,
    pub by_phone: BTreeMap<String, i64>,
    pub by_matter: BTreeMap<String, i64>,
}

/// Ids of customers; one who was merged is the one they were merged into.
pub(super) async fn customers(
    tx: &mut Tx,
    pack: &str,
    external: &BTreeSet<&str>,
    phones: &BTreeSet<&str>,
    matters: &BTreeSet<&str>,
) -> Result<Known, Error> {
    macro_rules! ids {
        ($keys:expr, $sql:expr) => {{
            let keys = $keys;
            if keys.is_empty() {
                BTreeMap::new()
            } else {
                let found: Vec<(String, Option<i64>)> = within!(tx, c => {
                    let mut query = QueryBuilder::new($sql);
                    query.push_bind(pack).push(") AS id FROM (");
                    query.push_values(keys, |mut values, key| {
                        values.push_bind(*key);
                    });
                    query.push(") AS v");
                    query.build_query_as().persistent(keys.len() == INTAKE_CHUNK).fetch_all(c).await
                })?;
                found.into_iter().filter_map(|(key, id)| Some((key, id?))).collect()
            }
        }};
    }
    Ok(Known {
        by_external: ids!(external,
            "SELECT v.column1, (SELECT COALESCE(c.merged_into, c.id) FROM customers c
                                WHERE c.external_id = v.column1 AND c.external_id <> '' AND c.pack = "),
        // Several may have a number: the oldest stands for all.
        by_phone: ids!(phones,
            "SELECT v.column1, (SELECT MIN(p.customer_id) FROM customer_phones p
                                WHERE p.phone = v.column1 AND p.valid_to IS NULL AND p.pack = "),
        by_matter: ids!(matters,
            "SELECT v.column1, (SELECT MAX(e.customer_id) FROM events e
                                WHERE e.matter = v.column1 AND e.matter <> '' AND e.withdrawn_at IS NULL AND e.pack = "),
    })
}
