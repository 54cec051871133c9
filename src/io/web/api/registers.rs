//! Registers: the forms of the department, filled from what is stored, and what people write into
//! their rows.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::unmasking;
use super::plan::day;
use super::tickets::who;
use crate::io::books::{table_csv, table_sheet};
use crate::io::store::register::NoteRow;
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{EXCEL, Items, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params};
use crate::io::web::state::Shared;
use crate::register::{Register, Table};
use crate::ticket::NewTicket;

/// What an Excel file is called among kinds of content.
const XLSX: HeaderValue = HeaderValue::from_static(EXCEL);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(show))
        .routes(routes!(excel))
        .routes(routes!(notes, annotate))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PackQuery {
    /// Only registers of this pack.
    pack: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// First day: `2026-03-03`; today where it is left out.
    from: Option<String>,
    /// Last day; the first where it is left out.
    to: Option<String>,
    /// Only rows that lack a required part, or were saved late.
    open: bool,
    /// Whole numbers; needs the permission `numbers.whole` and is logged.
    unmask: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordQuery {
    /// The row: `callback:12`.
    record: String,
}

/// What is written into a row.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotesBody {
    /// The row: `callback:12`, `call:01K...`, `ticket:3`, `callback:12/suggestion/1`.
    pub record: String,
    /// What, by word: `feedback`, `complaint`, `adopted`.
    pub notes: BTreeMap<String, String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
pub struct NotesReport {
    /// All that was ever written into the row, oldest first.
    pub items: Vec<NoteRow>,
    /// Number of the ticket that was opened for a complaint; null: there was none, or the row has
    /// a ticket already.
    pub ticket: Option<String>,
}

/// Text as content of a header: file names are Chinese (RFC 8187).
fn attachment(name: &str) -> Result<HeaderValue, Problem> {
    let encoded: String =
        form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}"))
        .map_err(|e| Problem::internal(&e))
}

/// A file for download.
pub(super) fn file(name: &str, kind: HeaderValue, bytes: Vec<u8>) -> Result<Response, Problem> {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment(name)?);
    Ok(response)
}

/// An Excel file for download.
pub(super) fn workbook(name: &str, bytes: Vec<u8>) -> Result<Response, Problem> {
    file(name, XLSX, bytes)
}

/// What of a register was given out.
fn days(table: &Table, kind: &str) -> String {
    format!("{kind} {} .. {}", table.from, table.to)
}

async fn filled(
    api: &Shared,
    caller: &Caller,
    id: &str,
    query: &DaysQuery,
) -> Result<(Register, Table), Problem> {
    let books = api.books()?;
    let register = books.register(id)?;
    let today = api.planner()?.settings().calendar.date(api.now());
    let first: Date = query.from.as_deref().map_or(Ok(today), |text| day("from", text))?;
    let last = query.to.as_deref().map_or(Ok(first), |text| day("to", text))?;
    if last < first {
        return Err(Problem::invalid_field("to", "it lies before `from`", "write the later day here"));
    }
    let unmask = unmasking(api, caller, query.unmask, &format!("register:{id}")).await?;
    let mut table = books.filled(id, (first, last), unmask, api.now()).await?;
    if query.open {
        table.rows.retain(|row| row.late || !row.missing.is_empty());
    }
    Ok((register, table))
}

/// The registers there are.
#[utoipa::path(get, path = "/registers", tag = "registers", params(PackQuery), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "All of them, with their columns", body = Items<Register>)))]
async fn index(
    State(api): State<Shared>,
    Params(query): Params<PackQuery>,
) -> Result<axum::Json<Items<Register>>, Problem> {
    let registers = api.books()?.settings().registers;
    let is_wanted = |register: &&Register| query.pack.as_deref().is_none_or(|pack| register.is_of(pack));
    Ok(axum::Json(Items { items: registers.all().filter(is_wanted).cloned().collect(), next: None }))
}

/// A register filled with the rows of some days. Rows that are incomplete are named.
#[utoipa::path(get, path = "/registers/{id}", tag = "registers", params(("id" = String, Path), DaysQuery),
    security(("bearer" = ["registers.see"])),
    responses((status = 200, description = "The form; as `text/csv` with Chinese titles", body = Table),
              (status = 404, description = "No such register", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    wants: Wants,
    Path(id): Path<String>,
    Params(query): Params<DaysQuery>,
) -> Result<Response, Problem> {
    if wants == Wants::Excel {
        return excel(State(api), caller, origin, Path(id), Params(query)).await;
    }
    let (_, table) = filled(&api, &caller, &id, &query).await?;
    let kind = if wants == Wants::Csv { "csv" } else { "json" };
    given(&api, &caller, &origin, ("report", &format!("register:{id}"), &days(&table, kind)), None).await?;
    if wants != Wants::Csv {
        return Ok(axum::Json(table).into_response());
    }
    caller.audit(&api, "export", &format!("register:{id}"), "csv").await?;
    let name = format!("{}-{}.csv", table.title, table.to);
    file(&name, HeaderValue::from_static("text/csv; charset=utf-8"), table_csv(&table))
}

/// The same as an Excel file in the layout of the paper form.
#[utoipa::path(get, path = "/registers/{id}/excel", tag = "registers", params(("id" = String, Path), DaysQuery),
    security(("bearer" = ["registers.see"])),
    responses((status = 200, description = "The workbook"), (status = 404, description = "No such register", body = Problem)))]
