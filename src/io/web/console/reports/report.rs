//! One report: figures with what is behind them, sums, texts, steps.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::reports::ReportFile;
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::request::RowId;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::chart::spark;
use super::super::columns::{Column, columns};
use super::super::frame::{Frame, Visitor, page};
use super::super::lang::Lang;
use super::{class_of, number};
use crate::access::Permission;
use crate::io::books::{Difference, ReportView, Written};
use crate::io::store::register::{ActionRow, ReportLogRow};
use crate::register::{Missing, Register};
use crate::report::{Counted, Group, Kind, State as Stage, Verdict};

/// Incomplete rows that are named one by one.
const MISSING: usize = 50;
/// Fields whose lines follow each other in time.
const TIMES: [&str; 6] = ["month", "day", "date", "week", "hour", "weekday"];

/// One line of a figure.
struct Row {
    name: String,
    value: String,
    numerator: i64,
    denominator: i64,
    missing: i64,
    bar: String,
    href: String,
}

/// One figure.
struct Figure {
    title: String,
    value: String,
    unit: &'static str,
    numerator: i64,
    denominator: i64,
    missing: i64,
    href: String,
    has_share: bool,
    chart: String,
    first: String,
    last: String,
    picture: String,
    rows: Vec<Row>,
}

/// A step that is done or to come.
struct Step {
    word: &'static str,
    who: String,
    at: Option<i64>,
    is_done: bool,
    is_next: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/report.html")]
struct Shown {
    frame: Frame,
    id: i64,
    days: String,
    state: String,
    class: &'static str,
    pack: String,
    recipients: String,
    due_at: i64,
    is_late: bool,
    steps: Vec<Step>,
    submits: bool,
    reviews: bool,
    approves: bool,
    returns: bool,
    writes: bool,
    lacks: i64,
    figures: Vec<Figure>,
    identities: Vec<Verdict>,
    incomplete: Vec<Missing>,
    more: i64,
    texts: Vec<Written>,
    changes: Vec<Difference>,
    log: Vec<ReportLogRow>,
    actions: Vec<ActionRow>,
    registers: Vec<(String, String)>,
    from: String,
    to: String,
    root: String,
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    id: Result<RowId, Problem>,
) -> Response {
    let read = async { read(&api, &visitor, id?.0).await };
    match read.await {
        Ok(report) => page(&report),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: i64) -> Result<Shown, Problem> {
    let view: ReportView = visitor.get(&format!("/reports/{id}")).await?;
    let log: Items<ReportLogRow> = visitor.get(&format!("/reports/{id}/log")).await?;
    let actions: Items<ActionRow> = visitor.get("/report-actions?closed=true").await?;
    let files: Items<ReportFile> = visitor.get("/report-files").await?;
    let ids = files.items.into_iter().find(|file| file.id == view.report).map(|file| file.registers);
    let all: Items<Register> = visitor.get("/registers").await?;
    let titled = |id: String| {
        let title =
            all.items.iter().find(|register| register.id == id).map(|register| register.title.clone());
        (id.clone(), title.unwrap_or(id))
    };
    let mut frame = visitor.frame(api, "nav-reports", "reports-all");
    frame.title.clone_from(&view.title);
    let stage = view.state;
    let is_open = stage == Stage::Submitted || stage == Stage::Reviewed;
    let writes = visitor.may(Permission::ReportsWrite);
    let mut incomplete = view.incomplete;
    let more = incomplete.len().saturating_sub(MISSING);
    incomplete.truncate(MISSING);
    let lacks = view.texts.iter().filter(|text| text.required && text.text.trim().is_empty()).count();
    Ok(Shown {
        id,
        days: if view.from == view.to { view.from.clone() } else { format!("{} – {}", view.from, view.to) },
        state: frame.lang.word("reports-state", stage.as_str()),
        class: class_of(stage.as_str()),
        recipients: view.recipients.join(" · "),
        steps: steps(stage, &log.items),
        submits: writes && stage == Stage::Draft,
        reviews: visitor.may(Permission::ReportsReview) && writes && stage == Stage::Submitted,
        approves: visitor.may(Permission::ReportsApprove) && writes && is_open,
        returns: writes && is_open,
        writes: writes && stage != Stage::Approved,
        lacks: i64::try_from(lacks).unwrap_or_default(),
        figures: view.figures.iter().map(|counted| figure(&frame, id, counted)).collect(),
        identities: view.identities,
        incomplete,
        more: i64::try_from(more).unwrap_or_default(),
        texts: view.texts,
        changes: view.later_changes,
        log: log.items,
        actions: actions.items.into_iter().filter(|action| action.report_id == id).collect(),
        registers: ids.unwrap_or_default().into_iter().map(titled).collect(),
        pack: view.pack,
        due_at: view.due_at,
        is_late: view.late,
        from: view.from,
        to: view.to,
        root: view.root,
        frame,
    })
}

/// The way of a report with who took each step, as its log says; what came before it was given back does
/// not count.
fn steps(stage: Stage, log: &[ReportLogRow]) -> Vec<Step> {
    let begin = log.iter().rposition(|line| line.action == "return").map_or(0, |place| place + 1);
    let taken = |action: &str| log[begin..].iter().rev().find(|line| line.action == action);
    let step = |word: &'static str, action: &str, from: Stage, is_next: bool| {
        let line = taken(action).filter(|_| stage >= from);
        Step {
            word,
            who: line.map(|line| line.actor.clone()).unwrap_or_default(),
            at: line.map(|line| line.at),
            is_done: line.is_some() || stage >= from && from != Stage::Reviewed,
            is_next,
        }
    };
    let made = log.first();
    vec![
        Step {
            word: "draft",
            who: made.map(|line| line.actor.clone()).unwrap_or_default(),
            at: made.map(|line| line.at),
            is_done: stage > Stage::Draft,
            is_next: stage == Stage::Draft,
        },
        step("submitted", "submit", Stage::Submitted, false),
        step("reviewed", "review", Stage::Reviewed, stage == Stage::Submitted),
        step("approved", "approve", Stage::Approved, stage == Stage::Reviewed),
        step("locked", "approve", Stage::Approved, false),
    ]
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What a line is called: stored words by their texts, all else as it is.
fn named(lang: Lang, name: &str) -> String {
    if name.is_empty() {
        return lang.text("reports-no-name").into_owned();
    }
    let part = |part: &str| {
        let texts = ["direction", "disposition"].map(|kind| lang.word(kind, part));
        texts.into_iter().find(|text| *text != part.replace('_', " ")).unwrap_or_else(|| part.to_owned())
    };
    name.split(" / ").map(part).collect::<Vec<_>>().join(" / ")
}

/// A value as it is said.
fn said(kind: Kind, value: Option<f64>) -> String {
    match (value, kind) {
        (None, _) => "–".into(),
        (Some(value), Kind::Share) => format!("{} %", number(value)),
        (Some(value), _) => number(value),
    }
}

fn figure(frame: &Frame, report: i64, counted: &Counted) -> Figure {
    let href = format!("/reports/{report}/figures/{}", segment(&counted.id));
    let most = match counted.kind {
        Kind::Share => 100.0,
        _ => counted.groups.iter().filter_map(|group| group.value).fold(0.0, f64::max),
    };
    let is_time = TIMES.contains(&counted.by.as_str()) && counted.groups.len() > 2;
    let row = |group: &Group| {
        let share = group.value.filter(|_| most > 0.0).map_or(0.0, |value| value / most * 1_000.0);
        Row {
            name: named(frame.lang, &group.name),
            value: said(counted.kind, group.value),
            numerator: whole(group.numerator),
            denominator: whole(group.denominator),
            missing: whole(group.missing),
            bar: spark("spark is-reached", share.round() as i64, 1_000),
            href: format!("{href}?group={}", segment(&group.name)),
        }
    };
    let column = |group: &Group| Column {
        name: group.name.clone(),
        said: said(counted.kind, group.value),
        value: group.value,
    };
    let picture = match is_time {
        true => columns(
            &counted.title,
            &counted.groups.iter().map(column).collect::<Vec<_>>(),
            if counted.kind == Kind::Share { 100.0 } else { 0.0 },
        ),
        false => String::new(),
    };
    Figure {
        title: counted.title.clone(),
        value: counted.value.map_or_else(|| "–".into(), number),
        unit: if counted.kind == Kind::Share && counted.value.is_some() { " %" } else { "" },
        numerator: whole(counted.numerator),
        denominator: whole(counted.denominator),
        missing: whole(counted.missing),
        has_share: counted.kind != Kind::Count || counted.numerator != counted.denominator,
        chart: format!("/api/v1/reports/{report}/figures/{}/chart", segment(&counted.id)),
        first: counted.groups.first().map(|group| group.name.clone()).unwrap_or_default(),
        last: counted.groups.last().map(|group| group.name.clone()).unwrap_or_default(),
        picture,
        rows: counted.groups.iter().map(row).collect(),
        href,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_was_given_back_begins_its_way_again() {
        let line = |action: &str, at: i64| ReportLogRow {
            at,
            actor: "li".into(),
            action: action.into(),
            detail: String::new(),
        };
        let log = [line("make", 1), line("submit", 2), line("return", 3)];
        let way = steps(Stage::Draft, &log);
        assert!(way[0].is_next && !way[1].is_done && way[1].who.is_empty());
        let log = [line("make", 1), line("submit", 2), line("return", 3), line("submit", 4)];
        let way = steps(Stage::Submitted, &log);
        assert_eq!((way[1].at, way[1].is_done, way[2].is_next), (Some(4), true, true));
    }

    #[test]
    fn lines_of_stored_words_have_their_texts() {
        assert_eq!(named(Lang::Chinese, "outbound / no_answer"), "呼出 / 无人接听");
        assert_eq!(named(Lang::Chinese, "王"), "王");
    }

    #[test]
    fn values_are_said_with_their_unit() {
        assert_eq!(
            (said(Kind::Share, Some(97.5)), said(Kind::Count, Some(3.0))),
            ("97.5 %".into(), "3".into())
        );
        assert_eq!(said(Kind::Mean, None), "–");
    }
}
