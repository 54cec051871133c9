//! What an endpoint is asked to do, and what passes through it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;

use super::event::SessionId;
use crate::sip::{Destination, Transport};

/// Bytes from the network: one datagram, or one framed message of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Over which transport.
    pub transport: Transport,
    /// From which address.
    pub source: SocketAddr,
    /// On which connection, for streams.
    pub connection: Option<u64>,
    /// The message.
    pub bytes: &'a [u8],
}

/// Bytes for the network.
///
/// A message above 1300 bytes still goes by the destination's transport: carriers that
/// speak UDP only would otherwise lose calls. Whoever wants TCP sets it on the trunk.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// Where to.
    pub destination: Destination,
    /// From the UDP socket of this address; None: the first of the destination's family.
    pub local: Option<IpAddr>,
    /// On this connection if it is still open; else a new one to `destination`.
    pub connection: Option<u64>,
    /// The message.
    pub bytes: Bytes,
    /// The session it belongs to.
    pub session: Option<SessionId>,
}

/// A send or a connection that failed for good.
#[derive(Clone, Copy, Debug)]
pub enum TransportFailure<'a> {
    /// Nothing can be sent there, and why.
    Destination(&'a Destination, &'a str),
    /// The connection is closed.
    Connection(u64),
}

/// User and password for digest challenges.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User.
    pub user: String,
    /// Password.
    pub password: String,
    /// Answer only challenges of this realm; None answers the trunk's first.
    pub realm: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// What to do with a 3xx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// The call fails; the terminal event lists the contacts.
    #[default]
    Refuse,
    /// Try the contacts in order of q, at most this many in all (5 at most), each URI once,
    /// and only those whose host is one of `within`: a redirect never leaves the trunk.
    Follow {
        /// Most contacts tried.
        max: u8,
        /// Hosts of the trunk, names or addresses as in URIs, each with the destination
        /// that serves it.
        within: Vec<(String, Destination)>,
    },
}

/// An outbound call.
#[derive(Clone, Debug)]
pub struct Invite {
    /// First hop.
    pub destination: Destination,
    /// Connection to it that is to be used while it lasts, as a phone behind NAT needs; None: any.
    pub connection: Option<u64>,
    /// Request-URI, `sip:number@host`.
    pub request_uri: String,
    /// From header without a tag: `"name" <sip:user@host>`.
    pub from: String,
    /// To header: `<sip:number@host>`.
    pub to: String,
    /// User part of our Contact.
    pub contact_user: String,
    /// Further header fields, such as P-Asserted-Identity. CR and LF are removed.
    pub headers: Vec<(String, String)>,
    /// Preloaded route set: URIs of outbound proxies, `sip:proxy;lr`.
    pub route: Vec<String>,
    /// Session description; None asks the peer for an offer.
    pub offer: Option<Bytes>,
    /// Offered in place of `offer`, once, where the peer refuses that with 488 or 606.
    pub second_offer: Option<Bytes>,
    /// For challenges.
    pub auth: Option<Credentials>,
    /// For 3xx.
    pub redirect: Redirect,
    /// Require 100rel of the peer; it is always supported where `offer` is given.
    pub require_100rel: bool,
}

/// Why a call is hung up: goes out as a Reason header (RFC 3326) or as a final status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hangup {
    /// Final status for an inbound call that is not answered yet; 0 stands for 480.
    pub status: u16,
    /// Q.850 cause, 0 for none.
    pub q850: u8,
    /// Words for the Reason header and the trace.
    pub text: String,
}

/// A provisional response of ours.
#[derive(Clone, Debug)]
pub struct Progress {
    /// 180, 181, 182 or 183.
    pub status: u16,
    /// Early media.
    pub sdp: Option<Bytes>,
    /// Send it reliably (RFC 3262) if the caller supports that. It is in any case where
    /// the caller requires it.
    pub reliable: bool,
}

/// An address of record to keep registered.
#[derive(Clone, Debug)]
pub struct Registration {
    /// First hop.
    pub destination: Destination,
    /// `sip:registrar.example`.
    pub registrar: String,
    /// Address of record, `sip:user@registrar.example`.
    pub aor: String,
    /// User part of our Contact.
    pub contact_user: String,
    /// Seconds asked for.
    pub expires: u32,
    /// Preloaded route set.
    pub route: Vec<String>,
    /// For challenges.
    pub auth: Option<Credentials>,
}

/// A health check.
#[derive(Clone, Debug)]
pub struct Ping {
    /// First hop.
    pub destination: Destination,
    /// Request-URI.
    pub uri: String,
    /// From header's URI.
    pub from: String,
    /// How long to wait for an answer; at most 64*T1.
    pub timeout: Duration,
    /// For challenges; a challenge counts as an answer where None.
    pub auth: Option<Credentials>,
}
