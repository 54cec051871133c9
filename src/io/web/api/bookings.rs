//! What bookings foretell.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::day;
use crate::io::planner::DemandLine;
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;

/// Days that are shown where nobody says.
const DAYS: i64 = 14;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(demand))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: String,
    /// First day; left out: today.
    from: Option<String>,
    /// Last day; left out: two weeks later.
    to: Option<String>,
    /// Field of the booking by which lines are told apart: `store` (default), `service`.
    by: Option<String>,
}

/// The demand of the days to come, from the bookings (`booking.made`, without those cancelled): what
/// is booked, and what usually still comes at the same distance before the same weekday.
#[utoipa::path(get, path = "/bookings/demand", tag = "plan", params(Query), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "One line a day and shop", body = Items<DemandLine>),
              (status = 409, description = "Too many days", body = Problem)))]
async fn demand(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<DemandLine>>, Problem> {
    let planner = api.planner()?;
    let today = planner.settings().calendar.date(api.now());
    let from = query.from.as_deref().map(|text| day("from", text)).transpose()?.unwrap_or(today);
    let last = from.checked_add(jiff::Span::new().days(DAYS - 1)).unwrap_or(from);
    let to = query.to.as_deref().map(|text| day("to", text)).transpose()?.unwrap_or(last);
    let by = query.by.as_deref().unwrap_or("store");
    let items = planner.demand(&query.pack, (from, to), by, api.now()).await?;
    Ok(axum::Json(Items { items, next: None }))
}
