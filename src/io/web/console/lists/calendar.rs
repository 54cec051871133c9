//! A year of the house as a picture: work days, weekends, holidays, days worked in exchange; and when
//! each policy calls.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;

use super::super::super::api::{CalendarDay, CalendarView};
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::asked;
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;

/// One field of a month's picture; without a number it is of another month.
struct Cell {
    number: String,
    class: String,
    label: String,
}

/// One month.
struct Month {
    name: String,
    weeks: Vec<Vec<Cell>>,
    calls: i64,
    work: i64,
}

/// A run of days of one kind with a name.
struct Named {
    span: String,
    kind: String,
    name: String,
    class: &'static str,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/calendar.html", blocks = ["year"])]
struct Calendar {
    frame: Frame,
    tabs: Vec<NavItem>,
    view: CalendarView,
    months: Vec<Month>,
    named: Vec<Named>,
    weekdays: Vec<String>,
    packs: Vec<Choice>,
    before: String,
    after: String,
}

fn class(kind: &str) -> &'static str {
    match kind {
        "holiday" => "is-holiday",
        "make_up" => "is-make-up",
        "freeze" => "is-freeze",
        "weekend" => "is-weekend",
        _ => "is-work",
    }
}

fn months(frame: &Frame, days: &[CalendarDay]) -> Vec<Month> {
    let today = frame.times.today();
    let mut all: Vec<Month> = Vec::new();
    for day in days {
        let Ok(date) = day.day.parse::<Date>() else { continue };
        if date.day() == 1 {
            let name = frame.lang.word("lists-month", &date.month().to_string());
            all.push(Month { name, weeks: Vec::new(), calls: 0, work: 0 });
        }
        let Some(month) = all.last_mut() else { continue };
        let column = date.weekday().to_monday_zero_offset();
        if date.day() == 1 || column == 0 {
            let blank = || Cell { number: String::new(), class: String::new(), label: String::new() };
            let lead = if date.day() == 1 { usize::try_from(column).unwrap_or_default() } else { 0 };
            month.weeks.push((0..lead).map(|_| blank()).collect());
        }
        month.work += i64::from(matches!(day.kind.as_str(), "work" | "make_up"));
        month.calls += i64::from(day.calls == Some(true));
        let mut classes = vec![class(&day.kind)];
        if date == today {
            classes.push("is-today");
        }
        if day.calls == Some(false) {
            classes.push("no-calls");
        }
        let mut label = vec![day.day.clone(), frame.lang.word("lists-day", &day.kind), day.name.clone()];
        if let Some(calls) = day.calls {
            let key = if calls { "lists-day-calls" } else { "lists-day-no-calls" };
            label.push(frame.lang.text(key).into_owned());
        }
        label.retain(|text| !text.is_empty());
        if let Some(week) = month.weeks.last_mut() {
            week.push(Cell {
                number: date.day().to_string(),
                class: classes.join(" "),
                label: label.join(" · "),
            });
        }
    }
    all
}

/// Days with a name, those beside each other as one line.
fn named(frame: &Frame, days: &[CalendarDay]) -> Vec<Named> {
    let mut all: Vec<(String, String, &CalendarDay)> = Vec::new();
    let mut last: Option<(usize, &CalendarDay)> = None;
    for (place, day) in days.iter().enumerate().filter(|(_, day)| !day.name.is_empty()) {
        let goes_on = last
            .is_some_and(|(at, other)| at + 1 == place && other.kind == day.kind && other.name == day.name);
        match all.last_mut().filter(|_| goes_on) {
            Some(run) => run.1.clone_from(&day.day),
            None => all.push((day.day.clone(), day.day.clone(), day)),
        }
        last = Some((place, day));
    }
    let short = |day: &str| day.get(5..).unwrap_or_default().to_owned();
    let one = |(from, to, day): (String, String, &CalendarDay)| Named {
        span: if from == to { short(&from) } else { format!("{} – {}", short(&from), short(&to)) },
        kind: frame.lang.word("lists-day", &day.kind),
        name: day.name.clone(),
        class: class(&day.kind),
    };
    all.into_iter().map(one).collect()
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-calendar-title");
        let view: CalendarView = visitor.get(&format!("/calendar{}", asked(&uri, &[]))).await?;
        let year = |by: i16| asked(&uri, &[("year", &(view.year + by).to_string())]);
        let asked_pack = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "pack")
            .map(|(_, value)| value.into_owned());
        let packs = view.windows.iter().map(|row| Choice {
            value: row.pack.clone(),
            label: row.title.clone(),
            is_chosen: asked_pack.as_deref() == Some(row.pack.as_str()),
        });
        Ok(Calendar {
            tabs: tabs(&visitor, "/lists/calendar"),
            months: months(&frame, &view.days),
            named: named(&frame, &view.days),
            weekdays: (1..=7).map(|n| frame.lang.word("lists-weekday", &n.to_string())).collect(),
            packs: packs.collect(),
            before: format!("{}{}", uri.path(), year(-1)),
            after: format!("{}{}", uri.path(), year(1)),
            view,
            frame,
        })
    };
    match read.await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_year()),
        Ok(shown) => page(&shown),
        Err::<_, Problem>(problem) => visitor.fault(&api, &problem),
    }
}
