//! Places in recordings that are played in training.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{months, tabs, title_of};
use crate::access::Permission;
use crate::io::store::audits::ExampleRow;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    kind: Option<String>,
    item: Option<String>,
}

/// One example.
struct Line {
    row: ExampleRow,
    item: String,
    kind: String,
    is_good: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/examples.html", blocks = ["rows"])]
struct Examples {
    frame: Frame,
    tabs: Vec<NavItem>,
    kinds: Vec<Choice>,
    items: Vec<Choice>,
    lines: Vec<Line>,
    next: String,
    hears: bool,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_rows()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Examples, Problem> {
    let want: Asked = query(uri)?;
    let found: Items<ExampleRow> = visitor.get(&format!("/audits/examples{}", asked(uri, &[]))).await?;
    let frame = visitor.frame(api, "nav-audit", "audit-examples");
    let forms = months::forms(visitor).await?;
    let mut items: Vec<Choice> = Vec::new();
    for (id, item) in forms.iter().flat_map(|form| form.item.iter()).filter(|(_, item)| !item.off) {
        if items.iter().all(|choice| choice.value != *id) {
            let label = format!("{id} {}", title_of(frame.lang, &item.title, &item.title_en, ""));
            items.push(Choice { value: id.clone(), label, is_chosen: want.item.as_ref() == Some(id) });
        }
    }
    let line = |row: ExampleRow| Line {
        item: items.iter().find(|c| c.value == row.item).map(|c| c.label.clone()).unwrap_or_default(),
        kind: frame.lang.word("audit-kind", &row.kind),
        is_good: row.kind == "good",
        row,
    };
    Ok(Examples {
        tabs: tabs(visitor, "/audit/examples"),
        kinds: choices(&frame, "audit-kind", ["good", "bad"], want.kind.as_deref()),
        next: found.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        lines: found.items.into_iter().map(line).collect(),
        hears: visitor.may(Permission::RecordingsHear),
        items,
        frame,
    })
}
