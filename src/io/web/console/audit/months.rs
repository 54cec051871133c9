//! The months of the audit, and where each stands.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::ToSpan;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{picture, score, tabs, title_of};
use crate::access::Permission;
use crate::audit::Form;
use crate::io::audit::{DrawView, MonthResult};
use crate::io::store::audits::{AppealRow, CaseRow};

/// Months whose results are counted for the list; older ones show where their draw stands.
const COUNTED: usize = 6;

/// One month.
struct Month {
    id: i64,
    month: String,
    pack: String,
    state: String,
    class: &'static str,
    calls: i64,
    frozen_at: i64,
    /// Sheets of all cases; empty: not counted.
    done: String,
    mean: String,
    interval: String,
    agreement: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "audit/months.html")]
struct Months {
    frame: Frame,
    tabs: Vec<NavItem>,
    months: Vec<Month>,
    draws: bool,
    /// The month before the present one, which is frozen next.
    wanted: String,
    is_wanted: bool,
    packs: Vec<Choice>,
    seed_from: String,
    /// Cases that wait for the visitor, the first of them, and all as a list.
    mine: i64,
    first: i64,
    mine_href: String,
    appeals: i64,
    awaits: Option<(i64, String)>,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor) -> Response {
    if !visitor.may(Permission::AuditsSee) {
        let other = if visitor.may(Permission::CasesSee) { "/audit/cases" } else { "/audit/own" };
        return Redirect::to(other).into_response();
    }
    match read(&api, &visitor).await {
        Ok(months) => page(&months),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor) -> Result<Months, Problem> {
    let frame = visitor.frame(api, "nav-audit", "nav-audit");
    let draws: Items<DrawView> = visitor.get("/audits/draws").await?;
    let mut months = Vec::new();
    for (place, draw) in draws.items.iter().enumerate() {
        months.push(month(visitor, &frame, draw, place < COUNTED).await);
    }
    let first = frame.times.today().first_of_month();
    let wanted = first.checked_sub(1.month()).map(|day| day.strftime("%Y-%m").to_string());
    let wanted = wanted.unwrap_or_default();
    let forms = forms(visitor).await?;
    let default = forms.iter().find(|form| form.pack == "default").cloned().unwrap_or_default();
    let (mine, first_case, mine_href) = mine(visitor).await?;
    let appeals = match visitor.may(Permission::AppealsDecide) {
        true => visitor.get::<Items<AppealRow>>("/audits/appeals").await?.items.len(),
        false => 0,
    };
    let pack = |form: &Form| Choice {
        value: form.pack.clone(),
        label: title_of(frame.lang, &form.title, &form.title_en, &form.pack),
        is_chosen: false,
    };
    Ok(Months {
        tabs: tabs(visitor, "/audit"),
        is_wanted: !draws.items.iter().any(|draw| draw.month == wanted && draw.pack.is_empty()),
        wanted,
        draws: visitor.may(Permission::AuditsDraw),
        packs: forms.iter().filter(|form| form.pack != "default").map(pack).collect(),
        seed_from: default.draw.seed_from,
        awaits: draws.items.iter().find(|d| d.seed.is_none()).map(|d| (d.id, d.month.clone())),
        months,
        mine,
        first: first_case,
        mine_href,
        appeals: i64::try_from(appeals).unwrap_or_default(),
        frame,
    })
}

/// Audit forms in force.
pub(super) async fn forms(visitor: &Visitor) -> Result<Vec<Form>, Problem> {
    #[derive(serde::Deserialize)]
    struct Kept {
        form: Form,
    }
    let kept: Items<Kept> = visitor.get("/audits/forms").await?;
    Ok(kept.items.into_iter().map(|kept| kept.form).collect())
}

/// Cases that wait for the visitor: how many, the first, and where the list is.
pub(super) async fn mine(visitor: &Visitor) -> Result<(i64, i64, String), Problem> {
    if !visitor.may(Permission::SheetsScore) || !visitor.may(Permission::CasesSee) {
        return Ok((0, 0, String::new()));
    }
    let query = format!("?auditor={}&open=true", segment(visitor.caller.person()));
    let cases: Items<CaseRow> = visitor.get(&format!("/audits/cases{query}&limit=500")).await?;
    let first = cases.items.iter().min_by_key(|case| (case.due_at.unwrap_or(i64::MAX), case.id));
    let count = i64::try_from(cases.items.len()).unwrap_or_default();
    Ok((count, first.map(|case| case.id).unwrap_or_default(), format!("/audit/cases{query}")))
}

async fn month(visitor: &Visitor, frame: &Frame, draw: &DrawView, is_counted: bool) -> Month {
    let path = format!("/audits/results?month={}&pack={}", draw.month, segment(&draw.pack));
    // Whoever has yet to score a call of the month sees no result of it.
    let result = match is_counted && draw.seed.is_some() {
        true => visitor.get::<MonthResult>(&path).await.ok(),
        false => None,
    };
    let mut line = Month {
        id: draw.id,
        month: draw.month.clone(),
        pack: draw.pack.clone(),
        state: frame.lang.word("audit-state", &draw.state),
        class: if draw.seed.is_some() { "is-good" } else { "is-warn" },
        calls: draw.calls,
        frozen_at: draw.frozen_at,
        done: String::new(),
        mean: String::new(),
        interval: String::new(),
        agreement: String::new(),
    };
    if let Some(result) = result {
        let sheets: u64 = result.agents.iter().map(|agent| agent.sheets).sum();
        let all = sheets + result.open;
        line.done = format!("{sheets} / {all}");
        if result.open > 0 {
            line.class = "is-accent";
            line.state = frame.lang.text("audit-state-scoring").into_owned();
        } else if all > 0 {
            line.state = frame.lang.text("audit-state-scored").into_owned();
        }
        if let Some(estimate) = result.estimate {
            line.mean = score(estimate.mean);
            line.interval = picture::interval(&line.mean, estimate.mean, estimate.low.zip(estimate.high));
        }
        line.agreement = result.agreement.map(|both| super::percent(both.same_grade)).unwrap_or_default();
    }
    line
}
