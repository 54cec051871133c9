//! What is played: prompts by name, fields from parts, names and items from recordings or
//! from the TTS command.

use std::time::Duration;

use jiff::civil::Date;

use crate::base::Now;
use crate::ivr::{NodeKind, Part, PromptSet, spoken};
use crate::media::PlayId;

use super::{Action, BEEP, Cue, MAX_PLAY, MAX_SPEECH_CHARS, MAX_SPEECH_WAIT, Runner, State, Then};

/// Texts made by the TTS command per call: a name, a few cells, a list of items.
const MAX_SPEECHES: usize = 16;

/// Items of one list that are read out; nobody remembers more.
pub const MAX_SPOKEN_ITEMS: usize = 10;

/// Prompts in one play.
pub const MAX_PLAY_PROMPTS: usize = 200;

/// A text that the TTS command makes.
#[derive(Debug)]
pub(super) struct Speech {
    id: u32,
    text: String,
    made: Made,
}

#[derive(Debug)]
enum Made {
    Ordered,
    Ready(String),
    Failed,
}

/// A play under construction.
#[derive(Default)]
struct Line {
    prompts: Vec<String>,
    /// Something is still being made.
    unready: bool,
}

impl Runner {
    /// Orders every speech the script can need.
    pub(super) fn order_speech(&mut self) {
        if !self.facts.can_speak {
            return;
        }
        let script = self.script.clone();
        for part in script.nodes().iter().flat_map(|n| n.kind.parts()) {
            for (folder, text) in self.speakable(part) {
                if self.prompts.has(&self.language, &format!("{folder}/{text}"))
                    || self.speeches.iter().any(|s| s.text == text)
                    || self.speeches.len() >= MAX_SPEECHES
                    || text.chars().count() > MAX_SPEECH_CHARS
                {
                    continue;
                }
                self.last_speech += 1;
                let (speech, language) = (self.last_speech, self.language.clone());
                self.actions.push_back(Action::Speak { speech, text: text.clone(), language });
                self.speeches.push(Speech { id: speech, text, made: Made::Ordered });
            }
        }
    }

