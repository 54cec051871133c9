//! Campaigns that join customers with agents: no more calls than free agents, none while nobody is
//! there, and whoever found nobody is first in line.

use std::time::Duration;

use ringback::agent::State as AgentState;
use ringback::base::{CampaignId, Disposition};
use ringback::dialer::{CampaignSettings, Command, EntryState, MachinePolicy};
use ringback::sim::{Act, Behaviour};

use super::hotline::{CUSTOMER_HZ, Hotline, SECOND, SECOND_HZ, answers, press, speaks};
use super::queues::{Desk, agent};
use crate::world::Ledger;

const CUSTOMERS: [&str; 6] =
    ["13800000001", "13800000002", "13800000003", "13800000004", "13800000005", "13800000006"];

/// Anna (1001) and Bob (1002) are out; six customers wait on the list.
fn campaign(seed: u64) -> Hotline {
    let mut hotline = Hotline::with_script(seed, include_str!("outgoing.toml"));
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.reload(|settings| {
        settings.agents.agents = vec![agent("anna", "1001"), agent("bob", "1002")];
        settings.agents.rules.wrap_up = 5 * SECOND;
    });
    for number in CUSTOMERS {
        let customer = speaks(CUSTOMER_HZ, vec![press("5"), Act::Ignore]);
        hotline.is_at(number, Behaviour::Answers(customer));
    }
    hotline.books.ledger.add(&CUSTOMERS);
    let settings = CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: vec!["00:00-24:00".into()],
        ring_seconds: 15,
        calls_per_second: 0.0,
        concurrency: 0,
        machine: MachinePolicy::Ignore,
        ..CampaignSettings::default()
    };
    let now = hotline.now;
    hotline.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
    hotline.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    hotline.feed(ringback::engine::Input::Wake);
    hotline
}

#[test]
fn ros_05_without_an_agent_nobody_is_called_and_an_alarm_says_so() {
    let mut hotline = campaign(201);
    hotline.run_for(60 * SECOND);
    assert_eq!(hotline.engine.calls().count(), 0);
    assert_eq!(hotline.books.ledger.blocked.as_ref().map(|reason| reason.code.as_str()), Some("no_agent"));
    let alarms: Vec<_> = hotline.books.alarms.iter().filter(|word| word.starts_with("no_agent:")).collect();
    assert_eq!(alarms.len(), 1, "told once");
    hotline.comes("anna");
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.engine.calls().count(), 1, "it goes on when one is there");
}

#[test]
fn ros_07_there_are_never_more_calls_in_the_air_than_agents_are_free() {
    let mut hotline = campaign(202);
    hotline.comes("anna");
    hotline.comes("bob");
    let mut most = 0;
    for _ in 0..6_000 {
        hotline.run_for(Duration::from_millis(20));
        let ready = ["anna", "bob"].iter().filter(|name| hotline.is(name) == AgentState::Available).count();
        let up = hotline.engine.calls().filter(|call| call.answered_at.is_none()).count();
        most = most.max(up);
        assert!(up <= ready, "{up} calls ring, {ready} agents are free");
        // Agents hang up after a while, so that the list goes on.
        for extension in ["1001", "1002"] {
            let long = hotline.phone(extension).is_some_and(|phone| phone.heard().pcm.len() > 5 * 8_000);
            if long {
                hotline.at_phone(extension, |phone, now| phone.put_down(now));
            }
        }
    }
    assert_eq!(most, 2, "and as many as are");
    let served = hotline.books.ledger.reports.iter().filter(|r| r.record.bridging.hung_up_first.is_some());
    assert_eq!(served.count(), CUSTOMERS.len());
    assert!(hotline.books.ledger.reports.iter().all(|report| !report.record.bridging.abandoned));
}

#[test]
fn whoever_answers_and_finds_nobody_is_called_first_afterwards() {
    let mut hotline = campaign(203);
    hotline.comes("anna");
    hotline.run_until(20 * SECOND, |w| w.engine.calls().count() == 1);
    // She leaves while the customer's telephone rings.
    hotline.reload(|settings| settings.phones.contacts.clear());
    hotline.goes("anna");
    hotline.run_until(60 * SECOND, |w| !w.books.ledger.reports.is_empty());
    let report = hotline.books.ledger.reports[0].clone();
    assert!(report.record.bridging.abandoned);
    assert_eq!(report.record.disposition, Disposition::PersonWanted, "an announcement, no silence");
    let entry = report.entry.expect("an entry");
    assert_eq!((entry.state, entry.exact_at.is_some()), (EntryState::Pending, true));
    let row = &hotline.books.ledger.rows[&entry.entry];
    assert_eq!(row.details.terms.exact_at, entry.due_at, "first in line");
    let tally = hotline.engine.tally(CampaignId(1)).unwrap();
    assert_eq!((tally.answered, tally.abandoned), (1, 1));
}

