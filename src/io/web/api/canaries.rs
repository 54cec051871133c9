//! Canaries of trunks: how each trunk stands, what was found, making one now, overriding one.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::ReasonBody;
use crate::base::Timestamp;
use crate::io::canary::{CanaryStanding, CanaryView};
use crate::io::store::CanaryOverride;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(history, run)).routes(routes!(override_today))
}

/// A canary that was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CanaryStarted {
    /// The call that goes out; the event `trunk` with `canary` tells when it was looked at.
    pub call: String,
}

fn checks_text(view: &CanaryView) -> String {
    let word = |passed: Option<bool>| match passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "not reached",
    };
    let checks = view.checks.iter().map(|c| format!("{}: {} {}", c.name.as_str(), word(c.passed), c.figure));
    checks.collect::<Vec<_>>().join("; ")
}

impl SheetRow for CanaryStanding {
    const NAME: &'static str = "canaries";
    const COLUMNS: &'static [&'static str] =
        &["trunk", "number", "light", "next_at", "last_at", "last_passed", "last_checks", "override_reason"];

    fn cells(&self) -> Vec<String> {
        let last = self.last.as_ref();
        vec![
            self.trunk.clone(),
            self.number.clone(),
            self.light.as_str().to_owned(),
            optional(&self.next_at.map(Timestamp)),
            optional(&last.map(|last| Timestamp(last.began_at))),
            optional(&last.and_then(|last| last.passed)),
            last.map(checks_text).unwrap_or_default(),
            self.overridden.as_ref().map(|one| one.reason.clone()).unwrap_or_default(),
        ]
    }
}

impl SheetRow for CanaryView {
    const NAME: &'static str = "canary-history";
    const COLUMNS: &'static [&'static str] =
        &["trunk", "day", "began_at", "ended_at", "by", "caller", "called", "back_by", "passed", "checks"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.trunk.clone(),
            self.day.clone(),
            Timestamp(self.began_at).to_string(),
            Timestamp(self.ended_at).to_string(),
            self.by.clone(),
            self.caller.clone(),
            optional(&self.called),
            self.back_by.clone(),
            optional(&self.passed),
            checks_text(self),
        ]
    }
}

/// How each trunk with a canary stands: its light, the last canary with every check, the next one.
#[utoipa::path(get, path = "/trunks/canary", tag = "live", security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<CanaryStanding>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let rows = api.canaries()?.all(api.now()).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// The last canaries of a trunk, the newest first.
#[utoipa::path(get, path = "/trunks/{name}/canary", tag = "live", params(("name" = String, Path)),
    security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "At most 100; also as `text/csv`", body = Items<CanaryView>),
        (status = 404, description = "No such trunk", body = Problem)))]
async fn history(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    known(&api, &name)?;
    let rows = api.canaries()?.history(&name).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Makes the canary of a trunk now; what is found is told by the event stream and kept.
#[utoipa::path(post, path = "/trunks/{name}/canary", tag = "live", params(("name" = String, Path)),
    security(("bearer" = ["trunks.test"])),
    responses((status = 202, description = "Ordered", body = CanaryStarted), (status = 404, description = "No such trunk", body = Problem),
        (status = 409, description = "It has no canary, takes no call now, or another is under way", body = Problem)))]
async fn run(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<(StatusCode, axum::Json<CanaryStarted>), Problem> {
    known(&api, &name)?;
    let call = api.canaries()?.run(&name, &caller.name, api.now()).await?;
    caller.audit(&api, "trunk.canary", &format!("trunk:{name}"), &format!("call {call}")).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(CanaryStarted { call: call.to_string() })))
}

/// Lets campaigns dial through a trunk today in spite of its canary; the reason stands in the audit log.
#[utoipa::path(post, path = "/trunks/{name}/canary/override", tag = "live", params(("name" = String, Path)),
    security(("bearer" = ["trunks.test"])), request_body = ReasonBody,
    responses((status = 200, description = "Campaigns dial through it", body = CanaryOverride),
        (status = 404, description = "No such trunk", body = Problem),
        (status = 409, description = "It has no canary", body = Problem)))]
async fn override_today(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<CanaryOverride>, Problem> {
    known(&api, &name)?;
    let keeper = api.canaries()?;
    if !keeper.settings().trunks.contains_key(&name) {
        let text = format!("trunk `{name}` has no canary: nothing holds campaigns off it");
        return Err(Problem::conflict(text));
    }
    Ok(axum::Json(keeper.override_today(&name, body.check()?, &caller.name, api.now()).await?))
}

/// Whether the configuration has a trunk of that name.
fn known(api: &Shared, name: &str) -> Result<(), Problem> {
    match api.parts.live.borrow().trunks.iter().any(|trunk| trunk.name == name) {
        true => Ok(()),
        false => Err(Problem::not_found("trunk", format!("`{name}`"))),
    }
}
