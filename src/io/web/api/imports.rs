//! Files that come into lists.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bring_in::{Rows, Wanted, bring_in};
use super::entries::{ReasonBody, as_conflict, unmasking};
use super::lists::check_name;
use crate::base::{ImportId, ListId, Timestamp};
use crate::io::store::read::{ImportRow, ImportRowResult};
use crate::io::store::{ImportCounts, ImportUndone};
use crate::io::web::auth::Caller;
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId, Upload};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::spool::{self, UploadLimits};
use crate::io::web::state::Shared;
use crate::io::web::tongue::Tongue;

/// Characters of a file's name that are kept.
const FILE_NAME_CHARS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(rows))
        .routes(routes!(undo))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// Id of the list. Either this or `list_name`.
    list: Option<i64>,
    /// Name of the list; it is made if there is none.
    list_name: Option<String>,
    /// Name of the file, for people.
    file_name: Option<String>,
    /// Count what would happen and change nothing.
    #[serde(default)]
    dry_run: bool,
    /// JSON object, column header to field: `{"客户电话":"phone"}`.
    mapping: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Only imports into this list.
    list: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowQuery {
    /// `added`, `changed`, `unchanged`, `duplicate` or `rejected`.
    result: Option<String>,
    /// Show what the file says in rejected rows; needs the permission `numbers.whole` and is written into the audit log.
    #[serde(default)]
    unmask: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportReport {
    /// Its id; null for a dry run.
    #[schema(value_type = Option<i64>)]
    pub id: Option<ImportId>,
    /// The list; null where a dry run names one that is not there.
    #[schema(value_type = Option<i64>)]
    pub list_id: Option<ListId>,
    /// Nothing was changed.
    pub dry_run: bool,
    /// Rows by result.
    pub counts: ImportCounts,
    /// Duplicate and rejected rows, at most 1,000; all stand in the import's rows.
    pub problems: Vec<RowProblem>,
}

/// A row that did not come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowProblem {
    /// Line of the file; the header is line 1.
    pub line: u64,
    /// `duplicate` or `rejected`.
    pub result: String,
    /// Stable word of the reason: `bad_phone`.
    #[serde(default)]
    pub code: String,
    /// The column it is about, as the file names it; empty: the row as a whole.
    #[serde(default)]
    pub field: String,
    /// Why.
    pub reason: String,
    /// The beginning of a rejected row as the file has it, for whoever sent the file.
    #[serde(default)]
    pub text: String,
}

impl SheetRow for ImportRow {
    const NAME: &'static str = "imports";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "list_id",
        "file_name",
        "sha256",
        "state",
        "added",
        "changed",
        "unchanged",
        "duplicate",
        "rejected",
        "bytes",
        "bytes_read",
        "created_at",
        "undone_at",
        "undone_by",
        "undone_reason",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.list_id.to_string(),
            self.file_name.clone(),
            self.sha256.clone(),
            self.state.clone(),
            self.added.to_string(),
            self.changed.to_string(),
            self.unchanged.to_string(),
            self.duplicate.to_string(),
            self.rejected.to_string(),
            self.bytes.to_string(),
            self.bytes_read.to_string(),
            Timestamp(self.created_at).to_string(),
            optional(&self.undone_at.map(Timestamp)),
            optional(&self.undone_by),
            optional(&self.undone_reason),
        ]
    }
}

impl SheetRow for ImportRowResult {
    const NAME: &'static str = "import-rows";
    const COLUMNS: &'static [&'static str] =
        &["line", "result", "code", "field", "reason", "entry_id", "text"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.line.to_string(),
            self.result.clone(),
            self.code.clone(),
            self.field.clone(),
            self.reason.clone(),
            optional(&self.entry_id),
            self.text.clone(),
        ]
    }
}

/// Imports, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(Query), security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ImportRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let list = query.list.map(ListId);
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| async move {
        api.store().import_rows(list, after.as_ref(), limit).await
    })
    .await
}