/// A long list, one customer after the other; Bob looks free, and his phone refuses every call.
fn with_a_phone_that_refuses(seed: u64) -> Hotline {
    let mut hotline = campaign(seed);
    let numbers: Vec<String> = (0..50).map(|n| format!("137000000{n:02}")).collect();
    for number in &numbers {
        hotline.is_at(number, Behaviour::Answers(speaks(CUSTOMER_HZ, vec![press("5"), Act::Ignore])));
    }
    hotline.books.ledger.add(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
    let now = hotline.now;
    hotline.engine.handle_list_changed(now, ringback::base::ListId(1));
    hotline.is_at("1002", Behaviour::BUSY);
    hotline
}

fn both_come(hotline: &mut Hotline) {
    hotline.comes("anna");
    hotline.comes("bob");
}

/// Lets 20 ms pass; a talk of three seconds ends. Gives the customers who have nobody yet.
fn tick(hotline: &mut Hotline) -> usize {
    hotline.run_for(Duration::from_millis(20));
    if hotline.phone("1001").is_some_and(|phone| phone.heard().pcm.len() > 3 * 8_000) {
        hotline.at_phone("1001", |phone, now| phone.put_down(now));
    }
    hotline.engine.calls().filter(|call| call.state != ringback::call::State::Bridged).count()
}

#[test]
fn ros_07_at_the_cap_of_abandoned_calls_one_is_placed_at_a_time_and_no_further_customer_finds_nobody() {
    let mut hotline = with_a_phone_that_refuses(204);
    both_come(&mut hotline);
    let tally = |hotline: &Hotline| hotline.engine.tally(CampaignId(1)).unwrap();
    let slow = |hotline: &Hotline| tally(hotline).is_above(3);
    let (mut most, mut ticks) = (0, 0);
    while !slow(&hotline) {
        most = most.max(tick(&mut hotline));
        ticks += 1;
        assert!(ticks < 60_000, "no cap is reached: {:?}", tally(&hotline));
    }
    assert!(most >= 2, "a call for each agent who looks free");
    // What was in the air when the cap was reached may still find nobody.
    while hotline.engine.call_count() > 0 {
        tick(&mut hotline);
    }
    let before = tally(&hotline);
    assert!(before.abandoned >= 2, "{before:?}");
    let (mut placed, mut in_the_air, mut is_told) = (0, 0, false);
    for _ in 0..12_000 {
        let now = tick(&mut hotline);
        placed += usize::from(now > in_the_air);
        in_the_air = now;
        let alone = hotline.engine.calls().filter(|call| call.answered_at.is_none()).count();
        assert!(alone <= 1, "{alone} calls in the air: {:?}", tally(&hotline));
        is_told |= hotline.books.ledger.blocked.as_ref().is_some_and(|reason| reason.code == "abandoned");
    }
    let after = tally(&hotline);
    assert!(
        placed >= 10 && after.answered >= before.answered + 10,
        "it goes on, slowly: {before:?} {after:?}"
    );
    assert_eq!(after.abandoned, before.abandoned, "nobody else found nobody");
    assert!(is_told, "people see why");
}

#[test]
fn ros_07_the_share_of_the_day_holds_after_a_restart_from_the_first_call_on() {
    let mut hotline = with_a_phone_that_refuses(205);
    let day = hotline.engine.settings().dialer.calendar.date(hotline.now.utc);
    let tally = ringback::dialer::Tally { day, answered: 40, abandoned: 8 };
    hotline.engine.restore_tally(CampaignId(1), tally);
    both_come(&mut hotline);
    for _ in 0..3_000 {
        tick(&mut hotline);
        let alone = hotline.engine.calls().filter(|call| call.answered_at.is_none()).count();
        assert!(alone <= 1, "{alone} calls in the air");
    }
    let now = hotline.engine.tally(CampaignId(1)).unwrap();
    assert!(now.answered > 40, "{now:?}");
    assert_eq!(now.abandoned, 8, "{now:?}");
}
