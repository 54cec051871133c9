//! The ledger of a department: the stages of tickets that have come to it, and what became of them.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::choice::{Choice, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::titles::Titles;
use crate::ticket::LedgerLine;

/// Lines that are shown; the file has all.
const MOST: usize = 200;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    pack: Option<String>,
    department: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// One stage of a ticket.
struct Line {
    row: LedgerLine,
    kind: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/ledger.html", blocks = ["rows"])]
struct Ledger {
    frame: Frame,
    tabs: Vec<NavItem>,
    reports: Vec<NavItem>,
    asked: Asked,
    packs: Vec<Choice>,
    department: String,
    departments: Vec<String>,
    lines: Vec<Line>,
    count: i64,
    open: i64,
    csv: String,
    told: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Ledger, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-ledger");
    let titles = Titles::read(visitor).await?;
    let (want, mut wrong) = match query::<Asked>(uri) {
        Ok(want) => (want, None),
        Err(problem) => (Asked::default(), Some(problem)),
    };
    // One that has departments; all have a file to be looked at by.
    let packs = || titles.packs(&frame, None).into_iter().map(|choice| choice.value);
    let first = || packs().find(|pack| !titles.departments(Some(pack)).is_empty()).or_else(|| packs().next());
    let pack = want.pack.clone().or_else(first).unwrap_or_default();
    let known = titles.departments(Some(&pack));
    let department = want.department.clone().or_else(|| known.first().cloned()).unwrap_or_default();
    let asked_of = asked(uri, &[("pack", &pack), ("department", &department)]);
    let mut rows = Items { items: Vec::new(), next: None };
    if wrong.is_none() && !department.is_empty() {
        match visitor.get::<Items<LedgerLine>>(&format!("/ticket-reports/ledger{asked_of}")).await {
            Ok(found) => rows = found,
            Err(problem) if problem.status == 422 => wrong = Some(problem),
            Err(problem) => return Err(problem),
        }
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let open = rows.items.iter().filter(|row| row.done.is_empty()).count();
    Ok(Ledger {
        tabs: super::tabs(visitor, "/tickets/ageing"),
        reports: super::reports(visitor, "/tickets/ledger"),
        packs: titles.packs(&frame, Some(&pack)),
        department,
        departments: known,
        count: number(rows.items.len()),
        open: number(open),
        lines: rows
            .items
            .into_iter()
            .take(MOST)
            .map(|row| Line { kind: titles.kind(&frame, &row.pack, &row.kind), row })
            .collect(),
        csv: format!("/api/v1/ticket-reports/ledger.csv{asked_of}"),
        told: wrong.as_ref().map(told).unwrap_or_default(),
        asked: want,
        frame,
    })
}
