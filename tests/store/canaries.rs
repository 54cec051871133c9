//! Canaries as they are kept, and calls that count in no figure.

use jiff::civil::date;
use ringback::base::{CallId, Disposition, Timestamp};
use ringback::call::{CallRecord, Direction, Purpose};
use ringback::canary::{CanaryCheck, CheckName};
use ringback::engine::{CanaryRun, LoneAttempt, Report, Write};
use ringback::io::store::CanaryOverride;

use super::world::{Desk, MONDAY, World, phone, record};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_canary_is_kept_once_judged_once_and_overridden_for_its_day,
    calls_of_tests_and_canaries_count_in_no_figure_and_nobody_has_to_see_to_them,
}

fn run(caller: CallId, called: Option<CallId>, at: Timestamp) -> CanaryRun {
    CanaryRun {
        caller,
        called,
        trunk: "a".into(),
        day: date(2026, 3, 2),
        number: "02088886666".into(),
        key: '5',
        by: "ringback".into(),
        began: at,
        ended: Timestamp(at.0 + 9_000),
        mono_ms: 9_000,
        back_at: called.map(|_| Timestamp(at.0 + 300)),
        back_by: String::new(),
        problem: String::new(),
    }
}

async fn a_canary_is_kept_once_judged_once_and_overridden_for_its_day(database: &Database) {
    let mut world = World::new(database, 0).await;
    let desk = Desk::open(&world.store);
    let (caller, called) = (CallId::new(MONDAY, &mut world.rng), CallId::new(MONDAY, &mut world.rng));
    let first = Write::Canary(Box::new(run(caller, Some(called), MONDAY)));
    desk.submit(first.clone());
    desk.submit(first);
    desk.flush().await;
    let store = &world.store;
    assert!(store.has_canary(caller).await.unwrap() && !store.has_canary(called).await.unwrap());
    let open = store.canaries_to_judge().await.unwrap();
    let [row] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((row.caller_id.as_str(), row.day.as_str()), (&*caller.to_string(), "2026-03-02"));
    assert_eq!((row.called_id.clone(), row.passed), (Some(called.to_string()), None));
    let check = |passed| {
        let (figure, wanted) = ("55".to_owned(), "5".to_owned());
        vec![CanaryCheck { name: CheckName::Key, passed: Some(passed), figure, wanted }]
    };
    assert!(store.judge_canary(row.id, &check(false), false, MONDAY).await.unwrap());
    assert!(!store.judge_canary(row.id, &check(true), true, MONDAY).await.unwrap(), "the first stays");
    assert!(store.canaries_to_judge().await.unwrap().is_empty());
    let second = run(CallId::new(MONDAY, &mut world.rng), None, Timestamp(MONDAY.0 + 300_000));
    desk.submit(Write::Canary(Box::new(second.clone())));
    desk.flush().await;
    let all = store.canaries("a", 10).await.unwrap();
    let ids: Vec<_> = all.iter().map(|row| row.caller_id.clone()).collect();
    assert_eq!(ids, [second.caller.to_string(), caller.to_string()], "the newest first");
    assert_eq!((all[1].passed, all[1].checks().unwrap()), (Some(0), check(false)));
    assert!(store.canaries("b", 10).await.unwrap().is_empty());

    let over = |reason: &str| CanaryOverride {
        trunk: "a".into(),
        day: "2026-03-02".into(),
        at: MONDAY.0,
        by: "li".into(),
        reason: reason.into(),
    };
    for reason in ["first", "second"] {
        store.override_canary(&over(reason)).await.unwrap();
    }
    assert_eq!(store.canary_overrides(date(2026, 3, 2)).await.unwrap(), [over("second")]);
    assert!(store.canary_overrides(date(2026, 3, 3)).await.unwrap().is_empty());
}

async fn calls_of_tests_and_canaries_count_in_no_figure_and_nobody_has_to_see_to_them(database: &Database) {
    let mut world = World::new(database, 1).await;
    let desk = Desk::open(&world.store);
    let due = world.due(MONDAY).await;
    let base = record(&world.attempt(&due[0], MONDAY), Disposition::Completed);
    let mut known = Vec::new();
    for (n, purpose) in [Purpose::Business, Purpose::Test, Purpose::Canary].into_iter().enumerate() {
        let number = phone(u32::try_from(n).unwrap());
        let (out, back) = (CallId::new(MONDAY, &mut world.rng), CallId::new(MONDAY, &mut world.rng));
        desk.submit(Write::ReserveLone(Box::new(LoneAttempt {
            call: out,
            phone: number.clone(),
            reserved_at: MONDAY,
            caps: Vec::new(),
            callback: None,
            purpose,
        })));
        desk.submit(Write::Begin {
            call: back,
            direction: Direction::Inbound,
            phone: number.to_string(),
            dialled: "10000".into(),
            purpose,
            at: MONDAY,
        });
        for (call, direction) in [(out, Direction::Outbound), (back, Direction::Inbound)] {
            let phone = number.to_string();
            let record =
                CallRecord { id: call, campaign: None, entry: None, direction, phone, ..base.clone() };
            let (alarm, entry, do_not_call) = (None, None, None);
            let report = Report { record, alarm, trace: Vec::new(), entry, do_not_call };
            desk.submit(Write::Report(Box::new(report)));
        }
        if purpose == Purpose::Business {
            known.extend([out.to_string(), back.to_string()]);
        }
    }
    desk.flush().await;
    known.sort();
    let store = &world.store;
    let seen: Vec<_> = store.ended_calls(100).await.unwrap().into_iter().map(|call| call.id).collect();
    assert_eq!(seen, known, "tickets");
    let (from, to) = (Timestamp(MONDAY.0 - 1), Timestamp(MONDAY.0 + 1));
    assert_eq!(store.count_calls(from.0, to.0).await.unwrap(), 2);
    assert_eq!(store.answer_delay(from, to, 15).await.unwrap().calls, 1);
    let page = store.call_rows(&Default::default(), Default::default(), None, 100).await.unwrap();
    assert_eq!(page.rows.len(), 6, "they are calls like others where calls are looked for");
}
