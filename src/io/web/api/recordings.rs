//! Recordings as they are stored: the search for them, what holds them, and the keeper's runs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{CallView, Query, filter, find, sorting};
use super::entries::{ReasonBody, as_conflict, unmasking};
use crate::access::Permission;
use crate::base::Timestamp;
use crate::io::store::read::{CallFilter, Page};
use crate::io::store::{HeldRow, HoldRow, StoredFile, StoredSum};
use crate::io::vault::{KeepingReport, Run};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, PathCall};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(keeping, keep))
        .routes(routes!(holds))
        .routes(routes!(stored))
        .routes(routes!(hold, lift))
}

/// A recording as a row of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordingView {
    /// Its call.
    #[serde(flatten)]
    pub call: CallView,
    /// `wav`, `flac`, or `gone`.
    pub form: String,
    /// Id of the key it is sealed with; empty: it is not encrypted.
    pub sealed: String,
    /// Empty: the recordings folder; else where it lies.
    pub place: String,
    /// What keeps it from being deleted, in words.
    pub held: Vec<String>,
}

impl SheetRow for RecordingView {
    const NAME: &'static str = "recordings";
    const COLUMNS: &'static [&'static str] = &[
        "call_id",
        "direction",
        "phone",
        "reserved_at",
        "talk_seconds",
        "disposition",
        "lowest_score",
        "recording_ms",
        "sha256",
        "form",
        "sealed",
        "place",
        "held",
    ];

    fn cells(&self) -> Vec<String> {
        let call = &self.call.call;
        vec![
            call.id.clone(),
            call.direction.clone(),
            call.phone.clone(),
            Timestamp(call.reserved_at).to_string(),
            optional(&self.call.talk_seconds),
            optional(&call.disposition),
            optional(&call.lowest_score),
            optional(&call.recording_ms),
            optional(&call.sha256),
            self.form.clone(),
            self.sealed.clone(),
            self.place.clone(),
            self.held.join("; "),
        ]
    }
}

/// One call's recording, stored how and until when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StoredView {
    /// Every form in which it and the comments of its call were stored, oldest first; empty: it lies as it was
    /// recorded.
    pub files: Vec<StoredFile>,
    /// What keeps it from being deleted now.
    pub held: Vec<HeldRow>,
    /// Holds that people put, of now and before.
    pub holds: Vec<HoldRow>,
    /// What the next run does with it: `keep`, `archive` or `delete`; null: there is nothing to decide.
    pub act: Option<String>,
    /// Why.
    pub because: Option<String>,
    /// When time alone changes that, in ms since 1970.
    pub next: Option<i64>,
}

/// How recordings are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeepingView {
    /// The run that goes on.
    pub running: Option<Run>,
    /// What the last one since the start came to.
    pub last: Option<KeepingReport>,
    /// What was stored anew, by form, key and place.
    pub stored: Vec<StoredSum>,
    /// Files that are gone and whose bytes are still to be taken away, at most 500 are counted.
    pub to_be_removed: u64,
    /// Where archived recordings go; empty: the recordings folder.
    pub archive: String,
    /// The key that seals new recordings; null: they are not sealed.
    pub seals_with: Option<String>,
    /// Ids of all keys, newest first.
    pub keys: Vec<String>,
    /// When the hours of the daily run begin or have begun, in ms since 1970.
    pub next_run: Option<i64>,
}

/// A run that is wanted.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepBody {
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HoldsQuery {
    /// Also those that were lifted.
    #[serde(default)]
    all: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LiftQuery {
    /// Why it is lifted.
    reason: String,
}

/// Recordings: by customer, number, agent, time, policy, result, ticket, score, form, place, hold.
#[utoipa::path(get, path = "/recordings", tag = "recordings", params(Query), security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<RecordingView>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let sort = sorting(&query)?;
    let filter = CallFilter { recorded: true, ..filter(&api, &query, caller.reach(Permission::CallsSee))? };
    let unmask = unmasking(&api, &caller, query.unmask, "recordings").await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move {
            let page = api.store().call_rows(&filter, sort, after.as_ref(), limit).await?;
            let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
            let mut files = api.store().files_of_calls(&ids).await?;
            let mut held = api.store().held(&ids).await?;
            let rows = page.rows.into_iter().map(|row| {
                let file = files.remove(&row.id);
                let held = held.remove(&row.id).unwrap_or_default();
                recording_view(CallView::new(row, unmask), file, &held)
            });
            Ok(Page { rows: rows.collect(), next: page.next })
        }
    })
    .await
}

fn recording_view(call: CallView, file: Option<StoredFile>, held: &[HeldRow]) -> RecordingView {
    let held = held.iter().map(|row| format!("{} {}: {}", row.kind, row.reference, row.reason)).collect();
    let (form, sealed, place) = match file {
        None => ("wav".into(), String::new(), String::new()),
        Some(file) if file.gone_at.is_some() => ("gone".into(), String::new(), String::new()),
        Some(file) => (file.form, file.sealed, file.place),
    };
    RecordingView { call, form, sealed, place, held }
}

/// How a call's recording is stored, what holds it, and what the next run does with it.
#[utoipa::path(get, path = "/calls/{id}/recording/stored", tag = "recordings", params(("id" = String, Path)),
    security(("bearer" = ["recordings.hear"])),
    responses((status = 200, description = "How it is stored", body = StoredView), (status = 404, description = "No such call", body = Problem)))]
