//! Attempts and their outcomes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringback::base::{CallId, CampaignId, Disposition, EntryId, Timestamp};
use ringback::call::{Direction, Purpose, StoredAnswer};
use ringback::dialer::{EntryState, EntryUpdate, NewEntry, Reason};
use ringback::engine::Write;
use ringback::io::store::StoreEvent;
use ringback::media::{Quality, Recording};
use ringback::sip::TraceItem;

use super::world::{Desk, MONDAY, World, accepted, customer, daily_cap, import, phone, report, update};
use crate::support::databases::{Database, execute, number, on_both_databases, text};

on_both_databases! {
    a_reservation_is_on_disk_before_its_answer,
    what_speaks_against_an_attempt_is_checked_again_and_noted,
    one_number_has_one_open_attempt_even_within_one_batch,
    a_reservation_done_twice_is_one,
    a_report_is_stored_once_and_whole,
    an_entry_taken_out_during_its_call_stays_out,
    an_attempt_released_before_any_trunk_counts_nowhere,
    a_wish_not_to_be_called_stops_every_entry_of_the_number,
    answers_are_stored_as_they_come_and_nothing_pressed_is_null,
    poison_is_set_aside_and_blocks_nothing,
    a_poisonous_reservation_is_refused_so_that_nobody_waits,
    a_repaired_recording_is_noted_once,
    inbound_calls_are_stored_from_their_beginning,
    entries_passed_over_keep_their_reason,
    writes_done_together_come_to_the_same_as_one_after_the_other,
}

async fn a_reservation_is_on_disk_before_its_answer(database: &Database) {
    let mut world = World::new(database, 3).await;
    let mut desk = Desk::open(&world.store);
    let candidates = world.due(MONDAY).await;
    let attempts: Vec<_> = candidates.iter().map(|c| world.attempt(c, MONDAY)).collect();
    let answer = desk.reserve(attempts.clone()).await;
    // A second connection sees them at once, so they were committed.
    let other = database.open().await;
    assert_eq!(number(&other, "SELECT COUNT(*) FROM calls WHERE state = 'reserved'").await, 3);
    assert_eq!(answer.reserved, attempts.iter().map(|a| a.call).collect::<Vec<_>>());
    assert!(answer.refused.is_empty());
    let states =
        "SELECT COUNT(*) FROM entries WHERE state = 'dialling' AND attempts = 1 AND last_call IS NOT NULL";
    assert_eq!(number(&other, states).await, 3);
    assert!(world.due(MONDAY).await.is_empty());
}

async fn what_speaks_against_an_attempt_is_checked_again_and_noted(database: &Database) {
    let mut world = World::new(database, 5).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let mut attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
    // 0: on the do-not-call list behind the store's back. 1: its time was moved. 2: taken out.
    // 3: an inbound call of that number is up. 4: had its call today.
    let e = |n: usize| attempts[n].entry;
    for change in [
        format!("INSERT INTO do_not_call VALUES ('{}', 'x', NULL, 'x', 0)", phone(0)),
        format!("UPDATE entries SET due_at = {} WHERE id = {}", MONDAY.0 + 1, e(1)),
        format!("UPDATE entries SET state = 'stopped' WHERE id = {}", e(2)),
    ] {
        execute(&world.store, &change).await.unwrap();
    }
    let begin = |call, n| {
        let direction = Direction::Inbound;
        Write::Begin {
            call,
            direction,
            phone: phone(n).to_string(),
            dialled: String::new(),
            purpose: Purpose::Business,
            at: MONDAY,
        }
    };
    desk.submit(begin(CallId::new(MONDAY, &mut world.rng), 3));
    let earlier = world.attempt(&due[4], MONDAY);
    desk.reserve(vec![earlier.clone()]).await;
    let mut busy = report(&earlier, Disposition::Busy);
    busy.entry = Some(update(earlier.entry, EntryState::Pending, Disposition::Busy));
    desk.submit(Write::Report(Box::new(busy)));
    attempts[4].caps = daily_cap(1);
    let mut nobody = attempts[0].clone();
    nobody.entry = EntryId(999_999);
    nobody.call = CallId::new(MONDAY, &mut world.rng);
    attempts.push(nobody);
    let answer = desk.reserve(attempts).await;
    assert_eq!(answer.reserved, []);
    let codes: Vec<_> = answer.refused.iter().map(|(_, reason)| reason.code.as_str()).collect();
    assert_eq!(
        codes,
        ["do_not_call", "not_yet", "not_pending", "number_in_call", "daily_cap", "not_pending"]
    );
    let noted =
        text(&world.store, "SELECT string_agg(state || ':' || reason, ' ' ORDER BY id) FROM entries").await;
    let expected = "stopped:do_not_call pending:not_yet stopped:due pending:number_in_call pending:daily_cap";
    assert_eq!(noted, expected);
    let detail = text(&world.store, "SELECT detail FROM entries WHERE reason = 'daily_cap'").await;
    assert_eq!(detail, "1 of 1 calls to this number today");
}

