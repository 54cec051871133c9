//! Cutting a byte stream into messages (RFC 3261 section 18.3).

use super::lexer::{Line, Lines, trim, unfold};
use super::parse::content_length;
use super::{MAX_MESSAGE, header};

/// Why a stream cannot be read any further; answer what was read, then close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes than a message may have.
    #[error("message larger than 65,535 bytes")]
    TooLarge,
    /// Nobody knows where the message ends.
    #[error("Content-Length unreadable on a stream")]
    BadLength,
}

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message.
    Message(Vec<u8>),
    /// A double CRLF between messages; the answer is a single one (RFC 5626 section 3.5.1).
    Ping,
}

/// Collects bytes and gives whole messages. It holds at most one message and the bytes of
/// one read behind it, and nothing while the stream is idle.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// The head was searched up to here, so that a byte at a time costs no more than all
    /// at once.
    searched: usize,
    /// Head and body together, once the head is whole.
    whole: Option<usize>,
}

impl StreamFramer {
    /// Nothing collected.
    pub fn new() -> Self {
        StreamFramer::default()
    }

    /// Takes bytes from the stream. Take what [`StreamFramer::poll_frame`] gives before
    /// the next: it is what keeps the buffer small.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// True in the middle of a message: the peer owes bytes. Line breaks owe nothing.
    pub fn is_partial(&self) -> bool {
        self.searched > 0 || self.whole.is_some()
    }

    /// The next message or ping, if there is one.
    ///
    /// A missing Content-Length counts as 0, although RFC 3261 section 20.14 has it
    /// mandatory here: requests without a body from simple clients have none.
    ///
    /// # Errors
    /// The stream is beyond repair; [`StreamFramer::take_rest`] has what was collected.
    pub fn poll_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.whole.is_none() && self.searched == 0 {
            match self.skip_breaks() {
                Some(true) => return Ok(Some(Frame::Ping)),
                Some(false) => {}
                None => return Ok(None),
            }
        }
        let whole = match self.whole {
            Some(whole) => whole,
            None => match self.find_head() {
                Some(head) => *self.whole.insert(head + body_length(&self.buffer[..head])?),
                None if self.buffer.len() > MAX_MESSAGE => return Err(FrameError::TooLarge),
                None => return Ok(None),
            },
        };
        if whole > MAX_MESSAGE {
            return Err(FrameError::TooLarge);
        }
        if self.buffer.len() < whole {
            return Ok(None);
        }
        let rest = self.buffer.split_off(whole);
        let message = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        self.whole = None;
        Ok(Some(Frame::Message(message)))
    }

    /// What was collected of a message that cannot be framed: [`super::parse`] makes the
    /// refusal from it.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.buffer);
        rest.truncate(MAX_MESSAGE);
        self.searched = 0;
        self.whole = None;
        rest
    }

    /// Drops line breaks between messages. Some(true): they were a ping. None: nothing else
    /// is there yet, or it cannot be told yet.
    fn skip_breaks(&mut self) -> Option<bool> {
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.buffer.drain(..4);
            return Some(true);
        }
        let breaks = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if breaks == self.buffer.len() {
            // Half a ping may wait for its other half; more than that is noise.
            if breaks > 3 || breaks == 0 {
                self.buffer = Vec::new();
            }
            return None;
        }
        self.buffer.drain(..breaks);
        Some(false)
    }

    /// The length of the head with its empty line, once it is there.
    fn find_head(&mut self) -> Option<usize> {
        let start = self.searched.saturating_sub(3);
        for at in start..self.buffer.len() {
            if self.buffer[at] == b'\n' {
                match self.buffer[at + 1..] {
                    [b'\n', ..] => return Some(at + 2),
                    [b'\r', b'\n', ..] => return Some(at + 3),
                    _ => {}
                }
            }
        }
        self.searched = self.buffer.len();
        None
    }
}

fn body_length(head: &[u8]) -> Result<usize, FrameError> {
    let mut lines = Lines::new(head);
    let mut length = None;
    while let Line::Text { first, folded } = lines.next() {
        let Some(colon) = first.iter().position(|b| *b == b':') else { continue };
        let name = trim(&first[..colon]);
        if name.eq_ignore_ascii_case(header::CONTENT_LENGTH.as_bytes()) || name.eq_ignore_ascii_case(b"l") {
            let found = content_length(&unfold(&first[colon + 1..], folded)).ok_or(FrameError::BadLength)?;
            if length.is_some_and(|first| first != found) {
                return Err(FrameError::BadLength);
            }
            length = Some(found);
        }
    }
    // A number near the end of usize must not wrap when the head is added.
    Ok(length.unwrap_or(0).min(MAX_MESSAGE + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nl:\r\n 3\r\n\r\nabc";
    const SECOND: &[u8] = b"BYE sip:a SIP/2.0\nContent-Length : 0\n\n";

    fn drain(framer: &mut StreamFramer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.poll_frame().unwrap()).collect()
    }

    fn expected() -> Vec<Frame> {
        vec![Frame::Ping, Frame::Message(FIRST.to_vec()), Frame::Message(SECOND.to_vec())]
    }

    fn stream() -> Vec<u8> {
        [b"\r\n\r\n", FIRST, b"\r\n", SECOND].concat()
    }

    #[test]
    fn messages_are_cut_whether_bytes_come_at_once_or_singly() {
        let mut framer = StreamFramer::new();
        framer.handle_bytes(&stream());
        assert_eq!(drain(&mut framer), expected());
        let mut frames = Vec::new();
        for byte in stream() {
            framer.handle_bytes(&[byte]);
            frames.extend(drain(&mut framer));
        }
        assert_eq!(frames, expected());
        assert!(!framer.is_partial());
    }

    #[test]
    fn a_stream_that_cannot_be_framed_ends() {
        fn check(head: &str, expect: FrameError) {
            let mut framer = StreamFramer::new();
            framer.handle_bytes(format!("INVITE sip:a SIP/2.0\r\n{head}\r\n\r\n").as_bytes());
            assert_eq!(framer.poll_frame(), Err(expect), "{head}");
        }
        check("Content-Length: -999", FrameError::BadLength);
        check("Content-Length: 13\r\nl: 5", FrameError::BadLength);
        check("Content-Length: 65535", FrameError::TooLarge);
        check("Content-Length: 18446744073709551615", FrameError::TooLarge);
        check(&format!("X: {}", "x".repeat(66_000)), FrameError::TooLarge);
    }

    #[test]
    fn an_endless_head_is_cut_off_and_breaks_cost_nothing() {
        let mut framer = StreamFramer::new();
        for _ in 0..10_000 {
            framer.handle_bytes(b"\r\n");
            drain(&mut framer);
        }
        assert!(framer.buffer.len() < 4);
        let mut framer = StreamFramer::new();
        let mut taken = 0;
        while framer.poll_frame() == Ok(None) {
            framer.handle_bytes(&[b'x'; 1_000]);
            taken += 1_000;
            assert!(taken < 70_000);
        }
        assert_eq!(framer.take_rest().len(), MAX_MESSAGE);
    }
}
