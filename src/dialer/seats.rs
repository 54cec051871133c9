//! Progressive dialling: a script that brings customers together with agents is dialled for as
//! many customers as agents are free, and for none while nobody is there (ROS-05, ROS-07).
//!
//! A call counts from its reservation until an agent has the customer: from then on the agent is
//! not free any more. Who answers and finds nobody is abandoned; where that happens to more than
//! the campaign allows, one call at a time is placed, and only while a second agent is free.

use jiff::civil::Date;

use super::machine::Slot;
use super::serve::own_or;
use super::workload::Workload;
use super::{Dialer, Reason};
use crate::base::{CallId, CampaignId, Now};
use crate::policy::code;

/// Answered calls of a day before their share of abandoned ones means anything.
const FIRST_ANSWERS: u32 = 20;

/// The agents whom a script would ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// Of them ready for a call now.
    pub free: u32,
    /// Of them logged in.
    pub present: u32,
}

/// How many customers of a campaign answered today, and for how many of them nobody was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The day.
    pub day: Date,
    /// Answered.
    pub answered: u32,
    /// Of them abandoned.
    pub abandoned: u32,
}

impl Tally {
    /// Whether more than `percent` of the answered were abandoned; 0 allows any share.
    pub fn is_above(&self, percent: u8) -> bool {
        let (abandoned, answered) = (u64::from(self.abandoned), u64::from(self.answered));
        percent > 0 && self.answered >= FIRST_ANSWERS && abandoned * 100 > answered * u64::from(percent)
    }
}

impl Dialer {
    /// Agents by the name of the script that would ring them; scripts that ring none are left out.
    pub fn handle_seats(&mut self, now: Now, seats: std::collections::BTreeMap<String, Seats>) {
        if self.seats != seats {
            self.seats = seats;
            self.run(now);
        }
    }

    /// The same without looking what follows: scripts changed, and agents did not.
    pub fn set_seats(&mut self, seats: std::collections::BTreeMap<String, Seats>) {
        self.seats = seats;
    }

    /// An agent has the customer of a call.
    pub fn handle_reached(&mut self, now: Now, call: CallId) {
        if self.calls.contains_key(&call) && self.reached.insert(call) {
            self.run(now);
        }
    }

    /// A customer of a campaign answered; `abandoned`: somebody was to be there, and nobody was.
    pub fn handle_answered(&mut self, now: Now, campaign: CampaignId, abandoned: bool) {
        let day = self.settings.calendar.date(now.utc);
        if let Some(work) = self.work.get_mut(&campaign) {
            work.note_answer(day, abandoned);
        }
    }

    /// What the customers of a campaign found today before this process began.
    pub fn restore_tally(&mut self, campaign: CampaignId, tally: Tally) {
        if let Some(work) = self.work.get_mut(&campaign) {
            work.tally = tally;
        }
    }

    /// What the customers of a campaign found today.
    pub fn tally(&self, campaign: CampaignId) -> Option<Tally> {
        self.work.get(&campaign).map(|work| work.tally)
    }

    /// Whether an agent is free for the customer at the head of a campaign's queue.
    pub(super) fn has_seat(&self, work: &Workload) -> bool {
        let Some(seats) = self.seats_of(work) else { return true };
        let pending = self.calls.iter().filter(|(id, slot)| self.waits_for_agent(**id, slot)).count();
        let slow = work.tally.is_above(work.campaign.settings.max_abandoned_percent);
        match slow {
            true => pending == 0 && seats.free >= 2,
            false => u32::try_from(pending).is_ok_and(|pending| pending < seats.free),
        }
    }

    fn seats_of(&self, work: &Workload) -> Option<Seats> {
        let own = work.queue.front().map_or("", |candidate| candidate.details.terms.script.as_str());
        self.seats.get(own_or(own, &work.campaign.settings.script)).copied()
    }

    fn waits_for_agent(&self, id: CallId, slot: &Slot) -> bool {
        let Some((campaign, candidate)) = &slot.work else { return false };
        let Some(work) = self.work.get(campaign) else { return false };
        let script = own_or(&candidate.details.terms.script, &work.campaign.settings.script);
        self.seats.contains_key(script) && !self.reached.contains(&id)
    }

    /// Why agents keep a campaign from calling.
    pub(super) fn why_no_seat(&self, work: &Workload) -> Option<Reason> {
        let seats = self.seats_of(work)?;
        if seats.present == 0 {
            return Some(Reason::new(code::NO_AGENT, "no agent is logged in; it goes on when one is"));
        }
        let tally = work.tally;
        if tally.is_above(work.campaign.settings.max_abandoned_percent) && !self.has_seat(work) {
            let detail = format!(
                "{} of {} customers who answered today found nobody: one call at a time, while two agents are free",
                tally.abandoned, tally.answered
            );
            return Some(Reason::new(code::ABANDONED, detail));
        }
        (seats.free == 0).then(|| Reason::new(code::AGENTS_BUSY, "no agent is free"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_means_something_only_after_some_answers_and_zero_allows_any() {
        let tally = |answered, abandoned| Tally { day: Date::constant(2026, 3, 2), answered, abandoned };
        assert!(!tally(19, 19).is_above(3), "too few");
        assert!(!tally(100, 3).is_above(3));
        assert!(tally(100, 4).is_above(3));
        assert!(!tally(100, 100).is_above(0));
    }
}
