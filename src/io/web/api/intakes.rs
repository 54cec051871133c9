//! Files that come into the archive, and what became of their rows.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::{ReasonBody, as_conflict, unmasking};
use crate::base::{ImportId, Timestamp};
use crate::io::intake::{self, Failure, Incoming, IntakeReport};
use crate::io::store::archive::read::{IntakeRow, IntakeRowResult};
use crate::io::store::archive::{IntakeOrder, SourceMapping, Undone};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId, Upload};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::spool::{self, UploadLimits};
use crate::io::web::state::Shared;
use crate::io::web::tongue::Tongue;

/// Characters of a file's name, a source's and a person's that are kept.
const NAME_CHARS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(rows))
        .routes(routes!(rejected))
        .routes(routes!(undo))
        .routes(routes!(sources))
        .routes(routes!(remember))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// Policy pack, by its id.
    pack: String,
    /// Section `[intake.<name>]` of the pack; without it rows tell of customers alone.
    intake: Option<String>,
    /// System or person it comes from; its column mapping is remembered.
    source: Option<String>,
    /// Name of the file, for people.
    file_name: Option<String>,
    /// Count what would happen and change nothing.
    #[serde(default)]
    dry_run: bool,
    /// JSON object, column header to field: `{"客户电话":"phone"}`. Remembered for the source.
    mapping: Option<String>,
    /// Who collected the slips, for rows that do not say.
    collected_by: Option<String>,
    /// Who handed them over, for rows that do not say.
    handed_over_by: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Only intakes of this pack.
    pack: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowQuery {
    /// `added`, `changed`, `unchanged`, `duplicate`, `rejected` or `skipped`.
    result: Option<String>,
    /// Show what the file says in rejected rows; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RejectedQuery {
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// The column mapping of a source.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceBody {
    /// Policy pack.
    pub pack: String,
    /// Name of the source.
    pub source: String,
    /// Column header to field.
    pub mapping: BTreeMap<String, String>,
}

impl SheetRow for IntakeRow {
    const NAME: &'static str = "intakes";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "pack",
        "intake",
        "source",
        "channel",
        "file_name",
        "sha256",
        "state",
        "added",
        "changed",
        "unchanged",
        "duplicate",
        "rejected",
        "skipped",
        "warned",
        "late",
        "customers_added",
        "customers_changed",
        "collected_by",
        "handed_over_by",
        "created_by",
        "created_at",
        "undone_by",
        "undone_at",
        "undone_reason",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.pack.clone(),
            self.intake.clone(),
            self.source.clone(),
            self.channel.clone(),
            self.file_name.clone(),
            self.sha256.clone(),
            self.state.clone(),
            self.added.to_string(),
            self.changed.to_string(),
            self.unchanged.to_string(),
            self.duplicate.to_string(),
            self.rejected.to_string(),
            self.skipped.to_string(),
            self.warned.to_string(),
            self.late.to_string(),
            self.customers_added.to_string(),
            self.customers_changed.to_string(),
            self.collected_by.clone(),
            self.handed_over_by.clone(),
            self.created_by.clone(),
            Timestamp(self.created_at).to_string(),
            optional(&self.undone_by),
            optional(&self.undone_at.map(Timestamp)),
            optional(&self.undone_reason),
        ]
    }
}

impl SheetRow for IntakeRowResult {
    const NAME: &'static str = "intake-rows";
    const COLUMNS: &'static [&'static str] =
        &["line", "result", "code", "reason", "event_id", "customer_id", "text"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.line.to_string(),
            self.result.clone(),
            self.code.clone(),
            self.reason.clone(),
            optional(&self.event_id),
            optional(&self.customer_id),
            self.text.clone(),
        ]
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Pack(text) => Problem::invalid_field(
                "pack",
                text,
                "name a pack and, where wanted, one of its [intake.<name>]",
            ),
            Failure::Broken(broken) => broken.into(),
            Failure::Store(error) => error.into(),
        }
    }
}

