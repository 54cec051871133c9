//! One node of each kind.

use crate::base::Disposition;

use super::super::raw::{self, Text};
use super::super::{
    Format, Input, Key, KeyAct, Node, NodeKind, PromptTarget, Purpose, Question, Rated, RecordPrompt, Waiting,
};
use super::{Builder, Checked, MAX_WAIT_S};
use crate::written::nearest;

/// Stored meaning of the key by which a person says they are the customer.
pub(super) const IDENTITY_YES: &str = "is_customer";
/// Stored meaning of the key by which a person says they are not.
const IDENTITY_NO: &str = "not_customer";
/// Longest voice comment or recorded prompt in seconds.
const MAX_COMMENT_S: u64 = 300;
/// Voice comment in seconds where the script says nothing.
const DEFAULT_COMMENT_S: u64 = 60;
/// Silence in seconds that ends a comment where the script says nothing.
const DEFAULT_SILENCE_S: u64 = 4;
/// Seconds to wait for the customer to hang up first where the script says nothing.
const DEFAULT_GOODBYE_S: u64 = 8;
/// Keys of one input at most: an identity card has 18 digits, an order number up to 24.
const MAX_INPUT: usize = 32;

/// A node of any kind, as written.
pub(super) enum RawNode {
    Say(raw::RawSay),
    Question(raw::RawQuestion),
    Input(raw::RawInput),
    Identity(raw::RawIdentity),
    Comment(raw::RawComment),
    Branch(raw::RawBranch),
    Later(raw::RawLater),
    End(raw::RawEnd),
    AskIfMachine(raw::RawAskIfMachine),
    RecordPrompt(raw::RawRecordPrompt),
    Connect(raw::RawConnect),
}

impl RawNode {
    /// Whether its name can be asked for in a branch.
    pub(super) fn is_question(&self) -> bool {
        matches!(
            self,
            RawNode::Question(_)
                | RawNode::Input(_)
                | RawNode::Identity(_)
                | RawNode::Comment(_)
                | RawNode::RecordPrompt(_)
        )
    }
}

