//! Notices that want to be acknowledged.

use serde_json::json;

use super::sink::Sink;
use super::world::{channel, listed, notice, outbox, settings, turn};
use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    not_04_the_order_clerk_hears_again_after_two_hours_and_then_the_next_level,
    not_04_what_is_acknowledged_is_not_asked_for_again,
}

async fn not_04_the_order_clerk_hears_again_after_two_hours_and_then_the_next_level(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let text = channel("webhook", &sink.url, "outstanding.*\", \"notice.*")
        + "[[notices.recipient]]\nname = \"下单员\"\nescalate_to = \"客服经理\"\n";
    let outbox = outbox(&shop, settings(&text));
    let mut order = notice("issue:7", "outstanding.opened", "下单员");
    order.wants_ack = true;
    shop.site.store.queue_notices(&[order], at("2026-03-02 10:00")).await.unwrap();
    let keys = |sink: &Sink| -> Vec<(String, String)> {
        let text =
            |r: &super::sink::Received, key: &str| r.body["notices"][0][key].as_str().unwrap().to_owned();
        sink.taken().iter().map(|r| (text(r, "topic"), text(r, "to"))).collect()
    };
    let clerk = ("outstanding.opened".to_owned(), "下单员".to_owned());
    turn(&outbox, "2026-03-02 10:00").await;
    assert_eq!(keys(&sink), std::slice::from_ref(&clerk));
    turn(&outbox, "2026-03-02 11:59").await;
    assert_eq!(keys(&sink), []);
    turn(&outbox, "2026-03-02 12:00").await;
    let again = sink.received();
    assert_eq!(again[0].body["notices"][0]["reminder"], 1);
    assert!(again[0].body["title"].as_str().unwrap().starts_with("[第2次提醒]"), "{}", again[0].body);
    assert_eq!(keys(&sink), [clerk]);
    turn(&outbox, "2026-03-02 14:00").await;
    assert_eq!(keys(&sink), [("notice.unacknowledged".to_owned(), "客服经理".to_owned())]);
    turn(&outbox, "2026-03-02 16:01").await;
    turn(&outbox, "2026-03-02 20:01").await;
    assert_eq!(keys(&sink), [], "no further");
}

async fn not_04_what_is_acknowledged_is_not_asked_for_again(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&channel("webhook", &sink.url, "*")));
    shop.site.api.set_notices(outbox.clone());
    let mut order = notice("issue:7", "outstanding.opened", "下单员");
    order.wants_ack = true;
    shop.site.store.queue_notices(&[order], at("2026-03-02 10:00")).await.unwrap();
    turn(&outbox, "2026-03-02 10:00").await;
    shop.set("2026-03-02 10:30");
    let waiting = listed(&shop, "state=unacknowledged").await;
    let path = format!("/api/v1/notices/{}/acknowledge", waiting[0]["id"]);
    let done = shop.site.post(&path, json!({ "note": "已下单" })).await.expect(200);
    assert_eq!((&done["ack_note"], &done["acked_at"]), (&json!("已下单"), &json!(at("2026-03-02 10:30").0)));
    shop.site.post(&path, json!({})).await.expect(200);
    assert_eq!(listed(&shop, "state=acknowledged").await[0]["ack_note"], "已下单", "the first one counts");
    sink.taken();
    turn(&outbox, "2026-03-02 12:30").await;
    turn(&outbox, "2026-03-02 16:30").await;
    assert!(sink.taken().is_empty());
    let audit = shop.number("SELECT COUNT(*) FROM audit_log WHERE action = 'notice.acknowledge'").await;
    assert_eq!(audit, 1);
    shop.site.post("/api/v1/notices/99/acknowledge", json!({})).await.expect(404);
}
