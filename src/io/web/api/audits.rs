//! The audit of calls: the draw of a month, its list, its seed, its results.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Holder, Permission};
use crate::audit::HOW;
use crate::io::audit::{DrawView, Error as AuditError, MonthResult, SeedBody, Verified};
use crate::io::store::Account;
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index, freeze))
        .routes(routes!(show))
        .routes(routes!(list))
        .routes(routes!(how))
        .routes(routes!(seed))
        .routes(routes!(auditors))
        .routes(routes!(verify))
        .routes(routes!(results))
        .routes(routes!(forms))
        .routes(routes!(used_form))
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(error) => error.into(),
            AuditError::NoSuch(what, id) => Problem::not_found(what, id),
            AuditError::Refused(text) => Problem::conflict(text),
            AuditError::Forbidden(text) => {
                Problem::new(StatusCode::FORBIDDEN, "not-yours", "It is not for this person", text)
            }
            AuditError::Lacks(lacks) => Problem::invalid(
                lacks.into_iter().map(|lack| FieldProblem::new(lack.field, lack.detail, lack.hint)).collect(),
            ),
        }
    }
}

/// A list to freeze.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// A month that is over: `2026-03`.
    pub month: String,
    /// Calls of this policy pack only; empty: all.
    #[serde(default)]
    pub pack: String,
    /// Where the seed will come from; empty: as the form says.
    #[serde(default)]
    pub seed_from: String,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ResultQuery {
    /// `2026-03`.
    month: String,
    /// Of the draw of this policy pack; default: of all.
    pack: Option<String>,
}

/// Draws, the newest month first, without their picks.
#[utoipa::path(get, path = "/audits/draws", tag = "audits", security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "All of them", body = Items<DrawView>)))]
async fn index(State(api): State<Shared>) -> Result<axum::Json<Items<DrawView>>, Problem> {
    Ok(axum::Json(Items { items: api.audits()?.draw_views().await?, next: None }))
}

/// Freezes the calls of a month that is over. The hash of the list is published and stands in the audit log before
/// there is a seed.
#[utoipa::path(post, path = "/audits/draws", tag = "audits", request_body = FreezeBody, security(("bearer" = ["audits.draw"])),
    responses((status = 201, description = "Frozen", body = DrawView), (status = 409, description = "The month has its list, is not over, or was not looked at in whole", body = Problem)))]
async fn freeze(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<FreezeBody>,
) -> Result<(StatusCode, axum::Json<DrawView>), Problem> {
    let office = api.audits()?;
    let id = office.freeze(&body.month, &body.pack, &body.seed_from, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(office.draw_view(id).await?)))
}

/// One draw with its picks: why each call is audited, and with which probability it came in.
#[utoipa::path(get, path = "/audits/draws/{id}", tag = "audits", params(("id" = i64, Path)), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "The draw", body = DrawView), (status = 404, description = "No such draw", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<DrawView>, Problem> {
    Ok(axum::Json(api.audits()?.draw_view(id).await?))
}

/// The published list: the very bytes of its hash. Ids of calls are hashed; no number and no customer stands in it.
#[utoipa::path(get, path = "/audits/draws/{id}/list", tag = "audits", params(("id" = i64, Path)), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "The list", content_type = "text/csv"), (status = 404, description = "No such draw", body = Problem)))]
async fn list(State(api): State<Shared>, RowId(id): RowId) -> Result<Response, Problem> {
    let mut response = api.audits()?.draw_list(id).await?.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    Ok(response)
}

/// How anybody does a draw again, in words.
#[utoipa::path(get, path = "/audits/how", tag = "audits", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The steps", content_type = "text/plain")))]
async fn how() -> &'static str {
    HOW
}

