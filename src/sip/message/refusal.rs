//! What a server refuses before it looks at the call (RFC 3261 section 8.2).

use super::{Method, Request, Response, header};

/// What a server understands.
#[derive(Clone, Copy, Debug)]
pub struct Abilities<'a> {
    /// Methods it serves, in the order of its Allow header.
    pub methods: &'a [&'a str],
    /// Option tags it knows.
    pub extensions: &'a [&'a str],
    /// Body types it reads, in lower case.
    pub bodies: &'a [&'a str],
}

/// The refusal a request has earned, without a To tag, or None: 405 or 501 for the method,
/// 416 for the scheme of the Request-URI, 420 for extensions, 415 for the body. In this
/// order (RFC 3261 sections 8.2.1 to 8.2.3). ACK and CANCEL are never refused here.
pub fn refusal(request: &Request, abilities: &Abilities<'_>) -> Option<Response> {
    if matches!(request.method, Method::ACK | Method::CANCEL) {
        return None;
    }
    if !abilities.methods.contains(&request.method.as_str()) {
        let status = if matches!(request.method, Method::Known(_)) { 405 } else { 501 };
        let mut response = request.respond(status, None);
        response.headers.push(header::ALLOW, abilities.methods.join(", "));
        return Some(response);
    }
    if !request.uri.is_sip() {
        return Some(request.respond(416, None));
    }
    let known = |tag: &&str| abilities.extensions.iter().any(|e| e.eq_ignore_ascii_case(tag));
    let unknown: Vec<&str> = request.headers.list(header::REQUIRE).filter(|tag| !known(tag)).collect();
    if !unknown.is_empty() {
        let mut response = request.respond(420, None);
        response.headers.push(header::UNSUPPORTED, unknown.join(", "));
        return Some(response);
    }
    body_refusal(request, abilities)
}

/// A body whose handling is optional may be passed over (RFC 3261 section 20.11).
fn body_refusal(request: &Request, abilities: &Abilities<'_>) -> Option<Response> {
    if request.body.is_empty() {
        return None;
    }
    let disposition = request.headers.get(header::CONTENT_DISPOSITION).unwrap_or_default();
    if disposition.to_ascii_lowercase().replace(' ', "").contains("handling=optional") {
        return None;
    }
    let encoded = request.headers.list(header::CONTENT_ENCODING).any(|e| !e.eq_ignore_ascii_case("identity"));
    let media = request.headers.content_type().unwrap_or_default();
    let readable = abilities.bodies.contains(&media.as_str());
    if readable && !encoded {
        return None;
    }
    let mut response = request.respond(415, None);
    response.headers.push(header::ACCEPT, abilities.bodies.join(", "));
    if encoded {
        response.headers.push(header::ACCEPT_ENCODING, "identity");
    }
    Some(response)
}
