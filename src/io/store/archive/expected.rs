//! What ought to have come in and did not (IMP-01, REM-05).

use std::collections::BTreeSet;

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::{Error, Store};
use crate::base::{CustomerId, Timestamp};

/// An event that is known, and whose slip is missing.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow, utoipa::ToSchema,
)]
#[schema(as = MissingDocument)]
pub struct Missing {
    /// Row id of the event.
    pub event_id: i64,
    /// Its kind.
    pub kind: String,
    /// The source's key.
    pub external_id: String,
    /// Order or project.
    pub matter: String,
    /// Customer.
    pub customer_id: i64,
    /// Customer's name.
    pub name: String,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
}

impl Store {
    /// Events of `expects` in `from..to` without an event of one of `kinds` of the same matter
    /// since, or of the same customer where no matter is named.
    pub async fn missing_slips(
        &self,
        pack: &str,
        expects: &str,
        kinds: &BTreeSet<String>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Missing>, Error> {
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT e.id AS event_id, e.kind, e.external_id, e.matter, c.id AS customer_id, c.name, e.at
                 FROM events e JOIN customers c ON c.id = e.customer_id
                 WHERE e.withdrawn_at IS NULL AND e.pack = ");
            query.push_bind(pack).push(" AND e.kind = ").push_bind(expects);
            query.push(" AND e.at >= ").push_bind(from.0).push(" AND e.at < ").push_bind(to.0);
            query.push(
                " AND NOT EXISTS (SELECT 1 FROM events s WHERE s.withdrawn_at IS NULL AND s.pack = e.pack
                    AND s.received_at >= ");
            query.push_bind(from.0).push(" AND s.kind IN (");
            let mut list = query.separated(", ");
            list.push_bind("");
            for kind in kinds {
                list.push_bind(kind.as_str());
            }
            query.push(
                ") AND ((e.matter <> '' AND s.matter = e.matter)
                     OR (e.matter = '' AND s.customer_id = e.customer_id)))
                 ORDER BY e.at, e.id");
            query.build_query_as().fetch_all(p).await
        })?)
    }

    /// Whether a pack has any customer.
    pub async fn has_customers(&self, pack: &str) -> Result<bool, Error> {
        let found: Option<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT id FROM customers WHERE pack = $1 LIMIT 1")
            .bind(pack)
            .fetch_optional(p)
            .await)?;
        Ok(found.is_some())
    }

    /// Whether a file came in by this intake since then.
    pub async fn intake_since(&self, pack: &str, intake: &str, since: Timestamp) -> Result<bool, Error> {
        let (count,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM intakes
             WHERE pack = $1 AND intake = $2 AND created_at >= $3 AND state IN ('running', 'done')")
            .bind(pack)
            .bind(intake)
            .bind(since.0)
            .fetch_one(p)
            .await)?;
        Ok(count > 0)
    }

    /// The last `state` that events of a matter gave it, up to `at`: `after_sales` once it was
    /// handed over (IMP-08); None before the first.
    pub async fn matter_state(
        &self,
        pack: &str,
        matter: &str,
        at: Timestamp,
    ) -> Result<Option<String>, Error> {
        let rows: Vec<(String,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT fields FROM events
             WHERE pack = $1 AND matter = $2 AND matter <> '' AND at <= $3 AND withdrawn_at IS NULL
               AND fields LIKE '%\"state\"%' ORDER BY at DESC, id DESC LIMIT 20")
            .bind(pack)
            .bind(matter)
            .bind(at.0)
            .fetch_all(p)
            .await)?;
        let state = |fields: &str| {
            serde_json::from_str::<serde_json::Value>(fields).ok()?["state"].as_str().map(str::to_owned)
        };
        Ok(rows.iter().find_map(|(fields,)| state(fields)))
    }

    /// Customers to whom something happened that names this matter.
    pub async fn customers_of_matter(&self, pack: &str, matter: &str) -> Result<Vec<CustomerId>, Error> {
        let rows: Vec<(i64,)> = on!(self.db(), p => sqlx::query_as(
            "SELECT DISTINCT customer_id FROM events
             WHERE pack = $1 AND matter = $2 AND matter <> '' AND customer_id IS NOT NULL AND withdrawn_at IS NULL
             ORDER BY customer_id LIMIT 100")
            .bind(pack)
            .bind(matter)
            .fetch_all(p)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
    }
}
