//! The audit: draw, listen and score, appeal, calibration, results.

use axum::Router;

use super::super::state::Shared;
use super::Need;

pub(super) const NEEDED: &[Need] = &[];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
}
