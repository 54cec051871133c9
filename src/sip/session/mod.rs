//! A call as SIP sees it, from the INVITE to the answer to the BYE.
//!
//! ```text
//! us:   Calling --2xx, ACK--> Confirmed --BYE--> Closing --final or timer F--> over
//!          |--3xx-6xx, timers B and C, CANCEL and 487--> over      ^
//!          |--2xx that crossed our CANCEL: ACK, BYE----------------'
//! them: Ringing --accept--> Confirmed (200 again and again until the ACK)
//!          |--reject, CANCEL, BYE, no PRACK, nobody accepts--> over
//!       Confirmed --their BYE--> over
//! ```
//! Each state ends by a timer if by nothing else: Calling by timers B, C and 64*T1 after
//! CANCEL; Ringing by `answer_limit`; Confirmed by the session timer and `call_limit`;
//! Closing by timer F of the BYE.

mod call_offer;
mod calling;
mod closing;
mod confirmed;
mod confirmed_request;
mod confirmed_response;
mod core;
mod dialog;
mod provisional;
mod redirect;
mod referral;
mod refresh;
mod ringing;
mod trace;

pub use trace::{TRACE_BYTES, TRACE_MESSAGES, Trace};

pub(crate) use calling::Calling;
pub(crate) use closing::Closing;
pub(crate) use confirmed::Confirmed;
pub(crate) use core::{ALLOW, Core, session_of};
pub(crate) use dialog::{Dialog, Origin};
pub(crate) use refresh::too_small;
pub(crate) use ringing::Ringing;

use crate::base::{Mono, Now};
use crate::sip::endpoint::{By, End, Event, Hangup, SessionId};
use crate::sip::header;
use crate::sip::message::{Request, Response};
use crate::sip::transaction::{Outcome, Outgoing, Owner, Upcall};
use crate::sip::{ClientAuth, Method};

/// What a session keeps through all its states.
#[derive(Debug)]
pub(crate) struct Head {
    pub id: SessionId,
    pub local_tag: String,
    /// Our Contact header.
    pub contact: String,
    pub auth: Option<ClientAuth>,
}

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    pub head: Head,
    pub state: State,
}

/// Where a session stands; what belongs to one state lives only there.
#[derive(Debug)]
pub(crate) enum State {
    /// Our INVITE has no final response.
    Calling(Box<Calling>),
    /// Their INVITE has no final response.
    Ringing(Box<Ringing>),
    /// Answered.
    Confirmed(Box<Confirmed>),
    /// Our BYE has no final response.
    Closing(Box<Closing>),
}

/// The state after a step; None where the session is over and its terminal event is out.
pub(crate) type Next = Option<State>;

/// Why we want out of a call that is not up yet, and who made us.
#[derive(Clone, Debug)]
pub(crate) struct Quit {
    pub by: By,
    pub hangup: Hangup,
}

/// An offer of the peer that our side has not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theirs {
    pub server: u64,
    /// The request was an INVITE: the 200 wants an ACK.
    pub invite: bool,
    /// It had no offer: our 200 makes one.
    pub delayed: bool,
    /// Answered with 500 if our side stays silent to here.
    pub until: Mono,
}

