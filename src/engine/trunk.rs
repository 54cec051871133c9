//! A trunk at work: where it is, whether it lives, what passed over it.

use std::net::IpAddr;
use std::time::Duration;

use super::TrunkSettings;
use crate::base::{Mono, Now, Timestamp};
use crate::dialer::Health;
use crate::sip::endpoint::{PingId, Redirect, RegistrationId};
use crate::sip::{Destination, Transport};

/// How long an OPTIONS may stay without an answer: the next trunk is to take over within 5 s.
pub const PING_TIMEOUT: Duration = Duration::from_secs(4);
/// Time to the next look after a failed one.
pub const RETRY: Duration = Duration::from_secs(5);
/// How long DNS answers are believed; carriers move their proxies rarely, and a lookup is cheap.
pub const LOCATE_EVERY: Duration = Duration::from_secs(300);

/// Calls that passed over a trunk since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrunkCounts {
    /// Up or being set up.
    pub calls: u64,
    /// Placed.
    pub placed: u64,
    /// Of these: answered.
    pub answered: u64,
    /// Of these: failed on the trunk's account.
    pub failed: u64,
}

/// One trunk.
#[derive(Debug)]
pub struct Trunk {
    /// Stays with it for life: DNS answers name their trunk by it.
    pub(super) serial: usize,
    /// From the file.
    pub settings: TrunkSettings,
    /// Where it can be reached, best first.
    pub destinations: Vec<Destination>,
    /// Address of ours from which the kernel reaches the best of them.
    pub(super) routed: Option<IpAddr>,
    /// Which of them is used.
    pub(super) chosen: usize,
    /// Its registration.
    pub(super) registration: Option<RegistrationId>,
    /// A registration that is being given back; the next begins when it is gone, so that
    /// the registrar does not take the old one's farewell for the new one's.
    pub(super) leaving: Option<RegistrationId>,
    /// Its OPTIONS under way.
    pub(super) ping: Option<PingId>,
    registered: bool,
    answers: bool,
    /// When to look again: OPTIONS, or DNS.
    pub(super) next_look: Mono,
    pub(super) next_locate: Mono,
    /// What the dialler was told last.
    pub health: Health,
    /// Since when.
    pub since: Timestamp,
    /// Round trip of the last OPTIONS.
    pub rtt: Option<Duration>,
    /// What passed over it.
    pub counts: TrunkCounts,
}

impl Trunk {
    /// A trunk nobody has looked at.
    pub fn new(now: Now, serial: usize, settings: TrunkSettings) -> Self {
        Trunk {
            serial,
            settings,
            destinations: Vec::new(),
            routed: None,
            chosen: 0,
            registration: None,
            leaving: None,
            ping: None,
            registered: false,
            answers: false,
            next_look: Mono::FAR,
            next_locate: now.mono,
            health: Health::Unknown,
            since: now.utc,
            rtt: None,
            counts: TrunkCounts::default(),
        }
    }

    /// Name in the file.
    pub fn name(&self) -> &str {
        &self.settings.choice.name
    }

    /// Where to send.
    pub fn destination(&self) -> Option<&Destination> {
        self.destinations.get(self.chosen).or(self.destinations.first())
    }

    /// Whether messages from there may be this trunk's.
    pub fn is_at(&self, source: IpAddr) -> bool {
        self.destinations.iter().any(|d| d.addr.ip() == source)
    }

    /// Its server moved: everything that was known of the old one is forgotten.
    pub(super) fn forget_place(&mut self, now: Now) {
        *self = Trunk {
            counts: self.counts,
            since: now.utc,
            ..Trunk::new(now, self.serial, self.settings.clone())
        };
    }

    pub(super) fn has_ping(&self) -> bool {
        !self.settings.ping_every.is_zero()
    }

    /// A registration or a ping succeeded.
    pub(super) fn note_registered(&mut self, ok: bool) {
        self.registered = ok;
    }

    pub(super) fn note_answers(&mut self, ok: bool) {
        self.answers = ok;
        if !ok && self.destinations.len() > 1 {
            self.chosen = (self.chosen + 1) % self.destinations.len();
        }
    }

    /// Up where everything that is asked of it has been answered.
    pub(super) fn judge(&self) -> Option<Health> {
        if self.destinations.is_empty() {
            return None;
        }
        let registered = self.settings.register.is_none() || self.registered;
        let answers = !self.has_ping() || self.answers;
        (registered && answers).then_some(Health::Up)
    }

