//! The callback rate of a month.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::planner::RuleRate;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Month: `2026-03`.
    month: String,
    /// A field of the customer by which each rate is split: `customer_type`.
    by: Option<String>,
}

impl SheetRow for RuleRate {
    const NAME: &'static str = "rates";
    const COLUMNS: &'static [&'static str] = &[
        "pack",
        "rule",
        "part",
        "month",
        "due",
        "done",
        "in_time",
        "open",
        "excused",
        "refused",
        "unreached",
        "withdrawn",
        "satisfied",
        "dissatisfied",
        "by_method",
        "rate",
        "in_time_rate",
        "reached_rate",
        "target",
        "counts",
    ];

    fn cells(&self) -> Vec<String> {
        let percent = |value: Option<f64>| optional(&value.map(|v| format!("{v:.1}")));
        vec![
            self.pack.clone(),
            self.rule.clone(),
            self.part.clone(),
            self.month.clone(),
            self.due.to_string(),
            self.done.to_string(),
            self.in_time.to_string(),
            self.open.to_string(),
            self.excused.to_string(),
            self.refused.to_string(),
            self.unreached.to_string(),
            self.withdrawn.to_string(),
            self.satisfied.to_string(),
            self.dissatisfied.to_string(),
            self.by_method.iter().map(|(m, n)| format!("{m}={n}")).collect::<Vec<_>>().join(" "),
            percent(self.rate),
            percent(self.in_time_rate),
            percent(self.reached_rate),
            format!("{:.1}", self.target),
            self.counts.to_string(),
        ]
    }
}

/// Of all callbacks whose deadline lies in a month: done, in time, open, given up; by rule.
#[utoipa::path(get, path = "/rates", tag = "plan", params(Query), security(("bearer" = ["reports.see"])),
    responses((status = 200, description = "The rates; also as `text/csv`", body = Items<RuleRate>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let first = super::adherence::month(&query.month)?;
    let rates = api.planner()?.rates_by(first, query.by.as_deref()).await?;
    listing::answer_all(&api, &caller, wants, rates).await
}
