//! The SIP user agent without IO: one [`Endpoint`] owns every transaction, dialog, call,
//! registration and health check.
//!
//! Drive it like this: feed one input (`handle_*` or a command), then drain
//! [`Endpoint::poll_transmit`] and [`Endpoint::poll_event`], then sleep until
//! [`Endpoint::next_timeout`] and call [`Endpoint::handle_timeout`]. It reads no clock and
//! opens no socket. The same seed and the same inputs give the same bytes.

mod command;
mod event;
mod fallback;
mod ping;
mod receive;
mod register;
mod registrar;
mod responses;
mod settings;
mod sources;
mod traffic;

use std::collections::BTreeMap;
use std::net::IpAddr;

use bytes::Bytes;

pub use command::{
    Credentials, Hangup, Invite, Ping, Progress, Received, Redirect, Registration, Transmit, TransportFailure,
};
pub use event::{By, End, Event, Incoming, PingId, RegistrationId, SessionId};
pub use settings::{Advertised, Limits, Local, Settings};
pub use traffic::{CLASSES, METHODS, Traffic};

use crate::base::{Mono, Now, Rng};
use crate::sip::registrar::Gone;
use crate::sip::session::{Calling, Core, Head, Session, State};
use crate::sip::transaction::{Flow, Pace, TimerKey};
use ping::Pinged;
use register::Registered;
use registrar::Registrar;
use sources::Sources;

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
    /// Answers to challenges that were wrong.
    pub auth_failed: u64,
    /// Requests of those who guessed too often.
    pub shut_out: u64,
    /// Messages handed out, retransmissions included.
    pub sent: u64,
    /// Well-formed messages that came, by kind.
    pub arrived: Traffic,
    /// Messages handed out, by kind.
    pub left: Traffic,
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
    /// Phones of users.
    pub phones: usize,
    /// Timers armed.
    pub timers: usize,
}

/// The user agent. See the module's text.
pub struct Endpoint {
    core: Core,
    sources: Sources,
    sessions: BTreeMap<SessionId, Session>,
    last_session: u64,
    registrations: BTreeMap<u32, Registered>,
    last_registration: u32,
    pings: BTreeMap<u32, Pinged>,
    last_ping: u32,
    registrar: Registrar,
}

impl Endpoint {
    /// An endpoint with nothing in it.
    pub fn new(settings: Settings, rng: Rng) -> Self {
        Endpoint {
            core: Core::new(settings, rng),
            registrar: Registrar::closed(),
            sources: Sources::default(),
            sessions: BTreeMap::new(),
            last_session: 0,
            registrations: BTreeMap::new(),
            last_registration: 0,
            pings: BTreeMap::new(),
            last_ping: 0,
        }
    }

    /// Addresses (the trunks') that the limit per source does not touch.
    pub fn set_trusted(&mut self, sources: Vec<IpAddr>) {
        self.sources.set_trusted(sources);
    }

    /// How we are reached by peers that reach us in a way of their own, by their address.
    /// Dialogs that exist keep their Contact.
    pub fn set_locals(&mut self, locals: BTreeMap<IpAddr, Local>) {
        self.core.locals = locals;
    }

    /// New settings. Timers that run keep the pace they began with; calls that are up keep
    /// their Contact and their limits.
    pub fn handle_settings(&mut self, settings: Settings) {
        self.core.out.pace = Pace::new(&settings);
        self.core.settings = settings;
    }

    /// One message from the network.
    pub fn handle_received(&mut self, now: Now, received: Received<'_>) {
        self.receive(now, received);
    }

