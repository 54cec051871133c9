//! All routes under one roof: authentication, request ids, security headers, metrics.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use super::edits::{Versions, versions};
use super::permit::{self, Needed};
use super::problem::Problem;
use super::state::Shared;
use super::tongue::Tongue;
use super::{api, auth, complete, console, once};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "ringback",
    description = "Times are milliseconds since 1970 in UTC. Numbers are masked unless `unmask=true`. Lists come in pages \
                   (`after`, `limit`) and whole as CSV or Excel (`Accept: text/csv`, or `.csv` or `.xlsx` at the end of the \
                   path). Errors are problem documents (RFC 9457). A POST with an `Idempotency-Key` that comes twice is \
                   carried out once; GET answers carry an `ETag`, and an edit with `If-Match` is refused with 412 \
                   where the thing has changed since."
))]
struct Document;

/// The routes behind a log-in, the open ones, and what all of them say of themselves.
fn documented() -> (Router<Shared>, Router<Shared>, utoipa::openapi::OpenApi) {
    let (protected, mut document) = OpenApiRouter::with_openapi(<Document as utoipa::OpenApi>::openapi())
        .nest("/api/v1", api::routes())
        .merge(api::metrics_routes())
        .split_for_parts();
    let (open, of_open) = api::open_routes().split_for_parts();
    document.merge(of_open);
    (protected, open, document)
}

/// The routes, and what each of them needs.
struct Built {
    protected: Router<Shared>,
    open: Router<Shared>,
    needed: Needed,
}

/// Both are made once: what routes say of themselves takes some megabytes and some hundredths of a second.
fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let (protected, open, document) = documented();
        Built { protected, open, needed: permit::table(&document) }
    })
}

/// Makes the routes now, which no request and no start should wait for.
pub fn prepare() {
    built();
}

/// What each route needs.
pub(super) fn needed() -> &'static Needed {
    &built().needed
}

/// The OpenAPI 3.1 document of every route, with the health routes.
pub fn openapi_json() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    JSON.get_or_init(|| {
        let (_, _, mut document) = documented();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
        complete::complete(&document).to_string()
    })
}

/// The whole HTTP interface.
pub fn router(state: Shared) -> Router {
    let Built { protected, open, .. } = built();
    let protected = protected
        .clone()
        .fallback(|| async {
            Problem::new(
                axum::http::StatusCode::NOT_FOUND,
                "unknown-route",
                "There is no such route",
                "see /api/v1/openapi.json for the routes",
            )
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                axum::http::StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The route does not take this method",
                "see /api/v1/openapi.json for the methods of each route",
            )
        })
        .layer(middleware::from_fn_with_state(state.clone(), once::once))
        .layer(middleware::from_fn_with_state(state.clone(), auth::authenticate));
    let asked = protected.clone().with_state(state.clone());
    let pages = console::routes(&state, asked.clone());
    protected
        .layer(middleware::from_fn_with_state(Versions { api: state.clone(), asked }, versions))
        .merge(open.clone())
        .merge(pages)
        .layer(
            CsrfLayer::new().with_rejection_response(|_: ProtectionError| from_elsewhere().into_response()),
        )
        .layer(CatchPanicLayer::custom(|_| Problem::internal(&"a handler panicked").into_response()))
        .layer(middleware::from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// 403: a page of another site sent the request in a visitor's name. Requests without `Origin` and
/// `Sec-Fetch-Site` do not come from a browser.
fn from_elsewhere() -> Problem {
    Problem::new(
        axum::http::StatusCode::FORBIDDEN,
        "from-elsewhere",
        "The request comes from another site",
        "open the console itself and try again; a proxy before it must pass on Host and Origin",
    )
}

/// Gives each request an id, times it, and puts the security headers on every answer.
async fn observe(State(api): State<Shared>, request: Request, next: Next) -> Response {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:x}-{:x}", api.started_at.0, NEXT.fetch_add(1, Ordering::Relaxed));
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", |p| p.as_str()).to_owned();
    let method = request.method().as_str().to_owned();
    let tongue = Tongue::of(request.headers());
    let began = tokio::time::Instant::now();
    let mut response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status();
    // Methods are the client's words: only known ones become a label.
    let known = matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS");
    api.parts.telemetry.http(&route, if known { &method } else { "other" }, status.as_u16(), took);
    tracing::debug!(%id, route, method, status = status.as_u16(), took_ms = took.as_millis() as u64, "HTTP request");
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let extra = response.headers().get(header::CONTENT_RANGE).cloned();
        let problem = tongue.problem(problem);
        response = Problem { instance: id.as_str().into(), ..problem }.into_response();
        response.extensions_mut().remove::<Problem>();
        if let Some(range) = extra {
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
    }
    secure(&mut response, &id);
    response
}

fn secure(response: &mut Response, id: &str) {
    const FIXED: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
}
