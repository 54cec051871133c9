//! The list of any day: every callback with its one reason, what another policy would change; and
//! what the next days will bring.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::super::api::plan::day as day_of;
use super::super::super::api::{DayFigures, PolicyText};
use super::super::super::listing::Items;
use super::super::super::mask::mask_numbers;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::super::tongue::outcome_in;
use super::super::address::{asked, next_page, query, segment};
use super::super::chart::{Part, stacked};
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;
use crate::io::planner::{DifferenceLine, PlanAnswer, PlanLine, PlanView, ReasonCount};
use crate::io::store::callback::VerdictRow;

/// Days that are looked ahead.
const DAYS: i32 = 7;
/// Rows of a page.
const ROWS: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    verdict: Option<String>,
    code: Option<String>,
    against: Option<String>,
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

/// One callback.
struct Line {
    customer: i64,
    name: String,
    rule: String,
    /// The rule's title.
    title: String,
    verdict: String,
    class: &'static str,
    reason: String,
    detail: String,
    at: Option<i64>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/plan.html", blocks = ["rows"])]
struct Plan {
    frame: Frame,
    tabs: Vec<NavItem>,
    pack: String,
    title: String,
    day: String,
    before: String,
    after: String,
    state: String,
    released: String,
    version: String,
    warnings: Vec<String>,
    ends_at: Option<i64>,
    bar: String,
    due: i64,
    done: i64,
    open: i64,
    excused: i64,
    reasons: Vec<Reason>,
    lines: Vec<Line>,
    count: i64,
    next: String,
    csv: String,
    packs: Vec<Choice>,
    others: Vec<Choice>,
    difference: Option<Vec<DifferenceLine>>,
    builds: bool,
    releases: bool,
    sees_customers: bool,
}

fn class(verdict: &str) -> &'static str {
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

/// The figures of a day as a picture: done, open, excused.
fn picture(frame: &Frame, counts: &[ReasonCount]) -> (String, [i64; 5]) {
    const VERDICTS: [&str; 5] = ["done", "call", "task", "not", "excused"];
    let of = |word: &str| number(counts.iter().filter(|c| c.verdict == word).map(|c| c.count).sum());
    let all = VERDICTS.map(of);
    let part = |(word, count): (&str, i64)| Part {
        class: class(word),
        label: format!("{} {count}", frame.lang.word("verdict", word)),
        count,
    };
    let parts: Vec<Part> = VERDICTS.into_iter().zip(all).map(part).collect();
    let words: Vec<&str> = parts.iter().filter(|p| p.count > 0).map(|p| p.label.as_str()).collect();
    (stacked(&words.join(", "), &parts), all)
}

fn kept_line(frame: &Frame, row: VerdictRow) -> Line {
    Line {
        customer: row.customer_id,
        name: row.name,
        rule: row.rule,
        title: row.title,
        class: class(&row.verdict),
        verdict: frame.lang.word("verdict", &row.verdict),
        reason: frame.lang.word("reason", &row.code),
        detail: mask_numbers(&row.detail),
        at: row.start_at,
    }
}

/// A difference as the visitor reads it.
fn said(frame: &Frame, line: DifferenceLine) -> DifferenceLine {
    let of = |text: &str| outcome_in(frame.lang, text);
    DifferenceLine { before: of(&line.before), after: of(&line.after), ..line }
}

fn preview_line(frame: &Frame, row: PlanLine) -> Line {
    Line {
        customer: row.customer,
        name: row.name,
        rule: row.rule,
        title: row.title,
        class: class(&row.verdict),
        verdict: frame.lang.word("verdict", &row.verdict),
        reason: frame.lang.word("reason", &row.code),
        detail: mask_numbers(&row.detail),
        at: row.start_at,
    }
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path((pack, text)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    match read(&api, &visitor, &pack, &text, &uri).await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_rows()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, pack: &str, text: &str, uri: &Uri) -> Result<Plan, Problem> {
    let day = day_of("day", text)?;
    let asked_for: Query = query(uri)?;
    let frame = visitor.frame(api, "nav-lists", "lists-plan-title");
    let at = format!("/plan/{}/{day}", segment(pack));
    let known: Items<PolicyText> = visitor.get("/policies").await?;
    let figures: DayFigures = visitor.get(&at).await?;
    let against = asked_for.against.clone().unwrap_or_default();
    // The list that was kept is what people were given; one that was never built is worked out.
    let worked_out = figures.plan.is_none() || !against.is_empty();
    let answer: PlanAnswer = match worked_out {
        true => {
            let other =
                if against.is_empty() { String::new() } else { format!("&against={}", segment(&against)) };
            let path = format!("/plan?date={day}&pack={}&limit={ROWS}{other}", segment(pack));
            visitor.get(&path).await?
        }
        false => PlanAnswer::default(),
    };
    let view = answer.plans.into_iter().next().unwrap_or_default();
    let is_kept = figures.plan.is_some();
    let counts = if is_kept { figures.counts } else { view.reasons.clone() };
    let (lines, next) = rows(visitor, &frame, &at, uri, is_kept, &asked_for, &view).await?;
    let (bar, [done, call, task, not, excused]) = picture(&frame, &counts);
    let plan = figures.plan;
    let released = plan.as_ref().and_then(|plan| plan.released_at.map(|at| (at, plan.released_by.clone())));
    let title = known.items.iter().find(|policy| policy.pack == pack).map(|policy| policy.title.clone());
    let step = |days: i32| format!("/lists/plan/{pack}/{}", day.saturating_add(days.days()));
    let is_today = day == frame.times.today();
    let choice = |chosen: &str, policy: &PolicyText| Choice {
        value: policy.pack.clone(),
        label: policy.title.clone(),
        is_chosen: policy.pack == chosen,
    };
    let may_release = visitor.may(Permission::PlanRelease);
    let state = plan.as_ref().map_or("preview", |plan| plan.state.as_str()).to_owned();
    Ok(Plan {
        tabs: tabs(visitor, "/lists/plan"),
        title: title.unwrap_or_else(|| pack.to_owned()),
        before: step(-1),
        after: step(1),
        released: released
            .map(|(at, by)| {
                frame.lang.with2("lists-released", "who", by, "time", frame.times.whole(at)).into_owned()
            })
            .unwrap_or_default(),
        version: plan.as_ref().map_or_else(|| view.version.clone(), |plan| plan.version.clone()),
        warnings: view.warnings,
        ends_at: view.ends_at,
        bar,
        due: done + call + task + not + excused,
        done,
        open: call + task + not,
        excused,
        reasons: reasons(&frame, uri, is_kept, &counts),
        count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        lines,
        next,
        csv: match is_kept {
            true => format!("/api/v1{at}/why.csv"),
            false => format!("/api/v1/plan.csv?date={day}&pack={}", segment(pack)),
        },
        packs: known.items.iter().map(|policy| choice(pack, policy)).collect(),
        others: known.items.iter().map(|policy| choice(&against, policy)).collect(),
        difference: answer.difference.map(|lines| lines.into_iter().map(|l| said(&frame, l)).collect()),
        builds: may_release && day >= frame.times.today() && state != "closed",
        releases: may_release && is_today && state == "draft" && call > 0,
        sees_customers: visitor.may(Permission::CustomersSee),
        state,
        day: day.to_string(),
        pack: pack.to_owned(),
        frame,
    })
}

/// The callbacks of the page, and where the next page is.
async fn rows(
    visitor: &Visitor,
    frame: &Frame,
    at: &str,
    uri: &Uri,
    is_kept: bool,
    asked_for: &Query,
    view: &PlanView,
) -> Result<(Vec<Line>, String), Problem> {
    if is_kept {
        let limit = ROWS.to_string();
        let path = format!("{at}/why{}", asked(uri, &[("limit", &limit), ("against", "")]));
        let kept: Items<VerdictRow> = visitor.get(&path).await?;
        let lines = kept.items.into_iter().map(|row| kept_line(frame, row)).collect();
        return Ok((lines, kept.next.map(|after| next_page(uri, &after)).unwrap_or_default()));
    }
    let wanted = |line: &&PlanLine| {
        asked_for.verdict.as_ref().is_none_or(|verdict| *verdict == line.verdict)
            && asked_for.code.as_ref().is_none_or(|code| *code == line.code)
    };
    Ok((
        view.lines.iter().filter(wanted).map(|row| preview_line(frame, row.clone())).collect(),
        String::new(),
    ))
}

/// Counts by reason; where the list was kept, each leads to its callbacks.
fn reasons(frame: &Frame, uri: &Uri, is_kept: bool, counts: &[ReasonCount]) -> Vec<Reason> {
    let one = |c: &ReasonCount| Reason {
        verdict: frame.lang.word("verdict", &c.verdict),
        class: class(&c.verdict),
        label: frame.lang.word("reason", &c.code),
        count: number(c.count),
        href: match is_kept {
            true => format!(
                "{}{}",
                uri.path(),
                asked(uri, &[("verdict", &c.verdict), ("code", &c.code), ("after", "")])
            ),
            false => String::new(),
        },
    };
    let mut all: Vec<Reason> = counts.iter().map(one).collect();
    all.sort_by_key(|reason| -reason.count);
    all
}

/// One day of one policy.
struct Ahead {
    href: String,
    calls: i64,
    not: i64,
    ends_at: Option<i64>,
}

/// The days of one policy; None: it is not in force then.
struct PackAhead {
    pack: String,
    title: String,
    days: Vec<Option<Ahead>>,
    is_quiet: bool,
}

/// A column of the table.
struct Column {
    day: String,
    weekday: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/ahead.html")]
struct AheadPage {
    frame: Frame,
    tabs: Vec<NavItem>,
    columns: Vec<Column>,
    packs: Vec<PackAhead>,
    from: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AheadQuery {
    from: Option<String>,
}

/// What the next days bring, for every policy; those that bring something first.
pub(super) async fn ahead(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-ahead-title");
        let asked_for: AheadQuery = query(&uri)?;
        let from = match &asked_for.from {
            Some(text) => day_of("from", text)?,
            None => frame.times.today(),
        };
        let (mut packs, mut columns) = (Vec::<PackAhead>::new(), Vec::new());
        let days: Vec<Date> = (0..DAYS).map(|by| from.saturating_add(by.days())).collect();
        let paths = days.iter().map(|day| format!("/plan?date={day}&limit=0")).collect();
        let answers: Vec<PlanAnswer> = visitor.get_all(paths).await?;
        for (day, answer) in days.into_iter().zip(answers) {
            columns.push(Column {
                day: day.strftime("%m-%d").to_string(),
                weekday: frame.lang.word("weekday", &day.weekday().to_monday_one_offset().to_string()),
            });
            for view in answer.plans {
                put(&mut packs, columns.len() - 1, day, view);
            }
        }
        for pack in &mut packs {
            pack.days.resize_with(columns.len(), || None);
            pack.is_quiet = pack.days.iter().flatten().all(|day| day.calls == 0 && day.not == 0);
        }
        packs.sort_by_key(|pack| pack.is_quiet);
        let tabs = tabs(&visitor, "/lists/plan");
        Ok(page(&AheadPage { tabs, columns, packs, from: from.to_string(), frame }))
    };
    read.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}

/// Puts the list of one day into the row of its policy.
fn put(packs: &mut Vec<PackAhead>, column: usize, day: Date, view: PlanView) {
    let shown = Ahead {
        href: format!("/lists/plan/{}/{day}", view.pack),
        calls: number(view.calls),
        not: number(view.not),
        ends_at: view.ends_at,
    };
    match packs.iter_mut().find(|known| known.pack == view.pack) {
        Some(known) => {
            known.days.resize_with(column, || None);
            known.days.push(Some(shown));
        }
        None => {
            let mut days: Vec<Option<Ahead>> = Vec::new();
            days.resize_with(column, || None);
            days.push(Some(shown));
            packs.push(PackAhead { pack: view.pack, title: view.title, days, is_quiet: false });
        }
    }
}