async fn one_number_has_one_open_attempt_even_within_one_batch(database: &Database) {
    let mut world = World::new(database, 1).await;
    let twin = NewEntry { external_id: "order-twin".into(), ..customer(0) };
    import(&world.store, &world.list, "b.csv", false, &[accepted(2, twin)]).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
    let answer = desk.reserve(attempts).await;
    assert_eq!((answer.reserved.len(), answer.refused.len()), (1, 1));
    assert_eq!(answer.refused[0].1.code, "number_in_call");
}

async fn a_reservation_done_twice_is_one(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    let again = desk.reserve(vec![attempt.clone()]).await;
    assert_eq!(again.reserved, [attempt.call]);
    assert_eq!(number(&world.store, "SELECT attempts FROM entries").await, 1);
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls").await, 1);
}

async fn a_report_is_stored_once_and_whole(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    let mut first = report(&attempt, Disposition::Completed);
    first.record.recording = Some(Recording {
        path: PathBuf::from("/var/lib/ringback/recordings/2026/03/02/x.wav"),
        duration: Duration::from_millis(23_900),
        sha256: "ab".repeat(32),
        left_dbfs: -20.5,
        right_dbfs: -31.25,
        missing_frames: 0,
    });
    first.record.quality = Some(Quality { packets_sent: 1_195, ..Quality::default() });
    first.record.detail = "a NUL \0 of the peer".into();
    first.alarm = Some("no_recording".into());
    first.trace = vec![TraceItem {
        at: MONDAY,
        sent: true,
        transport: "udp".into(),
        peer: "192.0.2.1:5060".into(),
        text: "INVITE sip:x SIP/2.0\r\n\0".into(),
    }];
    desk.submit(Write::Report(Box::new(first.clone())));
    let mut second = first;
    second.record.disposition = Disposition::Busy;
    second.entry = Some(update(attempt.entry, EntryState::Pending, Disposition::Busy));
    desk.submit(Write::Report(Box::new(second)));
    desk.flush().await;
    let store = &world.store;
    let call = text(
        store,
        "SELECT disposition || ' ' || recording || ' ' || recording_ms || ' ' || right_dbfs FROM calls",
    )
    .await;
    assert_eq!(call, "completed 2026/03/02/x.wav 23900 -31.25");
    assert_eq!(text(store, "SELECT detail FROM calls").await, "a NUL \u{FFFD} of the peer");
    assert_eq!(text(store, "SELECT state FROM entries").await, "done");
    let trace: Vec<TraceItem> =
        serde_json::from_str(&text(store, "SELECT messages FROM traces").await).unwrap();
    assert_eq!(trace[0].text, "INVITE sip:x SIP/2.0\r\n\0");
    let quality: Quality = serde_json::from_str(&text(store, "SELECT quality FROM calls").await).unwrap();
    assert_eq!(quality.packets_sent, 1_195);
}

