//! Ticket files, and the desk's turns beside the driver: woken by calls that end, by answers, by
//! people, and by the clock.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::config;
use crate::io::assets;
use crate::io::desk::{Settings, TicketDesk};
use crate::io::web::Batch;
use crate::ticket::{TicketPack, TicketPacks};

/// The report of a call that ended may still wait for the database when its end is told.
const REPORTED: Duration = Duration::from_millis(1_500);
/// What comes in at once is looked at once.
const GATHER: Duration = Duration::from_millis(200);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(5);
/// A turn at least so often: the report of a call may come later than its end was told.
const AT_LEAST: Duration = Duration::from_secs(30);
/// Between turns while more waits, so that others get at the database.
const BREATH: Duration = Duration::from_millis(20);
/// Folder of ticket files below the one of the policies.
const FOLDER: &str = "tickets";

/// Ticket packs, and what could not be used of them.
#[derive(Debug, Default)]
pub struct LoadedTickets {
    /// What can be used.
    pub packs: TicketPacks,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

/// Reads every ticket file: the embedded ones, overridden by those in the folder `tickets` below
/// that of the policies.
///
/// # Errors
/// A folder that cannot be read.
pub fn load(settings: &config::Policy) -> std::io::Result<LoadedTickets> {
    let mut loaded = LoadedTickets::default();
    let mut base = None;
    for (place, text) in assets::written(FOLDER, settings.folder.as_deref())? {
        match TicketPack::parse(&place, &text, base.as_ref()) {
            Ok(pack) => {
                if let Err(problem) = loaded.packs.add(pack.clone()) {
                    loaded.problems.push(problem);
                }
                if place == format!("{FOLDER}/{}", assets::BASE) {
                    base = Some(pack);
                }
            }
            Err(error) => loaded.problems.push(error.to_string()),
        }
    }
    Ok(loaded)
}

/// What the configuration tells the desk.
///
/// # Errors
/// A sentence: what cannot be read.
pub(super) fn settings(config: &config::Settings) -> Result<Settings, String> {
    let loaded = load(&config.policy).map_err(|e| format!("ticket files cannot be read: {e}"))?;
    for problem in &loaded.problems {
        tracing::error!(problem, "a ticket file cannot be used");
    }
    let people = config.agents.agents.iter().map(|agent| (agent.name.clone(), agent.roles.clone()));
    let (packs, home_area) = (Arc::new(loaded.packs), config.home_area.clone());
    Ok(Settings { packs, home_area, people: people.collect() })
}

impl Owes for TicketDesk {
    const WHO: &'static str = "desk";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        TicketDesk::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    async fn woken(&self) {
        TicketDesk::woken(self).await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        woken_by(batch)
    }
}

/// How soon events of a batch call for a turn.
fn woken_by(batch: &Batch) -> Option<Duration> {
    let Batch::Events(events) = batch else { return Some(GATHER) };
    let ended = events.iter().any(is_end_of_call);
    ended.then_some(REPORTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::web::EventHub;

    #[tokio::test]
    async fn a_call_that_ends_calls_for_a_turn_within_five_seconds() {
        let hub = EventHub::new(1);
        let mut reader = hub.subscribe(None);
        for (topic, json, expect) in [
            ("call", r#"{"call":1,"state":"ringing"}"#, None),
            ("call", r#"{"call":1,"state":"ended"}"#, Some(REPORTED)),
            ("trunk", "{}", None),
        ] {
            hub.publish(topic, json);
            assert_eq!(woken_by(&reader.next().await), expect, "{topic} {json}");
        }
        assert_eq!(woken_by(&Batch::Reset(7)), Some(GATHER), "something was missed");
        assert!(REPORTED + GATHER < Duration::from_secs(5), "TKT-21");
    }

    #[test]
    fn the_embedded_ticket_files_are_good() {
        let loaded = load(&config::Policy::default()).unwrap();
        assert_eq!(loaded.problems, Vec::<String>::new());
        assert!(loaded.packs.all().count() >= 12);
        assert!(loaded.packs.of("nobody").is_some(), "the default one");
    }
}
