//! Tickets as columns by the stage that is the next, the most urgent first in each.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::super::api::tickets::Query;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::list::{Line, line, of_api};
use super::titles::Titles;
use crate::io::store::ticket::TicketRow;

/// Tickets on the board; the list has all.
const MOST: usize = 150;

/// One column.
struct Column {
    title: String,
    lines: Vec<Line>,
    late: usize,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/board.html", blocks = ["board"])]
struct Board {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Query,
    packs: Vec<Choice>,
    kinds: Vec<Choice>,
    departments: Vec<String>,
    columns: Vec<Column>,
    list: String,
    is_cut: bool,
    said: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(board) if visitor.look.is_fragment => page(&board.as_board()),
        Ok(board) => page(&board),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Board, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-board-title");
    let titles = Titles::read(visitor).await?;
    let asked_for = query::<Query>(uri)?;
    let most = MOST.to_string();
    let more = [("sort", "due"), ("limit", most.as_str()), ("after", "")];
    let rows =
        visitor.get::<Items<TicketRow>>(&format!("/tickets{}", of_api(uri, &asked_for, &more))).await?;
    let (count, is_cut) = (rows.items.len(), rows.next.is_some());
    let mut columns: Vec<(usize, Column)> = Vec::new();
    for row in rows.items {
        let place = place(&titles, &row);
        let shown = line(&frame, &titles, row);
        let late = usize::from(shown.is_late);
        match columns.iter_mut().find(|(_, column)| column.title == shown.state) {
            Some((first, column)) => {
                *first = (*first).min(place);
                column.late += late;
                column.lines.push(shown);
            }
            None => columns.push((place, Column { title: shown.state.clone(), lines: vec![shown], late })),
        }
    }
    columns.sort_by_key(|(place, _)| *place);
    let pack = asked_for.pack.as_deref();
    Ok(Board {
        tabs: super::tabs(visitor, "/tickets/board"),
        packs: titles.packs(&frame, pack),
        kinds: titles.kinds(&frame, pack, asked_for.kind.as_deref()),
        departments: titles.departments(pack),
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        list: format!("/tickets{}", asked(uri, &[])),
        is_cut,
        said: frame.lang.with("tickets-count", "n", i64::try_from(count).unwrap_or(i64::MAX)).into_owned(),
        asked: asked_for,
        frame,
    })
}

/// Which stage of its type a ticket is at; who asks the customer comes last.
fn place(titles: &Titles, row: &TicketRow) -> usize {
    let stages = titles.of(&row.pack, &row.kind).map(|of| of.stages.as_slice()).unwrap_or_default();
    let place = stages.iter().position(|stage| stage.state == row.state);
    place.unwrap_or(if row.phase == "open" { 50 } else { 99 })
}
