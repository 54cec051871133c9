//! How many agents there are for each script that needs them, for the dialler.

use std::collections::BTreeMap;

use super::Engine;
use crate::agent::State;
use crate::base::Now;
use crate::dialer::Seats;
use crate::ivr::{Connect, Script};

impl Engine {
    /// Tells the dialler whom each script would find. Phones that belong to no agent are not
    /// counted: nobody knows whether somebody sits there.
    pub(super) fn tell_seats(&mut self, now: Now) {
        let seats = self.seats();
        self.dialer.handle_seats(now, seats);
    }

    /// Agents by script.
    pub(super) fn seats(&self) -> BTreeMap<String, Seats> {
        let of = |script: &Script| self.seats_for(script.people()?);
        let scripts = self.library.scripts.iter();
        scripts.filter_map(|(name, script)| Some((name.clone(), of(script)?))).collect()
    }

    fn seats_for(&self, connect: &Connect) -> Option<Seats> {
        // Whom a column or a queue names may be anybody.
        let anybody = connect.queue.is_some() || connect.queue_field.is_some() || connect.field.is_some();
        let mut seats = Seats::default();
        let mut known = 0;
        for (agent, state) in self.desk.agents.states() {
            if !anybody && !connect.targets.contains(&agent.extension) {
                continue;
            }
            known += 1;
            seats.present += u32::from(state != State::Offline);
            seats.free += u32::from(state == State::Available);
        }
        (known > 0).then_some(seats)
    }
}
