//! The monthly sheets of people; each line leads to what it comes of.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query, segment};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::super::reports::behind::{Behind, behind, href};
use super::{score, tabs};
use crate::access::Permission;
use crate::io::books::Behind as Row;
use crate::io::store::ScoreEventRow;
use crate::report::{PersonLine, Sheet};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    month: Option<String>,
    pack: Option<String>,
    person: Option<String>,
}

/// One line of a sheet.
struct Line {
    title: String,
    value: String,
    of: String,
    standard: String,
    points: String,
    class: &'static str,
    is_few: bool,
    rows: String,
}

/// Points that were proposed or given for something.
struct Event {
    row: ScoreEventRow,
    kind: String,
    points: String,
    class: &'static str,
    /// Page of what it comes of; empty: there is none.
    href: String,
    is_waiting: bool,
    is_refused: bool,
    /// Whoever proposed does not decide.
    decides: bool,
}

/// One person.
struct Person {
    name: String,
    total: String,
    class: &'static str,
    rank: String,
    lines: Vec<Line>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/performance.html")]
struct Performance {
    frame: Frame,
    tabs: Vec<NavItem>,
    month: String,
    pack: String,
    person: String,
    people: Vec<Person>,
    csv: String,
    events: Vec<Event>,
    proposes: bool,
    today: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/rows.html")]
struct Rows {
    frame: Frame,
    back: String,
    whose: String,
    behind: Behind,
}

fn signed(points: f64) -> String {
    if points > 0.0 { format!("+{}", score(points)) } else { score(points) }
}

fn sign(points: f64) -> &'static str {
    match points {
        p if p > 0.0 => "is-good",
        p if p < 0.0 => "is-bad",
        _ => "",
    }
}

fn line(lang: Lang, line: PersonLine, pack: &str) -> Line {
    let query = line.rows.split_once('?').map_or("", |(_, query)| query);
    let pack = if pack.is_empty() { String::new() } else { format!("&pack={}", segment(pack)) };
    Line {
        rows: format!("/audit/performance/rows?{query}{pack}"),
        value: line.value.map(score).unwrap_or_default(),
        of: format!("{} / {}", line.numerator, line.denominator),
        standard: line.standard.map(score).unwrap_or_default(),
        class: sign(line.points),
        points: if line.few { String::new() } else { signed(line.points) },
        is_few: line.few,
        title: lang.title(&line.title, &line.title_en).to_owned(),
    }
}

fn event(frame: &Frame, visitor: &Visitor, row: ScoreEventRow) -> Event {
    let is_waiting = row.proposed != 0 && row.approved.is_none();
    Event {
        kind: frame.lang.word("audit-points", &row.kind),
        points: signed(row.points as f64),
        class: sign(row.points as f64),
        href: row
            .subject
            .split_once(':')
            .map(|(what, id)| href(&format!("/{what}s/{id}")))
            .unwrap_or_default(),
        is_refused: row.approved == Some(0),
        decides: is_waiting
            && visitor.may(Permission::PerformanceDecide)
            && row.created_by != visitor.caller.name,
        is_waiting,
        row,
    }
}

/// Points of the month, what waits first.
async fn events(
    visitor: &Visitor,
    frame: &Frame,
    month: &str,
    person: Option<&str>,
) -> Result<Vec<Event>, Problem> {
    let last = format!("{month}-01").parse::<jiff::civil::Date>().map(jiff::civil::Date::last_of_month);
    let last = last.map_err(|_| {
        Problem::invalid_field("month", format!("`{month}` is no month"), "write it as 2026-03")
    })?;
    let of = person.map(|name| format!("&person={}", segment(name))).unwrap_or_default();
    let path = format!("/score-events?from={month}-01&to={last}&limit=200{of}");
    let rows: Items<ScoreEventRow> = visitor.get(&path).await?;
    let mut events: Vec<Event> = rows.items.into_iter().map(|row| event(frame, visitor, row)).collect();
    events.sort_by_key(|event| !event.is_waiting);
    Ok(events)
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let want: Asked = query(&uri)?;
        let frame = visitor.frame(&api, "nav-audit", "audit-performance");
        let last = frame.times.today().first_of_month().checked_sub(1.month());
        let month = match &want.month {
            Some(month) => month.clone(),
            None => last.map(|day| day.strftime("%Y-%m").to_string()).unwrap_or_default(),
        };
        let pack = want.pack.unwrap_or_default();
        let path = format!("/performance{}", asked(&uri, &[("month", &month)]));
        let (events, sheets) = tokio::try_join!(
            events(&visitor, &frame, &month, want.person.as_deref()),
            visitor.get::<Items<Sheet>>(&path)
        )?;
        let person = |sheet: Sheet| Person {
            name: sheet.person,
            class: sign(sheet.total),
            total: signed(sheet.total),
            rank: sheet.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            lines: sheet.lines.into_iter().map(|one| line(frame.lang, one, &pack)).collect(),
        };
        Ok::<_, Problem>(Performance {
            tabs: tabs(&visitor, "/audit/performance"),
            csv: format!("/api/v1/performance.csv{}", asked(&uri, &[("month", &month)])),
            people: sheets.items.into_iter().map(person).collect(),
            person: want.person.unwrap_or_default(),
            proposes: visitor.may(Permission::PerformancePropose),
            today: frame.times.today().to_string(),
            events,
            month,
            pack,
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RowsAsked {
    month: String,
    pack: String,
    line: String,
    person: String,
    page: Option<usize>,
}

pub(super) async fn rows(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let want: RowsAsked = query(&uri)?;
        let frame = visitor.frame(&api, "nav-audit", "audit-rows-title");
        let path = format!("/performance/rows{}", asked(&uri, &[("page", "")]));
        let items: Items<Row> = visitor.get(&path).await?;
        Ok::<_, Problem>(Rows {
            back: format!("/audit/performance{}", asked(&uri, &[("line", ""), ("page", "")])),
            whose: format!("{} · {}", want.person, want.month),
            behind: behind(&frame, items.items, want.page.unwrap_or(1), &uri),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}
