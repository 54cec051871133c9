//! Recordings and voice comments as audio, whole or in parts (RFC 9110 section 14).

use std::io::{Read, Seek, SeekFrom};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::CallId;
use crate::io::vault::{self, Sound};
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::problem::Problem;
use crate::io::web::request::PathCall;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(recording)).routes(routes!(comment))
}

/// Of a WAV: its header, and where in it the bytes of a second stand.
const HEADER: u64 = 44;
const BYTE_RATE: u64 = 28;

/// The stereo recording as WAV: our side left, the customer right. Takes `Range`. Each
/// listening is noted with the part that was sent; an agent hears their own calls only.
#[utoipa::path(get, path = "/calls/{id}/recording", tag = "recordings", params(("id" = String, Path)),
    security(("bearer" = ["recordings.hear"])),
    responses(
        (status = 200, description = "The file", content_type = "audio/wav"),
        (status = 206, description = "A part of it", content_type = "audio/wav"),
        (status = 403, description = "Another agent's call", body = Problem),
        (status = 404, description = "No such call, or no recording", body = Problem),
        (status = 410, description = "It was deleted", body = Problem),
        (status = 416, description = "The part lies outside", body = Problem)))]
async fn recording(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    PathCall(id): PathCall,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sound = sound_of(&api, &recording_name(&api, id).await?).await?;
    let part = serve(sound, &format!("{id}.wav"), &headers).await?;
    note(&api, &caller, &origin, ("listen", id, ""), part).await
}

/// A voice comment as WAV. Takes `Range`.
#[utoipa::path(get, path = "/calls/{id}/answers/{seq}/comment", tag = "recordings",
    params(("id" = String, Path), ("seq" = i64, Path)), security(("bearer" = ["recordings.hear"])),
    responses((status = 200, description = "The file", content_type = "audio/wav"), (status = 404, description = "No such comment", body = Problem)))]
