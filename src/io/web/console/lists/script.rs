//! A survey script as it is heard: steps, questions with their keys and scores, the words of prompts.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::super::super::api::{ScriptNode, ScriptText};
use super::super::super::problem::Problem;
use super::super::super::state::Shared;
use super::super::address::{asked, segment};
use super::super::frame::{Frame, NavItem, Visitor, page};
use super::tabs;

/// Nodes from one step to the next.
struct Step {
    name: String,
    nodes: Vec<ScriptNode>,
}

/// A language of the script.
struct Spoken {
    tag: String,
    href: String,
    is_here: bool,
}

#[derive(askama::Template)]
#[template(config = "src/io/web/console/askama.toml", path = "lists/script.html")]
struct Script {
    frame: Frame,
    tabs: Vec<NavItem>,
    text: ScriptText,
    steps: Vec<Step>,
    languages: Vec<Spoken>,
}

/// Nodes by the step that they belong to.
fn steps(nodes: &[ScriptNode]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for node in nodes {
        let begins = !node.step.is_empty() && all.last().is_none_or(|step| step.name != node.step);
        if begins || all.is_empty() {
            all.push(Step { name: node.step.clone(), nodes: Vec::new() });
        }
        if let Some(step) = all.last_mut() {
            step.nodes.push(node.clone());
        }
    }
    all
}

pub(super) async fn show(
    State(api): State<Shared>,
    visitor: Visitor,
    Path(name): Path<String>,
    uri: Uri,
) -> Response {
    let read = async {
        let frame = visitor.frame(&api, "nav-lists", "lists-script-title");
        let path = format!("/scripts/{}{}", segment(&name), asked(&uri, &[]));
        let text: ScriptText = visitor.get(&path).await?;
        let languages = text.languages.iter().map(|tag| Spoken {
            href: format!("{}{}", uri.path(), asked(&uri, &[("language", tag)])),
            is_here: *tag == text.language,
            tag: tag.clone(),
        });
        let languages = languages.collect();
        let tabs = tabs(&visitor, "/lists/policies");
        Ok(page(&Script { tabs, steps: steps(&text.nodes), languages, text, frame }))
    };
    read.await.unwrap_or_else(|problem: Problem| visitor.fault(&api, &problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_without_a_step_go_on_with_the_one_before() {
        let node = |name: &str, step: &str| ScriptNode {
            name: name.into(),
            step: step.into(),
            ..ScriptNode::default()
        };
        let found = steps(&[node("a", "greeting"), node("b", ""), node("c", "survey"), node("d", "survey")]);
        let shape: Vec<(&str, usize)> = found.iter().map(|s| (s.name.as_str(), s.nodes.len())).collect();
        assert_eq!(shape, [("greeting", 2), ("survey", 2)]);
    }
}
