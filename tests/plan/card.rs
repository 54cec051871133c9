//! The card before the call, and what must be filled in after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ringback::base::Disposition;
use ringback::io::web::{Catalogue, ScriptFact};
use serde_json::{Value, json};

use super::shop::{SHOP, Shop, at, phone, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    cnt_15_the_card_tells_everything_within_a_second,
    imp_07_the_fields_of_the_order_are_on_the_card_and_are_checked_one_by_one,
    sch_31_the_purpose_of_the_plan_is_on_the_card,
    cnt_03_a_slip_that_is_not_done_is_closed_with_its_six_points_only,
    cnt_10_a_broken_order_of_steps_is_kept_with_the_callback,
}

const MALL: &str = r#"
[event."order.signed"]
title = "订单"
fields = { install_status = "", items = "" }

[rule.branch_b]
title = "安装第一次回访"
source = "CNT-03"
on = { event = ["order.signed"] }
due = "1d"
deadline = "2d"
script = "mall-install-first"
close_requires = ["outstanding_complete", "outstanding_true", "unfinished_reason", "shipping", "outstanding_progress", "customer_contact"]
close_requires_when = [{ field = "install_status", is = ["not_done", "未完成"] }]
rates = { "安装" = "installer" }
"#;

async fn open(db: &Database) -> Shop {
    Shop::with(db, settings(&[&format!("{SHOP}{MALL}")])).await
}

async fn card(shop: &Shop, callback: &Value) -> Value {
    shop.site.get(&format!("/api/v1/callbacks/{}/card", callback["id"])).await.expect(200)
}

async fn cnt_15_the_card_tells_everything_within_a_second(db: &Database) {
    let mut shop = open(db).await;
    let script = ScriptFact {
        name: "mall-install-first".into(),
        title: "t".into(),
        questions: vec!["i1".into()],
        steps: vec!["greeting".into(), "installation".into()],
        origin: "default".into(),
        problems: Vec::new(),
    };
    let catalogue = Catalogue { scripts: vec![script], ..Catalogue::default() };
    shop.site.catalogue.send_replace(Arc::new(catalogue));
    let customer = shop.happened(1, "install.finished", "2026-03-02 16:00").await[0];
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-03 11:00").await;
    shop.event(customer, "visit.planned", "2026-03-04 09:00", "V", "{}").await;
    let fields = r#"{"install_status":"未完成","items":"柜体","installer":"王工"}"#;
    shop.event(customer, "order.signed", "2026-03-04 09:30", "O", fields).await;
    shop.turn("2026-03-04 10:00").await;
    let next = shop.only("rule=branch_b").await;
    let began = Instant::now();
    let card = card(&shop, &next).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(shop.number("SELECT COUNT(*) FROM calls").await, 1, "nobody rang for it yet");
    assert_eq!(card["customer"]["customer"]["name"], "C0");
    assert_eq!(card["customer"]["customer"]["phone"], "138****0000", "masked, as everywhere");
    assert_eq!((&card["facts"]["product"], &card["facts"]["items"]), (&json!("boiler"), &json!("柜体")));
    assert_eq!(card["customer"]["events"].as_array().unwrap().len(), 3, "what happened: {card}");
    assert_eq!(card["previous"][0]["rule"], "installed");
    assert_eq!(card["customer"]["answers"][0]["score"], 5, "what was answered before");
    assert_eq!((&card["open"][0]["rule"], &card["open"][0]["method"]), (&json!("visit"), &json!("onsite")));
    assert_eq!((&card["purpose"], &card["script"]), (&json!("安装第一次回访"), &json!("mall-install-first")));
    assert_eq!(card["steps"], json!(["greeting", "installation"]));
    assert_eq!(card["rated"], json!({ "安装": "王工" }));
    assert_eq!(card["close_requires"].as_array().unwrap().len(), 6);
    shop.site.get("/api/v1/callbacks/99/card").await.expect(404);
}

async fn imp_07_the_fields_of_the_order_are_on_the_card_and_are_checked_one_by_one(db: &Database) {
    let shop = open(db).await;
    let customer = shop.customer("C0", &phone(0)).await;
    let fields = r#"{"item_1":"衣柜","item_2":"书桌","item_3":"床"}"#;
    shop.event(customer, "order.signed", "2026-03-02 16:00", "O", fields).await;
    shop.turn("2026-03-03 08:50").await;
    let callback = shop.only("").await;
    let facts = card(&shop, &callback).await["facts"].clone();
    let items = ["item_1", "item_2", "item_3"].map(|item| facts[item].clone());
    assert_eq!(items, [json!("衣柜"), json!("书桌"), json!("床")]);
    shop.set("2026-03-03 10:00");
    let checked = json!({ "item_1": "match", "item_2": "mismatch", "item_3": "match" });
    let body = json!({ "method": "phone", "outcome": "reached", "reason": "checked", "fields": checked });
    let done = shop.edit(&callback, "done", body).await.expect(200);
    assert_eq!(done["filled"], checked);
    let register = shop.site.get("/api/v1/callbacks.csv").await.text();
    assert!(register.contains("mismatch"), "{register}");
}

