//! Phones that vanish, messages that cross, hang-ups at every moment.

use std::time::Duration;

use ringback::base::Disposition;
use ringback::call::{HungUpFirst, State};
use ringback::sim::Behaviour;

use super::hotline::{
    CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, SECOND, SECOND_HZ, SORRY_HZ, answers, results,
};

#[test]
fn when_the_agents_phone_vanishes_the_customer_is_told_and_somebody_else_is_rung() {
    let mut hotline = Hotline::new(21);
    hotline.call_and_talk();
    hotline.is_at("1001", Behaviour::UNAVAILABLE);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.cut_off("1001");
    hotline.until(State::Script);
    assert_eq!(hotline.hears(CUSTOMER, &[SORRY_HZ]), [SORRY_HZ], "an announcement, and no silence");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [SECOND_HZ]);
    let report = hotline.finish();
    let text = hotline.books.ladder.text();
    let legs = results(&report.record.bridging.legs);
    assert_eq!(legs, ["1002 elsewhere", "1001 lost", "1001 unreachable", "1002 talked"], "{text}");
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
}

#[test]
fn an_agent_who_declines_or_is_unreachable_leaves_the_other_phone_ringing() {
    for refusal in [Behaviour::DECLINES, Behaviour::UNAVAILABLE, Behaviour::CONGESTED, Behaviour::BUSY] {
        let mut hotline = Hotline::new(22);
        hotline.is_at("1001", refusal.clone());
        let late =
            ringback::sim::Person { answer_ms: 4_000, ..super::hotline::speaks(SECOND_HZ, Vec::new()) };
        hotline.is_at("1002", Behaviour::Answers(late));
        hotline.call("1");
        hotline.until(State::Bridged);
        assert_eq!(hotline.legs(), ["1002 up"], "{refusal:?}");
        hotline.finish();
    }
}

#[test]
fn two_phones_that_answer_at_the_same_moment_leave_one_talking() {
    let mut hotline = Hotline::new(23);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.call("1");
    hotline.until(State::Bridged);
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.legs().len(), 1);
    let talking = [FIRST_HZ, SECOND_HZ];
    let heard = hotline.hears(CUSTOMER, &talking);
    assert_eq!(heard.len(), 1, "{heard:?}");
    let both = ["1001", "1002"].into_iter().filter(|name| hotline.phone(name).is_some());
    assert_eq!(both.count(), 1, "the 200 that crossed the CANCEL was answered with ACK and BYE");
    let report = hotline.finish();
    let mut legs = results(&report.record.bridging.legs);
    legs.sort();
    assert!(
        legs == ["1001 elsewhere", "1002 talked"] || legs == ["1001 talked", "1002 elsewhere"],
        "{legs:?}"
    );
}

#[test]
fn a_customer_who_hangs_up_at_any_moment_leaves_no_leg_behind() {
    // From the answer of the call over the menu, ringing and talk into the survey.
    for step in 0..60 {
        let mut hotline = Hotline::new(24);
        let brief =
            ringback::sim::Person { greeting_ms: 2_000, ..super::hotline::speaks(FIRST_HZ, Vec::new()) };
        hotline.is_at("1001", Behaviour::Answers(brief));
        hotline.call("1");
        hotline.run_for(Duration::from_millis(100) * step);
        if step > 45 {
            hotline.at_phone("1001", |phone, now| phone.put_down(now));
            hotline.run_for(Duration::from_millis(20) * (step - 45));
        }
        if hotline.phone(CUSTOMER).is_some_and(|phone| phone.is_talking()) {
            hotline.finish();
        }
    }
}

#[test]
fn an_agent_who_hangs_up_at_any_moment_leaves_the_customer_to_the_script() {
    for step in 0..30 {
        let mut hotline = Hotline::new(25);
        hotline.is_at("1002", Behaviour::BUSY);
        hotline.call("1");
        hotline.run_until(30 * SECOND, |w| w.phone("1001").is_some());
        hotline.run_for(Duration::from_millis(80) * step);
        hotline.at_phone("1001", |phone, now| phone.put_down(now));
        let report = hotline.rest();
        let (expect, text) = (report.record.disposition, hotline.books.ladder.text());
        assert!(
            matches!(expect, Disposition::Completed | Disposition::PersonWanted),
            "{step}: {expect}\n{text}"
        );
    }
}

#[test]
fn packets_that_get_lost_cost_sound_and_no_call() {
    let mut hotline = Hotline::new(26);
    hotline.lose_packets(0.05);
    hotline.call_and_talk();
    hotline.run_for(10 * SECOND);
    assert_eq!(hotline.state(), Some(State::Bridged));
    assert_eq!(hotline.hears(CUSTOMER, &[FIRST_HZ]), [FIRST_HZ]);
    assert_eq!(hotline.hears("1001", &[CUSTOMER_HZ]), [CUSTOMER_HZ]);
    hotline.finish();
}

#[test]
fn a_phone_that_never_answers_our_bye_holds_up_nobody() {
    let mut hotline = Hotline::new(27);
    hotline.call_and_talk();
    hotline.cut_off("1001");
    let report = hotline.finish();
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
    let up = report.record.ended_at.millis_since(report.record.answered_at.unwrap());
    assert!(up < 20_000, "{up}");
}

#[test]
fn a_customer_whose_line_goes_dead_frees_the_agent() {
    let mut hotline = Hotline::new(29);
    hotline.call_and_talk();
    hotline.cut_off(CUSTOMER);
    // The world's silence after which a line is dead is 20 s.
    hotline.run_for(21 * SECOND);
    assert!(hotline.phone("1001").is_none(), "{}", hotline.books.ladder.text());
    let report = hotline.rest();
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::System);
}

#[test]
fn a_stop_of_everything_ends_all_legs() {
    let mut hotline = Hotline::new(28);
    hotline.call_and_talk();
    let now = hotline.now;
    hotline.engine.hang_up_all(now, "the daemon stops");
    hotline.feed(ringback::engine::Input::Wake);
    let report = hotline.rest();
    assert_eq!(report.record.bridging.hung_up_first.unwrap().0, HungUpFirst::System);
    assert!(hotline.phone("1001").is_none());
}
