//! The day on a big screen: large figures, no controls.

use axum::extract::State;
use axum::response::Response;

use super::super::state::Shared;
use super::desk::QueueLine;
use super::frame::{Frame, Visitor, page};
use super::today::Board;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "wallboard.html", blocks = ["board"])]
struct Wallboard {
    frame: Frame,
    board: Board,
    queues: Vec<QueueLine>,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    let frame = visitor.frame(&api, "nav-today", "wallboard-title");
    let queues = api.parts.live.borrow().queues.clone();
    let queues = queues.into_iter().map(|queue| QueueLine::new(&frame, queue)).collect();
    match Board::read(&api, &visitor, &frame).await {
        Ok(board) if visitor.look.is_fragment => page(&Wallboard { frame, board, queues }.as_board()),
        Ok(board) => page(&Wallboard { frame, board, queues }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
