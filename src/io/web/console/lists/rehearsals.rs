//! Rehearsals: what is to be rehearsed, and those that are remembered.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan;
use serde::Deserialize;

use super::super::super::api::{PolicyOutline, PolicyText};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::choice::Choice;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use crate::access::Permission;
use crate::io::rehearsals::RehearsalView;

/// Days that are proposed.
const DAYS: i32 = 7;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    pack: Option<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/rehearsals.html", blocks = ["board"])]
struct Rehearsals {
    frame: Frame,
    tabs: Vec<NavItem>,
    packs: Vec<Choice>,
    intakes: Vec<Choice>,
    from: String,
    to: String,
    lines: Vec<RehearsalView>,
    is_busy: bool,
    hears: bool,
}

/// Class of the chip of a state.
pub(super) fn class(state: &str) -> &'static str {
    match state {
        "done" => "is-good",
        "running" => "is-accent",
        "failed" => "is-bad",
        _ => "is-warn",
    }
}

impl Rehearsals {
    fn class(&self, state: &str) -> &'static str {
        class(state)
    }
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(shown) if visitor.look.is_fragment => page(&shown.as_board()),
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<Rehearsals, Problem> {
    let asked_for: Query = query(uri)?;
    let frame = visitor.frame(api, "nav-lists", "lists-rehearsals-title");
    let known: Items<PolicyText> = visitor.get("/policies").await?;
    let lines: Items<RehearsalView> = visitor.get("/rehearsals").await?;
    let chosen = asked_for.pack.as_deref().or(known.items.first().map(|policy| policy.pack.as_str()));
    let mut intakes = Vec::new();
    if let Some(pack) = chosen {
        let outline: PolicyOutline = visitor.get(&format!("/policies/{}/outline", segment(pack))).await?;
        for intake in outline.intakes {
            let label = frame.lang.title(&intake.title, &intake.title_en).to_owned();
            intakes.push(Choice { value: intake.name, label, is_chosen: false });
        }
    }
    let packs = known.items.iter().map(|policy| Choice {
        value: policy.pack.clone(),
        label: policy.title.clone(),
        is_chosen: chosen == Some(policy.pack.as_str()),
    });
    let today = frame.times.today();
    Ok(Rehearsals {
        tabs: tabs(visitor, "/lists/rehearsals"),
        packs: packs.collect(),
        intakes,
        from: today.saturating_sub((DAYS - 1).days()).to_string(),
        to: today.to_string(),
        is_busy: lines.items.iter().any(|line| line.ended_at.is_none()),
        lines: lines.items,
        hears: visitor.may(Permission::EventsStream),
        frame,
    })
}
