//! Calls that agents begin by their phones or have ordered: the guard first, then both are joined;
//! second lines, and one phone in another's place.

use std::time::Duration;

use ringback::agent::{AgentSettings, MayDial, State as AgentState};
use ringback::base::Disposition;
use ringback::call::{HungUpFirst, State};
use ringback::dialer::Reason;
use ringback::engine::DialOrder;
use ringback::sim::{Behaviour, Calling};
use ringback::sip::registrar::Secrets;

use super::hotline::{
    BOSS_HZ, CUSTOMER, CUSTOMER_HZ, DUTY_HZ, FIRST_HZ, Hotline, MUSIC_HZ, SECOND, SECOND_HZ, answers,
    results, speaks,
};
use super::queues::{Desk, agent};

pub const NUMBER: &str = "13800000009";
pub const PASSWORD: &str = "warm-tea-41";

fn may(words: &[&str], agent: AgentSettings) -> AgentSettings {
    AgentSettings { may_dial: MayDial::parse(words).unwrap(), ..agent }
}

/// Anna (1001) may dial colleagues and mobile numbers, Bob (1002) nobody. Both are there, and a
/// customer at [`NUMBER`] answers after a second.
pub fn desk(seed: u64) -> Hotline {
    let mut hotline = Hotline::new(seed);
    hotline.reload(|settings| {
        settings.agents.agents =
            vec![may(&["agents", "1XXXXXXXXXX"], agent("anna", "1001")), agent("bob", "1002")];
        let realm = settings.agents.registrar.realm.clone();
        let users = &mut settings.agents.registrar.users;
        for extension in ["1001", "1002"] {
            users.insert(extension.into(), Secrets::of_password(extension, &realm, PASSWORD));
        }
    });
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.is_at(NUMBER, answers(DUTY_HZ));
    hotline.comes("anna");
    hotline.comes("bob");
    hotline
}

/// Anna's phone calls on a line of this name.
pub fn anna_dials(hotline: &mut Hotline, number: &str, line: &str) {
    let how = Calling { password: Some(PASSWORD.into()), line: Some(line.into()), ..Calling::default() };
    hotline.place_call_as(4, number, "1001", &how, speaks(FIRST_HZ, Vec::new()));
}

/// What the phone on a line was told, to the final response.
pub fn end_of(hotline: &mut Hotline, line: &str) -> Vec<String> {
    for _ in 0..1_000 {
        let told = hotline.told(line);
        if told.last().is_some_and(|status| status.as_str() >= "200" && status != "407") {
            return told;
        }
        hotline.run_for(Duration::from_millis(20));
    }
    panic!("no end\n{}", hotline.books.ladder.text());
}

#[test]
fn an_agent_dials_a_customer_and_both_are_joined_and_recorded() {
    let mut hotline = desk(101);
    anna_dials(&mut hotline, NUMBER, "anna");
    hotline.run_for(SECOND / 2);
    assert_eq!(hotline.is("anna"), AgentState::OnCall, "no queue offers her a caller");
    assert_eq!(hotline.books.asked[0].number, NUMBER, "the guard is asked first");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all("anna"), [DUTY_HZ]);
    assert_eq!(hotline.told("anna"), ["407", "180", "200"], "{}", hotline.books.ladder.text());
    assert_eq!(hotline.hears_of_all(NUMBER), [FIRST_HZ]);
    hotline.run_for(3 * SECOND);
    hotline.at_phone("anna", |phone, now| phone.put_down(now));
    let report = hotline.rest();
    let record = &report.record;
    assert_eq!(record.disposition, Disposition::Served);
    assert_eq!(record.bridging.begun_by.as_deref(), Some("anna"));
    assert_eq!(record.bridging.hung_up_first.unwrap().0, HungUpFirst::Agent);
    assert_eq!((record.phone.as_str(), results(&record.bridging.legs)), (NUMBER, vec!["1001 talked".into()]));
    assert_eq!(hotline.tape(SECOND), (vec![FIRST_HZ], vec![DUTY_HZ]), "our side stands left");
}

