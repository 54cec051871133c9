//! Who asks, and whether they may.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::live::LiveAgent;
use super::permit;
use super::problem::Problem;
use super::server::Via;
use super::state::{ApiState, Shared};
use crate::access::{Access, Permission, Reach};
use crate::base::hex;
use crate::io::store::{AuditLine, Thing};

/// What a token starts with, so that scanners of leaked secrets know it.
pub const TOKEN_PREFIX: &str = "rb_";
/// Random bytes of a token: cannot be guessed.
const TOKEN_BYTES: usize = 32;
/// Longest bearer text that is looked at.
const TOKEN_TEXT_LIMIT: usize = 128;

/// A new secret: `rb_` and 43 characters. It is shown once and stored nowhere.
pub fn new_secret() -> Result<String, String> {
    let mut bytes = [0u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|e| format!("the operating system gives no random bytes: {e}"))?;
    Ok(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Hex SHA-256 of a secret, as the store keeps it. A secret of 256 random bits needs no
/// slow hash: it cannot be tried out.
pub fn hash_secret(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Who asks, and what their roles let them do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's name, or `local` for the unix socket.
    pub name: String,
    /// What they may do, and with whose things.
    pub access: Arc<Access>,
    /// Hash of the token or session, to ask again whether it is still valid; None for the unix socket.
    token: Option<String>,
    /// They came by name and password: the name is that of an account.
    is_session: bool,
}

impl Caller {
    /// Appends a line about what this caller did to the audit log. What cannot be logged is not done.
    pub async fn audit(
        &self,
        api: &ApiState,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), Problem> {
        let line = AuditLine { at: api.now(), actor: &self.name, action, subject, detail };
        Ok(api.store().append_audit(&line).await?)
    }

    /// Somebody behind the session with that hash.
    pub(super) fn logged_in(access: Access, hash: &str) -> Self {
        let name = access.holder().name.clone();
        Caller { name, access: Arc::new(access), token: Some(hash.to_owned()), is_session: true }
    }

    /// Whether they came by name and password.
    pub(super) fn is_session(&self) -> bool {
        self.is_session
    }

    /// The name under which they act where persons are told apart: that of their agent, else the token's.
    pub fn person(&self) -> &str {
        let agent = &self.access.holder().agent;
        if agent.is_empty() { &self.name } else { agent }
    }

    /// Whether something is allowed at all.
    pub fn may(&self, permission: Permission) -> bool {
        self.access.may(permission)
    }

    /// Refuses a caller none of whose roles gives a permission.
    pub fn needs(&self, needed: Permission) -> Result<(), Problem> {
        if self.may(needed) {
            return Ok(());
        }
        Err(Problem::forbidden(needed, &self.access.holder().roles))
    }

    /// Whose things a permission reaches: what lists are narrowed by.
    pub fn reach(&self, permission: Permission) -> Reach {
        self.access.reach(permission)
    }

    /// Refuses a thing that a permission does not reach. What does not exist is left to the handler,
    /// whose words are better.
    pub async fn needs_in_reach(
        &self,
        api: &ApiState,
        permission: Permission,
        thing: Thing,
        id: &str,
    ) -> Result<(), Problem> {
        self.needs(permission)?;
        let reach = self.reach(permission);
        if thing == Thing::Call && talks_now(api, &reach, id) {
            return Ok(());
        }
        if reach.is_all() || api.store().is_reached(thing, id, &reach).await? != Some(false) {
            return Ok(());
        }
        Err(Problem::out_of_reach(permission))
    }

    /// Whether callbacks that a rule gives to a role of the company are theirs: who assigns callbacks may
    /// make all.
    pub fn calls_as(&self, role: &str) -> bool {
        role.is_empty()
            || self.may(Permission::CallbacksAssign)
            || self.access.titles().iter().any(|title| title == role)
    }

    /// Whether the token is still good: a stream asks this as long as it runs.
    pub(super) async fn is_still_valid(&self, api: &ApiState) -> bool {
        let Some(hash) = &self.token else { return true };
        match api.store().token_by_hash(hash).await {
            Ok(Some(token)) => token.is_valid_at(api.now()),
            Ok(None) => super::session::is_open(api, hash).await,
            // While the database is away nobody can be told apart; a stream that was let in stays.
            Err(_) => true,
        }
    }
}

/// Lets in who shows a valid token, or comes over the unix socket, and whose roles give what the
/// route needs.
pub(super) async fn authenticate(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>().copied();
    let (mut parts, body) = request.into_parts();
    let caller = match parts.extensions.remove::<Caller>() {
        // The console asks in the name of somebody who has been let in; nothing outside can say so.
        Some(caller) => caller,
        None => match identify(&api, via, &parts.headers).await {
            Ok(caller) => caller,
            Err(problem) => return problem.into_response(),
        },
    };
    if let Err(problem) = permit::permit(&api, &caller, &mut parts).await {
        return problem.into_response();
    }
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, body)).await
}

