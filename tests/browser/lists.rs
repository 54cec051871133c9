//! The main stories of lists and of customers: an import with mistakes from choosing the file to undo;
//! a customer found, edited, seen on the timeline.

use ringback::io::demo::{DEMO_SEED, DemoTrunk};
use serde_json::json;

use super::chromium::{Chromium, is_there};
use super::story::{PASSWORD, first_link, look_at_all};
use crate::peers::daemon::{Daemon, Setup, Trunk};
use crate::support::databases::block_on;

const LIST: &str = "客户姓名,联系电话,订单号,预约时间\n\
    张三,13800000001,A1,\n\
    李四,1380000,A2,\n\
    王五,13800000003,A3,下周一\n\
    赵六,13800000004,A4,\n\
    赵六,13800000004,A4,\n\
    钱七,,A6,\n";

const MENDED: &str =
    "客户姓名,联系电话,订单号,预约时间\n李四,13800000002,A2,\n王五,13800000003,A3,2030-03-03\n";

/// Puts a file into the field, as choosing or dropping it would.
async fn choose(browser: &Chromium, name: &str, text: &str) {
    let script = format!(
        "const data = new DataTransfer(); data.items.add(new File([{}], {}));
         const field = document.querySelector('[name=file]'); field.files = data.files;
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));",
        json!(text),
        json!(name)
    );
    browser.ask(&script).await;
}

async fn enter(browser: &Chromium, daemon: &Daemon) {
    browser.resize(1440, 900).await;
    browser.go(&format!("{}{}", daemon.root(), first_link(&daemon.log()))).await;
    browser.fill("input[name=name]", "li.wei").await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.fill("input[name=again]", PASSWORD).await;
    browser.click("button.main").await;
    browser.wait("Today", "document.querySelector('#board')").await;
}

