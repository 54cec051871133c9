//! Orders of people: hold, mute, consult, conference, supervise, pause.

use std::time::Duration;

use ringback::call::State;
use ringback::call::leg::Listening;
use ringback::engine::{BridgeOrder, BridgeRefusal};

use super::hotline::{
    BOSS_HZ, CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, MUSIC_HZ, SECOND, SECOND_HZ, answers, results,
};

#[test]
fn a_held_customer_hears_music_and_is_heard_by_nobody() {
    let mut hotline = Hotline::new(41);
    hotline.call_and_talk();
    hotline.order(BridgeOrder::Hold(true)).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    assert!(hotline.hears_of_all("1001").is_empty());
    hotline.order(BridgeOrder::Hold(false)).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ]);
    hotline.finish();
}

#[test]
fn a_phone_that_holds_by_itself_gives_the_customer_music_for_as_long_as_it_likes() {
    let mut hotline = Hotline::new(42);
    hotline.call_and_talk();
    hotline.at_phone("1001", |phone, now| phone.hold(now, true));
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    // Longer than the silence after which a phone counts as gone.
    hotline.run_for(40 * SECOND);
    assert_eq!(hotline.state(), Some(State::Bridged));
    hotline.at_phone("1001", |phone, now| phone.hold(now, false));
    hotline.run_for(SECOND);
    assert_eq!(hotline.legs(), ["1001 up"]);
    hotline.finish();
}

#[test]
fn a_muted_agent_hears_the_customer_and_is_not_heard() {
    let mut hotline = Hotline::new(43);
    hotline.call_and_talk();
    let number = hotline.engine.legs_of(hotline.engine.calls().next().unwrap().id)[0].number;
    hotline.order(BridgeOrder::Mute(number, true)).unwrap();
    assert!(hotline.hears_of_all(CUSTOMER).is_empty());
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ]);
    hotline.order(BridgeOrder::Mute(number, false)).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    hotline.finish();
}

#[test]
fn cnt_19_an_expert_is_consulted_while_the_customer_waits_and_then_takes_over() {
    let mut hotline = Hotline::new(44);
    hotline.call_and_talk();
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.order(BridgeOrder::Consult("1002".into())).unwrap();
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [FIRST_HZ]);
    hotline.order(BridgeOrder::Complete).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [CUSTOMER_HZ]);
    assert_eq!(hotline.legs(), ["1002 up"]);
    let report = hotline.finish();
    let legs = &report.record.bridging.legs;
    assert_eq!(results(legs), ["1002 elsewhere", "1001 transferred", "1002 talked"]);
    assert_eq!(hotline.tapes().len(), 1, "one recording of the whole call");
    assert!(legs[2].ended_at.millis_since(legs[2].answered_at.unwrap()) > 5_000);
}

#[test]
fn an_agent_may_come_back_from_a_consultation_or_make_it_a_conference() {
    for conference in [false, true] {
        let mut hotline = Hotline::new(45);
        hotline.call_and_talk();
        hotline.is_at("1002", answers(SECOND_HZ));
        hotline.order(BridgeOrder::Consult("1002".into())).unwrap();
        assert!(matches!(hotline.order(BridgeOrder::Complete), Err(BridgeRefusal::Conflict(_))), "it rings");
        hotline.run_for(2 * SECOND);
        if conference {
            hotline.order(BridgeOrder::Conference(None)).unwrap();
            assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ, SECOND_HZ]);
            assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ, SECOND_HZ]);
            assert_eq!(hotline.hears_of_all("1002"), [CUSTOMER_HZ, FIRST_HZ]);
        } else {
            hotline.order(BridgeOrder::Back).unwrap();
            assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
            assert_eq!(hotline.legs(), ["1001 up"]);
        }
        hotline.finish();
    }
}

#[test]
fn three_talk_and_whoever_leaves_leaves_the_others_talking() {
    let mut hotline = Hotline::new(46);
    hotline.call_and_talk();
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.order(BridgeOrder::Conference(Some("1002".into()))).unwrap();
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ, SECOND_HZ]);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    assert_eq!(hotline.state(), Some(State::Bridged));
    hotline.finish();
}

#[test]
fn a_supervisor_listens_whispers_and_barges_in() {
    let mut hotline = Hotline::new(47);
    hotline.call_and_talk();
    let order = |mode| BridgeOrder::Supervise("1009".into(), mode);
    hotline.order(order(Listening::Listen)).unwrap();
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all("1009"), [CUSTOMER_HZ, FIRST_HZ]);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ]);
    hotline.order(order(Listening::Whisper)).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ, BOSS_HZ]);
    hotline.order(order(Listening::Barge)).unwrap();
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ, BOSS_HZ]);
    assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ, BOSS_HZ]);
    // The supervisor leaves, and the talk goes on; the agent leaves, and nobody listens on.
    hotline.at_phone("1009", |phone, now| phone.put_down(now));
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    hotline.order(order(Listening::Listen)).unwrap();
    hotline.run_for(2 * SECOND);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.run_for(2 * SECOND);
    assert!(hotline.phone("1009").is_none(), "{}", hotline.books.ladder.text());
    hotline.rest();
}

