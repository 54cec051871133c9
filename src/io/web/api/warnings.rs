//! What a person should look at, found by the daemon itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{ReasonBody, as_conflict};
use crate::base::Timestamp;
use crate::io::store::WarningRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(settle))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: Option<String>,
    /// Only those that are open, or only others.
    open: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for WarningRow {
    const NAME: &'static str = "warnings";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "pack",
        "day",
        "code",
        "subject",
        "detail",
        "raised_at",
        "settled_at",
        "settled_by",
        "settled_reason",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.day.clone(),
            self.code.clone(),
            self.subject.clone(),
            self.detail.clone(),
            Timestamp(self.raised_at).to_string(),
            optional(&self.settled_at.map(Timestamp)),
            self.settled_by.clone(),
            self.settled_reason.clone(),
        ]
    }
}

/// Warnings that the daemon raised, newest first: slips and reports that did not come in,
/// samples under their quota, customers whom nobody reached in time, a year without holidays, recordings that could not be kept as they should.
#[utoipa::path(get, path = "/warnings", tag = "plan", params(Query), security(("bearer" = ["warnings.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<WarningRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let query = query.clone();
        async move { api.store().warning_rows(query.pack.as_deref(), query.open, after.as_ref(), limit).await }
    })
    .await
}

/// Says that a person has seen to a warning; it is not raised again.
#[utoipa::path(post, path = "/warnings/{id}/settle", tag = "plan", params(("id" = i64, Path)),
    security(("bearer" = ["warnings.settle"])), request_body = ReasonBody,
    responses((status = 204, description = "Settled"), (status = 404, description = "No such warning", body = Problem),
        (status = 409, description = "It was settled already", body = Problem)))]
async fn settle(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<StatusCode, Problem> {
    api.store().settle_warning(id, body.check()?, &caller.name, api.now()).await.map_err(as_conflict)?;
    Ok(StatusCode::NO_CONTENT)
}
