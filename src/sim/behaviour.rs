//! What a simulated customer does.

/// How keys are pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keying {
    /// RFC 4733 if the offer has it, else tones.
    #[default]
    Event,
    /// Tones in the audio.
    Inband,
    /// SIP INFO with `application/dtmf-relay`.
    Info,
}

/// One reaction, in the order of the prompts heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Press these keys after a prompt has ended and some time for thought.
    Press {
        /// Keys in order.
        keys: String,
        /// Time from the end of the prompt to the first key, in ms.
        thought_ms: u32,
    },
    /// Press while the prompt still plays, this long after it began (barge-in).
    Interrupt {
        /// Keys in order.
        keys: String,
        /// Time from the beginning of the prompt, in ms.
        after_ms: u32,
    },
    /// Let the prompt pass without a reaction.
    Ignore,
    /// Speak for a while, then press a key if one is given: a voice comment ended by `#`.
    Speak {
        /// How long, in ms.
        millis: u32,
        /// The key afterwards.
        then: Option<char>,
    },
    /// Hang up in the middle of a prompt, this long after it began, in ms.
    HangUpAfter(u32),
    /// Hang up once a prompt has ended.
    HangUp,
    /// Talk with whoever is there: answer each thing that was said with a sentence. After some turns
    /// something long is no sentence but a question for a score, which is answered by a key.
    Converse {
        /// How long a sentence is, in ms.
        millis: u32,
        /// Sentences before a long thing is taken for that question.
        turns: u32,
        /// The score.
        key: char,
    },
}

/// A person at the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Time until they pick up, in ms.
    pub answer_ms: u32,
    /// How long the greeting is, in ms; 0: they say nothing.
    pub greeting_ms: u32,
    /// Reactions, one per prompt.
    pub acts: Vec<Act>,
    /// The last reaction is repeated at each further prompt.
    pub repeat_last: bool,
    /// Hangs up after this much silence following a prompt or a key, in ms; 0: never.
    pub patience_ms: u32,
    /// How they press keys.
    pub keying: Keying,
    /// The voice is one tone of this pitch in Hz; 0: babble.
    pub tone_hz: u32,
}

impl Default for Person {
    fn default() -> Self {
        Person {
            answer_ms: 600,
            greeting_ms: 500,
            acts: vec![Act::Press { keys: "5".to_owned(), thought_ms: 300 }],
            repeat_last: true,
            patience_ms: 2_500,
            keying: Keying::Event,
            tone_hz: 0,
        }
    }
}

/// What happens when the number is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// 180, then a person.
    Answers(Person),
    /// 183 with an announcement in the early media, then a person.
    EarlyMediaThenAnswer {
        /// Length of the announcement in ms.
        early_ms: u32,
        /// Who then answers.
        person: Person,
    },
    /// A machine: greeting, beep, then it records for a while and hangs up.
    AnsweringMachine {
        /// Time until it answers, in ms.
        answer_ms: u32,
        /// Length of the greeting in ms.
        greeting_ms: u32,
        /// Pitch of the beep in Hz.
        beep_hz: u32,
        /// Time for the message in ms.
        record_ms: u32,
    },
    /// Rings until the caller gives up.
    NoAnswer,
    /// A final response after some time: 486 busy, 603 declined, 404 unknown number, 480
    /// switched off, 503 congested and the like.
    Refuses {
        /// Status code, 300 to 699.
        status: u16,
        /// Time until then, in ms.
        after_ms: u32,
        /// Whether it rang before.
        rings: bool,
    },
    /// Answers 100 and nothing else, ever.
    Dead,
}

impl Behaviour {
    /// 486 after a moment.
    pub const BUSY: Behaviour = Behaviour::Refuses { status: 486, after_ms: 300, rings: false };
    /// 603 after two seconds of ringing.
    pub const DECLINES: Behaviour = Behaviour::Refuses { status: 603, after_ms: 2_000, rings: true };
    /// 404 at once.
    pub const INVALID_NUMBER: Behaviour = Behaviour::Refuses { status: 404, after_ms: 100, rings: false };
    /// 480 after a moment.
    pub const UNAVAILABLE: Behaviour = Behaviour::Refuses { status: 480, after_ms: 500, rings: false };
    /// 503 with Retry-After at once.
    pub const CONGESTED: Behaviour = Behaviour::Refuses { status: 503, after_ms: 50, rings: false };
}
