//! Settings: the system, accounts, roles, tokens, trunks, prompts, notices, the audit log.

mod accounts;
mod log;
mod notices;
mod prompts;
mod roles;
mod system;
mod templates;
mod tokens;
mod trunks;

use axum::Router;
use axum::routing::get;

use super::super::api::RoleView;
use super::super::listing::Items;
use super::super::problem::Problem;
use super::super::state::Shared;
use super::Need;
use super::frame::{NavItem, Visitor};
use super::lang::Lang;
use crate::access::Permission;

pub(super) const NEEDED: &[Need] = &[
    ("/settings", Permission::RulesSee, None),
    ("/settings/accounts", Permission::AccountsEdit, None),
    ("/settings/accounts/{name}", Permission::AccountsEdit, None),
    ("/settings/roles", Permission::RulesSee, None),
    ("/settings/tokens", Permission::TokensEdit, None),
    ("/settings/trunks", Permission::DaemonWatch, None),
    ("/settings/prompts", Permission::RulesSee, None),
    ("/settings/notices", Permission::RulesSee, None),
    ("/settings/notices/templates", Permission::RulesSee, None),
    ("/settings/log", Permission::AuditLogSee, None),
    ("/settings/dead-letters", Permission::AuditLogSee, None),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/settings", get(system::show))
        .route("/settings/accounts", get(accounts::index))
        .route("/settings/accounts/{name}", get(accounts::one))
        .route("/settings/roles", get(roles::show))
        .route("/settings/tokens", get(tokens::show))
        .route("/settings/trunks", get(trunks::show))
        .route("/settings/prompts", get(prompts::show))
        .route("/settings/notices", get(notices::show))
        .route("/settings/notices/templates", get(templates::show))
        .route("/settings/log", get(log::show))
        .route("/settings/dead-letters", get(log::dead_letters))
}

/// Those that a visitor may see; `here` is the address of the present one.
pub(super) fn tabs(visitor: &Visitor, here: &str) -> Vec<NavItem> {
    const ALL: [(&str, &str, Permission); 9] = [
        ("settings-system", "/settings", Permission::RulesSee),
        ("settings-accounts", "/settings/accounts", Permission::AccountsEdit),
        ("settings-roles", "/settings/roles", Permission::RulesSee),
        ("settings-tokens", "/settings/tokens", Permission::TokensEdit),
        ("settings-trunks", "/settings/trunks", Permission::DaemonWatch),
        ("settings-prompts", "/settings/prompts", Permission::RulesSee),
        ("settings-notices", "/settings/notices", Permission::RulesSee),
        ("settings-log", "/settings/log", Permission::AuditLogSee),
        ("docs-title", "/docs", Permission::ApiSee),
    ];
    super::frame::tabs(visitor, &ALL, here)
}

/// All roles.
async fn roles(visitor: &Visitor) -> Result<Vec<RoleView>, Problem> {
    Ok(visitor.get::<Items<RoleView>>("/roles").await?.items)
}

/// The title of a role in a language; a word that is no role signs under itself.
fn title_of(roles: &[RoleView], word: &str, lang: Lang) -> String {
    let role = roles.iter().find(|role| role.word == word);
    role.map_or_else(|| word.to_owned(), |role| title(role, lang))
}

pub(super) fn title(role: &RoleView, lang: Lang) -> String {
    match lang {
        Lang::Chinese => role.title.clone(),
        Lang::English => role.title_en.clone(),
    }
}

/// Colour of a state: of accounts, trunks, channels.
fn class_of(state: &str) -> &'static str {
    match state {
        "open" | "up" | "sent" | "valid" => "is-good",
        "locked" | "down" | "failed" | "missing" => "is-bad",
        "shut" | "expired" | "unrouted" | "unacknowledged" => "is-warn",
        _ => "",
    }
}
