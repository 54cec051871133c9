//! The rows behind a figure of a report.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query, segment};
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, Visitor, page};
use super::behind::{Behind, behind};
use crate::io::books::{Behind as Row, ReportView};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    part: Option<String>,
    group: Option<String>,
    page: Option<usize>,
    unmask: Option<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/figure.html")]
struct Shown {
    frame: Frame,
    id: i64,
    figure: String,
    report: String,
    days: String,
    parts: Vec<Choice>,
    group: String,
    groups: Vec<Choice>,
    behind: Behind,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    path: Result<Path<(i64, String)>, axum::extract::rejection::PathRejection>,
    uri: Uri,
) -> Response {
    let read = async {
        let Path((id, figure)) = path.map_err(|e| Problem::bad_request(e.body_text()))?;
        let want: Asked = query(&uri)?;
        let view: ReportView = visitor.get(&format!("/reports/{id}")).await?;
        let counted = view.figures.iter().find(|one| one.id == figure);
        let counted = counted.ok_or_else(|| Problem::not_found("figure", &figure))?;
        let path = format!("/reports/{id}/figures/{}{}", segment(&figure), asked(&uri, &[("page", "")]));
        let rows: Items<Row> = visitor.get(&path).await?;
        let mut frame = visitor.frame(&api, "nav-reports", "reports-all");
        frame.title.clone_from(&counted.title);
        let group = |name: &String| Choice {
            label: name.clone(),
            is_chosen: want.group.as_ref() == Some(name),
            value: name.clone(),
        };
        Ok::<_, Problem>(Shown {
            parts: choices(&frame, "reports-part", ["numerator", "rest", "missing"], want.part.as_deref()),
            groups: counted.groups.iter().map(|one| &one.name).filter(|n| !n.is_empty()).map(group).collect(),
            behind: behind(&frame, rows.items, want.page.unwrap_or(1), &uri),
            days: format!("{} – {}", view.from, view.to),
            report: view.title.clone(),
            group: want.group.unwrap_or_default(),
            figure,
            id,
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
