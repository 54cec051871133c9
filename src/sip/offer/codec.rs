//! Codecs and their payload types (RFC 3551, RFC 3264 section 5.1).

use crate::media::Codec;
use crate::sip::sdp::MediaLine;

/// The payload type of telephone-event in our first offer; what the peer chose before us
/// is kept.
pub(super) const EVENT_PAYLOAD_TYPE: u8 = 101;

/// The static payload type (RFC 3551 table 4).
pub(super) const fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
    }
}

/// The encoding name.
pub(super) const fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcmu => "PCMU",
        Codec::Pcma => "PCMA",
        Codec::G722 => "G722",
    }
}

/// The codec a payload type of this line stands for: by its rtpmap, else by RFC 3551.
fn codec_of(line: &MediaLine, payload_type: u8) -> Option<Codec> {
    let clock = 8_000;
    match line.rtpmap(payload_type) {
        Some((name, rate)) if rate == clock => match name.as_str() {
            "pcmu" => Some(Codec::Pcmu),
            "pcma" => Some(Codec::Pcma),
            "g722" => Some(Codec::G722),
            _ => None,
        },
        // Some write the sampling rate of G.722, which RFC 3551 section 4.5.2 does not.
        Some((name, 16_000)) if name == "g722" => Some(Codec::G722),
        Some(_) => None,
        None => match payload_type {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            9 => Some(Codec::G722),
            _ => None,
        },
    }
}

/// The first payload type of the line whose codec is one of these: the writer's order
/// counts, because the writer pays for transcoding behind it.
pub(super) fn choose(line: &MediaLine, codecs: &[Codec]) -> Option<(Codec, u8)> {
    line.payload_types().find_map(|pt| Some((codec_of(line, pt).filter(|c| codecs.contains(c))?, pt)))
}

/// The payload type of telephone-event with the clock of our codecs.
pub(super) fn event(line: &MediaLine) -> Option<u8> {
    line.payload_types()
        .find(|pt| line.rtpmap(*pt).is_some_and(|(name, clock)| name == "telephone-event" && clock == 8_000))
}
