//! Calls, visits and overrides of a span of time, for reports about keeping to the rules
//! (WIN-06, REM-04), and customers whom nobody reached in a year (SCH-29).

use std::collections::BTreeSet;

use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::due::counts;
use super::super::{Error, Store};
use super::AuditRow;
use crate::base::Timestamp;

/// A call that was placed for a callback.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PlacedCall {
    /// Id of the call.
    pub id: String,
    /// When it was reserved: its place in the order.
    pub reserved_at: i64,
    /// When it was placed.
    pub at: i64,
    /// Policy pack of the callback.
    pub pack: String,
    /// Its rule.
    pub rule: String,
    /// Who was to call; empty: the robot.
    pub assignee: String,
    /// When the callback had to be done; exclusive.
    pub deadline: i64,
}

/// A callback that was done by a visit.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct VisitRow {
    /// Row id of the callback.
    pub callback: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Customer's name.
    pub name: String,
    /// Who went.
    pub assignee: String,
    /// When they were to be there.
    pub planned: i64,
    /// When they were.
    pub arrived: i64,
}

/// A customer without a callback in a span of time.
#[derive(
    Clone, Debug, PartialEq, Eq, sqlx::FromRow, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct UncoveredCustomer {
    /// Row id.
    pub id: i64,
    /// The company's own key.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Named owner.
    pub owner: String,
}

/// Customers of one answer.
const CUSTOMERS: i64 = 10_000;
/// Lines of the audit log of one answer.
const LINES: i64 = 10_000;

impl Store {
    /// Calls for callbacks reserved in `from..to`, in order, after the call `(reserved_at, id)`.
    pub async fn placed_calls(
        &self,
        (from, to): (Timestamp, Timestamp),
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<PlacedCall>, Error> {
        let (at, id) = after.unwrap_or((from.0.saturating_sub(1), String::new()));
        Ok(on!(self.db(), p => sqlx::query_as(concat!(
            "SELECT c.id, c.reserved_at, COALESCE(c.started_at, c.reserved_at) AS at, b.pack, b.rule, b.assignee,
                    b.deadline
             FROM calls c JOIN entries e ON e.id = c.entry_id JOIN callbacks b ON b.id = e.callback_id
             WHERE c.reserved_at >= $1 AND c.reserved_at < $2
               AND (c.reserved_at > $3 OR (c.reserved_at = $3 AND c.id > $4)) AND ",
            counts!("c"),
            " ORDER BY c.reserved_at, c.id LIMIT $5"))
            .bind(from.0)
            .bind(to.0)
            .bind(at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(p)
            .await)?)
    }

    /// Lines of the audit log of one action in `from..to`, oldest first; at most 10,000.
    pub async fn audit_of(
        &self,
        action: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AuditRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, at, actor, action, subject, detail FROM audit_log
             WHERE action = $1 AND at >= $2 AND at < $3 ORDER BY id LIMIT $4")
            .bind(action)
            .bind(from.0)
            .bind(to.0)
            .bind(LINES)
            .fetch_all(p)
            .await)?)
    }

    /// Visits made in `from..to`, in order; at most 10,000.
    pub async fn visits(&self, from: Timestamp, to: Timestamp) -> Result<Vec<VisitRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT b.id AS callback, b.pack, b.rule, c.name, b.assignee, b.due AS planned, b.closed_at AS arrived
             FROM callbacks b JOIN customers c ON c.id = b.customer_id
             WHERE b.state = 'done' AND b.method = 'onsite' AND b.closed_at >= $1 AND b.closed_at < $2
             ORDER BY b.closed_at, b.id LIMIT $3")
            .bind(from.0)
            .bind(to.0)
            .bind(LINES)
            .fetch_all(p)
            .await)?)
    }

    /// Active customers of a pack, and those of them without a callback by one of `rules` done
    /// in `from..to`; by any rule where none is named. At most 10,000 of them are named.
    pub async fn without_callback(
        &self,
        pack: &str,
        rules: &BTreeSet<String>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<(u64, u64, Vec<UncoveredCustomer>), Error> {
        let (all,): (i64,) = on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) FROM customers c WHERE c.pack = $1 AND c.standing = 'active' AND c.merged_into IS NULL")
            .bind(pack)
            .fetch_one(p)
            .await)?;
        let found: Vec<UncoveredCustomer> = on!(self.db(), p => {
            let mut query = QueryBuilder::new("SELECT c.id, c.external_id, c.name, c.owner ");
            without(&mut query, pack, rules, from, to);
            query.push(" ORDER BY c.id LIMIT ").push_bind(CUSTOMERS);
            query.build_query_as().fetch_all(p).await
        })?;
        let (open,): (i64,) = on!(self.db(), p => {
            let mut query = QueryBuilder::new("SELECT COUNT(*) ");
            without(&mut query, pack, rules, from, to);
            query.build_query_as().fetch_one(p).await
        })?;
        Ok((u64::try_from(all).unwrap_or(0), u64::try_from(open).unwrap_or(0), found))
    }
}

fn without<'a, D: sqlx::Database>(
    query: &mut QueryBuilder<D>,
    pack: &'a str,
    rules: &'a BTreeSet<String>,
    from: Timestamp,
    to: Timestamp,
) where
    String: sqlx::Encode<'a, D> + sqlx::Type<D>,
    i64: sqlx::Encode<'a, D> + sqlx::Type<D>,
{
    query.push("FROM customers c WHERE c.standing = 'active' AND c.merged_into IS NULL AND c.pack = ");
    query.push_bind(pack.to_owned());
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM callbacks b WHERE b.customer_id = c.id AND b.state = 'done'
                          AND b.closed_at >= ",
    );
    query.push_bind(from.0).push(" AND b.closed_at < ").push_bind(to.0);
    if !rules.is_empty() {
        query.push(" AND b.rule IN (");
        let mut list = query.separated(", ");
        for rule in rules {
            list.push_bind(rule.clone());
        }
        query.push(")");
    }
    query.push(")");
}
