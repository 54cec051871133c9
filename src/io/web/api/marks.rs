//! What an agent ticks on the card while the customer is on the line, and the expert they call in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::callbacks::{created, find};
use super::entries::{ReasonBody, as_conflict};
use crate::base::{CallbackId, EventId};
use crate::io::planner::{Added, CallFacts, Meeting};
use crate::io::store::Error as StoreError;
use crate::io::store::callback::{Mark, MarkKind};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, RowId, moment};
use crate::io::web::state::Shared;
use crate::policy::pack::Method;

/// Characters of a note or a name.
const TEXT_LIMIT: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(mark)).routes(routes!(expert))
}

/// One tick: a block or a field.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MarkBody {
    /// Block of the script: `done` or `skipped`.
    pub block: Option<String>,
    /// Registered field of the card: `match` or `mismatch`.
    pub field: Option<String>,
    /// The result.
    pub result: String,
    /// What the customer said; notes of psychological support.
    pub note: String,
}

/// An expert who is to speak with the customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpertBody {
    /// When: `2026-03-05T15:30:00+08:00`, or milliseconds.
    pub at: String,
    /// Who.
    pub expert: String,
    /// Department of the expert: `骨科`.
    pub department: String,
    /// What it is about.
    pub reason: String,
}

fn text(field: &str, value: &str) -> Result<String, Problem> {
    let value = value.trim();
    if value.chars().count() > TEXT_LIMIT || value.contains('\0') {
        let hint = format!("write at most {TEXT_LIMIT} characters");
        return Err(Problem::invalid_field(field, "it is too long", hint));
    }
    Ok(value.to_owned())
}

/// The tick, if the card has something of that name and the result is one of it.
fn checked(body: &MarkBody, card: &CallFacts, spoken: &[String]) -> Result<Mark, Problem> {
    let (kind, name, known): (_, _, Vec<&String>) = match (&body.block, &body.field) {
        (Some(block), None) => {
            let known = card.blocks.iter().chain(card.block_after.keys()).chain(spoken);
            (MarkKind::Block, block, known.collect())
        }
        (None, Some(field)) => (MarkKind::Field, field, card.facts.keys().collect()),
        _ => {
            let hint = "name either a `block` or a `field`";
            return Err(Problem::invalid_field("block", "one thing is ticked at a time", hint));
        }
    };
    if !known.contains(&name) {
        let mut words: Vec<&str> = known.iter().map(|word| word.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        let words = if words.is_empty() { "nothing of that kind".to_owned() } else { words.join(", ") };
        let detail = format!("`{name}` is not on the card");
        return Err(Problem::invalid_field(kind.as_str(), detail, format!("the card has {words}")));
    }
    let [yes, no] = kind.results();
    if ![yes, no].contains(&body.result.as_str()) {
        let detail = format!("`{}` is no result", body.result);
        return Err(Problem::invalid_field("result", detail, format!("write {yes} or {no}")));
    }
    if let Some(first) =
        card.block_after.get(name).filter(|_| kind == MarkKind::Block && body.result == "done")
    {
        let is_done = |m: &crate::io::store::callback::MarkRow| m.name == *first && m.result == "done";
        if !card.marks.iter().any(|m| m.kind == "block" && is_done(m)) {
            let hint = format!("tick `{first}` first, or skip `{name}`");
            return Err(Problem::invalid_field("block", format!("`{name}` comes after `{first}`"), hint));
        }
    }
    let (result, note) = (body.result.clone(), text("note", &body.note)?);
    Ok(Mark { kind, name: name.clone(), result, note })
}

/// Ticks a block of the script, or a registered field, while the customer is on the line. A field
/// stands in the register, and with the event that it comes from.
#[utoipa::path(post, path = "/callbacks/{id}/marks", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = MarkBody,
    responses((status = 204, description = "Ticked"), (status = 404, description = "No such callback", body = Problem),
        (status = 409, description = "It is closed already", body = Problem),
        (status = 422, description = "The card has no such block or field, or another block comes first", body = Problem)))]
async fn mark(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<MarkBody>,
) -> Result<StatusCode, Problem> {
    find(&api, id).await?;
    let card = api.planner()?.card(CallbackId(id), api.now()).await?;
    let written = api.parts.catalogue.borrow().written.clone();
    let language = written.language(&card.script, &card.language);
    let blocks = written.blocks(&card.script, language, &card.facts);
    let spoken: Vec<String> = blocks.into_iter().map(|block| block.step).collect();
    let mark = checked(&body, &card, &spoken)?;
    let marked = api.store().mark_callback(CallbackId(id), &mark, &caller.name, api.now()).await;
    marked.map_err(as_conflict)?;
    if mark.kind == MarkKind::Field {
        note_with_event(&api, id, &mark, &caller.name).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The event keeps what was said of its field; a field of the customer's own has none.
async fn note_with_event(api: &Shared, id: i64, mark: &Mark, by: &str) -> Result<(), Problem> {
    let stored = api.store().callback(CallbackId(id)).await?;
    let Some(EventId(event)) = stored.and_then(|stored| stored.callback.event) else { return Ok(()) };
    let Mark { name, result, note, .. } = mark;
    match api.store().check_field(EventId(event), name, result, note, by, api.now()).await {
        Ok(customer) => api.desk().touched(vec![customer]),
        Err(StoreError::Refused(_) | StoreError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Makes an appointment with an expert: their task, beside the callback.
#[utoipa::path(post, path = "/callbacks/{id}/expert", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = ExpertBody,
    responses((status = 201, description = "The expert's task", body = crate::io::store::read::CallbackRow),
        (status = 422, description = "Some values cannot be used", body = Problem)))]
async fn expert(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ExpertBody>,
) -> Result<Response, Problem> {
    let expert = text("expert", &body.expert)?;
    if expert.is_empty() {
        return Err(Problem::invalid_field(
            "expert",
            "nobody is named",
            "write who is to speak with the customer",
        ));
    }
    let meeting = Meeting {
        of: CallbackId(id),
        method: Method::Task,
        at: moment("at", &body.at, &api.import().timezone, false)?,
        person: Some(expert),
        place: text("department", &body.department)?,
        reason: ReasonBody { reason: body.reason }.check()?.to_owned(),
    };
    let stored = api.planner()?.add(&Added::Meeting(meeting), &caller.name, api.now()).await?;
    created(&api, stored.callback.id).await
}
