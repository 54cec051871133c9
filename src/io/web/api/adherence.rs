//! Reports about keeping to the rules: calls in their hours, visits in time, everybody reached.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::planner::{Adherence, Coverage, Visit};
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(adherence)).routes(routes!(visits)).routes(routes!(coverage))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MonthQuery {
    /// Month: `2026-03`.
    month: String,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CoverageQuery {
    /// Policy pack.
    pack: String,
    /// Calendar year.
    year: i16,
    /// Only callbacks of this rule count; else those of the rules that want each customer once
    /// a year, else all.
    rule: Option<String>,
}

/// First day of a month.
pub(super) fn month(text: &str) -> Result<jiff::civil::Date, Problem> {
    format!("{text}-01").parse().map_err(|_| {
        Problem::invalid_field("month", format!("`{text}` is not a month"), "write it as 2026-03")
    })
}

/// Calls of a month by caller: how many were placed outside the prescribed hours or after the
/// deadline, and every call by hand against a rule with its reason.
#[utoipa::path(get, path = "/adherence", tag = "plan", params(MonthQuery), security(("bearer" = ["ticket_reports.see"])),
    responses((status = 200, description = "The month", body = Adherence)))]
async fn adherence(
    State(api): State<Shared>,
    Params(query): Params<MonthQuery>,
) -> Result<axum::Json<Adherence>, Problem> {
    Ok(axum::Json(api.planner()?.adherence(month(&query.month)?).await?))
}

/// Visits of a month: when they were to begin, and how many minutes late they did.
#[utoipa::path(get, path = "/visits", tag = "plan", params(MonthQuery), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "All of them", body = Items<Visit>)))]
async fn visits(
    State(api): State<Shared>,
    Params(query): Params<MonthQuery>,
) -> Result<axum::Json<Items<Visit>>, Problem> {
    Ok(axum::Json(Items { items: api.planner()?.visits(month(&query.month)?).await?, next: None }))
}

/// Customers of a pack whom nobody reached in a calendar year.
#[utoipa::path(get, path = "/coverage", tag = "plan", params(CoverageQuery), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "Counts, and who is left", body = Coverage), (status = 404, description = "No such pack", body = Problem)))]
async fn coverage(
    State(api): State<Shared>,
    Params(query): Params<CoverageQuery>,
) -> Result<axum::Json<Coverage>, Problem> {
    Ok(axum::Json(api.planner()?.coverage_of(&query.pack, query.year, query.rule.as_deref()).await?))
}
