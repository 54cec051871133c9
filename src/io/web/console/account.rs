//! A person's own account: password and one-time codes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::problem::Problem;
use super::super::request::SentPage;
use super::super::session;
use super::super::state::Shared;
use super::frame::{Frame, Visitor, page};
use super::welcome::weak_key;
use crate::account::{SECRET_BYTES, accepted, base32, otpauth, secret_of};
use crate::io::store::Account;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "account.html")]
struct Own {
    frame: Frame,
    name: String,
    roles: String,
    has_codes: bool,
    /// A secret that is shown to be set up, with its picture; empty: codes are on.
    secret: String,
    picture: String,
    told: String,
}

async fn own(api: &Shared, visitor: &Visitor) -> Result<Account, Problem> {
    let found = api.store().account(&visitor.caller.name).await?;
    found.ok_or_else(|| Problem::conflict("a token has no account; log in by name and password"))
}

fn shown(
    api: &Shared,
    visitor: &Visitor,
    account: &Account,
    secret: Option<String>,
    told: &str,
) -> Result<Response, Problem> {
    let secret = match (secret, &account.totp) {
        (Some(secret), _) => secret,
        (None, Some(_)) => String::new(),
        (None, None) => {
            let mut bytes = [0; SECRET_BYTES];
            getrandom::fill(&mut bytes).map_err(|e| Problem::internal(&e))?;
            base32(&bytes)
        }
    };
    let picture = if secret.is_empty() { String::new() } else { qr(&otpauth(&account.name, &secret))? };
    let is_wrong = !told.is_empty();
    let mut response = page(&Own {
        frame: visitor.frame(api, "", "account-title"),
        name: account.name.clone(),
        roles: account.roles().join(", "),
        has_codes: account.totp.is_some(),
        secret,
        picture,
        told: told.to_owned(),
    });
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    let answer = async { shown(&api, &visitor, &own(&api, &visitor).await?, None, "") };
    answer.await.unwrap_or_else(|problem| visitor.fault(&api, &problem))
}

/// A new password: the old one is asked for, and every session ends.
pub(super) async fn password(
    State(api): State<Shared>,
    mut visitor: Visitor,
    sent: Result<SentPage, Problem>,
) -> Response {
    visitor.look.here = "/account".into();
    let answer = async {
        let SentPage(sent) = sent?;
        let account = own(&api, &visitor).await?;
        let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
        let again = |key: &str| shown(&api, &visitor, &account, None, &visitor.look.lang.text(key));
        if !guarded(&api, &account, field("old")).await? {
            return again("account-wrong");
        }
        if field("password") != field("again") {
            return again("password-differs");
        }
        let phc = match session::new_password(&api, field("password"), &account.name).await? {
            Ok(phc) => phc,
            Err(weak) => return again(weak_key(weak)),
        };
        api.store().set_password(&account.name, &phc, &account.name, api.now()).await?;
        Ok(Redirect::to("/login").into_response())
    };
    answer.await.unwrap_or_else(|problem| visitor.fault(&api, &problem))
}

/// Whether the password is right; a wrong one counts, for a session that was left open must not be
/// a place to guess.
async fn guarded(api: &Shared, account: &Account, password: &str) -> Result<bool, Problem> {
    let last = crate::base::Timestamp(account.failed_at);
    if crate::account::opens_at(account.failures.try_into().unwrap_or(u32::MAX), last) > api.now() {
        return Ok(false);
    }
    let is_right = session::is_password_of(api, password, account).await?;
    if !is_right {
        api.store().note_login_failure(account.id, api.now()).await?;
    }
    Ok(is_right)
}

/// One-time codes on, once a first code was shown; or off, by the password.
pub(super) async fn codes(
    State(api): State<Shared>,
    mut visitor: Visitor,
    sent: Result<SentPage, Problem>,
) -> Response {
    visitor.look.here = "/account".into();
    let answer = async {
        let SentPage(sent) = sent?;
        let account = own(&api, &visitor).await?;
        let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
        let again = |key: &str, secret: Option<String>| {
            shown(&api, &visitor, &account, secret, &visitor.look.lang.text(key))
        };
        let secret = field("secret");
        let kept = (!secret.is_empty()).then(|| secret.to_owned());
        if !guarded(&api, &account, field("old")).await? {
            return again("account-wrong", kept);
        }
        if account.totp.is_some() {
            api.store().set_totp(&account.name, None, &account.name, api.now()).await?;
            return Ok(Redirect::to("/account").into_response());
        }
        let bytes = secret_of(secret).filter(|bytes| bytes.len() == SECRET_BYTES);
        if bytes.is_none_or(|bytes| accepted(&bytes, field("code"), api.now(), 0).is_none()) {
            return again("account-wrong-code", kept);
        }
        api.store().set_totp(&account.name, Some(secret), &account.name, api.now()).await?;
        Ok(Redirect::to("/account").into_response())
    };
    answer.await.unwrap_or_else(|problem| visitor.fault(&api, &problem))
}

/// A QR code as SVG: dark squares on the white ground that readers want, in any theme.
fn qr(text: &str) -> Result<String, Problem> {
    use std::fmt::Write as _;
    const QUIET: usize = 4;
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|e| Problem::internal(&e))?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (place, _) in colors.iter().enumerate().filter(|(_, c)| **c == qrcode::Color::Dark) {
        let _ = write!(path, "M{} {}h1v1h-1z", place % width + QUIET, place / width + QUIET);
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_qr_code_is_a_picture_without_styles() {
        let svg = super::qr("otpauth://totp/ringback:a?secret=MY&issuer=ringback").unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("h1v1h-1z") && !svg.contains("style"), "{svg}");
    }
}
