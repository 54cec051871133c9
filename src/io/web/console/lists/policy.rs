//! One policy: its rules in plain words, what the check says of it, and its text to be changed.

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::api::{PolicyFinding, PolicyOutline, PolicyText};
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::segment;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;
use super::wording::{Said, retries, rule, title};
use crate::access::Permission;

/// One rule as it is shown.
struct Shown {
    id: String,
    title: String,
    requirements: Vec<String>,
    purpose: String,
    active: bool,
    set: String,
    said: Vec<Said>,
    scripts: Vec<String>,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/policy.html")]
struct Policy {
    frame: Frame,
    tabs: Vec<NavItem>,
    outline: PolicyOutline,
    rules: Vec<Shown>,
    general: Vec<Said>,
    edits: bool,
    plans: bool,
    today: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/policy_edit.html")]
struct Editor {
    frame: Frame,
    tabs: Vec<NavItem>,
    policy: PolicyText,
    findings: Vec<PolicyFinding>,
    today: String,
    plans: bool,
}

/// What holds for every rule of the policy.
fn general(frame: &Frame, outline: &PolicyOutline) -> Vec<Said> {
    let lang = frame.lang;
    let mut all = Vec::new();
    let mut say = |key: &str, words: String| {
        if !words.is_empty() {
            all.push(Said { label: lang.text(key).into_owned(), words });
        }
    };
    say("lists-say-windows", outline.windows.join(" · "));
    let days = match (outline.on_holidays, outline.on_weekends) {
        (true, true) => "lists-days-all",
        (true, false) => "lists-days-holidays",
        (false, true) => "lists-days-weekends",
        (false, false) => "lists-days-work",
    };
    say("lists-say-days", lang.text(days).into_owned());
    say("lists-say-roll", lang.word("lists-roll", &outline.roll));
    say("lists-say-retries", retries(lang, outline));
    let cap = |n: u32, key: &str| {
        if n == 0 { String::new() } else { lang.with(key, "n", i64::from(n)).into_owned() }
    };
    let caps = [cap(outline.per_day, "lists-cap-day"), cap(outline.per_week, "lists-cap-week")];
    let caps: Vec<String> = caps.into_iter().filter(|text| !text.is_empty()).collect();
    say("lists-say-caps", caps.join(&lang.text("lists-comma")));
    say("lists-say-ring", lang.with("lists-amount-s", "n", i64::from(outline.ring_seconds)).into_owned());
    for (name, windows) in &outline.duty {
        all.push(Said { label: name.clone(), words: windows.join(" · ") });
    }
    all
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, Path(pack): Path<String>) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-policy-title");
        let outline: PolicyOutline = visitor.get(&format!("/policies/{}/outline", segment(&pack))).await?;
        let lang = frame.lang;
        let shown = outline.rules.iter().map(|r| Shown {
            id: r.id.clone(),
            title: title(lang, r),
            requirements: r
                .source
                .split(',')
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty())
                .collect(),
            purpose: lang.word("lists-purpose", &r.purpose),
            active: r.active,
            set: r.set.clone(),
            said: rule(lang, &outline, r),
            scripts: r.scripts.clone(),
        });
        let rules = shown.collect();
        Ok(page(&Policy {
            tabs: tabs(&visitor, "/lists/policies"),
            rules,
            general: general(&frame, &outline),
            edits: visitor.may(Permission::PoliciesEdit),
            plans: visitor.may(Permission::PlanSee),
            today: frame.times.today().to_string(),
            outline,
            frame,
        }))
    };
    read.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}

pub(super) async fn edit(State(api): State<Shared>, visitor: Visitor, Path(pack): Path<String>) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-edit-title");
        let policy: PolicyText = visitor.get(&format!("/policies/{}", segment(&pack))).await?;
        let outline: PolicyOutline = visitor.get(&format!("/policies/{}/outline", segment(&pack))).await?;
        Ok(page(&Editor {
            tabs: tabs(&visitor, "/lists/policies"),
            policy,
            findings: outline.findings,
            today: frame.times.today().to_string(),
            plans: visitor.may(Permission::PlanSee),
            frame,
        }))
    };
    read.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}
