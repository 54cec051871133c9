//! The turns of the keeper of the chain of custody beside the driver.

use std::fmt::Display;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::config;
use crate::io::custody::{Checker, Custody, Settings};
use crate::io::web::Batch;

/// A call's record is stored by then.
const REPORTED: Duration = Duration::from_secs(2);
/// What comes in at once is linked at once.
const GATHER: Duration = Duration::from_millis(200);
/// When a turn is tried again that the database did not take.
const AGAIN: Duration = Duration::from_secs(10);
/// A turn at least so often: facts of people and of the command line wake nobody.
const AT_LEAST: Duration = Duration::from_secs(10);
/// The next look at the files is due by the clock, which somebody may set.
const LOOK: Duration = Duration::from_secs(60);
/// Between turns while more waits, so that others get at the database.
const BREATH: Duration = Duration::from_millis(50);

/// What the configuration tells the keeper.
pub(super) fn settings(config: &config::Settings) -> Settings {
    Settings { check_every: config.custody.check_every, check_rate: config.custody.check_rate }
}

impl Owes for Custody {
    const WHO: &'static str = "keeper of the chain";
    const PACE: Pace = Pace { gather: GATHER, again: AGAIN, at_least: AT_LEAST, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Custody::turn(self, now).await.map(|turn| Turned { more: turn.more, next: turn.next })
    }

    async fn woken(&self) {
        Custody::woken(self).await;
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        let Batch::Events(events) = batch else { return Some(GATHER) };
        events.iter().any(is_end_of_call).then_some(REPORTED)
    }
}

impl Owes for Checker {
    const WHO: &'static str = "look at the recordings";
    const PACE: Pace = Pace { gather: GATHER, again: LOOK, at_least: LOOK, breath: BREATH };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        Checker::turn(self, now).await.map(|(more, next)| Turned { more, next })
    }

    async fn woken(&self) {
        std::future::pending::<()>().await;
    }

    fn woken_by(_: &Batch) -> Option<Duration> {
        None
    }
}