async fn excel(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    Path(id): Path<String>,
    Params(query): Params<DaysQuery>,
) -> Result<Response, Problem> {
    let (register, table) = filled(&api, &caller, &id, &query).await?;
    caller.audit(&api, "export", &format!("register:{id}"), "xlsx").await?;
    given(&api, &caller, &origin, ("report", &format!("register:{id}"), &days(&table, "xlsx")), None).await?;
    let name = format!("{}-{}.xlsx", table.title, table.to);
    let made = tokio::task::spawn_blocking(move || table_sheet(&register, &table)).await;
    let bytes = made.map_err(|e| Problem::internal(&e))?.map_err(|e| Problem::internal(&e))?;
    workbook(&name, bytes)
}

/// All that was ever written into a row, oldest first.
#[utoipa::path(get, path = "/register-notes", tag = "registers", params(RecordQuery), security(("bearer" = ["registers.see"])),
    responses((status = 200, description = "All of it", body = Items<NoteRow>)))]
async fn notes(
    State(api): State<Shared>,
    Params(query): Params<RecordQuery>,
) -> Result<axum::Json<Items<NoteRow>>, Problem> {
    let items = api.store().register_notes(&[&query.record]).await?;
    Ok(axum::Json(Items { items, next: None }))
}

/// Writes into a row of the registers. Rows are annotated, never edited or deleted: what stood
/// there stays in its history. A complaint opens a ticket, unless the row has one (REG-09).
#[utoipa::path(post, path = "/register-notes", tag = "registers", security(("bearer" = ["registers.write"])),
    responses((status = 201, description = "What stands in the row", body = NotesReport),
              (status = 409, description = "Its period is locked by an approved report", body = Problem),
              (status = 422, description = "No such row, or nothing written", body = Problem)))]
async fn annotate(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NotesBody>,
) -> Result<(StatusCode, axum::Json<NotesReport>), Problem> {
    let notes: Vec<(String, String)> =
        body.notes.iter().map(|(word, text)| (word.trim().to_owned(), text.trim().to_owned())).collect();
    if notes.is_empty() || notes.iter().any(|(word, text)| word.is_empty() || text.is_empty()) {
        let hint = "give at least one word with a text; a text is never taken back, write a new one";
        return Err(Problem::invalid_field("notes", "there is nothing to write", hint));
    }
    if !api.store().is_record(&body.record).await? {
        let detail = format!("`{}` is not stored", body.record.chars().take(60).collect::<String>());
        return Err(Problem::invalid_field("record", detail, "take `record` of the row"));
    }
    if let Some(lock) = api.books()?.lock_of(&body.record).await? {
        return Err(Problem::conflict(format!(
            "`{}` stands in the approved report {} ({} .. {}): its period is locked. Write it into a row of a period \
             that is open, such as today's, and name this one",
            body.record, lock.title, lock.from, lock.to
        )));
    }
    api.store().add_register_notes(&body.record, &notes, &caller.name, api.now()).await?;
    api.books()?.wake();
    let ticket = match body.notes.get("complaint") {
        Some(complaint) => complain(&api, &caller, &body.record, complaint).await?,
        None => None,
    };
    let items = api.store().register_notes(&[&body.record]).await?;
    Ok((StatusCode::CREATED, axum::Json(NotesReport { items, ticket })))
}

/// Opens a ticket for a complaint that was noted in a call or callback; none where it has one.
async fn complain(
    api: &Shared,
    caller: &Caller,
    record: &str,
    complaint: &str,
) -> Result<Option<String>, Problem> {
    let Some(source) = api.store().complaint_source(record).await? else { return Ok(None) };
    let desk = api.tickets()?;
    let known = desk.settings().packs.of(&source.pack);
    let kind = ["complaint", "dissatisfied", "other"]
        .into_iter()
        .find(|kind| known.as_ref().is_some_and(|pack| pack.kind.contains_key(*kind)));
    let new = NewTicket {
        pack: source.pack,
        kind: kind.unwrap_or("complaint").into(),
        source: "callback".into(),
        phone: source.phone,
        name: source.name,
        matter: source.matter,
        fields: [("content".to_owned(), complaint.to_owned()), ("record".to_owned(), record.to_owned())]
            .into(),
        at: api.now(),
        ..NewTicket::default()
    };
    let opened = desk.open(new, &who(caller), api.now()).await?;
    Ok(Some(opened.ticket.number))
}
