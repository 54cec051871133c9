//! Entries of lists, with the reasons why they are, or are not, being called.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Permission;
use crate::base::{EntryId, ListId, PhoneNumber, Timestamp};
use crate::dialer::EntryState;
use crate::io::store::read::{CallFilter, CallSort, EntryFilter, EntryRow, EntrySort};
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::mask::{mask, mask_name, mask_numbers};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

use super::calls::CallView;

/// Characters of a reason that a person gives.
const REASON_LIMIT: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(history))
        .routes(routes!(remove))
        .routes(routes!(put_back))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// `pending`, `dialling`, `done`, `failed` or `stopped`.
    state: Option<String>,
    /// Stable word of the reason.
    reason: Option<String>,
    /// Result of the last attempt.
    disposition: Option<String>,
    /// This number, in any spelling.
    phone: Option<String>,
    /// Part of the name or of the list's own key.
    text: Option<String>,
    /// `id`, `due`, `changed` or `attempts`.
    sort: Option<String>,
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// Whether whole numbers are shown.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UnmaskQuery {
    /// Show whole numbers; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    pub unmask: bool,
}

/// Why a person does it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// One sentence, which the entry and the audit log show.
    pub reason: String,
}

impl ReasonBody {
    pub(super) fn check(&self) -> Result<&str, Problem> {
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_LIMIT {
            let hint = format!("write 1 to {REASON_LIMIT} characters");
            return Err(Problem::invalid_field("reason", "a reason is needed", hint));
        }
        Ok(reason)
    }
}

impl SheetRow for EntryRow {
    const NAME: &'static str = "entries";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "list_id",
        "external_id",
        "phone",
        "extension",
        "name",
        "language",
        "priority",
        "state",
        "disposition",
        "reason",
        "detail",
        "due_at",
        "attempts",
        "last_call",
        "created_at",
        "changed_at",
        "callback_id",
        "script",
        "deadline_at",
        "exact_at",
        "preferred_hours",
        "quiet_hours",
        "fields",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.list_id.to_string(),
            self.external_id.clone(),
            self.phone.clone(),
            self.extension.clone(),
            self.name.clone(),
            self.language.clone(),
            self.priority.to_string(),
            self.state.clone(),
            optional(&self.disposition),
            self.reason.clone(),
            self.detail.clone(),
            Timestamp(self.due_at).to_string(),
            self.attempts.to_string(),
            optional(&self.last_call),
            Timestamp(self.created_at).to_string(),
            Timestamp(self.changed_at).to_string(),
            optional(&self.callback_id),
            self.script.clone(),
            optional(&self.deadline_at.map(Timestamp)),
            optional(&self.exact_at.map(Timestamp)),
            self.preferred_hours.clone(),
            self.quiet_hours.clone(),
            self.fields.clone(),
        ]
    }

    fn cover_name(&mut self) {
        self.name = mask_name(&self.name);
        self.fields = "{}".into();
    }
}

/// Lets whole numbers be shown to those who may see them, and writes that down.
pub(super) async fn unmasking(
    api: &Shared,
    caller: &Caller,
    wanted: bool,
    subject: &str,
) -> Result<bool, Problem> {
    if wanted {
        caller.needs(Permission::NumbersWhole)?;
        caller.audit(api, "unmask", subject, "").await?;
    }
    Ok(wanted)
}

/// The canonical spelling of a number in a query or body.
pub(super) fn phone(api: &Shared, field: &str, text: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(text, api.import().home_area.as_deref()).map(|(number, _)| number).map_err(|e| {
        Problem::invalid_field(field, e.to_string(), "write the number as it is dialled, e.g. 13800000000")
    })
}

fn filter(api: &Shared, list: ListId, query: &Query) -> Result<EntryFilter, Problem> {
    if let Some(state) = &query.state {
        EntryState::parse(state).ok_or_else(|| {
            let hint = "write pending, dialling, done, failed or stopped";
            Problem::invalid_field("state", format!("`{state}` is not a state"), hint)
        })?;
    }
    Ok(EntryFilter {
        list: Some(list),
        state: query.state.clone(),
        reason: query.reason.clone(),
        disposition: query.disposition.clone(),
        phone: query.phone.as_deref().map(|p| phone(api, "phone", p)).transpose()?.map(|p| p.to_string()),
        text: query.text.clone().filter(|t| !t.is_empty()),
    })
}

