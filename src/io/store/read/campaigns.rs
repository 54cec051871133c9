//! Campaigns with how far they are.

use serde::{Deserialize, Serialize};

use super::super::db::on;
use super::super::{Error, Store};
use super::page::{Cursor, Page, fetch};
use crate::base::{CampaignId, Timestamp};

/// A campaign in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct CampaignRow {
    /// Row id.
    pub id: i64,
    /// Unique name.
    pub name: String,
    /// The list it dials.
    pub list_id: i64,
    /// Name of that list.
    pub list: String,
    /// Word of [`crate::dialer::CampaignState`].
    pub state: String,
    /// Higher goes first.
    pub priority: i64,
    /// Why it places no call now; empty: nothing is in its way.
    pub blocked: String,
    /// Figures behind that, for people.
    pub blocked_detail: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub changed_at: i64,
    /// Entries of its list.
    pub entries: i64,
    /// Of these: waiting or being dialled.
    pub open: i64,
}

/// How many entries of a campaign stand so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct OutcomeCount {
    /// Word of [`crate::dialer::EntryState`].
    pub state: String,
    /// Word of [`crate::base::Disposition`] of the last attempt; None: none was made.
    pub disposition: Option<String>,
    /// Entries.
    pub count: i64,
}

/// How fast a campaign went lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Pace {
    /// Entries settled since the given moment.
    pub settled: i64,
    /// The first of them.
    pub first_at: Option<i64>,
}

impl Store {
    /// Campaigns, newest first; the filters pick one name or one state.
    pub async fn campaign_rows(
        &self,
        name: Option<&str>,
        state: Option<&str>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<CampaignRow>, Error> {
        let rows: Vec<CampaignRow> = on!(self.db(), p => sqlx::query_as(
            "SELECT c.id, c.name, c.list_id, l.name AS list, c.state, c.priority, c.blocked, c.blocked_detail,
                    c.created_at, c.changed_at,
                    (SELECT COUNT(*) FROM entries e WHERE e.list_id = l.id) AS entries,
                    (SELECT COUNT(*) FROM entries e
                     WHERE e.list_id = l.id AND e.state IN ('pending', 'dialling')) AS open
             FROM campaigns c JOIN lists l ON l.id = c.list_id
             WHERE (CAST($1 AS TEXT) IS NULL OR c.state = $1) AND (CAST($2 AS BIGINT) IS NULL OR c.id < $2)
               AND (CAST($4 AS TEXT) IS NULL OR c.name = $4)
             ORDER BY c.id DESC LIMIT $3")
            .bind(state)
            .bind(after.map(|c| c.key))
            .bind(fetch(limit))
            .bind(name)
            .fetch_all(p)
            .await)?;
        Ok(Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id.to_string() }))
    }

    /// Entries of a campaign by state and by the result of their last attempt.
    pub async fn outcome_counts(&self, campaign: CampaignId) -> Result<Vec<OutcomeCount>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT e.state, e.disposition, COUNT(*) AS count
             FROM entries e WHERE e.list_id = (SELECT list_id FROM campaigns WHERE id = $1)
             GROUP BY e.state, e.disposition ORDER BY e.state, e.disposition")
            .bind(campaign.0)
            .fetch_all(p)
            .await)?)
    }

    /// Calls of a campaign that count (see `due.rs: counts`) by disposition; `reserved` ones
    /// have none. Ended ones are tallied as they end, so that a million cost no more than ten;
    /// the `+` keeps SQLite from reading all calls of the campaign to find the few open ones.
    pub async fn call_counts(&self, campaign: CampaignId) -> Result<Vec<OutcomeCount>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT 'ended' AS state, disposition, calls AS count FROM call_tallies WHERE campaign_id = $1
             UNION ALL
             SELECT 'reserved', CAST(NULL AS TEXT), COUNT(*) FROM calls
             WHERE state = 'reserved' AND +campaign_id = $1 HAVING COUNT(*) > 0")
            .bind(campaign.0)
            .fetch_all(p)
            .await)?)
    }

    /// Entries of a campaign that were settled since `since`.
    pub async fn pace(&self, campaign: CampaignId, since: Timestamp) -> Result<Pace, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT COUNT(*) AS settled, MIN(e.changed_at) AS first_at
             FROM entries e
             WHERE e.list_id = (SELECT list_id FROM campaigns WHERE id = $1)
               AND e.state IN ('done', 'failed') AND e.changed_at >= $2")
            .bind(campaign.0)
            .bind(since.0)
            .fetch_one(p)
            .await)?)
    }
}
