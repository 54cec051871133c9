//! How long open tickets have stood, as bars of ages; each bar leads to its tickets.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, query};
use super::super::chart::{Part, stacked};
use super::super::choice::{Choice, told};
use super::super::frame::{Frame, NavItem, Visitor, listed};
use super::titles::Titles;
use crate::ticket::AgeingLine;

/// Ages in whole days: the first and the last of each bar.
const AGES: [(i64, Option<i64>); 6] =
    [(0, Some(1)), (2, Some(3)), (4, Some(7)), (8, Some(14)), (15, Some(30)), (31, None)];
/// Tickets that are shown; the file has all.
const MOST: usize = 200;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    pack: Option<String>,
    kind: Option<String>,
    owner: Option<String>,
    min_days: Option<String>,
    max_days: Option<String>,
    overdue: Option<String>,
}

/// Tickets of one age.
struct Age {
    label: String,
    bar: String,
    count: i64,
    late: i64,
    href: String,
    is_here: bool,
}

/// One ticket.
struct Line {
    row: AgeingLine,
    kind: String,
    state: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/ageing.html", blocks = ["rows"])]
struct Ageing {
    frame: Frame,
    tabs: Vec<NavItem>,
    reports: Vec<NavItem>,
    asked: Asked,
    packs: Vec<Choice>,
    kinds: Vec<Choice>,
    is_overdue: bool,
    ages: Vec<Age>,
    lines: Vec<Line>,
    count: i64,
    csv: String,
    told: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => listed(&visitor, &shown, &shown.as_rows(), !shown.told.is_empty()),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Ageing, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-ageing");
    let titles = Titles::read(visitor).await?;
    let (want, rows, all, problem) = match tickets(visitor, uri).await {
        Ok((want, rows, all)) => (want, rows, all, None),
        Err(problem) if problem.status == 422 => (Asked::default(), Vec::new(), Vec::new(), Some(problem)),
        Err(problem) => return Err(problem),
    };
    let pack = want.pack.as_deref();
    let ages = AGES.iter().map(|ends| age(&frame, uri, &want, &all, *ends)).collect();
    Ok(Ageing {
        tabs: super::tabs(visitor, "/tickets/ageing"),
        reports: super::reports(visitor, "/tickets/ageing"),
        packs: titles.packs(&frame, pack),
        kinds: titles.kinds(&frame, pack, want.kind.as_deref()),
        is_overdue: want.overdue.as_deref() == Some("true"),
        ages,
        count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        lines: rows.into_iter().take(MOST).map(|row| line(&frame, &titles, row)).collect(),
        csv: format!("/api/v1/ticket-reports/ageing.csv{}", asked(uri, &[])),
        told: problem.as_ref().map(told).unwrap_or_default(),
        asked: want,
        frame,
    })
}

/// What was asked for, its tickets, and those of all ages.
async fn tickets(visitor: &Visitor, uri: &Uri) -> Result<(Asked, Vec<AgeingLine>, Vec<AgeingLine>), Problem> {
    let want: Asked = query(uri)?;
    let of = |query: String| format!("/ticket-reports/ageing{query}");
    let days = |text: &Option<String>| text.as_deref().filter(|days| !days.is_empty()).map(str::parse::<i64>);
    let (min, max) = match (days(&want.min_days).transpose(), days(&want.max_days).transpose()) {
        (Ok(min), Ok(max)) => (min.unwrap_or(0), max.unwrap_or(i64::MAX)),
        // The API says what is wrong with it.
        _ => {
            let rows: Items<AgeingLine> = visitor.get(&of(asked(uri, &[]))).await?;
            return Ok((want, rows.items, Vec::new()));
        }
    };
    let all: Items<AgeingLine> = visitor.get(&of(asked(uri, &[("min_days", ""), ("max_days", "")]))).await?;
    let rows = all.items.iter().filter(|row| (min..=max).contains(&row.days)).cloned().collect();
    Ok((want, rows, all.items))
}

fn age(frame: &Frame, uri: &Uri, want: &Asked, all: &[AgeingLine], ends: (i64, Option<i64>)) -> Age {
    let (first, last) = ends;
    let of_age = || all.iter().filter(|row| row.days >= first && last.is_none_or(|last| row.days <= last));
    let (count, late) = (of_age().count(), of_age().filter(|row| row.overdue).count());
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (count, late) = (number(count), number(late));
    let label = match last {
        Some(last) => frame.lang.with2("tickets-days-from-to", "from", first, "to", last),
        None => frame.lang.with("tickets-days-more", "n", first),
    };
    let parts = [
        Part {
            class: "is-bad",
            label: frame.lang.with("tickets-n-late", "n", late).into_owned(),
            count: late,
        },
        Part {
            class: "is-accent",
            label: frame.lang.with("tickets-n-in-time", "n", count - late).into_owned(),
            count: count - late,
        },
        // The rest of the width: bars of all ages have one scale.
        Part { class: "is-none", label: String::new(), count: number(all.len()) - count },
    ];
    let (min, max) = (first.to_string(), last.map(|last| last.to_string()).unwrap_or_default());
    Age {
        bar: stacked(&format!("{label}: {count}"), &parts),
        is_here: want.min_days.as_deref() == Some(min.as_str()),
        href: format!("{}{}", uri.path(), asked(uri, &[("min_days", &min), ("max_days", &max)])),
        label: label.into_owned(),
        count,
        late,
    }
}

fn line(frame: &Frame, titles: &Titles, row: AgeingLine) -> Line {
    Line {
        kind: titles.kind(frame, &row.pack, &row.kind),
        state: titles.state(frame, &row.pack, &row.kind, &row.state),
        row,
    }
}
