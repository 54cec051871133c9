//! What goes into a leg and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{LegKind, LegResult};
use crate::call::talk::info_key;
use crate::call::{self, EndedBy, Way};
use crate::media::{self, Prompt};
use crate::sip::endpoint::{End, Hangup};

/// What a leg is to do; fixed when it begins.
#[derive(Clone, Debug)]
pub struct LegPlan {
    /// Position among the legs of its call, from 1.
    pub number: u32,
    /// Who is called.
    pub kind: LegKind,
    /// The extension or number that is rung.
    pub target: String,
    /// Whose phone it is: the agent's name, or the extension of a phone that is nobody's; None: an outside
    /// number.
    pub agent: Option<String>,
    /// The media side of the way there.
    pub way: Way,
    /// How long an INVITE may stay without ringing.
    pub setup: Duration,
    /// How long it may ring.
    pub ring: Duration,
    /// RTP silence after which the phone counts as gone; zero: never.
    pub rtp_timeout: Duration,
    /// A key that must be pressed; None: the answer is enough.
    pub accept: Option<Accept>,
}

/// How a person shows that no voicemail has answered.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Which key.
    pub key: char,
    /// Said again and again until it is pressed.
    pub prompts: Vec<Arc<Prompt>>,
    /// How long.
    pub wait: Duration,
}

/// Why a leg is let go.
#[derive(Clone, Debug)]
pub struct Release {
    /// What it came to.
    pub result: LegResult,
    /// What its phone is told.
    pub hangup: Hangup,
}

/// What happened to a leg.
#[derive(Debug)]
pub enum Event {
    /// The media plane reports.
    Media(media::Event),
    /// A provisional response above 100; its early media, if any.
    Provisional {
        /// 101-199.
        status: u16,
        /// An answer that counts where the 2xx has none (RFC 3262 section 5).
        sdp: Option<Bytes>,
    },
    /// The phone answered.
    Answered(Option<Bytes>),
    /// The peer wants other media; None asks us for an offer.
    Offered(Option<Bytes>),
    /// The answer to an offer that we gave on request.
    OfferAnswered(Result<Bytes, u16>),
    /// A key by SIP INFO.
    Key(char),
    /// The session ends by a fault; its terminal event follows.
    SessionLost(Box<End>),
    /// The one terminal event of SIP.
    SessionEnded(Box<End>),
    /// Its own phone called, and somebody is there for it: it is answered.
    Take,
    /// Whoever owns the leg needs it no more.
    Release(Release),
}

impl Event {
    /// What signalling has to say, for a leg; None where a leg has no use for it.
    pub fn of_call(event: call::Event) -> Option<Event> {
        use call::Event as E;
        Some(match event {
            E::Provisional { status, sdp, .. } => Event::Provisional { status, sdp },
            E::Answered { sdp, .. } => Event::Answered(sdp),
            E::Offered(sdp) => Event::Offered(sdp),
            E::OfferAnswered(result) => Event::OfferAnswered(result),
            E::Info { content_type, body } => Event::Key(info_key(&content_type, &body)?),
            E::SessionLost(end) => Event::SessionLost(end),
            E::SessionEnded(end) => Event::SessionEnded(end),
            E::Media(event) => Event::Media(event),
            E::Route(_) | E::Speech { .. } | E::Dial | E::Connected | E::Parted(_) | E::Stop(_) => {
                return None;
            }
        })
    }
}

/// What a leg wants done.
#[derive(Debug)]
pub enum Action {
    /// An order to its media session.
    Media(media::Command),
    /// Send the INVITE.
    Invite {
        /// Its offer.
        offer: Bytes,
        /// The offer for a peer that refuses that one.
        second: Option<Bytes>,
    },
    /// Answer its own INVITE with 200.
    Accept(Bytes),
    /// Answer an offer inside the dialog, or refuse it with a status.
    Answer(Result<Bytes, u16>),
    /// CANCEL, BYE, or a final response to its own INVITE.
    HangUp(Hangup),
    /// The phone rings.
    Ringing,
    /// A person is there and can be mixed in.
    Up,
    /// Its phone put the other side on hold (true), or came back.
    Held(bool),
    /// A key that its person pressed.
    Key(char),
    /// It is of no more use; told once, while its signalling may still be running out.
    Over {
        /// What it came to.
        result: LegResult,
        /// Who ended it.
        by: EndedBy,
    },
    /// Nothing is left of it.
    Ended,
}
