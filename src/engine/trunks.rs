//! Looking after the trunks: addresses, registrations, health.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::trunk::{LOCATE_EVERY, PING_TIMEOUT, RETRY, Trunk};
use super::{Engine, Notice, Output};
use crate::base::{Mono, Now};
use crate::dialer::Health;
use crate::sip::Destination;
use crate::sip::endpoint::{Ping, PingId, Registration, RegistrationId};

impl Engine {
    /// The trunk of that name.
    pub(super) fn trunk_named(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|t| t.name() == name)
    }

    pub(super) fn trunk_named_mut(&mut self, name: &str) -> Option<&mut Trunk> {
        self.trunks.iter_mut().find(|t| t.name() == name)
    }

    /// Looks at each trunk whose time has come: DNS, then registration and OPTIONS.
    pub(super) fn look_after_trunks(&mut self, now: Now) {
        for index in 0..self.trunks.len() {
            if self.trunks[index].next_locate <= now.mono {
                let trunk = &mut self.trunks[index];
                trunk.next_locate = now.mono + LOCATE_EVERY;
                let server = trunk.settings.outbound_proxy.as_ref().unwrap_or(&trunk.settings.server).clone();
                let trunk = trunk.serial;
                self.output(Output::Locate { trunk, server });
            }
            if self.trunks[index].next_look <= now.mono {
                self.look(now, index);
            }
        }
    }

    /// One OPTIONS.
    fn look(&mut self, now: Now, index: usize) {
        let trunk = &mut self.trunks[index];
        trunk.next_look = Mono::FAR;
        let Some(destination) = trunk.destination().cloned() else { return };
        if !trunk.has_ping() || trunk.ping.is_some() {
            return;
        }
        let ping = Ping {
            destination,
            uri: trunk.uri(""),
            from: format!("sip:ringback@{}", trunk.domain()),
            timeout: PING_TIMEOUT,
            auth: trunk.settings.credentials.clone(),
        };
        let id = self.endpoint.ping(now, ping);
        self.trunks[index].ping = Some(id);
    }

    pub(super) fn handle_located(
        &mut self,
        now: Now,
        serial: usize,
        result: Result<Vec<Destination>, String>,
        local: Option<IpAddr>,
    ) {
        // The answer may come after the trunk has gone.
        let Some(index) = self.trunks.iter().position(|t| t.serial == serial) else { return };
        let trunk = &mut self.trunks[index];
        match result {
            Ok(found) if !found.is_empty() => {
                let changed = trunk.destinations != found || trunk.routed != local;
                if changed {
                    trunk.chosen = 0;
                    trunk.destinations = found;
                    trunk.routed = local;
                    self.trust_trunks();
                    self.register(now, index);
                }
                let trunk = &mut self.trunks[index];
                if trunk.has_ping() && trunk.ping.is_none() && trunk.next_look == Mono::FAR {
                    trunk.next_look = now.mono;
                    self.look(now, index);
                }
                self.judge(now, index, None);
            }
            other => {
                // Addresses that were good a moment ago are better than none.
                trunk.next_locate = now.mono + RETRY;
                if trunk.destinations.is_empty() {
                    let why = other.err().unwrap_or_else(|| "no address was found".into());
                    self.judge(now, index, Some(why));
                }
            }
        }
    }

    pub(super) fn register(&mut self, now: Now, index: usize) {
        let trunk = &self.trunks[index];
        let Some(expires) = trunk.settings.register else { return };
        let Some(destination) = trunk.destination().cloned() else { return };
        let old = trunk.registration;
        let user = trunk.settings.credentials.as_ref().map(|c| c.user.clone()).unwrap_or_default();
        let registration = Registration {
            destination,
            registrar: trunk.uri(""),
            aor: format!("sip:{user}@{}", trunk.domain()),
            contact_user: user,
            expires,
            route: trunk.route(),
            auth: trunk.settings.credentials.clone(),
        };
        if let Some(old) = old {
            self.endpoint.unregister(now, old);
        }
        let id = self.endpoint.register(now, registration);
        self.trunks[index].registration = Some(id);
        self.trunks[index].leaving = None;
    }

    /// A registration is gone; one that waited for its end begins.
    pub(super) fn handle_unregistered(&mut self, now: Now, id: RegistrationId) {
        if let Some(index) = self.trunks.iter().position(|t| t.leaving == Some(id)) {
            self.trunks[index].leaving = None;
            return self.register(now, index);
        }
        self.handle_registration(now, id, Err("registration given back".into()));
    }

    pub(super) fn handle_registration(&mut self, now: Now, id: RegistrationId, result: Result<(), String>) {
        let Some(index) = self.trunks.iter().position(|t| t.registration == Some(id)) else { return };
        self.trunks[index].note_registered(result.is_ok());
        self.judge(now, index, result.err());
    }

    pub(super) fn handle_pong(&mut self, now: Now, id: PingId, result: Result<Duration, String>) {
        if self.handle_probe(now, id, result.is_ok()) {
            return;
        }
        let Some(index) = self.trunks.iter().position(|t| t.ping == Some(id)) else { return };
        let trunk = &mut self.trunks[index];
        trunk.ping = None;
        trunk.rtt = result.as_ref().ok().copied();
        trunk.note_answers(result.is_ok());
        let wait =
            if result.is_ok() { trunk.settings.ping_every } else { RETRY.min(trunk.settings.ping_every) };
        trunk.next_look = now.mono + wait;
        self.judge(now, index, result.err());
    }

    /// Tells the dialler, and people, where the trunk's state has changed.
    pub(super) fn judge(&mut self, now: Now, index: usize, trouble: Option<String>) {
        let trunk = &mut self.trunks[index];
        let health = match (trunk.judge(), trouble) {
            (Some(up), _) => up,
            (None, Some(why)) => Health::Down(why),
            (None, None) => match &trunk.health {
                Health::Up => Health::Down("it no longer answers".into()),
                same => same.clone(),
            },
        };
        if health == trunk.health {
            return;
        }
        let (state, detail) = match &health {
            Health::Up => ("up", String::new()),
            Health::Down(why) => ("down", why.clone()),
            Health::Unknown => ("unknown", String::new()),
        };
        if std::mem::discriminant(&health) != std::mem::discriminant(&trunk.health) {
            trunk.since = now.utc;
        }
        trunk.health = health.clone();
        let name = trunk.name().to_owned();
        self.dialer.handle_trunk_health(now, &name, health);
        self.notice(Notice::Trunk { name, state, detail });
    }

    /// The limit per source does not touch the trunks' own addresses, and each is shown the
    /// address by which it reaches us. Of trunks at one address the first counts.
    pub(super) fn trust_trunks(&mut self) {
        let mut locals = BTreeMap::new();
        for trunk in &self.trunks {
            let Some(local) = super::local::signalling(&self.settings, &trunk.settings, trunk.routed) else {
                continue;
            };
            for destination in &trunk.destinations {
                locals.entry(destination.addr.ip()).or_insert_with(|| local.clone());
            }
        }
        self.endpoint.set_locals(locals);
        let sources = self.trunks.iter().flat_map(|t| t.destinations.iter().map(|d| d.addr.ip())).collect();
        self.endpoint.set_trusted(sources);
    }

    /// Gives the registrations back, so that the trunk sends nothing to a daemon that is gone.
    pub fn unregister_all(&mut self, now: Now) {
        for index in 0..self.trunks.len() {
            if let Some(id) = self.trunks[index].registration.take() {
                self.endpoint.unregister(now, id);
            }
        }
        self.handle(now, super::Input::Wake);
    }
}
