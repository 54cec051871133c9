//! The loop of whoever looks again and again at what is owed: woken by people, by events, and
//! by the clock.

use std::fmt::Display;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::base::Timestamp;
use crate::io::clock::Clock;
use crate::io::web::{Batch, EventHub, LiveEvent};

/// How soon the next turn comes.
pub(super) struct Pace {
    /// After somebody woke it: what comes in at once is looked at once.
    pub gather: Duration,
    /// After a turn that the database did not take.
    pub again: Duration,
    /// In any case.
    pub at_least: Duration,
    /// While more waits, so that others get at the database.
    pub breath: Duration,
}

/// What a turn came to.
pub(super) struct Turned {
    /// Whether more waits already.
    pub more: bool,
    /// When time alone gives the next turn something to do.
    pub next: Timestamp,
}

/// Does what is owed, turn by turn; done twice, nothing is doubled.
pub(super) trait Owes: Send + Sync + 'static {
    /// Who it is, for the log.
    const WHO: &'static str;
    /// How soon its turns come.
    const PACE: Pace;

    /// Everything that is due.
    fn turn(&self, now: Timestamp) -> impl Future<Output = Result<Turned, impl Display>> + Send;

    /// Until somebody wakes it.
    fn woken(&self) -> impl Future<Output = ()> + Send;

    /// How soon these events call for a turn; None: not at all.
    fn woken_by(batch: &Batch) -> Option<Duration>;
}

/// Runs turns until `stop`.
pub(super) fn spawn<O: Owes>(
    owes: O,
    clock: Clock,
    hub: EventHub,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = run(&owes, &clock, &hub) => {}
        }
    })
}

async fn run<O: Owes>(owes: &O, clock: &Clock, hub: &EventHub) {
    let Pace { gather, again, at_least, breath } = O::PACE;
    let mut events = hub.subscribe(None);
    loop {
        let mut wait = match owes.turn(clock.now().utc).await {
            Ok(turn) if turn.more => breath,
            Ok(turn) => {
                let millis = turn.next.millis_since(clock.now().utc).max(0);
                Duration::from_millis(millis.unsigned_abs()).clamp(breath, at_least)
            }
            Err(error) => {
                tracing::error!(%error, "the {}'s turn was not done; it is tried again", O::WHO);
                again
            }
        };
        let mut sleep = Box::pin(tokio::time::sleep(wait));
        loop {
            tokio::select! {
                () = &mut sleep => break,
                () = owes.woken() => wait = gather,
                batch = events.next() => match O::woken_by(&batch) {
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

/// Whether a call has ended.
pub(super) fn is_end_of_call(event: &LiveEvent) -> bool {
    &*event.topic == "call" && event.json.contains(r#""state":"ended""#)
}
