//! Rates of a month, and how its rules were kept.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::chart::{Part, stacked};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::{number, tabs};
use crate::access::Permission;
use crate::io::planner::{Adherence, RuleRate};
use crate::ticket::{DepartmentLine, FirstContact};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    month: Option<String>,
    by: Option<String>,
}

/// One rule.
struct Line {
    pack: String,
    rule: String,
    title: String,
    part: String,
    due: i64,
    done: i64,
    open: i64,
    rate: String,
    in_time: String,
    target: String,
    is_reached: bool,
    has_rate: bool,
    bar: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "reports/rates.html")]
struct Rates {
    frame: Frame,
    tabs: Vec<NavItem>,
    month: String,
    by: String,
    lines: Vec<Line>,
    csv: String,
    adherence: Option<Adherence>,
    departments: Vec<DepartmentLine>,
    first: Option<FirstContact>,
    tickets_csv: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Rates, Problem> {
    let want: Asked = query(uri)?;
    let frame = visitor.frame(api, "nav-reports", "reports-rates");
    let month = want.month.unwrap_or_else(|| frame.times.today().strftime("%Y-%m").to_string());
    let first: Date = format!("{month}-01").parse().map_err(|_| {
        Problem::invalid_field("month", format!("`{month}` is no month"), "write it as 2026-03")
    })?;
    let last = first.checked_add(1.month()).and_then(|next| next.yesterday()).unwrap_or(first);
    let by = want.by.unwrap_or_default();
    let split = match by.is_empty() {
        true => String::new(),
        false => format!("&by={}", super::super::address::segment(&by)),
    };
    let span = format!("?from={first}&to={last}");
    let [rules, hours] = [format!("/rates?month={month}{split}"), format!("/adherence?month={month}")];
    let [by_department, at_once] =
        ["departments", "first-contact"].map(|report| format!("/ticket-reports/{report}{span}"));
    let rates = visitor.get::<Items<RuleRate>>(&rules);
    let (rates, adherence, departments, contact) = match visitor.may(Permission::TicketReportsSee) {
        true => {
            let (rates, adherence, departments, contact) = tokio::try_join!(
                rates,
                visitor.get::<Adherence>(&hours),
                tickets::<Items<DepartmentLine>>(visitor, &by_department),
                tickets(visitor, &at_once)
            )?;
            (rates, Some(adherence), departments.map(|items| items.items).unwrap_or_default(), contact)
        }
        false => (rates.await?, None, Vec::new(), None),
    };
    Ok(Rates {
        tabs: tabs(visitor, "/reports/rates"),
        lines: rates.items.into_iter().map(|rate| line(&frame, rate)).collect(),
        csv: format!("/api/v1/rates.csv?month={month}{split}"),
        tickets_csv: format!("/api/v1/ticket-reports/departments.csv{span}"),
        month,
        by,
        adherence,
        departments,
        first: contact,
        frame,
    })
}

/// A report on tickets; None: the daemon runs without a desk for them.
async fn tickets<T: serde::de::DeserializeOwned>(
    visitor: &Visitor,
    path: &str,
) -> Result<Option<T>, Problem> {
    match visitor.get::<T>(path).await {
        Ok(report) => Ok(Some(report)),
        Err(problem) if problem.status == 503 => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn line(frame: &Frame, rate: RuleRate) -> Line {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let part = |class, n: u64, key: &str| Part {
        class,
        label: format!("{} {n}", frame.lang.text(key)),
        count: count(n),
    };
    let late = rate.done.saturating_sub(rate.in_time);
    let parts = [
        part("is-good", rate.in_time, "reports-in-time"),
        part("is-accent", late, "reports-done-late"),
        part("is-warn", rate.unreached + rate.refused, "reports-unreached"),
        part("is-open", rate.open, "reports-still-open"),
    ];
    let said = |value: Option<f64>| value.map(|value| format!("{} %", number(value))).unwrap_or_default();
    Line {
        bar: stacked(&format!("{} {}", rate.title, said(rate.rate)), &parts),
        due: count(rate.due),
        done: count(rate.done),
        open: count(rate.open),
        is_reached: rate.rate.is_some_and(|value| value >= rate.target),
        has_rate: rate.rate.is_some() && rate.counts,
        rate: said(rate.rate),
        in_time: said(rate.in_time_rate),
        target: said(Some(rate.target)),
        pack: rate.pack,
        title: rate.title,
        rule: rate.rule,
        part: rate.part,
    }
}