/// Brings a file (CSV in UTF-8 or GB18030, xlsx, xls) into a list. Importing the same file again changes nothing.
/// While it runs, events `import` and the import's own row tell how far it is.
#[utoipa::path(post, path = "/imports", tag = "imports", params(UploadQuery), security(("bearer" = ["lists.import"])),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 201, description = "Brought in", body = ImportReport),
        (status = 200, description = "Dry run", body = ImportReport),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "The file has no usable header", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    tongue: Tongue,
    Params(query): Params<UploadQuery>,
    Upload(body): Upload,
) -> Result<Response, Problem> {
    let mut settings = api.import();
    if let Some(text) = &query.mapping {
        settings.mapping = serde_json::from_str(text).map_err(|e| {
            Problem::invalid_field(
                "mapping",
                e.to_string(),
                r#"write a JSON object such as {"客户电话":"phone"}"#,
            )
        })?;
    }
    let Ok(room) = api.imports.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many imports as allowed are running; try again when one has ended",
        ));
    };
    let status = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    let spooled = spool::receive(body, &api.parts.recordings, UploadLimits::default()).await?;
    // A task of its own: a client that hangs up half-way leaves no half import behind.
    let import = tokio::spawn(async move {
        let _room = room;
        let rows = Rows::open(spooled, &settings).await?;
        let list = target(&api, &caller, &query).await?;
        let name = query.file_name.unwrap_or_else(|| "upload.csv".into());
        let file_name = name.chars().take(FILE_NAME_CHARS).collect();
        let wanted = Wanted { file_name, dry_run: query.dry_run, by: caller.name };
        bring_in(&api, rows, list, wanted).await
    });
    let mut report = import.await.map_err(|e| Problem::internal(&e))??;
    report.problems.iter_mut().for_each(|problem| tongue.put(&mut problem.reason));
    Ok((status, axum::Json(report)).into_response())
}

/// The list that is meant; None where a dry run names one that is not there.
async fn target(api: &Shared, caller: &Caller, query: &UploadQuery) -> Result<Option<ListId>, Problem> {
    match (query.list, &query.list_name) {
        (Some(id), None) => Ok(Some(ListId(super::lists::find(api, ListId(id)).await?.id))),
        (None, Some(name)) => {
            check_name("list_name", name)?;
            match api.store().list_by_name(name).await? {
                Some(list) => Ok(Some(list.id)),
                None if query.dry_run => Ok(None),
                None => Ok(Some(api.store().create_list(name, &caller.name, api.now()).await?.id)),
            }
        }
        _ => Err(Problem::invalid_field(
            "list",
            "it is not said which list",
            "give either `list` or `list_name`",
        )),
    }
}

/// One import.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = i64, Path)), security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "The import", body = ImportRow), (status = 404, description = "No such import", body = Problem)))]
async fn show(State(api): State<Shared>, RowId(id): RowId) -> Result<axum::Json<ImportRow>, Problem> {
    let row = api.store().import_row(ImportId(id)).await?;
    Ok(axum::Json(row.ok_or_else(|| Problem::not_found("import", id))?))
}

/// What became of each row, by line.
#[utoipa::path(get, path = "/imports/{id}/rows", tag = "imports", params(("id" = i64, Path), RowQuery),
    security(("bearer" = ["lists.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ImportRowResult>)))]
async fn rows(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    tongue: Tongue,
    RowId(id): RowId,
    Params(query): Params<RowQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let import = ImportId(id);
    api.store().import_row(import).await?.ok_or_else(|| Problem::not_found("import", id))?;
    let unmask = unmasking(&api, &caller, query.unmask, &format!("import:{id}")).await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let result = query.result.clone();
        async move {
            let found = api.store().import_results(import, result.as_deref(), after.as_ref(), limit).await;
            found.map(|mut page| {
                page.rows.iter_mut().filter(|_| !unmask).for_each(|row| row.text.clear());
                page.rows.iter_mut().for_each(|row| tongue.put(&mut row.reason));
                page
            })
        }
    })
    .await
}

/// Takes an import back: what it added and nobody was called for is removed from the list. Its rows
/// stay to be read, and the same file can be brought in again.
#[utoipa::path(post, path = "/imports/{id}/undo", tag = "imports", params(("id" = i64, Path)), security(("bearer" = ["lists.change"])),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "What was taken back", body = ImportUndone),
        (status = 404, description = "No such import", body = Problem),
        (status = 409, description = "It is running, or was undone", body = Problem)))]
async fn undo(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<ImportUndone>, Problem> {
    let reason = body.check()?;
    let (list, undone) =
        api.store().undo_import(ImportId(id), reason, &caller.name, api.now()).await.map_err(as_conflict)?;
    api.tell(Control::ListGrown(list)).await;
    Ok(axum::Json(undone))
}
