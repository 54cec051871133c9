//! What goes along on visits, and what they cost (ARC-09).

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{ReasonBody, as_conflict};
use super::plan::day;
use crate::base::Timestamp;
use crate::io::store::{ExpenseRow, MaterialRow, NewExpense, NewMaterial, VisitFilter};
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId, moment};
use crate::io::web::state::Shared;
use crate::policy::pack::Visits;

/// Characters of a text.
const TEXT_LIMIT: usize = 200;
/// The largest amount, in yuan.
const MOST_YUAN: f64 = 1_000_000.0;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(materials, take))
        .routes(routes!(bring_back))
        .routes(routes!(excuse))
        .routes(routes!(expenses, enter))
        .routes(routes!(approve))
        .routes(routes!(refuse))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Of this pack.
    pack: Option<String>,
    /// Of this person.
    person: Option<String>,
    /// Only what is still out, or undecided; false: only the others.
    open: Option<bool>,
}

/// Something that is taken along.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MaterialBody {
    /// Policy pack.
    pub pack: String,
    /// Row id of the visit's callback.
    pub callback: Option<i64>,
    /// What it is.
    pub item: String,
    /// Who takes it.
    pub holder: String,
    /// The day on which it must be back; empty: as the pack says.
    pub due_back: String,
}

/// What somebody paid.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpenseBody {
    /// Policy pack.
    pub pack: String,
    /// Row id of the visit's callback.
    pub callback: Option<i64>,
    /// Who paid.
    pub person: String,
    /// The day; empty: today.
    pub day: String,
    /// What for.
    pub purpose: String,
    /// How much, in yuan.
    pub amount: f64,
}

/// An expense; amounts in yuan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExpenseView {
    /// Row id.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// The visit.
    pub callback_id: Option<i64>,
    /// Who paid.
    pub person: String,
    /// The day.
    pub day: String,
    /// What for.
    pub purpose: String,
    /// What was paid.
    pub amount: f64,
    /// The most that is paid back.
    pub limit: f64,
    /// What is paid back; null: nobody has decided; 0: refused.
    pub approved: Option<f64>,
    /// What the person bears; null: nobody has decided.
    pub own: Option<f64>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When, in milliseconds since 1970.
    pub decided_at: Option<i64>,
    /// Why it was decided so.
    pub reason: String,
    /// Who entered it.
    pub created_by: String,
    /// When.
    pub created_at: i64,
}

impl From<ExpenseRow> for ExpenseView {
    fn from(row: ExpenseRow) -> Self {
        let yuan = |fen: i64| fen as f64 / 100.0;
        ExpenseView {
            id: row.id,
            pack: row.pack,
            callback_id: row.callback_id,
            person: row.person,
            day: row.day,
            purpose: row.purpose,
            amount: yuan(row.amount),
            limit: yuan(row.ceiling),
            approved: row.approved.map(yuan),
            own: row.approved.map(|approved| yuan(row.amount - approved)),
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            reason: row.reason,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

fn named(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_LIMIT {
        let hint = format!("write 1 to {TEXT_LIMIT} characters");
        return Err(Problem::invalid_field(field, "it is empty or too long", hint));
    }
    Ok(text.to_owned())
}

fn visits_of(api: &Shared, pack: &str) -> Result<Visits, Problem> {
    let pack = api.desk().packs().get(pack).map_err(crate::io::intake::Failure::Pack)?;
    Ok(pack.visits.clone())
}

/// Materials, newest first, at most 1,000.
#[utoipa::path(get, path = "/materials", tag = "visits", params(Query), security(("bearer" = ["materials.see"])),
    responses((status = 200, description = "What is out, and what came back", body = Items<MaterialRow>)))]
async fn materials(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<MaterialRow>>, Problem> {
    let Query { pack, person, open } = query;
    let items = api.store().materials(&VisitFilter { pack, person, open }).await?;
    Ok(axum::Json(Items { items, next: None }))
}

/// Hands something out. Who does not bring it back on its day is reminded.
#[utoipa::path(post, path = "/materials", tag = "visits", security(("bearer" = ["materials.write"])), request_body = MaterialBody,
    responses((status = 201, description = "Out", body = MaterialRow), (status = 422, description = "Some values cannot be used", body = Problem)))]
async fn take(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<MaterialBody>,
) -> Result<(StatusCode, axum::Json<MaterialRow>), Problem> {
    let days = i64::from(visits_of(&api, &body.pack)?.materials_days);
    let calendar = api.planner()?.settings().calendar;
    let due_back = match body.due_back.as_str() {
        "" => {
            let out = calendar.date(api.now());
            let back = out.checked_add(jiff::Span::new().days(days)).unwrap_or(out);
            calendar.start_of(back)
        }
        text => moment("due_back", text, &api.import().timezone, false)?,
    };
    let new = NewMaterial {
        pack: body.pack,
        callback: body.callback,
        item: named("item", &body.item)?,
        holder: named("holder", &body.holder)?,
        due_back,
    };
    let row = api.store().take_material(&new, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(row)))
}

