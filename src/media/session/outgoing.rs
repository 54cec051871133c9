//! What one tick of a session gives: lent by the caller, so that no tick allocates.

use std::net::SocketAddr;

use crate::media::TapFrame;
use crate::media::rtp::MAX_PACKET;

/// The packets and the sound of one tick.
pub struct Outgoing {
    pub(super) packet: [u8; MAX_PACKET],
    pub(super) len: usize,
    pub(super) to: Option<SocketAddr>,
    pub(super) control: [u8; MAX_PACKET],
    pub(super) control_len: usize,
    pub(super) control_to: Option<SocketAddr>,
    pub(super) muxed: bool,
    /// Both directions of this tick.
    pub tap: TapFrame,
    /// Whether `tap.right` belongs to the running comment.
    pub comment: bool,
}

impl Default for Outgoing {
    fn default() -> Self {
        Outgoing::new()
    }
}

impl Outgoing {
    /// Nothing to send, nothing to hear.
    pub fn new() -> Self {
        Outgoing {
            packet: [0; MAX_PACKET],
            len: 0,
            to: None,
            control: [0; MAX_PACKET],
            control_len: 0,
            control_to: None,
            muxed: false,
            tap: TapFrame::SILENCE,
            comment: false,
        }
    }

    /// The RTP packet of this tick and where it goes.
    pub fn rtp(&self) -> Option<(SocketAddr, &[u8])> {
        self.to.map(|to| (to, &self.packet[..self.len]))
    }

    /// Whether the RTCP packet leaves from the RTP port.
    pub fn is_muxed(&self) -> bool {
        self.muxed
    }

    /// The RTCP packet of this tick, and where it goes: from the odd port, unless
    /// [`Outgoing::is_muxed`].
    pub fn rtcp(&self) -> Option<(SocketAddr, &[u8])> {
        self.control_to.map(|to| (to, &self.control[..self.control_len]))
    }

    /// Forgets the packets of the last tick; the tap is overwritten by each tick.
    pub(super) fn clear(&mut self) {
        self.to = None;
        self.control_to = None;
        self.comment = false;
    }
}
