//! Inbound calls: which trunk, which number, which script.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::duty::ROSTER;
use super::{Engine, Write};
use crate::base::{CallId, Now};
use crate::call::{Call, Direction, Plan, Purpose};
use crate::canary::Tone;
use crate::dialer::MachinePolicy;
use crate::ivr::{Facts, Script};
use crate::queue::Overflow;
use crate::sip::Uri;
use crate::sip::endpoint::Incoming;

/// Longest caller number or name kept: what a stranger sends is bounded before it is stored.
const CALLER_CHARS: usize = 64;

/// The script of a hotline that names none.
const HOTLINE: &str = "hotline";

/// What answers a number.
struct Door {
    script: Arc<Script>,
    language: String,
    /// Columns for the script.
    fields: BTreeMap<String, String>,
}

impl Engine {
    /// The hotline that fits, with its hours and queue as columns for its script; else the rule
    /// for inbound calls.
    fn door(&self, now: Now, trunk: &str, number: &str) -> Option<Door> {
        let script = |name: &str| self.library.scripts.get(name).cloned();
        if let Some(hotline) = self.settings.agents.hotlines.iter().find(|h| h.fits(trunk, number)) {
            let name = if hotline.script.is_empty() { HOTLINE } else { hotline.script.as_str() };
            let (open, queue) = match (hotline.is_open(now.utc), &hotline.closed) {
                (true, _) => ("yes", hotline.queue.clone()),
                // Outside the hours those on duty are rung, or another queue is open.
                (false, Overflow::Roster(roster)) => ("yes", format!("{ROSTER}{roster}")),
                (false, Overflow::Queue(queue)) => ("yes", queue.clone()),
                (false, _) => ("no", hotline.queue.clone()),
            };
            let fields = [("open", open.to_owned()), ("queue", queue)];
            let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
            return Some(Door { script: script(name)?, language: hotline.language.clone(), fields });
        }
        let rule = self.settings.inbound.iter().find(|rule| rule.fits(trunk, number))?;
        Some(Door { script: script(&rule.script)?, language: rule.language.clone(), fields: BTreeMap::new() })
    }

    pub(super) fn handle_incoming(&mut self, now: Now, incoming: Incoming) {
        if let Some(extension) = incoming.agent.clone() {
            return self.handle_phone_call(now, &extension, incoming);
        }
        let session = incoming.session;
        let refuse =
            |engine: &mut Engine, status, headers| engine.endpoint.reject(now, session, status, headers);
        let Some(trunk) = self.trunks.iter().find(|t| t.is_at(incoming.source.ip())) else {
            return refuse(self, 403, Vec::new());
        };
        if self.is_draining() {
            return refuse(self, 503, vec![("Retry-After".to_owned(), "60".to_owned())]);
        }
        let trunk_name = trunk.settings.choice.name.clone();
        let number = user_of(&incoming.request_uri);
        let is_canary = self.is_canary(&number, &incoming.headers);
        let door = if is_canary { canary_door() } else { self.door(now, &trunk_name, &number) };
        let Some(Door { script, language, fields }) = door else {
            return refuse(self, 404, Vec::new());
        };
        let id = CallId::new(now.utc, &mut self.rng);
        if !self.dialer.handle_call_began(now, id, &trunk_name) {
            return refuse(self, 503, vec![("Retry-After".to_owned(), "10".to_owned())]);
        }
        let phone = caller(&incoming);
        let facts = Facts {
            fields: fields
                .into_iter()
                .chain([("caller".to_owned(), phone.clone()), ("dialled".to_owned(), number.clone())])
                .collect(),
            name: String::new(),
            language,
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        };
        let record = self.settings.record || is_canary;
        let plan = Plan { record, ..self.inbound_plan(now, id, phone.clone(), script, facts) };
        let route = crate::dialer::Route { trunk: trunk_name.clone(), number: String::new() };
        let Some(way) = self.way(&route) else { return refuse(self, 503, Vec::new()) };
        let (direction, at) = (Direction::Inbound, now.utc);
        let purpose = if is_canary { Purpose::Canary } else { Purpose::Business };
        self.write(Write::Begin { call: id, direction, phone, dialled: number, purpose, at });
        if let Some(trunk) = self.trunk_named_mut(&trunk_name) {
            trunk.counts.calls += 1;
        }
        match is_canary {
            true => self.note_canary_back(now, id, &trunk_name, &incoming.headers),
            false => self.identify(id, &plan.phone),
        }
        let call = Call::inbound(now, plan, way, incoming.offer, self.rng.fork());
        self.adopt(now, call, Some(session));
    }

    /// What an inbound call is to do; it is not recorded unless somebody says so.
    pub(super) fn inbound_plan(
        &self,
        now: Now,
        id: CallId,
        phone: String,
        script: Arc<Script>,
        facts: Facts,
    ) -> Plan {
        Plan {
            id,
            direction: Direction::Inbound,
            campaign: None,
            entry: None,
            phone,
            extension: None,
            script,
            facts,
            prompts: self.library.names.clone(),
            machine: MachinePolicy::Ignore,
            amd: self.settings.amd.clone(),
            setup: self.settings.setup_timeout,
            ring: self.settings.setup_timeout,
            rtp_timeout: self.settings.rtp_timeout,
            recordings: self.settings.recordings.clone(),
            stem: self.stem(now, id),
            record: false,
        }
    }

    /// Path of a call's files below the recordings folder, by the local day: `2026/03/02/<id>`.
    pub(super) fn stem(&self, now: Now, id: CallId) -> String {
        let day = now.utc.to_jiff().to_zoned(self.settings.timezone.clone());
        format!("{:04}/{:02}/{:02}/{id}", day.year(), day.month(), day.day())
    }
}

/// What answers a canary that comes back.
fn canary_door() -> Option<Door> {
    let script = super::canary::script(Tone::Called)?;
    Some(Door { script, language: String::new(), fields: BTreeMap::new() })
}

/// The caller's number: what the trunk asserts (RFC 3325), else From.
fn caller(incoming: &Incoming) -> String {
    let uri = incoming.asserted.as_deref().unwrap_or(&incoming.from_uri);
    let uri = match (uri.find('<'), uri.find('>')) {
        (Some(open), Some(close)) if open < close => &uri[open + 1..close],
        _ => uri,
    };
    user_of(uri)
}

/// User part of a SIP URI or the number of a tel URI, bounded.
pub(super) fn user_of(uri: &str) -> String {
    let user = Uri::parse(uri).ok().and_then(|u| u.user_unescaped()).unwrap_or_default();
    user.chars().filter(|c| !c.is_control()).take(CALLER_CHARS).collect()
}
