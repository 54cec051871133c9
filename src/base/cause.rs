//! What the network said, and whose doing it was. See also [`super::Disposition`]: the
//! three levels of "how it ended" are never mixed.

use serde::{Deserialize, Serialize};

/// What the signalling said at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Final SIP status, 300-699; 0 where no final response was seen.
    pub sip: u16,
    /// ITU-T Q.850 cause value, 0-127, from the Reason header (RFC 3326) or mapped from
    /// the status by RFC 3398 section 8.2.6.1; 0 where unknown.
    pub q850: u8,
}

/// Whose doing the end was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// Nobody's: the call ended as calls end.
    #[default]
    None,
    /// The daemon, its settings or its machine.
    Ours,
    /// The called or calling person.
    Peer,
    /// The trunk or the network behind it.
    Carrier,
    /// Cannot be told.
    Unknown,
}

impl Cause {
    /// The cause for a final status without a Reason header (RFC 3398 section 8.2.6.1).
    pub const fn from_status(sip: u16) -> Self {
        let q850 = match sip {
            200..=299 => 16,
            404 => 1,
            486 | 600 => 17,
            408 => 102,
            480 => 18,
            603 | 401 | 402 | 403 | 407 => 21,
            410 => 22,
            484 => 28,
            483 | 482 | 421 | 488 | 505 | 513 | 606 => 127,
            405 => 63,
            406 | 415 | 501 => 79,
            500 | 503 => 41,
            502 => 38,
            504 => 102,
            420 => 127,
            487 => 31,
            604 => 1,
            _ => 0,
        };
        Cause { sip, q850 }
    }
}
