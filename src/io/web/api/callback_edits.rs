//! What people do to callbacks. Each edit is written into the audit log with who and why.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call_card::steps_of;
use super::callbacks::{created, find};
use super::entries::ReasonBody;
use super::plan::day;
use crate::base::{CallbackId, Timestamp};
use crate::io::planner::{Added, Appointment, CallNow, FollowUp, Meeting};
use crate::io::store::callback::Edit;
use crate::io::store::read::CallbackRow;
use crate::io::web::auth::Caller;
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::{Json, RowId, moment};
use crate::io::web::state::Shared;
use crate::policy::pack::Method;
use crate::policy::{Outcome, out_of_order};

/// Characters of a note or a name.
const TEXT_LIMIT: usize = 500;
/// Result of a call whose customer is to be visited (SCH-34).
const WANTS_ONSITE: &str = "wants_onsite";
/// Fields that come with the closing of a callback.
const FIELD_LIMIT: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(remove))
        .routes(routes!(done))
        .routes(routes!(follow_up))
        .routes(routes!(appointment))
        .routes(routes!(shift))
        .routes(routes!(assign))
        .routes(routes!(note))
        .routes(routes!(call_now))
}

/// Takes a callback out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveBody {
    /// Only off the list of this day; empty: for good.
    pub day: String,
    /// Why.
    pub reason: String,
}

/// Done by a channel that the dialler does not serve.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DoneBody {
    /// By what channel: `onsite`, `email`, `letter` and others.
    pub method: String,
    /// When: a day, a time, or milliseconds; empty: now.
    pub at: String,
    /// `satisfied`, `dissatisfied` or `reached`; `wants_onsite` where the customer is to be visited
    /// at the time of `appointment`: then the callback stays open until the visit is done.
    pub outcome: String,
    /// What was found, or why.
    pub reason: String,
    /// What was filled in, by column: what the rule requires, or `match` and `mismatch` of what
    /// stood on the card.
    pub fields: BTreeMap<String, String>,
    /// Steps of the script in the order in which they were done; a broken order is kept with the
    /// callback as `steps_out_of_order`. Empty: not noted.
    pub steps: Vec<String>,
    /// The time that was agreed for the next call or visit; empty: none. A callback by the same
    /// rule is made for it.
    pub appointment: String,
}

/// The next date.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FollowUpBody {
    /// The day: `2026-03-23`.
    pub next_follow_up: String,
    /// Purpose, shown on the card.
    pub note: String,
    /// Why.
    pub reason: String,
}

/// A promised call.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AppointmentBody {
    /// When it rings: `2026-03-05T15:30:00+08:00`, or milliseconds.
    pub at: String,
    /// Who calls; empty: who was to call before.
    pub assignee: String,
    /// Place or purpose, shown on the card.
    pub note: String,
    /// Why.
    pub reason: String,
}

/// Another time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MoveBody {
    /// Not before: a day, a time, or milliseconds. The deadline stays.
    pub earliest: String,
    /// Why.
    pub reason: String,
}

/// Who is to call.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AssignBody {
    /// Name; empty: anybody of the role.
    pub assignee: String,
    /// Why.
    pub reason: String,
}

/// A note.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoteBody {
    /// Shown on the card.
    pub note: String,
}

/// A call at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallNowBody {
    /// Why it is called although a rule speaks against it; empty: only where none does.
    pub override_reason: String,
}

fn reason(text: &str) -> Result<String, Problem> {
    Ok(ReasonBody { reason: text.into() }.check()?.to_owned())
}

fn short(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > TEXT_LIMIT || text.contains('\0') {
        let hint = format!("write at most {TEXT_LIMIT} characters");
        return Err(Problem::invalid_field(field, "it is too long", hint));
    }
    Ok(text.to_owned())
}

fn time(api: &Shared, field: &str, text: &str) -> Result<Timestamp, Problem> {
    moment(field, text, &api.import().timezone, false)
}

async fn edit(
    api: &Shared,
    caller: &str,
    id: i64,
    edit: Edit,
    reason: &str,
) -> Result<axum::Json<CallbackRow>, Problem> {
    api.planner()?.edit(CallbackId(id), &edit, reason, caller, api.now()).await?;
    Ok(axum::Json(find(api, id).await?))
}

/// Takes a callback off the list of a day, or out for good.
#[utoipa::path(post, path = "/callbacks/{id}/remove", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.remove"])), request_body = RemoveBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 409, description = "It is not owed any more", body = Problem)))]
async fn remove(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<RemoveBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    let what = if body.day.is_empty() { Edit::Remove } else { Edit::Hold(day("day", &body.day)?) };
    edit(&api, &caller.name, id, what, &reason(&body.reason)?).await
}

