//! Who is rung for whom.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Queues;
use super::caller::{Stand, Waiting};
use super::machine::{AgentFact, Seat};
use super::output::Output;
use super::settings::{QueueSettings, Strategy};
use crate::base::{CallId, Now};

impl Queues {
    /// Everybody in line, the next first.
    pub(super) fn in_line(&self) -> Vec<CallId> {
        let mut line: Vec<_> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.is_in_line())
            .map(|(call, waiting)| {
                let priority = self.queues.get(&waiting.queue).map_or(0, |(settings, _)| settings.priority);
                (waiting.rank(priority), *call)
            })
            .collect();
        line.sort();
        line.into_iter().map(|(_, call)| call).collect()
    }

    /// Rings for everybody for whom there is somebody, in the order of the line.
    pub(super) fn assign(&mut self, now: Now) {
        let mut left = self.seats.values().filter(|seat| seat.is_free()).count();
        if left == 0 {
            return;
        }
        for call in self.in_line() {
            if left == 0 {
                break;
            }
            let chosen = self.choose(now, call);
            left = left.saturating_sub(chosen.len());
            for agent in chosen {
                match self.waiting.get(&call).is_some_and(Waiting::is_caller) {
                    true => self.offer(now, call, agent),
                    false => self.dial_for(now, call, agent),
                }
            }
        }
    }

    /// At whom it is to ring now.
    fn choose(&self, now: Now, call: CallId) -> Vec<String> {
        let Some(waiting) = self.waiting.get(&call) else { return Vec::new() };
        let Some((settings, _)) = self.queues.get(&waiting.queue) else { return Vec::new() };
        if !waiting.is_unoffered() && settings.strategy != Strategy::RingAll {
            return Vec::new();
        }
        let wish = self.wished_agent(now, waiting, settings);
        let mut able: Vec<(&String, &Seat)> = self
            .seats
            .iter()
            .filter(|(name, seat)| seat.is_free() && wish.as_ref().is_none_or(|wish| wish == *name))
            .filter(|(_, seat)| can_take(&seat.fact, waiting, settings))
            .collect();
        match settings.strategy {
            Strategy::RingAll => {}
            Strategy::LongestIdle => able.sort_by_key(|(name, seat)| (seat.fact.idle_since, *name)),
            Strategy::BySkill => able.sort_by_key(|(name, seat)| {
                (Reverse(level(&seat.fact, waiting, settings)), seat.fact.idle_since, *name)
            }),
        }
        let rings_all = settings.strategy == Strategy::RingAll && waiting.is_caller();
        let most = if rings_all { able.len() } else { 1 };
        able.into_iter().take(most).map(|(name, _)| name.clone()).collect()
    }

    /// The agent of the last call, while the wish for it holds and it is there.
    fn wished_agent(&self, now: Now, waiting: &Waiting, settings: &QueueSettings) -> Option<String> {
        let wish = waiting.new.last_agent.as_ref()?;
        let holds = waiting.wish_until.is_some_and(|at| now.mono < at);
        let seat = self.seats.get(wish).filter(|seat| seat.fact.present)?;
        (holds && can_take(&seat.fact, waiting, settings)).then(|| wish.clone())
    }

    fn offer(&mut self, now: Now, call: CallId, agent: String) {
        let (Some(waiting), Some(seat)) = (self.waiting.get_mut(&call), self.seats.get_mut(&agent)) else {
            return;
        };
        if let Stand::Waiting(offers) = &mut waiting.stand {
            offers.insert(agent.clone());
            (seat.offer, seat.offered_at) = (Some(call), now.mono);
            self.out.push_back(Output::Offer { agent, call });
        }
    }

    /// The place of a callback has come up: this agent is kept free while the number is called.
    fn dial_for(&mut self, now: Now, call: CallId, agent: String) {
        let (Some(waiting), Some(seat)) = (self.waiting.get_mut(&call), self.seats.get_mut(&agent)) else {
            return;
        };
        waiting.stand = Stand::Dialling(agent.clone());
        waiting.connected_at = Some(now.mono);
        seat.held = Some(call);
        let number = waiting.new.number.clone();
        self.out.push_back(Output::Dial { agent, call, number });
    }

    /// Whoever was kept free for this callback takes others again.
    pub(super) fn let_agent_go(&mut self, call: CallId) {
        for seat in self.seats.values_mut().filter(|seat| seat.held == Some(call)) {
            seat.held = None;
        }
    }

    /// Agents who work and can take a caller of this queue.
    pub(super) fn workers(&self, waiting: &Waiting, settings: &QueueSettings) -> usize {
        let works = |seat: &&Seat| seat.fact.present && can_take(&seat.fact, waiting, settings);
        self.seats.values().filter(works).count()
    }

    /// Agents of whom somebody rings, by the queues' own books.
    pub fn ringing(&self) -> BTreeSet<(String, CallId)> {
        self.seats.iter().filter_map(|(name, seat)| Some((name.clone(), seat.offer?))).collect()
    }
}

fn can_take(fact: &AgentFact, waiting: &Waiting, settings: &QueueSettings) -> bool {
    let mut needed = settings.skills.iter().chain(&waiting.new.skills);
    let skilled = needed.all(|(skill, least)| fact.skills.get(skill).is_some_and(|level| level >= least));
    let speaks = waiting
        .new
        .language
        .as_ref()
        .is_none_or(|language| fact.languages.is_empty() || fact.languages.contains(language));
    let of_pack = settings.pack.is_empty() || fact.packs.is_empty() || fact.packs.contains(&settings.pack);
    skilled && speaks && of_pack
}

/// Sum of the levels in what is needed.
fn level(fact: &AgentFact, waiting: &Waiting, settings: &QueueSettings) -> u32 {
    let needed = settings.skills.keys().chain(waiting.new.skills.keys());
    needed.map(|skill| u32::from(fact.skills.get(skill).copied().unwrap_or(0))).sum()
}
