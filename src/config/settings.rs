//! The checked settings: what the composition root builds the daemon from.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::custody::CustodySettings;
use super::evidence::Evidence;
use super::keeping::Keeping;
use super::log::LogFormat;
use super::policy::Policy;
use crate::media::{AmdSettings, Codec};
use crate::{dialer, engine, notice, roster, sip};

/// Everything, checked; paths are joined to the folder of the file, secrets are read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of the database and of all that is made at run time.
    pub data_dir: PathBuf,
    /// Folder of the recordings.
    pub recordings: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// Sockets of the signalling.
    pub signal: Signal,
    /// Timers and limits of the signalling. Where `advertised` names an unspecified address
    /// (0.0.0.0), the composition root puts the machine's own in its place.
    pub sip: sip::Settings,
    /// Address under which SIP reaches us through NAT, as `sip.advertised` has it.
    pub external_signal: Option<IpAddr>,
    /// The trunks, in the order of the file.
    pub trunks: Vec<engine::TrunkSettings>,
    /// Agents and their phones.
    pub agents: engine::AgentsSetup,
    /// What answers inbound calls.
    pub inbound: Vec<engine::InboundRule>,
    /// The phones of our people.
    pub phones: engine::PhoneSettings,
    /// Media sockets.
    pub rtp: Rtp,
    /// Recordings.
    pub recording: Recording,
    /// Pacing and windows.
    pub dialer: dialer::Settings,
    /// Area code for numbers without one.
    pub home_area: Option<String>,
    /// Zone of recording folders and of imported times: an IANA name that is known to be one.
    pub timezone: String,
    /// How long a call may stay without ringing.
    pub setup_timeout: Duration,
    /// Answering machine detection.
    pub amd: AmdSettings,
    /// The HTTP interface.
    pub api: Api,
    /// Folders of prompts, later ones win.
    pub prompt_dirs: Vec<PathBuf>,
    /// Folders of scripts, later ones win.
    pub script_dirs: Vec<PathBuf>,
    /// Callback policies and calendar.
    pub policy: Policy,
    /// What is found in calls.
    pub evidence: Evidence,
    /// How the evidence is looked after.
    pub custody: CustodySettings,
    /// How long recordings are kept, where, and how sealed.
    pub keeping: Keeping,
    /// Language that stands in where a prompt is missing.
    pub fallback_language: String,
    /// Program and arguments that speak a text; empty: none.
    pub tts_command: Vec<String>,
    /// Folder whose files come into the archive by themselves; None: none.
    pub intake_folder: Option<PathBuf>,
    /// Channels and routes of notices; texts and masks come from files.
    pub notices: notice::Settings,
    /// Folder of texts of notices laid over those in the program; None: none.
    pub notices_folder: Option<PathBuf>,
    /// Authorities that webhooks and mail trust beside the public ones.
    pub notices_authorities: Option<PathBuf>,
    /// On-call rosters.
    pub rosters: Vec<roster::Settings>,
    /// The log.
    pub log: Log,
    /// How long running calls may go on after SIGTERM; zero: not at all.
    pub grace: Duration,
}

/// A database URL that is not printed, for it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub String);

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.0.split(':').next().unwrap_or_default();
        write!(f, "{scheme}:***")
    }
}

/// Sockets of the signalling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// UDP addresses; requests leave from the first.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses to listen on.
    pub tcp: Vec<SocketAddr>,
    /// TLS addresses to listen on; they have `certificate` and `key`.
    pub tls: Vec<SocketAddr>,
    /// PEM chain shown to TLS clients.
    pub certificate: Option<PathBuf>,
    /// PEM key of `certificate`.
    pub key: Option<PathBuf>,
    /// PEM file of the only authorities trusted; None: the public ones.
    pub ca: Option<PathBuf>,
}

/// Media sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtp {
    /// Local address of the sockets.
    pub address: IpAddr,
    /// UDP ports; begins with an even one.
    pub ports: RangeInclusive<u16>,
    /// Worker threads; 0: one per core.
    pub workers: usize,
    /// Many datagrams per system call, where the system allows io_uring.
    pub io_uring: bool,
    /// Codecs, best first.
    pub codecs: Vec<Codec>,
    /// Silence on the wire that ends an answered call; zero: never.
    pub timeout: Duration,
    /// Address named in SDP; None: the local one.
    pub external: Option<IpAddr>,
}

/// Recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whether calls are recorded.
    pub enabled: bool,
    /// Dialling stops below so many free bytes.
    pub free_floor: u64,
    /// And goes on from so many: a tenth more, so that it does not flap.
    pub free_resume: u64,
    /// Threads that write.
    pub threads: usize,
    /// Nothing more is recorded of whoever refuses by key.
    pub stop_when_refused: bool,
}

/// The HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Addresses; empty: the socket only.
    pub listen: Vec<SocketAddr>,
    /// Unix socket for local control.
    pub socket: PathBuf,
    /// Where people reach the interface, without a slash at the end; None: the first of `listen`.
    pub public_url: Option<String>,
    /// Requests a second per token.
    pub rate: u32,
    /// Requests in one go per token.
    pub burst: u32,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Directives for the filter.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
    /// Whether whole telephone numbers are shown.
    pub unmask: bool,
}

impl Settings {
    /// The part the engine runs on. `can_speak` follows from the TTS command.
    pub fn engine(&self) -> engine::Settings {
        engine::Settings {
            sip: self.sip.clone(),
            dialer: self.dialer.clone(),
            trunks: self.trunks.clone(),
            inbound: self.inbound.clone(),
            amd: self.amd.clone(),
            recordings: self.recordings.clone(),
            record: self.recording.enabled,
            refusal_stops_recording: self.recording.stop_when_refused,
            home_area: self.home_area.clone(),
            timezone: jiff::tz::TimeZone::get(&self.timezone).unwrap_or(jiff::tz::TimeZone::UTC),
            listeners: engine::Listeners {
                udp: self.signal.udp.clone(),
                tcp: self.signal.tcp.clone(),
                tls: self.signal.tls.clone(),
            },
            external_signal: self.external_signal,
            external_media: self.rtp.external,
            fallback_media: None,
            rtp_timeout: self.rtp.timeout,
            setup_timeout: self.setup_timeout,
            can_speak: !self.tts_command.is_empty(),
            phones: self.phones.clone(),
            agents: self.agents.clone(),
        }
    }
}
