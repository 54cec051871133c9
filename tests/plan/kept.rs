//! The archive at work: warranty, segments, customer types, members, months that are put away;
//! and calls by hand.

use ringback::base::Disposition;
use serde_json::json;

use super::firm::{Firm, shipped};
use super::shop::{SHOP, Shop, phone, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    win_06_a_call_by_hand_at_1230_needs_a_reason_and_stands_in_the_adherence_report,
    win_06_a_call_after_the_deadline_is_counted_for_its_caller,
    arc_04_the_card_says_whether_service_is_free_and_the_boundary_is_a_setting,
    arc_05_customers_whose_warranty_ends_in_march_are_counted_and_called,
    arc_06_official_and_private_cars_have_their_own_satisfaction,
    arc_07_the_card_of_a_vip_shows_number_and_consumptions,
    arc_08_closed_records_of_march_are_put_away_found_and_not_changed,
    arc_08_a_month_that_is_over_is_put_away_by_itself_under_the_keepers_name,
}

async fn win_06_a_call_by_hand_at_1230_needs_a_reason_and_stands_in_the_adherence_report(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    let banned = phone(1).parse().unwrap();
    shop.turn("2026-03-03 08:50").await;
    let all = shop.callbacks("").await;
    let (one, two) = (&all[0], &all[1]);
    shop.set("2026-03-03 12:30");
    let refused = shop.edit(one, "call-now", json!({})).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().starts_with("window_closed"), "{refused}");
    let body = json!({ "override_reason": "the customer asked for it" });
    let allowed = shop.edit(one, "call-now", body.clone()).await.expect(200);
    assert_eq!(
        (&allowed["by"], &allowed["code"], &allowed["phone"]),
        (&json!("hand"), &json!("overridden"), &json!(phone(0)))
    );
    let report = shop.site.get("/api/v1/adherence?month=2026-03").await.expect(200);
    let line = &report["overrides"][0];
    assert_eq!(
        (&line["caller"], &line["subject"]),
        (&json!("admin"), &json!(format!("callback:{}", one["id"])))
    );
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("window_closed") && detail.ends_with("the customer asked for it"), "{detail}");
    assert_eq!(
        (&report["callers"][0]["caller"], &report["callers"][0]["overrides"]),
        (&json!("admin"), &json!(1))
    );
    // The do-not-call list is not overridden.
    shop.site
        .store
        .add_do_not_call(&banned, "asked", "test", super::shop::at("2026-03-03 12:00"))
        .await
        .unwrap();
    let never = shop.edit(two, "call-now", body).await.expect(409);
    assert!(never["detail"].as_str().unwrap().starts_with("do_not_call"), "{never}");
    // Within the window nothing speaks against it: the dialler calls it next.
    shop.set("2026-03-03 14:05");
    let now = shop.edit(one, "call-now", json!({})).await.expect(200);
    assert_eq!((&now["by"], &now["phone"]), (&json!("dialler"), &json!(null)));
    let due = shop.number("SELECT MAX(due_at) FROM entries").await;
    assert_eq!(due, super::shop::at("2026-03-03 14:05").0);
    let other = shop.site.get("/api/v1/adherence?month=2026-04").await.expect(200);
    assert_eq!(other["overrides"], json!([]));
    shop.site.get("/api/v1/adherence?month=March").await.expect(422);
}

