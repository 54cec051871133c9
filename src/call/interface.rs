//! What goes into a call and what comes out of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{CallRecord, Direction, StoredAnswer};
use crate::base::{CallId, CampaignId, Cause, EntryId, Timestamp};
use crate::dialer::{MachinePolicy, RouteFailure};
use crate::ivr::{Consent, Facts, Parted, PromptSet, Script, Search};
use crate::media::{self, AmdSettings, Codec, Prompt};
use crate::sip::Srtp;
use crate::sip::endpoint::End;

/// What a call is to do; fixed when it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The attempt's id, the recording's name, the trace's key.
    pub id: CallId,
    /// Who calls whom.
    pub direction: Direction,
    /// The campaign, for list calls.
    pub campaign: Option<CampaignId>,
    /// The list entry, for list calls.
    pub entry: Option<EntryId>,
    /// The customer's number.
    pub phone: String,
    /// What is dialled through after the answer.
    pub extension: Option<Extension>,
    /// The survey.
    pub script: Arc<Script>,
    /// What the script may speak and branch on.
    pub facts: Facts,
    /// Prompts that exist.
    pub prompts: Arc<PromptSet>,
    /// What to do when a machine answers.
    pub machine: MachinePolicy,
    /// How a machine is told.
    pub amd: AmdSettings,
    /// How long an INVITE may stay without ringing or media.
    pub setup: Duration,
    /// How long it may ring.
    pub ring: Duration,
    /// RTP silence that ends the call; zero: never.
    pub rtp_timeout: Duration,
    /// Folder of all recordings.
    pub recordings: PathBuf,
    /// Path of this call's files below `recordings`, without ending: `2026/03/02/<call id>`.
    pub stem: String,
    /// Whether to record.
    pub record: bool,
}

/// An extension behind the number that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// How long to wait after the answer: the switchboard speaks first.
    pub pause: Duration,
    /// The keys; a comma waits 2 s.
    pub keys: String,
    /// How long to wait for a voice or a key afterwards; zero: not at all.
    pub wait: Duration,
}

/// The media side of the trunk a call goes over.
#[derive(Clone, Debug)]
pub struct Way {
    /// Name of the trunk.
    pub trunk: Arc<str>,
    /// Codecs to offer or accept, best first.
    pub codecs: Vec<Codec>,
    /// Encryption.
    pub srtp: Srtp,
    /// Whether RTCP on the RTP port is offered.
    pub rtcp_mux: bool,
    /// Address to put into SDP; None: the socket's own.
    pub external: Option<std::net::IpAddr>,
}

/// What happened to a call.
#[derive(Debug)]
pub enum Event {
    /// The media plane reports.
    Media(media::Event),
    /// A provisional response above 100.
    Provisional {
        /// 101-199.
        status: u16,
        /// Early media.
        sdp: Option<Bytes>,
        /// Which of the phones that ring.
        fork: u32,
    },
    /// Our INVITE was answered.
    Answered {
        /// The answer; None where it stood in a provisional response (RFC 3262 section 5).
        sdp: Option<Bytes>,
        /// Which of the phones that rang.
        fork: u32,
    },
    /// The peer wants other media; None asks us for an offer.
    Offered(Option<Bytes>),
    /// The answer to an offer that we gave on request, in an ACK or a response.
    OfferAnswered(Result<Bytes, u16>),
    /// SIP INFO.
    Info {
        /// Lower case, without parameters.
        content_type: String,
        /// Body.
        body: Bytes,
    },
    /// The session ends by a fault; its terminal event follows.
    SessionLost(Box<End>),
    /// The session ended, answered or not: the one terminal event of SIP.
    SessionEnded(Box<End>),
    /// The dialler's answer to [`Action::Reroute`].
    Route(Option<Way>),
    /// Speech for the script is ready, or could not be made.
    Speech {
        /// From the order.
        speech: u32,
        /// The sound, or None.
        sound: Option<Arc<Prompt>>,
    },
    /// The agent for whom the call is placed is there: the customer is called now.
    Dial,
    /// Somebody of [`Action::Connect`] is there.
    Connected,
    /// The customer has nobody to talk to any more, or could not be given anybody.
    Parted(Parted),
    /// An operator or the shutdown ends the call.
    Stop(String),
}

/// What a call wants done.
#[derive(Debug)]
pub enum Action {
    /// An order to the call's media session.
    Media(media::Command),
    /// Send the INVITE over the way given last.
    Invite {
        /// Its offer.
        offer: Bytes,
        /// The offer for a peer that refuses that one.
        second: Option<Bytes>,
    },
    /// Answer the inbound INVITE with 200.
    Accept(Bytes),
    /// Refuse the inbound INVITE.
    Reject(u16),
    /// Answer an offer inside the call, or refuse it with a status.
    Answer(Result<Bytes, u16>),
    /// CANCEL or BYE, with these words in the Reason header.
    HangUp {
        /// Q.850 cause.
        q850: u8,
        /// Words.
        text: String,
    },
    /// This way failed and another may work; [`Event::Route`] is due.
    Reroute(RouteFailure),
    /// Store an answer.
    Store(StoredAnswer),
    /// Have speech made; [`Event::Speech`] is due.
    Speak {
        /// Comes back.
        speech: u32,
        /// What to say.
        text: String,
        /// Language.
        language: String,
    },
    /// Make a finished comment playable; [`Event::Speech`] is due.
    Load {
        /// Comes back.
        speech: u32,
        /// The file.
        path: PathBuf,
    },
    /// Put a recorded prompt where prompts live.
    KeepPrompt {
        /// Full prompt name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// Ring somebody for the customer; [`Event::Connected`] or [`Event::Parted`] is due.
    Connect(Box<Wanted>),
    /// The customer, who waits in a queue, wants to be called back.
    CallBack,
    /// What the customer says of being recorded.
    Consent(Consent),
    /// A key that the customer pressed while somebody talks with them.
    Key(char),
    /// The state or the step changed: worth a live event.
    Changed,
    /// The call is over: its record, made once.
    Report(Box<Closing>),
}

/// Whom a call wants, with the sound that goes with it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who is rung, and how.
    pub search: Search,
    /// What the customer hears again and again when nobody talks with them.
    pub music: Vec<Arc<Prompt>>,
    /// What asks whoever answers an outside number for a key.
    pub accept: Vec<Arc<Prompt>>,
}

/// What is known when a call is over.
#[derive(Clone, Debug)]
pub struct Closing {
    /// The call-detail record.
    pub record: CallRecord,
    /// The time the customer asked for.
    pub later_at: Option<Timestamp>,
    /// The customer asked never to be called again.
    pub do_not_call: bool,
    /// Alarm word: `no_recording`, `no_audio_in`, `record_failed`.
    pub alarm: Option<String>,
    /// The SIP trace.
    pub trace: Vec<crate::sip::TraceItem>,
}

/// How a call ended as far as signalling knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Over {
    pub cause: Cause,
    pub detail: String,
}
