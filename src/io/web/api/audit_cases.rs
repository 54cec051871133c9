//! Cases of the audit: who scores which call, sheets, appeals, sessions, examples.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Permission;
use crate::audit::SheetBody;
use crate::io::audit::{AppealBody, CaseView, Decision, Person, SessionBody, SessionView};
use crate::io::store::audits::{AppealRow, CaseFilter, CaseRow, ExampleRow, SessionRow, SheetRow as Sheet};
use crate::io::web::auth::Caller;
use crate::io::web::listing::{self, Items, Paging, Wants};
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, Params, RowId};
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index, open))
        .routes(routes!(show))
        .routes(routes!(reassign))
        .routes(routes!(draft))
        .routes(routes!(submit))
        .routes(routes!(appeal))
        .routes(routes!(appeals))
        .routes(routes!(decide))
        .routes(routes!(own))
        .routes(routes!(sessions, session))
        .routes(routes!(show_session))
        .routes(routes!(examples, keep_example))
}

/// A call to audit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseBody {
    /// The call.
    pub call_id: String,
    /// Who scores it.
    pub auditor: String,
    /// Why it is audited beside the draw.
    #[serde(default)]
    pub why: String,
}

/// Who scores.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditorBody {
    /// Their name.
    pub auditor: String,
}

/// A sheet.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetSent {
    /// Marks, rulings on critical items, notes.
    pub sheet: SheetBody,
    /// Why a submitted sheet is corrected.
    #[serde(default)]
    pub reason: String,
    /// Who scores, where an administrator enters it for them; empty: the caller.
    #[serde(default)]
    pub by: String,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Of this draw.
    draw: Option<i64>,
    /// Of this auditor.
    auditor: Option<String>,
    /// Of this agent.
    agent: Option<String>,
    /// Of this call.
    call: Option<String>,
    /// `true`: without a submitted sheet; `false`: with one.
    open: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExampleQuery {
    /// `good` or `bad`.
    kind: Option<String>,
    /// Item of the form.
    item: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// `next` of the page before.
    after: Option<String>,
    /// Rows of the page.
    limit: Option<u32>,
}

impl PageQuery {
    fn paging(&self) -> Result<Paging, Problem> {
        Paging::new(self.after.as_deref(), self.limit)
    }
}

impl SheetRow for CaseRow {
    const NAME: &'static str = "audit_cases";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "draw_id",
        "session_id",
        "call_id",
        "agent",
        "why",
        "probability",
        "auditor",
        "second",
        "due_at",
        "score",
        "grade",
        "critical",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            optional(&self.draw_id),
            optional(&self.session_id),
            self.call_id.clone(),
            self.agent.clone(),
            self.why.clone(),
            optional(&self.probability),
            self.auditor.clone(),
            self.second.to_string(),
            self.due_at.map_or(String::new(), |at| crate::base::Timestamp(at).to_string()),
            optional(&self.score),
            optional(&self.grade),
            optional(&self.critical),
        ]
    }
}

/// The caller, by the name of their agent where they have one, so that nobody scores or reviews themselves;
/// whoever leads the audit may act for somebody.
pub(super) fn person(caller: &Caller, by: &str) -> Result<Person, Problem> {
    let leads = caller.may(Permission::AuditsLead);
    let by = by.trim();
    if by.is_empty() || caller.access.is(by) {
        return Ok(Person { name: caller.person().to_owned(), leads });
    }
    caller.needs(Permission::AuditsLead)?;
    Ok(Person { name: by.to_owned(), leads })
}

/// Scores of second looks and sessions are shown to nobody who has yet to submit.
fn without_scores(caller: &Caller, row: &mut CaseRow) {
    if !caller.may(Permission::AuditsLead) && !caller.access.is(&row.auditor) {
        (row.score, row.grade, row.critical) = (None, None, None);
    }
}

/// Cases, the oldest first. Whoever does not lead the audit sees the scores of their own cases only.
#[utoipa::path(get, path = "/audits/cases", tag = "audits", params(Query), security(("bearer" = ["cases.see"])),
    responses((status = 200, description = "One page; whole as `text/csv`", body = Items<CaseRow>)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    wants: Wants,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let filter = CaseFilter {
        draw: query.draw,
        auditor: query.auditor,
        agent: query.agent,
        call: query.call,
        open: query.open,
        within: caller.reach(Permission::CasesSee),
        ..CaseFilter::default()
    };
    let who = caller.clone();
    listing::answer(&api, &caller, wants, paging, move |api, after, limit| {
        let (filter, who) = (filter.clone(), who.clone());
        async move {
            let mut page = api.store().case_page(&filter, after.as_ref(), limit).await?;
            page.rows.iter_mut().for_each(|row| without_scores(&who, row));
            Ok(page)
        }
    })
    .await
}

/// Gives a call to an auditor beside every draw.
#[utoipa::path(post, path = "/audits/cases", tag = "audits", request_body = CaseBody, security(("bearer" = ["cases.assign"])),
    responses((status = 201, description = "Opened", body = CaseRow), (status = 404, description = "No such call", body = Problem), (status = 409, description = "The auditor had the customer in it", body = Problem)))]
