//! Dialogs (RFC 3261 section 12).

use std::net::{IpAddr, SocketAddr};

use crate::sip::header::{self, NameAddr, Value};
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::Flow;
use crate::sip::uri::{Host, Scheme, Uri};
use crate::sip::{Destination, Transport};

/// Route entries kept of one dialog; a real path has two or three.
const MAX_ROUTES: usize = 16;

/// The state of one dialog, early or confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: String,
    /// Our From, with our tag.
    local: Value,
    /// Their To, with their tag, byte for byte.
    remote: Value,
    remote_tag: String,
    /// CSeq number of our latest request.
    pub local_seq: u32,
    /// CSeq number of their latest request; None before the first.
    remote_seq: Option<u32>,
    routes: Vec<NameAddr>,
    target: Uri,
    /// Where the first request went to or came from.
    origin: Flow,
    /// Nothing could be sent to route and target: requests go to `origin`.
    is_cut_off: bool,
    /// The peer says that it takes UPDATE.
    pub allows_update: bool,
}

impl Dialog {
    /// The client's side (section 12.1.2): from our INVITE's fields and a response with a
    /// To tag. None where the response lacks To.
    pub(crate) fn from_response(request: &Origin, response: &Response) -> Option<Dialog> {
        let headers = &response.headers;
        let mut routes = headers.record_route();
        routes.reverse();
        routes.truncate(MAX_ROUTES);
        let mut dialog = Dialog {
            call_id: request.call_id.clone(),
            local: request.local.clone(),
            remote: headers.value(header::TO)?.clone(),
            remote_tag: headers.to_tag().unwrap_or_default(),
            local_seq: request.seq,
            remote_seq: None,
            routes,
            target: request.target.clone(),
            origin: request.flow.clone(),
            is_cut_off: false,
            allows_update: false,
        };
        dialog.learn(headers);
        Some(dialog)
    }

    /// The server's side (section 12.1.1): from their INVITE and our tag. None where the
    /// request lacks From or Contact.
    pub(crate) fn from_request(request: &Request, local_tag: &str, flow: &Flow) -> Option<Dialog> {
        let headers = &request.headers;
        let mut routes = headers.record_route();
        routes.truncate(MAX_ROUTES);
        let mut to = Request::new(Method::ACK, request.uri.clone()).headers;
        to.copy_from(headers, header::TO);
        to.add_to_tag(local_tag);
        let mut dialog = Dialog {
            call_id: headers.call_id()?.to_owned(),
            local: to.value(header::TO)?.clone(),
            remote: headers.value(header::FROM)?.clone(),
            remote_tag: headers.from_tag().unwrap_or_default(),
            local_seq: 0,
            remote_seq: headers.cseq().map(|cseq| cseq.number),
            routes,
            target: headers.contact()?.uri,
            origin: flow.clone(),
            is_cut_off: false,
            allows_update: false,
        };
        dialog.learn(headers);
        Some(dialog)
    }

    /// Takes the new remote target (target refresh, section 12.2) and what the peer allows.
    pub(crate) fn learn(&mut self, headers: &header::Headers) {
        if let Some(contact) = headers.contact().filter(|contact| contact.uri.is_sip()) {
            self.target = contact.uri;
        }
        if headers.contains(header::ALLOW) {
            self.allows_update = headers.list_has(header::ALLOW, "UPDATE");
        }
    }

    /// Goes on where the early dialog of the same peer was (RFC 3261 section 13.2.2.4):
    /// the 2xx gives route set and target anew, the sequence numbers run on.
    pub(crate) fn continue_from(&mut self, early: &Dialog) {
        self.local_seq = self.local_seq.max(early.local_seq);
        self.remote_seq = early.remote_seq;
        self.allows_update |= early.allows_update;
    }

