//! Messages from the network: which part of the endpoint each belongs to.

use super::event::{Event, Incoming, SessionId};
use super::registrar::Admitted;
use super::{Endpoint, Received};
use crate::base::Now;
use crate::sip::header;
use crate::sip::message::{
    Abilities, Message, Method, ParseError, Request, Response, is_keepalive, parse, refusal,
};
use crate::sip::session::{ALLOW, Dialog, Head, Ringing, Session, State, session_of, too_small};
use crate::sip::transaction::{Arrival, Flow, response_flow};

/// Methods, option tags and bodies that are understood.
const METHODS: &[&str] = &["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "REFER", "UPDATE"];
/// The same where phones may register.
const METHODS_OF_REGISTRAR: &[&str] =
    &["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "REFER", "UPDATE", "REGISTER"];
const EXTENSIONS: &[&str] = &["100rel", "timer", "replaces"];
const BODIES: &[&str] = &[
    "application/sdp",
    "application/dtmf-relay",
    "application/dtmf",
    "multipart/mixed",
    "multipart/alternative",
    "text/plain",
];

impl Endpoint {
    pub(super) fn receive(&mut self, now: Now, received: Received<'_>) {
        if is_keepalive(received.bytes) {
            return;
        }
        if received.bytes.len() > self.core.settings.limits.message {
            self.core.out.counters.malformed += 1;
            return;
        }
        let parsed = parse(received.bytes);
        if parsed.is_ok() {
            self.core.out.counters.received += 1;
            self.core.out.counters.arrived.count(received.bytes);
        }
        match parsed {
            Ok(Message::Request(request)) => {
                self.receive_request(now, request, &received);
            }
            Ok(Message::Response(response)) => {
                self.receive_response(now, &response, &received);
            }
            Err(error) => self.receive_malformed(now, error, &received),
        }
    }

    /// What cannot be read is dropped; a request whose sender can be told is told.
    fn receive_malformed(&mut self, now: Now, error: ParseError, received: &Received<'_>) {
        let Some(mut reply) = error.reply else {
            self.core.out.counters.malformed += 1;
            return;
        };
        self.core.out.counters.bad_requests += 1;
        let tag = stateless_tag(&received.bytes[..received.bytes.len().min(256)]);
        reply.headers.add_to_tag(&tag);
        let via = reply.headers.via();
        let mut addr = received.source;
        if let Some(mut via) = via {
            via.stamp(received.source);
            if !received.transport.is_reliable() && !via.wants_rport() {
                addr.set_port(via.port.unwrap_or(received.transport.default_port()));
            }
            reply.headers.set_via(&via);
        }
        let destination = crate::sip::Destination {
            transport: received.transport,
            addr,
            server_name: addr.ip().to_string(),
        };
        self.send_stateless(now, &Flow { destination, connection: received.connection }, &reply);
    }

    fn receive_request(&mut self, now: Now, mut request: Request, received: &Received<'_>) {
        if let Some(mut via) = request.headers.via() {
            via.stamp(received.source);
            request.headers.set_via(&via);
        }
        let key = match self.core.servers.handle_request(now, &request, &mut self.core.out) {
            Arrival::Absorbed(session) => {
                if let Some(session) = session {
                    self.core.record(now, session, received);
                }
                return;
            }
            Arrival::Ack => return self.receive_ack(now, &request, received),
            Arrival::New(key) => key,
        };
        let flow = response_flow(&request, received);
        let methods = if self.registrar.is_open() { METHODS_OF_REGISTRAR } else { METHODS };
        let abilities = Abilities { methods, extensions: EXTENSIONS, bodies: BODIES };
        if let Some(mut response) = refusal(&request, &abilities) {
            response.headers.add_to_tag(&stateless_tag(key.as_bytes()));
            return self.send_stateless(now, &flow, &response);
        }
        if request.method == Method::CANCEL {
            return self.receive_cancel(now, &request, &flow, &key, received);
        }
        if request.method == Method::REGISTER {
            return self.receive_register(now, &request, key, flow, received);
        }
        match request.headers.to_tag() {
            Some(tag) => self.receive_in_dialog(now, &request, &tag, key, flow, received),
            None if request.method == Method::INVITE => self.receive_call(now, &request, key, flow, received),
            None if request.method == Method::OPTIONS => {
                let mut response = request.respond(200, Some(&stateless_tag(key.as_bytes())));
                response.headers.push(header::ALLOW, ALLOW);
                response
                    .headers
                    .push(header::ACCEPT, "application/sdp, application/dtmf-relay, application/dtmf");
                response.headers.push(header::ACCEPT_ENCODING, "identity");
                response.headers.push(header::ACCEPT_LANGUAGE, "en");
                response.headers.push(header::SUPPORTED, EXTENSIONS.join(", "));
                self.send_stateless(now, &flow, &response);
            }
            None => self.refuse_stateless(now, &request, &flow, &key, 481),
        }
    }

    fn receive_ack(&mut self, now: Now, request: &Request, received: &Received<'_>) {
        let found = request.headers.to_tag().and_then(|tag| self.find_dialog(request, &tag));
        let Some(id) = found else {
            self.core.out.counters.stray += 1;
            return;
        };
        self.core.record(now, id, received);
        self.step(now, id, |state, now, head, core| match state {
            State::Confirmed(call) => call.handle_ack(now, head, core, request),
            other => Some(other),
        });
    }

    /// RFC 3261 section 9.2. Answered without state: each copy gets the same answer.
    fn receive_cancel(
        &mut self,
        now: Now,
        request: &Request,
        flow: &Flow,
        key: &str,
        received: &Received<'_>,
    ) {
        let Some(server) = self.core.servers.cancelled_by(request) else {
            return self.refuse_stateless(now, request, flow, key, 481);
        };
        let session = self.core.servers.session(server);
        if let Some(session) = session {
            self.core.record(now, session, received);
        }
        let response = request.respond(200, Some(&stateless_tag(key.as_bytes())));
        self.core.out.send(now, session, flow, encoded(&response));
        if let Some(id) = session {
            self.step(now, id, |state, now, head, core| match state {
                State::Ringing(call) if call.server() == server => call.cancel(now, head, core, request),
                State::Confirmed(mut call) => {
                    call.cancel(now, core, server);
                    Some(State::Confirmed(call))
                }
                other => Some(other),
            });
        }
    }

    fn receive_in_dialog(
        &mut self,
        now: Now,
        request: &Request,
        tag: &str,
        key: String,
        flow: Flow,
        received: &Received<'_>,
    ) {
        let Some(id) = self.find_dialog(request, tag) else {
            return self.refuse_stateless(now, request, &flow, &key, 481);
        };
        self.core.record(now, id, received);
        let call_id = request.headers.call_id().unwrap_or_default();
        let from_tag = request.headers.from_tag().unwrap_or_default();
        let number = request.headers.cseq().map_or(0, |cseq| cseq.number);
        let session = self.sessions.get_mut(&id);
        let in_order = session
            .and_then(|session| session.state.dialog_mut(call_id, &from_tag))
            .is_some_and(|dialog| dialog.take_seq(number));
        if !in_order {
            return self.refuse_stateless(now, request, &flow, &key, 500);
        }
        if self.core.servers.len() >= self.core.settings.limits.server_transactions * 2 {
            return self.refuse_overload(now, request, &flow, &key);
        }
        let server = self.core.servers.open(now, key, request, &flow, Some(id), &mut self.core.out);
        if request.method == Method::INVITE {
            self.core.reply(now, server, 100);
        }
        self.step(now, id, |state, now, head, core| state.handle_request(now, head, core, server, request));
    }

    /// The session of a dialog, by Call-ID and both tags as this side has them.
    pub fn find_session(&mut self, call_id: &str, local_tag: &str, remote_tag: &str) -> Option<SessionId> {
        let id = session_of(local_tag)?;
        let session = self.sessions.get_mut(&id).filter(|session| session.head.local_tag == local_tag)?;
        session.state.dialog_mut(call_id, remote_tag).map(|_| id)
    }

    /// The session whose dialog a request is in: by the number in our tag, then by tag,
    /// Call-ID and the other tag.
    fn find_dialog(&mut self, request: &Request, tag: &str) -> Option<SessionId> {
        let from_tag = request.headers.from_tag().unwrap_or_default();
        self.find_session(request.headers.call_id()?, tag, &from_tag)
    }

    /// A new inbound call.
    fn receive_call(
        &mut self,
        now: Now,
        request: &Request,
        key: String,
        flow: Flow,
        received: &Received<'_>,
    ) {
        if self.core.servers.is_merged(request) {
            return self.refuse_stateless(now, request, &flow, &key, 482);
        }
        let limits = self.core.settings.limits.clone();
        let trusted = self.sources.is_trusted(received.source.ip());
        // A quarter is kept for the trunks, so that strangers cannot shut them out.
        let part = |all: usize| if trusted { all } else { all - all / 4 };
        let full = self.core.servers.len() >= part(limits.server_transactions)
            || self.sessions.len() >= part(limits.sessions);
        if full {
            return self.refuse_overload(now, request, &flow, &key);
        }
        if !self.registrar.is_phone(received)
            && let Err(report) = self.sources.admit(now.mono, received.source.ip(), &limits)
        {
            self.core.out.counters.flood += 1;
            self.core.events.extend(report);
            return self.refuse_overload(now, request, &flow, &key);
        }
        let agent = match self.admit(now, request, &key, &flow, received, trusted) {
            Admitted::Agent(user) => Some(user),
            Admitted::Other => None,
            Admitted::No => return,
        };
        let min_se = self.core.settings.min_se.max(90);
        if too_small(&request.headers, min_se) {
            let mut response = request.respond(422, Some(&stateless_tag(key.as_bytes())));
            response.headers.push(header::MIN_SE, min_se);
            return self.send_stateless(now, &flow, &response);
        }
        let id = self.next_session();
        let local_tag = self.core.session_tag(id);
        let Some(dialog) = Dialog::from_request(request, &local_tag, &flow) else {
            self.core.out.counters.bad_requests += 1;
            return self.refuse_stateless(now, request, &flow, &key, 400);
        };
        self.core.out.traces.insert(id, crate::sip::session::Trace::default());
        self.core.record(now, id, received);
        let server = self.core.servers.open(now, key, request, &flow, Some(id), &mut self.core.out);
        self.core.reply(now, server, 100);
        let ringing = Ringing::new(now, &mut self.core, server, request, dialog);
        let user = request.uri.user.clone().unwrap_or_default();
        let contact = self.core.contact(&user, received.transport, received.source.ip());
        let incoming = Incoming { agent, ..incoming(id, request, &ringing, received) };
        self.core.events.push_back(Event::Incoming(Box::new(incoming)));
        let head = Head { id, local_tag, contact, auth: None };
        self.keep(Session { head, state: State::Ringing(Box::new(ringing)) });
    }

    fn refuse_stateless(&mut self, now: Now, request: &Request, flow: &Flow, key: &str, status: u16) {
        let response = request.respond(status, Some(&stateless_tag(key.as_bytes())));
        self.send_stateless(now, flow, &response);
    }

    pub(super) fn refuse_overload(&mut self, now: Now, request: &Request, flow: &Flow, key: &str) {
        self.core.out.counters.overload += 1;
        let mut response = request.respond(503, Some(&stateless_tag(key.as_bytes())));
        response.headers.push(header::RETRY_AFTER, self.core.settings.limits.retry_after);
        self.send_stateless(now, flow, &response);
    }

    /// RFC 3261 section 8.2.7: no transaction, so nothing stays behind.
    pub(super) fn send_stateless(&mut self, now: Now, flow: &Flow, response: &Response) {
        self.core.out.send(now, None, flow, encoded(response));
    }
}

fn encoded(response: &Response) -> bytes::Bytes {
    let mut buffer = Vec::with_capacity(512);
    response.encode(&mut buffer);
    buffer.into()
}

/// The same tag for each copy of a request (RFC 3261 section 8.2.7): FNV-1a.
pub(super) fn stateless_tag(key: &[u8]) -> String {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn incoming(session: SessionId, request: &Request, ringing: &Ringing, received: &Received<'_>) -> Incoming {
    let headers = &request.headers;
    let text = |name| headers.get(name).unwrap_or_default().to_owned();
    Incoming {
        session,
        call_id: text(header::CALL_ID),
        from: text(header::FROM),
        from_uri: headers.from().map(|from| from.uri.to_string()).unwrap_or_default(),
        to: text(header::TO),
        request_uri: request.uri.to_string(),
        agent: None,
        asserted: headers.get(header::P_ASSERTED_IDENTITY).map(str::to_owned),
        offer: ringing.offer().cloned(),
        headers: headers.fields().map(|(name, value)| (name.to_owned(), value.as_str().to_owned())).collect(),
        source: received.source,
        transport: received.transport,
        reliable: ringing.is_able(),
    }
}
