//! A simulated week of random callers, agents who vanish, phones that do not answer, people who
//! hang up, and callbacks: nobody is stuck, nobody is lost, everybody has one fate.

use std::collections::BTreeSet;

use proptest::{prop_assert, proptest};

use super::*;
use crate::agent::Wish;

/// A hall with three queues and ten agents, and dice.
struct Week {
    hall: Hall,
    rng: Rng,
    callers: Vec<CallId>,
    numbers: u64,
}

fn step(seconds: u64, longer_than: usize, to: Overflow) -> Step {
    Step { after: Duration::from_secs(seconds), longer_than, to }
}

impl Week {
    fn begin(seed: u64, numbers: u64) -> Week {
        let sales = QueueSettings {
            strategy: Strategy::RingAll,
            max_waiting: 8,
            steps: vec![step(60, 3, Overflow::Queue("service".into())), step(120, 0, Overflow::Callback)],
            ..queue("sales")
        };
        let service = QueueSettings {
            skills: [("repair".to_owned(), 2)].into(),
            max_waiting: 20,
            max_wait: Duration::from_secs(600),
            steps: vec![step(90, 5, Overflow::Queue("sales".into()))],
            ..queue("service")
        };
        let major = QueueSettings {
            strategy: Strategy::BySkill,
            priority: 5,
            last: Overflow::Roster("night".into()),
            ..queue("major")
        };
        let agents = (0..10).map(|n| agent(&n.to_string(), &[("repair", n as u8 % 5)])).collect();
        let back = Duration::from_secs(60);
        let rules = Rules { return_after_no_answer: back, longest_available: DAY, ..Rules::default() };
        Week {
            hall: Hall::with(vec![sales, service, major], agents, rules),
            rng: Rng::seeded(seed),
            callers: Vec::new(),
            numbers,
        }
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let at = usize::try_from(self.rng.below(all.len() as u64)).unwrap();
        all.get(at).cloned()
    }

    /// One thing happens.
    fn happen(&mut self) {
        let longest = if self.rng.chance(0.1) { 300_000 } else { 4_000 };
        let wait = Duration::from_millis(self.rng.below(longest));
        self.hall.pass(wait);
        let name = self.rng.below(10).to_string();
        match self.rng.below(100) {
            0..20 => {
                let queue = self.pick(&["sales", "service", "major"]).unwrap();
                let number = match self.rng.below(20) {
                    0 => String::new(),
                    _ => format!("138{}", self.rng.below(self.numbers)),
                };
                let (vip, priority) = (self.rng.chance(0.05), self.rng.below(3) as u8);
                let last_agent = self.rng.chance(0.2).then(|| name.clone());
                let call = self.hall.comes_as(queue, |call| NewCaller {
                    vip,
                    priority,
                    last_agent,
                    ..NewCaller::plain(call, &number)
                });
                self.callers.push(call);
            }
            20..50 => {
                let rung: Vec<_> = self.hall.queues.ringing().into_iter().collect();
                if let Some((agent, call)) = self.pick(&rung) {
                    self.hall.answers(&agent, call);
                }
            }
            50..72 => {
                let calls: Vec<CallId> =
                    self.callers.iter().copied().filter(|c| !self.hall.fates.contains_key(c)).collect();
                if let Some(call) = self.pick(&calls) {
                    self.hall.hangs_up(call);
                }
            }
            72..77 => {
                let waiting: Vec<CallId> = self.hall.queues.line().into_iter().map(|v| v.call).collect();
                if let Some(call) = self.pick(&waiting) {
                    self.hall.queues.want_callback(self.hall.now, call);
                    self.hall.settle();
                }
            }
            77..86 => {
                let dialling: Vec<CallId> = self.hall.dialling.keys().copied().collect();
                if let Some(callback) = self.pick(&dialling) {
                    match self.rng.chance(0.6) {
                        true => self.callers.push(self.hall.reached(callback)),
                        false => self.hall.not_reached(callback),
                    }
                }
            }
            86..88 => self.hall.phone(&name, 0),
            88..94 => self.hall.phone(&name, 1),
            _ => {
                let wish = match self.rng.below(8) {
                    0 => Wish::NotReady("break".into()),
                    1 => Wish::LogOut,
                    _ => Wish::Available,
                };
                self.hall.agents.handle_wish(self.hall.now, &name, wish, "api").ok();
                self.hall.settle();
            }
        }
    }

