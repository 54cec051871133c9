//! Tokens: their names and scopes, never their secrets.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lists::check_name;
use crate::base::Timestamp;
use crate::io::store::{NewToken, Token};
use crate::io::web::auth::{Admin, Scope, hash_secret, new_secret};
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Roles of one token, and characters of a role.
const ROLES: usize = 20;
const ROLE_LIMIT: usize = 60;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(create)).routes(routes!(revoke))
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenView {
    /// Unique name.
    pub name: String,
    /// `read`, `operate` or `admin`.
    pub scope: String,
    /// Roles of the company that its holder has: what they may sign.
    #[serde(default)]
    pub roles: Vec<String>,
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
        let Token { name, scope, created_at, expires_at, revoked_at, .. } = token;
        TokenView { name, scope, roles, created_at, expires_at, revoked_at, valid }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// Unique name, which the audit log shows.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Seconds until it expires; null: never.
    pub expires_in: Option<u64>,
    /// Roles of the company that its holder has, as ticket files name them: `部门负责人`.
    #[serde(default)]
    pub roles: Vec<String>,
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
    const COLUMNS: &'static [&'static str] =
        &["name", "scope", "roles", "created_at", "expires_at", "revoked_at", "valid"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.scope.clone(),
            self.roles.join(", "),
            Timestamp(self.created_at).to_string(),
            optional(&self.expires_at.map(Timestamp)),
            optional(&self.revoked_at.map(Timestamp)),
            self.valid.to_string(),
        ]
    }
}

/// All tokens, expired and revoked ones too.
#[utoipa::path(get, path = "/tokens", tag = "tokens", security(("bearer" = ["admin"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<TokenView>)))]
async fn index(State(api): State<Shared>, Admin(caller): Admin, wants: Wants) -> Result<Response, Problem> {
    let now = api.now();
    let rows = api.store().tokens().await?.into_iter().map(|token| TokenView::new(token, now)).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

fn check_roles(roles: &[String]) -> Result<(), Problem> {
    let good = |role: &String| (1..=ROLE_LIMIT).contains(&role.trim().chars().count());
    if roles.len() <= ROLES && roles.iter().all(good) {
        return Ok(());
    }
    let hint = format!("write at most {ROLES}, each of 1 to {ROLE_LIMIT} characters");
    Err(Problem::invalid_field("roles", "a role is empty or too long, or there are too many", hint))
}

/// Makes a token and shows its secret once.
#[utoipa::path(post, path = "/tokens", tag = "tokens", security(("bearer" = ["admin"])), request_body = NewTokenBody,
    responses((status = 201, description = "Made", body = NewTokenView), (status = 409, description = "The name is taken", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    Admin(caller): Admin,
    Json(body): Json<NewTokenBody>,
) -> Result<Response, Problem> {
    check_name("name", &body.name)?;
    let now = api.now();
    let expires_at = body.expires_in.map(|seconds| now + std::time::Duration::from_secs(seconds));
    let secret = new_secret().map_err(|e| Problem::internal(&e))?;
    let hash = hash_secret(&secret);
    check_roles(&body.roles)?;
    let scope = body.scope.as_str();
    let new = NewToken { name: &body.name, hash: &hash, scope, expires_at, roles: &body.roles };
    let token = api.store().create_token(&new, &caller.name, now).await?;
    let view = NewTokenView { secret, token: TokenView::new(token, now) };
    Ok((StatusCode::CREATED, axum::Json(view)).into_response())
}

/// Refuses a token from now on.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "tokens", params(("name" = String, Path)),
    security(("bearer" = ["admin"])),
    responses((status = 204, description = "Revoked"), (status = 404, description = "No such token", body = Problem)))]
async fn revoke(
    State(api): State<Shared>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    api.store().revoke_token(&name, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
