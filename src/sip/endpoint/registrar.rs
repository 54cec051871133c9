//! The registrar at work in the endpoint: REGISTER in, presence out, and who may call.

use super::event::Event;
use super::{Endpoint, Received};
use crate::base::{Mono, Now, Rng};
use crate::sip::Destination;
use crate::sip::header;
use crate::sip::message::{Request, Response};
use crate::sip::registrar::{Access, Binding, Bindings, Check, Gone, Presence, Refusal, RegistrarSettings};
use crate::sip::transaction::{Flow, TimerKey};

/// Whom users are, and where their phones are.
pub(super) struct Registrar {
    settings: RegistrarSettings,
    access: Access,
    bindings: Bindings,
}

/// An INVITE may go on: from this user's phone, or from nobody we ask.
pub(super) enum Admitted {
    Agent(String),
    Other,
    /// It was answered.
    No,
}

impl Registrar {
    /// Nobody is asked anything, so its key, which anybody could know, seals nothing.
    pub(super) fn closed() -> Self {
        let settings = RegistrarSettings::default();
        let access = Access::new(&settings, &mut Rng::seeded(0));
        Registrar { access, settings, bindings: Bindings::default() }
    }

    /// Whether anybody can register.
    pub(super) fn is_open(&self) -> bool {
        !self.settings.users.is_empty()
    }

    pub(super) fn phones(&self) -> usize {
        self.bindings.iter().count()
    }

    /// Wrong answers, and requests of those who were shut out.
    pub(super) fn refusals(&self) -> (u64, u64) {
        (self.access.failed, self.access.shut_out)
    }

    pub(super) fn is_phone(&self, received: &Received<'_>) -> bool {
        self.bindings.user_at(received.transport, received.source, received.connection).is_some()
    }

    /// The connection on which a phone at this place registered.
    pub(super) fn connection_to(&self, destination: &Destination) -> Option<u64> {
        let there = |binding: &Binding| {
            binding.destination.addr == destination.addr
                && binding.destination.transport == destination.transport
        };
        self.bindings.iter().find(|(_, binding)| there(binding)).and_then(|(_, binding)| binding.connection)
    }
}

impl Endpoint {
    /// Who may register. Phones of users who are gone, or whose password is another, are
    /// dropped; the others stay.
    pub fn set_registrar(&mut self, now: Now, settings: RegistrarSettings) {
        let opens = !self.registrar.is_open() && !settings.users.is_empty();
        let registrar = &mut self.registrar;
        if opens || registrar.access.realm() != settings.realm {
            // A generator of its own: what the endpoint draws goes out as tags and branches.
            registrar.access = Access::new(&settings, &mut self.core.rng.fork());
        }
        let old = std::mem::replace(&mut registrar.settings, settings);
        let (old, new) = (old.users, &registrar.settings.users);
        let changes = registrar.bindings.drop_where(Gone::Removed, |user, _| new.get(user) != old.get(user));
        self.tell_presence(now, changes);
    }

    /// A user's phones, best first.
    pub fn phones_of(&self, user: &str) -> Vec<&Binding> {
        self.registrar.bindings.of(user)
    }

    /// All phones with their users.
    pub fn phones(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.registrar.bindings.iter()
    }

    /// A phone at this place answers no more.
    pub fn drop_phone(&mut self, now: Now, place: &Destination) {
        self.drop_phones(now, Gone::Unreachable, |binding| binding.destination == *place);
    }

    pub(super) fn drop_phones(&mut self, now: Now, gone: Gone, is_gone: impl Fn(&Binding) -> bool) {
        let changes = self.registrar.bindings.drop_where(gone, |_, binding| is_gone(binding));
        self.tell_presence(now, changes);
    }

    pub(super) fn registrar_timeout(&mut self, now: Now) {
        self.drop_phones(now, Gone::Expired, |binding| binding.expires_at <= now.mono);
    }

    fn tell_presence(&mut self, now: Now, changes: Vec<Presence>) {
        self.core.events.extend(changes.into_iter().map(Event::Presence));
        let next: Option<Mono> = self.registrar.bindings.next_expiry();
        self.core.out.arm(TimerKey::Registrar, next.map(|at| at.max(now.mono)));
    }

    /// A REGISTER: everything that costs memory comes after the proof.
    pub(super) fn receive_register(
        &mut self,
        now: Now,
        request: &Request,
        key: String,
        flow: Flow,
        received: &Received<'_>,
    ) {
        if self.core.servers.len() >= self.core.settings.limits.server_transactions {
            return self.refuse_overload(now, request, &flow, &key);
        }
        let Some(user) = self.look_at(now, request, &key, &flow, received) else { return };
        let server = self.core.servers.open(now, key, request, &flow, None, &mut self.core.out);
        let aor = request.headers.to().and_then(|to| to.uri.user_unescaped());
        if aor.as_deref() != Some(user.as_str()) {
            return self.core.reply(now, server, 403);
        }
        let registrar = &mut self.registrar;
        match registrar.bindings.register(now, &registrar.settings, &user, request, received) {
            Ok(change) => {
                let contacts = registrar.bindings.listed(now.mono, &user);
                let fields: Vec<_> = contacts.into_iter().map(|c| (header::CONTACT, c)).collect();
                self.core.reply_with(now, server, 200, &fields);
                self.tell_presence(now, change.into_iter().collect());
            }
            Err(Refusal::Bad) => self.core.reply(now, server, 400),
            Err(Refusal::OutOfOrder) => self.core.reply(now, server, 500),
            Err(Refusal::TooBrief) => {
                let shortest = registrar.settings.min_expires.to_string();
                self.core.reply_with(now, server, 423, &[(header::MIN_EXPIRES, shortest)]);
            }
        }
    }

    /// Asks whoever is no trunk who they are. A registered phone, or whoever shows credentials
    /// for our realm, is asked even at an address that it shares with a trunk.
    pub(super) fn admit(
        &mut self,
        now: Now,
        request: &Request,
        key: &str,
        flow: &Flow,
        received: &Received<'_>,
        trusted: bool,
    ) -> Admitted {
        let registrar = &self.registrar;
        let is_ours = || registrar.is_phone(received) || registrar.access.credentials(request).is_some();
        if !registrar.is_open() || (trusted && !is_ours()) {
            return Admitted::Other;
        }
        match self.look_at(now, request, key, flow, received) {
            Some(user) => Admitted::Agent(user),
            None => Admitted::No,
        }
    }

    /// The user who has proved to be one; others are answered without state.
    fn look_at(
        &mut self,
        now: Now,
        request: &Request,
        key: &str,
        flow: &Flow,
        received: &Received<'_>,
    ) -> Option<String> {
        let is_phone = self.registrar.is_phone(received);
        let registrar = &mut self.registrar;
        let (settings, source) = (&registrar.settings, received.source.ip());
        let rng = &mut self.core.rng;
        let check = registrar.access.check(now.mono, settings, request, source, is_phone, rng);
        let blocked = std::mem::take(&mut registrar.access.blocked);
        self.core.events.extend(blocked.into_iter().map(Event::Guarded));
        match check {
            Check::Known(user) => Some(user),
            Check::Refused(response) => {
                let mut response: Response = *response;
                response.headers.add_to_tag(&super::receive::stateless_tag(key.as_bytes()));
                self.send_stateless(now, flow, &response);
                None
            }
        }
    }
}
