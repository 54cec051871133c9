//! An agent's softphone dials a customer's over a trunk: tones prove who is on which side.

use std::time::Duration;

use ringback::media::tone::tone_dbfs;
use serde_json::{Value, json};

use super::baresip::{PLAIN, Phone, baresip, baresip_as, is_ready};
use super::bridged::{only_call, sides};
use super::daemon::{Daemon, Trunk};
use super::program::{can_run, free_port, until};
use crate::support::databases::block_on;

const CUSTOMER_HZ: u16 = 440;
const AGENT_HZ: u16 = 1_300;

#[test]
fn an_agent_dials_encrypted_from_a_softphone_and_by_order_and_both_calls_are_recorded() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let port = free_port();
        let sections = "[agents]\nwrap_up = \"1s\"\n\
             [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\nmay_dial = [\"1XXXXXXXXXX\"]\n\
             [phones]\nsrtp = \"required\"\n";
        let daemon = Daemon::start(&[Trunk::at("far", port)], sections).await;
        let customer = baresip(daemon.folder.path(), port, &PLAIN);
        is_ready(&customer).await;
        daemon.trunk_becomes("far", Duration::from_secs(20), |trunk| trunk["state"] == "up").await;
        let account = format!(
            "<sip:8001@127.0.0.1:{}>;auth_user=8001;auth_pass=warm-tea-41;regint=60;answermode=auto;mediaenc=srtp-mand;audio_codecs=PCMA/8000/1\n",
            daemon.sip_port
        );
        // It shares its address with the trunk, and is known as a phone once it has registered:
        // what is typed at the start comes before that. So it is there once, and comes back.
        let own = free_port();
        let phone = Phone { tone_hz: AGENT_HZ, config: "module srtp.so\n".to_owned(), ..PLAIN };
        let mut agent = baresip_as(daemon.folder.path(), own, &phone, &account);
        is_available(&daemon).await;
        agent.kill();
        let dial = format!("/dial sip:13800001111@127.0.0.1:{}", daemon.sip_port);
        let phone = Phone { commands: &[&dial], ..phone };
        let agent = baresip_as(daemon.folder.path(), own, &phone, &account);
        for order in [false, true] {
            if order {
                is_available(&daemon).await;
                let body = json!({ "number": "13800001112" });
                let begun = daemon.post("/agents/anna/dial", &body).await;
                assert!(begun["call"].is_string(), "{begun}");
            }
            let call = only_call(&daemon, "bridged").await;
            let id = call["id"].as_str().expect("an id").to_owned();
            tokio::time::sleep(Duration::from_secs(4)).await;
            daemon.post(&format!("/calls/{id}/legs/hang-up"), &json!({ "leg": 1 })).await;
            let ended = until(Duration::from_secs(40), async || {
                let call = daemon.get(&format!("/calls/{id}")).await;
                Some(call).filter(|call| call["state"] == "ended")
            });
            let call = ended.await.unwrap_or_else(|| panic!("it never ended:\n{}", agent.tail()));
            assert_eq!(call["disposition"], "served", "{call}");
            let (left, right) = sides(&daemon, &call).await;
            let level = |side: &[i16], hz: u16| tone_dbfs(&side[8_000..16_000], f32::from(hz));
            assert!(level(&left, AGENT_HZ) > -30.0 && level(&left, CUSTOMER_HZ) < -45.0, "{call}");
            assert!(level(&right, CUSTOMER_HZ) > -30.0 && level(&right, AGENT_HZ) < -45.0, "{call}");
            let trace = daemon.get(&format!("/calls/{id}/trace")).await.to_string();
            assert!(trace.contains("8001") && trace.contains("1380000111"), "both legs' messages: {trace}");
        }
        assert_eq!(agent.output().matches("SRTP is Enabled").count(), 2, "{}", agent.tail());
        daemon.stop().await;
    });
}

async fn is_available(daemon: &Daemon) {
    let free = async || {
        let all: Value = daemon.get("/agents").await;
        (all["items"][0]["state"] == "available").then_some(())
    };
    assert!(until(Duration::from_secs(30), free).await.is_some(), "{}", daemon.get("/agents").await);
}
