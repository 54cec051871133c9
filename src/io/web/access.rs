//! What is noted of sound, words and names that somebody is given.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::auth::Caller;
use super::problem::Problem;
use super::server::Via;
use super::state::ApiState;
use crate::io::store::custody::NewAccess;

/// Where a request came from: the client's address, or `local` for the unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Origin(match parts.extensions.get::<Via>() {
            Some(Via::Tcp(peer)) => peer.ip().to_string(),
            Some(Via::Unix) => "local".to_owned(),
            None => "unknown".to_owned(),
        }))
    }
}

/// Notes what a caller is given. What cannot be noted is not given.
pub async fn given(
    api: &ApiState,
    caller: &Caller,
    origin: &Origin,
    (what, subject, detail): (&str, &str, &str),
    part: Option<(i64, i64)>,
) -> Result<(), Problem> {
    let new = NewAccess { who: &caller.name, place: &origin.0, what, subject, detail, part };
    Ok(api.store().note_access(&new, api.now()).await?)
}
