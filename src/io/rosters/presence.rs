//! Which agents and phones are there, told to the rosters when it changes (ROS-03, ROS-05).

use std::collections::BTreeMap;

use super::{Error, Rosters};
use crate::base::Timestamp;
use crate::io::web::{LiveAgent, LiveSnapshot};

/// What the rosters were told: by the extension of a phone, and by the name of an agent.
#[derive(Debug, Default)]
pub struct Present(BTreeMap<String, bool>);

impl Present {
    /// Tells what has changed since, with the time at which it did. What could not be told is told
    /// by the next turn.
    ///
    /// # Errors
    /// The database.
    pub async fn tell(&mut self, rosters: &Rosters, live: &LiveSnapshot) -> Result<(), Error> {
        for (who, present, since) in live.agents.iter().flat_map(facts) {
            if self.0.get(who) == Some(&present) {
                continue;
            }
            rosters.set_presence(who, present, since).await?;
            self.0.insert(who.to_owned(), present);
        }
        Ok(())
    }
}

/// An agent is there who is not offline; a post is held by a phone that is registered.
/// Where both have one name the phone decides.
fn facts(agent: &LiveAgent) -> Vec<(&str, bool, Timestamp)> {
    let is_there = agent.state != crate::agent::State::Offline;
    let phone = (agent.extension.as_str(), !agent.phones.is_empty(), agent.phones_since);
    let person = (agent.name.as_str(), is_there, agent.since);
    [phone].into_iter().chain(Some(person).filter(|(name, ..)| *name != agent.extension)).collect()
}
