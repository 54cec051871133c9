//! Our BYE until its final response.

use crate::base::Now;
use crate::sip::endpoint::{By, End, Event, Hangup};
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Flow, Outcome, Outgoing, Owner, Upcall};

use super::core::Core;
use super::{Dialog, Head, Next, State, answer_challenge, reason_value};

/// A dialog that is being ended by us.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(super) dialog: Dialog,
    end: End,
    answered: bool,
    /// Why, for a BYE that must be sent once more.
    why: Hangup,
    /// Where the BYE went.
    sent_to: Flow,
}

impl Closing {
    /// Sends BYE. `answered` tells which terminal event follows its outcome; where our side
    /// did not ask for the end it is told at once, for the outcome may take 64*T1.
    pub(super) fn start(
        now: Now,
        head: &mut Head,
        core: &mut Core,
        mut dialog: Dialog,
        end: End,
        why: &Hangup,
        answered: bool,
    ) -> Next {
        let sent_to = send_bye(now, head, core, &mut dialog, why);
        if answered && end.by != By::Us {
            core.events.push_back(Event::Lost { session: head.id, end: Box::new(end.clone()) });
        }
        Some(State::Closing(Box::new(Closing { dialog, end, answered, why: why.clone(), sent_to })))
    }

    pub(super) fn handle_upcall(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        upcall: Upcall,
        response: Option<&Response>,
    ) -> Next {
        match (upcall.owner, upcall.outcome, response) {
            (_, Outcome::Provisional | Outcome::Another, _) => Some(State::Closing(self)),
            (Owner::Bye(_), Outcome::Final(outgoing), Some(response)) => {
                let again = (upcall.owner, outgoing);
                if answer_challenge(now, head, core, &mut self.dialog, again, response) {
                    return Some(State::Closing(self));
                }
                core.finish(head.id, self.answered, self.end);
                None
            }
            // The dialog may have fallen back already, with the ACK that did not leave either.
            (Owner::Bye(_), Outcome::Unsent(_), _)
                if self.sent_to != self.dialog.flow() || self.dialog.fall_back() =>
            {
                self.sent_to = send_bye(now, head, core, &mut self.dialog, &self.why);
                Some(State::Closing(self))
            }
            (Owner::Bye(_), ..) => {
                core.finish(head.id, self.answered, self.end);
                None
            }
            // A re-INVITE of ours that was under way: its 2xx wants an ACK all the same.
            (Owner::Reinvite(_), Outcome::Final(outgoing), Some(response)) if response.is_success() => {
                let seq = outgoing.request.headers.cseq().map_or(0, |cseq| cseq.number);
                let ack = self.dialog.request_with(Method::ACK, seq);
                let tag = response.headers.to_tag().unwrap_or_default();
                core.acknowledge(now, upcall.client, &tag, Some(head.id), ack, self.dialog.flow());
                Some(State::Closing(self))
            }
            _ => Some(State::Closing(self)),
        }
    }

    pub(super) fn handle_request(
        mut self: Box<Self>,
        now: Now,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        match request.method {
            // Both hung up at once.
            Method::BYE => {
                core.reply(now, server, 200);
                if self.end.by == By::Fault {
                    self.end.by = By::Peer;
                }
            }
            Method::OPTIONS => core.answer_options(now, server),
            _ => core.reply(now, server, 481),
        }
        Some(State::Closing(self))
    }
}

/// Where it goes.
fn send_bye(now: Now, head: &mut Head, core: &mut Core, dialog: &mut Dialog, why: &Hangup) -> Flow {
    let mut request = dialog.request(Method::BYE);
    if let Some(reason) = reason_value(why) {
        request.headers.push(header::REASON, reason);
    }
    let flow = dialog.flow();
    let outgoing = Outgoing { request, flow: flow.clone() };
    core.request(now, outgoing, Owner::Bye(head.id), head.auth.as_mut());
    flow
}

/// Ends a dialog at once because the peer sent BYE.
pub(super) fn ended_by_peer(now: Now, core: &mut Core, server: u64, request: &Request) -> End {
    core.reply(now, server, 200);
    super::core::end_with_reason(By::Peer, 200, "", &request.headers)
}
