//! Responses from the network, and what client transactions make of them.

use super::{Endpoint, Received};
use crate::base::Now;
use crate::sip::Destination;
use crate::sip::header;
use crate::sip::message::{Method, Response};
use crate::sip::session::{Dialog, Origin, status_of};
use crate::sip::transaction::{Flow, Outcome, Outgoing, Owner, Upcall};

impl Endpoint {
    pub(super) fn receive_response(&mut self, now: Now, response: &Response, received: &Received<'_>) {
        let headers = &response.headers;
        let found = headers.via().zip(headers.cseq()).and_then(|(via, cseq)| {
            self.core.clients.find(via.branch().unwrap_or_default(), cseq.method.as_str())
        });
        let Some(id) = found else {
            self.core.out.counters.stray += 1;
            return self.receive_stray(now, response, received);
        };
        if let Some(session) = self.core.clients.get(id).and_then(|client| client.session) {
            self.core.record(now, session, received);
        }
        if let Some(upcall) = self.core.clients.handle_response(now, id, response, &mut self.core.out) {
            self.handle_upcall(now, upcall, Some((response, received)));
        }
    }

    /// Hands an outcome to its owner.
    pub(super) fn handle_upcall(
        &mut self,
        now: Now,
        upcall: Upcall,
        from: Option<(&Response, &Received<'_>)>,
    ) {
        let response = from.map(|(response, _)| response);
        match upcall.owner {
            Owner::Register(id) => self.registration_outcome(now, id, upcall.outcome, response),
            Owner::Ping(id) => self.ping_outcome(now, id, &upcall, response),
            Owner::Cancel(_) | Owner::Surplus(_) => {}
            Owner::Invite(id)
            | Owner::Reinvite(id)
            | Owner::Update(id)
            | Owner::Prack(id)
            | Owner::Bye(id)
            | Owner::Info(id)
            | Owner::Notify(id) => {
                let answered =
                    response.is_some_and(Response::is_success) && upcall.owner.method() == "INVITE";
                let another = matches!(upcall.outcome, Outcome::Another);
                if let Some((response, received)) =
                    from.filter(|_| answered && (another || !self.sessions.contains_key(&id)))
                {
                    return self.end_surplus(now, response, received, upcall.client, upcall.owner);
                }
                self.step(now, id, |state, now, head, core| {
                    state.handle_upcall(now, head, core, upcall, response)
                });
            }
        }
    }

    /// A phone that answered after another one, or after the call was gone: ACK and BYE
    /// (RFC 3261 section 13.2.2.4).
    fn end_surplus(
        &mut self,
        now: Now,
        response: &Response,
        received: &Received<'_>,
        client: u64,
        owner: Owner,
    ) {
        let headers = &response.headers;
        let Some((local, call_id)) = headers.value(header::FROM).zip(headers.call_id()) else { return };
        let (Some(contact), Some(cseq)) = (headers.contact(), headers.cseq()) else { return };
        let addr = received.source;
        let destination =
            Destination { transport: received.transport, addr, server_name: addr.ip().to_string() };
        let origin = Origin {
            call_id: call_id.to_owned(),
            local: local.clone(),
            seq: cseq.number,
            target: contact.uri,
            flow: Flow { destination, connection: received.connection },
        };
        let Some(mut dialog) = Dialog::from_response(&origin, response) else { return };
        let session = owner.session().filter(|id| self.sessions.contains_key(id));
        let ack = dialog.request_with(Method::ACK, cseq.number);
        self.core.acknowledge(now, client, dialog.remote_tag(), session, ack, dialog.flow());
        let request = dialog.request(Method::BYE);
        let outgoing = Outgoing { request, flow: dialog.flow() };
        self.core.request(now, outgoing, Owner::Surplus(session), None);
    }

    /// A 2xx that no transaction knows: a call of the life before a crash. Only a trunk
    /// gets ACK and BYE for it; to strangers it would be a way to make us send.
    fn receive_stray(&mut self, now: Now, response: &Response, received: &Received<'_>) {
        let invite = response.headers.cseq().is_some_and(|cseq| cseq.method == Method::INVITE);
        let room = self.core.clients.len() < self.core.settings.limits.server_transactions;
        if invite && response.is_success() && room && self.sources.is_trusted(received.source.ip()) {
            self.end_surplus(now, response, received, 0, Owner::Surplus(None));
        }
    }

    /// The status of a registration's or health check's outcome.
    pub(super) fn outcome_status(outcome: &Outcome, response: Option<&Response>) -> u16 {
        status_of(outcome, response)
    }
}
