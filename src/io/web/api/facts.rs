//! Events and customers as items of JSON: single and in bulk, idempotent by their keys.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{ReasonBody, as_conflict};
use crate::base::EventId;
use crate::io::intake::{self, IntakeReport, Item};
use crate::io::store::archive::{IntakeOrder, Verdict};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Bulk, Json, Params, RowId};
use crate::io::web::state::Shared;

/// Items of one request.
const ITEMS_LIMIT: usize = 5_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(events))
        .routes(routes!(customers))
        .routes(routes!(check))
        .routes(routes!(withdraw))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Policy pack, by its id.
    pack: String,
    /// Section `[intake.<name>]` of the pack whose rules hold; without it only those of the event's kind.
    intake: Option<String>,
    /// System or person it comes from.
    source: Option<String>,
    /// Count what would happen and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// One number.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum PhoneBody {
    /// The number in any spelling, or several with `/` between them.
    Text(String),
    /// The number and whose it is.
    Labelled {
        /// The number in any spelling.
        phone: String,
        /// Whose or what it is: `wife`, `office`.
        label: String,
    },
}

/// A customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerBody {
    /// The company's own key; the same key is the same customer.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Numbers, best first. Without a key the same number is the same customer.
    pub phones: Vec<PhoneBody>,
    /// Everything else: `language`, `grade`, `preferred_hours`, `quiet_hours`, `key_account`,
    /// `plan_every`, `plan_from`, `owner`, `email`, `standing`, and fields of your own.
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, Value>,
}

/// An event.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventBody {
    /// A kind of the pack; may be left out where the intake says it.
    pub kind: String,
    /// The source's own key; the same kind and key twice is the same event.
    pub external_id: String,
    /// When it happened: `2026-03-02`, `2026-03-02 17:30`, RFC 3339.
    pub at: String,
    /// Order, project, vehicle, stay.
    pub matter: String,
    /// To whom; may be left out where the matter is known.
    pub customer: CustomerBody,
    /// Everything else.
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, Value>,
}

/// One, or several.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum EventsBody {
    /// Several.
    Many(Vec<EventBody>),
    /// One; refused as a whole where it is refused.
    One(Box<EventBody>),
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemResult {
    /// `added`, `changed`, `unchanged`, `duplicate`, `rejected` or `skipped`.
    pub result: String,
    /// Stable word of the reason or warning.
    pub code: String,
    /// Why.
    pub reason: String,
    /// The event.
    pub event_id: Option<i64>,
    /// The customer.
    pub customer_id: Option<i64>,
}

/// What became of all items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ItemsReport {
    /// The intake they are.
    pub intake: IntakeReport,
    /// One result an item, in order.
    pub results: Vec<ItemResult>,
}

/// What the customer says of a field that a clerk registered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// Name of the field.
    pub field: String,
    /// `match` or `mismatch`.
    pub result: String,
    /// What the customer says instead.
    #[serde(default)]
    pub note: String,
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        other => other.to_string(),
    }
}

fn put(fields: &mut BTreeMap<String, String>, name: &str, value: String) {
    if !value.trim().is_empty() {
        fields.insert(name.to_owned(), value);
    }
}

fn phones(bodies: Vec<PhoneBody>) -> Vec<(String, String)> {
    let phone = |body| match body {
        PhoneBody::Text(phone) => (phone, String::new()),
        PhoneBody::Labelled { phone, label } => (phone, label),
    };
    bodies.into_iter().map(phone).collect()
}

impl CustomerBody {
    fn item(self) -> Item {
        let mut fields = BTreeMap::new();
        for (name, value) in self.fields {
            put(&mut fields, &name, text(value));
        }
        put(&mut fields, "customer_id", self.external_id);
        put(&mut fields, "name", self.name);
        Item { fields, phones: phones(self.phones), kind: String::new() }
    }
}

impl EventBody {
    fn item(self) -> Item {
        /// Fields of a customer that have a meaning of their own, beside their own fields.
        const OWN: [&str; 10] = [
            "language",
            "grade",
            "preferred_hours",
            "quiet_hours",
            "key_account",
            "plan_every",
            "plan_from",
            "owner",
            "email",
            "standing",
        ];
        let customer = self.customer.item();
        let mut fields = BTreeMap::new();
        for (name, value) in customer.fields {
            let own = OWN.contains(&name.as_str()) || name == "name" || name == "customer_id";
            let name = if own || name.starts_with("customer.") { name } else { format!("customer.{name}") };
            fields.insert(name, value);
        }
        for (name, value) in self.fields {
            put(&mut fields, &name, text(value));
        }
        put(&mut fields, "id", self.external_id);
        put(&mut fields, "at", self.at);
        put(&mut fields, "matter", self.matter);
        Item { fields, phones: customer.phones, kind: self.kind }
    }
}

