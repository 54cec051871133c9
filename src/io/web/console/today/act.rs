//! What is done from the first page: forms that work without scripts.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::super::api::campaigns::give_order;
use super::super::super::api::plan::day;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::frame::Visitor;
use crate::access::Permission;

/// Starts, pauses, resumes or stops a campaign.
pub(in super::super) async fn order(
    State(api): State<Shared>,
    mut visitor: Visitor,
    Path((id, order)): Path<(i64, String)>,
) -> Response {
    visitor.look.here = "/".into();
    let done = async {
        visitor.caller.needs(Permission::CampaignsRun)?;
        give_order(&api, id, &order, &visitor.caller.name).await
    };
    match done.await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

/// Gives the list of a day to the dialler.
pub(in super::super) async fn release(
    State(api): State<Shared>,
    mut visitor: Visitor,
    Path((pack, text)): Path<(String, String)>,
) -> Response {
    visitor.look.here = "/".into();
    let done = async {
        visitor.caller.needs(Permission::PlanRelease)?;
        let day = day("day", &text)?;
        Ok::<_, Problem>(api.planner()?.release_day(&pack, day, &visitor.caller.name, api.now()).await?)
    };
    match done.await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
