//! Hosts and ports, as URIs and Via share them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::Host;

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`; None where it is none of them. Spaces
/// may stand around the colon (RFC 4475 section 3.1.1.1).
pub fn read_host_port(text: &str) -> Option<(Host, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return Some((Host::IpAddr(IpAddr::V6(address)), read_port(rest)?));
    }
    let end = text.find(':').unwrap_or(text.len());
    let name = text[..end].trim_end_matches([' ', '\t']);
    let port = read_port(&text[end..])?;
    Some((read_host(name)?, port))
}

/// None: not a port. Some(None): none is written.
fn read_port(text: &str) -> Option<Option<u16>> {
    let text = text.trim_matches([' ', '\t']);
    if text.is_empty() {
        return Some(None);
    }
    let digits = text.strip_prefix(':')?.trim_start_matches([' ', '\t']);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Some)
}

/// Underscores are no hostname by RFC 1123 and common in private networks.
fn read_host(name: &str) -> Option<Host> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
    if name.is_empty() || name.len() > 255 || !name.bytes().all(fits) {
        return None;
    }
    // An IPv4 address begins with a digit; other names need not try.
    if name.as_bytes()[0].is_ascii_digit()
        && let Ok(address) = name.parse()
    {
        return Some(Host::IpAddr(IpAddr::V4(address)));
    }
    Some(Host::Domain(name.to_owned().into()))
}

/// Writes a host as URIs and Via want it: IPv6 in brackets.
///
/// # Errors
/// Those of the writer.
pub fn write_host(out: &mut impl fmt::Write, host: &Host) -> fmt::Result {
    match host {
        Host::IpAddr(IpAddr::V6(address)) => write!(out, "[{address}]"),
        other => write!(out, "{other}"),
    }
}
