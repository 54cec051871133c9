//! Client transactions (RFC 3261 section 17.1, RFC 6026).
//!
//! ```text
//! INVITE   Calling --1xx--> Proceeding --2xx--> Accepted --M--> gone
//!             |  \--------2xx-----------------^
//!             |--B--> gone (timeout)   Calling/Proceeding --3xx-6xx, ACK--> Completed --D--> gone
//! others   Trying --1xx--> Trying at T2 --final--> Done --K--> gone;  --F--> gone (timeout)
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::outputs::{Flow, Outputs, TimerKey};
use super::owner::Owner;
use crate::base::{Mono, Now, Rng};
use crate::sip::endpoint::SessionId;
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};

/// A request on its way, kept so that it can be sent again with credentials.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub request: Request,
    pub flow: Flow,
}

/// What an INVITE client transaction knows about one 2xx (RFC 6026 section 8.5).
#[derive(Debug)]
struct Acknowledgement {
    to_tag: String,
    /// None until the session has an answer to put into the ACK.
    ack: Option<(Flow, Bytes)>,
}

#[derive(Debug)]
enum State {
    Calling { resend: Mono, interval: Duration, until: Mono },
    Proceeding { until: Mono },
    Accepted { acks: Vec<Acknowledgement> },
    Completed { ack: Bytes },
    Trying { resend: Mono, interval: Duration, until: Mono },
    Done,
}

/// Different phones that may answer one INVITE; more 2xx than that are not followed up.
const MAX_ANSWERS: usize = 16;

/// One client transaction.
#[derive(Debug)]
pub(crate) struct Client {
    pub owner: Owner,
    pub session: Option<SessionId>,
    branch: String,
    flow: Flow,
    outgoing: Option<Box<Outgoing>>,
    bytes: Bytes,
    cancel: Option<u64>,
    state: State,
}

/// What a client transaction tells its owner.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A response below 200.
    Provisional,
    /// The final response; the request comes back.
    Final(Box<Outgoing>),
    /// A 2xx of one more phone, after the final response.
    Another,
    /// No final response in time (timers B, F).
    Timeout,
    /// The transport failed; why.
    Unsent(Arc<str>),
}

impl Outcome {
    /// Why a request was not sent, as a sentence.
    pub fn why_unsent(&self, method: &str) -> String {
        match self {
            Outcome::Unsent(why) => format!("the {method} could not be sent: {why}"),
            _ => format!("the {method} could not be sent"),
        }
    }
}

/// An outcome and whose it is.
#[derive(Debug)]
pub(crate) struct Upcall {
    pub client: u64,
    pub owner: Owner,
    pub outcome: Outcome,
}

/// All client transactions. The branch carries the number, so a response needs no search.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    last: u64,
    open: std::collections::BTreeMap<u64, Client>,
}

/// RFC 3261 section 8.1.1.7.
pub(crate) const BRANCH_COOKIE: &str = "z9hG4bK";

impl Clients {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Sends a request in a new transaction.
    pub(crate) fn start(
        &mut self,
        now: Now,
        mut outgoing: Outgoing,
        owner: Owner,
        sent_by: &str,
        rng: &mut Rng,
        out: &mut Outputs,
    ) -> u64 {
        self.last += 1;
        let id = self.last;
        let branch = format!("{BRANCH_COOKIE}{}.{id:x}", rng.hex(16));
        let transport = outgoing.flow.destination.transport;
        let via = format!("SIP/2.0/{} {sent_by};branch={branch};rport", transport.via_name());
        outgoing.request.headers.remove(header::VIA);
        outgoing.request.headers.push_front(header::VIA, via);
        self.open(now, id, branch, outgoing, owner, out);
        id
    }

    fn open(
        &mut self,
        now: Now,
        id: u64,
        branch: String,
        outgoing: Outgoing,
        owner: Owner,
        out: &mut Outputs,
    ) {
        let pace = out.pace;
        let until = now.mono + pace.give_up;
        let reliable = outgoing.flow.destination.transport.is_reliable();
        let resend = if reliable { Mono::FAR } else { now.mono + pace.t1 };
        let state = match outgoing.request.method {
            Method::INVITE => State::Calling { resend, interval: pace.t1, until },
            _ => State::Trying { resend, interval: pace.t1, until },
        };
        let mut buffer = Vec::with_capacity(1_024);
        outgoing.request.encode(&mut buffer);
        let bytes = Bytes::from(buffer);
        let flow = outgoing.flow.clone();
        let session = owner.session();
        out.send(now, session, &flow, bytes.clone());
        out.arm(TimerKey::Client(id), Some(resend.min(until)));
        self.open.insert(
            id,
            Client {
                owner,
                session,
                branch,
                flow,
                outgoing: Some(Box::new(outgoing)),
                bytes,
                cancel: None,
                state,
            },
        );
    }

