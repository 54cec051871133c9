//! Server transactions (RFC 3261 section 17.2, RFC 6026).
//!
//! ```text
//! INVITE   Proceeding --2xx--> Accepted --L--> gone
//!             |--3xx-6xx--> Completed --ACK--> Confirmed --I--> gone;  Completed --H--> gone
//! others   Proceeding --final--> Done --J--> gone
//! ```
//! Every state ends by a timer. A 2xx is sent again by the session, not by the
//! transaction, until the ACK comes.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::outputs::{Flow, Outputs, TimerKey};
use crate::base::{Mono, Now};
use crate::sip::endpoint::{Received, SessionId};
use crate::sip::message::{Method, Request, Response};
use crate::sip::{Destination, header};

#[derive(Debug)]
enum State {
    Proceeding { last: Option<Bytes> },
    Accepted,
    Completed { resend: Mono, interval: Duration, until: Mono, last: Bytes },
    Confirmed,
    Done { last: Bytes },
}

/// RFC 3261 section 8.2.2.2: the same request by another path.
type MergeKey = (String, String, u32, String);

#[derive(Debug)]
struct Server {
    key: String,
    merge: Option<MergeKey>,
    session: Option<SessionId>,
    flow: Flow,
    /// Present until the final response.
    request: Option<Box<Request>>,
    state: State,
}

/// All server transactions, by number and by what RFC 3261 section 17.2.3 compares.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    last: u64,
    open: BTreeMap<u64, Server>,
    keys: BTreeMap<String, u64>,
    merges: BTreeMap<MergeKey, u64>,
}

/// What a request is to the transaction layer.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// None has this name.
    New(String),
    /// Seen before, and dealt with; the session it belongs to.
    Absorbed(Option<SessionId>),
    /// An ACK that acknowledges a 2xx: it belongs to a dialog.
    Ack,
}

impl Servers {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Finds the transaction of a request.
    pub(crate) fn handle_request(&mut self, now: Now, request: &Request, out: &mut Outputs) -> Arrival {
        let key = key_of(request, &request.method);
        match self.keys.get(&key) {
            Some(id) => self.again(now, *id, request, out),
            None if request.method == Method::ACK => Arrival::Ack,
            None => Arrival::New(key),
        }
    }

    /// True where the same request came by another path (RFC 3261 section 8.2.2.2): 482.
    pub(crate) fn is_merged(&self, request: &Request) -> bool {
        merge_key(request).is_some_and(|key| self.merges.contains_key(&key))
    }

