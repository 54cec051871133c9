//! The day on a big screen: large figures, no controls.

use axum::extract::State;
use axum::response::Response;

use super::super::state::Shared;
use super::frame::{Frame, Visitor, page};
use super::today::Board;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "wallboard.html", blocks = ["board"])]
struct Wallboard {
    frame: Frame,
    board: Board,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    let frame = visitor.frame(&api, "nav-today", "wallboard-title");
    match Board::read(&api, &visitor, &frame).await {
        Ok(board) if visitor.look.is_fragment => page(&Wallboard { frame, board }.as_board()),
        Ok(board) => page(&Wallboard { frame, board }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
