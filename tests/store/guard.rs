//! What a policy says of an entry is kept, and the caps of a number hold inside the
//! transaction that reserves a call.

use std::collections::BTreeSet;

use ringback::base::{CallId, CallbackId, Disposition, EntryId, Timestamp};
use ringback::call::{Direction, Purpose};
use ringback::dialer::{CampaignSettings, EntryState, EntryUpdate, NewEntry, Reason, Terms, Turn};
use ringback::engine::Write;
use ringback::io::store::NewCampaign;
use ringback::policy::pack::Caps;

use super::world::{Desk, MONDAY, World, accepted, customer, import, phone, report, update};
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    win_04_of_two_campaigns_that_call_one_number_the_second_is_refused,
    win_04_calls_of_agents_count_and_calls_from_customers_do_not,
    imp_10_what_a_policy_says_of_an_entry_comes_back_with_it,
    imp_10_a_day_that_is_released_twice_adds_nothing,
    rem_03_promised_calls_come_first_and_the_next_is_named,
    rem_03_a_promise_is_kept_until_its_call,
    further_numbers_change_places_with_the_result,
    a_lost_call_brings_the_deadline_of_its_entry,
}

const MINUTE: i64 = 60_000;

fn after(ms: i64) -> Timestamp {
    Timestamp(MONDAY.0 + ms)
}

fn caps(now: Timestamp, caps: Caps) -> Vec<ringback::policy::CapWindow> {
    let windows = ringback::calendar::Windows::parse(&["00:00-24:00"], "Asia/Shanghai").unwrap();
    caps.at(now, &windows)
}

async fn win_04_of_two_campaigns_that_call_one_number_the_second_is_refused(database: &Database) {
    let mut world = World::new(database, 1).await;
    let list = world.store.create_list("april", "test", MONDAY).await.unwrap();
    import(&world.store, &list, "april.csv", false, &[accepted(2, customer(0))]).await;
    let settings = CampaignSettings::default();
    let new = NewCampaign { name: "april".into(), list: list.id, settings };
    let april = world.store.create_campaign(&new, "test", MONDAY).await.unwrap();
    let mut desk = Desk::open(&world.store);
    let (first, second) =
        (world.due(MONDAY).await.remove(0), world.store.due(list.id, MONDAY, 9).await.unwrap());
    assert_eq!(second.candidates[0].recent_calls, [], "both were read before either called");
    let call = world.attempt(&first, MONDAY);
    desk.reserve(vec![call.clone()]).await;
    desk.submit(Write::Report(Box::new(report(&call, Disposition::Completed))));
    let again = |world: &mut World, at: Timestamp, of: Caps| {
        let mut attempt = world.attempt(&second.candidates[0], at);
        (attempt.campaign, attempt.caps) = (april.id, caps(at, of));
        attempt
    };
    let none = Caps::NONE;
    for (at, of, code) in [
        (after(5 * MINUTE - 1), Caps { minutes_5: 1, ..none }, "cap_5_minutes"),
        (after(10 * 60 * MINUTE), Caps { day: 1, ..none }, "daily_cap"),
        (after(24 * 60 * MINUTE - 1), Caps { hours_24: 1, ..none }, "cap_24_hours"),
        (after(6 * 24 * 60 * MINUTE), Caps { week: 1, ..none }, "weekly_cap"),
    ] {
        let attempt = again(&mut world, at, of);
        let refused = desk.reserve(vec![attempt]).await.refused;
        assert_eq!(refused.len(), 1, "{code}");
        assert_eq!(refused[0].1.code, code, "{:?}", refused[0].1);
    }
    let all = Caps { day: 2, week: 2, hours_24: 2, minutes_5: 1 };
    let mut attempt = again(&mut world, after(5 * MINUTE), all);
    attempt.detail = "attempt 1 of 3".into();
    assert_eq!(desk.reserve(vec![attempt.clone()]).await.reserved, [attempt.call]);
    let why =
        text(&world.store, "SELECT reason || ': ' || detail FROM entries WHERE state = 'dialling'").await;
    assert_eq!(why, "due: attempt 1 of 3");
}

