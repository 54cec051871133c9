//! Calibration: several people score one call, and their marks stand side by side.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::request::RowId;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{class_of, months, score, tabs, title_of};
use crate::access::Permission;
use crate::io::audit::SessionView;
use crate::io::store::audits::SessionRow;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/sessions.html")]
struct Sessions {
    frame: Frame,
    /// People to whom cases can be given.
    known: Vec<String>,
    tabs: Vec<NavItem>,
    sessions: Vec<SessionRow>,
    next: String,
    assigns: bool,
}

/// One auditor.
struct Person {
    name: String,
    case: i64,
    is_done: bool,
    score: String,
    grade: String,
    class: &'static str,
}

/// One item that was marked differently.
struct Line {
    item: String,
    title: String,
    /// In the order of the auditors; empty: it does not apply.
    given: Vec<String>,
    spread: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/session.html")]
struct Session {
    frame: Frame,
    session: SessionRow,
    people: Vec<Person>,
    is_complete: bool,
    spread: String,
    lines: Vec<Line>,
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let frame = visitor.frame(&api, "nav-audit", "audit-sessions");
    let known = async {
        let items: Items<SessionRow> = visitor.get(&format!("/audits/sessions{}", asked(&uri, &[]))).await?;
        Ok::<_, Problem>((items, super::known_auditors(&visitor).await?))
    };
    match known.await {
        Ok((items, known)) => page(&Sessions {
            known,
            tabs: tabs(&visitor, "/audit/sessions"),
            next: items.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            sessions: items.items,
            assigns: visitor.may(Permission::CasesAssign),
            frame,
        }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    id: Result<RowId, Problem>,
) -> Response {
    let read = async { read(&api, &visitor, id?.0).await };
    match read.await {
        Ok(session) => page(&session),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: i64) -> Result<Session, Problem> {
    let view: SessionView = visitor.get(&format!("/audits/sessions/{id}")).await?;
    let mut frame = visitor.frame(api, "nav-audit", "audit-sessions");
    frame.title.clone_from(&view.session.title);
    let forms = months::forms(visitor).await?;
    let title = |item: &str| {
        let found = forms.iter().find_map(|form| form.item.get(item));
        found.map_or_else(|| item.to_owned(), |i| title_of(frame.lang, &i.title, &i.title_en, item))
    };
    let names: Vec<&String> = view.cases.iter().map(|case| &case.auditor).collect();
    let lines = view
        .items
        .iter()
        .map(|item| Line {
            title: title(&item.item),
            given: names
                .iter()
                .map(|name| item.given.get(*name).copied().flatten().map(score).unwrap_or_default())
                .collect(),
            spread: score(item.spread),
            item: item.item.clone(),
        })
        .collect();
    let people = view
        .cases
        .iter()
        .map(|case| Person {
            name: case.auditor.clone(),
            case: case.id,
            is_done: case.sheet_id.is_some(),
            score: case.score.map(score).unwrap_or_default(),
            grade: case.grade.clone().unwrap_or_default(),
            class: case.score.map(class_of).unwrap_or_default(),
        })
        .collect();
    Ok(Session {
        is_complete: view.complete,
        spread: view.spread.map(score).unwrap_or_default(),
        session: view.session,
        people,
        lines,
        frame,
    })
}