/// Nothing was told wrong, and nobody else was asked.
async fn all_was_well(browser: &Chromium, root: &str) {
    let mistakes = browser.mistakes().await;
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let asked = browser.requests().await;
    // The browser's own first tab is no page of ours.
    let own = [root, "data:", "blob:"];
    let elsewhere: Vec<_> =
        asked.iter().filter(|url| !own.iter().any(|start| url.starts_with(start))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn an_import_with_mistakes_is_mended_and_taken_back_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        enter(&browser, &daemon).await;

        // Something is due today, so that the plan of the day has a list.
        let slips: Vec<_> = (0..9)
            .map(|n| {
                json!({ "kind": "slip.after_sales", "external_id": format!("S{n}"), "at": today(),
                "matter": format!("HT-{n}"), "customer": { "name": format!("客户{n}"), "phones": [format!("1370000000{n}")] } })
            })
            .collect();
        daemon.post("/events?pack=furniture_mall", &json!(slips)).await;

        // Chosen, understood, tried: nothing is changed, and every mistake has its line and its cure.
        browser.go(&format!("{root}/lists/import")).await;
        browser.wait("the wizard", "document.querySelector('import-wizard').form").await;
        choose(&browser, "三月回访.csv", LIST).await;
        assert_eq!(browser.ask("return document.querySelector('[name=list_name]').value").await, "三月回访");
        browser.click("#import-file button.main").await;
        browser.wait("the columns", "!document.querySelector('[data-part=map]').hidden").await;
        assert_eq!(
            browser
                .ask("return [...document.querySelectorAll('[data-columns] select')].map(s => s.value)")
                .await,
            json!(["name", "phone", "external_id", "due"])
        );
        browser.picture("import-map-en-light-1440").await;
        browser.click("#import-map button.main").await;
        browser.wait("the trial", "!document.querySelector('[data-part=try]').hidden").await;
        let lines =
            "return [...document.querySelectorAll('[data-problems] tbody th')].map(c => c.textContent)";
        assert_eq!(browser.ask(lines).await, json!(["3", "4", "6", "7"]));
        let told = browser.ask("return document.querySelector('[data-problems] tbody').innerText").await;
        let told = told.as_str().unwrap_or_default().to_owned();
        for expect in ["李四", "联系电话", "Write the whole mobile number", "2026-03-03", "no phone number"]
        {
            assert!(told.contains(expect), "{expect}: {told}");
        }
        browser.picture("import-try-en-light-1440").await;
        browser.resize(360, 740).await;
        assert_eq!(browser.ask("return document.documentElement.scrollWidth <= innerWidth + 1").await, true);
        browser.picture("import-try-en-light-360").await;
        browser.resize(1440, 900).await;
        // What is due today may have its list already.
        let lists = daemon.get("/lists").await;
        assert!(!lists.to_string().contains("三月回访"), "a trial changes nothing: {lists}");
        browser.click("[data-rejected]").await;

        // The good rows come in; then the mended ones, beside them.
        browser.click("[data-commit]").await;
        browser.wait("what came in", "location.pathname === '/lists/imports/1'").await;
        browser.wait("its rows", "document.querySelectorAll('#rows tbody tr').length === 3").await;
        browser.go(&format!("{root}/lists/import")).await;
        browser.wait("the wizard", "document.querySelector('import-wizard').form").await;
        choose(&browser, "三月回访.csv", MENDED).await;
        browser.click("#import-file button.main").await;
        browser.wait("the columns", "!document.querySelector('[data-part=map]').hidden").await;
        browser.click("#import-map button.main").await;
        browser.wait("the trial", "!document.querySelector('[data-part=try]').hidden").await;
        browser.click("[data-commit]").await;
        browser
            .wait(
                "what came in",
                "location.pathname === '/lists/imports/2' && document.querySelector('details.undo')",
            )
            .await;
        let lists = daemon.get("/lists").await["items"].as_array().cloned().unwrap_or_default();
        let march = lists.iter().find(|list| list["name"] == "三月回访").expect("the list");
        assert_eq!(march["entries"], 4);

        // Taken back, with a reason that stays.
        browser.ask("document.querySelector('details.undo').open = true; window.confirm = () => true").await;
        browser.fill("details.undo input[name=reason]", "the wrong month").await;
        browser.click("#undo-do").await;
        browser.wait("it is undone", "document.querySelector('h1 .is-undone')").await;
        assert_eq!(daemon.get(&format!("/lists/{}", march["id"])).await["entries"], 2);

        // The list of the day is built: each callback of it has one reason.
        browser.go(&format!("{root}/lists/plan/furniture_mall/{}", today())).await;
        browser.wait("callbacks", "document.querySelectorAll('#rows tbody tr').length === 9").await;
        browser.click("#plan-build").await;
        browser.wait("the list is kept", "document.querySelector('h1 .is-draft, h1 .is-released')").await;
        assert_eq!(browser.ask("return document.querySelector('.sum .big').textContent").await, "9");

        let pages = [
            ("lists", "/lists".to_owned()),
            ("script", "/lists/scripts/mall-service".into()),
            ("list", format!("/lists/{}", march["id"])),
            ("import", "/lists/import".into()),
            ("imported", "/lists/imports/1?result=rejected".into()),
            ("ahead", "/lists/plan".into()),
            ("plan", format!("/lists/plan/furniture_mall/{}", today())),
            ("policies", "/lists/policies".into()),
            ("policy", "/lists/policies/furniture_mall".into()),
            ("policy-edit", "/lists/policies/furniture_mall/edit".into()),
            ("calendar", "/lists/calendar?year=2026&pack=furniture_mall".into()),
            ("do-not-call", "/lists/do-not-call".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        all_was_well(&browser, &root).await;
        browser.end().await;
        sim.stop();
    });
}

#[test]
fn slips_come_into_the_archive_by_the_rules_of_a_policy_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        enter(&browser, &daemon).await;
        let today = today();
        // Whoever was called meanwhile is not taken back: at any hour, nobody is called here.
        daemon.post("/do-not-call", &json!({ "phone": "13800000021", "reason": "asked" })).await;
        let slips = format!(
            "单号,合同号,单据类型,客户姓名,客户电话,日期\nD1,HT-1,售后单,孙八,13800000021,{today}\nD2,HT-2,奇怪单,周九,13800000022,{today}\n"
        );
        browser.go(&format!("{root}/lists/import")).await;
        browser.wait("the wizard", "document.querySelector('import-wizard').form").await;
        browser.click("[name=kind][value=facts]").await;
        browser.ask("document.querySelector('[name=intake]').value = 'furniture_mall/orders'").await;
        browser.fill("[name=source]", "日报表").await;
        choose(&browser, "日报.csv", &slips).await;
        browser.click("#import-file button.main").await;
        browser.wait("the columns", "!document.querySelector('[data-part=map]').hidden").await;
        browser.picture("import-map-facts-en-light-1440").await;
        browser.click("#import-map button.main").await;
        browser.wait("the trial", "!document.querySelector('[data-part=try]').hidden").await;
        let told = browser.ask("return document.querySelector('[data-problems] tbody').innerText").await;
        assert!(told.as_str().is_some_and(|text| text.contains("The kind of slip is not known")), "{told}");
        browser.click("[data-commit]").await;
        browser
            .wait(
                "what came in",
                "location.pathname === '/lists/intakes/1' && document.querySelector('details.undo')",
            )
            .await;
        assert_eq!(daemon.get("/customers").await["items"][0]["name"], "孙八");
        // The columns of the source are remembered.
        let known = daemon.get("/intake-sources").await;
        assert_eq!(known["items"][0]["source"], "日报表", "{known}");
        browser.ask("document.querySelector('details.undo').open = true; window.confirm = () => true").await;
        browser.fill("details.undo input[name=reason]", "the wrong day").await;
        browser.click("#undo-do").await;
        browser.wait("it is undone", "document.querySelector('h1 .is-undone')").await;
        assert_eq!(daemon.get("/intakes/1").await["undone_reason"], "the wrong day");
        look_at_all(&browser, &root, &[("intake", "/lists/intakes/1".to_owned())]).await;
        all_was_well(&browser, &root).await;
        browser.end().await;
        sim.stop();
    });
}

