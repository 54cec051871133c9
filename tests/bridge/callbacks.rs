//! Callbacks that keep the caller's place: rung once, joined with the agent who was kept free, and
//! never forgotten.

use std::time::Duration;

use ringback::base::{PhoneNumber, Timestamp};
use ringback::call::{Direction, State};
use ringback::engine::{Hold, Input};
use ringback::sim::{Act, Behaviour};

use super::hotline::{CUSTOMER, CUSTOMER_HZ, FIRST_HZ, Hotline, MUSIC_HZ, NUMBER, SECOND, press, speaks};
use super::queues::{Desk, queue};

const OTHER: &str = "13700000000";
const MINUTE: Duration = Duration::from_secs(60);

/// The customer answers and presses this key when asked.
fn accepts(key: &str) -> Behaviour {
    Behaviour::Answers(speaks(CUSTOMER_HZ, vec![press(key), Act::Ignore]))
}

/// 9 while the waiting is announced: behind it the music begins, and no silence tells its end.
fn asks() -> Act {
    Act::Interrupt { keys: "9".into(), after_ms: 500 }
}

/// When the customer was called.
fn dialled(hotline: &Hotline) -> Vec<Timestamp> {
    let number: PhoneNumber = CUSTOMER.parse().unwrap();
    hotline.books.ledger.calls.get(&number).cloned().unwrap_or_default()
}

/// The customer calls, hears that they may be called back, and presses 9.
fn asks_for_a_callback(hotline: &mut Hotline) {
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![asks(), Act::Ignore]));
    hotline.run_until(MINUTE, |w| w.books.fates == ["promised_callback"]);
    hotline.run_until(MINUTE, |w| w.engine.call_count() == 0);
    assert_eq!(hotline.books.ledger.kept.len(), 1);
}

fn ended_with(hotline: &mut Hotline, fate: &str) {
    hotline.run_until(30 * MINUTE, |w| !w.books.ledger.callback_fates.is_empty());
    assert_eq!(hotline.books.ledger.callback_fates, [fate]);
    assert!(hotline.books.ledger.kept.is_empty());
}

#[test]
fn a_caller_is_called_back_in_turn_and_joined_with_the_agent_who_was_kept_free() {
    let mut hotline = queue(31, |_| {});
    asks_for_a_callback(&mut hotline);
    hotline.is_at(CUSTOMER, accepts("1"));
    // Somebody who came later waits on the line.
    hotline.place_call(0, NUMBER, OTHER, speaks(1_100.0, vec![Act::Ignore]));
    hotline.run_for(20 * SECOND);
    hotline.comes("anna");
    hotline.run_for(4 * SECOND);
    assert_eq!(dialled(&hotline).len(), 1, "whose place comes first is called");
    assert_eq!(hotline.hears(OTHER, &[MUSIC_HZ, FIRST_HZ]), [MUSIC_HZ], "who came later waits on");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears(CUSTOMER, &[MUSIC_HZ, FIRST_HZ]), [FIRST_HZ]);
    assert_eq!(hotline.hears("1001", &[CUSTOMER_HZ, 1_100.0]), [CUSTOMER_HZ]);
    ended_with(&mut hotline, "reached");
    hotline.at_phone("1001", |phone, now| phone.put_down(now));
    hotline.run_until(3 * MINUTE, |w| w.books.fates.contains(&"answered anna".to_owned()));
    let calls: Vec<Direction> = hotline.books.ledger.reports.iter().map(|r| r.record.direction).collect();
    assert_eq!(calls[0], Direction::Inbound);
    hotline.run_until(3 * MINUTE, |w| w.books.ledger.reports.len() >= 2);
    let back = &hotline.books.ledger.reports[1].record;
    assert_eq!((back.direction, back.bridging.legs.len()), (Direction::Outbound, 1), "its own record");
    // The other caller is next, after the wrap-up.
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears(OTHER, &[MUSIC_HZ, FIRST_HZ]), [FIRST_HZ]);
}