impl State {
    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        match self {
            State::Calling(state) => state.next_timeout(),
            State::Ringing(state) => state.next_timeout(),
            State::Confirmed(state) => state.next_timeout(),
            State::Closing(_) => None,
        }
    }

    /// The dialog whose remote tag this is.
    pub(crate) fn dialog_mut(&mut self, call_id: &str, remote_tag: &str) -> Option<&mut Dialog> {
        let dialog = match self {
            State::Calling(state) => return state.dialog_mut(call_id, remote_tag),
            State::Ringing(state) => &mut state.dialog,
            State::Confirmed(state) => &mut state.dialog,
            State::Closing(state) => &mut state.dialog,
        };
        dialog.is_with(call_id, remote_tag).then_some(dialog)
    }

    /// Something that one of the session's client transactions has to say.
    pub(crate) fn handle_upcall(
        self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        upcall: Upcall,
        response: Option<&Response>,
    ) -> Next {
        match self {
            State::Calling(state) => state.handle_upcall(now, head, core, upcall, response),
            State::Ringing(state) => Some(State::Ringing(state)),
            State::Confirmed(state) => state.handle_upcall(now, head, core, upcall, response),
            State::Closing(state) => state.handle_upcall(now, head, core, upcall, response),
        }
    }

    /// A request inside the dialog, with its CSeq in order and its transaction open.
    pub(crate) fn handle_request(
        self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        match self {
            State::Calling(state) => state.handle_request(now, head, core, server, request),
            State::Ringing(state) => state.handle_request(now, head, core, server, request),
            State::Confirmed(state) => state.handle_request(now, head, core, server, request),
            State::Closing(state) => state.handle_request(now, core, server, request),
        }
    }

    /// The dialog of a call that was answered.
    pub(crate) fn answered_dialog(&mut self) -> Option<&mut Dialog> {
        match self {
            State::Confirmed(state) => Some(&mut state.dialog),
            State::Closing(state) => Some(&mut state.dialog),
            State::Calling(_) | State::Ringing(_) => None,
        }
    }

    pub(crate) fn handle_timeout(self, now: Now, head: &mut Head, core: &mut Core) -> Next {
        match self {
            State::Calling(state) => state.handle_timeout(now, core),
            State::Ringing(state) => state.handle_timeout(now, head, core),
            State::Confirmed(state) => state.handle_timeout(now, head, core),
            State::Closing(state) => Some(State::Closing(state)),
        }
    }

    pub(crate) fn hangup(self, now: Now, head: &mut Head, core: &mut Core, why: Hangup) -> Next {
        match self {
            State::Calling(state) => state.quit(now, core, Quit { by: By::Us, hangup: why }),
            State::Ringing(state) => {
                let status = if why.status >= 300 { why.status } else { 480 };
                let fields = reason_value(&why).map(|value| (header::REASON.to_owned(), value));
                state.reject(now, head, core, status, fields.into_iter().collect(), &why.text)
            }
            State::Confirmed(state) => state.hangup(now, head, core, why),
            State::Closing(state) => Some(State::Closing(state)),
        }
    }
}

/// The Reason header of a CANCEL or BYE (RFC 3326).
pub(crate) fn reason_value(why: &Hangup) -> Option<String> {
    let text = why.text.replace(['"', '\\', '\r', '\n'], " ");
    match (why.q850, why.status) {
        (0, 0) => None,
        (0, status) => Some(format!("SIP;cause={status};text=\"{text}\"")),
        (q850, _) => Some(format!("Q.850;cause={q850};text=\"{text}\"")),
    }
}

/// Sends a request of ours again after 401 or 407 with the next CSeq; false where the
/// challenge cannot or may not be answered.
pub(crate) fn answer_challenge(
    now: Now,
    head: &mut Head,
    core: &mut Core,
    dialog: &mut Dialog,
    (owner, outgoing): (Owner, Box<Outgoing>),
    response: &Response,
) -> bool {
    let Some(auth) = &mut head.auth else { return false };
    if !matches!(response.status, 401 | 407) || auth.handle_challenge(response).is_err() {
        return false;
    }
    let mut outgoing = *outgoing;
    dialog.local_seq += 1;
    let cseq = format!("{} {}", dialog.local_seq, outgoing.request.method);
    outgoing.request.headers.set(header::CSEQ, cseq);
    core.request(now, outgoing, owner, Some(auth));
    true
}

/// What every state answers by itself: OPTIONS, INFO, and what fits nowhere. The caller
/// has handled what means something in its state.
pub(crate) fn answer_other(now: Now, head: &Head, core: &mut Core, server: u64, request: &Request) {
    match request.method {
        Method::OPTIONS => core.answer_options(now, server),
        Method::INFO => {
            core.reply(now, server, 200);
            core.events.push_back(Event::Info {
                session: head.id,
                content_type: request.headers.content_type().unwrap_or_default(),
                body: bytes::Bytes::copy_from_slice(&request.body),
            });
        }
        Method::INVITE => core.reply_busy(now, server),
        _ => core.reply(now, server, 481),
    }
}

/// The final status an outcome stands for: 408 for silence, 503 for a broken transport
/// (RFC 3261 section 8.1.3.1).
pub(crate) fn status_of(outcome: &Outcome, response: Option<&Response>) -> u16 {
    match (outcome, response) {
        (Outcome::Timeout, _) => 408,
        (Outcome::Unsent(_), _) => 503,
        (_, Some(response)) => response.status,
        (_, None) => 500,
    }
}

/// The end of a session by a fault of ours or of the network.
pub(crate) fn fault(status: u16, reason: &str) -> End {
    core::end(By::Fault, status, reason)
}

/// The soonest of some deadlines.
pub(crate) fn soonest(deadlines: &[Option<Mono>]) -> Option<Mono> {
    deadlines.iter().flatten().min().copied()
}
