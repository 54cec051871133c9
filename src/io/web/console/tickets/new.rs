//! A ticket that is opened by hand.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::query;
use super::super::choice::{Choice, choices};
use super::super::frame::{Frame, Visitor, page};
use super::titles::Titles;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    pack: String,
    kind: String,
    call: String,
    customer: Option<i64>,
    phone: String,
    name: String,
}

/// A field that the type asks for.
struct Asked {
    name: String,
    label: String,
    is_needed: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "tickets/new.html", blocks = ["form"])]
struct New {
    frame: Frame,
    asked: Query,
    pack: String,
    kind: String,
    packs: Vec<Choice>,
    kinds: Vec<Choice>,
    severities: Vec<Choice>,
    sources: Vec<Choice>,
    categories: Vec<(String, String)>,
    fields: Vec<Asked>,
    wants_reply: bool,
    owner: String,
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    match read(&api, &visitor, &uri).await {
        Ok(new) if visitor.look.is_fragment => page(&new.as_form()),
        Ok(new) => page(&new),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

async fn read(api: &Shared, visitor: &Visitor, uri: &Uri) -> Result<New, Problem> {
    let frame = visitor.frame(api, "nav-tickets", "tickets-new-title");
    let titles = Titles::read(visitor).await?;
    let asked = query::<Query>(uri)?;
    let types = titles.pack(&asked.pack);
    let pack = if asked.pack.is_empty() { "default".to_owned() } else { asked.pack.clone() };
    let first = types.and_then(|types| types.types.first()).map(|known| known.word.clone());
    let chosen = titles.of(&pack, &asked.kind).map(|known| known.word.clone()).or(first).unwrap_or_default();
    let kind = titles.of(&pack, &chosen);
    let mut fields: Vec<Asked> = Vec::new();
    for (names, is_needed) in
        kind.map(|kind| [(&kind.opens_with, true), (&kind.asks, false)]).into_iter().flatten()
    {
        for name in names {
            if fields.iter().all(|field| field.name != *name) {
                let label = frame.lang.word("tickets-field", name);
                fields.push(Asked { name: name.clone(), label, is_needed });
            }
        }
    }
    let categories = types.map(|types| types.categories.as_slice()).unwrap_or_default();
    Ok(New {
        packs: titles.packs(&frame, Some(&pack)),
        kinds: titles.kinds(&frame, Some(&pack), Some(&chosen)),
        severities: choices(&frame, "tickets-severity", ["ordinary", "serious", "major"], None),
        sources: choices(
            &frame,
            "tickets-source",
            ["manual", "walk_in", "call", "email", "wechat"],
            Some(if asked.call.is_empty() { "manual" } else { "call" }),
        ),
        categories: categories.iter().map(|c| (c.word.clone(), c.department.clone())).collect(),
        wants_reply: kind.is_some_and(|kind| kind.next_reply),
        owner: types.map(|types| types.owner.clone()).unwrap_or_default(),
        fields,
        kind: chosen,
        pack,
        asked,
        frame,
    })
}