async fn win_06_a_call_after_the_deadline_is_counted_for_its_caller(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(3, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let first = shop.callbacks("").await[0].clone();
    shop.edit(&first, "assign", json!({ "assignee": "小李", "reason": "knows them" })).await.expect(200);
    shop.set("2026-03-03 10:00");
    shop.call("installed", &phone(1), Disposition::Completed, &[Some(5)]).await;
    shop.set("2026-03-03 12:40");
    shop.call("installed", &phone(2), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-04 08:50").await;
    shop.set("2026-03-04 10:00");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    let report = shop.site.get("/api/v1/adherence?month=2026-03").await.expect(200);
    let of = |caller: &str| {
        let all = report["callers"].as_array().unwrap();
        let one = all.iter().find(|c| c["caller"] == caller).unwrap_or_else(|| panic!("{report}"));
        ["calls", "outside_window", "after_deadline"].map(|key| one[key].as_u64().unwrap())
    };
    assert_eq!(of("robot"), [2, 1, 0], "one at 12:40");
    assert_eq!(of("小李"), [1, 0, 1], "one a day late");
}

async fn arc_04_the_card_says_whether_service_is_free_and_the_boundary_is_a_setting(db: &Database) {
    let firm = Firm::open(db, "equipment-manufacturer").await;
    firm.happens("equipment.delivered", "D1", "2025-03-03 10:00", "13600000001", json!({})).await;
    let warranty = async |firm: &Firm, at: &str| {
        firm.shop.set(at);
        let card = firm.shop.site.get("/api/v1/customers/1").await.expect(200);
        let w = &card["warranty"];
        (w["until"].as_str().unwrap().to_owned(), w["in_warranty"] == true, w["paid"] == true)
    };
    assert_eq!(warranty(&firm, "2026-03-02 23:59").await, ("2026-03-02".into(), true, false));
    assert_eq!(warranty(&firm, "2026-03-03 09:00").await, ("2026-03-02".into(), false, true));
    let within =
        shipped("equipment-manufacturer").replace("anniversary = \"after\"", "anniversary = \"within\"");
    firm.shop.site.api.desk().packs().set([toml::from_str(&within).unwrap()]);
    assert_eq!(warranty(&firm, "2026-03-03 09:00").await, ("2026-03-03".into(), true, false));
    // A day that was agreed goes before.
    let patch = json!({ "why": "bought two years", "fields": { "warranty_end": "2027-03-02" } });
    let request =
        firm.shop.site.request(reqwest::Method::PATCH, "/api/v1/customers/1", &firm.shop.site.admin);
    crate::web::site::send(request.json(&patch)).await.expect(200);
    assert_eq!(warranty(&firm, "2026-03-04 09:00").await, ("2027-03-02".into(), true, false));
}

async fn arc_05_customers_whose_warranty_ends_in_march_are_counted_and_called(db: &Database) {
    let firm = Firm::open(db, "generic-enterprise").await;
    firm.shop.set("2026-02-20 10:00");
    let ends = ["2026-02-28", "2026-03-01", "2026-03-15", "2026-03-31", "2026-04-01"];
    let customers: Vec<_> = ends
        .iter()
        .enumerate()
        .map(|(n, end)| json!({ "external_id": end, "name": end, "phones": [phone(n)], "fields": { "warranty_end": end } }))
        .collect();
    firm.shop.site.post("/api/v1/customers?pack=generic_enterprise", json!(customers)).await.expect(200);
    let listed = "/api/v1/customers?field=warranty_end&from=2026-03-01&to=2026-03-31";
    let listed = firm.shop.site.get(listed).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    let body = |dry: bool| {
        json!({ "pack": "generic_enterprise", "rule": "routine", "day": "2026-02-25", "reason": "the warranty ends",
                "filter": { "field": "warranty_end", "from": "2026-03-01", "to": "2026-03-31" }, "dry_run": dry })
    };
    let path = "/api/v1/customers/to-callbacks";
    let counted = firm.shop.site.post(path, body(true)).await.expect(200);
    assert_eq!(counted, json!({ "matched": 3, "added": 0, "existing": 0 }));
    assert_eq!(firm.shop.callbacks("rule=routine&due=2026-02-25").await.len(), 0);
    let added = firm.shop.site.post(path, body(false)).await.expect(200);
    assert_eq!(added, json!({ "matched": 3, "added": 3, "existing": 0 }));
    let again = firm.shop.site.post(path, body(false)).await.expect(200);
    assert_eq!(again, json!({ "matched": 3, "added": 0, "existing": 3 }));
    firm.shop.turn("2026-02-25 08:50").await;
    let names = firm.shop.entries_of("generic_enterprise/routine").await.len();
    assert_eq!(names, 3, "they stand in the list and campaign of the rule");
    assert!(firm.shop.callbacks("rule=routine&due=2026-02-25").await.iter().all(|c| c["origin"] == "manual"));
    let unnamed =
        json!({ "pack": "generic_enterprise", "day": "2026-02-25", "reason": "x", "filter": { "is": "y" } });
    firm.shop.site.post(path, unnamed).await.expect(422);
}

async fn arc_06_official_and_private_cars_have_their_own_satisfaction(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(7, "install.finished", "2026-03-02 16:00").await;
    for (kind, ids) in [("公车", "1, 2, 3"), ("私车", "4, 5, 6, 7")] {
        let sql =
            format!("UPDATE customers SET fields = '{{\"customer_type\":\"{kind}\"}}' WHERE id IN ({ids})");
        crate::support::databases::execute(&shop.site.store, &sql).await.unwrap();
    }
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    for n in 0..7 {
        let score = if n == 0 || n == 6 { 1 } else { 5 };
        shop.call("installed", &phone(n), Disposition::Completed, &[Some(score)]).await;
    }
    shop.turn("2026-03-03 10:10").await;
    let rates = shop.site.get("/api/v1/rates?month=2026-03&by=customer_type").await.expect(200);
    let split: Vec<_> = rates["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["part"].as_str().unwrap(),
                ["done", "satisfied", "dissatisfied"].map(|k| r[k].as_u64().unwrap()),
            )
        })
        .collect();
    assert_eq!(split, [("公车", [3, 2, 1]), ("私车", [4, 3, 1])]);
    let whole = shop.site.get("/api/v1/rates?month=2026-03").await.expect(200);
    assert_eq!((&whole["items"][0]["part"], &whole["items"][0]["satisfied"]), (&json!(""), &json!(5)));
}

