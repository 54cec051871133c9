//! From the checked configuration to a daemon's settings: what only this machine knows
//! (its own addresses) is put in here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use super::Settings;
use super::library::Folders;
use crate::config;
use crate::dialer::import::ImportSettings;
use crate::io::{recorder, rtp, signal, web};

/// Threads that write recordings where the file says 0.
const WRITERS: usize = 2;

/// Settings of a daemon after this configuration.
pub(super) fn lower(config: &config::Settings) -> Settings {
    let own = own_address(config);
    let mut engine = config.engine();
    for advertised in
        [&mut engine.sip.advertised.udp, &mut engine.sip.advertised.tcp, &mut engine.sip.advertised.tls]
    {
        *advertised = concrete(advertised, own);
    }
    let mut address = config.rtp.address;
    if address.is_unspecified() {
        engine.fallback_media = Some(own);
        // A socket for IPv4 takes nothing of IPv6.
        address = if own.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { own };
    }
    Settings {
        engine,
        signal: signal::Settings {
            udp: config.signal.udp.clone(),
            tcp: config.signal.tcp.clone(),
            tls: config.signal.tls.clone(),
            certificate: config.signal.certificate.clone(),
            key: config.signal.key.clone(),
            ca: config.signal.ca.clone(),
            ..signal::Settings::default()
        },
        rtp: rtp::Settings {
            address,
            ports: config.rtp.ports.clone(),
            workers: config.rtp.workers,
            ring: config.rtp.io_uring,
        },
        recorder: recorder::Settings {
            folder: config.recordings.clone(),
            threads: if config.recording.threads == 0 { WRITERS } else { config.recording.threads },
            free_floor: config.recording.free_floor,
            free_resume: config.recording.free_resume,
        },
        database: config.database.0.clone(),
        api: config.api.listen.clone(),
        public_url: config.api.public_url.clone().unwrap_or_default(),
        rate: web::Rate { per_second: config.api.rate, burst: config.api.burst },
        access: web::AccessSettings::built_in(),
        socket: Some(config.api.socket.clone()),
        folders: folders(config),
        fallback_language: config.fallback_language.clone(),
        tts: config.tts_command.clone(),
        planner: crate::io::planner::Settings::default(),
        notices: crate::notice::Settings::default(),
        rosters: config.rosters.clone(),
        tickets: crate::io::desk::Settings::default(),
        books: crate::io::books::Settings::default(),
        evidence: crate::io::evidence::Settings::default(),
        audit: crate::io::audit::Settings::default(),
        custody: super::custody::settings(config),
        roots: roots(config),
        keeping: super::keeper::Keeping::default(),
        import: ImportSettings {
            home_area: config.home_area.clone(),
            timezone: config.timezone.clone(),
            ..ImportSettings::default()
        },
        intake_folder: config.intake_folder.clone(),
        grace: config.grace,
        reread: None,
        seed: None,
    }
}

/// Where the roots of the chain of custody are written.
pub(super) fn roots(config: &config::Settings) -> PathBuf {
    config.data_dir.join("roots")
}

/// Scripts and prompts besides the embedded ones.
pub(super) fn folders(config: &config::Settings) -> Folders {
    Folders { scripts: config.script_dirs.clone(), prompts: config.prompt_dirs.clone() }
}

/// The address with which this machine reaches its first trunk.
fn own_address(config: &config::Settings) -> IpAddr {
    let target = config.trunks.first().and_then(|t| t.server.host.parse::<IpAddr>().ok());
    let target = target.unwrap_or(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    towards(SocketAddr::new(target, 5060)).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Address of this machine from which the kernel reaches `target`. Connecting a UDP socket
/// sends nothing; it only asks the routing table.
pub(super) fn towards(target: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(target).ok()?;
    socket.local_addr().ok().map(|addr| addr.ip())
}

/// The advertised address with the machine's own in place of 0.0.0.0.
fn concrete(advertised: &str, own: IpAddr) -> String {
    match advertised.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_unspecified() => SocketAddr::new(own, addr.port()).to_string(),
        _ => advertised.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unspecified_address_is_replaced() {
        let own: IpAddr = [192, 168, 1, 7].into();
        for (advertised, expect) in [
            ("0.0.0.0:5060", "192.168.1.7:5060"),
            ("10.0.0.1:5060", "10.0.0.1:5060"),
            ("sip.example.com:5060", "sip.example.com:5060"),
        ] {
            assert_eq!(concrete(advertised, own), expect);
        }
    }
}
