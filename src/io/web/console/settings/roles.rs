//! Roles as people read them: what each may do, with whose things.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::RoleView;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::frame::{Frame, Visitor, page};
use super::{Tab, roles, tabs, title};
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

/// Permissions that begin with the same word.
struct Group {
    title: String,
    rows: Vec<Row>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/roles.html")]
struct Roles {
    frame: Frame,
    tabs: Vec<Tab>,
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

fn groups(frame: &Frame, shown: &[&RoleView]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut last = "";
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
        let head = word.split('.').next().unwrap_or(word);
        let row = Row { word, about: frame.lang.word("settings-may", &word.replace('.', "-")), cells };
        match groups.last_mut().filter(|_| head == last) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title: frame.lang.word("settings-area", head), rows: vec![row] }),
        }
        last = head;
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
