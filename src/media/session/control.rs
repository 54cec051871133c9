//! RTCP: what is reported to the peer, and what it reports (RFC 3550 section 6).

use std::net::SocketAddr;

use super::{Outgoing, Session};
use crate::base::Now;
use crate::media::Control;

impl Session {
    /// Whether a datagram from the RTP socket is RTCP: where both share the port, packet
    /// types 192 to 223 are (RFC 5761 section 4).
    pub fn is_control(&self, datagram: &[u8]) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.control == Control::Mux)
            && datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
    }

    /// Takes a datagram from the RTCP socket, which arrived at `now`. Only the host that
    /// the stream comes from is heard.
    pub fn handle_rtcp(&mut self, now: Now, from: SocketAddr, datagram: &[u8]) {
        if self.closed || self.stream.is_none() {
            return;
        }
        if !self.latch.is_host(from.ip()) && !self.is_control_host(from) {
            self.foreign += 1;
            return;
        }
        let heard = match self.protection.open_control(datagram) {
            Some(plain) => self.reports.handle_packet(now, &plain, &self.sender).is_ok(),
            None => false,
        };
        self.rejected += u64::from(!heard);
    }

    /// The report that is due.
    pub(super) fn report(&mut self, now: Now, out: &mut Outgoing) {
        if now.mono < self.reports.next_timeout() {
            return;
        }
        let Some(to) = self.control_destination() else { return };
        let due =
            self.reports.poll_report(now, &self.sender, &mut self.source, &mut self.rng, &mut out.control);
        if let Some(len) = due {
            self.seal_control(to, len, out);
        }
    }

    /// The last report, with BYE. A stream without a packet has nothing to take leave of.
    pub(super) fn say_goodbye(&mut self, now: Now, out: &mut Outgoing) {
        if self.said_goodbye || self.sender.packets() == 0 {
            return;
        }
        self.said_goodbye = true;
        let Some(to) = self.control_destination() else { return };
        let len = self.reports.bye(now, &self.sender, &mut self.source, &mut out.control);
        self.seal_control(to, len, out);
    }

    fn seal_control(&mut self, to: SocketAddr, len: usize, out: &mut Outgoing) {
        if let Some(len) = self.protection.seal_control(&mut out.control, len) {
            out.control_len = len;
            out.control_to = Some(to);
            out.muxed = self.stream.as_ref().is_some_and(|stream| stream.control == Control::Mux);
        }
    }

    /// Whether `a=rtcp` named this host.
    fn is_control_host(&self, from: SocketAddr) -> bool {
        let control = self.stream.as_ref().map(|stream| stream.control);
        matches!(control, Some(Control::At(addr)) if addr.ip() == from.ip())
    }

    fn control_destination(&self) -> Option<SocketAddr> {
        let stream = self.stream.as_ref()?;
        let signalled = stream.remote?;
        let mut to = self.latch.destination()?;
        match stream.control {
            Control::Mux => Some(to),
            // Behind NAT the signalled address is as wrong for RTCP as for RTP.
            Control::At(addr) if to == signalled => Some(addr),
            Control::At(_) | Control::NextPort => {
                to.set_port(to.port().checked_add(1)?);
                Some(to)
            }
        }
    }
}
