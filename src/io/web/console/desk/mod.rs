//! The agent's desk: state, the call with its card, script and questionnaire; and the floor with all
//! agents and queues.

mod call_in;
mod card;
mod names;
mod promised;
mod queue;
mod screen;
mod team;

use axum::Router;
use axum::routing::get;

pub(super) use queue::QueueLine;

use super::super::state::Shared;
use super::Need;
use crate::access::Permission;

pub(super) const NEEDED: &[Need] =
    &[("/desk", Permission::AgentsCard, None), ("/desk/team", Permission::AgentsSee, None)];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/desk", get(screen::show)).route("/desk/team", get(team::show))
}
