//! What every session, registration and health check works with.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use bytes::Bytes;

use crate::base::{Now, Rng};
use crate::sip::endpoint::{By, End, Event, Local, Received, SessionId, Settings, Transmit};
use crate::sip::header;
use crate::sip::message::{Request, Response};
use crate::sip::transaction::{Clients, Flow, Outgoing, Outputs, Owner, Servers};
use crate::sip::{ClientAuth, Destination, Transport};

/// Methods that are served; the value of Allow.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, REFER, UPDATE";
/// Option tags that are known; the value of Supported.
pub(crate) const SUPPORTED: &str = "100rel, timer";
/// The only kind of session description.
pub(crate) const SDP: &str = "application/sdp";

/// The transactions, the outputs, randomness and settings.
pub(crate) struct Core {
    pub settings: Settings,
    /// By the address of the peer.
    pub locals: BTreeMap<IpAddr, Local>,
    pub rng: Rng,
    pub clients: Clients,
    pub servers: Servers,
    pub out: Outputs,
    pub events: VecDeque<Event>,
}

impl Core {
    pub(crate) fn new(settings: Settings, rng: Rng) -> Self {
        let out = Outputs::new(&settings);
        Core {
            settings,
            locals: BTreeMap::new(),
            rng,
            clients: Clients::default(),
            servers: Servers::default(),
            out,
            events: VecDeque::new(),
        }
    }

    /// Our `host:port` as this peer sees it.
    pub(crate) fn advertised(&self, transport: Transport, peer: IpAddr) -> &str {
        let own = self.locals.get(&peer).map_or(&self.settings.advertised, |local| &local.advertised);
        own.of(transport)
    }

    /// A tag for the dialogs of a session. It carries the number, so that a request in a
    /// dialog needs no search, and 64 random bits that nobody can guess.
    pub(crate) fn session_tag(&mut self, id: SessionId) -> String {
        format!("{}.{:x}", self.rng.hex(16), id.0)
    }

    /// Our Contact for one user, towards one peer.
    pub(crate) fn contact(&self, user: &str, transport: Transport, peer: IpAddr) -> String {
        let at = if user.is_empty() { "" } else { "@" };
        let param = match transport {
            Transport::Udp => String::new(),
            other => format!(";transport={other}"),
        };
        format!("<sip:{user}{at}{}{param}>", self.advertised(transport, peer))
    }

    /// Sends a request in a new client transaction, with credentials where there are any.
    pub(crate) fn request(
        &mut self,
        now: Now,
        mut outgoing: Outgoing,
        owner: Owner,
        auth: Option<&mut ClientAuth>,
    ) -> u64 {
        let headers = &mut outgoing.request.headers;
        if !headers.contains(header::USER_AGENT) {
            headers.push(header::USER_AGENT, self.settings.user_agent.as_str());
        }
        if let Some(auth) = auth {
            auth.apply(&mut outgoing.request, &mut self.rng);
        }
        let Destination { transport, addr, .. } = outgoing.flow.destination;
        let sent_by = self.advertised(transport, addr.ip()).to_owned();
        self.clients.start(now, outgoing, owner, &sent_by, &mut self.rng, &mut self.out)
    }

    /// Sends an ACK for a 2xx, which has no transaction of its own (RFC 3261 section
    /// 13.2.2.4), and keeps it for retransmissions of the 2xx in transaction `invite`.
    pub(crate) fn acknowledge(
        &mut self,
        now: Now,
        invite: u64,
        to_tag: &str,
        session: Option<SessionId>,
        mut ack: Request,
        flow: Flow,
    ) {
        let transport = flow.destination.transport;
        let branch = self.rng.hex(16);
        let via = format!(
            "SIP/2.0/{} {};branch=z9hG4bK{branch};rport",
            transport.via_name(),
            self.advertised(transport, flow.destination.addr.ip())
        );
        ack.headers.push_front(header::VIA, via);
        let mut buffer = Vec::with_capacity(1_024);
        ack.encode(&mut buffer);
        let bytes = Bytes::from(buffer);
        self.out.send(now, session, &flow, bytes.clone());
        self.clients.keep_ack(invite, to_tag, flow, bytes);
    }

    /// Answers a request in its transaction.
    pub(crate) fn respond(&mut self, now: Now, server: u64, mut response: Response) -> Option<Bytes> {
        if !response.headers.contains(header::SERVER) && response.status != 100 {
            response.headers.push(header::SERVER, self.settings.user_agent.as_str());
        }
        self.servers.respond(now, server, &response, &mut self.out)
    }

