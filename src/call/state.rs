//! The states of a call and the edges between them.
//!
//! ```text
//! Opening -invite-> Calling -18x-> Ringing -183+SDP-> Early -2xx-> Detecting -human-> Script
//!    |                 |  ^           |                 |              |  machine        |
//!    |                 |  |trunk      |no answer        |              v                 v
//!    |                 v  |           v                 v          Message --------> Lingering
//!    |              Rerouting <-- Releasing <-----------+--------------+-----------------+
//!    |                 |              | final response, BYE or its 200
//!    +-- no socket ----+----------> Closing -recording finished-> Reporting -> Ended
//!
//! Calling, Ringing, Early -2xx, an extension is to be dialled-> Extension -> Detecting, Script
//! Opening -inbound-> Incoming -200 sent-> Script
//! Opening -an agent's phone is rung first-> Waiting -they are there-> Calling
//! Script -somebody of ours answers-> Bridged -they hang up or vanish-> Script
//! ```
//!
//! Every state has a timeout ([`State::limit`]); `Reporting` is the only place where a
//! call-detail record is made.

use std::time::Duration;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for the media plane to bind a socket.
    Opening,
    /// The phone of the agent who is to talk with the customer rings first.
    Waiting,
    /// INVITE sent, nothing but 100 heard.
    Calling,
    /// A 180 or a 183 without SDP was heard.
    Ringing,
    /// Early media flows. It is not an answer.
    Early,
    /// Failed on one trunk, waits for the dialler to name the next.
    Rerouting,
    /// An INVITE came in and is not answered yet.
    Incoming,
    /// Answered; an extension is being dialled through, or rings.
    Extension,
    /// Answered; person or machine is being told.
    Detecting,
    /// Answered; the script runs.
    Script,
    /// Somebody of ours talks with the customer, or is about to again.
    Bridged,
    /// Answered by a machine; waits for its beep.
    Message,
    /// The script is over; the customer may hang up first.
    Lingering,
    /// CANCEL or BYE is out.
    Releasing,
    /// Signalling is over; the recording is being finished.
    Closing,
    /// The call-detail record is made.
    Reporting,
    /// Nothing is left of the call but its record.
    Ended,
}

use State::*;

impl State {
    /// Every state, in the order of a call.
    pub const ALL: [State; 17] = [
        Opening, Waiting, Calling, Ringing, Early, Rerouting, Incoming, Extension, Detecting, Script,
        Bridged, Message, Lingering, Releasing, Closing, Reporting, Ended,
    ];

