//! What rules and events are called by people: for pages that show callbacks by their rule.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::state::Shared;
use crate::policy::pack::Policy;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

/// Titles of one policy pack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyTitles {
    /// The pack.
    pub pack: String,
    /// Its rules by their ids, those of tickets among them.
    pub rules: BTreeMap<String, Titled>,
    /// Kinds of its events.
    pub events: BTreeMap<String, Titled>,
}

/// What something is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Titled {
    /// In Chinese.
    pub title: String,
    /// In English; may be empty.
    pub title_en: String,
}

fn of_pack(policy: &Policy) -> PolicyTitles {
    let titled =
        |title: &str, title_en: &str| Titled { title: title.to_owned(), title_en: title_en.to_owned() };
    let pack = &policy.pack;
    PolicyTitles {
        pack: pack.pack.clone(),
        rules: pack.rule.iter().map(|(id, rule)| (id.clone(), titled(&rule.title, &rule.title_en))).collect(),
        events: pack.event.iter().map(|(kind, of)| (kind.clone(), titled(&of.title, &of.title_en))).collect(),
    }
}

/// Titles of rules and of kinds of events, by policy pack: what they are called today.
#[utoipa::path(get, path = "/policy-titles", tag = "plan", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "Packs that are in force", body = Items<PolicyTitles>)))]
async fn index(State(api): State<Shared>) -> Result<axum::Json<Items<PolicyTitles>>, Problem> {
    let settings = api.planner()?.settings();
    let today = settings.calendar.date(api.now());
    let items = settings.policies.all_in_force(today).map(of_pack).collect();
    Ok(axum::Json(Items { items, next: None }))
}
