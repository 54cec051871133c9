//! An agent consults somebody while the customer waits: also a number outside, and also when one
//! of the three hangs up.

use ringback::agent::State as AgentState;
use ringback::base::Disposition;
use ringback::call::{HungUpFirst, State};
use ringback::dialer::Reason;
use ringback::engine::{BridgeOrder, Report};
use ringback::sim::Behaviour;

use super::dials::{NUMBER, anna_dials, consults, desk, end_of};
use super::hotline::{
    BOSS_HZ, CUSTOMER, CUSTOMER_HZ, DUTY_HZ, FIRST_HZ, Hotline, MUSIC_HZ, SECOND, SECOND_HZ, answers, results,
};
use super::queues::Desk;

/// Everything runs out; gives the reports in their order. Nothing may be left.
fn all_reports(hotline: &mut Hotline, count: usize) -> Vec<Report> {
    hotline.run_until(120 * SECOND, |w| w.books.ledger.reports.len() == count);
    hotline.run_for(80 * SECOND);
    let (calls, sessions, held) = hotline.leftovers();
    let text = hotline.books.ladder.text();
    assert_eq!((calls, sessions, held.sessions, hotline.engine.leg_count()), (0, 0, 0, 0), "{text}");
    assert_eq!(hotline.books.ledger.reports.len(), count, "{text}");
    hotline.books.ledger.reports.clone()
}

/// Anna talks with a customer of the hotline; Bob's phone would not answer.
fn talks(seed: u64) -> Hotline {
    let mut hotline = desk(seed);
    hotline.is_at("1001", answers(FIRST_HZ));
    hotline.is_at("1002", Behaviour::NoAnswer);
    hotline.call("1");
    hotline.until(State::Bridged);
    hotline.run_for(SECOND);
    hotline
}

#[test]
fn a_consultation_goes_on_as_a_call_of_its_own_when_the_customer_hangs_up() {
    let mut hotline = consults(401);
    hotline.run_for(3 * SECOND);
    let customers = hotline.engine.calls().next().unwrap().id;
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(2 * SECOND);
    assert!(hotline.phone("1001").is_none(), "her first line, with the customer, is gone");
    assert_eq!(hotline.hears("line2", &[SECOND_HZ, CUSTOMER_HZ, MUSIC_HZ]), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [BOSS_HZ]);
    let call = hotline.engine.calls().next().expect("a call of the two").id;
    assert_ne!(call, customers);
    let order = hotline.order(BridgeOrder::Transfer("1009".into()));
    assert!(order.unwrap_err().to_string().contains("customer has hung up"));
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::OnCall, AgentState::OnCall));
    assert_eq!(hotline.books.detached, [(customers, call, "anna".to_owned())], "people are told");
    hotline.at_phone("1002", |phone, now| phone.put_down(now));
    hotline.run_for(SECOND / 2);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::WrapUp, AgentState::WrapUp));
    let reports = all_reports(&mut hotline, 2);
    let (first, second) = (&reports[0].record, &reports[1].record);
    assert_eq!(first.id, customers);
    assert_eq!(first.bridging.hung_up_first.unwrap().0, HungUpFirst::Customer);
    assert_eq!((second.id, second.phone.as_str(), second.disposition), (call, "1002", Disposition::Served));
    assert_eq!(second.bridging.begun_by.as_deref(), Some("anna"));
    let mut legs = results(&second.bridging.legs);
    legs.sort();
    assert_eq!(legs, ["1001 called_off", "1002 talked"]);
    let split = second.started_at;
    assert!(first.bridging.legs.iter().all(|leg| leg.ended_at <= split));
    assert!(second.bridging.legs.iter().all(|leg| leg.started_at >= split), "no moment counts twice");
}

#[test]
fn a_colleague_who_rings_while_the_customer_leaves_rings_on() {
    let mut hotline = consults(402);
    hotline.run_for(SECOND / 2);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(3 * SECOND);
    assert_eq!(hotline.hears("line2", &[SECOND_HZ, CUSTOMER_HZ, MUSIC_HZ]), [SECOND_HZ]);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::OnCall, AgentState::OnCall));
    hotline.at_phone("line2", |phone, now| phone.put_down(now));
    let reports = all_reports(&mut hotline, 2);
    assert_eq!(reports[1].record.disposition, Disposition::Served);
}