    /// The states that may follow. Anything else is a fault of the program.
    pub const fn followers(self) -> &'static [State] {
        match self {
            Opening => &[Waiting, Calling, Incoming, Closing],
            Waiting => &[Calling, Closing],
            Calling => &[Ringing, Early, Rerouting, Extension, Detecting, Script, Releasing, Closing],
            Ringing => &[Early, Rerouting, Extension, Detecting, Script, Releasing, Closing],
            Early => &[Rerouting, Extension, Detecting, Script, Releasing, Closing],
            Rerouting => &[Calling, Closing],
            Incoming => &[Script, Releasing, Closing],
            Extension => &[Detecting, Script, Releasing, Closing],
            Detecting => &[Script, Message, Lingering, Releasing, Closing],
            Script => &[Bridged, Lingering, Releasing, Closing],
            Bridged => &[Script, Releasing, Closing],
            Message => &[Script, Lingering, Releasing, Closing],
            Lingering => &[Releasing, Closing],
            Releasing => &[Rerouting, Closing],
            Closing => &[Reporting],
            Reporting => &[Ended],
            Ended => &[],
        }
    }

    /// Whether `next` may follow.
    pub fn may_become(self, next: State) -> bool {
        self.followers().contains(&next)
    }

    /// How long a call may stay, where the campaign's settings do not say it themselves
    /// (`Calling` to `Early`, `Detecting`, `Lingering`).
    pub const fn limit(self) -> Duration {
        match self {
            // Binding two sockets takes microseconds; a worker that needs seconds is stuck.
            Opening | Rerouting => Duration::from_secs(5),
            // A phone of ours rings two minutes at most; this is the net below that.
            Waiting => Duration::from_secs(150),
            // Overall ceilings; the ring time of the campaign is shorter.
            Calling | Ringing | Early | Incoming => Duration::from_secs(180),
            // 32 keys and commas of at most 2 s each, after a pause of at most 30 s.
            Extension => Duration::from_secs(100),
            Detecting => Duration::from_secs(30),
            // A greeting that never beeps.
            Message => Duration::from_secs(60),
            // The longest survey with comments; the runner has a tighter limit of its own.
            Script => Duration::from_secs(3600),
            // The endpoint's own limit of a call, and a margin.
            Bridged => Duration::from_secs(5 * 3600),
            Lingering => Duration::from_secs(30),
            // Timer F or B of the last request (32 s) and a margin.
            Releasing => Duration::from_secs(40),
            // The writer may be behind a slow disk; the report must not wait for ever.
            Closing => Duration::from_secs(15),
            Reporting | Ended => Duration::ZERO,
        }
    }

    /// Whether the call counts as up for the customer: answered and not yet released.
    pub const fn is_answered(self) -> bool {
        matches!(self, Extension | Detecting | Script | Bridged | Message | Lingering)
    }

    /// Whether nothing but the end is left: `answered` says whether it ever was up, for a call
    /// that was not may be released by one trunk and go on over the next.
    pub const fn is_over(self, answered: bool) -> bool {
        matches!(self, Closing | Reporting | Ended) || (answered && matches!(self, Releasing))
    }

    /// The word in the API and the event stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Opening => "opening",
            Waiting => "waiting",
            Calling => "calling",
            Ringing => "ringing",
            Early => "early",
            Rerouting => "rerouting",
            Incoming => "incoming",
            Extension => "extension",
            Detecting => "detecting",
            Script => "script",
            Bridged => "bridged",
            Message => "message",
            Lingering => "lingering",
            Releasing => "releasing",
            Closing => "closing",
            Reporting => "reporting",
            Ended => "ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_leads_to_the_end_and_only_the_end_has_no_follower() {
        for state in State::ALL {
            let mut reached = vec![state];
            let mut next = 0;
            while let Some(at) = reached.get(next).copied() {
                next += 1;
                for follower in at.followers() {
                    if !reached.contains(follower) {
                        reached.push(*follower);
                    }
                }
            }
            assert!(reached.contains(&Ended), "{state:?} never ends");
            assert_eq!(state.followers().is_empty(), state == Ended);
        }
    }

    #[test]
    fn a_record_is_made_in_one_place_only() {
        for state in State::ALL {
            assert_eq!(state.may_become(Reporting), state == Closing, "{state:?}");
        }
    }

    #[test]
    fn the_legal_edges_are_the_golden_table() {
        let table: String = State::ALL
            .iter()
            .map(|s| {
                let next: Vec<&str> = s.followers().iter().map(|f| f.as_str()).collect();
                format!("{:<10} -> {}\n", s.as_str(), next.join(" "))
            })
            .collect();
        insta::assert_snapshot!(table, @"
        opening    -> waiting calling incoming closing
        waiting    -> calling closing
        calling    -> ringing early rerouting extension detecting script releasing closing
        ringing    -> early rerouting extension detecting script releasing closing
        early      -> rerouting extension detecting script releasing closing
        rerouting  -> calling closing
        incoming   -> script releasing closing
        extension  -> detecting script releasing closing
        detecting  -> script message lingering releasing closing
        script     -> bridged lingering releasing closing
        bridged    -> script releasing closing
        message    -> script lingering releasing closing
        lingering  -> releasing closing
        releasing  -> rerouting closing
        closing    -> reporting
        reporting  -> ended
        ended      -> 
        ");
    }
}
