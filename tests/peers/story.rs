//! The whole story with softphones: a customer calls the hotline, chooses, waits with music, and
//! talks with one agent after another; a supervisor whispers; the talk is rated; its ticket is
//! dealt with, and the customer's key on the robot's call closes it. What each phone hears is
//! proved by tones, and so are both sides of the recording.

use std::time::Duration;

use serde_json::{Value, json};

use super::bridged::{only_call, sides};
use super::daemon::{Daemon, Setup, Trunk};
use super::program::{can_run, free_port, until};
use super::softphone::{ANNA, BOB, BOSS, CUSTOMER, Softphone, leg_text, level, speak, talk, voices};
use crate::plan::shop::SHOP;
use crate::support::databases::block_on;

const CUSTOMER_NUMBER: &str = "13800001111";

/// Repairs of the shop: one stage, verified at once.
const TICKETS: &str = r#"
pack = "shop"
title = "门店工单"
owner = "店长"
supervisor = "经理"
[verify]
after = "0min"
deadline = "1d"
[entry."4001234567"]
[kind.repair]
title = "报修"
[[kind.repair.stage]]
id = "repair"
title = "维修"
due = "48h"
"#;

/// The shop, open at every hour, whose robot asks one question.
fn shop() -> String {
    let rule = "[rule.ticket_verify]\ntitle = \"工单验证\"\nsource = \"VER-02\"\npurpose = \"verification\"\n\
                on = { manual = true }\ndue = \"0d\"\ndeadline = \"1d\"\nscript = \"one-key\"\n";
    SHOP.replace(r#""09:00-12:00", "14:00-18:00""#, r#""00:00-24:00""#)
        .replace("brand = \"门店\"", "brand = \"门店\"\nlanguage = \"en\"")
        + rule
}

async fn open_shop() -> (tempfile::TempDir, Daemon, u16) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.toml"), shop()).expect("the policy");
    std::fs::create_dir(folder.path().join("tickets")).expect("a folder");
    std::fs::write(folder.path().join("tickets/shop.toml"), TICKETS).expect("the tickets");
    let agents: String = [("anna", "8001"), ("bob", "8002"), ("boss", "8009")]
        .map(|(name, extension)| {
            format!("[[agent]]\nname = \"{name}\"\nextension = \"{extension}\"\nsecret = \"warm-tea-41\"\n")
        })
        .concat();
    let sections = format!(
        "[policy]\nfolder = \"{}\"\nrelease_at = \"00:00\"\n[agents]\nwrap_up = \"1s\"\non_register = \"not_ready\"\n{agents}\
         [[queue]]\nname = \"service\"\nannounce_first = \"0s\"\n\
         [[hotline]]\nnumber = \"400*\"\nlanguage = \"en\"\nqueue = \"service\"\n",
        folder.path().display()
    );
    // The customer's phone stands behind the trunk: it calls from there and is called there.
    let port = free_port();
    let daemon = Daemon::start_as(&Setup { sections, ..Setup::of(&[Trunk::at("own", port)]) }).await;
    (folder, daemon, port)
}

/// Milliseconds of a field.
fn ms(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("no {field}: {value}"))
}

#[test]
fn ver_02_a_customer_calls_waits_talks_rates_and_is_asked_whether_it_is_solved() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let (_folder, daemon, port) = open_shop().await;
        let customer = Softphone::start(&daemon, "customer", port, CUSTOMER, None).await;
        let anna = Softphone::of_agent(&daemon, "anna", "8001", ANNA).await;
        let bob = Softphone::of_agent(&daemon, "bob", "8002", BOB).await;
        let boss = Softphone::of_agent(&daemon, "boss", "8009", BOSS).await;
        let story = Story { daemon, customer, anna, bob, boss };
        let (id, heard) = story.talk().await;
        let call = story.rate(&id).await;
        story.prove(&id, &call, &heard).await;
        story.verify(&id).await;
        story.daemon.stop().await;
    });
}

