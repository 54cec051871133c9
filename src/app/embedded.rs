//! Settings for a daemon that is told nothing: the demo's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Settings;
use super::library::Folders;
use crate::base::NumberFormat;
use crate::calendar::Windows;
use crate::dialer::import::ImportSettings;
use crate::engine::{Server, TrunkSettings};
use crate::io::{recorder, rtp, signal, web};
use crate::media::{AmdSettings, Codec};
use crate::sip::endpoint::Advertised;
use crate::sip::{Srtp, Transport};
use crate::{dialer, engine, sip};

/// Zone of windows, recording folders and lists.
const ZONE: &str = "Asia/Shanghai";

/// A daemon on loopback whose only trunk is at `trunk`, with everything below `folder`.
pub(super) fn demo(folder: &Path, trunk: SocketAddr) -> Settings {
    let recordings = folder.join("recordings");
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let sip_port = free_udp_port();
    Settings {
        engine: engine::Settings {
            sip: sip_at(sip_port),
            dialer: dialer::Settings {
                windows: always(),
                max_calls: 0,
                max_cps: 0.0,
                fetch_size: 100,
                reservation_timeout: Duration::from_secs(10),
                ..dialer::Settings::default()
            },
            trunks: vec![demo_trunk(trunk)],
            inbound: Vec::new(),
            amd: AmdSettings::default(),
            recordings: recordings.clone(),
            record: true,
            refusal_stops_recording: true,
            home_area: None,
            timezone: jiff::tz::TimeZone::get(ZONE).unwrap_or(jiff::tz::TimeZone::UTC),
            listeners: engine::Listeners {
                udp: vec![SocketAddr::new(loopback, sip_port)],
                ..engine::Listeners::default()
            },
            external_signal: None,
            external_media: None,
            fallback_media: None,
            rtp_timeout: Duration::from_secs(30),
            setup_timeout: Duration::from_secs(20),
            can_speak: false,
            phones: Default::default(),
            agents: Default::default(),
        },
        signal: signal::Settings {
            udp: vec![SocketAddr::new(loopback, sip_port)],
            ..signal::Settings::default()
        },
        rtp: rtp::Settings { address: loopback, ports: 20_000..=29_999, workers: 1, ring: true },
        recorder: recorder::Settings {
            folder: recordings,
            threads: 1,
            free_floor: 100_000_000,
            free_resume: 200_000_000,
        },
        database: format!("sqlite:{}", folder.join("ringback.db").display()),
        api: Vec::new(),
        public_url: String::new(),
        rate: web::Rate::default(),
        access: web::AccessSettings::built_in(),
        socket: Some(folder.join("ringback.sock")),
        folders: Folders { scripts: Vec::new(), prompts: vec![folder.join("prompts")] },
        fallback_language: "zh-CN".into(),
        tts: Vec::new(),
        planner: crate::io::planner::Settings::default(),
        notices: crate::notice::Settings::default(),
        rosters: Vec::new(),
        tickets: crate::io::desk::Settings::default(),
        books: crate::io::books::Settings::default(),
        evidence: crate::io::evidence::Settings::default(),
        audit: crate::io::audit::Settings::default(),
        custody: crate::io::custody::Settings::default(),
        roots: folder.join("roots"),
        keeping: super::keeper::Keeping::default(),
        import: ImportSettings { timezone: ZONE.into(), ..ImportSettings::default() },
        intake_folder: None,
        grace: Duration::from_secs(5),
        reread: None,
        seed: None,
    }
}

fn sip_at(sip_port: u16) -> sip::Settings {
    sip::Settings {
        advertised: Advertised {
            udp: format!("127.0.0.1:{sip_port}"),
            tcp: format!("127.0.0.1:{sip_port}"),
            tls: format!("127.0.0.1:{sip_port}"),
        },
        ..sip::Settings::default()
    }
}

fn always() -> Windows {
    Windows::parse(&["00:00-24:00".to_owned()], ZONE).expect("the window is a constant that a test reads")
}

fn demo_trunk(addr: SocketAddr) -> TrunkSettings {
    TrunkSettings {
        choice: dialer::TrunkSettings {
            name: Arc::from("simulated"),
            group: String::new(),
            priority: 1,
            weight: 1,
            max_calls: 100,
            max_cps: 20.0,
            health_check: true,
            number_format: NumberFormat::default(),
        },
        server: Server {
            host: addr.ip().to_string(),
            port: Some(addr.port()),
            transport: Some(Transport::Udp),
        },
        outbound_proxy: None,
        register: None,
        credentials: None,
        domain: String::new(),
        caller_id: "4008001234".into(),
        assert_identity: true,
        ping_every: Duration::from_secs(10),
        follow_redirects: 0,
        codecs: vec![Codec::Pcma, Codec::Pcmu, Codec::G722],
        local_address: None,
        external_address: None,
        rtcp_mux: false,
        srtp: Srtp::Off,
        canary: None,
    }
}

/// A port that was free a moment ago; 5060 may belong to somebody else on this machine.
fn free_udp_port() -> u16 {
    std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| socket.local_addr())
        .map_or(5060, |addr| addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_may_call_at_any_time() {
        assert!(always().is_open(crate::base::Timestamp(1_772_413_200_000)));
    }
}