    /// A send failed or a connection closed: what depends on it fails at once
    /// (RFC 3261 section 8.1.3.1) and does not wait for a timer. Answered calls stay up:
    /// their next request opens a connection anew.
    pub fn handle_transport_failure(&mut self, now: Now, failure: TransportFailure<'_>) {
        let upcalls = match failure {
            TransportFailure::Destination(to, why) => {
                let broken = |flow: &Flow| {
                    flow.destination.transport == to.transport && flow.destination.addr == to.addr
                };
                if to.transport.is_reliable() {
                    self.drop_phones(now, Gone::Unreachable, |phone| phone.destination == *to);
                }
                self.fall_back(now, broken);
                self.core.clients.handle_failure(broken, why, &mut self.core.out)
            }
            TransportFailure::Connection(id) => {
                self.drop_phones(now, Gone::ConnectionClosed, |phone| phone.connection == Some(id));
                let broken = |flow: &Flow| flow.connection == Some(id);
                self.core.clients.handle_failure(broken, "the connection closed", &mut self.core.out)
            }
        };
        for upcall in upcalls {
            self.handle_upcall(now, upcall, None);
        }
    }

    /// Everything that is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(key) = self.core.out.timers.pop_due(now.mono) {
            match key {
                TimerKey::Client(id) => {
                    if let Some(upcall) = self.core.clients.handle_timeout(now, id, &mut self.core.out) {
                        self.handle_upcall(now, upcall, None);
                    }
                }
                TimerKey::Server(id) => self.core.servers.handle_timeout(now, id, &mut self.core.out),
                TimerKey::Session(id) => {
                    self.step(now, id, |state, now, head, core| state.handle_timeout(now, head, core));
                }
                TimerKey::Registration(id) => self.registration_timeout(now, id),
                TimerKey::Ping(id) => self.ping_timeout(id),
                TimerKey::Registrar => self.registrar_timeout(now),
            }
        }
    }

    /// When `handle_timeout` is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        self.core.out.timers.next()
    }

    /// The next message to send. What goes to a phone that registered over a stream takes its
    /// connection, for nobody can open one to it.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        let mut transmit = self.core.poll_transmit()?;
        if transmit.connection.is_none() && transmit.destination.transport.is_reliable() {
            transmit.connection = self.registrar.connection_to(&transmit.destination);
        }
        Some(transmit)
    }

    /// The next report.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.core.events.pop_front()
    }

    /// Places a call. A request that cannot be sent fails by [`Event::Failed`].
    pub fn invite(&mut self, now: Now, invite: Invite) -> SessionId {
        let id = self.next_session();
        self.core.out.traces.insert(id, crate::sip::session::Trace::default());
        let (head, state) = Calling::start(now, id, invite, &mut self.core);
        self.keep(Session { head, state });
        id
    }

    /// Ends a call in whatever state it is: CANCEL (after the first provisional response,
    /// RFC 3261 section 9.1), BYE (a callee's after the ACK, section 15), or a final
    /// response. A terminal event follows, at the latest after 64*T1 twice.
    pub fn hangup(&mut self, now: Now, session: SessionId, why: Hangup) {
        self.step(now, session, |state, now, head, core| state.hangup(now, head, core, why));
    }

    /// A provisional response to an inbound call.
    pub fn progress(&mut self, now: Now, session: SessionId, progress: Progress) {
        self.step(now, session, |mut state, now, head, core| {
            if let State::Ringing(call) = &mut state {
                call.progress(now, head, core, progress);
            }
            Some(state)
        });
    }

    /// Answers an inbound call with 200. `sdp` is the answer, or our offer where the
    /// INVITE had none.
    pub fn accept(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |state, now, head, core| match state {
            State::Ringing(call) => call.accept(now, head, core, sdp),
            other => Some(other),
        });
    }

    /// Refuses an inbound call with a final status of 300-699 and these header fields.
    pub fn reject(&mut self, now: Now, session: SessionId, status: u16, headers: Vec<(String, String)>) {
        self.step(now, session, |state, now, head, core| match state {
            State::Ringing(call) => call.reject(now, head, core, status, headers, ""),
            other => Some(other),
        });
    }

    /// Offers new media: re-INVITE in an answered call, UPDATE before. The outcome comes
    /// as [`Event::AnswerToOffer`]. Glare (491) is retried by itself. An offer made while
    /// another exchange runs waits for its end; a later one takes the place of one that waits.
    pub fn offer(&mut self, now: Now, session: SessionId, sdp: Bytes) {
        self.step(now, session, |mut state, now, head, core| {
            match &mut state {
                State::Calling(call) => call.offer(now, head, core, &sdp),
                State::Confirmed(call) => call.offer(now, head, core, sdp),
                State::Ringing(_) | State::Closing(_) => {}
            }
            Some(state)
        });
    }

    /// The reaction to [`Event::Offer`], and to [`Event::Answered`] with `is_offer`: the
    /// answer (or the offer, where none was given), or a status such as 488.
    pub fn answer(&mut self, now: Now, session: SessionId, answer: Result<Bytes, u16>) {
        self.step(now, session, |state, now, head, core| match state {
            State::Calling(mut call) => {
                call.answer(now, head, core, answer);
                Some(State::Calling(call))
            }
            State::Ringing(mut call) => {
                call.answer(now, head, core, answer);
                Some(State::Ringing(call))
            }
            State::Confirmed(call) => call.answer(now, head, core, answer),
            State::Closing(call) => Some(State::Closing(call)),
        });
    }

    /// Sends a SIP INFO inside an answered dialog; nothing is reported back.
    pub fn info(&mut self, now: Now, session: SessionId, content_type: &str, body: Bytes) {
        self.step(now, session, |mut state, now, head, core| {
            if let State::Confirmed(call) = &mut state {
                call.info(now, head, core, content_type, &body);
            }
            Some(state)
        });
    }

    /// The reaction to [`Event::Refer`]: taken, which promises [`Endpoint::refer_done`], or
    /// refused with a status such as 603.
    pub fn answer_refer(&mut self, now: Now, session: SessionId, answer: Result<(), u16>) {
        self.step(now, session, |mut state, now, head, core| {
            if let State::Confirmed(call) = &mut state {
                call.answer_refer(now, head, core, answer);
            }
            Some(state)
        });
    }

    /// Tells the peer what its REFER came to: the final status of the attempt.
    pub fn refer_done(&mut self, now: Now, session: SessionId, status: u16) {
        self.step(now, session, |mut state, now, head, core| {
            if let State::Confirmed(call) = &mut state {
                call.refer_done(now, head, core, status);
            }
            Some(state)
        });
    }

    /// Registers an address and keeps it registered.
    pub fn register(&mut self, now: Now, registration: Registration) -> RegistrationId {
        self.start_registration(now, registration)
    }

    /// Gives a registration back; [`Event::Unregistered`] follows.
    pub fn unregister(&mut self, now: Now, id: RegistrationId) {
        self.end_registration(now, id.0);
    }

    /// One OPTIONS; [`Event::Pong`] or [`Event::PingFailed`] follows.
    pub fn ping(&mut self, now: Now, ping: Ping) -> PingId {
        self.start_ping(now, ping)
    }

    /// What came in and went out since the start.
    pub fn counters(&self) -> Counters {
        let (auth_failed, shut_out) = self.registrar.refusals();
        Counters { auth_failed, shut_out, ..self.core.out.counters }
    }

    /// What is held now.
    pub fn held(&self) -> Held {
        Held {
            sessions: self.sessions.len(),
            clients: self.core.clients.len(),
            servers: self.core.servers.len(),
            registrations: self.registrations.len(),
            pings: self.pings.len(),
            phones: self.registrar.phones(),
            timers: self.core.out.timers.len(),
        }
    }

    fn next_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    /// Moves a session by one step: takes its state, keeps the one that comes of it.
    fn step(
        &mut self,
        now: Now,
        id: SessionId,
        step: impl FnOnce(State, Now, &mut Head, &mut Core) -> Option<State>,
    ) {
        let Some(Session { mut head, state }) = self.sessions.remove(&id) else { return };
        match step(state, now, &mut head, &mut self.core) {
            Some(state) => self.keep(Session { head, state }),
            None => self.core.out.arm(TimerKey::Session(id), None),
        }
    }

    fn keep(&mut self, session: Session) {
        let id = session.head.id;
        self.core.out.arm(TimerKey::Session(id), session.state.next_timeout());
        self.sessions.insert(id, session);
    }
}

#[cfg(test)]
mod tests;
