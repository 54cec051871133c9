//! A department's view of its ticket by a link, without a login: see it, acknowledge it, report
//! its stages.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ticket_acts::{TicketAct, done};
use super::tickets::{TicketDetail, detail};
use crate::base::PhoneNumber;
use crate::call::Purpose;
use crate::engine::Errand;
use crate::io::store::ticket::Link;
use crate::io::web::auth::{Caller, hash_secret, new_secret};
use crate::io::web::control::{Control, Done};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, RowId};
use crate::io::web::state::Shared;
use crate::ticket::{Role, Ticket, Who, is_hidden_from};

/// The script of a call to a department.
const DEPARTMENT_SCRIPT: &str = "ticket-department";
/// Days for which a link is good where nobody says.
const DAYS: u32 = 7;
/// Days at most.
const MOST_DAYS: u32 = 90;
/// Characters of a name.
const NAME_LIMIT: usize = 60;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(make)).routes(routes!(ring))
}

/// Routes that answer without a token: the secret in the path is the right.
pub(super) fn open_routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(act))
}

/// A link to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LinkBody {
    /// Department; empty: the ticket's.
    pub department: String,
    /// For how many days it is good; 0: 7.
    pub days: u32,
}

/// A link that was made. It is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkView {
    /// Path below the address of the API.
    pub path: String,
    /// Milliseconds since 1970.
    pub expires_at: i64,
}

/// What a person of the department does.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkAct {
    /// Their name: what is signed with.
    pub name: String,
    /// `acknowledge`, `report` or `comment`.
    pub act: TicketAct,
}

/// Makes a link for a department.
#[utoipa::path(post, path = "/tickets/{id}/links", tag = "tickets", params(("id" = i64, Path)), security(("bearer" = ["tickets.link"])),
    request_body = LinkBody, responses((status = 201, description = "The link", body = LinkView), (status = 404, description = "No such ticket", body = Problem)))]
async fn make(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<LinkBody>,
) -> Result<(StatusCode, axum::Json<LinkView>), Problem> {
    let ticket = api.tickets()?.ticket(id).await?;
    let days = if body.days == 0 { DAYS } else { body.days };
    if days > MOST_DAYS {
        return Err(Problem::invalid_field("days", "it is too long", format!("write 1 to {MOST_DAYS}")));
    }
    let secret = new_secret().map_err(|e| Problem::internal(&e))?;
    let expires_at = (api.now() + std::time::Duration::from_secs(u64::from(days) * 86_400)).0;
    let department = if body.department.is_empty() { ticket.department } else { body.department };
    let link = Link { ticket_id: id, department, expires_at };
    caller.audit(&api, "ticket.link", &format!("ticket:{id}"), &link.department).await?;
    api.store().add_ticket_link(&hash_secret(&secret), &link, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(LinkView { path: format!("/department/{secret}"), expires_at })))
}

/// A department to be called by the robot.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DepartmentCallBody {
    /// Its number.
    pub phone: String,
    /// Department; empty: the ticket's.
    pub department: String,
    /// Prompt language; empty: the script's first.
    pub language: String,
}

/// A call that was ordered.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DepartmentCallView {
    /// Its id.
    pub call: String,
}

/// Has the robot call a department about its ticket: 1 acknowledges, 2 reports its stage with what is
/// then said, by the script `ticket-department`.
#[utoipa::path(post, path = "/tickets/{id}/department-calls", tag = "tickets", params(("id" = i64, Path)), security(("bearer" = ["tickets.link"])),
    request_body = DepartmentCallBody, responses((status = 202, description = "Ordered", body = DepartmentCallView),
        (status = 404, description = "No such ticket", body = Problem), (status = 409, description = "No call is placed now", body = Problem),
        (status = 422, description = "The number is none", body = Problem)))]