#[test]
fn a_caller_who_calls_again_keeps_the_place_and_is_not_rung_as_well() {
    let mut hotline = queue(32, |_| {});
    asks_for_a_callback(&mut hotline);
    hotline.place_call(0, NUMBER, OTHER, speaks(1_100.0, vec![Act::Ignore]));
    hotline.run_for(5 * SECOND);
    hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![Act::Ignore]));
    ended_with(&mut hotline, "came_back");
    hotline.run_for(5 * SECOND);
    hotline.comes("anna");
    hotline.until(State::Bridged);
    assert_eq!(hotline.hears(CUSTOMER, &[MUSIC_HZ, FIRST_HZ]), [FIRST_HZ], "before who came meanwhile");
    hotline.run_for(MINUTE);
    assert_eq!(dialled(&hotline), [], "nobody is rung who is on the line");
}

#[test]
fn a_promise_is_made_once_however_often_the_caller_asks() {
    let mut hotline = queue(33, |_| {});
    for _ in 0..2 {
        hotline.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, vec![asks(), Act::Ignore]));
        hotline.run_for(10 * SECOND);
    }
    hotline.run_until(MINUTE, |w| w.engine.call_count() == 0);
    assert_eq!(hotline.books.ledger.kept.len(), 1, "one callback of one number");
    hotline.is_at(CUSTOMER, accepts("1"));
    hotline.comes("anna");
    hotline.until(State::Bridged);
    hotline.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
    hotline.run_for(30 * MINUTE);
    assert_eq!(dialled(&hotline).len(), 1);
}

#[test]
fn nobody_there_is_tried_again_after_the_pause_and_then_a_persons_task() {
    for (seed, behaviour) in [
        (34, Behaviour::NoAnswer),
        // A voicemail presses no key.
        (
            35,
            Behaviour::AnsweringMachine {
                answer_ms: 1_000,
                greeting_ms: 3_000,
                beep_hz: 1_000,
                record_ms: 60_000,
            },
        ),
    ] {
        let mut hotline = queue(seed, |_| {});
        asks_for_a_callback(&mut hotline);
        hotline.is_at(CUSTOMER, behaviour);
        hotline.comes("anna");
        ended_with(&mut hotline, "given_up");
        let times = dialled(&hotline);
        assert_eq!(times.len(), 2);
        let apart = times[1].millis_since(times[0]);
        assert!((300_000..400_000).contains(&apart), "{apart}");
        assert_eq!(hotline.is("anna"), ringback::agent::State::Available, "free for others meanwhile");
    }
}

#[test]
fn who_needs_it_no_more_says_so_and_is_not_called_again() {
    let mut hotline = queue(36, |_| {});
    asks_for_a_callback(&mut hotline);
    hotline.is_at(CUSTOMER, accepts("2"));
    hotline.comes("anna");
    ended_with(&mut hotline, "cancelled");
    hotline.run_for(30 * MINUTE);
    assert_eq!(dialled(&hotline).len(), 1);
}

#[test]
fn the_do_not_call_list_and_the_caps_hold_for_callbacks_too() {
    let mut hotline = queue(37, |_| {});
    asks_for_a_callback(&mut hotline);
    hotline.books.ledger.do_not_call.insert(CUSTOMER.to_owned());
    hotline.comes("anna");
    ended_with(&mut hotline, "given_up");
    assert_eq!(dialled(&hotline), []);

    // Three calls to the number today already: carriers count all of ours.
    let mut hotline = queue(38, |_| {});
    asks_for_a_callback(&mut hotline);
    let number: PhoneNumber = CUSTOMER.parse().unwrap();
    let today = vec![hotline.now.utc; 3];
    hotline.books.ledger.calls.insert(number, today);
    hotline.comes("anna");
    ended_with(&mut hotline, "given_up");
    assert_eq!(dialled(&hotline).len(), 3, "no fourth");
}

