//! The survey: a script is text, checked into a graph of nodes; a [`Runner`] walks one
//! customer through it.
//!
//! Pure: events come in ([`Event`]), orders go out ([`Action`]); the engine plays, records
//! and stores. Prompts are names below `config/prompts` without `.wav`, such as
//! `zh-CN/survey/replay` or `beep`; the engine finds the sound.

mod check;
mod means;
mod prompts;
mod runner;
mod script;
pub mod spoken;
mod written;

pub use check::{
    ACCEPT_PROMPT, Finding, Need, PLACE_PROMPTS, RECORDED_PROMPT, Severity, check, check_needing, needs,
};
pub use means::dimension_means;
pub use prompts::PromptSet;
pub use runner::{
    Action, Answer, Event, Facts, MAX_SPEECH_CHARS, Outcome, Parted, RatedPerson, Runner, Search,
};
pub use script::is_target;
pub use script::*;
use script::{LONGEST_RING, is_prompt_name};
pub use written::{Asked, BadReply, Block, COMMENT_LIMIT, Choice, Reply, Texts, Written, replies};
