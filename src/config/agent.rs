//! `[agents]` and `[[agent]]`: people with telephones that register here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;
use super::raw::Raw;
use crate::agent::{AgentSettings, Codes, MayDial, NotReadyReason, OnRegister, OverrideReason, Rules};
use crate::engine::AgentsSetup;
use crate::media::Codec;
use crate::sip::digest::Algorithm;
use crate::sip::registrar::{GuardSettings, RegistrarSettings, Secrets};

/// Most agents: the registrar answers each of them every few minutes.
const MAX_AGENTS: usize = 2_000;
/// Longest name of an agent: it is a label of metrics and a part of addresses of the API.
const MAX_NAME_CHARS: usize = 60;

/// `[agents]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Agents {
    /// Realm of the challenges to phones. Default `ringback`; HA1 values belong to one realm.
    pub realm: String,
    /// Algorithms of the challenges: `md5`, `sha-256` or both. Default `md5`: many phones give up
    /// where they see one that they do not know.
    pub algorithms: Vec<String>,
    /// Shortest registration granted. Default 60 s; 10 s to 1 h.
    pub register_min: Span,
    /// Longest registration granted. Default 1 h; at least `register_min`, at most 24 h.
    pub register_max: Span,
    /// Phones of one agent at once. Default 4; 1 to 16.
    pub phones: u8,
    /// Between two OPTIONS to a phone on UDP, which also keep its NAT open. Default 30 s; 0: none.
    pub keepalive: Span,
    /// Where a phone that registers puts its agent: `available` (default) or `not_ready`.
    pub on_register: OnRegister,
    /// How long a call rings at an agent. Default 12 s, three rings; 5 s to 2 min.
    pub ring: Span,
    /// Time after a call before the next. Default 20 s; 0 to 1 h.
    pub wrap_up: Span,
    /// Whether the agent may end it before its time; nothing else can. Default true.
    pub wrap_up_may_end: bool,
    /// How long a phone that vanished in a call may take to come back. Default 5 s; 0 to 1 min.
    pub lost_after: Span,
    /// Longest wait for a call, after which nobody is believed to be there. Default 12 h.
    pub longest_available: Span,
    /// Longest call. Default 4 h.
    pub longest_call: Span,
    /// Longest stay in not ready where the daemon put the agent there. Default 1 h.
    pub longest_not_ready: Span,
    /// Back to available so long after a call that was not taken. Default 0: not by itself.
    pub return_after_no_answer: Span,
    /// Reasons not to be ready: digit of the star code, word, longest stay.
    pub reasons: Vec<String>,
    /// Star code of available. Default `*31`; empty: none.
    pub code_available: String,
    /// Star code of not ready; the digit of a reason follows. Default `*32`; empty: none.
    pub code_not_ready: String,
    /// Star code of going home. Default `*30`; empty: none.
    pub code_log_out: String,
    /// Star code of dialling against a rule; the digit of a reason and the number follow. Default
    /// `*33`; empty: none.
    pub code_dial_anyway: String,
    /// Reasons to dial against a rule: digit of the star code, and the words for the report.
    pub override_reasons: Vec<String>,
    /// Wrong passwords that cost nothing. Default 3; 1 to 20.
    pub guesses_free: u8,
    /// Wrong passwords after which an address, and a user, are shut out. Default 10; 2 to 100.
    pub guesses: u8,
    /// For how long. Default 15 min; 1 min to 24 h.
    pub shut_out: Span,
}

/// `[[agent]]`
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// Unique name, shown everywhere. Required.
    pub name: String,
    /// Number of the phone and user of its registration, 2 to 8 digits, unique. Required.
    pub extension: String,
    /// Password of the phone, in the open; the files keep it out.
    pub secret: Option<String>,
    /// File that holds the password.
    pub secret_file: Option<PathBuf>,
    /// File that holds HA1 values in the password's stead: `MD5:<hex>` and `SHA-256:<hex>`.
    pub ha1_file: Option<PathBuf>,
    /// Roles, such as `agent`, `supervisor`, `leader`. Default none.
    pub roles: Vec<String>,
    /// Team, whose supervisor sees what its agents do. Default none.
    pub team: String,
    /// Skills with their level, 1 to 9; 9 is best. Default none.
    pub skills: BTreeMap<String, u8>,
    /// Languages, best first. Default none: every one.
    pub languages: Vec<String>,
    /// Policy packs whose callers it takes. Default none: all.
    pub packs: Vec<String>,
    /// What the phone itself may dial besides star codes: `agents`, numbers with `X` for a digit
    /// and `*` for any tail, `!` before one forbids. Default nothing.
    pub may_dial: Vec<String>,
    /// Time after a call before the next. Default: that of `[agents]`.
    pub wrap_up: Option<Span>,
}