async fn stored(
    State(api): State<Shared>,
    PathCall(id): PathCall,
) -> Result<axum::Json<StoredView>, Problem> {
    let row = find(&api, id).await?;
    let files = api.store().files_of_call(&row.id).await?;
    let held = api.store().held(&[&row.id]).await?.remove(&row.id).unwrap_or_default();
    let holds = api.store().holds_of_call(&row.id).await?;
    let now = api.now();
    let item = api.store().recorded_of(&row.id).await?;
    let verdict = item.map(|item| {
        let archived = files.iter().any(|f| f.name == item.name && f.gone_at.is_none() && f.form == "flac");
        api.keeper().map(|keeper| keeper.verdict(&item, archived, &held, now))
    });
    let verdict = verdict.transpose()?;
    Ok(axum::Json(StoredView {
        files,
        held,
        holds,
        act: verdict.as_ref().map(|v| v.act.as_str().to_owned()),
        next: verdict.as_ref().and_then(|v| v.next).map(|at| at.0),
        because: verdict.map(|v| v.because),
    }))
}

/// Keeps a call's recording from being deleted, for the reason that is given.
#[utoipa::path(put, path = "/calls/{id}/recording/hold", tag = "recordings", params(("id" = String, Path)),
    security(("bearer" = ["recordings.hold"])), request_body = ReasonBody,
    responses(
        (status = 204, description = "It is held"),
        (status = 404, description = "No such call", body = Problem),
        (status = 409, description = "It is held by hand already, or there is no recording", body = Problem)))]
async fn hold(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Json(body): Json<ReasonBody>,
) -> Result<StatusCode, Problem> {
    api.store().put_hold(id, body.check()?, &caller.name, api.now()).await.map_err(as_conflict)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts the hold that a person put, for the reason that is given.
#[utoipa::path(delete, path = "/calls/{id}/recording/hold", tag = "recordings", params(("id" = String, Path), LiftQuery),
    security(("bearer" = ["recordings.keep"])),
    responses((status = 204, description = "It is lifted"), (status = 404, description = "There is none", body = Problem)))]
async fn lift(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Params(query): Params<LiftQuery>,
) -> Result<StatusCode, Problem> {
    let reason = ReasonBody { reason: query.reason };
    api.store().lift_hold(id, reason.check()?, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl SheetRow for HoldRow {
    const NAME: &'static str = "recording-holds";
    const COLUMNS: &'static [&'static str] =
        &["call_id", "reason", "put_by", "put_at", "lifted_by", "lifted_at", "lifted_why"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.call_id.clone(),
            self.reason.clone(),
            self.put_by.clone(),
            Timestamp(self.put_at).to_string(),
            self.lifted_by.clone(),
            optional(&self.lifted_at.map(Timestamp)),
            self.lifted_why.clone(),
        ]
    }
}

/// Holds that people put, newest first.
#[utoipa::path(get, path = "/recordings/holds", tag = "recordings", params(HoldsQuery),
    security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<HoldRow>)))]
async fn holds(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<HoldsQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| async move {
        api.store().hold_rows(!query.all, after.as_ref(), limit).await
    })
    .await
}

/// How recordings are kept: the run that goes on, the last one, and what is stored how.
#[utoipa::path(get, path = "/recordings/keeping", tag = "recordings", security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "How they are kept", body = KeepingView)))]
async fn keeping(State(api): State<Shared>) -> Result<axum::Json<KeepingView>, Problem> {
    Ok(axum::Json(keeping_view(&api).await?))
}

async fn keeping_view(api: &Shared) -> Result<KeepingView, Problem> {
    let keeper = api.keeper()?;
    let (settings, hours, now) = (api.vault().settings(), keeper.rules().hours, api.now());
    let next_run = if hours.is_open(now) { Some(now) } else { hours.next_opening(now) };
    Ok(KeepingView {
        running: keeper.running(),
        last: keeper.last(),
        stored: api.store().stored_sums().await?,
        to_be_removed: api.store().files_to_remove(500).await?.len() as u64,
        archive: settings.archive.clone(),
        seals_with: settings.ring.newest().map(|key| key.id.clone()),
        keys: settings.ring.all().iter().map(|key| key.id.clone()).collect(),
        next_run: next_run.map(|at| at.0),
    })
}

/// Archives, seals and deletes what is due now; `GET` shows how far it is.
#[utoipa::path(post, path = "/recordings/keeping", tag = "recordings", security(("bearer" = ["recordings.keep"])),
    request_body = KeepBody,
    responses(
        (status = 202, description = "It runs", body = KeepingView),
        (status = 409, description = "A run goes on", body = Problem)))]
async fn keep(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<KeepBody>,
) -> Result<(StatusCode, axum::Json<KeepingView>), Problem> {
    let keeper = api.keeper()?.clone();
    if keeper.running().is_some() {
        return Err(Problem::conflict("a run goes on; look at it with GET /recordings/keeping"));
    }
    let detail = if body.dry_run { "dry run" } else { "" };
    caller.audit(&api, "recordings.keep", "recordings", detail).await?;
    keeper.announce(body.dry_run, api.now());
    let (now, stop) = (api.now(), api.parts.stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            ran = keeper.run(body.dry_run, now) => {
                if let Err(error) = ran {
                    tracing::error!(%error, "a run of the keeper was not finished");
                }
            }
        }
    });
    Ok((StatusCode::ACCEPTED, axum::Json(keeping_view(&api).await?)))
}