async fn sch_31_the_purpose_of_the_plan_is_on_the_card(db: &Database) {
    let shop = open(db).await;
    let customer = shop.customer("C0", &phone(0)).await;
    shop.set("2026-03-03 08:00");
    let body = json!({
        "customer": customer, "rule": "by_hand", "day": "2026-03-03", "note": "续约意向", "reason": "plan"
    });
    let made = shop.site.post("/api/v1/callbacks", body).await.expect(201);
    assert_eq!(card(&shop, &made).await["purpose"], "续约意向");
}

async fn cnt_03_a_slip_that_is_not_done_is_closed_with_its_six_points_only(db: &Database) {
    let shop = open(db).await;
    let customer = shop.customer("C0", &phone(0)).await;
    let fields = r#"{"install_status":"未完成"}"#;
    shop.event(customer, "order.signed", "2026-03-02 16:00", "O", fields).await;
    shop.turn("2026-03-03 08:50").await;
    let callback = shop.only("").await;
    shop.set("2026-03-03 10:00");
    let mut given = json!({
        "outstanding_complete": "yes", "outstanding_true": "yes", "unfinished_reason": " ",
        "shipping": "arrived", "outstanding_progress": "waits for fitter", "customer_contact": "called"
    });
    let body = |fields: &Value, appointment: &str| {
        json!({ "method": "phone", "outcome": "reached", "reason": "branch B", "fields": fields,
                "appointment": appointment })
    };
    let refused = shop.edit(&callback, "done", body(&given, "2026-03-10T14:00:00+08:00")).await.expect(422);
    let missing: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(missing, ["fields.unfinished_reason"]);
    let refused = shop.edit(&callback, "done", body(&json!({}), "")).await.expect(422);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 6, "{refused}");
    given["unfinished_reason"] = json!("缺拉手");
    let past = shop.edit(&callback, "done", body(&given, "2026-03-01T14:00:00+08:00")).await.expect(422);
    assert_eq!(past["errors"][0]["field"], "appointment");
    assert_eq!(shop.only("").await["state"], "open", "nothing was closed so far");
    let done = shop.edit(&callback, "done", body(&given, "2026-03-10T14:00:00+08:00")).await.expect(200);
    assert_eq!((&done["state"], &done["filled"]["unfinished_reason"]), (&json!("done"), &json!("缺拉手")));
    let agreed = shop.only("state=open").await;
    assert_eq!(agreed["origin"], "appointment");
    assert_eq!(agreed["due"], at("2026-03-10 14:00").0);
}

async fn cnt_10_a_broken_order_of_steps_is_kept_with_the_callback(db: &Database) {
    let shop = Shop::open(db).await;
    let script = ScriptFact {
        name: "hospital".into(),
        title: "t".into(),
        questions: Vec::new(),
        steps: ["greeting", "recovery", "satisfaction", "thanks"].map(String::from).to_vec(),
        origin: "default".into(),
        problems: Vec::new(),
    };
    shop.site.catalogue.send_replace(Arc::new(Catalogue { scripts: vec![script], ..Catalogue::default() }));
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    let all = shop.callbacks("").await;
    let body = |steps: &[&str]| json!({ "method": "phone", "outcome": "reached", "reason": "called", "steps": steps });
    let wrong = shop.edit(&all[0], "done", body(&["greeting", "weather"])).await.expect(422);
    assert!(wrong["errors"][0]["hint"].as_str().unwrap().contains("recovery, satisfaction"), "{wrong}");
    let broken = body(&["greeting", "satisfaction", "recovery", "thanks"]);
    let done = shop.edit(&all[0], "done", broken).await.expect(200);
    assert_eq!(done["filled"]["steps_out_of_order"], "satisfaction before recovery");
    let kept = shop.edit(&all[1], "done", body(&["greeting", "recovery", "thanks"])).await.expect(200);
    assert_eq!(kept["filled"], json!({ "steps": "greeting, recovery, thanks" }));
}
