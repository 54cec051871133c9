//! The dialler against a simulated store, trunks and customers, in simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::base::*;
use crate::calendar::{Calendar, Windows};
use crate::policy::code;

mod guard;
mod held;
mod soak;
mod world;

use world::{World, campaign, cn, trunk};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn nothing_is_dialled_before_its_attempt_is_on_disk() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 3);
    w.command(1, Command::Start);
    w.answer_fetches();
    assert_eq!(w.reserving.len(), 1, "two calls a second: one at first");
    assert!(w.up.is_empty(), "no answer of the store, no call");
    w.answer_reserves();
    assert_eq!(w.up.len(), 1);
}

#[test]
fn sch_01_the_first_call_leaves_at_the_opening_and_not_before() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T08:59:00");
    w.add_campaign(campaign(1, |s| {
        s.windows = vec!["09:00-18:00".into()];
        (s.calls_per_second, s.concurrency) = (0.0, 0);
    }));
    w.add_entries(1, 3);
    w.command(1, Command::Start);
    assert_eq!(w.blocked(1), Some("window_closed".into()));
    w.run_until(cn("2026-03-03T08:59:59"));
    assert!(w.invites.is_empty());
    w.run_until(cn("2026-03-03T09:00:00"));
    assert_eq!(w.invites.len(), 3);
    assert!(w.invites.iter().all(|i| i.utc == cn("2026-03-03T09:00:00")), "{:?}", w.invites);
    assert_eq!(w.blocked(1), None);
}

#[test]
fn a_call_may_outlast_its_window_but_none_begins_after_it() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T11:59:58");
    w.add_campaign(campaign(1, |s| s.windows = vec!["10:00-12:00,15:00-17:00".into()]));
    w.add_entries(1, 30);
    w.command(1, Command::Start);
    w.run_until(cn("2026-03-03T12:30:00"));
    assert_eq!(w.invites.len(), 4, "two a second for two seconds");
    assert_eq!(w.up.len(), 4, "they go on");
    assert!(w.hangups.is_empty());
    w.run_until(cn("2026-03-03T15:00:00"));
    assert_eq!(w.invites.len(), 5);
}

#[test]
fn a_reservation_that_comes_after_the_window_is_given_back() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.now.utc = cn("2026-03-03T11:59:59");
    w.add_campaign(campaign(1, |s| s.windows = vec!["10:00-12:00,15:00-17:00".into()]));
    w.add_entries(1, 1);
    w.command(1, Command::Start);
    w.answer_fetches();
    assert_eq!(w.reserving.len(), 1);
    w.advance(ms(1500));
    w.answer_reserves();
    assert!(w.up.is_empty());
    let row = &w.rows[&EntryId(1000)];
    assert_eq!((row.state, row.reason.as_str()), (EntryState::Pending, "window_closed"));
    assert_eq!(row.due, cn("2026-03-03T15:00:00"));
    assert_eq!(w.dialer.calls_of(CampaignId(1)), 0);
}

#[test]
fn pause_resume_stop_and_end_do_what_they_say() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| s.calls_per_second = 0.0));
    w.add_entries(1, 30);
    assert!(matches!(
        w.dialer.handle_command(w.now, CampaignId(1), Command::Pause),
        Err(Error::BadState { .. })
    ));
    assert!(matches!(
        w.dialer.handle_command(w.now, CampaignId(9), Command::Start),
        Err(Error::UnknownCampaign(_))
    ));
    w.command(1, Command::Start);
    w.settle_store();
    assert_eq!(w.up.len(), 10);
    w.command(1, Command::Pause);
    w.end_one(Disposition::Completed);
    w.settle_store();
    assert_eq!((w.up.len(), w.blocked(1)), (9, Some("not_running".into())));
    w.command(1, Command::Resume);
    w.settle_store();
    assert_eq!(w.up.len(), 10);
    w.command(1, Command::Stop);
    assert_eq!(w.hangups.len(), 10);
    while !w.up.is_empty() {
        w.end_one(Disposition::Cancelled);
    }
    w.settle_store();
    assert_eq!((w.up.len(), w.state(1)), (0, CampaignState::Stopped));
    w.command(1, Command::Start);
    w.run_for(ms(5000));
    assert_eq!(w.up.len(), 10, "the cancelled are due again");
    w.command(1, Command::End);
    assert_eq!(w.state(1), CampaignState::Ending);
    while !w.up.is_empty() {
        w.end_one(Disposition::Completed);
    }
    assert_eq!(w.state(1), CampaignState::Done);
}

