//! Lists of customers.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::ListId;
use crate::io::store::read::ListRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(create)).routes(routes!(show))
}

/// A list to be made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewListBody {
    /// Unique name.
    pub name: String,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Only the list of this name.
    name: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for ListRow {
    const NAME: &'static str = "lists";
    const COLUMNS: &'static [&'static str] = &["id", "name", "created_at", "entries", "open", "campaign_id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            crate::base::Timestamp(self.created_at).to_string(),
            self.entries.to_string(),
            self.open.to_string(),
            optional(&self.campaign_id),
        ]
    }
}

/// Lists, newest first.
#[utoipa::path(get, path = "/lists", tag = "lists", params(Query), security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ListRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    if let Some(name) = query.name {
        let list = api.store().list_by_name(&name).await?;
        let rows = match list {
            Some(list) => api.store().list_row(list.id).await?.into_iter().collect(),
            None => Vec::new(),
        };
        return listing::answer_all(&api, &caller, wants, rows).await;
    }
    listing::answer(&api, &caller, wants, paging, |api, after, limit| async move {
        api.store().list_rows(after.as_ref(), limit).await
    })
    .await
}

/// Makes an empty list.
#[utoipa::path(post, path = "/lists", tag = "lists", security(("bearer" = ["lists.import"])), request_body = NewListBody,
    responses((status = 201, description = "Made", body = ListRow), (status = 409, description = "The name is taken", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewListBody>,
) -> Result<Response, Problem> {
    check_name("name", &body.name)?;
    let list = api.store().create_list(&body.name, &caller.name, api.now()).await?;
    let row = find(&api, list.id).await?;
    let location = format!("/api/v1/lists/{}", list.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)).into_response())
}

/// One list with its size.
#[utoipa::path(get, path = "/lists/{id}", tag = "lists", security(("bearer" = ["lists.see"])), params(("id" = i64, Path)),
    responses((status = 200, description = "The list", body = ListRow), (status = 404, description = "No such list", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<ListRow>, Problem> {
    Ok(axum::Json(find(&api, ListId(id)).await?))
}

pub(super) async fn find(api: &Shared, id: ListId) -> Result<ListRow, Problem> {
    api.store().list_row(id).await?.ok_or_else(|| Problem::not_found("list", id))
}

/// Names are shown in lists, files and command lines: one line of text, not endless.
pub(super) fn check_name(field: &str, name: &str) -> Result<(), Problem> {
    const LIMIT: usize = 200;
    let wrong = if name.trim().is_empty() {
        "it is empty"
    } else if name.chars().count() > LIMIT {
        "it is longer than 200 characters"
    } else if name.chars().any(char::is_control) {
        "it holds control characters"
    } else {
        return Ok(());
    };
    Err(Problem::invalid_field(field, wrong, "write one line of 1 to 200 characters"))
}
