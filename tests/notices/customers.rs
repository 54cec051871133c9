//! What customers are told by text message.

use ringback::base::Disposition;
use serde_json::{Value, json};

use super::sink::{Reply, Sink};
use super::world::{listed, outbox, settings, turn};
use crate::plan::firm::{Firm, shipped};
use crate::plan::shop::Shop;
use crate::support::databases::{Database, execute, on_both_databases};

on_both_databases! {
    not_06_the_loan_is_told_by_text_message_and_logged_as_delivered,
    not_07_news_reach_those_who_consented_and_nobody_else,
    not_09_who_is_not_reached_with_the_solution_gets_it_by_text_message_the_same_day,
}

fn gateway(sink: &Sink) -> String {
    format!("[notices]\nsms = \"sms\"\n[[notices.channel]]\nname = \"sms\"\nurl = \"{}\"\n", sink.url)
}

async fn not_06_the_loan_is_told_by_text_message_and_logged_as_delivered(db: &Database) {
    let sink = Sink::open().await;
    let text = shipped("real-estate").replace(
        "on = { event = [\"loan.released\"] }",
        "on = { event = [\"loan.released\"] }\nmethod = \"sms\"",
    );
    let firm = Firm::by(db, &text).await;
    let outbox = outbox(&firm.shop, settings(&gateway(&sink)));
    let fields = json!({ "first_payment_on": "每月15日" });
    firm.happens("loan.released", "L1", "2026-03-20 10:00", "13600000001", fields).await;
    firm.shop.turn("2026-03-20 10:05").await;
    sink.reply(&[Reply::With(500, "")]);
    turn(&outbox, "2026-03-20 10:05").await;
    let open = firm.shop.callbacks("rule=loan").await;
    assert_eq!(open[0]["state"], "open", "what did not arrive is not done");
    turn(&outbox, "2026-03-20 10:06").await;
    let sent = &sink.taken()[1].body;
    assert_eq!(sent["notices"][0]["address"], "sms:13600000001");
    assert_eq!(sent["text"], "【房地产售后】您的按揭贷款已于2026-03-20放款,首次扣款时间:每月15日。");
    let done = firm.shop.callbacks("rule=loan").await;
    let shown = (&done[0]["state"], &done[0]["method"], &done[0]["outcome"]);
    assert_eq!(shown, (&json!("done"), &json!("sms"), &json!("reached")));
    let log = listed(&firm.shop, "topic=customer.*").await;
    assert!(log[0]["deliveries"][0]["sent_at"].is_i64());
    turn(&outbox, "2026-03-20 10:30").await;
    assert!(sink.taken().is_empty(), "once");
}

async fn not_07_news_reach_those_who_consented_and_nobody_else(db: &Database) {
    let (shop, sink) = (Shop::open(db).await, Sink::open().await);
    let outbox = outbox(&shop, settings(&gateway(&sink).replace("[[notices", "email = \"\"\n[[notices")));
    for n in 0..6 {
        shop.customer(&format!("C{n}"), &format!("1380000000{n}")).await;
    }
    for (names, consent) in [("'C0', 'C1', 'C2', 'C5'", "是"), ("'C3'", "否")] {
        let sql =
            format!("UPDATE customers SET fields = '{{\"news\":\"{consent}\"}}' WHERE name IN ({names})");
        execute(&shop.site.store, &sql).await.unwrap();
    }
    shop.site.post("/api/v1/do-not-call", json!({ "phone": "13800000005", "reason": "asked for it" })).await;
    let body =
        json!({ "pack": "shop", "consent_field": "news", "key": "spring", "text": "新增上门保养业务" });
    shop.site.post("/api/v1/announcements", body.clone()).await.expect(503);
    shop.site.api.set_notices(outbox.clone());
    let report = shop.site.post("/api/v1/announcements", body.clone()).await.expect(202);
    assert_eq!((&report["queued"], &report["without_consent"]), (&json!(3), &json!(2)));
    let again = shop.site.post("/api/v1/announcements", body).await.expect(202);
    assert_eq!(again["queued"], 0, "the same news once");
    turn(&outbox, "2026-03-02 10:00").await;
    let mut told: Vec<String> =
        sink.taken().iter().map(|r| r.body["notices"][0]["address"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["sms:13800000000", "sms:13800000001", "sms:13800000002"]);
    let wrong = json!({ "pack": "shop", "consent_field": "news", "key": "", "text": "x" });
    shop.site.post("/api/v1/announcements", wrong).await.expect(422);
}

async fn not_09_who_is_not_reached_with_the_solution_gets_it_by_text_message_the_same_day(db: &Database) {
    let sink = Sink::open().await;
    let mut firm = Firm::open(db, "billboard-maker").await;
    let outbox = outbox(&firm.shop, settings(&gateway(&sink)));
    let fields = json!({ "solution": "更换灯箱面板" });
    firm.happens("solution.decided", "S1", "2026-03-06 16:55", "13600000001", fields).await;
    let call = firm.shop.callbacks("rule=solution").await;
    assert_eq!((&call[0]["state"], &call[0]["method"]), (&json!("open"), &json!("phone")));
    firm.shop.turn("2026-03-06 16:56").await;
    assert_eq!(firm.shop.entries_of("billboard_maker/solution").await.len(), 1, "it is called the same day");
    firm.shop.set("2026-03-06 17:20");
    firm.shop.call_of("billboard_maker/solution", "13600000001", Disposition::InvalidNumber, &[]).await;
    firm.shop.turn("2026-03-06 17:21").await;
    let now = firm.shop.callbacks("rule=solution").await;
    assert_eq!(now[0]["method"], "sms", "{now:#?}");
    turn(&outbox, "2026-03-06 17:21").await;
    let sent = sink.taken();
    assert_eq!(sent.len(), 1);
    let text = sent[0].body["text"].as_str().unwrap();
    assert!(text.contains("更换灯箱面板"), "{text}");
    let done: Vec<Value> = firm.shop.callbacks("rule=solution").await;
    assert_eq!((&done[0]["state"], &done[0]["outcome"]), (&json!("done"), &json!("reached")));
}