#[test]
fn a_callback_outlives_the_daemon_and_waits_while_dialling_is_held() {
    let mut before = queue(39, |_| {});
    asks_for_a_callback(&mut before);
    let kept: Vec<_> = before.books.ledger.kept.values().cloned().collect();
    let mut hotline = queue(40, |_| {});
    let now = hotline.now;
    hotline.books.ledger.kept = before.books.ledger.kept.clone();
    hotline.engine.restore_callbacks(now, kept);
    hotline.is_at(CUSTOMER, accepts("1"));
    let reason = ringback::dialer::Reason::new("store", "the database is away");
    hotline.feed(Input::Hold(Hold::Store, Some(reason)));
    hotline.comes("anna");
    hotline.run_for(MINUTE);
    assert_eq!(dialled(&hotline), []);
    hotline.feed(Input::Hold(Hold::Store, None));
    hotline.until(State::Bridged);
    ended_with(&mut hotline, "reached");
    assert_eq!(dialled(&hotline).len(), 1);
}

#[test]
fn tkt_45_a_number_that_rang_when_the_daemon_died_is_not_rung_again_before_its_pause() {
    let mut before = queue(43, |_| {});
    asks_for_a_callback(&mut before);
    before.is_at(CUSTOMER, Behaviour::NoAnswer);
    before.comes("anna");
    before.run_until(MINUTE, |w| w.phone(CUSTOMER).is_some());
    let kept: Vec<_> = before.books.ledger.kept.values().cloned().collect();
    assert!(kept[0].is_dialling, "written with the reservation");
    // Killed at this moment, and started again.
    let mut hotline = queue(44, |_| {});
    let now = hotline.now;
    hotline.books.ledger.kept = before.books.ledger.kept.clone();
    hotline.engine.restore_callbacks(now, kept);
    hotline.feed(Input::Wake);
    let again = hotline.books.ledger.kept.values().next().unwrap().clone();
    assert_eq!((again.attempts, again.is_dialling), (1, false), "that attempt counts");
    hotline.is_at(CUSTOMER, accepts("1"));
    hotline.comes("anna");
    hotline.run_for(290 * SECOND);
    assert_eq!(dialled(&hotline), [], "nobody rings twice in a row");
    hotline.until(State::Bridged);
    ended_with(&mut hotline, "reached");
    assert_eq!(dialled(&hotline).len(), 1);
}

#[test]
fn the_last_attempt_of_a_callback_is_not_made_again_after_a_crash() {
    let mut before = queue(45, |service| service.callback.attempts = 1);
    asks_for_a_callback(&mut before);
    before.is_at(CUSTOMER, Behaviour::NoAnswer);
    before.comes("anna");
    before.run_until(MINUTE, |w| w.phone(CUSTOMER).is_some());
    let mut hotline = queue(46, |service| service.callback.attempts = 1);
    let (now, kept) = (hotline.now, before.books.ledger.kept.values().cloned().collect());
    hotline.books.ledger.kept = before.books.ledger.kept.clone();
    hotline.engine.restore_callbacks(now, kept);
    hotline.comes("anna");
    ended_with(&mut hotline, "given_up");
    assert_eq!(dialled(&hotline), []);
}

#[test]
fn a_withheld_number_is_promised_nothing() {
    let mut hotline = queue(41, |_| {});
    hotline.place_call(0, NUMBER, "anonymous", speaks(CUSTOMER_HZ, vec![asks(), Act::Ignore]));
    hotline.run_for(20 * SECOND);
    assert_eq!(hotline.hears_of_all("anonymous"), [MUSIC_HZ], "waits on, for nobody could be called");
    assert!(hotline.books.ledger.kept.is_empty());
    hotline.comes("anna");
    hotline.until(State::Bridged);
}

#[test]
fn a_person_takes_a_callback_out_and_the_call_that_is_on_its_way_ends() {
    let mut hotline = queue(42, |_| {});
    asks_for_a_callback(&mut hotline);
    hotline.is_at(CUSTOMER, Behaviour::NoAnswer);
    hotline.comes("anna");
    hotline.run_for(5 * SECOND);
    assert_eq!(hotline.engine.call_count(), 1, "it rings");
    let asked = *hotline.books.ledger.kept.keys().next().unwrap();
    let now = hotline.now;
    assert!(hotline.engine.cancel_callback(now, asked));
    assert!(!hotline.engine.cancel_callback(now, asked));
    hotline.feed(Input::Wake);
    ended_with(&mut hotline, "cancelled");
    hotline.run_until(MINUTE, |w| w.engine.call_count() == 0);
}
