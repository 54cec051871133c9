//! Lists as one page of JSON, or whole as CSV or Excel.

use std::future::Future;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::auth::Caller;
use super::problem::Problem;
use super::sheet::{Sheet, SheetRow};
use super::state::Shared;
use super::workbook::Book;
use crate::access::Permission;
use crate::io::store::Error;
use crate::io::store::read::{Cursor, PAGE_LIMIT, Page};

/// Rows of a page where the request does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// Rows of one export: what a spreadsheet program still opens.
pub const EXPORT_ROWS: usize = 1_000_000;
/// Media type of Excel files.
pub const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Pages of an export that may wait for a slow client.
const EXPORT_AHEAD: usize = 2;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    /// Rows.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; null: this is the last.
    pub next: Option<String>,
}

impl<T> From<Page<T>> for Items<T> {
    fn from(page: Page<T>) -> Items<T> {
        Items { items: page.rows, next: page.next.map(|cursor| cursor.to_string()) }
    }
}

/// In which form the answer is wanted, by the `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// `application/json`, and whatever is not known.
    Json,
    /// `text/csv`; also asked for by `.csv` at the end of the path.
    Csv,
    /// That of Excel files; also asked for by `.xlsx` at the end of the path.
    Excel,
    /// `text/plain`.
    Text,
}

impl Wants {
    /// Whether a file with all rows is wanted rather than one page.
    pub fn is_file(self) -> bool {
        matches!(self, Wants::Csv | Wants::Excel)
    }

    /// The ending of such a file.
    pub const fn ending(self) -> &'static str {
        match self {
            Wants::Csv => "csv",
            Wants::Excel => "xlsx",
            Wants::Text => "txt",
            Wants::Json => "json",
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Wants {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let first = accept
            .split(',')
            .filter_map(|kind| match kind.split(';').next()?.trim() {
                "text/csv" => Some(Wants::Csv),
                EXCEL => Some(Wants::Excel),
                "text/plain" => Some(Wants::Text),
                "application/json" => Some(Wants::Json),
                _ => None,
            })
            .next();
        Ok(first.unwrap_or(Wants::Json))
    }
}

/// Where a page begins and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    after: Option<Cursor>,
    limit: u32,
}

impl Paging {
    /// From the parameters `after` and `limit`.
    pub fn new(after: Option<&str>, limit: Option<u32>) -> Result<Paging, Problem> {
        let after = after.map(|text| {
            Cursor::parse(text).ok_or_else(|| {
                Problem::invalid_field(
                    "after",
                    "it is not a place in this list",
                    "give `next` of the page before",
                )
            })
        });
        Ok(Paging { after: after.transpose()?, limit: rows_of_page(limit)? })
    }
}

/// Rows of a page, from the parameter `limit`.
pub fn rows_of_page(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if limit == 0 || limit > PAGE_LIMIT {
        let detail = format!("{limit} rows cannot be had");
        return Err(Problem::invalid_field("limit", detail, format!("write 1 to {PAGE_LIMIT}")));
    }
    Ok(limit)
}

/// Answers with one page of a list that is given out as no file.
pub async fn page<T, Fut>(
    paging: Paging,
    fetch: impl FnOnce(Option<Cursor>, u32) -> Fut,
) -> Result<Json<Items<T>>, Problem>
where
    Fut: Future<Output = Result<Page<T>, Error>>,
{
    Ok(Json(fetch(paging.after, paging.limit).await?.into()))
}

