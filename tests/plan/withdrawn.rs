//! Facts that are taken back: one event, or a whole intake.

use ringback::base::Disposition;
use serde_json::json;

use super::firm::{Firm, on};
use super::shop::{Shop, phone};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::Call;

on_both_databases! {
    a_withdrawn_event_excuses_its_callback_and_empties_the_dialler,
    an_undone_intake_excuses_its_callbacks_and_the_same_file_owes_them_again,
    an_intake_is_refused_its_undo_only_for_calls_of_its_own_callbacks,
}

async fn a_withdrawn_event_excuses_its_callback_and_empties_the_dialler(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let path = "/api/v1/events/1/withdraw";
    shop.site.post(path, json!({ "reason": " " })).await.expect(422);
    shop.site.post("/api/v1/events/99/withdraw", json!({ "reason": "x" })).await.expect(404);
    shop.site.post(path, json!({ "reason": "another order was meant" })).await.expect(204);
    let states: Vec<String> = shop.entries("installed").await.into_iter().map(|e| e.2).collect();
    assert_eq!(states, ["stopped", "pending"], "at once");
    shop.turn("2026-03-03 08:55").await;
    let gone = shop.only("state=excused").await;
    assert_eq!(
        (&gone["outcome"], &gone["reason"], &gone["detail"]),
        (&json!("withdrawn"), &json!("event_withdrawn"), &json!("another order was meant"))
    );
    let told =
        shop.text("SELECT actor || ': ' || subject || ': ' || detail FROM audit_log WHERE action = 'event.withdraw'").await;
    assert_eq!(told, "admin: event:1: another order was meant");
    let twice = shop.site.post(path, json!({ "reason": "again" })).await.expect(409);
    assert!(twice["detail"].as_str().unwrap().contains("withdrawn already"), "{twice}");
    shop.turn("2026-03-04 00:01").await;
    assert_eq!(shop.books("2026-03-03").await["excused"], 1);
}

const ORDERS: &str = "单号,客户名称,电话,日期,产品\nO1,张三,13600000001,2026-03-02,三面翻\n";

async fn an_undone_intake_excuses_its_callbacks_and_the_same_file_owes_them_again(db: &Database) {
    let text = "pack='firm'\ntitle='t'\nsource='test'\n[event.'order.received']\ntitle='t'\n[intake.orders]\nevent='order.received'\n\
                columns = { '单号' = 'external_id', '客户名称' = 'name', '电话' = 'phone', '日期' = 'at', '产品' = 'product' }\n\
                [rule.order]\ntitle='t'\nsource='test'\non={event=['order.received']}\ndue='1d'\ndeadline='3d'\nscript='generic'\n";
    let firm = Firm::by(db, text).await;
    let report = firm.brings("orders", "2026-03-02 10:00", ORDERS).await;
    firm.shop.turn("2026-03-03 08:50").await;
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM entries WHERE state = 'pending'").await, 1);
    let undo = format!("/api/v1/intakes/{}/undo", report["id"]);
    let undone = firm.shop.site.post(&undo, json!({ "reason": "wrong file" })).await.expect(200);
    assert_eq!((&undone["events_withdrawn"], &undone["customers_kept"]), (&json!(1), &json!(1)), "{undone}");
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM entries WHERE state = 'pending'").await, 0);
    assert_eq!(firm.days("order").await, [on("2026-03-03", "excused")]);
    firm.brings("orders", "2026-03-03 09:00", ORDERS).await;
    assert_eq!(firm.days("order").await, [on("2026-03-03", "open")], "it is owed again");
    firm.shop.turn("2026-03-03 09:05").await;
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM entries WHERE state = 'pending'").await, 1);
}

async fn an_intake_is_refused_its_undo_only_for_calls_of_its_own_callbacks(db: &Database) {
    let mut shop = Shop::open(db).await;
    let pack = toml::from_str(super::shop::SHOP).unwrap();
    shop.site.api.desk().packs().set([pack]);
    shop.set("2026-03-02 16:00");
    let install = |key: &str, n: usize| {
        json!([{ "kind": "install.finished", "external_id": key, "at": "2026-03-02 16:00",
                 "customer": { "name": "张三", "phones": [phone(n)] } }])
    };
    let first = shop.site.post("/api/v1/events?pack=shop", install("A", 1)).await.expect(200);
    shop.turn("2026-03-03 08:50").await;
    // A call of another list to the same customer is no call of this intake's callback.
    let (campaign, entries) = shop.site.campaign(&[phone(1).as_str()]).await;
    let now = shop.set("2026-03-03 09:10");
    let call = || Call {
        disposition: Disposition::Completed,
        scores: &[Some(5)],
        seconds: 20,
        recording: None,
        detail: "",
    };
    shop.site.call(campaign, entries[0], &phone(1), now.0, call()).await;
    let undo = |report: &serde_json::Value| format!("/api/v1/intakes/{}/undo", report["intake"]["id"]);
    shop.site.post(&undo(&first), json!({ "reason": "wrong" })).await.expect(200);
    // A call of its own callback is.
    let second = shop.site.post("/api/v1/events?pack=shop", install("B", 2)).await.expect(200);
    shop.turn("2026-03-03 10:00").await;
    shop.set("2026-03-03 10:05");
    shop.call("installed", &phone(2), Disposition::Completed, &[Some(5)]).await;
    let refused = shop.site.post(&undo(&second), json!({ "reason": "wrong" })).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().starts_with("1 calls were made"), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("/withdraw"), "{refused}");
}
