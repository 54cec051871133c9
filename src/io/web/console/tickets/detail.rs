//! One ticket: where it stands, what is owed when and why, everything that happened, and what can be done.

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::api::{StageView, TicketDetail};
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::frame::{Frame, Visitor, page};
use super::acts::Acts;
use super::list::{Line, line};
use super::titles::Titles;
use crate::access::Permission;
use crate::io::store::ticket::{FileRow, TimelineRow};

/// A name with its value.
pub(super) struct Fact {
    pub label: String,
    pub value: String,
    pub href: String,
}

/// One stage.
#[derive(Default)]
pub(super) struct Stage {
    pub title: String,
    pub by: String,
    pub status: String,
    pub word: String,
    pub class: &'static str,
    pub due: Option<i64>,
    pub sum: Vec<String>,
    pub done_at: Option<i64>,
    pub done_by: String,
    pub call: String,
    pub is_breached: bool,
    pub is_next: bool,
}

/// Something that happened.
pub(super) struct Happened {
    pub at: i64,
    pub what: String,
    pub who: String,
    pub detail: String,
    pub call: String,
    pub class: &'static str,
}

/// A promise to the customer.
pub(super) struct Promised {
    pub at: i64,
    pub what: String,
    pub by: String,
    pub word: String,
    pub class: &'static str,
}

