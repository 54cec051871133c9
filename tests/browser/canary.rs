//! The operator's morning: a trunk with one-way audio is red, is mended, is tried again, and turns green.

use std::time::Duration;

use super::chromium::{Chromium, is_there};
use super::story::{PASSWORD, first_link, look_at_all};
use crate::peers::daemon::{Daemon, Trunk};
use crate::peers::looping::{Fault, Looping};
use crate::support::databases::block_on;

const CANARY: &str = "[trunk.canary]\nnumber = \"02088886666\"\nat = \"00:00\"";

#[test]
fn a_red_canary_is_seen_looked_into_and_made_again_from_the_page() {
    if !is_there() {
        return;
    }
    block_on(async {
        let (good, bad) = (Looping::start(Fault::None), Looping::start(Fault::OneWay));
        let trunks = [Trunk::at("east", good.port).with(CANARY), Trunk::at("west", bad.port).with(CANARY)];
        let daemon = Daemon::start(&trunks, "").await;
        good.bring_to(daemon.sip_port);
        bad.bring_to(daemon.sip_port);
        let root = daemon.root();
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        browser.go(&format!("{root}{}", first_link(&daemon.log()))).await;
        browser.fill("input[name=name]", "li.wei").await;
        browser.fill("input[name=password]", PASSWORD).await;
        browser.fill("input[name=again]", PASSWORD).await;
        browser.click("button.main").await;
        browser.wait("it is in", "document.querySelector('.side nav')").await;
        let red = daemon.trunk_becomes("west", Duration::from_secs(60), |t| t["held"] == "canary_failed");
        red.await;

        // The first page says so, and leads to what failed.
        browser.go(&format!("{root}/")).await;
        browser
            .wait("the next thing", "document.querySelector('.next.is-bad a[href=\"/settings/trunks\"]')")
            .await;
        browser.click(".next a").await;
        browser
            .wait("both trunks", "document.querySelector('#canary-west').classList.contains('is-bad')")
            .await;
        browser
            .wait(
                "the other is green",
                "document.querySelector('#canary-east').classList.contains('is-good')",
            )
            .await;
        let lights = "[...document.querySelectorAll('#canary-west')].map(c => c.closest('section').querySelectorAll('.settings-lights .is-bad').length)[0]";
        browser.wait("red lights", &format!("{lights} > 0")).await;
        let pages = [("today-red", "/".to_owned()), ("settings-canary", "/settings/trunks".into())];
        look_at_all(&browser, &root, &pages).await;

        browser.resize(1440, 900).await;

        // Mended, and tried again: the light changes by itself.
        bad.set_fault(Fault::None);
        browser.go(&format!("{root}/settings/trunks")).await;
        browser.wait("its script", "customElements.get('live-board')").await;
        browser.click("#canary-run-west").await;
        browser.wait("it is under way", "document.querySelector('#canary-run-west[disabled]')").await;
        let turned = "document.querySelector('#canary-west').classList.contains('is-good')";
        let began = daemon.trunk_becomes("west", Duration::from_secs(60), |t| t["held"] == "");
        began.await;
        browser.wait("it is green", turned).await;
        browser.wait("nothing is red", &format!("{lights} === 0")).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        browser.end().await;
    });
}
