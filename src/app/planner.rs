//! The planner's turns beside the driver: woken by facts that came in, by calls that ended, by
//! people, and by the clock.

use std::fmt::Display;
use std::time::Duration;

use super::policies;
use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::config;
use crate::io::planner::{self, Planner};
use crate::io::web::Batch;
use crate::ticket;

/// What comes in at once is looked at once: calls end and rows come in by the dozen.
const GATHER: Duration = Duration::from_millis(300);
/// The report of a call that ended may still wait for the database when its end is told.
const REPORTED: Duration = Duration::from_secs(2);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(5);
/// A turn at least so often: clocks are set, and somebody may write to the database beside us.
const AT_LEAST: Duration = Duration::from_secs(60);
/// Between turns while facts wait, so that others get at the database.
const BREATH: Duration = Duration::from_millis(20);
/// Topics of events that may owe somebody a callback.
const FACTS: [&str; 3] = ["intake", "import", "customer"];

impl Owes for Planner {
    const WHO: &'static str = "planner";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Planner::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    async fn woken(&self) {
        Planner::woken(self).await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        ended(batch)
    }
}

/// How soon events of a batch call for a turn.
fn ended(batch: &Batch) -> Option<Duration> {
    let Batch::Events(events) = batch else { return Some(GATHER) };
    let facts = events.iter().any(|event| FACTS.contains(&&*event.topic));
    let calls = events.iter().any(is_end_of_call);
    match (facts, calls) {
        (true, _) => Some(GATHER),
        (false, true) => Some(REPORTED),
        (false, false) => None,
    }
}

/// What the configuration tells the planner, with policies and calendar read.
///
/// # Errors
/// A sentence: what cannot be read or used.
pub(super) fn settings(config: &config::Settings) -> Result<planner::Settings, String> {
    let folder = |e: std::io::Error| {
        let folder = config.policy.folder.clone().unwrap_or_default();
        format!("policies: {} cannot be read: {e}", folder.display())
    };
    let loaded = policies::load(&config.policy).map_err(folder)?;
    for problem in &loaded.problems {
        tracing::error!(problem, "a policy cannot be used");
    }
    let calendar = policies::calendar(&config.policy)?;
    let at = config.policy.release_at.as_str();
    let release_at = at
        .parse()
        .map_err(|_| format!("policy.release_at: `{at}` is not a time of day; write it as 08:50"))?;
    let trunks: u32 = config.trunks.iter().map(|trunk| trunk.choice.max_calls).sum();
    let lines = if config.dialer.max_calls > 0 { config.dialer.max_calls } else { trunks };
    Ok(planner::Settings {
        release_at,
        auto_release: config.policy.auto_release,
        survey_after_agents: config.policy.survey_after_agents,
        lines,
        agents: config
            .agents
            .agents
            .iter()
            .map(|agent| (agent.name.clone(), agent.packs.iter().cloned().collect()))
            .collect(),
        policies: std::sync::Arc::new(loaded.policies.with_rules(&ticket::rules_of_tickets())),
        calendar,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::web::EventHub;

    #[tokio::test]
    async fn calls_that_end_and_facts_that_come_in_call_for_a_turn() {
        let hub = EventHub::new(1);
        let mut reader = hub.subscribe(None);
        for (topic, json, expect) in [
            ("call", r#"{"call":1,"state":"ringing"}"#, None),
            ("call", r#"{"call":1,"state":"ended"}"#, Some(REPORTED)),
            ("intake", "{}", Some(GATHER)),
            ("trunk", "{}", None),
        ] {
            hub.publish(topic, json);
            assert_eq!(ended(&reader.next().await), expect, "{topic} {json}");
        }
        assert_eq!(ended(&Batch::Reset(7)), Some(GATHER), "something was missed");
    }
}
