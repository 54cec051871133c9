//! Accounts of people: who they are, what they may do, the link by which they set a password.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::tokens::{ROLE_LIMIT, check_sizes};
use crate::access::{Holder, Permission};
use crate::account;
use crate::base::Timestamp;
use crate::io::store::{Account, AccountSessions, LinkKind, NewAccount};
use crate::io::web::auth::{Caller, hash_secret, new_secret};
use crate::io::web::listing::{self, Items, Wants};
use crate::io::web::once::shown_once;
use crate::io::web::problem::Problem;
use crate::io::web::request::Json;
use crate::io::web::sheet::{SheetRow, optional};
use crate::io::web::state::Shared;

/// For how long a link is good.
const LINK: Duration = Duration::from_secs(3 * 86_400);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(index))
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(change))
        .routes(routes!(lock))
        .routes(routes!(unlock))
        .routes(routes!(reset))
        .routes(routes!(close_sessions))
}

/// An account; never its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountView {
    /// Unique name, with which the person logs in.
    pub name: String,
    /// `open`, `invited` (no password yet), `shut` (too many failures a moment ago) or `locked`.
    pub state: String,
    /// Its roles, and titles by which the person signs.
    pub roles: Vec<String>,
    /// The agent that the person is; empty: none.
    pub agent: String,
    /// The person's department; empty: none.
    pub department: String,
    /// The person's shop, a policy pack; empty: none.
    pub shop: String,
    /// Whether a one-time code is asked for at login.
    pub codes: bool,
    /// Sessions that are open.
    pub sessions: i64,
    /// When the last of them was used; milliseconds since 1970.
    pub seen_at: Option<i64>,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl AccountView {
    fn new(account: &Account, sessions: &[AccountSessions], now: Timestamp) -> AccountView {
        let own = sessions.iter().find(|own| own.account_id == account.id);
        AccountView {
            name: account.name.clone(),
            state: state_of(account, now).to_owned(),
            roles: account.roles(),
            agent: account.agent.clone(),
            department: account.department.clone(),
            shop: account.shop.clone(),
            codes: account.totp.is_some(),
            sessions: own.map_or(0, |own| own.count),
            seen_at: own.map(|own| own.seen_at),
            created_at: account.created_at,
        }
    }
}

/// Where an account stands, as a stable word.
fn state_of(account: &Account, now: Timestamp) -> &'static str {
    let failures = account.failures.try_into().unwrap_or(u32::MAX);
    match account {
        Account { locked_at: Some(_), .. } => "locked",
        Account { password: None, .. } => "invited",
        _ if account::opens_at(failures, Timestamp(account.failed_at)) > now => "shut",
        _ => "open",
    }
}

/// A link that works once, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountLinkView {
    /// Opens the page on which the person sets a password.
    pub link: String,
    /// Until when it works; milliseconds since 1970.
    pub expires_at: i64,
    /// The account.
    #[serde(flatten)]
    pub account: AccountView,
}

/// An account to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountBody {
    /// Unique name: 1 to 60 letters, digits and `. - _ @`.
    pub name: String,
    /// What it may do: words of roles, and titles by which the person signs.
    pub roles: Vec<String>,
    /// The agent of the configuration that the person is; empty: none.
    #[serde(default)]
    pub agent: String,
    /// The person's department; empty: none.
    #[serde(default)]
    pub department: String,
    /// The person's shop, a policy pack; empty: none.
    #[serde(default)]
    pub shop: String,
}

/// What changes of an account; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    /// All its roles from now on.
    pub roles: Option<Vec<String>>,
    /// Its agent; empty: none.
    pub agent: Option<String>,
    /// Its department; empty: none.
    pub department: Option<String>,
    /// Its shop; empty: none.
    pub shop: Option<String>,
}

/// How to set a password anew.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResetBody {
    /// Switch one-time codes off too, for a lost phone.
    pub codes: bool,
}

impl SheetRow for AccountView {
    const NAME: &'static str = "accounts";
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "state",
        "roles",
        "agent",
        "department",
        "shop",
        "codes",
        "sessions",
        "seen_at",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.state.clone(),
            self.roles.join(", "),
            self.agent.clone(),
            self.department.clone(),
            self.shop.clone(),
            self.codes.to_string(),
            self.sessions.to_string(),
            optional(&self.seen_at.map(Timestamp)),
            Timestamp(self.created_at).to_string(),
        ]
    }
}

