//! Two people look at the same tickets: what one does, the other sees at once, and what the other writes
//! meanwhile stays.

use ringback::io::store::Store;
use serde_json::json;

use super::audit::{account, enter_as};
use super::chromium::{Chromium, is_there};
use super::story::entered;
use crate::peers::daemon::{Daemon, own_network};
use crate::support::databases::block_on;

/// The page follows its stream.
const FOLLOWS: &str =
    "customElements.get('live-part') && document.querySelector('live-part')?.source?.readyState === 1";

#[test]
fn what_one_person_does_to_a_ticket_another_sees_and_what_they_write_stays() {
    if !is_there() {
        return;
    }
    block_on(async {
        let daemon = Daemon::start(&[own_network()], "").await;
        let root = daemon.root();
        let file = format!("sqlite:{}", daemon.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.expect("the daemon's database");
        let body = json!({ "kind": "complaint", "name": "李娜", "phone": "13800000002", "pack": "default",
            "fields": { "content": "请尽快" } });
        let ticket = daemon.post("/tickets", &body).await["ticket"]["id"].as_i64().expect("an id");
        let (li, wang) = (Chromium::start().await, Chromium::start().await);
        entered(&li, &daemon).await;
        account(&store, "wang.fang", "manager", "").await;
        wang.resize(1440, 900).await;
        wang.go(&format!("{root}/login")).await;
        enter_as(&wang, &root, "manager").await;

        // A list is put anew, in place, when a ticket comes.
        wang.go(&format!("{root}/tickets")).await;
        wang.wait("it follows", FOLLOWS).await;
        wang.ask("window.mark = 1; document.querySelector('.filters [name=owner]').value = 'half a na'")
            .await;
        let rows = "document.querySelectorAll('#rows tbody tr').length";
        assert_eq!(wang.ask(&format!("return {rows}")).await, 1);
        let second = json!({ "kind": "repair", "name": "王芳", "phone": "13800000003", "pack": "default",
            "fields": { "content": "漏水" } });
        daemon.post("/tickets", &second).await;
        wang.wait("the new ticket", &format!("{rows} === 2")).await;
        let kept =
            wang.ask("return [window.mark, document.querySelector('.filters [name=owner]').value]").await;
        assert_eq!(
            kept,
            json!([1, "half a na"]),
            "the page was not loaded again, and the filter keeps what is in it"
        );

        // One ticket: nobody writes, so it is put anew; what is unfolded stays so.
        let page = format!("{root}/tickets/{ticket}");
        for browser in [&li, &wang] {
            browser.go(&page).await;
            browser.wait("it follows", FOLLOWS).await;
        }
        wang.click("#act-promise summary").await;
        li.fill("#comment [name=text]", "客户在家").await;
        li.click("#comment button").await;
        wang.wait("the comment", "document.querySelector('#ticket').textContent.includes('客户在家')").await;
        assert_eq!(wang.ask("return document.querySelector('#act-promise').open").await, true);

        // Somebody writes: the form stays, its text and its focus too, and who changed the ticket is said.
        wang.fill("#comment [name=text]", "我来处理").await;
        li.fill("#comment [name=text]", "周五上门").await;
        li.click("#comment button").await;
        wang.wait("the note", "!document.querySelector('live-part p').hidden").await;
        let said = wang.ask("return document.querySelector('live-part p').textContent").await;
        assert!(said.as_str().is_some_and(|said| said.contains("li.wei")), "{said}");
        wang.picture("ticket-changed-meanwhile-en-light-1440").await;
        let state = wang
            .ask(
                "const field = document.querySelector('#comment [name=text]');
                 return [field.value, document.activeElement === field,
                         document.querySelector('#ticket').textContent.includes('周五上门')]",
            )
            .await;
        assert_eq!(state, json!(["我来处理", true, false]));
        // What they wrote is sent, and now both are there; the note is gone.
        wang.click("#comment button").await;
        wang.wait(
            "both",
            "['周五上门', '我来处理'].every(t => document.querySelector('#ticket').textContent.includes(t))",
        )
        .await;
        wang.wait("the note goes", "document.querySelector('live-part p').hidden").await;
        li.wait("the answer", "document.querySelector('#ticket').textContent.includes('我来处理')").await;

        for browser in [&li, &wang] {
            let mistakes = browser.mistakes().await;
            assert!(mistakes.is_empty(), "{mistakes:?}");
        }
        li.end().await;
        wang.end().await;
        daemon.stop().await;
    });
}

#[test]
fn an_import_a_customer_and_a_plan_are_put_anew_when_somebody_changes_them() {
    if !is_there() {
        return;
    }
    block_on(async {
        let daemon = Daemon::start(&[own_network()], "").await;
        let root = daemon.root();
        let li = Chromium::start().await;
        entered(&li, &daemon).await;
        let follow = async |page: &str| {
            li.go(&format!("{root}{page}")).await;
            li.wait("it follows", FOLLOWS).await;
            li.ask("window.mark = 1").await;
        };
        let shows = async |what: &str| {
            li.wait(what, &format!("document.querySelector('main').textContent.includes('{what}')")).await;
            assert_eq!(li.ask("return window.mark").await, 1, "{what}: the page was loaded again");
        };

        let file = "phone,name\n13800000011,A\n".to_owned();
        let import = daemon.post_csv("/imports?list_name=march&file_name=march.csv", file).await;
        let id = &import["id"];
        follow(&format!("/lists/imports/{id}")).await;
        daemon.post(&format!("/imports/{id}/undo"), &json!({ "reason": "wrong month" })).await;
        shows("wrong month").await;

        let orders =
            "单号,合同号,单据类型,客户姓名,客户电话,日期\nDH1,HT1,安装单,李娜,13800000012,2026-03-01\n"
                .to_owned();
        let path = "/intake?pack=furniture_mall&intake=orders&source=test&file_name=orders.csv";
        daemon.post_csv(path, orders).await;
        let customer = daemon.get("/customers").await["items"][0].clone();
        let id = customer["id"].as_i64().expect("an id");
        follow(&format!("/customers/{id}")).await;
        let change = json!({ "version": customer["version"], "owner": "赵敏", "why": "new owner" });
        daemon.patch(&format!("/customers/{id}"), &change).await;
        shows("赵敏").await;

        let today = li.ask("return new Date().toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' })").await;
        let today = today.as_str().expect("a day");
        let callback =
            json!({ "customer": id, "rule": "cleaning", "day": today, "reason": "asked for by letter" });
        daemon.post("/callbacks", &callback).await;
        follow(&format!("/lists/plan/furniture_mall/{today}")).await;
        daemon.post(&format!("/plan/furniture_mall/{today}/build"), &json!({})).await;
        shows("李娜").await;

        let mistakes = li.mistakes().await;
        assert!(mistakes.is_empty(), "{mistakes:?}");
        li.end().await;
        daemon.stop().await;
    });
}
