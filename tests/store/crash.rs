//! Crashes at random moments: each attempt has exactly one outcome, nobody is called twice
//! for one attempt and nobody is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ringback::base::{CallId, Disposition, EntryId, Rng, Timestamp};
use ringback::dialer::{Attempt, Candidate, EntryState, EntryUpdate, Reason};
use ringback::engine::{Report, Write};
use ringback::io::store::{LostAttempt, StoreEvent, WriterHandle};
use tokio::sync::oneshot;

use super::world::{Desk, MONDAY, World, accepted, customer, import, report, update};
use crate::support::databases::{Database, block_on, execute, number, on_both_databases, text};

on_both_databases! {
    ten_writers_and_many_crashes_leave_one_outcome_for_each_attempt,
    what_was_open_at_the_crash_is_lost_and_follows_its_rule,
    a_restart_with_many_calls_is_fast,
}

const WRITERS: usize = 10;
const CUSTOMERS: u32 = 120;

/// What really happened, outside the database: the calls that were placed.
#[derive(Default)]
struct Street {
    placed: BTreeMap<CallId, EntryId>,
    open: BTreeSet<EntryId>,
}

/// Who waits for which answer; None after the crash, when nobody will answer.
type Waiting = Arc<Mutex<Option<BTreeMap<CallId, oneshot::Sender<bool>>>>>;

fn again(lost: &LostAttempt) -> EntryUpdate {
    let (entry, reason) = (lost.entry.expect("a list call"), Reason::new("retry", "lost"));
    EntryUpdate::new(entry, EntryState::Pending, Some(Disposition::Lost), Some(MONDAY), reason)
}

/// A busy result that is due again at once, or a finished one.
fn outcome(attempt: &Attempt, rng: &mut Rng) -> Report {
    if rng.chance(0.3) {
        let mut busy = report(attempt, Disposition::Busy);
        let entry = update(attempt.entry, EntryState::Pending, Disposition::Busy);
        busy.entry = Some(EntryUpdate { due_at: Some(MONDAY), ..entry });
        busy
    } else {
        report(attempt, Disposition::Completed)
    }
}

/// Reserve, wait for the answer, place the call, report. Ends when the writer dies.
async fn call_one(
    handle: WriterHandle,
    waiting: Waiting,
    street: Arc<Mutex<Street>>,
    attempt: Attempt,
    mut rng: Rng,
) {
    let (sender, answer) = oneshot::channel();
    match waiting.lock().unwrap().as_mut() {
        Some(waiting) => waiting.insert(attempt.call, sender),
        None => return,
    };
    if handle.submit(Write::Reserve(vec![attempt.clone()])).is_err() {
        return;
    }
    if answer.await != Ok(true) {
        return;
    }
    {
        let mut street = street.lock().unwrap();
        assert!(street.placed.insert(attempt.call, attempt.entry).is_none(), "called twice for one attempt");
        assert!(street.open.insert(attempt.entry), "two calls to one customer at once");
    }
    for _ in 0..rng.below(3) {
        tokio::task::yield_now().await;
    }
    let report = outcome(&attempt, &mut rng);
    street.lock().unwrap().open.remove(&attempt.entry);
    handle.submit(Write::Report(Box::new(report))).ok();
}

/// Gives an answer to those who wait for it.
fn hand_out(event: StoreEvent, waiting: &Waiting) {
    let StoreEvent::Reserved(answer) = event else { return };
    let refused = answer.refused.into_iter().map(|(call, _)| (call, false));
    for (call, taken) in answer.reserved.into_iter().map(|call| (call, true)).chain(refused) {
        if let Some(sender) = waiting.lock().unwrap().as_mut().and_then(|w| w.remove(&call)) {
            sender.send(taken).ok();
        }
    }
}

