//! Queues of the hotline: who waits, and what was achieved since the start.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Timestamp;
use crate::io::store::QueueCallbackRow;
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::live::LiveQueue;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::PathCall;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// How long callbacks that ended are shown.
const DAY_MS: i64 = 24 * 3_600_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(callbacks)).routes(routes!(cancel))
}

impl SheetRow for LiveQueue {
    const NAME: &'static str = "queues";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "waiting",
        "offered",
        "answered",
        "answered_in_time",
        "abandoned",
        "overflowed",
        "promised",
        "average_wait_ms",
        "longest_wait_ms",
        "service_level",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.waiting.len().to_string(),
            self.offered.to_string(),
            self.answered.to_string(),
            self.answered_in_time.to_string(),
            self.abandoned.to_string(),
            self.overflowed.to_string(),
            self.promised.to_string(),
            optional(&self.average_wait_ms),
            self.longest_wait_ms.to_string(),
            optional(&self.service_level.map(|level| format!("{level:.3}"))),
        ]
    }
}

/// Queues with who waits in them, the next first, and their figures since the daemon started.
#[utoipa::path(get, path = "/queues", tag = "agents", security(("bearer" = ["agents.see"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<LiveQueue>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let mut rows = api.parts.live.borrow().queues.clone();
    for one in rows.iter_mut().flat_map(|queue| &mut queue.waiting) {
        one.phone = mask(&one.phone);
    }
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Callbacks that keep the places of callers: those that live, and those that ended in the last 24
/// hours.
#[utoipa::path(get, path = "/queues/callbacks", tag = "agents", security(("bearer" = ["queues.see"])),
    responses((status = 200, description = "In the order of their places", body = Items<QueueCallbackRow>)))]
async fn callbacks(State(api): State<Shared>) -> Result<Json<Items<QueueCallbackRow>>, Problem> {
    let since = Timestamp(api.now().0.saturating_sub(DAY_MS));
    let mut items = api.store().queue_callbacks(since).await?;
    for one in &mut items {
        one.phone = mask(&one.phone);
    }
    Ok(Json(Items { items, next: None }))
}

/// Takes a callback out; a call that is on its way to the customer ends.
#[utoipa::path(post, path = "/queues/callbacks/{id}/cancel", tag = "agents",
    params(("id" = String, Path)), security(("bearer" = ["queues.steer"])),
    responses((status = 204, description = "It is out"),
        (status = 404, description = "None lives of that call", body = Problem)))]
async fn cancel(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(call): PathCall,
) -> Result<StatusCode, Problem> {
    api.ask(Control::CancelCallback { call, by: caller.name.clone() }).await?;
    caller.audit(&api, "queue.callback_cancel", &format!("call:{call}"), "").await?;
    Ok(StatusCode::NO_CONTENT)
}
