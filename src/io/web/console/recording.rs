//! One call: its facts, answers, recording with what was found in it, and its SIP messages.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::super::api::CallComment;
use super::super::api::calls::{CallView, find};
use super::super::api::markers::{markers, speakers};
use super::super::api::trace::messages;
use super::super::listing::Items;
use super::super::mask::mask_numbers;
use super::super::problem::Problem;
use super::super::request::PathCall;
use super::super::state::Shared;
use super::address::query;
use super::calls::class_of;
use super::choice::Fact;
use super::frame::{Frame, Visitor, page};
use super::ladder::{picture, says};
use super::lang::Lang;
use crate::access::Permission;
use crate::base::CallId;
use crate::evidence::Detector;
use crate::io::store::audits::CaseFilter;
use crate::sip::TraceItem;

/// One answer.
struct Answer {
    question: String,
    keys: String,
    meaning: String,
    score: String,
    is_bad: bool,
    comment: String,
    offset_ms: i64,
}

/// Something found in the call, or a step of the script: a mark in the recording.
#[derive(Serialize)]
struct Mark {
    /// Milliseconds from the beginning of the recording.
    at: i64,
    label: String,
    class: &'static str,
    #[serde(skip)]
    detail: String,
    #[serde(skip)]
    is_finding: bool,
    #[serde(skip)]
    has_place: bool,
}

/// What an auditor wrote.
struct Comment {
    at: Option<i64>,
    title: String,
    text: String,
    by: String,
    is_draft: bool,
}

/// One SIP message, for those who read rather than look.
struct Message {
    at: String,
    sent: bool,
    peer: String,
    says: String,
    text: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "call.html", blocks = ["comments"])]
struct Call {
    frame: Frame,
    id: String,
    phone: String,
    result: String,
    class: &'static str,
    detail: String,
    facts: Vec<Fact>,
    answers: Vec<Answer>,
    is_recorded: bool,
    hears: bool,
    marks: Vec<Mark>,
    marks_json: String,
    seconds: String,
    problem: String,
    comments: Vec<Comment>,
    /// They may read sheets at all.
    reads: bool,
    /// They have a sheet of their own that is not submitted.
    remarks: bool,
    ladder: String,
    messages: Vec<Message>,
}