/// One life of the daemon, ended by a crash after a random number of answers.
async fn live(world: &mut World, street: &Arc<Mutex<Street>>, rng: &mut Rng) {
    let mut desk = Desk::open(&world.store);
    let waiting: Waiting = Arc::new(Mutex::new(Some(BTreeMap::new())));
    let due: Vec<Candidate> = world.due(MONDAY).await;
    let mut calls = tokio::task::JoinSet::new();
    let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
    for chunk in attempts.chunks(attempts.len().div_ceil(WRITERS).max(1)) {
        let (chunk, handle, waiting) = (chunk.to_vec(), desk.writer.handle(), Arc::clone(&waiting));
        let (street, mut rng) = (Arc::clone(street), rng.fork());
        calls.spawn(async move {
            for attempt in chunk {
                let (handle, waiting, street) = (handle.clone(), Arc::clone(&waiting), Arc::clone(&street));
                call_one(handle, waiting, street, attempt, rng.fork()).await;
            }
        });
    }
    let answers = rng.below(40);
    for _ in 0..answers {
        tokio::select! {
            event = desk.events.recv() => hand_out(event.expect("the writer runs"), &waiting),
            // Every attempt was made: at times the daemon lives long enough to store them all.
            _ = async { while calls.join_next().await.is_some() {} } => {
                if rng.chance(0.5) {
                    desk.flush().await;
                }
                break;
            }
        }
    }
    // The crash, wherever the writer is: in the queue, in a statement, in the commit.
    drop(desk);
    waiting.lock().unwrap().take();
    calls.join_all().await;
    street.lock().unwrap().open.clear();
}

async fn ten_writers_and_many_crashes_leave_one_outcome_for_each_attempt(database: &Database) {
    let mut world = World::new(database, CUSTOMERS).await;
    let street = Arc::new(Mutex::new(Street::default()));
    let mut rng = Rng::seeded(20_260_302);
    let mut lives = 0;
    loop {
        world.store.recover(MONDAY, again).await.unwrap();
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls WHERE state = 'reserved'").await, 0);
        if number(&world.store, "SELECT COUNT(*) FROM entries WHERE state <> 'done'").await == 0 {
            break;
        }
        lives += 1;
        if lives >= 500 {
            let states = "SELECT string_agg(s, ' ') FROM (SELECT state || ':' || reason || ':' || due_at || '=' || COUNT(*) AS s
                          FROM entries GROUP BY state, reason, due_at) g";
            let calls = "SELECT string_agg(s, ' ') FROM (SELECT disposition || '=' || COUNT(*) AS s
                         FROM calls GROUP BY disposition) g";
            let (states, calls) = (text(&world.store, states).await, text(&world.store, calls).await);
            panic!("the list does not get done: {states}; {calls}");
        }
        live(&mut world, &street, &mut rng).await;
    }
    assert!(lives >= 10, "only {lives} lives: too few crashes to mean anything");
    let store = &world.store;
    let placed = street.lock().unwrap().placed.clone();
    // Every call that was placed was on disk before, and has one outcome.
    for (call, entry) in &placed {
        let sql = format!(
            "SELECT COUNT(*) FROM calls WHERE id = '{call}' AND entry_id = {entry} AND state = 'ended'"
        );
        assert_eq!(number(store, &sql).await, 1, "{call}");
    }
    let stored = number(store, "SELECT COUNT(*) FROM calls").await;
    assert!(stored as usize >= placed.len());
    // A customer has one completed call, and as many attempts as calls.
    assert_eq!(
        number(store, "SELECT COUNT(*) FROM calls WHERE disposition = 'completed'").await,
        i64::from(CUSTOMERS)
    );
    let miscounted = "SELECT COUNT(*) FROM entries e
                      WHERE attempts <> (SELECT COUNT(*) FROM calls c WHERE c.entry_id = e.id)";
    assert_eq!(number(store, miscounted).await, 0);
    assert!(
        number(store, "SELECT COUNT(*) FROM calls WHERE disposition = 'lost'").await > 0,
        "no crash hit a call"
    );
    assert_eq!(number(store, "SELECT COUNT(*) FROM dead_letters").await, 0);
}

