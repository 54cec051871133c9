//! Reading messages.

use super::{Message, Response};

/// Why bytes are no message, and what to do about it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct ParseError {
    /// What is wrong, for the log and the reason phrase.
    pub reason: String,
    /// What to answer (400 or 505), with Via, From, To, Call-ID and CSeq of the request as
    /// far as they could be read; the To tag is still to be added. None: drop it.
    pub reply: Option<Box<Response>>,
}

/// True for a keep-alive: nothing but CR and LF (RFC 5626 section 3.5.1).
pub fn is_keepalive(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b'\r' | b'\n'))
}

/// Reads one whole message.
///
/// # Errors
/// What is wrong, with the answer where one is due. Never panics.
pub fn parse(_bytes: &[u8]) -> Result<Message, ParseError> {
    Err(ParseError { reason: "unread".into(), reply: None })
}
