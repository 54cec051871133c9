//! The file as written: every key with its unit, default, and the meaning of zero.
//!
//! These structs only hold; [`super::lower`] checks. Unknown keys are errors, so that a
//! misspelt limit is not silently the default.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent::{Agent, Agents};
use super::canary::Canary;
use super::custody::Custody;
use super::duration::Span;
use super::evidence::Evidence;
use super::hotline::{Hotline, Queue};
use super::keeping::{RawArchive, RawEncryption, RawRetention};
use super::log::Log;
use super::notices::Notices;
use super::phones::Phones;
use super::policy::Policy;
use super::rosters::Roster;
use crate::base::NumberStyle;
use crate::media::AmdSettings;
use crate::sip::{Srtp, Transport};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Raw {
    /// Folders.
    pub data: Data,
    /// The database.
    pub database: Database,
    /// Signalling.
    pub sip: Sip,
    /// Trunks, tried by priority and weight.
    pub trunk: Vec<Trunk>,
    /// Which script answers which inbound number; the first rule that fits wins.
    pub inbound: Vec<Inbound>,
    /// Phones of our people.
    pub phones: Phones,
    /// What holds for all agents.
    pub agents: Agents,
    /// Agents: people with telephones that register here.
    pub agent: Vec<Agent>,
    /// Where callers of the hotline wait.
    pub queue: Vec<Queue>,
    /// Which inbound numbers lead to a queue; the first that fits wins.
    pub hotline: Vec<Hotline>,
    /// Media.
    pub rtp: Rtp,
    /// Recordings.
    pub recording: Recording,
    /// Dialling.
    pub dialer: Dialer,
    /// Answering machine detection.
    pub amd: AmdSettings,
    /// The HTTP interface.
    pub api: Api,
    /// Prompts and scripts.
    pub prompts: Prompts,
    /// Callback policies.
    pub policy: Policy,
    /// What is found in calls.
    pub evidence: Evidence,
    /// How the evidence is looked after.
    pub custody: Custody,
    /// How long recordings are kept.
    pub retention: RawRetention,
    /// Where archived recordings go.
    pub archive: RawArchive,
    /// What recordings are sealed with.
    pub encryption: RawEncryption,
    /// Files that come into the archive by themselves.
    pub intake: Intake,
    /// What people and their programs are told.
    pub notices: Notices,
    /// On-call rosters, one section for each pack.
    pub roster: Vec<Roster>,
    /// The log.
    pub log: Log,
    /// Ending the program.
    pub shutdown: Shutdown,
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Folder of the database and of all that is made at run time. Default `data`.
    pub dir: PathBuf,
    /// Folder of the recordings. Default `recordings`.
    pub recordings: PathBuf,
}

/// `[database]`
#[derive(Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://user@host/name`, or `sqlite:path`. Default: SQLite in `data.dir`.
    pub url: Option<String>,
    /// File that holds the URL, for URLs with a password.
    pub url_file: Option<PathBuf>,
}

/// `[sip]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    /// UDP addresses to listen on; requests leave from the first. Default `0.0.0.0:5060`.
    pub udp: Vec<String>,
    /// TCP addresses to listen on. Default none; connections out need none.
    pub tcp: Vec<String>,
    /// TLS addresses to listen on. Default none; each needs `tls_certificate` and `tls_key`.
    pub tls: Vec<String>,
    /// PEM chain shown to TLS clients.
    pub tls_certificate: Option<PathBuf>,
    /// PEM key of the certificate.
    pub tls_key: Option<PathBuf>,
    /// PEM file of the only authorities trusted. Default: the public ones. There is no way
    /// to turn verification off.
    pub tls_ca: Option<PathBuf>,
    /// Address under which the other side reaches us, where NAT stands between.
    pub external_address: Option<String>,
    /// User-Agent and Server header. Default `ringback/<version>`.
    pub user_agent: Option<String>,
    /// RFC 3261 T1. Default 500 ms; 100 ms to 2 s.
    pub t1: Span,
    /// RFC 4028 Session-Expires. Default 1800 s; 0 turns session timers off; at least 90 s.
    pub session_expires: Span,
    /// How long an answered call may last. Default 4 h; 1 min to 24 h.
    pub call_limit: Span,
    /// Calls at once, both directions. Default 20000; at least 1.
    pub max_calls: u32,
    /// New calls a second from one address that is no trunk's. Default 5; 0 refuses all.
    pub stranger_rate: u32,
}