#[test]
fn nobody_is_rung_twice_for_one_call() {
    let mut hotline = Hotline::new(51);
    hotline.call_and_talk();
    hotline.is_at("1009", answers(BOSS_HZ));
    let joins = || BridgeOrder::Conference(Some("1009".into()));
    let conflict = |done| assert!(matches!(done, Err(BridgeRefusal::Conflict(_))), "{done:?}");
    hotline.order(joins()).unwrap();
    conflict(hotline.order(joins()));
    hotline.run_for(2 * SECOND);
    conflict(hotline.order(joins()));
    conflict(hotline.order(BridgeOrder::Supervise("1009".into(), Listening::Listen)));
    assert_eq!(hotline.legs(), ["1001 up", "1009 up"], "one phone, one leg");
    hotline.at_phone("1009", |phone, now| phone.put_down(now));
    hotline.run_for(SECOND);
    hotline.order(BridgeOrder::Supervise("1009".into(), Listening::Listen)).unwrap();
    conflict(hotline.order(joins()));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.legs(), ["1001 up", "1009 up"]);
    hotline.finish();
}

#[test]
fn a_pause_of_the_recording_is_silence_on_both_sides_and_a_line_in_the_record() {
    let mut hotline = Hotline::new(48);
    hotline.call_and_talk();
    hotline.run_for(3 * SECOND);
    hotline.order(BridgeOrder::PauseRecording(true)).unwrap();
    assert!(matches!(hotline.order(BridgeOrder::PauseRecording(true)), Err(BridgeRefusal::Conflict(_))));
    hotline.run_for(4 * SECOND);
    hotline.order(BridgeOrder::PauseRecording(false)).unwrap();
    hotline.run_for(3 * SECOND);
    let report = hotline.finish();
    let [pause] = &report.record.bridging.pauses[..] else { panic!("{:?}", report.record.bridging) };
    assert_eq!((pause.by.as_str(), pause.to.unwrap().millis_since(pause.from)), ("boss", 4_000));
    let start = report.record.answered_at.unwrap();
    let at = |t: ringback::base::Timestamp| Duration::from_millis(t.millis_since(start) as u64);
    let (left, right) = hotline.tapes().values().next().unwrap();
    let from = at(pause.from).as_millis() as usize * 8 + 320;
    let silent = &left[from..from + 3 * 8_000].iter().chain(&right[from..from + 3 * 8_000]).all(|s| *s == 0);
    assert!(silent, "nothing of the pause is in the file");
    assert_eq!(hotline.tape(at(pause.from) - 2 * SECOND), (vec![FIRST_HZ], vec![CUSTOMER_HZ]));
    assert_eq!(hotline.tape(at(pause.to.unwrap()) + SECOND), (vec![FIRST_HZ], vec![CUSTOMER_HZ]));
}

#[test]
fn orders_that_cannot_be_carried_out_say_why() {
    let mut hotline = Hotline::new(49);
    hotline.call("1");
    hotline.until(State::Script);
    let conflict = |done| assert!(matches!(done, Err(BridgeRefusal::Conflict(_))), "{done:?}");
    for order in [
        BridgeOrder::Hold(true),
        BridgeOrder::Transfer("1002".into()),
        BridgeOrder::Consult("1002".into()),
        BridgeOrder::Conference(Some("1002".into())),
        BridgeOrder::Complete,
        BridgeOrder::Back,
        BridgeOrder::Supervise("1009".into(), Listening::Listen),
        BridgeOrder::PauseRecording(false),
    ] {
        conflict(hotline.order(order));
    }
    let missing = hotline.order(BridgeOrder::HangUpLeg(9));
    assert!(matches!(missing, Err(BridgeRefusal::NotFound(_))), "{missing:?}");
    hotline.until(State::Bridged);
    for order in [
        BridgeOrder::Transfer("7777".into()),
        BridgeOrder::Consult("nobody".into()),
        BridgeOrder::Supervise("13800000009".into(), Listening::Listen),
    ] {
        let done = hotline.order(order);
        assert!(matches!(done, Err(BridgeRefusal::Unreachable(_))), "{done:?}");
    }
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ], "nothing has changed");
    let number = hotline.engine.legs_of(hotline.engine.calls().next().unwrap().id)[0].number;
    hotline.order(BridgeOrder::HangUpLeg(number)).unwrap();
    hotline.until(State::Lingering);
    hotline.rest();
}
