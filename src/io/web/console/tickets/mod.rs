//! Tickets: by deadline, as a board, one with its whole history, a department's view by its link, and
//! the rosters of those on call.

mod acts;
mod ageing;
mod board;
mod delay;
mod department;
mod detail;
mod ledger;
mod list;
mod new;
mod points;
mod roster;
mod titles;

use axum::Router;
use axum::routing::get;

pub(super) use self::titles::Titles;
use super::super::state::Shared;
use super::frame::{NavItem, Visitor};
use super::{Need, frame};
use crate::access::Permission;
use crate::io::store::Thing;

pub(super) const NEEDED: &[Need] = &[
    ("/tickets", Permission::TicketsSee, None),
    ("/tickets/board", Permission::TicketsSee, None),
    ("/tickets/new", Permission::TicketsOpen, None),
    ("/tickets/roster", Permission::RostersSee, None),
    ("/tickets/roster/{pack}/{month}", Permission::RostersSee, None),
    ("/tickets/ageing", Permission::TicketReportsSee, None),
    ("/tickets/ledger", Permission::TicketReportsSee, None),
    ("/tickets/points", Permission::TicketReportsSee, None),
    ("/tickets/delay", Permission::TicketReportsSee, None),
    ("/tickets/{id}", Permission::TicketsSee, Some(Thing::Ticket)),
];

/// Pages of this section: key of the name, address, what one needs to see it.
const TABS: [(&str, &str, Permission); 4] = [
    ("tickets-list", "/tickets", Permission::TicketsSee),
    ("tickets-board-title", "/tickets/board", Permission::TicketsSee),
    ("tickets-roster-title", "/tickets/roster", Permission::RostersSee),
    ("tickets-reports-title", "/tickets/ageing", Permission::TicketReportsSee),
];

/// What tickets add up to: key of the name, address.
const REPORTS: [(&str, &str, Permission); 4] = [
    ("tickets-ageing", "/tickets/ageing", Permission::TicketReportsSee),
    ("tickets-ledger", "/tickets/ledger", Permission::TicketReportsSee),
    ("tickets-points-title", "/tickets/points", Permission::TicketReportsSee),
    ("tickets-delay", "/tickets/delay", Permission::TicketReportsSee),
];

/// The pages of the section that the visitor may see.
fn tabs(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    frame::tabs(visitor, &TABS, here)
}

/// The reports on tickets.
fn reports(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    frame::tabs(visitor, &REPORTS, here)
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/tickets", get(list::show))
        .route("/tickets/board", get(board::show))
        .route("/tickets/new", get(new::show))
        .route("/tickets/roster", get(roster::index))
        .route("/tickets/roster/{pack}/{month}", get(roster::show))
        .route("/tickets/ageing", get(ageing::show))
        .route("/tickets/ledger", get(ledger::show))
        .route("/tickets/points", get(points::show))
        .route("/tickets/delay", get(delay::show))
        .route("/tickets/{id}", get(detail::show))
}

/// Pages for whom nobody has logged in: the secret in the address is the right.
pub(super) fn open_routes() -> Router<Shared> {
    Router::new().route("/department/{secret}/ticket", get(department::show))
}
