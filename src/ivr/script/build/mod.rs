//! Raw text to checked script. What would leave a customer stuck or break a promise is an
//! error here; what is merely doubtful is found by [`crate::ivr::check`].

mod connect;
mod frame;
mod nodes;
mod parts;
mod privacy;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::raw::{Keys, RawEntry, RawScript, RawWaiting, Text};
use super::source::{Frames, Sources, stem};
use super::{
    Entry, Key, KeyAct, Limits, MAX_NODES, MAX_SCRIPT_BYTES, Node, NodeId, NodeKind, Script, Waiting,
};
use crate::written::{Mistake, nearest};

/// Seconds for a first key where the script says nothing.
const DEFAULT_WAIT_S: u64 = 8;
/// Seconds for a further key where the script says nothing.
const DEFAULT_BETWEEN_KEYS_S: u64 = 4;
/// How often to ask again where the script says nothing.
const DEFAULT_ASK_AGAIN: u32 = 2;
/// Steps of a run where the script says nothing.
const DEFAULT_STEPS: u32 = 200;
/// Seconds of a run where the script says nothing.
const DEFAULT_SECONDS: u64 = 600;
/// Longest wait for a key; a customer who needs more has left.
const MAX_WAIT_S: u64 = 120;
/// Asking more often than this is harassment.
const MAX_ASK_AGAIN: u32 = 9;
/// Longest run a script may allow itself.
const MAX_SECONDS: u64 = 3_600;
/// Most steps a script may allow itself.
const MAX_STEPS: u32 = 2_000;

/// Everything that turns names into checked things.
struct Builder<'a> {
    sources: Sources<'a>,
    ids: BTreeMap<String, NodeId>,
    fields: BTreeMap<String, String>,
    private_fields: BTreeSet<String>,
    questions: BTreeSet<String>,
    scales: &'a BTreeMap<String, Keys>,
    keys: &'a Keys,
    waiting: &'a RawWaiting,
    person: Option<&'a Text>,
}

pub(in crate::ivr) use connect::LONGEST_RING;
pub use connect::is_target;
pub(in crate::ivr) use parts::is_prompt_name;

type Checked<T> = Result<T, Mistake>;

/// Reads and checks a script.
pub(super) fn build(frames: &Frames, file: &str, text: &str) -> Checked<Script> {
    let sources = Sources::new(file, text);
    if text.len() > MAX_SCRIPT_BYTES {
        let message = format!("the file has {} bytes, more than {MAX_SCRIPT_BYTES}", text.len());
        return Err(sources.error(0..0, message, "split it into several scripts"));
    }
    let (sources, raw, mut named) = frame::read(sources, frames)?;
    let script = assemble(sources, &raw, &named)?;
    // What nobody needs of a frame is no part of the script, nor are its prompts.
    let in_frame = |name: &Text| sources.is_in_frame(&name.span());
    let own = (0..named.len()).map(NodeId).filter(|id| !in_frame(&named[id.0].0));
    let used = reached(&script, script.entries().chain(own));
    if used.len() == named.len() {
        return Ok(script);
    }
    let mut index = 0..;
    named.retain(|_| index.next().is_some_and(|n| used.contains(&NodeId(n))));
    assemble(sources, &raw, &named)
}

/// Nodes that can be reached from these, themselves included.
fn reached(script: &Script, from: impl Iterator<Item = NodeId>) -> BTreeSet<NodeId> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<NodeId> = from.collect();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(script.node(id).kind.successors());
        }
    }
    seen
}

/// Names to checked things.
fn assemble(sources: Sources<'_>, raw: &RawScript, named: &[(Text, nodes::RawNode)]) -> Checked<Script> {
    let mut builder = Builder {
        sources,
        ids: BTreeMap::new(),
        fields: raw.fields.iter().map(|(k, v)| (k.get_ref().clone(), v.clone())).collect(),
        private_fields: BTreeSet::new(),
        questions: named.iter().filter(|n| n.1.is_question()).map(|n| n.0.get_ref().clone()).collect(),
        scales: &raw.scale,
        keys: &raw.keys,
        waiting: &raw.waiting,
        person: raw.entry.person.as_ref(),
    };
    for field in &raw.private_fields {
        builder.field(field)?;
        builder.private_fields.insert(field.get_ref().clone());
    }
    let Some(title) = &raw.title else {
        return builder.fail(0..0, "missing field `title`", "say what the script is for: title = \"...\"");
    };
    builder.number(named)?;
    let languages = builder.languages(raw.languages.as_deref().unwrap_or_default())?;
    let nodes = named.iter().map(|(name, raw)| builder.node(name, raw)).collect::<Checked<Vec<Node>>>()?;
    let script = Script {
        file: sources.file().into(),
        name: stem(sources.file()).into(),
        title: title.clone(),
        languages,
        fields: builder.fields.clone(),
        entry: builder.entry(&raw.entry, &nodes)?,
        limits: Limits {
            steps: builder.count(raw.limits.steps.as_ref(), DEFAULT_STEPS, 1..=MAX_STEPS, "steps")?,
            time: builder.seconds(raw.limits.seconds.as_ref(), DEFAULT_SECONDS, 1..=MAX_SECONDS)?,
        },
        nodes,
    };
    let spans: Vec<Range<usize>> = named.iter().map(|(name, _)| name.span()).collect();
    builder.guard_privacy(&script, &spans)?;
    Ok(script)
}

