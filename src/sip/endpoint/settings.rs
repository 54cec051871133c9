//! What an endpoint is told.

use std::net::IpAddr;
use std::time::Duration;

use crate::sip::Transport;

/// Own addresses as the other side must see them: `host:port`, IPv6 in brackets. They go
/// into Via and Contact. Behind NAT this is the external address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    /// For UDP.
    pub udp: String,
    /// For TCP.
    pub tcp: String,
    /// For TLS.
    pub tls: String,
}

/// How we are reached by one peer, where that differs from [`Settings::advertised`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Address of the socket that messages to it leave from; None: the first of the family.
    pub address: Option<IpAddr>,
    /// Own addresses as it must see them.
    pub advertised: Advertised,
}

impl Advertised {
    /// The one of a transport.
    pub fn of(&self, transport: Transport) -> &str {
        match transport {
            Transport::Udp => &self.udp,
            Transport::Tcp => &self.tcp,
            Transport::Tls => &self.tls,
        }
    }
}

/// Settings of an [`Endpoint`](super::Endpoint).
#[derive(Clone, Debug)]
pub struct Settings {
    /// User-Agent and Server header.
    pub user_agent: String,
    /// RFC 3261 T1: the estimated round trip.
    pub t1: Duration,
    /// RFC 3261 T2: the longest interval of non-INVITE and 2xx retransmission.
    pub t2: Duration,
    /// RFC 3261 T4: how long a message stays in the network.
    pub t4: Duration,
    /// Session-Expires we ask for, in seconds (RFC 4028); 0 turns session timers off.
    pub session_expires: u32,
    /// The smallest Session-Expires we take, in seconds; RFC 4028 allows no less than 90.
    pub min_se: u32,
    /// How long an outbound call may stay without a final response after a provisional
    /// one (RFC 3261 timer C asks for more than three minutes).
    pub ring_limit: Duration,
    /// How long an inbound call may stay unanswered before it is refused with 480.
    pub answer_limit: Duration,
    /// How long an answered call may last before it is hung up.
    pub call_limit: Duration,
    /// Own addresses per transport.
    pub advertised: Advertised,
    /// What is refused beyond which number.
    pub limits: Limits,
}

/// Bounds on what peers can make the endpoint hold.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Server transactions beyond which new calls get a stateless 503 with Retry-After, and
    /// beyond twice which requests in a call do: a call that is up can end however many
    /// begin. An INVITE and the BYE of its call live 32 s each (timers L and J), so this
    /// bounds a flood, and 32,768 of them are 500 inbound calls a second.
    pub server_transactions: usize,
    /// Calls at once, both directions; further INVITEs get 503.
    pub sessions: usize,
    /// New calls in one go from one address that is not trusted.
    pub source_burst: u32,
    /// New calls a second from one address that is not trusted, on average.
    pub source_rate: u32,
    /// Addresses whose rate is remembered; beyond it unknown addresses get 503.
    pub sources: usize,
    /// Bytes of one message.
    pub message: usize,
    /// Retry-After in seconds sent with 503.
    pub retry_after: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            server_transactions: 32_768,
            sessions: 20_000,
            source_burst: 20,
            source_rate: 5,
            sources: 4096,
            message: 65_535,
            retry_after: 5,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            user_agent: concat!("ringback/", env!("CARGO_PKG_VERSION")).to_owned(),
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            session_expires: 1800,
            min_se: 90,
            ring_limit: Duration::from_secs(185),
            answer_limit: Duration::from_secs(180),
            call_limit: Duration::from_secs(4 * 3600),
            advertised: Advertised {
                udp: "127.0.0.1:5060".to_owned(),
                tcp: "127.0.0.1:5060".to_owned(),
                tls: "127.0.0.1:5061".to_owned(),
            },
            limits: Limits::default(),
        }
    }
}
