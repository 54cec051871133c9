//! A script on paper: what it asks as a page that a customer fills in (SCH-33, CNT-16), and what
//! it says as blocks that an agent reads and ticks (CNT-09).
//!
//! The order is that of the conversation. Branches on a column are decided; where it depends on
//! an answer, both ways are shown, for on a page nothing has been answered yet.

mod reply;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use reply::{BadReply, COMMENT_LIMIT, Reply, replies};

use super::{Key, Node, NodeId, NodeKind, Part, Purpose, Question, Script, Subject, Test, spoken};

/// Prompt that names the keys of scores.
const SCALE: &str = "survey/scale";
/// What is said at the beginning of a call and is wrong on a page.
const SPOKEN_ONLY: [&str; 3] = ["survey/hello", "survey/recorded", "company/name"];
/// Steps with a tick of their own that no block is.
const FRAME_STEPS: [&str; 2] = ["greeting", "thanks"];

/// The texts of prompts, by language and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, BTreeMap<String, String>>);

impl Texts {
    /// Adds a prompt's text; a later one takes the place of an earlier one.
    pub fn insert(&mut self, language: &str, name: &str, text: &str) {
        self.0.entry(language.into()).or_default().insert(name.into(), text.into());
    }

    /// The text of a prompt.
    pub fn get(&self, language: &str, name: &str) -> Option<&str> {
        self.0.get(language)?.get(name).map(String::as_str)
    }
}

/// Scripts and texts together: what pages and cards are made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Scripts by name.
    pub scripts: BTreeMap<String, Arc<Script>>,
    /// The texts of their prompts.
    pub texts: Arc<Texts>,
}

/// One thing that a page asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Name of the question in the script.
    pub name: String,
    /// What is asked.
    pub text: String,
    /// What can be chosen; empty: the customer writes.
    pub choices: Vec<Choice>,
    /// What the answer is about.
    pub dimension: Option<String>,
    /// Function of who is rated, and their name where a column gives it.
    pub rated: Option<(String, Option<String>)>,
}

/// One answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The key that stands for it on a telephone.
    pub key: char,
    /// What the button says.
    pub label: String,
    /// Word of the answer.
    pub means: Option<String>,
    /// Score of the answer.
    pub score: Option<i32>,
    /// Whoever chooses it is dissatisfied.
    pub dissatisfied: bool,
}

/// One block of a script, for the eyes of an agent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Block {
    /// Step of the script.
    pub step: String,
    /// What is said and asked in it, in order.
    pub text: Vec<String>,
}

impl Written {
    /// What a page asks; None where there is no such script. Questions that are no part of the
    /// survey are left out.
    pub fn page(
        &self,
        script: &str,
        language: &str,
        fields: &BTreeMap<String, String>,
    ) -> Option<Vec<Asked>> {
        let script = self.scripts.get(script)?;
        let words = Words { texts: &self.texts, language, fields };
        let (mut asked, mut said) = (Vec::new(), String::new());
        for node in order(script, fields).into_iter().map(|id| script.node(id)) {
            let text = words.text(node.kind.parts_said());
            match words.asked(node) {
                // Some only name their keys: they ask about what was said before.
                Some(one) if one.text.is_empty() => asked.push(Asked { text: said.clone(), ..one }),
                Some(one) => asked.push(one),
                None => {}
            }
            if !text.is_empty() {
                said = text;
            }
        }
        Some(asked)
    }

    /// The blocks of a script with their words for this customer.
    pub fn blocks(&self, script: &str, language: &str, fields: &BTreeMap<String, String>) -> Vec<Block> {
        let Some(script) = self.scripts.get(script) else { return Vec::new() };
        let words = Words { texts: &self.texts, language, fields };
        let mut blocks: Vec<Block> = Vec::new();
        for node in order(script, fields).into_iter().map(|id| script.node(id)) {
            if let Some(step) = &node.step
                && blocks.last().is_none_or(|block| block.step != *step)
            {
                blocks.push(Block { step: step.clone(), text: Vec::new() });
            }
            let text = words.text(node.kind.parts_said());
            if let (Some(block), false) = (blocks.last_mut(), text.is_empty()) {
                block.text.push(text);
            }
        }
        blocks.retain(|block| !FRAME_STEPS.contains(&block.step.as_str()));
        blocks
    }