/// `[[trunk]]`
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trunk {
    /// Unique name, shown everywhere. Required.
    pub name: String,
    /// Group, which campaigns name. Default empty.
    pub group: String,
    /// `register` or `static`. Default: `register` where a user is given, else `static`.
    pub mode: Option<Mode>,
    /// Host, `host:port` or `[v6]:port`; without a port by DNS SRV. Required.
    pub server: String,
    /// `udp`, `tcp` or `tls`. Default: by DNS, else UDP.
    pub transport: Option<Transport>,
    /// First hop, written as `server` is. Default none.
    pub outbound_proxy: Option<String>,
    /// User for registration and challenges.
    pub user: Option<String>,
    /// Its password, in the open; `password_file` keeps it out of the file.
    pub password: Option<String>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// Answer only challenges of this realm. Default: the trunk's first.
    pub realm: Option<String>,
    /// Host part of From. Default: the host of `server`.
    pub from_domain: Option<String>,
    /// Number shown where the campaign names none. Default: the user.
    pub caller_id: Option<String>,
    /// Send P-Asserted-Identity (RFC 3325) beside From. Default true.
    pub assert_identity: bool,
    /// `national`, `local`, `e164` or `e164_plain`. Default `national`.
    pub number_format: NumberStyle,
    /// Leading characters to take off the number. Default 0: none.
    pub number_strip: u8,
    /// Put in front of the number, such as `9`. Default empty.
    pub number_prefix: String,
    /// Area code for `number_format = "local"`. Default `dialer.home_area`.
    pub home_area: Option<String>,
    /// Lower is tried first. Default 10.
    pub priority: u16,
    /// Share among equals. Default 10; 0 only when no other is left.
    pub weight: u16,
    /// Calls at once, both directions. Default 30; 0 means no limit.
    pub max_calls: u32,
    /// New calls a second. Default 5; 0 means no limit.
    pub max_cps: f64,
    /// Time between OPTIONS. Default 30 s; 0 turns the check off; else 5 s to 1 h.
    pub options_ping: Span,
    /// Address of ours from which it is reached, in Via, Contact and SDP. Default: by the
    /// kernel's route.
    pub local_address: Option<String>,
    /// Address under which it reaches us through NAT. Default `sip.external_address`.
    pub external_address: Option<String>,
    /// Offer RTCP on the RTP port (RFC 5761); an offer of it is always accepted. Default false.
    pub rtcp_mux: bool,
    /// `off`, `preferred` or `required`. Default `off`.
    pub srtp: Srtp,
    /// `follow` (within the trunk, at most 5) or `refuse`. Default `refuse`.
    pub redirect: Redirect,
    /// Registration to ask for. Default 600 s; 60 s to 24 h.
    pub register_expires: Span,
    /// Codecs to offer, best first: `pcma`, `pcmu`, `g722`. Default `rtp.codecs`.
    pub codecs: Vec<String>,
    /// What is tried through it each morning before the first customer is called. Default: nothing.
    pub canary: Option<Canary>,
}

/// How a trunk knows us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// We register.
    Register,
    /// It knows our address.
    Static,
}

/// What a 3xx leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Its contacts are tried, within the trunk.
    Follow,
    /// It ends the attempt.
    #[default]
    Refuse,
}

/// `[[inbound]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inbound {
    /// Trunk by name. Default empty: any.
    pub trunk: String,
    /// Dialled number; `400*` takes every tail, `*` every number. Required.
    pub number: String,
    /// Script by name. Required.
    pub script: String,
    /// Prompt language. Default empty: the script's first.
    pub language: String,
}

/// `[rtp]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rtp {
    /// Local address of the RTP sockets. Default `0.0.0.0`.
    pub address: String,
    /// First UDP port. Default 16384; even, at least 1024.
    pub port_min: u16,
    /// Last UDP port. Default 32767. A call takes two ports.
    pub port_max: u16,
    /// Worker threads. Default 0: one per core.
    pub workers: u16,
    /// Many datagrams per system call, where the kernel (6.1 or newer) and the container allow
    /// io_uring. Default true.
    pub io_uring: bool,
    /// Codecs, best first: `pcma`, `pcmu`, `g722`.
    pub codecs: Vec<String>,
    /// Silence on the wire that ends an answered call. Default 30 s; 0: never.
    pub timeout: Span,
    /// Address named in SDP, where NAT stands between. Default `sip.external_address`.
    pub external_address: Option<String>,
}

/// `[recording]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recording {
    /// Whether calls are recorded. Default true.
    pub enabled: bool,
    /// Dialling stops below this much free disk, in MB. Default 1024; at least 64.
    pub disk_floor_mb: u64,
    /// Whether nothing more is recorded of a call whose customer refuses by key; scripts mark such
    /// keys with `recording = "refused"`. Default true.
    pub stop_when_refused: bool,
    /// Threads that write files. Default 2; 1 to 16.
    pub threads: u16,
}

