//! What goes wrong, second by second, and how a day ends.

use std::time::Duration;

use ringback::base::{CampaignId, Disposition};
use ringback::calendar::Windows;
use ringback::dialer::{self, CampaignState, Command, Ended, EntryState, Reason};
use ringback::engine::{Hold, Input};
use ringback::policy::code;

use super::books::Row;
use super::city::City;
use super::net::{Weather, Wire};
use crate::world::TrunkMood;

const SECOND: Duration = Duration::from_secs(1);
/// A list of retries over several days is done within this time.
const LONGEST_RUN: Duration = Duration::from_secs(20 * 24 * 3_600);

impl City {
    /// Days of trouble, then of quiet, then the books are looked through.
    pub fn live(&mut self) {
        for campaign in self.plan.campaigns.clone() {
            self.order(campaign.id, Command::Start);
        }
        let until = self.now.mono + self.plan.trouble;
        while self.now.mono < until {
            let second = self.now.mono + SECOND;
            while self.now.mono < second {
                self.step(second.since(self.now.mono));
            }
            self.make_trouble();
        }
        self.settle_down();
        self.run_to_the_end();
        self.close_the_books();
    }

    fn order(&mut self, campaign: CampaignId, command: Command) {
        let answer = self.engine.command(self.now, campaign, command, "soak");
        self.trace.say(self.now, "", &format!("{command:?} campaign {campaign}: {answer:?}"));
        self.drain();
    }

    fn hold(&mut self, who: Hold, held: bool) {
        self.trace.say(self.now, "", &format!("{who:?} holds: {held}"));
        self.feed(Input::Hold(who, held.then(|| Reason::new(code::HELD, "trouble"))));
    }

    fn make_trouble(&mut self) {
        let p = self.plan.mischief;
        if self.rng.chance(self.plan.inbound) {
            self.call_in();
        }
        for index in 0..self.moods.len() {
            self.trouble_trunk(index, p);
        }
        for i in 0..self.plan.campaigns.len() {
            if self.rng.chance(p * 2.0) {
                let all = [Command::Start, Command::Pause, Command::Resume, Command::Stop, Command::End];
                let command = all[self.rng.below(5) as usize];
                self.order(self.plan.campaigns[i].id, command);
            } else if self.rng.chance(p * 4.0) {
                self.order(self.plan.campaigns[i].id, Command::Start);
                self.order(self.plan.campaigns[i].id, Command::Resume);
            }
        }
        if !self.phones.is_empty() && self.rng.chance(p * 5.0) {
            let which = self.rng.below(self.phones.len() as u64) as usize;
            let now = self.now;
            if let Some(customer) = self.phones.values_mut().nth(which) {
                customer.phone.put_down(now);
                let number = customer.number.clone();
                self.trace.say(now, &number, "puts the phone down");
            }
            self.flush();
        }
        if self.rng.chance(p) {
            let number = format!("138{:08}", self.rng.below(self.plan.customers));
            self.trace.say(self.now, &number, "do not call");
            self.books.do_not_call.insert(number);
        }
        if self.rng.chance(p) {
            let up: Vec<_> = self.engine.calls().map(|c| c.id).collect();
            if let Some(call) = up.get(self.rng.below(up.len() as u64) as usize) {
                self.engine.hang_up(self.now, *call, "an operator");
                self.drain();
            }
        }
        self.trouble_store(p);
        if self.rng.chance(p / 2.0) {
            self.kill();
        } else if self.rng.chance(p / 2.0) {
            self.drain_and_restart();
        }
    }

    fn trouble_trunk(&mut self, index: usize, p: f64) {
        let silent = self.moods[index] == TrunkMood::Silent;
        if self.rng.chance(if silent { 0.03 } else { p }) {
            self.moods[index] = if silent { TrunkMood::Works } else { TrunkMood::Silent };
            self.trace.say(self.now, "", &format!("trunk{} is {:?}", index + 1, self.moods[index]));
        }
        let full = self.full.contains(&index);
        if self.rng.chance(if full { 0.05 } else { p }) {
            self.trace.say(self.now, "", &format!("trunk{} is full: {}", index + 1, !full));
            if !full {
                self.full.insert(index);
            } else {
                self.full.remove(&index);
            }
        }
    }

    fn trouble_store(&mut self, p: f64) {
        if !self.books.is_down(self.now.mono) {
            self.hold_if_held(Hold::Store, false);
            if self.rng.chance(p) {
                self.books.down_until = self.now.mono + Duration::from_secs(self.rng.below(60));
                self.trace.say(self.now, "", "the store is down");
            }
        } else {
            self.hold_if_held(Hold::Store, true);
        }
        let held = self.held.contains(&Hold::Disk);
        if self.rng.chance(if held { 0.05 } else { p / 2.0 }) {
            self.hold_if_held(Hold::Disk, !held);
        }
    }

    fn hold_if_held(&mut self, who: Hold, held: bool) {
        if self.held.contains(&who) != held {
            if held {
                self.held.insert(who);
            } else {
                self.held.remove(&who);
            }
            self.hold(who, held);
        }
    }

