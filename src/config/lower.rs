//! From the file as written to checked settings, section by section. Every mistake is
//! gathered, so that one run of `ringback check` shows them all.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration::Span;
use super::policy::Policy;
use super::raw::{self, Raw};
use super::settings::{Api, DatabaseUrl, Log, Recording, Rtp, Settings, Signal};
use crate::calendar::Windows;
use crate::engine::InboundRule;
use crate::media::Codec;
use crate::{dialer, sip};

/// A mistake by its key; the place in the file is found by the key.
#[derive(Debug)]
pub(super) struct Mistake {
    pub key: String,
    pub problem: String,
    pub hint: Option<String>,
}

/// Reads a small file that holds a secret; the error is a sentence.
pub type ReadSecret<'a> = &'a dyn Fn(&Path) -> Result<String, String>;

pub(super) struct Lowering<'a> {
    pub folder: &'a Path,
    pub read: ReadSecret<'a>,
    pub mistakes: Vec<Mistake>,
    pub warnings: Vec<String>,
}

/// Largest secret file: a password, not a disk.
const MAX_SECRET_BYTES: usize = 4096;

impl Lowering<'_> {
    pub(super) fn wrong(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.mistakes.push(Mistake { key: key.into(), problem: problem.into(), hint: None });
    }

    pub(super) fn wrong_hint(&mut self, key: impl Into<String>, problem: impl Into<String>, hint: &str) {
        let (key, problem) = (key.into(), problem.into());
        self.mistakes.push(Mistake { key, problem, hint: Some(hint.to_owned()) });
    }

    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// A secret from its file, or as written; both is a mistake.
    pub(super) fn secret(
        &mut self,
        key: &str,
        written: Option<&String>,
        file: Option<&PathBuf>,
    ) -> Option<String> {
        match (written, file) {
            (Some(_), Some(_)) => {
                self.wrong(format!("{key}_file"), format!("`{key}` is given too: keep one of them"));
                None
            }
            (Some(text), None) => Some(text.clone()),
            (None, Some(path)) => match (self.read)(&self.path(path)) {
                Ok(text) if text.trim().is_empty() => {
                    self.wrong(format!("{key}_file"), format!("{} is empty", path.display()));
                    None
                }
                Ok(text) if text.len() > MAX_SECRET_BYTES => {
                    self.wrong(
                        format!("{key}_file"),
                        format!("{} is no secret: it is too long", path.display()),
                    );
                    None
                }
                Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
                Err(e) => {
                    self.wrong(format!("{key}_file"), format!("{} cannot be read: {e}", path.display()));
                    None
                }
            },
            (None, None) => None,
        }
    }

    /// A length of time within its range; `zero` where 0 has a meaning of its own.
    pub(super) fn span(
        &mut self,
        key: &str,
        span: Span,
        range: RangeInclusive<Span>,
        zero: bool,
    ) -> Duration {
        if !(range.contains(&span) || (zero && span.0.is_zero())) {
            let also = if zero { ", nor 0" } else { "" };
            self.wrong(key, format!("{span} is not between {} and {}{also}", range.start(), range.end()));
        }
        span.0
    }

    pub(super) fn number<T: PartialOrd + std::fmt::Display + Copy>(
        &mut self,
        key: &str,
        n: T,
        range: RangeInclusive<T>,
    ) -> T {
        if !range.contains(&n) {
            self.wrong(key, format!("{n} is not between {} and {}", range.start(), range.end()));
        }
        n
    }

    fn addresses(&mut self, key: &str, list: &[String]) -> Vec<SocketAddr> {
        let mut found = Vec::new();
        for (i, text) in list.iter().enumerate() {
            match text.parse() {
                Ok(address) => found.push(address),
                Err(_) => self.wrong(
                    format!("{key}[{i}]"),
                    format!("`{text}` is not an address: write 0.0.0.0:5060 or [::]:5060"),
                ),
            }
        }
        found
    }

    pub(super) fn address(&mut self, key: &str, text: Option<&str>) -> Option<IpAddr> {
        let text = text.map(str::trim).filter(|t| !t.is_empty())?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                self.wrong(key, format!("`{text}` is not an IP address"));
                None
            }
        }
    }

    pub(super) fn codecs(&mut self, key: &str, list: &[String]) -> Vec<Codec> {
        let mut codecs = Vec::new();
        for (i, name) in list.iter().enumerate() {
            let codec = match name.to_lowercase().as_str() {
                "pcma" | "alaw" | "g711a" => Codec::Pcma,
                "pcmu" | "ulaw" | "g711u" => Codec::Pcmu,
                "g722" => Codec::G722,
                _ => {
                    self.wrong(
                        format!("{key}[{i}]"),
                        format!("`{name}` is not a codec: write pcma, pcmu or g722"),
                    );
                    continue;
                }
            };
            if codecs.contains(&codec) {
                self.wrong(format!("{key}[{i}]"), format!("`{name}` stands twice"));
            } else {
                codecs.push(codec);
            }
        }
        codecs
    }

    fn signal(&mut self, raw: &raw::Sip) -> Signal {
        let signal = Signal {
            udp: self.addresses("sip.udp", &raw.udp),
            tcp: self.addresses("sip.tcp", &raw.tcp),
            tls: self.addresses("sip.tls", &raw.tls),
            certificate: raw.tls_certificate.as_deref().map(|p| self.path(p)),
            key: raw.tls_key.as_deref().map(|p| self.path(p)),
            ca: raw.tls_ca.as_deref().map(|p| self.path(p)),
        };
        if !raw.tls.is_empty() && (signal.certificate.is_none() || signal.key.is_none()) {
            self.wrong("sip.tls", "listening for TLS needs `tls_certificate` and `tls_key`");
        }
        if raw.udp.is_empty() && raw.tcp.is_empty() && raw.tls.is_empty() {
            self.wrong("sip.udp", "no address to listen on: give one in `udp`, `tcp` or `tls`");
        }
        signal
    }

    fn sip(&mut self, raw: &raw::Sip, signal: &Signal) -> sip::Settings {
        let defaults = sip::Settings::default();
        let t1 = self.span("sip.t1", raw.t1, Span::millis(100)..=Span::seconds(2), false);
        let expires = self.span(
            "sip.session_expires",
            raw.session_expires,
            Span::seconds(90)..=Span::seconds(86_400),
            true,
        );
        let day = Span::seconds(86_400);
        let call_limit = self.span("sip.call_limit", raw.call_limit, Span::seconds(60)..=day, false);
        let external = self.address("sip.external_address", raw.external_address.as_deref());
        let shown = |list: &[SocketAddr], port| {
            let bound = list.first().copied().or(signal.udp.first().map(|a| SocketAddr::new(a.ip(), port)));
            let bound = bound.unwrap_or(SocketAddr::new(IpAddr::from([0, 0, 0, 0]), port));
            SocketAddr::new(external.unwrap_or(bound.ip()), bound.port()).to_string()
        };
        let udp_port = signal.udp.first().map_or(5060, SocketAddr::port);
        let mut limits = defaults.limits.clone();
        limits.sessions =
            usize::try_from(self.number("sip.max_calls", raw.max_calls, 1..=1_000_000)).unwrap_or(1);
        limits.source_rate = raw.stranger_rate;
        if raw.stranger_rate == 0 {
            limits.source_burst = 0;
        }
        sip::Settings {
            user_agent: raw.user_agent.clone().unwrap_or(defaults.user_agent),
            t1,
            session_expires: u32::try_from(expires.as_secs()).unwrap_or(u32::MAX),
            call_limit,
            advertised: sip::endpoint::Advertised {
                udp: shown(&signal.udp, 5060),
                tcp: shown(&signal.tcp, udp_port),
                tls: shown(&signal.tls, 5061),
            },
            limits,
            ..sip::Settings::default()
        }
    }

    fn rtp(&mut self, raw: &raw::Rtp, external: Option<&str>) -> Rtp {
        let any = IpAddr::from([0, 0, 0, 0]);
        let address = self.address("rtp.address", Some(&raw.address)).unwrap_or(any);
        if raw.port_min < 1024 || raw.port_min % 2 == 1 {
            self.wrong("rtp.port_min", format!("{} must be even and at least 1024", raw.port_min));
        }
        if raw.port_max <= raw.port_min {
            self.wrong("rtp.port_max", format!("{} must be above port_min, {}", raw.port_max, raw.port_min));
        }
        let codecs = self.codecs("rtp.codecs", &raw.codecs);
        if codecs.is_empty() && raw.codecs.is_empty() {
            self.wrong("rtp.codecs", "no codec is left: write pcma, pcmu or g722");
        }
        let key =
            if raw.external_address.is_some() { "rtp.external_address" } else { "sip.external_address" };
        let before = self.mistakes.len();
        let external = self.address(key, raw.external_address.as_deref().or(external));
        if raw.external_address.is_none() {
            // The same mistake was told under [sip].
            self.mistakes.truncate(before);
        }
        Rtp {
            address,
            ports: raw.port_min..=raw.port_max,
            workers: usize::from(self.number("rtp.workers", raw.workers, 0..=64)),
            io_uring: raw.io_uring,
            codecs,
            timeout: self.span("rtp.timeout", raw.timeout, Span::seconds(5)..=Span::seconds(3600), true),
            external,
        }
    }

    fn recording(&mut self, raw: &raw::Recording) -> Recording {
        let floor = self.number("recording.disk_floor_mb", raw.disk_floor_mb, 64..=100_000_000);
        let bytes = floor.saturating_mul(1 << 20);
        if !raw.enabled {
            self.warnings.push("recording.enabled is false: calls leave no recording".into());
        }
        Recording {
            enabled: raw.enabled,
            free_floor: bytes,
            free_resume: bytes + bytes / 10,
            threads: usize::from(self.number("recording.threads", raw.threads, 1..=16)),
            stop_when_refused: raw.stop_when_refused,
        }
    }

    fn dialer(&mut self, raw: &raw::Dialer) -> dialer::Settings {
        let windows = Windows::parse(&raw.windows, &raw.timezone).unwrap_or_else(|e| {
            let zone = jiff::tz::TimeZone::get(&raw.timezone).is_err();
            self.wrong(if zone { "dialer.timezone" } else { "dialer.windows" }, e.0);
            Windows::always()
        });
        if raw.windows.is_empty() {
            self.wrong("dialer.windows", "no window is given: no campaign without its own would ever dial");
        }
        if !raw.home_area.is_empty()
            && crate::base::PhoneNumber::parse("95588", Some(&raw.home_area)).is_err()
        {
            self.wrong_hint(
                "dialer.home_area",
                format!("`{}` is not an area code", raw.home_area),
                "write it with its 0, such as 010, 021 or 0755",
            );
        }
        let timeout = Span::seconds(1)..=Span::seconds(60);
        dialer::Settings {
            windows,
            calendar: super::calendar::shipped(),
            max_calls: raw.max_calls,
            max_cps: self.number("dialer.max_cps", raw.max_cps, 0.0..=dialer::MAX_CALLS_PER_SECOND),
            fetch_size: self.number("dialer.fetch_size", raw.fetch_size, 1..=dialer::MAX_FETCH),
            reservation_timeout: self.span(
                "dialer.reservation_timeout",
                raw.reservation_timeout,
                timeout,
                false,
            ),
        }
    }

    fn inbound(&mut self, raw: &[raw::Inbound], trunks: &[raw::Trunk]) -> Vec<InboundRule> {
        for (i, rule) in raw.iter().enumerate() {
            if rule.number.is_empty() {
                self.wrong(
                    format!("inbound[{i}].number"),
                    "is missing: give the dialled number, or `*` for every one",
                );
            }
            if rule.script.is_empty() {
                self.wrong(
                    format!("inbound[{i}].script"),
                    "is missing: give a script by its file name without .toml",
                );
            }
            if !rule.trunk.is_empty() && !trunks.iter().any(|t| t.name == rule.trunk) {
                self.wrong(format!("inbound[{i}].trunk"), format!("no trunk is called `{}`", rule.trunk));
            }
        }
        raw.iter()
            .map(|r| InboundRule {
                trunk: r.trunk.clone(),
                number: r.number.clone(),
                script: r.script.clone(),
                language: r.language.clone(),
            })
            .collect()
    }

    fn api(&mut self, raw: &raw::Api, data_dir: &Path) -> Api {
        let listen = self.addresses("api.listen", &raw.listen);
        for address in listen.iter().filter(|a| !a.ip().is_loopback()) {
            self.warnings.push(format!(
                "api.listen: {address} is open to the network without TLS: put a proxy with TLS in front"
            ));
        }
        let public_url = raw.public_url.as_deref().map(|u| u.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            self.wrong(
                "api.public_url",
                format!("`{url}` is not an address: write https://ringback.example.com"),
            );
        }
        let socket = match &raw.socket {
            Some(path) => self.path(path),
            None => data_dir.join("ringback.sock"),
        };
        Api {
            listen,
            socket,
            public_url,
            rate: self.number("api.rate", raw.rate, 1..=100_000),
            burst: self.number("api.burst", raw.burst, raw.rate.max(1)..=1_000_000),
        }
    }

    fn database(&mut self, raw: &raw::Database, data_dir: &Path) -> DatabaseUrl {
        let url = self.secret("database.url", raw.url.as_ref(), raw.url_file.as_ref());
        let url = url.unwrap_or_else(|| format!("sqlite:{}", data_dir.join("ringback.db").display()));
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            self.wrong_hint(
                "database.url",
                "is neither SQLite nor PostgreSQL",
                "write sqlite:path/to/file.db or postgres://user@host/name",
            );
        }
        DatabaseUrl(url)
    }

    fn log(&mut self, raw: &super::log::Log) -> Log {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        for part in raw.level.split(',') {
            let level = part.rsplit('=').next().unwrap_or_default().trim().to_lowercase();
            if !LEVELS.contains(&level.as_str()) {
                self.wrong("log.level", format!("`{level}` is not a level: write {}", LEVELS.join(", ")));
            }
        }
        if raw.unmask {
            self.warnings.push("log.unmask is true: whole telephone numbers are written to the log".into());
        }
        Log { level: raw.level.clone(), format: raw.format, unmask: raw.unmask }
    }

    /// The whole file.
    pub(super) fn settings(&mut self, raw: &Raw) -> Settings {
        let data_dir = self.path(&raw.data.dir);
        let signal = self.signal(&raw.sip);
        let sip = self.sip(&raw.sip, &signal);
        let rtp = self.rtp(&raw.rtp, raw.sip.external_address.as_deref());
        let dialer = self.dialer(&raw.dialer);
        let trunks = self.trunks(raw, &rtp.codecs);
        let agents = self.agents(raw, &rtp.codecs);
        let second = Span::seconds(1);
        Settings {
            recordings: self.path(&raw.data.recordings),
            database: self.database(&raw.database, &data_dir),
            signal,
            sip,
            trunks,
            agents,
            inbound: self.inbound(&raw.inbound, &raw.trunk),
            phones: self.phones(&raw.phones, &rtp.codecs),
            external_signal: raw.sip.external_address.as_deref().and_then(|text| text.trim().parse().ok()),
            rtp,
            recording: self.recording(&raw.recording),
            dialer,
            home_area: Some(raw.dialer.home_area.clone()).filter(|a| !a.is_empty()),
            timezone: raw.dialer.timezone.clone(),
            setup_timeout: self.span(
                "dialer.setup_timeout",
                raw.dialer.setup_timeout,
                Span::seconds(5)..=Span::seconds(60),
                false,
            ),
            amd: raw.amd.clone(),
            api: self.api(&raw.api, &data_dir),
            prompt_dirs: raw.prompts.dirs.iter().map(|p| self.path(p)).collect(),
            script_dirs: raw.prompts.scripts.iter().map(|p| self.path(p)).collect(),
            policy: Policy {
                folder: raw.policy.folder.as_deref().map(|p| self.path(p)),
                calendar: raw.policy.calendar.as_deref().map(|p| self.path(p)),
                ..raw.policy.clone()
            },
            evidence: self.evidence(&raw.evidence),
            custody: self.custody(&raw.custody),
            keeping: self.keeping(raw),
            fallback_language: raw.prompts.fallback_language.clone(),
            tts_command: raw.prompts.tts_command.clone(),
            intake_folder: raw.intake.folder.as_deref().map(|p| self.path(p)),
            notices: self.notices(&raw.notices),
            notices_authorities: raw.notices.authorities.as_deref().map(|p| self.path(p)),
            notices_folder: raw.notices.folder.as_deref().map(|p| self.path(p)),
            rosters: self.rosters(&raw.roster),
            log: self.log(&raw.log),
            grace: self.span("shutdown.grace", raw.shutdown.grace, second..=Span::seconds(3600), true),
            data_dir,
        }
    }
}
