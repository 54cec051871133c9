//! New settings for a running engine: what changed is taken over, and no call is dropped.
//!
//! A call that is up keeps the plan and the way it began with: a trunk that was removed
//! carries its calls to their end, for their dialogs need nothing of it. What is still
//! being set up over a removed trunk goes the next way.

use super::trunk::Trunk;
use super::{Engine, Notice, Settings, TrunkSettings};
use crate::base::{Mono, Now};
use crate::dialer::Health;

impl Engine {
    /// Takes new settings; drain [`Engine::poll`] afterwards. `recordings` may not change
    /// while calls are up, for their files stand below it.
    pub fn handle_settings(&mut self, now: Now, settings: Settings) {
        self.endpoint.handle_settings(settings.sip.clone());
        let trunks = settings.trunks.clone();
        let choices = trunks.iter().map(|t| t.choice.clone()).collect();
        self.settings = settings;
        self.replace_trunks(now, trunks);
        self.take_agents(now);
        self.dialer.handle_trunks(now, choices);
        self.dialer.handle_settings(now, self.settings.dialer.clone());
        self.note_windows();
        self.run(now);
    }

    fn replace_trunks(&mut self, now: Now, wanted: Vec<TrunkSettings>) {
        let mut old = std::mem::take(&mut self.trunks);
        for settings in wanted {
            match old.iter().position(|t| t.settings.choice.name == settings.choice.name) {
                Some(at) => {
                    self.trunks.push(old.remove(at));
                    self.change_trunk(now, self.trunks.len() - 1, settings);
                }
                None => {
                    // One of that name may have been removed a moment ago.
                    self.dialer.handle_trunk_health(now, &settings.choice.name, Health::Unknown);
                    self.trunks.push(Trunk::new(now, self.next_trunk, settings));
                    self.next_trunk += 1;
                }
            }
        }
        for trunk in old {
            if let Some(id) = trunk.registration {
                self.endpoint.unregister(now, id);
            }
            let name = trunk.name().to_owned();
            self.notice(Notice::Trunk { name, state: "removed", detail: "no longer in the file".into() });
        }
        self.trust_trunks();
    }

    fn change_trunk(&mut self, now: Now, index: usize, new: TrunkSettings) {
        let trunk = &mut self.trunks[index];
        let old = std::mem::replace(&mut trunk.settings, new);
        let new = &trunk.settings;
        let moved = old.server != new.server || old.outbound_proxy != new.outbound_proxy;
        let same_user = old.register == new.register
            && (new.register.is_none() || (old.credentials == new.credentials && old.domain == new.domain));
        let same_ping = old.ping_every == new.ping_every;
        if moved {
            let left = trunk.registration.take();
            trunk.forget_place(now);
            if let Some(id) = left {
                self.endpoint.unregister(now, id);
            }
            self.doubt(now, index);
        } else if !same_user {
            self.register_anew(now, index);
            self.doubt(now, index);
        }
        if !moved && !same_ping {
            self.ping_anew(now, index);
        }
        self.judge(now, index, None);
    }

    /// Gives the registration back, and asks for the new one when it is gone.
    fn register_anew(&mut self, now: Now, index: usize) {
        let trunk = &mut self.trunks[index];
        trunk.note_registered(false);
        match trunk.registration.take() {
            Some(id) => {
                trunk.leaving = trunk.settings.register.map(|_| id);
                self.endpoint.unregister(now, id);
            }
            None if trunk.leaving.is_none() => self.register(now, index),
            None => {}
        }
    }

    fn ping_anew(&mut self, now: Now, index: usize) {
        let trunk = &mut self.trunks[index];
        if !trunk.has_ping() {
            trunk.ping = None;
            trunk.next_look = Mono::FAR;
        } else if trunk.ping.is_none() {
            // Where nobody asked so far, the benefit of the doubt lasts until the answer.
            if trunk.next_look == Mono::FAR {
                trunk.note_answers(true);
            }
            trunk.next_look = now.mono;
        }
    }

    /// What was known of a trunk's health does not hold any more.
    fn doubt(&mut self, now: Now, index: usize) {
        let trunk = &mut self.trunks[index];
        trunk.health = Health::Unknown;
        trunk.since = now.utc;
        let name = trunk.name().to_owned();
        self.dialer.handle_trunk_health(now, &name, Health::Unknown);
        self.notice(Notice::Trunk { name, state: "unknown", detail: "its settings changed".into() });
    }
}
