//! The policies in force and the survey scripts: what there is, and whether it is sound.

use axum::extract::State;
use axum::response::Response;

use super::super::super::api::{PolicyOutline, PolicyText};
use super::super::super::listing::Items;
use super::super::super::live::ScriptFact;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;

/// One policy.
struct Pack {
    pack: String,
    title: String,
    version: String,
    windows: String,
    rules: i64,
    active: i64,
    errors: i64,
    warnings: i64,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/policies.html")]
struct Policies {
    frame: Frame,
    tabs: Vec<NavItem>,
    packs: Vec<Pack>,
    scripts: Vec<ScriptFact>,
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn pack(outline: PolicyOutline) -> Pack {
    let found = |severity: &str| number(outline.findings.iter().filter(|f| f.severity == severity).count());
    Pack {
        rules: number(outline.rules.len()),
        active: number(outline.rules.iter().filter(|rule| rule.active).count()),
        errors: found("error"),
        warnings: found("warning"),
        windows: outline.windows.join(" · "),
        pack: outline.policy.pack,
        title: outline.policy.title,
        version: outline.policy.version,
    }
}

pub(super) async fn index(State(api): State<Shared>, visitor: Visitor) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-policies-title");
        let known: Items<PolicyText> = visitor.get("/policies").await?;
        let mut packs = Vec::new();
        for policy in known.items {
            packs.push(pack(visitor.get(&format!("/policies/{}/outline", policy.pack)).await?));
        }
        let scripts: Items<ScriptFact> = visitor.get("/scripts").await?;
        let tabs = tabs(&visitor, "/lists/policies");
        Ok(page(&Policies { tabs, packs, scripts: scripts.items, frame }))
    };
    read.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}
