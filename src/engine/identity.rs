//! Who calls: what the archive knows of a caller while the telephone is being answered.

use super::{Engine, Identity, Notice, Output};
use crate::base::{CallId, Now, PhoneNumber};

impl Engine {
    /// The canonical form of a caller's number; None where it is withheld or is none.
    pub(super) fn number_of(&self, phone: &str) -> Option<PhoneNumber> {
        PhoneNumber::parse(phone, self.settings.home_area.as_deref()).ok().map(|(number, _)| number)
    }

    /// Asks who calls; the call goes on meanwhile.
    pub(super) fn identify(&mut self, call: CallId, phone: &str) {
        if let Some(phone) = self.number_of(phone) {
            self.output(Output::Identify { call, phone });
        }
    }

    /// The archive knows who calls: phones show the name, and a queue heeds the rest, also of one
    /// who waits already.
    pub(super) fn handle_identified(&mut self, now: Now, call: CallId, caller: Identity) {
        let agent = caller.last_extension.as_deref().and_then(|one| self.desk.agents.by_extension(one));
        let agent = agent.map(str::to_owned);
        let Some(slot) = self.by_call.get(&call).and_then(|slot| self.slots.get_mut(slot)) else { return };
        let mut fields = Vec::new();
        fields.extend(caller.vip.then(|| ("vip".to_owned(), "yes".to_owned())));
        fields.extend(agent.map(|agent| ("last_agent".to_owned(), agent)));
        slot.call.learn(&caller.name, fields);
        if caller.vip {
            self.queues.set_vip(now, call);
        }
        if let Some(customer) = caller.customer {
            self.notice(Notice::Caller { call, customer, vip: caller.vip });
        }
    }
}
