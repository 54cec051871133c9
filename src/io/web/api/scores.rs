//! What counts for or against the score of people.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::day;
use crate::base::Timestamp;
use crate::io::store::{NewScore, ScoreEventRow, ScoreFilter};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index, propose)).routes(routes!(decide))
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
        "proposed",
        "approved",
        "decided_by",
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
            self.proposed.to_string(),
            optional(&self.approved),
            self.decided_by.clone().unwrap_or_default(),
        ]
    }
}

/// What counts for or against people: differences of the register, and whatever else is scored.
#[utoipa::path(get, path = "/score-events", tag = "scores", params(Query), security(("bearer" = ["performance.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ScoreEventRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
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

/// Points for or against a person that a manager decides on.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalBody {
    /// Policy pack.
    pub pack: String,
    /// Whose score: a person, a regional head, a unit.
    pub person: String,
    /// The day on which it counts: `2026-03-03`.
    pub date: String,
    /// Stable word: `penalty`, `praise`, `appraisal`.
    pub kind: String,
    /// What it comes of: `ticket:12`, `call:01K...`.
    pub subject: String,
    /// Below zero: taken off.
    pub points: i64,
    /// Why.
    pub reason: String,
}

/// The decision on a proposal.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// Whether it counts.
    pub approve: bool,
    /// Why.
    pub reason: String,
}

/// Proposes points for or against a person. They count once somebody else with `performance.decide`
/// approves them (PRF-06).
#[utoipa::path(post, path = "/score-events", tag = "scores", security(("bearer" = ["performance.propose"])),
    responses((status = 201, description = "The row that waits", body = i64), (status = 422, description = "A field is empty", body = Problem)))]
async fn propose(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<ProposalBody>,
) -> Result<(StatusCode, axum::Json<i64>), Problem> {
    day("date", &body.date)?;
    for (field, text) in
        [("person", &body.person), ("kind", &body.kind), ("subject", &body.subject), ("reason", &body.reason)]
    {
        if text.trim().is_empty() {
            return Err(Problem::invalid_field(field, "it is empty", "a proposal says who, what and why"));
        }
    }
    let key =
        format!("proposal:{}:{}:{}:{}:{}", body.kind, body.subject, body.person, body.date, api.now().0);
    let new = NewScore {
        key,
        pack: body.pack,
        person: body.person,
        day: body.date,
        kind: body.kind,
        subject: body.subject,
        points: body.points,
        detail: body.reason,
    };
    let id = api.store().propose_score(&new, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(id)))
}

/// Approves or refuses a proposal, once, and not by who made it.
#[utoipa::path(post, path = "/score-events/{id}/decision", tag = "scores", params(("id" = i64, Path)), security(("bearer" = ["performance.decide"])),
    responses((status = 204, description = "Decided"), (status = 422, description = "Nothing waits for this decision", body = Problem)))]
async fn decide(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<DecisionBody>,
) -> Result<StatusCode, Problem> {
    api.store().decide_score(id, body.approve, body.reason.trim(), &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
