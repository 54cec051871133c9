//! The session description of one call: what was offered, what was agreed (RFC 3264),
//! bound to the socket of the call and the trunk it goes over.

use std::net::SocketAddr;

use bytes::Bytes;

use super::Way;
use crate::base::Rng;
use crate::media::Stream;
use crate::sip::offer::{self, Capabilities, Direction};

/// Offers and answers of one call; begins anew with each trunk that is tried.
#[derive(Debug)]
pub(super) struct Negotiation {
    /// The offer of an inbound INVITE; `Some(None)`: it had none and wants ours.
    first: Option<Option<Bytes>>,
    addr: Option<SocketAddr>,
    open: Option<offer::Negotiation>,
    rng: Rng,
}

impl Negotiation {
    pub fn new(first: Option<Option<Bytes>>, rng: Rng) -> Self {
        Negotiation { first, addr: None, open: None, rng }
    }

    /// The address of the call's RTP socket.
    pub fn bind(&mut self, addr: SocketAddr) {
        self.addr = Some(addr);
    }

    /// Forgets what was agreed over the last trunk.
    pub fn reset(&mut self) {
        self.open = None;
    }

    fn open(&mut self, way: &Way) -> Result<(&mut offer::Negotiation, &mut Rng), String> {
        let Some(mut address) = self.addr else { return Err("no RTP socket is open".into()) };
        if let Some(external) = way.external {
            address.set_ip(external);
        }
        let rng = &mut self.rng;
        let negotiation = self.open.get_or_insert_with(|| {
            let codecs = way.codecs.clone();
            let capabilities = Capabilities {
                codecs,
                telephone_event: true,
                srtp: way.srtp,
                rtcp_mux: way.rtcp_mux,
                address,
            };
            offer::Negotiation::new(capabilities, rng)
        });
        Ok((negotiation, rng))
    }

    /// The offer of our INVITE, and the one for a peer that refuses it.
    pub fn first_offer(&mut self, way: &Way) -> Result<(Bytes, Option<Bytes>), String> {
        let offer = self.offer(way)?;
        let second = self.open.as_ref().and_then(offer::Negotiation::offer_secured);
        Ok((offer, second.map(Bytes::from)))
    }

    /// Whether an offer of ours may still be answered.
    pub fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(offer::Negotiation::is_open)
    }

    /// An offer of ours: the first, or one that the peer asked for.
    pub fn offer(&mut self, way: &Way) -> Result<Bytes, String> {
        let (negotiation, rng) = self.open(way)?;
        Ok(Bytes::from(negotiation.offer(Direction::SendRecv, rng)))
    }

    /// What goes into the 200 to an inbound INVITE, and the stream unless the answer is
    /// still to come in the ACK.
    pub fn answer_first(&mut self, way: &Way) -> Result<(Bytes, Option<Stream>), String> {
        match self.first.take().flatten() {
            Some(offer) => self.answer(&offer, way).map(|(sdp, stream)| (sdp, Some(stream))),
            None => self.offer(way).map(|sdp| (sdp, None)),
        }
    }

    /// Answers an offer of the peer.
    pub fn answer(&mut self, offer: &[u8], way: &Way) -> Result<(Bytes, Stream), String> {
        let (negotiation, rng) = self.open(way)?;
        let (sdp, stream) = negotiation.answer(offer, rng).map_err(|e| e.to_string())?;
        Ok((Bytes::from(sdp), stream))
    }

    /// Takes the peer's answer to our offer.
    pub fn accept(&mut self, answer: &[u8], way: &Way) -> Result<Stream, String> {
        let (negotiation, _) = self.open(way)?;
        negotiation.accept(answer).map_err(|e| e.to_string())
    }

    /// Our offer was refused: what was agreed before stays.
    pub fn withdraw(&mut self) {
        if let Some(negotiation) = &mut self.open {
            negotiation.withdraw();
        }
    }
}
