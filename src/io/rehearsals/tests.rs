use std::sync::atomic::{AtomicBool, Ordering};

use super::super::web::Batch;
use super::*;

const PACK: &str = r#"
pack = "shop"
title = "门店"
source = "test"
brand = "门店"

[windows]
call = ["09:00-12:00"]

[event."install.finished"]
title = "安装完成"

[rule.by_hand]
title = "回访"
source = "test"
on = { manual = true }
due = "0d"
deadline = "0d"
script = "generic"
"#;

fn wanted() -> Wanted {
    Wanted {
        policy: Policy::parse("shop.toml", PACK).unwrap(),
        against: None,
        calendar: Arc::new(Calendar::plain(jiff::tz::TimeZone::UTC)),
        from: "2026-03-02".parse().unwrap(),
        to: "2026-03-04".parse().unwrap(),
        subjects: Subjects::Text(String::new()),
        intake: String::new(),
        seed: 1,
        lines: 10,
        answer_rate: 70,
    }
}

fn rehearsals(
    run: impl Fn(Tell) -> Walk + Send + Sync + 'static,
) -> (Rehearsals, EventHub, CancellationToken) {
    let (hub, stop) = (EventHub::new(1), CancellationToken::new());
    let run: Run = Arc::new(move |_, tell| run(tell));
    (Rehearsals::new(run, hub.clone(), Arc::new(|| Timestamp(5)), stop.clone()), hub, stop)
}

/// Waits until an event says that a rehearsal is in that state.
async fn until(reader: &mut crate::io::web::EventReader, id: u64, state: &str) {
    loop {
        let Batch::Events(events) = reader.next().await else { continue };
        let said = events.iter().map(|e| serde_json::from_str::<serde_json::Value>(&e.json).unwrap());
        if said.into_iter().any(|said| said["id"] == id && said["state"] == state) {
            return;
        }
    }
}

#[tokio::test]
async fn one_runs_at_a_time_and_is_stopped_half_way() {
    struct Gone(Arc<AtomicBool>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let gone = Arc::new(AtomicBool::new(false));
    let told = gone.clone();
    let (rehearsals, hub, _stop) = rehearsals(move |mut tell| {
        let gone = Gone(told.clone());
        Box::pin(async move {
            let _gone = gone;
            tell();
            std::future::pending().await
        })
    });
    let mut reader = hub.subscribe(None);
    let first = rehearsals.begin(wanted(), "lin").unwrap();
    assert_eq!((first.id, first.state.as_str(), first.days), (1, "running", 3));
    assert_eq!(rehearsals.begin(wanted(), "lin"), Err(Refused::Busy(1)));
    while rehearsals.one(1).unwrap().day == 0 {
        reader.next().await;
    }
    assert_eq!(rehearsals.end(1).unwrap().state, "stopping");
    until(&mut reader, 1, "stopped").await;
    assert!(gone.load(Ordering::SeqCst), "what it held is let go");
    let ended = rehearsals.one(1).unwrap();
    assert_eq!((ended.state.as_str(), ended.ended_at, ended.day), ("stopped", Some(5), 1));
    assert!(rehearsals.begin(wanted(), "lin").is_ok(), "the place is free");
}

#[tokio::test]
async fn a_few_are_remembered_and_one_is_forgotten_on_demand() {
    let (rehearsals, hub, _stop) = rehearsals(|mut tell| {
        Box::pin(async move {
            (0..9).for_each(|_| tell());
            Ok(RehearsalResult { rows: 7, ..RehearsalResult::default() })
        })
    });
    let mut reader = hub.subscribe(None);
    for id in 1..=KEPT as u64 + 2 {
        rehearsals.begin(wanted(), "lin").unwrap();
        until(&mut reader, id, "done").await;
    }
    let kept: Vec<u64> = rehearsals.all().iter().map(|view| view.id).collect();
    assert_eq!(kept, (3..=KEPT as u64 + 2).rev().collect::<Vec<_>>());
    assert!(rehearsals.all().iter().all(|view| view.result.is_none()), "lists are short");
    let one = rehearsals.one(5).unwrap();
    assert_eq!((one.result.unwrap().rows, one.day), (7, 3), "there are no more days than there are");
    assert_eq!(rehearsals.end(5).unwrap().state, "done");
    assert_eq!((rehearsals.one(5), rehearsals.end(5)), (None, None));
}

#[tokio::test]
async fn what_fails_or_panics_says_so_and_the_end_of_the_daemon_ends_it() {
    let (rehearsals, hub, stop) = rehearsals(|mut tell| {
        Box::pin(async move {
            tell();
            Err("no such script".into())
        })
    });
    let mut reader = hub.subscribe(None);
    rehearsals.begin(wanted(), "lin").unwrap();
    until(&mut reader, 1, "failed").await;
    assert_eq!(rehearsals.one(1).unwrap().problem, "no such script");
    stop.cancel();
    rehearsals.begin(wanted(), "lin").unwrap();
    until(&mut reader, 2, "stopped").await;

    let (rehearsals, hub, _stop) = self::rehearsals(|_| Box::pin(async { panic!("a mistake") }));
    let mut reader = hub.subscribe(None);
    rehearsals.begin(wanted(), "lin").unwrap();
    until(&mut reader, 1, "failed").await;
    assert!(rehearsals.one(1).unwrap().problem.contains("broke off"));
}
