//! One rehearsal: how far it is, and what came of it as pictures with their figures.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, next_page, query};
use super::super::chart::{Part, spark, stacked};
use super::super::choice::told;
use super::super::columns::{Column, columns};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::rehearsals::class;
use super::tabs;
use crate::access::Permission;
use crate::io::planner::ReasonCount;
use crate::io::rehearsals::{
    RehearsalCount, RehearsalDay, RehearsalDifference, RehearsalLine, RehearsalResult, RehearsalView,
};

/// Verdicts in the order of the picture.
const VERDICTS: [&str; 5] = ["done", "call", "task", "not", "excused"];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    day: Option<String>,
    verdict: Option<String>,
    code: Option<String>,
    rule: Option<String>,
    #[serde(rename = "after")]
    _after: Option<String>,
}

/// Callbacks with one reason.
struct Reason {
    verdict: String,
    class: &'static str,
    label: String,
    count: i64,
    href: String,
}

/// How often calls ended in a way.
struct Outcome {
    label: String,
    count: i64,
    before: Option<u64>,
    spark: String,
}

/// What came of it.
struct Shown {
    /// Callbacks of all days by verdict: the picture, and what each figure says.
    bar: String,
    due: i64,
    done: i64,
    open: i64,
    excused: i64,
    calls: i64,
    calls_before: Option<i64>,
    missed: i64,
    outcomes: Vec<Outcome>,
    hours: String,
    /// The hours at both ends of the picture.
    hours_from: String,
    hours_to: String,
    hour_rows: Vec<RehearsalCount>,
    days: Vec<RehearsalDay>,
    reasons: Vec<Reason>,
    differences: Option<Vec<RehearsalDifference>>,
    differences_count: i64,
    rows: i64,
    left_out: i64,
    problems: Vec<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/rehearsal.html", blocks = ["board"])]
struct Rehearsal {
    frame: Frame,
    tabs: Vec<NavItem>,
    view: RehearsalView,
    class: &'static str,
    seed: String,
    shown: Option<Shown>,
    rows: Rows,
    hears: bool,
}

/// What was not done, each with its reason: a part of the page, and a page of its own for a script.
#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/rehearsal_rows.html")]
struct Rows {
    frame: Frame,
    lines: Vec<RehearsalLine>,
    count: i64,
    next: String,
    csv: String,
    told: String,
    is_filtered: bool,
}

impl Rows {
    fn class(&self, verdict: &str) -> &'static str {
        verdict_class(verdict)
    }
}

impl Rehearsal {
    fn verdict_class(&self, verdict: &str) -> &'static str {
        verdict_class(verdict)
    }

    fn is_up(&self) -> bool {
        self.view.ended_at.is_none()
    }
}

