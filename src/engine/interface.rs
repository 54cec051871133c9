//! What goes into the engine and what comes out of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::{Reserved, Server, Write};
use crate::base::{CallId, CampaignId, ListId, PhoneNumber};
use crate::dialer::{CampaignState, Fetched, Reason};
use crate::media;
use crate::sip::endpoint::Transmit;
use crate::sip::{Destination, Transport};

/// One thing that happened outside.
#[derive(Debug)]
pub enum Input {
    /// A SIP message came.
    Received {
        /// Over which transport.
        transport: Transport,
        /// From where.
        source: SocketAddr,
        /// On which connection, for streams.
        connection: Option<u64>,
        /// The message.
        bytes: Bytes,
    },
    /// A SIP connection closed.
    ConnectionClosed(u64),
    /// A SIP message could not be sent to this place, and why.
    SendFailed(Destination, String),
    /// DNS answered [`Output::Locate`].
    Located {
        /// The number from the order.
        trunk: usize,
        /// Best first.
        result: Result<Vec<Destination>, String>,
        /// Address of ours from which the kernel reaches the best.
        local: Option<std::net::IpAddr>,
    },
    /// A media session reports.
    Media(media::SessionId, media::Event),
    /// The store answered [`Output::Fetch`]; None where it could not.
    Fetched(CampaignId, Option<Fetched>),
    /// The store answered [`Write::Reserve`].
    Reserved(Reserved),
    /// Speech was made, or could not be.
    Speech {
        /// For which call.
        call: CallId,
        /// From the order.
        speech: u32,
        /// The sound.
        sound: Option<Arc<media::Prompt>>,
    },
    /// The guard answered [`Output::Clear`]; where it is Ok, the call is reserved on disk.
    Cleared {
        /// Which.
        call: CallId,
        /// Whom to call, or why not.
        result: Result<super::Clearance, Reason>,
    },
    /// Who calls; the answer to [`Output::Identify`], where anybody is known.
    Identified {
        /// Which call.
        call: CallId,
        /// Who.
        caller: Identity,
    },
    /// Something stops all dialling, or it may go on.
    Hold(Hold, Option<Reason>),
    /// The time of [`super::Engine::next_wake`] has come.
    Wake,
}

/// Somebody who calls, as the archive knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Row id of the customer.
    pub customer: Option<i64>,
    /// Their name; empty where unknown.
    pub name: String,
    /// They go before others in a queue (ARC-07).
    pub vip: bool,
    /// Extension of the agent who talked with them last.
    pub last_extension: Option<String>,
}

/// Who holds the dialling; each has a reason of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// The daemon is stopping.
    Draining,
    /// Recordings would not be written.
    Disk,
    /// Attempts could not be written.
    Store,
}

/// One thing to be done outside.
#[derive(Debug)]
pub enum Output {
    /// Send a SIP message.
    Transmit(Transmit),
    /// Find the places of a trunk (RFC 3263); [`Input::Located`] is due.
    Locate {
        /// Number of the trunk: its place in the settings, or the next number where it
        /// came by a reload.
        trunk: usize,
        /// Whose places.
        server: Server,
    },
    /// Give a media session an order.
    Media(media::SessionId, media::Command),
    /// Write to the store.
    Write(Write),
    /// Read due entries; [`Input::Fetched`] is due.
    Fetch {
        /// For which campaign.
        campaign: CampaignId,
        /// Its list.
        list: ListId,
        /// At most so many.
        limit: u32,
    },
    /// Ask the guard about a call that an agent begins; [`Input::Cleared`] is due.
    Clear(Box<super::Clear>),
    /// Look up who calls; [`Input::Identified`] may come.
    Identify {
        /// Which call.
        call: CallId,
        /// The number, in its canonical form.
        phone: PhoneNumber,
    },
    /// Have speech made; [`Input::Speech`] is due.
    Speak {
        /// For which call.
        call: CallId,
        /// Comes back.
        speech: u32,
        /// What to say.
        text: String,
        /// Language.
        language: String,
    },
    /// Make a recorded file playable; [`Input::Speech`] is due.
    Load {
        /// For which call.
        call: CallId,
        /// Comes back.
        speech: u32,
        /// The file.
        path: PathBuf,
    },
    /// Move a prompt that was recorded by telephone to where prompts live.
    KeepPrompt {
        /// Full prompt name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// Something people watch has changed.
    Notice(Notice),
}

/// News for the event stream.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A call moved on.
    Call(CallId),
    /// A further leg of a call rings, is up, or is over.
    Leg {
        /// Its call.
        call: CallId,
        /// Its position in the call, from 1.
        number: u32,
        /// Who.
        kind: crate::call::leg::LegKind,
        /// Extension or number.
        target: String,
        /// `ringing`, `up`, or the word of what it came to.
        state: &'static str,
    },
    /// The customer of a call hung up while one of ours consulted another: both go on.
    Detached {
        /// The customer's call.
        call: CallId,
        /// The call in which both go on.
        goes_on: CallId,
        /// The agent who had the customer.
        agent: String,
    },
    /// The guard said whether a call that an agent begins may leave.
    Cleared {
        /// Which.
        call: CallId,
        /// Who calls.
        agent: String,
        /// Why it may not; None: it may.
        refused: Option<Reason>,
    },
    /// A caller in a queue stands at this place.
    Waiting {
        /// Which.
        call: CallId,
        /// From 1.
        position: usize,
        /// How long it will take, in seconds; None: cannot be told.
        expected_s: Option<u64>,
    },
    /// A caller's wait in a queue is over.
    Queued {
        /// Which.
        call: CallId,
        /// The queue, the last one.
        queue: String,
        /// `answered`, `abandoned`, `overflowed` or `promised_callback`.
        fate: &'static str,
        /// Who answered; empty for nobody.
        agent: String,
        /// How long the caller waited; milliseconds.
        waited_ms: u64,
    },
    /// Somebody calls whom the archive knows.
    Caller {
        /// Which call.
        call: CallId,
        /// Row id of the customer.
        customer: i64,
        /// They go before others.
        vip: bool,
    },
    /// A callback that a queue had promised is over.
    Callback {
        /// The call that asked for it.
        call: CallId,
        /// The queue.
        queue: String,
        /// `reached`, `given_up`, `came_back` or `cancelled`.
        fate: &'static str,
    },
    /// A call is over.
    Ended {
        /// Which.
        call: CallId,
        /// Its campaign.
        campaign: Option<CampaignId>,
        /// Result.
        disposition: crate::base::Disposition,
        /// One sentence.
        detail: String,
    },
    /// An answer came.
    Answer(crate::call::StoredAnswer),
    /// A campaign's state changed.
    Campaign(CampaignId, CampaignState),
    /// Why a campaign places no call changed.
    Blocked(CampaignId, Option<Reason>),
    /// A trunk's state changed.
    Trunk {
        /// Name.
        name: String,
        /// `up`, `down`, `unknown`, `removed`.
        state: &'static str,
        /// Why.
        detail: String,
    },
    /// A canary began or is over.
    Canary {
        /// The trunk.
        trunk: String,
        /// `running` or `over`.
        state: &'static str,
        /// The call that goes out.
        call: CallId,
    },
    /// An agent moved to another state.
    Agent(crate::agent::Change),
    /// Somebody must look at this.
    Alarm {
        /// The call, where it is about one.
        call: Option<CallId>,
        /// Stable word, then the detail.
        word: String,
    },
}
