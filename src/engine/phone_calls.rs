//! Calls that an agent's own phone begins: star codes, other agents, numbers outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dial::Dial;
use super::inbound::user_of;
use super::replaces::Replaced;
use super::{DialOrder, Engine, Notice, Write};
use crate::agent::{Dialled, Order, State, Wish};
use crate::base::{CallId, Now};
use crate::call::{Call, Direction, Plan, Purpose, Way};
use crate::ivr::{Facts, Script};
use crate::sip::endpoint::{Incoming, SessionId};

/// The script that says that a star code was carried out; a company may lay its own over it.
const CONFIRMATION: &str = "star-code";
/// The one in the program.
const BUILT_IN: &str = include_str!("star_code.toml");
/// The script of a call between two phones of ours.
const BETWEEN_US: &str = "internal";
/// The one in the program.
pub(super) const INTERNAL: &str = include_str!("internal.toml");
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
    /// A number outside, allowed by the agent's `may_dial`; the reason, where it is dialled
    /// against a rule.
    Outside(String, String),
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
        if let Some(replaced) = header(&incoming, "Replaces").and_then(Replaced::parse) {
            return self.take_over(now, &agent, &replaced, incoming);
        }
        let number = user_of(&incoming.request_uri);
        match self.desk.agents.dialled(&agent, &number) {
            Dialled::Code(order) => self.carry_out_code(now, &agent, extension, order, incoming),
            Dialled::Agent(to) => {
                self.place_agent_call(now, AgentCall { agent, to: Callee::Agent(to), incoming });
            }
            Dialled::Outside(number) => {
                let to = Callee::Outside(number, String::new());
                self.place_agent_call(now, AgentCall { agent, to, incoming });
            }
            Dialled::Anyway(number, reason) => {
                let to = Callee::Outside(number, reason);
                self.place_agent_call(now, AgentCall { agent, to, incoming });
            }
            Dialled::Forbidden => {
                if let Some(word) = self.desk.note_forbidden(now, &agent, &number) {
                    self.notice(Notice::Alarm { call: None, word });
                }
                self.refuse_phone(now, session, 403, "may_dial of this agent does not list the number");
            }
        }
    }

    /// Places a call that an agent's phone began. While they talk with a customer, a colleague is
    /// called on the second line of that call, and so is a number outside once the guard has
    /// answered.
    fn place_agent_call(&mut self, now: Now, call: AgentCall) {
        let AgentCall { agent, to, incoming } = call;
        match (self.own_talk(&agent), to) {
            (Some((call, _)), Callee::Agent(other)) => {
                self.consult_by_phone(now, call, (&agent, &other), incoming);
            }
            (None, Callee::Agent(other)) => self.call_colleague(now, &agent, &other, incoming),
            (talk, Callee::Outside(number, override_reason)) => {
                let order = DialOrder { agent, number, override_reason, callback: None };
                match talk {
                    Some((call, _)) => self.ask_to_consult(now, call, order, incoming),
                    None => self.dial_by_phone(now, order, incoming),
                }
            }
        }
    }

    /// One phone of ours calls another: recorded, with the one who is called on the left.
    fn call_colleague(&mut self, now: Now, agent: &str, colleague: &str, incoming: Incoming) {
        let session = incoming.session;
        let extension = |name: &str| self.desk.agents.settings(name).map(|s| s.extension.clone());
        let (Some(own), Some(callee)) = (extension(agent), extension(colleague)) else {
            return self.refuse_phone(now, session, 404, "no agent has this extension");
        };
        if self.contacts_of(&callee).is_empty() {
            return self.refuse_phone(now, session, 480, "no phone of this agent is registered");
        }
        if matches!(self.desk.agents.state(colleague), Some(State::OnCall | State::Offered)) {
            return self.refuse_phone(now, session, 486, "this agent is in a call");
        }
        let Some(script) = self.script_or(BETWEEN_US, INTERNAL) else {
            return self.refuse_phone(now, session, 500, "the script `internal` cannot be used");
        };
        let id = CallId::new(now.utc, &mut self.rng);
        if let Err(refusal) = self.desk.agents.handle_call_began(now, agent, id) {
            return self.refuse_phone(now, session, 486, &refusal.to_string());
        }
        self.dials.insert(id, Dial::internal(agent));
        let fields = BTreeMap::from([("callee".to_owned(), callee.clone())]);
        let facts = self.phone_facts(agent, &script, fields);
        let facts = Facts { name: agent.to_owned(), ..facts };
        let record = self.settings.record;
        let plan = Plan { record, ..self.inbound_plan(now, id, own, script, facts) };
        self.begin_internal(now, id, callee);
        let way = Way { trunk: PHONES.into(), ..self.phone_way() };
        let call = Call::ringing(now, plan, way, incoming.offer, self.rng.fork());
        self.adopt(now, call, Some(session));
    }

    /// The store hears of a call between our own people before it has any outcome.
    pub(super) fn begin_internal(&mut self, now: Now, call: CallId, callee: String) {
        self.write(Write::Begin {
            call,
            direction: Direction::Outbound,
            phone: callee,
            dialled: String::new(),
            purpose: Purpose::Business,
            at: now.utc,
        });
    }

    /// A script of the company's, or the one in the program.
    pub(super) fn script_or(&self, name: &str, built_in: &str) -> Option<Arc<Script>> {
        let own = self.library.scripts.get(name).cloned();
        own.or_else(|| Script::parse(&format!("{name}.toml"), built_in).ok().map(Arc::new))
    }

    /// What a script that speaks to an agent may ask for.
    fn phone_facts(&self, agent: &str, script: &Script, fields: BTreeMap<String, String>) -> Facts {
        let language = self.desk.agents.settings(agent).and_then(|a| a.languages.first().cloned());
        let language = language.filter(|l| script.languages().contains(l)).unwrap_or_default();
        Facts {
            fields,
            name: String::new(),
            language,
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        }
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
        let Some(script) = self.script_or(CONFIRMATION, BUILT_IN) else {
            // It is done; only the voice that says so is missing.
            return self.refuse_phone(now, session, 480, "done");
        };
        let id = CallId::new(now.utc, &mut self.rng);
        let facts = self.phone_facts(agent, &script, BTreeMap::new());
        let plan = self.inbound_plan(now, id, extension.to_owned(), script, facts);
        let way = Way { trunk: PHONES.into(), ..self.phone_way() };
        self.desk.code_calls.push(id);
        let call = Call::inbound(now, plan, way, incoming.offer, self.rng.fork());
        self.adopt(now, call, Some(session));
    }

    /// Refuses a phone's call; the words go into Warning (RFC 3261 section 20.43).
    pub(super) fn refuse_phone(&mut self, now: Now, session: SessionId, status: u16, why: &str) {
        let why: String = why.chars().filter(|c| c.is_ascii() && !matches!(c, '"' | '\\')).collect();
        let warning = ("Warning".to_owned(), format!("399 ringback \"{why}\""));
        self.endpoint.reject(now, session, status, vec![warning]);
    }
}

/// The first header of that name.
fn header<'a>(incoming: &'a Incoming, name: &str) -> Option<&'a str> {
    let found = incoming.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confirmation_in_the_program_can_be_read() {
        let script = Script::parse("star-code.toml", BUILT_IN).expect("a script");
        assert_eq!(script.languages(), ["zh-CN", "en"]);
    }
}