    /// The process is killed: what waits to be written is lost, open attempts are lost, and
    /// a new process begins with the same books.
    fn kill(&mut self) {
        self.books.kill();
        self.fetches = Wire::new(Weather::FINE);
        let rules = &self.audit.rules;
        let now = self.now.utc;
        let lost = self.books.recover(|line, candidate| {
            let rules = &rules[&line.campaign.expect("an entry belongs to a campaign")];
            let ended = Ended { disposition: Disposition::Lost, later_at: None };
            dialer::settle(now, &rules.settings, &rules.windows, candidate, ended)
        });
        self.trace.say(self.now, "", &format!("killed; {lost} attempts are lost"));
        self.held.clear();
        self.restart();
    }

    /// SIGTERM: no new call, running ones get a minute, then everything ends in order.
    fn drain_and_restart(&mut self) {
        self.trace.say(self.now, "", "draining");
        self.hold(Hold::Draining, true);
        let grace = self.now.mono + Duration::from_secs(self.rng.below(60));
        while self.engine.call_count() > 0 && self.now.mono < grace {
            self.step(SECOND);
        }
        self.engine.hang_up_all(self.now, "the daemon is stopping");
        self.drain();
        let closing = self.now.mono + Duration::from_secs(50);
        while self.engine.call_count() > 0 {
            if self.now.mono > closing {
                self.breach("", &format!("{} calls outlive the drain", self.engine.call_count()));
            }
            self.step(SECOND);
        }
        self.books.down_until = self.books.down_until.min(self.now.mono);
        while let Some(at) = self.books.next_commit() {
            self.step(at.since(self.now.mono));
        }
        let open: Vec<_> = self.books.open().map(|(id, l)| (*id, l.phone.clone())).collect();
        if let Some((id, number)) = open.first() {
            self.breach(number, &format!("attempt {id} is open after a drain"));
        }
        self.trace.say(self.now, "", "drained");
        self.fetches = Wire::new(Weather::FINE);
        self.held.clear();
        self.restart();
    }

    fn settle_down(&mut self) {
        self.trace.say(self.now, "", "all trouble ends");
        self.sip.weather = Weather::FINE;
        self.rtp.weather = Weather::FINE;
        self.plan.deaf = 0.0;
        self.full.clear();
        self.moods.fill(TrunkMood::Works);
        self.books.down_until = self.now.mono;
        for who in [Hold::Disk, Hold::Store] {
            self.hold_if_held(who, false);
        }
        for campaign in self.plan.campaigns.clone() {
            self.order(campaign.id, Command::Resume);
            self.order(campaign.id, Command::Start);
        }
    }

    fn run_to_the_end(&mut self) {
        let end = self.now.mono + LONGEST_RUN;
        let done = |s: &CampaignState| *s == CampaignState::Done;
        loop {
            self.step(Duration::from_secs(60));
            let pending = self.books.rows.values().any(|r| r.state == EntryState::Pending);
            let settled = self.books.next_commit().is_none();
            if settled && !pending && self.books.states.values().all(done) {
                return;
            }
            // A campaign that was ended gracefully has entries left: it begins again.
            for campaign in self.plan.campaigns.clone() {
                if settled
                    && done(&self.books.states[&campaign.id])
                    && self.books.of(campaign.list).any(|(_, r)| r.state == EntryState::Pending)
                {
                    self.order(campaign.id, Command::Start);
                }
            }
            if self.now.mono > end {
                let open = |r: &&Row| matches!(r.state, EntryState::Pending | EntryState::Dialling);
                let open: Vec<_> = self.books.rows.values().filter(open).collect();
                let number = open.first().map(|r| r.details.phone.to_string()).unwrap_or_default();
                let text = format!("not done: {:?}; {open:?}", self.books.states);
                self.breach(&number, &text);
            }
        }
    }

    /// After a rest nothing is left: no call, no dialog, no transaction, no session, no
    /// reservation, and every entry is settled with its reason.
    fn close_the_books(&mut self) {
        // Transactions absorb retransmissions for 32 s; a health check, which leaves one behind
        // for 5 s (timer K), may begin at any moment.
        let rest = self.now.mono + Duration::from_secs(90);
        let limit = rest + Duration::from_secs(60);
        while self.now.mono < rest || self.engine.sip_held().clients > 0 && self.now.mono < limit {
            self.step(SECOND);
        }
        let held = self.engine.sip_held();
        let left = [
            ("calls", self.engine.call_count()),
            ("media sessions", self.rooms.len()),
            ("SIP sessions", held.sessions),
            ("client transactions", held.clients),
            ("server transactions", held.servers),
            ("open attempts", self.books.open().count()),
            ("calls counted on trunks", self.engine.trunks().iter().map(|t| t.counts.calls as usize).sum()),
            ("calls counted by campaigns", self.counted() as usize),
        ];
        for (what, count) in left {
            if count > 0 {
                let number = self.books.open().next().map(|(_, l)| l.phone.clone()).unwrap_or_default();
                self.breach(&number, &format!("{count} {what} are left at the end: {held:?}"));
            }
        }
        let windows = Windows::always();
        for row in self.books.rows.values() {
            let number = row.details.phone.to_string();
            let settled = matches!(row.state, EntryState::Done | EntryState::Failed | EntryState::Stopped);
            if !settled || row.reason.as_ref().is_none_or(|r| r.code.is_empty()) {
                self.breach(&number, &format!("not settled at {}: {row:?}", windows.civil(self.now.utc)));
            }
        }
    }

    fn counted(&self) -> u64 {
        self.engine.campaigns(self.now).iter().map(|c| c.calls).sum()
    }
}