    /// Texts of a part that need a recording or the TTS command, with the folder of recordings.
    fn speakable(&self, part: &Part) -> Vec<(&'static str, String)> {
        let cell = |field: &str| self.facts.fields.get(field).map_or("", |t| t.trim());
        match part {
            Part::Name if !self.facts.name.trim().is_empty() => {
                vec![("names", self.facts.name.trim().to_owned())]
            }
            Part::Text(field) if !cell(field).is_empty() => vec![("texts", cell(field).to_owned())],
            Part::Items(field) => {
                spoken::items(cell(field)).take(MAX_SPOKEN_ITEMS).map(|i| ("items", i.to_owned())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a column's text, or each of its items, can be said.
    pub(super) fn is_heard(&self, text: &str) -> bool {
        let recorded =
            |folder: &str, text: &str| self.prompts.has(&self.language, &format!("{folder}/{text}"));
        let mut items = spoken::items(text).take(MAX_SPOKEN_ITEMS);
        self.facts.can_speak || recorded("texts", text) || items.all(|item| recorded("items", item))
    }

    /// Says what the cue means at the present node, or waits for speech first.
    pub(super) fn say(&mut self, now: Now, cue: Cue) {
        let line = self.line(now, &cue);
        if line.unready {
            self.state = State::Preparing { until: now.mono + MAX_SPEECH_WAIT, cue };
        } else {
            self.play(now, &cue, line.prompts);
        }
    }

    fn play(&mut self, now: Now, cue: &Cue, mut prompts: Vec<String>) {
        prompts.truncate(MAX_PLAY_PROMPTS);
        let (then, barge_in) = self.then(cue);
        if prompts.is_empty() {
            return self.after(now, then);
        }
        self.last_play += 1;
        let play = PlayId(self.last_play);
        self.actions.push_back(Action::Play { play, prompts, barge_in });
        let limit = if *cue == Cue::Beep { Duration::from_secs(5) } else { MAX_PLAY };
        self.state = State::Playing { play, until: now.mono + limit, barge_in, then };
    }

    /// What follows a cue at the present node, and whether a key stops it.
    fn then(&self, cue: &Cue) -> (Then, bool) {
        match (&self.script.node(self.at).kind, cue) {
            (_, Cue::Beep) => (Then::Record, false),
            (NodeKind::Say { next, barge_in, .. }, _) => (Then::Enter(*next), *barge_in),
            (NodeKind::Question(q), _) => (Then::Listen, q.barge_in),
            (NodeKind::Input(i), _) => (Then::Listen, i.barge_in),
            (NodeKind::Comment { barge_in, .. }, _) => (Then::Beep, *barge_in),
            (NodeKind::Later { next, .. }, Cue::Confirm) => (Then::Enter(*next), false),
            (NodeKind::Later { .. }, _) => (Then::Listen, true),
            (NodeKind::RecordPrompt(_), Cue::Prompts) => (Then::Beep, true),
            (NodeKind::RecordPrompt(_), _) => (Then::Listen, true),
            (NodeKind::End { .. } | NodeKind::Branch { .. } | NodeKind::Connect(_), _) => {
                (Then::Goodbye, false)
            }
        }
    }

    fn line(&self, now: Now, cue: &Cue) -> Line {
        let mut line = Line::default();
        let today = now.utc.to_jiff().to_zoned(self.facts.timezone.clone()).date();
        if let Cue::Beep = cue {
            line.prompts.push(BEEP.into());
            return line;
        }
        for part in self.cue_parts(cue) {
            self.add(part, today, &mut line);
        }
        if let (Cue::Replay(recording), NodeKind::RecordPrompt(r)) = (cue, &self.script.node(self.at).kind) {
            line.prompts.push(recording.clone());
            for part in &r.ask_keep {
                self.add(part, today, &mut line);
            }
        }
        line
    }

    /// The full names of some parts; what is not ready is left out.
    pub(super) fn names_of(&self, now: Now, parts: &[Part]) -> Vec<String> {
        let today = now.utc.to_jiff().to_zoned(self.facts.timezone.clone()).date();
        let mut line = Line::default();
        parts.iter().for_each(|part| self.add(part, today, &mut line));
        line.prompts.truncate(MAX_PLAY_PROMPTS);
        line.prompts
    }

    /// The parts of a cue, in order.
    fn cue_parts(&self, cue: &Cue) -> Vec<&Part> {
        let kind = &self.script.node(self.at).kind;
        let (prompts, waiting) = match kind {
            NodeKind::Say { prompts, .. }
            | NodeKind::Comment { prompts, .. }
            | NodeKind::End { prompts, .. } => (prompts, None),
            NodeKind::Question(q) => (&q.prompts, Some(&q.waiting)),
            NodeKind::Input(i) => (&i.prompts, Some(&i.waiting)),
            NodeKind::Later { confirm, .. } if *cue == Cue::Confirm => (confirm, None),
            NodeKind::Later { prompts, waiting, .. } => (prompts, Some(waiting)),
            NodeKind::RecordPrompt(r) => match cue {
                Cue::Prompts => (&r.prompts, None),
                Cue::Replay(_) => (&r.before_replay, None),
                _ => (&r.ask_keep, Some(&r.waiting)),
            },
            NodeKind::Branch { .. } | NodeKind::Connect(_) => return Vec::new(),
        };
        let before = match (cue, waiting) {
            (Cue::Silence, Some(w)) => w.silence_prompts.as_slice(),
            (Cue::Wrong, Some(w)) => w.wrong_prompts.as_slice(),
            _ => &[],
        };
        before.iter().chain(prompts).collect()
    }

    /// Adds one part; what cannot be said is left out whole.
    fn add(&self, part: &Part, today: Date, line: &mut Line) {
        match part {
            Part::Prompt(name) => self.add_names(std::slice::from_ref(name), line),
            Part::Field { field, kind } => {
                let text = self.facts.fields.get(field).map_or("", String::as_str);
                self.add_names(&kind.say(self.grammar, text, today).unwrap_or_default(), line);
            }
            Part::LaterTime => {
                if let Some((time, at)) = self.later_time {
                    let day = at.to_jiff().to_zoned(self.facts.timezone.clone()).date();
                    let mut names = self.grammar.date(day, today);
                    names.extend(self.grammar.time(time));
                    self.add_names(&names, line);
                }
            }
            Part::Name | Part::Text(_) => {
                for (folder, text) in self.speakable(part) {
                    line.prompts.extend(self.recorded(folder, &text, &mut line.unready));
                }
            }
            Part::Items(_) => {
                for (index, (folder, text)) in self.speakable(part).into_iter().enumerate() {
                    if let Some(prompt) = self.recorded(folder, &text, &mut line.unready) {
                        self.add_names(&[format!("item/ordinal-{}", index + 1)], line);
                        line.prompts.push(prompt);
                    }
                }
            }
        }
    }

    /// All of them or none: half a number is a wrong number.
    fn add_names(&self, names: &[String], line: &mut Line) {
        if names.iter().all(|n| self.prompts.has(&self.language, n)) {
            line.prompts.extend(names.iter().map(|n| PromptSet::full_name(&self.language, n)));
        }
    }

    /// The recording of a text, or its speech.
    fn recorded(&self, folder: &str, text: &str, unready: &mut bool) -> Option<String> {
        let name = format!("{folder}/{text}");
        if self.prompts.has(&self.language, &name) {
            return Some(PromptSet::full_name(&self.language, &name));
        }
        match &self.speeches.iter().find(|s| s.text == text)?.made {
            Made::Ready(prompt) => Some(prompt.clone()),
            Made::Ordered => {
                *unready = true;
                None
            }
            Made::Failed => None,
        }
    }

    /// Speech came, or will not come.
    pub(super) fn speech_done(&mut self, now: Now, id: u32, prompt: Option<String>) {
        if let Some(speech) = self.speeches.iter_mut().find(|s| s.id == id) {
            speech.made = prompt.clone().map_or(Made::Failed, Made::Ready);
        }
        match self.state.clone() {
            State::Preparing { cue: Cue::Load(wanted), .. } if wanted == id => match prompt {
                Some(prompt) => self.say(now, Cue::Replay(prompt)),
                None => self.give_up_speech(now, Cue::Load(wanted)),
            },
            State::Preparing { until, cue } if !matches!(cue, Cue::Load(_)) => {
                let line = self.line(now, &cue);
                if line.unready {
                    self.state = State::Preparing { until, cue };
                } else {
                    self.play(now, &cue, line.prompts);
                }
            }
            _ => {}
        }
    }

    /// What is not ready is left out; a recording that cannot be replayed is made again.
    pub(super) fn give_up_speech(&mut self, now: Now, cue: Cue) {
        for speech in &mut self.speeches {
            if matches!(speech.made, Made::Ordered) {
                speech.made = Made::Failed;
            }
        }
        let script = self.script.clone();
        match (&cue, &script.node(self.at).kind) {
            (Cue::Load(_), NodeKind::RecordPrompt(r)) => self.record_again(now, r),
            _ => {
                let line = self.line(now, &cue);
                self.play(now, &cue, line.prompts);
            }
        }
    }
}
