//! The business result of an attempt. Retry rules and reports speak these words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! dispositions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// How an attempt ended, in the words of call centres.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Disposition { $($(#[$doc])* $variant,)* }

        impl Disposition {
            /// Every disposition, in the order of the reports.
            pub const ALL: &[Disposition] = &[$(Disposition::$variant),*];

            /// The word in files, the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Disposition::$variant => $text),* }
            }
        }

        impl FromStr for Disposition {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Disposition::$variant),)*
                    _ => Err(format!("unknown disposition `{text}`; known: {}", [$($text),*].join(", "))),
                }
            }
        }
    };
}

dispositions! {
    /// The script ran to its end.
    Completed = "completed",
    /// Answered, some answers given, then hung up.
    Partial = "partial",
    /// Answered by a person who hung up before any answer.
    HungUp = "hung_up",
    /// The customer asked to be called later; the time is with the entry.
    Later = "later",
    /// The customer refused; attempts for this callback stop.
    Refused = "refused",
    /// The customer asked never to be called again.
    DoNotCall = "do_not_call",
    /// The customer asked for a person; a callback is promised.
    PersonWanted = "person_wanted",
    /// The person reached is not the customer (identity check failed).
    WrongPerson = "wrong_person",
    /// An answering machine, with no message left.
    Machine = "machine",
    /// An answering machine, and the message was left after the beep.
    MessageLeft = "message_left",
    /// Answered, but nothing was pressed or said to the end of the script.
    NoInput = "no_input",
    /// Rang to the end of the ring time.
    NoAnswer = "no_answer",
    /// 486 or 600.
    Busy = "busy",
    /// 480: not reachable now (switched off, out of coverage).
    Unavailable = "unavailable",
    /// 603, 403 or the like from the callee's side: the call was declined.
    Declined = "declined",
    /// 404, 410, 484, 604: the number does not exist or is wrong.
    InvalidNumber = "invalid_number",
    /// The network had no way or no room: 5xx, timeouts, no trunk left.
    Congestion = "congestion",
    /// 488, 606 or no common codec.
    Incompatible = "incompatible",
    /// Answered, but no sound arrived: charged to no person.
    DeadAir = "dead_air",
    /// Stopped by an operator or by shutdown before it was answered.
    Cancelled = "cancelled",
    /// No outcome is known: the daemon stopped in the middle of the attempt.
    Lost = "lost",
    /// A fault of the daemon itself.
    Failed = "failed",
    /// An inbound call that was served.
    Served = "served",
}

impl Disposition {
    /// True where a person or a machine picked up.
    pub const fn was_answered(self) -> bool {
        use Disposition::*;
        matches!(
            self,
            Completed
                | Partial
                | HungUp
                | Later
                | Refused
                | DoNotCall
                | PersonWanted
                | WrongPerson
                | Machine
                | MessageLeft
                | NoInput
                | DeadAir
                | Served
        )
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for d in Disposition::ALL {
            assert_eq!(d.as_str().parse(), Ok(*d));
            assert_eq!(serde_json::to_string(d).unwrap(), format!("\"{d}\""));
        }
    }
}
