//! The turns in which calls of the hotline become events: woken by calls that ended.

use std::fmt::Display;
use std::time::Duration;

use super::turns::{Owes, Pace, Turned, is_end_of_call};
use crate::base::Timestamp;
use crate::io::web::{Batch, Shared};

/// The report of a call that ended may still wait for the database when its end is told.
const REPORTED: Duration = Duration::from_secs(2);
/// A turn at least so often.
const AT_LEAST: Duration = Duration::from_secs(60);

/// What callers ask for by keys.
pub(super) struct ByCalls(pub Shared);

impl Owes for ByCalls {
    const WHO: &'static str = "hotline";
    const PACE: Pace = Pace {
        gather: REPORTED,
        again: Duration::from_secs(5),
        at_least: AT_LEAST,
        breath: Duration::from_millis(50),
    };

    async fn turn(&self, now: Timestamp) -> Result<Turned, impl Display> {
        let made = self.0.desk().take_calls(&self.0.import(), now).await;
        made.map(|made| Turned { more: made > 0, next: now + AT_LEAST })
    }

    async fn woken(&self) {
        std::future::pending().await
    }

    fn woken_by(batch: &Batch) -> Option<Duration> {
        match batch {
            Batch::Events(events) => events.iter().any(is_end_of_call).then_some(REPORTED),
            Batch::Reset(_) => Some(REPORTED),
        }
    }
}
