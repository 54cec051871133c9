//! What reports decided is to be done.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;
use crate::io::store::register::ActionRow;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    closed: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/actions.html")]
struct Actions {
    frame: Frame,
    tabs: Vec<NavItem>,
    closed: bool,
    actions: Vec<ActionRow>,
    writes: bool,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let want: Asked = query(&uri)?;
        let actions: Items<ActionRow> = visitor.get(&format!("/report-actions{}", asked(&uri, &[]))).await?;
        let frame = visitor.frame(&api, "nav-reports", "reports-actions");
        Ok::<_, Problem>(Actions {
            tabs: tabs(&visitor, "/reports/actions"),
            closed: want.closed,
            actions: actions.items,
            writes: visitor.may(Permission::ReportsWrite),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