/// A mapping in a query.
pub(super) fn mapping(text: Option<&str>) -> Result<BTreeMap<String, String>, Problem> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    serde_json::from_str(text).map_err(|e| {
        let hint = r#"write a JSON object such as {"客户电话":"phone"}"#;
        Problem::invalid_field("mapping", e.to_string(), hint)
    })
}

fn short(text: Option<String>) -> String {
    text.unwrap_or_default().trim().chars().take(NAME_CHARS).collect()
}

/// Brings a file (CSV in UTF-8 or GB18030, xlsx, xls) into the archive by the rules of a pack.
/// Bringing the same file in again changes nothing. While it runs, events `intake` and the
/// intake's own row tell how far it is.
#[utoipa::path(post, path = "/intake", tag = "intake", params(UploadQuery), security(("bearer" = ["facts.bring"])),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 201, description = "Brought in", body = IntakeReport),
        (status = 200, description = "Dry run", body = IntakeReport),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "No such pack, or the file has no usable header", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    tongue: Tongue,
    Params(query): Params<UploadQuery>,
    Upload(body): Upload,
) -> Result<Response, Problem> {
    let given = mapping(query.mapping.as_deref())?;
    let Ok(room) = api.imports.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many imports as allowed are running; try again when one has ended",
        ));
    };
    let status = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    let spooled = spool::receive(body, &api.parts.recordings, UploadLimits::default()).await?;
    // A task of its own: a client that hangs up half-way leaves no half intake behind.
    let task = tokio::spawn(async move {
        let _room = room;
        let source = short(query.source);
        let mut settings = intake::settings(&api.import(), api.now());
        if !source.is_empty() {
            settings.mapping = api.store().source_mapping(&query.pack, &source).await?;
            // A column of last time may be missing today; what is said today must be there.
            settings.mapping.extend(given.clone());
        } else {
            settings.mapping = given.clone();
        }
        settings.collected_by = short(query.collected_by);
        settings.handed_over_by = short(query.handed_over_by);
        let order = IntakeOrder {
            pack: query.pack.clone(),
            intake: query.intake.unwrap_or_default(),
            source: source.clone(),
            channel: "file".into(),
            file_name: short(Some(query.file_name.unwrap_or_else(|| "upload.csv".into()))),
            collected_by: settings.collected_by.clone(),
            handed_over_by: settings.handed_over_by.clone(),
            dry_run: query.dry_run,
            by: caller.name.clone(),
            ..IntakeOrder::default()
        };
        let incoming = Incoming {
            file: spooled.file,
            bytes: spooled.bytes,
            sha256: spooled.sha256,
            encoding: spooled.encoding,
        };
        let events = &api.parts.events;
        let dry_run = query.dry_run;
        let report = api
            .desk()
            .bring_in(incoming, order, settings.clone(), |progress| {
                if !dry_run {
                    events.publish_value("intake", &serde_json::json!(progress));
                }
            })
            .await?;
        if !dry_run && !source.is_empty() && !given.is_empty() {
            let (store, now) = (api.store(), api.now());
            store.remember_mapping(&query.pack, &source, &settings.mapping, &caller.name, now).await?;
        }
        Ok::<IntakeReport, Problem>(report)
    });
    let mut report = task.await.map_err(|e| Problem::internal(&e))??;
    report.problems.iter_mut().for_each(|problem| tongue.put(&mut problem.reason));
    Ok((status, axum::Json(report)).into_response())
}

/// Intakes, newest first.
#[utoipa::path(get, path = "/intakes", tag = "intake", params(Query), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<IntakeRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let pack = query.pack.clone();
        async move { api.store().intake_rows(pack.as_deref(), after.as_ref(), limit).await }
    })
    .await
}

async fn find(api: &Shared, id: i64) -> Result<IntakeRow, Problem> {
    api.store().intake_row(ImportId(id)).await?.ok_or_else(|| Problem::not_found("intake", id))
}

/// One intake.
#[utoipa::path(get, path = "/intakes/{id}", tag = "intake", params(("id" = i64, Path)), security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "The intake", body = IntakeRow), (status = 404, description = "No such intake", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<IntakeRow>, Problem> {
    Ok(axum::Json(find(&api, id).await?))
}

