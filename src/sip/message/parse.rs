//! Reading messages: tolerant where the meaning is plain (RFC 4475 section 3.1.1), strict
//! where a call would be built on a guess (section 3.1.2).

use super::lexer::{Line, Lines, skip_breaks, trim, unfold};
use super::{
    MAX_HEADER_LINE, MAX_HEADERS, MAX_MESSAGE, Message, Method, Request, Response, header, reason_phrase,
    validate,
};
use crate::sip::header::{Headers, Value, is_token};
use crate::sip::uri::Uri;

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

/// A fault found on the way; reading goes on so that the reply has its header fields.
pub(super) struct Fault {
    pub(super) status: u16,
    pub(super) reason: &'static str,
}

impl Fault {
    pub(super) const fn bad(reason: &'static str) -> Self {
        Fault { status: 400, reason }
    }
}

/// True for a keep-alive: nothing but CR and LF (RFC 5626 section 3.5.1).
pub fn is_keepalive(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b'\r' | b'\n'))
}

/// Reads one whole message: a datagram, or what [`super::StreamFramer`] cut out. Bytes
/// behind the length that Content-Length names are left aside (RFC 3261 section 18.3);
/// without Content-Length the body goes to the end.
///
/// # Errors
/// What is wrong, with the answer where one is due. Never panics.
pub fn parse(bytes: &[u8]) -> Result<Message, ParseError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(dropped("message larger than 65,535 bytes"));
    }
    let bytes = skip_breaks(bytes);
    let mut lines = Lines::new(bytes);
    let start = match lines.next() {
        Line::Text { first, folded: [] } => first,
        Line::Text { .. } => return Err(dropped("the start line is folded")),
        _ => return Err(dropped("no start line")),
    };
    if start.get(..4).is_some_and(|p| p.eq_ignore_ascii_case(b"SIP/")) {
        return response(start, lines).map_err(|fault| dropped(fault.reason));
    }
    request(start, lines)
}

fn dropped(reason: &str) -> ParseError {
    ParseError { reason: reason.to_owned(), reply: None }
}

fn request(start: &[u8], lines: Lines<'_>) -> Result<Message, ParseError> {
    let (method, line) = match request_line(start) {
        Ok((method, uri)) => (Some(method), Ok(uri)),
        Err((method, fault)) => (method, Err(fault)),
    };
    let head = head(lines);
    let fault = match (line, head.fault, head.length) {
        (Ok(_), None, Err(fault)) | (Err(fault), ..) | (_, Some(fault), _) => fault,
        (Ok(uri), None, Ok(length)) => match (method.clone(), body(head.body, length)) {
            (Some(method), Ok(body)) => {
                let request = Request { method, uri, headers: head.headers, body };
                return match validate::request(&request) {
                    Ok(()) => Ok(Message::Request(request)),
                    Err(fault) => Err(refused(&fault, Some(&request.method), &request.headers)),
                };
            }
            (_, Err(fault)) => fault,
            (None, _) => Fault::bad("no method"),
        },
    };
    Err(refused(&fault, method.as_ref(), &head.headers))
}

/// The error with its reply. An ACK is never answered, and neither is what shows no way
/// back or was no SIP at all.
fn refused(fault: &Fault, method: Option<&Method>, headers: &Headers) -> ParseError {
    let answerable = method.is_some_and(|m| *m != Method::ACK) && validate::via_shows_the_way(headers);
    let reply = answerable.then(|| {
        let reason = match fault.status {
            400 => format!("Bad Request - {}", fault.reason),
            other => reason_phrase(other).into_owned(),
        };
        let mut reply = Response { status: fault.status, reason, headers: Headers::new(), body: Vec::new() };
        for name in [header::VIA, header::FROM, header::TO, header::CALL_ID, header::CSEQ] {
            reply.headers.copy_from(headers, name);
        }
        Box::new(reply)
    });
    ParseError { reason: fault.reason.to_owned(), reply }
}

type BadLine = (Option<Method>, Fault);