/// Every node with its name, in the order of the file.
fn names(raw: &mut RawScript) -> Vec<(Text, nodes::RawNode)> {
    use nodes::RawNode as R;
    fn all<T>(
        map: &mut super::raw::Named<T>,
        wrap: fn(T) -> nodes::RawNode,
    ) -> impl Iterator<Item = (Text, nodes::RawNode)> {
        std::mem::take(map).into_iter().map(move |(name, node)| (name, wrap(node)))
    }
    let mut named: Vec<(Text, R)> = all(&mut raw.say, R::Say)
        .chain(all(&mut raw.question, R::Question))
        .chain(all(&mut raw.input, R::Input))
        .chain(all(&mut raw.identity, R::Identity))
        .chain(all(&mut raw.comment, R::Comment))
        .chain(all(&mut raw.branch, R::Branch))
        .chain(all(&mut raw.later, R::Later))
        .chain(all(&mut raw.end, R::End))
        .chain(all(&mut raw.ask_if_machine, R::AskIfMachine))
        .chain(all(&mut raw.record_prompt, R::RecordPrompt))
        .chain(all(&mut raw.connect, R::Connect))
        .collect();
    named.sort_by_key(|(name, _)| name.span().start);
    named
}

impl Builder<'_> {
    fn fail<T>(&self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Checked<T> {
        Err(self.sources.error(span, message, hint))
    }

    /// The node where a person begins.
    fn person(&self) -> Checked<NodeId> {
        match self.person {
            Some(name) => self.id(name),
            None => self.fail(
                0..0,
                "nobody says where a person begins",
                "name the first node: entry = { person = \"greeting\" }",
            ),
        }
    }

    fn entry(&self, raw: &RawEntry, nodes: &[Node]) -> Checked<Entry> {
        let optional = |name: &Option<Text>| name.as_ref().map(|n| self.id(n)).transpose();
        let limit = optional(&raw.limit)?;
        if let (Some(name), Some(id)) = (&raw.limit, limit)
            && !matches!(nodes[id.0].kind, NodeKind::End { .. })
        {
            let message = format!("`{}` does not end the call", name.get_ref());
            return self.fail(name.span(), message, "entry.limit must name an [end] node");
        }
        Ok(Entry {
            person: self.person()?,
            machine: optional(&raw.machine)?,
            doubt: optional(&raw.doubt)?,
            limit,
        })
    }

    /// Gives each node its number; a name serves one node only, whatever its kind.
    fn number(&mut self, named: &[(Text, nodes::RawNode)]) -> Checked<()> {
        if named.len() > MAX_NODES {
            return self.fail(
                named[MAX_NODES].0.span(),
                format!("more than {MAX_NODES} nodes"),
                "split the script",
            );
        }
        for (index, (name, _)) in named.iter().enumerate() {
            if self.ids.insert(name.get_ref().clone(), NodeId(index)).is_some() {
                let message = format!("two nodes are named `{}`", name.get_ref());
                return self.fail(
                    name.span(),
                    message,
                    "give one of them another name; answers are stored under it",
                );
            }
        }
        Ok(())
    }

    /// The node of that name.
    fn id(&self, name: &Text) -> Checked<NodeId> {
        match self.ids.get(name.get_ref()) {
            Some(id) => Ok(*id),
            None => {
                self.fail(name.span(), format!("there is no node `{}`", name.get_ref()), self.nearest(name))
            }
        }
    }

    fn nearest(&self, name: &Text) -> String {
        nearest(name.get_ref(), self.ids.keys().map(String::as_str)).map_or_else(
            || "nodes are tables such as [say.greeting] or [question.q1]".into(),
            |near| format!("did you mean `{near}`?"),
        )
    }

    /// A declared column.
    fn field(&self, name: &Text) -> Checked<String> {
        if self.fields.contains_key(name.get_ref()) {
            return Ok(name.get_ref().clone());
        }
        let hint = nearest(name.get_ref(), self.fields.keys().map(String::as_str)).map_or_else(
            || format!("declare it: [fields] {} = \"what it means\"", name.get_ref()),
            |near| format!("did you mean `{near}`? Otherwise declare it under [fields]"),
        );
        self.fail(name.span(), format!("column `{}` is not declared", name.get_ref()), hint)
    }

    fn languages(&self, raw: &[Text]) -> Checked<Vec<String>> {
        if raw.is_empty() {
            return self.fail(0..0, "`languages` is empty", "name at least one: languages = [\"zh-CN\"]");
        }
        for language in raw {
            let name = language.get_ref();
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                let message = format!("`{name}` is not a language");
                return self.fail(
                    language.span(),
                    message,
                    "use the name of a folder of prompts, such as zh-CN or en",
                );
            }
        }
        Ok(raw.iter().map(|l| l.get_ref().clone()).collect())
    }

    fn seconds(
        &self,
        raw: Option<&Spanned<u64>>,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Checked<Duration> {
        match raw {
            Some(s) if !range.contains(s.get_ref()) => self.fail(
                s.span(),
                format!("{} seconds cannot be used", s.get_ref()),
                format!("between {} and {} seconds", range.start(), range.end()),
            ),
            raw => Ok(Duration::from_secs(raw.map_or(default, |s| *s.get_ref()))),
        }
    }

    fn count<T: PartialOrd + Copy + std::fmt::Display>(
        &self,
        raw: Option<&Spanned<T>>,
        default: T,
        range: std::ops::RangeInclusive<T>,
        what: &str,
    ) -> Checked<T> {
        match raw {
            Some(n) if !range.contains(n.get_ref()) => self.fail(
                n.span(),
                format!("`{what} = {}` cannot be used", n.get_ref()),
                format!("between {} and {}", range.start(), range.end()),
            ),
            raw => Ok(raw.map_or(default, |n| *n.get_ref())),
        }
    }

    /// The node's own words over those of the script; `next` is where a spent question goes
    /// if nobody says otherwise.
    fn waiting(&self, own: &RawWaiting, next: NodeId) -> Checked<Waiting> {
        let all = self.waiting;
        let node = |own: &Option<Text>, all: &Option<Text>| match own.as_ref().or(all.as_ref()) {
            Some(name) => self.id(name),
            None => Ok(next),
        };
        let prompts = |own: &Option<Vec<Text>>, all: &Option<Vec<Text>>| {
            self.parts(own.as_ref().or(all.as_ref()).map_or(&[], Vec::as_slice))
        };
        let again = 0..=MAX_ASK_AGAIN;
        Ok(Waiting {
            first_key: self.seconds(
                own.seconds.as_ref().or(all.seconds.as_ref()),
                DEFAULT_WAIT_S,
                1..=MAX_WAIT_S,
            )?,
            between_keys: self.seconds(
                own.between_keys_seconds.as_ref().or(all.between_keys_seconds.as_ref()),
                DEFAULT_BETWEEN_KEYS_S,
                1..=MAX_WAIT_S,
            )?,
            silences: self.count(
                own.silences.as_ref().or(all.silences.as_ref()),
                DEFAULT_ASK_AGAIN,
                again.clone(),
                "silences",
            )?,
            wrong_keys: self.count(
                own.wrong_keys.as_ref().or(all.wrong_keys.as_ref()),
                DEFAULT_ASK_AGAIN,
                again,
                "wrong_keys",
            )?,
            silence_prompts: prompts(&own.silence_prompts, &all.silence_prompts)?,
            wrong_prompts: prompts(&own.wrong_prompts, &all.wrong_prompts)?,
            silence_next: node(&own.silence_next, &all.silence_next)?,
            wrong_next: node(&own.wrong_next, &all.wrong_next)?,
        })
    }

    /// One table of keys; `next` is where a key without its own way leads.
    fn keys(&self, raw: &Keys, next: NodeId, global: bool) -> Checked<BTreeMap<char, Key>> {
        let mut keys = BTreeMap::new();
        for (name, key) in raw {
            let c = self.key(name)?;
            let act = match (&key.next, key.replay) {
                (Some(target), true) => {
                    return self.fail(
                        target.span(),
                        "a key cannot both replay and go on",
                        "remove `next` or `replay`",
                    );
                }
                (Some(target), false) => KeyAct::Next(self.id(target)?),
                (None, true) => KeyAct::Replay,
                (None, false) if global => {
                    return self.fail(
                        name.span(),
                        "a key of the whole script needs a way on",
                        "add `next = \"node\"` or `replay = true`",
                    );
                }
                (None, false) => KeyAct::Next(next),
            };
            if key.score == Some(0) {
                return self.fail(
                    name.span(),
                    "a score of 0 cannot be told from no answer in reports",
                    "begin scores at 1",
                );
            }
            let (means, score, dissatisfied) = (key.means.clone(), key.score, key.dissatisfied);
            keys.insert(c, Key { means, score, dissatisfied, consent: key.recording, act, global });
        }
        Ok(keys)
    }

    /// One of the sixteen keys of a telephone.
    fn key(&self, name: &Text) -> Checked<char> {
        let mut chars = name.get_ref().chars();
        match (chars.next(), chars.next()) {
            (Some(c @ ('0'..='9' | '*' | '#' | 'A'..='D')), None) => Ok(c),
            _ => self.fail(name.span(), format!("`{}` is not a key", name.get_ref()), "use 0-9, * or #"),
        }
    }
}
