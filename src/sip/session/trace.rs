//! The messages of one session, kept within bounds.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::sip::{TraceItem, Transport};

/// Messages kept per session: the first half and the last half of a longer one.
pub const TRACE_MESSAGES: usize = 64;
/// Bytes kept per session.
pub const TRACE_BYTES: usize = 64 * 1024;
/// The start of a call that is never displaced by its end.
const HEAD: usize = TRACE_MESSAGES / 2;

#[derive(Clone, Debug)]
struct Entry {
    at: Timestamp,
    sent: bool,
    transport: Transport,
    peer: SocketAddr,
    bytes: Bytes,
}

/// Every message of a session in order, as it crossed the wire: at most
/// [`TRACE_MESSAGES`] and [`TRACE_BYTES`]; beyond that the middle is dropped and counted.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    entries: VecDeque<Entry>,
    size: usize,
    dropped: u32,
}

impl Trace {
    /// Keeps one message.
    pub fn push(&mut self, at: Timestamp, sent: bool, transport: Transport, peer: SocketAddr, bytes: Bytes) {
        self.size += bytes.len();
        self.entries.push_back(Entry { at, sent, transport, peer, bytes });
        while self.entries.len() > TRACE_MESSAGES || (self.size > TRACE_BYTES && self.entries.len() > 1) {
            let middle = HEAD.min(self.entries.len() - 2);
            if let Some(gone) = self.entries.remove(middle) {
                self.size -= gone.bytes.len();
                self.dropped = self.dropped.saturating_add(1);
            }
        }
    }

    /// Messages that were dropped from the middle.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Messages kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True before the first message.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// For the store and the API: texts with credentials masked.
    pub fn items(&self) -> Vec<TraceItem> {
        self.entries
            .iter()
            .map(|entry| TraceItem {
                at: entry.at,
                sent: entry.sent,
                transport: entry.transport.to_string(),
                peer: entry.peer.to_string(),
                text: masked(&entry.bytes),
            })
            .collect()
    }
}

/// The message as text; the digest response and everything else in the two credential
/// headers is replaced, because a trace is read by people who may not know passwords.
fn masked(bytes: &[u8]) -> String {
    // Most messages are ASCII, which this reads by the word and `from_utf8_lossy` by the byte.
    let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let (head, body) = match text.find("\r\n\r\n") {
        Some(end) => text.split_at(end + 4),
        None => (&*text, ""),
    };
    let mut out = String::with_capacity(text.len());
    let mut hiding = false;
    for line in head.split_inclusive('\n') {
        let folded = line.starts_with([' ', '\t']);
        if folded && hiding {
            continue;
        }
        match credentials(line) {
            Some(name) => {
                hiding = true;
                out.push_str(name);
                out.push_str(": ***\r\n");
            }
            None => {
                hiding = false;
                out.push_str(line);
            }
        }
    }
    out.push_str(body);
    out
}

/// The name of a header line that holds credentials, as it is written.
fn credentials(line: &str) -> Option<&str> {
    if !line.starts_with(['A', 'a', 'P', 'p']) {
        return None;
    }
    let name = line.split(':').next().unwrap_or_default().trim_end();
    let secret =
        name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("proxy-authorization");
    secret.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(trace: &mut Trace, text: &str) {
        let peer = SocketAddr::from(([127, 0, 0, 1], 5060));
        trace.push(Timestamp(0), true, Transport::Udp, peer, Bytes::copy_from_slice(text.as_bytes()));
    }

    #[test]
    fn credentials_are_masked_also_when_folded() {
        let mut trace = Trace::default();
        push(
            &mut trace,
            "REGISTER sip:a SIP/2.0\r\nAuthorization: Digest x=\"1\",\r\n response=\"2\"\r\nTo: b\r\n\r\nbody",
        );
        assert_eq!(
            trace.items()[0].text,
            "REGISTER sip:a SIP/2.0\r\nAuthorization: ***\r\nTo: b\r\n\r\nbody"
        );
    }

    #[test]
    fn the_first_and_the_last_messages_survive() {
        let mut trace = Trace::default();
        for i in 0..200 {
            push(&mut trace, &format!("{i}"));
        }
        let items = trace.items();
        assert_eq!((items.len(), trace.dropped()), (TRACE_MESSAGES, 136));
        assert_eq!((items[0].text.as_str(), items[63].text.as_str()), ("0", "199"));
    }

    #[test]
    fn size_is_bounded() {
        let mut trace = Trace::default();
        for _ in 0..10 {
            push(&mut trace, &"x".repeat(30_000));
        }
        assert_eq!(trace.len(), 2);
    }
}
