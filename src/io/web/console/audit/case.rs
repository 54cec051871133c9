//! One case: the recording beside its score card, sheets and appeals.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use super::super::super::api::evidence::EvidenceView;
use super::super::super::api::markers::Marker;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::request::RowId;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::frame::{Frame, Visitor, page};
use super::super::recording::{said_of, severity_class, title_of};
use super::card::{self, Critical, Group};
use super::draw::whys;
use super::{class_of, months, percent, score};
use crate::access::Permission;
use crate::audit::{Form, Found, Note, Score, SheetBody};
use crate::base::{CallId, Timestamp};
use crate::io::audit::CaseView;
use crate::io::store::audits::{AppealRow, CaseRow, SheetRow};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    /// Seconds from the beginning of the recording.
    t: Option<f64>,
    /// A sheet that was submitted before.
    sheet: Option<i64>,
    /// The submitted sheet is corrected.
    correct: Option<String>,
}

/// What the page tells of the call.
#[derive(Debug, Default, Deserialize)]
struct CallBrief {
    phone: String,
    direction: String,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    recording_ms: Option<i64>,
}

/// A mark in the recording.
#[derive(Serialize)]
pub(super) struct Mark {
    at: i64,
    label: String,
    class: &'static str,
    #[serde(skip)]
    detail: String,
    #[serde(skip)]
    has_place: bool,
}

