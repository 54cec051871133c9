//! Evidence on calls: what was found, what must be audited, by which scorecard.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::find;
use crate::base::CallId;
use crate::evidence::{Detector, Line, Severity, Transcript};
use crate::io::evidence::Error as EvidenceError;
use crate::io::store::evidence::{FindingFilter, FindingRow, MustAuditRow};
use crate::io::web::access::{Origin, given};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Bulk, Params, PathCall, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(of_call))
        .routes(routes!(picture))
        .routes(routes!(transcript, attach))
        .routes(routes!(index))
        .routes(routes!(to_audit))
        .routes(routes!(scorecards))
}

/// The evidence on one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EvidenceView {
    /// The call.
    pub call_id: String,
    /// Milliseconds since 1970: when it was made.
    pub made_at: i64,
    /// Pack of the scorecard.
    pub pack: String,
    /// Version of the scorecard: the first 12 digits of its SHA-256.
    pub version: String,
    /// Who had the customer first; null: the robot alone.
    pub agent: Option<String>,
    /// Severity of the gravest finding.
    pub worst: String,
    /// Why it must be audited: `too_short`, `perfunctory`, `possible_dispute`, `critical`.
    pub audit: Vec<String>,
    /// Why the recording could not be heard; empty: it was, or there is none.
    pub problem: String,
    /// Transcription: empty, `wanted`, `attached`, or `failed: ...`.
    pub transcription: String,
    /// What was found.
    pub findings: Vec<FindingRow>,
    /// Phrases for a person to listen for; empty where a transcript is attached.
    #[schema(value_type = Vec<Object>)]
    pub ticks: Vec<Value>,
}

/// A transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptBody {
    /// Lines: `side` (`agent`, `customer`), `start_ms`, `end_ms`, `text`.
    #[schema(value_type = Vec<Object>)]
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Of this detector.
    detector: Option<String>,
    /// At least this grave: `info`, `hint`, `warn`, `fail`, `critical`. Default `hint`.
    severity: Option<String>,
    /// Charged with this agent.
    agent: Option<String>,
    /// On this account: `nobody`, `agent`, `system`.
    charge: Option<String>,
    /// Of this phrase or step.
    rule: Option<String>,
    /// Of calls from this time on.
    from: Option<String>,
    /// Of calls before this time, or to the end of this day.
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// For this reason.
    reason: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Store(error) => error.into(),
            EvidenceError::NoCall(_) | EvidenceError::NoCard(_) => {
                Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", error.to_string())
            }
            EvidenceError::Thread(_) | EvidenceError::Transcript(_) => Problem::internal(&error),
        }
    }
}

impl SheetRow for FindingRow {
    const NAME: &'static str = "findings";
    const COLUMNS: &'static [&'static str] = &[
        "call_id", "number", "detector", "value", "unit", "start_ms", "end_ms", "severity", "charge",
        "agent", "rule", "detail",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.call_id.clone(),
            self.number.to_string(),
            self.detector.clone(),
            self.value.to_string(),
            self.unit.clone(),
            optional(&self.start_ms),
            optional(&self.end_ms),
            self.severity.clone(),
            self.charge.clone(),
            optional(&self.agent),
            self.rule.clone(),
            self.detail.clone(),
        ]
    }
}

impl SheetRow for MustAuditRow {
    const NAME: &'static str = "must_audit";
    const COLUMNS: &'static [&'static str] = &["call_id", "agent", "worst", "audit", "made_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.call_id.clone(),
            optional(&self.agent),
            self.worst.clone(),
            self.audit.clone(),
            crate::base::Timestamp(self.made_at).to_string(),
        ]
    }
}

/// What signalling, sound and words of a call show, each with its place in the recording.
#[utoipa::path(get, path = "/calls/{id}/evidence", tag = "evidence", params(("id" = String, Path)),
    security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "Findings, and what is left for a person to listen for", body = EvidenceView), (status = 404, description = "No such call, or it was not judged yet", body = Problem)))]
async fn of_call(
    State(api): State<Shared>,
    PathCall(id): PathCall,
) -> Result<axum::Json<EvidenceView>, Problem> {
    find(&api, id).await?;
    let call = id.to_string();
    let row = api.store().evidence_row(&call).await?;
    let row = row.ok_or_else(|| Problem::not_found("evidence on call", id))?;
    let ticks = match row.transcription.as_str() {
        "attached" => Vec::new(),
        _ => api.examiner()?.ticks(&call, api.now()).await?,
    };
    Ok(axum::Json(EvidenceView {
        findings: api.store().findings_of(&call).await?,
        ticks: ticks.iter().filter_map(|tick| serde_json::to_value(tick).ok()).collect(),
        audit: serde_json::from_str(&row.audit).unwrap_or_default(),
        call_id: row.call_id,
        made_at: row.made_at,
        pack: row.pack,
        version: row.version,
        agent: row.agent,
        worst: row.worst,
        problem: row.problem,
        transcription: row.transcription,
    }))
}

/// A call as a picture: our lane, the customer's, holds, and where the grave findings are.
#[utoipa::path(get, path = "/calls/{id}/evidence/picture", tag = "evidence", params(("id" = String, Path)),
    security(("bearer" = ["calls.see"])),
    responses((status = 200, description = "The picture", content_type = "image/svg+xml"), (status = 404, description = "No such call", body = Problem)))]
async fn picture(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    PathCall(id): PathCall,
) -> Result<Response, Problem> {
    find(&api, id).await?;
    given(&api, &caller, &origin, ("picture", &format!("call:{id}"), ""), None).await?;
    let svg = api.examiner()?.picture(&id.to_string(), api.now()).await?;
    let mut response = svg.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    Ok(response)
}

