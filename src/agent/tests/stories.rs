//! What happens in a day, told in words.

use super::*;

fn office() -> Office {
    let mut office = Office::with(Rules::default());
    office.agents.handle_phones(office.now, "1", 1, None);
    assert_eq!(office.said(), ["1 available (registered)"]);
    office
}

#[test]
fn a_call_is_offered_answered_wrapped_up_and_the_answer_delay_is_measured_tkt_45() {
    let mut office = office();
    office.agents.offer(office.now, "1", call(1)).unwrap();
    assert!(office.pass(4_000).ends_with(&["1 offered (offer)".to_owned()]));
    assert!(office.agents.handle_answered(office.now, "1", call(1)));
    office.pass(60_000);
    office.agents.handle_call_ended(office.now, "1", call(1));
    assert_eq!(office.said(), ["1 wrap_up (call)"]);
    assert!(office.pass(19_999).is_empty());
    assert_eq!(office.pass(1), ["1 available (wrapped_up)"]);
    let view = &office.agents.views(office.now)[0];
    assert_eq!((view.offered, view.answered, view.answer_delay_ms), (1, 1, 4_000));
    assert_eq!(view.slowest_answer_ms, 4_000);
}

#[test]
fn an_offer_that_is_not_taken_in_12_s_makes_the_agent_not_ready_and_frees_the_caller_tkt_45() {
    let mut office = office();
    office.agents.offer(office.now, "1", call(1)).unwrap();
    office.said();
    assert!(office.pass(11_999).is_empty());
    assert_eq!(office.pass(1), ["1 offer failed: no_answer", "1 not_ready (no_answer)"]);
    assert!(office.agents.offer(office.now, "1", call(2)).is_err(), "no second call rings in vain");
    assert!(!office.agents.handle_answered(office.now, "1", call(1)), "an answer that comes too late");
    let told = office.pass(3_600_000);
    assert_eq!(told, ["1 alarm not_ready_too_long", "1 offline (not_ready_too_long)"]);
}

#[test]
fn who_does_not_answer_comes_back_by_itself_where_the_rules_say_so() {
    let rules = Rules { return_after_no_answer: Duration::from_secs(60), ..Rules::default() };
    let mut office = Office::with(rules);
    office.agents.handle_phones(office.now, "1", 1, None);
    office.agents.offer(office.now, "1", call(1)).unwrap();
    office.pass(12_000);
    assert_eq!(office.pass(60_000), ["1 available (no_answer)"]);
}

#[test]
fn wrap_up_lasts_its_time_whatever_comes_in_and_only_the_agent_ends_it() {
    let mut office = office();
    office.agents.handle_call_began(office.now, "1", call(1)).unwrap();
    office.agents.handle_call_ended(office.now, "1", call(1));
    office.said();
    // A second phone, a stray end of another call, a withdrawn offer: none of them ends it.
    office.agents.handle_phones(office.now, "1", 2, None);
    office.agents.handle_call_ended(office.now, "1", call(2));
    office.agents.handle_withdrawn(office.now, "1", call(1));
    office.agents.handle_wish(office.now, "1", Wish::NotReady("break".into()), "phone").unwrap();
    assert!(office.agents.offer(office.now, "1", call(3)).is_err());
    assert!(office.pass(19_999).is_empty());
    assert_eq!(office.pass(1), ["1 not_ready (break)"]);
    office.agents.handle_wish(office.now, "1", Wish::Available, "phone").unwrap();
    office.agents.handle_call_began(office.now, "1", call(4)).unwrap();
    office.agents.handle_call_ended(office.now, "1", call(4));
    office.agents.handle_wish(office.now, "1", Wish::Available, "phone").unwrap();
    assert_eq!(office.state("1"), State::Available);
}

