//! Liveness, readiness, health in detail, and metrics.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::store::read::PAGE_LIMIT;
use crate::io::telemetry::Gauges;
use crate::io::web::live::{LiveSnapshot, LiveTrunk, Readiness};
use crate::io::web::problem::Problem;
use crate::io::web::state::{EXPORT_LIMIT, IMPORT_LIMIT, STREAM_LIMIT, Shared};
use crate::io::web::{CONNECTION_LIMIT, CONNECTIONS_PER_ADDRESS, UPLOAD_LIMIT};

/// How long a probe waits for the database.
const PROBE: std::time::Duration = std::time::Duration::from_secs(2);
/// A snapshot older than this means that the driver hangs: forty times its interval.
const STALE_MILLIS: i64 = 10_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(openapi))
}

pub(super) fn open_routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(livez)).routes(routes!(readyz))
}

pub(super) fn metrics_routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Whether work may be sent here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadyReport {
    /// It may.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

/// Health in detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HealthReport {
    /// Version of the program.
    pub version: String,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// Milliseconds since 1970, by the daemon's clock.
    pub now: i64,
    /// Work may be sent here.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Version of the database schema; null where the database does not answer.
    pub schema_version: Option<i64>,
    /// What the driver says.
    pub readiness: Readiness,
    /// Calls up or being set up.
    pub calls: u64,
    /// Trunks.
    pub trunks: Vec<LiveTrunk>,
    /// Open event streams.
    pub streams: u64,
    /// How much is taken at once.
    pub limits: LimitsReport,
}

/// How much is taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitsReport {
    /// Connections.
    pub connections: u64,
    /// Connections of one address.
    pub connections_per_address: u64,
    /// Event streams.
    pub streams: u64,
    /// Imports that run.
    pub imports: u64,
    /// Exports that run.
    pub exports: u64,
    /// Bytes of an uploaded list.
    pub upload_bytes: u64,
    /// Rows of a page.
    pub page_rows: u64,
}

fn limits() -> LimitsReport {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    LimitsReport {
        connections: count(CONNECTION_LIMIT),
        connections_per_address: count(CONNECTIONS_PER_ADDRESS),
        streams: count(STREAM_LIMIT),
        imports: count(IMPORT_LIMIT),
        exports: count(EXPORT_LIMIT),
        upload_bytes: UPLOAD_LIMIT,
        page_rows: u64::from(PAGE_LIMIT),
    }
}

/// The process answers. Touches nothing.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "It lives", body = String)))]
async fn livez() -> &'static str {
    "ok\n"
}

/// Whether work may be sent here.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "Ready", body = ReadyReport), (status = 503, description = "Not ready, with reasons", body = ReadyReport)))]
async fn readyz(State(api): State<Shared>) -> Response {
    let live = api.parts.live.borrow().clone();
    let reasons = reasons(&api, &live).await;
    let ready = reasons.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(ReadyReport { ready, reasons })).into_response()
}

/// Why not, as things stood at the moment of `live`.
async fn reasons(api: &Shared, live: &LiveSnapshot) -> Vec<String> {
    let mut reasons = Vec::new();
    match tokio::time::timeout(PROBE, api.store().ping()).await {
        Ok(Ok(())) => {}
        // Without a token nothing is told about where the database is.
        Ok(Err(_)) => reasons.push("the database does not answer".into()),
        Err(_) => reasons.push("the database does not answer in time".into()),
    }
    let Readiness { sip_bound, disk_ok, draining, reasons: further, .. } = &live.readiness;
    if !sip_bound {
        reasons.push("SIP is not bound".into());
    }
    if !disk_ok {
        reasons.push("the recordings folder is full or cannot be written".into());
    }
    if *draining || api.parts.stop.is_cancelled() {
        reasons.push("draining: no new work is taken".into());
    }
    if live.at.0 > 0 && api.now().millis_since(live.at) > STALE_MILLIS {
        reasons.push("the engine gives no sign of life".into());
    }
    reasons.extend(further.iter().cloned());
    reasons
}

/// Health in detail.
#[utoipa::path(get, path = "/health", tag = "health", security(("bearer" = ["api.see"])),
    responses((status = 200, description = "Health, also where something is wrong", body = HealthReport)))]
async fn health(State(api): State<Shared>) -> axum::Json<HealthReport> {
    let live = api.parts.live.borrow().clone();
    let reasons = reasons(&api, &live).await;
    let schema_version =
        tokio::time::timeout(PROBE, api.store().schema_version()).await.ok().and_then(Result::ok);
    axum::Json(HealthReport {
        version: env!("CARGO_PKG_VERSION").into(),
        started_at: api.started_at.0,
        now: api.now().0,
        ready: reasons.is_empty(),
        reasons,
        database: api.store().db().kind().into(),
        schema_version,
        readiness: live.readiness.clone(),
        calls: u64::try_from(live.calls.len()).unwrap_or(u64::MAX),
        trunks: live.trunks.clone(),
        streams: open_streams(&api),
        limits: limits(),
    })
}

fn open_streams(api: &Shared) -> u64 {
    u64::try_from(STREAM_LIMIT - api.streams.available_permits().min(STREAM_LIMIT)).unwrap_or_default()
}

/// Counters in Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "health", security(("bearer" = ["daemon.watch"])),
    responses((status = 200, description = "Exposition format 0.0.4", content_type = "text/plain")))]
async fn metrics(State(api): State<Shared>) -> Result<Response, Problem> {
    let live = api.parts.live.borrow().clone();
    // The counters are shown even while the database is away: that is when they are wanted.
    let entries = tokio::time::timeout(PROBE, api.store().all_entry_counts()).await.ok().and_then(Result::ok);
    let gauges = Gauges {
        calls_active: u64::try_from(live.calls.len()).unwrap_or(u64::MAX),
        disk_free_bytes: live.readiness.disk_free_bytes,
        trunks: live.trunks.iter().map(|t| (t.name.clone(), t.state == "up")).collect(),
        entries: entries.unwrap_or_default().into_iter().map(|row| (row.state, row.count)).collect(),
        streams: open_streams(&api),
        certificates: live
            .readiness
            .certificates
            .iter()
            .map(|c| (c.file.clone(), (c.expires_at - api.now().0) as f64 / 1_000.0))
            .collect(),
    };
    let mut response = api.parts.telemetry.render(&gauges).into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "health", security(("bearer" = ["api.see"])),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
async fn openapi() -> Response {
    let json = crate::io::web::openapi_json();
    ([(header::CONTENT_TYPE, "application/json")], json.to_owned()).into_response()
}
