//! The desk beside a telephone: a hotline call arrives, is answered, held, noted and wrapped up.

use std::time::Duration;

use super::chromium::{Chromium, is_there};
use super::story::{entered, look_at_all};
use crate::peers::daemon::{Daemon, own_network};
use crate::peers::program::{can_run, free_port, until};
use crate::peers::softphone::Softphone;
use crate::support::databases::block_on;

/// How soon a call must be seen on the desk.
const SOON_MS: i64 = 1_000;

async fn agent_is(daemon: &Daemon, state: &str) -> serde_json::Value {
    let is = async || {
        let all = daemon.get("/agents").await;
        let found = all["items"].as_array()?.iter().find(|agent| agent["name"] == "anna")?.clone();
        (found["state"] == state).then_some(found)
    };
    match until(Duration::from_secs(90), is).await {
        Some(agent) => agent,
        None => {
            panic!("anna is not {state}: {} {}", daemon.get("/agents").await, daemon.get("/live/calls").await)
        }
    }
}

#[test]
fn a_hotline_call_arrives_on_the_desk_and_is_answered_noted_and_wrapped_up() {
    if !is_there() || !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let sections = "[agents]\nwrap_up = \"120s\"\nring = \"60s\"\n\
             [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\n\
             [[agent]]\nname = \"bob\"\nextension = \"8002\"\nsecret = \"warm-tea-41\"\n\
             [[queue]]\nname = \"service\"\n\
             [[hotline]]\nnumber = \"400*\"\nlanguage = \"en\"\nqueue = \"service\"\n";
        let daemon = Daemon::start(&[own_network()], sections).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        entered(&browser, &daemon).await;
        browser.go(&format!("{root}/desk?agent=anna")).await;
        browser.wait("she has no phone", "document.querySelector('.desk-state.is-offline')").await;

        // Her phone registers: the page is never loaded again.
        browser.ask("window.mark = 1").await;
        let account = format!(
            "<sip:8001@127.0.0.1:{}>;auth_user=8001;auth_pass=warm-tea-41;regint=60;answermode=manual;audio_codecs=PCMA/8000/1\n",
            daemon.sip_port
        );
        let phone = Softphone::start(&daemon, "anna", free_port(), 1_300, Some(&account)).await;
        browser.wait("she is there", "document.querySelector('.desk-state.is-available')").await;
        browser.click("#desk-away-lunch").await;
        browser.wait("she is at lunch", "document.querySelector('.desk-state.is-not_ready')").await;
        assert_eq!(agent_is(&daemon, "not_ready").await["reason"], "lunch");
        browser.click("#desk-available").await;
        browser.wait("she is back", "document.querySelector('.desk-state.is-available')").await;

        // A customer calls: it stands on the desk within a second, and is said.
        let watch = "const look = () => { if (!window.came && document.querySelector('.desk-call.is-offered')) \
                     window.came = Date.now(); }; \
                     new MutationObserver(look).observe(document.body, { childList: true, subtree: true })";
        browser.ask(watch).await;
        let customer = Softphone::start(&daemon, "customer", free_port(), 440, None).await;
        customer.control.tell("dial", &format!("sip:4001234567@127.0.0.1:{}", daemon.sip_port)).await;
        let menu = until(Duration::from_secs(30), async || {
            let live = daemon.get("/live/calls").await;
            live["items"].get(0).filter(|call| call["step"] == "menu").map(|_| ())
        });
        assert!(
            menu.await.is_some(),
            "no menu: {}\n{}",
            daemon.get("/live/calls").await,
            customer.program.tail()
        );
        customer.control.tell("sndcode", "2").await;
        let offered = agent_is(&daemon, "offered").await;
        browser.wait("the call is shown", "window.came").await;
        let came = browser.ask("return window.came").await.as_i64().expect("a time");
        let since = offered["since"].as_i64().expect("a time");
        assert!(came - since < SOON_MS, "it took {} ms", came - since);
        browser
            .wait("it is said", "document.querySelector('#desk-said').textContent.includes('138****1111')")
            .await;
        assert_eq!(
            browser.ask("return document.querySelector('#desk-said').getAttribute('role')").await,
            "alert"
        );
        browser.picture("desk-offered-en-light-1440").await;

        // Answered on the phone; held, muted and taken back here.
        phone.control.tell("accept", "").await;
        browser.wait("they talk", "document.querySelector('#desk-hold')").await;
        browser.click("#desk-hold").await;
        browser.wait("the customer is held", "document.querySelector('#desk-resume')").await;
        browser.picture("desk-held-en-light-1440").await;
        browser.click("#desk-resume").await;
        browser.wait("they talk again", "document.querySelector('#desk-hold')").await;
        browser.click("#desk-mute").await;
        browser
            .wait(
                "nobody hears her",
                "document.querySelector('#desk-mute').getAttribute('aria-pressed') === 'true'",
            )
            .await;
        browser.click("#desk-mute").await;
        browser
            .wait(
                "she is heard",
                "document.querySelector('#desk-mute').getAttribute('aria-pressed') === 'false'",
            )
            .await;

        // What she writes stays while the call goes on; it becomes a ticket of this call.
        browser.ask("document.querySelector('#desk-new [name=kind]').value = 'complaint'").await;
        browser.fill("#desk-new [name=\"fields.content\"]", "The door hangs").await;
        browser.click("#desk-pause").await;
        browser
            .wait(
                "the recording rests",
                "document.querySelector('#desk-pause').getAttribute('aria-pressed') === 'true'",
            )
            .await;
        let written = "return document.querySelector('#desk-new [name=\"fields.content\"]').value";
        assert_eq!(browser.ask(written).await, "The door hangs");
        browser.click("#desk-new button.main").await;
        browser.wait("the ticket stands on the card", "document.querySelector('#desk-card-tickets a')").await;
        let tickets = daemon.get("/tickets?kind=complaint").await;
        assert_eq!(tickets["items"][0]["phone"], "138****1111", "{tickets}");

        // Seen as people see it, in both languages, while they talk.
        for (lang, theme, width) in [("zh-CN", "light", 1440), ("en", "dark", 360), ("zh-CN", "dark", 1440)] {
            browser.go(&format!("{root}/look?lang={lang}&theme={theme}&back=/account")).await;
            browser.resize(width, 800).await;
            browser.go(&format!("{root}/desk?agent=anna")).await;
            browser.wait("the desk", "document.querySelector('#desk-hang-up')").await;
            browser.picture(&format!("desk-talking-{lang}-{theme}-{width}")).await;
        }
        browser.resize(1440, 900).await;
        browser.go(&format!("{root}/desk/team")).await;
        browser.wait("a call can be listened to", "document.querySelector('button[value=whisper]')").await;
        browser.picture("team-talking-zh-CN-dark-1440").await;

        // Hung up: the card stays until the work is done.
        browser.go(&format!("{root}/desk?agent=anna")).await;
        browser.click("#desk-hang-up").await;
        browser.wait("wrap-up", "document.querySelector('#desk-wrapped')").await;
        browser.wait("the card stays", "document.querySelector('#desk-card-tickets a')").await;
        browser.fill(".desk-note input[name=text]", "Technician on Friday").await;
        browser.click(".desk-note button").await;
        let noted = until(Duration::from_secs(20), async || {
            let id = tickets["items"][0]["id"].as_i64()?;
            let detail = daemon.get(&format!("/tickets/{id}")).await;
            detail["timeline"].to_string().contains("Technician on Friday").then_some(())
        });
        assert!(noted.await.is_some(), "the note is on the ticket");
        browser.picture("desk-wrap-up-zh-CN-dark-1440").await;
        browser.click("#desk-wrapped").await;
        browser.wait("she waits for the next", "document.querySelector('.desk-state.is-available')").await;
        agent_is(&daemon, "available").await;

        let pages = [
            ("desk", "/desk?agent=anna".to_owned()),
            ("desk-choose", "/desk".into()),
            ("team", "/desk/team".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| !url.starts_with(&root) && !url.starts_with("data:")).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
        drop(customer);
        daemon.stop().await;
    });
}