    /// Places of the nodes of a script: those that a person may come to, each before those that follow
    /// it, then the others.
    pub fn order_of(&self, script: &str) -> Vec<usize> {
        let Some(script) = self.scripts.get(script) else { return Vec::new() };
        let mut places: Vec<usize> = order(script, &BTreeMap::new()).into_iter().map(|id| id.0).collect();
        let rest = (0..script.nodes().len()).filter(|place| !places.contains(place)).collect::<Vec<_>>();
        places.extend(rest);
        places
    }

    /// What a prompt says; empty: its text is not known.
    pub fn said(&self, language: &str, prompt: &str) -> String {
        self.texts.get(language, prompt).unwrap_or_default().to_owned()
    }

    /// The language of a page: the wanted one where the script has it, else the script's first.
    pub fn language<'a>(&'a self, script: &str, wanted: &'a str) -> &'a str {
        let Some(script) = self.scripts.get(script) else { return wanted };
        let has = script.languages().iter().any(|known| known == wanted);
        if has { wanted } else { script.languages().first().map_or(wanted, String::as_str) }
    }
}

impl NodeKind {
    /// What is said when the node is reached, without what is said when nobody answers.
    fn parts_said(&self) -> &[Part] {
        match self {
            NodeKind::Say { prompts, .. } | NodeKind::Comment { prompts, .. } => prompts,
            NodeKind::Question(question) => &question.prompts,
            NodeKind::Input(input) => &input.prompts,
            _ => &[],
        }
    }
}

struct Words<'a> {
    texts: &'a Texts,
    language: &'a str,
    fields: &'a BTreeMap<String, String>,
}

impl Words<'_> {
    fn asked(&self, node: &Node) -> Option<Asked> {
        let asked = Asked {
            name: node.name.clone(),
            text: self.text(node.kind.parts_said()),
            choices: Vec::new(),
            dimension: None,
            rated: None,
        };
        match &node.kind {
            NodeKind::Question(question) if question.purpose == Purpose::Survey => {
                let rated = question.rates.as_ref();
                let name = |field: &String| self.fields.get(field).map(|name| name.trim().to_owned());
                Some(Asked {
                    choices: self.choices(question),
                    dimension: question.dimension.clone(),
                    rated: rated.map(|r| (r.function.clone(), name(&r.field).filter(|n| !n.is_empty()))),
                    ..asked
                })
            }
            NodeKind::Comment { .. } => Some(asked),
            _ => None,
        }
    }

    fn choices(&self, question: &Question) -> Vec<Choice> {
        let own = |key: &Key| !key.global && (key.means.is_some() || key.score.is_some());
        let keys: Vec<(&char, &Key)> = question.keys.iter().filter(|(_, key)| own(key)).collect();
        let mut labels: BTreeMap<char, String> = BTreeMap::new();
        let scores =
            keys.iter().all(|(at, key)| key.score == at.to_digit(10).and_then(|d| i32::try_from(d).ok()));
        if scores && let Some(scale) = self.texts.get(self.language, SCALE) {
            labels.extend(wording::labels(self.language, scale));
        }
        for part in &question.prompts {
            let Part::Prompt(name) = part else { continue };
            if let Some(said) = self.texts.get(self.language, name) {
                labels.extend(wording::labels(self.language, said));
            }
        }
        let choice = |(at, key): (&char, &Key)| Choice {
            key: *at,
            label: labels.get(at).cloned().unwrap_or_else(|| match (&key.means, key.score) {
                (Some(means), _) => wording::plain(means),
                (None, Some(score)) => score.to_string(),
                (None, None) => at.to_string(),
            }),
            means: key.means.clone(),
            score: key.score,
            dissatisfied: key.dissatisfied,
        };
        let mut choices: Vec<Choice> = keys.into_iter().map(choice).collect();
        if scores {
            // The best stands first, as it is said first.
            choices.reverse();
        }
        choices
    }

    fn text(&self, parts: &[Part]) -> String {
        let mut text = String::new();
        for part in parts {
            let next = match part {
                Part::Prompt(name) if SPOKEN_ONLY.contains(&name.as_str()) => continue,
                Part::Prompt(name) => {
                    let said = self.texts.get(self.language, name).unwrap_or_default();
                    wording::written(self.language, said)
                }
                Part::Name => self.fields.get("name").cloned().unwrap_or_default(),
                Part::Field { field, .. } | Part::Text(field) | Part::Items(field) => {
                    self.fields.get(field).cloned().unwrap_or_default()
                }
                Part::LaterTime => continue,
            };
            let apart = !self.language.starts_with("zh") && !text.is_empty() && !next.is_empty();
            if apart {
                text.push(' ');
            }
            text.push_str(next.trim());
        }
        text
    }
}

