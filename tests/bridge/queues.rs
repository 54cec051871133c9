//! Callers in a queue: agents are rung for them, and nobody is lost or stuck, whatever the
//! phones do.

use std::time::Duration;

use ringback::agent::{AgentSettings, MayDial, State as AgentState};
use ringback::base::Disposition;
use ringback::calendar::Windows;
use ringback::call::State;
use ringback::engine::{DutyChain, Input};
use ringback::queue::{Hotline as Entry, Overflow, QueueSettings};
use ringback::sim::Behaviour;

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, MUSIC_HZ, NUMBER, SECOND, SECOND_HZ, answers, press, results,
    speaks,
};

pub fn agent(name: &str, extension: &str) -> AgentSettings {
    AgentSettings {
        name: name.into(),
        extension: extension.into(),
        roles: Vec::new(),
        team: String::new(),
        skills: Default::default(),
        languages: Vec::new(),
        packs: Vec::new(),
        may_dial: MayDial::default(),
        wrap_up: None,
    }
}

/// Anna's phone is 1001, Bob's 1002; both are out.
pub fn queue(seed: u64, change: impl Fn(&mut QueueSettings)) -> Hotline {
    let mut hotline = Hotline::with_script(seed, include_str!("queue.toml"));
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.reload(|settings| {
        settings.agents.agents = vec![agent("anna", "1001"), agent("bob", "1002")];
        let mut service = QueueSettings {
            name: "service".into(),
            announce_first: Duration::ZERO,
            last: Overflow::Voicemail,
            ..QueueSettings::default()
        };
        change(&mut service);
        settings.agents.queues = vec![service];
    });
    hotline
}

pub trait Desk {
    fn comes(&mut self, agent: &str);
    fn goes(&mut self, agent: &str);
    fn is(&self, agent: &str) -> AgentState;
    fn waits(&mut self);
}

impl Desk for Hotline {
    /// The agent's phone registers.
    fn comes(&mut self, agent: &str) {
        let now = self.now;
        self.engine.agents_mut().handle_phones(now, agent, 1, None);
        self.feed(Input::Wake);
    }

    /// Its registration ends.
    fn goes(&mut self, agent: &str) {
        let now = self.now;
        self.engine.agents_mut().handle_phones(now, agent, 0, Some("registration_expired"));
        self.feed(Input::Wake);
    }

    fn is(&self, agent: &str) -> AgentState {
        let now = self.now;
        self.engine.agents(now).into_iter().find(|view| view.name == agent).map(|view| view.state).unwrap()
    }

    /// A customer who rates the talk with 5 calls and hears the music of the queue.
    fn waits(&mut self) {
        self.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![press("5")]));
        self.run_until(30 * SECOND, |w| w.engine.queues().held() == 1);
        self.run_for(5 * SECOND);
    }
}

#[test]
fn a_caller_waits_with_music_until_an_agent_is_there_and_rates_the_talk() {
    let mut hotline = queue(1, |_| {});
    hotline.waits();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    hotline.comes("anna");
    assert_eq!(hotline.is("anna"), AgentState::Offered);
    hotline.until(State::Bridged);
    assert_eq!(hotline.is("anna"), AgentState::OnCall);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ]);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.is("anna"), AgentState::WrapUp);
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::Completed);
    assert_eq!(results(&report.record.bridging.legs), ["1001 talked"]);
    assert_eq!(hotline.books.fates, ["answered anna"]);
    assert_eq!(hotline.is("anna"), AgentState::Available, "after the wrap-up");
}

#[test]
fn an_offer_that_is_not_taken_makes_the_agent_not_ready_and_the_next_is_rung() {
    let mut hotline = queue(2, |_| {});
    hotline.is_at("1001", Behaviour::NoAnswer);
    hotline.comes("anna");
    hotline.waits();
    assert_eq!(hotline.is("anna"), AgentState::Offered);
    hotline.comes("bob");
    hotline.until(State::Bridged);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::NotReady, AgentState::OnCall));
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["1001 called_off", "1002 talked"]);
    assert_eq!(hotline.books.fates, ["answered bob"]);
}

#[test]
fn ros_03_an_agent_whose_phone_vanishes_is_out_at_once_and_the_caller_is_next() {
    let mut hotline = queue(3, |_| {});
    hotline.comes("anna");
    hotline.waits();
    hotline.until(State::Bridged);
    hotline.goes("anna");
    hotline.run_for(10 * SECOND);
    assert_eq!(hotline.is("anna"), AgentState::Offline);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ], "waits again");
    hotline.comes("bob");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["1001 lost", "1002 talked"]);
    assert_eq!(hotline.books.fates, ["answered bob"], "one fate for one caller");
}

#[test]
fn tkt_45_a_caller_who_hangs_up_in_the_queue_is_abandoned_and_the_agent_free_again() {
    let mut hotline = queue(4, |_| {});
    hotline.is_at("1001", Behaviour::NoAnswer);
    hotline.comes("anna");
    hotline.waits();
    assert_eq!(hotline.is("anna"), AgentState::Offered);
    let report = hotline.finish();
    assert_eq!(report.record.bridging.hung_up_first, None);
    assert_eq!(hotline.books.fates, ["abandoned"]);
    assert_eq!(hotline.is("anna"), AgentState::Available);
    assert_eq!(hotline.engine.queues().held(), 0);
}

#[test]
fn whom_nobody_takes_goes_on_by_the_scripts_own_way() {
    let mut hotline = queue(5, |service| service.max_wait = 20 * SECOND);
    hotline.waits();
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::PersonWanted);
    assert_eq!(hotline.books.fates, ["overflowed"]);
    assert_eq!(hotline.engine.queues().held(), 0);
}

#[test]
fn all_phones_ring_at_once_and_the_first_has_the_caller() {
    let mut hotline = queue(6, |service| service.strategy = ringback::queue::Strategy::RingAll);
    hotline.is_at("1001", Behaviour::NoAnswer);
    hotline.comes("anna");
    hotline.comes("bob");
    hotline.waits();
    hotline.until(State::Bridged);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::Available, AgentState::OnCall));
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["1001 elsewhere", "1002 talked"]);
}

#[test]
fn ros_02_outside_the_hours_the_leader_on_duty_is_rung_then_the_chain() {
    let mut hotline = Hotline::with_script(7, include_str!("night.toml"));
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.is_at("13800000009", Behaviour::NoAnswer);
    hotline.reload(|settings| {
        settings.agents.hotlines = vec![Entry {
            trunk: String::new(),
            number: "400*".into(),
            hours: Some(Windows::parse(&["03:00-04:00"], "Asia/Shanghai").unwrap()),
            closed: Overflow::Roster("rescue".into()),
            script: "survey".into(),
            language: "en".into(),
            queue: "service".into(),
        }];
    });
    let chain = DutyChain { targets: vec!["13800000009".into(), "1002".into()], ring: 20 * SECOND };
    hotline.engine.set_duty("rescue".into(), chain);
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![press("5")]));
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["13800000009 no_answer", "1002 talked"]);
    let legs = &report.record.bridging.legs;
    let rang = legs[0].ended_at.millis_since(legs[0].started_at);
    assert!((20_000..21_500).contains(&rang), "{rang}");
}
