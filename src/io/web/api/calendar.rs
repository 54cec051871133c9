//! The calendar of the house: which days are worked, and on which each policy calls.

use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::calendar::DayKind;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Calendar year; left out: the present one.
    year: Option<i16>,
    /// Policy pack whose days of calls are told; left out: none.
    pack: Option<String>,
}

/// A year of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CalendarView {
    /// The year.
    pub year: i16,
    /// IANA zone in which days begin.
    pub timezone: String,
    /// Years of which the holidays are known.
    pub known: Vec<i16>,
    /// Why weekends stand in for the holidays of this year; empty: they are known.
    pub missing: String,
    /// Its days, in order.
    pub days: Vec<CalendarDay>,
    /// When each policy in force calls.
    pub windows: Vec<PackWindows>,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CalendarDay {
    /// `2026-03-03`.
    pub day: String,
    /// `work`, `weekend`, `holiday`, `make_up` or `freeze`.
    pub kind: String,
    /// The holiday, or why the house is closed; may be empty.
    pub name: String,
    /// Whether the policy that was asked for calls on it; null: none was.
    pub calls: Option<bool>,
}

/// When a policy calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PackWindows {
    /// Policy pack.
    pub pack: String,
    /// Its title, in Chinese.
    pub title: String,
    /// Its windows of calls: `Mon-Fri 09:00-12:00`.
    pub windows: Vec<String>,
    /// Also on statutory holidays.
    pub on_holidays: bool,
    /// Also on weekends.
    pub on_weekends: bool,
    /// Other hours by name.
    pub duty: std::collections::BTreeMap<String, Vec<String>>,
}

/// A year of the calendar: work days, weekends, holidays, days worked in exchange, days on which the
/// house is closed; and when each policy calls.
#[utoipa::path(get, path = "/calendar", tag = "plan", params(Query), security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The year", body = CalendarView),
              (status = 404, description = "No such pack", body = Problem),
              (status = 422, description = "No such year", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Params(query): Params<Query>,
) -> Result<axum::Json<CalendarView>, Problem> {
    let settings = api.planner()?.settings();
    let calendar = &settings.calendar;
    let today = calendar.date(api.now());
    let year = query.year.unwrap_or(today.year());
    if !(1_970..=2_200).contains(&year) {
        let hint = "write one from 1970 to 2200";
        return Err(Problem::invalid_field("year", format!("{year} is no year of the calendar"), hint));
    }
    let pack = match &query.pack {
        None => None,
        Some(name) => {
            let policy = settings.policies.in_force(name, today);
            Some(policy.ok_or_else(|| Problem::not_found("policy", name))?)
        }
    };
    let mut days = Vec::with_capacity(366);
    let mut day: Date = date(year, 1, 1);
    while day.year() == year {
        let (kind, name) = match calendar.day(day) {
            DayKind::Work => ("work", String::new()),
            DayKind::Weekend => ("weekend", String::new()),
            DayKind::Holiday(name) => ("holiday", name.to_string()),
            DayKind::MakeUp(name) => ("make_up", name.to_string()),
            DayKind::Freeze(name) => ("freeze", name.to_string()),
        };
        let calls = pack.map(|policy| policy.pack.calls_on(day, calendar));
        days.push(CalendarDay { day: day.to_string(), kind: kind.into(), name, calls });
        day = day.saturating_add(1.day());
    }
    let windows = settings.policies.all_in_force(today).map(|policy| {
        let closed = policy.pack.closed_on();
        PackWindows {
            pack: policy.pack.pack.clone(),
            title: policy.pack.title.clone(),
            windows: policy.pack.windows.call.clone(),
            on_holidays: !closed.holidays,
            on_weekends: !closed.weekends,
            duty: policy.pack.windows.duty.clone(),
        }
    });
    Ok(axum::Json(CalendarView {
        year,
        timezone: calendar.zone().iana_name().unwrap_or("UTC").to_owned(),
        known: calendar.years().iter().copied().collect(),
        missing: calendar.missing(year).map(|m| m.to_string()).unwrap_or_default(),
        days,
        windows: windows.collect(),
    }))
}
