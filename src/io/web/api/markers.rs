//! The steps of a call as marks in its recording, for an audit that jumps (CNT-12), and who of ours
//! spoke in it (CNT-19).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::find;
use crate::io::store::read::{CallRow, LegRow};
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::PathCall;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

/// Where a step begins in the recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Marker {
    /// Step of the script.
    pub step: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Milliseconds from the beginning of the recording.
    pub offset_ms: i64,
    /// Milliseconds until the next step, or to the end of the call.
    pub length_ms: i64,
}

/// Somebody of ours in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Speaker {
    /// Extension or number.
    pub target: String,
    /// The agent behind it; null: an outside number.
    pub agent: Option<String>,
    /// `talked`, `transferred`, `lost` and others, as of the leg.
    pub result: String,
    /// Milliseconds from their answer to their end.
    pub talked_ms: i64,
}

#[derive(Deserialize)]
struct Stamp {
    step: String,
    at: i64,
}

/// The steps of a call in its recording. It begins with the answer, as the recording does.
pub(in crate::io::web) fn markers(call: &CallRow) -> Vec<Marker> {
    let stamps: Vec<Stamp> =
        call.steps.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let (Some(begins), Some(ends)) = (call.answered_at, call.ended_at) else { return Vec::new() };
    let next = |place: usize| stamps.get(place + 1).map_or(ends, |stamp: &Stamp| stamp.at);
    let marker = |(place, stamp): (usize, &Stamp)| Marker {
        step: stamp.step.clone(),
        at: stamp.at,
        offset_ms: (stamp.at - begins).max(0),
        length_ms: (next(place) - stamp.at).max(0),
    };
    stamps.iter().enumerate().map(marker).collect()
}

/// Those of ours who answered, in the order in which they were rung; supervisors are not heard.
pub(in crate::io::web) fn speakers(legs: &[LegRow]) -> Vec<Speaker> {
    let spoke = |leg: &LegRow| {
        let answered = leg.answered_at.filter(|_| leg.kind != "supervisor")?;
        Some(Speaker {
            target: leg.target.clone(),
            agent: leg.agent.clone(),
            result: leg.result.clone(),
            talked_ms: (leg.ended_at - answered).max(0),
        })
    };
    legs.iter().filter_map(spoke).collect()
}

/// The steps of a call: when each began, how long it took, and where it is in the recording.
#[utoipa::path(get, path = "/calls/{id}/markers", tag = "calls", params(("id" = String, Path)), security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "In the order of time", body = Items<Marker>), (status = 404, description = "No such call", body = Problem)))]
async fn index(
    State(api): State<Shared>,
    PathCall(id): PathCall,
) -> Result<axum::Json<Items<Marker>>, Problem> {
    let call = find(&api, id).await?;
    Ok(axum::Json(Items { items: markers(&call), next: None }))
}
