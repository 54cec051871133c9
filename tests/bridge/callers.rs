//! Who calls the hotline, and how: known customers, odd phones, and those who are not to be recorded.

use ringback::agent::State as AgentState;
use ringback::base::Disposition;
use ringback::call::State;
use ringback::engine::{BridgeOrder, Identity};
use ringback::ivr::Consent;
use ringback::sim::{Act, Calling};

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, MUSIC_HZ, NUMBER, SECOND, SECOND_HZ, VIP_HZ, answers, press,
    speaks,
};
use super::queues::{Desk, queue};

const VIP: &str = "13600000001";

#[test]
fn arc_07_a_vip_goes_before_who_came_earlier_and_the_phone_shows_the_name() {
    let mut hotline = queue(71, |_| {});
    let known = Identity { customer: Some(7), name: "王女士".into(), vip: true, last_extension: None };
    hotline.books.known.insert(VIP.into(), known);
    hotline.waits();
    hotline.place_call(0, NUMBER, VIP, speaks(1_100.0, vec![Act::Ignore]));
    hotline.run_for(5 * SECOND);
    let line: Vec<String> = hotline.engine.queues().line().into_iter().map(|one| one.number).collect();
    assert_eq!(line, [VIP, CUSTOMER]);
    hotline.comes("anna");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears("1001", &[CUSTOMER_HZ, 1_100.0]), [1_100.0]);
    let text = hotline.books.ladder.text();
    let name = hotline.engine.calls().find(|call| call.phone == VIP).map(|call| call.name.to_owned());
    assert_eq!(name.as_deref(), Some("王女士"), "{text}");
}

#[test]
fn who_was_served_before_waits_a_moment_for_the_same_agent() {
    let mut hotline = queue(72, |_| {});
    let known = Identity { last_extension: Some("1002".into()), ..Identity::default() };
    hotline.books.known.insert(CUSTOMER.into(), known);
    hotline.comes("anna");
    hotline.run_for(SECOND);
    hotline.comes("bob");
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![Act::Ignore]));
    hotline.until(State::Bridged);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::Available, AgentState::OnCall));
}

#[test]
fn each_queue_has_its_own_music_and_one_without_takes_the_scripts() {
    for (seed, music, hz) in [(73, "music/vip", VIP_HZ), (74, "music/none", MUSIC_HZ)] {
        let mut hotline = queue(seed, |service| service.music = music.into());
        hotline.waits();
        assert_eq!(hotline.hears_of_all(CUSTOMER), [hz], "{music}");
        // The agent's phone vanishes: the same music again.
        hotline.comes("anna");
        hotline.until(State::Bridged);
        hotline.goes("anna");
        hotline.run_for(10 * SECOND);
        assert_eq!(hotline.hears_of_all(CUSTOMER), [hz], "{music}");
    }
}

/// Customers whose phones send what most do not.
#[test]
fn odd_callers_go_through_queue_and_talk_to_their_record() {
    let long = "长".repeat(2_000);
    let number = "<sip:13900000000@10.0.1.1:5060>";
    let odd = [
        ("utf-8", format!("\"张三 ☎ \u{202e}\" {number}"), false, "13900000000"),
        ("quotes", format!("\"\\\"A\\\\\\\" ; tag=x, <sip:evil@x>\" {number}"), false, "13900000000"),
        ("very long", format!("\"{long}\" {number}"), false, "13900000000"),
        ("anonymous", "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned(), false, "anonymous"),
        ("no user", "<sip:10.0.1.1>".to_owned(), false, ""),
        ("late offer", number.to_owned(), true, "13900000000"),
    ];
    for (at, (what, from, late_offer, phone)) in odd.into_iter().enumerate() {
        let mut hotline = queue(80 + at as u64, |_| {});
        let calling = Calling { from, late_offer, ..Calling::default() };
        let person = speaks(CUSTOMER_HZ, vec![press("5")]);
        hotline.place_call_as(0, NUMBER, CUSTOMER, &calling, person);
        hotline.run_until(30 * SECOND, |w| w.engine.queues().held() == 1);
        hotline.run_for(3 * SECOND);
        assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ], "{what}");
        hotline.comes("anna");
        hotline.until(State::Bridged);
        assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ], "{what}");
        assert_eq!(hotline.hears_of_all("1001"), [CUSTOMER_HZ], "{what}");
        hotline.at_phone("1001", |phone, now| phone.put_down(now));
        let report = hotline.rest();
        assert_eq!(
            (report.record.disposition, report.record.phone.as_str()),
            (Disposition::Completed, phone),
            "{what}"
        );
    }
}

/// The announcement, and a key by which the customer says no.
fn asks_for_consent(seed: u64, key: &str) -> Hotline {
    let mut hotline = Hotline::with_script(seed, include_str!("consent.toml"));
    hotline.is_at("1001", answers(FIRST_HZ));
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![press(key), press("5")]));
    hotline.until(State::Bridged);
    hotline
}

#[test]
fn the_announcement_and_the_consent_are_facts_of_the_call() {
    let mut hotline = asks_for_consent(91, "1");
    hotline.run_for(3 * SECOND);
    let answered = hotline.engine.calls().next().unwrap().answered_at.unwrap();
    let report = hotline.finish();
    let notice = report.record.notice;
    let told = notice.announced_at.unwrap();
    let (consent, at) = notice.consent.unwrap();
    assert_eq!(consent, Consent::Accepted);
    assert!(answered <= told && told < at && at < report.record.ended_at, "{notice:?}");
    assert_eq!(report.record.bridging.pauses, []);
    let (left, right) =
        hotline.tape(std::time::Duration::from_millis(at.millis_since(answered) as u64 + 3_000));
    assert_eq!((left, right), (vec![FIRST_HZ], vec![CUSTOMER_HZ]), "the talk is on the recording");
}

#[test]
fn who_refuses_is_not_recorded_from_then_on_and_nobody_takes_that_back() {
    let mut hotline = asks_for_consent(92, "2");
    let refused = hotline.order(BridgeOrder::PauseRecording(false)).unwrap_err();
    assert!(refused.to_string().contains("refused to be recorded"), "{refused}");
    hotline.run_for(3 * SECOND);
    let answered = hotline.engine.calls().next().unwrap().answered_at.unwrap();
    let report = hotline.finish();
    let (consent, at) = report.record.notice.consent.unwrap();
    assert_eq!(consent, Consent::Refused);
    let pauses = &report.record.bridging.pauses;
    assert_eq!(
        (pauses.len(), pauses[0].from, pauses[0].to, pauses[0].by.as_str()),
        (1, at, None, "customer")
    );
    let (left, right) =
        hotline.tape(std::time::Duration::from_millis(at.millis_since(answered) as u64 + 3_000));
    assert_eq!((left, right), (vec![], vec![]), "silence");
}

#[test]
fn a_refusal_is_only_noted_where_the_setting_says_so() {
    let mut hotline = Hotline::with_script(93, include_str!("consent.toml"));
    hotline.reload(|settings| settings.refusal_stops_recording = false);
    hotline.is_at("1001", answers(SECOND_HZ));
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![press("2"), press("5")]));
    hotline.until(State::Bridged);
    hotline.run_for(2 * SECOND);
    let report = hotline.finish();
    assert_eq!(report.record.notice.consent.map(|(consent, _)| consent), Some(Consent::Refused));
    assert_eq!(report.record.bridging.pauses, []);
}
