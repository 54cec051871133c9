//! Writing our descriptions.

use std::net::SocketAddr;

use sdp_types::{Attribute, Connection, Media, Origin, Session};

use super::codec;
use super::crypto::Crypto;
use crate::media::Codec;
use crate::sip::sdp::Direction;

/// Packets of the peer may be this long, in milliseconds; the jitter buffer takes them.
const MAX_PTIME: u32 = 60;
/// What we send, in milliseconds.
const PTIME: u32 = 20;

/// Our audio line.
pub(super) struct Audio<'a> {
    pub(super) address: SocketAddr,
    pub(super) proto: &'a str,
    /// Codecs with their payload types.
    pub(super) codecs: &'a [(Codec, u8)],
    pub(super) event: Option<u8>,
    /// RTCP on the RTP port.
    pub(super) mux: bool,
    pub(super) direction: Direction,
    pub(super) crypto: &'a [Crypto],
}

impl Audio<'_> {
    /// The media line with its attributes.
    pub(super) fn line(&self) -> Media {
        let formats: Vec<String> =
            self.codecs.iter().map(|(_, pt)| *pt).chain(self.event).map(|pt| pt.to_string()).collect();
        let mut attributes = Vec::new();
        let mut add = |name: &str, value: String| attributes.push(Attribute::with_value(name, value));
        for (codec, pt) in self.codecs {
            add("rtpmap", format!("{pt} {}/8000", codec::name(*codec)));
        }
        if let Some(pt) = self.event {
            add("rtpmap", format!("{pt} telephone-event/8000"));
            add("fmtp", format!("{pt} 0-15"));
        }
        add("ptime", PTIME.to_string());
        add("maxptime", MAX_PTIME.to_string());
        for crypto in self.crypto {
            add("crypto", crypto.value());
        }
        if self.mux {
            attributes.push(Attribute::new("rtcp-mux"));
        }
        attributes.push(Attribute::new(self.direction.as_str()));
        Media { attributes, ..bare("audio", self.address.port(), self.proto, &formats.join(" ")) }
    }
}

/// A line that refuses what stands in this place (RFC 3264 section 6).
pub(super) fn refused(line: &Media) -> Media {
    bare(&line.media, 0, &line.proto, &line.fmt)
}

fn bare(media: &str, port: u16, proto: &str, fmt: &str) -> Media {
    Media {
        media: media.to_owned(),
        port,
        num_ports: None,
        proto: proto.to_owned(),
        fmt: fmt.to_owned(),
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

/// The whole description as text.
pub(super) fn description(id: u64, version: u64, address: SocketAddr, medias: Vec<Media>) -> String {
    let mut origin = Origin::with_ip_addr(id, version, address.ip());
    origin.set_username("ringback");
    let mut session = Session::new(origin, "-");
    session.set_connection(Connection::from_ip_addr(address.ip()));
    session.add_time(sdp_types::Time::new(0, 0));
    for media in medias {
        session.add_media(media);
    }
    let mut text = Vec::new();
    session.write(&mut text).expect("a Vec takes every write");
    String::from_utf8_lossy(&text).into_owned()
}
