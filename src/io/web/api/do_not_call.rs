//! Numbers that are never called.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{ReasonBody, phone, unmasking};
use crate::access::Permission;
use crate::base::{CustomerId, Timestamp};
use crate::io::store::DoNotCall;
use crate::io::store::read::{Cursor, Page};
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::mask;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index)).routes(routes!(add)).routes(routes!(remove))
}

/// One number of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DoNotCallView {
    /// Canonical number, masked unless asked otherwise.
    pub phone: String,
    /// Why.
    pub reason: String,
    /// The call in which it was asked for.
    pub call_id: Option<String>,
    /// Who put it there.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// A number to be put on the list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoNotCallBody {
    /// The number, in any spelling. Either this or `customer`.
    #[serde(default)]
    pub phone: String,
    /// Row id of a customer all of whose present numbers are meant.
    #[serde(default)]
    pub customer: Option<i64>,
    /// Why.
    pub reason: String,
}

/// What putting it there did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DoNotCallAdded {
    /// Canonical number; of a customer all, with spaces between.
    pub phone: String,
    /// Waiting entries that were stopped.
    pub stopped: u64,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// This number, in any spelling.
    phone: Option<String>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for DoNotCallView {
    const NAME: &'static str = "do-not-call";
    const COLUMNS: &'static [&'static str] = &["phone", "reason", "call_id", "created_by", "created_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.phone.clone(),
            self.reason.clone(),
            optional(&self.call_id),
            self.created_by.clone(),
            Timestamp(self.created_at).to_string(),
        ]
    }
}

fn view(row: DoNotCall, unmask: bool) -> DoNotCallView {
    let phone = if unmask { row.phone } else { mask(&row.phone) };
    DoNotCallView {
        phone,
        reason: row.reason,
        call_id: row.call_id,
        created_by: row.created_by,
        created_at: row.created_at,
    }
}

/// The list, by number.
#[utoipa::path(get, path = "/do-not-call", tag = "do-not-call", params(Query), security(("bearer" = ["do_not_call.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<DoNotCallView>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let only = query.phone.as_deref().map(|text| phone(&api, "phone", text)).transpose()?;
    let unmask = unmasking(&api, &caller, query.unmask, "do-not-call").await?;
    if let Some(number) = only {
        let rows = api.store().do_not_call_of(&number).await?.into_iter().map(|row| view(row, unmask));
        return listing::answer_all(&api, &caller, wants, rows.collect()).await;
    }
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| async move {
        let mut rows = api.store().do_not_call(after.as_ref().map(|c| c.id.as_str()), limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: 0, id: row.phone.clone() });
        Ok(Page { rows: rows.into_iter().map(|row| view(row, unmask)).collect(), next })
    })
    .await
}

/// Puts a number on the list and stops its waiting entries in all lists.
#[utoipa::path(post, path = "/do-not-call", tag = "do-not-call", security(("bearer" = ["do_not_call.add"])),
    request_body = DoNotCallBody,
    responses((status = 201, description = "It is on the list", body = DoNotCallAdded), (status = 422, description = "Not a number", body = Problem)))]
async fn add(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<DoNotCallBody>,
) -> Result<Response, Problem> {
    let numbers = numbers(&api, &caller, &body).await?;
    let body = ReasonBody { reason: body.reason };
    let mut stopped = 0;
    for number in &numbers {
        stopped += api.store().add_do_not_call(number, body.check()?, &caller.name, api.now()).await?;
        api.tell(Control::DoNotCallAdded(number.to_string())).await;
    }
    let shown = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Ok((StatusCode::CREATED, axum::Json(DoNotCallAdded { phone: shown, stopped })).into_response())
}

/// The numbers that are meant: the one given, or those of a customer whom the caller may see.
async fn numbers(
    api: &Shared,
    caller: &Caller,
    body: &DoNotCallBody,
) -> Result<Vec<crate::base::PhoneNumber>, Problem> {
    match body.customer {
        None => Ok(vec![phone(api, "phone", &body.phone)?]),
        Some(_) if !body.phone.is_empty() => {
            let hint = "give either `phone` or `customer`";
            Err(Problem::invalid_field("phone", "it is not said which number", hint))
        }
        Some(id) => {
            let thing = crate::io::store::Thing::Customer;
            caller.needs_in_reach(api, Permission::CustomersSee, thing, &id.to_string()).await?;
            let known = api.store().customer_phones(CustomerId(id)).await?;
            let present = known.iter().filter(|row| row.valid_to.is_none());
            let found: Vec<_> =
                present.map(|row| phone(api, "customer", &row.phone)).collect::<Result<_, _>>()?;
            match found.is_empty() {
                true => Err(Problem::not_found("number of the customer", id)),
                false => Ok(found),
            }
        }
    }
}

/// Takes a number off the list, with a reason. Its stopped entries stay stopped.
#[utoipa::path(post, path = "/do-not-call/{phone}/remove", tag = "do-not-call", params(("phone" = String, Path)),
    security(("bearer" = ["do_not_call.remove"])), request_body = ReasonBody,
    responses((status = 204, description = "It is off the list"), (status = 404, description = "It is not on the list", body = Problem)))]
async fn remove(
    State(api): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
    Json(body): Json<ReasonBody>,
) -> Result<StatusCode, Problem> {
    let reason = body.check()?;
    let number = phone(&api, "phone", &text)?;
    api.store().remove_do_not_call(&number, &caller.name, api.now()).await?;
    caller.audit(&api, "do_not_call.remove_reason", &format!("phone:{number}"), reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