fn verdict_class(verdict: &str) -> &'static str {
    match verdict {
        "done" => "is-good",
        "task" => "is-accent",
        "excused" => "is-warn",
        "not" => "is-bad",
        _ => "is-open",
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    match read(&api, &visitor, &id, &uri).await {
        Ok(shown) if visitor.look.is_fragment => match shown.shown.is_some() && shown.rows.is_filtered {
            true => page(&shown.rows),
            false => page(&shown.as_board()),
        },
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, id: &str, uri: &Uri) -> Result<Rehearsal, Problem> {
    let asked_for: Query = query(uri)?;
    let frame = visitor.frame(api, "nav-lists", "lists-rehearsal-title");
    let mut view: RehearsalView = visitor.get(&format!("/rehearsals/{id}")).await?;
    let result = view.result.take();
    let mut rows = Items { items: Vec::new(), next: None };
    let mut wrong = String::new();
    if result.is_some() {
        let path = format!("/rehearsals/{id}/lines{}", asked(uri, &[("limit", "50")]));
        match visitor.get(&path).await {
            Ok(found) => rows = found,
            Err(problem) if problem.status == 422 => wrong = told(&problem),
            Err(problem) => return Err(problem),
        }
    }
    let shown = result.map(|result| shown(&frame, uri, result));
    let Query { day, verdict, code, rule, _after } = asked_for;
    let rows = Rows {
        count: i64::try_from(rows.items.len()).unwrap_or(i64::MAX),
        lines: rows.items,
        next: rows.next.map(|after| next_page(uri, &after)).unwrap_or_default(),
        csv: format!("/api/v1/rehearsals/{id}/lines.csv{}", asked(uri, &[("after", "")])),
        told: wrong,
        is_filtered: [day, verdict, code, rule, _after].iter().any(Option::is_some),
        frame: frame.clone(),
    };
    Ok(Rehearsal {
        tabs: tabs(visitor, "/lists/rehearsals"),
        class: class(&view.state),
        seed: view.seed.to_string(),
        shown,
        rows,
        hears: visitor.may(Permission::EventsStream),
        view,
        frame,
    })
}

fn shown(frame: &Frame, uri: &Uri, result: RehearsalResult) -> Shown {
    let of = |word: &str| -> i64 {
        number(result.reasons.iter().filter(|c| c.verdict == word).map(|c| c.count).sum())
    };
    let [done, call, task, not, excused] = VERDICTS.map(of);
    let parts: Vec<Part> = VERDICTS
        .into_iter()
        .zip([done, call, task, not, excused])
        .map(|(word, count)| Part {
            class: verdict_class(word),
            label: format!("{} {count}", frame.lang.word("verdict", word)),
            count,
        })
        .collect();
    let words: Vec<&str> = parts.iter().filter(|p| p.count > 0).map(|p| p.label.as_str()).collect();
    let sum = |of: fn(&RehearsalCount) -> Option<u64>| -> Option<i64> {
        result.outcomes.iter().map(of).sum::<Option<u64>>().map(number)
    };
    let most = result.outcomes.iter().map(|c| c.count).max().unwrap_or_default();
    let outcome = |c: &RehearsalCount| Outcome {
        label: frame.lang.word("disposition", &c.word),
        count: number(c.count),
        before: c.before,
        spark: spark("spark", number(c.count), number(most)),
    };
    let mut outcomes: Vec<Outcome> = result.outcomes.iter().map(outcome).collect();
    outcomes.sort_by_key(|outcome| -outcome.count);
    Shown {
        bar: stacked(&words.join(", "), &parts),
        due: done + call + task + not + excused,
        done,
        open: call + task + not,
        excused,
        calls: sum(|c| Some(c.count)).unwrap_or_default(),
        calls_before: if result.differences.is_some() { sum(|c| c.before) } else { None },
        missed: number(result.missed),
        outcomes,
        hours: hours(frame, &result.hours),
        hours_from: result.hours.first().map(|hour| format!("{}:00", hour.word)).unwrap_or_default(),
        hours_to: result.hours.last().map(|hour| format!("{}:00", hour.word)).unwrap_or_default(),
        hour_rows: result.hours,
        days: result.days,
        reasons: reasons(frame, uri, &result.reasons),
        differences: result.differences,
        differences_count: number(result.differences_count),
        rows: number(result.rows),
        left_out: number(result.left_out),
        problems: result.problems,
    }
}

/// Calls over the day, from the first to the last hour in which any began.
fn hours(frame: &Frame, counts: &[RehearsalCount]) -> String {
    let ends = counts.first().zip(counts.last());
    let Some((first, last)) = ends.and_then(|(a, b)| a.word.parse::<u32>().ok().zip(b.word.parse().ok()))
    else {
        return String::new();
    };
    let column = |hour: u32| {
        let word = format!("{hour:02}");
        let count = counts.iter().find(|count| count.word == word).map_or(0, |count| count.count);
        Column { name: format!("{word}:00"), said: count.to_string(), value: Some(count as f64) }
    };
    let all: Vec<Column> = (first..=last).map(column).collect();
    columns(&frame.lang.text("lists-rehearsal-hours"), &all, 0.0)
}

/// Counts by reason; what was not done leads to its callbacks.
fn reasons(frame: &Frame, uri: &Uri, counts: &[ReasonCount]) -> Vec<Reason> {
    let filter = |c: &ReasonCount| {
        let only = [("verdict", c.verdict.as_str()), ("code", &c.code), ("after", ""), ("day", "")];
        format!("{}{}", uri.path(), asked(uri, &only))
    };
    let one = |c: &ReasonCount| Reason {
        verdict: frame.lang.word("verdict", &c.verdict),
        class: verdict_class(&c.verdict),
        label: frame.lang.word("reason", &c.code),
        count: number(c.count),
        href: if c.verdict == "done" { String::new() } else { filter(c) },
    };
    let mut all: Vec<Reason> = counts.iter().map(one).collect();
    all.sort_by_key(|reason| -reason.count);
    all
}