#[test]
fn a_phone_that_vanishes_takes_its_agent_out_and_a_reconnect_resumes_what_was() {
    let mut office = office();
    office.agents.offer(office.now, "1", call(1)).unwrap();
    office.said();
    office.agents.handle_phones(office.now, "1", 0, Some("connection_closed"));
    assert_eq!(office.said(), ["1 offer failed: connection_closed", "1 offline (connection_closed)"]);
    office.agents.handle_phones(office.now, "1", 1, None);
    office.agents.handle_call_began(office.now, "1", call(2)).unwrap();
    office.said();
    // In a call a stream may break and come back while the audio goes on.
    office.agents.handle_phones(office.now, "1", 0, Some("connection_closed"));
    office.pass(4_000);
    office.agents.handle_phones(office.now, "1", 1, None);
    assert!(office.pass(10_000).is_empty());
    office.agents.handle_phones(office.now, "1", 0, Some("registration_expired"));
    let told = office.pass(5_000);
    assert_eq!(told, ["1 call lost: registration_expired", "1 offline (registration_expired)"]);
    office.agents.handle_phones(office.now, "1", 1, None);
    office.agents.handle_wish(office.now, "1", Wish::NotReady("lunch".into()), "api").unwrap();
    office.agents.handle_phones(office.now, "1", 0, Some("registration_expired"));
    office.said();
    office.agents.handle_phones(office.now, "1", 1, None);
    assert_eq!(office.said(), ["1 not_ready (lunch)"], "lunch does not end by a reconnect");
    office.agents.handle_wish(office.now, "1", Wish::LogOut, "api").unwrap();
    office.agents.handle_phones(office.now, "1", 0, Some("unregistered"));
    office.agents.handle_phones(office.now, "1", 1, None);
    assert_eq!(office.state("1"), State::Offline, "who logged out says when they are back");
}

#[test]
fn wishes_in_a_call_wait_for_its_end_and_unknown_ones_are_refused_in_words() {
    let mut office = office();
    office.agents.handle_call_began(office.now, "1", call(1)).unwrap();
    office.agents.handle_wish(office.now, "1", Wish::LogOut, "phone").unwrap();
    assert_eq!(office.state("1"), State::OnCall);
    office.agents.handle_call_ended(office.now, "1", call(1));
    assert_eq!(office.state("1"), State::Offline);
    let now = office.now;
    let mut refused =
        |name: &str, wish| office.agents.handle_wish(now, name, wish, "api").unwrap_err().to_string();
    assert!(refused("9", Wish::Available).contains("no agent"));
    assert!(refused("2", Wish::Available).contains("no phone"));
    let told = refused("1", Wish::NotReady("siesta".into()));
    assert!(told.contains("siesta") && told.contains("break, lunch"), "{told}");
}

#[test]
fn codes_and_numbers_are_told_apart_and_nothing_else_is_dialled() {
    let mut one = agent("1");
    one.may_dial = MayDial::parse(&["agents", "1XXXXXXXXXX"]).unwrap();
    let office = Office::with(Rules::default());
    let mut agents = office.agents;
    agents.handle_settings(office.now, vec![one, agent("2")], Rules::default());
    for (dialled, expect) in [
        ("*31", Dialled::Code(Order::Available)),
        ("*32", Dialled::Code(Order::NotReady("break".into()))),
        ("*322", Dialled::Code(Order::NotReady("lunch".into()))),
        ("*30", Dialled::Code(Order::LogOut)),
        ("*329", Dialled::Forbidden),
        ("82", Dialled::Agent("2".into())),
        ("81", Dialled::Forbidden),
        ("138-0000-1111", Dialled::Outside("13800001111".into())),
        ("0044123456", Dialled::Forbidden),
        ("", Dialled::Forbidden),
    ] {
        assert_eq!(agents.dialled("1", dialled), expect, "{dialled}");
    }
    assert_eq!(agents.dialled("2", "81"), Dialled::Forbidden, "nothing is allowed by default");
    assert_eq!(agents.dialled("2", "13800001111"), Dialled::Forbidden);
}

#[test]
fn how_long_a_duty_phone_has_been_away_is_a_fact_ros_03() {
    let mut office = office();
    assert_eq!(office.agents.without_phone("1", office.now), None);
    office.agents.handle_phones(office.now, "1", 0, Some("registration_expired"));
    office.pass(61_000);
    assert_eq!(office.agents.without_phone("1", office.now), Some(Duration::from_secs(61)));
    office.agents.handle_phones(office.now, "1", 1, None);
    assert_eq!(office.agents.without_phone("1", office.now), None);
}

#[test]
fn a_reload_keeps_states_and_takes_out_who_is_gone() {
    let mut office = office();
    office.agents.handle_call_began(office.now, "1", call(1)).unwrap();
    office.said();
    office.agents.handle_settings(office.now, vec![agent("1"), agent("3")], Rules::default());
    assert_eq!((office.state("1"), office.state("3")), (State::OnCall, State::Offline));
    office.said();
    office.agents.handle_settings(office.now, vec![agent("3")], Rules::default());
    assert_eq!(office.said(), ["1 call lost: removed", "1 offline (removed)"]);
    assert_eq!(office.agents.state("1"), None);
}
