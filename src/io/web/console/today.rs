//! The first page: what today is about, how far it is, what stands in its way, and what to do next.

mod act;
mod board;
mod next;

pub(super) use act::{order, release};
pub(super) use board::Board;
pub(super) use next::Next;

use axum::extract::State;
use axum::response::Response;

use super::super::state::Shared;
use super::frame::{Frame, Visitor, page};

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "today.html", blocks = ["board"])]
struct Today {
    frame: Frame,
    board: Board,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    let frame = visitor.frame(&api, "nav-today", "nav-today");
    match Board::read(&api, &visitor, &frame).await {
        Ok(board) if visitor.look.is_fragment => page(&Today { frame, board }.as_board()),
        Ok(board) => page(&Today { frame, board }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
