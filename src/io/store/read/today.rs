//! What the first page shows of a day.

use jiff::civil::Date;

use super::super::callback::DayPlanRow;
use super::super::db::on;
use super::super::{Error, Store};
use crate::base::{ListId, Timestamp};

/// A campaign that a day is about.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CampaignOfDay {
    /// Row id.
    pub id: i64,
    /// Unique name.
    pub name: String,
    /// The list it dials.
    pub list_id: i64,
    /// Word of [`crate::dialer::CampaignState`].
    pub state: String,
    /// Why it places no call now; empty: nothing is in its way.
    pub blocked: String,
    /// Figures behind that, for people.
    pub blocked_detail: String,
}

/// How many entries of a list stand alike.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// Word of [`crate::dialer::EntryState`].
    pub state: String,
    /// Word of [`crate::base::Disposition`] of the last attempt.
    pub disposition: Option<String>,
    /// Stable word: why they are, or are not, being called.
    pub reason: String,
    /// Entries.
    pub count: i64,
}

impl Store {
    /// Campaigns that are not over, and those that changed since `since`, newest first; at most 50.
    pub async fn campaigns_of_day(&self, since: Timestamp) -> Result<Vec<CampaignOfDay>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT id, name, list_id, state, blocked, blocked_detail FROM campaigns
             WHERE state IN ('draft', 'running', 'paused', 'ending') OR changed_at >= $1
             ORDER BY id DESC LIMIT 50")
            .bind(since.0)
            .fetch_all(p)
            .await)?)
    }

    /// Entries of a list by state, last result and reason.
    pub async fn standing(&self, list: ListId) -> Result<Vec<Standing>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT state, disposition, reason, COUNT(*) AS count FROM entries WHERE list_id = $1
             GROUP BY state, disposition, reason ORDER BY count DESC, reason")
            .bind(list.0)
            .fetch_all(p)
            .await)?)
    }

    /// The lists of all packs of a day.
    pub async fn day_plans(&self, day: Date) -> Result<Vec<DayPlanRow>, Error> {
        Ok(on!(self.db(), p => sqlx::query_as(
            "SELECT pack, day, state, version, built_at, released_at, released_by, summary FROM day_plans
             WHERE day = $1 ORDER BY pack")
            .bind(day.to_string())
            .fetch_all(p)
            .await)?)
    }
}