async fn win_04_calls_of_agents_count_and_calls_from_customers_do_not(database: &Database) {
    let mut world = World::new(database, 1).await;
    let desk = Desk::open(&world.store);
    for (direction, minutes) in [(Direction::Outbound, 1), (Direction::Inbound, 2)] {
        let (call, at) = (CallId::new(MONDAY, &mut world.rng), after(minutes * MINUTE));
        desk.submit(Write::Begin {
            call,
            direction,
            phone: phone(0).to_string(),
            dialled: String::new(),
            purpose: Purpose::Business,
            at,
        });
    }
    desk.flush().await;
    let candidate = world.due(after(3 * MINUTE)).await.remove(0);
    assert_eq!(candidate.recent_calls, [after(MINUTE)]);
}

fn by_policy(n: u32, terms: Terms) -> NewEntry {
    NewEntry { terms, ..customer(n) }
}

fn callback(id: i64) -> Terms {
    Terms { callback: Some(CallbackId(id)), ..Terms::default() }
}

async fn imp_10_what_a_policy_says_of_an_entry_comes_back_with_it(database: &Database) {
    let world = World::new(database, 0).await;
    let terms = Terms {
        callback: Some(CallbackId(7)),
        script: "hospital".into(),
        caller_name: "Dr Li".into(),
        deadline_at: Some(after(9)),
        preferred_hours: "16:00-20:00".into(),
        quiet_hours: "12:30-14:00".into(),
        exact_at: None,
        numbers: vec![phone(8), phone(9)],
    };
    let entry = NewEntry { due_at: Some(after(-1)), ..by_policy(0, terms) };
    let added = world
        .store
        .add_entries(world.list.id, std::slice::from_ref(&entry), "planner", MONDAY)
        .await
        .unwrap();
    let due = world.due(MONDAY).await;
    assert_eq!((due.len(), due[0].entry), (1, added[0]));
    assert_eq!(due[0].details, entry);
    let row = world.store.entry_row(added[0]).await.unwrap().unwrap();
    assert_eq!(
        (row.callback_id, row.script.as_str(), row.deadline_at),
        (Some(7), "hospital", Some(after(9).0))
    );
    world.store.remove_entry(added[0], "on holiday", "anna", MONDAY).await.unwrap();
    assert!(world.due(MONDAY).await.is_empty(), "taken out, it is not dialled");
    let log = "SELECT actor || ' ' || action || ' ' || detail FROM audit_log WHERE action = 'entry.remove'";
    assert_eq!(text(&world.store, log).await, "anna entry.remove on holiday");
}

async fn imp_10_a_day_that_is_released_twice_adds_nothing(database: &Database) {
    let world = World::new(database, 0).await;
    let day: Vec<NewEntry> = (0..1_200).map(|n| by_policy(n, callback(i64::from(n) + 1))).collect();
    let add = |day: Vec<NewEntry>| {
        let (store, list) = (world.store.clone(), world.list.id);
        async move { store.add_entries(list, &day, "planner", MONDAY).await.unwrap() }
    };
    let ids: BTreeSet<EntryId> = add(day.clone()).await.into_iter().collect();
    assert_eq!(ids.len(), 1_200);
    assert_eq!(add(day).await, []);
    // The same callback under another key is the same callback.
    let other = NewEntry { external_id: "other".into(), ..by_policy(5_000, callback(1)) };
    assert_eq!(add(vec![other]).await, []);
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries").await, 1_200);
}

