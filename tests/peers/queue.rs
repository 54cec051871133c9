//! The hotline with softphones: an agent registers, a customer calls, waits, talks, rates, and
//! the call is a ticket. Their tones prove who hears whom.

use std::time::Duration;

use ringback::media::tone::tone_dbfs;
use serde_json::{Value, json};

use super::baresip::{PLAIN, Phone, baresip, baresip_as, is_ready};
use super::bridged::{only_call, sides};
use super::daemon::{Daemon, own_network};
use super::program::{can_run, free_port, until};
use crate::support::databases::block_on;

const CUSTOMER_HZ: u16 = 440;
const AGENT_HZ: u16 = 1_300;

/// Waits until the only agent is in a state.
async fn agent_is(daemon: &Daemon, state: &str) -> Value {
    let is = async || {
        let all = daemon.get("/agents").await;
        all["items"].get(0).filter(|agent| agent["state"] == state).cloned()
    };
    match until(Duration::from_secs(40), is).await {
        Some(agent) => agent,
        None => panic!("the agent is not {state}: {}\n{}", daemon.get("/agents").await, daemon.log()),
    }
}

#[test]
fn a_customer_of_the_hotline_waits_talks_and_the_call_is_a_ticket() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let sections = "[agents]\nwrap_up = \"2s\"\n\
             [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\n\
             [[queue]]\nname = \"service\"\n\
             [[hotline]]\nnumber = \"400*\"\nlanguage = \"en\"\nqueue = \"service\"\n";
        let daemon = Daemon::start(&[own_network()], sections).await;
        // The customer comes first, and waits for somebody.
        let dial = format!("/dial sip:4001234567@127.0.0.1:{}", daemon.sip_port);
        let customer = baresip(daemon.folder.path(), free_port(), &Phone { commands: &[&dial], ..PLAIN });
        let waiting = until(Duration::from_secs(90), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "wait").cloned()
        });
        assert!(
            waiting.await.is_some(),
            "nobody waits: {}\n{}",
            daemon.get("/live/calls").await,
            customer.tail()
        );
        let queues = daemon.get("/queues").await;
        let waiting = &queues["items"][0]["waiting"][0];
        assert_eq!((&waiting["position"], &waiting["phone"]), (&json!(1), &json!("138****1111")), "{queues}");
        let account = format!(
            "<sip:8001@127.0.0.1:{}>;auth_user=8001;auth_pass=warm-tea-41;regint=60;answermode=auto;audio_codecs=PCMA/8000/1\n",
            daemon.sip_port
        );
        let phone = Phone { tone_hz: AGENT_HZ, ..PLAIN };
        let agent = baresip_as(daemon.folder.path(), free_port(), &phone, &account);
        is_ready(&agent).await;
        let call = only_call(&daemon, "bridged").await;
        let id = call["id"].as_str().expect("an id").to_owned();
        assert_eq!(call["legs"][0]["target"], "8001", "{call}");
        agent_is(&daemon, "on_call").await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        daemon.post(&format!("/calls/{id}/legs/hang-up"), &json!({ "leg": 1 })).await;
        agent_is(&daemon, "wrap_up").await;
        let ended = until(Duration::from_secs(60), async || {
            daemon.get("/calls?direction=inbound&state=ended").await["items"].get(0).cloned()
        });
        let call = ended.await.unwrap_or_else(|| panic!("it never ended:\n{}", customer.tail()));
        agent_is(&daemon, "available").await;
        let queues = daemon.get("/queues").await;
        assert_eq!(
            (&queues["items"][0]["answered"], &queues["items"][0]["waiting"]),
            (&json!(1), &json!([]))
        );
        let legs = daemon.get(&format!("/calls/{id}/legs")).await;
        assert_eq!(
            (&legs["legs"][0]["result"], &legs["legs"][0]["agent"]),
            (&json!("talked"), &json!("anna")),
            "{legs}"
        );
        assert_eq!(
            daemon.get("/calls?agent=anna").await["items"][0]["id"],
            json!(id),
            "it is found by her name"
        );
        // It can be audited once the examiner has heard it.
        let wanted = json!({ "call_id": id, "auditor": "li" });
        let case = until(Duration::from_secs(30), async || {
            let (status, case) = daemon.try_post("/audits/cases", &wanted).await;
            (status == 201).then_some(case)
        });
        assert_eq!(case.await.expect("a case")["agent"], "anna", "it is she who is scored");
        let start = legs["legs"][0]["answered_at"].as_i64().expect("a time");
        let from = ((start - call["answered_at"].as_i64().expect("a time")) * 8) as usize + 8_000;
        let (left, right) = sides(&daemon, &call).await;
        let level = |side: &[i16], hz: u16| tone_dbfs(&side[from..from + 8_000], f32::from(hz));
        assert!(level(&left, AGENT_HZ) > -30.0 && level(&left, CUSTOMER_HZ) < -45.0, "{call}");
        assert!(level(&right, CUSTOMER_HZ) > -30.0 && level(&right, AGENT_HZ) < -45.0, "{call}");
        let ticket =
            until(Duration::from_secs(20), async || daemon.get("/tickets").await["items"].get(0).cloned());
        let ticket = ticket.await.expect("a ticket");
        let detail = daemon.get(&format!("/tickets/{}", ticket["id"])).await;
        assert!(detail.to_string().contains(&id), "the call is linked: {detail}");
        daemon.stop().await;
    });
}
