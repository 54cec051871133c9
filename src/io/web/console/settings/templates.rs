//! The texts of notices: what each says, who gets it, and how it will be read.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::api::{ChannelView, NoticeTemplate};
use super::super::super::listing::Items;
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{query, segment};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::super::lang::Lang;
use super::tabs;
use crate::access::Permission;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Query {
    topic: Option<String>,
}

/// A line of the list.
struct Line {
    topic: String,
    title: String,
    href: String,
    is_here: bool,
    is_own: bool,
}

/// A piece of a text: words, or the name of a fact.
struct Piece {
    words: String,
    is_fact: bool,
}

/// Who gets it.
struct Way {
    to: String,
    packs: String,
    channels: String,
    urgent: bool,
}

/// One template.
struct One {
    view: NoticeTemplate,
    title: Vec<Piece>,
    text: Vec<Piece>,
    ways: Vec<Way>,
    /// `/notice-templates/TOPIC/test` of the API.
    path: String,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "settings/templates.html")]
struct Templates {
    frame: Frame,
    tabs: Vec<NavItem>,
    lines: Vec<Line>,
    one: Option<One>,
    channels: Vec<String>,
    sends: bool,
}

/// A text in pieces, so that its facts stand out.
fn pieces(text: &str) -> Vec<Piece> {
    let (mut all, mut rest) = (Vec::new(), text);
    let words = |words: &str| Piece { words: words.replace("{{", "{"), is_fact: false };
    while let Some((before, after)) = rest.split_once('{') {
        match after.split_once('}').filter(|_| !after.starts_with('{')) {
            Some((fact, after)) => {
                all.push(words(before));
                all.push(Piece { words: fact.to_owned(), is_fact: true });
                rest = after;
            }
            None => {
                all.push(words(&format!("{before}{{")));
                rest = after.strip_prefix('{').unwrap_or(after);
            }
        }
    }
    all.push(words(rest));
    all.retain(|piece| !piece.words.is_empty());
    all
}

/// The title with its facts left out; where nothing is left, the topic says what it is.
fn name_of(frame: &Frame, tag: &str, view: &NoticeTemplate) -> String {
    if view.topic == crate::notice::GENERIC {
        return frame.lang.text("settings-notice-generic").into_owned();
    }
    let text = view.texts.iter().find(|text| text.language == tag);
    let pieces = text.map(|text| pieces(&text.title)).unwrap_or_default();
    if pieces.iter().all(|piece| piece.is_fact || piece.words.trim().is_empty()) {
        return String::new();
    }
    let words = pieces.iter().map(|piece| if piece.is_fact { "…" } else { piece.words.as_str() });
    words.collect()
}

fn one(frame: &Frame, tag: &str, view: NoticeTemplate) -> One {
    let text = view.texts.iter().find(|text| text.language == tag);
    let all = |names: &[String]| match names {
        [] => frame.lang.text("settings-notice-all").into_owned(),
        names => names.join(", "),
    };
    let ways = view.routes.iter().map(|route| Way {
        to: all(&route.to),
        packs: all(&route.packs),
        channels: route.channels.join(", "),
        urgent: route.urgent,
    });
    One {
        title: text.map(|text| pieces(&text.title)).unwrap_or_default(),
        text: text.map(|text| pieces(&text.text)).unwrap_or_default(),
        ways: ways.collect(),
        path: format!("/notice-templates/{}/test", segment(&view.topic)),
        view,
    }
}

pub(super) async fn show(State(api): State<Shared>, visitor: Visitor, uri: Uri) -> Response {
    let read = async {
        let asked: Query = query(&uri)?;
        let frame = visitor.frame(&api, "nav-settings", "settings-templates-title");
        let tag = if frame.lang == Lang::English { "en" } else { "zh-CN" };
        let known: Items<NoticeTemplate> = visitor.get("/notice-templates").await?;
        let channels: Items<ChannelView> = visitor.get("/notice-channels").await?;
        let topic = asked.topic.or_else(|| known.items.first().map(|view| view.topic.clone()));
        let topic = topic.unwrap_or_default();
        let line = |view: &NoticeTemplate| Line {
            topic: view.topic.clone(),
            title: name_of(&frame, tag, view),
            href: format!("/settings/notices/templates?topic={}", segment(&view.topic)),
            is_here: view.topic == topic,
            is_own: view.own,
        };
        let lines = known.items.iter().map(line).collect();
        let found = known.items.into_iter().find(|view| view.topic == topic);
        if found.is_none() && !topic.is_empty() {
            return Err(Problem::not_found("template of topic", format!("`{topic}`")));
        }
        Ok(Templates {
            tabs: tabs(&visitor, "/settings/notices"),
            lines,
            one: found.map(|view| one(&frame, tag, view)),
            channels: channels
                .items
                .into_iter()
                .filter(|channel| !channel.kind.is_empty())
                .map(|channel| channel.health.name)
                .collect(),
            sends: visitor.may(Permission::NoticesSend),
            frame,
        })
    };
    match read.await {
        Ok(shown) => page(&shown),
        Err(problem) => visitor.fault(&api, &problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_apart_from_words_and_a_brace_is_a_brace() {
        let told = |text: &str| -> Vec<(String, bool)> {
            pieces(text).into_iter().map(|piece| (piece.words, piece.is_fact)).collect()
        };
        let word = |text: &str| (text.to_owned(), false);
        assert_eq!(told("客户:{customer} 好"), [word("客户:"), ("customer".into(), true), word(" 好")]);
        assert_eq!(told("a {{ b"), [word("a {"), word(" b")]);
        assert_eq!(told("{x}"), [("x".to_owned(), true)]);
    }
}
