//! The real program: a call is recorded, sealed, archived, and heard; its keys are rotated. All by the
//! command line and the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringback::io::demo::DemoTrunk;
use ringback::io::store::Store;
use ringback::sim::{Act, Behaviour, Mix, Person};
use serde_json::{Value, json};

use crate::peers::daemon::{Daemon, Setup, Trunk, ringback};
use crate::peers::program::until;
use crate::support::databases::{block_on, execute};

const SOON: Duration = Duration::from_secs(30);

fn people(numbers: &[&str]) -> DemoTrunk {
    let acts = vec![Act::Press { keys: "5".to_owned(), thought_ms: 200 }];
    let person = Person { answer_ms: 100, greeting_ms: 800, acts, patience_ms: 0, ..Person::default() };
    let mut mix = Mix::new(1, Vec::new());
    for number in numbers {
        mix.set(number, Behaviour::Answers(person.clone()));
    }
    DemoTrunk::with_mix(mix, 1).expect("a simulated trunk")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A command of the program; what it printed.
fn command(daemon: &Daemon, arguments: &[&str]) -> String {
    let config = daemon.folder.path().join("ringback.toml");
    let output = ringback(daemon.folder.path()).args(arguments).arg("-c").arg(config).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn keep(daemon: &Daemon) -> Value {
    let report: Value = serde_json::from_str(&command(daemon, &["recordings", "keep", "--json"])).unwrap();
    assert_eq!(report["problems"], json!([]), "{report}");
    report["tally"].clone()
}

async fn recorded(daemon: &Daemon, name: &str, number: &str) -> Value {
    let campaign = daemon.dial(name, number, json!({ "trunk_group": "people" })).await;
    daemon.call_of(campaign, SOON).await
}

#[test]
fn rec_03_a_call_is_recorded_sealed_archived_and_heard_by_the_real_program() {
    block_on(async {
        let numbers = ["13800050001", "13800050002"];
        let people = people(&numbers);
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("people", people.address().port())])).await;
        let call = recorded(&daemon, "first", numbers[0]).await;
        let id = call["id"].as_str().unwrap().to_owned();
        let path = format!("/calls/{id}/recording");
        let folder = daemon.folder.path().join("recordings");
        let wav = daemon.bytes(&path).await;
        assert!(wav.len() > 8_000 && wav.starts_with(b"RIFF"), "{call}");
        daemon.edit(|text| {
            format!("{text}\n[encryption]\nkey_file = \"recordings.key\"\n[retention]\narchive_days = 30\n")
        });
        assert_eq!(
            daemon.try_post("/reload", &json!({})).await.0,
            422,
            "without its key file the old settings stay"
        );
        assert!(command(&daemon, &["key", "new"]).contains("keep a copy elsewhere"));
        assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 200);
        // The keeper may have sealed it by itself since the reload.
        keep(&daemon);
        assert!(
            !files(&folder).iter().any(|file| file.extension().is_some_and(|e| e == "wav")),
            "{:?}",
            files(&folder)
        );
        assert_eq!(daemon.bytes(&path).await, wav);
        // The call was forty days ago.
        let store =
            Store::open(&format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display()))
                .await
                .unwrap();
        execute(&store, "UPDATE calls SET ended_at = ended_at - 3456000000").await.unwrap();
        assert_eq!(keep(&daemon)["archived"], 1);
        assert_eq!(daemon.bytes(&path).await, wav, "heard from the archive, byte by byte");
        assert!(daemon.play(&call).await > 500);
        let second = recorded(&daemon, "second", numbers[1]).await;
        let sealed = until(SOON, async || {
            let wavs =
                files(&folder).iter().filter(|file| file.extension().is_some_and(|e| e == "wav")).count();
            (wavs == 0 && files(&folder).len() == 2).then_some(())
        });
        assert!(sealed.await.is_some(), "a call that ends is sealed by itself: {:?}", files(&folder));
        daemon.play(&second).await;
        command(&daemon, &["key", "rotate"]);
        assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 200);
        let keys: Value = serde_json::from_str(&command(&daemon, &["key", "list", "--json"])).unwrap();
        assert_eq!(
            (&keys["items"][0]["recordings"], &keys["items"][1]["recordings"]),
            (&json!(0), &json!(2)),
            "{keys}"
        );
        keep(&daemon);
        let of_keys: Value = serde_json::from_str(&command(&daemon, &["key", "list", "--json"])).unwrap();
        assert_eq!(of_keys["items"][0]["recordings"], 2, "sealed anew: {of_keys}");
        command(&daemon, &["key", "retire", keys["items"][1]["id"].as_str().unwrap()]);
        assert_eq!(daemon.try_post("/reload", &json!({})).await.0, 200);
        assert_eq!(daemon.bytes(&path).await, wav, "the old key is not needed");
        let shown = command(&daemon, &["recordings", "show", &id]);
        assert!(shown.contains("archived as FLAC") && shown.contains("sealed again"), "{shown}");
        store.close().await;
        daemon.stop().await;
    });
}
