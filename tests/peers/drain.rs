//! SIGTERM and reload of the real program while calls are up.

use std::time::Duration;

use ringback::io::demo::DemoTrunk;
use ringback::sim::{Act, Behaviour, Mix, Person};
use serde_json::json;

use super::daemon::{Daemon, Setup, Trunk};
use super::program::until;
use super::raw;
use crate::support::databases::block_on;

const CALLS: usize = 5;

/// A trunk where everybody answers at once and presses 5 this long after the question; 0:
/// never.
fn people(thought_ms: u32) -> DemoTrunk {
    let act = match thought_ms {
        0 => Act::Ignore,
        _ => Act::Press { keys: "5".to_owned(), thought_ms },
    };
    let person =
        Person { answer_ms: 100, greeting_ms: 0, acts: vec![act], patience_ms: 0, ..Person::default() };
    let mut mix = Mix::new(1, Vec::new());
    for number in numbers() {
        mix.set(&number, Behaviour::Answers(person.clone()));
    }
    DemoTrunk::with_mix(mix, 1).expect("a simulated trunk")
}

fn numbers() -> Vec<String> {
    (0..CALLS).map(|i| format!("138000{:05}", 40_000 + i)).collect()
}

async fn start(people: &DemoTrunk, grace: &'static str) -> (Daemon, i64) {
    let rule = "[[inbound]]\nnumber = \"400*\"\nscript = \"listen\"\nlanguage = \"en\"\n";
    let setup = Setup {
        grace,
        sections: rule.to_owned(),
        ..Setup::of(&[Trunk::at("people", people.address().port())])
    };
    let daemon = Daemon::start_as(&setup).await;
    let settings = json!({ "concurrency": CALLS, "calls_per_second": 20.0 });
    let campaign = daemon.dial_all("people", &numbers(), settings).await;
    daemon.calls_up(CALLS, Duration::from_secs(20)).await;
    (daemon, campaign)
}

#[test]
fn reload_and_sigterm_let_running_calls_finish_while_new_ones_are_refused() {
    block_on(async {
        let people = people(4_000);
        let (daemon, campaign) = start(&people, "30s").await;
        // A bad file, then a good one: the calls stay up through both.
        daemon.edit(|text| text.replace("[dialer]", "[dialler]"));
        assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 422);
        daemon.edit(|text| text.replace("[dialler]", "[dialer]\nmax_calls = 50"));
        assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 200);
        assert_eq!(people.current_calls(), CALLS as u64, "a reload dropped a call");
        daemon.signal("TERM");
        let red = until(Duration::from_secs(5), async || {
            let (status, text) = daemon.readiness().await;
            (status == 503 && text.contains("draining")).then_some(())
        });
        assert!(red.await.is_some(), "{:?}", daemon.readiness().await);
        let caller = raw::socket("127.0.0.1");
        let to = ([127, 0, 0, 1], daemon.sip_port).into();
        let invite = raw::invite(caller.local_addr().expect("an address"), to, "4001234567", 1);
        caller.send_to(invite.as_bytes(), to).expect("sent");
        let refused = until(Duration::from_secs(5), async || {
            raw::received(&caller).into_iter().find(|text| text.starts_with("SIP/2.0 503"))
        });
        let refused = refused.await.expect("the new call is refused");
        assert!(refused.contains("Retry-After:"), "{refused}");
        assert_eq!(people.current_calls(), CALLS as u64, "draining dropped a call");
        let daemon = daemon.end_and_start_again(Duration::from_secs(25)).await;
        let calls = daemon.ended_calls(campaign).await;
        assert_eq!(calls.len(), CALLS, "every attempt is settled: {calls:?}");
        for call in &calls {
            assert_eq!(call["disposition"], "completed", "{call}");
            let length = daemon.play(call).await;
            let up = call["ended_at"].as_i64().zip(call["answered_at"].as_i64()).map(|(end, at)| end - at);
            let up = up.and_then(|ms| u64::try_from(ms).ok()).expect("both times");
            assert!(length.abs_diff(up) < 500, "{length} ms are recorded of {up} ms: {call}");
        }
        daemon.stop().await;
    });
}

#[test]
fn a_second_sigterm_hangs_up_at_once_and_settles_every_attempt() {
    block_on(async {
        let people = people(0);
        let (daemon, campaign) = start(&people, "5m").await;
        daemon.signal("TERM");
        let red = until(Duration::from_secs(5), async || (daemon.readiness().await.0 == 503).then_some(()));
        assert!(red.await.is_some(), "it does not drain");
        assert_eq!(people.current_calls(), CALLS as u64, "the first one hung up");
        daemon.signal("TERM");
        let daemon = daemon.end_and_start_again(Duration::from_secs(10)).await;
        assert_eq!(people.current_calls(), 0, "a customer was left without a BYE");
        let calls = daemon.ended_calls(campaign).await;
        assert_eq!(calls.len(), CALLS, "every attempt is settled: {calls:?}");
        for call in &calls {
            assert_ne!(call["disposition"], "lost", "{call}");
            assert!(daemon.play(call).await > 0, "{call}");
        }
    });
}