#[test]
fn win_06_what_the_guard_forbids_is_refused_with_its_reason_unless_the_agent_gives_one() {
    let mut hotline = desk(102);
    hotline.books.forbids = Some(Reason::new("window_closed", "opens at 15:00"));
    anna_dials(&mut hotline, NUMBER, "anna");
    assert_eq!(end_of(&mut hotline, "anna"), ["407", "403"]);
    assert!(hotline.books.ledger.reports.is_empty());
    assert_eq!(hotline.is("anna"), AgentState::Available, "at once, for nobody was called");
    // The star code with the digit of a reason.
    anna_dials(&mut hotline, &format!("*331{NUMBER}"), "again");
    hotline.until(State::Bridged);
    assert_eq!(hotline.books.asked[1].override_reason, "the customer asked for it");
    assert_eq!(hotline.books.asked[1].number, NUMBER);
    hotline.at_phone(NUMBER, |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
}

#[test]
fn an_agent_hears_why_nobody_answered_and_the_call_stands_in_the_books() {
    let cases = [
        (Behaviour::BUSY, "486", Disposition::Busy),
        (Behaviour::DECLINES, "603", Disposition::Declined),
        (Behaviour::INVALID_NUMBER, "404", Disposition::InvalidNumber),
    ];
    for (behaviour, status, disposition) in cases {
        let mut hotline = desk(103);
        hotline.is_at(NUMBER, behaviour);
        anna_dials(&mut hotline, NUMBER, "anna");
        let told = end_of(&mut hotline, "anna");
        assert_eq!(told.last().map(String::as_str), Some(status), "{told:?}");
        let report = hotline.rest();
        assert_eq!(report.record.disposition, disposition);
        assert_eq!(report.record.bridging.begun_by.as_deref(), Some("anna"));
        assert_eq!(report.record.bridging.hung_up_first, None);
    }
}

#[test]
fn an_agent_who_hangs_up_before_the_answer_calls_it_off() {
    let mut hotline = desk(104);
    hotline.is_at(NUMBER, Behaviour::NoAnswer);
    anna_dials(&mut hotline, NUMBER, "anna");
    hotline.run_until(10 * SECOND, |w| w.phone(NUMBER).is_some());
    hotline.run_for(2 * SECOND);
    hotline.at_phone("anna", |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::Cancelled);
    assert!(hotline.books.cancels.iter().any(|text| text.contains(NUMBER)), "the customer's phone stops");
    assert_eq!(results(&report.record.bridging.legs), ["1001 called_off"]);
}

#[test]
fn an_agent_calls_a_colleague_who_is_heard_only_from_the_answer_on() {
    let mut hotline = desk(105);
    anna_dials(&mut hotline, "1002", "anna");
    hotline.run_for(SECOND / 2);
    assert_eq!(hotline.told("anna"), ["407", "180"], "not answered before the colleague is");
    hotline.until(State::Bridged);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::OnCall, AgentState::OnCall));
    assert_eq!(hotline.hears_of_all("anna"), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [FIRST_HZ]);
    assert!(hotline.books.asked.is_empty(), "no guard between colleagues");
    hotline.run_for(2 * SECOND);
    hotline.at_phone("1002", |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.bridging.begun_by.as_deref(), Some("anna"));
    assert_eq!(results(&report.record.bridging.legs), ["1002 talked"]);
    assert_eq!(hotline.tape(SECOND), (vec![SECOND_HZ], vec![FIRST_HZ]));
}

#[test]
fn a_colleague_who_is_busy_or_does_not_answer_is_told_as_such() {
    let mut hotline = desk(106);
    hotline.is_at("1002", Behaviour::BUSY);
    anna_dials(&mut hotline, "1002", "anna");
    assert_eq!(end_of(&mut hotline, "anna").last().map(String::as_str), Some("480"));
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::NoAnswer);
    assert_eq!(report.record.answered_at, None);
}

