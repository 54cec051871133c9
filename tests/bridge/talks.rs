//! The plain course: menu, ringing, talk, survey, record.

use std::time::Duration;

use ringback::base::Disposition;
use ringback::call::{HungUpFirst, State};
use ringback::sim::Behaviour;

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, DUTY_HZ, FIRST_HZ, Hotline, MUSIC_HZ, SECOND, SECOND_HZ, answers, results, speaks,
};

#[test]
fn a_customer_talks_with_an_agent_and_rates_the_talk_when_the_agent_has_hung_up() {
    let mut hotline = Hotline::new(1);
    hotline.call("1");
    let both_ring = |w: &crate::world::World| {
        w.engine.calls().next().is_some_and(|call| w.engine.legs_of(call.id).len() == 2)
    };
    hotline.run_until(30 * SECOND, both_ring);
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ]);
    assert_eq!(hotline.legs(), ["1001 up"]);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.until(State::Lingering);
    let report = hotline.rest();
    let record = &report.record;
    let text = hotline.books.ladder.text();
    assert_eq!(record.disposition, Disposition::Completed, "{text}");
    assert_eq!(hotline.books.ledger.answers.last().unwrap().score, Some(5), "{text}");
    let (first, at) = record.bridging.hung_up_first.unwrap();
    assert_eq!(first, HungUpFirst::Agent);
    assert!(Some(at) > record.answered_at && at < record.ended_at);
    assert_eq!(results(&record.bridging.legs), ["1002 elsewhere", "1001 talked"], "{text}");
    let leg = &record.bridging.legs[1];
    assert!(leg.started_at < leg.ringing_at.unwrap() && leg.ringing_at < leg.answered_at);
    assert!(text.contains("CANCEL"), "the other phone stops ringing\n{text}");
}

#[test]
fn whoever_rings_longer_is_told_that_the_call_was_completed_elsewhere() {
    let mut hotline = Hotline::new(2);
    hotline.call_and_talk();
    let cancels: Vec<&String> = hotline.books.cancels.iter().collect();
    assert_eq!(cancels.len(), 1);
    assert!(cancels[0].contains("Reason: SIP;cause=200;text=\"Call completed elsewhere\""), "{}", cancels[0]);
    hotline.finish();
}

#[test]
fn the_customer_is_heard_by_the_agent_within_150_ms_of_the_answer() {
    let mut hotline = Hotline::new(3);
    hotline.call("1");
    hotline.run_until(30 * SECOND, |w| w.phone("1001").is_some_and(|phone| phone.is_talking()));
    let heard = hotline.phone("1001").unwrap().heard().pcm.len();
    hotline.run_for(Duration::from_millis(140));
    let pcm = &hotline.phone("1001").unwrap().heard().pcm[heard..];
    assert!(pcm.iter().any(|sample| sample.abs() > 1_000), "{} samples", pcm.len());
    hotline.finish();
}

#[test]
fn the_recording_holds_our_side_left_and_the_customer_right() {
    let mut hotline = Hotline::new(4);
    hotline.call_and_talk();
    hotline.run_for(5 * SECOND);
    let report = hotline.finish();
    let talk = report.record.bridging.legs.iter().find_map(|leg| leg.answered_at).unwrap();
    let from = talk.millis_since(report.record.answered_at.unwrap()) as u64;
    let (left, right) = hotline.tape(Duration::from_millis(from + 1_000));
    assert_eq!((left, right), (vec![FIRST_HZ], vec![CUSTOMER_HZ]));
}

