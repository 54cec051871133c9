//! Messages counted by method and class, by their first bytes: no text is made for it.

/// Methods that are told apart; the rest is counted as the last, `other`.
pub const METHODS: [&str; 10] =
    ["INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "PRACK", "UPDATE", "other"];
/// Classes of final and provisional responses.
pub const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"];

/// How many messages of each kind passed, retransmissions included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// In the order of [`METHODS`].
    pub requests: [u64; METHODS.len()],
    /// In the order of [`CLASSES`].
    pub responses: [u64; CLASSES.len()],
}

impl Traffic {
    /// Counts one well-formed message.
    pub(crate) fn count(&mut self, message: &[u8]) {
        let mut words = message.split(|b| *b == b' ');
        let first = words.next().unwrap_or_default();
        if first.starts_with(b"SIP/") {
            let class = words
                .next()
                .and_then(|status| status.first())
                .map_or(u8::MAX, |digit| digit.wrapping_sub(b'1'));
            if let Some(count) = self.responses.get_mut(usize::from(class)) {
                *count += 1;
            }
        } else {
            let place = METHODS.iter().position(|method| method.as_bytes() == first);
            self.requests[place.unwrap_or(METHODS.len() - 1)] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_method_and_class() {
        let mut traffic = Traffic::default();
        for message in [
            "INVITE sip:a@b SIP/2.0\r\n",
            "INVITE sip:a@b SIP/2.0\r\n",
            "UPDATE sip:a@b SIP/2.0\r\n",
            "NEWMETHOD sip:a@b SIP/2.0\r\n",
            "SIP/2.0 100 Trying\r\n",
            "SIP/2.0 200 OK\r\n",
            "SIP/2.0 603 Decline\r\n",
            "SIP/2.0 x\r\n",
            "SIP/2.0",
        ] {
            traffic.count(message.as_bytes());
        }
        assert_eq!(traffic.requests, [2, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(traffic.responses, [1, 1, 0, 0, 0, 1]);
    }
}