#[test]
fn a_campaign_is_done_when_nothing_is_pending_or_in_progress() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| s.calls_per_second = 0.0));
    w.add_entries(1, 2);
    w.command(1, Command::Start);
    w.settle_store();
    w.end_one(Disposition::Completed);
    w.end_one(Disposition::Busy);
    w.run_for(ms(9 * 60_000));
    assert_eq!(w.state(1), CampaignState::Running, "one waits to be tried again");
    assert_eq!(w.blocked(1), Some("nothing_due".into()));
    w.run_for(ms(2 * 60_000));
    w.end_one(Disposition::Completed);
    w.run_for(ms(3000));
    assert_eq!(w.state(1), CampaignState::Done);
    w.add_entries(1, 1);
    w.command(1, Command::Start);
    w.settle_store();
    assert_eq!(w.up.len(), 1, "a list that grew is begun again");
}

#[test]
fn trunks_are_chosen_by_priority_weight_and_room() {
    let mut first = trunk("first", 2, 0.0);
    first.priority = 1;
    let (mut light, mut heavy) = (trunk("light", 0, 0.0), trunk("heavy", 0, 0.0));
    (light.priority, light.weight, heavy.priority, heavy.weight) = (2, 1, 2, 9);
    let mut w = World::new(vec![first, light, heavy]);
    w.add_campaign(campaign(1, |s| (s.calls_per_second, s.concurrency) = (0.0, 400)));
    w.add_entries(1, 402);
    w.command(1, Command::Start);
    w.settle_store();
    let count = |name: &str| w.up.values().filter(|c| &*c.trunk == name).count();
    assert_eq!((w.up.len(), count("first")), (400, 2));
    assert!((20..=65).contains(&count("light")), "a tenth of 398: {}", count("light"));
}

#[test]
fn a_trunk_with_a_health_check_is_not_dialled_before_it_answers() {
    let mut checked = trunk("a", 0, 0.0);
    checked.health_check = true;
    let mut w = World::new(vec![checked]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 3);
    w.command(1, Command::Start);
    w.run_for(ms(10_000));
    assert!(w.invites.is_empty());
    assert_eq!(w.blocked(1), Some("no_trunk".into()));
    w.health("a", Health::Up);
    w.settle_store();
    assert_eq!((w.invites.len(), w.blocked(1)), (1, None));
    w.health("a", Health::Down("no answer to OPTIONS".into()));
    w.run_for(ms(10_000));
    assert_eq!((w.invites.len(), w.blocked(1)), (1, Some("no_trunk".into())));
}

#[test]
fn failover_tries_each_trunk_once_and_503_cools_one_down() {
    let (mut a, mut b) = (trunk("a", 0, 0.0), trunk("b", 0, 0.0));
    (a.priority, b.priority) = (1, 2);
    let mut w = World::new(vec![a, b]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 2);
    w.command(1, Command::Start);
    w.settle_store();
    let (call, up) = w.up.iter().next().map(|(c, u)| (*c, u.clone())).unwrap();
    assert_eq!(&*up.trunk, "a");
    let busy = RouteFailure::Status { status: 503, retry_after: Some(Duration::from_secs(20)) };
    assert_eq!(w.fail(call, busy).as_deref(), Some("b"));
    assert_eq!(w.fail(call, RouteFailure::Timeout), None, "both were tried");
    let counts: Vec<u32> = w.dialer.trunks(w.now).iter().map(|t| t.calls).collect();
    assert_eq!(counts, [0, 0]);
    assert_eq!(w.end(call, Disposition::Congestion).map(|u| u.state), Some(EntryState::Pending));
    w.run_for(ms(19_000));
    assert_eq!((w.up.len(), w.blocked(1)), (0, Some("no_trunk".into())), "both rest");
    w.run_for(ms(2000));
    let second: Vec<&str> = w.up.values().map(|u| &*u.trunk).collect();
    assert_eq!(second, ["a"], "its Retry-After is over, the other still rests");
}

