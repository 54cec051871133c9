//! Links that work once: the first administrator, a password that is set anew, the demo.

use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::auth::hash_secret;
use super::super::problem::Problem;
use super::super::request::SentPage;
use super::super::server::Via;
use super::super::session;
use super::super::state::Shared;
use super::fault;
use super::frame::{Frame, Look, page};
use super::login::peer;
use crate::account::is_name;
use crate::io::store::{Account, AccountLink, NewAccount};

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "welcome.html")]
struct Welcome {
    frame: Frame,
    /// The name that is asked for is the visitor's to choose.
    is_first: bool,
    name: String,
    told: String,
}

/// The link of a secret with its account, where it is good.
async fn link(api: &Shared, secret: &str) -> Result<Option<(AccountLink, Option<Account>)>, Problem> {
    let found = api.store().account_link(&hash_secret(secret)).await?;
    let Some(link) = found.filter(|link| link.is_good_at(api.now())) else { return Ok(None) };
    let account = match link.account_id {
        Some(id) => api.store().account_by_id(id).await?,
        None if api.store().account_count().await? > 0 => return Ok(None),
        None => None,
    };
    Ok(Some((link, account)))
}

fn gone(api: &Shared, look: Look) -> Response {
    let title = look.lang.text("welcome-gone-title");
    let detail = look.lang.text("welcome-gone");
    fault(api, look, None, &Problem::new(StatusCode::GONE, "gone", &title, detail))
}

/// The form, or for a link of the demo the session at once.
pub(super) async fn show(
    State(api): State<Shared>,
    Extension(via): Extension<Via>,
    Path(secret): Path<String>,
    look: Look,
) -> Response {
    let answer = async {
        let peer = peer(via)?;
        slowed(&api, peer)?;
        let Some((link, account)) = link(&api, &secret).await? else {
            api.limits.failure(peer);
            return Ok(gone(&api, look.clone()));
        };
        match account {
            Some(account) if link.kind == "login" => {
                if !api.store().use_account_link(&link.hash, api.now()).await? {
                    return Ok(gone(&api, look.clone()));
                }
                enter(&api, &account, peer).await
            }
            account => Ok(form(&api, look.clone(), account.as_ref(), "", "")),
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| fault(&api, look.clone(), None, &problem))
}

fn slowed(api: &Shared, peer: std::net::IpAddr) -> Result<(), Problem> {
    api.limits.address(peer).map_err(|s| Problem::too_many(s, "too many failures came from this address"))
}

fn form(api: &Shared, look: Look, account: Option<&Account>, name: &str, told: &str) -> Response {
    let is_first = account.is_none();
    let name = account.map_or(name, |account| account.name.as_str()).to_owned();
    let frame =
        Frame::new(api, look, None, "", if is_first { "welcome-first-title" } else { "welcome-title" });
    let mut response = page(&Welcome { frame, is_first, name, told: told.to_owned() });
    if !told.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The session of who has just come by a link.
async fn enter(api: &Shared, account: &Account, peer: std::net::IpAddr) -> Result<Response, Problem> {
    if account.locked_at.is_some() {
        return Err(Problem::conflict("the account is locked; `ringback user unlock` opens it"));
    }
    let cookie = session::open(api, account, None, peer).await?;
    let cookie = cookie.ok_or_else(|| Problem::internal(&"a session without a code was refused"))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

/// Makes the password, and the administrator with it where there is no account.
pub(super) async fn take(
    State(api): State<Shared>,
    Extension(via): Extension<Via>,
    Path(secret): Path<String>,
    look: Look,
    sent: Result<SentPage, Problem>,
) -> Response {
    let answer = async {
        let (SentPage(sent), peer) = (sent?, peer(via)?);
        slowed(&api, peer)?;
        let Some((link, account)) = link(&api, &secret).await?.filter(|(link, _)| link.kind != "login")
        else {
            api.limits.failure(peer);
            return Ok(gone(&api, look.clone()));
        };
        let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
        let (typed, password) = (field("name").trim(), field("password"));
        let name = account.as_ref().map_or(typed, |account| account.name.as_str());
        let again = |key: &str| {
            let told = look.lang.text(key);
            Ok(form(&api, look.clone(), account.as_ref(), typed, &told))
        };
        if !is_name(name) {
            return again("welcome-bad-name");
        }
        if password != field("again") {
            return again("password-differs");
        }
        let phc = match session::new_password(&api, password, name).await? {
            Ok(phc) => phc,
            Err(weak) => return again(weak_key(weak)),
        };
        let now = api.now();
        let account = match account {
            None => {
                let roles = ["admin".to_owned()];
                let new = NewAccount { name, roles: &roles, ..NewAccount::default() };
                api.store().make_first_account(&link.hash, &new, &phc, now).await?
            }
            Some(account) => {
                api.store().set_password_by_link(&link.hash, &account, &phc, now).await?.then_some(account)
            }
        };
        match account {
            // Who has one-time codes shows one: a link alone is not enough.
            Some(account) if account.totp.is_some() => Ok(Redirect::to("/login").into_response()),
            Some(account) => enter(&api, &account, peer).await,
            None => Ok(gone(&api, look.clone())),
        }
    };
    answer.await.unwrap_or_else(|problem: Problem| fault(&api, look.clone(), None, &problem))
}

/// The text that says why a password is too weak.
pub(super) const fn weak_key(weak: crate::account::Weak) -> &'static str {
    use crate::account::Weak;
    match weak {
        Weak::Short => "password-short",
        Weak::Long => "password-long",
        Weak::Name => "password-name",
        Weak::Few => "password-few",
    }
}
