//! `ringback roles`: what roles let their holders do, looked at without the daemon.

use clap::Subcommand;
use serde_json::json;

use super::{EXIT_CONFIG, EXIT_FAILED, EXIT_OK, Table};
use crate::access::{self, Permission, Role, Scope, Span};
use crate::io::roles::LoadedRoles;
use crate::io::web::RoleView;

/// `roles`.
#[derive(Clone, Debug, Subcommand)]
pub enum RolesCommand {
    /// Look for role files that cannot be used; exit code 0 or 78.
    Check,
    /// All roles, or one with its permissions.
    Show {
        /// Its word.
        role: Option<String>,
    },
    /// Every permission there is.
    Permissions,
    /// JSON schema of a role file, for editors.
    Schema,
}

/// Runs a command; gives what it prints and the exit code.
pub fn run_roles(loaded: &LoadedRoles, command: &RolesCommand, as_json: bool) -> (String, u8) {
    match command {
        RolesCommand::Schema => (format!("{}\n", access::schema()), EXIT_OK),
        RolesCommand::Permissions => (permissions(as_json), EXIT_OK),
        RolesCommand::Check => check(loaded, as_json),
        RolesCommand::Show { role: None } => (all(loaded, as_json), EXIT_OK),
        RolesCommand::Show { role: Some(word) } => match loaded.roles.get(word) {
            Some(role) if as_json => (format!("{}\n", json!(RoleView::of(role))), EXIT_OK),
            Some(role) => (one(role), EXIT_OK),
            None => {
                let (problem, hint) = loaded.roles.check(&[word.as_str()]).err().unwrap_or_default();
                (format!("{problem}; {hint}\n"), EXIT_FAILED)
            }
        },
    }
}

const fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::Team => "team",
        Scope::Department => "department",
        Scope::Shop => "shop",
        Scope::All => "all",
    }
}

fn check(loaded: &LoadedRoles, as_json: bool) -> (String, u8) {
    let code = if loaded.problems.is_empty() { EXIT_OK } else { EXIT_CONFIG };
    let count = loaded.roles.all().count();
    if as_json {
        return (format!("{}\n", json!({ "roles": count, "problems": loaded.problems })), code);
    }
    let problems: String = loaded.problems.iter().map(|problem| format!("error: {problem}\n")).collect();
    (format!("{problems}{count} roles, {} errors\n", loaded.problems.len()), code)
}

fn all(loaded: &LoadedRoles, as_json: bool) -> String {
    if as_json {
        let items: Vec<RoleView> = loaded.roles.all().map(|role| RoleView::of(role)).collect();
        return format!("{}\n", json!({ "items": items }));
    }
    let mut table = Table::new(&["role", "title", "in English", "reaches", ">permissions", "source"]);
    for role in loaded.roles.all() {
        table.row([
            role.word.clone(),
            role.title.clone(),
            role.title_en.clone(),
            word(role.scope).to_owned(),
            role.permissions.len().to_string(),
            role.source.clone(),
        ]);
    }
    table.render("no roles")
}

fn one(role: &Role) -> String {
    let mut table = Table::new(&["permission", "whose things", "for"]);
    for (permission, scope) in &role.permissions {
        let whose = if permission.span() == Span::Free { "-" } else { word(*scope) };
        table.row([permission.to_string(), whose.to_owned(), permission.about().to_owned()]);
    }
    let Role { word, title, title_en, source, .. } = role;
    format!("{word}: {title} / {title_en} ({source})\n\n{}", table.render("it may do nothing"))
}

fn permissions(as_json: bool) -> String {
    let span = |permission: &Permission| match permission.span() {
        Span::Free => "nobody's things",
        Span::Each => "things within the scope",
        Span::Pack => "tables of a pack",
        Span::House => "things of everybody",
    };
    if as_json {
        let each =
            |p: &Permission| json!({ "permission": p.as_str(), "about": p.about(), "touches": span(p) });
        return format!("{}\n", json!({ "items": Permission::ALL.iter().map(each).collect::<Vec<_>>() }));
    }
    let mut table = Table::new(&["permission", "touches", "for"]);
    for permission in Permission::ALL {
        table.row([permission.to_string(), span(permission).to_owned(), permission.about().to_owned()]);
    }
    table.render("none")
}
