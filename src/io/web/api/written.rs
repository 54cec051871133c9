//! A survey script as people read it: what is said and asked in its order, the keys, the scores.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::io::web::live::ScriptFact;
use crate::io::web::problem::Problem;
use crate::io::web::request::Params;
use crate::io::web::state::Shared;
use crate::ivr::{NodeKind, Part, Script};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Language of the texts; left out: the script's first.
    language: Option<String>,
}

/// A script with its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScriptText {
    /// Name, title, languages, problems.
    pub script: ScriptFact,
    /// Language of the texts here.
    pub language: String,
    /// Languages it is meant for.
    pub languages: Vec<String>,
    /// Columns of the list that it uses, each with its meaning.
    pub fields: BTreeMap<String, String>,
    /// Its nodes in the order in which a customer comes to them, then the others.
    pub nodes: Vec<ScriptNode>,
}

/// One node of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScriptNode {
    /// Its name.
    pub name: String,
    /// Step that it begins; empty: it goes on with the one before.
    pub step: String,
    /// `say`, `question`, `input`, `comment`, `branch`, `later`, `end`, `record_prompt` or `connect`.
    pub kind: String,
    /// What is said, from the texts of the prompts; values of the list stand as `{field}`.
    pub text: String,
    /// Prompts that are played, by name.
    pub prompts: Vec<String>,
    /// Keys of a question.
    pub keys: Vec<ScriptKey>,
    /// Whose work it rates, or what it is about; may be empty.
    pub about: String,
    /// Where it goes next without a key.
    pub next: Vec<String>,
    /// The result of an end.
    pub disposition: String,
}

/// One key of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScriptKey {
    /// The key.
    pub key: String,
    /// Word of the answer; may be empty.
    pub means: String,
    /// Score of the answer.
    pub score: Option<i32>,
    /// Whoever presses it is dissatisfied.
    pub dissatisfied: bool,
    /// Where it leads; empty: the question is said again.
    pub next: String,
}

/// A survey script with its steps, questions, keys, scores and the words that are said.
#[utoipa::path(get, path = "/scripts/{name}", tag = "catalogue", params(("name" = String, Path), Query),
    security(("bearer" = ["rules.see"])),
    responses((status = 200, description = "The script", body = ScriptText), (status = 404, description = "No such script", body = Problem)))]
async fn show(
    State(api): State<Shared>,
    Path(name): Path<String>,
    Params(query): Params<Query>,
) -> Result<axum::Json<ScriptText>, Problem> {
    let catalogue = api.parts.catalogue.borrow().clone();
    let fact = catalogue.scripts.iter().find(|script| script.name == name);
    let fact = fact.ok_or_else(|| Problem::not_found("script", &name))?.clone();
    let written = &catalogue.written;
    let wanted = query.language.unwrap_or_default();
    let language = written.language(&name, &wanted).to_owned();
    let Some(script) = written.scripts.get(&name) else {
        // It cannot be read; what is wrong stands in its problems.
        let (languages, fields, nodes) = (Vec::new(), BTreeMap::new(), Vec::new());
        return Ok(axum::Json(ScriptText { script: fact, language, languages, fields, nodes }));
    };
    let order = written.order_of(&name);
    let nodes = order.iter().map(|place| node(script, *place, |prompt| written.said(&language, prompt)));
    Ok(axum::Json(ScriptText {
        script: fact,
        languages: script.languages().to_vec(),
        fields: script.fields().clone(),
        nodes: nodes.collect(),
        language,
    }))
}

fn node(script: &Script, place: usize, said: impl Fn(&str) -> String) -> ScriptNode {
    let node = &script.nodes()[place];
    let name = |id| script.node(id).name.clone();
    let mut view = ScriptNode {
        name: node.name.clone(),
        step: node.step.clone().unwrap_or_default(),
        ..ScriptNode::default()
    };
    let mut parts: &[Part] = &[];
    view.kind = match &node.kind {
        NodeKind::Say { prompts, next, .. } => {
            (parts, view.next) = (prompts, vec![name(*next)]);
            "say"
        }
        NodeKind::Comment { prompts, next, .. } => {
            (parts, view.next) = (prompts, vec![name(*next)]);
            "comment"
        }
        NodeKind::Question(question) => {
            parts = &question.prompts;
            let rated = question.rates.as_ref().map(|rated| rated.function.clone());
            view.about = rated.or_else(|| question.dimension.clone()).unwrap_or_default();
            let own = question.keys.iter().filter(|(_, key)| !key.global);
            view.keys = own
                .map(|(at, key)| ScriptKey {
                    key: at.to_string(),
                    means: key.means.clone().unwrap_or_default(),
                    score: key.score,
                    dissatisfied: key.dissatisfied,
                    next: key.next().map(name).unwrap_or_default(),
                })
                .collect();
            "question"
        }
        NodeKind::Input(input) => {
            (parts, view.next) = (&input.prompts, vec![name(input.next)]);
            "input"
        }
        NodeKind::Branch { rules, otherwise } => {
            view.next = rules.iter().map(|rule| name(rule.next)).chain([name(*otherwise)]).collect();
            "branch"
        }
        NodeKind::Later { prompts, next, .. } => {
            (parts, view.next) = (prompts, vec![name(*next)]);
            "later"
        }
        NodeKind::End { prompts, disposition, .. } => {
            (parts, view.disposition) = (prompts, disposition.as_str().to_owned());
            "end"
        }
        NodeKind::RecordPrompt(record) => {
            (parts, view.next) = (&record.prompts, vec![name(record.next)]);
            "record_prompt"
        }
        NodeKind::Connect(connect) => {
            (parts, view.next) = (&connect.prompts, vec![name(connect.next), name(connect.otherwise)]);
            "connect"
        }
    }
    .into();
    view.next.dedup();
    for part in parts {
        match part {
            Part::Prompt(prompt) => {
                view.text.push_str(&said(prompt));
                view.prompts.push(prompt.clone());
            }
            Part::Name => view.text.push_str("{name}"),
            Part::Field { field, .. } | Part::Text(field) | Part::Items(field) => {
                view.text.push_str(&format!("{{{field}}}"));
            }
            Part::LaterTime => {}
        }
    }
    view
}
