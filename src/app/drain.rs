//! Stopping in order: no new call, running ones end within the grace time, then BYE.

use super::driver::Driver;
use crate::base::Mono;
use crate::dialer::Reason;
use crate::engine::{Hold, Input};
use crate::io::web::DrainMode;
use crate::policy::code;

/// After the last BYE: time for its answer, for recordings to close and reports to be made.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(50);
/// After the last call: time for registrations to be given back.
const FAREWELL: std::time::Duration = std::time::Duration::from_millis(500);

/// How far a stop has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Drain {
    /// Nobody asked.
    #[default]
    No,
    /// Goes on as before, ends at the first moment without a call.
    WhenIdle,
    /// Refuses new calls; at the deadline the running ones are hung up.
    Gracefully(Mono),
    /// Everything was hung up; what is not over by the deadline is left behind.
    Closing(Mono),
    /// Registrations are being given back.
    Farewell(Mono),
}

impl Drain {
    pub fn is_draining(self) -> bool {
        !matches!(self, Drain::No | Drain::WhenIdle)
    }

    pub fn next_wake(self) -> Mono {
        match self {
            Drain::No | Drain::WhenIdle => Mono::FAR,
            Drain::Gracefully(at) | Drain::Closing(at) | Drain::Farewell(at) => at,
        }
    }
}

impl Driver {
    /// Carries out an order to stop; gives the number of calls that are up.
    pub(super) fn drain(&mut self, mode: DrainMode) -> u64 {
        let now = self.now();
        let calls = self.parts.engine.call_count() as u64;
        match mode {
            DrainMode::WhenIdle => self.drain = Drain::WhenIdle,
            DrainMode::Gracefully => {
                self.drain = Drain::Gracefully(now.mono + self.parts.grace);
                self.refuse_new(true);
            }
            DrainMode::Now => {
                self.refuse_new(true);
                self.close_all();
            }
            DrainMode::Abort => {
                self.drain = Drain::No;
                self.refuse_new(false);
            }
        }
        self.changed = true;
        tracing::info!(?mode, calls, "drain");
        calls
    }

    /// The first SIGTERM drains, the second stops at once.
    pub(super) fn drain_by_signal(&mut self) {
        let mode = if self.drain.is_draining() { DrainMode::Now } else { DrainMode::Gracefully };
        self.drain(mode);
    }

    fn refuse_new(&mut self, refuse: bool) {
        let reason = refuse.then(|| Reason::new(code::HELD, "the daemon is stopping"));
        self.feed(Input::Hold(Hold::Draining, reason));
    }

    fn close_all(&mut self) {
        let now = self.now();
        self.drain = Drain::Closing(now.mono + CLOSING);
        self.parts.engine.hang_up_all(now, "the daemon is stopping");
        self.carry_out();
    }

    /// Moves the stop along; true when the loop may end.
    pub(super) fn is_over(&mut self) -> bool {
        let now = self.now();
        let idle = self.parts.engine.call_count() == 0;
        match self.drain {
            Drain::No => false,
            Drain::Farewell(at) => now.mono >= at || self.parts.engine.sip_held().clients == 0,
            Drain::Gracefully(at) if !idle => {
                if now.mono >= at {
                    self.close_all();
                }
                false
            }
            Drain::WhenIdle | Drain::Closing(_) if !idle && now.mono < self.drain.next_wake() => false,
            Drain::WhenIdle | Drain::Gracefully(_) | Drain::Closing(_) => {
                self.refuse_new(true);
                self.drain = Drain::Farewell(now.mono + FAREWELL);
                self.parts.engine.unregister_all(now);
                self.carry_out();
                false
            }
        }
    }
}
