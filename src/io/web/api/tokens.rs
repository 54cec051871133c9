//! Tokens: their names, roles and holders, never their secrets.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lists::check_name;
use crate::base::Timestamp;
use crate::io::store::{NewToken, Token};
use crate::io::web::auth::{Caller, hash_secret, new_secret};
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::once::shown_once;
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Roles of one token, and characters of a role, an agent, a department, a shop.
const ROLES: usize = 20;
pub(super) const ROLE_LIMIT: usize = 60;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(create)).routes(routes!(revoke))
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenView {
    /// Unique name.
    pub name: String,
    /// Its first role; empty: only those of `roles`.
    pub scope: String,
    /// Further roles, and titles of the company by which its holder signs.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Agent of its holder; empty: none.
    #[serde(default)]
    pub agent: String,
    /// Department of its holder; empty: none.
    #[serde(default)]
    pub department: String,
    /// Policy pack of its holder; empty: none.
    #[serde(default)]
    pub shop: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// From when on it is refused; null: never.
    pub expires_at: Option<i64>,
    /// Since when it is refused.
    pub revoked_at: Option<i64>,
    /// Whether it opens anything now.
    pub valid: bool,
}

impl TokenView {
    /// What may be shown of a token.
    pub fn new(token: Token, now: Timestamp) -> Self {
        let (valid, roles) = (token.is_valid_at(now), token.roles());
        let Token { name, scope, created_at, expires_at, revoked_at, agent, department, shop, .. } = token;
        TokenView { name, scope, roles, agent, department, shop, created_at, expires_at, revoked_at, valid }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// Unique name, which the audit log shows.
    pub name: String,
    /// Its first role: `read`, `operate`, `admin` or another; empty: only those of `roles`.
    #[serde(default)]
    pub scope: String,
    /// Seconds until it expires; null: never.
    pub expires_in: Option<u64>,
    /// Further roles, and titles of the company by which its holder signs, as ticket files name
    /// them: `部门负责人`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Agent of its holder, whose calls, callbacks and sheets are theirs; empty: none.
    #[serde(default)]
    pub agent: String,
    /// Department of its holder, whose tickets they see; empty: none.
    #[serde(default)]
    pub department: String,
    /// Policy pack of its holder; empty: none.
    #[serde(default)]
    pub shop: String,
}

/// A token that was made, with its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewTokenView {
    /// The secret.
    pub secret: String,
    /// All else.
    #[serde(flatten)]
    pub token: TokenView,
}

impl SheetRow for TokenView {
    const NAME: &'static str = "tokens";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "scope",
        "roles",
        "agent",
        "department",
        "shop",
        "created_at",
        "expires_at",
        "revoked_at",
        "valid",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.scope.clone(),
            self.roles.join(", "),
            self.agent.clone(),
            self.department.clone(),
            self.shop.clone(),
            Timestamp(self.created_at).to_string(),
            optional(&self.expires_at.map(Timestamp)),
            optional(&self.revoked_at.map(Timestamp)),
            self.valid.to_string(),
        ]
    }
}

/// All tokens, expired and revoked ones too.
#[utoipa::path(get, path = "/tokens", tag = "tokens", security(("bearer" = ["tokens.edit"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<TokenView>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let now = api.now();
    let rows = api.store().tokens().await?.into_iter().map(|token| TokenView::new(token, now)).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Refuses roles that are empty, too long or too many.
pub(super) fn check_sizes(roles: &[String]) -> Result<(), Problem> {
    let good = |role: &String| (1..=ROLE_LIMIT).contains(&role.trim().chars().count());
    if roles.len() <= ROLES && roles.iter().all(good) {
        return Ok(());
    }
    let hint = format!("write at most {ROLES}, each of 1 to {ROLE_LIMIT} characters");
    Err(Problem::invalid_field("roles", "a role is empty or too long, or there are too many", hint))
}

fn check_roles(api: &Shared, body: &NewTokenBody) -> Result<(), Problem> {
    check_sizes(&body.roles)?;
    for (field, place) in [("agent", &body.agent), ("department", &body.department), ("shop", &body.shop)] {
        if place.chars().count() > ROLE_LIMIT {
            let hint = format!("write at most {ROLE_LIMIT} characters");
            return Err(Problem::invalid_field(field, "it is too long", hint));
        }
    }
    let roles = &api.access().roles;
    let wrong = |field: &'static str| {
        move |(problem, hint): (String, String)| Problem::invalid_field(field, problem, hint)
    };
    if !body.scope.is_empty() {
        return roles.check(&[body.scope.as_str()]).map_err(wrong("scope"));
    }
    let words: Vec<&str> = body.roles.iter().map(String::as_str).collect();
    roles.check(&words).map_err(wrong("roles"))
}

/// Makes a token and shows its secret once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", security(("bearer" = ["tokens.edit"])), request_body = NewTokenBody,
    responses((status = 201, description = "Made", body = NewTokenView), (status = 409, description = "The name is taken", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewTokenBody>,
) -> Result<Response, Problem> {
    check_name("name", &body.name)?;
    let now = api.now();
    let expires_at = body.expires_in.map(|seconds| now + std::time::Duration::from_secs(seconds));
    let secret = new_secret().map_err(|e| Problem::internal(&e))?;
    let hash = hash_secret(&secret);
    check_roles(&api, &body)?;
    let NewTokenBody { name, scope, roles, agent, department, shop, .. } = &body;
    let new = NewToken { name, hash: &hash, scope, expires_at, roles, agent, department, shop };
    let token = api.store().create_token(&new, &caller.name, now).await?;
    let view = NewTokenView { secret, token: TokenView::new(token, now) };
    Ok(shown_once((StatusCode::CREATED, axum::Json(view)).into_response()))
}

/// Refuses a token from now on.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "tokens", params(("name" = String, Path)),
    security(("bearer" = ["tokens.edit"])),
    responses((status = 204, description = "Revoked"), (status = 404, description = "No such token", body = Problem)))]
async fn revoke(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    api.store().revoke_token(&name, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
