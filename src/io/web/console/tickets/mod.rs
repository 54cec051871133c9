//! Tickets: by deadline, one with its whole history, departments, roster.

use axum::Router;

use super::super::state::Shared;
use super::Need;

pub(super) const NEEDED: &[Need] = &[];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
}
