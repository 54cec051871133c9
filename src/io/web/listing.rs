//! Lists as one page of JSON, or whole as CSV.

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
use crate::access::Permission;
use crate::io::store::Error;
use crate::io::store::read::{Cursor, PAGE_LIMIT, Page};

/// Rows of a page where the request does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// Rows of one export: what a spreadsheet program still opens.
pub const EXPORT_ROWS: usize = 1_000_000;
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

/// In which form the answer is wanted, by the `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// `application/json`, and whatever is not known.
    Json,
    /// `text/csv`; also asked for by `.csv` at the end of the path.
    Csv,
    /// `text/plain`.
    Text,
}

impl<S: Sync> FromRequestParts<S> for Wants {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let first = accept
            .split(',')
            .filter_map(|kind| match kind.split(';').next()?.trim() {
                "text/csv" => Some(Wants::Csv),
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
        let limit = limit.unwrap_or(PAGE_DEFAULT);
        if limit == 0 || limit > PAGE_LIMIT {
            let detail = format!("{limit} rows cannot be had");
            return Err(Problem::invalid_field("limit", detail, format!("write 1 to {PAGE_LIMIT}")));
        }
        Ok(Paging { after: after.transpose()?, limit })
    }
}

/// Answers with one page of JSON, or with everything from there on as CSV, which is written
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
    if wants != Wants::Csv {
        let page = fetch(api.clone(), paging.after, paging.limit).await?;
        return Ok(Json(Items { items: page.rows, next: page.next.map(|c| c.to_string()) }).into_response());
    }
    let Ok(room) = api.exports.clone().try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many exports as allowed are running; try again when one has ended",
        ));
    };
    caller.audit(api, "export", T::NAME, "csv").await?;
    let first = fetch(api.clone(), paging.after, PAGE_LIMIT).await?;
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

/// A short list, which is held in memory, in either form.
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
    if wants != Wants::Csv {
        return Ok(Json(Items { items: rows, next: None }).into_response());
    }
    caller.audit(api, "export", T::NAME, "csv").await?;
    Ok(csv_response(T::NAME, Body::from(Sheet::of(&rows).to_csv())))
}

/// Rows of a sheet that have no form in JSON, as CSV.
pub async fn answer_sheet<T: SheetRow>(
    api: &Shared,
    caller: &Caller,
    rows: &[T],
) -> Result<Response, Problem> {
    caller.audit(api, "export", T::NAME, "csv").await?;
    Ok(csv_response(T::NAME, Body::from(Sheet::of(rows).to_csv())))
}

fn csv_response(name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
