//! Appeals that nobody has decided.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::super::super::listing::Items;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::io::store::audits::AppealRow;

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/appeals.html")]
struct Appeals {
    frame: Frame,
    tabs: Vec<NavItem>,
    appeals: Vec<AppealRow>,
    person: String,
    next: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let frame = visitor.frame(&api, "nav-audit", "audit-appeals");
    match visitor.get::<Items<AppealRow>>(&format!("/audits/appeals{}", asked(&uri, &[]))).await {
        Ok(items) => page(&Appeals {
            tabs: tabs(&visitor, "/audit/appeals"),
            next: items.next.map(|after| next_page(&uri, &after)).unwrap_or_default(),
            appeals: items.items,
            person: visitor.caller.person().to_owned(),
            frame,
        }),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