/// The present day in Shanghai.
fn today() -> String {
    jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone"))
        .date()
        .to_string()
}

#[test]
fn a_customer_is_found_edited_and_seen_on_the_timeline_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let sim = DemoTrunk::start(DEMO_SEED).expect("a simulated trunk");
        let daemon = Daemon::start_as(&Setup::of(&[Trunk::at("sim", sim.address().port())])).await;
        let root = daemon.root();
        let browser = Chromium::start().await;
        enter(&browser, &daemon).await;
        let event = |key: &str, kind: &str, name: &str, phone: &str, matter: &str| {
            json!({ "kind": kind, "external_id": key, "at": today(), "matter": matter,
                "customer": { "name": name, "phones": [{ "phone": phone, "label": "本人" }],
                    "fields": { "address": "和平路 12 号" } },
                "fields": { "product": "实木餐桌", "installer": "钱师傅" } })
        };
        let events = json!([
            event("E1", "install.finished", "王小明", "13800000001", "粤B12345"),
            event("E2", "slip.after_sales", "王小明", "13800000001", "粤B12345"),
            event("E3", "install.finished", "李丽", "13900000002", "HT-20"),
        ]);
        daemon.post("/events?pack=furniture_mall", &events).await;

        // Found by the number plate.
        browser.go(&format!("{root}/customers")).await;
        browser.ask("window.mark = 1").await;
        browser.fill("[name=q]", "粤B12345").await;
        browser.click(".customer-search button.main").await;
        browser.wait("one customer", "document.querySelectorAll('#rows tbody tr').length === 1").await;
        assert_eq!(browser.ask("return window.mark").await, 1, "the rows were changed in place");
        browser.click("#rows tbody a").await;
        browser.wait("the card", "document.querySelector('#timeline li')").await;

        // A number is seen for a reason; the record is changed; both are known afterwards.
        browser.ask("document.querySelector('#edit').open = true").await;
        browser.fill("#edit [name=owner]", "陈经理").await;
        browser.fill("#edit [name=why]", "换了客户经理").await;
        browser.click("#edit-save").await;
        browser
            .wait(
                "the change is on the timeline",
                "document.querySelector('.changes ins')?.textContent === '陈经理'",
            )
            .await;
        browser.click(".kinds a[href*='show=change']").await;
        browser.wait("changes alone", "location.search === '?show=change'").await;
        browser.click(".kinds a").await;

        // A callback is added by hand and stands there too.
        browser.ask("document.querySelector('#callback-add').closest('details').open = true").await;
        let form = "document.querySelector('#callback-add').form";
        browser
            .ask(&format!(
                "{form}.elements.reason.value = '客户来电要求'; {form}.elements.rule.selectedIndex = 1"
            ))
            .await;
        browser.click("#callback-add").await;
        browser.wait("it is there, or the form says why not", "document.readyState === 'complete'").await;

        let id = 1;
        let pages = [("customers", "/customers".to_owned()), ("customer", format!("/customers/{id}"))];
        look_at_all(&browser, &root, &pages).await;
        all_was_well(&browser, &root).await;
        browser.end().await;
        sim.stop();
    });
}
