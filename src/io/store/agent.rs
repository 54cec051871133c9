//! Where agents were: one row for each change, never altered; a state ends where the next of
//! the same agent begins.

use serde::{Deserialize, Serialize};

use super::db::{Tx, on, within};
use super::read::{Cursor, PAGE_LIMIT, Page};
use super::write::clean;
use super::{Error, Store};
use crate::agent::Change;
use crate::base::Timestamp;

/// How far before a span of time a state that reaches into it may have begun, in milliseconds:
/// no state but offline lasts longer than a day.
const REACH_MS: i64 = 7 * 24 * 3600 * 1000;

/// One state of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AgentStateRow {
    /// Row id.
    pub id: i64,
    /// Who.
    pub agent: String,
    /// `offline`, `available`, `offered`, `on_call`, `wrap_up`, `not_ready`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// The call it was about.
    pub call_id: Option<String>,
    /// Who did it: `daemon`, `phone`, or a token's name.
    pub changed_by: String,
    /// Milliseconds since 1970.
    pub began_at: i64,
    /// When the next began; null: it goes on.
    pub ended_at: Option<i64>,
}

/// When an agent came (ROS-05).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AgentLogin {
    /// Who.
    pub agent: String,
    /// Since when it was not offline; before the span where it never left. Milliseconds since 1970.
    pub since: i64,
}

/// Time of an agent in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct AgentTime {
    /// Who.
    pub agent: String,
    /// In which state.
    pub state: String,
    /// For how long, in milliseconds.
    pub ms: i64,
    /// How often it began or went on.
    pub times: i64,
}

/// Keeps a change; the same once more changes nothing.
pub(super) async fn keep(tx: &mut Tx, change: &Change) -> Result<(), Error> {
    within!(tx, c => sqlx::query(
        "INSERT INTO agent_states (agent, state, reason, call_id, changed_by, began_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (agent, began_at, state, reason) DO NOTHING")
        .bind(clean(&change.agent))
        .bind(change.to.as_str())
        .bind(clean(&change.reason))
        .bind(change.call.map(|call| call.to_string()))
        .bind(clean(&change.by))
        .bind(change.at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

impl Store {
    /// States of agents, newest first.
    pub async fn agent_states(
        &self,
        agent: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<AgentStateRow>, Error> {
        let limit = limit.clamp(1, PAGE_LIMIT);
        let mut rows: Vec<AgentStateRow> = on!(self.db(), p => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT s.id, s.agent, s.state, s.reason, s.call_id, s.changed_by, s.began_at,
                        (SELECT n.began_at FROM agent_states n WHERE n.agent = s.agent AND n.id > s.id
                         ORDER BY n.id LIMIT 1) AS ended_at
                 FROM agent_states s WHERE 1 = 1");
            if let Some(agent) = agent {
                query.push(" AND s.agent = ").push_bind(agent);
            }
            if let Some(after) = after {
                query.push(" AND s.id < ").push_bind(after.key);
            }
            query.push(" ORDER BY s.id DESC LIMIT ").push_bind(i64::from(limit) + 1);
            query.build_query_as().fetch_all(p).await
        })?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.id, id: row.id.to_string() });
        Ok(Page { rows, next })
    }

    /// Since when each agent who was there between two moments had been there (ROS-05), by
    /// name. `until` is exclusive.
    pub async fn agent_logins(&self, from: Timestamp, until: Timestamp) -> Result<Vec<AgentLogin>, Error> {
        // A login is a change from offline to anything else.
        Ok(on!(self.db(), p => sqlx::query_as(
            "WITH spans AS (
                 SELECT agent, state, began_at,
                        LAG(state) OVER (PARTITION BY agent ORDER BY id) AS before,
                        LEAD(began_at) OVER (PARTITION BY agent ORDER BY id) AS ended_at
                 FROM agent_states WHERE began_at >= $3 AND began_at < $2),
             logins AS (
                 SELECT agent, began_at AS since FROM spans
                  WHERE state <> 'offline' AND COALESCE(before, 'offline') = 'offline'),
             present AS (
                 SELECT agent, MIN(began_at) AS seen FROM spans
                  WHERE state <> 'offline' AND COALESCE(ended_at, $2) > $1 GROUP BY agent)
             SELECT p.agent, MAX(l.since) AS since FROM present p JOIN logins l
                 ON l.agent = p.agent AND l.since <= p.seen
             GROUP BY p.agent ORDER BY p.agent")
            .bind(from.0)
            .bind(until.0)
            .bind(from.0.saturating_sub(REACH_MS))
            .fetch_all(p)
            .await)?)
    }

    /// How long each agent was in each state between two moments; `until` is exclusive.
    pub async fn agent_times(&self, from: Timestamp, until: Timestamp) -> Result<Vec<AgentTime>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "WITH spans AS (
                 SELECT agent, state, began_at,
                        COALESCE(LEAD(began_at) OVER (PARTITION BY agent ORDER BY id), $2) AS ended_at
                 FROM agent_states WHERE began_at >= $3 AND began_at < $2)
             SELECT agent, state, COUNT(*) AS times,
                    CAST(SUM(ended_at - CASE WHEN began_at < $1 THEN $1 ELSE began_at END) AS BIGINT) AS ms
             FROM spans WHERE ended_at > $1 GROUP BY agent, state ORDER BY agent, state")
            .bind(from.0)
            .bind(until.0)
            .bind(from.0.saturating_sub(REACH_MS))
            .fetch_all(p)
            .await)?)
    }
}
