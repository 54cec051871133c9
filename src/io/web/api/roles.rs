//! Roles and what they let their holders do.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Role, Scope};
use crate::io::web::listing::Items;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index))
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RoleView {
    /// The word in tokens.
    pub word: String,
    /// Title, in Chinese.
    pub title: String,
    /// Title, in English.
    pub title_en: String,
    /// Where in the sources it stands.
    pub source: String,
    /// Whose things it reaches: `own`, `team`, `department`, `shop` or `all`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// Permissions, each with whose things.
    #[schema(value_type = BTreeMap<String, String>)]
    pub permissions: BTreeMap<String, Scope>,
}

impl RoleView {
    /// A role for people and programs.
    pub fn of(role: &Role) -> RoleView {
        RoleView {
            word: role.word.clone(),
            title: role.title.clone(),
            title_en: role.title_en.clone(),
            source: role.source.clone(),
            scope: role.scope,
            permissions: role.permissions.iter().map(|(p, scope)| (p.to_string(), *scope)).collect(),
        }
    }
}

/// All roles.
#[utoipa::path(get, path = "/roles", tag = "tokens", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them", body = Items<RoleView>)))]
async fn index(State(api): State<Shared>) -> axum::Json<Items<RoleView>> {
    let items = api.access().roles.all().map(|role| RoleView::of(role)).collect();
    axum::Json(Items { items, next: None })
}
