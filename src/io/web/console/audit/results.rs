//! What the audits of a month say of each agent.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{class_of, months, percent, picture, said, score, tabs, title_of};
use crate::access::Permission;
use crate::io::audit::{AgentResult, DrawView, MonthResult, SheetLine};

/// Fewer sheets say too little of a person to stand in a row of ranks.
pub(super) const FEW: u64 = 5;
/// Months of the trend, the present one with them.
const MONTHS: i64 = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    month: Option<String>,
    pack: Option<String>,
}

/// One sheet.
struct Sheet {
    case: i64,
    call: String,
    score: String,
    grade: String,
    class: &'static str,
    critical: Vec<String>,
    why: Vec<String>,
}

/// One agent.
struct Line {
    agent: String,
    rank: String,
    is_few: bool,
    mean: String,
    grade: String,
    class: &'static str,
    ends: String,
    interval: String,
    trend: String,
    sheets: i64,
    open: i64,
    critical: i64,
    cases: String,
    calls: String,
    tickets: String,
    performance: String,
    lines: Vec<Sheet>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/results.html")]
struct Results {
    frame: Frame,
    tabs: Vec<NavItem>,
    month: String,
    packs: Vec<Choice>,
    draw: i64,
    open: i64,
    mean: String,
    ends: String,
    interval: String,
    same: String,
    agreed: i64,
    lines: Vec<Line>,
    told: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(results) => page(&results),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

/// The month that is asked for, else that of the newest draw, else the last that is over.
async fn wanted(visitor: &Visitor, frame: &Frame, want: &Asked) -> Result<Date, Problem> {
    let text = match &want.month {
        Some(month) => Some(month.clone()),
        None => {
            let draws: Items<DrawView> = visitor.get("/audits/draws").await?;
            draws.items.into_iter().find(|draw| draw.seed.is_some()).map(|draw| draw.month)
        }
    };
    let last = frame.times.today().first_of_month().checked_sub(1.month());
    match text {
        None => last.map_err(|e| Problem::internal(&e)),
        Some(text) => format!("{text}-01").parse().map_err(|_| {
            Problem::invalid_field("month", format!("`{text}` is no month"), "write it as 2026-03")
        }),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Results, Problem> {
    let want: Asked = query(uri)?;
    let mut frame = visitor.frame(api, "nav-audit", "audit-results");
    let first = wanted(visitor, &frame, &want).await?;
    let pack = want.pack.clone().unwrap_or_default();
    let month = first.strftime("%Y-%m").to_string();
    let of = |day: Date| format!("/audits/results?month={}&pack={}", day.strftime("%Y-%m"), segment(&pack));
    let (result, told) = match visitor.get::<MonthResult>(&of(first)).await {
        Ok(result) => (result, String::new()),
        // Whoever has yet to score a call that another has scored is told so.
        Err(problem) if problem.status == 403 => (MonthResult::default(), problem.detail.to_string()),
        Err(problem) => return Err(problem),
    };
    let mut past: Vec<(String, BTreeMap<String, f64>)> = Vec::new();
    for back in (1..MONTHS).rev() {
        let Ok(day) = first.checked_sub(back.months()) else { continue };
        let of_month = visitor.get::<MonthResult>(&of(day)).await.map(means).unwrap_or_default();
        past.push((day.strftime("%Y-%m").to_string(), of_month));
    }
    past.push((month.clone(), means(result.clone())));
    let forms = months::forms(visitor).await?;
    let packs = forms.iter().filter(|form| form.pack != "default").map(|form| Choice {
        value: form.pack.clone(),
        label: title_of(frame.lang, &form.title, &form.title_en, &form.pack),
        is_chosen: form.pack == pack,
    });
    let packs = packs.collect();
    frame.title = frame.lang.with("audit-results-title", "month", &month).into_owned();
    let mut lines: Vec<Line> =
        result.agents.iter().map(|agent| line(&frame, visitor, agent, &month, &past)).collect();
    rank(&mut lines, &result.agents);
    let (mean, interval, ends) = said(result.estimate);
    Ok(Results {
        tabs: tabs(visitor, "/audit/results"),
        month,
        packs,
        draw: result.draw_id.unwrap_or_default(),
        open: i64::try_from(result.open).unwrap_or_default(),
        mean,
        interval,
        ends,
        same: result.agreement.map(|both| percent(both.same_grade)).unwrap_or_default(),
        agreed: result.agreement.map_or(0, |both| i64::try_from(both.calls).unwrap_or_default()),
        lines,
        told,
        frame,
    })
}

fn means(result: MonthResult) -> BTreeMap<String, f64> {
    result.agents.into_iter().filter_map(|agent| Some((agent.agent, agent.mean?))).collect()
}

fn ends(low: Option<f64>, high: Option<f64>) -> Option<String> {
    low.zip(high).map(|(low, high)| format!("{} – {}", score(low), score(high)))
}

fn line(
    frame: &Frame,
    visitor: &Visitor,
    agent: &AgentResult,
    month: &str,
    past: &[(String, BTreeMap<String, f64>)],
) -> Line {
    let estimate = agent.estimate;
    let mean = estimate.map(|e| e.mean).or(agent.mean);
    let of_months: Vec<(String, Option<f64>)> =
        past.iter().map(|(month, means)| (month.clone(), means.get(&agent.agent).copied())).collect();
    let name = segment(&agent.agent);
    let sheet = |sheet: &SheetLine| Sheet {
        case: sheet.case_id,
        call: sheet.call_id.clone(),
        score: score(sheet.score),
        grade: sheet.grade.clone(),
        class: class_of(sheet.score),
        critical: sheet.critical.clone(),
        why: sheet.why.iter().map(|word| frame.lang.word("audit-why", word)).collect(),
    };
    let count = |n: u64| i64::try_from(n).unwrap_or_default();
    Line {
        rank: String::new(),
        is_few: agent.sheets < FEW,
        grade: agent.grade.clone(),
        class: mean.map(class_of).unwrap_or_default(),
        ends: estimate.and_then(|e| ends(e.low, e.high)).unwrap_or_default(),
        interval: mean
            .map(|mean| picture::interval(&score(mean), mean, estimate.and_then(|e| e.low.zip(e.high))))
            .unwrap_or_default(),
        mean: mean.map(score).unwrap_or_default(),
        trend: picture::trend(&frame.lang.with("audit-trend", "agent", &agent.agent), &of_months),
        sheets: count(agent.sheets),
        open: count(agent.open),
        critical: i64::try_from(agent.critical.len()).unwrap_or_default(),
        cases: format!("/audit/cases?agent={name}"),
        calls: if visitor.may(Permission::CallsSee) {
            within(&format!("/calls?agent={name}"), month)
        } else {
            String::new()
        },
        tickets: if visitor.may(Permission::TicketsSee) {
            format!("/tickets?owner={name}")
        } else {
            String::new()
        },
        performance: match visitor.may(Permission::PerformanceSee) {
            true => format!("/audit/performance?month={month}&person={name}"),
            false => String::new(),
        },
        lines: agent.lines.iter().map(sheet).collect(),
        agent: agent.agent.clone(),
    }
}

/// A list of a month.
fn within(path: &str, month: &str) -> String {
    let last = format!("{month}-01").parse::<Date>().map(Date::last_of_month);
    last.map(|last| format!("{path}&from={month}-01&to={last}")).unwrap_or_else(|_| path.to_owned())
}

/// Places by mean among those who have enough sheets; the others stand below, by name.
fn rank(lines: &mut [Line], agents: &[AgentResult]) {
    let mean = |name: &str| {
        let agent = agents.iter().find(|agent| agent.agent == name && agent.sheets >= FEW)?;
        agent.estimate.map(|e| e.mean).or(agent.mean)
    };
    let all: Vec<f64> = agents.iter().filter_map(|agent| mean(&agent.agent)).collect();
    for line in lines.iter_mut() {
        if let Some(own) = mean(&line.agent) {
            line.rank = (all.iter().filter(|other| **other > own).count() + 1).to_string();
        }
    }
    lines.sort_by(|a, b| {
        let (one, other) = (mean(&a.agent), mean(&b.agent));
        other.unwrap_or(-1.0).total_cmp(&one.unwrap_or(-1.0)).then_with(|| a.agent.cmp(&b.agent))
    });
}
