//! Holds: times in which somebody has the customer, and the customer hears nobody. An order, a
//! consultation, or the phone of our person may be behind one; for the customer it is the same.

use super::Engine;
use crate::base::Now;

impl Engine {
    /// Notes, of calls that were mixed anew, where a hold begins or ends at this moment.
    pub(super) fn note_holds(&mut self, now: Now) {
        for call in std::mem::take(&mut self.mixed_anew) {
            let Some((slot, bridge)) = self.slots.get(&call).zip(self.bridges.get_mut(&call)) else {
                continue;
            };
            match (bridge.on_hold(), bridge.held_since) {
                (true, None) => bridge.held_since = Some(slot.call.clock(now)),
                (false, Some(_)) => self.end_hold(now, call),
                _ => {}
            }
        }
    }

    /// A hold that is under way ends, at the latest with the call.
    pub(super) fn end_hold(&mut self, now: Now, call: u64) {
        let Some((slot, bridge)) = self.slots.get(&call).zip(self.bridges.get_mut(&call)) else { return };
        if let Some(from) = bridge.held_since.take() {
            bridge.bridging.holds.push((from, slot.call.ended_at(now)));
        }
    }
}
