//! Keys: answers, wishes, wrong ones, none.

use std::time::Duration;

use crate::base::Now;
use crate::ivr::{KeyAct, NodeKind, Purpose, Question, Rated, RatedPerson, Waiting};

use super::{Action, Answer, Cue, Given, Runner, State, Then};

impl Runner {
    /// A key, at any moment.
    pub(super) fn key(&mut self, now: Now, key: char) {
        if matches!(self.state, State::Idle | State::Over) {
            return;
        }
        if key == '#' && now.mono < self.swallow_hash {
            return;
        }
        self.heard.anything = true;
        match self.state.clone() {
            State::Playing { barge_in: true, then, .. } => match then {
                Then::Listen => {
                    self.stop();
                    self.answer_key(now, key);
                }
                Then::Enter(node) => {
                    self.stop();
                    self.ahead = Some(key);
                    self.todo = Some(node);
                }
                Then::Beep => {
                    self.stop();
                    self.say(now, Cue::Beep);
                }
                Then::Record | Then::Goodbye => {}
            },
            State::Waiting { .. } => self.answer_key(now, key),
            State::Connecting { .. } => self.key_while_waiting(key),
            State::Commenting { ending: false, .. } if key == '#' => self.end_comment(now),
            _ => {}
        }
    }

    /// A key for what is asked at the present node.
    pub(super) fn answer_key(&mut self, now: Now, key: char) {
        let script = self.script.clone();
        match &script.node(self.at).kind {
            NodeKind::Question(q) => self.question_key(now, q, key),
            NodeKind::Input(i) => self.input_key(now, i, key),
            NodeKind::Later { .. } => self.later_key(now, key),
            NodeKind::RecordPrompt(r) => self.keep_key(now, r, key),
            _ => {}
        }
    }

    fn question_key(&mut self, now: Now, q: &Question, key: char) {
        let Some(meaning) = q.keys.get(&key) else { return self.wrong(now) };
        self.actions.extend(meaning.consent.map(Action::Consent));
        match meaning.act {
            KeyAct::Replay => {
                if self.count_step(now) {
                    match q.replay_from {
                        Some(node) => self.todo = Some(node),
                        None => self.say(now, Cue::Prompts),
                    }
                }
            }
            KeyAct::Next(node) => {
                if !meaning.global {
                    let given = Given {
                        keys: Some(key.into()),
                        meaning: meaning.means.clone(),
                        score: meaning.score,
                        dissatisfied: meaning.dissatisfied,
                        spoke: false,
                    };
                    self.store(q.purpose, given);
                }
                self.todo = Some(node);
            }
        }
    }

    /// Emits the answer to the present node and keeps it for branches.
    pub(super) fn store(&mut self, purpose: Purpose, given: Given) {
        if purpose == Purpose::Machine {
            return;
        }
        self.heard.answer |= purpose == Purpose::Survey && given.keys.is_some();
        let node = self.script.node(self.at);
        let question = node.name.clone();
        let (rated, dimension) = match &node.kind {
            NodeKind::Question(q) => (q.rates.as_ref().map(|r| self.rated(r)), q.dimension.clone()),
            _ => (None, None),
        };
        self.actions.push_back(Action::Answer(Answer {
            question: question.clone(),
            keys: given.keys.clone(),
            meaning: given.meaning.clone(),
            score: given.score,
            dissatisfied: given.dissatisfied,
            comment: None,
            rated,
            dimension,
        }));
        self.given.insert(question, given);
    }

    fn rated(&self, rates: &Rated) -> RatedPerson {
        let cell =
            self.facts.fields.get(&rates.field).map(|text| text.trim()).filter(|text| !text.is_empty());
        RatedPerson { function: rates.function.clone(), person: cell.map(str::to_owned) }
    }

    /// The waiting rules of the present node.
    fn rules(&self) -> Option<&Waiting> {
        match &self.script.node(self.at).kind {
            NodeKind::Question(q) => Some(&q.waiting),
            NodeKind::Input(i) => Some(&i.waiting),
            NodeKind::Later { waiting, .. } => Some(waiting),
            NodeKind::RecordPrompt(r) => Some(&r.waiting),
            _ => None,
        }
    }

    /// How long to wait for the next key.
    pub(super) fn patience(&self) -> Duration {
        self.rules()
            .map_or(Duration::ZERO, |w| if self.ask.keys.is_empty() { w.first_key } else { w.between_keys })
    }

    /// A wrong key: say so and ask again, until that is spent.
    pub(super) fn wrong(&mut self, now: Now) {
        self.ask.keys.clear();
        if self.rules().is_some_and(|w| self.ask.wrong_keys < w.wrong_keys) {
            self.ask.wrong_keys += 1;
            if self.count_step(now) {
                self.say(now, Cue::Wrong);
            }
        } else {
            self.spent(self.rules().map(|w| w.wrong_next));
        }
    }

    /// The time for a key is over.
    pub(super) fn waited(&mut self, now: Now) {
        if !self.ask.keys.is_empty() {
            return self.keys_ended(now);
        }
        if self.rules().is_some_and(|w| self.ask.silences < w.silences) {
            self.ask.silences += 1;
            if self.count_step(now) {
                self.say(now, Cue::Silence);
            }
        } else {
            self.spent(self.rules().map(|w| w.silence_next));
        }
    }

    /// Nothing usable was pressed: stored as no answer, and on.
    pub(super) fn spent(&mut self, next: Option<crate::ivr::NodeId>) {
        let script = self.script.clone();
        match &script.node(self.at).kind {
            NodeKind::Question(q) => self.store(q.purpose, Given::default()),
            NodeKind::Input(i) => self.store(i.purpose, Given::default()),
            NodeKind::Later { .. } => self.settle(crate::base::Disposition::Later, false),
            NodeKind::RecordPrompt(_) => self.store(Purpose::Side, Given::default()),
            _ => {}
        }
        self.todo = next;
    }
}
