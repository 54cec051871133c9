//! What an agent does while the customer is on the line: blocks and fields are ticked, an expert is
//! called in, a visit is agreed.

use std::sync::Arc;

use ringback::base::Disposition;
use ringback::io::web::Catalogue;
use serde_json::{Value, json};

use super::firm::{Firm, shipped};
use super::shop::{SHOP, Shop, at, phone, settings};
use crate::notices::questionnaires::written;
use crate::support::databases::{Database, execute, on_both_databases};

on_both_databases! {
    cnt_09_six_blocks_are_ticked_done_or_skipped_before_the_call_is_closed,
    cnt_19_an_expert_gets_an_appointment_and_the_call_shows_who_spoke_for_how_long,
    cnt_20_what_the_project_manager_says_stands_on_the_card_of_the_project,
    cnt_12_an_audit_jumps_to_each_step_of_the_recording,
    imp_07_an_agent_marks_the_fields_of_the_order_while_the_customer_is_on_the_line,
    sch_34_a_call_whose_customer_wants_a_visit_stays_open_until_the_visit_is_done,
}

const PHONE: &str = "13600000001";

async fn ward(db: &Database) -> (Firm, Value) {
    let firm = Firm::open(db, "hospital").await;
    let catalogue = Catalogue { written: Arc::new(written()), ..Catalogue::default() };
    firm.shop.site.catalogue.send_replace(Arc::new(catalogue));
    firm.happens("patient.discharged", "H1", "2026-02-24 10:00", PHONE, json!({ "department": "骨科" }))
        .await;
    firm.shop.turn("2026-03-03 09:50").await;
    firm.shop.set("2026-03-03 10:30");
    let callback = firm.shop.only("rule=inpatient").await;
    (firm, callback)
}

async fn card(shop: &Shop, callback: &Value) -> Value {
    shop.site.get(&format!("/api/v1/callbacks/{}/card", callback["id"])).await.expect(200)
}

fn errors(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect()
}

async fn cnt_09_six_blocks_are_ticked_done_or_skipped_before_the_call_is_closed(db: &Database) {
    let (firm, callback) = ward(db).await;
    let shown = card(&firm.shop, &callback).await;
    let six = ["recovery", "health_education", "specialist", "support", "satisfaction", "opinion"];
    let steps: Vec<&str> =
        shown["blocks"].as_array().unwrap().iter().map(|b| b["step"].as_str().unwrap()).collect();
    let of_them: Vec<&str> = steps.iter().copied().filter(|step| six.contains(step)).collect();
    assert_eq!(of_them, six, "in order: {steps:?}");
    let told = |step: &str| {
        let block = shown["blocks"].as_array().unwrap().iter().find(|b| b["step"] == step).unwrap();
        block["text"].to_string()
    };
    let surgery = crate::ivr::texts("zh-CN")["hospital/education-surgery"].clone();
    assert!(
        told("health_education").contains(&surgery),
        "the advice of the department: {}",
        told("health_education")
    );
    assert!(told("recovery").contains("您恢复得怎么样？"));
    let close = json!({ "method": "phone", "outcome": "satisfied", "reason": "called" });
    let refused = firm.shop.edit(&callback, "done", close.clone()).await.expect(422);
    assert_eq!(errors(&refused), six.map(|block| format!("blocks.{block}")), "{refused}");
    for (place, block) in six.iter().enumerate().take(5) {
        let result = if place == 2 { "skipped" } else { "done" };
        let note = if *block == "support" { "术后焦虑，多鼓励" } else { "" };
        firm.shop
            .edit(&callback, "marks", json!({ "block": block, "result": result, "note": note }))
            .await
            .expect(204);
    }
    let refused = firm.shop.edit(&callback, "done", close.clone()).await.expect(422);
    assert_eq!(errors(&refused), ["blocks.opinion"]);
    let wrong =
        firm.shop.edit(&callback, "marks", json!({ "block": "weather", "result": "done" })).await.expect(422);
    assert!(wrong["errors"][0]["hint"].as_str().unwrap().contains("recovery"), "{wrong}");
    firm.shop.edit(&callback, "marks", json!({ "block": "opinion", "result": "maybe" })).await.expect(422);
    firm.shop.edit(&callback, "marks", json!({ "block": "opinion", "result": "skipped" })).await.expect(204);
    let shown = card(&firm.shop, &callback).await;
    assert_eq!(shown["blocks_missing"], json!([]));
    let note = shown["marks"].as_array().unwrap().iter().find(|m| m["name"] == "support").unwrap();
    assert_eq!((&note["note"], &note["actor"]), (&json!("术后焦虑，多鼓励"), &json!("admin")));
    let done = firm.shop.edit(&callback, "done", close).await.expect(200);
    assert_eq!(done["state"], "done");
    firm.shop.edit(&callback, "marks", json!({ "block": "opinion", "result": "done" })).await.expect(409);
}