impl Default for Agents {
    fn default() -> Self {
        let hour = Span::seconds(3600);
        let reasons = ["1 break 20m", "2 lunch 90m", "3 meeting 3h", "4 back_office 4h", "5 training 8h"];
        Agents {
            realm: "ringback".into(),
            algorithms: vec!["md5".into()],
            register_min: Span::seconds(60),
            register_max: hour,
            phones: 4,
            keepalive: Span::seconds(30),
            on_register: OnRegister::Available,
            ring: Span::seconds(12),
            wrap_up: Span::seconds(20),
            wrap_up_may_end: true,
            lost_after: Span::seconds(5),
            longest_available: Span::seconds(12 * 3600),
            longest_call: Span::seconds(4 * 3600),
            longest_not_ready: hour,
            return_after_no_answer: Span::seconds(0),
            reasons: reasons.map(str::to_owned).to_vec(),
            code_available: "*31".into(),
            code_not_ready: "*32".into(),
            code_log_out: "*30".into(),
            code_dial_anyway: "*33".into(),
            override_reasons: vec!["1 the customer asked for it".into(), "2 danger or damage".into()],
            guesses_free: 3,
            guesses: 10,
            shut_out: Span::seconds(900),
        }
    }
}

/// Without its password.
impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("name", &self.name)
            .field("extension", &self.extension)
            .finish_non_exhaustive()
    }
}

