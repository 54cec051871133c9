//! Numbers that are never called.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::DoNotCallView;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::told;
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::tabs;
use crate::access::Permission;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    phone: Option<String>,
    unmask: bool,
    #[serde(rename = "after")]
    _after: Option<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/do_not_call.html", blocks = ["rows"])]
struct Barred {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Query,
    lines: Vec<DoNotCallView>,
    count: i64,
    next: String,
    csv: String,
    unmask: String,
    told: String,
    adds: bool,
    removes: bool,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Barred, Problem> {
    let frame = visitor.frame(api, "nav-lists", "lists-barred-title");
    let (asked_for, found) = match query::<Query>(uri) {
        Ok(query) => {
            let path = format!("/do-not-call{}", asked(uri, &[("limit", "50")]));
            (query, visitor.get::<Items<DoNotCallView>>(&path).await)
        }
        Err(problem) => (Query::default(), Err(problem)),
    };
    let (rows, told) = match found {
        Ok(rows) => (rows, String::new()),
        Err(problem) if problem.status == 422 => (Items { items: Vec::new(), next: None }, told(&problem)),
        Err(problem) => return Err(problem),
    };
    let whole = visitor.may(Permission::NumbersWhole);
    Ok(Barred {
        tabs: tabs(visitor, "/lists/do-not-call"),
        count: i64::try_from(rows.items.len()).unwrap_or(i64::MAX),
        lines: rows.items,
        next: rows.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        csv: format!("/api/v1/do-not-call.csv{}", asked(uri, &[("after", "")])),
        unmask: match whole && !asked_for.unmask {
            true => format!("{}{}", uri.path(), asked(uri, &[("unmask", "true")])),
            false => String::new(),
        },
        told,
        adds: visitor.may(Permission::DoNotCallAdd),
        removes: visitor.may(Permission::DoNotCallRemove),
        asked: asked_for,
        frame,
    })
}
