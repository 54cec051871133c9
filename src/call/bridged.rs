//! A call whose customer wants a person of ours, or has one.

use super::talk::find;
use super::{Action, Call, State, Wanted};
use crate::base::Now;
use crate::ivr::{self, Parted, Search};
use crate::media::{Command, PromptLibrary};

impl Call {
    /// The script wants somebody rung: the customer hears music from now on.
    pub(super) fn want(&mut self, search: Search, prompts: &PromptLibrary) {
        let sound =
            |names: &[String]| names.iter().filter_map(|name| find(prompts, name)).collect::<Vec<_>>();
        let (music, accept) = (sound(&search.music), sound(&search.accept_prompts));
        self.media(Command::Music(music.clone()));
        self.out.push_back(Action::Connect(Box::new(Wanted { search, music, accept })));
    }

    /// Somebody is there: what was said to the customer meanwhile is cut short.
    pub(super) fn handle_connected(&mut self, now: Now) {
        if self.state == State::Incoming {
            self.accept_late(now);
        }
        if self.state != State::Script {
            return;
        }
        self.media(Command::StopPlay);
        self.media(Command::Music(Vec::new()));
        if let Some(runner) = &mut self.runner {
            runner.handle_event(now, ivr::Event::Connected);
        }
        self.enter(now, State::Bridged);
    }

    /// The customer is alone: the script goes on by the way that it has for this.
    pub(super) fn handle_parted(&mut self, now: Now, parted: Parted, prompts: &PromptLibrary) {
        if self.state == State::Incoming && self.ready.is_some() {
            return self.refuse_late(now);
        }
        if !matches!(self.state, State::Script | State::Bridged) || self.over.is_some() {
            return;
        }
        self.media(Command::Music(Vec::new()));
        if self.state == State::Bridged {
            self.enter(now, State::Script);
        }
        self.run(now, ivr::Event::Parted(parted), prompts);
    }
}