    /// Opens a transaction under the name that [`Arrival::New`] gave.
    pub(crate) fn open(
        &mut self,
        now: Now,
        key: String,
        request: &Request,
        flow: &Flow,
        session: Option<SessionId>,
        out: &mut Outputs,
    ) -> u64 {
        self.last += 1;
        let id = self.last;
        let merge = merge_key(request);
        self.keys.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), id);
        }
        let request = Some(Box::new(request.clone()));
        let state = State::Proceeding { last: None };
        self.open.insert(id, Server { key, merge, session, flow: flow.clone(), request, state });
        out.arm(TimerKey::Server(id), Some(now.mono + out.pace.proceeding));
        id
    }

    fn again(&mut self, now: Now, id: u64, request: &Request, out: &mut Outputs) -> Arrival {
        let Some(server) = self.open.get_mut(&id) else { return Arrival::Absorbed(None) };
        let last = match &server.state {
            State::Accepted if request.method == Method::ACK => return Arrival::Ack,
            State::Completed { .. } if request.method == Method::ACK => {
                server.state = State::Confirmed;
                let reliable = server.flow.destination.transport.is_reliable();
                let linger = if reliable { Duration::ZERO } else { out.pace.t4 };
                out.arm(TimerKey::Server(id), Some(now.mono + linger));
                return Arrival::Absorbed(server.session);
            }
            _ if request.method == Method::ACK => return Arrival::Absorbed(None),
            State::Proceeding { last } => last.clone(),
            State::Completed { last, .. } | State::Done { last } => Some(last.clone()),
            State::Accepted | State::Confirmed => None,
        };
        out.counters.retransmitted += 1;
        if let Some(bytes) = last {
            out.send(now, server.session, &server.flow, bytes);
        }
        Arrival::Absorbed(server.session)
    }

    /// The INVITE that a CANCEL means (RFC 3261 section 9.2); None where there is none.
    pub(crate) fn cancelled_by(&self, cancel: &Request) -> Option<u64> {
        self.keys.get(&key_of(cancel, &Method::INVITE)).copied()
    }

    /// The request, until its final response.
    pub(crate) fn request(&self, id: u64) -> Option<&Request> {
        self.open.get(&id)?.request.as_deref()
    }

    /// The session a transaction belongs to.
    pub(crate) fn session(&self, id: u64) -> Option<SessionId> {
        self.open.get(&id)?.session
    }

    /// Where responses go.
    pub(crate) fn flow(&self, id: u64) -> Option<&Flow> {
        self.open.get(&id).map(|server| &server.flow)
    }

    /// Sends a response. Returns its bytes, for those who send it again themselves; None
    /// where the transaction has its final response already.
    pub(crate) fn respond(
        &mut self,
        now: Now,
        id: u64,
        response: &Response,
        out: &mut Outputs,
    ) -> Option<Bytes> {
        let server = self.open.get_mut(&id)?;
        let request = server.request.as_deref()?;
        let invite = request.method == Method::INVITE;
        let mut buffer = Vec::with_capacity(1_024);
        response.encode(&mut buffer);
        let bytes = Bytes::from(buffer);
        out.send(now, server.session, &server.flow, bytes.clone());
        let pace = out.pace;
        let reliable = server.flow.destination.transport.is_reliable();
        let status = response.status;
        if status < 200 {
            server.state = State::Proceeding { last: Some(bytes.clone()) };
            return Some(bytes);
        }
        server.request = None;
        let at = match (invite, status < 300) {
            (true, true) => {
                server.state = State::Accepted;
                now.mono + pace.give_up
            }
            (true, false) => {
                let until = now.mono + pace.give_up;
                let resend = if reliable { Mono::FAR } else { now.mono + pace.t1 };
                server.state = State::Completed { resend, interval: pace.t1, until, last: bytes.clone() };
                resend.min(until)
            }
            (false, _) => {
                server.state = State::Done { last: bytes.clone() };
                now.mono + if reliable { Duration::ZERO } else { pace.give_up }
            }
        };
        out.arm(TimerKey::Server(id), Some(at));
        Some(bytes)
    }

    /// A deadline has come: timer G sends again, all others end the transaction.
    pub(crate) fn handle_timeout(&mut self, now: Now, id: u64, out: &mut Outputs) {
        let Some(server) = self.open.get_mut(&id) else { return };
        if let State::Completed { resend, interval, until, last } = &mut server.state
            && now.mono < *until
        {
            *interval = (*interval * 2).min(out.pace.t2);
            *resend = now.mono + *interval;
            out.arm(TimerKey::Server(id), Some((*resend).min(*until)));
            out.send(now, server.session, &server.flow, last.clone());
            return;
        }
        if let Some(server) = self.open.remove(&id) {
            self.keys.remove(&server.key);
            if let Some(merge) = server.merge {
                self.merges.remove(&merge);
            }
        }
    }
}

/// Where the response to a request goes (RFC 3261 section 18.2.2, RFC 3581 section 4): the
/// connection it came on; for UDP the source address, with the source port where rport was
/// asked for, else with the port of sent-by.
pub(crate) fn response_flow(request: &Request, received: &Received<'_>) -> Flow {
    let mut addr = received.source;
    if !received.transport.is_reliable()
        && let Some(via) = request.headers.via()
        && !via.wants_rport()
    {
        addr.set_port(via.port.unwrap_or(received.transport.default_port()));
    }
    let destination = Destination { transport: received.transport, addr, server_name: addr.ip().to_string() };
    Flow { destination, connection: received.connection }
}

/// RFC 3261 section 17.2.3. A branch without the cookie is of RFC 2543 and says nothing,
/// so the fields it compared take its place.
fn key_of(request: &Request, method: &Method) -> String {
    let headers = &request.headers;
    let method = if *method == Method::ACK { &Method::INVITE } else { method };
    match headers.via() {
        Some(via) if via.has_magic_branch() => {
            format!("{} {} {method}", via.branch().unwrap_or_default(), via.sent_by())
        }
        via => {
            let via = via.map(|via| format!("{} {}", via.branch().unwrap_or_default(), via.sent_by()));
            let number = headers.cseq().map_or(0, |cseq| cseq.number);
            let from = headers.from_tag().unwrap_or_default();
            let call_id = headers.call_id().unwrap_or_default();
            format!("{call_id} {number} {from} {} {} {method}", via.unwrap_or_default(), request.uri)
        }
    }
}

fn merge_key(request: &Request) -> Option<MergeKey> {
    let headers = &request.headers;
    if headers.to_tag().is_some() {
        return None;
    }
    let call_id = headers.get(header::CALL_ID)?.to_owned();
    let number = headers.cseq()?.number;
    Some((call_id, headers.from_tag().unwrap_or_default(), number, request.method.as_str().to_owned()))
}
