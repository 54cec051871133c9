//! Tickets: by deadline, as a board, one with its whole history, a department's view by its link, and
//! the rosters of those on call.

mod acts;
mod board;
mod department;
mod detail;
mod list;
mod new;
mod roster;
mod titles;

use axum::Router;
use axum::routing::get;

pub(super) use self::titles::Titles;
use super::super::state::Shared;
use super::Need;
use crate::access::Permission;
use crate::io::store::Thing;

pub(super) const NEEDED: &[Need] = &[
    ("/tickets", Permission::TicketsSee, None),
    ("/tickets/board", Permission::TicketsSee, None),
    ("/tickets/new", Permission::TicketsOpen, None),
    ("/tickets/roster", Permission::RostersSee, None),
    ("/tickets/roster/{pack}/{month}", Permission::RostersSee, None),
    ("/tickets/{id}", Permission::TicketsSee, Some(Thing::Ticket)),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/tickets", get(list::show))
        .route("/tickets/board", get(board::show))
        .route("/tickets/new", get(new::show))
        .route("/tickets/roster", get(roster::index))
        .route("/tickets/roster/{pack}/{month}", get(roster::show))
        .route("/tickets/{id}", get(detail::show))
}

/// Pages for whom nobody has logged in: the secret in the address is the right.
pub(super) fn open_routes() -> Router<Shared> {
    Router::new().route("/department/{secret}/ticket", get(department::show))
}
