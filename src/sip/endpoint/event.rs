//! What an endpoint reports.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;

use crate::base::Cause;
use crate::sip::registrar::{Guarded, Presence};
use crate::sip::session::Trace;
use crate::sip::{Transport, Uri};

macro_rules! handle {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);
    )*};
}

handle! {
    /// One call as SIP sees it: the INVITE, all its forks, and the dialog that remains.
    SessionId(u64);
    /// One address of record that is kept registered.
    RegistrationId(u32);
    /// One OPTIONS health check.
    PingId(u32);
}

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// This side.
    Us,
    /// The other side.
    Peer,
    /// A timer or a fault.
    Fault,
}

/// How a session ended: the content of the one terminal event that each session has.
#[derive(Clone, Debug)]
pub struct End {
    /// Who did it.
    pub by: By,
    /// SIP status and Q.850 cause: from the Reason header where there is one (RFC 3326).
    pub cause: Cause,
    /// The reason phrase of the final response, or one sentence of ours.
    pub reason: String,
    /// Seconds of Retry-After, where the peer gave them.
    pub retry_after: Option<u32>,
    /// Contacts of a 3xx that was not followed.
    pub redirected_to: Vec<String>,
    /// Every message of the session.
    pub trace: Trace,
}

/// A new inbound call.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The session; it wants `progress`, then `accept` or `reject`.
    pub session: SessionId,
    /// Call-ID header.
    pub call_id: String,
    /// From header: display name, URI, without the tag.
    pub from: String,
    /// URI of the From header.
    pub from_uri: String,
    /// To header.
    pub to: String,
    /// Request-URI: the number that was dialled (DNIS).
    pub request_uri: String,
    /// The user whose phone calls, as it has proved.
    pub agent: Option<String>,
    /// P-Asserted-Identity, where given. Trust it only from a trunk.
    pub asserted: Option<String>,
    /// The offer; None asks us to make one in `accept`.
    pub offer: Option<Bytes>,
    /// Header fields of the request in order, for whatever else the caller needs.
    pub headers: Vec<(String, String)>,
    /// Where it came from.
    pub source: SocketAddr,
    /// Over which transport.
    pub transport: Transport,
    /// True if reliable provisional responses are possible.
    pub reliable: bool,
}

/// One report. Each session has exactly one terminal event: `Failed` where it was never
/// answered, `Ended` where it was. After it the session's id means nothing.
#[derive(Clone, Debug)]
pub enum Event {
    /// A provisional response above 100 to our INVITE. `sdp` is early media, not an answer
    /// of the phone.
    Provisional {
        /// The session.
        session: SessionId,
        /// 101-199.
        status: u16,
        /// Reason phrase.
        reason: String,
        /// Session description, if any.
        sdp: Option<Bytes>,
        /// Index of the early dialog, from 0; different ones are different phones.
        fork: u32,
    },
    /// Our INVITE was answered. With `is_offer` the peer offers (our INVITE had none) and
    /// `answer` is due: the ACK carries it.
    Answered {
        /// The session.
        session: SessionId,
        /// Answer, or offer with `is_offer`.
        sdp: Option<Bytes>,
        /// Index of the early dialog that won.
        fork: u32,
        /// True where `sdp` is an offer that waits for `answer`.
        is_offer: bool,
    },
    /// An answered session ends by a fault: our BYE is out, `Ended` follows when it is
    /// answered or given up. Nobody is heard any more.
    Lost {
        /// The session.
        session: SessionId,
        /// How it ends; without a trace.
        end: Box<End>,
    },
    /// The session ended without ever being answered.
    Failed {
        /// The session.
        session: SessionId,
        /// How.
        end: Box<End>,
    },
    /// The session was answered and is over.
    Ended {
        /// The session.
        session: SessionId,
        /// How.
        end: Box<End>,
    },
    /// A new inbound call.
    Incoming(Box<Incoming>),
    /// The peer wants other media (hold, resume, codec change): `answer` is due. None asks
    /// us for an offer, which `answer` gives as `Ok`.
    Offer {
        /// The session.
        session: SessionId,
        /// The offer.
        sdp: Option<Bytes>,
    },
    /// The outcome of our `offer`, or the answer to the offer that `answer` gave.
    AnswerToOffer {
        /// The session.
        session: SessionId,
        /// The answer, or the status that refused it; the media stay as they were then.
        result: Result<Bytes, u16>,
    },
    /// The peer acknowledged our 200 to its first INVITE. `sdp` is the answer where our 200
    /// carried the offer.
    Confirmed {
        /// The session.
        session: SessionId,
        /// The answer in the ACK.
        sdp: Option<Bytes>,
    },
    /// A SIP INFO inside the dialog; it has been answered with 200.
    Info {
        /// The session.
        session: SessionId,
        /// Content-Type, lower case without parameters.
        content_type: String,
        /// The body.
        body: Bytes,
    },
    /// The peer wants the call to go on with somebody else (RFC 3515): `answer_refer` is due.
    Refer {
        /// The session.
        session: SessionId,
        /// With whom; with a Replaces header, the dialog that is to be joined (RFC 3891).
        refer_to: Uri,
    },
    /// A registration stands.
    Registered {
        /// Which.
        id: RegistrationId,
        /// For how many seconds; it is renewed before.
        expires: u32,
    },
    /// A registration was given back, or given up while it was.
    Unregistered {
        /// Which.
        id: RegistrationId,
    },
    /// A registration was refused or not answered.
    RegistrationFailed {
        /// Which.
        id: RegistrationId,
        /// The final status; 408 where nothing came, 503 where it could not be sent.
        status: u16,
        /// Why, for the operator.
        reason: String,
        /// When it will be tried again.
        retry_in: Duration,
    },
    /// The peer answered an OPTIONS: any final response shows that it lives, but 503 and
    /// 5xx say that it wants no calls.
    Pong {
        /// Which.
        id: PingId,
        /// Final status.
        status: u16,
        /// Round trip.
        rtt: Duration,
    },
    /// No answer to an OPTIONS within its time.
    PingFailed {
        /// Which.
        id: PingId,
        /// Why.
        reason: String,
    },
    /// A user's phones changed in number.
    Presence(Presence),
    /// Somebody guessed passwords and is shut out for a while.
    Guarded(Guarded),
    /// Somebody was refused for calling too fast; once a second per address at most.
    Flood {
        /// The address.
        source: IpAddr,
        /// INVITEs refused since the last report.
        refused: u32,
    },
}
