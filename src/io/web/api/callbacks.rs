//! Callbacks that are owed, were done, or were given up.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::day;
use crate::access::{Permission, Reach};
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::io::planner::{Added, Manual};
use crate::io::store::callback::{PolicyVersion, VerdictRow};
use crate::io::store::read::{CallbackFilter, CallbackRow};
use crate::io::store::ticket::TicketOfCallback;
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::mask_name;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;
use crate::policy::CallbackState;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(show)).routes(routes!(add))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// `waiting`, `open`, `done` or `excused`.
    state: Option<String>,
    /// Policy pack.
    pack: Option<String>,
    /// Rule.
    rule: Option<String>,
    /// Row id of a customer.
    customer: Option<i64>,
    /// Channel: `phone`, `email`, `onsite` and others.
    method: Option<String>,
    /// Who is to call.
    assignee: Option<String>,
    /// Due on this day.
    due: Option<String>,
    /// Only those whose deadline passed while they were owed, or only others.
    breached: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// A callback to be added by hand.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewCallbackBody {
    /// Row id of the customer.
    pub customer: i64,
    /// Policy pack; empty: the customer's own.
    pub pack: String,
    /// Rule by which it is called; empty: the pack's rule for callbacks by hand.
    pub rule: String,
    /// The day on which it is due: `2026-03-05`.
    pub day: String,
    /// Its last day; empty: the same.
    pub deadline: String,
    /// Who is to call; empty: anybody.
    pub assignee: String,
    /// Purpose, shown on the card.
    pub note: String,
    /// Why it is added.
    pub reason: String,
}

/// A callback with everything that explains it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallbackDetail {
    /// The callback.
    pub callback: CallbackRow,
    /// The text of its pack as it was when the callback was made.
    pub policy: Option<PolicyVersion>,
    /// What was said of it on each day, oldest first.
    pub verdicts: Vec<VerdictRow>,
    /// The ticket that asked for it, or came of it.
    pub ticket: Option<TicketOfCallback>,
}

impl SheetRow for CallbackRow {
    const NAME: &'static str = "callbacks";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "pack",
        "rule",
        "version",
        "customer_id",
        "name",
        "subject",
        "occurrence",
        "origin",
        "method",
        "earliest",
        "due",
        "deadline",
        "state",
        "reason",
        "detail",
        "outcome",
        "closed_at",
        "call_id",
        "merged_into",
        "breached_at",
        "assignee",
        "note",
        "filled",
        "created_at",
        "entry_id",
        "released_day",
        "held_day",
        "sums",
    ];

    fn cells(&self) -> Vec<String> {
        let time = |at: i64| Timestamp(at).to_string();
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.rule.clone(),
            self.version.clone(),
            self.customer_id.to_string(),
            self.name.clone(),
            self.subject.clone(),
            self.occurrence.to_string(),
            self.origin.clone(),
            self.method.clone(),
            time(self.earliest),
            time(self.due),
            time(self.deadline),
            self.state.clone(),
            self.reason.clone(),
            self.detail.clone(),
            optional(&self.outcome),
            optional(&self.closed_at.map(time)),
            optional(&self.call_id),
            optional(&self.merged_into),
            optional(&self.breached_at.map(time)),
            self.assignee.clone(),
            self.note.clone(),
            self.filled.clone(),
            time(self.created_at),
            optional(&self.entry_id),
            optional(&self.released_day),
            optional(&self.held_day),
            self.sums.clone(),
        ]
    }

    fn cover_name(&mut self) {
        self.name = mask_name(&self.name);
        (self.note, self.filled) = (String::new(), "{}".into());
    }
}

fn filter(query: &Query, zone: &str, within: Reach) -> Result<CallbackFilter, Problem> {
    if let Some(state) = &query.state {
        CallbackState::parse(state).ok_or_else(|| {
            let hint = "write waiting, open, done or excused";
            Problem::invalid_field("state", format!("`{state}` is not a state"), hint)
        })?;
    }
    let due = |end| query.due.as_deref().map(|text| moment("due", text, zone, end)).transpose();
    Ok(CallbackFilter {
        state: query.state.clone(),
        pack: query.pack.clone(),
        rule: query.rule.clone(),
        customer: query.customer.map(CustomerId),
        method: query.method.clone(),
        assignee: query.assignee.clone(),
        due_from: due(false)?,
        due_to: due(true)?,
        breached: query.breached,
        within,
    })
}

/// Callbacks, by id.
#[utoipa::path(get, path = "/callbacks", tag = "callbacks", params(Query), security(("bearer" = ["callbacks.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<CallbackRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let within = caller.reach(Permission::CallbacksSee);
    let filter = filter(&query, &api.import().timezone, within)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().callback_rows(&filter, after.as_ref(), limit).await }
    })
    .await
}

pub(super) async fn find(api: &Shared, id: i64) -> Result<CallbackRow, Problem> {
    api.store().callback_row(id).await?.ok_or_else(|| Problem::not_found("callback", id))
}

/// One callback: how its dates were computed, the rule as it was then, and what was said of it
/// on each day.
#[utoipa::path(get, path = "/callbacks/{id}", tag = "callbacks", params(("id" = i64, Path)), security(("bearer" = ["callbacks.see"])),
    responses((status = 200, description = "The callback", body = CallbackDetail),
              (status = 404, description = "No such callback", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
) -> Result<axum::Json<CallbackDetail>, Problem> {
    let mut callback = find(&api, id).await?;
    if !caller.may(Permission::NamesWhole) {
        callback.cover_name();
    }
    let policy = api.store().policy_version(&callback.pack, &callback.version).await?;
    let verdicts = api.store().verdicts_of(CallbackId(id)).await?;
    let ticket = api.store().ticket_of_callback(CallbackId(id)).await?;
    Ok(axum::Json(CallbackDetail { callback, policy, verdicts, ticket }))
}

/// Adds a callback by hand, with a reason.
#[utoipa::path(post, path = "/callbacks", tag = "callbacks", security(("bearer" = ["callbacks.add"])), request_body = NewCallbackBody,
    responses((status = 201, description = "Added", body = CallbackRow),
              (status = 409, description = "It was added already", body = Problem),
              (status = 422, description = "Some values cannot be used", body = Problem)))]
async fn add(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewCallbackBody>,
) -> Result<Response, Problem> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let manual = Manual {
        customer: CustomerId(body.customer),
        pack: given(&body.pack),
        rule: given(&body.rule),
        day: day("day", &body.day)?,
        deadline: given(&body.deadline).map(|text| day("deadline", &text)).transpose()?,
        assignee: body.assignee,
        note: body.note,
        reason: super::entries::ReasonBody { reason: body.reason }.check()?.to_owned(),
    };
    let stored = api.planner()?.add(&Added::Manual(manual), &caller.name, api.now()).await?;
    created(&api, stored.callback.id).await
}

/// What was added, with its place.
pub(super) async fn created(api: &Shared, id: CallbackId) -> Result<Response, Problem> {
    let row = find(api, id.0).await?;
    let location = format!("/api/v1/callbacks/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(row)).into_response())
}
