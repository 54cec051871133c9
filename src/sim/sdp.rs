//! Just enough SDP for a phone: reads one audio offer, writes the answer.

use std::net::{IpAddr, SocketAddr};

use crate::media::Codec;

/// What the phone took from an offer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Agreed {
    /// Where to send; None while on hold or without an address.
    pub remote: Option<SocketAddr>,
    pub codec: Codec,
    pub payload_type: u8,
    pub event_payload_type: Option<u8>,
    /// The caller wants to hear us.
    pub send: bool,
    /// The answer's direction attribute.
    direction: &'static str,
    profile: String,
}

impl Agreed {
    /// What a phone offers that calls us.
    pub fn offer() -> Self {
        Agreed { event_payload_type: Some(101), direction: "sendrecv", send: true, ..Agreed::none() }
    }

    /// The same while the other side is put on hold, or is taken back.
    pub fn held(&self, hold: bool) -> Self {
        Agreed { direction: if hold { "sendonly" } else { "sendrecv" }, ..self.clone() }
    }

    /// Nothing was agreed: for a call that is refused.
    pub fn none() -> Self {
        Agreed {
            remote: None,
            codec: Codec::Pcma,
            payload_type: 8,
            event_payload_type: None,
            send: false,
            direction: "inactive",
            profile: "RTP/AVP".to_owned(),
        }
    }
}

/// Reads the first audio stream; None where there is none that the phone can do.
pub(super) fn read(offer: &[u8]) -> Option<Agreed> {
    let text = std::str::from_utf8(offer).ok()?;
    let (mut session_address, mut media_address) = (None, None);
    let mut media: Option<(u16, String, Vec<u8>)> = None;
    let mut maps: Vec<(u8, String)> = Vec::new();
    let mut direction = "sendrecv";
    for line in text.lines().map(str::trim_end) {
        let Some((kind, value)) = line.split_once('=') else { continue };
        match kind {
            "m" if media.is_some() => break,
            "m" => {
                let mut words = value.split(' ');
                if words.next()? != "audio" {
                    return None;
                }
                let port = words.next()?.parse().ok()?;
                let profile = words.next()?.to_owned();
                media = Some((port, profile, words.filter_map(|w| w.parse().ok()).collect()));
            }
            "c" => {
                let address: Option<IpAddr> = value.rsplit(' ').next().and_then(|a| a.parse().ok());
                if media.is_some() { media_address = address } else { session_address = address }
            }
            "a" => match value {
                "sendrecv" => direction = "sendrecv",
                "sendonly" => direction = "recvonly",
                "recvonly" => direction = "sendonly",
                "inactive" => direction = "inactive",
                _ => maps.extend(value.strip_prefix("rtpmap:").and_then(rtpmap)),
            },
            _ => {}
        }
    }
    let (port, profile, types) = media?;
    if profile != "RTP/AVP" || port == 0 {
        return None;
    }
    let name = |pt: u8| maps.iter().find(|(n, _)| *n == pt).map_or_else(|| static_name(pt), |(_, name)| name);
    let (payload_type, codec) = types.iter().find_map(|pt| {
        let codec = match name(*pt) {
            "PCMA" => Codec::Pcma,
            "PCMU" => Codec::Pcmu,
            "G722" => Codec::G722,
            _ => return None,
        };
        Some((*pt, codec))
    })?;
    let event_payload_type = types.iter().copied().find(|pt| name(*pt) == "TELEPHONE-EVENT");
    let address = media_address.or(session_address)?;
    let remote = (!address.is_unspecified()).then_some(SocketAddr::new(address, port));
    let send = remote.is_some() && matches!(direction, "sendrecv" | "sendonly");
    Some(Agreed { remote, codec, payload_type, event_payload_type, send, direction, profile })
}

/// Writes the answer.
pub(super) fn answer(agreed: &Agreed, local: SocketAddr, version: u32) -> String {
    let family = if local.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port, pt) = (local.ip(), local.port(), agreed.payload_type);
    let name = agreed.codec.encoding_name();
    let (list, event) = agreed.event_payload_type.map_or_else(Default::default, |e| {
        (format!(" {e}"), format!("a=rtpmap:{e} telephone-event/8000\r\na=fmtp:{e} 0-15\r\n"))
    });
    format!(
        "v=0\r\no=phone 1 {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} {} {pt}{list}\r\na=rtpmap:{pt} {name}/8000\r\n{event}a=ptime:20\r\na={}\r\n",
        agreed.profile, agreed.direction
    )
}

fn rtpmap(value: &str) -> Option<(u8, String)> {
    let (pt, encoding) = value.split_once(' ')?;
    Some((pt.parse().ok()?, encoding.split('/').next()?.to_ascii_uppercase()))
}

fn static_name(pt: u8) -> &'static str {
    match pt {
        0 => "PCMU",
        8 => "PCMA",
        9 => "G722",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";

    #[test]
    fn an_offer_is_read_or_refused() {
        let check = |media: &str, expect: Option<(Codec, u8, Option<u8>, bool)>| {
            let got = read(format!("{HEAD}{media}").as_bytes());
            let got = got.map(|a| (a.codec, a.payload_type, a.event_payload_type, a.send));
            assert_eq!(got, expect, "{media}");
        };
        check("m=audio 4000 RTP/AVP 8 0\r\n", Some((Codec::Pcma, 8, None, true)));
        check(
            "m=audio 4000 RTP/AVP 18 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
            Some((Codec::Pcmu, 0, Some(96), true)),
        );
        check(
            "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 G722/8000\r\na=sendonly\r\n",
            Some((Codec::G722, 97, None, false)),
        );
        check("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n", Some((Codec::Pcma, 8, None, false)));
        check("m=audio 0 RTP/AVP 8\r\n", None);
        check("m=audio 4000 RTP/SAVP 8\r\n", None);
        check("m=audio 4000 RTP/AVP 18\r\n", None);
        check("m=video 4000 RTP/AVP 31\r\n", None);
        check("", None);
        check("m=audio x\r\n", None);
    }
}
