//! What auditors wrote of a call, at its places in the recording, for those who may read their sheets.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit_cases::person;
use super::calls::find;
use crate::audit::{Form, Note, SheetBody};
use crate::base::CallId;
use crate::io::audit::{CaseView, Error, Person};
use crate::io::store::audits::{CaseFilter, CaseRow};
use crate::io::web::auth::Caller;
use crate::io::web::listing::Items;
use crate::io::web::problem::Problem;
use crate::io::web::request::{Json, PathCall};
use crate::io::web::state::Shared;

/// Characters of a remark.
const TEXT_LIMIT: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(index, remark))
}

/// What an auditor wrote of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallComment {
    /// The case.
    pub case_id: i64,
    /// Who wrote it.
    pub by: String,
    /// Where in the recording, in ms; null: of the call as a whole.
    pub at_ms: Option<i64>,
    /// Item of the form; empty: a remark.
    pub item: String,
    /// Title of the item.
    pub title: String,
    /// The same in English; may be empty.
    pub title_en: String,
    /// What was written.
    pub text: String,
    /// The sheet is not submitted yet: only its auditor, and who leads the audit, see it.
    pub draft: bool,
}

/// A remark at a place of the recording.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemarkBody {
    /// Where in the recording, in ms.
    pub at_ms: i64,
    /// The remark.
    pub text: String,
}

/// Cases of a call.
async fn cases(api: &Shared, call: CallId) -> Result<Vec<CaseRow>, Problem> {
    let filter = CaseFilter { call: Some(call.to_string()), ..CaseFilter::default() };
    Ok(api.store().all_cases(&filter).await?)
}

/// A case as that person sees it; None: it does not concern them, or they have yet to score it themselves.
async fn seen(api: &Shared, case: &CaseRow, person: &Person) -> Result<Option<CaseView>, Problem> {
    // Sessions and second looks measure auditors, not the agent.
    let is_of_auditors = case.session_id.is_some() || case.second != 0;
    if is_of_auditors && !person.leads && case.auditor != person.name {
        return Ok(None);
    }
    match api.audits()?.case_view(case.id, person).await {
        Ok(view) => Ok(Some(view)),
        Err(Error::Forbidden(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Everything that was written on the newest sheet of a case.
fn written(view: &CaseView) -> Vec<CallComment> {
    let Some(sheet) = view.sheets.first() else { return Vec::new() };
    let body: SheetBody = serde_json::from_str(&sheet.body).unwrap_or_default();
    let form: Form = serde_json::from_value(view.form.clone()).unwrap_or_default();
    let blank = CallComment {
        case_id: view.case.id,
        by: sheet.auditor.clone(),
        draft: sheet.state == "draft",
        ..CallComment::default()
    };
    let remarks = body.notes.into_iter().map(|note| CallComment {
        at_ms: Some(note.at_ms),
        text: note.text,
        ..blank.clone()
    });
    let of_item = |id: &str, titles: Option<(&String, &String)>, at_ms, text: String| CallComment {
        at_ms,
        item: id.to_owned(),
        title: titles.map_or_else(|| id.to_owned(), |(title, _)| title.clone()),
        title_en: titles.map(|(_, english)| english.clone()).unwrap_or_default(),
        text,
        ..blank.clone()
    };
    let marks = body.marks.into_iter().map(|(id, mark)| {
        let rule = form.item.get(&id);
        of_item(&id, rule.map(|rule| (&rule.title, &rule.title_en)), mark.at_ms, mark.comment)
    });
    let criticals = body.criticals.into_iter().map(|(id, ruling)| {
        let rule = form.critical.get(&id);
        of_item(&id, rule.map(|rule| (&rule.title, &rule.title_en)), ruling.at_ms, ruling.comment)
    });
    let whole = CallComment { text: body.summary, ..blank.clone() };
    let all = remarks.chain(marks).chain(criticals).chain([whole]);
    all.filter(|comment| !comment.text.trim().is_empty()).collect()
}

/// What auditors wrote of a call, by its place in the recording: of each case that the caller may see, what
/// its newest sheet says.
#[utoipa::path(get, path = "/calls/{id}/comments", tag = "audits", params(("id" = String, Path)), security(("bearer" = ["sheets.see"])),
    responses((status = 200, description = "By time; what has no place stands last", body = Items<CallComment>), (status = 404, description = "No such call", body = Problem)))]
async fn index(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
) -> Result<axum::Json<Items<CallComment>>, Problem> {
    find(&api, id).await?;
    let person = person(&caller, "")?;
    let mut items = Vec::new();
    for case in cases(&api, id).await? {
        if let Some(view) = seen(&api, &case, &person).await? {
            items.extend(written(&view));
        }
    }
    items.sort_by_key(|comment| (comment.at_ms.is_none(), comment.at_ms));
    Ok(axum::Json(Items { items, next: None }))
}

/// Adds a remark to the caller's own sheet of a call, as long as it is a draft.
#[utoipa::path(post, path = "/calls/{id}/comments", tag = "audits", params(("id" = String, Path)), request_body = RemarkBody,
    security(("bearer" = ["sheets.score"])),
    responses((status = 201, description = "As it stands on the draft", body = CallComment), (status = 404, description = "No such call", body = Problem),
        (status = 409, description = "The caller does not score this call, or has submitted their sheet", body = Problem), (status = 422, description = "It has no text, or its place is not in the recording", body = Problem)))]
async fn remark(
    State(api): State<Shared>,
    caller: Caller,
    PathCall(id): PathCall,
    Json(body): Json<RemarkBody>,
) -> Result<(StatusCode, axum::Json<CallComment>), Problem> {
    let call = find(&api, id).await?;
    let text = body.text.trim();
    if text.is_empty() || text.chars().count() > TEXT_LIMIT {
        let hint = format!("write 1 to {TEXT_LIMIT} characters");
        return Err(Problem::invalid_field("text", "it is missing or too long", hint));
    }
    let length = call.recording_ms.unwrap_or_default();
    if !(0..=length).contains(&body.at_ms) {
        let detail = format!("the recording has no such place: it is {length} ms long");
        return Err(Problem::invalid_field("at_ms", detail, "give milliseconds from its beginning"));
    }
    let person = person(&caller, "")?;
    let open = cases(&api, id)
        .await?
        .into_iter()
        .find(|case| case.auditor == person.name && case.sheet_id.is_none());
    let Some(case) = open else {
        let why = "you have no open sheet for this call: remarks stand on the sheet of its auditor";
        return Err(Problem::conflict(why));
    };
    let view = api.audits()?.case_view(case.id, &person).await?;
    let draft = view.sheets.first().filter(|sheet| sheet.state == "draft");
    let mut sheet: SheetBody =
        draft.map(|draft| serde_json::from_str(&draft.body).unwrap_or_default()).unwrap_or_default();
    sheet.notes.push(Note { at_ms: body.at_ms, text: text.to_owned() });
    sheet.notes.sort_by_key(|note| note.at_ms);
    let kept = api.audits()?.draft(case.id, &sheet, &person, api.now()).await?;
    let comment = CallComment {
        case_id: case.id,
        by: kept.auditor,
        at_ms: Some(body.at_ms),
        text: text.to_owned(),
        draft: true,
        ..CallComment::default()
    };
    Ok((StatusCode::CREATED, axum::Json(comment)))
}