async fn ring(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<DepartmentCallBody>,
) -> Result<(StatusCode, axum::Json<DepartmentCallView>), Problem> {
    let ticket = api.tickets()?.ticket(id).await?;
    let home = api.import().home_area;
    let phone = PhoneNumber::parse(&body.phone, home.as_deref()).map(|(phone, _)| phone).map_err(|e| {
        Problem::invalid_field("phone", format!("it is no number: {e}"), "write it with its area code")
    })?;
    let department = if body.department.is_empty() { ticket.department } else { body.department };
    let digits: String = ticket.number.chars().filter(char::is_ascii_digit).collect();
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    let errand = Errand {
        phone,
        script: DEPARTMENT_SCRIPT.into(),
        language: body.language,
        fields: [("ticket".to_owned(), last)].into(),
        trunk: String::new(),
        purpose: Purpose::Business,
    };
    let Done::Call(call) = api.ask(Control::Errand { errand, by: caller.name.clone() }).await? else {
        return Err(Problem::internal(&"an order was answered by another's answer"));
    };
    api.store().add_department_call(call, id, &department, &caller.name, api.now()).await?;
    caller.audit(&api, "ticket.department_call", &format!("ticket:{id}"), &department).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(DepartmentCallView { call: call.to_string() })))
}

/// The link and its ticket, as far as the department may see it now.
async fn link(api: &Shared, secret: &str) -> Result<(Link, Ticket), Problem> {
    // One text for all cases, so that nothing is learnt by guessing.
    let nothing = || {
        let text = "the link is not good, or not any more, or not yet";
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", text)
    };
    let found = api.store().ticket_link(&hash_secret(secret), api.now()).await?;
    let link = found.ok_or_else(nothing)?;
    let ticket = api.tickets()?.ticket(link.ticket_id).await?;
    let rules = api.tickets()?.rules(&ticket.pack)?;
    if is_hidden_from(&rules, &ticket, &link.department) {
        return Err(nothing());
    }
    Ok((link, ticket))
}

/// The ticket of a link as its department sees it, and which department that is.
pub(in crate::io::web) async fn seen(api: &Shared, secret: &str) -> Result<(String, TicketDetail), Problem> {
    let (link, ticket) = link(api, secret).await?;
    Ok((link.department, detail(api, &ticket, false).await?))
}

/// Whether a person opens the link, rather than a program.
fn is_browser(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The department's ticket; browsers are sent to its page.
#[utoipa::path(get, path = "/department/{secret}", tag = "tickets", params(("secret" = String, Path)),
    responses((status = 200, description = "The ticket", body = TicketDetail), (status = 404, description = "The link is not good", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if is_browser(&headers) {
        return Ok(Redirect::to(&format!("/department/{secret}/ticket")).into_response());
    }
    let (_, ticket) = seen(&api, &secret).await?;
    Ok(axum::Json(ticket).into_response())
}

/// Acknowledges the ticket, reports a stage, or comments.
#[utoipa::path(post, path = "/department/{secret}/acts", tag = "tickets", params(("secret" = String, Path)), request_body = LinkAct,
    responses((status = 200, description = "The ticket as it is then", body = TicketDetail), (status = 404, description = "The link is not good", body = Problem),
        (status = 409, description = "Not as things stand", body = Problem)))]
async fn act(
    State(api): State<Shared>,
    Path(secret): Path<String>,
    Json(body): Json<LinkAct>,
) -> Result<axum::Json<TicketDetail>, Problem> {
    let (link, _) = link(&api, &secret).await?;
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT {
        return Err(Problem::invalid_field(
            "name",
            "a name is needed",
            format!("write 1 to {NAME_LIMIT} characters"),
        ));
    }
    if !body.act.is_of_departments() || matches!(body.act, TicketAct::Approve { .. }) {
        let text = "a link lets you acknowledge, report a stage, and comment";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not by a link", text));
    }
    let name = format!("{name} ({})", link.department);
    let who = Who { name, role: Role::Department, holds: vec![link.department] };
    Ok(axum::Json(done(&api, link.ticket_id, body.act, &who).await?))
}
