//! From node to node, to the result and to the goodbye.

use crate::base::{Disposition, Now};
use crate::ivr::{NodeId, NodeKind, Purpose};

use super::{Action, Ask, Cue, Outcome, Runner, State, Then};

impl Runner {
    pub(super) fn begin(&mut self, now: Now, node: Option<NodeId>) {
        if self.state == State::Idle {
            self.deadline = now.mono + self.script.limits().time;
            self.todo = node;
        }
    }

    /// Enters nodes until one has to wait for the world. A loop and not a recursion: a chain
    /// of branches may be as long as the script's limit of steps.
    pub(super) fn run(&mut self, now: Now) {
        while let Some(node) = self.todo.take() {
            if self.state == State::Over {
                return;
            }
            self.enter(now, node);
        }
    }

    fn enter(&mut self, now: Now, id: NodeId) {
        let script = self.script.clone();
        let node = script.node(id);
        // An end needs no leave: it bounds itself.
        if !matches!(node.kind, NodeKind::End { .. }) && !self.count_step(now) {
            return;
        }
        self.at = id;
        self.leaning = None;
        self.ask = Ask::default();
        if let Some(step) = &node.step {
            self.actions.push_back(Action::Step(step.clone()));
        }
        let ahead = self.ahead.take();
        match &node.kind {
            NodeKind::Branch { rules, otherwise } => {
                self.ahead = ahead;
                let rule = rules.iter().find(|r| self.holds(&r.subject, &r.test));
                self.todo = Some(rule.map_or(*otherwise, |r| r.next));
            }
            NodeKind::Question(q) => {
                self.leaning = q.if_hung_up;
                self.heard.asked |= q.purpose != Purpose::Machine;
                self.ask_now(now, ahead.filter(|_| q.barge_in));
            }
            NodeKind::Input(i) => {
                self.heard.asked = true;
                self.ask_now(now, ahead.filter(|_| i.barge_in));
            }
            NodeKind::Comment { .. } => {
                self.heard.asked = true;
                self.say(now, Cue::Prompts);
            }
            NodeKind::Later { prompts, next, .. } => {
                self.leaning = Some(Disposition::Later);
                if prompts.is_empty() {
                    self.settle(Disposition::Later, false);
                    self.todo = Some(*next);
                } else {
                    self.say(now, Cue::Prompts);
                }
            }
            NodeKind::End { disposition, do_not_call, .. } => {
                if *disposition != Disposition::MessageLeft {
                    self.settle(*disposition, *do_not_call);
                }
                self.say(now, Cue::Prompts);
            }
            NodeKind::Connect(connect) => self.connect(now, connect),
            NodeKind::Say { .. } | NodeKind::RecordPrompt(_) => self.say(now, Cue::Prompts),
        }
    }

    /// A question whose key was pressed ahead is answered without being said.
    fn ask_now(&mut self, now: Now, ahead: Option<char>) {
        match ahead {
            Some(key) => {
                self.state = State::Waiting { until: now.mono };
                self.answer_key(now, key);
            }
            None => self.say(now, Cue::Prompts),
        }
    }

    /// One more step; false where the limits are reached and the way leads elsewhere.
    pub(super) fn count_step(&mut self, now: Now) -> bool {
        self.steps += 1;
        let limits = self.script.limits();
        if self.heard.limit || (self.steps <= limits.steps && now.mono < self.deadline) || self.is_ending() {
            return true;
        }
        self.reach_limit();
        false
    }

    /// Too long or too many steps: what was given is kept, and the call ends politely.
    pub(super) fn reach_limit(&mut self) {
        self.heard.limit = true;
        self.stop();
        let disposition = match self.disposition_if_hung_up() {
            Disposition::HungUp if self.heard.asked && !self.heard.anything => Disposition::NoInput,
            disposition => disposition,
        };
        self.settle(disposition, false);
        match self.script.entry().limit {
            Some(node) => self.todo = Some(node),
            None => self.hang_up(),
        }
    }

    /// Whether the present node says goodbye.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.script.node(self.at).kind, NodeKind::End { .. })
            && matches!(self.state, State::Playing { .. } | State::Preparing { .. } | State::Goodbye { .. })
    }

    /// What follows a play.
    pub(super) fn after(&mut self, now: Now, then: Then) {
        match then {
            Then::Enter(node) => self.todo = Some(node),
            Then::Listen => {
                self.state = State::Waiting { until: now.mono + self.patience() };
            }
            Then::Beep => self.say(now, Cue::Beep),
            Then::Record => self.start_comment(now),
            Then::Goodbye => {
                if let NodeKind::End { wait, disposition, do_not_call, .. } = self.script.node(self.at).kind {
                    self.settle(disposition, do_not_call);
                    if wait.is_zero() || self.heard.machine {
                        self.hang_up();
                    } else {
                        self.state = State::Goodbye { until: now.mono + wait };
                    }
                }
            }
        }
    }

    /// Fixes the result; later words about it are ignored.
    pub(super) fn settle(&mut self, wanted: Disposition, do_not_call: bool) {
        if self.outcome.is_some() {
            return;
        }
        let silent = self.heard.asked && !self.heard.anything;
        let disposition = match wanted {
            Disposition::Completed if silent => Disposition::NoInput,
            Disposition::NoInput if self.heard.answer => Disposition::Partial,
            wanted => wanted,
        };
        let later_at = self.later_time.map(|(_, at)| at);
        let outcome = Outcome { disposition, later_at, do_not_call };
        self.actions.push_back(Action::Outcome(outcome.clone()));
        self.outcome = Some(outcome);
    }

    /// Stops whatever runs, without a word about what comes next.
    pub(super) fn stop(&mut self) {
        match self.state {
            State::Playing { .. } => self.actions.push_back(Action::StopPlay),
            State::Commenting { ending, .. } => {
                self.late_comment = Some(self.at);
                if !ending {
                    self.actions.push_back(Action::StopComment);
                }
            }
            _ => {}
        }
    }

    pub(super) fn hang_up(&mut self) {
        self.actions.push_back(Action::HangUp);
        self.state = State::Over;
        self.todo = None;
    }

    pub(super) fn hung_up(&mut self) {
        if self.state == State::Over {
            return;
        }
        if matches!(self.state, State::Commenting { .. }) {
            self.late_comment = Some(self.at);
        }
        self.settle(self.disposition_if_hung_up(), false);
        self.state = State::Over;
        self.todo = None;
    }

    /// A machine: whatever was being said to it is dropped for the message.
    pub(super) fn machine_beep(&mut self, now: Now) {
        if self.state == State::Over || self.outcome.is_some() {
            return;
        }
        self.stop();
        self.heard.machine = true;
        if self.state == State::Idle {
            self.deadline = now.mono + self.script.limits().time;
        }
        match self.script.entry().machine {
            Some(node) => self.todo = Some(node),
            None => {
                self.settle(Disposition::Machine, false);
                self.hang_up();
            }
        }
    }
}