async fn an_entry_taken_out_during_its_call_stays_out(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    execute(&world.store, "UPDATE entries SET state = 'stopped', reason = 'removed'").await.unwrap();
    let mut busy = report(&attempt, Disposition::Busy);
    busy.entry = Some(update(attempt.entry, EntryState::Pending, Disposition::Busy));
    desk.submit(Write::Report(Box::new(busy)));
    desk.flush().await;
    let kept = text(&world.store, "SELECT state || ' ' || reason || ' ' || disposition FROM entries").await;
    assert_eq!(kept, "stopped removed busy");
}

async fn an_attempt_released_before_any_trunk_counts_nowhere(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let candidate = world.due(MONDAY).await.remove(0);
    let attempt = world.attempt(&candidate, MONDAY);
    desk.reserve(vec![attempt.clone()]).await;
    let mut released = report(&attempt, Disposition::Cancelled);
    released.record.trunk = None;
    let mut entry = update(attempt.entry, EntryState::Pending, Disposition::Cancelled);
    entry.due_at = Some(MONDAY);
    released.entry = Some(entry);
    desk.submit(Write::Report(Box::new(released)));
    desk.flush().await;
    let again = world.due(MONDAY).await.remove(0);
    assert_eq!((again.attempts, &again.recent_calls), (0, &Vec::new()));
    assert!(again.attempts_by.is_empty(), "{:?}", again.attempts_by);
    assert_eq!(world.store.call_counts(world.campaign.id).await.unwrap(), []);
    let mut capped = world.attempt(&again, MONDAY);
    capped.caps = daily_cap(1);
    assert_eq!(desk.reserve(vec![capped.clone()]).await.reserved, [capped.call]);
}

async fn a_wish_not_to_be_called_stops_every_entry_of_the_number(database: &Database) {
    let mut world = World::new(database, 1).await;
    let twin = NewEntry { external_id: "order-twin".into(), ..customer(0) };
    import(&world.store, &world.list, "b.csv", false, &[accepted(2, twin)]).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    let mut wish = report(&attempt, Disposition::DoNotCall);
    wish.entry = Some(update(attempt.entry, EntryState::Stopped, Disposition::DoNotCall));
    wish.do_not_call = Some("pressed 9".into());
    desk.submit(Write::Report(Box::new(wish)));
    desk.flush().await;
    let listed = world.store.do_not_call(None, 10).await.unwrap();
    assert_eq!(listed[0].call_id, Some(attempt.call.to_string()));
    assert_eq!((listed[0].phone.as_str(), listed[0].reason.as_str()), (phone(0).as_str(), "pressed 9"));
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries WHERE state = 'stopped'").await, 2);
}

fn answer(call: CallId, seq: u32, keys: Option<&str>, score: Option<i32>) -> StoredAnswer {
    StoredAnswer {
        call,
        seq,
        question: "i2".into(),
        keys: keys.map(Into::into),
        meaning: None,
        score,
        dissatisfied: false,
        comment: None,
        rated_function: None,
        rated_person: None,
        dimension: None,
        at: MONDAY,
    }
}

async fn answers_are_stored_as_they_come_and_nothing_pressed_is_null(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    desk.submit(Write::Answer(answer(attempt.call, 1, Some("5"), Some(5))));
    desk.submit(Write::Answer(answer(attempt.call, 2, None, None)));
    desk.flush().await;
    // The call is still up, and its answers are there.
    let store = &world.store;
    assert_eq!(number(store, "SELECT COUNT(*) FROM calls WHERE state = 'reserved'").await, 1);
    assert_eq!(number(store, "SELECT COUNT(*) FROM answers WHERE keys = '5' AND score = 5").await, 1);
    assert_eq!(number(store, "SELECT COUNT(*) FROM answers WHERE keys IS NULL AND score IS NULL").await, 1);
}

