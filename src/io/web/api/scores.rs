//! What counts for or against the score of people.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::day;
use crate::base::Timestamp;
use crate::io::store::{ScoreEventRow, ScoreFilter};
use crate::io::web::auth::Read;
use crate::io::web::listing::{self, Items, Paging, Wants};
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
    /// Of this pack.
    pack: Option<String>,
    /// Of this person.
    person: Option<String>,
    /// Of this kind: `reconciliation`.
    kind: Option<String>,
    /// From this day on: `2026-03-01`.
    from: Option<String>,
    /// To this day.
    to: Option<String>,
    /// Withdrawn ones too.
    #[serde(default)]
    withdrawn: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for ScoreEventRow {
    const NAME: &'static str = "score-events";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "pack",
        "person",
        "day",
        "kind",
        "subject",
        "points",
        "detail",
        "created_by",
        "created_at",
        "withdrawn_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.person.clone(),
            self.day.clone(),
            self.kind.clone(),
            self.subject.clone(),
            self.points.to_string(),
            self.detail.clone(),
            self.created_by.clone(),
            Timestamp(self.created_at).to_string(),
            optional(&self.withdrawn_at.map(Timestamp)),
        ]
    }
}

/// What counts for or against people: differences of the register, and whatever else is scored.
#[utoipa::path(get, path = "/score-events", tag = "scores", params(Query), security(("bearer" = ["read"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ScoreEventRow>)))]
async fn index(
    State(api): State<Shared>,
    Read(caller): Read,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    for (field, text) in [("from", &query.from), ("to", &query.to)] {
        text.as_deref().map(|text| day(field, text)).transpose()?;
    }
    let Query { pack, person, kind, from, to, withdrawn, .. } = query;
    let filter = ScoreFilter { pack, person, kind, from, to, withdrawn };
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().score_events(&filter, after.as_ref(), limit).await }
    })
    .await
}
