//! Callbacks in pages for people, and the callback rate of a month.

use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::super::db::on;
use super::super::within::{Thing, push_reach};
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::access::Reach;
use crate::base::{CustomerId, Timestamp};

/// A callback for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CallbackRow {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule of the pack.
    pub rule: String,
    /// Version of the pack by which it was made.
    pub version: String,
    /// Row id of the customer.
    pub customer_id: i64,
    /// Customer's name.
    pub name: String,
    /// What it is about: order, project, stay.
    pub subject: String,
    /// Number of the repetition, from 0.
    pub occurrence: i64,
    /// Where it comes from.
    pub origin: String,
    /// By what channel.
    pub method: String,
    /// Not before; milliseconds since 1970.
    pub earliest: i64,
    /// When it should be done.
    pub due: i64,
    /// When it must be done; exclusive.
    pub deadline: i64,
    /// How the three were computed.
    #[serde(with = "super::page_json")]
    #[schema(value_type = Object)]
    pub sums: String,
    /// `waiting`, `open`, `done` or `excused`.
    pub state: String,
    /// Stable word of the reason.
    pub reason: String,
    /// Its figures, for people.
    pub detail: String,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub closed_at: Option<i64>,
    /// The call that ended it.
    pub call_id: Option<String>,
    /// The callback whose call does for this one too.
    pub merged_into: Option<i64>,
    /// When its deadline passed while it was owed.
    pub breached_at: Option<i64>,
    /// Who is to call.
    pub assignee: String,
    /// Purpose or note of a person.
    pub note: String,
    /// What a person filled in when they closed it by hand, by column (CNT-03).
    #[serde(with = "super::page_json")]
    #[schema(value_type = Object)]
    pub filled: String,
    /// When it was made.
    pub created_at: i64,
    /// The dialler's entry, once released.
    pub entry_id: Option<i64>,
    /// The last day on whose list it stood.
    pub released_day: Option<String>,
    /// A person keeps it off the list of this day.
    pub held_day: Option<String>,
    /// The archive in which it lies; it is not changed any more then.
    pub archive_id: Option<i64>,
}

/// Which callbacks; None takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackFilter {
    /// In this state.
    pub state: Option<String>,
    /// Of this pack.
    pub pack: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// By this channel.
    pub method: Option<String>,
    /// For this person.
    pub assignee: Option<String>,
    /// Due from then on.
    pub due_from: Option<Timestamp>,
    /// Due before then.
    pub due_to: Option<Timestamp>,
    /// Whose deadline has passed while it was owed, or has not.
    pub breached: Option<bool>,
    /// Only what is reached.
    pub within: Reach,
}

/// Callbacks of one rule due in a month, counted for the rate.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RateRow {
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// By what channel.
    pub method: String,
    /// State.
    pub state: String,
    /// How it ended; empty while it is owed.
    pub outcome: String,
    /// Whether the deadline passed while it was owed: 0 or 1.
    pub breached: i64,
    /// How many.
    pub count: i64,
    /// What the customer has in the field by which it is split; empty where it is not.
    pub part: String,
}

/// Scores of one rule, summed by what they are about and whom they rate.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ScoreRow {
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// What the question is about.
    pub dimension: Option<String>,
    /// Function of who is rated.
    pub rated_function: Option<String>,
    /// Who that is.
    pub rated_person: Option<String>,
    /// Sum of the scores.
    pub sum: i64,
    /// How many.
    pub count: i64,
}

macro_rules! rows_sql {
    () => {
        "SELECT b.id, b.pack, b.rule, b.version, b.customer_id, c.name, b.subject, b.occurrence, b.origin, b.method,
                b.earliest, b.due, b.deadline, b.sums, b.state, b.reason, b.detail, b.outcome, b.closed_at, b.call_id,
                b.merged_into, b.breached_at, b.assignee, b.note, b.filled, b.created_at, b.entry_id,
                b.released_day, b.held_day, b.archive_id
         FROM callbacks b JOIN customers c ON c.id = b.customer_id WHERE "
    };
}

