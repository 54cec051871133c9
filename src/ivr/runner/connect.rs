//! The customer and a person of ours.

use std::time::Duration;

use crate::base::Now;
use crate::ivr::{Connect, LONGEST_RING, NodeKind, is_target};
use crate::media::PlayId;

use super::{Action, Parted, Runner, Search, State};

/// Whoever rings reports the end of a search. Each round may take this much longer than the
/// ringing: for the setup, which is at most a minute, and for the key. Later than that nobody
/// is believed to be coming.
const ROUND_GRACE: Duration = Duration::from_secs(90);

/// Longest wait in a queue that a script bears; the queue ends it sooner by its own rules.
const LONGEST_QUEUE: Duration = Duration::from_secs(2 * 3_600);

impl Runner {
    /// Has somebody rung. What is said meanwhile does not hold that up.
    pub(super) fn connect(&mut self, now: Now, connect: &Connect) {
        let cell = connect.field.as_ref().and_then(|field| self.facts.fields.get(field));
        let named = cell.map(|text| text.trim()).filter(|text| is_target(text));
        let mut targets: Vec<String> = named.map(str::to_owned).into_iter().collect();
        targets.extend(connect.targets.iter().filter(|t| Some(t.as_str()) != named).cloned());
        let rounds = if connect.one_by_one { targets.len().max(1) as u32 } else { 1 };
        let named = connect.queue_field.as_ref().and_then(|field| self.facts.fields.get(field));
        let queue = named.or(connect.queue.as_ref()).filter(|name| !name.is_empty()).cloned();
        let search = match queue {
            Some(_) => LONGEST_QUEUE,
            None => (connect.ring.min(LONGEST_RING) + ROUND_GRACE) * rounds,
        };
        let left = self.deadline.since(now.mono);
        self.state = State::Connecting { until: now.mono + search, left };
        let prompts = self.names_of(now, &connect.prompts);
        if !prompts.is_empty() {
            self.last_play += 1;
            let play = PlayId(self.last_play);
            self.actions.push_back(Action::Play { play, prompts, barge_in: false });
        }
        self.actions.push_back(Action::Connect(Search {
            queue,
            targets,
            one_by_one: connect.one_by_one,
            ring: connect.ring,
            music: self.names_of(now, &connect.music),
            accept_key: connect.accept_key,
            accept_prompts: self.names_of(now, &connect.accept_prompts),
        }));
    }

    /// Whether people have the customer, so that no limit of the script runs.
    pub(super) fn is_with_people(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::Talking { .. })
    }

    /// A key of one who waits.
    pub(super) fn key_while_waiting(&mut self, key: char) {
        if let NodeKind::Connect(connect) = &self.script.node(self.at).kind
            && connect.callback_key == Some(key)
        {
            self.actions.push_back(Action::CallBack);
        }
    }

    pub(super) fn connected(&mut self) {
        if let State::Connecting { left, .. } = self.state {
            self.heard.anything = true;
            self.heard.served = true;
            self.state = State::Talking { left };
        }
    }

    /// The customer is alone again; the script goes on with the time that was left to it.
    pub(super) fn parted(&mut self, now: Now, parted: Parted) {
        let (State::Connecting { left, .. } | State::Talking { left }) = self.state else { return };
        let NodeKind::Connect(connect) = &self.script.node(self.at).kind else { return };
        self.deadline = now.mono + left;
        self.todo = Some(match parted {
            Parted::Nobody => connect.otherwise,
            Parted::HungUp => connect.next,
            Parted::Lost => connect.lost,
            Parted::Promised => connect.promised,
        });
        if let State::Connecting { .. } = self.state {
            self.actions.push_back(Action::StopPlay);
        }
    }
}
