//! From what the network said to what it means for the list.

use crate::base::{Blame, Cause, Disposition};

/// What a call that was not answered comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Business result.
    pub disposition: Disposition,
    /// Whose doing.
    pub blame: Blame,
    /// Another trunk may have a way where this one had none.
    pub try_next_trunk: bool,
}

/// Reads a final response to INVITE (RFC 3261 section 21), helped by the Q.850 cause of a
/// Reason header where the gateway sent one: many gateways answer 480 or 503 for all and
/// tell the truth only there.
pub fn unanswered(cause: Cause) -> Unanswered {
    use Disposition as D;
    let result = |disposition, blame, try_next_trunk| Unanswered { disposition, blame, try_next_trunk };
    // A status of the 6xx class speaks for the callee everywhere (RFC 3261 section 21.6).
    match (cause.sip, cause.q850) {
        (486 | 600, _) | (480 | 500..=599, 17) => result(D::Busy, Blame::Peer, false),
        (404 | 410 | 484 | 604, _) | (480 | 500..=599, 1 | 22 | 28) => {
            result(D::InvalidNumber, Blame::Peer, false)
        }
        (603 | 607, _) | (480 | 500..=599, 21) => result(D::Declined, Blame::Peer, false),
        (487, _) | (480 | 500..=599, 19) => result(D::NoAnswer, Blame::Peer, false),
        (480, _) | (500..=599, 18 | 20) => result(D::Unavailable, Blame::Peer, false),
        (488 | 606 | 415 | 406, _) => result(D::Incompatible, Blame::Carrier, true),
        (408 | 500..=599, _) => result(D::Congestion, Blame::Carrier, true),
        (401 | 403 | 407, _) => result(D::Congestion, Blame::Ours, true),
        (300..=399, _) => result(D::Congestion, Blame::Carrier, true),
        _ => result(D::Congestion, Blame::Carrier, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sip: u16, q850: u8, expect: Disposition, next_trunk: bool) {
        let got = unanswered(Cause { sip, q850 });
        assert_eq!((got.disposition, got.try_next_trunk), (expect, next_trunk), "{sip} with Q.850 {q850}");
    }

    #[test]
    fn final_responses_mean_what_call_centres_expect() {
        check(486, 0, Disposition::Busy, false);
        check(600, 0, Disposition::Busy, false);
        check(480, 0, Disposition::Unavailable, false);
        check(404, 0, Disposition::InvalidNumber, false);
        check(484, 0, Disposition::InvalidNumber, false);
        check(410, 0, Disposition::InvalidNumber, false);
        check(603, 0, Disposition::Declined, false);
        check(487, 0, Disposition::NoAnswer, false);
        check(488, 0, Disposition::Incompatible, true);
        check(503, 0, Disposition::Congestion, true);
        check(408, 0, Disposition::Congestion, true);
        check(403, 0, Disposition::Congestion, true);
    }

    #[test]
    fn a_q850_cause_tells_more_than_a_general_status() {
        check(480, 17, Disposition::Busy, false);
        check(503, 1, Disposition::InvalidNumber, false);
        check(500, 19, Disposition::NoAnswer, false);
        check(486, 1, Disposition::Busy, false);
    }
}
