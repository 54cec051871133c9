//! What a message must show before anybody acts on it (RFC 3261 sections 8.1.1 and 8.2).

use super::parse::Fault;
use super::{Request, Response, header};
use crate::sip::header::{CSeq, Headers, NameAddr, Via};
use crate::sip::uri::read_host_port;

/// Fields that occur once.
const SINGLE: [(&str, &str); 7] = [
    (header::FROM, "more than one From"),
    (header::TO, "more than one To"),
    (header::CALL_ID, "more than one Call-ID"),
    (header::CSEQ, "more than one CSeq"),
    (header::MAX_FORWARDS, "more than one Max-Forwards"),
    (header::CONTENT_TYPE, "more than one Content-Type"),
    (header::RSEQ, "more than one RSeq"),
];

/// A request: everything that names the transaction and the dialog can be read.
pub(super) fn request(request: &Request) -> Result<(), Fault> {
    let headers = &request.headers;
    let cseq = both(headers)?;
    if cseq.method != request.method {
        return Err(Fault::bad("CSeq names another method"));
    }
    if !headers.list(header::VIA).all(|via| Via::parse(via).is_some()) {
        return Err(Fault::bad("Via cannot be read"));
    }
    // 0 to 255 (RFC 3261 section 20.22).
    if headers.contains(header::MAX_FORWARDS) && !headers.max_forwards().is_some_and(|hops| hops <= 255) {
        return Err(Fault::bad("Max-Forwards is no number from 0 to 255"));
    }
    if !headers.list(header::CONTACT).all(|contact| contact == "*" || NameAddr::parse(contact).is_some()) {
        return Err(Fault::bad("Contact cannot be read"));
    }
    if !headers.list(header::ROUTE).all(|route| NameAddr::parse(route).is_some()) {
        return Err(Fault::bad("Route cannot be read"));
    }
    Ok(())
}

/// A response: it can be matched, and a route set can be built.
pub(super) fn response(response: &Response) -> Result<(), Fault> {
    both(&response.headers).map(|_| ())
}

fn both(headers: &Headers) -> Result<CSeq, Fault> {
    for (name, reason) in SINGLE {
        if headers.count(name) > 1 {
            return Err(Fault::bad(reason));
        }
    }
    headers.via().ok_or(Fault::bad("no Via that can be read"))?;
    headers.from().ok_or(Fault::bad("no From that can be read"))?;
    headers.to().ok_or(Fault::bad("no To that can be read"))?;
    if !headers.call_id().is_some_and(|id| !id.is_empty() && !id.contains([' ', '\t', '\0'])) {
        return Err(Fault::bad("no Call-ID that can be read"));
    }
    if !headers.list(header::RECORD_ROUTE).all(|route| NameAddr::parse(route).is_some()) {
        return Err(Fault::bad("Record-Route cannot be read"));
    }
    headers.cseq().ok_or(Fault::bad("no CSeq with a number below 2^31"))
}

/// True where the first Via names a transport and a host, whatever follows: enough to send
/// a refusal back.
pub(super) fn via_shows_the_way(headers: &Headers) -> bool {
    let Some(via) = headers.list(header::VIA).next() else { return false };
    let sent_by = via.split(';').next().unwrap_or_default().trim();
    let Some((protocol, host)) = sent_by.rsplit_once([' ', '\t']) else { return false };
    protocol.trim_start().get(..3).is_some_and(|p| p.eq_ignore_ascii_case("SIP"))
        && read_host_port(host).is_some()
}