async fn what_was_open_at_the_crash_is_lost_and_follows_its_rule(database: &Database) {
    let mut world = World::new(database, 3).await;
    let mut desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
    desk.reserve(attempts.clone()).await;
    desk.submit(Write::Report(Box::new(report(&attempts[0], Disposition::Completed))));
    desk.flush().await;
    drop(desk);
    // An entry that no call belongs to is freed as well.
    execute(&world.store, "UPDATE entries SET state = 'dialling' WHERE state = 'done'").await.unwrap();
    let now = Timestamp(MONDAY.0 + 60_000);
    let lost = world
        .store
        .recover(now, |lost| {
            assert_eq!((lost.attempts, lost.attempts_by[&Disposition::Lost], lost.answers), (1, 1, 0));
            let state = if lost.call == attempts[1].call { EntryState::Failed } else { EntryState::Pending };
            EntryUpdate { state, ..again(lost) }
        })
        .await
        .unwrap();
    let calls: BTreeSet<_> = lost.iter().map(|l| l.call).collect();
    assert_eq!(calls, BTreeSet::from([attempts[1].call, attempts[2].call]));
    let states =
        text(&world.store, "SELECT string_agg(state || ':' || reason, ' ' ORDER BY id) FROM entries").await;
    assert_eq!(states, "pending:released failed:retry pending:retry");
    let ended = format!(
        "SELECT COUNT(*) FROM calls WHERE disposition = 'lost' AND blame = 'ours' AND ended_at = {}",
        now.0
    );
    assert_eq!(number(&world.store, &ended).await, 2);
    assert_eq!(world.store.recover(now, again).await.unwrap(), [], "a second time there is nothing to do");
}

/// Restart to ready in under 2 s with many calls in the store (reliability 13).
async fn a_restart_with_many_calls_is_fast(database: &Database) {
    const CALLS: u32 = 100_000;
    let mut world = World::new(database, 1).await;
    let many = format!(
        "INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, ended_at, disposition, entry_id)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CALLS})
         SELECT 'OLD' || i, 'outbound', 'ended', '139' || (10000000 + i), i, i, i, 'completed', NULL FROM n"
    );
    execute(&world.store, &many).await.unwrap();
    let mut desk = Desk::open(&world.store);
    let attempt = {
        let c = world.due(MONDAY).await.remove(0);
        world.attempt(&c, MONDAY)
    };
    desk.reserve(vec![attempt]).await;
    drop(desk);
    world.store.close().await;
    let begun = Instant::now();
    let store = database.open().await;
    let lost = store.recover(MONDAY, again).await.unwrap();
    let due = store.due(world.list.id, MONDAY, 100).await.unwrap();
    let took = begun.elapsed();
    assert_eq!((lost.len(), due.candidates.len()), (1, 1));
    assert!(took < Duration::from_secs(2), "restart took {took:?} with {CALLS} calls");
}

/// The queries that run often must not walk the table of calls.
#[test]
fn the_queries_of_every_second_use_an_index() {
    block_on(async {
        let database = Database::sqlite();
        let world = World::new(&database, 1).await;
        import(&world.store, &world.list, "x.csv", false, &[accepted(2, customer(7))]).await;
        let queries = [
            "SELECT id FROM calls WHERE state = 'reserved' ORDER BY reserved_at, id",
            "SELECT COUNT(*) FROM calls c WHERE c.phone = '1' AND c.reserved_at >= 3 AND c.direction = 'outbound'",
            "SELECT COUNT(*) FROM calls o WHERE o.phone = '1' AND o.state = 'reserved'",
            "SELECT disposition, COUNT(*) AS n FROM calls WHERE entry_id = 1 AND disposition IS NOT NULL GROUP BY 1",
            "SELECT id FROM entries e WHERE e.list_id = 1 AND e.state = 'pending' AND e.due_at <= 5
             ORDER BY e.priority DESC, e.due_at, e.id LIMIT 9",
            "SELECT due_at FROM entries WHERE list_id = 1 AND state = 'pending' ORDER BY due_at LIMIT 1 OFFSET 3",
            "SELECT COUNT(*) FROM entries WHERE list_id = 1 AND state IN ('pending', 'dialling')",
            "SELECT id FROM entries WHERE state = 'dialling'",
        ];
        for query in queries {
            let plan = plan(&world, query).await;
            // The partial indexes hold only what is open, so walking them is meant.
            let partial = ["INDEX calls_open", "INDEX entries_dialling"].iter().any(|i| plan.contains(i));
            assert!(partial || !plan.contains("SCAN"), "{query}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{query}: {plan}");
        }
    });
}

async fn plan(world: &World, query: &str) -> String {
    use sqlx::{AssertSqlSafe, Row};
    let ringback::io::store::Db::Sqlite { read, .. } = world.store.db() else { unreachable!() };
    let rows =
        sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"))).fetch_all(read).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join(" | ")
}
