//! Via (RFC 3261 section 20.42, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::Params;
use super::list::{is_token, trim};
use crate::sip::Transport;
use crate::sip::uri::{Host, read_host_port, write_host};

/// What a branch of RFC 3261 begins with.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One Via value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Transport as written, `UDP`.
    pub transport: String,
    /// Host of sent-by.
    pub host: Host,
    /// Port of sent-by, where one is written.
    pub port: Option<u16>,
    /// branch, received, rport and others.
    pub params: Params,
}

impl Via {
    /// Our own: sent-by, branch and an empty rport (RFC 3581 section 3).
    pub fn new(transport: Transport, host: Host, port: Option<u16>, branch: &str) -> Self {
        let mut params = Params::new();
        params.put("branch", Some(branch.to_owned()));
        params.set_flag("rport");
        Via { transport: transport.via_name().to_owned(), host, port, params }
    }

    /// The transport, where it is one we speak.
    pub fn known_transport(&self) -> Option<Transport> {
        self.transport.parse().ok()
    }

    /// The branch, with or without the magic cookie.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    /// True where the branch is a whole transaction id: it begins with the magic cookie and
    /// something follows (RFC 3261 section 8.1.1.7; RFC 4475 section 3.2.1).
    pub fn has_magic_branch(&self) -> bool {
        self.branch().is_some_and(|b| {
            b.len() > MAGIC_COOKIE.len()
                && b[..].get(..MAGIC_COOKIE.len()).is_some_and(|p| p.eq_ignore_ascii_case(MAGIC_COOKIE))
        })
    }

    /// The address the receiver saw.
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received")?.trim_matches(['[', ']']).parse().ok()
    }

    /// The port the receiver saw; None also where `rport` stands without a value.
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// True where the sender asked for `rport`, filled or not.
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// Sent-by as text, `host:port` as written; part of a transaction's name.
    pub fn sent_by(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = write_host(&mut text, &self.host);
        if let Some(port) = self.port {
            text.push_str(&format!(":{port}"));
        }
        text
    }

    /// Adds what the request's source shows: `received` where it differs from sent-by or
    /// rport was asked for (RFC 3261 section 18.2.1, RFC 3581 section 4).
    pub fn stamp(&mut self, source: SocketAddr) {
        let ip = source.ip().to_canonical();
        let differs = !matches!(&self.host, Host::IpAddr(host) if *host == ip);
        if differs || self.wants_rport() {
            self.params.put("received", Some(ip.to_string()));
        }
        if self.wants_rport() {
            self.params.put("rport", Some(source.port().to_string()));
        }
    }

    /// Reads one Via value; None where it breaks the grammar.
    pub fn parse(text: &str) -> Option<Via> {
        let (name, rest) = text.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return None;
        }
        let rest = trim(rest);
        let gap = rest.find([' ', '\t'])?;
        let (transport, rest) = (&rest[..gap], trim(&rest[gap..]));
        if !is_token(transport) {
            return None;
        }
        let end = rest.find(';').unwrap_or(rest.len());
        let (host, port) = read_host_port(trim(&rest[..end]))?;
        let params = Params::read(&rest[end..]).ok()?;
        Some(Via { transport: transport.to_owned(), host, port, params })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} ", self.transport)?;
        write_host(f, &self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}
