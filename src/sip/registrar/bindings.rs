//! The contacts of all users, changed as RFC 3261 section 10.3 has it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::binding::{Binding, Gone, Presence};
use super::settings::RegistrarSettings;
use crate::base::{Mono, Now};
use crate::sip::endpoint::Received;
use crate::sip::message::Request;
use crate::sip::{Destination, NameAddr, Transport, header};

/// Longest text kept of what a phone says of itself.
const MAX_TEXT: usize = 128;

/// Why a REGISTER changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400: it says nothing that can be done.
    Bad,
    /// 423: it asks for too short a time.
    TooBrief,
    /// 500: an older one came after a newer one.
    OutOfOrder,
}

/// Who is where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    users: BTreeMap<String, Vec<Binding>>,
}

/// One Contact of a REGISTER and for how long; 0 takes it out.
struct Wish {
    contact: NameAddr,
    seconds: u32,
}

impl Bindings {
    /// A user's phones, best first: by preference, then the one that registered last.
    pub(crate) fn of(&self, user: &str) -> Vec<&Binding> {
        let mut found: Vec<&Binding> = self.users.get(user).into_iter().flatten().collect();
        found.sort_by_key(|binding| std::cmp::Reverse((binding.q, binding.since)));
        found
    }

    /// The user whose phone speaks from there.
    pub(crate) fn user_at(
        &self,
        transport: Transport,
        source: SocketAddr,
        connection: Option<u64>,
    ) -> Option<&str> {
        let is_there = |list: &[Binding]| list.iter().any(|b| b.is_from(transport, source, connection));
        self.users.iter().find(|(_, list)| is_there(list)).map(|(user, _)| user.as_str())
    }

    /// All phones.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.users.iter().flat_map(|(user, list)| list.iter().map(move |binding| (user.as_str(), binding)))
    }

    /// When the next one expires.
    pub(crate) fn next_expiry(&self) -> Option<Mono> {
        self.iter().map(|(_, binding)| binding.expires_at).min()
    }

    /// Takes a REGISTER of a user who has proved to be one: all of it, or nothing.
    pub(crate) fn register(
        &mut self,
        now: Now,
        settings: &RegistrarSettings,
        user: &str,
        request: &Request,
        received: &Received<'_>,
    ) -> Result<Option<Presence>, Refusal> {
        let headers = &request.headers;
        let call_id = headers.call_id().unwrap_or_default();
        let seq = headers.cseq().map_or(0, |cseq| cseq.number);
        let before = self.users.get(user).map_or(0, Vec::len);
        let is_all = headers.list(header::CONTACT).any(|contact| contact.trim() == "*");
        let mut list = self.users.get(user).cloned().unwrap_or_default();
        let is_old = |binding: &Binding| binding.call_id == call_id && seq <= binding.seq;
        if is_all {
            if headers.list(header::CONTACT).count() != 1 || headers.expires() != Some(0) {
                return Err(Refusal::Bad);
            }
            if list.iter().any(is_old) {
                return Err(Refusal::OutOfOrder);
            }
            list.clear();
        } else {
            for wish in wishes(settings, request)? {
                let known = list.iter().position(|binding| is_same(binding, &wish.contact));
                if known.is_some_and(|at| is_old(&list[at])) {
                    return Err(Refusal::OutOfOrder);
                }
                let old = known.map(|at| list.remove(at));
                if wish.seconds > 0 {
                    let since = old.map_or(now.utc, |old| old.since);
                    let mut binding = binding(now, wish, received);
                    (binding.since, binding.seq) = (since, seq);
                    call_id.clone_into(&mut binding.call_id);
                    binding.user_agent = bounded(headers.get(header::USER_AGENT).unwrap_or_default());
                    list.push(binding);
                }
            }
            let surplus = list.len().saturating_sub(settings.max_contacts.max(1));
            list.drain(..surplus);
        }
        let contacts = list.len();
        self.keep(user, list);
        let gone = (contacts < before).then_some(Gone::Unregistered);
        Ok((contacts != before).then(|| Presence { user: user.to_owned(), contacts, gone }))
    }

    /// The Contact values of a 200 (RFC 3261 section 10.3, step 8).
    pub(crate) fn listed(&self, now: Mono, user: &str) -> Vec<String> {
        self.of(user).into_iter().map(|binding| binding.listed(now)).collect()
    }

    /// Takes out every phone for which `is_gone` holds.
    pub(crate) fn drop_where(
        &mut self,
        gone: Gone,
        is_gone: impl Fn(&str, &Binding) -> bool,
    ) -> Vec<Presence> {
        let mut changes = Vec::new();
        self.users.retain(|user, list| {
            let before = list.len();
            list.retain(|binding| !is_gone(user, binding));
            if list.len() != before {
                changes.push(Presence { user: user.clone(), contacts: list.len(), gone: Some(gone) });
            }
            !list.is_empty()
        });
        changes
    }

    fn keep(&mut self, user: &str, list: Vec<Binding>) {
        if list.is_empty() {
            self.users.remove(user);
        } else {
            self.users.insert(user.to_owned(), list);
        }
    }
}

/// What a REGISTER asks for; nothing where it only asks what there is.
fn wishes(settings: &RegistrarSettings, request: &Request) -> Result<Vec<Wish>, Refusal> {
    let headers = &request.headers;
    let contacts = headers.contacts();
    if contacts.len() != headers.list(header::CONTACT).count() {
        return Err(Refusal::Bad);
    }
    let general = headers.expires().unwrap_or(settings.default_expires);
    let wish = |contact: NameAddr| {
        if !contact.uri.is_sip() {
            return Err(Refusal::Bad);
        }
        let own = contact.params.get("expires").map(|text| text.parse().unwrap_or(settings.default_expires));
        let asked = own.unwrap_or(general);
        if asked > 0 && asked < settings.min_expires {
            return Err(Refusal::TooBrief);
        }
        Ok(Wish { contact, seconds: asked.min(settings.max_expires) })
    };
    contacts.into_iter().map(wish).collect()
}

/// The same phone: by its instance where both name one (RFC 5626 section 6), else by URI.
fn is_same(binding: &Binding, contact: &NameAddr) -> bool {
    match (&binding.instance, contact.params.unquoted("+sip.instance")) {
        (Some(known), Some(named)) => *known == named,
        _ => binding.contact.is_same(&contact.uri),
    }
}

fn binding(now: Now, wish: Wish, received: &Received<'_>) -> Binding {
    let Wish { contact, seconds } = wish;
    let q = contact.params.get("q").and_then(|text| text.parse::<f32>().ok());
    let q = q.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0);
    Binding {
        q: (q * 1000.0).round() as u16,
        instance: contact.params.unquoted("+sip.instance").map(|text| bounded(&text)),
        user_agent: String::new(),
        destination: Destination {
            transport: received.transport,
            addr: received.source,
            server_name: received.source.ip().to_string(),
        },
        connection: received.connection,
        since: now.utc,
        expires_at: now.mono + std::time::Duration::from_secs(u64::from(seconds)),
        call_id: String::new(),
        seq: 0,
        contact: contact.uri,
    }
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}