async fn comment(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    Path((id, seq)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("comment", format!("{seq} of that call"));
    let (call, seq_number) =
        (id.parse::<CallId>().map_err(|_| unknown())?, seq.parse::<i64>().map_err(|_| unknown())?);
    let answers = api.store().answer_rows(call).await?;
    let comment =
        answers.into_iter().find(|a| a.seq == seq_number).and_then(|a| a.comment).ok_or_else(unknown)?;
    let sound = sound_of(&api, &comment).await?;
    let part = serve(sound, &format!("{call}-{seq}.wav"), &headers).await?;
    note(&api, &caller, &origin, ("comment", call, &seq), part).await
}

/// What is sent of a file, and the part of the sound in it, in ms; None where nothing is sent.
struct Sent {
    response: Response,
    part: Option<(i64, i64)>,
}

/// Notes what is sent before it is sent.
async fn note(
    api: &Shared,
    caller: &Caller,
    origin: &Origin,
    (what, call, detail): (&str, CallId, &str),
    sent: Sent,
) -> Result<Response, Problem> {
    if sent.part.is_some() {
        given(api, caller, origin, (what, &format!("call:{call}"), detail), sent.part).await?;
    }
    Ok(sent.response)
}

/// Name of a call's recording in the vault; it comes from the store, never from a client.
pub(super) async fn recording_name(api: &Shared, id: CallId) -> Result<String, Problem> {
    let name = api.store().recording_path(id).await?.ok_or_else(|| Problem::not_found("call", id))?;
    name.ok_or_else(|| missing(format!("call {id} has no recording")))
}

/// The sound of a recording or comment.
pub(super) async fn sound_of(api: &Shared, name: &str) -> Result<Sound, Problem> {
    api.vault().open(name).await.map_err(|error| match error {
        vault::Error::Store(error) => error.into(),
        vault::Error::Gone { at, why } => {
            let detail = format!("it is gone since {at}: {why}");
            Problem::new(StatusCode::GONE, "gone", "The recording was deleted", detail)
        }
        error if error.is_missing() => missing(error.to_string()),
        error => {
            tracing::error!(%error, "a recording cannot be read");
            Problem::new(
                StatusCode::BAD_GATEWAY,
                "recording",
                "The recording cannot be read now",
                error.to_string(),
            )
        }
    })
}

fn missing(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
}

async fn serve(mut sound: Sound, name: &str, headers: &HeaderMap) -> Result<Sent, Problem> {
    let length = sound.length();
    // A recording never changes once it is closed, so its length and name tell its versions apart.
    let tag = format!("\"{name}-{length}\"");
    let range = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let same = headers.get(header::IF_RANGE).is_none_or(|v| v.as_bytes() == tag.as_bytes());
    let part = match range.filter(|_| same).map(|text| parse_range(text, length)) {
        Some(Range::Part(from, to)) => Some((from, to)),
        Some(Range::Outside) => return Ok(Sent { response: outside(length), part: None }),
        Some(Range::Ignored) | None => None,
    };
    let (from, to) = part.unwrap_or((0, length.saturating_sub(1)));
    let bytes = (from, to);
    let (sound, heard) = tokio::task::spawn_blocking(move || {
        let heard = heard(&mut sound, bytes);
        (sound, heard)
    })
    .await
    .map_err(|e| Problem::internal(&e))?;
    let size = if length == 0 { 0 } else { to - from + 1 };
    let mut response = Body::from_stream(sound.stream(from, size)).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(header::CONTENT_LENGTH, size.into());
    insert(out, header::ETAG, &tag);
    insert(out, header::CONTENT_DISPOSITION, &format!("inline; filename=\"{name}\""));
    if part.is_some() {
        insert(out, header::CONTENT_RANGE, &format!("bytes {from}-{to}/{length}"));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(Sent { response, part: Some(heard) })
}

/// From when to when in the sound the bytes of a part reach, in ms. What is no WAV counts as stereo of
/// 8 kHz.
fn heard(sound: &mut Sound, (from, to): (u64, u64)) -> (i64, i64) {
    let mut rate = [0; 4];
    let read = sound.seek(SeekFrom::Start(BYTE_RATE)).and_then(|_| sound.read_exact(&mut rate));
    let rate = match read {
        Ok(()) if rate != [0; 4] => u64::from(u32::from_le_bytes(rate)),
        _ => 32_000,
    };
    let ms = |byte: u64| {
        i64::try_from(byte.saturating_sub(HEADER).saturating_mul(1_000) / rate).unwrap_or(i64::MAX)
    };
    (ms(from), ms(to + 1))
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn outside(length: u64) -> Response {
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range",
        "The part lies outside the file",
        format!("the file has {length} bytes"),
    );
    let mut response = problem.into_response();
    insert(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{length}"));
    response
}

/// What a `Range` header asks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// First and last byte.
    Part(u64, u64),
    /// Nothing of it lies in the file.
    Outside,
    /// Not understood, or several parts: the whole file is the right answer.
    Ignored,
}

fn parse_range(text: &str, length: u64) -> Range {
    let Some(spec) = text.trim().strip_prefix("bytes=") else { return Range::Ignored };
    let Some((from, to)) = spec.split_once('-') else { return Range::Ignored };
    let number = |text: &str| {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (number(from.trim()), number(to.trim()), from.trim().is_empty(), to.trim().is_empty()) {
        (Some(from), Some(to), ..) if from > to => Range::Ignored,
        (Some(from), ..) if from >= length && (to.trim().is_empty() || number(to.trim()).is_some()) => {
            Range::Outside
        }
        (Some(from), Some(to), ..) => Range::Part(from, to.min(length - 1)),
        (Some(from), None, _, true) => Range::Part(from, length - 1),
        (None, Some(0), true, _) => Range::Outside,
        (None, Some(_), true, _) if length == 0 => Range::Outside,
        (None, Some(last), true, _) => Range::Part(length.saturating_sub(last), length - 1),
        _ => Range::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        let check = |text: &str, expect: Range| assert_eq!(parse_range(text, 1_000), expect, "{text}");
        check("bytes=0-499", Range::Part(0, 499));
        check("bytes=500-", Range::Part(500, 999));
        check("bytes=-500", Range::Part(500, 999));
        check("bytes=-5000", Range::Part(0, 999));
        check("bytes=900-5000", Range::Part(900, 999));
        check("bytes=0-99999999999999999999999", Range::Part(0, 999));
        check("bytes=1000-", Range::Outside);
        check("bytes=99999999999999999999999-", Range::Outside);
        check("bytes=-0", Range::Outside);
        check("bytes=5-4", Range::Ignored);
        check("bytes=0-1,5-6", Range::Ignored);
        check("bytes=a-b", Range::Ignored);
        check("bytes=1-x", Range::Ignored);
        check("bytes=+1-2", Range::Ignored);
        check("bytes=-", Range::Ignored);
        check("items=0-1", Range::Ignored);
        assert_eq!(parse_range("bytes=0-", 0), Range::Outside);
        assert_eq!(parse_range("bytes=-5", 0), Range::Outside);
    }
}
