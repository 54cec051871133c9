//! Which of our addresses a trunk is shown, in SIP and in SDP.
//!
//! A daemon may stand in several networks at once: the carrier's, the office's. Each trunk
//! must read in Via, Contact and SDP the address by which it reaches us.

use std::net::{IpAddr, SocketAddr};

use super::{Settings, TrunkSettings};
use crate::sip::endpoint::{Advertised, Local};

/// For Via and Contact; None: the daemon's own, [`crate::sip::Settings::advertised`].
/// `routed` is the address from which the kernel reaches the trunk.
pub(super) fn signalling(
    settings: &Settings,
    trunk: &TrunkSettings,
    routed: Option<IpAddr>,
) -> Option<Local> {
    // A route over an address that is not listened on is of no use for answers.
    let udp = &settings.listeners.udp;
    let heard = |ip: &IpAddr| {
        udp.iter().any(|a| a.ip() == *ip || (a.ip().is_unspecified() && a.is_ipv4() == ip.is_ipv4()))
    };
    let from = trunk.local_address.or(routed.filter(heard));
    let general = settings.external_signal.filter(|_| trunk.local_address.is_none());
    let shown = trunk.external_address.or(general).or(from)?;
    let own = &settings.sip.advertised;
    let show = |listeners: &[SocketAddr], default: &str| {
        let own_port = default.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port(listeners, from).or(own_port).unwrap_or(5060);
        SocketAddr::new(shown, port).to_string()
    };
    let advertised = Advertised {
        udp: show(udp, &own.udp),
        tcp: show(&settings.listeners.tcp, &own.tcp),
        tls: show(&settings.listeners.tls, &own.tls),
    };
    Some(Local { address: from, advertised })
}

/// For SDP; None: the address that the RTP socket is bound to.
pub(super) fn media(settings: &Settings, trunk: &TrunkSettings, routed: Option<IpAddr>) -> Option<IpAddr> {
    let bound_to_all = settings.fallback_media.is_some();
    trunk
        .external_address
        .or(trunk.local_address)
        .or(settings.external_media)
        .or(routed.filter(|_| bound_to_all))
        .or(settings.fallback_media)
}

/// Port of the listener at this address, else of one that listens on all.
fn port(listeners: &[SocketAddr], at: Option<IpAddr>) -> Option<u16> {
    let exact = listeners.iter().find(|a| Some(a.ip()) == at);
    exact.or(listeners.iter().find(|a| a.ip().is_unspecified())).map(SocketAddr::port)
}

#[cfg(test)]
mod tests {
    use super::super::Listeners;
    use super::super::trunk::tests::{settings, trunk};
    use super::*;

    struct Case {
        listeners: &'static [&'static str],
        external: Option<&'static str>,
        local: Option<&'static str>,
        trunk_external: Option<&'static str>,
        routed: Option<&'static str>,
    }

    const PLAIN: Case = Case {
        listeners: &["0.0.0.0:5060"],
        external: None,
        local: None,
        trunk_external: None,
        routed: Some("192.168.1.7"),
    };

    fn ip(text: Option<&str>) -> Option<IpAddr> {
        text.map(|t| t.parse().unwrap())
    }

    /// Socket, Via and SDP that the trunk gets, `-` for the daemon's own.
    fn check(case: &Case, expect: [&str; 3]) {
        let listeners: Vec<SocketAddr> = case.listeners.iter().map(|a| a.parse().unwrap()).collect();
        let all = listeners.iter().any(|a| a.ip().is_unspecified());
        let settings = Settings {
            listeners: Listeners { udp: listeners, ..Listeners::default() },
            external_signal: ip(case.external),
            external_media: ip(case.external),
            fallback_media: all.then(|| IpAddr::from([10, 9, 9, 9])),
            ..settings()
        };
        let trunk = TrunkSettings {
            local_address: ip(case.local),
            external_address: ip(case.trunk_external),
            ..trunk()
        };
        let local = signalling(&settings, &trunk, ip(case.routed));
        let media = media(&settings, &trunk, ip(case.routed));
        let text = |a: Option<String>| a.unwrap_or_else(|| "-".into());
        let got = [
            text(local.as_ref().and_then(|l| l.address).map(|a| a.to_string())),
            text(local.map(|l| l.advertised.udp)),
            text(media.map(|m| m.to_string())),
        ];
        assert_eq!(got, expect);
    }

    #[test]
    fn each_trunk_is_shown_the_address_by_which_it_reaches_us() {
        let two: &[&str] = &["10.0.0.1:5060", "192.168.1.7:5080"];
        check(&PLAIN, ["192.168.1.7", "192.168.1.7:5060", "192.168.1.7"]);
        check(&Case { routed: None, ..PLAIN }, ["-", "-", "10.9.9.9"]);
        check(&Case { listeners: two, ..PLAIN }, ["192.168.1.7", "192.168.1.7:5080", "-"]);
        check(&Case { listeners: two, routed: Some("172.16.0.1"), ..PLAIN }, ["-", "-", "-"]);
        check(
            &Case { listeners: two, local: Some("10.0.0.1"), ..PLAIN },
            ["10.0.0.1", "10.0.0.1:5060", "10.0.0.1"],
        );
        check(
            &Case { external: Some("203.0.113.1"), ..PLAIN },
            ["192.168.1.7", "203.0.113.1:5060", "203.0.113.1"],
        );
        check(
            &Case { external: Some("203.0.113.1"), local: Some("192.168.1.7"), ..PLAIN },
            ["192.168.1.7", "192.168.1.7:5060", "192.168.1.7"],
        );
        check(
            &Case { trunk_external: Some("198.51.100.1"), external: Some("203.0.113.1"), ..PLAIN },
            ["192.168.1.7", "198.51.100.1:5060", "198.51.100.1"],
        );
        check(
            &Case { listeners: &["[::]:5060"], routed: Some("2001:db8::7"), ..PLAIN },
            ["2001:db8::7", "[2001:db8::7]:5060", "2001:db8::7"],
        );
        check(&Case { listeners: &["[::]:5060"], ..PLAIN }, ["-", "-", "192.168.1.7"]);
    }
}
