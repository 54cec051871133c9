//! The administrator's story: an account with its link, a token, a prompt that is heard, a channel that is tried.

use std::time::Duration;

use ringback::io::demo::{DEMO_SEED, DemoTrunk};

use super::chromium::{Chromium, is_there};
use super::story::{PASSWORD, first_link, look_at_all};
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::support::databases::block_on;

/// A channel that writes into a file, so that a test message arrives.
const CHANNEL: &str = "[[notices.channel]]\nname = \"desk\"\nkind = \"file\"\nfolder = \"notices-out\"\n";

async fn enter(browser: &Chromium, root: &str, link: &str, name: Option<&str>) {
    let link = if link.starts_with("http") { link.to_owned() } else { format!("{root}{link}") };
    browser.go(&link).await;
    if let Some(name) = name {
        browser.fill("input[name=name]", name).await;
    }
    browser.fill("input[name=password]", PASSWORD).await;
    browser.fill("input[name=again]", PASSWORD).await;
    browser.click("button.main").await;
    browser.wait("it is in", "document.querySelector('.side nav')").await;
}

async fn log_in(browser: &Chromium, root: &str, name: &str) {
    browser.go(&format!("{root}/login")).await;
    browser.fill("input[name=name]", name).await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.click("button.main").await;
    browser.wait("it is in", "document.querySelector('.side nav')").await;
}

async fn log_out(browser: &Chromium, root: &str) {
    browser.go(&format!("{root}/account")).await;
    browser.click("form[action='/logout'] button").await;
    browser.wait("it is out", "document.querySelector('input[name=password]')").await;
}

#[test]
fn the_administrator_lets_people_and_programs_in_and_looks_after_the_house() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let setup =
            Setup { sections: CHANNEL.to_owned(), ..Setup::of(&[Trunk::at("sim", sim.address().port())]) };
        let daemon = Daemon::start_as(&setup).await;
        let root = daemon.root();
        daemon.trunk_becomes("sim", Duration::from_secs(30), |trunk| trunk["state"] == "up").await;
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter(&browser, &root, &first_link(&daemon.log()), Some("li.wei")).await;

        // An account; its link is shown once.
        browser.go(&format!("{root}/settings/accounts")).await;
        browser.fill("#new-account input[name=name]", "wang.fang").await;
        browser.click("#new-account input[value=specialist]").await;
        browser.click("#new-account button.main").await;
        browser
            .wait("the link", "document.querySelector('#secret-link').value.includes('/welcome/rb_')")
            .await;
        browser.wait("the new line", "document.querySelector(\"#accounts a[href$='/wang.fang']\")").await;
        browser.picture("settings-link-en-light-1440").await;
        let link = browser.ask("return document.querySelector('#secret-link').value").await;
        let link = link.as_str().expect("a link").to_owned();
        browser.go(&format!("{root}/settings/accounts")).await;
        assert_eq!(
            browser.ask("return document.querySelector('#secret-link').value").await,
            "",
            "it is gone"
        );

        // A token, made and revoked.
        browser.go(&format!("{root}/settings/tokens")).await;
        browser.fill("#new-token input[name=name]", "erp").await;
        browser.click("#new-token button.main").await;
        browser.wait("the secret", "document.querySelector('#secret').value.startsWith('rb_')").await;
        let row =
            "[...document.querySelectorAll('#tokens tbody tr')].find(r => r.textContent.includes('erp'))";
        browser.wait("its line", row).await;
        browser.ask("window.confirm = () => true").await;
        browser.ask(&format!("{row}.querySelector('button').click()")).await;
        browser
            .wait("it is revoked", &format!("{row}.querySelector('.chip').textContent === 'revoked'"))
            .await;

        // A prompt is heard.
        browser.go(&format!("{root}/settings/prompts?q=hello&language=zh-CN")).await;
        browser.click("table.settings-prompts tbody a").await;
        browser.wait("the prompt", "document.querySelector('#listen')").await;
        browser.ask("document.querySelector('#listen').play()").await;
        browser.wait("sound", "document.querySelector('#listen').currentTime > 0.3").await;

        // A channel is tried.
        browser.go(&format!("{root}/settings/notices")).await;
        browser.click("#channels form button").await;
        browser.wait("it arrived", "document.querySelector('#channels .told.is-good')").await;

        // A test call through the trunk says what came of it.
        browser.go(&format!("{root}/settings/trunks")).await;
        browser.fill("#test-sim", "13900000001").await;
        browser.click(".settings-try button").await;
        browser.wait("the call", "document.querySelector('#test-result')").await;
        let test = browser.ask("return location.pathname + location.search").await;
        let test = test.as_str().expect("an address").to_owned();
        browser
            .wait("its result", "!document.querySelector('#test-result').classList.contains('is-accent')")
            .await;

        // The API is searched by keyboard.
        browser.go(&format!("{root}/docs")).await;
        browser.wait("its script", "customElements.get('doc-search')").await;
        browser.press("/", None).await;
        browser.wait("the field", "document.activeElement.id === 'docs-search'").await;
        browser.fill("#docs-search", "post accounts reset").await;
        browser
            .wait("one is left", "document.querySelectorAll('.docs-list li:not([hidden])').length === 1")
            .await;
        let enter_key = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))";
        browser.ask(enter_key).await;
        browser.wait("it is shown", "document.querySelector('#op-title')").await;

        // The new person sees what the role opens.
        log_out(&browser, &root).await;
        enter(&browser, &root, &link, None).await;
        let links =
            "[...document.querySelectorAll('.side nav a')].map(a => a.getAttribute('href')).join(' ')";
        let links = browser.ask(&format!("return {links}")).await;
        let links = links.as_str().expect("links");
        assert!(links.contains("/customers") && !links.contains("/reports"), "{links}");
        browser.go(&format!("{root}/settings/accounts")).await;
        browser.wait("it is refused", "!document.querySelector('#new-account')").await;
        browser.mistakes().await;
        log_out(&browser, &root).await;
        log_in(&browser, &root, "li.wei").await;

        let pages = [
            ("settings-system", "/settings".to_owned()),
            ("settings-accounts", "/settings/accounts".into()),
            ("settings-account", "/settings/accounts/wang.fang".into()),
            ("settings-roles", "/settings/roles".into()),
            ("settings-role", "/settings/roles?role=specialist".into()),
            ("settings-tokens", "/settings/tokens".into()),
            ("settings-trunks", test),
            ("settings-prompts", "/settings/prompts?q=survey&language=zh-CN".into()),
            ("settings-prompt", "/settings/prompts?language=zh-CN&name=survey/hello&q=hello".into()),
            ("settings-notices", "/settings/notices".into()),
            ("settings-templates", "/settings/notices/templates?topic=callback.done".into()),
            ("settings-log", "/settings/log".into()),
            ("docs", "/docs".into()),
            ("docs-operation", "/docs?op=patch_customers_id".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| !url.starts_with(&root) && !url.starts_with("data:")).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
        sim.stop();
    });
}