    /// What holds at every moment.
    fn check(&self) -> Result<(), String> {
        let hall = &self.hall;
        let rung: BTreeSet<(String, CallId)> = hall
            .agents
            .views(hall.now)
            .into_iter()
            .filter(|v| v.state == State::Offered)
            .filter_map(|v| Some((v.name, v.call?)))
            .collect();
        if rung != hall.queues.ringing() {
            return Err(format!("the books differ: {rung:?}, {:?}", hall.queues.ringing()));
        }
        let mut live = BTreeSet::new();
        for view in hall.queues.line() {
            if view.is_callback && !live.insert(view.number.clone()) {
                return Err(format!("{} has two callbacks", view.number));
            }
        }
        let mut heard = BTreeSet::new();
        for view in hall.agents.views(hall.now) {
            if let Some(call) = view.call.filter(|_| view.state == State::OnCall) {
                if !heard.insert(call) {
                    return Err(format!("two agents speak in {call}"));
                }
                if hall.fates.contains_key(&call) {
                    return Err(format!("{} speaks with nobody", view.name));
                }
            }
        }
        Ok(())
    }

    /// Everybody goes home; nothing may stay behind.
    fn end(&mut self) -> Result<(), String> {
        for call in self.hall.dialling.keys().copied().collect::<Vec<_>>() {
            self.callers.push(self.hall.reached(call));
        }
        let open: Vec<CallId> =
            self.callers.iter().copied().filter(|c| !self.hall.fates.contains_key(c)).collect();
        let (speaking, waiting): (Vec<CallId>, Vec<CallId>) =
            open.into_iter().partition(|c| self.hall.agent_of(*c).is_some());
        speaking.into_iter().for_each(|call| self.hall.hangs_up(call));
        (0..10).for_each(|n| self.hall.phone(&n.to_string(), 0));
        self.hall.pass(DAY);
        for call in self.callers.iter().chain(&waiting) {
            if !self.hall.fates.contains_key(call) {
                return Err(format!("{call} was lost: {:?}", self.hall.queues.line()));
            }
        }
        if self.hall.queues.held() != 0 || !self.hall.queues.ringing().is_empty() {
            return Err(format!("{} stay behind", self.hall.queues.held()));
        }
        let promised = self.hall.fates.values().filter(|f| **f == Fate::PromisedCallback).count();
        if self.hall.callbacks.len() > promised {
            return Err(format!("{} callbacks for {promised} promises", self.hall.callbacks.len()));
        }
        match self.hall.agents.views(self.hall.now).into_iter().find(|v| v.state != State::Offline) {
            Some(stuck) => Err(format!("stuck: {stuck:?}")),
            None => Ok(()),
        }
    }
}

#[test]
fn a_week_of_callers_leaves_nobody_stuck_or_lost() {
    for seed in [2026] {
        let mut week = Week::begin(seed, 400);
        let end = week.hall.now.mono + DAY * 7;
        while week.hall.now.mono < end {
            week.happen();
            week.check().unwrap_or_else(|problem| panic!("seed {seed}: {problem}"));
        }
        week.end().unwrap_or_else(|problem| panic!("seed {seed}: {problem}"));
        let figures = *week.hall.queues.figures("service").unwrap();
        let fates = &week.hall.fates;
        assert!(fates.len() > 5_000 && figures.answered > 300, "{} callers, {figures:?}", fates.len());
        for kind in [Fate::Abandoned, Fate::PromisedCallback] {
            assert!(fates.values().any(|fate| *fate == kind), "nobody met {kind:?}");
        }
        for kind in [CallbackFate::Reached, CallbackFate::GivenUp, CallbackFate::CameBack] {
            assert!(week.hall.callbacks.values().any(|fate| *fate == kind), "no callback met {kind:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_short_day_ends_with_one_fate_for_everybody(seed: u64, numbers in 1u64..6, events in 1usize..200) {
        let mut week = Week::begin(seed, numbers);
        for _ in 0..events {
            week.happen();
            let told = week.check();
            prop_assert!(told.is_ok(), "{told:?}");
        }
        let told = week.end();
        prop_assert!(told.is_ok(), "{told:?}");
    }
}
