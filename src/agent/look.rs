//! What others may know of agents.

use super::life::Life;
use super::machine::Agents;
use super::settings::AgentSettings;
use super::state::{AgentView, State};
use crate::base::{Mono, Now};

impl Agents {
    /// One agent's settings.
    pub fn settings(&self, name: &str) -> Option<&AgentSettings> {
        self.agents.get(name).map(|life| &life.settings)
    }

    /// The agent whose phone registers as this user.
    pub fn by_extension(&self, extension: &str) -> Option<&str> {
        let found = self.agents.iter().find(|(_, life)| life.settings.extension == extension);
        found.map(|(name, _)| name.as_str())
    }

    /// Where an agent is; None: there is none of that name.
    pub fn state(&self, name: &str) -> Option<State> {
        self.agents.get(name).map(|life| life.state)
    }

    /// Every agent's settings and state.
    pub fn states(&self) -> impl Iterator<Item = (&AgentSettings, State)> {
        self.agents.values().map(|life| (&life.settings, life.state))
    }

    /// For how long no phone of an agent has been registered (ROS-03); None: one is, or there
    /// is no such agent.
    pub fn without_phone(&self, name: &str, now: Now) -> Option<std::time::Duration> {
        let life = self.agents.get(name).filter(|life| life.phones == 0)?;
        let ms = now.utc.millis_since(life.phones_since);
        Some(std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// Since when an agent has waited for a call: the end of its last one, or for ever.
    pub fn idle_since(&self, name: &str) -> Option<Mono> {
        self.agents.get(name).map(Life::idle_since)
    }

    /// All agents at this moment, by name.
    pub fn views(&self, now: Now) -> Vec<AgentView> {
        self.agents.values().map(|life| life.view(now)).collect()
    }
}
