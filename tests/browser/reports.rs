//! The story of the reports: a register is opened, a report is made, submitted by one and approved by another; the
//! chain of custody is verified.

use ringback::io::store::Store;

use super::audit::{account, calls_of_last_month, enter_as, enter_first, last_month};
use super::chromium::{Chromium, is_there};
use super::story::look_at_all;
use crate::peers::daemon::{Daemon, Setup, own_network};
use crate::support::databases::block_on;

#[test]
fn a_register_is_opened_and_a_report_goes_its_way_in_a_browser() {
    if !is_there() {
        return;
    }
    block_on(async {
        let daemon = Daemon::start_as(&Setup::of(&[own_network()])).await;
        let (root, month) = (daemon.root(), last_month());
        let file = format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.expect("the daemon's database");
        calls_of_last_month(&daemon, &store, &month).await;
        let browser = Chromium::start().await;
        browser.resize(1440, 900).await;
        enter_first(&browser, &root, &daemon.log()).await;
        account(&store, "jing", "manager", "").await;

        // A register is found by its name, and has the calls of its days.
        browser.go(&format!("{root}/reports/registers")).await;
        browser.fill("input[name=q]", "电话记录").await;
        browser.click(".filters button.main").await;
        browser.wait("what was looked for", "document.querySelectorAll('.forms li').length < 10").await;
        browser.click("a[href='/reports/registers/phone-records']").await;
        browser.wait("the register", "document.querySelector('input[name=from]')").await;
        let register = format!("/reports/registers/phone-records?from={month}-03&to={month}-05");
        browser.go(&format!("{root}{register}")).await;
        browser.wait("its rows", "document.querySelectorAll('table.dense tbody tr').length > 5").await;

        // A report of one of those days is made and submitted.
        browser.go(&format!("{root}/reports?make=calls-day#make")).await;
        browser.ask(&format!("document.querySelector('input[name=date]').value = '{month}-05'")).await;
        browser.click("#make-do").await;
        browser.wait("the report", "/^\\/reports\\/\\d+$/.test(location.pathname)").await;
        let report = browser.ask("return location.pathname").await;
        let report = report.as_str().expect("a path").to_owned();
        browser.picture("report-draft-en-light-1440").await;
        browser.click("#step-submit").await;
        browser.wait("it is submitted", "document.querySelector('.timeline li:nth-child(2)')").await;
        let figure = browser.ask("return document.querySelector('.figure .big').getAttribute('href')").await;
        let figure = figure.as_str().expect("what is behind it").to_owned();

        // Another person approves it, and the period is locked.
        enter_as(&browser, &root, "manager").await;
        browser.go(&format!("{root}{report}")).await;
        browser.click("#step-approve").await;
        browser.wait("it is locked", "document.querySelectorAll('.way li.is-done').length >= 4").await;

        // The chain is verified while one looks.
        browser.go(&format!("{root}/reports/chain")).await;
        browser.click("#verify-do").await;
        browser.wait("the result", "document.querySelector('#verification .told')").await;

        let monthly = daemon
            .post(
                "/reports",
                &serde_json::json!({ "report": "callback-report", "date": format!("{month}-05") }),
            )
            .await;
        let pages = [
            ("reports", "/reports".to_owned()),
            ("registers", "/reports/registers".into()),
            ("register", format!("{register}&record=call%3Ax")),
            ("report", report),
            ("report-month", format!("/reports/{}", monthly["id"])),
            ("figure", figure),
            ("rates", format!("/reports/rates?month={month}")),
            ("actions", "/reports/actions".into()),
            ("chain", "/reports/chain".into()),
        ];
        look_at_all(&browser, &root, &pages).await;
        let mistakes = browser.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let asked = browser.requests().await;
        let elsewhere: Vec<_> =
            asked.iter().filter(|url| url.starts_with("http") && !url.starts_with(&root)).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
        browser.end().await;
    });
}
