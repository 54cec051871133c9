//! How far a campaign is, and when it will be done.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::campaigns::find;
use crate::base::{CampaignId, Timestamp};
use crate::dialer::{CampaignState, Reason};
use crate::io::store::read::Pace;
use crate::io::web::live::LiveCall;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::RowId;
use crate::io::web::state::Shared;

/// The pace of this long tells when a campaign will be done.
pub(in crate::io::web) const PACE_MILLIS: i64 = 15 * 60 * 1_000;
/// Settled entries below which a pace says nothing.
const PACE_LEAST: i64 = 3;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(progress))
}

/// How far a campaign is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Progress {
    /// The campaign.
    pub id: i64,
    /// Its state.
    pub state: CampaignState,
    /// Entries in all.
    pub entries: i64,
    /// Entries that are settled: done, failed or stopped.
    pub settled: i64,
    /// Entries by state.
    pub by_state: BTreeMap<String, i64>,
    /// Settled entries by the result of their last attempt.
    pub by_result: BTreeMap<String, i64>,
    /// Ended calls by disposition.
    pub calls_by_result: BTreeMap<String, i64>,
    /// Calls placed, running ones too.
    pub calls: i64,
    /// Why it places no call now; null: nothing is in its way.
    pub blocked: Option<Reason>,
    /// Calls that are up or being set up; numbers are masked.
    pub current: Vec<LiveCall>,
    /// When it will be done at this pace, in milliseconds since 1970; null: cannot be told.
    pub eta: Option<i64>,
    /// When this was counted.
    pub at: i64,
}

/// How far a campaign is: counts by result, current calls, estimated end.
#[utoipa::path(get, path = "/campaigns/{id}/progress", tag = "campaigns", params(("id" = i64, Path)),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "Its progress", body = Progress), (status = 404, description = "No such campaign", body = Problem)))]
async fn progress(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<Progress>, Problem> {
    let campaign = find(&api, id).await?;
    let (key, now) = (CampaignId(id), api.now());
    let live = api.parts.live.borrow().clone();
    let dialled = live.campaigns.iter().find(|c| c.id == key);
    let mut report = Progress {
        id,
        state: dialled.map_or(campaign.state, |c| c.state),
        entries: 0,
        settled: 0,
        by_state: BTreeMap::new(),
        by_result: BTreeMap::new(),
        calls_by_result: BTreeMap::new(),
        calls: 0,
        blocked: dialled.and_then(|c| c.blocked.clone()),
        current: live.calls.iter().filter(|c| c.campaign == Some(key)).cloned().collect(),
        eta: None,
        at: now.0,
    };
    report.current.iter_mut().for_each(|call| call.phone = mask(&call.phone));
    for row in api.store().outcome_counts(key).await? {
        report.entries += row.count;
        if !matches!(row.state.as_str(), "pending" | "dialling") {
            report.settled += row.count;
            let result = row.disposition.unwrap_or_else(|| row.state.clone());
            *report.by_result.entry(result).or_default() += row.count;
        }
        *report.by_state.entry(row.state).or_default() += row.count;
    }
    for row in api.store().call_counts(key).await? {
        report.calls += row.count;
        if let Some(disposition) = row.disposition {
            report.calls_by_result.insert(disposition, row.count);
        }
    }
    if report.state == CampaignState::Running {
        let pace = api.store().pace(key, Timestamp(now.0 - PACE_MILLIS)).await?;
        let open = report.entries - report.settled;
        report.eta = dialled.and_then(|c| c.eta).map(|t| t.0).or_else(|| estimate(pace, open, now.0));
    }
    Ok(axum::Json(report))
}

/// The end at the pace of late; closed hours are not known here.
pub(in crate::io::web) fn estimate(pace: Pace, open: i64, now: i64) -> Option<i64> {
    if open == 0 {
        return Some(now);
    }
    let elapsed = now - pace.first_at.filter(|_| pace.settled >= PACE_LEAST)?;
    (elapsed > 0).then(|| now + elapsed / pace.settled * open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_follows_from_the_pace_and_is_not_guessed_from_too_little() {
        let check = |settled, first_at, open, expect| {
            assert_eq!(estimate(Pace { settled, first_at }, open, 100_000), expect);
        };
        check(10, Some(50_000), 4, Some(120_000));
        check(2, Some(50_000), 4, None);
        check(10, None, 4, None);
        check(10, Some(100_000), 4, None);
        check(0, None, 0, Some(100_000));
    }
}
