//! Keys as RTP events (RFC 4733).
//!
//! What a press of 100 ms looks like at a packet every 20 ms: the timestamp is that of the
//! beginning in every packet, the duration grows, the last packet is sent three times.
//!
//! ```text
//!  time  seq  M  timestamp  event  E  duration
//!  0     100  1  16000      5      0  160        first: the receiver reports `5` here
//!  20    101  0  16000      5      0  320
//!  40    102  0  16000      5      0  480
//!  60    103  0  16000      5      0  640
//!  80    104  0  16000      5      1  800        end
//!  80    105  0  16000      5      1  800        end again
//!  80    106  0  16000      5      1  800        end again
//! ```
//!
//! Any one of the seven packets is enough for the digit, none of the others repeats it. A
//! press longer than 65,535 ticks (8.19 s) goes on in a new segment, whose timestamp is the
//! old one plus 65,535 and whose marker is not set (section 2.5.1.3): the same press.

mod receiver;
mod sender;

pub use receiver::EventReceiver;
pub use sender::{EventSender, KeyQueueFull, SentEvent};

/// Bytes of an event payload (RFC 4733 section 2.3).
pub const EVENT_BYTES: usize = 4;

/// The key of an event code: 0 to 15 (RFC 4733 table 3). None for flash and line events.
pub fn key_of(event: u8) -> Option<char> {
    const KEYS: &[u8; 16] = b"0123456789*#ABCD";
    KEYS.get(usize::from(event)).map(|key| char::from(*key))
}

/// The event code of a key; None for anything but `0`-`9`, `*`, `#`, `A`-`D`.
pub fn event_of(key: char) -> Option<u8> {
    (0..16).find(|event| key_of(*event) == Some(key.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests;