pub(super) async fn identify(
    api: &ApiState,
    via: Option<Via>,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let peer = match via {
        Some(Via::Unix) => {
            let access = Arc::new(Access::everything("local"));
            return Ok(Caller { name: "local".into(), access, token: None, is_session: false });
        }
        Some(Via::Tcp(peer)) => peer.ip(),
        // A server that does not say how the request came is a mistake of ours; nobody profits from it.
        None => return Err(Problem::unauthorized()),
    };
    api.limits.address(peer).map_err(|s| {
        Problem::too_many(s, "too many requests without a valid token came from this address")
    })?;
    if !headers.contains_key(header::AUTHORIZATION)
        && let Some(caller) = super::session::caller(api, headers).await
    {
        return caller;
    }
    let Some(token) = look_up(api, headers).await? else {
        api.limits.failure(peer);
        tracing::warn!(%peer, "HTTP request without a valid token");
        return Err(Problem::unauthorized());
    };
    api.limits.request(token.id).map_err(|s| Problem::too_many(s, "this token asks too often"))?;
    let access = Arc::new(api.access_of(token.holder()));
    Ok(Caller { name: token.name, access, token: Some(token.hash), is_session: false })
}

async fn look_up(api: &ApiState, headers: &HeaderMap) -> Result<Option<crate::io::store::Token>, Problem> {
    let Some(secret) = bearer(headers) else { return Ok(None) };
    let hash = hash_secret(secret);
    let token = api.store().token_by_hash(&hash).await?;
    Ok(token.filter(|t| bool::from(t.hash.as_bytes().ct_eq(hash.as_bytes())) && t.is_valid_at(api.now())))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ')?;
    let secret = secret.trim();
    let good = scheme.eq_ignore_ascii_case("bearer")
        && secret.starts_with(TOKEN_PREFIX)
        && secret.len() <= TOKEN_TEXT_LIMIT;
    good.then_some(secret)
}

/// Whether somebody who is reached has a call at this moment: what the store knows of a call's people
/// is written at its end.
fn talks_now(api: &ApiState, reach: &Reach, call: &str) -> bool {
    let live = api.parts.live.borrow();
    let has = |agent: &LiveAgent| agent.call.is_some_and(|own| own.to_string() == call);
    live.agents.iter().any(|agent| has(agent) && reach.has_person(&agent.name))
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_their_hash_is_the_known_one() {
        let (a, b) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(a, b);
        assert!(a.starts_with("rb_") && a.len() == 46, "{a}");
        assert_eq!(hash_secret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn only_a_bearer_token_of_ours_is_looked_at() {
        let check = |text: &str, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            assert_eq!(bearer(&headers), expect, "{text}");
        };
        check("Bearer rb_x", Some("rb_x"));
        check("bearer  rb_x ", Some("rb_x"));
        check("Basic rb_x", None);
        check("Bearer xx_x", None);
        check("rb_x", None);
        check(&format!("Bearer rb_{}", "x".repeat(200)), None);
    }
}
