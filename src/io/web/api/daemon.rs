//! Orders to the daemon as a whole.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done, DrainMode, ReloadedSection};
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::state::Shared;
use crate::io::web::tongue::Tongue;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(drain)).routes(routes!(reload))
}

/// How to drain.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainBody {
    /// The mode.
    pub mode: DrainMode,
}

/// What is still up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DrainReport {
    /// The mode.
    pub mode: DrainMode,
    /// Calls still up.
    pub calls: u64,
}

/// What became of each section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReloadReport {
    /// By section of the configuration.
    pub sections: Vec<ReloadedSection>,
}

/// Stops taking work, or takes that back.
#[utoipa::path(post, path = "/drain", tag = "daemon", security(("bearer" = ["daemon.steer"])), request_body = DrainBody,
    responses((status = 202, description = "Draining", body = DrainReport)))]
async fn drain(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<DrainBody>,
) -> Result<(axum::http::StatusCode, axum::Json<DrainReport>), Problem> {
    let word = serde_json::to_string(&body.mode).unwrap_or_default();
    caller.audit(&api, "daemon.drain", "daemon", word.trim_matches('"')).await?;
    let done = api.ask(Control::Drain { mode: body.mode, by: caller.name.clone() }).await?;
    let calls = match done {
        Done::Draining { calls } => calls,
        _ => u64::try_from(api.parts.live.borrow().calls.len()).unwrap_or(u64::MAX),
    };
    Ok((axum::http::StatusCode::ACCEPTED, axum::Json(DrainReport { mode: body.mode, calls })))
}

/// Reads the configuration again; a bad file keeps the old.
#[utoipa::path(post, path = "/reload", tag = "daemon", security(("bearer" = ["daemon.steer"])),
    responses((status = 200, description = "Read", body = ReloadReport), (status = 422, description = "The file is bad; the old settings hold", body = Problem)))]
async fn reload(
    State(api): State<Shared>,
    caller: Caller,
    tongue: Tongue,
) -> Result<axum::Json<ReloadReport>, Problem> {
    caller.audit(&api, "daemon.reload", "daemon", "").await?;
    let mut sections = match api.ask(Control::Reload { by: caller.name.clone() }).await? {
        Done::Reloaded(sections) => sections,
        _ => Vec::new(),
    };
    sections.iter_mut().for_each(|section| tongue.put(&mut section.detail));
    Ok(axum::Json(ReloadReport { sections }))
}
