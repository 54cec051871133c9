//! Sessions of browsers: the cookie, who stands behind it, logging in and out.
//!
//! A session gives the same [`Caller`] as a token. Requests of other sites are refused by the
//! router (`router.rs`), so the cookie alone is enough for unsafe methods too.

use std::net::IpAddr;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, header};

use super::auth::{Caller, hash_secret, new_secret};
use super::problem::Problem;
use super::state::ApiState;
use crate::access::Holder;
use crate::account::{self, Weak};
use crate::base::Timestamp;
use crate::io::store::Account;

/// Name of the cookie.
const COOKIE: &str = "rb_session";

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether a request comes with the cookie of a session, good or not.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    cookie(headers, COOKIE).is_some()
}

/// The caller behind the cookie of a request; None: there is no cookie.
pub(super) async fn caller(api: &ApiState, headers: &HeaderMap) -> Option<Result<Caller, Problem>> {
    let secret = cookie(headers, COOKIE)?;
    Some(caller_of(api, &hash_secret(secret)).await)
}

async fn caller_of(api: &ApiState, hash: &str) -> Result<Caller, Problem> {
    let session = api.store().session(hash).await?.ok_or_else(Problem::unauthorized)?;
    let (began, seen, now) = (Timestamp(session.began_at), Timestamp(session.seen_at), api.now());
    if session.locked_at.is_some() || !account::is_open(began, seen, now) {
        return Err(Problem::unauthorized());
    }
    // Tokens count up from 1, so accounts have the numbers below 0.
    let asks = api.limits.request(-session.account_id);
    asks.map_err(|s| Problem::too_many(s, "this session asks too often"))?;
    if now.millis_since(seen) >= account::SEEN_EVERY.as_millis() as i64 {
        api.store().touch_session(hash, now).await?;
    }
    let holder = Holder {
        roles: session.roles(),
        name: session.name,
        agent: session.agent,
        department: session.department,
        shop: session.shop,
    };
    Ok(Caller::logged_in(api.access_of(holder), hash))
}

/// Whether the session with that hash is still open: a stream asks this as long as it runs.
pub(super) async fn is_open(api: &ApiState, hash: &str) -> bool {
    let Ok(found) = api.store().session(hash).await else { return true };
    found.is_some_and(|s| {
        s.locked_at.is_none() && account::is_open(Timestamp(s.began_at), Timestamp(s.seen_at), api.now())
    })
}

/// What came of a try to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// The `Set-Cookie` of the session.
    Open(HeaderValue),
    /// Wrong name, password or code: which, is not said.
    Wrong,
    /// Too many failures: looked at again from then on.
    Shut(Timestamp),
    /// A person has locked the account.
    Locked,
}

/// Logs in by name, password and, where the account asks for one, a one-time code.
pub(super) async fn log_in(
    api: &ApiState,
    peer: IpAddr,
    (name, password, code): (&str, &str, &str),
) -> Result<Entrance, Problem> {
    api.limits.address(peer).map_err(|s| Problem::too_many(s, "too many failures came from this address"))?;
    let found = api.store().account(name.trim()).await?;
    let now = api.now();
    if let Some(account) = &found {
        let opens =
            account::opens_at(account.failures.try_into().unwrap_or(u32::MAX), Timestamp(account.failed_at));
        if opens > now {
            return Ok(Entrance::Shut(opens));
        }
    }
    let phc = found.as_ref().and_then(|a| a.password.clone());
    let is_right = is_password(api, password, phc).await?;
    let Some(account) = found else {
        api.limits.failure(peer);
        return Ok(Entrance::Wrong);
    };
    let step = match account.totp.as_deref().and_then(account::secret_of) {
        Some(secret) => account::accepted(&secret, code, now, account.totp_step).map(Some),
        None => Some(None),
    };
    let (true, Some(step)) = (is_right, step) else {
        api.limits.failure(peer);
        api.store().note_login_failure(account.id, now).await?;
        tracing::warn!(%peer, account = account.name, "a login failed");
        return Ok(Entrance::Wrong);
    };
    if account.locked_at.is_some() {
        return Ok(Entrance::Locked);
    }
    Ok(open(api, &account, step, peer).await?.map_or(Entrance::Wrong, Entrance::Open))
}

/// Opens a session; None: the one-time code was used a moment ago.
pub(super) async fn open(
    api: &ApiState,
    account: &Account,
    step: Option<i64>,
    peer: IpAddr,
) -> Result<Option<HeaderValue>, Problem> {
    let secret = new_secret().map_err(|e| Problem::internal(&e))?;
    let whose = (account.id, account.name.as_str());
    let is_new =
        api.store().add_session(&hash_secret(&secret), whose, step, &peer.to_string(), api.now()).await?;
    Ok(is_new.then(|| set_cookie(api, COOKIE, &secret, account::ABSOLUTE.as_secs(), true)))
}

/// Ends the session of a request; gives the `Set-Cookie` that removes its cookie.
pub(super) async fn log_out(api: &ApiState, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    if let Some(secret) = cookie(headers, COOKIE) {
        api.store().end_session(&hash_secret(secret)).await?;
    }
    Ok(set_cookie(api, COOKIE, "", 0, true))
}

/// A `Set-Cookie`. Secure follows the configured public URL: over plain HTTP in a local network a
/// secure cookie would never come back.
pub(super) fn set_cookie(api: &ApiState, name: &str, value: &str, seconds: u64, hidden: bool) -> HeaderValue {
    let secure = if api.public_url().starts_with("https:") { "; Secure" } else { "" };
    let hidden = if hidden { "; HttpOnly" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax{hidden}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whether a password is that of the PHC string. Where there is none the same work is done, so
/// that the time does not tell which names exist.
async fn is_password(api: &ApiState, password: &str, phc: Option<String>) -> Result<bool, Problem> {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    if password.chars().count() > account::LONGEST {
        return Ok(false);
    }
    let password = password.to_owned();
    let check = move || match phc {
        Some(phc) => account::verify(&password, &phc),
        None => {
            let phc = NOBODYS.get_or_init(|| account::hash("", &[0; 16]).unwrap_or_default());
            account::verify(&password, phc);
            false
        }
    };
    on_a_thread(api, check).await
}

/// Whether `password` opens the account.
pub(super) async fn is_password_of(
    api: &ApiState,
    password: &str,
    account: &Account,
) -> Result<bool, Problem> {
    is_password(api, password, account.password.clone()).await
}

/// The PHC string of a new password of `name`; the inner error says why it is too weak.
pub(super) async fn new_password(
    api: &ApiState,
    password: &str,
    name: &str,
) -> Result<Result<String, Weak>, Problem> {
    if let Err(weak) = account::check(password, name) {
        return Ok(Err(weak));
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| Problem::internal(&e))?;
    let password = password.to_owned();
    let phc = on_a_thread(api, move || account::hash(&password, &salt)).await?;
    phc.map(Ok).map_err(|e| Problem::internal(&e))
}

/// Argon2 takes 19 MiB and some 30 ms: a few at once, beside the runtime.
async fn on_a_thread<T: Send + 'static>(
    api: &ApiState,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let room = api.hashing.clone().acquire_owned().await.map_err(|e| Problem::internal(&e))?;
    let done = tokio::task::spawn_blocking(move || {
        let _room = room;
        work()
    });
    done.await.map_err(|e| Problem::internal(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; rb_session=rb_x; b=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3"));
        assert_eq!(cookie(&headers, "rb_session"), Some("rb_x"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
