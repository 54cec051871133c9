//! `[[queue]]` and `[[hotline]]`: where callers wait, and which numbers lead there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;
use super::raw::Raw;
use crate::calendar::{ClosedOn, Windows};
use crate::policy::CapPreset;
use crate::queue::{self, CallbackRules, Overflow, QueueSettings, Step, Strategy};

/// How an end of the chain is written.
const WORDS: &str = "write queue:NAME, roster:NAME, voicemail, callback or goodbye";

/// `[[queue]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Unique name. Required.
    pub name: String,
    /// Who is rung: `longest_idle` (default), `ring_all` or `by_skill`.
    pub strategy: Strategy,
    /// Skills that an agent needs, with the least level. Default none.
    pub skills: BTreeMap<String, u8>,
    /// Policy pack of its callers. Default empty: any.
    pub pack: String,
    /// Weight against other queues. Default 0; at most 9.
    pub priority: u8,
    /// When it is open, as `dialer.windows` is written. Default none: always.
    pub hours: Vec<String>,
    /// Where callers go outside the hours. Default `voicemail`.
    pub closed: String,
    /// Most callers waiting. Default 100; 1 to 10000.
    pub max_waiting: u32,
    /// Where callers go for whom there is no room. Default `callback`.
    pub full: String,
    /// Longest wait. Default 20 min; 10 s to 4 h.
    pub max_wait: Span,
    /// Where callers go after it; no queue, for the chain ends here. Default `callback`.
    pub last: String,
    /// Steps before: `60s queue:sales`, or `60s >5 queue:sales` where more than 5 wait. Default none.
    pub steps: Vec<String>,
    /// How long the wish for the agent of the last call holds. Default 30 s; 0: not at all.
    pub last_agent_wait: Span,
    /// First announcement of position and expected wait. Default 15 s; 0: none.
    pub announce_first: Span,
    /// Between two of them. Default 45 s; 0: only one.
    pub announce_every: Span,
    /// Prompt of the music. Default `music/hold`.
    pub music: String,
    /// Answered within this counts for the service level. Default 20 s.
    pub service_level: Span,
    /// Calls of a callback that are tried before it is given up. Default 2; 1 to 10.
    pub callback_attempts: u8,
    /// Between two of them. Default 5 min; 30 s to 4 h.
    pub callback_pause: Span,
    /// How long a callback may live. Default 4 h; 1 min to 24 h.
    pub callback_life: Span,
    /// How often its number is called at most, all calls of ours to it counted: `carrier-cn`
    /// (default) or `none`.
    pub callback_caps: CapPreset,
}

/// `[[hotline]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hotline {
    /// Trunk name. Default empty: any.
    pub trunk: String,
    /// Dialled number (DNIS) with `*` for any tail; `*` alone: every number. Required.
    pub number: String,
    /// When it is open. Default none: always.
    pub hours: Vec<String>,
    /// Where callers go outside the hours. Default `voicemail`.
    pub closed: String,
    /// Script of the menu. Default empty: straight to the queue.
    pub script: String,
    /// Prompt language. Default empty: the script's first.
    pub language: String,
    /// Queue where the menu names none. Required.
    pub queue: String,
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            name: String::new(),
            strategy: Strategy::LongestIdle,
            skills: BTreeMap::new(),
            pack: String::new(),
            priority: 0,
            hours: Vec::new(),
            closed: "voicemail".into(),
            max_waiting: 100,
            full: "callback".into(),
            max_wait: Span::seconds(1_200),
            last: "callback".into(),
            steps: Vec::new(),
            last_agent_wait: Span::seconds(30),
            announce_first: Span::seconds(15),
            announce_every: Span::seconds(45),
            music: "music/hold".into(),
            service_level: Span::seconds(20),
            callback_attempts: 2,
            callback_pause: Span::seconds(300),
            callback_life: Span::seconds(4 * 3600),
            callback_caps: CapPreset::CarrierCn,
        }
    }
}