async fn poison_is_set_aside_and_blocks_nothing(database: &Database) {
    let mut world = World::new(database, 2).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
    desk.reserve(attempts.clone()).await;
    let unknown = CallId::new(MONDAY, &mut world.rng);
    let mut broken = report(&attempts[0], Disposition::Completed);
    // No such campaign: the row that the report would open points nowhere.
    let mut stray = report(&attempts[0], Disposition::Completed);
    stray.record.id = unknown;
    stray.record.campaign = Some(CampaignId(999));
    stray.record.entry = None;
    stray.entry = None;
    broken.record.disposition = Disposition::Partial;
    desk.submit(Write::Answer(answer(unknown, 1, Some("1"), None)));
    desk.submit(Write::Report(Box::new(stray)));
    desk.submit(Write::Report(Box::new(broken)));
    desk.submit(Write::Report(Box::new(report(&attempts[1], Disposition::Completed))));
    let events = desk.settled().await;
    let store = &world.store;
    assert_eq!(number(store, "SELECT COUNT(*) FROM calls WHERE state = 'ended'").await, 2);
    assert_eq!(
        text(store, "SELECT string_agg(kind, ' ' ORDER BY id) FROM dead_letters").await,
        "answer report"
    );
    let filter = format!("SELECT COUNT(*) FROM dead_letters WHERE call_id = '{unknown}' AND reason <> ''");
    assert_eq!(number(store, &filter).await, 2);
    assert_eq!(events.iter().filter(|e| matches!(e, StoreEvent::SetAside { .. })).count(), 2);
}

async fn a_poisonous_reservation_is_refused_so_that_nobody_waits(database: &Database) {
    let mut world = World::new(database, 2).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let mut stray = world.attempt(&due[0], MONDAY);
    stray.campaign = CampaignId(999);
    let good = world.attempt(&due[1], MONDAY);
    desk.submit(Write::Reserve(vec![stray.clone()]));
    desk.submit(Write::Reserve(vec![good.clone()]));
    let events = desk.settled().await;
    let mut answers = events.iter().filter_map(|event| match event {
        StoreEvent::Reserved(answer) => Some(answer),
        _ => None,
    });
    let first = answers.next().unwrap();
    assert_eq!((first.refused[0].0, first.refused[0].1.code.as_str()), (stray.call, "store"));
    assert_eq!(answers.next().unwrap().reserved, [good.call]);
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM entries WHERE state = 'pending'").await, 1);
}

async fn a_repaired_recording_is_noted_once(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt.clone()]).await;
    let (path, folder) = (Path::new("/rec/2026/03/02/a.wav"), Path::new("/rec"));
    let length = Duration::from_secs(9);
    let note = |sha: &'static str| world.store.recording_repaired(attempt.call, path, folder, length, sha);
    assert!(note("11").await.unwrap());
    assert!(!note("22").await.unwrap(), "a closed recording is not touched");
    assert_eq!(
        text(&world.store, "SELECT recording || ' ' || sha256 FROM calls").await,
        "2026/03/02/a.wav 11"
    );
}

async fn inbound_calls_are_stored_from_their_beginning(database: &Database) {
    let mut world = World::new(database, 0).await;
    let desk = Desk::open(&world.store);
    let call = CallId::new(MONDAY, &mut world.rng);
    let begin = Write::Begin {
        call,
        direction: Direction::Inbound,
        phone: "anonymous\0".into(),
        dialled: String::new(),
        purpose: Purpose::Business,
        at: MONDAY,
    };
    desk.submit(begin.clone());
    desk.submit(begin);
    desk.flush().await;
    assert_eq!(
        text(&world.store, "SELECT state || ' ' || phone FROM calls").await,
        "reserved anonymous\u{FFFD}"
    );
    let lost =
        world.store.recover(Timestamp(MONDAY.0 + 5), |_| panic!("no entry, no question")).await.unwrap();
    assert_eq!((lost.len(), lost[0].entry, lost[0].call), (1, None, call));
}

