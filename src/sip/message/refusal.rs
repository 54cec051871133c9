//! What a server refuses before it looks at the call (RFC 3261 section 8.2).

use super::{Request, Response};

/// What this server understands.
#[derive(Clone, Copy, Debug)]
pub struct Abilities<'a> {
    /// Methods it serves.
    pub methods: &'a [&'a str],
    /// Option tags it knows, in lower case.
    pub extensions: &'a [&'a str],
    /// Body types it reads, in lower case.
    pub bodies: &'a [&'a str],
}

/// The refusal a request has earned, or None.
pub fn refusal(_request: &Request, _abilities: &Abilities<'_>) -> Option<Response> {
    None
}
