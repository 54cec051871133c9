//! What the engine tells the media plane, and what the plane reports back.
//!
//! The engine never touches audio; media never decides. Two bounded rings carry these
//! values: a full command ring refuses new calls, a full event ring drops the least event
//! and counts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{AmdSettings, AmdVerdict, Mix, Prompt, Quality, SrtpKeys};

/// One media session: one leg's RTP stream, its socket and its tap. Given by the engine: its
/// number, and above that whose thread it shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Bits of a session's number: enough for a thousand calls a second over some thousand years.
const NUMBER_BITS: u32 = 48;

/// Threads are chosen by the remainder of this: each machine has far fewer.
const LANES: u64 = u16::MAX as u64;

impl SessionId {
    /// Session `number` on the thread of `neighbour`, so that both can be mixed.
    #[must_use]
    pub fn beside(number: u64, neighbour: SessionId) -> SessionId {
        SessionId((neighbour.lane() + 1) << NUMBER_BITS | number)
    }

    /// The engine's number.
    pub fn number(self) -> u64 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }

    /// Sessions of one lane share a thread, however many threads there are.
    pub fn lane(self) -> u64 {
        match self.0 >> NUMBER_BITS {
            0 => self.number() % LANES,
            lane => lane - 1,
        }
    }
}

/// One `Play`, so that its end can be told from that of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u32);

/// The audio codecs of RFC 3551 that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 A-law, payload type 8.
    Pcma,
    /// G.711 mu-law, payload type 0.
    Pcmu,
    /// G.722, payload type 9; its RTP clock runs at 8,000 Hz (RFC 3551 section 4.5.2).
    G722,
}

/// What was agreed with the other side; a new one replaces the old in a running session
/// (re-INVITE, codec change, hold) and is idempotent.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Where to send. None while on hold with 0.0.0.0 (RFC 3264 section 8.4).
    pub remote: Option<SocketAddr>,
    /// Codec for both directions.
    pub codec: Codec,
    /// RTP payload type of `codec` towards the peer.
    pub payload_type: u8,
    /// RTP payload type of `codec` from the peer.
    pub receive_payload_type: u8,
    /// Payload type of telephone-event (RFC 4733) towards us, if negotiated.
    /// Without it, in-band tones are listened for.
    pub event_payload_type: Option<u8>,
    /// Where RTCP goes and comes.
    pub control: Control,
    /// Whether we send.
    pub send: bool,
    /// Whether we take what comes.
    pub receive: bool,
    /// Keys per direction when SDES was agreed (RFC 4568).
    pub srtp: Option<Box<SrtpPair>>,
}

/// Where the RTCP of a stream goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// To the port above that of RTP, wherever RTP goes (RFC 3550 section 11).
    #[default]
    NextPort,
    /// Where `a=rtcp` says (RFC 3605), as long as RTP goes where the SDP says.
    At(SocketAddr),
    /// Over the RTP port, both ways (RFC 5761).
    Mux,
}

/// SRTP keys for both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct SrtpPair {
    /// Encrypts what we send.
    pub local: SrtpKeys,
    /// Decrypts what comes.
    pub remote: SrtpKeys,
}

/// An order to one session.
#[derive(Clone, Debug)]
pub enum Command {
    /// Bind sockets (RTP on an even port, RTCP on the next). Answered by `Opened` or `OpenFailed`.
    Open {
        /// RTP silence after which `Timeout` is reported; zero: never.
        timeout: Duration,
    },
    /// Start or change the stream.
    Start(Stream),
    /// Tap both directions into a stereo WAV: our side left, the customer right.
    Record {
        /// Full path; missing folders are made.
        path: PathBuf,
    },
    /// Play prompts one after the other, replacing what plays. Ends with `Played`.
    Play {
        /// Names this play.
        play: PlayId,
        /// In order, without gaps.
        prompts: Vec<Arc<Prompt>>,
        /// A digit stops it at once (barge-in), before the engine even hears of the digit.
        barge_in: bool,
    },
    /// Stop what plays; `Played` follows with `finished: false`.
    StopPlay,
    /// Play these again and again while nothing else plays, such as music on hold; none: stop.
    Music(Vec<Arc<Prompt>>),
    /// Take part in a group, or in another way than so far; None: in none.
    Mix(Option<Mix>),
    /// Silence goes into the recording, on both sides, until false is ordered.
    PauseRecord(bool),
    /// Press keys, such as an extension behind a switchboard; `KeysSent` follows. What plays
    /// waits meanwhile. As events where they were agreed, else as tones. Keys that are still
    /// being pressed go first.
    SendKeys {
        /// How long to wait before the first.
        pause: Duration,
        /// `0`-`9`, `*`, `#`, `A`-`D`; `,` waits 2 s; all else is left out.
        keys: String,
    },
    /// Listen until somebody speaks: `Voice` follows, once. Ringing tones are no voice.
    AwaitVoice,
    /// Listen for an answering machine until a verdict; starts at the answer.
    Detect(AmdSettings),
    /// Give up detection without a verdict.
    StopDetect,
    /// Record what the customer says into a file of its own (voice comment, company prompt).
    RecordComment {
        /// Full path of the mono WAV.
        path: PathBuf,
        /// Ends by itself after this long.
        max: Duration,
        /// Ends after this much silence; zero: silence does not end it.
        silence: Duration,
    },
    /// End the comment; `Commented` follows.
    StopComment,
    /// Close sockets, finish files, report `Closed`. No command is valid afterwards.
    Close,
}

/// Why a digit was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitSource {
    /// RFC 4733 telephone-event.
    Event,
    /// A DTMF tone pair in the audio.
    Inband,
}

/// What a session reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Sockets are bound; the address for the SDP, before NAT mapping.
    Opened(SocketAddr),
    /// No socket could be had.
    OpenFailed(String),
    /// The first packet of the peer was accepted; the stream is latched to its source.
    FirstPacket,
    /// A key was pressed: once per press.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        key: char,
        /// How it came.
        source: DigitSource,
    },
    /// A play ended.
    Played {
        /// Which.
        play: PlayId,
        /// False where it was stopped or barged in.
        finished: bool,
    },
    /// The keys of `SendKeys` are out.
    KeysSent,
    /// Somebody speaks.
    Voice,
    /// Person or machine.
    Verdict(AmdVerdict),
    /// A comment ended.
    Commented {
        /// The file.
        path: PathBuf,
        /// Length of the audio.
        duration: Duration,
        /// Ended by silence, maximum, a key or an order; or nothing was said.
        spoke: bool,
    },
    /// Nothing came for the time given in `Open`.
    Timeout,
    /// The session is over. `recording` is None where none was asked for or none could be written.
    Closed {
        /// What was written.
        recording: Option<Recording>,
        /// Counters of the stream.
        quality: Quality,
    },
    /// The recording could not be written; the call goes on, dialling stops.
    RecordFailed(String),
}

/// A finished recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Length of the audio.
    pub duration: Duration,
    /// Hex SHA-256 of the whole file.
    pub sha256: String,
    /// Mean level in dBFS of our side; -96 is silence.
    pub left_dbfs: f32,
    /// Mean level in dBFS of the customer.
    pub right_dbfs: f32,
    /// Samples that were lost between tap and disk, per channel.
    pub missing_frames: u64,
}
