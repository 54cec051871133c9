//! The demo is configured by a file as any daemon is; only what this start alone knows is put in.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::app::{Settings, configured};
use crate::config::{self, Source};
use crate::io::assets;

/// The file, below `config`.
const FILE: &str = "demo/ringback.toml";

/// Settings of a demo in that folder, and where its signalling listens.
///
/// # Errors
/// The file's mistakes, in words.
pub(super) fn settings(
    folder: &Path,
    trunk: SocketAddr,
    api: SocketAddr,
) -> Result<(Settings, SocketAddr), String> {
    let sip = free_udp_address();
    let quoted = |value: &dyn Display| format!("\"{value}\"");
    let environment = [
        ("RINGBACK_DATA__DIR", quoted(&folder.display())),
        ("RINGBACK_DATA__RECORDINGS", quoted(&folder.join("recordings").display())),
        ("RINGBACK_DATABASE__URL", quoted(&format!("sqlite:{}", folder.join("ringback.db").display()))),
        ("RINGBACK_PROMPTS__DIRS", format!("[{}]", quoted(&folder.join("prompts").display()))),
        ("RINGBACK_SIP__UDP", format!("[{}]", quoted(&sip))),
        ("RINGBACK_TRUNK__0__SERVER", quoted(&trunk)),
        ("RINGBACK_API__LISTEN", format!("[{}]", quoted(&api))),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
    let bytes = assets::read(FILE).unwrap_or_default();
    let source = Source { text: &String::from_utf8_lossy(&bytes), origin: FILE, folder };
    let no_secrets = |_: &Path| Err("the demo reads no files of secrets".to_owned());
    let loaded = config::load(source, &environment, &no_secrets).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        all.join("\n\n")
    })?;
    Ok((configured::settings(&loaded.settings)?, sip))
}

/// An address that was free a moment ago; port 5060 may belong to somebody else on this machine.
fn free_udp_address() -> SocketAddr {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    socket.and_then(|socket| socket.local_addr()).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)))
}
