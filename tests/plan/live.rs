//! The real daemon with a simulated trunk: a slip comes in by the API, the customer's telephone
//! rings within seconds, the score closes the callback.

use std::time::{Duration, Instant};

use ringback::io::demo::DemoTrunk;
use ringback::sim::Mix;
use serde_json::{Value, json};

use super::shop::SHOP;
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::peers::program::until;
use crate::support::databases::block_on;

/// The shop, open at every hour, with the script of the test peers.
fn always_open() -> String {
    SHOP.replace(r#""09:00-12:00", "14:00-18:00""#, r#""00:00-24:00""#)
        .replace(r#"script = "generic""#, r#"script = "one-key""#)
        .replace("brand = \"门店\"", "brand = \"门店\"\nlanguage = \"en\"")
}

async fn callbacks(daemon: &Daemon) -> Vec<Value> {
    daemon.get("/callbacks?rule=cleaning").await["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn sch_03_a_slip_that_comes_in_rings_within_seconds_and_its_score_closes_the_callback() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shop.toml"), always_open()).unwrap();
        // Without shares everybody answers and presses five.
        let trunk = DemoTrunk::with_mix(Mix::new(1, Vec::new()), 1).unwrap();
        let setup = Setup {
            sections: format!("[policy]\nfolder = \"{}\"\nrelease_at = \"00:00\"\n", folder.path().display()),
            ..Setup::of(&[Trunk::at("sim", trunk.address().port())])
        };
        let daemon = Daemon::start_as(&setup).await;
        daemon.trunk_becomes("sim", Duration::from_secs(20), |trunk| trunk["state"] == "up").await;
        let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let event = json!({
            "kind": "slip.cleaning", "external_id": "slip-1", "at": now.timestamp().to_string(),
            "customer": { "external_id": "c1", "name": "One", "phones": ["13800000001"] },
        });
        let begun = Instant::now();
        let report = daemon.post("/events?pack=shop", &event).await;
        assert_eq!(report["results"][0]["result"], "added", "{report}");
        // Another rule of the house: what is asked for is waited for, however busy the machine.
        let rang = until(Duration::from_secs(60), async || (trunk.current_calls() > 0).then_some(())).await;
        assert!(rang.is_some(), "nobody rang: {:#?}", callbacks(&daemon).await);
        assert!(begun.elapsed() < Duration::from_secs(30), "five minutes are allowed: {:?}", begun.elapsed());
        let done = until(Duration::from_secs(60), async || {
            callbacks(&daemon).await.into_iter().find(|c| c["state"] == "done")
        });
        let done = done.await.expect("the callback is done");
        assert_eq!(done["outcome"], "satisfied", "{done}");
        let call = daemon.get(&format!("/calls/{}", done["call_id"].as_str().unwrap())).await;
        assert_eq!(call["disposition"], "completed", "{call}");
        // After a kill and a new start nobody is called again.
        let daemon = daemon.kill_and_start_again().await;
        daemon.trunk_becomes("sim", Duration::from_secs(20), |trunk| trunk["state"] == "up").await;
        let day = now.date();
        daemon.post(&format!("/plan/shop/{day}/release"), &json!({})).await;
        let placed = trunk.counters().calls.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!((placed, callbacks(&daemon).await.len()), (1, 1));
        daemon.stop().await;
    });
}
