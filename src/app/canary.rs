//! The turns of the keeper of canaries beside the driver.

use std::fmt::Display;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned};
use crate::base::Timestamp;
use crate::engine;
use crate::io::canary::{CanaryKeeper, Settings};
use crate::io::web::Batch;

/// The calls of a canary that is over are stored by then.
const GATHER: Duration = Duration::from_millis(500);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(5);
/// A turn at least so often: a trunk may have come up.
const AT_LEAST: Duration = Duration::from_secs(10);
/// Between turns that follow each other.
const BREATH: Duration = Duration::from_millis(50);

/// What the engine's settings say of canaries.
pub(super) fn settings(engine: &engine::Settings) -> Settings {
    let canary = |trunk: &engine::TrunkSettings| {
        trunk.canary.clone().map(|canary| (trunk.choice.name.to_string(), canary))
    };
    Settings {
        trunks: engine.trunks.iter().filter_map(canary).collect(),
        windows: engine.dialer.windows.clone(),
        calendar: engine.dialer.calendar.clone(),
    }
}

impl Owes for CanaryKeeper {
    const WHO: &'static str = "keeper of canaries";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        CanaryKeeper::turn(self, now).await.map(|turn| Turned { more: false, next: turn.next })
    }

    async fn woken(&self) {
        CanaryKeeper::woken(self).await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        let Batch::Events(events) = batch else { return Some(GATHER) };
        // What it tells people itself wakes it no more.
        let news = |json: &str| json.contains(r#""canary":"over""#) || json.contains(r#""state":"up""#);
        events.iter().any(|event| &*event.topic == "trunk" && news(&event.json)).then_some(GATHER)
    }
}