#[test]
fn an_ordered_consultation_goes_on_too_and_the_agent_hears_that_the_customer_left() {
    let mut hotline = talks(403);
    hotline.is_at("1002", answers(SECOND_HZ));
    hotline.order(BridgeOrder::Consult("1002".into())).unwrap();
    hotline.run_for(3 * SECOND);
    assert_eq!(hotline.hears_of_all("1002"), [FIRST_HZ]);
    let before = hotline.phone("1001").unwrap().heard().pcm.len();
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(SECOND);
    let heard = &hotline.phone("1001").unwrap().heard().pcm[before..];
    let sign =
        heard.windows(800).step_by(80).any(|part| ringback::media::tone::tone_dbfs(part, 620.0) > -24.0);
    assert!(sign, "two tones say that the customer is gone");
    assert_eq!(hotline.hears_of_all("1001"), [SECOND_HZ]);
    assert_eq!(hotline.hears_of_all("1002"), [FIRST_HZ]);
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.run_for(SECOND / 2);
    assert_eq!((hotline.is("anna"), hotline.is("bob")), (AgentState::WrapUp, AgentState::WrapUp));
    let reports = all_reports(&mut hotline, 2);
    let legs = results(&reports[0].record.bridging.legs);
    assert_eq!(legs[legs.len() - 2..], ["1001 talked", "1002 talked"], "{legs:?}");
}

#[test]
fn who_is_stopped_by_order_leaves_no_consultation_behind() {
    let mut hotline = consults(404);
    hotline.run_for(3 * SECOND);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(SECOND);
    let (now, call) = (hotline.now, hotline.engine.calls().next().unwrap().id);
    assert!(hotline.engine.hang_up(now, call, "by order"));
    hotline.feed(ringback::engine::Input::Wake);
    let reports = all_reports(&mut hotline, 2);
    assert_eq!(reports[1].record.id, call);
}

#[test]
fn when_the_one_consulted_hangs_up_the_customer_waits_on_until_the_agent_takes_them_back() {
    let mut hotline = consults(405);
    hotline.run_for(3 * SECOND);
    hotline.at_phone("1002", |phone, now| phone.put_down(now));
    hotline.run_for(SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ], "her phone still holds");
    assert_eq!(hotline.legs(), ["1001 up"]);
    hotline.at_phone("1001", |phone, now| phone.hold(now, false));
    hotline.run_for(SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    hotline.finish();
}

/// Anna's phone holds the customer and calls [`NUMBER`] on its second line.
fn consults_outside(seed: u64) -> Hotline {
    let mut hotline = talks(seed);
    hotline.at_phone("1001", |phone, now| phone.hold(now, true));
    anna_dials(&mut hotline, NUMBER, "line2");
    hotline
}

#[test]
fn an_agent_consults_a_number_outside_and_gives_it_the_customer() {
    let mut hotline = consults_outside(406);
    hotline.run_for(4 * SECOND);
    assert_eq!(
        hotline.books.asked.last().map(|clear| clear.number.as_str()),
        Some(NUMBER),
        "the guard first"
    );
    assert_eq!(hotline.hears("line2", &[DUTY_HZ, CUSTOMER_HZ]), [DUTY_HZ], "{}", hotline.books.ladder.text());
    assert_eq!(hotline.hears_of_all(CUSTOMER), [MUSIC_HZ]);
    let replaces = hotline.phone("line2").unwrap().replaces();
    hotline.at_phone("1001", |phone, now| phone.refer_to_line(now, NUMBER, &replaces));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [DUTY_HZ]);
    assert_eq!(hotline.hears_of_all(NUMBER), [CUSTOMER_HZ]);
    assert!(hotline.phone("1001").is_none() && hotline.phone("line2").is_none());
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    let reports = all_reports(&mut hotline, 2);
    let outside =
        &reports.iter().find(|report| report.record.phone == NUMBER).expect("a row of its own").record;
    assert_eq!(Some(outside.id), hotline.books.asked.last().map(|clear| clear.call));
    assert_eq!((outside.disposition, outside.trunk.as_deref()), (Disposition::Served, Some("a")));
    assert_eq!(outside.bridging.begun_by.as_deref(), Some("anna"));
    let theirs = reports.iter().find(|report| report.record.phone == CUSTOMER).expect("the customer's");
    assert!(results(&theirs.record.bridging.legs).contains(&format!("{NUMBER} talked")));
    assert_eq!(hotline.engine.trunks()[0].counts.calls, 0, "the trunk is free again");
}

