//! `Idempotency-Key`: a request that comes twice is carried out once.
//!
//! Whoever does not know whether a POST arrived sends it again with the same key, and gets the answer of
//! the first. Refusals are not kept: once their cause is mended the same request may be sent again.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::auth::Caller;
use super::problem::Problem;
use super::request::{BULK_LIMIT, BULK_TIME, media_type, read_body};
use super::state::Shared;
use crate::base::hex;
use crate::io::store::Kept;

/// Name of the header.
pub(super) const KEY: &str = "idempotency-key";
/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key.
const KEY_LIMIT: usize = 200;
/// Bytes of an answer that is kept; those of what creates something are far smaller.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The answer holds a secret: it is not kept.
#[derive(Clone, Copy, Debug)]
struct ShownOnce;

/// Marks an answer whose secret is shown this once.
pub(super) fn shown_once(mut response: Response) -> Response {
    response.extensions_mut().insert(ShownOnce);
    response
}

/// Carries out a POST with a key once, and answers its repetitions.
pub(super) async fn once(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(KEY).filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let key = match key.to_str() {
        Ok(key) if (1..=KEY_LIMIT).contains(&key.len()) => key.to_owned(),
        _ => {
            let text = format!("Idempotency-Key: write 1 to {KEY_LIMIT} characters of ASCII, such as a UUID");
            return Problem::bad_request(text).into_response();
        }
    };
    answered(&api, key, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(api: &Shared, key: String, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = request.extensions().get::<Caller>().cloned().ok_or_else(Problem::unauthorized)?;
    let holder = format!("{}:{}", if caller.is_session() { "account" } else { "token" }, caller.name);
    let is_json = media_type(request.headers()).is_none_or(|kind| kind == "application/json");
    if !is_json {
        let text = "Idempotency-Key goes with JSON bodies; a file that is sent twice is known by its content";
        return Err(Problem::bad_request(text));
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = read_body(body, BULK_LIMIT, BULK_TIME).await?;
    let mut hash = Sha256::new();
    hash.update(format!("{} {}\n", parts.method, parts.uri));
    hash.update(&body);
    let (started, now) = (api.started_at, api.now());
    match api.store().keep_key(&holder, &key, &hex(&hash.finalize()), started, now).await? {
        Kept::Fresh => {}
        Kept::Running => {
            return Err(Problem::conflict("the same request is being carried out: ask again in a moment"));
        }
        Kept::Other => {
            let hint = "make a new key for each new request";
            return Err(Problem::invalid_field("Idempotency-Key", "it came with another request", hint));
        }
        Kept::Done { status, body } => return replayed(status, body),
    }
    let request = Request::from_parts(parts, Body::from(body));
    let api = api.clone();
    // It is carried out to its end, also where the client goes: what it did is known then.
    let work = tokio::spawn(async move { keep(&api, &holder, &key, next.run(request).await).await });
    work.await.map_err(|e| Problem::internal(&e))?
}

/// Keeps a good answer; forgets the key of any other.
async fn keep(api: &Shared, holder: &str, key: &str, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        api.store().forget_key(holder, key).await?;
        return Ok(response);
    }
    let is_secret = response.extensions().get::<ShownOnce>().is_some();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, ANSWER_LIMIT).await.map_err(|e| Problem::internal(&e))?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !is_secret && !text.is_empty());
    api.store().keep_answer(holder, key, parts.status.as_u16(), text).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replayed(status: i64, body: Option<String>) -> Result<Response, Problem> {
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::OK);
    if body.is_none() && status != StatusCode::NO_CONTENT {
        let text = "it was carried out under this key; its answer held a secret, which was shown once";
        return Err(Problem::conflict(text));
    }
    let mut response = (status, body.unwrap_or_default()).into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}
