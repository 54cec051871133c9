//! Closed records put away month by month.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::as_conflict;
use crate::io::intake::Failure;
use crate::io::store::archive::ArchiveRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, moment};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(create))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: Option<String>,
}

/// A month to be put away.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArchiveBody {
    /// Policy pack.
    pub pack: String,
    /// `2026-03`.
    pub month: String,
    /// Name of who keeps the records.
    pub keeper: String,
}

/// What was put away, newest first.
#[utoipa::path(get, path = "/archives", tag = "customers", params(Query), security(("bearer" = ["archives.see"])),
    responses((status = 200, description = "All of them", body = Items<ArchiveRow>)))]
async fn index(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<ArchiveRow>>, Problem> {
    Ok(axum::Json(Items { items: api.store().archive_rows(query.pack.as_deref()).await?, next: None }))
}

/// Puts the closed records of a month away: callbacks that ended in it, events of it for which
/// nothing is owed. They are found as before and changed no more.
#[utoipa::path(post, path = "/archives", tag = "customers", security(("bearer" = ["archives.make"])), request_body = NewArchiveBody,
    responses((status = 201, description = "What was put away", body = ArchiveRow),
        (status = 409, description = "The month is not over", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewArchiveBody>,
) -> Result<Response, Problem> {
    api.desk().packs().get(&body.pack).map_err(Failure::Pack)?;
    let keeper: String = body.keeper.trim().chars().take(200).collect();
    if keeper.is_empty() {
        return Err(Problem::invalid_field("keeper", "nobody is named", "name who keeps the records"));
    }
    let first = super::adherence::month(&body.month)?;
    let next = first.checked_add(1.month()).unwrap_or(first);
    let zone = api.import().timezone;
    let day = |day: jiff::civil::Date| moment("month", &day.to_string(), &zone, false);
    let month = first.strftime("%Y-%m").to_string();
    let span = (day(first)?, day(next)?);
    let kept = api.store().put_away(&body.pack, &month, span, &keeper, &caller.name, api.now()).await;
    Ok((StatusCode::CREATED, axum::Json(kept.map_err(as_conflict)?)).into_response())
}
