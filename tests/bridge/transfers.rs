//! Another person takes the customer: by REFER of a phone, or by order.

use ringback::call::{HungUpFirst, State};
use ringback::engine::BridgeOrder;
use ringback::sim::Behaviour;

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, MUSIC_HZ, SECOND, SECOND_HZ, answers, results,
};

#[test]
fn a_phone_transfers_the_customer_and_is_told_how_it_went() {
    let mut hotline = Hotline::new(61);
    hotline.call_and_talk();
    let late = ringback::sim::Person { answer_ms: 3_000, ..super::hotline::speaks(SECOND_HZ, Vec::new()) };
    hotline.is_at("1002", Behaviour::Answers(late));
    hotline.at_phone("1001", |phone, now| phone.hold(now, true));
    hotline.run_for(SECOND);
    hotline.at_phone("1001", |phone, now| phone.refer(now, "sip:1002@10.0.0.9"));
    hotline.run_for(SECOND / 2);
    assert_eq!(hotline.phone("1001").unwrap().told(), ["SIP/2.0 100 Trying"]);
    assert_eq!(hotline.hears(CUSTOMER, &[FIRST_HZ, MUSIC_HZ]), [MUSIC_HZ]);
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [CUSTOMER_HZ]);
    assert_eq!(hotline.legs(), ["1002 up"]);
    let text = hotline.books.ladder.text();
    assert!(text.contains("NOTIFY") && text.contains("202"), "{text}");
    let report = hotline.finish();
    let legs = results(&report.record.bridging.legs);
    assert_eq!(legs, ["1002 elsewhere", "1001 transferred", "1002 talked"], "{text}");
}

#[test]
fn a_transfer_that_fails_gives_the_customer_back() {
    for (behaviour, told) in [(Behaviour::BUSY, "486"), (Behaviour::DECLINES, "603")] {
        let mut hotline = Hotline::new(62);
        hotline.call_and_talk();
        hotline.is_at("1002", behaviour);
        hotline.at_phone("1001", |phone, now| phone.refer(now, "sip:1002@10.0.0.9"));
        hotline.run_for(4 * SECOND);
        let said = hotline.phone("1001").unwrap().told().to_vec();
        assert!(said.last().unwrap().contains(told), "{said:?}");
        assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
        hotline.finish();
    }
}

#[test]
fn a_transfer_to_nowhere_or_outside_is_refused_and_the_talk_goes_on() {
    let joins = "sip:1002@10.0.0.9?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc";
    for target in ["sip:7777@10.0.0.9", "sip:13800000009@10.0.0.9", "tel:13800000009", joins] {
        let mut hotline = Hotline::new(63);
        hotline.call_and_talk();
        hotline.at_phone("1001", |phone, now| phone.refer(now, target));
        hotline.run_for(SECOND);
        assert!(hotline.phone("1001").unwrap().told().is_empty());
        assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ], "{target}");
        hotline.finish();
    }
}

#[test]
fn a_customer_cannot_transfer_anybody() {
    let mut hotline = Hotline::new(64);
    hotline.call_and_talk();
    hotline.at_phone(CUSTOMER, |phone, now| phone.refer(now, "sip:1002@10.0.0.9"));
    hotline.run_for(SECOND);
    assert_eq!(hotline.legs(), ["1001 up"]);
    assert!(hotline.books.ladder.text().contains("403"), "{}", hotline.books.ladder.text());
    hotline.finish();
}

#[test]
fn an_agent_who_hangs_up_while_the_other_rings_has_given_the_customer_away() {
    let mut hotline = Hotline::new(65);
    hotline.call_and_talk();
    let late = ringback::sim::Person { answer_ms: 4_000, ..super::hotline::speaks(SECOND_HZ, Vec::new()) };
    hotline.is_at("1002", Behaviour::Answers(late));
    hotline.order(BridgeOrder::Transfer("1002".into())).unwrap();
    hotline.run_for(SECOND);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    assert_eq!(hotline.hears(CUSTOMER, &[MUSIC_HZ]), [MUSIC_HZ]);
    assert_eq!(hotline.state(), Some(State::Bridged));
    hotline.run_for(3 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    hotline.finish();
}

#[test]
fn a_transfer_that_nobody_takes_and_nobody_takes_back_goes_to_the_script() {
    let mut hotline = Hotline::new(66);
    hotline.call_and_talk();
    hotline.is_at("1001", Behaviour::BUSY);
    hotline.is_at("1002", Behaviour::NoAnswer);
    hotline.order(BridgeOrder::Transfer("1002".into())).unwrap();
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.until(State::Script);
    let report = hotline.rest();
    assert_eq!(report.record.disposition, ringback::base::Disposition::PersonWanted);
}

#[test]
fn a_transfer_by_order_lets_the_agent_go_when_the_other_has_answered() {
    let mut hotline = Hotline::new(67);
    hotline.call_and_talk();
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.order(BridgeOrder::Transfer("1002".into())).unwrap();
    let again = hotline.order(BridgeOrder::Transfer("1009".into()));
    assert!(again.is_err(), "one at a time");
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    assert!(hotline.phone("1001").is_none());
    hotline.at_phone("1002", |phone, now| phone.put_down(now));
    let report = hotline.rest();
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Agent);
}