async fn sessions(api: &Shared) -> Result<Vec<AccountSessions>, Problem> {
    let idle = i64::try_from(account::IDLE.as_millis()).unwrap_or(i64::MAX);
    Ok(api.store().sessions_of_accounts(Timestamp(api.now().0.saturating_sub(idle))).await?)
}

async fn find(api: &Shared, name: &str) -> Result<Account, Problem> {
    let found = api.store().account(name).await?;
    found.ok_or_else(|| Problem::not_found("account", format!("`{name}`")))
}

async fn view(api: &Shared, name: &str) -> Result<AccountView, Problem> {
    Ok(AccountView::new(&find(api, name).await?, &sessions(api).await?, api.now()))
}

/// All accounts by name.
#[utoipa::path(get, path = "/accounts", tag = "accounts", security(("bearer" = ["accounts.edit"])),
    responses((status = 200, description = "All of them; also as `text/csv`", body = Items<AccountView>)))]
async fn index(State(api): State<Shared>, caller: Caller, wants: Wants) -> Result<Response, Problem> {
    let (now, open) = (api.now(), sessions(&api).await?);
    let rows = api.store().accounts().await?.iter().map(|a| AccountView::new(a, &open, now)).collect();
    listing::answer_all(&api, &caller, wants, rows).await
}

/// One account.
#[utoipa::path(get, path = "/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])),
    responses((status = 200, description = "The account", body = AccountView), (status = 404, description = "No such account", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path(name): Path<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    Ok(axum::Json(view(&api, &name).await?))
}

fn check_roles(api: &Shared, roles: &[String]) -> Result<(), Problem> {
    check_sizes(roles)?;
    let words: Vec<&str> = roles.iter().map(String::as_str).collect();
    // Somebody without a role could log in and see nothing.
    let wrong = |(problem, hint): (String, String)| Problem::invalid_field("roles", problem, hint);
    api.access().roles.check(&words).map_err(wrong)
}

fn check_person(api: &Shared, agent: &str, department: &str, shop: &str) -> Result<(), Problem> {
    for (field, text) in [("agent", agent), ("department", department), ("shop", shop)] {
        if text.chars().count() > ROLE_LIMIT {
            let hint = format!("write at most {ROLE_LIMIT} characters");
            return Err(Problem::invalid_field(field, "it is too long", hint));
        }
    }
    let live = api.parts.live.borrow();
    if !agent.is_empty() && !live.agents.is_empty() && live.agents.iter().all(|known| known.name != agent) {
        let known: Vec<&str> = live.agents.iter().map(|known| known.name.as_str()).collect();
        let hint = format!("agents of the configuration: {}", known.join(", "));
        return Err(Problem::invalid_field("agent", format!("there is no agent `{agent}`"), hint));
    }
    Ok(())
}

/// Makes an account and shows the link by which its person sets a password, once.
#[utoipa::path(post, path = "/accounts", tag = "accounts", security(("bearer" = ["accounts.edit"])), request_body = NewAccountBody,
    responses((status = 201, description = "Made", body = AccountLinkView), (status = 409, description = "The name is taken", body = Problem)))]
async fn create(
    State(api): State<Shared>,
    caller: Caller,
    Json(body): Json<NewAccountBody>,
) -> Result<Response, Problem> {
    if !account::is_name(&body.name) {
        let hint = "write 1 to 60 letters, digits and . - _ @";
        return Err(Problem::invalid_field("name", format!("`{}` is no name", body.name), hint));
    }
    check_roles(&api, &body.roles)?;
    let NewAccountBody { name, roles, agent, department, shop } = &body;
    check_person(&api, agent, department, shop)?;
    let new = NewAccount { name, roles, agent, department, shop };
    let account = api.store().add_account(&new, &caller.name, api.now()).await?;
    let made = link(&api, &account).await?;
    Ok(shown_once((StatusCode::CREATED, axum::Json(made)).into_response()))
}

async fn link(api: &Shared, account: &Account) -> Result<AccountLinkView, Problem> {
    let secret = new_secret().map_err(|e| Problem::internal(&e))?;
    let expires = api.now() + LINK;
    api.store()
        .add_account_link(&hash_secret(&secret), LinkKind::Password, Some(account.id), expires)
        .await?;
    let view = view(api, &account.name).await?;
    let link = format!("{}/welcome/{secret}", api.public_url());
    Ok(AccountLinkView { link, expires_at: expires.0, account: view })
}

/// Whether somebody with these roles may change accounts.
fn administers(api: &Shared, roles: Vec<String>) -> bool {
    let holder = Holder { roles, ..Holder::default() };
    api.access_of(holder).may(Permission::AccountsEdit)
}

