//! The SIP user agent without IO: one [`Endpoint`] owns every transaction, dialog, call,
//! registration and health check.
//!
//! Drive it like this: feed one input (`handle_*` or a command), then drain
//! [`Endpoint::poll_transmit`] and [`Endpoint::poll_event`], then sleep until
//! [`Endpoint::next_timeout`] and call [`Endpoint::handle_timeout`]. It reads no clock and
//! opens no socket. The same seed and the same inputs give the same bytes.

mod command;
mod event;
mod settings;

use std::net::IpAddr;

use bytes::Bytes;

pub use command::{
    Credentials, Hangup, Invite, Ping, Progress, Received, Redirect, Registration, Transmit, TransportFailure,
};
pub use event::{By, End, Event, Incoming, PingId, RegistrationId, SessionId};
pub use settings::{Advertised, Limits, Settings};

use crate::base::{Mono, Now, Rng};

/// What came in and what was refused, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests and responses taken.
    pub received: u64,
    /// Messages that are not SIP, or lack what an answer needs: dropped.
    pub malformed: u64,
    /// Requests answered with 400.
    pub bad_requests: u64,
    /// Retransmitted requests and responses that were absorbed.
    pub retransmitted: u64,
    /// Responses that match nothing.
    pub stray: u64,
    /// Requests refused with 503 for want of room.
    pub overload: u64,
    /// INVITEs refused because their source called too fast.
    pub flood: u64,
    /// Messages handed out, retransmissions included.
    pub sent: u64,
}

/// What the endpoint holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Calls.
    pub sessions: usize,
    /// Client transactions.
    pub clients: usize,
    /// Server transactions.
    pub servers: usize,
    /// Registrations.
    pub registrations: usize,
    /// Health checks under way.
    pub pings: usize,
    /// Timers armed.
    pub timers: usize,
}

/// The user agent. See the module's text.
pub struct Endpoint {
    settings: Settings,
    rng: Rng,
}

impl Endpoint {
    /// An endpoint with nothing in it.
    pub fn new(settings: Settings, rng: Rng) -> Self {
        Endpoint { settings, rng }
    }

    /// Addresses (the trunks') that the limit per source does not touch.
    pub fn set_trusted(&mut self, sources: Vec<IpAddr>) {
        let _ = sources;
    }

    /// One message from the network.
    pub fn handle_received(&mut self, now: Now, received: Received<'_>) {
        let _ = (now, received);
    }

    /// A send failed or a connection closed: what depends on it fails at once
    /// (RFC 3261 section 8.1.3.1) and does not wait for a timer.
    pub fn handle_transport_failure(&mut self, now: Now, failure: TransportFailure<'_>) {
        let _ = (now, failure);
    }

    /// Everything that is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// When `handle_timeout` is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        None
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }

    /// The next report.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// Places a call.
    pub fn invite(&mut self, now: Now, invite: Invite) -> SessionId {
        let _ = (now, invite);
        SessionId(0)
    }

    /// Ends a call in whatever state it is: CANCEL (after the first provisional response,
    /// RFC 3261 section 9.1), BYE, or a final response. A terminal event follows.
    pub fn hangup(&mut self, now: Now, session: SessionId, why: Hangup) {
        let _ = (now, session, why);
    }

    /// A provisional response to an inbound call.
    pub fn progress(&mut self, now: Now, session: SessionId, progress: Progress) {
        let _ = (now, session, progress);
    }

    /// Answers an inbound call with 200. `sdp` is the answer, or our offer where the
    /// INVITE had none.
    pub fn accept(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        let _ = (now, session, sdp);
    }

    /// Refuses an inbound call with a final status of 300-699 and these header fields.
    pub fn reject(&mut self, now: Now, session: SessionId, status: u16, headers: Vec<(String, String)>) {
        let _ = (now, session, status, headers);
    }

    /// Offers new media: re-INVITE in an answered call, UPDATE before. The outcome comes
    /// as [`Event::AnswerToOffer`]. Glare (491) is retried by itself.
    pub fn offer(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        let _ = (now, session, sdp);
    }

    /// The reaction to [`Event::Offer`], and to [`Event::Answered`] with `is_offer`: the
    /// answer (or the offer, where none was given), or a status such as 488.
    pub fn answer(&mut self, now: Now, session: SessionId, answer: Result<Bytes, u16>) {
        let _ = (now, session, answer);
    }

    /// Sends a SIP INFO inside the dialog; nothing is reported back.
    pub fn info(&mut self, now: Now, session: SessionId, content_type: &str, body: Bytes) {
        let _ = (now, session, content_type, body);
    }

    /// Registers an address and keeps it registered.
    pub fn register(&mut self, now: Now, registration: Registration) -> RegistrationId {
        let _ = (now, registration);
        RegistrationId(0)
    }

    /// Gives a registration back; [`Event::Unregistered`] follows.
    pub fn unregister(&mut self, now: Now, id: RegistrationId) {
        let _ = (now, id);
    }

    /// One OPTIONS; [`Event::Pong`] or [`Event::PingFailed`] follows.
    pub fn ping(&mut self, now: Now, ping: Ping) -> PingId {
        let _ = (now, ping);
        PingId(0)
    }

    /// What came in and went out since the start.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// What is held now.
    pub fn held(&self) -> Held {
        Held::default()
    }
}
