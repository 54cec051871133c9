//! Campaigns: making, changing, deleting, and the orders that move them.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lists::check_name;
use crate::base::{CampaignId, ListId, Timestamp};
use crate::dialer::{self, Campaign, CampaignSettings, CampaignState};
use crate::io::store::NewCampaign;
use crate::io::store::read::CampaignRow;
use crate::io::web::auth::Caller;
use crate::io::web::control::{Control, Done};
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::{FieldProblem, Problem};
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::SheetRow;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(change))
        .routes(routes!(delete))
        .routes(routes!(order))
}

/// A campaign to be made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaignBody {
    /// Unique name.
    pub name: String,
    /// Id of the list it dials; no other campaign may have it. Either this or `list_name`.
    #[serde(default)]
    pub list: Option<i64>,
    /// Name of that list.
    #[serde(default)]
    pub list_name: Option<String>,
    /// How it is dialled; what is left out has its default.
    #[serde(default)]
    pub settings: CampaignSettings,
}

/// New settings of a campaign.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    /// All settings; what is left out has its default.
    pub settings: CampaignSettings,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Only the campaign of this name.
    name: Option<String>,
    /// `draft`, `running`, `paused`, `ending`, `done` or `stopped`.
    state: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for CampaignRow {
    const NAME: &'static str = "campaigns";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "list_id",
        "list",
        "state",
        "priority",
        "blocked",
        "blocked_detail",
        "entries",
        "open",
        "created_at",
        "changed_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            self.list_id.to_string(),
            self.list.clone(),
            self.state.clone(),
            self.priority.to_string(),
            self.blocked.clone(),
            self.blocked_detail.clone(),
            self.entries.to_string(),
            self.open.to_string(),
            Timestamp(self.created_at).to_string(),
            Timestamp(self.changed_at).to_string(),
        ]
    }
}

/// Campaigns, newest first.
#[utoipa::path(get, path = "/campaigns", tag = "campaigns", params(Query), security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<CampaignRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    if let Some(state) = &query.state {
        CampaignState::parse(state).ok_or_else(|| {
            let hint = "write draft, running, paused, ending, done or stopped";
            Problem::invalid_field("state", format!("`{state}` is not a state"), hint)
        })?;
    }
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let (name, state) = (query.name.clone(), query.state.clone());
        async move { api.store().campaign_rows(name.as_deref(), state.as_deref(), after.as_ref(), limit).await }
    })
    .await
}

/// Makes a campaign in state `draft`.
#[utoipa::path(post, path = "/campaigns", tag = "campaigns", security(("bearer" = ["campaigns.run"])),
    request_body = NewCampaignBody,
    responses(
        (status = 201, description = "Made", body = Campaign),
        (status = 409, description = "The name or the list is taken", body = Problem),
        (status = 422, description = "Settings that cannot be used", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewCampaignBody>,
) -> Result<Response, Problem> {
    check_name("name", &body.name)?;
    check_settings(&api, &body.settings)?;
    let list = match (body.list, &body.list_name) {
        (Some(id), None) => ListId(super::lists::find(&api, ListId(id)).await?.id),
        (None, Some(name)) => {
            let list = api.store().list_by_name(name).await?;
            list.ok_or_else(|| Problem::not_found("list", format!("`{name}`")))?.id
        }
        _ => {
            let hint = "give either `list` or `list_name`";
            return Err(Problem::invalid_field("list", "it is not said which list", hint));
        }
    };
    let new = NewCampaign { name: body.name, list, settings: body.settings };
    let made = api
        .store()
        .create_campaign(&new, &caller.name, api.now())
        .await
        .map_err(super::entries::as_conflict)?;
    api.tell(Control::CampaignCreated(Box::new(made.clone()))).await;
    let location = format!("/api/v1/campaigns/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)).into_response())
}

pub(super) async fn find(api: &Shared, id: i64) -> Result<Campaign, Problem> {
    api.store().campaign(CampaignId(id)).await?.ok_or_else(|| Problem::not_found("campaign", id))
}

/// One campaign with its settings.
#[utoipa::path(get, path = "/campaigns/{id}", tag = "campaigns", params(("id" = i64, Path)),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "The campaign", body = Campaign), (status = 404, description = "No such campaign", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<Campaign>, Problem> {
    Ok(axum::Json(find(&api, id).await?))
}

/// Replaces the settings. They hold for calls placed from then on.
#[utoipa::path(put, path = "/campaigns/{id}", tag = "campaigns", params(("id" = i64, Path)),
    security(("bearer" = ["campaigns.run"])), request_body = SettingsBody,
    responses((status = 200, description = "Changed", body = Campaign), (status = 422, description = "Settings that cannot be used", body = Problem)))]
async fn change(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<SettingsBody>,
) -> Result<axum::Json<Campaign>, Problem> {
    check_settings(&api, &body.settings)?;
    let changed =
        api.store().change_campaign(CampaignId(id), &body.settings, &caller.name, api.now()).await?;
    api.tell(Control::CampaignChanged(Box::new(changed.clone()))).await;
    Ok(axum::Json(changed))
}

/// Deletes a campaign that is not running and has placed no call; its list stays.
#[utoipa::path(delete, path = "/campaigns/{id}", tag = "campaigns", params(("id" = i64, Path)),
    security(("bearer" = ["campaigns.run"])),
    responses((status = 204, description = "Deleted"), (status = 409, description = "It runs, or has calls", body = Problem)))]
