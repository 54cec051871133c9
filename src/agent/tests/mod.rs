//! Agents on simulated time.

mod property;
mod stories;

use std::time::Duration;

use super::*;
use crate::base::{CallId, Mono, Now, Rng, Timestamp};

/// An office with one clock.
pub(super) struct Office {
    pub agents: Agents,
    pub now: Now,
    pub log: Vec<String>,
}

pub(super) fn agent(name: &str) -> AgentSettings {
    AgentSettings {
        name: name.to_owned(),
        extension: format!("8{name}"),
        roles: Vec::new(),
        team: String::new(),
        skills: Default::default(),
        languages: Vec::new(),
        packs: Vec::new(),
        may_dial: MayDial::default(),
        wrap_up: None,
    }
}

pub(super) fn call(n: u64) -> CallId {
    CallId::new(Timestamp(1_000), &mut Rng::seeded(n))
}

impl Office {
    pub fn with(rules: Rules) -> Office {
        let now = Now { mono: Mono(0), utc: Timestamp(1_772_413_200_000) };
        let agents = Agents::new(now, vec![agent("1"), agent("2")], rules);
        let mut office = Office { agents, now, log: Vec::new() };
        assert_eq!(office.said(), ["1 offline (start)", "2 offline (start)"]);
        office
    }

    /// Moves the clock through every deadline; gives what was said since the last look.
    pub fn pass(&mut self, ms: u64) -> Vec<String> {
        let end = self.now.after(Duration::from_millis(ms));
        while let Some(at) = self.agents.next_timeout().filter(|at| *at <= end.mono) {
            self.now = self.now.after(at.since(self.now.mono));
            self.agents.handle_timeout(self.now);
        }
        self.now = end;
        self.said()
    }

    pub fn said(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(output) = self.agents.poll() {
            said.push(match output {
                Output::Changed(c) => format!("{} {} ({})", c.agent, c.to.as_str(), c.reason),
                Output::OfferFailed { agent, reason, .. } => format!("{agent} offer failed: {reason}"),
                Output::CallLost { agent, reason, .. } => format!("{agent} call lost: {reason}"),
                Output::Alarm { agent, word } => format!("{agent} alarm {word}"),
            });
        }
        self.log.extend(said.iter().cloned());
        said
    }

    pub fn state(&self, name: &str) -> State {
        self.agents.state(name).unwrap()
    }
}
