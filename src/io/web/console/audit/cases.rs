//! Cases of the audit as a list, and the sheets of one's own calls.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query, segment};
use super::super::choice::told;
use super::super::frame::{Frame, NavItem, Visitor, listed, page};
use super::draw::whys;
use super::{class_of, list, score, tabs};
use crate::access::Permission;
use crate::base::CallId;
use crate::io::store::audits::CaseRow;

/// The filter of the list, as the API has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    draw: Option<i64>,
    auditor: Option<String>,
    agent: Option<String>,
    call: Option<String>,
    open: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// One case.
struct Line {
    id: i64,
    call: String,
    at: i64,
    agent: String,
    auditor: String,
    why: Vec<String>,
    is_second: bool,
    session: i64,
    due_at: Option<i64>,
    is_late: bool,
    is_done: bool,
    score: String,
    grade: String,
    class: &'static str,
    critical: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/cases.html", blocks = ["rows"])]
struct Cases {
    frame: Frame,
    /// People to whom cases can be given.
    known: Vec<String>,
    tabs: Vec<NavItem>,
    asked: Asked,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    mine: String,
    assigns: bool,
    told: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/own.html")]
struct Own {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
}

fn line(frame: &Frame, case: CaseRow) -> Line {
    let is_done = case.sheet_id.is_some();
    let at = case.call_id.parse::<CallId>().map(|id| id.timestamp().0).unwrap_or_default();
    Line {
        id: case.id,
        at,
        why: whys(frame, &case.why),
        is_second: case.second == 1,
        session: case.session_id.unwrap_or_default(),
        is_late: !is_done && case.due_at.is_some_and(|due| due < frame.times.now.0),
        due_at: case.due_at.filter(|_| !is_done),
        is_done,
        score: case.score.map(score).unwrap_or_default(),
        class: case.score.map(class_of).unwrap_or_default(),
        critical: case.critical.map_or(0, |text| i64::try_from(list(&text).len()).unwrap_or_default()),
        grade: case.grade.unwrap_or_default(),
        call: case.call_id,
        agent: case.agent,
        auditor: case.auditor,
    }
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let frame = visitor.frame(&api, "nav-audit", "audit-cases");
    let found = async {
        let wanted: Asked = query(&uri)?;
        let limit = wanted.limit.unwrap_or(50).to_string();
        let path = format!("/audits/cases{}", asked(&uri, &[("limit", &limit)]));
        Ok::<_, Problem>((wanted, visitor.get::<Items<CaseRow>>(&path).await?))
    };
    let (wanted, items, problem) = match found.await {
        Ok((wanted, items)) => (wanted, items, None),
        Err(problem) if problem.status == StatusCode::UNPROCESSABLE_ENTITY.as_u16() => {
            (Asked::default(), Items { items: Vec::new(), next: None }, Some(problem))
        }
        Err(problem) => return visitor.fault(&api, &problem),
    };
    let lines: Vec<Line> = items.items.into_iter().map(|case| line(&frame, case)).collect();
    let known = match super::known_auditors(&visitor).await {
        Ok(known) => known,
        Err(problem) => return visitor.fault(&api, &problem),
    };
    let shown = Cases {
        known,
        tabs: tabs(&visitor, "/audit/cases"),
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        lines,
        next: items.next.map(|next| next_page(&uri, &next)).unwrap_or_default(),
        csv: format!("/api/v1/audits/cases.csv{}", asked(&uri, &[("after", ""), ("limit", "")])),
        mine: match visitor.may(Permission::SheetsScore) {
            true => format!("/audit/cases?auditor={}&open=true", segment(visitor.caller.person())),
            false => String::new(),
        },
        assigns: visitor.may(Permission::CasesAssign),
        told: problem.as_ref().map(told).unwrap_or_default(),
        asked: wanted,
        frame,
    };
    listed(&visitor, &shown, &shown.as_rows(), problem.is_some())
}

pub(super) async fn own(State(api): State<Shared>, visitor: Visitor) -> Response {
    let frame = visitor.frame(&api, "nav-audit", "audit-own");
    match visitor.get::<Items<CaseRow>>("/audits/own").await {
        Ok(items) => page(&Own {
            tabs: tabs(&visitor, "/audit/own"),
            lines: items.items.into_iter().map(|case| line(&frame, case)).collect(),
            frame,
        }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
