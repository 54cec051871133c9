//! What people do to the list before and after it is released.

use serde_json::json;

use super::shop::{SHOP, Shop, at, phone, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    imp_10_the_list_can_be_looked_at_and_changed_before_a_person_releases_it,
    sch_13_a_person_adds_a_callback_with_a_reason,
    sch_20_the_doctor_sets_the_next_date,
    rem_03_a_promised_call_rings_at_its_time_for_the_same_person,
    edits_of_what_is_over_are_refused,
}

async fn imp_10_the_list_can_be_looked_at_and_changed_before_a_person_releases_it(db: &Database) {
    let by_hand = ringback::io::planner::Settings { auto_release: false, ..settings(&[SHOP]) };
    let shop = Shop::with(db, by_hand).await;
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let plan = shop.plan("2026-03-03").await;
    assert_eq!((&plan["state"], &plan["calls"]), (&json!("draft"), &json!(2)));
    let line = &plan["lines"][0];
    for (key, value) in [
        ("name", "C0"),
        ("phone", &phone(0)),
        ("rule", "installed"),
        ("script", "hospital"),
        ("on_behalf_of", "客服部"),
    ] {
        assert_eq!(line[key], value, "{line}");
    }
    assert_eq!(line["facts"]["product"], "boiler", "{line}");
    assert_eq!(line["start_at"], at("2026-03-03 09:00").0);
    // One is taken off the list of the day, with a reason.
    let first = shop.callbacks("").await[0].clone();
    let body = json!({ "day": "2026-03-03", "reason": "the fitter comes again today" });
    shop.edit(&first, "remove", body).await.expect(200);
    let report = shop.site.post("/api/v1/plan/shop/2026-03-03/release", json!({})).await.expect(200);
    assert_eq!(report["added"], 1, "{report}");
    let numbers: Vec<String> = shop.entries("installed").await.into_iter().map(|e| e.1).collect();
    assert_eq!(numbers, [phone(1)]);
    shop.turn("2026-03-03 10:00").await;
    assert_eq!(shop.entries("installed").await.len(), 1, "it stays out all day");
    let words = shop.verdicts("2026-03-03").await;
    assert_eq!(words, [("C0".into(), "removed".into()), ("C1".into(), "due".into())]);
    let told =
        shop.text("SELECT actor || ': ' || detail FROM audit_log WHERE action = 'callback.hold'").await;
    assert_eq!(told, "admin: for 2026-03-03: the fitter comes again today");
    let by = shop.text("SELECT released_by FROM day_plans WHERE day = '2026-03-03'").await;
    assert_eq!(by, "admin");
    // The day after the rules decide again.
    shop.turn("2026-03-04 08:50").await;
    shop.site.post("/api/v1/plan/shop/2026-03-04/release", json!({})).await.expect(200);
    assert_eq!(shop.entries("installed").await.len(), 2);
    // Only today's list can be given to the dialler.
    shop.site.post("/api/v1/plan/shop/2026-03-05/release", json!({})).await.expect(409);
    shop.site.post("/api/v1/plan/nothing/2026-03-04/release", json!({})).await.expect(404);
}

async fn sch_13_a_person_adds_a_callback_with_a_reason(db: &Database) {
    let shop = Shop::open(db).await;
    let one = shop.customer("one", &phone(1)).await;
    shop.turn("2026-03-02 09:00").await;
    let body = json!({ "customer": one, "day": "2026-03-05", "reason": "the manager asked", "note": "ask about the tap" });
    let made = shop.site.post("/api/v1/callbacks", body.clone()).await.expect(201);
    assert_eq!((&made["origin"], &made["rule"]), (&json!("manual"), &json!("by_hand")));
    shop.site.post("/api/v1/callbacks", body).await.expect(409);
    let missing = json!({ "customer": one, "day": "2026-03-06", "reason": " " });
    shop.site.post("/api/v1/callbacks", missing).await.expect(422);
    shop.turn("2026-03-04 08:50").await;
    assert!(shop.entries("by_hand").await.is_empty());
    shop.turn("2026-03-05 08:50").await;
    assert_eq!(shop.entries("by_hand").await.len(), 1);
    let line = &shop.plan("2026-03-05").await["lines"][0];
    assert_eq!((&line["origin"], &line["facts"]["purpose"]), (&json!("manual"), &json!("ask about the tap")));
    let told = shop.text("SELECT detail FROM audit_log WHERE action = 'callback.add'").await;
    assert!(told.contains("the manager asked"), "{told}");
}

