//! SIP messages (RFC 3261 section 7): a tolerant reader for what the wire brings, and a
//! strict writer. rsip supplies the vocabulary: methods, status codes, hosts, transports.

mod encode;
mod framer;
mod lexer;
mod method;
mod parse;
mod reason;
mod refusal;
mod validate;

pub use framer::{Frame, FrameError, StreamFramer};
pub use method::Method;
pub use parse::{ParseError, is_keepalive, parse};
pub use reason::reason_phrase;
pub use refusal::{Abilities, refusal};

use super::header::{self, Headers};
use super::uri::Uri;

/// Largest message taken or sent, in bytes: what a UDP datagram can hold.
pub const MAX_MESSAGE: usize = 65_535;
/// Header lines in one message; a real one has 15 to 40.
pub const MAX_HEADERS: usize = 256;
/// Bytes of one header line, folded parts included; a long route set fits.
pub const MAX_HEADER_LINE: usize = 8_192;

/// A request or a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request (RFC 3261 section 7.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// All header fields but Content-Length, in order.
    pub headers: Headers,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

/// A response (RFC 3261 section 7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Status code, 100 to 699.
    pub status: u16,
    /// Reason phrase; may be empty, and says nothing to a program.
    pub reason: String,
    /// All header fields but Content-Length, in order.
    pub headers: Headers,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads one whole message, as from a datagram. See [`parse`].
    pub fn parse(bytes: &[u8]) -> Result<Message, ParseError> {
        parse(bytes)
    }

    /// The header fields of either kind.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    /// The header fields of either kind, to be changed.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Message::Request(request) => &mut request.headers,
            Message::Response(response) => &mut response.headers,
        }
    }

    /// The body of either kind.
    pub fn body(&self) -> &[u8] {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    /// Appends the message as it goes on the wire; Content-Length is always written.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Request(request) => request.encode(out),
            Message::Response(response) => response.encode(out),
        }
    }

    /// The message as it goes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1_024);
        self.encode(&mut out);
        out
    }
}

impl Request {
    /// A request without header fields or body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Request { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// Sets the body and its Content-Type.
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.set(header::CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    /// A response to this request with what RFC 3261 section 8.2.6.2 has copied: all Via,
    /// From, To, Call-ID and CSeq; for 100 also Timestamp (section 8.2.6.1). A To tag is
    /// added where one is given and the request has none.
    pub fn respond(&self, status: u16, to_tag: Option<&str>) -> Response {
        let mut response = Response::new(status);
        for name in [header::VIA, header::FROM, header::TO, header::CALL_ID, header::CSEQ] {
            response.headers.copy_from(&self.headers, name);
        }
        if status == 100 {
            response.headers.copy_from(&self.headers, header::TIMESTAMP);
        }
        if let Some(tag) = to_tag {
            response.headers.add_to_tag(tag);
        }
        response
    }

    /// Appends the message as it goes on the wire; Content-Length is always written.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::request(self, out);
    }
}

impl Response {
    /// A response without header fields or body, with the usual reason phrase.
    pub fn new(status: u16) -> Self {
        let reason = reason_phrase(status).into_owned();
        Response { status, reason, headers: Headers::new(), body: Vec::new() }
    }

    /// Sets the body and its Content-Type.
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.set(header::CONTENT_TYPE, content_type);
        self.body = body.into();
        self
    }

    /// True for 1xx.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Appends the message as it goes on the wire; Content-Length is always written.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::response(self, out);
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Message::Response(response)
    }
}
