//! An agent who calls from the desk beside a telephone: the next callback is looked at, dialled, asked
//! step by step, its questionnaire stored with the call; then a ticket is opened from the customer's page,
//! and what is promised in it is on the desk and called.

use std::time::Duration;

use serde_json::{Value, json};

use super::chromium::{Chromium, is_there};
use super::story::{entered, look_at_all};
use crate::peers::bridged::only_call;
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::peers::program::{can_run, free_port, until};
use crate::peers::softphone::{ANNA, CUSTOMER, Softphone, speak, talk, voices};
use crate::plan::shop::SHOP;
use crate::support::databases::block_on;

const NUMBER: &str = "13800001111";

const TICKETS: &str = r#"
pack = "shop"
title = "门店工单"
owner = "店长"
supervisor = "经理"
[kind.repair]
title = "报修"
title_en = "repair"
[[kind.repair.stage]]
id = "repair"
title = "维修"
title_en = "repair visit"
due = "48h"
"#;

const CARE: &str = r#"
[event."care.due"]
title = "关怀到期"
title_en = "care due"
[rule.care]
title = "关怀回访"
title_en = "Care call"
source = "CNT-12"
on = { event = ["care.due"] }
due = "0min"
deadline = "1d"
mode = "agent"
script = "repair-station"
blocks = ["car_condition"]
"#;

/// The shop, open at every hour, whose agents call after a repair.
async fn open_shop() -> (tempfile::TempDir, Daemon, u16) {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = SHOP.replace(r#""09:00-12:00", "14:00-18:00""#, r#""00:00-24:00""#);
    let policy = policy.replace("brand = \"门店\"", "brand = \"门店\"\nlanguage = \"en\"") + CARE;
    std::fs::write(folder.path().join("shop.toml"), policy).expect("the policy");
    std::fs::create_dir(folder.path().join("tickets")).expect("a folder");
    std::fs::write(folder.path().join("tickets/shop.toml"), TICKETS).expect("the tickets");
    let sections = format!(
        "[policy]\nfolder = \"{}\"\nrelease_at = \"00:00\"\n[agents]\nwrap_up = \"8s\"\nwrap_up_may_end = true\n\
         [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"warm-tea-41\"\nmay_dial = [\"agents\", \"1XXXXXXXXXX\"]\n",
        folder.path().display()
    );
    let port = free_port();
    let daemon = Daemon::start_as(&Setup { sections, ..Setup::of(&[Trunk::at("own", port)]) }).await;
    (folder, daemon, port)
}

/// The callback of the only event, once the day says that an agent is to make it.
async fn owed(daemon: &Daemon) -> i64 {
    let at = jiff::Timestamp::now().to_string();
    let event = json!({ "kind": "care.due", "external_id": "C1", "at": at, "matter": "A-2026-118",
        "customer": { "name": "张伟", "phones": [NUMBER] } });
    let report = daemon.post("/events?pack=shop", &event).await;
    assert!(report["results"][0]["event_id"].is_i64(), "{report}");
    let found = until(Duration::from_secs(30), async || {
        let rows = daemon.get("/callbacks?rule=care&state=open").await;
        let id = rows["items"][0]["id"].as_i64()?;
        let told = daemon.get(&format!("/callbacks/{id}")).await;
        told["verdicts"].to_string().contains("agent_needed").then_some(id)
    });
    match found.await {
        Some(id) => id,
        None => panic!("no callback is an agent's: {}", daemon.get("/callbacks").await),
    }
}

/// Ticks every step of the script, one after the other.
async fn tick_all(browser: &Chromium) {
    let left = "return document.querySelectorAll('#desk-script button[value=done]').length";
    let first = "return document.querySelector('.desk-steps [aria-current=step] h3').textContent.trim()";
    let mut seen = Vec::new();
    loop {
        let before = browser.ask(left).await.as_u64().expect("a number");
        if before == 0 {
            break;
        }
        seen.push(browser.ask(first).await.as_str().expect("a step").to_owned());
        browser.click("#desk-script [aria-current=step] button[value=done]").await;
        let fewer =
            format!("document.querySelectorAll('#desk-script button[value=done]').length === {}", before - 1);
        browser.wait("the next step", &fewer).await;
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
    assert!(seen[0].starts_with("Introduction") && seen[4].starts_with("Farewell"), "{seen:?}");
}

/// Digits answer the questions one after the other; the answers close the callback.
async fn fill(browser: &Chromium) {
    browser.wait("scripts", "customElements.get('desk-live')").await;
    browser.ask("document.querySelector('#desk-answers [data-keys] input').focus()").await;
    browser.press("54", None).await;
    let chosen =
        "return [...document.querySelectorAll('#desk-answers input:checked')].map(i => i.value).join()";
    assert_eq!(browser.ask(chosen).await, "5,4");
    browser.picture("desk-questions-en-light-1440").await;
    // The parts above grow and shrink with the call: the button is pressed where the digits left the focus.
    browser.ask("document.activeElement.click()").await;
    browser.wait("it is closed", "!document.querySelector('#desk-answers')").await;
}

#[test]
fn cnt_12_the_next_callback_is_looked_at_dialled_asked_step_by_step_and_stored_with_its_call() {
    if !is_there() || !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let (_folder, daemon, port) = open_shop().await;
        let root = daemon.root();
        let customer = Softphone::start(&daemon, "customer", port, CUSTOMER, None).await;
        let anna = Softphone::of_agent(&daemon, "anna", "8001", ANNA).await;
        let browser = Chromium::start().await;
        entered(&browser, &daemon).await;
        let callback = owed(&daemon).await;
        browser.go(&format!("{root}/desk?agent=anna")).await;
        browser.wait("she is there", "document.querySelector('.desk-state.is-available')").await;

        // Looked at before it is called: why, what about, what to say.
        browser.click("#desk-next").await;
        browser.wait("the card", "document.querySelector('#desk-dial-card')").await;
        let about = browser.ask("return document.querySelector('#desk-about').textContent").await;
        let about = about.as_str().expect("a text").to_owned();
        assert!(about.contains("Care call") && about.contains("A-2026-118"), "{about}");
        browser.picture("desk-preview-en-light-1440").await;

        // Called: her phone rings first, then the customer's.
        browser.click("#desk-dial-card").await;
        let id = only_call(&daemon, "bridged").await["id"].as_str().expect("an id").to_owned();
        talk(&daemon, &["8001"]).await;
        browser.wait("they talk", "document.querySelector('#desk-hang-up')").await;
        let talking = speak().await;
        tick_all(&browser).await;
        fill(&browser).await;
        let told = daemon.get(&format!("/callbacks/{callback}")).await;
        assert_eq!(
            (&told["callback"]["state"], &told["callback"]["call_id"]),
            (&json!("done"), &json!(id)),
            "{told}"
        );
        let answers = daemon.get(&format!("/callbacks/{callback}/answers")).await;
        let scores: Vec<_> =
            answers["items"].as_array().expect("answers").iter().map(|a| a["score"].clone()).collect();
        assert_eq!(scores, [json!(5), json!(4)], "{answers}");

        // Wrap-up runs down by itself.
        browser.click("#desk-hang-up").await;
        browser.wait("wrap-up", "document.querySelector('.desk-state.is-wrap_up time[data-until]')").await;
        let left = "document.querySelector('.is-wrap_up time[data-until]')?.textContent";
        let shown = browser.ask(&format!("return {left}")).await.as_str().expect("a time").to_owned();
        browser.wait("it runs down", &format!("!{left} || {left} < '{shown}'")).await;
        browser.wait("she waits again", "document.querySelector('.desk-state.is-available')").await;
        let call = until(Duration::from_secs(20), async || {
            Some(daemon.get(&format!("/calls/{id}")).await).filter(|call| call["state"] == "ended")
        });
        let call = call.await.expect("the call ends");
        let begun = call["answered_at"].as_i64().expect("a time");
        assert_eq!(voices(&customer.heard()[0], talking - begun), [ANNA]);
        browser.go(&format!("{root}/calls/{id}")).await;
        browser.wait("its answers", "document.querySelector('#answers-title')").await;
        browser.picture("call-typed-in-en-light-1440").await;

        promise_story(&browser, &daemon, &call).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| !url.starts_with(&root) && !url.starts_with("data:")).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
        drop((customer, anna));
        daemon.stop().await;
    });
}

