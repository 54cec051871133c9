//! Tickets by deadline: a list whose filter stands in the address.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::super::api::tickets::Query;
use super::super::super::listing::Items;
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::{Choice, choices, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::titles::Titles;
use crate::access::Permission;
use crate::io::store::ticket::{TicketRow, TicketSort};

/// One ticket.
pub(super) struct Line {
    pub id: i64,
    pub number: String,
    pub kind: String,
    pub state: String,
    pub class: &'static str,
    pub severity: String,
    pub is_grave: bool,
    pub owner: String,
    pub department: String,
    pub name: String,
    pub phone: String,
    pub matter: String,
    pub opened: i64,
    pub due: Option<i64>,
    pub is_late: bool,
    /// Due within two hours.
    pub is_soon: bool,
}

/// A deadline within this time stands out.
const SOON_MS: i64 = 2 * 3_600_000;

pub(super) fn line(frame: &Frame, titles: &Titles, row: TicketRow) -> Line {
    let now = frame.times.now.0;
    let left = row.due_at.map(|due| due - now);
    Line {
        id: row.id,
        kind: titles.kind(frame, &row.pack, &row.kind),
        state: titles.state(frame, &row.pack, &row.kind, &row.state),
        class: match row.phase.as_str() {
            "closed" => "is-done",
            "verifying" => "is-accent",
            "joined" => "",
            _ => "is-warn",
        },
        is_grave: matches!(row.severity.as_str(), "serious" | "major"),
        severity: frame.lang.word("tickets-severity", &row.severity),
        owner: row.owner,
        department: row.department,
        // Who called without being known is named by their number.
        name: mask_numbers(&row.name),
        phone: row.phone,
        matter: row.matter,
        opened: row.opened_at,
        due: row.due_at,
        is_late: left.is_some_and(|left| left <= 0),
        is_soon: left.is_some_and(|left| left > 0 && left <= SOON_MS),
        number: row.number,
    }
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/list.html", blocks = ["rows"])]
struct List {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Query,
    packs: Vec<Choice>,
    kinds: Vec<Choice>,
    phases: Vec<Choice>,
    sorts: Vec<Choice>,
    departments: Vec<String>,
    is_overdue: bool,
    opens: bool,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    board: String,
    told: String,
}

/// The query of the API for what a page was asked for: tickets that are not over, by deadline, where it
/// does not say otherwise.
pub(super) fn of_api(uri: &Uri, asked_for: &Query, more: &[(&str, &str)]) -> String {
    let phase = match asked_for.phase.as_deref() {
        None => "owed",
        Some("all") => "",
        Some(phase) => phase,
    };
    let says_sort = uri.query().is_some_and(|query| query.contains("sort="));
    let mut pairs = vec![("phase", phase)];
    if !says_sort && more.iter().all(|(name, _)| *name != "sort") {
        pairs.push(("sort", "due"));
    }
    pairs.extend_from_slice(more);
    asked(uri, &pairs)
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok((list, is_wrong)) => listed(&visitor, &list, &list.as_rows(), is_wrong),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<(List, bool), Problem> {
    let frame = visitor.frame(api, "nav-tickets", "nav-tickets");
    let titles = Titles::read(visitor).await?;
    let (asked_for, mut wrong) = match query::<Query>(uri) {
        Ok(asked_for) => (asked_for, None),
        Err(problem) => (Query::default(), Some(problem)),
    };
    let mut rows = Items { items: Vec::new(), next: None };
    if wrong.is_none() {
        match visitor.get::<Items<TicketRow>>(&format!("/tickets{}", of_api(uri, &asked_for, &[]))).await {
            Ok(found) => rows = found,
            Err(problem) if problem.status == 422 => wrong = Some(problem),
            Err(problem) => return Err(problem),
        }
    }
    let sort = match asked_for.sort {
        TicketSort::Newest if uri.query().is_some_and(|q| q.contains("sort=newest")) => "newest",
        _ => "due",
    };
    let phases = ["owed", "open", "verifying", "closed", "joined", "all"];
    let pack = asked_for.pack.as_deref();
    let list = List {
        tabs: super::tabs(visitor, "/tickets"),
        packs: titles.packs(&frame, pack),
        kinds: titles.kinds(&frame, pack, asked_for.kind.as_deref()),
        phases: choices(&frame, "tickets-phase", phases, Some(asked_for.phase.as_deref().unwrap_or("owed"))),
        sorts: choices(&frame, "tickets-sort", ["due", "newest"], Some(sort)),
        departments: titles.departments(pack),
        is_overdue: matches!(asked_for.overdue.as_deref(), Some("1" | "true")),
        opens: visitor.may(Permission::TicketsOpen),
        count: i64::try_from(rows.items.len()).unwrap_or(i64::MAX),
        lines: rows.items.into_iter().map(|row| line(&frame, &titles, row)).collect(),
        next: rows.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        csv: format!("/api/v1/tickets.csv{}", of_api(uri, &asked_for, &[("after", "")])),
        board: format!("/tickets/board{}", asked(uri, &[("after", ""), ("sort", ""), ("phase", "")])),
        told: wrong.as_ref().map(told).unwrap_or_default(),
        asked: asked_for,
        frame,
    };
    Ok((list, wrong.is_some()))
}
