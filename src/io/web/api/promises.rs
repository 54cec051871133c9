//! What was promised to customers and is not kept yet, by its time.

use axum::extract::{Path, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{UnmaskQuery, unmasking};
use crate::base::Timestamp;
use crate::io::store::ticket::{PromiseFilter, PromiseRow};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::mask::{mask, mask_name};
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Promises of one agent: more is no list that a person works through.
const LIMIT: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

impl SheetRow for PromiseRow {
    const NAME: &'static str = "promises";
    const COLUMNS: &'static [&'static str] = &[
        "due",
        "ticket_id",
        "number",
        "callback_id",
        "pack",
        "kind",
        "customer_id",
        "name",
        "phone",
        "keeper",
        "made_by",
        "what",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            Timestamp(self.due).to_string(),
            optional(&self.ticket_id),
            self.number.clone(),
            optional(&self.callback_id),
            self.pack.clone(),
            self.kind.clone(),
            optional(&self.customer_id),
            self.name.clone(),
            self.phone.clone(),
            self.keeper.clone(),
            self.made_by.clone(),
            self.what.clone(),
        ]
    }

    fn cover_name(&mut self) {
        self.name = mask_name(&self.name);
        self.what = String::new();
    }
}

/// Promises of these, by their time.
pub(super) async fn promises(
    api: &Shared,
    filter: &PromiseFilter,
    unmask: bool,
) -> Result<Vec<PromiseRow>, Problem> {
    let mut rows = api.store().promises(filter, LIMIT).await?;
    if !unmask {
        rows.iter_mut().for_each(|row| row.phone = mask(&row.phone));
    }
    Ok(rows)
}

/// What an agent has promised to customers, or is to keep, and is not kept yet: replies of tickets, and
/// calls that were agreed for an exact time; by that time, what is overdue first.
#[utoipa::path(get, path = "/agents/{name}/promises", tag = "agents", params(("name" = String, Path), UnmaskQuery),
    security(("bearer" = ["agents.card"])),
    responses((status = 200, description = "At most a hundred; also as `text/csv`", body = Items<PromiseRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Path(name): Path<String>,
    Params(query): Params<UnmaskQuery>,
) -> Result<Response, Problem> {
    let unmask = unmasking(&api, &caller, query.unmask, &format!("promises:{name}")).await?;
    let filter = PromiseFilter { agent: Some(name), to: None };
    let rows = promises(&api, &filter, unmask).await?;
    listing::answer_all(&api, &caller, wants, rows).await
}
