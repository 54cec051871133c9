//! A customer and an agent, each with a softphone: their tones prove who hears whom.

use std::time::Duration;

use ringback::media::tone::tone_dbfs;
use serde_json::{Value, json};

use super::baresip::{PLAIN, Phone, baresip, is_ready};
use super::daemon::{Daemon, own_network};
use super::program::{can_run, free_port, until};
use crate::support::databases::block_on;

const CUSTOMER_HZ: u16 = 440;
const AGENT_HZ: u16 = 1_300;

/// Left and right of a recording.
pub async fn sides(daemon: &Daemon, call: &Value) -> (Vec<i16>, Vec<i16>) {
    let audio = daemon.bytes(&format!("/calls/{}/recording", call["id"].as_str().expect("an id"))).await;
    let mut wav = hound::WavReader::new(audio.as_slice()).expect("a WAV");
    let samples: Vec<i16> = wav.samples::<i16>().filter_map(Result::ok).collect();
    samples.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip()
}

pub async fn only_call(daemon: &Daemon, state: &str) -> Value {
    let up = until(Duration::from_secs(30), async || {
        let live = daemon.get("/live/calls").await;
        live["items"].as_array().and_then(|all| all.iter().find(|call| call["state"] == state)).cloned()
    });
    match up.await {
        Some(call) => call,
        None => panic!("no call is {state}: {}", daemon.get("/live/calls").await),
    }
}

#[test]
fn two_softphones_talk_and_the_recording_holds_each_on_its_side() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let port = free_port();
        let sections = format!(
            "[[inbound]]\nnumber = \"400*\"\nscript = \"bridged\"\nlanguage = \"en\"\n\
             [phones]\ncontact = [{{ extension = \"1001\", uri = \"sip:13800001111@127.0.0.1:{port}\" }}]\n"
        );
        let daemon = Daemon::start(&[own_network()], &sections).await;
        let agent = baresip(daemon.folder.path(), port, &Phone { tone_hz: AGENT_HZ, ..PLAIN });
        is_ready(&agent).await;
        let dial = format!("/dial sip:4001234567@127.0.0.1:{}", daemon.sip_port);
        let customer = baresip(daemon.folder.path(), free_port(), &Phone { commands: &[&dial], ..PLAIN });
        let call = only_call(&daemon, "bridged").await;
        assert_eq!(call["legs"][0]["target"], "1001", "{call}");
        let id = call["id"].as_str().expect("an id").to_owned();
        tokio::time::sleep(Duration::from_secs(3)).await;
        daemon.post(&format!("/calls/{id}/recording/pause"), &json!({ "paused": true })).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        daemon.post(&format!("/calls/{id}/recording/pause"), &json!({ "paused": false })).await;
        daemon.post(&format!("/calls/{id}/hold"), &json!({})).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        daemon.post(&format!("/calls/{id}/resume"), &json!({})).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        daemon.post(&format!("/calls/{id}/legs/hang-up"), &json!({ "leg": 1 })).await;
        let ended = until(Duration::from_secs(40), async || {
            daemon.get("/calls?direction=inbound&state=ended").await["items"].get(0).cloned()
        });
        let call = ended.await.unwrap_or_else(|| panic!("it never ended:\n{}", customer.tail()));
        let bridged = daemon.get(&format!("/calls/{id}/legs")).await;
        assert_eq!(bridged["legs"][0]["result"], "talked", "{bridged}");
        assert_eq!(bridged["pauses"][0]["actor"], "tests", "{bridged}");
        assert_eq!(bridged["hung_up_first"], "system", "{bridged}");
        let (left, right) = sides(&daemon, &call).await;
        let start = bridged["legs"][0]["answered_at"].as_i64().expect("a time");
        let at = |ms: i64| ((ms - call["answered_at"].as_i64().expect("a time")) * 8) as usize;
        let talk = at(start) + 8_000..at(start) + 16_000;
        let level = |side: &[i16], hz: u16| tone_dbfs(&side[talk.clone()], f32::from(hz));
        assert!(level(&left, AGENT_HZ) > -30.0 && level(&left, CUSTOMER_HZ) < -45.0, "{call}");
        assert!(level(&right, CUSTOMER_HZ) > -30.0 && level(&right, AGENT_HZ) < -45.0, "{call}");
        let paused = at(bridged["pauses"][0]["from_at"].as_i64().expect("a time")) + 800;
        let silent = |side: &[i16]| side[paused..paused + 8_000].iter().all(|sample| *sample == 0);
        assert!(silent(&left) && silent(&right), "{bridged}");
        daemon.stop().await;
    });
}