impl Builder<'_> {
    pub(super) fn node(&self, name: &Text, raw: &RawNode) -> Checked<Node> {
        let (kind, marked, step) = match raw {
            RawNode::Say(s) => {
                let kind = NodeKind::Say {
                    prompts: self.said(name, &s.prompts)?,
                    barge_in: s.barge_in,
                    next: self.id(&s.next)?,
                };
                (kind, s.private, &s.step)
            }
            RawNode::Question(q) => (self.question(name, q)?, q.private, &q.step),
            RawNode::Input(i) => (self.input(name, i)?, i.private, &i.step),
            RawNode::Identity(i) => (self.identity(name, i)?, false, &i.step),
            RawNode::Comment(c) => (self.comment(name, c)?, c.private, &c.step),
            RawNode::Branch(b) => {
                let rules = b.when.iter().map(|r| self.rule(r)).collect::<Checked<_>>()?;
                (NodeKind::Branch { rules, otherwise: self.id(&b.otherwise)? }, false, &b.step)
            }
            RawNode::Later(l) => {
                let next = self.id(&l.next)?;
                let kind = NodeKind::Later {
                    prompts: self.parts(&l.prompts)?,
                    confirm: self.parts(&l.confirm)?,
                    waiting: self.waiting(&l.waiting, next)?,
                    next,
                };
                (kind, false, &l.step)
            }
            RawNode::End(e) => (self.end(e)?, e.private, &e.step),
            RawNode::AskIfMachine(a) => (self.ask_if_machine(name, a)?, false, &a.step),
            RawNode::RecordPrompt(r) => (self.record_prompt(name, r)?, false, &r.step),
            RawNode::Connect(c) => (self.connect(name, c)?, false, &c.step),
        };
        let private = self.is_private(marked, &kind);
        Ok(Node { name: name.get_ref().clone(), step: step.clone(), private, kind })
    }

    /// Prompts of a node that would be pointless without any.
    fn said(&self, name: &Text, prompts: &[Text]) -> Checked<Vec<super::super::Part>> {
        if prompts.is_empty() {
            let message = format!("`{}` says nothing", name.get_ref());
            return self.fail(name.span(), message, "name at least one prompt");
        }
        self.parts(prompts)
    }

    fn question(&self, name: &Text, q: &raw::RawQuestion) -> Checked<NodeKind> {
        let next = self.id(&q.next)?;
        let mut keys = if q.global_keys { self.keys(self.keys, next, true)? } else { Default::default() };
        if let Some(scale) = &q.scale {
            let Some(raw) = self.scales.get(scale.get_ref()) else {
                let known = nearest(scale.get_ref(), self.scales.keys().map(String::as_str));
                let hint = known.map_or_else(
                    || format!("write [scale.{}]", scale.get_ref()),
                    |near| format!("did you mean `{near}`?"),
                );
                return self.fail(scale.span(), format!("there is no scale `{}`", scale.get_ref()), hint);
            };
            keys.extend(self.keys(raw, next, false)?);
        }
        keys.extend(self.keys(&q.keys, next, false)?);
        if keys.values().all(|k| k.global) {
            let message = format!("`{}` has no keys of its own", name.get_ref());
            return self.fail(
                name.span(),
                message,
                "give `scale` or [question.NAME.keys]; use [say] where nothing is asked",
            );
        }
        Ok(NodeKind::Question(Question {
            prompts: self.said(name, &q.prompts)?,
            barge_in: q.barge_in,
            purpose: if q.counts { Purpose::Survey } else { Purpose::Side },
            replay_from: q.replay_from.as_ref().map(|node| self.id(node)).transpose()?,
            rates: q.rates.as_ref().map(|rated| self.rated(rated)).transpose()?,
            dimension: q.dimension.clone(),
            if_hung_up: q.if_hung_up.as_ref().map(|word| self.disposition(word)).transpose()?,
            keys,
            waiting: self.waiting(&q.waiting, next)?,
        }))
    }

    fn rated(&self, raw: &raw::RawRated) -> Checked<Rated> {
        let function = raw.function.get_ref().trim();
        if function.is_empty() {
            let hint = "name what the person does: rates = { function = \"设计师\", person = \"designer\" }";
            return self.fail(raw.function.span(), "a rated function has a name", hint);
        }
        Ok(Rated { function: function.into(), field: self.field(&raw.person)? })
    }

    fn input(&self, name: &Text, i: &raw::RawInput) -> Checked<NodeKind> {
        let next = self.id(&i.next)?;
        let (least, most) = match i.format {
            Format::Digits => (1, MAX_INPUT),
            Format::Time => (1, 4),
            Format::Date => (3, 4),
        };
        let min = self.count(i.min.as_ref(), least, least..=most, "min")?;
        let max = self.count(i.max.as_ref(), most, min..=most, "max")?;
        let equals = match (&i.equals_field, &i.mismatch_next) {
            (Some(field), Some(node)) => Some((self.field(field)?, self.id(node)?)),
            (None, None) if i.proves_identity => {
                return self.fail(
                    name.span(),
                    "keys that equal nothing prove no identity",
                    "add equals_field and mismatch_next",
                );
            }
            (None, None) => None,
            (Some(text), None) | (None, Some(text)) => {
                return self.fail(
                    text.span(),
                    "`equals_field` and `mismatch_next` go together",
                    "give both or none",
                );
            }
        };
        let waiting = match (&equals, i.proves_identity) {
            (Some((_, mismatch)), true) => self.waiting(&i.waiting, *mismatch)?,
            _ => self.waiting(&i.waiting, next)?,
        };
        let purpose = match (i.proves_identity, i.counts) {
            (true, _) => Purpose::Identity,
            (false, true) => Purpose::Survey,
            (false, false) => Purpose::Side,
        };
        Ok(NodeKind::Input(Input {
            prompts: self.said(name, &i.prompts)?,
            barge_in: i.barge_in,
            format: i.format,
            min,
            max,
            equals,
            purpose,
            waiting,
            next,
        }))
    }

    fn identity(&self, name: &Text, i: &raw::RawIdentity) -> Checked<NodeKind> {
        let (next, wrong) = (self.id(&i.next)?, self.id(&i.wrong_person)?);
        let mut keys = self.keys(self.keys, next, true)?;
        let (yes, no) = (self.key(&i.yes)?, self.key(&i.no)?);
        if yes == no {
            return self.fail(i.no.span(), "`yes` and `no` are the same key", "give them different keys");
        }
        for (key, means, node) in [(yes, IDENTITY_YES, next), (no, IDENTITY_NO, wrong)] {
            let act = KeyAct::Next(node);
            keys.insert(
                key,
                Key {
                    means: Some(means.into()),
                    score: None,
                    dissatisfied: false,
                    consent: None,
                    act,
                    global: false,
                },
            );
        }
        Ok(NodeKind::Question(Question {
            prompts: self.said(name, &i.prompts)?,
            barge_in: i.barge_in,
            purpose: Purpose::Identity,
            replay_from: None,
            rates: None,
            dimension: None,
            if_hung_up: None,
            keys,
            waiting: self.waiting(&i.waiting, wrong)?,
        }))
    }

    fn comment(&self, name: &Text, c: &raw::RawComment) -> Checked<NodeKind> {
        Ok(NodeKind::Comment {
            prompts: self.said(name, &c.prompts)?,
            barge_in: c.barge_in,
            max: self.seconds(c.max_seconds.as_ref(), DEFAULT_COMMENT_S, 1..=MAX_COMMENT_S)?,
            silence: self.seconds(c.silence_seconds.as_ref(), DEFAULT_SILENCE_S, 0..=MAX_COMMENT_S)?,
            next: self.id(&c.next)?,
        })
    }

    /// A result that a script may give; what the network says is not for a script to say.
    fn disposition(&self, word: &Text) -> Checked<Disposition> {
        use Disposition::*;
        const ALLOWED: &[Disposition] = &[
            Completed,
            Later,
            Refused,
            DoNotCall,
            PersonWanted,
            WrongPerson,
            NoInput,
            Machine,
            MessageLeft,
            Served,
        ];
        match ALLOWED.iter().find(|d| d.as_str() == word.get_ref()) {
            Some(disposition) => Ok(*disposition),
            None => {
                let known: Vec<_> = ALLOWED.iter().map(|d| d.as_str()).collect();
                let message = format!("`{}` is not how a script can end", word.get_ref());
                self.fail(word.span(), message, format!("use one of {}", known.join(", ")))
            }
        }
    }

    fn end(&self, e: &raw::RawEnd) -> Checked<NodeKind> {
        let given = e.disposition.as_ref().map(|word| self.disposition(word)).transpose()?;
        let disposition = given.unwrap_or(Disposition::Completed);
        Ok(NodeKind::End {
            prompts: self.parts(&e.prompts)?,
            disposition,
            do_not_call: e.do_not_call || disposition == Disposition::DoNotCall,
            wait: self.seconds(e.wait_seconds.as_ref(), DEFAULT_GOODBYE_S, 0..=MAX_WAIT_S)?,
        })
    }

    fn ask_if_machine(&self, name: &Text, a: &raw::RawAskIfMachine) -> Checked<NodeKind> {
        let next = match &a.next {
            Some(next) => self.id(next)?,
            None => self.person()?,
        };
        let machine = self.id(&a.machine)?;
        let any = Key {
            means: None,
            score: None,
            dissatisfied: false,
            consent: None,
            act: KeyAct::Next(next),
            global: false,
        };
        let waiting = self.waiting(&a.waiting, machine)?;
        let silences = a.waiting.silences.as_ref().map_or(0, |n| *n.get_ref());
        Ok(NodeKind::Question(Question {
            prompts: self.said(name, &a.prompts)?,
            barge_in: true,
            purpose: Purpose::Machine,
            replay_from: None,
            rates: None,
            dimension: None,
            if_hung_up: None,
            keys: "0123456789*#ABCD".chars().map(|c| (c, any.clone())).collect(),
            waiting: Waiting { silences, silence_next: machine, wrong_next: machine, ..waiting },
        }))
    }

    fn record_prompt(&self, name: &Text, r: &raw::RawRecordPrompt) -> Checked<NodeKind> {
        let target = match (&r.prompt, &r.prompt_field) {
            (Some(prompt), None) => PromptTarget::Fixed(self.prompt_name(prompt)?),
            (None, Some(field)) => PromptTarget::Field(self.field(field)?),
            _ => {
                return self.fail(
                    name.span(),
                    "it must be clear which prompt is recorded",
                    "give either `prompt` or `prompt_field`",
                );
            }
        };
        let next = self.id(&r.next)?;
        Ok(NodeKind::RecordPrompt(RecordPrompt {
            prompts: self.said(name, &r.prompts)?,
            target,
            before_replay: self.parts(&r.before_replay)?,
            ask_keep: self.said(name, &r.ask_keep)?,
            max: self.seconds(r.max_seconds.as_ref(), DEFAULT_COMMENT_S, 1..=MAX_COMMENT_S)?,
            silence: self.seconds(r.silence_seconds.as_ref(), 0, 0..=MAX_COMMENT_S)?,
            tries: self.count(r.tries.as_ref(), 5, 1..=20, "tries")?,
            waiting: self.waiting(&r.waiting, next)?,
            next,
        }))
    }
}