/// `[dialer]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dialer {
    /// Windows of campaigns that name none. Default `Mon-Sun 09:00-12:00,14:00-20:00`.
    pub windows: Vec<String>,
    /// IANA zone of those windows, of recording folders and of imported times. Default `Asia/Shanghai`.
    pub timezone: String,
    /// Area code with its 0 for numbers without one, such as `021`. Default empty: they are refused.
    pub home_area: String,
    /// Calls at once over all campaigns. Default 500; 0 means no limit.
    pub max_calls: u32,
    /// New calls a second over all campaigns. Default 50; 0 means no limit.
    pub max_cps: f64,
    /// Entries read at once. Default 200; 1 to 1000.
    pub fetch_size: u32,
    /// How long a reserved attempt may wait for a trunk. Default 5 s; 1 s to 60 s.
    pub reservation_timeout: Span,
    /// How long a call may stay without ringing. Default 20 s; 5 s to 60 s.
    pub setup_timeout: Span,
}

/// `[api]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Addresses of the HTTP interface. Default `127.0.0.1:8090`; empty: the socket only.
    pub listen: Vec<String>,
    /// Unix socket for local control. Default `ringback.sock` in `data.dir`.
    pub socket: Option<PathBuf>,
    /// Address under which people reach the interface, for links. Default: the first of `listen`.
    pub public_url: Option<String>,
    /// Requests a second per token. Default 50; at least 1.
    pub rate: u32,
    /// Requests in one go per token. Default 200; at least `rate`.
    pub burst: u32,
}

/// `[prompts]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prompts {
    /// Folders of prompts, laid over those in the program; later ones win.
    pub dirs: Vec<PathBuf>,
    /// Folders of scripts, laid over those in the program; later ones win.
    pub scripts: Vec<PathBuf>,
    /// Language that stands in where a prompt is missing. Default `zh-CN`.
    pub fallback_language: String,
    /// Program and arguments that speak a text: `{text}`, `{language}` and `{output}` are
    /// filled in. Default empty: names are not spoken.
    pub tts_command: Vec<String>,
}

/// `[intake]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Folder that is watched: `<folder>/<pack>/<intake>/*.csv`, also txt, xlsx and xls. A file
    /// that was taken goes to `done/` beside it, one that could not be read to `failed/`.
    /// Default none.
    pub folder: Option<PathBuf>,
}

/// `[shutdown]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// How long running calls may go on after SIGTERM. Default 60 s; 0: hang up at once; at most 1 h.
    pub grace: Span,
}

/// Variables of the environment that change the file, by name.
pub type Environment = BTreeMap<String, String>;

impl Default for Data {
    fn default() -> Self {
        Data { dir: "data".into(), recordings: "recordings".into() }
    }
}

impl Default for Sip {
    fn default() -> Self {
        Sip {
            udp: vec!["0.0.0.0:5060".into()],
            tcp: Vec::new(),
            tls: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            tls_ca: None,
            external_address: None,
            user_agent: None,
            t1: Span::millis(500),
            session_expires: Span::seconds(1800),
            call_limit: Span::seconds(4 * 3600),
            max_calls: 20_000,
            stranger_rate: 5,
        }
    }
}

impl Default for Trunk {
    fn default() -> Self {
        Trunk {
            name: String::new(),
            group: String::new(),
            mode: None,
            server: String::new(),
            transport: None,
            outbound_proxy: None,
            user: None,
            password: None,
            password_file: None,
            realm: None,
            from_domain: None,
            caller_id: None,
            assert_identity: true,
            number_format: NumberStyle::National,
            number_strip: 0,
            number_prefix: String::new(),
            home_area: None,
            priority: 10,
            weight: 10,
            max_calls: 30,
            max_cps: 5.0,
            options_ping: Span::seconds(30),
            local_address: None,
            external_address: None,
            rtcp_mux: false,
            srtp: Srtp::Off,
            redirect: Redirect::Refuse,
            register_expires: Span::seconds(600),
            codecs: Vec::new(),
            canary: None,
        }
    }
}

impl Default for Rtp {
    fn default() -> Self {
        Rtp {
            address: "0.0.0.0".into(),
            port_min: 16_384,
            port_max: 32_767,
            workers: 0,
            io_uring: true,
            codecs: vec!["pcma".into(), "pcmu".into(), "g722".into()],
            timeout: Span::seconds(30),
            external_address: None,
        }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Recording { enabled: true, disk_floor_mb: 1024, stop_when_refused: true, threads: 2 }
    }
}

impl Default for Dialer {
    fn default() -> Self {
        Dialer {
            windows: vec!["Mon-Sun 09:00-12:00,14:00-20:00".into()],
            timezone: "Asia/Shanghai".into(),
            home_area: String::new(),
            max_calls: 500,
            max_cps: 50.0,
            fetch_size: 200,
            reservation_timeout: Span::seconds(5),
            setup_timeout: Span::seconds(20),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Api { listen: vec!["127.0.0.1:8090".into()], socket: None, public_url: None, rate: 50, burst: 200 }
    }
}

impl Default for Prompts {
    fn default() -> Self {
        Prompts {
            dirs: Vec::new(),
            scripts: Vec::new(),
            fallback_language: "zh-CN".into(),
            tts_command: Vec::new(),
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown { grace: Span::seconds(60) }
    }
}