/// Seconds of the talk, by what is to be heard then.
struct Moments {
    waiting: i64,
    talking: i64,
    held: i64,
    whispered: i64,
    transferred: i64,
    consulting: i64,
    completed: i64,
}

struct Story {
    daemon: Daemon,
    customer: Softphone,
    anna: Softphone,
    bob: Softphone,
    boss: Softphone,
}

impl Story {
    async fn order(&self, call: &str, what: &str, body: Value) {
        self.daemon.post(&format!("/calls/{call}/{what}"), &body).await;
    }

    /// From the first ring until an agent hangs up.
    async fn talk(&self) -> (String, Moments) {
        let daemon = &self.daemon;
        self.customer.control.tell("dial", &format!("sip:4001234567@127.0.0.1:{}", daemon.sip_port)).await;
        let at_step = async |step: &str| {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == step).cloned()
        };
        let menu = until(Duration::from_secs(30), async || at_step("menu").await).await;
        assert!(menu.is_some(), "no menu: {}", self.customer.program.tail());
        self.customer.control.tell("sndcode", "3").await;
        let call = until(Duration::from_secs(30), async || at_step("wait").await).await.expect("the queue");
        let id = call["id"].as_str().expect("an id").to_owned();
        // Behind what is said first.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let waiting = speak().await;
        let ready = daemon.try_put("/agents/anna/state", &json!({ "state": "available" })).await;
        assert_eq!(ready.0, 200, "{}", ready.1);
        only_call(daemon, "bridged").await;
        talk(daemon, &["8001"]).await;
        let talking = speak().await;
        self.order(&id, "hold", json!({})).await;
        let held = speak().await;
        self.order(&id, "resume", json!({})).await;
        self.order(&id, "supervise", json!({ "target": "8009", "mode": "whisper" })).await;
        talk(daemon, &["8001", "8009"]).await;
        let whispered = speak().await;
        self.boss.control.tell("hangup", "").await;
        talk(daemon, &["8001"]).await;
        self.order(&id, "transfer", json!({ "target": "8002" })).await;
        talk(daemon, &["8002"]).await;
        let transferred = speak().await;
        self.order(&id, "consult", json!({ "target": "8001" })).await;
        talk(daemon, &["8001", "8002"]).await;
        let consulting = speak().await;
        self.order(&id, "complete", json!({})).await;
        talk(daemon, &["8001"]).await;
        let completed = speak().await;
        self.anna.control.tell("hangup", "").await;
        (id, Moments { waiting, talking, held, whispered, transferred, consulting, completed })
    }

    /// The customer gives a five and hangs up; the call as it is stored.
    async fn rate(&self, id: &str) -> Value {
        let daemon = &self.daemon;
        let asked = until(Duration::from_secs(20), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "satisfaction").cloned()
        });
        assert!(asked.await.is_some(), "nobody asks: {}", daemon.get("/live/calls").await);
        self.customer.control.tell("sndcode", "5").await;
        let rated = until(Duration::from_secs(20), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "opinion").cloned()
        });
        assert!(rated.await.is_some(), "no key was heard: {}", daemon.get("/live/calls").await);
        self.customer.control.tell("hangup", "").await;
        let path = format!("/calls/{id}");
        let ended = until(Duration::from_secs(20), async || {
            Some(daemon.get(&path).await).filter(|call| call["state"] == "ended")
        });
        ended.await.expect("the call ends with its customer")
    }

    /// Who heard whom, and what the recording holds.
    async fn prove(&self, id: &str, call: &Value, at: &Moments) {
        let legs = self.daemon.get(&format!("/calls/{id}/legs")).await;
        let results: Vec<String> = legs["legs"].as_array().expect("legs").iter().map(leg_text).collect();
        assert_eq!(
            results,
            [
                "8001 agent transferred",
                "8009 supervisor talked",
                "8002 agent transferred",
                "8001 agent talked"
            ],
            "{legs}"
        );
        assert_eq!(legs["hung_up_first"], "agent", "{legs}");
        let begun = ms(call, "answered_at");
        let of = |leg: usize| ms(&legs["legs"][leg], "answered_at");
        let customer = &self.customer.heard()[0];
        let (anna, bob, boss) = (self.anna.heard(), self.bob.heard(), self.boss.heard());
        let hears = |moment: i64| voices(customer, moment - begun);
        assert_eq!(hears(at.talking), [ANNA]);
        assert_eq!(hears(at.whispered), [ANNA], "the whisper is not for the customer");
        assert_eq!(hears(at.transferred), [BOB]);
        assert_eq!(hears(at.completed), [ANNA]);
        for moment in [at.waiting, at.held, at.consulting] {
            assert_eq!(hears(moment), [0_u16; 0], "nobody");
            assert!(level(customer, moment - begun) > -40.0, "but music");
        }
        assert_eq!(voices(&anna[0], at.talking - of(0)), [CUSTOMER]);
        assert_eq!(voices(&anna[0], at.held - of(0)), [0_u16; 0]);
        assert_eq!(voices(&anna[0], at.whispered - of(0)), [CUSTOMER, BOSS]);
        assert_eq!(voices(&boss[0], at.whispered - of(1)), [CUSTOMER, ANNA]);
        assert_eq!(voices(&bob[0], at.transferred - of(2)), [CUSTOMER]);
        assert_eq!(voices(&bob[0], at.consulting - of(2)), [ANNA]);
        assert_eq!(voices(&anna[1], at.consulting - of(3)), [BOB]);
        assert_eq!(voices(&anna[1], at.completed - of(3)), [CUSTOMER]);
        let (left, right) = sides(&self.daemon, call).await;
        for (moment, ours) in [(at.talking, ANNA), (at.transferred, BOB), (at.completed, ANNA)] {
            assert_eq!(voices(&left, moment - begun), [ours], "our side");
            assert_eq!(voices(&right, moment - begun), [CUSTOMER], "the customer's side");
        }
        assert_eq!(voices(&right, at.held - begun), [CUSTOMER], "whoever waits is recorded");
        assert_eq!(call["missing_frames"], 0, "{call}");
    }

    /// The call is a ticket of what was chosen; dealt with, the robot asks, and a key closes it.
    async fn verify(&self, id: &str) {
        let daemon = &self.daemon;
        let made =
            until(Duration::from_secs(20), async || daemon.get("/tickets").await["items"].get(0).cloned());
        let ticket = made.await.expect("a ticket");
        assert_eq!((&ticket["kind"], &ticket["pack"]), (&json!("repair"), &json!("shop")), "{ticket}");
        let path = format!("/tickets/{}", ticket["id"]);
        let detail = daemon.get(&path).await;
        assert!(detail.to_string().contains(id), "the call is linked: {detail}");
        let answers = daemon.get(&format!("/calls/{id}/answers")).await;
        assert!(answers.to_string().contains("\"score\":5"), "{answers}");
        daemon.post(&format!("{path}/acts"), &json!({ "do": "report", "stage": "repair" })).await;
        let asked = until(Duration::from_secs(60), async || {
            let live = daemon.get("/live/calls").await;
            let robot = |call: &&Value| call["direction"] == "outbound" && call["state"] == "script";
            live["items"].as_array().and_then(|all| all.iter().find(robot).cloned())
        });
        let asked = asked.await;
        assert!(asked.is_some(), "no robot calls: {}\n{}", daemon.get(&path).await, daemon.log());
        self.customer.control.tell("sndcode", "5").await;
        let closed = until(Duration::from_secs(40), async || {
            Some(daemon.get(&path).await).filter(|ticket| ticket["ticket"]["phase"] == "closed")
        });
        let closed = closed.await.expect("the customer's key closes it");
        assert_eq!(closed["closed_how"], "satisfied", "{closed}");
        let confirmed = closed["fields"]["confirmed_in_call"].as_str().expect("a call");
        let call = daemon.get(&format!("/calls/{confirmed}?unmask=true")).await;
        assert_eq!((&call["phone"], &call["disposition"]), (&json!(CUSTOMER_NUMBER), &json!("completed")));
    }
}
