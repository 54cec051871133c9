//! What is taken along on visits and what they cost; segments under a name.

use serde_json::{Value, json};

use super::firm::{Firm, on, shipped};
use super::shop::{at, phone};
use crate::notices::world::{listed, outbox, settings, turn};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    arc_09_material_that_is_not_back_is_reminded_of_and_an_expense_is_approved_to_its_limit,
    arc_05_a_saved_segment_is_counted_listed_and_asked_for_by_a_rule,
}

async fn arc_09_material_that_is_not_back_is_reminded_of_and_an_expense_is_approved_to_its_limit(
    db: &Database,
) {
    let firm = Firm::open(db, "generic-enterprise").await;
    let outbox = outbox(&firm.shop, settings(""));
    firm.shop.site.api.set_notices(outbox.clone());
    let site = &firm.shop.site;
    firm.shop.set("2026-03-03 09:00");
    let body = json!({ "pack": "generic_enterprise", "item": "样品册", "holder": "小李" });
    let out = site.post("/api/v1/materials", body.clone()).await.expect(201);
    assert_eq!(out["due_back_at"], at("2026-03-05 00:00").0);
    let lost = site
        .post("/api/v1/materials", json!({ "pack": "generic_enterprise", "item": "钥匙", "holder": "小王" }));
    let lost = lost.await.expect(201);
    let owed = async || {
        let mut all: Vec<String> = listed(&firm.shop, "topic=material.owed")
            .await
            .iter()
            .map(|n| format!("{} {}", n["to"].as_str().unwrap(), n["title"].as_str().unwrap()))
            .collect();
        all.sort();
        all
    };
    turn(&outbox, "2026-03-04 18:00").await;
    assert_eq!(owed().await, Vec::<String>::new());
    turn(&outbox, "2026-03-05 09:00").await;
    turn(&outbox, "2026-03-05 17:00").await;
    assert_eq!(owed().await, ["小李 请归还资料:样品册", "小王 请归还资料:钥匙"], "once a day");
    firm.shop.set("2026-03-05 18:00");
    let path = |row: &Value, what: &str| format!("/api/v1/materials/{}/{what}", row["id"]);
    let back = site.post(&path(&out, "back"), json!({})).await.expect(200);
    assert_eq!((&back["closed_by"], &back["excuse"]), (&json!("admin"), &Value::Null));
    let operator = site.request(reqwest::Method::POST, &path(&lost, "excuse"), &site.operate);
    send(operator.json(&json!({ "reason": "丢失" }))).await.expect(403);
    site.post(&path(&lost, "excuse"), json!({ "reason": "丢失，主管批准" })).await.expect(200);
    site.post(&path(&lost, "back"), json!({})).await.expect(409);
    turn(&outbox, "2026-03-06 09:00").await;
    assert_eq!(owed().await.len(), 2, "nothing is owed any more");
    let still = site.get("/api/v1/materials?open=true").await.expect(200);
    assert_eq!(still["items"], json!([]));
    let paid = json!({ "pack": "generic_enterprise", "person": "小李", "purpose": "交通", "amount": 600 });
    let paid = site.post("/api/v1/expenses", paid).await.expect(201);
    assert_eq!((&paid["limit"], &paid["approved"]), (&json!(500.0), &Value::Null));
    let path = format!("/api/v1/expenses/{}/approve", paid["id"]);
    let approved = site.post(&path, json!({ "reason": "审核" })).await.expect(200);
    assert_eq!((&approved["approved"], &approved["own"]), (&json!(500.0), &json!(100.0)));
    site.post(&path, json!({ "reason": "审核" })).await.expect(409);
    let own = json!({ "pack": "generic_enterprise", "person": "admin", "purpose": "餐费", "amount": 12.5 });
    let own = site.post("/api/v1/expenses", own).await.expect(201);
    let path = format!("/api/v1/expenses/{}/approve", own["id"]);
    site.post(&path, json!({ "reason": "自己" })).await.expect(409);
    let wrong = json!({ "pack": "generic_enterprise", "person": "小李", "purpose": "交通", "amount": -1 });
    site.post("/api/v1/expenses", wrong).await.expect(422);
}

