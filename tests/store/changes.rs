//! What is committed is told, once; what is refused or rolled back is not.

use std::sync::{Arc, Mutex};

use ringback::base::Timestamp;
use ringback::io::store::audits::NewCase;
use ringback::io::store::register::NewReport;
use ringback::io::store::{Change, ImportFile, Store, Topic};

use super::reach::WORLD;
use crate::support::databases::{Database, execute, on_both_databases};

on_both_databases! {
    what_is_committed_is_told_and_what_is_refused_is_not,
}

const NOW: Timestamp = Timestamp(1_772_413_200_000);

/// Keeps what a store tells.
fn follow(store: &Store) -> Arc<Mutex<Vec<Change>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = told.clone();
    store.follow(move |change| kept.lock().unwrap().push(change));
    told
}

async fn what_is_committed_is_told_and_what_is_refused_is_not(database: &Database) {
    let store = database.open().await;
    for sql in WORLD {
        execute(&store, sql).await.unwrap_or_else(|e| panic!("{e}: {sql}"));
    }
    let told = follow(&store);
    let clone = store.clone();
    let expect = |topic: Topic, id: Option<i64>, act: &str, by: &str| {
        let found: Vec<Change> = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        let change = &found[0];
        assert_eq!((change.topic, change.id, change.act.as_str(), change.by.as_str()), (topic, id, act, by));
        change.clone()
    };

    // Cases: one event for each auditor, however many there are.
    let case = NewCase {
        draw_id: None,
        session_id: None,
        call_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
        agent: "李".into(),
        why: "[]".into(),
        probability: None,
        auditor: "周".into(),
        second: false,
        due_at: None,
    };
    store.open_cases(&[case.clone(), case], "lead", NOW).await.unwrap();
    let given = expect(Topic::Audit, None, "give", "lead");
    assert_eq!((given.owner.as_str(), given.count), ("周", Some(2)));
    assert!(store.reassign_case(1, "吴").await.unwrap());
    assert_eq!(expect(Topic::Audit, Some(1), "assign", "吴").owner, "吴");
    assert!(
        !store.reassign_case(999, "吴").await.unwrap(),
        "there is no such case, and nothing is told of it"
    );

    // A report goes its way; the second change of the same version is refused.
    let new = NewReport {
        report: "calls-day".into(),
        pack: String::new(),
        from_day: "2026-03-02".into(),
        to_day: "2026-03-02".into(),
        due_at: NOW,
    };
    let id = clone.make_report(&new, &[], "li", NOW).await.unwrap().expect("a report");
    expect(Topic::Report, Some(id), "make", "li");
    assert!(clone.make_report(&new, &[], "li", NOW).await.unwrap().is_none());
    let mut row = store.report(id).await.unwrap().unwrap();
    row.state = "submitted".into();
    store.change_report(&row, &[], ("submit", ""), "li", NOW).await.unwrap();
    assert_eq!(expect(Topic::Report, Some(id), "submit", "li").state, "submitted");
    store.change_report(&row, &[], ("submit", ""), "li", NOW).await.unwrap_err();

    // The list of a day is released once.
    let day = "2026-03-03".parse().unwrap();
    store.keep_day_plan("mall", day, "v", "{}", NOW).await.unwrap();
    expect(Topic::Plan, None, "build", "");
    assert!(store.day_released("mall", day, "li", NOW).await.unwrap());
    let released = expect(Topic::Plan, None, "release", "li");
    assert_eq!((released.pack.as_str(), released.day.as_str()), ("mall", "2026-03-03"));
    assert!(!store.day_released("mall", day, "li", NOW).await.unwrap());

    // A dry run of an import changes nothing.
    execute(&store, "INSERT INTO lists (id, name, created_at) VALUES (1, 'march', 0)").await.unwrap();
    for dry_run in [true, false] {
        let file =
            ImportFile { name: "a.csv".into(), sha256: "0".into(), bytes: 1, dry_run, by: "li".into() };
        let session = store.begin_import(ringback::base::ListId(1), file, NOW).await.unwrap();
        session.finish().await.unwrap();
    }
    assert_eq!(expect(Topic::Import, Some(1), "done", "li").state, "done");

    // A message that did not arrive.
    store.message_failed("wecom", &[], "no answer", None, None, NOW).await.unwrap();
    assert_eq!(expect(Topic::Notice, None, "give_up", "").kind, "wecom");
    assert!(told.lock().unwrap().is_empty());
}
