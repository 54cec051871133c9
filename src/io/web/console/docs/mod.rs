//! The documentation of the API: the OpenAPI document as a page of our own.

mod operation;
mod schema;

use std::sync::OnceLock;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use self::operation::Operation;
use super::super::api::RoleView;
use super::super::listing::Items;
use super::super::problem::Problem;
use super::super::state::Shared;
use super::Need;
use super::address::query;
use super::frame::{Frame, NavItem, Visitor, page};
use super::settings::tabs;
use crate::access::Permission;
use crate::io::store::read::PAGE_LIMIT;

pub(super) const NEEDED: &[Need] = &[("/docs", Permission::ApiSee, None)];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/docs", get(show))
}

/// One line of the list.
struct Entry {
    id: String,
    method: String,
    path: String,
    summary: String,
    permission: String,
    is_here: bool,
}

/// Operations of one tag.
struct Group {
    name: String,
    about: String,
    entries: Vec<Entry>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "docs/docs.html")]
struct Docs {
    frame: Frame,
    tabs: Vec<NavItem>,
    groups: Vec<Group>,
    count: i64,
    page_limit: i64,
    operation: Option<Operation>,
    /// Titles of the roles that have the permission.
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Query {
    /// Id of the operation that is shown.
    op: Option<String>,
}

/// The document, read once: it is the same as long as the program runs.
fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(super::super::openapi_json()).unwrap_or_default())
}

/// Every operation with its path and method.
fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn permission_of(operation: &Value) -> &str {
    operation["security"][0]["bearer"][0].as_str().unwrap_or_default()
}

fn groups(here: &str) -> Vec<Group> {
    let tags = document()["tags"].as_array().into_iter().flatten();
    let group = |tag: &Value| {
        let name = word(tag, "name");
        let own = operations().filter(|(.., operation)| operation["tags"][0].as_str() == Some(name));
        let mut entries: Vec<Entry> =
            own.map(|(path, method, operation)| entry(path, method, operation, here)).collect();
        entries.sort_by(|a, b| (&a.path, rank(&a.method)).cmp(&(&b.path, rank(&b.method))));
        Group { name: name.to_owned(), about: word(tag, "description").to_owned(), entries }
    };
    tags.map(group).filter(|group| !group.entries.is_empty()).collect()
}

/// Reading comes before writing.
fn rank(method: &str) -> usize {
    ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|known| *known == method).unwrap_or(9)
}

fn entry(path: &str, method: &str, operation: &Value, here: &str) -> Entry {
    let id = word(operation, "operationId");
    Entry {
        is_here: id == here,
        id: id.to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: word(operation, "summary").to_owned(),
        permission: permission_of(operation).to_owned(),
    }
}

/// A text of the document as HTML: what stands in backticks is code.
fn marked(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len() % 2 == 0 {
        return escaped;
    }
    let part = |(place, part): (usize, &&str)| match place % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

impl Docs {
    fn marked(&self, text: &str) -> String {
        marked(text)
    }
}

async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "docs-title");
        let here = asked.op.as_deref().unwrap_or_default();
        let found = operations().find(|(.., operation)| word(operation, "operationId") == here);
        if found.is_none() && !here.is_empty() {
            return Err(Problem::not_found("operation", format!("`{here}`")));
        }
        let root = if api.public_url().is_empty() { "http://127.0.0.1:8080" } else { api.public_url() };
        let operation =
            found.map(|(path, method, about)| Operation::new(document(), (path, method), about, root));
        let roles = match &operation {
            Some(operation) if visitor.may(Permission::RulesSee) && !operation.permission.is_empty() => {
                let all: Items<RoleView> = visitor.get("/roles").await?;
                let has = |role: &RoleView| role.permissions.contains_key(&operation.permission);
                all.items
                    .iter()
                    .filter(|role| has(role))
                    .map(|role| super::settings::title(role, frame.lang))
                    .collect()
            }
            _ => Vec::new(),
        };
        let groups = groups(here);
        let count = groups.iter().map(|group| group.entries.len()).sum::<usize>();
        Ok::<_, Problem>(Docs {
            count: i64::try_from(count).unwrap_or(i64::MAX),
            page_limit: i64::from(PAGE_LIMIT),
            groups,
            operation,
            roles,
            tabs: tabs(&visitor, "/docs"),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_stands_in_backticks_is_code_and_nothing_is_markup() {
        assert_eq!(super::marked("`a<b` and \"c\""), "<code>a&lt;b</code> and &quot;c&quot;");
        assert_eq!(super::marked("one ` alone"), "one ` alone");
    }
}