#[test]
fn win_06_a_consultation_outside_is_refused_by_the_guard_and_by_what_an_agent_may_dial() {
    let mut hotline = talks(407);
    hotline.books.forbids = Some(Reason::new("window_closed", "opens at 15:00"));
    anna_dials(&mut hotline, NUMBER, "line2");
    assert_eq!(end_of(&mut hotline, "line2").last().map(String::as_str), Some("403"));
    anna_dials(&mut hotline, "02155556666", "line3");
    assert_eq!(end_of(&mut hotline, "line3").last().map(String::as_str), Some("403"));
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ], "the talk goes on");
    hotline.finish();
}

#[test]
fn who_is_consulted_outside_and_busy_gives_the_customer_back_and_stands_in_the_books() {
    let mut hotline = talks(408);
    hotline.is_at(NUMBER, Behaviour::BUSY);
    anna_dials(&mut hotline, NUMBER, "line2");
    assert_eq!(end_of(&mut hotline, "line2").last().map(String::as_str), Some("486"));
    anna_dials(&mut hotline, NUMBER, "line3");
    assert_eq!(
        end_of(&mut hotline, "line3").last().map(String::as_str),
        Some("486"),
        "again, for it is free"
    );
    hotline.run_for(SECOND);
    assert_eq!(hotline.hears_of_all(CUSTOMER), [FIRST_HZ]);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    let reports = all_reports(&mut hotline, 3);
    let busy = reports.iter().filter(|report| report.record.disposition == Disposition::Busy);
    assert_eq!(busy.count(), 2);
}

#[test]
fn the_row_of_a_consultation_outside_has_the_times_of_its_leg() {
    let mut hotline = consults_outside(411);
    hotline.run_for(7 * SECOND);
    hotline.at_phone("line2", |phone, now| phone.put_down(now));
    hotline.run_for(3 * SECOND);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    let reports = all_reports(&mut hotline, 2);
    let row = &reports.iter().find(|report| report.record.phone == NUMBER).expect("a row of its own").record;
    let theirs =
        &reports.iter().find(|report| report.record.phone == CUSTOMER).expect("the customer's").record;
    let leg = theirs.bridging.legs.iter().find(|leg| leg.target == NUMBER).expect("a leg of the call");
    assert_eq!(
        (row.started_at, row.ringing_at, row.answered_at, row.ended_at),
        (leg.started_at, leg.ringing_at, leg.answered_at, leg.ended_at),
        "what is charged is what was talked"
    );
    assert!(row.ended_at < theirs.ended_at && row.ended_at > row.answered_at.unwrap(), "{row:?}");
    assert_eq!((row.trunk.as_deref(), row.detail.contains(&theirs.id.to_string())), (Some("a"), true));
}

#[test]
fn a_second_number_is_not_dialled_while_somebody_is_consulted() {
    let mut hotline = consults(409);
    hotline.run_for(3 * SECOND);
    anna_dials(&mut hotline, NUMBER, "third");
    assert_eq!(end_of(&mut hotline, "third").last().map(String::as_str), Some("486"));
    assert!(hotline.books.asked.is_empty(), "nobody asks the guard for nothing");
    hotline.at_phone("line2", |phone, now| phone.put_down(now));
    hotline.run_for(SECOND);
    hotline.finish();
}

#[test]
fn a_consultation_outside_goes_on_when_the_customer_hangs_up_and_is_one_row() {
    let mut hotline = consults_outside(410);
    hotline.run_for(4 * SECOND);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(2 * SECOND);
    assert_eq!(hotline.hears("line2", &[DUTY_HZ, CUSTOMER_HZ]), [DUTY_HZ]);
    hotline.at_phone("line2", |phone, now| phone.put_down(now));
    let reports = all_reports(&mut hotline, 2);
    let outside = &reports[1].record;
    assert_eq!((outside.phone.as_str(), outside.trunk.as_deref()), (NUMBER, Some("a")));
    assert_eq!(Some(outside.id), hotline.books.asked.last().map(|clear| clear.call));
    assert_eq!(outside.disposition, Disposition::Served);
    assert_eq!(hotline.engine.trunks()[0].counts.calls, 0);
}
