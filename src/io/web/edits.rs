//! `ETag` and `If-Match`: an edit that is meant for one version is not made to another.
//!
//! The version of a thing is a hash of what GET answers. An edit that comes with `If-Match` is compared
//! with what GET answers now, and edits of one thing that do so take turns.

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::auth::Caller;
use super::permit;
use super::problem::Problem;
use super::server::Via;
use super::state::Shared;
use crate::base::hex;

/// Bytes of an answer that gets an `ETag`.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The API, and itself to ask what a thing is now.
#[derive(Clone)]
pub(super) struct Versions {
    pub api: Shared,
    pub asked: Router,
}

/// Tags answers, and refuses edits of another version.
pub(super) async fn versions(State(versions): State<Versions>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let known = request.headers().get(header::IF_NONE_MATCH).cloned();
        let is_get = *request.method() == Method::GET;
        let response = next.run(request).await;
        return if is_get { tagged(response, known).await } else { response };
    }
    // Methods that no route takes are refused by the router, whatever version they name.
    let edits = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    let expected = request.headers().get(header::IF_MATCH).filter(|_| edits).cloned();
    let Some(expected) = expected else { return next.run(request).await };
    let Some(thing) = thing_of(&request) else { return next.run(request).await };
    let asked = match question(&request, &thing) {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let _turn = versions.api.edits.of(&thing).lock().await;
    let now = match now(versions.asked, asked).await {
        Ok(now) => now,
        Err(refused) => return refused,
    };
    if is_among(&expected, &now) {
        return next.run(request).await;
    }
    changed(&now).into_response()
}

fn changed(now: &str) -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "changed",
        "It has changed meanwhile",
        format!("read it again and look what changed; its ETag is {now} now"),
    )
}

/// Whether a list of tags, or `*`, holds a tag.
fn is_among(list: &HeaderValue, tag: &str) -> bool {
    let list = list.to_str().unwrap_or_default();
    list.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == tag)
}

/// Address of what an edit changes: its own, or the next one above it that can be read.
fn thing_of(request: &Request) -> Option<String> {
    let template = request.extensions().get::<MatchedPath>()?.as_str().to_owned();
    // What no route does is refused as that, whatever its version.
    if !permit::is_served(&template, request.method()) {
        return None;
    }
    let (mut template, mut path) = (template.as_str(), request.uri().path());
    while !permit::can_be_read(template) {
        template = template.rsplit_once('/')?.0;
        path = path.rsplit_once('/')?.0;
    }
    Some(path.to_owned())
}

/// Asks for a thing in the name of who edits it.
fn question(request: &Request, path: &str) -> Result<Request, Problem> {
    let mut asked = Request::get(path).body(Body::empty()).map_err(|e| Problem::internal(&e))?;
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if let Some(value) = request.headers().get(&name) {
            asked.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(via) = request.extensions().get::<Via>() {
        asked.extensions_mut().insert(*via);
    }
    if let Some(caller) = request.extensions().get::<Caller>() {
        asked.extensions_mut().insert(caller.clone());
    }
    Ok(asked)
}

/// The tag of a thing as it is now, or why it cannot be read.
async fn now(router: Router, asked: Request) -> Result<String, Response> {
    let response = match router.oneshot(asked).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if !response.status().is_success() {
        return Err(response);
    }
    let bytes = to_bytes(response.into_body(), ANSWER_LIMIT).await;
    let bytes =
        bytes.map_err(|_| Problem::bad_request("this has no ETag: leave out If-Match").into_response())?;
    Ok(tag(&bytes))
}

fn tag(bytes: &[u8]) -> String {
    format!("\"{}\"", &hex(&Sha256::digest(bytes))[..20])
}

/// A JSON answer with its tag; 304 where the client has it.
async fn tagged(response: Response, known: Option<HeaderValue>) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let fits = response.body().size_hint().exact().is_some_and(|n| n <= ANSWER_LIMIT as u64);
    let is_tagged = response.headers().contains_key(header::ETAG);
    if response.status() != StatusCode::OK || kind != "application/json" || !fits || is_tagged {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_LIMIT).await else {
        return Problem::internal(&"an answer in memory cannot be read").into_response();
    };
    let tag = tag(&bytes);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if known.is_some_and(|known| is_among(&known, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Turns of edits: things that fall into one place wait for each other.
#[derive(Debug)]
pub(super) struct Turns([tokio::sync::Mutex<()>; 64]);

impl Default for Turns {
    fn default() -> Self {
        Turns(std::array::from_fn(|_| tokio::sync::Mutex::default()))
    }
}

impl Turns {
    fn of(&self, thing: &str) -> &tokio::sync::Mutex<()> {
        let place = Sha256::digest(thing.as_bytes())[0];
        &self.0[usize::from(place) % self.0.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_and_a_star_takes_any() {
        let check = |list: &'static str, expect: bool| {
            assert_eq!(is_among(&HeaderValue::from_static(list), "\"a\""), expect, "{list}");
        };
        check("\"a\"", true);
        check("\"b\", W/\"a\"", true);
        check("*", true);
        check("\"ab\"", false);
        check("", false);
    }
}