/// A version of the sheet.
struct Version {
    id: i64,
    version: i64,
    auditor: String,
    score: String,
    reason: String,
    at: i64,
    is_shown: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/case.html")]
struct Case {
    frame: Frame,
    /// People to whom cases can be given.
    known: Vec<String>,
    case: CaseRow,
    call: CallBrief,
    at: i64,
    length: String,
    why: Vec<String>,
    is_late: bool,
    percent: String,
    hears: bool,
    marks_json: String,
    marks: Vec<Mark>,
    seconds: String,
    problem: String,
    /// The sheet is filled in here.
    edits: bool,
    corrects: bool,
    /// The visitor may correct what they submitted.
    may_correct: bool,
    assigns: bool,
    keeps: bool,
    form_title: String,
    form_version: String,
    grades: String,
    groups: Vec<Group>,
    criticals: Vec<Critical>,
    notes: Vec<Note>,
    summary: String,
    total: String,
    grade: String,
    class: &'static str,
    before: String,
    hash: String,
    versions: Vec<Version>,
    appeals: Vec<AppealRow>,
    appeals_here: bool,
    appeal_until: String,
    decides: bool,
    next: i64,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    id: Result<RowId, Problem>,
    uri: Uri,
) -> Response {
    let read = async { read(&api, &visitor, id?.0, query(&uri)?).await };
    match read.await {
        Ok(case) => page(&case),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: i64, want: Asked) -> Result<Case, Problem> {
    let view: CaseView = visitor.get(&format!("/audits/cases/{id}")).await?;
    let form: Form = serde_json::from_value(view.form).map_err(|e| Problem::internal(&e))?;
    let candidates: BTreeMap<String, Vec<Found>> =
        serde_json::from_value(view.candidates).unwrap_or_default();
    let mut frame = visitor.frame(api, "nav-audit", "audit-case");
    frame.title = frame.lang.with("audit-case-title", "id", id.to_string()).into_owned();
    let person = visitor.caller.person().to_owned();
    let case = view.case;
    let scores = visitor.may(Permission::SheetsScore) && may_score(&case, &view.appeals, &person);
    let edits = scores && (case.sheet_id.is_none() || want.correct.is_some());
    let shown = shown(&view.sheets, want.sheet, edits);
    let body: SheetBody = shown.and_then(|sheet| serde_json::from_str(&sheet.body).ok()).unwrap_or_default();
    let result: Option<Score> = shown
        .filter(|sheet| sheet.state == "submitted")
        .and_then(|sheet| serde_json::from_str(&sheet.result).ok());
    let mut groups = card::groups(&frame, &form, &view.prefill, &body, !edits);
    for group in &mut groups {
        if let Some((given, possible)) = result.as_ref().and_then(|result| result.groups.get(&group.id)) {
            (group.given, group.possible) = (score(*given), score(*possible));
        }
    }
    let heard = heard(visitor, &frame, &case.call_id).await?;
    let submitted = view.sheets.iter().find(|sheet| sheet.state == "submitted");
    let until = submitted.and_then(|sheet| appeal_until(&frame, &form, sheet.submitted_at?));
    let is_mine = case.agent == person && visitor.may(Permission::SheetsAppeal);
    let is_open = until.as_ref().is_some_and(|(last, _)| frame.times.now < *last);
    let has_appeal = submitted.is_some_and(|s| view.appeals.iter().any(|a| a.sheet_id == s.id));
    let total = result.as_ref().map(|result| result.total);
    let next = if scores && !edits { months::mine(visitor).await?.1 } else { 0 };
    Ok(Case {
        known: super::known_auditors(visitor).await?,
        at: case.call_id.parse::<CallId>().map(|id| id.timestamp().0).unwrap_or_default(),
        length: heard
            .call
            .ended_at
            .zip(heard.call.answered_at)
            .map(|(e, a)| frame.length(&(e - a)))
            .unwrap_or_default(),
        why: whys(&frame, &case.why),
        is_late: case.sheet_id.is_none() && case.due_at.is_some_and(|due| due < frame.times.now.0),
        percent: case.probability.map(percent).unwrap_or_default(),
        hears: visitor.may(Permission::RecordingsHear) && heard.call.recording_ms.is_some(),
        marks_json: serde_json::to_string(&heard.marks.iter().filter(|m| m.has_place).collect::<Vec<_>>())
            .map_err(|e| Problem::internal(&e))?,
        marks: heard.marks,
        problem: heard.problem,
        call: heard.call,
        seconds: want.t.filter(|s| s.is_finite() && *s >= 0.0).map(|s| s.to_string()).unwrap_or_default(),
        corrects: edits && case.sheet_id.is_some(),
        may_correct: scores && !edits,
        edits,
        assigns: visitor.may(Permission::CasesAssign) && case.sheet_id.is_none() && shown.is_none(),
        keeps: visitor.may(Permission::SheetsScore),
        form_title: super::title_of(frame.lang, &form.title, &form.title_en, &form.pack),
        form_version: view.form_version,
        grades: grades(&form),
        criticals: card::criticals(&frame, &form, &candidates, &body),
        groups,
        notes: body.notes,
        summary: body.summary,
        class: total.map(class_of).unwrap_or_default(),
        total: total.map(score).unwrap_or_default(),
        grade: result.as_ref().map(|result| result.grade.clone()).unwrap_or_default(),
        before: result.filter(|r| r.before > r.total).map(|r| score(r.before)).unwrap_or_default(),
        hash: shown.map(|sheet| sheet.sha256.clone()).unwrap_or_default(),
        versions: versions(&view.sheets, shown.map(|sheet| sheet.id)),
        appeals_here: is_mine && is_open && !has_appeal && case.session_id.is_none(),
        appeal_until: until.map(|(_, day)| day).unwrap_or_default(),
        decides: visitor.may(Permission::AppealsDecide) && case.auditor != person && case.agent != person,
        appeals: view.appeals,
        next,
        case,
        frame,
    })
}

/// The auditor, and whoever upheld an appeal, as the office has it.
fn may_score(case: &CaseRow, appeals: &[AppealRow], person: &str) -> bool {
    let upheld = |appeal: &AppealRow| appeal.state == "upheld" && appeal.reviewer == person;
    case.agent != person && (case.auditor == person || appeals.iter().any(upheld))
}

/// The sheet that is shown: the one that is asked for, else the newest; a draft only to who fills it in.
fn shown(sheets: &[SheetRow], wanted: Option<i64>, edits: bool) -> Option<&SheetRow> {
    let asked = sheets.iter().find(|sheet| Some(sheet.id) == wanted);
    asked.filter(|_| !edits).or_else(|| sheets.iter().find(|sheet| edits || sheet.state == "submitted"))
}

fn versions(sheets: &[SheetRow], shown: Option<i64>) -> Vec<Version> {
    let submitted = sheets.iter().filter(|sheet| sheet.state == "submitted");
    let version = |sheet: &SheetRow| Version {
        id: sheet.id,
        version: sheet.version,
        auditor: sheet.auditor.clone(),
        score: sheet.score.map(score).unwrap_or_default(),
        reason: sheet.reason.clone(),
        at: sheet.submitted_at.unwrap_or(sheet.saved_at),
        is_shown: Some(sheet.id) == shown,
    };
    submitted.map(version).collect()
}

/// When the term of an appeal ends, and its last day.
fn appeal_until(frame: &Frame, form: &Form, submitted: i64) -> Option<(Timestamp, String)> {
    let day = jiff::Timestamp::from_millisecond(submitted).ok()?.to_zoned(frame.times.zone.clone()).date();
    let last = day.checked_add(form.appeal_days.days()).ok()?;
    let end = last.tomorrow().ok()?.to_zoned(frame.times.zone.clone()).ok()?;
    Some((Timestamp(end.timestamp().as_millisecond()), last.to_string()))
}

/// Grades for the running total.
fn grades(form: &Form) -> String {
    let all: Vec<(String, f64)> = form.grade.iter().map(|grade| (grade.name.clone(), grade.from)).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

/// What is known of the call, and where to listen.
#[derive(Default)]
struct Heard {
    call: CallBrief,
    marks: Vec<Mark>,
    problem: String,
}

/// Of a call that the visitor does not reach, only the case is shown.
async fn heard(visitor: &Visitor, frame: &Frame, call: &str) -> Result<Heard, Problem> {
    let Ok(brief) = visitor.get::<CallBrief>(&format!("/calls/{call}")).await else {
        return Ok(Heard::default());
    };
    let steps = visitor.get::<Items<Marker>>(&format!("/calls/{call}/markers")).await;
    let steps = steps.map(|items| items.items).unwrap_or_default();
    let mut marks: Vec<Mark> = steps
        .into_iter()
        .map(|marker| Mark {
            at: marker.offset_ms,
            label: marker.step,
            class: "is-step",
            detail: String::new(),
            has_place: true,
        })
        .collect();
    let mut problem = String::new();
    if let Ok(evidence) = visitor.get::<EvidenceView>(&format!("/calls/{call}/evidence")).await {
        problem = evidence.problem;
        let found = evidence.findings.into_iter().filter(|finding| finding.severity != "info");
        marks.extend(found.map(|finding| Mark {
            at: finding.start_ms.unwrap_or_default(),
            label: title_of(frame.lang, &finding.detector),
            class: severity_class(&finding.severity),
            detail: said_of(frame.lang, finding.rule, &finding.detail),
            has_place: finding.start_ms.is_some(),
        }));
    }
    Ok(Heard { call: brief, marks, problem })
}
