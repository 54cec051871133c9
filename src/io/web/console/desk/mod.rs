//! The agent's desk: state, the call with its card, script and questionnaire.

use axum::Router;

use super::super::state::Shared;
use super::Need;

pub(super) const NEEDED: &[Need] = &[];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
}
