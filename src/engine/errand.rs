//! Calls of no list that an order asks for: a number, a script, and what the script is told. They
//! are reserved in the store like all others.

use std::collections::BTreeMap;

use super::outbound::{Dialled, blank};
use super::remainder::closing;
use super::{Engine, LoneAttempt, Write};
use crate::base::{Blame, CallId, Disposition, Now, PhoneNumber};
use crate::call::{Call, CallRecord, Direction, Plan, Purpose};
use crate::canary::Tone;
use crate::dialer::Reason;
use crate::ivr::Facts;

/// How long it rings.
const RING: std::time::Duration = std::time::Duration::from_secs(35);

/// One such call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Whom.
    pub phone: PhoneNumber,
    /// Script, by name.
    pub script: String,
    /// Prompt language; empty: the script's first.
    pub language: String,
    /// Columns for the script.
    pub fields: BTreeMap<String, String>,
    /// The one trunk that it may take; empty: any.
    pub trunk: String,
    /// What it is made for.
    pub purpose: Purpose,
}

impl Engine {
    /// Places a call of no list as soon as its attempt is on disk; gives its id.
    ///
    /// # Errors
    /// A sentence: why no such call can be placed now.
    pub fn run_errand(&mut self, now: Now, errand: Errand) -> Result<CallId, String> {
        if self.is_held() {
            return Err("no call is placed now: the daemon stops, or it cannot record or store".into());
        }
        if !self.library.scripts.contains_key(&errand.script) {
            return Err(format!(
                "script `{}` does not exist: add it to the folder of scripts",
                errand.script
            ));
        }
        let call = self.reserve_errand(now, errand);
        self.run(now);
        Ok(call)
    }

    /// Has the attempt of an errand written; gives its id.
    pub(super) fn reserve_errand(&mut self, now: Now, errand: Errand) -> CallId {
        let call = CallId::new(now.utc, &mut self.rng);
        let attempt = LoneAttempt {
            call,
            phone: errand.phone.clone(),
            reserved_at: now.utc,
            caps: Vec::new(),
            callback: None,
            purpose: errand.purpose,
        };
        self.errands.insert(call, errand);
        self.write(Write::ReserveLone(Box::new(attempt)));
        call
    }

    /// The store has written an attempt of an errand, or says why it must not be made.
    pub(super) fn handle_errand_reserved(&mut self, now: Now, call: CallId, refused: Option<&Reason>) {
        let Some(errand) = self.errands.remove(&call) else { return };
        match refused {
            Some(reason) => {
                let word = format!("call_refused: {}: {}", reason.code, reason.detail);
                self.notice(super::Notice::Alarm { call: Some(call), word });
                self.note_canary_call(now, call, &format!("{}: {}", reason.code, reason.detail));
            }
            None => {
                let phone = errand.phone.clone();
                if let Err(why) = self.place_errand(now, call, errand) {
                    self.close_lone(now, call, &phone, why);
                }
            }
        }
    }

    /// Dials an attempt that is on disk.
    ///
    /// # Errors
    /// Why it cannot be dialled now; the attempt is then to be closed.
    pub(super) fn place_errand(
        &mut self,
        now: Now,
        call: CallId,
        errand: Errand,
    ) -> Result<(), &'static str> {
        let script = match errand.purpose {
            Purpose::Canary => super::canary::script(Tone::Caller),
            _ => self.library.scripts.get(&errand.script).cloned(),
        };
        let script = script.ok_or("its script is gone")?;
        let route = match errand.trunk.as_str() {
            "" => self.dialer.handle_route_wanted(now, call, "", &errand.phone),
            only => self.dialer.handle_trunk_wanted(now, call, only, &errand.phone),
        };
        let route = route.ok_or("no trunk is free")?;
        let way = self.way(&route).ok_or("its trunk is gone")?;
        let facts = Facts {
            fields: errand.fields,
            name: String::new(),
            language: errand.language,
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        };
        let plan = Plan {
            direction: Direction::Outbound,
            ring: RING,
            record: self.settings.record || errand.purpose == Purpose::Canary,
            extension: self.canary_key(call),
            ..self.inbound_plan(now, call, errand.phone.to_string(), script, facts)
        };
        self.routes.insert(call, Dialled::to(&route));
        let placed = Call::outbound(now, plan, way, self.rng.fork());
        self.adopt(now, placed, None);
        Ok(())
    }

    /// An attempt of no list that is on disk and not dialled.
    pub(super) fn close_lone(&mut self, now: Now, call: CallId, phone: &PhoneNumber, why: &str) {
        let record = CallRecord {
            phone: phone.to_string(),
            disposition: Disposition::Cancelled,
            blame: Blame::Ours,
            detail: why.to_owned(),
            ..blank(call, now)
        };
        self.report(now, closing(record));
    }
}