/// A ticket from the customer's page, what is promised in it, and the call by which it is kept.
async fn promise_story(browser: &Chromium, daemon: &Daemon, call: &Value) {
    let root = daemon.root();
    browser.go(&format!("{root}/customers/1")).await;
    browser.ask("document.querySelector('#ticket-open').closest('details').open = true").await;
    browser.fill("textarea[name='fields.content']", "The brakes squeak").await;
    browser.ask("window.mark = 1").await;
    browser.click("#ticket-open").await;
    browser
        .wait("the page anew", "!window.mark && document.querySelector('.timeline a[href^=\"/tickets/\"]')")
        .await;
    let ticket = daemon.get("/tickets").await["items"][0].clone();
    let path = format!("/tickets/{}", ticket["id"]);
    let detail = daemon.get(&path).await;
    assert_eq!(detail["fields"]["content"], "The brakes squeak", "what every register reads: {detail}");
    browser.picture("customer-with-ticket-en-light-1440").await;

    let at = jiff::Timestamp::now() + jiff::Span::new().minutes(20);
    for act in [
        json!({ "do": "assign", "owner": "anna", "reason": "she knows them" }),
        json!({ "do": "promise", "at": at.to_string(), "what": "a date for the workshop" }),
    ] {
        daemon.post(&format!("{path}/acts"), &act).await;
    }
    browser.go(&format!("{root}/desk?agent=anna")).await;
    browser.wait("the promise", "document.querySelector('#desk-promises li')").await;
    let told = browser.ask("return document.querySelector('#desk-promises').textContent").await;
    assert!(told.as_str().is_some_and(|text| text.contains("a date for the workshop")), "{told}");
    browser.click("#desk-promises li button").await;
    browser.wait("its card", "document.querySelector('#desk-dial-card')").await;
    browser.picture("desk-promised-en-light-1440").await;
    let pages = [
        ("desk-promised", "/desk?agent=anna".to_owned()),
        ("call-typed-in", format!("/calls/{}", call["id"].as_str().expect("an id"))),
        ("customer-with-ticket", "/customers/1".into()),
    ];
    look_at_all(browser, &root, &pages).await;
}
