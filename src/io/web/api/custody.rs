//! The chain of custody: how it stands, roots, entries, accesses, and a verification on request.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plan::day;
use crate::base::Timestamp;
use crate::custody::Kind;
use crate::io::custody::{Order, Verification};
use crate::io::store::custody::{AccessFilter, AccessRow, CheckRow, EntryRow, RootRow, Standing};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, moment};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// Roots of one answer: ten years.
const ROOTS: i64 = 3_660;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(standing))
        .routes(routes!(roots))
        .routes(routes!(entries))
        .routes(routes!(verification, verify))
        .routes(routes!(accesses))
}

/// How the chain stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustodyView {
    /// Entries, what waits, tombstones.
    pub chain: Standing,
    /// The root of the last day that is over; null: there is none yet.
    pub root: Option<RootRow>,
    /// The daemon's own look at the files; null: there was none.
    pub check: Option<CheckRow>,
}

/// What is to be verified.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyBody {
    /// Content and files of this day and later; null: all. The chain is followed from its beginning.
    pub since: Option<String>,
    /// The same of this day and earlier.
    pub until: Option<String>,
    /// Lines of roots as they were published: `2026-03-02 120 9f86...`.
    pub roots: String,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntriesQuery {
    /// `recording`, `comment`, `answer`, `reply`, `sheet`, `file`, `access`, `heard`, `tombstone`, `audit`.
    kind: Option<String>,
    /// `call:01K...` with its answers, `sheet:3`.
    subject: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccessQuery {
    /// By this token.
    who: Option<String>,
    /// `listen`, `comment`, `waveform`, `transcript`, `picture`, `export`, `report`.
    what: Option<String>,
    /// `call:01K...`, `customer:3`, `register:callbacks`, `report:7`.
    subject: Option<String>,
    /// From this time on.
    from: Option<String>,
    /// Before this time, or to the end of this day.
    to: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl SheetRow for EntryRow {
    const NAME: &'static str = "custody";
    const COLUMNS: &'static [&'static str] = &["seq", "at", "kind", "subject", "digest", "hash"];

    fn cells(&self) -> Vec<String> {
        // The time as it stands in the hash.
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        vec![seq, at, self.kind.clone(), self.subject.clone(), self.digest.clone(), self.hash.clone()]
    }
}

impl SheetRow for AccessRow {
    const NAME: &'static str = "accesses";
    const COLUMNS: &'static [&'static str] =
        &["id", "at", "who", "place", "what", "subject", "detail", "from_ms", "to_ms", "requests", "last_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            Timestamp(self.at).to_string(),
            self.who.clone(),
            self.place.clone(),
            self.what.clone(),
            self.subject.clone(),
            self.detail.clone(),
            optional(&self.from_ms),
            optional(&self.to_ms),
            self.requests.to_string(),
            Timestamp(self.last_at).to_string(),
        ]
    }
}

/// How the chain of custody stands: its end, what waits to be linked, and the daemon's look at the files.
#[utoipa::path(get, path = "/custody", tag = "custody", security(("bearer" = ["api.see"])),
    responses((status = 200, description = "How it stands", body = CustodyView)))]
async fn standing(State(api): State<Shared>) -> Result<axum::Json<CustodyView>, Problem> {
    let store = api.store();
    Ok(axum::Json(CustodyView {
        chain: store.custody_standing().await?,
        root: store.custody_roots(1).await?.pop(),
        check: store.last_check().await?,
    }))
}

/// The roots of days, newest first. Keep copies of them elsewhere.
#[utoipa::path(get, path = "/custody/roots", tag = "custody", security(("bearer" = ["api.see"])),
    responses((status = 200, description = "All of them", body = Items<RootRow>)))]
async fn roots(State(api): State<Shared>) -> Result<axum::Json<Items<RootRow>>, Problem> {
    Ok(axum::Json(Items { items: api.store().custody_roots(ROOTS).await?, next: None }))
}

/// Entries of the chain, newest first.
#[utoipa::path(get, path = "/custody/entries", tag = "custody", params(EntriesQuery), security(("bearer" = ["audit_log.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<EntryRow>)))]
async fn entries(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<EntriesQuery>,
) -> Result<Response, Problem> {
    if let Some(word) = query.kind.as_deref().filter(|word| Kind::of(word).is_none()) {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let hint = format!("write one of {}", known.join(", "));
        return Err(Problem::invalid_field("kind", format!("there is no `{word}`"), hint));
    }
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let q = query.clone();
        async move {
            api.store().custody_rows(q.kind.as_deref(), q.subject.as_deref(), after.as_ref(), limit).await
        }
    })
    .await
}

/// The verification that runs, or what came of the last one since the daemon started.
#[utoipa::path(get, path = "/custody/verification", tag = "custody", security(("bearer" = ["audit_log.see"])),
    responses((status = 200, description = "How it stands", body = Verification), (status = 404, description = "None was asked for", body = Problem)))]
async fn verification(State(api): State<Shared>) -> Result<axum::Json<Verification>, Problem> {
    let standing = api.custody()?.verification();
    let none = || {
        let detail = "no verification was asked for since the daemon started; POST here begins one";
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    };
    standing.map(axum::Json).ok_or_else(none)
}

/// Begins to verify the chain, what it tells of, and all files, as `ringback verify` does.
#[utoipa::path(post, path = "/custody/verification", tag = "custody", security(("bearer" = ["audit_log.see"])),
    request_body = VerifyBody,
    responses((status = 202, description = "It runs; GET tells how far it has come", body = Verification),
              (status = 409, description = "One is running", body = Problem),
              (status = 422, description = "A day or a root cannot be read", body = Problem)))]
async fn verify(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<VerifyBody>,
) -> Result<(StatusCode, axum::Json<Verification>), Problem> {
    let custody = api.custody()?;
    let published = crate::custody::parse_roots(&body.roots).map_err(|(line, mistake)| {
        Problem::invalid_field("roots", format!("line {line}: {mistake}"), "copy whole lines")
    })?;
    let order = Order {
        since: body.since.as_deref().map(|text| day("since", text)).transpose()?,
        until: body.until.as_deref().map(|text| day("until", text)).transpose()?,
        published,
    };
    if !custody.begin_verification(order, &caller.name, api.now()) {
        return Err(Problem::conflict("a verification is running; GET this route tells how far it has come"));
    }
    caller.audit(&api, "custody.verify", "custody", "").await?;
    Ok((StatusCode::ACCEPTED, axum::Json(custody.verification().unwrap_or_default())))
}

/// Who was given sound, words or names, newest first.
#[utoipa::path(get, path = "/accesses", tag = "custody", params(AccessQuery), security(("bearer" = ["audit_log.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<AccessRow>)))]
async fn accesses(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<AccessQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let zone = api.import().timezone;
    let at = |field: &str, text: Option<&String>, end: bool| {
        text.map(|text| moment(field, text, &zone, end)).transpose()
    };
    let filter = AccessFilter {
        from: at("from", query.from.as_ref(), false)?,
        to: at("to", query.to.as_ref(), true)?,
        who: query.who,
        what: query.what,
        subject: query.subject,
    };
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let filter = filter.clone();
        async move { api.store().access_rows(&filter, after.as_ref(), limit).await }
    })
    .await
}
