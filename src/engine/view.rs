//! What people may see of a running engine.

use super::remainder::Remainder;
use super::{Engine, Library, Settings, Trunk};
use crate::base::{CallId, CampaignId, EntryId, Timestamp};
use crate::call::{Call, Direction, State};
use crate::sip::endpoint::{Counters, Held};

/// One call at this moment.
#[derive(Clone, Debug)]
pub struct CallView<'a> {
    /// The call.
    pub id: CallId,
    /// Who calls whom.
    pub direction: Direction,
    /// Its campaign.
    pub campaign: Option<CampaignId>,
    /// Its entry.
    pub entry: Option<EntryId>,
    /// The customer's number.
    pub phone: &'a str,
    /// The customer's name.
    pub name: &'a str,
    /// Trunk in use.
    pub trunk: Option<&'a str>,
    /// Where it is.
    pub state: State,
    /// Script that runs.
    pub script: &'a str,
    /// Step of the script.
    pub step: &'a str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

impl Engine {
    /// Calls that are up or being set up, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = CallView<'_>> {
        let alone = self.remainders.values().map(Remainder::view);
        self.slots.values().map(|slot| view(&slot.call)).chain(alone)
    }

    /// One call.
    pub fn call(&self, id: CallId) -> Option<CallView<'_>> {
        let slot = self.by_call.get(&id)?;
        let alone = self.remainders.get(slot).map(Remainder::view);
        self.slots.get(slot).map(|slot| view(&slot.call)).or(alone)
    }

    /// How many calls are up or being set up.
    pub fn call_count(&self) -> usize {
        self.slots.len() + self.remainders.len()
    }

    /// Further legs of calls that are not quite gone.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }

    /// Trunks, in the order of the file.
    pub fn trunks(&self) -> &[Trunk] {
        &self.trunks
    }

    /// What SIP took in and refused.
    pub fn sip_counters(&self) -> Counters {
        self.endpoint.counters()
    }

    /// What SIP holds.
    pub fn sip_held(&self) -> Held {
        self.endpoint.held()
    }

    /// Scripts and prompts in force.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// New scripts and prompts; running calls keep theirs.
    pub fn set_library(&mut self, library: Library) {
        self.library = super::canary::with_tones(library);
        self.tell_scripts();
    }

    /// Settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

fn view(call: &Call) -> CallView<'_> {
    let plan = call.plan();
    CallView {
        id: plan.id,
        direction: plan.direction,
        campaign: plan.campaign,
        entry: plan.entry,
        phone: &plan.phone,
        name: &plan.facts.name,
        trunk: call.trunk(),
        state: call.state(),
        script: plan.script.name(),
        step: call.step(),
        started_at: call.started_at(),
        answered_at: call.answered_at(),
    }
}
