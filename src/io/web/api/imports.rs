//! Files that come into lists.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lists::check_name;
use crate::base::{ImportId, ListId, Timestamp};
use crate::dialer::import::{Import, RowOutcome, RowResult};
use crate::io::store::read::{ImportRow, ImportRowResult};
use crate::io::store::{ImportCounts, ImportFile};
use crate::io::web::auth::{Caller, Operate, Read, hex};
use crate::io::web::control::Control;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, RowId, Upload};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Rows handed to the store at once.
const CHUNK: usize = 500;
/// Rows with a problem that the answer itself shows; all of them stand in the import's rows.
const SHOWN_PROBLEMS: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(rows))
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowProblem {
    /// Line of the file; the header is line 1.
    pub line: u64,
    /// `duplicate` or `rejected`.
    pub result: String,
    /// Why.
    pub reason: String,
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
        "created_at",
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
            Timestamp(self.created_at).to_string(),
        ]
    }
}

impl SheetRow for ImportRowResult {
    const NAME: &'static str = "import-rows";
    const COLUMNS: &'static [&'static str] = &["line", "result", "reason", "entry_id"];

    fn cells(&self) -> Vec<String> {
        vec![self.line.to_string(), self.result.clone(), self.reason.clone(), optional(&self.entry_id)]
    }
}

/// Imports, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(Query), security(("bearer" = ["read"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ImportRow>)))]
async fn index(
    State(api): State<Shared>,
    Read(caller): Read,
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

/// Brings a CSV file (UTF-8 or GB18030) into a list. Importing the same file again changes nothing.
#[utoipa::path(post, path = "/imports", tag = "imports", params(UploadQuery), security(("bearer" = ["operate"])),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 201, description = "Brought in", body = ImportReport),
        (status = 200, description = "Dry run", body = ImportReport),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "The file has no usable header", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    Operate(caller): Operate,
    Params(query): Params<UploadQuery>,
    Upload(bytes): Upload,
) -> Result<Response, Problem> {
    let mapping = match &query.mapping {
        Some(text) => serde_json::from_str::<BTreeMap<String, String>>(text).map_err(|e| {
            Problem::invalid_field(
                "mapping",
                e.to_string(),
                r#"write a JSON object such as {"客户电话":"phone"}"#,
            )
        })?,
        None => BTreeMap::new(),
    };
    let Ok(room) = api.imports.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many imports as allowed are running; try again when one has ended",
        ));
    };
    // A task of its own: a client that hangs up half-way leaves no half import behind.
    let status = if query.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    let import = tokio::spawn(async move {
        let _room = room;
        bring_in(api, caller, query, mapping, bytes).await
    });
    let report = import.await.map_err(|e| Problem::internal(&e))??;
    Ok((status, axum::Json(report)).into_response())
}

async fn bring_in(
    api: Shared,
    caller: Caller,
    query: UploadQuery,
    mapping: BTreeMap<String, String>,
    bytes: Bytes,
) -> Result<ImportReport, Problem> {
    let mut settings = api.import();
    settings.mapping = mapping;
    let rows = Import::open(&bytes, &settings).map_err(|e| {
        Problem::invalid_field("body", e.to_string(), "see the mapping parameter and the file's header")
    })?;
    let list = target(&api, &caller, &query).await?;
    let mut report = ImportReport {
        id: None,
        list_id: list,
        dry_run: query.dry_run,
        counts: ImportCounts::default(),
        problems: Vec::new(),
    };
    let Some(list) = list else {
        rows.for_each(|row| report.note(&row, true));
        return Ok(report);
    };
    let file = ImportFile {
        name: query.file_name.unwrap_or_else(|| "upload.csv".into()).chars().take(200).collect(),
        sha256: hex(&Sha256::digest(&bytes)),
        dry_run: query.dry_run,
        by: caller.name.clone(),
    };
    let mut session = api.store().begin_import(list, file, api.now()).await?;
    report.id = session.id();
    let mut chunk = Vec::with_capacity(CHUNK);
    for row in rows {
        report.note(&row, false);
        chunk.push(row);
        if chunk.len() == CHUNK {
            session.push(&chunk).await?;
            chunk.clear();
            report.counts = session.counts();
            api.parts.events.publish_value("import", &report.progress());
        }
    }
    session.push(&chunk).await?;
    report.counts = session.finish().await?;
    if !query.dry_run {
        api.parts.events.publish_value("import", &report.progress());
        api.tell(Control::ListGrown(list)).await;
    }
    Ok(report)
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

impl ImportReport {
    /// Keeps the problem of a row; counts it too where no store does.
    fn note(&mut self, row: &RowResult, count: bool) {
        let (result, reason) = match &row.result {
            RowOutcome::Accepted(_) => {
                self.counts.added += u64::from(count);
                return;
            }
            RowOutcome::Duplicate { of } => {
                self.counts.duplicate += u64::from(count);
                ("duplicate", format!("same key as line {of}"))
            }
            RowOutcome::Rejected(reason) => {
                self.counts.rejected += u64::from(count);
                ("rejected", reason.clone())
            }
        };
        if self.problems.len() < SHOWN_PROBLEMS {
            self.problems.push(RowProblem { line: row.line, result: result.into(), reason });
        }
    }

    fn progress(&self) -> serde_json::Value {
        serde_json::json!({ "id": self.id, "list_id": self.list_id, "counts": self.counts })
    }
}

/// One import.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = i64, Path)), security(("bearer" = ["read"])),
    responses((status = 200, description = "The import", body = ImportRow), (status = 404, description = "No such import", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Read(_caller): Read,
    RowId(id): RowId,
) -> Result<axum::Json<ImportRow>, Problem> {
    let row = api.store().import_row(ImportId(id)).await?;
    Ok(axum::Json(row.ok_or_else(|| Problem::not_found("import", id))?))
}

/// What became of each row, by line.
#[utoipa::path(get, path = "/imports/{id}/rows", tag = "imports", params(("id" = i64, Path), RowQuery),
    security(("bearer" = ["read"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<ImportRowResult>)))]
async fn rows(
    State(api): State<Shared>,
    Read(caller): Read,
    wants: Wants,
    RowId(id): RowId,
    Params(query): Params<RowQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let import = ImportId(id);
    api.store().import_row(import).await?.ok_or_else(|| Problem::not_found("import", id))?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let result = query.result.clone();
        async move { api.store().import_results(import, result.as_deref(), after.as_ref(), limit).await }
    })
    .await
}