/// Refuses what would lock the caller out, or leave nobody who may change accounts.
async fn keeps_an_administrator(api: &Shared, caller: &Caller, account: &Account) -> Result<(), Problem> {
    if !administers(api, account.roles()) || account.locked_at.is_some() {
        return Ok(());
    }
    if caller.name == account.name && caller.is_session() {
        return Err(Problem::conflict("this is your own account: ask another administrator to change it"));
    }
    let accounts = api.store().accounts().await?;
    let remains = |other: &Account| {
        other.id != account.id
            && other.locked_at.is_none()
            && other.password.is_some()
            && administers(api, other.roles())
    };
    if accounts.iter().any(remains) {
        return Ok(());
    }
    Err(Problem::conflict(format!(
        "`{}` is the last account that may change accounts: make another administrator first",
        account.name
    )))
}

/// Changes roles or the person of an account; they hold from its next request on.
#[utoipa::path(patch, path = "/accounts/{name}", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])), request_body = AccountPatch,
    responses((status = 200, description = "The account", body = AccountView), (status = 404, description = "No such account", body = Problem),
        (status = 409, description = "It is the last administrator, or one's own", body = Problem)))]
async fn change(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<AccountPatch>,
) -> Result<axum::Json<AccountView>, Problem> {
    // Two administrators who take each other's role at once: one of them waits here, and is refused.
    let _turn = api.accounts.lock().await;
    let account = find(&api, &name).await?;
    if let Some(roles) = &body.roles {
        check_roles(&api, roles)?;
        if !administers(&api, roles.clone()) {
            keeps_an_administrator(&api, &caller, &account).await?;
        }
    }
    let AccountPatch { roles, agent, department, shop } = body;
    let agent = agent.unwrap_or_else(|| account.agent.clone());
    let department = department.unwrap_or_else(|| account.department.clone());
    let shop = shop.unwrap_or_else(|| account.shop.clone());
    if agent != account.agent || department != account.department || shop != account.shop {
        check_person(&api, &agent, &department, &shop)?;
        let person = (agent.as_str(), department.as_str(), shop.as_str());
        api.store().set_account_person(&name, person, &caller.name, api.now()).await?;
    }
    if let Some(roles) = roles.filter(|roles| *roles != account.roles()) {
        api.store().set_account_roles(&name, &roles, &caller.name, api.now()).await?;
    }
    Ok(axum::Json(view(&api, &name).await?))
}

/// Locks an account and ends its sessions.
#[utoipa::path(post, path = "/accounts/{name}/lock", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])),
    responses((status = 200, description = "The account", body = AccountView), (status = 404, description = "No such account", body = Problem),
        (status = 409, description = "It is the last administrator, or one's own", body = Problem)))]
async fn lock(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    let _turn = api.accounts.lock().await;
    keeps_an_administrator(&api, &caller, &find(&api, &name).await?).await?;
    api.store().lock_account(&name, true, &caller.name, api.now()).await?;
    Ok(axum::Json(view(&api, &name).await?))
}

/// Unlocks an account and forgets its failures.
#[utoipa::path(post, path = "/accounts/{name}/unlock", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])),
    responses((status = 200, description = "The account", body = AccountView), (status = 404, description = "No such account", body = Problem)))]
async fn unlock(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<axum::Json<AccountView>, Problem> {
    api.store().lock_account(&name, false, &caller.name, api.now()).await?;
    Ok(axum::Json(view(&api, &name).await?))
}

/// Shows a link that sets a new password, once; the old one works until it is used.
#[utoipa::path(post, path = "/accounts/{name}/reset", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])), request_body = ResetBody,
    responses((status = 201, description = "The link", body = AccountLinkView), (status = 404, description = "No such account", body = Problem)))]
async fn reset(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<ResetBody>,
) -> Result<Response, Problem> {
    let account = find(&api, &name).await?;
    caller.audit(&api, "account.reset", &format!("account:{name}"), "a link").await?;
    if body.codes && account.totp.is_some() {
        api.store().set_totp(&name, None, &caller.name, api.now()).await?;
    }
    Ok(shown_once((StatusCode::CREATED, axum::Json(link(&api, &account).await?)).into_response()))
}

/// Ends every session of an account.
#[utoipa::path(delete, path = "/accounts/{name}/sessions", tag = "accounts", params(("name" = String, Path)),
    security(("bearer" = ["accounts.edit"])),
    responses((status = 204, description = "Closed"), (status = 404, description = "No such account", body = Problem)))]
async fn close_sessions(
    State(api): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    api.store().close_sessions(&name, &caller.name, api.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
