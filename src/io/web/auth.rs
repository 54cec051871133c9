//! Who asks, and whether they may.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::server::Via;
use super::state::{ApiState, Shared};
use crate::io::store::AuditLine;

/// What a token starts with, so that scanners of leaked secrets know it.
pub const TOKEN_PREFIX: &str = "rb_";
/// Random bytes of a token: cannot be guessed.
const TOKEN_BYTES: usize = 32;
/// Longest bearer text that is looked at.
const TOKEN_TEXT_LIMIT: usize = 128;

/// What a token may do; each scope holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See lists, campaigns, calls and their results; numbers are masked.
    Read,
    /// Import, start and stop campaigns, hear recordings, see traces and whole numbers.
    Operate,
    /// Tokens, audit log, drain, reload.
    Admin,
}

impl Scope {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Operate => "operate",
            Scope::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Scope::Read, Scope::Operate, Scope::Admin]
            .into_iter()
            .find(|s| s.as_str() == word)
            .ok_or_else(|| format!("`{word}` is not a scope: write read, operate or admin"))
    }
}

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

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(b"0123456789abcdef"[d as usize])).collect()
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's name, or `local` for the unix socket.
    pub name: String,
    /// What they may do.
    pub scope: Scope,
    /// Roles of the company that they hold: what they may sign.
    pub roles: Vec<String>,
    /// Hash of the token or session, to ask again whether it is still valid; None for the unix socket.
    token: Option<String>,
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
    pub(super) fn logged_in(name: String, scope: Scope, roles: Vec<String>, hash: &str) -> Self {
        Caller { name, scope, roles, token: Some(hash.to_owned()) }
    }

    /// Refuses a caller whose scope is smaller than `needed`.
    pub fn needs(&self, needed: Scope) -> Result<(), Problem> {
        if self.scope >= needed {
            return Ok(());
        }
        Err(Problem::forbidden(needed.as_str(), self.scope.as_str()))
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

/// Lets in who shows a valid token, or comes over the unix socket.
pub(super) async fn authenticate(State(api): State<Shared>, mut request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>().copied();
    match identify(&api, via, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

pub(super) async fn identify(
    api: &ApiState,
    via: Option<Via>,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let peer = match via {
        Some(Via::Unix) => {
            return Ok(Caller { name: "local".into(), scope: Scope::Admin, roles: Vec::new(), token: None });
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
    let scope = token.scope.parse().map_err(|e: String| Problem::internal(&e))?;
    let roles = token.roles();
    Ok(Caller { name: token.name, scope, roles, token: Some(token.hash) })
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

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident => $scope:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Caller);

        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)?;
                caller.needs($scope)?;
                Ok($name(caller))
            }
        }
    )*};
}

scopes! {
    /// A handler that takes this is open to every scope.
    Read => Scope::Read;
    /// A handler that takes this needs scope `operate`.
    Operate => Scope::Operate;
    /// A handler that takes this needs scope `admin`.
    Admin => Scope::Admin;
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

    #[test]
    fn scopes_hold_the_smaller_ones() {
        let caller = Caller { name: "t".into(), scope: Scope::Operate, roles: Vec::new(), token: None };
        assert!(caller.needs(Scope::Read).is_ok());
        assert!(caller.needs(Scope::Operate).is_ok());
        assert_eq!(caller.needs(Scope::Admin).unwrap_err().status, 403);
    }
}
