//! The whole program: a recorded call, and hands that are laid on it.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::peers::baresip::{PLAIN, baresip, is_ready};
use crate::peers::daemon::{Daemon, Trunk, ringback};
use crate::peers::program::{can_run, free_port, until};
use crate::support::databases::block_on;

fn verify(daemon: &Daemon, more: &[&str]) -> Output {
    let mut command = ringback(daemon.folder.path());
    command.args(["verify", "--json", "-c", "ringback.toml"]).args(more).output().expect("ringback verify")
}

fn result(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn codes(found: &Value) -> Vec<&str> {
    found["troubles"].as_array().unwrap().iter().map(|trouble| trouble["code"].as_str().unwrap()).collect()
}

#[test]
fn rec_03_a_recorded_call_is_verified_and_a_deleted_file_is_an_alarm_of_the_daemon() {
    if !can_run("baresip") {
        return;
    }
    block_on(async {
        let port = free_port();
        let sections = "[custody]\ncheck_every = \"1s\"\ncheck_rate_mb = 100\n";
        let daemon = Daemon::start(&[Trunk::at("far", port)], sections).await;
        let customer = baresip(daemon.folder.path(), port, &PLAIN);
        is_ready(&customer).await;
        let campaign = daemon.dial("far", "13800001111", json!({})).await;
        let call = daemon.call_of(campaign, Duration::from_secs(60)).await;
        let id = call["id"].as_str().unwrap().to_owned();
        assert!(daemon.play(&call).await > 0);
        // Linked by itself, and soon.
        let linked = until(Duration::from_secs(30), async || {
            let entries = daemon.get(&format!("/custody/entries?subject=call:{id}")).await;
            let waiting = daemon.get("/custody").await["chain"]["waiting"].clone();
            (entries["items"][0].is_object() && waiting == 0).then_some(())
        });
        assert!(linked.await.is_some(), "{}", daemon.get("/custody").await);
        let good = verify(&daemon, &[]);
        let found = result(&good);
        assert_eq!((good.status.code(), &found["good"]), (Some(0), &json!(true)), "{found}");
        assert!(found["files"].as_i64() >= Some(1) && found["entries"].as_i64() >= Some(2), "{found}");
        // The same by order, from the daemon.
        daemon.post("/custody/verification", &json!({})).await;
        let done = until(Duration::from_secs(30), async || {
            let standing = daemon.get("/custody/verification").await;
            Some(standing).filter(|standing| standing["result"].is_object())
        });
        assert_eq!(done.await.expect("it ends")["result"]["good"], true);
        // A hand on the file, while the daemon runs.
        let recordings = daemon.folder.path().join("recordings");
        let file =
            walk(&recordings).into_iter().find(|p| p.ends_with(&format!("{id}.wav"))).expect("the recording");
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - 2]).unwrap();
        let altered = verify(&daemon, &[]);
        assert_eq!((altered.status.code(), codes(&result(&altered))), (Some(1), vec!["file_altered"]));
        std::fs::remove_file(&file).unwrap();
        let missing = verify(&daemon, &[]);
        assert_eq!((missing.status.code(), codes(&result(&missing))), (Some(1), vec!["file_missing"]));
        let told = until(Duration::from_secs(90), async || {
            let log = daemon.log();
            (log.contains("recording_missing") && log.contains(&id)).then_some(())
        });
        assert!(told.await.is_some(), "the next look finds it:\n{}", daemon.log());
        // The file is back, and roots from elsewhere are compared; told in words.
        std::fs::write(&file, &bytes).unwrap();
        let folder = daemon.folder.path().to_owned();
        let places = (folder.join("ringback.toml"), folder.join("elsewhere.txt"));
        let root = "0".repeat(63) + "1";
        std::fs::write(&places.1, format!("2026-03-02 1 {root}\n")).unwrap();
        let text = |more: &[&str]| {
            let output = ringback(&folder).args(["verify", "-c"]).arg(&places.0).args(more).output().unwrap();
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stdout).into_owned()
                    + &String::from_utf8_lossy(&output.stderr),
            )
        };
        let (code, words) = text(&[]);
        assert!(code == Some(0) && words.contains("all is as it was"), "{words}");
        let (code, words) = text(&["--roots", "elsewhere.txt"]);
        assert!(code == Some(1) && words.contains("the root of 2026-03-02"), "{words}");
        let (code, words) = text(&["--roots", "nowhere.txt"]);
        assert!(code == Some(2) && words.contains("nowhere.txt"), "{words}");
        let (code, words) = text(&["--since", "March"]);
        assert!(code == Some(2) && words.contains("write it as 2026-03-01"), "{words}");
        daemon.stop().await;
    });
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all
}
