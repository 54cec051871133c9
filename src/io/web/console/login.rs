//! Logging in and out.

use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::problem::Problem;
use super::super::request::SentPage;
use super::super::server::Via;
use super::super::session::{self, Entrance};
use super::super::state::Shared;
use super::fault;
use super::frame::{Frame, Look, back_to, page};

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "login.html")]
struct Login {
    frame: Frame,
    back: String,
    name: String,
    /// What went wrong; empty: nothing.
    told: String,
    is_first: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// The address of a visitor. Over the unix socket nobody logs in.
pub(super) fn peer(via: Via) -> Result<std::net::IpAddr, Problem> {
    match via {
        Via::Tcp(peer) => Ok(peer.ip()),
        Via::Unix => Err(Problem::conflict("over the unix socket nobody needs to log in")),
    }
}

pub(super) async fn show(
    State(api): State<Shared>,
    look: Look,
    Query(Back { back }): Query<Back>,
) -> Response {
    form(&api, look, &back, "", String::new(), StatusCode::OK).await
}

async fn form(
    api: &Shared,
    mut look: Look,
    back: &str,
    name: &str,
    told: String,
    status: StatusCode,
) -> Response {
    let count = match api.store().account_count().await {
        Ok(count) => count,
        Err(error) => return fault(api, look, None, &error.into()),
    };
    // The toggles lead to the form, not to where it is sent.
    let back = back_to(back).to_owned();
    let encoded: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    look.here = format!("/login?back={encoded}");
    let frame = Frame::new(api, look, None, "", "login-title");
    let mut response = page(&Login { frame, back, name: name.to_owned(), told, is_first: count == 0 });
    *response.status_mut() = status;
    response
}

pub(super) async fn log_in(
    State(api): State<Shared>,
    Extension(via): Extension<Via>,
    look: Look,
    sent: Result<SentPage, Problem>,
) -> Response {
    let tried = async {
        let SentPage(sent) = sent?;
        let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
        let tried = (field("name"), field("password"), field("code"));
        let entrance = session::log_in(&api, peer(via)?, tried).await?;
        Ok::<_, Problem>((entrance, field("back").to_owned(), field("name").to_owned()))
    };
    let (entrance, back, name) = match tried.await {
        Ok(tried) => tried,
        Err(problem) => return fault(&api, look, None, &problem),
    };
    let lang = look.lang;
    let (told, status) = match entrance {
        Entrance::Open(cookie) => {
            return ([(header::SET_COOKIE, cookie)], Redirect::to(back_to(&back))).into_response();
        }
        Entrance::Wrong => (lang.text("login-wrong"), StatusCode::UNAUTHORIZED),
        Entrance::Locked => (lang.text("login-locked"), StatusCode::FORBIDDEN),
        Entrance::Shut(until) => {
            let seconds = (until.millis_since(api.now()) / 1_000).max(0) + 1;
            (lang.with("login-shut", "n", seconds), StatusCode::TOO_MANY_REQUESTS)
        }
    };
    form(&api, look, &back, &name, told.into_owned(), status).await
}

pub(super) async fn log_out(State(api): State<Shared>, look: Look, headers: HeaderMap) -> Response {
    match session::log_out(&api, &headers).await {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response(),
        Err(problem) => fault(&api, look, None, &problem),
    }
}