async fn cnt_19_an_expert_gets_an_appointment_and_the_call_shows_who_spoke_for_how_long(db: &Database) {
    let (mut firm, callback) = ward(db).await;
    let about = json!({ "block": "related_information", "result": "done" });
    let early = firm.shop.edit(&callback, "marks", about.clone()).await.expect(422);
    assert!(early.to_string().contains("comes after `satisfaction`"), "{early}");
    let skip = json!({ "block": "related_information", "result": "skipped" });
    firm.shop.edit(&callback, "marks", skip).await.expect(204);
    firm.shop
        .edit(&callback, "marks", json!({ "block": "satisfaction", "result": "done" }))
        .await
        .expect(204);
    firm.shop.edit(&callback, "marks", about).await.expect(204);
    let body = json!({ "at": "2026-03-05T15:30:00+08:00", "expert": "李主任", "department": "骨科", "reason": "复查" });
    let task = firm.shop.edit(&callback, "expert", body).await.expect(201);
    assert_eq!(
        [&task["method"], &task["assignee"], &task["note"], &task["due"]],
        [&json!("task"), &json!("李主任"), &json!("骨科"), &json!(at("2026-03-05 15:30").0)]
    );
    assert_eq!(firm.shop.callbacks("state=open").await.len(), 2, "the callback itself goes on");
    let call = firm.shop.call_of("hospital/inpatient", PHONE, Disposition::Completed, &[Some(5)]).await;
    let now = firm.shop.now().0;
    for (number, target, kind, answered, ended) in [
        (1, "801", "agent", Some(3_000), 63_000),
        (2, "820", "agent", Some(70_000), 190_000),
        (3, "700", "supervisor", Some(5_000), 9_000),
    ] {
        let answered = answered.map_or("NULL".into(), |ms: i64| (now + ms).to_string());
        let sql = format!(
            "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{call}', {number}, '{kind}', '{target}', 'a{target}', {now}, {answered}, {}, 'talked', 'peer')",
            now + ended
        );
        execute(&firm.shop.site.store, &sql).await.unwrap();
    }
    let record = firm.shop.site.get(&format!("/api/v1/calls/{call}")).await.expect(200);
    let spoke: Vec<_> = record["speakers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["target"].as_str().unwrap(), s["talked_ms"].as_i64().unwrap()))
        .collect();
    assert_eq!(spoke, [("801", 60_000), ("820", 120_000)], "the expert, and for how long");
}

async fn cnt_20_what_the_project_manager_says_stands_on_the_card_of_the_project(db: &Database) {
    let mut firm =
        Firm::by(db, &shipped("home-decoration").replace("managers = false", "managers = true")).await;
    let fields = json!({ "project_manager": "老周", "pm_phone": "13900000009" });
    firm.happens("project.completed", "P1", "2026-03-02 10:00", PHONE, fields).await;
    firm.shop.turn("2026-03-03 08:50").await;
    firm.shop.set("2026-03-03 10:00");
    firm.shop.call_of("home_decoration/first", PHONE, Disposition::Completed, &[Some(5)]).await;
    firm.shop.turn("2026-03-09 08:50").await;
    firm.shop.set("2026-03-09 10:00");
    let call = firm
        .shop
        .call_of("home_decoration/project_manager", "13900000009", Disposition::Completed, &[None])
        .await;
    let sql = format!("UPDATE answers SET question = 'pm1', meaning = 'late' WHERE call_id = '{call}'");
    execute(&firm.shop.site.store, &sql).await.unwrap();
    firm.shop.turn("2026-03-09 11:00").await;
    let path = format!("/api/v1/matters/card?pack=home_decoration&matter=M-{PHONE}");
    let card = firm.shop.site.get(&path).await.expect(200);
    assert_eq!(card["events"][0]["kind"], "project.completed");
    let (ours, theirs) = (&card["internal"], &card["answers"]);
    assert_eq!(
        (&ours[0]["rule"], &ours[0]["meaning"]),
        (&json!("project_manager"), &json!("late")),
        "{card}"
    );
    assert_eq!((theirs.as_array().unwrap().len(), &theirs[0]["score"]), (1, &json!(5)), "kept apart: {card}");
    let rates = firm.shop.site.get("/api/v1/surveys?from=2026-03").await.expect(200);
    let first = rates["items"].as_array().unwrap().iter().find(|l| l["rule"] == "first").unwrap();
    assert_eq!(first["mean"], 5.0);
    firm.shop.site.get("/api/v1/matters/card?pack=home_decoration&matter=nothing").await.expect(404);
}

async fn cnt_12_an_audit_jumps_to_each_step_of_the_recording(db: &Database) {
    let mut firm = Firm::open(db, "repair-station-rescue").await;
    firm.shop.set("2026-03-03 09:00");
    let (campaign, entries) = firm.shop.site.campaign(&[PHONE]).await;
    let at = firm.shop.now().0;
    let call = crate::web::site::Call {
        disposition: Disposition::Completed,
        scores: &[Some(4)],
        seconds: 90,
        recording: None,
        detail: "",
    };
    let call = firm.shop.site.call(campaign, entries[0], PHONE, at, call).await;
    // The caller of the world answers after three seconds; the five steps of RS-5 follow.
    let five = ["self_introduction", "car_condition", "explanation", "service", "farewell"];
    let stamps: Vec<Value> = five
        .iter()
        .zip([3_000, 15_000, 33_500, 50_000, 80_000])
        .map(|(step, ms)| json!({ "step": step, "at": at + ms }))
        .collect();
    let sql = format!("UPDATE calls SET steps = '{}' WHERE id = '{call}'", Value::from(stamps));
    execute(&firm.shop.site.store, &sql).await.unwrap();
    let marks = firm.shop.site.get(&format!("/api/v1/calls/{call}/markers")).await.expect(200);
    let marks: Vec<_> = marks["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (m["step"].as_str().unwrap(), m["offset_ms"].as_i64().unwrap(), m["length_ms"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(
        marks,
        [
            ("self_introduction", 0, 12_000),
            ("car_condition", 12_000, 18_500),
            ("explanation", 30_500, 16_500),
            ("service", 47_000, 30_000),
            ("farewell", 77_000, 13_000),
        ]
    );
}

async fn imp_07_an_agent_marks_the_fields_of_the_order_while_the_customer_is_on_the_line(db: &Database) {
    let order = "\n[event.\"order.signed\"]\ntitle = \"订单\"\nfields = { items = \"\" }\n[rule.order]\ntitle = \"订单回访\"\n\
                 source = \"IMP-07\"\non = { event = [\"order.signed\"] }\ndue = \"1d\"\ndeadline = \"2d\"\nscript = \"generic\"\n";
    let shop = Shop::with(db, settings(&[&format!("{SHOP}{order}")])).await;
    let customer = shop.customer("C0", &phone(0)).await;
    let fields = r#"{"item_1":"衣柜","item_2":"书桌","item_3":"床"}"#;
    shop.event(customer, "order.signed", "2026-03-02 16:00", "O", fields).await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    let callback = shop.only("").await;
    let body = json!({ "field": "item_2", "result": "mismatch", "note": "餐桌" });
    shop.edit(&callback, "marks", body).await.expect(204);
    shop.edit(&callback, "marks", json!({ "field": "item_1", "result": "match" })).await.expect(204);
    shop.edit(&callback, "marks", json!({ "field": "item_9", "result": "match" })).await.expect(422);
    shop.edit(&callback, "marks", json!({ "field": "item_1", "result": "done" })).await.expect(422);
    shop.edit(&callback, "marks", json!({ "field": "item_1", "block": "x", "result": "match" }))
        .await
        .expect(422);
    let shown = card(&shop, &callback).await;
    assert_eq!(shown["callback"]["state"], "open", "the call goes on");
    let ticked: Vec<_> = shown["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["name"].as_str().unwrap(), m["result"].as_str().unwrap(), m["note"].as_str().unwrap()))
        .collect();
    assert_eq!(ticked, [("item_1", "match", ""), ("item_2", "mismatch", "餐桌")]);
    let event = &shown["customer"]["events"][0]["checks"]["item_2"];
    assert_eq!(
        (&event["result"], &event["by"]),
        (&json!("mismatch"), &json!("admin")),
        "it stands with the order"
    );
    let body =
        json!({ "method": "phone", "outcome": "reached", "reason": "checked", "fields": { "note": "改单" } });
    let done = shop.edit(&callback, "done", body).await.expect(200);
    assert_eq!(done["filled"], json!({ "item_1": "match", "item_2": "mismatch", "note": "改单" }));
    let register = shop.site.get("/api/v1/callbacks.csv").await.text();
    assert!(register.contains("item_2") && register.contains("mismatch"), "{register}");
}

async fn sch_34_a_call_whose_customer_wants_a_visit_stays_open_until_the_visit_is_done(db: &Database) {
    let firm = Firm::by(db, &shipped("home-decoration")).await;
    firm.happens("project.completed", "P1", "2026-03-02 10:00", PHONE, json!({})).await;
    firm.shop.turn("2026-03-03 08:50").await;
    firm.shop.set("2026-03-03 10:00");
    let callback = firm.shop.only("rule=first").await;
    let body = |fields: Value, when: &str| json!({ "method": "phone", "outcome": "wants_onsite", "reason": "对水电有疑问", "fields": fields, "appointment": when });
    let when = "2026-03-05T15:30:00+08:00";
    let nowhere = firm.shop.edit(&callback, "done", body(json!({}), when)).await.expect(422);
    assert_eq!(errors(&nowhere), ["fields.address"]);
    let address = json!({ "address": "南山区1号", "assignee": "老周" });
    let never = firm.shop.edit(&callback, "done", body(address.clone(), "")).await.expect(422);
    assert_eq!(errors(&never), ["appointment"]);
    let still = firm.shop.edit(&callback, "done", body(address, when)).await.expect(200);
    assert_eq!((&still["state"], &still["method"]), (&json!("open"), &json!("phone")));
    let visit = firm.shop.only("rule=first&method=onsite").await;
    assert_eq!(
        [&visit["state"], &visit["note"], &visit["assignee"], &visit["due"]],
        [&json!("open"), &json!("南山区1号"), &json!("老周"), &json!(at("2026-03-05 15:30").0)]
    );
    let pending = "SELECT COUNT(*) FROM entries WHERE state = 'pending'";
    assert_eq!(firm.shop.number(pending).await, 0, "nobody rings meanwhile");
    firm.shop.turn("2026-03-04 08:50").await;
    firm.shop.turn("2026-03-05 08:50").await;
    assert_eq!(firm.shop.number(pending).await, 0);
    firm.shop.set("2026-03-05 17:00");
    let seen = json!({ "method": "onsite", "outcome": "satisfied", "reason": "解释清楚了" });
    firm.shop.edit(&visit, "done", seen).await.expect(200);
    let first = firm.shop.only("rule=first&method=onsite&state=done&assignee=").await;
    assert_eq!(first["id"], callback["id"], "the callback is closed with its visit");
    assert_eq!(first["outcome"], "satisfied");
}