async fn rem_03_promised_calls_come_first_and_the_next_is_named(database: &Database) {
    let world = World::new(database, 3).await;
    let promise = |n, at| by_policy(n, Terms { exact_at: Some(at), ..callback(i64::from(n)) });
    let later = [promise(11, after(MINUTE)), promise(12, after(2 * MINUTE)), promise(13, after(3 * MINUTE))];
    world.store.add_entries(world.list.id, &later, "planner", MONDAY).await.unwrap();
    let read = |at| world.store.due(world.list.id, at, 2);
    let before = read(MONDAY).await.unwrap();
    assert_eq!(before.candidates.len(), 2, "routine");
    assert!(before.candidates.iter().all(|c| !c.is_appointment()));
    assert_eq!((before.unfinished, before.next_exact), (4, Some(after(MINUTE))));
    let then = read(after(2 * MINUTE)).await.unwrap();
    let first: Vec<_> = then.candidates.iter().map(|c| c.details.terms.exact_at).collect();
    assert_eq!(first, [Some(after(MINUTE)), Some(after(2 * MINUTE))]);
    assert_eq!((then.unfinished, then.next_exact), (4, Some(after(3 * MINUTE))));
}

async fn rem_03_a_promise_is_kept_until_its_call(database: &Database) {
    let mut world = World::new(database, 0).await;
    let mut desk = Desk::open(&world.store);
    let entry = by_policy(1, Terms { exact_at: Some(MONDAY), ..callback(1) });
    world.store.add_entries(world.list.id, &[entry], "planner", MONDAY).await.unwrap();
    let candidate = world.due(MONDAY).await.remove(0);
    let wait = |reason: &str, exact_at| {
        let reason = Reason::new(reason, "");
        let update = EntryUpdate::new(candidate.entry, EntryState::Pending, None, Some(after(1)), reason);
        EntryUpdate { exact_at, ..update }
    };
    desk.submit(Write::Entries(vec![wait("number_in_call", Some(MONDAY))]));
    desk.flush().await;
    let again = world.due(after(1)).await.remove(0);
    assert_eq!(again.details.terms.exact_at, Some(MONDAY), "looked at and not called");
    for (disposition, kept) in [(Disposition::Congestion, Some(MONDAY)), (Disposition::NoAnswer, None)] {
        let attempt = world.attempt(&again, after(1));
        desk.reserve(vec![attempt.clone()]).await;
        let mut ended = report(&attempt, disposition);
        ended.entry = Some(wait("retry", kept));
        desk.submit(Write::Report(Box::new(ended)));
        desk.flush().await;
        assert_eq!(world.due(after(1)).await[0].details.terms.exact_at, kept, "{disposition}");
    }
}

async fn further_numbers_change_places_with_the_result(database: &Database) {
    let mut world = World::new(database, 0).await;
    let mut desk = Desk::open(&world.store);
    let entry = by_policy(1, Terms { numbers: vec![phone(2), phone(3)], ..callback(1) });
    world.store.add_entries(world.list.id, &[entry], "planner", MONDAY).await.unwrap();
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    desk.reserve(vec![attempt.clone()]).await;
    let mut ended = report(&attempt, Disposition::NoAnswer);
    let next = EntryUpdate {
        due_at: Some(after(1)),
        turn: Some(Turn { phone: phone(2), numbers: vec![phone(3), phone(1)] }),
        ..update(candidate.entry, EntryState::Pending, Disposition::NoAnswer)
    };
    ended.entry = Some(next);
    desk.submit(Write::Report(Box::new(ended)));
    desk.flush().await;
    let again = world.due(after(1)).await.remove(0);
    assert_eq!((again.details.phone, again.details.terms.numbers), (phone(2), vec![phone(3), phone(1)]));
    assert_eq!(again.recent_calls, [], "this number was not called");
    assert_eq!(again.attempts, 1);
}

async fn a_lost_call_brings_the_deadline_of_its_entry(database: &Database) {
    let mut world = World::new(database, 0).await;
    let mut desk = Desk::open(&world.store);
    let entry = by_policy(1, Terms { deadline_at: Some(after(77)), ..callback(1) });
    world.store.add_entries(world.list.id, &[entry], "planner", MONDAY).await.unwrap();
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    desk.reserve(vec![attempt]).await;
    let lost = world
        .store
        .recover(after(1), |lost| {
            assert_eq!(lost.deadline_at, Some(after(77)));
            update(candidate.entry, EntryState::Pending, Disposition::Lost)
        })
        .await
        .unwrap();
    assert_eq!(lost.len(), 1);
}