#[test]
fn an_ordered_call_rings_the_agent_first_and_the_customer_only_when_they_are_there() {
    let mut hotline = desk(107);
    hotline.is_at("1001", answers(FIRST_HZ));
    let order = DialOrder { agent: "anna".into(), number: NUMBER.into(), ..DialOrder::default() };
    let now = hotline.now;
    let call = hotline.engine.dial(now, order.clone()).unwrap();
    hotline.feed(ringback::engine::Input::Wake);
    assert!(hotline.engine.dial(now, order).is_err(), "she is in a call");
    assert_eq!(hotline.books.asked[0].call, call);
    hotline.run_for(SECOND / 2);
    assert!(hotline.phone(NUMBER).is_none() && hotline.state() == Some(State::Waiting));
    hotline.run_until(10 * SECOND, |w| w.phone(NUMBER).is_some());
    let before = hotline.phone("1001").unwrap().heard().pcm.len();
    hotline.run_for(SECOND / 2);
    let ear = hotline.phone("1001").unwrap().heard().pcm[before..].to_vec();
    assert!(ear.iter().any(|sample| sample.abs() > 1_000), "she hears it ring");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all("1001"), [DUTY_HZ]);
    assert_eq!(hotline.hears_of_all(NUMBER), [FIRST_HZ]);
    hotline.at_phone(NUMBER, |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!((report.record.id, report.record.disposition), (call, Disposition::Served));
}

#[test]
fn an_ordered_call_whose_agent_does_not_answer_reaches_no_customer_and_counts_in_no_cap() {
    let mut hotline = desk(108);
    hotline.is_at("1001", Behaviour::NoAnswer);
    let order = DialOrder { agent: "anna".into(), number: NUMBER.into(), ..DialOrder::default() };
    let now = hotline.now;
    hotline.engine.dial(now, order).unwrap();
    hotline.feed(ringback::engine::Input::Wake);
    let report = hotline.rest();
    assert_eq!((report.record.disposition, report.record.trunk), (Disposition::Cancelled, None));
    assert!(hotline.books.ledger.only().record.answered_at.is_none());
    assert_ne!(hotline.is("anna"), AgentState::OnCall);
}

/// Anna talks with a customer of the hotline who is put on hold, and calls Bob on her second line.
pub fn consults(seed: u64) -> Hotline {
    let mut hotline = desk(seed);
    hotline.is_at("1001", answers(FIRST_HZ));
    hotline.is_at("1002", Behaviour::NoAnswer);
    hotline.call("1");
    hotline.until(State::Bridged);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.run_for(SECOND);
    hotline.at_phone("1001", |phone, now| phone.hold(now, true));
    let how = Calling { password: Some(PASSWORD.into()), line: Some("line2".into()), ..Calling::default() };
    hotline.place_call_as(4, "1002", "1001", &how, speaks(BOSS_HZ, Vec::new()));
    hotline
}

#[test]
fn a_phone_transfers_its_customer_to_whom_it_has_on_its_second_line() {
    let mut hotline = consults(109);
    hotline.run_for(3 * SECOND);
    assert_eq!(hotline.hears_of_all("line2"), [SECOND_HZ], "{}", hotline.books.ladder.text());
    assert_eq!(hotline.hears_of_all("1002"), [BOSS_HZ], "the customer does not hear that");
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    let replaces = hotline.phone("line2").unwrap().replaces();
    hotline.at_phone("1001", |phone, now| phone.refer_to_line(now, "1002", &replaces));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [CUSTOMER_HZ]);
    assert!(hotline.phone("1001").is_none() && hotline.phone("line2").is_none());
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::WrapUp, AgentState::OnCall));
    let report = hotline.finish();
    let legs = results(&report.record.bridging.legs);
    assert!(
        legs.contains(&"1002 talked".to_owned()) && legs.contains(&"1001 transferred".to_owned()),
        "{legs:?}"
    );
}

#[test]
fn a_transfer_while_the_second_line_still_rings_is_a_blind_one_from_there_on() {
    let mut hotline = consults(110);
    hotline.run_for(SECOND / 2);
    let replaces = hotline.phone("line2").unwrap().replaces();
    hotline.at_phone("1001", |phone, now| phone.refer_to_line(now, "1002", &replaces));
    hotline.run_for(3 * SECOND);
    assert!(hotline.legs().iter().any(|leg| leg == "1002 up"), "{:?}", hotline.legs());
    hotline.finish();
}

