//! How the first person gets in: a link that works once, printed at the start while there is no
//! account. There is no default password.

use std::net::SocketAddr;
use std::time::Duration;

use super::daemon::Error;
use crate::io::store::{LinkKind, NewAccount};
use crate::io::web::{self, Shared};

/// For how long the first link is good; the next start makes another.
const FIRST_LINK: Duration = Duration::from_secs(7 * 86_400);
/// Whose desk the administrator of the demo sits at.
pub(super) const DEMO_AGENT: &str = "王芳";
/// For how long the link of the demo is good.
const DEMO_LINK: Duration = Duration::from_secs(86_400);

/// Prints the link that makes the administrator, while there is no account.
pub(super) async fn open_first(state: &Shared, addresses: &[SocketAddr]) -> Result<(), Error> {
    let store = state.store();
    if store.account_count().await? > 0 {
        return Ok(());
    }
    let Some(root) = root(state, addresses) else { return Ok(()) };
    let secret = secret()?;
    let expires = state.now() + FIRST_LINK;
    store.add_account_link(&web::hash_secret(&secret), LinkKind::First, None, expires).await?;
    let link = format!("{root}/welcome/{secret}");
    tracing::warn!(link, "there is no account yet: open this link once to make the administrator");
    Ok(())
}

/// Where people reach the console.
fn root(state: &Shared, addresses: &[SocketAddr]) -> Option<String> {
    match state.public_url() {
        "" => addresses.first().map(|address| format!("http://{address}")),
        url => Some(url.to_owned()),
    }
}

fn secret() -> Result<String, Error> {
    web::new_secret().map_err(|e| Error::Io("entropy".into(), std::io::Error::other(e)))
}

/// An administrator without a password, and the secret of a link that logs in once.
pub(super) async fn demo_link(store: &crate::io::store::Store) -> Result<String, Error> {
    let now = crate::io::clock::utc();
    let roles = ["admin".to_owned()];
    let new = NewAccount { name: "demo", roles: &roles, agent: DEMO_AGENT, ..NewAccount::default() };
    let account = store.add_account(&new, "demo", now).await?;
    let secret = secret()?;
    let hash = web::hash_secret(&secret);
    store.add_account_link(&hash, LinkKind::Login, Some(account.id), now + DEMO_LINK).await?;
    Ok(secret)
}
