//! Health checks by OPTIONS.

use std::time::Duration;

use super::Endpoint;
use super::command::Ping;
use super::event::{Event, PingId};
use crate::base::Now;
use crate::sip::ClientAuth;
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Flow, Outcome, Outgoing, Owner, TimerKey, Upcall};
use crate::sip::uri::Uri;

/// One OPTIONS under way.
#[derive(Debug)]
pub(super) struct Pinged {
    client: u64,
    auth: Option<ClientAuth>,
    started: crate::base::Mono,
}

impl Endpoint {
    pub(super) fn start_ping(&mut self, now: Now, what: Ping) -> PingId {
        self.last_ping += 1;
        let id = self.last_ping;
        let mut auth =
            what.auth.as_ref().map(|auth| ClientAuth::new(&auth.user, &auth.password, auth.realm.as_deref()));
        let uri = Uri::parse(&what.uri).unwrap_or_else(|_| Uri::sip("", "invalid", None));
        let mut request = Request::new(Method::OPTIONS, uri);
        let headers = &mut request.headers;
        headers.push(header::FROM, format!("<{}>;tag={}", what.from, self.core.rng.hex(16)));
        headers.push(header::TO, format!("<{}>", what.uri));
        headers.push(header::CALL_ID, self.core.rng.hex(24));
        headers.push(header::CSEQ, "1 OPTIONS");
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(
            header::CONTACT,
            self.core.contact("", what.destination.transport, what.destination.addr.ip()),
        );
        headers.push(header::ACCEPT, "application/sdp");
        let timeout = what.timeout.min(self.core.out.pace.give_up).max(Duration::from_millis(1));
        let flow = Flow { destination: what.destination, connection: None };
        let client = self.core.request(now, Outgoing { request, flow }, Owner::Ping(id), auth.as_mut());
        self.pings.insert(id, Pinged { client, auth, started: now.mono });
        self.core.out.arm(TimerKey::Ping(id), Some(now.mono + timeout));
        PingId(id)
    }

    pub(super) fn ping_timeout(&mut self, id: u32) {
        if let Some(pinged) = self.pings.remove(&id) {
            self.core.clients.remove(pinged.client, &mut self.core.out);
            self.fail_ping(id, "no answer in time");
        }
    }

    fn fail_ping(&mut self, id: u32, reason: &str) {
        self.core.events.push_back(Event::PingFailed { id: PingId(id), reason: reason.to_owned() });
    }

    pub(super) fn ping_outcome(&mut self, now: Now, id: u32, upcall: &Upcall, response: Option<&Response>) {
        if matches!(upcall.outcome, Outcome::Provisional | Outcome::Another) {
            return;
        }
        let Some(mut pinged) = self.pings.remove(&id) else { return };
        if let (Outcome::Final(outgoing), Some(response), Some(auth)) =
            (&upcall.outcome, response, &mut pinged.auth)
            && matches!(response.status, 401 | 407)
            && auth.handle_challenge(response).is_ok()
        {
            let mut outgoing = Outgoing::clone(outgoing);
            let number = outgoing.request.headers.cseq().map_or(1, |cseq| cseq.number) + 1;
            outgoing.request.headers.set(header::CSEQ, format!("{number} OPTIONS"));
            pinged.client = self.core.request(now, outgoing, Owner::Ping(id), Some(auth));
            self.pings.insert(id, pinged);
            return;
        }
        self.core.out.arm(TimerKey::Ping(id), None);
        match (response, &upcall.outcome) {
            (Some(response), _) => {
                let rtt = now.mono.since(pinged.started);
                self.core.events.push_back(Event::Pong { id: PingId(id), status: response.status, rtt });
            }
            (None, outcome @ Outcome::Unsent(_)) => self.fail_ping(id, &outcome.why_unsent("OPTIONS")),
            (None, _) => self.fail_ping(id, "no answer in time"),
        }
    }
}
