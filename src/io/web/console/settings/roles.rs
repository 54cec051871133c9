//! Roles as people read them: what each may do, with whose things.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::RoleView;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{roles, tabs, title};
use crate::access::{Permission, Scope};

/// One role at the head of the table.
struct Head {
    word: String,
    title: String,
    source: String,
    scope: String,
    count: usize,
    is_chosen: bool,
}

/// What one permission is to the roles of the table.
struct Row {
    word: &'static str,
    about: String,
    /// For each role: the scope in words; empty: it is not given.
    cells: Vec<String>,
}

/// Permissions that are about the same.
struct Group {
    title: String,
    rows: Vec<Row>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/roles.html")]
struct Roles {
    frame: Frame,
    tabs: Vec<NavItem>,
    heads: Vec<Head>,
    groups: Vec<Group>,
    /// The columns of the table.
    columns: Vec<String>,
    is_one: bool,
}

#[derive(serde::Deserialize)]
struct Query {
    role: Option<String>,
}

const fn word_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::Team => "team",
        Scope::Department => "department",
        Scope::Shop => "shop",
        Scope::All => "all",
    }
}

/// What a permission is about, in the words of a house.
fn area_of(permission: &str) -> &'static str {
    match permission.split('.').next().unwrap_or_default() {
        "numbers" | "names" => "privacy",
        "lists" | "campaigns" | "do_not_call" => "lists",
        "calls" | "recordings" | "traces" | "transcripts" | "answers" | "findings" | "live" | "events" => {
            "calls"
        }
        "audits" | "cases" | "sheets" | "appeals" | "examples" => "audit",
        "agents" | "queues" | "notices" | "rosters" | "presence" => "agents",
        "facts" | "slips" | "matters" | "customers" | "segments" | "archives" => "customers",
        "plan" | "warnings" | "callbacks" => "callbacks",
        "tickets" | "ticket_reports" => "tickets",
        "registers" | "reports" | "performance" | "materials" | "expenses" => "reports",
        _ => "system",
    }
}

fn groups(frame: &Frame, shown: &[&RoleView]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for permission in Permission::ALL {
        let word = permission.as_str();
        let cell = |role: &&RoleView| {
            let scope = role.permissions.get(word).map(|scope| word_of(*scope));
            scope.map(|scope| frame.lang.word("settings-scope", scope)).unwrap_or_default()
        };
        let cells: Vec<String> = shown.iter().map(cell).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let title = frame.lang.word("settings-area", area_of(word));
        let row = Row { word, about: frame.lang.word("settings-may", &word.replace('.', "-")), cells };
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title, rows: vec![row] }),
        }
    }
    groups
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: axum::http::Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-roles");
        let all = roles(&visitor).await?;
        let is_shown = |role: &&RoleView| asked.role.as_deref().is_none_or(|word| word == role.word);
        let shown: Vec<&RoleView> = all.iter().filter(is_shown).collect();
        let head = |role: &RoleView| Head {
            word: role.word.clone(),
            title: title(role, frame.lang),
            source: role.source.clone(),
            scope: frame.lang.word("settings-scope", word_of(role.scope)),
            count: role.permissions.len(),
            is_chosen: asked.role.as_deref() == Some(role.word.as_str()),
        };
        Ok::<_, Problem>(Roles {
            heads: all.iter().map(head).collect(),
            columns: shown.iter().map(|role| title(role, frame.lang)).collect(),
            groups: groups(&frame, &shown),
            is_one: asked.role.is_some(),
            tabs: tabs(&visitor, "/settings/roles"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
