//! Queues of the hotline: who waits, and what was achieved since the start.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::auth::Read;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::live::LiveQueue;
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
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
#[utoipa::path(get, path = "/queues", tag = "agents", security(("bearer" = ["read"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<LiveQueue>)))]
async fn index(State(api): State<Shared>, Read(caller): Read, wants: Wants) -> Result<Response, Problem> {
    let mut rows = api.parts.live.borrow().queues.clone();
    for one in rows.iter_mut().flat_map(|queue| &mut queue.waiting) {
        one.phone = mask(&one.phone);
    }
    listing::answer_all(&api, &caller, wants, rows).await
}
