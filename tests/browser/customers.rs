//! What is done to a record of a customer and cannot be done by halves: two records become one, a field is
//! added and taken away, a number is seen once, everything is erased.

use ringback::io::demo::{DEMO_SEED, DemoTrunk};
use ringback::io::store::Store;
use serde_json::json;

use super::audit::{account, enter_as, enter_first};
use super::chromium::{Chromium, is_there};
use super::story::look_at_all;
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::support::databases::block_on;

/// Opens what holds a button, so that it can be pressed; asks nothing back.
async fn open(browser: &Chromium, css: &str) {
    let script = format!(
        "document.querySelector('{css}').closest('details').open = true; window.confirm = () => true"
    );
    browser.ask(&script).await;
}

/// Two records of one person, and one of another.
async fn three(daemon: &Daemon) {
    let event = |key: &str, name: &str, id: &str, phone: &str, matter: &str| {
        json!({ "kind": "install.finished", "external_id": key, "at": "2026-03-02", "matter": matter,
            "customer": { "external_id": id, "name": name, "phones": [phone] }, "fields": { "product": "实木餐桌" } })
    };
    let events = json!([
        event("E1", "王小明", "W-1", "13800000001", "HT-1"),
        event("E2", "王晓明", "W-2", "13900000002", "HT-2"),
        event("E3", "李丽", "L-1", "13700000003", "HT-3"),
    ]);
    daemon.post("/events?pack=furniture_mall", &events).await;
}

#[test]
fn two_records_become_one_a_field_comes_and_goes_and_a_customer_is_erased_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter_first(&browser, &root, &daemon.log()).await;
        three(&daemon).await;
        let known = daemon.get("/customers").await;
        let id = |name: &str| {
            let items = known["items"].as_array().expect("customers");
            items.iter().find(|row| row["name"] == name).and_then(|row| row["id"].as_i64()).expect(name)
        };
        let (keep, other, third) = (id("王小明"), id("王晓明"), id("李丽"));

        // Merged: what happened to both stands on one timeline, and the other record says where it went.
        browser.go(&format!("{root}/customers/{keep}")).await;
        open(&browser, "#merge-do").await;
        browser.fill("form[data-api='POST /customers/merge'] [name=other]", &keep.to_string()).await;
        browser.fill("form[data-api='POST /customers/merge'] [name=reason]", "the same person").await;
        browser.click("#merge-do").await;
        browser.wait("nobody is merged with themselves", "document.querySelector('.told.is-bad')").await;
        browser.ask("document.querySelector('#merge-do').form.elements.other.value = ''").await;
        browser.fill("form[data-api='POST /customers/merge'] [name=other]", &other.to_string()).await;
        browser.click("#merge-do").await;
        browser
            .wait(
                "both matters",
                "/HT-1[^]*HT-2|HT-2[^]*HT-1/.test(document.querySelector('#timeline').innerText)",
            )
            .await;
        assert_eq!(daemon.get(&format!("/customers/{other}")).await["customer"]["merged_into"], keep);
        browser.go(&format!("{root}/customers/{other}")).await;
        browser
            .wait("it leads on", &format!("document.querySelector('.told a[href=\"/customers/{keep}\"]')"))
            .await;

        // A field is added by the list of the policy, or its name; then it is taken away again.
        browser.go(&format!("{root}/customers/{keep}")).await;
        browser.wait("its script", "customElements.get('field-add')").await;
        open(&browser, "#field-add").await;
        let chosen = browser
            .ask("const f = document.querySelector('[data-field]'); if (f.tagName === 'INPUT') { f.value = '楼层'; f.dispatchEvent(new Event('input', {bubbles: true})); } return f.value")
            .await;
        let field = chosen.as_str().expect("a field").to_owned();
        browser.fill("#field [data-value]", "六楼").await;
        browser.fill("#field field-add [name=why]", "the customer said so").await;
        browser.click("#field-add").await;
        browser.wait("it is there", "document.querySelector('[data-drop]')").await;
        assert_eq!(daemon.get(&format!("/customers/{keep}")).await["customer"]["fields"][&field], "六楼");
        open(&browser, "[data-drop]").await;
        let form = "#field form:has([data-drop])";
        browser.fill(&format!("{form} [name=why]"), "it was another's").await;
        browser.click("[data-drop]").await;
        browser.wait("it is gone", "!document.querySelector('[data-drop]')").await;
        let left = daemon.get(&format!("/customers/{keep}")).await;
        assert!(left["customer"]["fields"].get(&field).is_none(), "{left}");

        // Erased: nothing is left that names them, and nothing more can be done.
        browser.go(&format!("{root}/customers/{third}")).await;
        open(&browser, "#erase-do").await;
        browser.fill("form.erase [name=reason]", "asked for it on 3 March").await;
        browser.click("#erase-do").await;
        browser.wait("it is erased", "!document.querySelector('#erase-do')").await;
        let text = browser.ask("return document.querySelector('main').innerText").await.to_string();
        assert!(!text.contains("李丽") && !text.contains("13700000003"), "{text}");
        assert_eq!(daemon.get(&format!("/customers/{third}")).await["customer"]["standing"], "erased");

        let pages = [
            ("customer-merged", format!("/customers/{other}")),
            ("customer-kept", format!("/customers/{keep}")),
            ("customer-erased", format!("/customers/{third}")),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes: Vec<_> =
            browser.mistakes().await.into_iter().filter(|line| !line.contains("409")).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        browser.end().await;
        sim.stop();
    });
}

#[test]
fn a_number_is_seen_once_for_a_reason_that_stays_in_the_log_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let file = format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.expect("the daemon's database");
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter_first(&browser, &root, &daemon.log()).await;
        three(&daemon).await;
        account(&store, "chen", "dispatcher", "").await;
        enter_as(&browser, &root, "dispatcher").await;

        browser.go(&format!("{root}/customers/1")).await;
        browser.wait("its script", "customElements.get('unmask-once')").await;
        let seen = browser.ask("return document.querySelector('main').innerText").await.to_string();
        assert!(seen.contains("138****0001") && !seen.contains("13800000001"), "{seen}");
        open(&browser, "#unmask-do").await;
        browser.fill("unmask-once [name=reason]", "calls back from another telephone").await;
        browser.click("#unmask-do").await;
        browser
            .wait("the number", "document.querySelector('[data-shown]').innerText.includes('13800000001')")
            .await;
        browser.picture("customer-unmasked-en-light-1440").await;
        browser.go(&format!("{root}/customers/1")).await;
        let again = browser.ask("return document.querySelector('main').innerText").await.to_string();
        assert!(!again.contains("13800000001"), "it was shown once: {again}");
        let log = daemon.get("/audit?action=unmask").await;
        let line = &log["items"][0];
        assert_eq!(
            (&line["actor"], &line["subject"], &line["detail"]),
            (&json!("chen"), &json!("customer:1"), &json!("calls back from another telephone")),
            "{log}"
        );

        look_at_all(&browser, &root, &[("customer-masked", "/customers/1".to_owned())]).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        browser.end().await;
        sim.stop();
    });
}
