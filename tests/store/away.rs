//! The database goes away and comes back: nothing is lost, nothing is reordered, and the
//! writer says so (reliability: disk full, locked for long, PostgreSQL restarted).

use ringback::base::Disposition;
use ringback::dialer::Attempt;
use ringback::engine::Write;
use ringback::io::store::{Db, RESERVE_LIMIT, StoreHealth};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::world::{Desk, MONDAY, World, report};
use crate::support::databases::{Database, block_on, execute, number, postgres_server, text, unique_name};

/// Reserves in order, one by one, so that the order of answers can be checked.
fn submit_all(desk: &Desk, attempts: &[Attempt]) {
    for attempt in attempts {
        desk.submit(Write::Reserve(vec![attempt.clone()]));
        desk.submit(Write::Report(Box::new(report(attempt, Disposition::Completed))));
    }
}

async fn all_answered_in_order(desk: &mut Desk, attempts: &[Attempt]) {
    desk.settled().await;
    assert_eq!(desk.answered, attempts.iter().map(|a| a.call).collect::<Vec<_>>());
}

#[test]
fn sqlite_locked_longer_than_its_patience_loses_nothing() {
    block_on(async {
        let database = Database::sqlite();
        let mut world = World::new(&database, 20).await;
        let mut desk = Desk::open(&world.store);
        let due = world.due(MONDAY).await;
        let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
        // Another process holds the write lock past the busy timeout.
        let other = database.open().await;
        let Db::Sqlite { write, .. } = other.db() else { unreachable!() };
        let lock = write.begin_with("BEGIN IMMEDIATE").await.unwrap();
        submit_all(&desk, &attempts);
        let StoreHealth::Degraded(reason) = desk.health().await else { panic!("locked and well") };
        assert!(reason.contains("locked"), "{reason}");
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls").await, 0, "readers are not held up");
        lock.rollback().await.unwrap();
        assert_eq!(desk.health().await, StoreHealth::Ok);
        all_answered_in_order(&mut desk, &attempts).await;
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls WHERE state = 'ended'").await, 20);
    });
}

#[test]
fn sqlite_on_a_full_disk_goes_on_when_there_is_room() {
    block_on(async {
        let database = Database::sqlite();
        let mut world = World::new(&database, 200).await;
        let mut desk = Desk::open(&world.store);
        let due = world.due(MONDAY).await;
        let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
        // The page limit of the writer's connection gives the very error of a full disk.
        let pages = number(&world.store, "SELECT page_count FROM pragma_page_count").await;
        execute(&world.store, &format!("PRAGMA max_page_count = {pages}")).await.unwrap();
        submit_all(&desk, &attempts);
        let StoreHealth::Degraded(reason) = desk.health().await else { panic!("full and well") };
        assert!(reason.contains("full"), "{reason}");
        execute(&world.store, "PRAGMA max_page_count = 1000000").await.unwrap();
        assert_eq!(desk.health().await, StoreHealth::Ok);
        all_answered_in_order(&mut desk, &attempts).await;
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls WHERE state = 'ended'").await, 200);
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM dead_letters").await, 0);
    });
}

#[test]
fn postgres_that_cuts_connections_and_refuses_new_ones_loses_nothing() {
    let Some(server) = postgres_server() else { return };
    block_on(async {
        // A database of its own, so that it alone can be closed to everybody.
        let name = unique_name();
        let mut admin = PgConnection::connect(&server).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let base = server.rsplit_once('/').expect("a database in the URL").0;
        let store = ringback::io::store::Store::open(&format!("{base}/{name}")).await.unwrap();
        let mut world = World::on(store, 40).await;
        let mut desk = Desk::open(&world.store);
        let due = world.due(MONDAY).await;
        let attempts: Vec<_> = due.iter().map(|c| world.attempt(c, MONDAY)).collect();
        let closed = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        submit_all(&desk, &attempts[..20]);
        admin.execute(AssertSqlSafe(closed)).await.unwrap();
        admin.execute(AssertSqlSafe(cut)).await.unwrap();
        submit_all(&desk, &attempts[20..]);
        assert!(matches!(desk.health().await, StoreHealth::Degraded(_)));
        assert!(world.store.ping().await.is_err(), "it is away");
        admin.execute(AssertSqlSafe(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))).await.unwrap();
        assert_eq!(desk.health().await, StoreHealth::Ok);
        all_answered_in_order(&mut desk, &attempts).await;
        assert_eq!(number(&world.store, "SELECT COUNT(*) FROM calls WHERE state = 'ended'").await, 40);
        world.store.close().await;
        admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    });
}

#[test]
fn a_long_queue_refuses_reservations_and_still_takes_reports() {
    block_on(async {
        let database = Database::sqlite();
        let mut world = World::new(&database, 1).await;
        let desk = Desk::open(&world.store);
        let candidate = world.due(MONDAY).await.remove(0);
        let attempt = world.attempt(&candidate, MONDAY);
        let other = database.open().await;
        let Db::Sqlite { write, .. } = other.db() else { unreachable!() };
        let lock = write.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let handle = desk.writer.handle();
        // One batch may be in the writer's hands already; the queue is what is counted.
        while handle.waiting() < RESERVE_LIMIT {
            desk.submit(Write::Blocked { campaign: world.campaign.id, reason: None });
        }
        let full = handle.submit(Write::Reserve(vec![attempt.clone()])).unwrap_err();
        assert!(matches!(*full.0, Write::Reserve(_)), "the write comes back");
        handle.submit(Write::Report(Box::new(report(&attempt, Disposition::Completed)))).unwrap();
        lock.rollback().await.unwrap();
        desk.flush().await;
        assert_eq!(handle.waiting(), 0);
        handle.submit(Write::Reserve(vec![])).unwrap();
        assert_eq!(text(&world.store, "SELECT disposition FROM calls").await, "completed");
    });
}
