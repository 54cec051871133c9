//! Settings: accounts, roles, tokens, trunks, prompts, notices, the system.

use axum::Router;

use super::super::state::Shared;
use super::Need;

pub(super) const NEEDED: &[Need] = &[];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
}
