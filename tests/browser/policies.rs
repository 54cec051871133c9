//! A policy is changed with a mistake, then rightly; what it would come to is rehearsed before and seen as
//! a picture.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use ringback::io::demo::{DEMO_SEED, DemoTrunk};
use serde_json::json;

use super::audit::enter_first;
use super::chromium::{Chromium, is_there};
use super::story::look_at_all;
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::peers::program::until;
use crate::support::databases::block_on;

#[test]
fn a_policy_with_a_mistake_is_mended_rehearsed_and_put_in_force_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let own = tempfile::tempdir().expect("a folder of policies");
        let sections = format!("[policy]\nfolder = \"{}\"\n", own.path().display());
        let setup = Setup { sections, ..Setup::of(&[Trunk::at("sim", sim.address().port())]) };
        let daemon = Daemon::start_as(&setup).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter_first(&browser, &root, &daemon.log()).await;
        let before = daemon.get("/policies/furniture_mall").await;
        // What happened is known from the moment at which it came in: the days from this one on are rehearsed.
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
        let today = jiff::Timestamp::now().to_zoned(zone).date();
        let events: Vec<_> = (0..12)
            .map(|n| {
                json!({ "kind": "install.finished", "external_id": format!("E{n}"), "at": today.to_string(),
                    "matter": format!("HT-{n}"), "customer": { "name": format!("客户{n}"), "phones": [format!("1370000{n:04}")] } })
            })
            .collect();
        daemon.post("/events?pack=furniture_mall", &json!(events)).await;

        // A mistake: the check says where, and nothing can be saved.
        browser.go(&format!("{root}/lists/policies/furniture_mall/edit")).await;
        browser.wait("its script", "customElements.get('policy-editor')").await;
        let break_it = "const t = document.querySelector('[name=text]'); window.good = t.value;
            t.value = t.value.replace('due = ', 'dew = '); t.dispatchEvent(new Event('input', {bubbles: true}))";
        browser.ask(break_it).await;
        browser.click("[data-check]").await;
        browser
            .wait(
                "the mistake",
                "document.querySelector('.policy-findings .is-error, policy-editor .told.is-bad')",
            )
            .await;
        assert_eq!(browser.ask("return document.querySelector('[data-save]').disabled").await, true);
        browser.picture("policy-mistake-en-light-1440").await;
        browser.resize(360, 740).await;
        assert_eq!(browser.ask("return document.documentElement.scrollWidth <= innerWidth + 1").await, true);
        browser.picture("policy-mistake-en-light-360").await;
        browser.resize(1440, 900).await;

        // Mended, and other hours: it is sound, and tried by a rehearsal before it holds.
        let mend = "const t = document.querySelector('[name=text]'); t.value = window.good + '\\n[windows]\\ncall = [\"10:00-11:30\"]\\n';
            t.dispatchEvent(new Event('input', {bubbles: true})); return t.value";
        let text = browser.ask(mend).await;
        let text = text.as_str().expect("the text").to_owned();
        assert!(text.contains("10:00-11:30"), "{text}");
        browser.click("[data-check]").await;
        browser.wait("it is sound", "document.querySelector('[data-found] .chip.is-good')").await;
        rehearse(&browser, &daemon, &text, today).await;

        browser.go(&format!("{root}/lists/policies/furniture_mall/edit")).await;
        browser.wait("its script", "customElements.get('policy-editor')").await;
        browser
            .ask(&format!("const t = document.querySelector('[name=text]'); t.value = {}; t.dispatchEvent(new Event('input', {{bubbles: true}}))", json!(text)))
            .await;
        browser.click("[data-check]").await;
        browser.wait("it may be saved", "!document.querySelector('[data-save]').disabled").await;
        browser.fill("[data-save] [name=reason]", "customers are at home then").await;
        browser.click("[data-save] button").await;
        browser.wait("the policy", "location.pathname === '/lists/policies/furniture_mall'").await;
        let after = daemon.get("/policies/furniture_mall").await;
        assert_ne!(after["version"], before["version"], "it is in force");
        assert!(std::fs::read_dir(own.path()).expect("the folder").count() > 0, "it stands in the folder");
        let log = daemon.get("/audit?action=policy.edit").await;
        assert!(log["items"][0]["detail"].as_str().is_some_and(|d| d.contains("at home")), "{log}");

        let pages = [
            ("policy-changed", "/lists/policies/furniture_mall/edit".to_owned()),
            ("rehearsals", "/lists/rehearsals".into()),
            ("rehearsal", "/lists/rehearsals/1".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes: Vec<_> =
            browser.mistakes().await.into_iter().filter(|line| !line.contains("422")).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        browser.end().await;
        sim.stop();
    });
}

/// Rehearses days by that text from the page, sees it move and end, and follows a reason to its callbacks.
async fn rehearse(browser: &Chromium, daemon: &Daemon, text: &str, today: Date) {
    let root = daemon.root();
    browser.go(&format!("{root}/lists/rehearsals?pack=furniture_mall")).await;
    browser.wait("its script", "customElements.get('file-text')").await;
    let choose = format!(
        "const box = document.querySelector('[name=policy]').closest('details'); box.open = true;
         const data = new DataTransfer(); data.items.add(new File([{}], 'mine.toml'));
         const field = box.querySelector('[type=file]'); field.files = data.files;
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));
         document.querySelector('[name=from]').value = '{today}'; document.querySelector('[name=to]').value = '{}'",
        json!(text),
        today.saturating_add(6.days()),
    );
    browser.ask(&choose).await;
    browser
        .wait("the file is read", "document.querySelector('[name=policy]').value.includes('10:00-11:30')")
        .await;
    browser.click("#rehearse-do").await;
    browser.wait("its page", "location.pathname === '/lists/rehearsals/1'").await;
    // It is polite: on a busy machine it gives way to everything else.
    let ended = until(Duration::from_secs(240), async || {
        let state = daemon.get("/rehearsals/1").await["state"].clone();
        (state != "running").then_some(state)
    });
    assert_eq!(ended.await, Some(json!("done")));
    browser.wait("it has ended", "document.querySelector('#rehearsal-forget')").await;
    browser
        .wait(
            "its result",
            "document.querySelector('#due-title') && document.querySelector('h1 .chip.is-good')",
        )
        .await;
    browser.wait("calls over the day", "document.querySelectorAll('.columns-picture rect').length > 0").await;
    browser.wait("what is otherwise", "document.querySelector('#difference-title')").await;
    browser.picture("rehearsal-done-en-light-1440").await;
    browser.ask("window.mark = 1; document.querySelector('#days-title').parentElement.querySelector('a[data-live]').click()").await;
    browser.wait("one day", &format!("location.search.startsWith('?day={today}')")).await;
    assert_eq!(browser.ask("return window.mark").await, 1, "the rows were changed in place");
}
