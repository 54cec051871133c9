//! The canary of a trunk: a call to a number of our own through it, answered here when it comes back.
//! One at a time, so that the number alone tells the call that comes back from a stranger's.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::civil::Date;

use super::{Engine, Errand, Library, Notice, Write};
use crate::base::{CallId, Now, Timestamp};
use crate::call::{Extension, Purpose};
use crate::canary::{MARK, SCRIPT, Tone};
use crate::dialer::Reason;
use crate::ivr::{PromptSet, Script};
use crate::media::Prompt;

/// From the answer to the key: the prompt of the other side has ended by then.
const KEY_AFTER: Duration = Duration::from_millis(3_500);

/// What both sides run: in the program, for the checks know what they play.
const CALLER: &str = include_str!("canary_caller.toml");
const CALLED: &str = include_str!("canary_called.toml");

/// The question of the called side at which keys are received.
pub const KEYS_QUESTION: &str = "keys";

/// A canary that is over, before anybody has looked at what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryRun {
    /// The call that went out.
    pub caller: CallId,
    /// The call that came back; None: none did.
    pub called: Option<CallId>,
    /// Name of the trunk.
    pub trunk: String,
    /// Day in the calendar's zone.
    pub day: Date,
    /// Number that was called.
    pub number: String,
    /// Key that was pressed.
    pub key: char,
    /// Who asked for it.
    pub by: String,
    /// When it was ordered.
    pub began: Timestamp,
    /// When both calls were over.
    pub ended: Timestamp,
    /// From order to end by the monotonic clock, in milliseconds.
    pub mono_ms: u64,
    /// When the call came back.
    pub back_at: Option<Timestamp>,
    /// Trunk by which it came back; empty: it did not.
    pub back_by: String,
    /// Why it was not placed at all; empty: it was.
    pub problem: String,
}

/// The canary that is under way.
#[derive(Debug)]
pub(super) struct Flying {
    run: CanaryRun,
    began: Now,
    /// The call that came back is known by its mark.
    is_marked: bool,
    is_caller_over: bool,
    is_called_over: bool,
}

/// What a side runs.
pub(super) fn script(side: Tone) -> Option<Arc<Script>> {
    static SCRIPTS: OnceLock<[Option<Arc<Script>>; 2]> = OnceLock::new();
    let read = |text| Script::parse(&format!("{SCRIPT}.toml"), text).ok().map(Arc::new);
    SCRIPTS.get_or_init(|| [read(CALLER), read(CALLED)])[side as usize].clone()
}

/// The library with the two prompts of canaries in each of its languages.
pub(super) fn with_tones(mut library: Library) -> Library {
    let languages: Vec<String> = library.prompts.languages().map(str::to_owned).collect();
    let names = languages.iter().flat_map(|language| Tone::ALL.map(|tone| (language, tone)));
    let names = names.map(|(language, tone)| PromptSet::full_name(language, tone.prompt()));
    library.names = Arc::new(library.names.iter().map(str::to_owned).chain(names).collect());
    let prompts = Arc::make_mut(&mut library.prompts);
    for tone in Tone::ALL {
        let prompt = Arc::new(Prompt::from_pcm(tone.prompt(), &tone.pcm()));
        for language in &languages {
            prompts.insert(language, prompt.clone());
        }
    }
    library
}

impl Engine {
    /// Calls a trunk's own number through it; gives the id of the call. The store hears of it when
    /// both sides are over.
    ///
    /// # Errors
    /// A sentence: why it cannot be made now.
    pub fn run_canary(&mut self, now: Now, trunk: &str, by: &str) -> Result<CallId, String> {
        if self.is_held() {
            return Err("no call is placed now: the daemon stops, or it cannot record or store".into());
        }
        if let Some(flying) = &self.canary {
            return Err(format!("the canary of trunk `{}` is under way: one at a time", flying.run.trunk));
        }
        let known = self.trunk_named(trunk).ok_or_else(|| format!("there is no trunk `{trunk}`"))?;
        let settings = known.settings.canary.clone();
        let settings = settings.ok_or_else(|| {
            format!("trunk `{trunk}` has no canary: give it a section [trunk.canary] with `number`")
        })?;
        if known.destination().is_none() || !self.dialer.is_ready(now, trunk) {
            return Err(format!("trunk `{trunk}` takes no call now: it is down, rests, or is full"));
        }
        let caller = self.reserve_errand(
            now,
            Errand {
                phone: settings.number.clone(),
                script: String::new(),
                language: String::new(),
                fields: Default::default(),
                trunk: trunk.to_owned(),
                purpose: Purpose::Canary,
            },
        );
        let run = CanaryRun {
            caller,
            called: None,
            trunk: trunk.to_owned(),
            day: self.settings.dialer.calendar.date(now.utc),
            number: settings.number.to_string(),
            key: settings.key,
            by: by.to_owned(),
            began: now.utc,
            ended: now.utc,
            mono_ms: 0,
            back_at: None,
            back_by: String::new(),
            problem: String::new(),
        };
        self.canary =
            Some(Flying { run, began: now, is_marked: false, is_caller_over: false, is_called_over: false });
        self.tell_canary(trunk, "running", caller);
        self.run(now);
        Ok(caller)
    }

