//! What a visitor may do, in one place.

use super::super::auth::{Caller, Scope};

/// Something that a page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Start, pause, stop; release the day's list.
    Steer,
    /// Hear recordings.
    Hear,
    /// Read the SIP trace.
    Trace,
}

/// Whether `caller` may do it. Pages leave out what may not be done; the routes behind them refuse it.
pub(super) fn may(caller: &Caller, what: What) -> bool {
    match what {
        What::Steer | What::Hear | What::Trace => caller.needs(Scope::Operate).is_ok(),
    }
}
