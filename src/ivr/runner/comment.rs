//! What the customer says: voice comments, and prompts that a company records by phone.

use crate::base::Now;
use crate::ivr::{Node, NodeKind, PromptSet, PromptTarget, Purpose, RecordPrompt};

use super::{Action, Answer, Ask, COMMENT_GRACE, Cue, Given, MAX_SPEECH_WAIT, Runner, State};

impl Runner {
    /// After the beep.
    pub(super) fn start_comment(&mut self, now: Now) {
        let Node { name, kind, .. } = self.script.node(self.at);
        let (max, silence) = match kind {
            NodeKind::Comment { max, silence, .. } => (*max, *silence),
            NodeKind::RecordPrompt(r) => (r.max, r.silence),
            _ => return,
        };
        self.actions.push_back(Action::StartComment { question: name.clone(), max, silence });
        self.state = State::Commenting { until: now.mono + max + COMMENT_GRACE, ending: false };
    }

    pub(super) fn end_comment(&mut self, now: Now) {
        self.actions.push_back(Action::StopComment);
        self.state = State::Commenting { until: now.mono + COMMENT_GRACE, ending: true };
    }

    /// No end was reported: order it, then give up.
    pub(super) fn comment_timeout(&mut self, now: Now, ending: bool) {
        if ending {
            self.take_comment(now, None);
        } else {
            self.end_comment(now);
        }
    }

    pub(super) fn comment_ended(&mut self, now: Now, spoke: bool, path: String) {
        let path = spoke.then_some(path);
        if let (Some(node), Some(path)) = (self.late_comment.take(), &path) {
            let question = self.script.node(node).name.clone();
            let comment = Some(path.clone());
            let answer = Answer::spoken(question, comment);
            self.actions.push_back(Action::Answer(answer));
        } else if matches!(self.state, State::Commenting { .. }) {
            self.take_comment(now, path);
        }
    }

    fn take_comment(&mut self, now: Now, path: Option<String>) {
        self.heard.anything |= path.is_some();
        let script = self.script.clone();
        match &script.node(self.at).kind {
            NodeKind::Comment { next, .. } => {
                self.heard.answer |= path.is_some();
                let question = self.script.node(self.at).name.clone();
                self.given.insert(question.clone(), Given { spoke: path.is_some(), ..Given::default() });
                let answer = Answer::spoken(question, path);
                self.actions.push_back(Action::Answer(answer));
                self.todo = Some(*next);
            }
            NodeKind::RecordPrompt(r) => match path {
                Some(path) => {
                    self.ask.recorded = Some(path.clone());
                    self.last_speech += 1;
                    let speech = self.last_speech;
                    self.actions.push_back(Action::LoadRecording { speech, path });
                    let until = now.mono + MAX_SPEECH_WAIT;
                    self.state = State::Preparing { until, cue: Cue::Load(speech) };
                }
                None => self.record_again(now, r),
            },
            _ => {}
        }
    }

    /// Key 1 keeps what was recorded, 2 records again.
    pub(super) fn keep_key(&mut self, now: Now, r: &RecordPrompt, key: char) {
        match (key, self.ask.recorded.take()) {
            ('1', Some(path)) => {
                match self.target(r) {
                    Some(name) => self.actions.push_back(Action::KeepPrompt { name, path }),
                    None => return self.spent(Some(r.next)),
                }
                let given =
                    Given { keys: Some("1".into()), meaning: Some("kept".into()), ..Given::default() };
                self.store(Purpose::Survey, given);
                self.todo = Some(r.next);
            }
            ('2', _) => self.record_again(now, r),
            (_, recorded) => {
                self.ask.recorded = recorded;
                self.wrong(now);
            }
        }
    }

    /// From the beginning of the node, until the tries are spent.
    pub(super) fn record_again(&mut self, now: Now, r: &RecordPrompt) {
        let tries = self.ask.tries + 1;
        if tries >= r.tries {
            return self.spent(Some(r.next));
        }
        self.ask = Ask { tries, ..Ask::default() };
        if self.count_step(now) {
            self.say(now, Cue::Prompts);
        }
    }

    /// Full name of the prompt to record; None where a column names none that is safe.
    pub(super) fn target(&self, r: &RecordPrompt) -> Option<String> {
        let name = match &r.target {
            PromptTarget::Fixed(name) => name,
            PromptTarget::Field(field) => self.facts.fields.get(field)?,
        };
        crate::ivr::is_prompt_name(name).then(|| PromptSet::full_name(&self.language, name))
    }
}