async fn arc_07_the_card_of_a_vip_shows_number_and_consumptions(db: &Database) {
    let firm = Firm::open(db, "catering-vip").await;
    for (key, at) in [("E1", "2026-03-01 19:00"), ("E2", "2026-03-02 19:00")] {
        let fields = json!({ "bill": key, "amount": 388, "customer.vip": "是", "customer.card_no": "V0007" });
        firm.happens("consumption.done", key, at, "13600000001", fields).await;
    }
    firm.happens("consumption.done", "E3", "2026-03-02 20:00", "13600000002", json!({})).await;
    let found = firm.shop.site.get("/api/v1/customers?phone=13600000001").await.expect(200);
    let id = &found["items"][0]["id"];
    let card = firm.shop.site.get(&format!("/api/v1/customers/{id}")).await.expect(200);
    let member = &card["membership"];
    assert_eq!((&member["vip"], &member["card_no"]), (&json!(true), &json!("V0007")), "{card}");
    let bills: Vec<_> =
        member["consumptions"].as_array().unwrap().iter().map(|e| e["fields"]["bill"].clone()).collect();
    assert_eq!(bills, ["E2", "E1"], "the last first");
    let other = firm.shop.site.get("/api/v1/customers/2").await.expect(200);
    assert_eq!(other["membership"], json!(null));
}

async fn arc_08_closed_records_of_march_are_put_away_found_and_not_changed(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.site.api.desk().packs().set([toml::from_str(super::shop::SHOP).unwrap()]);
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 10:00");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-03 10:05").await;
    let body = json!({ "pack": "shop", "month": "2026-03", "keeper": "档案员小陈" });
    shop.site.post("/api/v1/archives", body.clone()).await.expect(409);
    shop.set("2026-04-01 09:00");
    shop.site
        .post("/api/v1/archives", json!({ "pack": "shop", "month": "2026-03", "keeper": " " }))
        .await
        .expect(422);
    let made = shop.site.post("/api/v1/archives", body).await.expect(201);
    assert_eq!(
        (&made["callbacks"], &made["events"], &made["keeper"]),
        (&json!(1), &json!(1), &json!("档案员小陈")),
        "what is still owed stays out: {made}"
    );
    let kept = shop.only("state=done").await;
    assert_eq!(kept["archive_id"], made["id"], "found as before, and marked");
    let refused = shop.edit(&kept, "note", json!({ "note": "later" })).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("archive"), "{refused}");
    shop.site.post("/api/v1/events/1/withdraw", json!({ "reason": "x" })).await.expect(409);
    let late = json!([{ "kind": "install.finished", "external_id": "install.finished-1-2026-03-02 16:00-",
                        "at": "2026-03-05 16:00", "customer": { "phones": [phone(0)] } }]);
    let report = shop.site.post("/api/v1/events?pack=shop", late).await.expect(200);
    assert_eq!(
        (&report["results"][0]["result"], &report["results"][0]["code"]),
        (&json!("rejected"), &json!("archived"))
    );
    let open = shop.only("state=open").await;
    shop.edit(&open, "note", json!({ "note": "still owed" })).await.expect(200);
    let list = shop.site.get("/api/v1/archives?pack=shop").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let told = shop.text("SELECT detail FROM audit_log WHERE action = 'archive.create'").await;
    assert!(told.contains("档案员小陈"), "{told}");
}

async fn arc_08_a_month_that_is_over_is_put_away_by_itself_under_the_keepers_name(db: &Database) {
    let kept = SHOP.replace("brand = ", "keeper = \"档案员\"\nbrand = ");
    let mut shop = Shop::with(db, settings(&[&kept])).await;
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 09:02");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-31 23:00").await;
    let archives = async || shop.site.get("/api/v1/archives?pack=shop").await.expect(200)["items"].clone();
    assert_eq!(archives().await, json!([]), "March is not over");
    shop.turn("2026-04-01 00:01").await;
    let put_away = archives().await;
    let row = &put_away[0];
    assert_eq!(
        (&row["month"], &row["keeper"], &row["callbacks"], &row["created_by"]),
        (&json!("2026-03"), &json!("档案员"), &json!(1), &json!("planner"))
    );
    shop.turn("2026-04-02 09:00").await;
    assert_eq!(archives().await, put_away, "once");
}