/// `METHOD SP Request-URI SP SIP/2.0`, with exactly these two spaces: a third would leave
/// open what the URI is (RFC 4475 sections 3.1.2.8 to 3.1.2.10).
fn request_line(line: &[u8]) -> Result<(Method, Uri), BadLine> {
    let line = std::str::from_utf8(line).map_err(|_| (None, Fault::bad("the request line is no UTF-8")))?;
    let (method, rest) = line.split_once(' ').ok_or((None, Fault::bad("no request line")))?;
    if !is_token(method) {
        return Err((None, Fault::bad("the method is no token")));
    }
    let method = Method::from(method);
    let bad = |fault| (Some(method.clone()), fault);
    let (uri, version) =
        rest.rsplit_once(' ').ok_or_else(|| bad(Fault::bad("the request line has no version")))?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        let other = version.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("SIP/"));
        let status = if other { 505 } else { 400 };
        return Err(bad(Fault { status, reason: "the version is not SIP/2.0" }));
    }
    let uri = Uri::parse(uri).map_err(|error| bad(Fault::bad(error.reason())))?;
    if uri.headers.is_some() {
        return Err(bad(Fault::bad("header fields in the Request-URI")));
    }
    Ok((method, uri))
}

fn response(start: &[u8], lines: Lines<'_>) -> Result<Message, Fault> {
    let (status, reason) = status_line(start)?;
    let head = head(lines);
    if let Some(fault) = head.fault {
        return Err(fault);
    }
    let body = body(head.body, head.length?)?;
    let response = Response { status, reason, headers: head.headers, body };
    validate::response(&response)?;
    Ok(Message::Response(response))
}

/// `SIP/2.0 SP 3DIGIT SP phrase`; the phrase may be empty, its space may then be missing.
fn status_line(line: &[u8]) -> Result<(u16, String), Fault> {
    let line = String::from_utf8_lossy(line);
    let (version, rest) = line.split_once(' ').ok_or(Fault::bad("no status line"))?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(Fault::bad("the version is not SIP/2.0"));
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = code.parse().ok().filter(|s| code.len() == 3 && (100..700).contains(s));
    Ok((status.ok_or(Fault::bad("no status code from 100 to 699"))?, reason.replace('\r', " ")))
}

/// What lies between start line and body.
struct Head<'a> {
    headers: Headers,
    body: &'a [u8],
    length: Result<Option<usize>, Fault>,
    fault: Option<Fault>,
}

fn head(mut lines: Lines<'_>) -> Head<'_> {
    let mut head = Head { headers: Headers::with_capacity(20), body: &[], length: Ok(None), fault: None };
    loop {
        match lines.next() {
            Line::End(body) => {
                head.body = body;
                return head;
            }
            Line::Cut => {
                head.fault.get_or_insert(Fault::bad("no empty line after the header fields"));
                return head;
            }
            Line::Text { .. } if head.headers.len() >= MAX_HEADERS => {
                head.fault = Some(Fault::bad("more than 256 header lines"));
                return head;
            }
            Line::Text { first, folded } => {
                if let Err(fault) = head.line(first, folded) {
                    head.fault.get_or_insert(fault);
                }
            }
        }
    }
}

impl Head<'_> {
    fn line(&mut self, first: &[u8], folded: &[u8]) -> Result<(), Fault> {
        if first.len() + folded.len() > MAX_HEADER_LINE {
            return Err(Fault::bad("header line longer than 8,192 bytes"));
        }
        let colon = first.iter().position(|b| *b == b':').ok_or(Fault::bad("header line without a colon"))?;
        let name = std::str::from_utf8(trim(&first[..colon])).ok().filter(|name| is_token(name));
        let name = name.ok_or(Fault::bad("header name is no token"))?;
        let value = unfold(&first[colon + 1..], folded);
        if name.eq_ignore_ascii_case(header::CONTENT_LENGTH) || name.eq_ignore_ascii_case("l") {
            self.length(&value);
        } else {
            self.headers.push_wire(name, Value::from_wire(value));
        }
        Ok(())
    }

    /// Two lengths that differ are two opinions about where the message ends.
    fn length(&mut self, value: &[u8]) {
        let found = content_length(value);
        self.length = match (&self.length, found) {
            (Ok(None), Some(length)) => Ok(Some(length)),
            (Ok(Some(first)), Some(length)) if *first == length => Ok(Some(length)),
            _ => Err(Fault::bad("Content-Length cannot be read")),
        };
    }
}

/// A decimal number of bytes; None for anything else.
pub(super) fn content_length(value: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(trim(value)).ok()?;
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn body(bytes: &[u8], length: Option<usize>) -> Result<Vec<u8>, Fault> {
    let length = length.unwrap_or(bytes.len());
    let body = bytes.get(..length).ok_or(Fault::bad("Content-Length is larger than the body"))?;
    Ok(body.to_vec())
}
