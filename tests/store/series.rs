//! An entry that a person puts back begins a new series of attempts.

use std::collections::BTreeMap;

use ringback::base::{Disposition, Timestamp};
use ringback::dialer::{Candidate, EntryState};
use ringback::engine::Write;
use ringback::io::store::Error;

use super::world::{Desk, MONDAY, World, daily_cap, phone, report, update};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    an_entry_put_back_has_all_its_attempts_again_and_the_day_counts_on,
    a_call_lost_in_a_new_series_is_judged_by_that_series,
    a_number_on_the_do_not_call_list_cannot_be_put_back,
}

/// One call that ends busy; the entry waits again.
async fn busy(world: &mut World, desk: &mut Desk) -> Candidate {
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    assert_eq!(desk.reserve(vec![attempt.clone()]).await.reserved, [attempt.call]);
    let mut ended = report(&attempt, Disposition::Busy);
    let mut entry = update(attempt.entry, EntryState::Pending, Disposition::Busy);
    entry.due_at = Some(MONDAY);
    ended.entry = Some(entry);
    desk.submit(Write::Report(Box::new(ended)));
    desk.flush().await;
    world.due(MONDAY).await.remove(0)
}

async fn put_back(world: &World, candidate: &Candidate) {
    world.store.put_entry_back(candidate.entry, "asked for it", "anna", MONDAY).await.unwrap();
}

async fn an_entry_put_back_has_all_its_attempts_again_and_the_day_counts_on(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    busy(&mut world, &mut desk).await;
    let second = busy(&mut world, &mut desk).await;
    assert_eq!((second.attempts, &second.attempts_by), (2, &BTreeMap::from([(Disposition::Busy, 2)])));
    put_back(&world, &second).await;
    let back = world.due(MONDAY).await.remove(0);
    assert_eq!((back.attempts, &back.attempts_by), (0, &BTreeMap::new()), "no rule counts what was before");
    assert_eq!(back.recent_calls.len(), 2, "the day's cap does");
    let mut capped = world.attempt(&back, MONDAY);
    capped.caps = daily_cap(2);
    let refused = desk.reserve(vec![capped]).await.refused;
    assert_eq!(refused[0].1.code, "daily_cap", "{refused:?}");
    let third = busy(&mut world, &mut desk).await;
    assert_eq!((third.attempts, &third.attempts_by), (1, &BTreeMap::from([(Disposition::Busy, 1)])));
    assert_eq!(third.recent_calls.len(), 3);
}

async fn a_call_lost_in_a_new_series_is_judged_by_that_series(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let first = busy(&mut world, &mut desk).await;
    put_back(&world, &first).await;
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    desk.reserve(vec![attempt.clone()]).await;
    let lost = world
        .store
        .recover(Timestamp(MONDAY.0 + 1), |lost| {
            assert_eq!((lost.attempts, &lost.attempts_by), (1, &BTreeMap::from([(Disposition::Lost, 1)])));
            update(candidate.entry, EntryState::Pending, Disposition::Lost)
        })
        .await
        .unwrap();
    assert_eq!(lost.len(), 1);
}

async fn a_number_on_the_do_not_call_list_cannot_be_put_back(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let entry = busy(&mut world, &mut desk).await;
    world.store.add_do_not_call(&phone(0), "asked by letter", "anna", MONDAY).await.unwrap();
    let refused = world.store.put_entry_back(entry.entry, "x", "anna", MONDAY).await;
    assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("do-not-call")), "{refused:?}");
    assert!(world.due(MONDAY).await.is_empty());
}
