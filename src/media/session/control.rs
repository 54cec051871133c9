//! RTCP.
use super::{Outgoing, Session};
use crate::base::Mono;
use std::net::SocketAddr;

impl Session {
    /// Takes a datagram from the RTCP socket.
    pub fn handle_rtcp(&mut self, _now: Mono, _from: SocketAddr, _datagram: &mut [u8]) {}
    pub(super) fn control(&mut self, _now: Mono, _out: &mut Outgoing) {}
    pub(super) fn say_goodbye(&mut self, _now: Mono, _out: &mut Outgoing) {}
}