    /// Answers a request with a bare status. Requests inside a dialog have a To tag;
    /// others get a fresh one.
    pub(crate) fn reply(&mut self, now: Now, server: u64, status: u16) {
        self.reply_with(now, server, status, &[]);
    }

    /// The same with header fields.
    pub(crate) fn reply_with(
        &mut self,
        now: Now,
        server: u64,
        status: u16,
        fields: &[(&'static str, String)],
    ) {
        let tag = self.rng.hex(12);
        let Some(request) = self.servers.request(server) else { return };
        let mut response = request.respond(status, Some(tag.as_str()).filter(|_| status > 100));
        for (name, value) in fields {
            response.headers.push(*name, value.as_str());
        }
        self.respond(now, server, response);
    }

    /// 500 with a Retry-After of 0 to 10 s: the request came while one like it was open
    /// (RFC 3261 section 14.2, RFC 3311 section 5.2).
    pub(crate) fn reply_busy(&mut self, now: Now, server: u64) {
        let seconds = self.rng.below(11).to_string();
        self.reply_with(now, server, 500, &[(header::RETRY_AFTER, seconds)]);
    }

    /// Keeps a received message in the trace of its session.
    pub(crate) fn record(&mut self, now: Now, session: SessionId, received: &Received<'_>) {
        self.out.record(now, session, received);
    }

    /// The one terminal event of a session.
    pub(crate) fn finish(&mut self, session: SessionId, answered: bool, mut end: End) {
        end.trace = self.out.traces.remove(&session).unwrap_or_default();
        let end = Box::new(end);
        self.events.push_back(match answered {
            true => Event::Ended { session, end },
            false => Event::Failed { session, end },
        });
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        let mut transmit = self.out.transmits.pop_front()?;
        transmit.local = self.locals.get(&transmit.destination.addr.ip()).and_then(|local| local.address);
        Some(transmit)
    }
}

/// The number in a tag made by `session_tag`.
pub(crate) fn session_of(tag: &str) -> Option<SessionId> {
    u64::from_str_radix(tag.rsplit_once('.')?.1, 16).ok().map(SessionId)
}

/// An end without details.
pub(crate) fn end(by: By, status: u16, reason: impl Into<String>) -> End {
    End {
        by,
        cause: crate::base::Cause::from_status(status),
        reason: reason.into(),
        retry_after: None,
        redirected_to: Vec::new(),
        trace: super::Trace::default(),
    }
}

/// The same with the Q.850 cause of a Reason header, where there is one (RFC 3326).
pub(crate) fn end_with_reason(
    by: By,
    status: u16,
    reason: impl Into<String>,
    headers: &header::Headers,
) -> End {
    let mut end = end(by, status, reason);
    for given in headers.reasons() {
        let cause = given.cause.unwrap_or_default();
        if given.protocol.eq_ignore_ascii_case("Q.850") {
            end.cause.q850 = u8::try_from(cause).unwrap_or_default();
        }
        if let Some(text) = given.text.filter(|_| end.reason.is_empty()) {
            end.reason = text;
        }
    }
    end.retry_after = headers.retry_after();
    end
}

/// The session description of a message, if it has one.
pub(crate) fn sdp_of(headers: &header::Headers, body: &[u8]) -> Option<Bytes> {
    let is_sdp = !body.is_empty() && headers.content_type().is_none_or(|kind| kind == SDP);
    if is_sdp {
        return Some(Bytes::copy_from_slice(body));
    }
    sdp_part(headers, body)
}

/// The first application/sdp part of a multipart body (RFC 2046 section 5.1).
fn sdp_part(headers: &header::Headers, body: &[u8]) -> Option<Bytes> {
    let kind = headers.get(header::CONTENT_TYPE)?;
    if !kind.to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let at = kind.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let boundary = kind[at..].split(';').next()?.trim().trim_matches('"');
    let text = std::str::from_utf8(body).ok()?;
    let separator = format!("--{boundary}");
    text.split(separator.as_str()).skip(1).find_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        head.to_ascii_lowercase().contains(SDP).then(|| Bytes::copy_from_slice(content.as_bytes()))
    })
}

/// Puts a session description on a request or response.
pub(crate) fn with_sdp(headers: &mut header::Headers, body: &mut Vec<u8>, sdp: &[u8]) {
    headers.set(header::CONTENT_TYPE, SDP);
    *body = sdp.to_vec();
}