async fn sch_20_the_doctor_sets_the_next_date(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(1, "patient.discharged", "2026-03-02 11:00").await;
    shop.turn("2026-03-08 08:50").await;
    assert!(shop.entries("discharged").await.is_empty(), "not before a week has passed");
    shop.turn("2026-03-09 08:50").await;
    assert_eq!(shop.entries("discharged").await.len(), 1);
    shop.set("2026-03-09 10:00");
    shop.call("discharged", &phone(0), ringback::base::Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-09 10:01").await;
    let first = shop.only("").await;
    let body =
        json!({ "next_follow_up": "2026-03-23", "note": "blood pressure", "reason": "the doctor wants it" });
    let next = shop.edit(&first, "follow-up", body.clone()).await.expect(201);
    assert_eq!((&next["origin"], &next["state"]), (&json!("follow_up"), &json!("open")));
    shop.edit(&first, "follow-up", body).await.expect(409);
    shop.turn("2026-03-22 08:50").await;
    assert_eq!(shop.plan("2026-03-22").await["calls"], 0);
    shop.turn("2026-03-23 08:50").await;
    assert_eq!(shop.plan("2026-03-23").await["calls"], 1, "on the list of that day");
    assert_eq!(shop.entries("discharged").await.len(), 2);
}

async fn rem_03_a_promised_call_rings_at_its_time_for_the_same_person(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let first = shop.only("").await;
    shop.edit(&first, "assign", json!({ "assignee": "小李", "reason": "knows them" })).await.expect(200);
    let body = json!({ "at": "2026-03-05T15:30:00+08:00", "note": "at home", "reason": "asked for it" });
    let made = shop.edit(&first, "appointment", body).await.expect(201);
    assert_eq!((&made["origin"], &made["assignee"]), (&json!("appointment"), &json!("小李")));
    let old = shop.callbacks("state=excused").await;
    assert_eq!((&old[0]["id"], &old[0]["reason"]), (&first["id"], &json!("superseded")));
    assert_eq!(shop.entries("installed").await[0].2, "stopped", "nobody is called before");
    shop.turn("2026-03-04 08:50").await;
    shop.turn("2026-03-05 08:50").await;
    let exact = shop.number("SELECT exact_at FROM entries WHERE state = 'pending'").await;
    assert_eq!(exact, at("2026-03-05 15:30").0, "the dialler knows the time it was promised for");
    assert_eq!(shop.plan("2026-03-05").await["lines"][0]["start_at"], exact);
    let late = json!({ "at": "2026-03-01T15:30:00+08:00", "reason": "too late" });
    shop.edit(&made, "appointment", late).await.expect(409);
}

async fn edits_of_what_is_over_are_refused(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-02 17:00").await;
    let one = shop.only("").await;
    shop.edit(&one, "move", json!({ "earliest": "2026-03-04", "reason": "away" })).await.expect(200);
    shop.turn("2026-03-03 08:50").await;
    assert!(shop.entries("installed").await.is_empty(), "moved");
    let moved = shop.only("").await;
    assert_eq!(moved["deadline"], one["deadline"], "a deadline never moves");
    shop.edit(&one, "remove", json!({ "reason": "moved away" })).await.expect(200);
    let refused = shop.edit(&one, "remove", json!({ "reason": "again" })).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("excused already"), "{refused}");
    shop.edit(&json!({ "id": 99 }), "remove", json!({ "reason": "x" })).await.expect(404);
    let removed = shop.only("").await;
    assert_eq!((&removed["state"], &removed["outcome"]), (&json!("excused"), &json!("removed")));
}
