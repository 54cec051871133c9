//! The card of an order or project: what happened, what was called for, what customers said, and,
//! kept apart from it, what our own people say (CNT-20).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::store::archive::read::EventRow;
use crate::io::store::callback::EventAnswerRow;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;
use crate::policy::pack::Purpose;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(card))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack.
    pack: String,
    /// Order, project, stay.
    matter: String,
}

/// Everything about an order or project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MatterCard {
    /// Order, project, stay.
    pub matter: String,
    /// Where it stands; null: nothing says so.
    pub state: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<EventRow>,
    /// What customers said of it.
    pub answers: Vec<EventAnswerRow>,
    /// What our own people said: project managers of their job and their own service.
    pub internal: Vec<EventAnswerRow>,
}

/// The card of an order or project.
#[utoipa::path(get, path = "/matters/card", tag = "customers", params(Query), security(("bearer" = ["matters.see"])),
    responses((status = 200, description = "The card", body = MatterCard), (status = 404, description = "Nothing happened in it", body = Problem)))]
async fn card(
    State(api): State<Shared>,
    Params(Query { pack, matter }): Params<Query>,
) -> Result<axum::Json<MatterCard>, Problem> {
    let events = api.store().matter_events(&pack, &matter).await?;
    if events.is_empty() {
        return Err(Problem::not_found("matter", format!("{pack}/{matter}")));
    }
    let known = api.desk().packs().get(&pack).ok();
    let is_internal = |row: &EventAnswerRow| {
        let rule = known.as_ref().and_then(|pack| pack.rule.get(&row.rule));
        rule.is_some_and(|rule| rule.purpose == Purpose::Internal)
    };
    let all = api.store().matter_answers(&pack, &matter).await?;
    let (internal, answers) = all.into_iter().partition(is_internal);
    let state = api.store().matter_state(&pack, &matter, api.now()).await?;
    Ok(axum::Json(MatterCard { matter, state, events, answers, internal }))
}