/// Draws with a seed that nobody could choose, and hands the cases out to the auditors.
#[utoipa::path(post, path = "/audits/draws/{id}/seed", tag = "audits", params(("id" = i64, Path)), request_body = SeedBody,
    security(("bearer" = ["audits.draw"])),
    responses((status = 200, description = "Drawn", body = DrawView), (status = 404, description = "No such draw", body = Problem), (status = 409, description = "It has its seed", body = Problem), (status = 422, description = "Seed or auditors will not do", body = Problem)))]
async fn seed(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<SeedBody>,
) -> Result<axum::Json<DrawView>, Problem> {
    Ok(axum::Json(api.audits()?.seed(id, &body, &caller.name, api.now()).await?))
}

/// Somebody who may score sheets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditorView {
    /// The name by which cases are given to them: that of their agent, else of their account.
    pub name: String,
    /// Their account.
    pub account: String,
}

/// Accounts whose roles let them score, so that cases are given to people who can take them. Who has no
/// account may be named all the same.
#[utoipa::path(get, path = "/audits/auditors", tag = "audits", security(("bearer" = ["cases.assign"])),
    responses((status = 200, description = "By name; locked accounts are left out", body = Items<AuditorView>)))]
async fn auditors(State(api): State<Shared>) -> Result<axum::Json<Items<AuditorView>>, Problem> {
    let accounts = api.store().accounts().await?;
    let scores = |account: &&Account| {
        let holder = Holder {
            roles: account.roles(),
            name: account.name.clone(),
            agent: account.agent.clone(),
            department: account.department.clone(),
            shop: account.shop.clone(),
        };
        account.locked_at.is_none() && api.access_of(holder).may(Permission::SheetsScore)
    };
    let view = |account: &Account| AuditorView {
        name: if account.agent.is_empty() { account.name.clone() } else { account.agent.clone() },
        account: account.name.clone(),
    };
    let mut items: Vec<AuditorView> = accounts.iter().filter(scores).map(view).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(axum::Json(Items { items, next: None }))
}

/// Does a draw again from its list and seed, and compares.
#[utoipa::path(get, path = "/audits/draws/{id}/verify", tag = "audits", params(("id" = i64, Path)), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "What is not as it should be", body = Verified), (status = 404, description = "No such draw", body = Problem)))]
async fn verify(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<Verified>, Problem> {
    Ok(axum::Json(api.audits()?.verify(id).await?))
}

/// The audits of a month: each agent's mean with its interval, critical items, and the sheets behind them.
#[utoipa::path(get, path = "/audits/results", tag = "audits", params(ResultQuery), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "By agent", body = MonthResult), (status = 403, description = "The caller has yet to score a call that another has scored", body = Problem)))]
async fn results(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<ResultQuery>,
) -> Result<axum::Json<MonthResult>, Problem> {
    Ok(axum::Json(
        api.audits()?.results(&query.month, query.pack.as_deref().unwrap_or_default(), &caller.name).await?,
    ))
}

/// The audit forms in force with their versions.
#[utoipa::path(get, path = "/audits/forms", tag = "audits", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "`items` of `version` and `form`", body = Object)))]
async fn forms(State(api): State<Shared>) -> Result<axum::Json<Value>, Problem> {
    let settings = api.audits()?.settings();
    let forms: Vec<Value> = settings
        .forms
        .all()
        .map(|(form, version)| serde_json::json!({ "version": version, "form": **form }))
        .collect();
    Ok(axum::Json(serde_json::json!({ "items": forms })))
}

/// A form by which something was scored, whatever is in force now.
#[utoipa::path(get, path = "/audits/forms/{id}", tag = "audits", params(("id" = String, Path, description = "Version of the form")),
    security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The form", body = Object), (status = 404, description = "Nothing was scored by it", body = Problem)))]
async fn used_form(
    State(api): State<Shared>,
    axum::extract::Path(version): axum::extract::Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let form = api
        .store()
        .used_form(&version)
        .await?
        .ok_or_else(|| Problem::not_found("form with version", version))?;
    serde_json::from_str(&form).map(axum::Json).map_err(|error| Problem::internal(&error))
}
