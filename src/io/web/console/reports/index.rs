//! What reports there are, when each is made, and those that were made.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::reports::ReportFile;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::choice::{Choice, choices, told};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::{class_of, tabs};
use crate::access::Permission;
use crate::io::books::Running;
use crate::io::store::register::{ActionRow, ReportRow};
use crate::report::Every;

/// Rows of a page.
const ROWS: u32 = 30;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    report: Option<String>,
    state: Option<String>,
    from: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
    /// The report that is about to be made.
    make: Option<String>,
}

/// One report there is a file of.
struct Kind {
    id: String,
    title: String,
    form: String,
    to: String,
    next_at: i64,
    last: i64,
    last_days: String,
    last_state: String,
    last_class: &'static str,
}

/// Reports of one rhythm.
struct Rhythm {
    word: &'static str,
    kinds: Vec<Kind>,
}

/// One that was made.
struct Line {
    id: i64,
    title: String,
    days: String,
    state: String,
    class: &'static str,
    due_at: i64,
    is_late: bool,
    made_at: i64,
    made_by: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/index.html", blocks = ["rows", "runs"])]
struct Index {
    frame: Frame,
    tabs: Vec<NavItem>,
    asked: Asked,
    rhythms: Vec<Rhythm>,
    reports: Vec<Choice>,
    states: Vec<Choice>,
    make: Vec<Choice>,
    yesterday: String,
    running: Vec<Running>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    writes: bool,
    actions: i64,
    told: String,
}

const fn word(every: Every) -> &'static str {
    match every {
        Every::Day => "day",
        Every::Week => "week",
        Every::Month => "month",
        Every::Quarter => "quarter",
        Every::Year => "year",
    }
}

fn title(lang: Lang, file: &ReportFile) -> String {
    lang.title(&file.title, &file.title_en).to_owned()
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let shown = match read(&api, &visitor, &uri).await {
        Ok(shown) => shown,
        Err(problem) => return visitor.fault(&api, &problem),
    };
    let is_wrong = !shown.told.is_empty();
    let mut response = page(&shown);
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// The list, and what is wrong with its filter.
async fn listed(visitor: &Visitor, uri: &Uri) -> Result<(Asked, Items<ReportRow>), Problem> {
    let want: Asked = query(uri)?;
    let limit = want.limit.unwrap_or(ROWS).to_string();
    let path = format!("/reports{}", asked(uri, &[("make", ""), ("limit", &limit)]));
    Ok((want, visitor.get(&path).await?))
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Index, Problem> {
    let frame = visitor.frame(api, "nav-reports", "nav-reports");
    let (want, items, problem) = match listed(visitor, uri).await {
        Ok((want, items)) => (want, items, None),
        Err(problem) if problem.status == StatusCode::UNPROCESSABLE_ENTITY.as_u16() => {
            (Asked::default(), Items { items: Vec::new(), next: None }, Some(problem))
        }
        Err(problem) => return Err(problem),
    };
    let files: Items<ReportFile> = visitor.get("/report-files").await?;
    let running: Items<Running> = visitor.get("/report-runs").await?;
    let recent: Items<ReportRow> = visitor.get("/reports?limit=500").await?;
    let actions: Items<ActionRow> = visitor.get("/report-actions").await?;
    let name = |id: &str| {
        files.items.iter().find(|file| file.id == id).map_or_else(|| id.to_owned(), |f| title(frame.lang, f))
    };
    let choice = |chosen: Option<&String>| {
        let one = |file: &ReportFile| Choice {
            value: file.id.clone(),
            label: title(frame.lang, file),
            is_chosen: chosen == Some(&file.id),
        };
        files.items.iter().map(one).collect::<Vec<_>>()
    };
    let lines: Vec<Line> = items.items.iter().map(|row| line(&frame, row, name(&row.report))).collect();
    Ok(Index {
        tabs: tabs(visitor, "/reports"),
        rhythms: rhythms(&frame, &files.items, &recent.items),
        reports: choice(want.report.as_ref()),
        make: choice(want.make.as_ref()),
        states: choices(
            &frame,
            "reports-state",
            ["draft", "submitted", "reviewed", "approved"],
            want.state.as_deref(),
        ),
        yesterday: frame.times.today().yesterday().map(|day| day.to_string()).unwrap_or_default(),
        running: running.items.into_iter().map(|run| Running { what: name(&run.what), ..run }).collect(),
        count: i64::try_from(lines.len()).unwrap_or_default(),
        lines,
        next: items.next.map(|next| next_page(uri, &next)).unwrap_or_default(),
        csv: format!("/api/v1/reports.csv{}", asked(uri, &[("make", ""), ("after", ""), ("limit", "")])),
        writes: visitor.may(Permission::ReportsWrite),
        actions: i64::try_from(actions.items.len()).unwrap_or_default(),
        told: problem.as_ref().map(told).unwrap_or_default(),
        asked: want,
        frame,
    })
}

fn days(from: &str, to: &str) -> String {
    if from == to { from.to_owned() } else { format!("{from} – {to}") }
}

fn line(frame: &Frame, row: &ReportRow, title: String) -> Line {
    Line {
        id: row.id,
        title,
        days: days(&row.from_day, &row.to_day),
        state: frame.lang.word("reports-state", &row.state),
        class: class_of(&row.state),
        due_at: row.due_at,
        is_late: row.late != 0 || row.state == "draft" && row.due_at < frame.times.now.0,
        made_at: row.made_at,
        made_by: row.made_by.clone(),
    }
}

fn rhythms(frame: &Frame, files: &[ReportFile], recent: &[ReportRow]) -> Vec<Rhythm> {
    let kind = |file: &ReportFile| {
        let last = recent.iter().find(|row| row.report == file.id);
        Kind {
            id: file.id.clone(),
            title: title(frame.lang, file),
            form: file.form.clone(),
            to: file.recipients.join(" · "),
            next_at: file.next_at,
            last: last.map(|row| row.id).unwrap_or_default(),
            last_days: last.map(|row| days(&row.from_day, &row.to_day)).unwrap_or_default(),
            last_state: last.map(|row| frame.lang.word("reports-state", &row.state)).unwrap_or_default(),
            last_class: last.map(|row| class_of(&row.state)).unwrap_or_default(),
        }
    };
    let all = [Every::Day, Every::Week, Every::Month, Every::Quarter, Every::Year];
    let of = |every: Every| Rhythm {
        word: word(every),
        kinds: files.iter().filter(|file| file.every == every).map(kind).collect(),
    };
    all.into_iter().map(of).filter(|rhythm| !rhythm.kinds.is_empty()).collect()
}