#[test]
fn win_01_no_second_trunk_is_tried_after_the_window() {
    let (mut a, mut b) = (trunk("a", 0, 0.0), trunk("b", 0, 0.0));
    (a.priority, b.priority) = (1, 2);
    let mut w = World::new(vec![a, b]);
    w.now.utc = cn("2026-03-03T11:59:58");
    w.add_campaign(campaign(1, |s| s.windows = vec!["10:00-12:00,15:00-17:00".into()]));
    w.add_entries(1, 2);
    w.command(1, Command::Start);
    w.run_until(cn("2026-03-03T11:59:59"));
    let calls: Vec<_> = w.up.keys().copied().collect();
    assert_eq!(w.fail(calls[0], RouteFailure::Timeout).as_deref(), Some("b"), "the window is open");
    w.run_until(cn("2026-03-03T12:00:01"));
    assert_eq!(w.fail(calls[1], RouteFailure::Timeout), None, "it has closed");
    assert_eq!(w.end(calls[1], Disposition::Congestion).map(|u| u.state), Some(EntryState::Pending));
}

#[test]
fn an_answer_ends_the_rest_of_a_silent_trunk() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 2);
    w.command(1, Command::Start);
    w.settle_store();
    let call = *w.up.keys().next().unwrap();
    w.fail(call, RouteFailure::Timeout);
    w.end(call, Disposition::Congestion);
    w.run_for(ms(3000));
    assert!(w.up.is_empty());
    w.health("a", Health::Up);
    w.settle_store();
    assert_eq!(w.up.len(), 1);
}

#[test]
fn inbound_calls_count_on_their_trunk() {
    let mut w = World::new(vec![trunk("a", 2, 0.0)]);
    let ids: Vec<CallId> = (0..3).map(|_| CallId::new(w.now.utc, &mut w.rng)).collect();
    assert!(w.dialer.handle_call_began(w.now, ids[0], "a"));
    assert!(w.dialer.handle_call_began(w.now, ids[1], "a"));
    assert!(!w.dialer.handle_call_began(w.now, ids[2], "a"), "max_calls is 2");
    assert!(!w.dialer.handle_call_began(w.now, ids[2], "nobody"));
    let number: PhoneNumber = "95588".parse().unwrap();
    assert_eq!(w.dialer.handle_route_wanted(w.now, ids[2], "", &number), None);
    let ended = Ended { disposition: Disposition::Served, later_at: None };
    assert_eq!(w.dialer.handle_call_ended(w.now, ids[0], ended), None);
    let route = w.dialer.handle_route_wanted(w.now, ids[2], "", &number).unwrap();
    assert_eq!((&*route.trunk, route.number.as_str()), ("a", "95588"));
}

#[test]
fn win_04_one_number_in_two_campaigns_is_called_once_at_a_time() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_campaign(campaign(2, |_| {}));
    w.add_entry(1, EntryId(1), "13602388518");
    w.add_entry(2, EntryId(2), "136-0238-8518");
    w.command(1, Command::Start);
    w.command(2, Command::Start);
    w.run_for(ms(5000));
    assert_eq!(w.up.len(), 1);
    let waiting = w.rows.values().find(|r| r.state == EntryState::Pending).unwrap();
    assert_eq!(waiting.reason, "number_in_call");
    w.end_one(Disposition::Completed);
    w.run_for(ms(11 * 60_000));
    assert_eq!(w.invites.len(), 2);
}