/// What was said in a call, where somebody attached it. Each look is noted.
#[utoipa::path(get, path = "/calls/{id}/transcript", tag = "evidence", params(("id" = String, Path)),
    security(("bearer" = ["transcripts.see"])),
    responses((status = 200, description = "Its lines", body = TranscriptBody), (status = 404, description = "No such call, or no transcript", body = Problem)))]
async fn transcript(
    State(api): State<Shared>,
    caller: Caller,
    origin: Origin,
    PathCall(id): PathCall,
) -> Result<axum::Json<TranscriptBody>, Problem> {
    let stored = api.store().transcript_json(&id.to_string()).await?;
    let (lines, _) = stored.ok_or_else(|| Problem::not_found("transcript of call", id))?;
    given(&api, &caller, &origin, ("transcript", &format!("call:{id}"), ""), None).await?;
    let lines = serde_json::from_str(&lines).map_err(|e| Problem::internal(&e))?;
    Ok(axum::Json(TranscriptBody { lines }))
}

/// Attaches a transcript, in place of one that was there; the call is judged by it at once.
#[utoipa::path(put, path = "/calls/{id}/transcript", tag = "evidence", params(("id" = String, Path)), request_body = TranscriptBody,
    security(("bearer" = ["transcripts.write"])),
    responses((status = 204, description = "Attached"), (status = 404, description = "No such call, or it is not over", body = Problem), (status = 422, description = "It is no transcript", body = Problem)))]
async fn attach(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Bulk(body): Bulk<TranscriptBody>,
) -> Result<StatusCode, Problem> {
    let transcript = Transcript::new(body.lines).map_err(|error| {
        Problem::invalid_field("lines", error.to_string(), "mend that line and send it again")
    })?;
    api.examiner()?.attach(&id.to_string(), &transcript, &caller.name, api.now()).await?;
    caller.audit(&api, "transcript.attach", &format!("call:{id}"), "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is noted of who looks at findings of many calls: whose, where they ask for one person's.
fn looked_at(agent: Option<&str>) -> String {
    agent.map_or_else(|| "findings".to_owned(), |agent| format!("findings:{agent}"))
}

/// Findings of many calls, those of the newest call first. Each look is noted.
#[utoipa::path(get, path = "/findings", tag = "evidence", params(Query), security(("bearer" = ["findings.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<FindingRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    origin: Origin,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let filter = filter(&api, query)?;
    let (subject, detector) = (looked_at(filter.agent.as_deref()), filter.detector.clone());
    given(&api, &caller, &origin, ("findings", &subject, &detector.unwrap_or_default()), None).await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().finding_page(&filter, after.as_ref(), limit).await }
    })
    .await
}

fn filter(api: &Shared, query: Query) -> Result<FindingFilter, Problem> {
    if let Some(word) = query.detector.as_deref().filter(|word| Detector::of(word).is_none()) {
        let known: Vec<&str> = Detector::ALL.iter().map(|detector| detector.as_str()).collect();
        let hint = format!("write one of {}", known.join(", "));
        return Err(Problem::invalid_field("detector", format!("there is no `{word}`"), hint));
    }
    let severity = match query.severity.as_deref() {
        None => None,
        Some(word) => Some(Severity::of(word).ok_or_else(|| {
            let hint = "write info, hint, warn, fail or critical";
            Problem::invalid_field("severity", format!("there is no `{word}`"), hint)
        })?),
    };
    let zone = api.import().timezone;
    let first = |field: &str, text: Option<&String>, end: bool| {
        let at = text.map(|text| moment(field, text, &zone, end)).transpose()?;
        Ok::<_, Problem>(at.map(|at| CallId::first_of(at).to_string()))
    };
    Ok(FindingFilter {
        from: first("from", query.from.as_ref(), false)?,
        to: first("to", query.to.as_ref(), true)?,
        detector: query.detector,
        severity,
        agent: query.agent,
        charge: query.charge,
        rule: query.rule,
    })
}

/// Calls that must be audited whatever is drawn, newest first. Each look is noted.
#[utoipa::path(get, path = "/evidence/must-audit", tag = "evidence", params(AuditQuery), security(("bearer" = ["findings.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<MustAuditRow>)))]
async fn to_audit(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    origin: Origin,
    Params(query): Params<AuditQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    given(&api, &caller, &origin, ("findings", &looked_at(None), "must_audit"), None).await?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let reason = query.reason.clone();
        async move { api.store().audit_page(reason.as_deref(), after.as_ref(), limit).await }
    })
    .await
}

/// The scorecards in force with their versions, and every detector with unit and titles.
#[utoipa::path(get, path = "/scorecards", tag = "evidence", security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "`detectors` and `scorecards`", body = Object)))]
async fn scorecards(State(api): State<Shared>) -> Result<axum::Json<Value>, Problem> {
    let settings = api.examiner()?.settings();
    let cards: Vec<Value> = settings
        .cards
        .all()
        .map(|(card, version)| serde_json::json!({ "version": version, "scorecard": **card }))
        .collect();
    let detectors: Vec<Value> = Detector::ALL
        .iter()
        .map(|detector| {
            let (title, title_en) = detector.titles();
            let (word, unit) = (detector.as_str(), detector.unit());
            serde_json::json!({ "detector": word, "unit": unit, "title": title, "title_en": title_en })
        })
        .collect();
    Ok(axum::Json(serde_json::json!({ "detectors": detectors, "scorecards": cards })))
}
