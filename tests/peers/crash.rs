//! `kill -9` while many recorded calls are up: at most a second of each is lost.
//!
//! `RINGBACK_TEST_LONG=1` takes 150 calls; otherwise 40.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ringback::io::demo::DemoTrunk;
use ringback::sim::{Act, Behaviour, Mix, Person};
use serde_json::{Value, json};

use super::daemon::{Daemon, Trunk};
use super::program::{is_long, until};
use crate::support::databases::block_on;

/// What is on disk may be this much behind.
const LATE: i64 = 1_000;

fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("a date")
}

/// When each call that is up was answered, by its id.
async fn answered(daemon: &Daemon) -> BTreeMap<String, i64> {
    let live = daemon.get("/live/calls").await;
    let items = live["items"].as_array().cloned().unwrap_or_default();
    let of = |call: &Value| Some((call["id"].as_str()?.to_owned(), call["answered_at"].as_i64()?));
    items.iter().filter_map(of).collect()
}

#[test]
fn a_kill_with_many_recorded_calls_up_costs_each_at_most_a_second() {
    block_on(async {
        let count = if is_long() { 150 } else { 40 };
        let numbers: Vec<String> = (0..count).map(|i| format!("138000{:05}", 50_000 + i)).collect();
        // They listen, and wait for ever.
        let person = Person {
            answer_ms: 50,
            greeting_ms: 0,
            acts: vec![Act::Ignore],
            patience_ms: 0,
            ..Person::default()
        };
        let mut mix = Mix::new(1, Vec::new());
        for number in &numbers {
            mix.set(number, Behaviour::Answers(person.clone()));
        }
        let people = DemoTrunk::with_mix(mix, 1).expect("a simulated trunk");
        let trunk = Trunk::at("people", people.address().port()).with("max_calls = 200\nmax_cps = 50.0");
        let daemon = Daemon::start(&[trunk], "").await;
        let settings = json!({ "concurrency": count, "calls_per_second": 25.0 });
        let campaign = daemon.dial_all("people", &numbers, settings).await;
        daemon.calls_up(count, Duration::from_secs(40)).await;
        // The youngest call has spoken for two seconds.
        let old = until(Duration::from_secs(10), async || {
            let answered = answered(&daemon).await;
            (answered.values().max()? + 2_000 < wall()).then_some(answered)
        });
        let answered = old.await.expect("calls of two seconds");
        let killed = wall();
        let daemon = daemon.kill_and_start_again().await;
        let calls = daemon.all_ended(campaign, count, Duration::from_secs(10)).await;
        assert_eq!(calls.len(), count);
        let mut lost = Vec::new();
        for call in &calls {
            assert_eq!(call["disposition"], "lost", "{call}");
            let length = daemon.play(call).await;
            assert_eq!(call["recording_ms"], length, "{call}");
            let at = answered[call["id"].as_str().expect("an id")];
            lost.push(killed - at - i64::try_from(length).expect("a length"));
        }
        lost.sort_unstable();
        let (best, middle, worst) = (lost[0], lost[lost.len() / 2], lost[lost.len() - 1]);
        println!(
            "{count} calls killed: {best} ms at best, {middle} ms at the median, {worst} ms at worst lost"
        );
        assert!(worst <= LATE, "{lost:?}");
        assert!(best > -500, "more is recorded than was spoken: {lost:?}");
        daemon.stop().await;
    });
}