async fn open(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<CaseBody>,
) -> Result<(StatusCode, axum::Json<CaseRow>), Problem> {
    let case =
        api.audits()?.open_case(&body.call_id, &body.auditor, &body.why, &caller.name, api.now()).await?;
    caller
        .audit(&api, "case.open", &format!("case:{}", case.id), &format!("{} {}", case.call_id, case.auditor))
        .await?;
    Ok((StatusCode::CREATED, axum::Json(case)))
}

/// A case with its form, what is filled in, candidates for critical items, sheets and appeals.
#[utoipa::path(get, path = "/audits/cases/{id}", tag = "audits", params(("id" = i64, Path)), security(("bearer" = ["sheets.see"])),
    responses((status = 200, description = "The case", body = CaseView), (status = 403, description = "It does not concern the caller, or they have yet to submit their own sheet", body = Problem), (status = 404, description = "No such case", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
) -> Result<axum::Json<CaseView>, Problem> {
    Ok(axum::Json(api.audits()?.case_view(id, &person(&caller, "")?).await?))
}

/// Gives a case to another auditor, as long as no sheet was begun.
#[utoipa::path(put, path = "/audits/cases/{id}/auditor", tag = "audits", params(("id" = i64, Path)), request_body = AuditorBody,
    security(("bearer" = ["cases.assign"])),
    responses((status = 200, description = "The case", body = CaseRow), (status = 404, description = "No such case", body = Problem), (status = 409, description = "They had the customer, score it already, or a sheet was begun", body = Problem)))]
async fn reassign(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<AuditorBody>,
) -> Result<axum::Json<CaseRow>, Problem> {
    let mut case = api.audits()?.reassign(id, &body.auditor).await?;
    caller.audit(&api, "case.reassign", &format!("case:{id}"), &case.auditor).await?;
    without_scores(&caller, &mut case);
    Ok(axum::Json(case))
}

/// Keeps a draft in place of the one before.
#[utoipa::path(put, path = "/audits/cases/{id}/draft", tag = "audits", params(("id" = i64, Path)), request_body = SheetSent,
    security(("bearer" = ["sheets.score"])),
    responses((status = 200, description = "The draft", body = Sheet), (status = 403, description = "Another scores it", body = Problem), (status = 404, description = "No such case", body = Problem)))]
async fn draft(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<SheetSent>,
) -> Result<axum::Json<Sheet>, Problem> {
    let person = person(&caller, &body.by)?;
    Ok(axum::Json(api.audits()?.draft(id, &body.sheet, &person, api.now()).await?))
}

/// Submits a sheet. It never changes; a correction is a new version with its reason.
#[utoipa::path(post, path = "/audits/cases/{id}/submit", tag = "audits", params(("id" = i64, Path)), request_body = SheetSent,
    security(("bearer" = ["sheets.score"])),
    responses((status = 201, description = "The sheet with its score", body = Sheet), (status = 403, description = "Another scores it", body = Problem), (status = 404, description = "No such case", body = Problem), (status = 422, description = "What it lacks", body = Problem)))]
async fn submit(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<SheetSent>,
) -> Result<(StatusCode, axum::Json<Sheet>), Problem> {
    let person = person(&caller, &body.by)?;
    let sheet = api.audits()?.submit(id, &body.sheet, &body.reason, &person, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(sheet)))
}

/// The agent appeals against the newest sheet of a case, within the term of its form.
#[utoipa::path(post, path = "/audits/cases/{id}/appeal", tag = "audits", params(("id" = i64, Path)), request_body = AppealBody,
    security(("bearer" = ["sheets.appeal"])),
    responses((status = 201, description = "Filed", body = AppealRow), (status = 403, description = "It is the agent's own", body = Problem), (status = 404, description = "No such case", body = Problem), (status = 409, description = "The term is over, or it is filed already", body = Problem)))]
async fn appeal(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<AppealBody>,
) -> Result<(StatusCode, axum::Json<AppealRow>), Problem> {
    let person = person(&caller, &body.by)?;
    let appeal = api.audits()?.appeal(id, &body.text, &person, api.now()).await?;
    caller.audit(&api, "appeal.file", &format!("appeal:{}", appeal.id), &appeal.agent).await?;
    Ok((StatusCode::CREATED, axum::Json(appeal)))
}

/// Appeals that nobody decided, the oldest first.
#[utoipa::path(get, path = "/audits/appeals", tag = "audits", params(PageQuery), security(("bearer" = ["appeals.decide"])),
    responses((status = 200, description = "One page", body = Items<AppealRow>)))]
async fn appeals(
    State(api): State<Shared>,
    Params(query): Params<PageQuery>,
) -> Result<axum::Json<Items<AppealRow>>, Problem> {
    let store = api.store();
    listing::page(
        query.paging()?,
        |after, limit| async move { store.open_appeals(after.as_ref(), limit).await },
    )
    .await
}

