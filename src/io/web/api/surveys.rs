//! Scores by month, and how they moved.

use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::planner::{SurveyBy, SurveyMonth};
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
    /// First month: `2026-01`.
    from: String,
    /// Last month; left out: the first.
    to: Option<String>,
    /// Policy pack.
    pack: Option<String>,
    /// Rule.
    rule: Option<String>,
    /// `rule`, `dimension` or `person`: what the scores of a rule are told apart by.
    #[serde(default)]
    #[param(inline)]
    by: SurveyBy,
}

impl SheetRow for SurveyMonth {
    const NAME: &'static str = "surveys";
    const COLUMNS: &'static [&'static str] = &[
        "pack",
        "rule",
        "month",
        "dimension",
        "rated_function",
        "rated_person",
        "n",
        "mean",
        "delta",
        "counts",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.pack.clone(),
            self.rule.clone(),
            self.month.clone(),
            optional(&self.dimension),
            optional(&self.rated_function),
            optional(&self.rated_person),
            self.n.to_string(),
            format!("{:.2}", self.mean),
            optional(&self.delta.map(|delta| format!("{delta:+.2}"))),
            self.counts.to_string(),
        ]
    }
}

/// Scores of the callbacks that were closed in each month: how many, their mean, and by how
/// much it moved since the month before.
#[utoipa::path(get, path = "/surveys", tag = "plan", params(Query), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "By rule and month; also as `text/csv`", body = Items<SurveyMonth>),
              (status = 422, description = "No such month, or too many", body = Problem)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let first = month("from", &query.from)?;
    let last = query.to.as_deref().map_or(Ok(first), |to| month("to", to))?;
    let (pack, rule) = (query.pack.as_deref(), query.rule.as_deref());
    let months = api.planner()?.surveys(pack, rule, (first, last), query.by).await?;
    listing::answer_all(&api, &caller, wants, months).await
}

fn month(field: &str, text: &str) -> Result<Date, Problem> {
    format!("{text}-01")
        .parse()
        .map_err(|_| Problem::invalid_field(field, format!("`{text}` is not a month"), "write it as 2026-03"))
}