/// Takes something back.
#[utoipa::path(post, path = "/materials/{id}/back", tag = "visits", params(("id" = i64, Path)), security(("bearer" = ["materials.write"])),
    responses((status = 200, description = "It is back", body = MaterialRow), (status = 409, description = "It is not out", body = Problem)))]
async fn bring_back(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
) -> Result<axum::Json<MaterialRow>, Problem> {
    let row = api.store().close_material(id, None, &caller.name, api.now()).await;
    Ok(axum::Json(row.map_err(as_conflict)?))
}

/// A supervisor approves that something does not come back.
#[utoipa::path(post, path = "/materials/{id}/excuse", tag = "visits", params(("id" = i64, Path)), security(("bearer" = ["expenses.approve"])),
    request_body = ReasonBody,
    responses((status = 200, description = "It is not owed any more", body = MaterialRow), (status = 409, description = "It is not out", body = Problem)))]
async fn excuse(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<MaterialRow>, Problem> {
    let why = body.check()?;
    let row = api.store().close_material(id, Some(why), &caller.name, api.now()).await;
    Ok(axum::Json(row.map_err(as_conflict)?))
}

/// Expenses, newest first, at most 1,000.
#[utoipa::path(get, path = "/expenses", tag = "visits", params(Query), security(("bearer" = ["materials.see"])),
    responses((status = 200, description = "What was paid and approved", body = Items<ExpenseView>)))]
async fn expenses(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<Items<ExpenseView>>, Problem> {
    let Query { pack, person, open } = query;
    let rows = api.store().expenses(&VisitFilter { pack, person, open }).await?;
    Ok(axum::Json(Items { items: rows.into_iter().map(ExpenseView::from).collect(), next: None }))
}

/// Enters what somebody paid. The limit is that of the pack on this day.
#[utoipa::path(post, path = "/expenses", tag = "visits", security(("bearer" = ["materials.write"])), request_body = ExpenseBody,
    responses((status = 201, description = "Entered", body = ExpenseView), (status = 422, description = "Some values cannot be used", body = Problem)))]
async fn enter(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<ExpenseBody>,
) -> Result<(StatusCode, axum::Json<ExpenseView>), Problem> {
    let limit = visits_of(&api, &body.pack)?.expense_limit;
    if !(body.amount > 0.0 && body.amount <= MOST_YUAN) {
        let hint = "write yuan, above 0 and at most 1000000: 600 or 12.50";
        return Err(Problem::invalid_field("amount", "it is no amount", hint));
    }
    let today = |at: Timestamp| api.planner().map(|planner| planner.settings().calendar.date(at));
    let new = NewExpense {
        callback: body.callback,
        person: named("person", &body.person)?,
        day: if body.day.is_empty() { today(api.now())? } else { day("day", &body.day)? }.to_string(),
        purpose: named("purpose", &body.purpose)?,
        amount: (body.amount * 100.0).round() as i64,
        ceiling: i64::from(limit) * 100,
        pack: body.pack,
    };
    let row = api.store().enter_expense(&new, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(row.into())))
}

/// A supervisor approves an expense: up to the limit, what is above it the person bears.
#[utoipa::path(post, path = "/expenses/{id}/approve", tag = "visits", params(("id" = i64, Path)), security(("bearer" = ["expenses.approve"])),
    request_body = ReasonBody,
    responses((status = 200, description = "Approved", body = ExpenseView), (status = 409, description = "Decided already, or one's own", body = Problem)))]
async fn approve(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<ExpenseView>, Problem> {
    let row = api.store().decide_expense(id, true, body.check()?, &caller.name, api.now()).await;
    Ok(axum::Json(row.map_err(as_conflict)?.into()))
}

/// A supervisor refuses an expense.
#[utoipa::path(post, path = "/expenses/{id}/refuse", tag = "visits", params(("id" = i64, Path)), security(("bearer" = ["expenses.approve"])),
    request_body = ReasonBody,
    responses((status = 200, description = "Refused", body = ExpenseView), (status = 409, description = "Decided already, or one's own", body = Problem)))]
async fn refuse(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<ExpenseView>, Problem> {
    let row = api.store().decide_expense(id, false, body.check()?, &caller.name, api.now()).await;
    Ok(axum::Json(row.map_err(as_conflict)?.into()))
}
