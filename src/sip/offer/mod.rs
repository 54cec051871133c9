//! Offer and answer (RFC 3264) for one audio stream.

use std::net::SocketAddr;

use crate::base::Rng;
use crate::media::{Codec, Stream};
use crate::sip::Srtp;

/// What this side can do in one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    /// Codecs in order of preference; at least one.
    pub codecs: Vec<Codec>,
    /// Whether RFC 4733 events are offered and accepted.
    pub telephone_event: bool,
    /// Whether keys are offered, wanted or refused.
    pub srtp: Srtp,
    /// Where the peer is to send: RTP address and port after NAT mapping.
    pub address: SocketAddr,
}

/// Why no media can be agreed; answer 488 (or 400 where it is no SDP).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAcceptable {
    /// It is no session description.
    #[error("the session description cannot be read: {0}")]
    Unreadable(String),
    /// It is one, but nothing in it can be used.
    #[error("{0}")]
    NoMatch(&'static str),
    /// An answer came where no offer is open, or the other way round.
    #[error("no offer is open")]
    NoOffer,
}

impl NotAcceptable {
    /// The status to refuse an offer with.
    pub fn status(&self) -> u16 {
        match self {
            NotAcceptable::Unreadable(_) => 400,
            NotAcceptable::NoMatch(_) | NotAcceptable::NoOffer => 488,
        }
    }
}

/// The direction of a stream, seen from this side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We only send: the peer is on hold.
    SendOnly,
    /// We only receive.
    RecvOnly,
    /// Neither.
    Inactive,
}

/// The offers and answers of one call, in both directions, from the first to the last.
#[derive(Clone, Debug)]
pub struct Negotiation {
    capabilities: Capabilities,
}

impl Negotiation {
    /// For a new call.
    pub fn new(capabilities: Capabilities, _rng: &mut Rng) -> Self {
        Negotiation { capabilities }
    }

    /// Makes an offer, or makes the open one again. Text of the SDP.
    pub fn offer(&mut self, _direction: Direction, _rng: &mut Rng) -> String {
        String::new()
    }

    /// Answers an offer: our SDP and the stream to run.
    ///
    /// # Errors
    /// What cannot be agreed; what was agreed before stays.
    pub fn answer(&mut self, _offer: &[u8], _rng: &mut Rng) -> Result<(String, Stream), NotAcceptable> {
        Err(NotAcceptable::NoOffer)
    }

    /// Takes the answer to our offer: the stream to run.
    ///
    /// # Errors
    /// What cannot be agreed; the call should end.
    pub fn accept(&mut self, _answer: &[u8]) -> Result<Stream, NotAcceptable> {
        Err(NotAcceptable::NoOffer)
    }

    /// Our offer was refused: what was agreed before stays.
    pub fn withdraw(&mut self) {}
}