impl Default for Hotline {
    fn default() -> Self {
        Hotline {
            trunk: String::new(),
            number: String::new(),
            hours: Vec::new(),
            closed: "voicemail".into(),
            script: String::new(),
            language: String::new(),
            queue: String::new(),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn queues(&mut self, raw: &Raw) -> Vec<QueueSettings> {
        let mut queues = Vec::new();
        for (i, queue) in raw.queue.iter().enumerate() {
            let at = format!("queue[{i}]");
            if queue.name.trim().is_empty() {
                self.wrong(format!("{at}.name"), "is missing: every queue needs a name of its own");
            } else if raw.queue[..i].iter().any(|other| other.name == queue.name) {
                self.wrong(format!("{at}.name"), format!("`{}` is another queue's too", queue.name));
            }
            queues.push(self.queue(&at, queue, raw));
        }
        queues
    }

    fn queue(&mut self, at: &str, queue: &Queue, raw: &Raw) -> QueueSettings {
        for (skill, level) in &queue.skills {
            self.number(&format!("{at}.skills.{skill}"), *level, 1..=9);
        }
        let last = self.overflow(&format!("{at}.last"), &queue.last, raw);
        if matches!(last, Overflow::Queue(_)) {
            self.wrong_hint(
                format!("{at}.last"),
                "a queue is no end: callers could wait for ever",
                "write roster:NAME, voicemail, callback or goodbye",
            );
        }
        let steps = self.steps(at, queue, raw);
        let (zero, hour) = (Span::seconds(0), Span::seconds(3600));
        let length = |n: u64| Span::seconds(n);
        QueueSettings {
            name: queue.name.clone(),
            strategy: queue.strategy,
            skills: queue.skills.clone(),
            pack: queue.pack.clone(),
            priority: self.number(&format!("{at}.priority"), queue.priority, 0..=9),
            hours: self.hours(&format!("{at}.hours"), &queue.hours, raw),
            closed: self.overflow(&format!("{at}.closed"), &queue.closed, raw),
            max_waiting: self.number(&format!("{at}.max_waiting"), queue.max_waiting, 1..=10_000) as usize,
            full: self.overflow(&format!("{at}.full"), &queue.full, raw),
            max_wait: self.span(
                &format!("{at}.max_wait"),
                queue.max_wait,
                length(10)..=length(4 * 3600),
                false,
            ),
            last,
            steps,
            last_agent_wait: self.span(
                &format!("{at}.last_agent_wait"),
                queue.last_agent_wait,
                zero..=hour,
                true,
            ),
            announce_first: self.span(
                &format!("{at}.announce_first"),
                queue.announce_first,
                length(5)..=hour,
                true,
            ),
            announce_every: self.span(
                &format!("{at}.announce_every"),
                queue.announce_every,
                length(10)..=hour,
                true,
            ),
            music: queue.music.clone(),
            service_level: self.span(
                &format!("{at}.service_level"),
                queue.service_level,
                length(1)..=hour,
                false,
            ),
            callback: self.callback_rules(at, queue),
        }
    }

    fn steps(&mut self, at: &str, queue: &Queue, raw: &Raw) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (n, text) in queue.steps.iter().enumerate() {
            let key = format!("{at}.steps[{n}]");
            match step(text) {
                Some((after, longer_than, to)) => {
                    if steps.last().is_some_and(|before| before.after > after.0) {
                        self.wrong(&key, "comes before the step above it: write them in the order of time");
                    }
                    let to = self.overflow(&key, &to, raw);
                    steps.push(Step { after: after.0, longer_than, to });
                }
                None => self.wrong_hint(
                    key,
                    format!("`{text}` is no step"),
                    "write the time, then where to: \"60s queue:sales\", \"60s >5 roster:night\"",
                ),
            }
        }
        steps
    }

    fn callback_rules(&mut self, at: &str, queue: &Queue) -> CallbackRules {
        let (shortest, longest) = (Span::seconds(30), Span::seconds(4 * 3600));
        let day = Span::seconds(86_400);
        CallbackRules {
            attempts: self.number(&format!("{at}.callback_attempts"), queue.callback_attempts, 1..=10),
            pause: self.span(
                &format!("{at}.callback_pause"),
                queue.callback_pause,
                shortest..=longest,
                false,
            ),
            life: self.span(
                &format!("{at}.callback_life"),
                queue.callback_life,
                Span::seconds(60)..=day,
                false,
            ),
            caps: queue.callback_caps.caps(),
        }
    }

    pub(super) fn hotlines(&mut self, raw: &Raw) -> Vec<queue::Hotline> {
        let mut hotlines = Vec::new();
        for (i, hotline) in raw.hotline.iter().enumerate() {
            let at = format!("hotline[{i}]");
            if hotline.number.is_empty() {
                let problem = "is missing: give the dialled number, or `*` for every one";
                self.wrong(format!("{at}.number"), problem);
            }
            if !hotline.trunk.is_empty() && !raw.trunk.iter().any(|t| t.name == hotline.trunk) {
                self.wrong(format!("{at}.trunk"), format!("no trunk is called `{}`", hotline.trunk));
            }
            if !raw.queue.iter().any(|queue| queue.name == hotline.queue) {
                self.wrong(format!("{at}.queue"), format!("no queue is called `{}`", hotline.queue));
            }
            hotlines.push(queue::Hotline {
                trunk: hotline.trunk.clone(),
                number: hotline.number.clone(),
                hours: self.hours(&format!("{at}.hours"), &hotline.hours, raw),
                closed: self.overflow(&format!("{at}.closed"), &hotline.closed, raw),
                script: hotline.script.clone(),
                language: hotline.language.clone(),
                queue: hotline.queue.clone(),
            });
        }
        hotlines
    }

    /// Opening hours in the zone of the dialler; `workday` means those of the one calendar.
    fn hours(&mut self, key: &str, written: &[String], raw: &Raw) -> Option<Windows> {
        if written.is_empty() {
            return None;
        }
        match Windows::parse(written, &raw.dialer.timezone) {
            Ok(windows) => Some(windows.with_calendar(super::calendar::shipped(), ClosedOn::default())),
            Err(error) => {
                // A bad zone is told under [dialer].
                if jiff::tz::TimeZone::get(&raw.dialer.timezone).is_ok() {
                    self.wrong(key, error.0);
                }
                None
            }
        }
    }

    fn overflow(&mut self, key: &str, text: &str, raw: &Raw) -> Overflow {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("queue:") {
            if !raw.queue.iter().any(|queue| queue.name == name) {
                self.wrong(key, format!("no queue is called `{name}`"));
            }
            return Overflow::Queue(name.to_owned());
        }
        match (text.strip_prefix("roster:"), text) {
            (Some(name), _) if !name.is_empty() => Overflow::Roster(name.to_owned()),
            (_, "voicemail") => Overflow::Voicemail,
            (_, "callback") => Overflow::Callback,
            (_, "goodbye") => Overflow::Goodbye,
            _ => {
                self.wrong_hint(key, format!("`{text}` leads nowhere"), WORDS);
                Overflow::Voicemail
            }
        }
    }
}

/// `60s queue:sales` or `60s >5 queue:sales`
fn step(text: &str) -> Option<(Span, usize, String)> {
    let mut parts = text.split_whitespace();
    let after = Span::parse(parts.next()?).ok()?;
    let mut next = parts.next()?;
    let mut longer_than = 0;
    if let Some(number) = next.strip_prefix('>') {
        longer_than = number.parse().ok()?;
        next = parts.next()?;
    }
    parts.next().is_none().then(|| (after, longer_than, next.to_owned()))
}