/// A file.
pub(super) struct Attached {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub size: String,
    pub by: String,
    pub at: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/detail.html", blocks = ["ticket"])]
struct Detail {
    frame: Frame,
    line: Line,
    title: String,
    facts: Vec<Fact>,
    flags: Vec<String>,
    next: Option<Stage>,
    stages: Vec<Stage>,
    happened: Vec<Happened>,
    promises: Vec<Promised>,
    files: Vec<Attached>,
    takes_files: bool,
    acts: Acts,
    departments: Vec<String>,
    meeting: Option<(String, String, String)>,
    repair: String,
    waits_since: Option<i64>,
    verify_sum: Vec<String>,
    verify_due: Option<i64>,
    severities: Vec<super::super::choice::Choice>,
    closed_how: String,
}

impl Detail {
    /// Day and time.
    fn whole(&self, at: &i64) -> String {
        self.frame.times.whole(*at)
    }
}

/// A stage as pages show it.
pub(super) fn stage(frame: &Frame, titles: &Titles, ticket: &TicketDetail, stage: &StageView) -> Stage {
    let row = &ticket.ticket;
    Stage {
        title: titles.stage(frame, &row.pack, &row.kind, &stage.id).unwrap_or_else(|| stage.title.clone()),
        by: match stage.by.as_str() {
            "department" => row.department.clone(),
            "owner" | "" => row.owner.clone(),
            other => other.to_owned(),
        },
        status: stage.status.clone(),
        word: frame.lang.word("tickets-stage", &stage.status),
        class: match stage.status.as_str() {
            "done" => "is-good",
            "late" | "overdue" => "is-bad",
            "open" => "is-accent",
            _ => "",
        },
        due: stage.due,
        sum: stage.sum.clone(),
        done_at: stage.done_at,
        done_by: stage.done_by.clone(),
        call: stage.call.clone().unwrap_or_default(),
        is_breached: stage.breached_at.is_some(),
        is_next: false,
    }
}

/// The stages that concern the ticket; the next deadline is marked.
pub(super) fn stages(frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Vec<Stage> {
    let concern = ticket.stages.iter().filter(|stage| stage.in_force);
    let mut all: Vec<Stage> = concern.map(|one| stage(frame, titles, ticket, one)).collect();
    let owed = |stage: &Stage| matches!(stage.status.as_str(), "open" | "overdue");
    let first = all.iter().filter(|stage| owed(stage)).filter_map(|stage| stage.due).min();
    if let Some(next) = all.iter_mut().find(|stage| owed(stage) && stage.due == first) {
        next.is_next = true;
    }
    all
}

/// What is owed first: a stage, or a promise to the customer.
fn next(frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Option<Stage> {
    let owed = ticket.stages.iter().filter(|s| s.in_force && matches!(s.status.as_str(), "open" | "overdue"));
    let first = owed.filter(|s| s.due.is_some()).min_by_key(|s| s.due);
    let first = first.map(|s| stage(frame, titles, ticket, s));
    let promise = ticket.promises.iter().filter(|p| p.kept_at.is_none()).min_by_key(|p| p.at);
    let Some(promise) = promise.filter(|p| first.as_ref().and_then(|s| s.due).is_none_or(|due| p.at.0 < due))
    else {
        return first;
    };
    let title = format!("{} {}", frame.lang.text("tickets-promised-reply"), promise.what);
    Some(Stage {
        title: title.trim_end().to_owned(),
        by: ticket.ticket.owner.clone(),
        due: Some(promise.at.0),
        ..Stage::default()
    })
}

/// What a line of the timeline says; stages by their titles.
fn told(frame: &Frame, titles: &Titles, ticket: &TicketDetail, row: &TimelineRow) -> String {
    if let ("opened", Some((kind, source))) = (row.action.as_str(), row.detail.split_once(" from ")) {
        let kind = titles.kind(frame, &ticket.ticket.pack, kind);
        return format!("{kind} · {}", frame.lang.word("tickets-source", source));
    }
    let stage = row.action.strip_prefix("stage.").and_then(|_| row.detail.split_once(':'));
    let Some((stage, rest)) = stage else {
        // What people wrote stays as they wrote it.
        let is_theirs = matches!(row.action.as_str(), "comment" | "file");
        return if is_theirs { row.detail.clone() } else { frame.lang.said(&row.detail).into_owned() };
    };
    let (pack, kind) = (&ticket.ticket.pack, &ticket.ticket.kind);
    let title = titles.stage(frame, pack, kind, stage).unwrap_or_else(|| stage.to_owned());
    let (result, more) = rest.trim().split_once(';').unwrap_or((rest.trim(), ""));
    let result = if result.is_empty() { String::new() } else { frame.lang.word("tickets-result", result) };
    [title, result, frame.lang.said(more.trim()).into_owned()]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Everything that happened, the newest first.
pub(super) fn happened(frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Vec<Happened> {
    let one = |row: &TimelineRow| Happened {
        at: row.at,
        what: frame.lang.word("tickets-did", &row.action.replace('.', "-")),
        who: if row.actor == "desk" {
            frame.lang.text("tickets-desk").into_owned()
        } else {
            row.actor.clone()
        },
        detail: told(frame, titles, ticket, row),
        call: row.call_id.clone().unwrap_or_default(),
        class: match row.action.as_str() {
            "breach" | "level" | "escalated" | "repeat" | "overridden" | "not_closed" => "is-bad",
            "warned" | "reminded" | "urged" | "waiting" => "is-warn",
            "stage.done" | "closed" | "verified" | "acknowledged" | "approved" => "is-good",
            "call" | "called_in" | "comment" | "file" | "promised" | "opened" => "is-accent",
            _ => "",
        },
    };
    ticket.timeline.iter().rev().map(one).collect()
}

fn promises(frame: &Frame, ticket: &TicketDetail) -> Vec<Promised> {
    let one = |promise: &crate::ticket::Promise| {
        let (word, class) = match (promise.kept_at, promise.broken_at) {
            (Some(_), _) => ("kept", "is-good"),
            (None, Some(_)) => ("broken", "is-bad"),
            (None, None) => ("open", "is-warn"),
        };
        Promised {
            at: promise.at.0,
            what: promise.what.clone(),
            by: promise.by.clone(),
            word: frame.lang.word("tickets-promise", word),
            class,
        }
    };
    ticket.promises.iter().rev().map(one).collect()
}

fn facts(frame: &Frame, visitor: &Visitor, ticket: &TicketDetail) -> Vec<Fact> {
    let (row, lang) = (&ticket.ticket, frame.lang);
    let mut all = Vec::new();
    let mut tell = |key: &str, value: String, href: String| {
        if !value.is_empty() {
            all.push(Fact { label: lang.text(key).into_owned(), value, href });
        }
    };
    let customer = row.customer_id.filter(|_| visitor.may(Permission::CustomersSee));
    tell(
        "tickets-name",
        mask_numbers(&row.name),
        customer.map(|id| format!("/customers/{id}")).unwrap_or_default(),
    );
    tell("field-phone", row.phone.clone(), String::new());
    tell("tickets-owner", row.owner.clone(), String::new());
    tell("tickets-department", row.department.clone(), String::new());
    let signed = ticket.acknowledged.as_ref();
    let signed = signed.map(|s| format!("{} · {}", s.by, frame.times.short(&s.at.0)));
    tell("tickets-acknowledged", signed.unwrap_or_default(), String::new());
    tell("tickets-matter", row.matter.clone(), String::new());
    tell("tickets-category", row.category.clone(), String::new());
    tell("tickets-source", lang.word("tickets-source", &row.source), String::new());
    tell("tickets-opened-at", frame.times.whole(row.opened_at), String::new());
    tell(
        "tickets-closed-at",
        row.closed_at.map(|at| frame.times.whole(at)).unwrap_or_default(),
        String::new(),
    );
    for approval in &ticket.approvals {
        let value =
            format!("{} · {} {}", approval.id, approval.signed.by, frame.times.short(&approval.signed.at.0));
        tell("tickets-approval", value, String::new());
    }
    for points in &ticket.points {
        tell("tickets-points", format!("{} {} {}", points.who, points.points, points.why), String::new());
    }
    for (name, value) in &ticket.fields {
        let href = if name == "call" { format!("/calls/{value}") } else { String::new() };
        let label = lang.word("tickets-field", name);
        if !value.trim().is_empty() {
            all.push(Fact { label, value: value.clone(), href });
        }
    }
    all
}

fn files(frame: &Frame, ticket: &TicketDetail) -> Vec<Attached> {
    let one = |row: &FileRow| Attached {
        id: row.id,
        name: row.name.clone(),
        kind: frame.lang.word("tickets-file", &row.kind),
        size: match row.bytes {
            ..1_024 => format!("{} B", row.bytes),
            1_024..1_048_576 => format!("{} kB", row.bytes / 1_024),
            _ => format!("{:.1} MB", row.bytes as f64 / 1_048_576.0),
        },
        by: row.added_by.clone(),
        at: row.added_at,
    };
    ticket.files.iter().map(one).collect()
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match read(&api, &visitor, &id).await {
        Ok(detail) if visitor.look.is_fragment => page(&detail.as_ticket()),
        Ok(detail) => page(&detail),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: &str) -> Result<Detail, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "nav-tickets");
    let path = format!("/tickets/{}", super::super::address::segment(id));
    let ticket = visitor.get::<TicketDetail>(&path).await?;
    let titles = Titles::read(visitor).await?;
    let row = &ticket.ticket;
    let stages_shown = stages(&frame, &titles, &ticket);
    let mut flags: Vec<String> = ticket.flags.iter().map(|f| frame.lang.word("tickets-flag", f)).collect();
    if row.level > 0 {
        flags.push(frame.lang.with("tickets-level", "n", row.level).into_owned());
    }
    if ticket.repeat > 1 {
        flags.push(frame.lang.with("tickets-repeat", "n", i64::from(ticket.repeat)).into_owned());
    }
    let repair = ticket.last_repair.as_ref();
    let repair = repair.map(|r| format!("{} {} {}", r.number, r.parts, r.finding)).unwrap_or_default();
    let verifies = row.phase == "verifying";
    let severity = Some(row.severity.as_str());
    Ok(Detail {
        title: titles.kind(&frame, &row.pack, &row.kind),
        facts: facts(&frame, visitor, &ticket),
        flags,
        next: next(&frame, &titles, &ticket),
        happened: happened(&frame, &titles, &ticket),
        promises: promises(&frame, &ticket),
        files: files(&frame, &ticket),
        takes_files: visitor.may(Permission::TicketsFiles),
        acts: Acts::of(visitor, &frame, &titles, &ticket),
        departments: titles.departments(None),
        meeting: ticket
            .meeting
            .as_ref()
            .map(|m| (m.date.clone(), m.participants.clone(), m.decision.clone())),
        repair,
        waits_since: ticket.waiting_since,
        verify_sum: if verifies { ticket.verification.sum.0.clone() } else { Vec::new() },
        verify_due: ticket.verification.due.map(|due| due.0).filter(|_| verifies),
        severities: super::super::choice::choices(
            &frame,
            "tickets-severity",
            ["ordinary", "serious", "major"],
            severity,
        ),
        closed_how: ticket.closed_how.clone(),
        stages: stages_shown,
        line: line(&frame, &titles, ticket.ticket.clone()),
        frame,
    })
}
