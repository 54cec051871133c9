//! The planner's turns beside the driver: woken by facts that came in, by calls that ended, by
//! people, and by the clock.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::policies;
use crate::config;
use crate::io::clock::Clock;
use crate::io::planner::{self, Planner};
use crate::io::web::{Batch, EventHub};
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

/// Runs turns until `stop`.
pub(super) fn spawn(
    planner: Planner,
    clock: Clock,
    hub: EventHub,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = run(&planner, &clock, &hub) => {}
        }
    })
}

async fn run(planner: &Planner, clock: &Clock, hub: &EventHub) {
    let mut events = hub.subscribe(None);
    loop {
        let now = clock.now().utc;
        let mut wait = match planner.turn(now).await {
            Ok(turn) if turn.more => BREATH,
            Ok(turn) => {
                let millis = turn.next.millis_since(clock.now().utc).max(0);
                Duration::from_millis(millis.unsigned_abs()).clamp(BREATH, AT_LEAST)
            }
            Err(error) => {
                tracing::error!(%error, "the planner's turn was not done; it is tried again");
                AGAIN
            }
        };
        let mut sleep = Box::pin(tokio::time::sleep(wait));
        loop {
            tokio::select! {
                () = &mut sleep => break,
                () = planner.woken() => wait = GATHER,
                batch = events.next() => match ended(&batch) {
                    Some(after) => wait = after,
                    None => continue,
                },
            }
            // Whatever comes sooner.
            let at = tokio::time::Instant::now() + wait;
            if at < sleep.deadline() {
                sleep.as_mut().reset(at);
            }
        }
    }
}

/// How soon events of a batch call for a turn.
fn ended(batch: &Batch) -> Option<Duration> {
    let Batch::Events(events) = batch else { return Some(GATHER) };
    let facts = events.iter().any(|event| FACTS.contains(&&*event.topic));
    let calls =
        events.iter().any(|event| &*event.topic == "call" && event.json.contains(r#""state":"ended""#));
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
        lines,
        policies: std::sync::Arc::new(loaded.policies.with_rules(&ticket::rules_of_tickets())),
        calendar,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
