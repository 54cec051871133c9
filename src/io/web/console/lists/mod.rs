//! Lists and policies: what is called, by which rules.

use axum::Router;

use super::super::state::Shared;
use super::Need;

pub(super) const NEEDED: &[Need] = &[];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
}
