//! Who may be given sound and words of a call, and what is noted of it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::auth::{Caller, Scope};
use super::problem::Problem;
use super::server::Via;
use super::state::ApiState;
use crate::base::CallId;
use crate::io::store::custody::NewAccess;

/// The role whose holder hears their own calls only.
const AGENT: &str = "agent";
/// Roles whose holders hear those of others too.
const LISTENERS: [&str; 3] = ["auditor", "supervisor", "manager"];

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

/// Refuses an agent the sound of a call in which they did not talk. Auditors, supervisors, managers and
/// the scope `admin` hear all; so does a token without a role, as its scope says.
pub async fn may_hear(api: &ApiState, caller: &Caller, call: CallId) -> Result<(), Problem> {
    let has = |roles: &[&str]| caller.roles.iter().any(|role| roles.contains(&role.as_str()));
    if caller.scope == Scope::Admin || !has(&[AGENT]) || has(&LISTENERS) {
        return Ok(());
    }
    if api.store().agents_of_call(&call.to_string()).await?.contains(&caller.name) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "An agent hears their own calls only",
        format!(
            "{} did not talk in call {call}; ask a supervisor, or use a token with the role auditor",
            caller.name
        ),
    ))
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