/// What was filled in, within limits.
fn filled(body: &DoneBody) -> Result<BTreeMap<String, String>, Problem> {
    if body.fields.len() > FIELD_LIMIT {
        let hint = format!("send at most {FIELD_LIMIT}");
        return Err(Problem::invalid_field("fields", "there are too many", hint));
    }
    let field = |(name, value): (&String, &String)| {
        Ok((short("fields", name)?, short(&format!("fields.{name}"), value)?))
    };
    body.fields.iter().map(field).collect()
}

/// Adds the steps to what was filled in, and the pair that broke their order.
async fn add_steps(
    api: &Shared,
    id: i64,
    steps: &[String],
    fields: &mut BTreeMap<String, String>,
) -> Result<(), Problem> {
    if steps.is_empty() {
        return Ok(());
    }
    let told = api.planner()?.card(CallbackId(id), api.now()).await?;
    let known = steps_of(api, &told.script);
    let broken = out_of_order(&known, steps).map_err(|step| {
        let hint = format!("the steps of script `{}` are {}", told.script, known.join(", "));
        Problem::invalid_field("steps", format!("`{step}` is not one"), hint)
    })?;
    fields.insert("steps".into(), steps.join(", "));
    if let Some((early, late)) = broken {
        fields.insert("steps_out_of_order".into(), format!("{early} before {late}"));
    }
    Ok(())
}

pub(super) fn incomplete(missing: Vec<String>, blocks: Vec<String>) -> Problem {
    let problem = |name: String| {
        let hint = format!("fill it in: `\"fields\": {{\"{name}\": \"...\"}}`");
        FieldProblem::new(format!("fields.{name}"), "the rule closes no callback without it", hint)
    };
    let unticked = |name: String| {
        let hint = format!(
            "POST /callbacks/{{id}}/marks {{\"block\": \"{name}\", \"result\": \"done\"}}, or skipped"
        );
        FieldProblem::new(format!("blocks.{name}"), "it is neither done nor skipped", hint)
    };
    Problem::invalid(missing.into_iter().map(problem).chain(blocks.into_iter().map(unticked)).collect())
}

/// The customer is to be visited: a task on the spot, with address and time (SCH-34).
async fn visit(
    api: &Shared,
    caller: &str,
    id: i64,
    body: &DoneBody,
) -> Result<axum::Json<CallbackRow>, Problem> {
    let card = api.planner()?.card(CallbackId(id), api.now()).await?;
    let known = ["address", "地址"]
        .iter()
        .filter_map(|name| body.fields.get(*name).or_else(|| card.facts.get(*name)));
    let address = known.map(|text| text.trim()).find(|text| !text.is_empty()).ok_or_else(|| {
        Problem::invalid_field(
            "fields.address",
            "nobody knows where to go",
            "send `\"fields\": {\"address\": \"...\"}`",
        )
    })?;
    if body.appointment.is_empty() {
        let hint = "send when the visit was agreed for: 2026-03-05T15:30:00+08:00";
        return Err(Problem::invalid_field("appointment", "a visit needs a time", hint));
    }
    let given = body.fields.get("assignee").map(|name| name.trim().to_owned());
    let meeting = Meeting {
        of: CallbackId(id),
        method: Method::Onsite,
        at: time(api, "appointment", &body.appointment)?,
        person: given.filter(|name| !name.is_empty()),
        place: short("fields.address", address)?,
        reason: reason(&body.reason)?,
    };
    api.planner()?.add(&Added::Meeting(meeting), caller, api.now()).await?;
    Ok(axum::Json(find(api, id).await?))
}

/// Closes a callback that was done by a visit, an answered questionnaire, or another channel.
/// What the rule requires must be filled in. An agreed time makes an appointment.
#[utoipa::path(post, path = "/callbacks/{id}/done", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = DoneBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 409, description = "It is not owed any more", body = Problem),
              (status = 422, description = "What the rule requires is missing", body = Problem)))]
async fn done(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<DoneBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    if body.outcome == WANTS_ONSITE {
        return visit(&api, &caller.name, id, &body).await;
    }
    let method = Method::parse(&body.method).ok_or_else(|| {
        let hint = "write onsite, email, sms, letter, web, task or phone";
        Problem::invalid_field("method", format!("`{}` is not a channel", body.method), hint)
    })?;
    let outcome = match Outcome::parse(&body.outcome) {
        Some(outcome @ (Outcome::Satisfied | Outcome::Dissatisfied | Outcome::Reached)) => outcome,
        _ => {
            let hint = "write satisfied, dissatisfied, reached or wants_onsite";
            return Err(Problem::invalid_field("outcome", format!("`{}` is not one", body.outcome), hint));
        }
    };
    let at = if body.at.is_empty() { api.now() } else { time(&api, "at", &body.at)? };
    if at > api.now() {
        return Err(Problem::invalid_field("at", "it lies ahead", "write when it was done"));
    }
    let (mut fields, why) = (filled(&body)?, reason(&body.reason)?);
    let missing = api.planner()?.missing_fields(CallbackId(id), &fields, api.now()).await?;
    let blocks = match method {
        Method::Phone => api.planner()?.card(CallbackId(id), api.now()).await?.blocks_missing(),
        _ => Vec::new(),
    };
    if !missing.is_empty() || !blocks.is_empty() {
        return Err(incomplete(missing, blocks));
    }
    add_steps(&api, id, &body.steps, &mut fields).await?;
    let agreed = (!body.appointment.is_empty()).then(|| time(&api, "appointment", &body.appointment));
    let agreed = agreed.transpose()?;
    if agreed.is_some_and(|agreed| agreed <= api.now()) {
        return Err(Problem::invalid_field("appointment", "it has passed", "write a time still to come"));
    }
    let note = fields.get("note").cloned().unwrap_or_default();
    let done = Edit::Done { method, at, outcome, fields, replies: Vec::new() };
    let Some(at) = agreed else { return edit(&api, &caller.name, id, done, &why).await };
    let promise = Appointment { of: CallbackId(id), at, assignee: None, note, reason: why };
    api.planner()?.close_with_appointment(&done, &promise, &caller.name, api.now()).await?;
    Ok(axum::Json(find(&api, id).await?))
}

