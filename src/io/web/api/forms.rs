//! Questionnaires that customers answer in writing: their page behind a signed link, and the answer
//! that came by another way (SCH-33, CNT-16).

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::callback_edits::incomplete;
use super::callbacks::find;
use crate::base::CallbackId;
use crate::io::planner::{Error as PlannerError, Questionnaire, written_method};
use crate::io::store::Error as StoreError;
use crate::io::store::callback::ReplyRow;
use crate::io::store::read::CallbackRow;
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::page::{self, Head, PAGE_POLICY};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, RowId, SentPage};
use crate::io::web::state::Shared;
use crate::ivr::{Asked, replies};
use crate::policy::pack::Method;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(replies_of, answer))
}

/// Routes that answer without a token: the signed code in the path is the right.
pub(super) fn open_routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show, send))
}

/// An answer that came by another way than the page: by the number that the message quotes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplyBody {
    /// By what channel: `email`, `sms`, `letter` or `web`; `phone` where somebody asked on the telephone and
    /// typed it in, for which the script's blocks must be ticked; empty: the callback's own.
    pub method: String,
    /// Key or comment by question: `{"d1": "5", "opinion": "..."}`.
    pub answers: BTreeMap<String, String>,
}

fn html(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
    ];
    (status, headers, text).into_response()
}

fn head(paper: &Questionnaire) -> Head<'_> {
    Head { language: &paper.language, brand: &paper.brand, title: &paper.title }
}

/// What is asked, in the customer's language where the script has it.
fn asked(api: &Shared, paper: &mut Questionnaire) -> Vec<Asked> {
    let written = api.parts.catalogue.borrow().written.clone();
    paper.language = written.language(&paper.script, &paper.language).to_owned();
    written.page(&paper.script, &paper.language, &paper.fields).unwrap_or_default()
}

/// The questionnaire of a code; None where we did not make it.
async fn paper_of(api: &Shared, code: &str) -> Result<Option<Questionnaire>, Problem> {
    if !code.contains('.') {
        return Ok(None);
    }
    let planner = api.planner()?;
    let Some(id) = planner.callback_of_code(code, api.now()).await? else { return Ok(None) };
    match planner.questionnaire(id, api.now()).await {
        Ok(paper) => Ok(Some(paper)),
        // The customer was erased, or merged into another.
        Err(PlannerError::Store(StoreError::NotFound { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The page of a questionnaire.
#[utoipa::path(get, path = "/q/{code}", tag = "questionnaires", params(("code" = String, Path)),
    responses((status = 200, description = "The questions, or that it is over", body = String, content_type = "text/html"),
              (status = 404, description = "The link is not good", body = String, content_type = "text/html")))]
async fn show(State(api): State<Shared>, Path(code): Path<String>) -> Result<Response, Problem> {
    let Some(mut paper) = paper_of(&api, &code).await? else {
        return Ok(html(StatusCode::NOT_FOUND, page::gone()));
    };
    let asked = asked(&api, &mut paper);
    let text = match paper.is_open() && !asked.is_empty() {
        true => page::form(&head(&paper), &asked, false),
        false => page::over(&head(&paper)),
    };
    Ok(html(StatusCode::OK, text))
}

/// A page that comes back: its answers close the callback.
#[utoipa::path(post, path = "/q/{code}", tag = "questionnaires", params(("code" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Taken, or it was over already", body = String, content_type = "text/html"),
              (status = 404, description = "The link is not good", body = String, content_type = "text/html"),
              (status = 422, description = "Nothing was answered, or something that was not asked", body = String, content_type = "text/html")))]
async fn send(
    State(api): State<Shared>,
    Path(code): Path<String>,
    SentPage(given): SentPage,
) -> Result<Response, Problem> {
    let Some(mut paper) = paper_of(&api, &code).await? else {
        return Ok(html(StatusCode::NOT_FOUND, page::gone()));
    };
    let asked = asked(&api, &mut paper);
    let given = replies(&asked, &given).unwrap_or_default();
    if !paper.is_open() {
        return Ok(html(StatusCode::OK, page::over(&head(&paper))));
    }
    if given.is_empty() {
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page::form(&head(&paper), &asked, true)));
    }
    let method = written_method(paper.stored.callback.method);
    match api.planner()?.answered(&paper, method, given, None, api.now()).await {
        Ok(_) => Ok(html(StatusCode::OK, page::thanks(&head(&paper)))),
        // Sent twice, or closed by a person at this moment.
        Err(PlannerError::Store(StoreError::Refused(_))) => {
            Ok(html(StatusCode::OK, page::over(&head(&paper))))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a customer answered in writing.
#[utoipa::path(get, path = "/callbacks/{id}/answers", tag = "questionnaires", params(("id" = i64, Path)), security(("bearer" = ["callbacks.see"])),
    responses((status = 200, description = "The answers in the order of the page", body = Items<ReplyRow>), (status = 404, description = "No such callback", body = Problem)))]
async fn replies_of(
    State(api): State<Shared>,
    RowId(id): RowId,
) -> Result<axum::Json<Items<ReplyRow>>, Problem> {
    find(&api, id).await?;
    let items = api.store().replies(CallbackId(id)).await?;
    Ok(axum::Json(Items { items, next: None }))
}

/// Refuses a telephone call that left out what the rule requires.
async fn whole_call(api: &Shared, id: i64, given: &BTreeMap<String, String>) -> Result<(), Problem> {
    let (planner, id) = (api.planner()?, CallbackId(id));
    let missing = planner.missing_fields(id, given, api.now()).await?;
    let blocks = planner.card(id, api.now()).await?.blocks_missing();
    match missing.is_empty() && blocks.is_empty() {
        true => Ok(()),
        false => Err(incomplete(missing, blocks)),
    }
}

/// An answer that came by another way than the page closes the callback.
#[utoipa::path(post, path = "/callbacks/{id}/answers", tag = "questionnaires", params(("id" = i64, Path)), security(("bearer" = ["callbacks.call"])),
    request_body = ReplyBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 409, description = "It is not owed any more", body = Problem),
              (status = 422, description = "Something was not asked or not offered", body = Problem)))]
async fn answer(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReplyBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    let mut paper = api.planner()?.questionnaire(CallbackId(id), api.now()).await?;
    let method = match body.method.as_str() {
        "" => written_method(paper.stored.callback.method),
        word => {
            Method::parse(word).filter(|m| !matches!(m, Method::Onsite | Method::Task)).ok_or_else(|| {
                let hint = "write phone, email, sms, letter or web";
                Problem::invalid_field("method", format!("nobody answers questions by `{word}`"), hint)
            })?
        }
    };
    let asked = asked(&api, &mut paper);
    let given = replies(&asked, &body.answers).map_err(|bad| {
        Problem::invalid_field(&format!("answers.{}", bad.question), "it cannot be used", bad.problem)
    })?;
    if given.is_empty() {
        let names: Vec<&str> = asked.iter().map(|one| one.name.as_str()).collect();
        let hint = format!("answer one of {}", names.join(", "));
        return Err(Problem::invalid_field("answers", "nothing was answered", hint));
    }
    if method == Method::Phone {
        whole_call(&api, id, &body.answers).await?;
    }
    api.planner()?.answered(&paper, method, given, Some(&caller.name), api.now()).await?;
    Ok(axum::Json(find(&api, id).await?))
}
