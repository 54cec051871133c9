//! Where a message goes: the outcome of RFC 3263.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// The transports that are spoken (RFC 3261 section 18).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream in the clear.
    Tcp,
    /// A stream under TLS, always verified.
    Tls,
}

impl Transport {
    /// The port where none is given (RFC 3261 section 19.1.2).
    pub const fn default_port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
        }
    }

    /// True where lost messages are the transport's concern, so that timers A, E and G rest.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Transport::Udp)
    }

    /// `udp`, `tcp` or `tls`, as in a URI's `transport` parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }

    /// `UDP`, `TCP` or `TLS`, as in a Via header field.
    pub const fn via_name(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no transport that is spoken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a transport: use udp, tcp or tls")]
pub struct UnknownTransport(String);

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(text: &str) -> Result<Self, UnknownTransport> {
        match rsip::Transport::from_str(text) {
            Ok(rsip::Transport::Udp) => Ok(Transport::Udp),
            Ok(rsip::Transport::Tcp) => Ok(Transport::Tcp),
            Ok(rsip::Transport::Tls) => Ok(Transport::Tls),
            _ => Err(UnknownTransport(text.chars().take(32).collect())),
        }
    }
}

impl From<Transport> for rsip::Transport {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => rsip::Transport::Udp,
            Transport::Tcp => rsip::Transport::Tcp,
            Transport::Tls => rsip::Transport::Tls,
        }
    }
}

/// One place a request can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// How.
    pub transport: Transport,
    /// To which address and port.
    pub addr: SocketAddr,
    /// The name the certificate must show when `transport` is TLS: the domain of the URI
    /// before any DNS (RFC 5922 section 4), or the address as text where the URI held one.
    pub server_name: String,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.addr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_names_are_read_in_any_case_and_others_are_refused() {
        for (text, expect) in [
            ("UDP", Some(Transport::Udp)),
            ("tcp", Some(Transport::Tcp)),
            ("Tls", Some(Transport::Tls)),
            ("ws", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Transport>().ok(), expect, "{text}");
        }
    }
}
