//! What goes on at this moment: calls, trunks; and what the daemon has to speak and to ask.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{UnmaskQuery, unmasking};
use crate::base::Timestamp;
use crate::call::leg::LegKind;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::live::{LiveCall, LiveTrunk, PromptFact, ScriptFact};
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(live_calls))
        .routes(routes!(trunks))
        .routes(routes!(prompts))
        .routes(routes!(scripts))
}

impl SheetRow for LiveCall {
    const NAME: &'static str = "live-calls";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "direction",
        "campaign",
        "entry",
        "phone",
        "name",
        "trunk",
        "state",
        "step",
        "started_at",
        "answered_at",
    ];

    fn cells(&self) -> Vec<String> {
        let direction = match self.direction {
            crate::call::Direction::Outbound => "outbound",
            crate::call::Direction::Inbound => "inbound",
        };
        vec![
            self.id.to_string(),
            direction.into(),
            optional(&self.campaign),
            optional(&self.entry),
            self.phone.clone(),
            self.name.clone(),
            optional(&self.trunk),
            self.state.clone(),
            self.step.clone(),
            self.started_at.to_string(),
            optional(&self.answered_at),
        ]
    }
}

impl SheetRow for LiveTrunk {
    const NAME: &'static str = "trunks";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "transport",
        "address",
        "state",
        "since",
        "detail",
        "round_trip_ms",
        "calls",
        "max_calls",
        "max_cps",
        "placed",
        "answered",
        "failed",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.transport.clone(),
            self.address.clone(),
            self.state.clone(),
            Timestamp(self.since.0).to_string(),
            self.detail.clone(),
            optional(&self.round_trip_ms),
            self.calls.to_string(),
            self.max_calls.to_string(),
            self.max_cps.to_string(),
            self.placed.to_string(),
            self.answered.to_string(),
            self.failed.to_string(),
        ]
    }
}

impl SheetRow for PromptFact {
    const NAME: &'static str = "prompts";
    const COLUMNS: &'static [&'static str] = &["name", "language", "duration_ms", "missing", "used_by"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.language.clone(),
            self.duration_ms.to_string(),
            self.missing.to_string(),
            self.used_by.join(" "),
        ]
    }
}

impl SheetRow for ScriptFact {
    const NAME: &'static str = "scripts";
    const COLUMNS: &'static [&'static str] = &["name", "title", "origin", "questions", "problems"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.title.clone(),
            self.origin.clone(),
            self.questions.join(" "),
            self.problems.join("; "),
        ]
    }
}

/// The call without whole numbers of people outside.
pub(super) fn masked(mut call: LiveCall) -> LiveCall {
    call.phone = mask(&call.phone);
    let outside = call.legs.iter_mut().filter(|leg| leg.kind == LegKind::Trunk.as_str());
    outside.for_each(|leg| leg.target = mask(&leg.target));
    call
}

/// Calls that are up or being set up.
#[utoipa::path(get, path = "/live/calls", tag = "live", params(UnmaskQuery), security(("bearer" = ["live.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<LiveCall>)))]
async fn live_calls(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<UnmaskQuery>,
) -> Result<Response, Problem> {
    let unmask = unmasking(&api, &caller, query.unmask, "live").await?;
    let mut calls = api.parts.live.borrow().calls.clone();
    if !unmask {
        calls = calls.into_iter().map(masked).collect();
    }
    listing::answer_all(&api, &caller, wants, calls).await
}

/// Trunks with their state, health and counts.
#[utoipa::path(get, path = "/trunks", tag = "live", security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<LiveTrunk>)))]
async fn trunks(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let rows = api.parts.live.borrow().trunks.clone();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Prompts that are there, and those that scripts need and lack.
#[utoipa::path(get, path = "/prompts", tag = "catalogue", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<PromptFact>)))]
async fn prompts(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let rows = api.parts.catalogue.borrow().prompts.clone();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Survey scripts with their questions.
#[utoipa::path(get, path = "/scripts", tag = "catalogue", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<ScriptFact>)))]
async fn scripts(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let rows = api.parts.catalogue.borrow().scripts.clone();
    listing::answer_all(&api, &caller, wants, rows).await
}
