//! Reading, escaping and comparing URIs.

use super::{Host, Scheme, Uri, read_host_port};
use crate::sip::header::Params;

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUri(&'static str);

impl BadUri {
    /// What breaks the grammar.
    pub const fn reason(self) -> &'static str {
        self.0
    }
}

/// Reads a URI.
pub(super) fn uri(text: &str) -> Result<Uri, BadUri> {
    let (scheme, rest) = text.split_once(':').ok_or(BadUri("URI without a scheme"))?;
    let first = scheme.as_bytes().first().copied().unwrap_or(b' ');
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    if !first.is_ascii_alphabetic() || !scheme.bytes().all(fits) {
        return Err(BadUri("URI without a scheme"));
    }
    if text.bytes().any(|b| b <= b' ' || b == 0x7F || b == b'<' || b == b'>') {
        return Err(BadUri("space, control character or angle bracket in a URI"));
    }
    match scheme {
        _ if scheme.eq_ignore_ascii_case("sip") => sip(Scheme::Sip, rest),
        _ if scheme.eq_ignore_ascii_case("sips") => sip(Scheme::Sips, rest),
        _ if scheme.eq_ignore_ascii_case("tel") => tel(rest),
        other => Ok(opaque(Scheme::Other(other.to_ascii_lowercase()), rest)),
    }
}

fn opaque(scheme: Scheme, user: &str) -> Uri {
    Uri {
        scheme,
        user: Some(user.to_owned()),
        password: None,
        host: Host::Domain(String::new().into()),
        port: None,
        params: Params::new(),
        headers: None,
    }
}

fn tel(text: &str) -> Result<Uri, BadUri> {
    let end = text.find(';').unwrap_or(text.len());
    if end == 0 {
        return Err(BadUri("tel URI without a number"));
    }
    let params = params(&text[end..])?;
    Ok(Uri { params, ..opaque(Scheme::Tel, &text[..end]) })
}

fn sip(scheme: Scheme, text: &str) -> Result<Uri, BadUri> {
    // The user may hold ';', '?' and '/', never a second '@'.
    let (userinfo, rest) = match text.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, text),
    };
    let (user, password) = match userinfo.map(|u| u.split_once(':').map_or((u, None), |(u, p)| (u, Some(p))))
    {
        Some(("", _)) => return Err(BadUri("nothing before the @ of a URI")),
        Some((user, password)) => (Some(user), password),
        None => (None, None),
    };
    if user.is_some_and(|u| !escapes_are_whole(u) || !u.bytes().all(is_user_byte)) {
        return Err(BadUri("user part of a URI cannot be read"));
    }
    let (rest, headers) = match rest.split_once('?') {
        Some((rest, headers)) => (rest, Some(headers.to_owned())),
        None => (rest, None),
    };
    let end = rest.find(';').unwrap_or(rest.len());
    let (host, port) = read_host_port(&rest[..end]).ok_or(BadUri("host or port of a URI cannot be read"))?;
    Ok(Uri {
        scheme,
        user: user.map(str::to_owned),
        password: password.map(str::to_owned),
        host,
        port,
        params: params(&rest[end..])?,
        headers,
    })
}

/// URI parameters know no quotes and allow `[ ] / : & + $` (RFC 3261 section 25.1,
/// param-unreserved). An empty one is passed over.
fn params(text: &str) -> Result<Params, BadUri> {
    let mut params = Params::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        };
        let whole = !name.is_empty() && escapes_are_whole(part) && !part.contains(['"', ',', '@', '?']);
        if !whole {
            return Err(BadUri("parameters of a URI cannot be read"));
        }
        if params.has(name) {
            return Err(BadUri("parameter twice in a URI"));
        }
        params.put(name, value.map(str::to_owned));
    }
    Ok(params)
}

/// user = unreserved / escaped / user-unreserved (RFC 3261 section 25.1); `#`, `[` and `]`
/// are sent by deployed phones, bytes beyond ASCII by some trunks.
fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()%&=+$,;?/#[]".contains(&byte) || byte >= 0x80
}

/// True where every `%` has its two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'%')
        .all(|(at, _)| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
}

/// Escapes what may not stand in a user part.
pub(super) fn escape_user(user: &str) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Resolves escapes.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Parameters that must stand in both or in neither (RFC 3261 section 19.1.4).
const STRICT_PARAMS: [&str; 4] = ["user", "ttl", "method", "maddr"];

pub(super) fn is_same(a: &Uri, b: &Uri) -> bool {
    let host = |uri: &Uri| uri.host.to_string().to_ascii_lowercase();
    let both = |name: &str| match (a.params.has(name), b.params.has(name)) {
        (true, true) => same_param(a, b, name),
        (false, false) => true,
        _ => false,
    };
    a.scheme == b.scheme
        && a.user_unescaped() == b.user_unescaped()
        && a.password == b.password
        && host(a) == host(b)
        && a.port == b.port
        && STRICT_PARAMS.iter().all(|name| both(name))
        && a.params.iter().all(|(name, _)| !b.params.has(name) || same_param(a, b, name))
        && a.headers.as_deref().unwrap_or_default() == b.headers.as_deref().unwrap_or_default()
}

fn same_param(a: &Uri, b: &Uri, name: &str) -> bool {
    let value = |uri: &Uri| uri.params.get(name).map(|v| unescape(v).to_ascii_lowercase());
    value(a) == value(b)
}