impl Store {
    /// A page of callbacks, by id.
    pub async fn callback_rows(
        &self,
        filter: &CallbackFilter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<CallbackRow>, Error> {
        let rows: Vec<CallbackRow> = on!(self.db(), p => {
            let mut query = QueryBuilder::new(concat!(rows_sql!(), "1 = 1"));
            macro_rules! when {
                ($value:expr, $condition:literal) => {
                    if let Some(value) = $value {
                        query.push($condition).push_bind(value);
                    }
                };
            }
            when!(filter.state.as_deref(), " AND b.state = ");
            when!(filter.pack.as_deref(), " AND b.pack = ");
            when!(filter.rule.as_deref(), " AND b.rule = ");
            when!(filter.customer.map(|c| c.0), " AND b.customer_id = ");
            when!(filter.method.as_deref(), " AND b.method = ");
            when!(filter.assignee.as_deref(), " AND b.assignee = ");
            when!(filter.due_from.map(|t| t.0), " AND b.due >= ");
            when!(filter.due_to.map(|t| t.0), " AND b.due < ");
            match filter.breached {
                Some(true) => drop(query.push(" AND b.breached_at IS NOT NULL")),
                Some(false) => drop(query.push(" AND b.breached_at IS NULL")),
                None => {}
            }
            push_reach(&mut query, Thing::Callback, &filter.within);
            when!(after.map(|a| a.key), " AND b.id > ");
            query.push(" ORDER BY b.id LIMIT ").push_bind(fetch(limit));
            query.build_query_as().fetch_all(p).await
        })?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// One callback for people.
    pub async fn callback_row(&self, id: i64) -> Result<Option<CallbackRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(concat!(rows_sql!(), "b.id = $1"))
            .bind(id)
            .fetch_optional(p)
            .await)?)
    }

    /// Scores of the calls and pages by which callbacks were closed in `[from, to)`, of one pack and
    /// rule or of all. A call that did for several callbacks counts for the one whose script it spoke.
    pub async fn scores(
        &self,
        pack: Option<&str>,
        rule: Option<&str>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<ScoreRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT b.pack, b.rule, a.dimension, a.rated_function, a.rated_person,
                    CAST(SUM(a.score) AS BIGINT) AS sum, COUNT(*) AS count
             FROM callbacks b JOIN (
                 SELECT k.id AS callback_id, s.dimension, s.rated_function, s.rated_person, s.score
                 FROM callbacks k JOIN answers s ON s.call_id = k.call_id
                 WHERE k.closed_at >= $1 AND k.closed_at < $2
                 UNION ALL
                 SELECT f.callback_id, f.dimension, f.rated_function, f.rated_person, f.score FROM form_answers f
                 WHERE f.at >= $1 AND f.at < $2
             ) a ON a.callback_id = b.id
             WHERE b.closed_at >= $1 AND b.closed_at < $2 AND b.merged_into IS NULL AND a.score IS NOT NULL
               AND (CAST($3 AS TEXT) IS NULL OR b.pack = $3) AND (CAST($4 AS TEXT) IS NULL OR b.rule = $4)
             GROUP BY b.pack, b.rule, a.dimension, a.rated_function, a.rated_person")
            .bind(from.0)
            .bind(to.0)
            .bind(pack)
            .bind(rule)
            .fetch_all(p)
            .await)?)
    }

    /// Callbacks whose deadline lies in `(from, to]`, counted by rule, channel and outcome.
    /// A deadline at 24:00 belongs to the day that ends then.
    pub async fn rates(
        &self,
        from: Timestamp,
        to: Timestamp,
        by: Option<&str>,
    ) -> Result<Vec<RateRow>, Error> {
        // The one thing that the two databases spell differently.
        let (field, end) = match self.db().kind() {
            "sqlite" => ("json_extract(c.fields, '$.' || json_quote(", "))"),
            _ => ("(CAST(c.fields AS JSONB) ->> CAST(", " AS TEXT))"),
        };
        Ok(on!(self.db(), p => {
            let mut query = QueryBuilder::new(
                "SELECT pack, rule, method, state, outcome, breached, part, COUNT(*) AS count FROM (
                     SELECT b.pack, b.rule, b.method, b.state, COALESCE(b.outcome, '') AS outcome,
                            CASE WHEN b.breached_at IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END
                                AS breached, ");
            match by {
                Some(name) => {
                    query.push("COALESCE(").push(field).push_bind(name).push(end).push(", '')");
                }
                None => drop(query.push("''")),
            }
            query.push(" AS part FROM callbacks b");
            if by.is_some() {
                query.push(" JOIN customers c ON c.id = b.customer_id");
            }
            query.push(" WHERE b.deadline > ");
            query.push_bind(from.0).push(" AND b.deadline <= ").push_bind(to.0);
            query.push(
                ") split GROUP BY pack, rule, method, state, outcome, breached, part
                 ORDER BY pack, rule, part, method, state, outcome, breached");
            query.build_query_as().fetch_all(p).await
        })?)
    }
}