impl Lowering<'_> {
    pub(super) fn agents(&mut self, raw: &Raw, codecs: &[Codec]) -> AgentsSetup {
        let rules = self.rules(&raw.agents);
        let mut registrar = self.registrar(&raw.agents);
        let mut agents = Vec::new();
        if raw.agent.len() > MAX_AGENTS {
            self.wrong("agent", format!("{} agents are given; at most {MAX_AGENTS} may be", raw.agent.len()));
        }
        let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for (i, agent) in raw.agent.iter().enumerate() {
            let at = format!("agent[{i}]");
            self.identity(&at, agent, &mut names, &mut numbers);
            if let Some(secrets) = self.secrets(&at, agent, &raw.agents.realm) {
                registrar.users.insert(agent.extension.clone(), secrets);
            }
            agents.push(self.agent(&at, agent));
        }
        let keepalive = Span::seconds(5)..=Span::seconds(600);
        AgentsSetup {
            registrar,
            agents,
            rules,
            keepalive: self.span("agents.keepalive", raw.agents.keepalive, keepalive, true),
            codecs: codecs.to_vec(),
            queues: self.queues(raw),
            hotlines: self.hotlines(raw),
        }
    }

    fn registrar(&mut self, raw: &Agents) -> RegistrarSettings {
        let seconds = |span: std::time::Duration| u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
        let shortest = Span::seconds(10)..=Span::seconds(3600);
        let min = seconds(self.span("agents.register_min", raw.register_min, shortest, false));
        let longest = raw.register_min..=Span::seconds(86_400);
        let max = seconds(self.span("agents.register_max", raw.register_max, longest, false));
        if raw.realm.trim().is_empty() || raw.realm.contains('"') {
            self.wrong("agents.realm", "must be plain text without quotes");
        }
        let day = Span::seconds(60)..=Span::seconds(86_400);
        RegistrarSettings {
            realm: raw.realm.clone(),
            algorithms: self.algorithms(&raw.algorithms),
            min_expires: min,
            max_expires: max,
            default_expires: 300.clamp(min, max.max(min)),
            max_contacts: usize::from(self.number("agents.phones", raw.phones, 1..=16)),
            guard: GuardSettings {
                free: self.number("agents.guesses_free", raw.guesses_free, 1..=20).into(),
                block_after: self.number("agents.guesses", raw.guesses, 2..=100).into(),
                block_for: self.span("agents.shut_out", raw.shut_out, day, false),
            },
            users: BTreeMap::new(),
        }
    }

    fn algorithms(&mut self, written: &[String]) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for (i, name) in written.iter().enumerate() {
            match Algorithm::from_name(name) {
                Some(known @ (Algorithm::Md5 | Algorithm::Sha256)) => algorithms.push(known),
                _ => self.wrong(
                    format!("agents.algorithms[{i}]"),
                    format!("`{name}` is not spoken: write md5 or sha-256"),
                ),
            }
        }
        if written.is_empty() {
            self.wrong("agents.algorithms", "no algorithm is left: write md5, sha-256 or both");
        }
        algorithms
    }

    fn rules(&mut self, raw: &Agents) -> Rules {
        let hour = Span::seconds(3600);
        let long = Span::seconds(60)..=Span::seconds(86_400);
        let mut reasons: Vec<NotReadyReason> = Vec::new();
        for (i, text) in raw.reasons.iter().enumerate() {
            match reason(text) {
                Some(new) if reasons.iter().all(|r| r.word != new.word && r.digit != new.digit) => {
                    reasons.push(new);
                }
                Some(_) => self.wrong(format!("agents.reasons[{i}]"), "stands there twice"),
                None => self.wrong_hint(
                    format!("agents.reasons[{i}]"),
                    format!("`{text}` is no reason"),
                    "write its digit, a word, and the longest stay: \"1 break 20m\"",
                ),
            }
        }
        let mut code = |key: &str, text: &str| {
            let rest = text.strip_prefix('*').unwrap_or("?");
            if !text.is_empty() && (rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_digit())) {
                self.wrong(format!("agents.{key}"), format!("`{text}` is no star code: write *31"));
            }
            text.to_owned()
        };
        let codes = Codes {
            available: code("code_available", &raw.code_available),
            not_ready: code("code_not_ready", &raw.code_not_ready),
            log_out: code("code_log_out", &raw.code_log_out),
            dial_anyway: code("code_dial_anyway", &raw.code_dial_anyway),
        };
        let zero = Span::seconds(0);
        Rules {
            on_register: raw.on_register,
            ring: self.span("agents.ring", raw.ring, Span::seconds(5)..=Span::seconds(120), false),
            wrap_up: self.span("agents.wrap_up", raw.wrap_up, zero..=hour, true),
            wrap_up_may_end: raw.wrap_up_may_end,
            lost_after: self.span("agents.lost_after", raw.lost_after, zero..=Span::seconds(60), true),
            longest_available: self.span(
                "agents.longest_available",
                raw.longest_available,
                long.clone(),
                false,
            ),
            longest_call: self.span("agents.longest_call", raw.longest_call, long.clone(), false),
            longest_not_ready: self.span(
                "agents.longest_not_ready",
                raw.longest_not_ready,
                long.clone(),
                false,
            ),
            return_after_no_answer: self.span(
                "agents.return_after_no_answer",
                raw.return_after_no_answer,
                Span::seconds(5)..=hour,
                true,
            ),
            reasons,
            override_reasons: self.override_reasons(&raw.override_reasons),
            codes,
        }
    }

    fn override_reasons(&mut self, written: &[String]) -> Vec<OverrideReason> {
        let mut reasons: Vec<OverrideReason> = Vec::new();
        for (i, line) in written.iter().enumerate() {
            let read = line.split_once(' ').map(|(digit, text)| (digit.trim(), text.trim()));
            match read.and_then(|(digit, text)| Some((digit.parse::<u8>().ok().filter(|d| *d < 10)?, text))) {
                Some((digit, text)) if !text.is_empty() => {
                    let digit = char::from(b'0' + digit);
                    if reasons.iter().any(|known| known.digit == digit) {
                        self.wrong(format!("agents.override_reasons[{i}]"), "its digit stands there twice");
                    }
                    reasons.push(OverrideReason { digit, text: text.to_owned() });
                }
                _ => self.wrong_hint(
                    format!("agents.override_reasons[{i}]"),
                    format!("`{line}` is no reason"),
                    "write a digit and the words for the report: \"1 the customer asked for it\"",
                ),
            }
        }
        reasons
    }

    fn identity(
        &mut self,
        at: &str,
        agent: &Agent,
        names: &mut BTreeSet<String>,
        numbers: &mut BTreeSet<String>,
    ) {
        let name = &agent.name;
        let plain = name.chars().count() <= MAX_NAME_CHARS
            && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '?' | '#' | '%'));
        if name.is_empty() {
            self.wrong(format!("{at}.name"), "is missing: every agent needs a name of its own");
        } else if !plain {
            let problem =
                format!("must be plain text without / ? # % of at most {MAX_NAME_CHARS} characters");
            self.wrong(format!("{at}.name"), problem);
        } else if !names.insert(name.clone()) {
            self.wrong(format!("{at}.name"), format!("`{name}` is the name of another agent too"));
        }
        let number = &agent.extension;
        if !(2..=8).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
            self.wrong(format!("{at}.extension"), "is no extension: write 2 to 8 digits, such as 8001");
        } else if !numbers.insert(number.clone()) {
            self.wrong(format!("{at}.extension"), format!("`{number}` is another agent's too"));
        }
    }

    fn secrets(&mut self, at: &str, agent: &Agent, realm: &str) -> Option<Secrets> {
        let password =
            self.secret(&format!("{at}.secret"), agent.secret.as_ref(), agent.secret_file.as_ref());
        if agent.secret.is_some() {
            let name = &agent.name;
            self.warnings.push(format!(
                "agent `{name}`: its password stands in the file; `secret_file` or `ha1_file` keep it out"
            ));
        }
        let named = agent.secret.is_some() || agent.secret_file.is_some();
        let Some(path) = &agent.ha1_file else {
            if !named {
                self.wrong(
                    format!("{at}.extension"),
                    "has no password: give `secret_file`, `ha1_file` or `secret`",
                );
            }
            if password.as_ref().is_some_and(|text| text.chars().count() < 8) {
                let problem = "is shorter than 8 characters: phones on the internet are guessed all day";
                self.warnings.push(format!("agent `{}`: its password {problem}", agent.name));
            }
            return password.map(|text| Secrets::of_password(&agent.extension, realm, &text));
        };
        let key = format!("{at}.ha1_file");
        if named {
            self.wrong(&key, "a password is given too: keep one of them");
            return None;
        }
        let text =
            (self.read)(&self.path(path)).map_err(|e| format!("{} cannot be read: {e}", path.display()));
        match text.and_then(|text| Secrets::read(&text).map_err(|e| format!("{}: {e}", path.display()))) {
            Ok(secrets) => {
                if !secrets.is_complete() {
                    let (name, file) = (&agent.name, path.display());
                    self.warnings.push(format!(
                        "agent `{name}`: {file} has one HA1 only; phones that answer the other algorithm are refused"
                    ));
                }
                Some(secrets)
            }
            Err(problem) => {
                self.wrong(key, problem);
                None
            }
        }
    }

    fn agent(&mut self, at: &str, agent: &Agent) -> AgentSettings {
        for (skill, level) in &agent.skills {
            self.number(&format!("{at}.skills.{skill}"), *level, 1..=9);
        }
        let may_dial = MayDial::parse(&agent.may_dial).unwrap_or_else(|bad| {
            for (place, error) in bad {
                self.wrong(format!("{at}.may_dial[{place}]"), error.to_string());
            }
            MayDial::default()
        });
        if may_dial.numbers.iter().any(crate::agent::Pattern::is_everything) {
            let name = &agent.name;
            self.warnings.push(format!(
                "agent `{name}`: may_dial holds `*`: a stolen password calls anywhere in the world"
            ));
        }
        let wrap_up = agent.wrap_up.map(|span| {
            self.span(&format!("{at}.wrap_up"), span, Span::seconds(0)..=Span::seconds(3600), true)
        });
        AgentSettings {
            name: agent.name.clone(),
            extension: agent.extension.clone(),
            roles: agent.roles.clone(),
            team: agent.team.clone(),
            skills: agent.skills.clone(),
            languages: agent.languages.clone(),
            packs: agent.packs.clone(),
            may_dial,
            wrap_up,
        }
    }
}

/// `1 break 20m`
fn reason(text: &str) -> Option<NotReadyReason> {
    let mut parts = text.split_whitespace();
    let (digit, word, limit) = (parts.next()?, parts.next()?, Span::parse(parts.next()?).ok()?);
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let one = digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit());
    let limited = (60..=86_400).contains(&limit.0.as_secs());
    (parts.next().is_none() && plain && one && limited).then(|| NotReadyReason {
        word: word.to_owned(),
        digit: digit.chars().next().unwrap_or('0'),
        limit: limit.0,
    })
}