    /// What was sent to route and target did not leave: from now on requests go to where the
    /// dialog began, for something there knows the call. False where they went there already, or over
    /// the connection on which it began.
    pub(crate) fn fall_back(&mut self) -> bool {
        let flow = self.flow();
        let is_same = flow.connection.is_some() && flow.connection == self.origin.connection;
        let elsewhere = !is_same && flow != self.origin;
        self.is_cut_off |= elsewhere;
        elsewhere
    }

    pub(crate) fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// True where a request with this Call-ID and From tag belongs here. A peer of RFC 2543
    /// has no tag (section 12.2.2).
    pub(crate) fn is_with(&self, call_id: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.remote_tag == remote_tag
    }

    /// Takes the CSeq of a request of theirs; false where it is out of order, which earns
    /// a 500 (section 12.2.2).
    pub(crate) fn take_seq(&mut self, number: u32) -> bool {
        let fits = self.remote_seq.is_none_or(|last| number > last);
        if fits {
            self.remote_seq = Some(number);
        }
        fits
    }

    /// A request inside the dialog with the next CSeq (section 12.2.1.1).
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_seq += 1;
        self.request_with(method, self.local_seq)
    }

    /// A request with a given CSeq number: ACK has that of its INVITE.
    pub(crate) fn request_with(&self, method: Method, seq: u32) -> Request {
        // A strict router takes the place of the target, and the target ends the route.
        let strict = self.routes.first().is_some_and(|first| !first.uri.is_loose());
        let (uri, routes) = match self.routes.split_first() {
            Some((first, rest)) if strict => {
                let last = NameAddr::new(self.target.clone());
                let routes: Vec<String> = rest.iter().chain([&last]).map(NameAddr::to_string).collect();
                (first.uri.as_request_uri(), routes)
            }
            _ => (self.target.as_request_uri(), self.routes.iter().map(NameAddr::to_string).collect()),
        };
        let mut request = Request::new(method.clone(), uri);
        for route in routes {
            request.headers.push(header::ROUTE, route);
        }
        request.headers.push(header::FROM, self.local.clone());
        request.headers.push(header::TO, self.remote.clone());
        request.headers.push(header::CALL_ID, self.call_id.as_str());
        request.headers.push(header::CSEQ, format!("{seq} {method}"));
        request.headers.push(header::MAX_FORWARDS, "70");
        request
    }

    /// Where the next request goes: to the first route, else to the target, if that is an
    /// address. There is no DNS here: a name, and a private address told by a public peer,
    /// stand for the place the dialog began at, and so does an address that nothing could be sent to.
    /// A stream to the same host is used again.
    pub(crate) fn flow(&self) -> Flow {
        let hop = self.routes.first().map_or(&self.target, |route| &route.uri);
        let Host::IpAddr(ip) = &hop.host else { return self.origin.clone() };
        if self.is_cut_off {
            return self.origin.clone();
        }
        let ip = ip.to_canonical();
        let origin = &self.origin.destination;
        if is_local(ip) && !is_local(origin.addr.ip()) {
            return self.origin.clone();
        }
        let transport = match hop.scheme {
            Scheme::Sips => Transport::Tls,
            _ => hop.transport().unwrap_or(origin.transport),
        };
        let addr = SocketAddr::new(ip, hop.port.unwrap_or(transport.default_port()));
        let same_host = ip == origin.addr.ip() && transport == origin.transport;
        let server_name = if same_host { origin.server_name.clone() } else { ip.to_string() };
        let connection = self.origin.connection.filter(|_| same_host);
        Flow { destination: Destination { transport, addr, server_name }, connection }
    }
}

/// What of our INVITE a dialog is made from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub call_id: String,
    /// From with our tag.
    pub local: Value,
    pub seq: u32,
    /// Request-URI, for responses without a Contact.
    pub target: Uri,
    pub flow: Flow,
}

/// True for addresses that mean nothing beyond their own network.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || (ip.segments()[0] & 0xFE00) == 0xFC00,
    }
}
