//! Files of tickets: photos, scans of signed forms, receipts. They lie below the recordings
//! folder under their hash, and are what they were when they were attached.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::tickets::who;
use crate::base::hex;
use crate::io::store::ticket::{FileRow, NewFile};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Params, RowId};
use crate::io::web::state::Shared;
use crate::ticket::{Act, File, Signature};

/// Bytes of one file: a photo of a telephone has some five million.
const FILE_LIMIT: usize = 20 * 1024 * 1024;
/// Characters of a name.
const NAME_LIMIT: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(attach)).routes(routes!(fetch))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Name of the file.
    name: String,
    /// `photo`, `scan`, `form`, `receipt` or another word.
    #[serde(default)]
    kind: String,
}

/// Attaches a file to a ticket.
#[utoipa::path(post, path = "/tickets/{id}/files", tag = "tickets", params(("id" = i64, Path), Query), security(("bearer" = ["tickets.answer"])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "Attached", body = FileRow), (status = 404, description = "No such ticket", body = Problem),
        (status = 413, description = "It is too large", body = Problem)))]
async fn attach(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Params(query): Params<Query>,
    body: Body,
) -> Result<Response, Problem> {
    let name = query.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT {
        return Err(Problem::invalid_field(
            "name",
            "a name is needed",
            format!("write 1 to {NAME_LIMIT} characters"),
        ));
    }
    api.tickets()?.ticket(id).await?;
    let bytes =
        axum::body::to_bytes(body, FILE_LIMIT).await.map_err(|_| Problem::too_large(FILE_LIMIT as u64))?;
    if bytes.is_empty() {
        return Err(Problem::invalid_field("body", "the file is empty", "send its bytes as the body"));
    }
    let sha256 = hex(&Sha256::digest(&bytes));
    let path = format!("tickets/{id}/{sha256}");
    let whole = api.parts.recordings.join(&path);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    tokio::task::spawn_blocking(move || {
        if let Some(folder) = whole.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&whole, &bytes)
    })
    .await
    .map_err(|e| Problem::internal(&e))?
    .map_err(|e| Problem::internal(&e))?;
    let kind = if query.kind.is_empty() { "file" } else { query.kind.as_str() };
    let new = NewFile { ticket: id, name, kind, path: &path, sha256: &sha256, bytes: size };
    let row = api.store().add_ticket_file(&new, &caller.name, api.now()).await?;
    let signed = Signature { by: caller.name.clone(), at: api.now() };
    let file = File {
        name: name.to_owned(),
        kind: kind.to_owned(),
        sha256: sha256.clone(),
        bytes: size.unsigned_abs(),
        signed,
    };
    api.tickets()?.act(id, &Act::Attach(file), &who(&caller), api.now()).await?;
    let shown = FileRow {
        id: row,
        name: name.to_owned(),
        kind: kind.to_owned(),
        path,
        sha256,
        bytes: size,
        added_by: caller.name,
        added_at: api.now().0,
    };
    Ok((StatusCode::CREATED, axum::Json(shown)).into_response())
}

/// One file of a ticket.
#[utoipa::path(get, path = "/tickets/{id}/files/{file}", tag = "tickets", params(("id" = i64, Path), ("file" = i64, Path)),
    security(("bearer" = ["tickets.files"])),
    responses((status = 200, description = "Its bytes", content_type = "application/octet-stream"), (status = 404, description = "No such file", body = Problem)))]
async fn fetch(
    State(api): State<Shared>,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("file", &file);
    let (ticket, wanted): (i64, i64) =
        (id.parse().map_err(|_| missing())?, file.parse().map_err(|_| missing())?);
    let rows = api.store().ticket_files(ticket).await?;
    let row = rows.into_iter().find(|row| row.id == wanted).ok_or_else(missing)?;
    caller.audit(&api, "ticket.file", &format!("ticket:{ticket}"), &row.name).await?;
    let whole = api.parts.recordings.join(&row.path);
    let bytes = tokio::fs::read(&whole).await.map_err(|_| missing())?;
    let mut response = bytes.into_response();
    // Whatever it is, a browser keeps it and does not run it.
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}
