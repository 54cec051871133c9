//! Typed readers for the fields a call needs. Each gives None where the field is missing
//! or cannot be read; reading a message refuses broken mandatory fields before this.

use std::fmt;

use super::list::{quote, trim};
use super::*;
use crate::sip::message::Method;

/// CSeq (RFC 3261 section 20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// Method of the request.
    pub method: Method,
}

/// RAck (RFC 3262 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// RSeq of the response.
    pub rseq: u32,
    /// CSeq of the response.
    pub cseq: CSeq,
}

/// Who refreshes the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The client of the transaction that set it.
    Uac,
    /// Its server.
    Uas,
}

/// Session-Expires (RFC 4028 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// Seconds.
    pub seconds: u32,
    /// Who refreshes; None where it is left to the other side.
    pub refresher: Option<Refresher>,
}

/// Reason (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP` or `Q.850`.
    pub protocol: String,
    /// The number of that protocol.
    pub cause: Option<u16>,
    /// For people.
    pub text: Option<String>,
}

impl CSeq {
    /// Reads the value; None where the number is 2^31 or more or the method is no token.
    pub fn parse(text: &str) -> Option<CSeq> {
        let mut parts = text.split_ascii_whitespace();
        let number = number(parts.next()?).filter(|n| *n < 1 << 31)?;
        let method = parts.next().filter(|m| list::is_token(m))?;
        parts.next().is_none().then(|| CSeq { number, method: Method::from(method) })
    }
}

impl RAck {
    /// Reads the value.
    pub fn parse(text: &str) -> Option<RAck> {
        let (rseq, cseq) = trim(text).split_once([' ', '\t'])?;
        Some(RAck { rseq: number(rseq)?, cseq: CSeq::parse(cseq)? })
    }
}

impl SessionExpires {
    /// Reads the value.
    pub fn parse(text: &str) -> Option<SessionExpires> {
        let (seconds, params) = seconds_and_params(text)?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Some(SessionExpires { seconds, refresher })
    }
}

impl Reason {
    /// Reads one value.
    pub fn parse(text: &str) -> Option<Reason> {
        let end = text.find(';').unwrap_or(text.len());
        let params = Params::read(&text[end..]).ok()?;
        Some(Reason {
            protocol: trim(&text[..end]).to_owned(),
            cause: params.get("cause").and_then(|c| c.parse().ok()),
            text: params.unquoted("text"),
        })
    }
}

impl Headers {
    /// The first Via: the hop a message came from or goes back to.
    pub fn via(&self) -> Option<Via> {
        Via::parse(self.list(VIA).next()?)
    }

    /// Replaces the first Via, as a server does after [`Via::stamp`].
    pub fn set_via(&mut self, via: &Via) {
        let Some((_, value)) = self.fields.iter_mut().find(|(name, _)| same(name, VIA)) else { return };
        let line = value.as_str();
        let end = list::find_outside(line, b',').unwrap_or(line.len());
        *value = Value::from(format!("{via}{}", &line[end..]));
    }

    /// From.
    pub fn from(&self) -> Option<NameAddr> {
        NameAddr::parse(self.get(FROM)?)
    }

    /// To.
    pub fn to(&self) -> Option<NameAddr> {
        NameAddr::parse(self.get(TO)?)
    }

    /// The tag of From.
    pub fn from_tag(&self) -> Option<String> {
        self.from()?.tag().map(str::to_owned)
    }

    /// The tag of To.
    pub fn to_tag(&self) -> Option<String> {
        self.to()?.tag().map(str::to_owned)
    }

    /// Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.get(CALL_ID)
    }

    /// CSeq.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.get(CSEQ)?)
    }

    /// The first Contact that can be read; not `*`.
    pub fn contact(&self) -> Option<NameAddr> {
        self.list(CONTACT).find_map(NameAddr::parse)
    }

    /// Every Contact that can be read, in order.
    pub fn contacts(&self) -> Vec<NameAddr> {
        self.list(CONTACT).filter_map(NameAddr::parse).collect()
    }

    /// Route, first hop first.
    pub fn route(&self) -> Vec<NameAddr> {
        self.list(ROUTE).filter_map(NameAddr::parse).collect()
    }

    /// Record-Route in the order of the message.
    pub fn record_route(&self) -> Vec<NameAddr> {
        self.list(RECORD_ROUTE).filter_map(NameAddr::parse).collect()
    }

    /// RSeq (RFC 3262 section 7.1).
    pub fn rseq(&self) -> Option<u32> {
        number(self.get(RSEQ)?)
    }

    /// RAck.
    pub fn rack(&self) -> Option<RAck> {
        RAck::parse(self.get(RACK)?)
    }

    /// Session-Expires.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(self.get(SESSION_EXPIRES)?)
    }

    /// Min-SE in seconds (RFC 4028 section 5).
    pub fn min_se(&self) -> Option<u32> {
        Some(seconds_and_params(self.get(MIN_SE)?)?.0)
    }

    /// Retry-After in seconds; comment and parameters are left aside.
    pub fn retry_after(&self) -> Option<u32> {
        let text = self.get(RETRY_AFTER)?;
        seconds(trim(text.split(['(', ';']).next()?))
    }

    /// Expires in seconds; a number beyond 32 bits counts as the largest
    /// (RFC 4475 section 3.1.2.4).
    pub fn expires(&self) -> Option<u32> {
        seconds(self.get(EXPIRES)?)
    }

    /// Max-Forwards.
    pub fn max_forwards(&self) -> Option<u32> {
        number(self.get(MAX_FORWARDS)?)
    }

    /// Every Reason that can be read.
    pub fn reasons(&self) -> Vec<Reason> {
        self.list(REASON).filter_map(Reason::parse).collect()
    }

    /// Type and subtype of the body in lower case, without parameters.
    pub fn content_type(&self) -> Option<String> {
        let text = self.get(CONTENT_TYPE)?;
        let media: String = text.split(';').next()?.chars().filter(|c| !c.is_whitespace()).collect();
        Some(media.to_ascii_lowercase())
    }
}

/// A decimal number that fits 32 bits.
fn number(text: &str) -> Option<u32> {
    let text = trim(text);
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Seconds; what does not fit counts as the largest number.
fn seconds(text: &str) -> Option<u32> {
    let text = trim(text);
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().unwrap_or(u32::MAX))
}

fn seconds_and_params(text: &str) -> Option<(u32, Params)> {
    let end = text.find(';').unwrap_or(text.len());
    Some((seconds(&text[..end])?, Params::read(&text[end..]).ok()?))
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            write!(f, ";text={}", quote(text))?;
        }
        Ok(())
    }
}
