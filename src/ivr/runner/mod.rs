//! Walks one customer through a script.

mod interface;

pub use interface::{Action, Answer, Event, Facts, Outcome};

/// Longest text given to the TTS command: a name or an item, never a speech.
pub const MAX_SPEECH_CHARS: usize = 200;

use std::sync::Arc;

use crate::base::{Disposition, Mono, Now};

use super::{PromptSet, Script};

/// The prompt after which the customer may speak; the same in every language.
pub(super) const BEEP: &str = "beep";

/// One customer in one script.
#[derive(Debug)]
pub struct Runner {
    #[allow(dead_code)]
    script: Arc<Script>,
}

impl Runner {
    /// Makes a runner; nothing happens before [`Event::Started`]. Speech that needs the TTS
    /// command is asked for at once, so it may be made while the phone still rings.
    pub fn start(script: Arc<Script>, facts: Facts, prompts: Arc<PromptSet>) -> Self {
        let _ = (facts, prompts);
        Runner { script }
    }

    /// Takes an event; drain [`Runner::poll_action`] afterwards.
    pub fn handle_event(&mut self, now: Now, event: Event) {
        let _ = (now, event);
    }

    /// Call at or after [`Runner::next_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// When [`Runner::handle_timeout`] wants to be called; None once the run is over.
    pub fn next_timeout(&self) -> Option<Mono> {
        None
    }

    /// The next order, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        None
    }

    /// What the attempt would count as if the customer hung up at this moment.
    pub fn disposition_if_hung_up(&self) -> Disposition {
        Disposition::HungUp
    }
}