/// What became of each row, by line.
#[utoipa::path(get, path = "/intakes/{id}/rows", tag = "intake", params(("id" = i64, Path), RowQuery),
    security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<IntakeRowResult>)))]
async fn rows(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    tongue: Tongue,
    RowId(id): RowId,
    Params(query): Params<RowQuery>,
) -> Result<Response, Problem> {
    find(&api, id).await?;
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("intake:{id}")).await?;
    results(&api, &caller, (wants, tongue), paging, id, query.result, unmask).await
}

/// The refused rows with their reasons and what the file says in them, to be mended and brought
/// in again. Needs a permission of its own, for rows hold whole numbers; written into the audit log.
#[utoipa::path(get, path = "/intakes/{id}/rejected", tag = "intake", params(("id" = i64, Path), RejectedQuery),
    security(("bearer" = ["slips.reject"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<IntakeRowResult>)))]
async fn rejected(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    tongue: Tongue,
    RowId(id): RowId,
    Params(query): Params<RejectedQuery>,
) -> Result<Response, Problem> {
    find(&api, id).await?;
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let unmask = unmasking(&api, &caller, true, &format!("intake:{id}")).await?;
    results(&api, &caller, (wants, tongue), paging, id, Some("rejected".into()), unmask).await
}

async fn results(
    api: &Shared,
    caller: &crate::io::web::Caller,
    (wants, tongue): (Wants, Tongue),
    paging: Paging,
    id: i64,
    result: Option<String>,
    unmask: bool,
) -> Result<Response, Problem> {
    listing::answer(api, caller, wants, paging, move |api, after, limit| {
        let result = result.clone();
        async move {
            let found =
                api.store().intake_results(ImportId(id), result.as_deref(), after.as_ref(), limit).await;
            found.map(|mut page| {
                page.rows.iter_mut().filter(|_| !unmask).for_each(|row| row.text.clear());
                page.rows.iter_mut().for_each(|row| tongue.put(&mut row.reason));
                page
            })
        }
    })
    .await
}

/// Takes an intake back: its events are withdrawn, customers it made are removed if nothing else
/// hangs on them, what it changed is as before; what is owed for its events is excused and taken
/// out of the dialler. Refused where calls were made for its callbacks.
#[utoipa::path(post, path = "/intakes/{id}/undo", tag = "intake", params(("id" = i64, Path)),
    security(("bearer" = ["slips.reject"])), request_body = ReasonBody,
    responses(
        (status = 200, description = "What was taken back", body = Undone),
        (status = 404, description = "No such intake", body = Problem),
        (status = 409, description = "It is running, was undone, or calls were made", body = Problem)))]
async fn undo(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<Undone>, Problem> {
    let reason = body.check()?;
    let pack = find(&api, id).await?.pack;
    let undone = api.desk().undo(ImportId(id), reason, &caller.name, api.now()).await.map_err(as_conflict)?;
    if let Ok(planner) = api.planner() {
        planner.take_out(&pack, api.now()).await?;
    }
    Ok(axum::Json(undone))
}

/// Remembered column mappings, by pack and source.
#[utoipa::path(get, path = "/intake-sources", tag = "intake", security(("bearer" = ["facts.see"])),
    responses((status = 200, description = "All of them", body = Items<SourceMapping>)))]
async fn sources(State(api): State<Shared>) -> Result<axum::Json<Items<SourceMapping>>, Problem> {
    Ok(axum::Json(Items { items: api.store().source_mappings().await?, next: None }))
}

/// Remembers the column mapping of a source, in place of the last one.
#[utoipa::path(put, path = "/intake-sources", tag = "intake", security(("bearer" = ["facts.sources"])),
    request_body = SourceBody,
    responses((status = 204, description = "Remembered"), (status = 422, description = "No such pack", body = Problem)))]
async fn remember(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<SourceBody>,
) -> Result<StatusCode, Problem> {
    api.desk().packs().get(&body.pack).map_err(Failure::Pack)?;
    let source = short(Some(body.source));
    api.store().remember_mapping(&body.pack, &source, &body.mapping, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
