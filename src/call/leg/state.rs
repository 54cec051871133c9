//! The states of a leg and the edges between them.
//!
//! ```text
//! Opening -invite-> Calling -18x-> Ringing -2xx-> Confirming -key-> Up
//!    |                 |              |               |             |
//!    |                 +--------------+--- CANCEL ----+---- BYE ----+--> Releasing
//!    |                 | refused      | refused       | their BYE   |        |
//!    +- no socket -----+--------------+---------------+-------------+--> Closing -> Ended
//! ```
//!
//! Early media is not heard by anybody: the customer hears our music until somebody has
//! answered. `Confirming` is for telephones behind a trunk, where a voicemail answers too.

use std::time::Duration;

/// Where a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    /// Waits for the media plane to bind a socket.
    Opening,
    /// INVITE sent, nothing but 100 heard; of a leg whose own phone called: it waits to be answered.
    Calling,
    /// It rings.
    Ringing,
    /// Answered; a key is to show that it is a person.
    Confirming,
    /// Answered by a person.
    Up,
    /// CANCEL or BYE is out.
    Releasing,
    /// Signalling is over; the media session is being closed.
    Closing,
    /// Nothing is left of it.
    Ended,
}

use LegState::*;

impl LegState {
    /// Every state, in the order of a leg.
    pub const ALL: [LegState; 8] = [Opening, Calling, Ringing, Confirming, Up, Releasing, Closing, Ended];

    /// The states that may follow. Anything else is a fault of the program.
    pub const fn followers(self) -> &'static [LegState] {
        match self {
            Opening => &[Calling, Closing],
            Calling => &[Ringing, Confirming, Up, Releasing, Closing],
            Ringing => &[Confirming, Up, Releasing, Closing],
            Confirming => &[Up, Releasing, Closing],
            Up => &[Releasing, Closing],
            Releasing => &[Closing],
            Closing => &[Ended],
            Ended => &[],
        }
    }

    /// Whether `next` may follow.
    pub fn may_become(self, next: LegState) -> bool {
        self.followers().contains(&next)
    }

    /// How long a leg may stay, where its plan does not say it itself (`Calling` to
    /// `Confirming`).
    pub const fn limit(self) -> Duration {
        match self {
            Opening => Duration::from_secs(5),
            Calling | Ringing | Confirming => Duration::from_secs(180),
            // The endpoint's own limit of a call, and a margin.
            Up => Duration::from_secs(5 * 3_600),
            // Timer F or B of the last request (32 s) and a margin.
            Releasing => Duration::from_secs(40),
            Closing => Duration::from_secs(15),
            Ended => Duration::ZERO,
        }
    }

    /// Whether it was answered and is not being released.
    pub const fn is_answered(self) -> bool {
        matches!(self, Confirming | Up)
    }

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Opening => "opening",
            Calling => "calling",
            Ringing => "ringing",
            Confirming => "confirming",
            Up => "up",
            Releasing => "releasing",
            Closing => "closing",
            Ended => "ended",
        }
    }
}