async fn delete(State(api): State<Shared>, caller: Caller, RowId(id): RowId) -> Result<StatusCode, Problem> {
    let id = CampaignId(id);
    api.store().delete_campaign(id, &caller.name, api.now()).await.map_err(super::entries::as_conflict)?;
    api.tell(Control::CampaignDeleted(id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a campaign stands after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
struct StateReport {
    /// Its id.
    id: i64,
    /// Its state.
    state: CampaignState,
}

/// Starts, pauses, resumes, stops at once, or ends gracefully.
#[utoipa::path(post, path = "/campaigns/{id}/{order}", tag = "campaigns",
    params(("id" = i64, Path), ("order" = String, Path, description = "`start`, `pause`, `resume`, `stop` or `end`")),
    security(("bearer" = ["campaigns.run"])),
    responses(
        (status = 200, description = "The state after it", body = StateReport),
        (status = 404, description = "No such campaign or order", body = Problem),
        (status = 409, description = "Not possible in its state", body = Problem),
        (status = 503, description = "The engine cannot take it now", body = Problem)))]
async fn order(
    State(api): State<Shared>,
    caller: Caller,
    Path((id, order)): Path<(String, String)>,
) -> Result<axum::Json<StateReport>, Problem> {
    let number = id.parse().map_err(|_| Problem::not_found("campaign", "of that id"))?;
    Ok(axum::Json(StateReport { id: number, state: give_order(&api, number, &order, &caller.name).await? }))
}

/// Gives an order of that name to a campaign, in the name of `by`; the state after it.
pub(in crate::io::web) async fn give_order(
    api: &Shared,
    number: i64,
    order: &str,
    by: &str,
) -> Result<CampaignState, Problem> {
    let (id, by) = (CampaignId(number), by.to_owned());
    let control = match order {
        "start" => Control::StartCampaign { id, by },
        "pause" => Control::PauseCampaign { id, by },
        "resume" => Control::ResumeCampaign { id, by },
        "stop" => Control::StopCampaign { id, by },
        "end" => Control::EndCampaign { id, by },
        _ => {
            return Err(Problem::not_found("order", "of that name: write start, pause, resume, stop or end"));
        }
    };
    let campaign = find(api, number).await?;
    if order == "start" {
        check_settings(api, &campaign.settings)?;
    }
    match api.ask(control).await? {
        Done::Campaign(state) => Ok(state),
        _ => Ok(find(api, number).await?.state),
    }
}

/// Every setting that cannot work, each with its mending.
fn check_settings(api: &Shared, settings: &CampaignSettings) -> Result<(), Problem> {
    const CALLS_PER_SECOND: f64 = 1_000.0;
    let mut wrong = Vec::new();
    let mut check = |good: bool, field: &str, detail: String, hint: &str| {
        if !good {
            wrong.push(FieldProblem::new(format!("settings.{field}"), detail, hint));
        }
    };
    let scripts = api.parts.catalogue.borrow().clone();
    if !scripts.scripts.is_empty() {
        let script = scripts.scripts.iter().find(|s| s.name == settings.script);
        let known = scripts.scripts.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        check(
            script.is_some(),
            "script",
            format!("there is no script `{}`", settings.script),
            &format!("known: {known}"),
        );
        if let Some(broken) = script.filter(|s| !s.problems.is_empty()) {
            let hint = "`ringback check` shows all of it";
            check(
                false,
                "script",
                format!("`{}` cannot be run: {}", broken.name, broken.problems.join("; ")),
                hint,
            );
        }
    }
    let zone_is_known = jiff::tz::TimeZone::get(&settings.timezone).is_ok();
    check(
        zone_is_known,
        "timezone",
        format!("`{}` is not a time zone", settings.timezone),
        "write an IANA name such as Asia/Shanghai",
    );
    let zone = if zone_is_known { settings.timezone.as_str() } else { "UTC" };
    for (place, text) in settings.windows.iter().enumerate() {
        if let Err(e) = crate::calendar::Windows::parse(std::slice::from_ref(text), zone) {
            check(false, &format!("windows[{place}]"), e.to_string(), "write it as Mon-Fri 09:00-12:00");
        }
    }
    let cps = settings.calls_per_second;
    let in_range = cps.is_finite() && (0.0..=CALLS_PER_SECOND).contains(&cps);
    check(in_range, "calls_per_second", format!("{cps} is out of range"), "write 0 to 1000");
    check(
        (5..=180).contains(&settings.ring_seconds),
        "ring_seconds",
        format!("{} is out of range", settings.ring_seconds),
        "write 5 to 180",
    );
    check(
        (1..=9).contains(&settings.priority),
        "priority",
        format!("{} is out of range", settings.priority),
        "write 1 to 9",
    );
    check(
        (1..=100).contains(&settings.max_attempts),
        "max_attempts",
        format!("{} is out of range", settings.max_attempts),
        "write 1 to 100",
    );
    if wrong.is_empty()
        && let Err(dialer::Error::Setting { key, problem }) = settings.check()
    {
        wrong.push(FieldProblem::new(format!("settings.{key}"), problem, "the API description says more"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong)) }
}
