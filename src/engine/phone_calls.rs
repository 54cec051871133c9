//! Calls that an agent's own phone begins: star codes, other agents, numbers outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::inbound::user_of;
use super::{Engine, Notice};
use crate::agent::{Dialled, Order, Wish};
use crate::base::{CallId, Now};
use crate::call::{Call, Way};
use crate::ivr::{Facts, Script};
use crate::sip::Srtp;
use crate::sip::endpoint::{Incoming, SessionId};

/// The script that says that a star code was carried out; a company may lay its own over it.
const CONFIRMATION: &str = "star-code";
/// The one in the program.
const BUILT_IN: &str = include_str!("star_code.toml");
/// Stands where the name of a trunk stands in other calls.
const PHONES: &str = "phones";

/// A call that an agent's phone begins and may begin.
#[derive(Clone, Debug)]
pub struct AgentCall {
    /// Whose phone.
    pub agent: String,
    /// Whom it calls.
    pub to: Callee,
    /// Its INVITE: it wants `accept` or `reject`.
    pub incoming: Incoming,
}

/// Whom an agent calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// Another agent, by name.
    Agent(String),
    /// A number outside, allowed by the agent's `may_dial`.
    Outside(String),
}

impl Engine {
    /// An INVITE of a phone whose user has proved to be `extension`.
    pub(super) fn handle_phone_call(&mut self, now: Now, extension: &str, incoming: Incoming) {
        let session = incoming.session;
        let Some(agent) = self.desk.agents.by_extension(extension).map(str::to_owned) else {
            return self.refuse_phone(now, session, 403, "no agent has this extension");
        };
        if self.is_draining() {
            return self.refuse_phone(now, session, 503, "the daemon is stopping");
        }
        let number = user_of(&incoming.request_uri);
        match self.desk.agents.dialled(&agent, &number) {
            Dialled::Code(order) => self.carry_out_code(now, &agent, extension, order, incoming),
            Dialled::Agent(to) => {
                self.place_agent_call(now, AgentCall { agent, to: Callee::Agent(to), incoming });
            }
            Dialled::Outside(number) => {
                self.place_agent_call(now, AgentCall { agent, to: Callee::Outside(number), incoming });
            }
            Dialled::Forbidden => {
                if let Some(word) = self.desk.note_forbidden(now, &agent, &number) {
                    self.notice(Notice::Alarm { call: None, word });
                }
                self.refuse_phone(now, session, 403, "may_dial of this agent does not list the number");
            }
        }
    }

    /// Places a call that an agent's phone began. Joining two legs is the bridge's; where there
    /// is none the phone is told so.
    pub(super) fn place_agent_call(&mut self, now: Now, call: AgentCall) {
        self.refuse_phone(now, call.incoming.session, 503, "calls between two phones are not served");
    }

    /// The agent moves, and hears that it did.
    fn carry_out_code(&mut self, now: Now, agent: &str, extension: &str, order: Order, incoming: Incoming) {
        let session = incoming.session;
        let wish = match order {
            Order::Available => Wish::Available,
            Order::NotReady(reason) => Wish::NotReady(reason),
            Order::LogOut => Wish::LogOut,
        };
        if let Err(refusal) = self.desk.agents.handle_wish(now, agent, wish, "phone") {
            return self.refuse_phone(now, session, 403, &refusal.to_string());
        }
        let own = self.library.scripts.get(CONFIRMATION).cloned();
        let Some(script) = own.or_else(built_in) else {
            // It is done; only the voice that says so is missing.
            return self.refuse_phone(now, session, 480, "done");
        };
        let id = CallId::new(now.utc, &mut self.rng);
        let language = self.desk.agents.settings(agent).and_then(|a| a.languages.first().cloned());
        let language = language.filter(|l| script.languages().contains(l)).unwrap_or_default();
        let facts = Facts {
            fields: BTreeMap::new(),
            name: String::new(),
            language,
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        };
        let plan = self.inbound_plan(now, id, extension.to_owned(), script, facts);
        let way = Way {
            trunk: PHONES.into(),
            codecs: self.settings.agents.codecs.clone(),
            srtp: Srtp::Off,
            rtcp_mux: false,
            external: self.settings.external_media.or(self.settings.fallback_media),
        };
        self.desk.code_calls.push(id);
        let call = Call::inbound(now, plan, way, incoming.offer, self.rng.fork());
        self.adopt(now, call, Some(session));
    }

    /// Refuses a phone's call; the words go into Warning (RFC 3261 section 20.43).
    fn refuse_phone(&mut self, now: Now, session: SessionId, status: u16, why: &str) {
        let why: String = why.chars().filter(|c| c.is_ascii() && !matches!(c, '"' | '\\')).collect();
        let warning = ("Warning".to_owned(), format!("399 ringback \"{why}\""));
        self.endpoint.reject(now, session, status, vec![warning]);
    }
}

fn built_in() -> Option<Arc<Script>> {
    Script::parse("star-code.toml", BUILT_IN).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confirmation_in_the_program_can_be_read() {
        let script = built_in().expect("a script");
        assert_eq!(script.languages(), ["zh-CN", "en"]);
    }
}