/// Answers with one page of JSON, or with everything from there on as a file, which is written
/// into the audit log. `fetch` gives one page.
pub async fn answer<T, F, Fut>(
    api: &Shared,
    caller: &Caller,
    wants: Wants,
    paging: Paging,
    fetch: F,
) -> Result<Response, Problem>
where
    T: Serialize + SheetRow + Send + 'static,
    F: Fn(Shared, Option<Cursor>, u32) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Page<T>, Error>> + Send,
{
    // One place for all lists: who may not see names is shown none.
    let names = caller.may(Permission::NamesWhole);
    let fetch = move |api: Shared, after: Option<Cursor>, limit: u32| {
        let page = fetch(api, after, limit);
        async move {
            let mut page = page.await?;
            page.rows.iter_mut().filter(|_| !names).for_each(SheetRow::cover_name);
            Ok::<_, Error>(page)
        }
    };
    if !wants.is_file() {
        let page = fetch(api.clone(), paging.after, paging.limit).await?;
        return Ok(Json(Items::from(page)).into_response());
    }
    let Ok(room) = api.exports.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many exports as allowed are running; try again when one has ended",
        ));
    };
    caller.audit(api, "export", T::NAME, wants.ending()).await?;
    let first = fetch(api.clone(), paging.after, PAGE_LIMIT).await?;
    if wants == Wants::Excel {
        return excel_response(T::NAME, excel(api, first, fetch).await?);
    }
    let (send, receive) = tokio::sync::mpsc::channel::<Result<Bytes, Error>>(EXPORT_AHEAD);
    let api = api.clone();
    tokio::spawn(async move {
        let _room = room;
        let mut page = first;
        let mut rows = 0;
        let mut is_first = true;
        loop {
            rows += page.rows.len();
            let text = Sheet::of(&page.rows).to_csv_part(is_first);
            is_first = false;
            if send.send(Ok(text.into())).await.is_err() || rows >= EXPORT_ROWS {
                return;
            }
            let Some(next) = page.next else { return };
            page = match fetch(api.clone(), Some(next), PAGE_LIMIT).await {
                Ok(page) => page,
                Err(error) => {
                    // The body breaks off, so that the client sees a failed download and not a short one.
                    let _ = send.send(Err(error)).await;
                    return;
                }
            };
        }
    });
    Ok(csv_response(T::NAME, Body::from_stream(ReceiverStream::new(receive).map(|part| part))))
}

/// All rows from those of `page` on as a workbook. Writing it is work for a thread of its own.
async fn excel<T, F, Fut>(api: &Shared, page: Page<T>, fetch: F) -> Result<Vec<u8>, Problem>
where
    T: SheetRow,
    F: Fn(Shared, Option<Cursor>, u32) -> Fut,
    Fut: Future<Output = Result<Page<T>, Error>>,
{
    let mut book = Book::new(T::NAME, T::COLUMNS).map_err(|e| Problem::internal(&e))?;
    let (mut page, mut rows) = (page, 0);
    loop {
        rows += page.rows.len();
        let part = Sheet::of(&page.rows);
        book = apart(move || {
            let mut book = book;
            book.add(&part).map(|()| book)
        })
        .await?;
        match page.next.filter(|_| rows < EXPORT_ROWS) {
            Some(next) => page = fetch(api.clone(), Some(next), PAGE_LIMIT).await?,
            None => return apart(move || book.finish()).await,
        }
    }
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, rust_xlsxwriter::XlsxError> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?;
    done.map_err(|e| Problem::internal(&e))
}

/// A short list, which is held in memory, in any form.
pub async fn answer_all<T>(
    api: &Shared,
    caller: &Caller,
    wants: Wants,
    mut rows: Vec<T>,
) -> Result<Response, Problem>
where
    T: Serialize + SheetRow,
{
    let names = caller.may(Permission::NamesWhole);
    rows.iter_mut().filter(|_| !names).for_each(SheetRow::cover_name);
    match wants.is_file() {
        true => answer_sheet(api, caller, wants, &rows).await,
        false => Ok(Json(Items { items: rows, next: None }).into_response()),
    }
}

/// Rows of a sheet that have no form in JSON, as a file.
pub async fn answer_sheet<T: SheetRow>(
    api: &Shared,
    caller: &Caller,
    wants: Wants,
    rows: &[T],
) -> Result<Response, Problem> {
    caller.audit(api, "export", T::NAME, wants.ending()).await?;
    let sheet = Sheet::of(rows);
    if wants != Wants::Excel {
        return Ok(csv_response(T::NAME, Body::from(sheet.to_csv())));
    }
    let mut book = Book::new(T::NAME, T::COLUMNS).map_err(|e| Problem::internal(&e))?;
    let bytes = apart(move || {
        book.add(&sheet)?;
        book.finish()
    });
    excel_response(T::NAME, bytes.await?)
}

fn csv_response(name: &str, body: Body) -> Response {
    file(&format!("{name}.csv"), HeaderValue::from_static("text/csv; charset=utf-8"), body)
}

fn excel_response(name: &str, bytes: Vec<u8>) -> Result<Response, Problem> {
    Ok(file(&format!("{name}.xlsx"), HeaderValue::from_static(EXCEL), Body::from(bytes)))
}

fn file(name: &str, kind: HeaderValue, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
