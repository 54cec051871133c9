//! Rosters of those on call: the months, and one month as a table of people and nights.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::super::super::api::{DutyView, OnDutyView, RosterView};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::titles::Titles;
use crate::access::Permission;
use crate::io::store::roster::{RosterMonth, SwapRow};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    pack: String,
    month: String,
}

/// One month of the list.
struct Month {
    pack: String,
    title: String,
    month: String,
    state: String,
    word: String,
    by: String,
    at: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/rosters.html")]
struct Rosters {
    frame: Frame,
    tabs: Vec<NavItem>,
    months: Vec<Month>,
    packs: Vec<Choice>,
    this_month: String,
}

/// One person in one role.
struct Row {
    person: String,
    phone: String,
    extension: String,
    /// By the days of the month.
    nights: Vec<Night>,
    count: usize,
}

/// One night of one person.
struct Night {
    date: String,
    is_weekend: bool,
    /// It is theirs.
    has: bool,
}

/// One role.
struct Group {
    role: String,
    label: String,
    rows: Vec<Row>,
    /// By the days of the month: nobody has it.
    gaps: Vec<bool>,
}

/// One day.
struct Day {
    date: String,
    number: i8,
    weekday: String,
    is_weekend: bool,
    is_today: bool,
}

/// Who is on duty now.
struct Now {
    night: bool,
    until: Option<i64>,
    chain: Vec<(String, String, String)>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/roster.html", blocks = ["roster"])]
struct Roster {
    frame: Frame,
    pack: String,
    path: String,
    month: String,
    heading: String,
    previous: String,
    following: String,
    state: String,
    state_word: String,
    published: String,
    is_there: bool,
    edits: bool,
    days: Vec<Day>,
    groups: Vec<Group>,
    roles: Vec<Choice>,
    people: Vec<String>,
    gaps: Vec<String>,
    swaps: Vec<SwapRow>,
    now: Now,
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let shown = async {
        let asked = query::<Asked>(&uri)?;
        let frame = visitor.frame(&api, "nav-tickets", "tickets-roster-title");
        if !asked.pack.is_empty() && !asked.month.is_empty() {
            let to = format!("/tickets/roster/{}/{}", segment(&asked.pack), segment(&asked.month));
            return Ok(Err(Redirect::to(&to)));
        }
        let titles = Titles::read(&visitor).await?;
        let rows = visitor.get::<Items<RosterMonth>>("/rosters").await?.items;
        let month = |row: RosterMonth| Month {
            title: titles.pack(&row.pack).map_or_else(|| row.pack.clone(), |types| types.title.clone()),
            word: frame.lang.word("tickets-roster", &row.state),
            by: row.changed_by,
            at: row.changed_at,
            pack: segment(&row.pack),
            month: row.month,
            state: row.state,
        };
        Ok::<_, Problem>(Ok(Rosters {
            tabs: super::tabs(&visitor, "/tickets/roster"),
            months: rows.into_iter().map(month).collect(),
            packs: titles.packs(&frame, None),
            this_month: frame.times.today().strftime("%Y-%m").to_string(),
            frame,
        }))
    };
    match shown.await {
        Ok(Ok(rosters)) => page(&rosters),
        Ok(Err(to)) => to.into_response(),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path((pack, month)): Path<(String, String)>,
) -> Response {
    match read(&api, &visitor, pack, &month).await {
        Ok(roster) if visitor.look.is_fragment => page(&roster.as_roster()),
        Ok(roster) => page(&roster),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

/// The days of a month.
fn days(frame: &Frame, first: Date) -> Vec<Day> {
    let day = |number: i8| {
        let date = first.with().day(number).build().ok()?;
        let weekday = date.weekday().to_monday_one_offset();
        Some(Day {
            date: date.to_string(),
            number,
            weekday: frame.lang.word("tickets-day", &weekday.to_string()),
            is_weekend: weekday > 5,
            is_today: date == frame.times.today(),
        })
    };
    (1..=first.days_in_month()).filter_map(day).collect()
}

/// People by role, each with their nights; `known` are those of the month before, who are offered too.
fn groups(
    frame: &Frame,
    roles: &[crate::roster::Role],
    days: &[Day],
    duties: &[DutyView],
    known: &[DutyView],
) -> Vec<Group> {
    let place: BTreeMap<&str, usize> =
        days.iter().enumerate().map(|(at, day)| (day.date.as_str(), at)).collect();
    let free = |day: &Day| Night { date: day.date.clone(), is_weekend: day.is_weekend, has: false };
    let group = |role: &crate::roster::Role| {
        let mut rows: Vec<Row> = Vec::new();
        let mut taken = vec![false; days.len()];
        for (duty, counts) in
            duties.iter().map(|duty| (duty, true)).chain(known.iter().map(|duty| (duty, false)))
        {
            if duty.role != *role {
                continue;
            }
            let at = match rows.iter().position(|row| row.person == duty.person) {
                Some(at) => at,
                None => {
                    rows.push(Row {
                        person: duty.person.clone(),
                        phone: duty.phone.clone(),
                        extension: duty.extension.clone(),
                        nights: days.iter().map(free).collect(),
                        count: 0,
                    });
                    rows.len() - 1
                }
            };
            if let Some(night) = place.get(duty.date.as_str()).copied().filter(|_| counts) {
                if let (Some(row), Some(taken)) = (rows.get_mut(at), taken.get_mut(night)) {
                    row.count += 1;
                    *taken = true;
                    row.nights.iter_mut().skip(night).take(1).for_each(|night| night.has = true);
                }
            }
        }
        Group {
            role: role.as_str().to_owned(),
            label: frame.lang.word("tickets-role", role.as_str()),
            rows,
            gaps: taken.into_iter().map(|taken| !taken).collect(),
        }
    };
    roles.iter().map(group).collect()
}

async fn roster_of(visitor: &Visitor, path: &str, month: &str) -> Result<Option<RosterView>, Problem> {
    match visitor.get::<RosterView>(&format!("/rosters/{path}/{month}")).await {
        Ok(view) => Ok(Some(view)),
        Err(problem) if problem.status == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, pack: String, month: &str) -> Result<Roster, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-roster-title");
    let first: Date = format!("{month}-01").parse().map_err(|_| {
        Problem::invalid_field("month", format!("`{month}` is not a month"), "write it as 2026-07")
    })?;
    let path = segment(&pack);
    let duty = visitor.get::<OnDutyView>(&format!("/on-duty/{path}")).await?;
    let next_to = |months: i64| {
        let other = first.checked_add(jiff::Span::new().months(months)).unwrap_or(first);
        other.strftime("%Y-%m").to_string()
    };
    let found = roster_of(visitor, &path, month).await?;
    let before = match &found {
        Some(_) => None,
        None => roster_of(visitor, &path, &next_to(-1)).await?,
    };
    let known = before.map(|view| view.duties).unwrap_or_default();
    let duties = found.as_ref().map(|view| view.duties.clone()).unwrap_or_default();
    let days = days(&frame, first);
    let groups = groups(&frame, &duty.roles, &days, &duties, &known);
    let mut people: Vec<String> =
        groups.iter().flat_map(|group| &group.rows).map(|row| row.person.clone()).collect();
    people.sort();
    people.dedup();
    let state = found.as_ref().map_or("new", |view| view.roster.state.as_str()).to_owned();
    let published =
        found.as_ref().and_then(|view| Some((view.roster.published_at?, view.roster.published_by.clone())));
    let words: Vec<&str> = duty.roles.iter().map(|role| role.as_str()).collect();
    let post = |post: super::super::super::api::PostView| {
        (frame.lang.word("tickets-role", post.role.as_str()), post.person, post.address)
    };
    Ok(Roster {
        heading: format!("{} · {month}", duty.title),
        previous: next_to(-1),
        following: next_to(1),
        state_word: frame.lang.word("tickets-roster", &state),
        published: published.map(|(at, by)| format!("{by} · {}", frame.times.short(&at))).unwrap_or_default(),
        is_there: found.is_some(),
        edits: visitor.may(Permission::RostersEdit),
        roles: choices(&frame, "tickets-role", words, None),
        gaps: found.as_ref().map(|view| view.gaps.clone()).unwrap_or_default(),
        swaps: found.map(|view| view.swaps).unwrap_or_default(),
        now: Now { night: duty.night, until: duty.until, chain: duty.chain.into_iter().map(post).collect() },
        state,
        days,
        groups,
        people,
        month: month.to_owned(),
        path,
        pack,
        frame,
    })
}
