//! Cutting a byte stream into messages (RFC 3261 section 18.3).

/// Why a stream cannot be read any further; close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes than a message may have.
    #[error("message larger than 65,535 bytes")]
    TooLarge,
    /// No or no readable Content-Length, so nobody knows where the message ends.
    #[error("Content-Length missing or unreadable on a stream")]
    NoLength,
}

/// Collects bytes and gives whole messages.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
}

impl StreamFramer {
    /// Nothing collected.
    pub fn new() -> Self {
        StreamFramer::default()
    }

    /// Takes bytes from the stream.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if there is one.
    ///
    /// # Errors
    /// The stream is beyond repair.
    pub fn poll_message(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        Ok(None)
    }
}
