//! What comes with a request: query, path ids, bodies. Each with a bound and a clear problem.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::listing::EXCEL;
use super::problem::Problem;
use super::spool::UPLOAD_LIMIT;
use crate::base::{CallId, Timestamp};

/// Bytes of a JSON body: the largest, campaign settings, are some 2 kB.
pub const JSON_LIMIT: usize = 64 * 1024;
/// Time for a JSON body to arrive.
pub const JSON_TIME: Duration = Duration::from_secs(10);
/// Bytes of a JSON body with many items: 5,000 of 1 kB, and as much again.
pub const BULK_LIMIT: usize = 10 * 1024 * 1024;
/// Time for such a body to arrive.
pub const BULK_TIME: Duration = Duration::from_secs(60);
/// Bytes of a page that comes back: some ten comments.
pub const PAGE_LIMIT: usize = 128 * 1024;
/// Bytes of an uploaded prompt: two minutes in stereo at 44.1 kHz, and as much again.
pub const SOUND_LIMIT: usize = 40 * 1024 * 1024;
/// Query parameters. An unknown or unreadable one is a problem, not ignored.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(params)| Params(params)).map_err(|e| {
            let cause = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            Problem::invalid_field(
                "query",
                cause,
                "see /api/v1/openapi.json for the parameters of this route",
            )
        })
    }
}

/// The row id in the path. What is no number names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct RowId(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for RowId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_id(parts, state).await?;
        text.parse().map(RowId).map_err(|_| Problem::not_found("thing with the id", shortened(&text)))
    }
}

/// The call id in the path. What is no id names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct PathCall(pub CallId);

impl<S: Send + Sync> FromRequestParts<S> for PathCall {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_id(parts, state).await?;
        text.parse().map(PathCall).map_err(|_| Problem::not_found("call", shortened(&text)))
    }
}

async fn path_id<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let Path(all) = Path::<Vec<(String, String)>>::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::bad_request("the path is not valid UTF-8 after percent-decoding"))?;
    all.into_iter()
        .find(|(name, _)| name == "id")
        .map(|(_, id)| id)
        .ok_or_else(|| Problem::internal(&"no id in the path"))
}

fn shortened(text: &str) -> String {
    format!("`{}`", text.chars().take(64).collect::<String>())
}

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request, JSON_LIMIT, JSON_TIME, true).await.map(Json)
    }
}

/// `fields`: the body is an object. Its fields in a list without their names would be read too.
async fn json<T: DeserializeOwned>(
    request: Request,
    limit: usize,
    time: Duration,
    fields: bool,
) -> Result<T, Problem> {
    if media_type(request.headers()).is_none_or(|t| t != "application/json") {
        return Err(Problem::unsupported_media_type("application/json"));
    }
    let bytes = read_body(request.into_body(), limit, time).await?;
    if fields && bytes.trim_ascii_start().starts_with(b"[") {
        let hint = "see /api/v1/openapi.json for the fields of this body";
        return Err(Problem::invalid_field("body", "it is a list, not an object", hint));
    }
    serde_json::from_slice(&bytes).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => Problem::invalid_field(
            "body",
            e.to_string(),
            "see /api/v1/openapi.json for the fields of this body",
        ),
        _ => Problem::bad_request(format!("the body is not JSON: {e}")),
    })
}

/// A JSON body with many items.
#[derive(Debug)]
pub struct Bulk<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Bulk<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request, BULK_LIMIT, BULK_TIME, false).await.map(Bulk)
    }
}

/// A page that a browser sends back: fields by name; of two with one name the last.
#[derive(Debug)]
pub struct SentPage(pub std::collections::BTreeMap<String, String>);

impl<S: Send + Sync> FromRequest<S> for SentPage {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if media_type(request.headers()).is_none_or(|t| t != FORM) {
            return Err(Problem::unsupported_media_type(FORM));
        }
        let bytes = read_body(request.into_body(), PAGE_LIMIT, JSON_TIME).await?;
        Ok(SentPage(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

/// The body of an uploaded list, not read yet: of a type that may be one, and not announced
/// as larger than [`UPLOAD_LIMIT`].
#[derive(Debug)]
pub struct Upload(pub Body);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        const TYPES: &[&str] = &[
            "text/csv",
            "text/plain",
            "application/csv",
            "application/octet-stream",
            "application/vnd.ms-excel",
            EXCEL,
        ];
        if media_type(request.headers()).is_none_or(|t| !TYPES.contains(&t.as_str())) {
            return Err(Problem::unsupported_media_type("text/csv"));
        }
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
        if announced.is_some_and(|n: u64| n > UPLOAD_LIMIT) {
            return Err(Problem::too_large(UPLOAD_LIMIT));
        }
        Ok(Upload(request.into_body()))
    }
}

/// The body of an uploaded WAV file.
#[derive(Debug)]
pub struct Sound(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Sound {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        const TYPES: &[&str] =
            &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "application/octet-stream"];
        if media_type(request.headers()).is_none_or(|t| !TYPES.contains(&t.as_str())) {
            return Err(Problem::unsupported_media_type("audio/wav"));
        }
        read_body(request.into_body(), SOUND_LIMIT, BULK_TIME).await.map(Sound)
    }
}

pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}

pub(super) async fn read_body(body: Body, limit: usize, time: Duration) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(time, axum::body::to_bytes(body, limit)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(e)) => {
            let mut cause: Option<&dyn std::error::Error> = Some(&e);
            while let Some(error) = cause {
                if error.to_string().contains("length limit exceeded") {
                    return Err(Problem::too_large(limit as u64));
                }
                cause = error.source();
            }
            Err(Problem::bad_request(format!("the body could not be read: {e}")))
        }
        Err(_) => Err(Problem::too_slow(time)),
    }
}

/// A moment in a query: milliseconds since 1970, RFC 3339, or a day or a time of day in `zone`.
/// `end` takes a day's end, so that `to=2026-03-02` holds that day.
pub fn moment(field: &str, text: &str, zone: &str, end: bool) -> Result<Timestamp, Problem> {
    let wrong = || {
        Problem::invalid_field(
            field,
            format!("{} is not a time", shortened(text)),
            "write milliseconds since 1970, 2026-03-02T09:00:00+08:00, 2026-03-02T09:00, or a day as 2026-03-02",
        )
    };
    if let Ok(millis) = text.parse() {
        return Ok(Timestamp(millis));
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_jiff(at));
    }
    let zone = if zone.is_empty() { "Asia/Shanghai" } else { zone };
    if text.contains('T') {
        // What a field for day and time gives: no zone, so that of the house.
        let at: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
        return Ok(Timestamp::from_jiff(at.in_tz(zone).map_err(|_| wrong())?.timestamp()));
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let day = if end { day.tomorrow().map_err(|_| wrong())? } else { day };
    Ok(Timestamp::from_jiff(day.in_tz(zone).map_err(|_| wrong())?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_four_spellings() {
        let check = |text: &str, end: bool, expect: Option<i64>| {
            assert_eq!(moment("from", text, "Asia/Shanghai", end).ok().map(|t| t.0), expect, "{text}");
        };
        check("1772413200000", false, Some(1_772_413_200_000));
        check("2026-03-02T09:00:00+08:00", false, Some(1_772_413_200_000));
        check("2026-03-02T09:00", false, Some(1_772_413_200_000));
        check("2026-03-02T25:00", false, None);
        check("2026-03-02", false, Some(1_772_380_800_000));
        check("2026-03-02", true, Some(1_772_380_800_000 + 86_400_000));
        check("yesterday", false, None);
        check("", false, None);
        check("2026-02-30", false, None);
    }
}