    /// `sip:user@host`, in the trunk's own words.
    pub(super) fn uri(&self, user: &str) -> String {
        let server = &self.settings.server;
        let host = if server.host.contains(':') && !server.host.starts_with('[') {
            format!("[{}]", server.host)
        } else {
            server.host.clone()
        };
        let port = server.port.map(|p| format!(":{p}")).unwrap_or_default();
        let transport = match server.transport {
            Some(Transport::Tcp) => ";transport=tcp",
            Some(Transport::Tls) => ";transport=tls",
            Some(Transport::Udp) | None => "",
        };
        let at = if user.is_empty() { "" } else { "@" };
        format!("sip:{user}{at}{host}{port}{transport}")
    }

    /// Domain of From and of the address of record.
    pub(super) fn domain(&self) -> &str {
        if self.settings.domain.is_empty() { &self.settings.server.host } else { &self.settings.domain }
    }

    /// Route set: the outbound proxy, loose (RFC 3261 section 16.12.1.1).
    pub(super) fn route(&self) -> Vec<String> {
        let Some(proxy) = &self.settings.outbound_proxy else { return Vec::new() };
        let port = proxy.port.map(|p| format!(":{p}")).unwrap_or_default();
        let transport = match proxy.transport {
            Some(Transport::Tcp) => ";transport=tcp",
            Some(Transport::Tls) => ";transport=tls",
            Some(Transport::Udp) | None => "",
        };
        vec![format!("sip:{}{port}{transport};lr", proxy.host)]
    }

    /// Redirects stay on this trunk's own hosts.
    pub(super) fn redirect(&self) -> Redirect {
        let Some(first) = self.destination() else { return Redirect::Refuse };
        if self.settings.follow_redirects == 0 {
            return Redirect::Refuse;
        }
        let mut within = vec![(self.settings.server.host.clone(), first.clone())];
        within.extend(self.destinations.iter().map(|d| (d.addr.ip().to_string(), d.clone())));
        Redirect::Follow { max: self.settings.follow_redirects, within }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Settings;
    use super::*;
    use crate::base::NumberFormat;
    use crate::{dialer, media, sip};

    /// A trunk without anything special.
    pub fn trunk() -> TrunkSettings {
        TrunkSettings {
            choice: dialer::TrunkSettings {
                name: "a".into(),
                group: String::new(),
                priority: 1,
                weight: 1,
                max_calls: 0,
                max_cps: 0.0,
                health_check: true,
                number_format: NumberFormat::default(),
            },
            server: super::super::Server { host: "a.example".into(), port: None, transport: None },
            outbound_proxy: None,
            register: None,
            credentials: None,
            domain: String::new(),
            caller_id: String::new(),
            assert_identity: true,
            ping_every: Duration::from_secs(30),
            follow_redirects: 0,
            codecs: vec![media::Codec::Pcma],
            local_address: None,
            external_address: None,
            rtcp_mux: true,
            srtp: sip::Srtp::Off,
            canary: None,
        }
    }

    /// Settings without a trunk.
    pub fn settings() -> Settings {
        Settings {
            sip: sip::Settings::default(),
            dialer: dialer::Settings::default(),
            trunks: Vec::new(),
            inbound: Vec::new(),
            amd: media::AmdSettings::default(),
            recordings: "/recordings".into(),
            record: true,
            refusal_stops_recording: true,
            home_area: None,
            timezone: jiff::tz::TimeZone::UTC,
            listeners: Default::default(),
            external_signal: None,
            external_media: None,
            fallback_media: None,
            rtp_timeout: Duration::from_secs(30),
            setup_timeout: Duration::from_secs(20),
            can_speak: false,
            phones: Default::default(),
            agents: Default::default(),
        }
    }

    #[test]
    fn uris_carry_port_and_transport_where_they_are_given() {
        let now = Now { mono: Mono(0), utc: Timestamp(0) };
        let check = |host: &str, port, transport, expect: &str| {
            let mut settings = trunk();
            settings.server = super::super::Server { host: host.into(), port, transport };
            assert_eq!(Trunk::new(now, 0, settings).uri("1"), expect);
        };
        check("a.example", None, None, "sip:1@a.example");
        check("10.0.0.1", Some(5070), Some(Transport::Tcp), "sip:1@10.0.0.1:5070;transport=tcp");
        check("2001:db8::1", Some(5061), Some(Transport::Tls), "sip:1@[2001:db8::1]:5061;transport=tls");
    }
}