#[test]
fn when_the_customer_hangs_up_the_agents_phone_is_hung_up_too() {
    let mut hotline = Hotline::new(5);
    hotline.call_and_talk();
    let report = hotline.finish();
    let record = &report.record;
    assert_eq!(record.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
    assert_eq!(record.disposition, Disposition::Served);
    assert_eq!(results(&record.bridging.legs), ["1002 elsewhere", "1001 talked"]);
    assert!(hotline.phone("1001").is_none());
}

#[test]
fn the_customer_hears_music_while_it_rings_and_goes_on_when_nobody_answers() {
    let mut hotline = Hotline::new(6);
    hotline.is_at("1001", Behaviour::BUSY);
    hotline.call("1");
    hotline.run_until(30 * SECOND, |w| w.phone("1002").is_some());
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    let report = hotline.rest();
    assert_eq!(report.record.disposition, Disposition::PersonWanted);
    assert_eq!(results(&report.record.bridging.legs), ["1001 busy", "1002 no_answer"]);
    assert_eq!(report.record.bridging.hung_up_first, None);
}

#[test]
fn ros_02_a_duty_phone_counts_as_answered_only_when_its_key_is_pressed() {
    // The key is pressed at the second saying of what asks for it.
    let mut hotline = Hotline::new(7);
    let acts = vec![ringback::sim::Act::Interrupt { keys: "5".into(), after_ms: 1_500 }];
    let listens = ringback::sim::Person { greeting_ms: 0, ..speaks(DUTY_HZ, acts) };
    hotline.is_at("13800000009", Behaviour::Answers(listens));
    hotline.call("2");
    hotline.until(State::Bridged);
    assert_eq!(hotline.legs(), ["13800000009 up"]);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["13800000009 talked"]);
}

#[test]
fn ros_02_a_voicemail_does_not_count_and_the_next_in_the_chain_is_rung() {
    let mut hotline = Hotline::new(8);
    let voicemail = Behaviour::AnsweringMachine {
        answer_ms: 1_000,
        greeting_ms: 3_000,
        beep_hz: 1_500,
        record_ms: 60_000,
    };
    hotline.is_at("13800000009", voicemail);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.call("2");
    hotline.run_until(30 * SECOND, |w| w.phone("13800000009").is_some_and(|phone| phone.is_talking()));
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ], "nobody is there yet");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["13800000009 not_accepted", "1002 talked"]);
}

#[test]
fn ros_02_a_duty_phone_that_is_not_answered_is_followed_by_the_next() {
    let mut hotline = Hotline::new(9);
    hotline.is_at("13800000009", Behaviour::NoAnswer);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.call("2");
    hotline.until(State::Bridged);
    let report = hotline.finish();
    assert_eq!(results(&report.record.bridging.legs), ["13800000009 no_answer", "1002 talked"]);
    let rang =
        report.record.bridging.legs[0].ended_at.millis_since(report.record.bridging.legs[0].started_at);
    assert!((15_000..16_500).contains(&rang), "{rang}");
}

#[test]
fn whoever_is_offered_a_waiting_customer_has_them_by_answering() {
    let mut hotline = Hotline::new(11);
    hotline.is_at("1001", Behaviour::NoAnswer);
    hotline.call("1");
    hotline.run_until(30 * SECOND, |w| w.phone("1001").is_some());
    // As a queue does, while others still ring.
    let (now, call) = (hotline.now, hotline.engine.calls().next().unwrap().id);
    assert!(hotline.engine.offer(now, call, "1009"));
    assert!(!hotline.engine.offer(now, call, "7777"), "nothing is there");
    hotline.feed(ringback::engine::Input::Wake);
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [super::hotline::BOSS_HZ]);
    assert!(!hotline.engine.offer(now, call, "1001"), "somebody has the customer");
    let report = hotline.finish();
    let legs = results(&report.record.bridging.legs);
    assert_eq!(legs, ["1001 elsewhere", "1002 elsewhere", "1009 talked"]);
}

#[test]
fn keys_pressed_in_a_talk_reach_the_other_side_or_not_by_setting() {
    for pass in [true, false] {
        let mut hotline = Hotline::new(10);
        hotline.reload(|settings| settings.phones.pass_keys = pass);
        hotline.call_and_talk();
        hotline.at_phone("1001", |phone, _| phone.press_now("7"));
        hotline.run_for(2 * SECOND);
        assert_eq!(hotline.phone(CUSTOMER).unwrap().heard().keys, if pass { "7" } else { "" });
        hotline.at_phone(CUSTOMER, |phone, _| phone.press_now("42"));
        hotline.run_for(2 * SECOND);
        assert_eq!(hotline.phone("1001").unwrap().heard().keys, if pass { "42" } else { "" });
        hotline.finish();
    }
}