async fn take(api: &Shared, caller: &Caller, query: Query, items: Vec<Item>) -> Result<ItemsReport, Problem> {
    if items.is_empty() || items.len() > ITEMS_LIMIT {
        let hint = format!("send 1 to {ITEMS_LIMIT} items at once, or a file to /intake");
        return Err(Problem::invalid_field("body", format!("{} items were sent", items.len()), hint));
    }
    let settings = intake::settings(&api.import(), api.now());
    let order = IntakeOrder {
        pack: query.pack,
        intake: query.intake.unwrap_or_default(),
        source: query.source.unwrap_or_default(),
        channel: "api".into(),
        dry_run: query.dry_run,
        by: caller.name.clone(),
        ..IntakeOrder::default()
    };
    let (report, verdicts) = api.desk().take_items(order, &settings, items).await?;
    Ok(ItemsReport { intake: report, results: verdicts.into_iter().map(result).collect() })
}

fn result(verdict: Verdict) -> ItemResult {
    ItemResult {
        result: verdict.result.to_owned(),
        code: verdict.code,
        reason: verdict.reason,
        event_id: verdict.event,
        customer_id: verdict.customer,
    }
}

/// Takes events in, one or several. A single event that is refused is a problem; of several
/// each has its own result. Sending the same again changes nothing.
#[utoipa::path(post, path = "/events", tag = "intake", params(Query), security(("bearer" = ["facts.bring"])),
    request_body = EventsBody,
    responses(
        (status = 200, description = "One result an item", body = ItemsReport),
        (status = 422, description = "The single event is refused, or no such pack", body = Problem)))]
async fn events(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<Query>,
    Bulk(body): Bulk<EventsBody>,
) -> Result<Response, Problem> {
    let (items, single) = match body {
        EventsBody::One(event) => (vec![event.item()], true),
        EventsBody::Many(events) => (events.into_iter().map(EventBody::item).collect(), false),
    };
    let report = take(&api, &caller, query, items).await?;
    if let Some(refused) = report.results.first().filter(|r| single && r.result == "rejected") {
        let hint = "send it again when it is mended";
        return Err(Problem::invalid_field(&refused.code, refused.reason.clone(), hint));
    }
    Ok((StatusCode::OK, axum::Json(report)).into_response())
}

/// Takes customers in: new ones are added, known ones changed. Sending the same again changes
/// nothing; a number is never taken away.
#[utoipa::path(post, path = "/customers", tag = "customers", params(Query), security(("bearer" = ["facts.bring"])),
    request_body = Vec<CustomerBody>,
    responses(
        (status = 200, description = "One result an item", body = ItemsReport),
        (status = 422, description = "No such pack", body = Problem)))]
async fn customers(
    State(api): State<Shared>,
    caller: Caller,
    Params(query): Params<Query>,
    Bulk(body): Bulk<Vec<CustomerBody>>,
) -> Result<axum::Json<ItemsReport>, Problem> {
    let items = body.into_iter().map(CustomerBody::item).collect();
    Ok(axum::Json(take(&api, &caller, query, items).await?))
}

/// Notes whether a field that a clerk registered agrees with what the customer says.
#[utoipa::path(post, path = "/events/{id}/checks", tag = "customers", params(("id" = i64, Path)),
    security(("bearer" = ["facts.check"])), request_body = CheckBody,
    responses((status = 204, description = "Noted"), (status = 404, description = "No such event", body = Problem),
        (status = 409, description = "The event has no such field", body = Problem)))]
async fn check(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<CheckBody>,
) -> Result<StatusCode, Problem> {
    if !["match", "mismatch"].contains(&body.result.as_str()) {
        let detail = format!("`{}` is no result", body.result);
        return Err(Problem::invalid_field("result", detail, "write match or mismatch"));
    }
    let note: String = body.note.chars().take(500).collect();
    let customer = api
        .store()
        .check_field(EventId(id), &body.field, &body.result, &note, &caller.name, api.now())
        .await
        .map_err(as_conflict)?;
    api.desk().touched(vec![customer]);
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraws an event that never happened: what is owed for it is excused, and taken out of the
/// dialler. What was done for it stays done.
#[utoipa::path(post, path = "/events/{id}/withdraw", tag = "intake", params(("id" = i64, Path)),
    security(("bearer" = ["slips.reject"])), request_body = ReasonBody,
    responses((status = 204, description = "Withdrawn"), (status = 404, description = "No such event", body = Problem),
        (status = 409, description = "It was withdrawn already, or a call for it is up", body = Problem)))]
async fn withdraw(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<StatusCode, Problem> {
    let reason = body.check()?;
    let (pack, customer) = api
        .store()
        .withdraw_event(EventId(id), reason, &caller.name, api.now())
        .await
        .map_err(as_conflict)?;
    if let Ok(planner) = api.planner() {
        planner.take_out(&pack, api.now()).await?;
    }
    api.desk().touched(customer.into_iter().collect());
    Ok(StatusCode::NO_CONTENT)
}
