//! What the engine is told once; `config` lowers the file to this.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::AgentsSetup;
use crate::canary;
use crate::dialer;
use crate::media::{AmdSettings, Codec};
use crate::sip;

/// Settings of the [`Engine`](super::Engine).
#[derive(Clone, Debug)]
pub struct Settings {
    /// SIP timers, limits, own addresses.
    pub sip: sip::Settings,
    /// Pacing and windows.
    pub dialer: dialer::Settings,
    /// The trunks, in the order of the file.
    pub trunks: Vec<TrunkSettings>,
    /// What answers inbound calls; the first rule that fits wins.
    pub inbound: Vec<InboundRule>,
    /// Agents and their phones.
    pub agents: AgentsSetup,
    /// Answering machine detection.
    pub amd: AmdSettings,
    /// Folder of the recordings.
    pub recordings: PathBuf,
    /// Whether calls are recorded.
    pub record: bool,
    /// Whether nothing is recorded any more of a call whose customer refused by key.
    pub refusal_stops_recording: bool,
    /// Area code with its 0 for callers' numbers without one; None: they are no numbers.
    pub home_area: Option<String>,
    /// Zone of recording folders and of times that customers name.
    pub timezone: jiff::tz::TimeZone,
    /// SIP addresses that are listened on.
    pub listeners: Listeners,
    /// Address for SIP behind NAT, as `sip.advertised` has it; None: the local one.
    pub external_signal: Option<IpAddr>,
    /// Address for SDP behind NAT; None: the local one.
    pub external_media: Option<IpAddr>,
    /// Address for SDP where RTP sockets are bound to every address and nothing better is
    /// known; None: they are bound to one, which goes into SDP.
    pub fallback_media: Option<IpAddr>,
    /// RTP silence that ends an answered call; zero: never.
    pub rtp_timeout: Duration,
    /// How long an INVITE may stay without ringing or media before the call is given up.
    pub setup_timeout: Duration,
    /// Whether a TTS command is configured.
    pub can_speak: bool,
    /// The phones of our people.
    pub phones: super::PhoneSettings,
}

/// One trunk as SIP sees it, with what the dialler's choice stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkSettings {
    /// Name, group, priority, weight, limits, number format.
    pub choice: dialer::TrunkSettings,
    /// Where its requests go, unless a proxy stands before it.
    pub server: Server,
    /// Outbound proxy: first hop and Route header.
    pub outbound_proxy: Option<Server>,
    /// Seconds of registration to ask for; None: a static peer.
    pub register: Option<u32>,
    /// For digest challenges.
    pub credentials: Option<sip::Credentials>,
    /// Host part of From and of the address of record; empty: the server's name.
    pub domain: String,
    /// User part of From where the campaign names no caller ID.
    pub caller_id: String,
    /// Send P-Asserted-Identity (RFC 3325) beside From.
    pub assert_identity: bool,
    /// Time between OPTIONS; zero: the trunk is taken to be up.
    pub ping_every: Duration,
    /// Contacts of a 3xx to follow, 0 to 5; 0 refuses.
    pub follow_redirects: u8,
    /// Codecs to offer, best first.
    pub codecs: Vec<Codec>,
    /// Address of ours from which it is reached; None: by the kernel's route.
    pub local_address: Option<IpAddr>,
    /// Address under which it reaches us, in SIP and SDP; None: the daemon's.
    pub external_address: Option<IpAddr>,
    /// Whether RTCP on the RTP port is offered (RFC 5761).
    pub rtcp_mux: bool,
    /// Encryption of media by SDES (RFC 4568).
    pub srtp: sip::Srtp,
    /// Its canary; None: none is made.
    pub canary: Option<canary::Settings>,
}

/// SIP addresses that are listened on, with their ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    /// For UDP.
    pub udp: Vec<SocketAddr>,
    /// For TCP.
    pub tcp: Vec<SocketAddr>,
    /// For TLS.
    pub tls: Vec<SocketAddr>,
}

/// A SIP host before DNS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// None: by DNS SRV, or the transport's default (RFC 3263).
    pub port: Option<u16>,
    /// None: by DNS NAPTR and SRV, else UDP.
    pub transport: Option<sip::Transport>,
}

/// Which script answers which inbound number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRule {
    /// Trunk name; empty: any.
    pub trunk: String,
    /// Dialled number (DNIS) with `*` for any tail; `*` alone: every number.
    pub number: String,
    /// Script by name.
    pub script: String,
    /// Prompt language; empty: the script's first.
    pub language: String,
}

impl InboundRule {
    /// Whether a call to `number` over `trunk` is meant.
    pub fn fits(&self, trunk: &str, number: &str) -> bool {
        (self.trunk.is_empty() || self.trunk == trunk)
            && match self.number.strip_suffix('*') {
                Some(head) => number.starts_with(head),
                None => self.number == number,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbound_rules_fit_by_trunk_and_head_of_the_number() {
        let rule = |trunk: &str, number: &str| InboundRule {
            trunk: trunk.into(),
            number: number.into(),
            script: "s".into(),
            language: String::new(),
        };
        for (rule, trunk, number, expect) in [
            (rule("", "*"), "a", "4008001234", true),
            (rule("", "400*"), "a", "4008001234", true),
            (rule("", "400"), "a", "4008001234", false),
            (rule("b", "*"), "a", "4008001234", false),
        ] {
            assert_eq!(rule.fits(trunk, number), expect, "{rule:?}");
        }
    }
}
