//! Softphones that transfer their customer: to a number (RFC 3515), and to whom they have on their
//! second line (RFC 3891). Tones prove who hears whom, before and after.

use std::time::Duration;

use serde_json::json;

use super::bridged::only_call;
use super::daemon::{Daemon, own_network};
use super::program::{can_run, free_port, until};
use super::softphone::{ANNA, BOB, CUSTOMER, Softphone, leg_text, level, speak, talk, voices};
use crate::support::databases::block_on;

const OFFICE: &str = "[agents]\nwrap_up = \"1s\"\non_register = \"not_ready\"\n\
     [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\nmay_dial = [\"agents\"]\n\
     [[agent]]\nname = \"bob\"\nextension = \"8002\"\nsecret = \"warm-tea-41\"\n\
     [[queue]]\nname = \"service\"\nannounce_first = \"0s\"\n\
     [[hotline]]\nnumber = \"400*\"\nlanguage = \"en\"\nqueue = \"service\"\n";

/// The field of that name in the last message of a trace before its end that has it.
fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {message}")).trim()
}

fn tag(value: &str) -> &str {
    value.split(";tag=").nth(1).and_then(|rest| rest.split(';').next()).expect("a tag")
}

impl Softphone {
    /// Refer-To for the line that this phone has opened to `user`, as a phone with a key for it
    /// would write it: baresip sends what is typed behind `transfer`.
    fn refers_to_line(&self, daemon: &Daemon, user: &str) -> Option<String> {
        let output = self.program.output();
        let accepted = output.split("SIP/2.0 200 OK").skip(1);
        let accepted = accepted.map(|rest| rest.split("\r\n\r\n").next().unwrap_or_default());
        let invited = |message: &&str| {
            field(message, "CSeq").ends_with("INVITE")
                && field(message, "To").contains(&format!("sip:{user}@"))
        };
        let message = accepted.filter(invited).last()?;
        let (call_id, to, from) = (field(message, "Call-ID"), field(message, "To"), field(message, "From"));
        let escaped = call_id.replace('@', "%40");
        Some(format!(
            "<sip:{user}@127.0.0.1:{}?Replaces={escaped}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
            daemon.sip_port,
            tag(to),
            tag(from)
        ))
    }
}

#[test]
fn cnt_19_a_softphone_consults_on_its_second_line_and_transfers_the_customer_by_refer_with_replaces() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let daemon = Daemon::start(&[own_network()], OFFICE).await;
        let customer = Softphone::start(&daemon, "customer", free_port(), CUSTOMER, None).await;
        let anna = Softphone::of_agent(&daemon, "anna", "8001", ANNA).await;
        let bob = Softphone::of_agent(&daemon, "bob", "8002", BOB).await;
        let ready = daemon.try_put("/agents/anna/state", &json!({ "state": "available" })).await;
        assert_eq!(ready.0, 200, "{}", ready.1);
        customer.control.tell("dial", &format!("sip:4001234567@127.0.0.1:{}", daemon.sip_port)).await;
        let menu = until(Duration::from_secs(30), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "menu").cloned()
        });
        assert!(menu.await.is_some(), "no menu: {}", customer.program.tail());
        customer.control.tell("sndcode", "3").await;
        let id = only_call(&daemon, "bridged").await["id"].as_str().expect("an id").to_owned();
        talk(&daemon, &["8001"]).await;
        let talking = speak().await;
        // Her phone holds, calls the colleague on its second line, and both talk.
        anna.control.tell("hold", "").await;
        anna.control.tell("dial", &format!("sip:8002@127.0.0.1:{}", daemon.sip_port)).await;
        talk(&daemon, &["8001", "8001", "8002"]).await;
        let consulting = speak().await;
        let target = anna.refers_to_line(&daemon, "8002").expect("her second line");
        // The line with the customer is current again, and is what she transfers.
        anna.control.tell("line", "1").await;
        anna.control.tell("transfer", &target).await;
        talk(&daemon, &["8002"]).await;
        let transferred = speak().await;
        bob.control.tell("hangup", "").await;
        let path = format!("/calls/{id}");
        customer.control.tell("hangup", "").await;
        let ended = until(Duration::from_secs(20), async || {
            Some(daemon.get(&path).await).filter(|call| call["state"] == "ended")
        });
        let call = ended.await.expect("the call ends with its customer");
        let legs = daemon.get(&format!("/calls/{id}/legs")).await;
        let mut results: Vec<String> = legs["legs"].as_array().expect("legs").iter().map(leg_text).collect();
        results.sort();
        assert_eq!(
            results,
            ["8001 agent transferred", "8001 agent transferred", "8002 agent talked"],
            "{legs}\n{}",
            anna.program.tail()
        );
        let begun = call["answered_at"].as_i64().expect("a time");
        let heard = &customer.heard()[0];
        assert_eq!(voices(heard, talking - begun), [ANNA]);
        assert_eq!(voices(heard, consulting - begun), [0_u16; 0], "what they say is not for the customer");
        assert!(level(heard, consulting - begun) > -40.0, "but music");
        assert_eq!(voices(heard, transferred - begun), [BOB]);
        let of = |target: &str| {
            let legs = legs["legs"].as_array().expect("legs");
            let leg = legs.iter().rfind(|leg| leg["target"] == target).expect("a leg");
            leg["answered_at"].as_i64().expect("a time")
        };
        assert_eq!(voices(&bob.heard()[0], consulting - of("8002")), [ANNA]);
        assert_eq!(voices(&bob.heard()[0], transferred - of("8002")), [CUSTOMER]);
        let second = anna.heard().pop().expect("her second line");
        assert_eq!(voices(&second, consulting - of("8001")), [BOB]);
        let told = anna.program.output();
        assert!(told.contains("SIP/2.0 202") && told.contains("NOTIFY sip:"), "{}", anna.program.tail());
        daemon.stop().await;
    });
}