/// Sets the next date: another callback by the same rule.
#[utoipa::path(post, path = "/callbacks/{id}/follow-up", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = FollowUpBody,
    responses((status = 201, description = "The new callback", body = CallbackRow), (status = 422, description = "The day has passed", body = Problem)))]
async fn follow_up(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<FollowUpBody>,
) -> Result<Response, Problem> {
    let next = FollowUp {
        after: CallbackId(id),
        day: day("next_follow_up", &body.next_follow_up)?,
        note: short("note", &body.note)?,
        reason: reason(&body.reason)?,
    };
    let stored = api.planner()?.add(&Added::FollowUp(next), &caller.name, api.now()).await?;
    created(&api, stored.callback.id).await
}

/// Promises a call at an exact time: it takes the place of the callback, if that is still owed.
#[utoipa::path(post, path = "/callbacks/{id}/appointment", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = AppointmentBody,
    responses((status = 201, description = "The new callback", body = CallbackRow), (status = 422, description = "The time has passed", body = Problem)))]
async fn appointment(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<AppointmentBody>,
) -> Result<Response, Problem> {
    let assignee = short("assignee", &body.assignee)?;
    let promise = Appointment {
        of: CallbackId(id),
        at: time(&api, "at", &body.at)?,
        assignee: (!assignee.is_empty()).then_some(assignee),
        note: short("note", &body.note)?,
        reason: reason(&body.reason)?,
    };
    let stored = api.planner()?.add(&Added::Appointment(promise), &caller.name, api.now()).await?;
    created(&api, stored.callback.id).await
}

/// Moves a callback: it is not called before the time given. Its deadline stays.
#[utoipa::path(post, path = "/callbacks/{id}/move", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.assign"])), request_body = MoveBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 409, description = "It is not owed any more", body = Problem)))]
async fn shift(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<MoveBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    let at = time(&api, "earliest", &body.earliest)?;
    edit(&api, &caller.name, id, Edit::Move(at), &reason(&body.reason)?).await
}

/// Says who is to call.
#[utoipa::path(post, path = "/callbacks/{id}/assign", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.assign"])), request_body = AssignBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 409, description = "It is not owed any more", body = Problem)))]
async fn assign(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<AssignBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    let person = short("assignee", &body.assignee)?;
    if let Some(why) = api.planner()?.why_not_by(CallbackId(id), &person, api.now()).await? {
        return Err(Problem::conflict(why));
    }
    edit(&api, &caller.name, id, Edit::Assign(person), &reason(&body.reason)?).await
}

/// Writes a purpose or note on the card.
#[utoipa::path(post, path = "/callbacks/{id}/note", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = NoteBody,
    responses((status = 200, description = "The callback", body = CallbackRow), (status = 404, description = "No such callback", body = Problem)))]
async fn note(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<NoteBody>,
) -> Result<axum::Json<CallbackRow>, Problem> {
    edit(&api, &caller.name, id, Edit::Note(short("note", &body.note)?), "").await
}

/// Has a callback called at this moment. Where the rules allow it, the dialler calls it next, or
/// the number is given to be dialled by hand. Against the calling hours and the like it is only
/// given with a reason, which the adherence report lists.
#[utoipa::path(post, path = "/callbacks/{id}/call-now", tag = "callbacks", params(("id" = i64, Path)),
    security(("bearer" = ["callbacks.call"])), request_body = CallNowBody,
    responses((status = 200, description = "Who calls", body = CallNow), (status = 409, description = "A rule speaks against it", body = Problem)))]
async fn call_now(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<CallNowBody>,
) -> Result<axum::Json<CallNow>, Problem> {
    let why = short("override_reason", &body.override_reason)?;
    Ok(axum::Json(api.planner()?.call_now(CallbackId(id), &why, &caller.name, api.now()).await?))
}