impl Call {
    fn has_findings(&self) -> bool {
        self.marks.iter().any(|mark| mark.is_finding)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// Seconds from the beginning of the recording.
    t: Option<f64>,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    id: Result<PathCall, Problem>,
    uri: Uri,
) -> Response {
    let shown = async { read(&api, &visitor, id?.0, query::<Place>(&uri)?.t).await };
    match shown.await {
        Ok(call) if visitor.look.is_fragment => page(&call.as_comments()),
        Ok(call) => page(&call),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: CallId, seconds: Option<f64>) -> Result<Call, Problem> {
    let row = find(api, id).await?;
    let frame = visitor.frame(api, "nav-calls", "call-title");
    let lang = frame.lang;
    let begins = row.answered_at.unwrap_or(row.reserved_at);
    let bridged = api.store().bridged_row(id).await?;
    let steps = markers(&row).into_iter().map(|marker| Mark {
        at: marker.offset_ms,
        label: marker.step,
        class: "is-step",
        detail: String::new(),
        is_finding: false,
        has_place: true,
    });
    let findings = api.store().findings_of(&id.to_string()).await?;
    let mut marks: Vec<Mark> = steps.collect();
    marks.extend(findings.into_iter().filter(|f| f.severity != "info").map(|f| Mark {
        at: f.start_ms.unwrap_or_default(),
        label: title_of(lang, &f.detector),
        class: severity_class(&f.severity),
        detail: said_of(lang, f.rule, &f.detail),
        is_finding: true,
        has_place: f.start_ms.is_some(),
    }));
    let comments = comments(visitor, lang, id).await?;
    marks.extend(comments.iter().filter_map(|comment| {
        Some(Mark {
            at: comment.at?,
            label: comment.title.clone(),
            class: "is-comment",
            detail: comment.text.clone(),
            is_finding: false,
            has_place: true,
        })
    }));
    let evidence = api.store().evidence_row(&id.to_string()).await?;
    let items = if visitor.may(Permission::TracesSee) { messages(api, id).await? } else { Vec::new() };
    let answers = api.store().answer_rows(id).await?;
    let typed = api.store().replies_of_call(&id.to_string()).await?;
    let is_recorded = row.recording_ms.is_some();
    let (disposition, facts) = (row.disposition.clone(), facts(&frame, &row, &speakers(&bridged.legs)));
    let view = CallView::new(row, false);
    let marks_json = serde_json::to_string(&marks.iter().filter(|m| m.has_place).collect::<Vec<_>>());
    Ok(Call {
        id: id.to_string(),
        result: disposition
            .as_deref()
            .map_or_else(|| lang.text("call-open").into_owned(), |word| lang.word("disposition", word)),
        class: class_of(disposition.as_deref()),
        phone: view.call.phone,
        detail: view.call.detail,
        facts,
        answers: answers
            .into_iter()
            .map(|a| answer(id, begins, a))
            .chain(typed.into_iter().map(|reply| typed_in(begins, reply)))
            .collect(),
        is_recorded,
        hears: visitor.may(Permission::RecordingsHear),
        marks_json: marks_json.map_err(|e| Problem::internal(&e))?,
        marks,
        seconds: seconds.filter(|s| s.is_finite() && *s >= 0.0).map(|s| s.to_string()).unwrap_or_default(),
        problem: evidence.map(|e| e.problem).unwrap_or_default(),
        remarks: remarks(api, visitor, id).await?,
        reads: visitor.may(Permission::SheetsSee),
        comments,
        ladder: if items.is_empty() {
            String::new()
        } else {
            picture(&items, "ringback", &lang.text("call-ladder"))
        },
        messages: listed(&items),
        frame,
    })
}

/// What is said of a finding: its rule, and what was found.
pub(super) fn said_of(lang: Lang, rule: String, detail: &str) -> String {
    let parts = [rule, lang.said(detail).into_owned()];
    parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What auditors wrote of the call, as far as the visitor may read it.
async fn comments(visitor: &Visitor, lang: Lang, id: CallId) -> Result<Vec<Comment>, Problem> {
    if !visitor.may(Permission::SheetsSee) {
        return Ok(Vec::new());
    }
    let found: Items<CallComment> = match visitor.get(&format!("/calls/{id}/comments")).await {
        Ok(found) => found,
        // The daemon runs without an audit office, the call is out of the reach of this permission, or a case
        // of it is gone: the call is shown all the same.
        Err(problem) if matches!(problem.status, 403 | 404 | 503) => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let comment = |comment: CallComment| Comment {
        at: comment.at_ms,
        title: lang.title(&comment.title, &comment.title_en).to_owned(),
        text: comment.text,
        by: comment.by,
        is_draft: comment.draft,
    };
    Ok(found.items.into_iter().map(comment).collect())
}

/// Whether the visitor scores this call and has yet to submit their sheet.
async fn remarks(api: &Shared, visitor: &Visitor, id: CallId) -> Result<bool, Problem> {
    if !visitor.may(Permission::SheetsScore) {
        return Ok(false);
    }
    let filter = CaseFilter { call: Some(id.to_string()), ..CaseFilter::default() };
    let cases = api.store().all_cases(&filter).await?;
    Ok(cases.iter().any(|case| case.auditor == visitor.caller.person() && case.sheet_id.is_none()))
}

/// The title of a detector in that language.
pub(super) fn title_of(lang: Lang, word: &str) -> String {
    let titles = Detector::of(word).map(Detector::titles);
    titles.map_or(word, |(chinese, english)| if lang == Lang::Chinese { chinese } else { english }).to_owned()
}

pub(super) fn severity_class(severity: &str) -> &'static str {
    match severity {
        "critical" | "fail" => "is-bad",
        "warn" => "is-warn",
        _ => "is-open",
    }
}

fn answer(call: CallId, begins: i64, row: crate::io::store::read::AnswerRow) -> Answer {
    Answer {
        question: row.question,
        keys: row.keys.unwrap_or_default(),
        meaning: row.meaning.unwrap_or_default(),
        score: row.score.map(|s| s.to_string()).unwrap_or_default(),
        is_bad: row.dissatisfied == 1,
        comment: row
            .comment
            .map(|_| format!("/api/v1/calls/{call}/answers/{}/comment", row.seq))
            .unwrap_or_default(),
        offset_ms: (row.at - begins).max(0),
    }
}

/// What a person typed in while they talked, or after it.
fn typed_in(begins: i64, row: crate::io::store::callback::ReplyRow) -> Answer {
    Answer {
        question: row.question,
        keys: row.keys.unwrap_or_default(),
        meaning: row.meaning.map(|word| word.replace('_', " ")).or(row.comment).unwrap_or_default(),
        score: row.score.map(|s| s.to_string()).unwrap_or_default(),
        is_bad: row.dissatisfied == 1,
        comment: String::new(),
        offset_ms: (row.at - begins).max(0),
    }
}

fn listed(items: &[TraceItem]) -> Vec<Message> {
    let first = items.first().map(|item| item.at);
    let message = |item: &TraceItem| Message {
        at: first
            .map_or(String::new(), |first| format!("{:.3}", item.at.millis_since(first) as f64 / 1_000.0)),
        sent: item.sent,
        peer: item.peer.clone(),
        says: says(&item.text),
        text: mask_numbers(&item.text),
    };
    items.iter().map(message).collect()
}

/// What is known of a call, without what is not.
fn facts(
    frame: &Frame,
    row: &crate::io::store::read::CallRow,
    speakers: &[super::super::api::markers::Speaker],
) -> Vec<Fact> {
    let lang = frame.lang;
    let mut all = Vec::new();
    let mut tell = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            all.push(Fact { label: lang.text(key).into_owned(), value });
        }
    };
    let time = |at: Option<i64>| at.map(|at| frame.times.whole(at));
    let quality =
        row.quality.as_deref().and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    let mos = quality.as_ref().and_then(|q| q.get("mos")?.as_f64()).map(|mos| format!("{mos:.2}"));
    tell("call-direction", Some(lang.word("direction", &row.direction)));
    tell("call-started", time(row.started_at.or(Some(row.reserved_at))));
    tell("call-rang", row.ringing_at.zip(row.started_at).map(|(r, s)| seconds(r - s)));
    tell("call-answered", time(row.answered_at));
    tell("call-ended", time(row.ended_at));
    tell("call-talk", row.ended_at.zip(row.answered_at).map(|(e, a)| frame.length(&(e - a))));
    tell("call-ended-by", row.ended_by.as_deref().map(|word| lang.word("ended-by", word)));
    tell("call-trunk", row.trunk.clone());
    tell("call-script", row.script.clone());
    tell("call-status", row.sip_status.map(|s| s.to_string()));
    tell("call-blame", row.blame.as_deref().filter(|b| *b != "none").map(|word| lang.word("blame", word)));
    tell("call-quality", mos);
    tell("call-consent", row.consent.as_deref().map(|word| lang.word("consent", word)));
    let spoke = speakers
        .iter()
        // Whoever is no agent of ours is told by what was rung.
        .map(|s| (s.agent.clone().unwrap_or_else(|| mask_numbers(&s.target)), frame.length(&s.talked_ms)))
        .map(|(who, talked)| format!("{who} {talked}"));
    tell("call-speakers", Some(spoke.collect::<Vec<_>>().join(", ")));
    tell("call-hash", row.sha256.as_deref().map(|hash| hash.chars().take(16).collect()));
    tell("call-alarm", row.alarm.as_deref().map(|word| lang.word("alarm", word)));
    all
}

fn seconds(ms: i64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}