async fn entries_passed_over_keep_their_reason(database: &Database) {
    let mut world = World::new(database, 2).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let attempt = world.attempt(&due[0], MONDAY);
    desk.reserve(vec![attempt]).await;
    let tomorrow = Timestamp(MONDAY.0 + 86_400_000);
    let pass = |entry| {
        let reason = Reason::new("window_closed", "opens tomorrow");
        EntryUpdate::new(entry, EntryState::Pending, None, Some(tomorrow), reason)
    };
    desk.submit(Write::Entries(due.iter().map(|c| pass(c.entry)).collect()));
    desk.flush().await;
    let states =
        text(&world.store, "SELECT string_agg(state || ':' || reason, ' ' ORDER BY id) FROM entries").await;
    assert_eq!(states, "dialling:due pending:window_closed", "one in a call is not touched");
    assert_eq!(world.due(MONDAY).await.len(), 0);
    assert_eq!(world.due(tomorrow).await.len(), 1);
}

async fn writes_done_together_come_to_the_same_as_one_after_the_other(database: &Database) {
    let mut world = World::new(database, 4).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let attempts: Vec<_> = due[..3].iter().map(|c| world.attempt(c, MONDAY)).collect();
    desk.reserve(attempts.clone()).await;
    let unknown = world.attempt(&due[3], MONDAY);
    let inbound = CallId::new(MONDAY, &mut world.rng);
    let mut busy = report(&attempts[1], Disposition::Busy);
    busy.entry = Some(update(attempts[1].entry, EntryState::Pending, Disposition::Busy));
    let again = world.attempt(&due[1], MONDAY);
    let mut stranger = report(&unknown, Disposition::Completed);
    (stranger.record.campaign, stranger.record.entry, stranger.entry) = (None, None, None);
    let answer = |seq, keys: &str| StoredAnswer {
        call: attempts[0].call,
        seq,
        question: "q".into(),
        keys: Some(keys.into()),
        meaning: None,
        score: None,
        dissatisfied: false,
        comment: None,
        rated_function: None,
        rated_person: None,
        dimension: None,
        at: MONDAY,
    };
    // Handed over without a pause, so that they share a transaction. The second report of the
    // first call comes too late, and nobody stored that the stranger's call began.
    for write in [
        Write::Begin {
            call: inbound,
            direction: Direction::Inbound,
            phone: phone(9).to_string(),
            dialled: "10000".into(),
            purpose: Purpose::Business,
            at: MONDAY,
        },
        Write::Answer(answer(1, "5")),
        Write::Answer(answer(2, "1")),
        Write::Answer(answer(1, "4")),
        Write::Report(Box::new(report(&attempts[0], Disposition::Completed))),
        Write::Report(Box::new(stranger)),
        Write::Report(Box::new(report(&attempts[0], Disposition::Failed))),
        Write::Report(Box::new(busy)),
        Write::Reserve(vec![again.clone(), unknown.clone()]),
        Write::Report(Box::new(report(&attempts[2], Disposition::NoAnswer))),
    ] {
        desk.submit(write);
    }
    desk.flush().await;
    let calls =
        "SELECT string_agg(state || ':' || COALESCE(disposition, ''), ' ' ORDER BY state, disposition, id)
                 FROM calls";
    let expected = "ended:busy ended:completed ended:completed ended:no_answer reserved: reserved:";
    assert_eq!(text(&world.store, calls).await, expected);
    let dialled = "SELECT string_agg(dialled, ' ' ORDER BY dialled) FROM calls WHERE dialled <> ''";
    assert_eq!(text(&world.store, dialled).await, "10000", "the number that the caller dialled is kept");
    let answers = "SELECT string_agg(seq || ':' || keys, ' ' ORDER BY seq) FROM answers";
    assert_eq!(text(&world.store, answers).await, "1:4 2:1");
    let entries = "SELECT string_agg(state || ':' || attempts, ' ' ORDER BY id) FROM entries";
    assert_eq!(text(&world.store, entries).await, "done:1 dialling:2 done:1 pending:0");
    assert_eq!(number(&world.store, "SELECT CAST(SUM(calls) AS BIGINT) FROM call_tallies").await, 3);
    // A call that is known, even by its end alone, is not reserved anew.
    let known = desk.reserve(vec![again.clone(), unknown.clone()]).await;
    assert_eq!((known.reserved.len(), known.refused.len()), (2, 0));
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls").await, 6);
}
