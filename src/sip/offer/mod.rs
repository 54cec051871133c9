//! Offer and answer (RFC 3264) for one audio stream, with SDES keys (RFC 4568).

mod codec;
mod crypto;
mod write;

use std::net::{IpAddr, SocketAddr};

use sdp_types::Media;

use self::crypto::{Crypto, PROFILES};
use self::write::Audio;
use super::Srtp;
pub use super::sdp::Direction;
use super::sdp::{self, MediaLine, SdpError};
use crate::base::Rng;
use crate::media::{Codec, Control, SrtpPair, Stream};

/// What this side can do in one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    /// Codecs in order of preference; at least one.
    pub codecs: Vec<Codec>,
    /// Whether RFC 4733 events are offered and accepted.
    pub telephone_event: bool,
    /// Whether keys are offered, wanted or refused.
    pub srtp: Srtp,
    /// Whether RTCP on the RTP port is offered (RFC 5761); an offer of it is always taken.
    pub rtcp_mux: bool,
    /// Where the peer is to send: RTP address and port after NAT mapping.
    pub address: SocketAddr,
}

/// Why no media can be agreed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAcceptable {
    /// It is no session description.
    #[error("the session description cannot be read: {0}")]
    Unreadable(#[from] SdpError),
    /// It is one, but nothing in it can be used.
    #[error("{0}")]
    NoMatch(&'static str),
    /// An answer came where no offer was made.
    #[error("no offer is open")]
    NoOffer,
}

impl NotAcceptable {
    /// The status to refuse an offer with: 400 for what cannot be read, else 488.
    pub fn status(&self) -> u16 {
        match self {
            NotAcceptable::Unreadable(_) => 400,
            NotAcceptable::NoMatch(_) | NotAcceptable::NoOffer => 488,
        }
    }
}

/// The offers and answers of one call, in both directions, from the first to the last.
#[derive(Clone, Debug)]
pub struct Negotiation {
    capabilities: Capabilities,
    id: u64,
    /// The o= version of `written`.
    version: u64,
    /// What we wrote last; it goes again under the same version where nothing changed
    /// (RFC 3264 section 8).
    written: Option<Vec<Media>>,
    /// What was agreed: our wish, the lines of the call, our keys.
    agreed: State,
    /// The same as our open offer would have it.
    offered: Option<State>,
}

/// What an offer proposes or an answer settles.
#[derive(Clone, Debug, Default)]
struct State {
    /// Our wish for the direction; a peer's hold narrows it for as long as it lasts.
    wish: Direction,
    /// Every line of the call as refused; ours stands at `audio`. Lines never go away
    /// (RFC 3264 section 8).
    lines: Vec<Media>,
    audio: usize,
    /// Payload type of telephone-event: never given another meaning within a call.
    event: Option<u8>,
    /// Our sending keys, one per profile offered, or the one agreed.
    crypto: Vec<Crypto>,
    /// RTP/AVP or RTP/SAVP, as offered or answered last.
    proto: String,
}

/// The transport of SRTP (RFC 3711 section 12).
const SECURED: &str = "RTP/SAVP";

fn is_secured(proto: &str) -> bool {
    proto.contains("SAVP")
}

impl State {
    /// Every line of the call, with this one as ours.
    fn with_audio(&self, audio: Media) -> Vec<Media> {
        let mut medias = self.lines.clone();
        match medias.get_mut(self.audio) {
            Some(place) => *place = audio,
            None => medias.push(audio),
        }
        medias
    }
}

impl Negotiation {
    /// For a new call.
    pub fn new(capabilities: Capabilities, rng: &mut Rng) -> Self {
        // Small enough for peers that keep the id in a signed 32-bit number.
        let id = rng.below(1 << 31);
        Negotiation { capabilities, id, version: id, written: None, agreed: State::default(), offered: None }
    }

    /// Makes an offer, or makes the open one again. Text of the SDP.
    pub fn offer(&mut self, direction: Direction, rng: &mut Rng) -> String {
        let mut state = self.offered.take().unwrap_or_else(|| self.agreed.clone());
        state.wish = direction;
        let secured = self.capabilities.srtp != Srtp::Off;
        if secured && state.crypto.is_empty() {
            state.crypto =
                (1..).zip(PROFILES).map(|(tag, profile)| Crypto::draw(tag, profile, rng)).collect();
        }
        if !state.proto.contains("AVP") {
            let required = self.capabilities.srtp == Srtp::Required;
            state.proto = if required { SECURED } else { "RTP/AVP" }.to_owned();
        }
        if self.capabilities.telephone_event {
            state.event.get_or_insert(codec::EVENT_PAYLOAD_TYPE);
        }
        let line = self.offered_line(&state, &state.proto);
        let text = self.write(&state, line);
        self.offered = Some(state);
        text
    }

    /// The open offer as RTP/SAVP, where it was RTP/AVP with keys: for peers that demand the
    /// one and refuse the other. An answer to either is taken.
    pub fn offer_secured(&self) -> Option<String> {
        let state = self.offered.as_ref().filter(|s| !s.crypto.is_empty() && !is_secured(&s.proto))?;
        let medias = state.with_audio(self.offered_line(state, SECURED));
        Some(write::description(self.id, self.version + 1, self.capabilities.address, medias))
    }

    fn offered_line(&self, state: &State, proto: &str) -> Media {
        let codecs: Vec<_> = self.capabilities.codecs.iter().map(|c| (*c, codec::payload_type(*c))).collect();
        Audio {
            address: self.capabilities.address,
            proto,
            codecs: &codecs,
            event: state.event,
            mux: self.capabilities.rtcp_mux,
            direction: state.wish,
            crypto: &state.crypto,
        }
        .line()
    }

    /// Answers an offer: our SDP and the stream to run. An open offer of ours is given up.
    ///
    /// # Errors
    /// What cannot be agreed; what was agreed before stays.
    pub fn answer(&mut self, offer: &[u8], rng: &mut Rng) -> Result<(String, Stream), NotAcceptable> {
        let lines = sdp::read(offer)?;
        let choice = self.choose(&lines)?;
        let line = &lines[choice.audio];
        let crypto = choice.crypto.map(|theirs| {
            let profile = theirs.keys.profile;
            let mut ours = match self.agreed.crypto.iter().find(|c| c.keys.profile == profile) {
                Some(known) => known.clone(),
                None => Crypto::draw(theirs.tag, profile, rng),
            };
            ours.tag = theirs.tag;
            (ours, theirs)
        });
        let wish = self.agreed.wish;
        let direction = Direction::new(
            wish.sends() && line.direction.receives() && choice.remote.is_some(),
            wish.receives() && line.direction.sends(),
        );
        let event = if self.capabilities.telephone_event { codec::event(line) } else { None };
        let state = State {
            wish,
            lines: lines.iter().map(|line| write::refused(&line.media)).collect(),
            audio: choice.audio,
            event,
            crypto: crypto.iter().map(|(ours, _)| ours.clone()).collect(),
            proto: line.media.proto.clone(),
        };
        let codecs = [(choice.codec, choice.payload_type)];
        let audio = Audio {
            address: self.capabilities.address,
            proto: &state.proto,
            codecs: &codecs,
            event,
            mux: line.has("rtcp-mux"),
            direction,
            crypto: &state.crypto,
        };
        let text = self.write(&state, audio.line());
        self.agreed = state;
        self.offered = None;
        let stream = Stream {
            remote: choice.remote,
            codec: choice.codec,
            payload_type: choice.payload_type,
            receive_payload_type: choice.payload_type,
            event_payload_type: event,
            control: control(line, choice.remote, true),
            send: direction.sends(),
            receive: direction.receives(),
            srtp: crypto.map(|(ours, theirs)| Box::new(SrtpPair { local: ours.keys, remote: theirs.keys })),
        };
        Ok((text, stream))
    }

    /// Takes an answer to our last offer: the stream to run. Answers may come several
    /// times, in a 183 and in the 200, and differ between forks; the last one holds.
    ///
    /// # Errors
    /// What cannot be agreed; the call should end.
    pub fn accept(&mut self, answer: &[u8]) -> Result<Stream, NotAcceptable> {
        let offered = self.offered.clone().ok_or(NotAcceptable::NoOffer)?;
        let lines = sdp::read(answer)?;
        let line =
            lines.get(offered.audio).ok_or(NotAcceptable::NoMatch("the answer lacks our media line"))?;
        let remote = reachable(line)?;
        let (codec, payload_type) = codec::choose(line, &self.capabilities.codecs)
            .ok_or(NotAcceptable::NoMatch("the answer names no codec we offered"))?;
        let crypto = self.accepted_crypto(line, &offered)?;
        let event = codec::event(line).and(offered.event);
        let stream = Stream {
            remote,
            codec,
            payload_type,
            receive_payload_type: codec::payload_type(codec),
            event_payload_type: event,
            control: control(line, remote, self.capabilities.rtcp_mux),
            send: offered.wish.sends() && line.direction.receives() && remote.is_some(),
            receive: offered.wish.receives() && line.direction.sends(),
            srtp: crypto.as_ref().map(|(ours, theirs)| {
                Box::new(SrtpPair { local: ours.keys.clone(), remote: theirs.keys.clone() })
            }),
        };
        let second = is_secured(&line.media.proto) && !is_secured(&offered.proto);
        if let Some(open) = self.offered.as_mut().filter(|_| second) {
            // The second offer went out under the next version.
            self.version += 1;
            SECURED.clone_into(&mut open.proto);
        }
        self.agreed = State {
            proto: if second { SECURED.to_owned() } else { offered.proto },
            lines: lines.iter().map(|line| write::refused(&line.media)).collect(),
            crypto: crypto.into_iter().map(|(ours, _)| ours).collect(),
            event: event.or(offered.event),
            ..offered
        };
        Ok(stream)
    }

    /// Whether an offer of ours may still be answered.
    pub fn is_open(&self) -> bool {
        self.offered.is_some()
    }

    /// Our offer was refused: what was agreed before stays.
    pub fn withdraw(&mut self) {
        self.offered = None;
    }

    /// The keys of both sides; None for plain RTP where that is allowed.
    fn accepted_crypto(
        &self,
        line: &MediaLine,
        offered: &State,
    ) -> Result<Option<(Crypto, Crypto)>, NotAcceptable> {
        if self.capabilities.srtp == Srtp::Off {
            return Ok(None);
        }
        let pair = Crypto::of(line).into_iter().find_map(|theirs| {
            let fits = |c: &&Crypto| c.tag == theirs.tag && c.keys.profile == theirs.keys.profile;
            let ours = offered.crypto.iter().find(fits)?.clone();
            Some((ours, theirs))
        });
        let needed = self.capabilities.srtp == Srtp::Required || is_secured(&line.media.proto);
        match pair {
            None if needed => Err(NotAcceptable::NoMatch("the answer has no keys for SRTP")),
            pair => Ok(pair),
        }
    }

    /// The audio line to take, and with what: encrypted ones first unless SRTP is off.
    fn choose(&self, lines: &[MediaLine]) -> Result<Choice, NotAcceptable> {
        let mut reason = NotAcceptable::NoMatch("no audio is offered");
        let mut plain = None;
        for (audio, line) in lines.iter().enumerate() {
            if !line.media.media.eq_ignore_ascii_case("audio") || line.media.port == 0 {
                continue;
            }
            match self.candidate(audio, line) {
                Ok(choice) if choice.crypto.is_some() => return Ok(choice),
                Ok(choice) => drop(plain.get_or_insert(choice)),
                Err(error) => reason = error,
            }
        }
        plain.ok_or(reason)
    }

    fn candidate(&self, audio: usize, line: &MediaLine) -> Result<Choice, NotAcceptable> {
        let secured = match line.media.proto.as_str() {
            "RTP/AVP" | "RTP/AVPF" => false,
            "RTP/SAVP" | "RTP/SAVPF" => true,
            _ => return Err(NotAcceptable::NoMatch("the media transport is not RTP/AVP or RTP/SAVP")),
        };
        let crypto = match self.capabilities.srtp {
            Srtp::Off if secured => {
                return Err(NotAcceptable::NoMatch("SRTP is offered and switched off here"));
            }
            Srtp::Off => None,
            Srtp::Preferred | Srtp::Required => Crypto::of(line).into_iter().next(),
        };
        if crypto.is_none() && (secured || self.capabilities.srtp == Srtp::Required) {
            return Err(NotAcceptable::NoMatch("no SDES keys we can use are offered"));
        }
        let remote = reachable(line)?;
        let (codec, payload_type) = codec::choose(line, &self.capabilities.codecs)
            .ok_or(NotAcceptable::NoMatch("none of the codecs PCMA, PCMU and G722 in use here is offered"))?;
        Ok(Choice { audio, remote, codec, payload_type, crypto })
    }

    /// Puts our line among the others and writes the whole, under a new version where
    /// anything changed.
    fn write(&mut self, state: &State, audio: Media) -> String {
        let medias = state.with_audio(audio);
        if self.written.as_ref().is_some_and(|written| *written != medias) {
            self.version += 1;
        }
        self.written = Some(medias.clone());
        write::description(self.id, self.version, self.capabilities.address, medias)
    }
}

/// Where the peer wants RTCP: on the RTP port where both sides said so, else where its
/// a=rtcp says (RFC 3605), else on the next port. What cannot be read counts as absent.
fn control(line: &MediaLine, remote: Option<SocketAddr>, mux: bool) -> Control {
    if mux && line.has("rtcp-mux") {
        return Control::Mux;
    }
    let named = line.attributes("rtcp").next().and_then(|value| {
        let mut words = value.split_ascii_whitespace();
        let port = words.next()?.parse::<u16>().ok().filter(|port| *port > 0)?;
        let address = match words.nth(2) {
            Some(text) => text.parse::<IpAddr>().ok()?,
            None => remote?.ip(),
        };
        let usable = !address.is_unspecified() && !address.is_multicast();
        usable.then_some(SocketAddr::new(address, port))
    });
    named.map_or(Control::NextPort, Control::At)
}

/// The line of an offer that is taken.
struct Choice {
    audio: usize,
    remote: Option<SocketAddr>,
    codec: Codec,
    payload_type: u8,
    crypto: Option<Crypto>,
}

/// Where to send: None for 0.0.0.0, the hold of RFC 2543 (RFC 3264 section 8.4).
fn reachable(line: &MediaLine) -> Result<Option<SocketAddr>, NotAcceptable> {
    if line.media.port == 0 {
        return Err(NotAcceptable::NoMatch("the media line is refused"));
    }
    match line.address {
        None => Err(NotAcceptable::NoMatch("no IP address to send media to")),
        Some(address) if address.is_unspecified() => Ok(None),
        Some(address) if address.is_multicast() => {
            Err(NotAcceptable::NoMatch("the media address is a multicast one"))
        }
        Some(address) => Ok(Some(SocketAddr::new(address, line.media.port))),
    }
}

#[cfg(test)]
mod tests;