async fn arc_05_a_saved_segment_is_counted_listed_and_asked_for_by_a_rule(db: &Database) {
    let text = shipped("generic-enterprise")
        + "\n[event.\"spring.checked\"]\ntitle = \"春检\"\n[rule.spring]\ntitle = \"保修到期前回访\"\nsource = \"ARC-05\"\n\
           on = { event = [\"spring.checked\"] }\nwhen = [{ field = \"segment.march\", given = true }]\ndue = \"1d\"\n\
           deadline = \"3d\"\nscript = \"generic\"\n";
    let firm = Firm::by(db, &text).await;
    let site = &firm.shop.site;
    firm.shop.set("2026-02-20 10:00");
    let ends = ["2026-02-28", "2026-03-01", "2026-03-15", "2026-03-31", "2026-04-01"];
    let customers: Vec<_> = ends
        .iter()
        .enumerate()
        .map(|(n, end)| json!({ "external_id": end, "name": end, "phones": [phone(n)], "fields": { "warranty_end": end } }))
        .collect();
    site.post("/api/v1/customers?pack=generic_enterprise", json!(customers)).await.expect(200);
    for (n, end) in ends.iter().enumerate() {
        let body = json!({ "kind": "spring.checked", "external_id": end, "at": "2026-02-20 10:00",
                           "customer": { "external_id": end, "phones": [phone(n)] } });
        site.post("/api/v1/events?pack=generic_enterprise", body).await.expect(200);
    }
    firm.shop.turn("2026-02-20 10:01").await;
    assert!(firm.days("spring").await.is_empty(), "there is no such segment yet");
    let path = "/api/v1/segments/generic_enterprise/march";
    let put =
        async |body: Value| send(site.request(reqwest::Method::PUT, path, &site.admin).json(&body)).await;
    put(json!({ "title": "三月到期", "tests": [] })).await.expect(422);
    let march = json!({ "title": "三月到期", "tests": [{ "field": "warranty_end", "from": "2026-03-01", "to": "2026-03-31" }] });
    put(march.clone()).await.expect(204);
    let shown = site.get(path).await.expect(200);
    assert_eq!((&shown["count"], &shown["title"]), (&json!(3), &json!("三月到期")));
    let listed = site.get(&format!("{path}/customers")).await.expect(200);
    let names: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, &ends[1..4]);
    firm.shop.turn("2026-02-20 10:02").await;
    assert_eq!(firm.days("spring").await, vec![on("2026-02-21", "open"); 3], "a rule asks for it");
    let narrower = json!({ "title": "三月上旬", "tests": [{ "field": "warranty_end", "from": "2026-03-01", "to": "2026-03-10" }] });
    put(narrower).await.expect(204);
    firm.shop.turn("2026-02-20 10:03").await;
    assert_eq!(firm.days("spring").await.len(), 3, "what was scheduled stays");
    for (n, end) in ends.iter().enumerate() {
        let body = json!({ "kind": "spring.checked", "external_id": format!("again {end}"), "at": "2026-02-20 10:04",
                           "matter": "again", "customer": { "external_id": end, "phones": [phone(n)] } });
        site.post("/api/v1/events?pack=generic_enterprise", body).await.expect(200);
    }
    firm.shop.turn("2026-02-20 10:04").await;
    assert_eq!(firm.days("spring").await.len(), 4, "and what is new goes by what holds now");
    let to_callbacks = json!({ "pack": "generic_enterprise", "rule": "routine", "day": "2026-02-25", "reason": "到期",
                               "filter": { "segment": "march" } });
    let added = site.post("/api/v1/customers/to-callbacks", to_callbacks).await.expect(200);
    assert_eq!(added, json!({ "matched": 1, "added": 1, "existing": 0 }));
    send(site.request(reqwest::Method::DELETE, path, &site.admin)).await.expect(204);
    site.get(path).await.expect(404);
    assert_eq!(site.get("/api/v1/segments?pack=generic_enterprise").await.expect(200)["items"], json!([]));
}