/// The nodes that a person may come to, each once and before those that follow it.
fn order(script: &Script, fields: &BTreeMap<String, String>) -> Vec<NodeId> {
    let (mut seen, mut done) = (BTreeSet::new(), Vec::new());
    // A node is done when all that follows it is: turned round, that is the order.
    let mut open = vec![(script.entry().person, false)];
    while let Some((id, left)) = open.pop() {
        if left {
            done.push(id);
            continue;
        }
        if !seen.insert(id) {
            continue;
        }
        open.push((id, true));
        // The last way is gone first, is done first, and so stands last.
        open.extend(next(&script.node(id).kind, fields).into_iter().map(|id| (id, false)));
    }
    done.reverse();
    done
}

/// Where the conversation of a person who goes along may go on.
fn next(kind: &NodeKind, fields: &BTreeMap<String, String>) -> Vec<NodeId> {
    match kind {
        NodeKind::Say { next, .. } | NodeKind::Comment { next, .. } => vec![*next],
        NodeKind::Question(question) => {
            question.keys.values().filter(|key| !key.global).filter_map(Key::next).collect()
        }
        NodeKind::Input(input) => vec![input.next],
        NodeKind::Branch { rules, otherwise } => {
            let mut ways = Vec::new();
            for rule in rules {
                match holds(&rule.subject, &rule.test, fields) {
                    Some(true) => {
                        ways.push(rule.next);
                        return ways;
                    }
                    Some(false) => {}
                    None => ways.push(rule.next),
                }
            }
            ways.push(*otherwise);
            ways
        }
        _ => Vec::new(),
    }
}

/// Whether a rule of a branch holds; None where it depends on an answer.
fn holds(subject: &Subject, test: &Test, fields: &BTreeMap<String, String>) -> Option<bool> {
    let Subject::Field(field) = subject else { return None };
    let text = fields.get(field).map(|text| text.trim()).filter(|text| !text.is_empty());
    let number = || text.and_then(|text| text.parse::<f64>().ok());
    Some(match test {
        Test::Is(words) => text.is_some_and(|text| words.iter().any(|word| word == text)),
        // What can be read can be shown.
        Test::Present(wanted) | Test::Spoken(wanted) => text.is_some() == *wanted,
        Test::AtMost(limit) => number().is_some_and(|n| n <= *limit),
        Test::AtLeast(limit) => number().is_some_and(|n| n >= *limit),
        Test::AfterField(other) => {
            let other = fields.get(other).and_then(|text| spoken::date(text));
            text.and_then(spoken::date).zip(other).is_some_and(|(date, other)| date > other)
        }
    })
}
