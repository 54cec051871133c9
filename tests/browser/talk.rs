//! What a desk and the floor order in a call that is up, with telephones: who hears whom is proved by
//! tones.

use std::time::Duration;

use serde_json::{Value, json};

use super::chromium::{Chromium, is_there};
use super::story::{entered, look_at_all};
use crate::peers::daemon::{Daemon, own_network};
use crate::peers::program::{can_run, free_port, until};
use crate::peers::softphone::{ANNA, BOB, BOSS, CUSTOMER, Softphone, level, speak, talk, voices};
use crate::support::databases::block_on;

const OFFICE: &str = "[agents]\nwrap_up = \"120s\"\non_register = \"not_ready\"\n\
     [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\n\
     [[agent]]\nname = \"bob\"\nextension = \"8002\"\nsecret = \"warm-tea-41\"\n\
     [[agent]]\nname = \"boss\"\nextension = \"8009\"\nsecret = \"warm-tea-41\"\n\
     [[queue]]\nname = \"service\"\nannounce_first = \"0s\"\n\
     [[hotline]]\nnumber = \"400*\"\nlanguage = \"en\"\nqueue = \"service\"\n";

/// A customer who talks with Anna, whose desk is shown; Bob and the boss have phones.
struct Talk {
    daemon: Daemon,
    browser: Chromium,
    customer: Softphone,
    anna: Softphone,
    bob: Softphone,
    boss: Softphone,
    id: String,
}

impl Talk {
    async fn begin() -> Talk {
        let daemon = Daemon::start(&[own_network()], OFFICE).await;
        let browser = Chromium::start().await;
        entered(&browser, &daemon).await;
        let customer = Softphone::start(&daemon, "customer", free_port(), CUSTOMER, None).await;
        let anna = Softphone::of_agent(&daemon, "anna", "8001", ANNA).await;
        let bob = Softphone::of_agent(&daemon, "bob", "8002", BOB).await;
        let boss = Softphone::of_agent(&daemon, "boss", "8009", BOSS).await;
        browser.go(&format!("{}/desk?agent=anna", daemon.root())).await;
        browser.click("#desk-available").await;
        browser.wait("she is there", "document.querySelector('.desk-state.is-available')").await;
        customer.control.tell("dial", &format!("sip:4001234567@127.0.0.1:{}", daemon.sip_port)).await;
        let menu = until(Duration::from_secs(30), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "menu").cloned()
        });
        assert!(menu.await.is_some(), "no menu: {}", customer.program.tail());
        customer.control.tell("sndcode", "3").await;
        talk(&daemon, &["8001"]).await;
        browser.wait("they talk", "document.querySelector('#desk-hold')").await;
        let live = daemon.get("/live/calls").await;
        let id = live["items"][0]["id"].as_str().expect("an id").to_owned();
        Talk { daemon, browser, customer, anna, bob, boss, id }
    }

    async fn pressed(&self, button: &str, state: bool) {
        let is = format!("document.querySelector('{button}')?.getAttribute('aria-pressed') === '{state}'");
        self.browser.wait(button, &is).await;
    }

    /// The call as it is stored, and its legs.
    async fn end(&self) -> (Value, Value) {
        self.customer.control.tell("hangup", "").await;
        let path = format!("/calls/{}", self.id);
        let ended = until(Duration::from_secs(20), async || {
            Some(self.daemon.get(&path).await).filter(|call| call["state"] == "ended")
        });
        (
            ended.await.expect("the call ends with its customer"),
            self.daemon.get(&format!("{path}/legs")).await,
        )
    }

    async fn close(self) {
        let root = self.daemon.root();
        let mistakes = self.browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = self.browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| !url.starts_with(&root) && !url.starts_with("data:")).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        self.browser.end().await;
        drop((self.customer, self.anna, self.bob, self.boss));
        self.daemon.stop().await;
    }
}

/// When a leg was answered.
fn answered(legs: &Value, leg: usize) -> i64 {
    legs["legs"][leg]["answered_at"].as_i64().unwrap_or_else(|| panic!("leg {leg}: {legs}"))
}

