//! What a message must show before anybody acts on it (RFC 3261 sections 8.1.1 and 8.2).

use super::parse::Fault;
use super::{Request, Response, header};
use crate::sip::header::{CSeq, Headers, NameAddr, Via, split_list};
use crate::sip::uri::read_host_port;

/// A request: everything that names the transaction and the dialog can be read.
pub(super) fn request(request: &Request) -> Result<(), Fault> {
    let seen = Seen::check(&request.headers, true)?;
    if seen.cseq.method != request.method {
        return Err(Fault::bad("CSeq names another method"));
    }
    Ok(())
}

/// A response: it can be matched, and a route set can be built.
pub(super) fn response(response: &Response) -> Result<(), Fault> {
    Seen::check(&response.headers, false).map(|_| ())
}

/// What one pass over the fields found.
struct Seen {
    cseq: CSeq,
}

impl Seen {
    /// One pass, because this is done for every message. Known names stand in one
    /// spelling, so they compare as they are. Of a request more is asked than of a
    /// response: it builds a dialog, and somebody can be told what is wrong with it.
    fn check(headers: &Headers, is_request: bool) -> Result<Seen, Fault> {
        let (mut via, mut from, mut to, mut call_id, mut cseq) = (false, false, false, false, None);
        let (mut hops, mut content_type, mut rseq) = (false, false, false);
        for (name, value) in headers.fields() {
            let text = value.as_str();
            match name {
                header::VIA if is_request || !via => {
                    if !split_list(text).all(|item| Via::parse(item).is_some()) {
                        return Err(Fault::bad("Via cannot be read"));
                    }
                    via |= split_list(text).next().is_some();
                }
                header::FROM => {
                    once(&mut from, NameAddr::parse(text).is_some(), "one From that can be read is needed")?
                }
                header::TO => {
                    once(&mut to, NameAddr::parse(text).is_some(), "one To that can be read is needed")?
                }
                header::CALL_ID => {
                    let good = !text.is_empty() && !text.contains([' ', '\t', '\0']);
                    once(&mut call_id, good, "one Call-ID that can be read is needed")?;
                }
                header::CSEQ => {
                    let read = CSeq::parse(text).filter(|_| cseq.is_none());
                    cseq = Some(read.ok_or(Fault::bad("one CSeq with a number below 2^31 is needed"))?);
                }
                // 0 to 255 (RFC 3261 section 20.22).
                header::MAX_FORWARDS if is_request => {
                    let good = text.bytes().all(|b| b.is_ascii_digit())
                        && text.parse::<u32>().is_ok_and(|n| n <= 255);
                    once(&mut hops, good, "Max-Forwards is no number from 0 to 255, or stands twice")?;
                }
                header::CONTENT_TYPE => once(&mut content_type, true, "more than one Content-Type")?,
                header::RSEQ => once(&mut rseq, true, "more than one RSeq")?,
                header::CONTACT if is_request && text != "*" => addresses(text, "Contact cannot be read")?,
                header::ROUTE if is_request => addresses(text, "Route cannot be read")?,
                header::RECORD_ROUTE => addresses(text, "Record-Route cannot be read")?,
                _ => {}
            }
        }
        let missing = [
            (via, "Via is missing"),
            (from, "From is missing"),
            (to, "To is missing"),
            (call_id, "Call-ID is missing"),
        ];
        for (there, reason) in missing {
            if !there {
                return Err(Fault::bad(reason));
            }
        }
        Ok(Seen { cseq: cseq.ok_or(Fault::bad("CSeq is missing"))? })
    }
}

/// A field that must be good and must not come again.
fn once(seen: &mut bool, good: bool, reason: &'static str) -> Result<(), Fault> {
    if *seen || !good {
        return Err(Fault::bad(reason));
    }
    *seen = true;
    Ok(())
}

fn addresses(text: &str, reason: &'static str) -> Result<(), Fault> {
    if split_list(text).all(|item| NameAddr::parse(item).is_some()) {
        Ok(())
    } else {
        Err(Fault::bad(reason))
    }
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