    /// Sends CANCEL for an INVITE that has had a provisional response. After 64*T1 the
    /// INVITE counts as cancelled even if nothing comes (RFC 3261 section 9.1).
    pub(crate) fn cancel(&mut self, now: Now, invite: u64, reason: Option<String>, out: &mut Outputs) {
        let Some(client) = self.open.get_mut(&invite) else { return };
        let (State::Proceeding { until }, None) = (&mut client.state, client.cancel) else { return };
        let Some(outgoing) = &client.outgoing else { return };
        let mut request = hop_by_hop(&outgoing.request, Method::CANCEL);
        request.headers.copy_from(&outgoing.request.headers, header::TO);
        if let Some(reason) = reason {
            request.headers.push(header::REASON, reason);
        }
        *until = now.mono + out.pace.give_up;
        out.arm(TimerKey::Client(invite), Some(*until));
        self.last += 1;
        let id = self.last;
        client.cancel = Some(id);
        let branch = client.branch.clone();
        let owner = Owner::Cancel(client.session);
        let outgoing = Outgoing { request, flow: client.flow.clone() };
        self.open(now, id, branch, outgoing, owner, out);
    }

    /// The transaction a response belongs to (RFC 3261 section 17.1.3).
    pub(crate) fn find(&self, branch: &str, method: &str) -> Option<u64> {
        let id = u64::from_str_radix(branch.rsplit_once('.')?.1, 16).ok()?;
        let client = self.open.get(&id).filter(|client| client.branch == branch)?;
        let own = client.method();
        if own == method {
            return Some(id);
        }
        // CANCEL shares the branch of its INVITE.
        client.cancel.filter(|id| method == "CANCEL" && self.open.contains_key(id))
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Client> {
        self.open.get(&id)
    }

    /// A response for transaction `id`. `to_tag` tells apart the phones of a fork.
    pub(crate) fn handle_response(
        &mut self,
        now: Now,
        id: u64,
        response: &Response,
        out: &mut Outputs,
    ) -> Option<Upcall> {
        let client = self.open.get_mut(&id)?;
        let pace = out.pace;
        let reliable = client.flow.destination.transport.is_reliable();
        let status = response.status;
        let outcome = match &mut client.state {
            State::Calling { .. } | State::Proceeding { .. } if status < 200 => {
                if let State::Calling { .. } = client.state {
                    let until = now.mono + pace.proceeding;
                    client.state = State::Proceeding { until };
                    out.arm(TimerKey::Client(id), Some(until));
                }
                Outcome::Provisional
            }
            State::Calling { .. } | State::Proceeding { .. } if status < 300 => {
                let until = now.mono + pace.give_up;
                client.state = State::Accepted { acks: Vec::new() };
                out.arm(TimerKey::Client(id), Some(until));
                Outcome::Final(client.outgoing.take()?)
            }
            State::Calling { .. } | State::Proceeding { .. } => {
                let outgoing = client.outgoing.take()?;
                let ack = ack_of_refusal(&outgoing.request, response);
                out.send(now, client.session, &client.flow, ack.clone());
                let until = now.mono + if reliable { Duration::ZERO } else { pace.give_up };
                client.state = State::Completed { ack };
                out.arm(TimerKey::Client(id), Some(until));
                Outcome::Final(outgoing)
            }
            State::Accepted { acks, .. } if (200..300).contains(&status) => {
                let tag = response.headers.to_tag().unwrap_or_default();
                match acks.iter().find(|known| known.to_tag == tag) {
                    Some(Acknowledgement { ack: Some((flow, bytes)), .. }) => {
                        out.counters.retransmitted += 1;
                        out.send(now, client.session, flow, bytes.clone());
                        return None;
                    }
                    Some(_) => return None,
                    None if acks.len() >= MAX_ANSWERS => return None,
                    None => Outcome::Another,
                }
            }
            State::Completed { .. } if (200..300).contains(&status) => Outcome::Another,
            State::Completed { ack, .. } if status >= 300 => {
                out.counters.retransmitted += 1;
                out.send(now, client.session, &client.flow, ack.clone());
                return None;
            }
            State::Trying { resend, interval, until } if status < 200 => {
                // RFC 3261 section 17.1.2.2: after a provisional response E runs at T2.
                *interval = pace.t2;
                if !reliable {
                    *resend = now.mono + pace.t2;
                    out.arm(TimerKey::Client(id), Some((*resend).min(*until)));
                }
                Outcome::Provisional
            }
            State::Trying { .. } => {
                let until = now.mono + if reliable { Duration::ZERO } else { pace.t4 };
                client.state = State::Done;
                out.arm(TimerKey::Client(id), Some(until));
                Outcome::Final(client.outgoing.take()?)
            }
            State::Accepted { .. } | State::Completed { .. } | State::Done => {
                out.counters.retransmitted += 1;
                return None;
            }
        };
        if matches!(outcome, Outcome::Final(_)) {
            // Nothing sends the request again; 32 s of them would be a kilobyte a call.
            client.bytes = Bytes::new();
        }
        Some(Upcall { client: id, owner: client.owner, outcome })
    }

    /// Remembers that this phone's 2xx is being handled; `None` while the ACK waits.
    pub(crate) fn expect_ack(&mut self, id: u64, to_tag: &str) {
        if let Some(State::Accepted { acks, .. }) = self.open.get_mut(&id).map(|client| &mut client.state)
            && !acks.iter().any(|known| known.to_tag == to_tag)
        {
            acks.push(Acknowledgement { to_tag: to_tag.to_owned(), ack: None });
        }
    }

    /// The ACK that answers each retransmission of this phone's 2xx.
    pub(crate) fn keep_ack(&mut self, id: u64, to_tag: &str, flow: Flow, bytes: Bytes) {
        self.expect_ack(id, to_tag);
        if let Some(State::Accepted { acks, .. }) = self.open.get_mut(&id).map(|client| &mut client.state)
            && let Some(known) = acks.iter_mut().find(|known| known.to_tag == to_tag)
        {
            known.ack = Some((flow, bytes));
        }
    }

    /// The ACKs of a session that went over `broken`, with their transactions and To tags.
    pub(crate) fn acks_over(
        &self,
        session: SessionId,
        broken: impl Fn(&Flow) -> bool,
    ) -> Vec<(u64, String, Bytes)> {
        let theirs = self.open.iter().filter(|(_, client)| client.session == Some(session));
        let of = |(id, client): (&u64, &Client)| {
            let State::Accepted { acks } = &client.state else { return Vec::new() };
            let sent = acks.iter().filter_map(|known| Some((known, known.ack.as_ref()?)));
            let lost = sent.filter(|(_, (flow, _))| broken(flow));
            lost.map(|(known, (_, bytes))| (*id, known.to_tag.clone(), bytes.clone())).collect::<Vec<_>>()
        };
        theirs.flat_map(of).collect()
    }

    /// Forgets a transaction whose owner gave it up.
    pub(crate) fn remove(&mut self, id: u64, out: &mut Outputs) {
        if self.open.remove(&id).is_some() {
            out.arm(TimerKey::Client(id), None);
        }
    }

    /// A deadline of transaction `id` has come.
    pub(crate) fn handle_timeout(&mut self, now: Now, id: u64, out: &mut Outputs) -> Option<Upcall> {
        let client = self.open.get_mut(&id)?;
        let t2 = out.pace.t2;
        let invite = matches!(client.state, State::Calling { .. });
        match &mut client.state {
            State::Calling { resend, interval, until } | State::Trying { resend, interval, until }
                if now.mono < *until =>
            {
                *interval = if invite { *interval * 2 } else { (*interval * 2).min(t2) };
                *resend = now.mono + *interval;
                out.arm(TimerKey::Client(id), Some((*resend).min(*until)));
                let (flow, bytes) = (client.flow.clone(), client.bytes.clone());
                out.send(now, client.session, &flow, bytes);
                None
            }
            State::Calling { .. } | State::Trying { .. } | State::Proceeding { .. } => {
                self.fail(id, Outcome::Timeout, out)
            }
            State::Accepted { .. } | State::Completed { .. } | State::Done => {
                self.remove(id, out);
                None
            }
        }
    }

    fn fail(&mut self, id: u64, outcome: Outcome, out: &mut Outputs) -> Option<Upcall> {
        out.arm(TimerKey::Client(id), None);
        let client = self.open.remove(&id)?;
        let owner = client.owner;
        Some(Upcall { client: id, owner, outcome })
    }

    /// Fails every transaction that waits for a response over `broken`.
    pub(crate) fn handle_failure(
        &mut self,
        broken: impl Fn(&Flow) -> bool,
        why: &str,
        out: &mut Outputs,
    ) -> Vec<Upcall> {
        let waiting = |client: &Client| {
            matches!(client.state, State::Calling { .. } | State::Proceeding { .. } | State::Trying { .. })
        };
        let ids: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, client)| waiting(client) && broken(&client.flow))
            .map(|(id, _)| *id)
            .collect();
        let why = Arc::<str>::from(why);
        ids.into_iter().filter_map(|id| self.fail(id, Outcome::Unsent(why.clone()), out)).collect()
    }
}

impl Client {
    fn method(&self) -> &'static str {
        self.owner.method()
    }
}

fn ack_of_refusal(invite: &Request, response: &Response) -> Bytes {
    let mut ack = hop_by_hop(invite, Method::ACK);
    ack.headers.copy_from(&response.headers, header::TO);
    let mut buffer = Vec::with_capacity(512);
    ack.encode(&mut buffer);
    buffer.into()
}

/// ACK for a non-2xx (RFC 3261 section 17.1.1.3) and CANCEL (section 9.1): same branch,
/// route, From, Call-ID and CSeq number as the INVITE; To is added by the caller.
fn hop_by_hop(invite: &Request, method: Method) -> Request {
    let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
    let mut request = Request::new(method.clone(), invite.uri.clone());
    for name in [header::VIA, header::ROUTE, header::FROM, header::CALL_ID] {
        request.headers.copy_from(&invite.headers, name);
    }
    request.headers.push(header::CSEQ, format!("{number} {method}"));
    request.headers.push(header::MAX_FORWARDS, "70");
    request
}