#[test]
fn cnt_19_the_desk_holds_mutes_calls_an_expert_in_by_name_and_hands_the_customer_on() {
    if !is_there() || !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let story = Talk::begin().await;
        let (browser, daemon) = (&story.browser, &story.daemon);
        // A ticket of this call, which is told of the expert.
        browser.ask("document.querySelector('#desk-new [name=kind]').value = 'complaint'").await;
        browser.fill("#desk-new [name=\"fields.content\"]", "The door hangs").await;
        browser.click("#desk-new button.main").await;
        browser.wait("the ticket", "document.querySelector('#desk-card-tickets a')").await;
        browser
            .wait("what it is about", "document.querySelector('#desk-about a[href^=\"/tickets/\"]')")
            .await;

        browser.click("#desk-hold").await;
        browser.wait("the customer is held", "document.querySelector('#desk-resume')").await;
        let held = speak().await;
        browser.click("#desk-resume").await;
        browser.wait("they talk again", "document.querySelector('#desk-hold')").await;
        browser.click("#desk-mute").await;
        story.pressed("#desk-mute", true).await;
        let muted = speak().await;
        browser.click("#desk-mute").await;
        story.pressed("#desk-mute", false).await;

        // Bob is called in by his name; then all three talk.
        browser.wait("colleagues", "document.querySelector('#desk-call-in li')").await;
        browser.picture("desk-call-in-en-light-1440").await;
        browser.click("#desk-call-in [aria-label='Consult with bob']").await;
        talk(daemon, &["8001", "8002"]).await;
        browser.wait("he is consulted", "document.querySelector('#desk-join')").await;
        browser.picture("desk-consulting-en-light-1440").await;
        let consulting = speak().await;
        browser.click("#desk-join").await;
        browser
            .wait("all talk", "!document.querySelector('#desk-join') && document.querySelector('#desk-hold')")
            .await;
        let joined = speak().await;
        browser.click(".desk-legs button").await;
        talk(daemon, &["8001"]).await;
        let tickets = daemon.get("/tickets?kind=complaint").await;
        let detail = daemon.get(&format!("/tickets/{}", tickets["items"][0]["id"])).await;
        let noted =
            detail["timeline"].as_array().expect("lines").iter().find(|line| line["action"] == "called_in");
        let noted = noted.unwrap_or_else(|| panic!("nobody is noted: {detail}"));
        assert_eq!((&noted["detail"], &noted["call_id"]), (&json!("bob"), &json!(story.id)));

        // Handed on: Bob has the customer, Anna finishes her work.
        browser.wait("she is alone with the customer", "!document.querySelector('.desk-legs')").await;
        // In one step: the part may be put anew while nobody writes in it.
        let hand_on = "const form = document.querySelector('#desk-transfer'); form.elements.target.value = '8002'; \
                       form.querySelector(\"button[data-send$='/transfer']\").click()";
        browser.ask(hand_on).await;
        talk(daemon, &["8002"]).await;
        browser.wait("she wraps up", "document.querySelector('.desk-state.is-wrap_up')").await;
        let transferred = speak().await;
        look_at_all(browser, &daemon.root(), &[("desk-talking", "/desk?agent=bob".to_owned())]).await;
        browser.go(&format!("{}/desk?agent=bob", daemon.root())).await;
        browser.click("#desk-hang-up").await;
        browser.wait("he wraps up", "document.querySelector('.desk-state.is-wrap_up')").await;

        let (call, legs) = story.end().await;
        let begun = call["answered_at"].as_i64().expect("a time");
        let customer = &story.customer.heard()[0];
        for moment in [held, consulting] {
            assert_eq!(voices(customer, moment - begun), [0_u16; 0], "nobody");
            assert!(level(customer, moment - begun) > -40.0, "but music");
        }
        assert_eq!(voices(customer, muted - begun), [0_u16; 0]);
        assert_eq!(voices(customer, joined - begun), [ANNA, BOB]);
        assert_eq!(voices(customer, transferred - begun), [BOB]);
        let (anna, bob) = (story.anna.heard(), story.bob.heard());
        assert_eq!(voices(&anna[0], muted - answered(&legs, 0)), [CUSTOMER], "she hears on");
        assert_eq!(voices(&bob[0], consulting - answered(&legs, 1)), [ANNA]);
        assert_eq!(voices(&bob[0], joined - answered(&legs, 1)), [CUSTOMER, ANNA]);
        story.close().await;
    });
}

#[test]
fn a_supervisor_listens_whispers_and_joins_from_the_floor() {
    if !is_there() || !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let story = Talk::begin().await;
        let (browser, daemon) = (&story.browser, &story.daemon);
        browser.go(&format!("{}/desk/team", daemon.root())).await;
        browser.wait("scripts", "customElements.get('desk-live')").await;
        browser.wait("she talks", "document.querySelector('button[value=listen]')").await;
        browser.fill("#desk-ear", "8009").await;
        let mut moments = Vec::new();
        for mode in ["listen", "whisper", "barge"] {
            browser.click(&format!("button[value={mode}]")).await;
            talk(daemon, &["8001", "8009"]).await;
            let is_so = until(Duration::from_secs(10), async || {
                let live = daemon.get("/live/calls").await;
                let legs = live["items"][0]["legs"].as_array()?.clone();
                legs.iter().any(|leg| leg["supervises"] == mode).then_some(())
            });
            assert!(is_so.await.is_some(), "nobody does {mode}: {}", daemon.get("/live/calls").await);
            if mode == "listen" {
                browser.picture("team-listening-en-light-1440").await;
            }
            moments.push(speak().await);
        }
        story.boss.control.tell("hangup", "").await;
        talk(daemon, &["8001"]).await;
        look_at_all(browser, &daemon.root(), &[("team-talking", "/desk/team".to_owned())]).await;
        story.anna.control.tell("hangup", "").await;
        let (call, legs) = story.end().await;
        let begun = call["answered_at"].as_i64().expect("a time");
        let (customer, anna, boss) =
            (&story.customer.heard()[0], &story.anna.heard()[0], &story.boss.heard()[0]);
        let hears = |sound: &[i16], since: i64| {
            moments.iter().map(|at| voices(sound, at - since)).collect::<Vec<_>>()
        };
        assert_eq!(hears(customer, begun), [vec![ANNA], vec![ANNA], vec![ANNA, BOSS]]);
        assert_eq!(
            hears(anna, answered(&legs, 0)),
            [vec![CUSTOMER], vec![CUSTOMER, BOSS], vec![CUSTOMER, BOSS]]
        );
        assert_eq!(
            hears(boss, answered(&legs, 1)),
            [vec![CUSTOMER, ANNA], vec![CUSTOMER, ANNA], vec![CUSTOMER, ANNA]]
        );
        story.close().await;
    });
}
