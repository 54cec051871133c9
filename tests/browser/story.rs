//! The main story of the first pages: in by the first link, a list that is called while one looks,
//! paused, gone on with, heard.

use std::time::Duration;

use ringback::io::demo::{DEMO_SEED, DemoTrunk};
use serde_json::json;

use super::axe;
use super::chromium::{Chromium, is_there};
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::support::databases::block_on;

pub const PASSWORD: &str = "correct horse battery";

/// In by the first link, as the administrator, in English.
pub async fn entered(browser: &Chromium, daemon: &Daemon) {
    browser.resize(1440, 900).await;
    browser.go(&format!("{}{}", daemon.root(), first_link(&daemon.log()))).await;
    browser.fill("input[name=name]", "li.wei").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.fill("input[name=again]", PASSWORD).await;
    browser.click("button.main").await;
    browser.wait("Today", "document.querySelector('#board')").await;
}

/// The link that the daemon wrote into its log.
pub fn first_link(log: &str) -> String {
    let at = log.find("/welcome/rb_").unwrap_or_else(|| panic!("no first link in\n{log}"));
    let secret: String =
        log[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/_-".contains(*c)).collect();
    secret
}

/// Every page that there is, at both widths, in both languages and both looks: a picture, what axe
/// finds, whether it is wider than the screen.
pub async fn look_at_all(browser: &Chromium, root: &str, pages: &[(&str, String)]) {
    let axe = axe::script();
    let mut wrong = Vec::new();
    for (lang, theme) in [("zh-CN", "light"), ("en", "dark"), ("zh-CN", "dark"), ("en", "light")] {
        browser.go(&format!("{root}/look?lang={lang}&theme={theme}&back=/account")).await;
        for (width, height) in [(1440, 900), (360, 740)] {
            browser.resize(width, height).await;
            for (name, path) in pages {
                browser.go(&format!("{root}{path}")).await;
                browser.wait(name, "document.readyState === 'complete'").await;
                let place = format!("{name}-{lang}-{theme}-{width}");
                browser.picture(&place).await;
                if browser.ask("return document.documentElement.scrollWidth > innerWidth + 1").await == true {
                    wrong.push(format!("{place}: wider than the screen"));
                }
                assert_eq!(browser.ask("return document.documentElement.lang").await, lang, "{place}");
                if let Some(axe) = &axe {
                    let found = axe::violations(browser, axe).await;
                    wrong.extend(found.into_iter().map(|v| format!("{place}: {v}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_day_is_seen_steered_and_heard_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;

        // In by the first link, with a password of one's own.
        let link = first_link(&daemon.log());
        browser.go(&format!("{root}{link}")).await;
        browser.picture("welcome-en-light-1440").await;
        browser.fill("input[name=name]", "li.wei").await;
        browser.fill("input[name=password]", PASSWORD).await;
        browser.fill("input[name=again]", PASSWORD).await;
        browser.click("button.main").await;
        browser.wait("Today", "document.querySelector('#board')").await;
        assert!(
            browser.ask("return document.querySelector('.next .what').textContent").await.as_str().is_some()
        );
        browser.picture("today-empty-en-light-1440").await;

        // A list is called while one looks; the page itself is never loaded again.
        browser.ask("window.mark = 1").await;
        let phones: Vec<String> = (0..40).map(|n| format!("139{n:08}")).collect();
        let settings = json!({ "concurrency": 4, "calls_per_second": 4.0, "trunk_group": "sim" });
        let campaign = daemon.dial_all("spring", &phones, settings).await;
        browser
            .wait("calls are shown", "Number(document.querySelector('[data-k=calls]').textContent) > 0")
            .await;
        browser
            .wait("figures move", "parseInt(document.querySelector('.campaign .big').textContent) > 0")
            .await;
        assert_eq!(browser.ask("return window.mark").await, 1, "the page was not loaded again");
        browser.picture("today-running-en-light-1440").await;

        // Paused, and gone on with by the one next action.
        browser.click(&format!("#c{campaign}-pause")).await;
        browser.wait("it is paused", "document.querySelector('.chip.is-paused')").await;
        assert_eq!(daemon.get(&format!("/campaigns/{campaign}")).await["state"], "paused");
        browser.picture("today-paused-en-light-1440").await;
        browser.click("#next-do").await;
        browser.wait("it goes on", "document.querySelector('.chip.is-running, .chip.is-done')").await;

        // A recording is heard.
        let calls = daemon.all_ended(campaign, 12, Duration::from_secs(90)).await;
        let heard = calls.iter().find(|c| c["recording_ms"].as_i64().is_some_and(|ms| ms > 2_000));
        let heard = heard.unwrap_or_else(|| panic!("no call was recorded: {calls:?}"));
        let id = heard["id"].as_str().expect("an id");
        browser.go(&format!("{root}/calls")).await;
        browser.click(&format!("a[href='/calls/{id}']")).await;
        browser.wait("the player", "document.querySelector('call-player #player-play')").await;
        browser.wait("the waveform", "document.querySelector('call-player').peaks?.length > 100").await;
        browser.click("#player-play").await;
        browser.wait("sound", "document.querySelector('call-player audio').currentTime > 0.4").await;
        browser.ask("document.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', bubbles: true}))").await;
        browser.wait("silence by the space key", "document.querySelector('call-player audio').paused").await;
        browser.click("#player-mute-0").await;
        browser
            .wait(
                "a lane is muted",
                "document.querySelector('#player-mute-0').getAttribute('aria-pressed') === 'true'",
            )
            .await;
        browser.go(&format!("{root}/calls/{id}?t=1")).await;
        browser
            .wait(
                "the link leads to its second",
                "document.querySelector('call-player audio').currentTime >= 1",
            )
            .await;

        // The filter changes the rows in place; the toggle of the language keeps it.
        browser.go(&format!("{root}/calls")).await;
        browser
            .ask("window.mark = 2; document.querySelector('[name=disposition]').value = 'completed'")
            .await;
        browser.click(".filters button.main").await;
        browser
            .wait("the address has the filter", "location.search === '?disposition=completed&sort=newest'")
            .await;
        assert_eq!(browser.ask("return window.mark").await, 2);
        browser.click("[data-lang]").await;
        browser.wait("Chinese", "document.documentElement.lang === 'zh-CN'").await;
        assert_eq!(browser.ask("return location.search").await, "?disposition=completed&sort=newest");

        let pages = [
            ("today", "/".to_owned()),
            ("calls", "/calls".into()),
            ("call", format!("/calls/{id}")),
            ("entries", format!("/entries?campaign={campaign}")),
            ("wallboard", "/wallboard".into()),
            ("account", "/account".into()),
            ("login", "/login".into()),
        ];
        look_at_all(&browser, &root, &pages).await;

        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        assert!(asked.len() > 50, "{asked:?}");
        let own = [root.as_str(), "data:"];
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| !own.iter().any(|start| url.starts_with(start))).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
        sim.stop();
    });
}
