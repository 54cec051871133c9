//! Points that tickets took off, by person, and what else counted for or against people then.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::chart::spark;
use super::super::choice::{Choice, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::titles::Titles;
use crate::access::Permission;
use crate::io::store::ScoreEventRow;
use crate::ticket::PointsLine;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    pack: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// One person.
struct Line {
    row: PointsLine,
    spark: String,
}

/// What counted.
struct Event {
    row: ScoreEventRow,
    kind: String,
    href: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/points.html", blocks = ["rows"])]
struct Points {
    frame: Frame,
    tabs: Vec<NavItem>,
    reports: Vec<NavItem>,
    asked: Asked,
    packs: Vec<Choice>,
    lines: Vec<Line>,
    count: i64,
    events: Option<Vec<Event>>,
    events_csv: String,
    csv: String,
    told: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Points, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-points-title");
    let titles = Titles::read(visitor).await?;
    let (want, rows, events, problem) = match found(visitor, &frame, uri).await {
        Ok((want, rows, events)) => (want, rows, events, None),
        Err(problem) if problem.status == 422 => (Asked::default(), Vec::new(), None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    let most = rows.iter().map(|row| row.points.abs()).max().unwrap_or_default();
    let event = |row: ScoreEventRow| Event {
        kind: frame.lang.word("audit-points", &row.kind),
        href: of_subject(visitor, &row.subject),
        row,
    };
    Ok(Points {
        tabs: super::tabs(visitor, "/tickets/ageing"),
        reports: super::reports(visitor, "/tickets/points"),
        packs: titles.packs(&frame, want.pack.as_deref()),
        count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        lines: rows
            .into_iter()
            .map(|row| Line { spark: spark("spark", row.points.abs(), most), row })
            .collect(),
        events: events.map(|rows| rows.into_iter().map(event).collect()),
        events_csv: format!("/api/v1/score-events.csv{}", asked(uri, &[])),
        csv: format!("/api/v1/ticket-reports/points.csv{}", asked(uri, &[])),
        told: problem.as_ref().map(told).unwrap_or_default(),
        asked: want,
        frame,
    })
}

/// What was asked for, points by person, and what else counted, for those who may see that.
async fn found(
    visitor: &Visitor,
    frame: &Frame,
    uri: &Uri,
) -> Result<(Asked, Vec<PointsLine>, Option<Vec<ScoreEventRow>>), Problem> {
    let want: Asked = query(uri)?;
    let rows: Items<PointsLine> = visitor.get(&format!("/ticket-reports/points{}", asked(uri, &[]))).await?;
    let events = match visitor.may(Permission::PerformanceSee) {
        true => {
            let month_ago = frame.times.today().saturating_sub(31.days()).to_string();
            let from = want.from.as_deref().filter(|from| !from.is_empty()).unwrap_or(&month_ago);
            let path = format!("/score-events{}", asked(uri, &[("limit", "100"), ("from", from)]));
            Some(visitor.get::<Items<ScoreEventRow>>(&path).await?.items)
        }
        false => None,
    };
    Ok((want, rows.items, events))
}

/// The page of what points come of: `ticket:12`, `call:01K...`.
fn of_subject(visitor: &Visitor, subject: &str) -> String {
    match subject.split_once(':') {
        Some(("ticket", id)) if visitor.may(Permission::TicketsSee) => format!("/tickets/{id}"),
        Some(("call", id)) if visitor.may(Permission::CallsSee) => format!("/calls/{id}"),
        _ => String::new(),
    }
}