    /// The call of the canary that is under way, with its trunk.
    pub fn canary(&self) -> Option<(&str, CallId)> {
        self.canary.as_ref().map(|flying| (flying.run.trunk.as_str(), flying.run.caller))
    }

    /// Why campaigns are held off a trunk; None: they are not.
    pub fn trunk_held(&self, trunk: &str) -> Option<&Reason> {
        self.dialer.trunk_held(trunk)
    }

    /// Holds campaigns off a trunk, or lets them dial through it again.
    pub fn hold_trunk(&mut self, now: Now, trunk: &str, reason: Option<Reason>) {
        self.dialer.handle_trunk_held(now, trunk, reason);
        self.run(now);
    }

    /// The key that the calling side presses once the other's prompt is over.
    pub(super) fn canary_key(&self, call: CallId) -> Option<Extension> {
        let flying = self.canary.as_ref().filter(|flying| flying.run.caller == call)?;
        let keys = flying.run.key.to_string();
        Some(Extension { pause: KEY_AFTER, keys, wait: Duration::ZERO })
    }

    /// The header field that a canary's INVITE carries.
    pub(super) fn canary_mark(&self, call: CallId) -> Option<(String, String)> {
        let flying = self.canary.as_ref().filter(|flying| flying.run.caller == call)?;
        Some((MARK.to_owned(), flying.run.caller.to_string()))
    }

    /// Whether a call that comes in is the canary that is under way: by its mark, and where that was
    /// taken off on the way, by its number.
    pub(super) fn is_canary(&self, number: &str, headers: &[(String, String)]) -> bool {
        let Some(flying) = self.canary.as_ref().filter(|flying| !flying.is_caller_over) else { return false };
        match mark(headers) {
            Some(mark) => mark == flying.run.caller.to_string(),
            None => {
                let home = self.settings.home_area.as_deref();
                let settings =
                    self.trunk_named(&flying.run.trunk).and_then(|trunk| trunk.settings.canary.as_ref());
                settings.is_some_and(|settings| settings.is_called(number, home))
                    && flying.run.called.is_none()
            }
        }
    }

    /// It came back as this call; a marked one counts before one that is known by its number alone.
    pub(super) fn note_canary_back(
        &mut self,
        now: Now,
        call: CallId,
        trunk: &str,
        headers: &[(String, String)],
    ) {
        let Some(flying) = &mut self.canary else { return };
        if flying.is_marked {
            return;
        }
        flying.is_marked = mark(headers).is_some();
        flying.run.called = Some(call);
        flying.run.back_at = Some(now.utc);
        flying.run.back_by = trunk.to_owned();
        flying.is_called_over = false;
    }

    /// A call is over, or was not placed and why: perhaps one of the canary's.
    pub(super) fn note_canary_call(&mut self, now: Now, call: CallId, problem: &str) {
        let Some(flying) = &mut self.canary else { return };
        if flying.run.caller == call {
            flying.is_caller_over = true;
            problem.clone_into(&mut flying.run.problem);
        } else if flying.run.called == Some(call) {
            flying.is_called_over = true;
        }
        if !flying.is_caller_over || (flying.run.called.is_some() && !flying.is_called_over) {
            return;
        }
        let Some(Flying { mut run, began, .. }) = self.canary.take() else { return };
        run.ended = now.utc;
        run.mono_ms = u64::try_from(now.mono.since(began.mono).as_millis()).unwrap_or(u64::MAX);
        let (trunk, caller) = (run.trunk.clone(), run.caller);
        self.write(Write::Canary(Box::new(run)));
        self.tell_canary(&trunk, "over", caller);
    }

    fn tell_canary(&mut self, trunk: &str, state: &'static str, call: CallId) {
        self.notice(Notice::Canary { trunk: trunk.to_owned(), state, call });
    }
}

/// The mark of a canary, this one's or another's.
fn mark(headers: &[(String, String)]) -> Option<&str> {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(MARK)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tones_are_prompts_that_scripts_find() {
        let mut prompts = crate::media::PromptLibrary::new("en");
        prompts.insert("en", Arc::new(Prompt::from_pcm("survey/thanks", &[0; 160])));
        let names = Arc::new(["en/survey/thanks"].into_iter().collect());
        let library = with_tones(Library { prompts: Arc::new(prompts), names, ..Library::default() });
        for tone in Tone::ALL {
            assert!(library.names.has("en", tone.prompt()));
            assert!(library.prompts.exact("en", tone.prompt()).is_some());
        }
        assert!(library.names.has("en", "survey/thanks"));
    }

    #[test]
    fn the_scripts_in_the_program_can_be_read_and_name_what_the_checks_ask_for() {
        for (side, text) in [(Tone::Caller, CALLER), (Tone::Called, CALLED)] {
            Script::parse("canary.toml", text).unwrap_or_else(|e| panic!("{e}"));
            assert!(text.contains(side.prompt()), "{text}");
            assert!(script(side).is_some());
        }
        assert!(CALLED.contains(&format!("[input.{KEYS_QUESTION}]")));
    }
}