fn sort(word: Option<&str>) -> Result<EntrySort, Problem> {
    match word {
        None | Some("id") => Ok(EntrySort::Id),
        Some("due") => Ok(EntrySort::Due),
        Some("changed") => Ok(EntrySort::Changed),
        Some("attempts") => Ok(EntrySort::Attempts),
        Some(other) => {
            let hint = "write id, due, changed or attempts";
            Err(Problem::invalid_field("sort", format!("`{other}` is not an order"), hint))
        }
    }
}

/// Entries of a list.
#[utoipa::path(get, path = "/lists/{id}/entries", tag = "entries", params(("id" = i64, Path), Query),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<EntryRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    RowId(id): RowId,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let list = ListId(super::lists::find(&api, ListId(id)).await?.id);
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let filter = filter(&api, list, &query)?;
    let sort = sort(query.sort.as_deref())?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("list:{id}")).await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let mut page = api.store().entry_rows(&filter, sort, after.as_ref(), limit).await?;
            page.rows.iter_mut().filter(|_| !unmask).for_each(cover);
            Ok(page)
        }
    })
    .await
}

async fn find(api: &Shared, id: i64) -> Result<EntryRow, Problem> {
    api.store().entry_row(EntryId(id)).await?.ok_or_else(|| Problem::not_found("entry", id))
}

/// One entry.
#[utoipa::path(get, path = "/entries/{id}", tag = "entries", params(("id" = i64, Path), UnmaskQuery),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "The entry", body = EntryRow), (status = 404, description = "No such entry", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<axum::Json<EntryRow>, Problem> {
    let mut row = find(&api, id).await?;
    if !unmasking(&api, &caller, query.unmask, &format!("entry:{id}")).await? {
        cover(&mut row);
    }
    Ok(axum::Json(row))
}

/// Calls of an entry, newest first.
#[utoipa::path(get, path = "/entries/{id}/calls", tag = "entries", params(("id" = i64, Path), UnmaskQuery),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "Its calls; also as `text/csv`", body = Items<CallView>)))]
async fn history(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    RowId(id): RowId,
    Params(query): Params<UnmaskQuery>,
) -> Result<Response, Problem> {
    find(&api, id).await?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("entry:{id}")).await?;
    let filter = CallFilter { entry: Some(EntryId(id)), ..CallFilter::default() };
    let page =
        api.store().call_rows(&filter, CallSort::Newest, None, crate::io::store::read::PAGE_LIMIT).await?;
    let rows = page.rows.into_iter().map(|row| CallView::new(row, unmask)).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// Takes an entry out, with a reason.
#[utoipa::path(post, path = "/entries/{id}/remove", tag = "entries", params(("id" = i64, Path)),
    security(("bearer" = ["lists.change"])), request_body = ReasonBody,
    responses((status = 200, description = "The entry", body = EntryRow), (status = 409, description = "It is being called", body = Problem)))]
async fn remove(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<EntryRow>, Problem> {
    let reason = body.check()?;
    let entry = EntryId(id);
    let list = api.store().remove_entry(entry, reason, &caller.name, api.now()).await.map_err(as_conflict)?;
    api.tell(Control::EntryRemoved { list, entry }).await;
    masked(&api, id).await
}

/// Puts an entry back: due at once, with all its attempts.
#[utoipa::path(post, path = "/entries/{id}/put-back", tag = "entries", params(("id" = i64, Path)),
    security(("bearer" = ["lists.change"])), request_body = ReasonBody,
    responses((status = 200, description = "The entry", body = EntryRow), (status = 409, description = "It is being called, or must not be", body = Problem)))]
async fn put_back(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<EntryRow>, Problem> {
    let reason = body.check()?;
    let list = api
        .store()
        .put_entry_back(EntryId(id), reason, &caller.name, api.now())
        .await
        .map_err(as_conflict)?;
    api.tell(Control::ListGrown(list)).await;
    masked(&api, id).await
}

/// Covers the number, wherever it stands.
fn cover(row: &mut EntryRow) {
    row.phone = mask(&row.phone);
    row.detail = mask_numbers(&row.detail);
}

async fn masked(api: &Shared, id: i64) -> Result<axum::Json<EntryRow>, Problem> {
    let mut row = find(api, id).await?;
    cover(&mut row);
    Ok(axum::Json(row))
}

/// What the store refuses because of how things stand is a conflict.
pub(super) fn as_conflict(error: crate::io::store::Error) -> Problem {
    match error {
        crate::io::store::Error::Refused(text) => Problem::conflict(text),
        other => other.into(),
    }
}
