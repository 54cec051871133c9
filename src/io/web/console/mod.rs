//! The console: pages for people, made on the server, so that they are read without scripts.
//!
//! It is the first client of the API (`ask.rs`): a page shows what routes answer, and its forms are
//! sent to routes (`assets/js/lib/api-form.js`), so that what is allowed, masked, checked and logged
//! stands in one place. Each of the nine pages is a folder with its routes, what one needs to see
//! them, and templates, words and styles of its name.
//!
//! Pages hold no text of their own (`locales/`), no inline script or style, and ask no other host.

mod account;
mod address;
mod ask;
mod assets;
mod audit;
mod calls;
mod chart;
mod choice;
mod columns;
mod customers;
mod desk;
mod docs;
mod entries;
mod frame;
mod ladder;
mod lang;
mod lists;
mod login;
mod recording;
mod reports;
mod settings;
mod tickets;
mod times;
mod today;
mod wallboard;
mod welcome;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;

pub(super) use self::frame::lang_of;
pub(super) use self::lang::Lang;

use self::ask::Api;
use self::frame::{Frame, Look, Visitor, page};
use super::auth::{Caller, identify};
use super::problem::Problem;
use super::server::Via;
use super::state::Shared;
use super::tongue::told_in;
use crate::access::Permission;
use crate::io::store::Thing;

/// What a page may do: nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A page, what one needs to see it, and the thing that its address names.
type Need = (&'static str, Permission, Option<Thing>);

/// Of the first pages. Orders look for themselves.
const NEEDED: &[Need] = &[
    ("/", Permission::LiveSee, None),
    ("/wallboard", Permission::LiveSee, None),
    ("/entries", Permission::ListsSee, None),
    ("/plan/{pack}/{day}", Permission::PlanSee, None),
    ("/calls", Permission::CallsSee, None),
    ("/calls/{id}", Permission::CallsSee, Some(Thing::Call)),
];

/// Of all pages.
fn needed() -> impl Iterator<Item = &'static Need> {
    let areas = [
        NEEDED,
        lists::NEEDED,
        customers::NEEDED,
        desk::NEEDED,
        tickets::NEEDED,
        audit::NEEDED,
        reports::NEEDED,
        settings::NEEDED,
        docs::NEEDED,
    ];
    areas.into_iter().flatten()
}

/// Every page, over that API. Those of the first router are for people who have logged in.
pub(super) fn routes(state: &Shared, api: Router) -> Router<Shared> {
    let inside = Router::new()
        .route("/", get(today::show))
        .route("/campaigns/{id}/{order}", post(today::order))
        .route("/plan/{pack}/{day}/release", post(today::release))
        .route("/plan/{pack}/{day}", get(entries::day))
        .route("/entries", get(entries::show))
        .route("/wallboard", get(wallboard::show))
        .route("/calls", get(calls::index))
        .route("/calls/{id}", get(recording::show))
        .route("/account", get(account::show))
        .route("/account/password", post(account::password))
        .route("/account/codes", post(account::codes))
        .route("/logout", post(login::log_out))
        .merge(lists::routes())
        .merge(customers::routes())
        .merge(desk::routes())
        .merge(tickets::routes())
        .merge(audit::routes())
        .merge(reports::routes())
        .merge(settings::routes())
        .merge(docs::routes())
        .layer(middleware::from_fn_with_state((state.clone(), Api::new(api)), let_in));
    let open = Router::new()
        .route("/login", get(login::show).post(login::log_in))
        .route("/welcome/{secret}", get(welcome::show).post(welcome::take))
        .route("/look", get(frame::change_look))
        .route("/-/{version}/{*path}", get(assets::serve))
        .merge(tickets::open_routes());
    inside.merge(open).layer(middleware::map_response(with_policy)).layer(CompressionLayer::new())
}

async fn with_policy(mut response: Response) -> Response {
    const CSP: HeaderName = header::CONTENT_SECURITY_POLICY;
    response.headers_mut().insert(CSP, HeaderValue::from_static(POLICY));
    // A page in another language or look is another page; none of it is kept by a proxy.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie, X-Fragment"));
    response
}

/// Lets in who has a session (or a token, or comes over the unix socket); sends others to log in.
async fn let_in(State((api, asked)): State<(Shared, Api)>, mut request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>().copied();
    let headers = request.headers();
    let is_known = super::session::is_shown(headers) || headers.contains_key(header::AUTHORIZATION);
    if !is_known && via != Some(Via::Unix) {
        return to_login(request.uri());
    }
    let look = Look::of(request.headers(), request.uri());
    let page =
        request.extensions().get::<MatchedPath>().map(|page| page.as_str().to_owned()).unwrap_or_default();
    let id = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    match identify(&api, via, request.headers()).await {
        Ok(caller) => {
            let visitor = Visitor { caller, look, api: asked, via };
            if let Err(problem) = may_see(&api, &visitor.caller, &page, &id).await {
                // Everybody begins at the first address, and not everybody may see the day.
                return match visitor.first_page().filter(|_| page == "/") {
                    Some(first) => Redirect::to(first).into_response(),
                    None => visitor.fault(&api, &problem),
                };
            }
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED.as_u16() => to_login(request.uri()),
        Err(problem) => fault(&api, look, None, &problem),
    }
}

/// Refuses a page that no role of the caller opens, or that is about a thing out of their reach.
async fn may_see(api: &Shared, caller: &Caller, page: &str, id: &str) -> Result<(), Problem> {
    let Some((_, permission, thing)) = needed().find(|(path, ..)| *path == page) else { return Ok(()) };
    match thing {
        None => caller.needs(*permission),
        Some(thing) => caller.needs_in_reach(api, *permission, *thing, id).await,
    }
}

/// To the login and back. A fragment that a script asks for is no place to come back to.
fn to_login(uri: &Uri) -> Response {
    let back: String = form_urlencoded::byte_serialize(here(uri).as_bytes()).collect();
    match uri.path() {
        "/" => Redirect::to("/login").into_response(),
        _ => Redirect::to(&format!("/login?back={back}")).into_response(),
    }
}

/// Path and query of a page.
fn here(uri: &Uri) -> String {
    uri.path_and_query().map_or("/", |p| p.as_str()).to_owned()
}

/// A problem as a page: what is wrong and how to mend it.
#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "fault.html")]
struct Fault<'a> {
    frame: Frame,
    problem: &'a Problem,
}

fn fault(api: &Shared, look: Look, caller: Option<&Caller>, problem: &Problem) -> Response {
    let frame = Frame::new(api, look, caller, "", "fault-title");
    let problem = &told_in(frame.lang, problem.clone());
    let mut response = page(&Fault { frame, problem });
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

impl Visitor {
    /// A problem as a page of this visitor.
    fn fault(&self, api: &Shared, problem: &Problem) -> Response {
        fault(api, self.look.clone(), Some(&self.caller), problem)
    }
}
