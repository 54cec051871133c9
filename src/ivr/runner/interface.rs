//! What goes into a runner and what comes out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{Disposition, Timestamp};
use crate::ivr::Consent;
use crate::media::PlayId;

/// What is known of the customer when the call starts.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Columns of the list, by name; scripts branch on them and speak them.
    pub fields: BTreeMap<String, String>,
    /// Customer's name; empty where unknown.
    pub name: String,
    /// Folder of the prompts: `zh-CN`, `en`. The script's first language where this is empty
    /// or not among the script's languages.
    pub language: String,
    /// Zone in which a customer's "1500" is understood.
    pub timezone: jiff::tz::TimeZone,
    /// Whether [`Action::Speak`] can be answered. Without it, what has no recorded prompt is left out.
    pub can_speak: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Answered by a person (or nobody looked): the script begins.
    Started,
    /// A machine answered and its beep is over: the script's message is played and the call ends.
    MachineBeep,
    /// Nobody knows whether it is a machine: "press any key" is asked before the script begins.
    MachineDoubt,
    /// A play ended.
    Played {
        /// Which, from [`Action::Play`].
        play: PlayId,
        /// False where it was stopped or barged in.
        finished: bool,
    },
    /// `0`-`9`, `*`, `#`, `A`-`D`: once per press.
    Key(char),
    /// The comment asked for last ended.
    CommentEnded {
        /// Whether anything was said.
        spoke: bool,
        /// The file, relative to the recordings folder.
        path: String,
        /// Length in milliseconds.
        ms: u64,
    },
    /// Speech is ready under this full prompt name.
    TtsReady {
        /// From [`Action::Speak`] or [`Action::LoadRecording`].
        speech: u32,
        /// Full prompt name for [`Action::Play`].
        prompt: String,
    },
    /// Speech could not be made.
    TtsFailed {
        /// From [`Action::Speak`] or [`Action::LoadRecording`].
        speech: u32,
    },
    /// Somebody of [`Action::Connect`] is there and talks with the customer.
    Connected,
    /// The customer is alone again, or was never connected.
    Parted(Parted),
    /// The other side hung up, or the call was lost.
    HungUp,
}

/// Why the customer has nobody to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parted {
    /// Nobody answered.
    Nobody,
    /// Whom they talked to hung up first.
    HungUp,
    /// Whom they talked to vanished: a fault of their phone or its line.
    Lost,
    /// They waited, and will be called back.
    Promised,
}

/// Whom to ring for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The queue in which the caller waits; then there are no targets.
    pub queue: Option<String>,
    /// Extensions of ours or outside numbers, best first.
    pub targets: Vec<String>,
    /// One after the other; else all at once, and the first to answer has it.
    pub one_by_one: bool,
    /// How long each may ring.
    pub ring: Duration,
    /// Full names of what is played to the customer again and again meanwhile, and on hold.
    pub music: Vec<String>,
    /// Key by which a person at an outside number shows that no voicemail has answered.
    pub accept_key: char,
    /// Full names of what asks for it.
    pub accept_prompts: Vec<String>,
}

/// One answer, emitted as it comes. No input is `keys: None`, never a score of 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Node name of the question.
    pub question: String,
    /// What was pressed, without the closing `#`.
    pub keys: Option<String>,
    /// What the script says it means.
    pub meaning: Option<String>,
    /// Score, where the question is a score.
    pub score: Option<i32>,
    /// Whether the script says that such an answer is one of a dissatisfied person.
    pub dissatisfied: bool,
    /// Voice comment: the path given in [`Event::CommentEnded`].
    pub comment: Option<String>,
    /// Whom it rates, where the question rates somebody.
    pub rated: Option<RatedPerson>,
    /// What it is about, for a mean of its own.
    pub dimension: Option<String>,
}

impl Answer {
    /// A voice comment, or none.
    pub(in crate::ivr) fn spoken(question: String, comment: Option<String>) -> Self {
        Answer {
            question,
            keys: None,
            meaning: None,
            score: None,
            dissatisfied: false,
            comment,
            rated: None,
            dimension: None,
        }
    }
}

/// Whom an answer rates (ROL-08: every rating names person and function).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedPerson {
    /// What the person does for the customer: `设计师`.
    pub function: String,
    /// Who; None where the list does not say.
    pub person: Option<String>,
}

/// The business result; emitted exactly once a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub disposition: Disposition,
    /// When the customer wants to be called, if they said so.
    pub later_at: Option<Timestamp>,
    /// The customer asked never to be called again.
    pub do_not_call: bool,
}

/// An order to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play prompts one after the other, replacing what plays.
    Play {
        /// Comes back in [`Event::Played`].
        play: PlayId,
        /// Full prompt names.
        prompts: Vec<String>,
        /// A key stops it at once.
        barge_in: bool,
    },
    /// Stop what plays.
    StopPlay,
    /// Record what the customer says; ends by [`Event::CommentEnded`].
    StartComment {
        /// Node name; with the call's id it names the file.
        question: String,
        /// Ends by itself after this long.
        max: Duration,
        /// Ends after this much silence; zero: silence does not end it.
        silence: Duration,
    },
    /// End the comment.
    StopComment,
    /// Have the TTS command make speech; answered by `TtsReady` or `TtsFailed`.
    Speak {
        /// Comes back in the answer.
        speech: u32,
        /// What to say, at most [`super::MAX_SPEECH_CHARS`] characters.
        text: String,
        /// In which language.
        language: String,
    },
    /// Make a finished comment playable; answered by `TtsReady` or `TtsFailed`.
    LoadRecording {
        /// Comes back in the answer.
        speech: u32,
        /// The file, from [`Event::CommentEnded`].
        path: String,
    },
    /// Store an answer.
    Answer(Answer),
    /// A recorded prompt is good: put the file where prompts live.
    KeepPrompt {
        /// Full prompt name.
        name: String,
        /// The file, from [`Event::CommentEnded`].
        path: String,
    },
    /// Ring somebody for the customer; [`Event::Connected`] or [`Event::Parted`] follows.
    Connect(Search),
    /// The customer, who waits in a queue, wants to be called back; [`Event::Parted`] follows
    /// where that can be promised.
    CallBack,
    /// What the customer says of being recorded.
    Consent(Consent),
    /// The script reached this step: a marker for the recording and the audit.
    Step(String),
    /// The result is settled. The call goes on to its goodbye.
    Outcome(Outcome),
    /// End the call.
    HangUp,
}
