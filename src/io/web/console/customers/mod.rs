//! Customers: found, known, corrected.

mod card;
mod search;
mod timeline;

use axum::Router;
use axum::routing::get;

use super::super::state::Shared;
use super::Need;
use crate::access::Permission;
use crate::io::store::Thing;

pub(super) const NEEDED: &[Need] = &[
    ("/customers", Permission::CustomersSee, None),
    ("/customers/{id}", Permission::CustomersSee, Some(Thing::Customer)),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/customers", get(search::show)).route("/customers/{id}", get(card::show))
}