/// Another person decides an appeal; where it is upheld, they correct the sheet.
#[utoipa::path(post, path = "/audits/appeals/{id}/decide", tag = "audits", params(("id" = i64, Path)), request_body = Decision,
    security(("bearer" = ["appeals.decide"])),
    responses((status = 200, description = "Decided", body = AppealRow), (status = 404, description = "No such appeal", body = Problem), (status = 409, description = "They scored it or had the customer, or it is decided", body = Problem)))]
async fn decide(
    State(api): State<Shared>,
    caller: Caller,
    RowId(id): RowId,
    Json(body): Json<Decision>,
) -> Result<axum::Json<AppealRow>, Problem> {
    let person = person(&caller, &body.by)?;
    Ok(axum::Json(api.audits()?.decide(id, &body, &person, api.now()).await?))
}

/// Submitted sheets of the caller's own calls, the newest first: what they may read and appeal against.
#[utoipa::path(get, path = "/audits/own", tag = "audits", security(("bearer" = ["sheets.see"])),
    responses((status = 200, description = "All of them", body = Items<CaseRow>)))]
async fn own(State(api): State<Shared>, caller: Caller) -> Result<axum::Json<Items<CaseRow>>, Problem> {
    let agent = Some(caller.person().to_owned());
    let filter = CaseFilter { agent, open: Some(false), ..CaseFilter::default() };
    let mut items = api.store().all_cases(&filter).await?;
    // Sessions and second looks measure auditors.
    items.retain(|case| case.session_id.is_none() && case.second == 0);
    items.reverse();
    Ok(axum::Json(Items { items, next: None }))
}

/// Sessions, the newest first.
#[utoipa::path(get, path = "/audits/sessions", tag = "audits", params(PageQuery), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "One page", body = Items<SessionRow>)))]
async fn sessions(
    State(api): State<Shared>,
    Params(query): Params<PageQuery>,
) -> Result<axum::Json<Items<SessionRow>>, Problem> {
    let store = api.store();
    listing::page(query.paging()?, |after, limit| async move { store.sessions(after.as_ref(), limit).await })
        .await
}

/// Calls a session in which several auditors score one call.
#[utoipa::path(post, path = "/audits/sessions", tag = "audits", request_body = SessionBody, security(("bearer" = ["cases.assign"])),
    responses((status = 201, description = "Called", body = SessionView), (status = 404, description = "No such call", body = Problem), (status = 409, description = "One of them had the customer", body = Problem)))]
async fn session(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<SessionBody>,
) -> Result<(StatusCode, axum::Json<SessionView>), Problem> {
    let view = api.audits()?.call_session(&body, &caller.name, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(view)))
}

/// A session: how far its auditors differ, once all have submitted.
#[utoipa::path(get, path = "/audits/sessions/{id}", tag = "audits", params(("id" = i64, Path)), security(("bearer" = ["audits.see"])),
    responses((status = 200, description = "The session", body = SessionView), (status = 404, description = "No such session", body = Problem)))]
async fn show_session(
    State(api): State<Shared>,
    RowId(id): RowId,
) -> Result<axum::Json<SessionView>, Problem> {
    Ok(axum::Json(api.audits()?.session(id).await?))
}

/// Places in recordings for training, the newest first.
#[utoipa::path(get, path = "/audits/examples", tag = "audits", params(ExampleQuery), security(("bearer" = ["examples.see"])),
    responses((status = 200, description = "One page", body = Items<ExampleRow>)))]
async fn examples(
    State(api): State<Shared>,
    Params(query): Params<ExampleQuery>,
) -> Result<axum::Json<Items<ExampleRow>>, Problem> {
    let (kind, item) = (query.kind.unwrap_or_default(), query.item.unwrap_or_default());
    let paging = Paging::new(query.after.as_deref(), query.limit)?;
    let store = api.store();
    listing::page(paging, |after, limit| async move {
        store.examples((&kind, &item), after.as_ref(), limit).await
    })
    .await
}

/// A place in a recording.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleBody {
    /// The call.
    pub call_id: String,
    /// `good` or `bad`.
    pub kind: String,
    /// Item of the form; empty: the whole.
    #[serde(default)]
    pub item: String,
    /// From when in the recording, in ms.
    pub from_ms: i64,
    /// To when.
    pub to_ms: i64,
    /// In a few words what is heard.
    pub title: String,
    /// What can be learnt from it.
    #[serde(default)]
    pub note: String,
}

/// Keeps a place in a recording for training.
#[utoipa::path(post, path = "/audits/examples", tag = "audits", request_body = ExampleBody, security(("bearer" = ["sheets.score"])),
    responses((status = 201, description = "Kept", body = ExampleRow), (status = 404, description = "No such call", body = Problem), (status = 422, description = "It is no place", body = Problem)))]
async fn keep_example(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<ExampleBody>,
) -> Result<(StatusCode, axum::Json<ExampleRow>), Problem> {
    let new = ExampleRow {
        call_id: body.call_id,
        kind: body.kind,
        item: body.item,
        from_ms: body.from_ms,
        to_ms: body.to_ms,
        title: body.title,
        note: body.note,
        ..ExampleRow::default()
    };
    let kept = api.audits()?.keep_example(new, &person(&caller, "")?, api.now()).await?;
    Ok((StatusCode::CREATED, axum::Json(kept)))
}