#[test]
fn win_04_do_not_call_and_daily_caps_are_refused_with_a_reason() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| {
        s.windows = vec!["09:00-18:00".into()];
        s.daily_cap_per_number = 1;
    }));
    for (id, phone) in [(1, "13602388511"), (2, "13602388512"), (3, "13602388513")] {
        w.add_entry(1, EntryId(id), phone);
    }
    w.do_not_call.insert("13602388511".into());
    w.late_do_not_call.insert("13602388512".into());
    w.calls.insert("13602388513".into(), vec![w.now.utc]);
    w.command(1, Command::Start);
    w.run_for(ms(10_000));
    assert!(w.invites.is_empty(), "{:?}", w.invites);
    let of = |id| (w.rows[&EntryId(id)].state, w.rows[&EntryId(id)].reason.as_str());
    assert_eq!(of(1), (EntryState::Stopped, "do_not_call"));
    assert_eq!(of(2), (EntryState::Stopped, "do_not_call"), "found out inside the transaction");
    assert_eq!(of(3), (EntryState::Pending, "daily_cap"));
    assert_eq!(w.rows[&EntryId(3)].due, cn("2026-03-04T09:00:00"));
}

#[test]
fn a_hold_stops_dialling_and_lifts_by_itself() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 5);
    w.command(1, Command::Start);
    w.hold(Some(Reason::new(code::HELD, "the disk of the recordings is full")));
    w.run_for(ms(60_000));
    assert_eq!((w.invites.len(), w.blocked(1)), (0, Some("held".into())));
    w.hold(None);
    w.settle_store();
    assert_eq!(w.invites.len(), 1);
}

#[test]
fn the_higher_priority_goes_first_and_equals_take_turns() {
    let mut w = World::new(vec![trunk("a", 6, 0.0)]);
    for (id, priority) in [(1, 5), (2, 9), (3, 9)] {
        w.add_campaign(campaign(id, |s| {
            (s.calls_per_second, s.priority, s.concurrency) = (0.0, priority, 5)
        }));
        w.add_entries(id, 20);
    }
    w.hold(Some(Reason::new(code::HELD, "until all are fetched")));
    for id in [1, 2, 3] {
        w.command(id, Command::Start);
    }
    w.hold(None);
    w.answer_fetches();
    // The first answer fills what is free; what is freed afterwards goes by priority.
    for _ in 0..30 {
        w.settle_store();
        w.end_one(Disposition::Completed);
    }
    let last: Vec<i64> = w.invites.iter().rev().take(10).map(|i| i.campaign.0).collect();
    assert!(!last.contains(&1), "{last:?}");
    assert!(last.contains(&2) && last.contains(&3), "{last:?}");
}

#[test]
fn late_answers_of_the_store_never_bunch_calls_beyond_the_pace() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |s| s.calls_per_second = 4.0));
    w.add_entries(1, 30);
    w.command(1, Command::Start);
    w.answer_fetches();
    for _ in 0..8 {
        w.advance(ms(250));
        w.tick();
    }
    assert!(w.reserving.len() >= 8);
    w.answer_reserves();
    assert_eq!(w.invites.len(), 1, "the others follow at their pace");
    w.run_for(ms(1000));
    assert_eq!(w.invites.len(), 5);
}

#[test]
fn a_store_that_answers_too_late_gets_the_attempt_back() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, |_| {}));
    w.add_entries(1, 1);
    w.command(1, Command::Start);
    w.answer_fetches();
    w.advance(ms(6000));
    w.answer_reserves();
    assert!(w.up.is_empty());
    assert_eq!(w.rows[&EntryId(1000)].reason, "released");
    w.run_for(ms(65_000));
    assert_eq!(w.up.len(), 1, "due again after a minute");
}