#[test]
fn a_second_line_that_is_hung_up_or_not_answered_gives_the_customer_back() {
    for hang_up in [true, false] {
        let mut hotline = consults(111);
        if hang_up {
            hotline.run_for(3 * SECOND);
            hotline.at_phone("line2", |phone, now| phone.put_down(now));
        } else {
            hotline.run_for(3 * SECOND);
            hotline.at_phone("1002", |phone, now| phone.put_down(now));
        }
        hotline.run_for(SECOND);
        hotline.at_phone("1001", |phone, now| phone.hold(now, false));
        hotline.run_for(SECOND);
        assert!(hotline.phone("1002").is_none() && hotline.phone("line2").is_none());
        assert_eq!(hotline.legs(), ["1001 up"]);
        assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
        assert_eq!(hotline.is("bob"), AgentState::WrapUp);
        hotline.finish();
    }
}

#[test]
fn a_phone_refers_its_customer_outside_only_where_its_agent_may_dial() {
    for (target, taken) in [(NUMBER, true), ("02155556666", false)] {
        let mut hotline = desk(113);
        hotline.is_at("1001", answers(FIRST_HZ));
        hotline.is_at("1002", Behaviour::NoAnswer);
        hotline.call("1");
        hotline.until(State::Bridged);
        hotline.run_for(SECOND);
        hotline.at_phone("1001", |phone, now| phone.refer(now, &format!("sip:{target}@10.0.0.9")));
        hotline.run_for(2 * SECOND);
        let rings = hotline.legs().iter().any(|leg| leg.starts_with(target));
        assert_eq!(rings, taken, "{:?}", hotline.legs());
        hotline.finish();
    }
}

#[test]
fn a_phone_takes_the_place_of_another_in_a_talk() {
    let mut hotline = desk(114);
    hotline.is_at("1001", Behaviour::NoAnswer);
    hotline.call("1");
    hotline.until(State::Bridged);
    hotline.run_for(SECOND);
    assert_eq!(hotline.legs(), ["1002 up"]);
    let replaces = hotline.phone("1002").unwrap().replaces();
    let how = Calling {
        password: Some(PASSWORD.into()),
        fields: vec![("Replaces".into(), replaces)],
        line: Some("taker".into()),
        ..Calling::default()
    };
    hotline.place_call_as(4, "1002", "1001", &how, speaks(FIRST_HZ, Vec::new()));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.legs(), ["1001 up"]);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::OnCall, AgentState::WrapUp));
    let report = hotline.finish();
    assert!(results(&report.record.bridging.legs).contains(&"1002 transferred".to_owned()));
}

#[test]
fn a_stranger_takes_no_place_and_a_phone_no_place_that_is_none() {
    let mut hotline = desk(115);
    hotline.call("1");
    hotline.until(State::Bridged);
    hotline.run_for(SECOND);
    for (password, status) in [(None, "407"), (Some(PASSWORD), "481")] {
        let how = Calling {
            password: password.map(str::to_owned),
            fields: vec![("Replaces".into(), "x;to-tag=1;from-tag=2".into())],
            line: Some(format!("taker{status}")),
            ..Calling::default()
        };
        hotline.place_call_as(4, "1002", "1001", &how, speaks(BOSS_HZ, Vec::new()));
        hotline.run_for(SECOND);
        assert_eq!(hotline.told(&format!("taker{status}")).last().map(String::as_str), Some(status));
    }
    assert_eq!(hotline.legs().len(), 1);
    hotline.finish();
}

#[test]
fn a_phone_that_tries_one_forbidden_number_after_the_other_is_one_alarm_a_minute() {
    let mut hotline = desk(118);
    let tries = |hotline: &mut Hotline, from: usize, count: usize| {
        for n in from..from + count {
            let line = format!("try{n}");
            anna_dials(hotline, &format!("00441234567{n:02}"), &line);
            assert_eq!(end_of(hotline, &line).last().map(String::as_str), Some("403"));
        }
    };
    let alarms = |hotline: &Hotline| -> Vec<String> {
        hotline.books.alarms.iter().filter(|word| word.starts_with("dial_forbidden:")).cloned().collect()
    };
    tries(&mut hotline, 0, 5);
    assert_eq!(alarms(&hotline), ["dial_forbidden: the phone of anna may not dial 0044123456700"]);
    assert_eq!(hotline.engine.forbidden_dials(), 5, "counted all the same");
    hotline.run_for(Duration::from_secs(61));
    tries(&mut hotline, 5, 2);
    let all = alarms(&hotline);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].ends_with("0044123456705, and 4 more since the last alarm"), "{all:?}");
}
