//! A recorded day decided again, whatever has happened since.

use reqwest::Method;
use ringback::base::Disposition;
use serde_json::{Value, json};

use super::shop::{SHOP, Shop, at, phone, settings};
use crate::support::databases::{Database, execute, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    a_recorded_day_comes_out_the_same_whatever_happened_since,
    sch_14_a_recorded_day_shows_what_another_policy_would_have_changed,
    whoever_is_erased_is_left_out_of_recorded_days,
    a_day_that_is_not_recorded_says_which_are,
}

async fn replay(shop: &Shop, day: &str, policy: &str) -> Value {
    let path = format!("/api/v1/plan/shop/{day}/replay");
    shop.site.post(&path, json!({ "policy": policy })).await.expect(200)
}

async fn a_recorded_day_comes_out_the_same_whatever_happened_since(db: &Database) {
    let mut shop = Shop::open(db).await;
    let ids = shop.happened(5, "install.finished", "2026-03-02 16:00").await;
    let two = shop.customer("two rules", &phone(7)).await;
    shop.event(two, "install.finished", "2026-03-02 16:00", "A", r#"{"second":"yes"}"#).await;
    let banned = phone(0).parse().unwrap();
    shop.site.store.add_do_not_call(&banned, "asked", "test", at("2026-03-02 17:00")).await.unwrap();
    shop.turn("2026-03-02 17:01").await;
    let held = shop.callbacks("state=open").await[1].clone();
    shop.edit(&held, "remove", json!({ "reason": "asked already" })).await.expect(200);
    shop.turn("2026-03-03 08:50").await;
    let day = replay(&shop, "2026-03-03", "").await;
    assert_eq!((&day["callbacks"], &day["same"], &day["differences"]), (&json!(6), &json!(6), &json!([])));
    // Everything that the decisions stood on changes.
    shop.set("2026-03-03 09:02");
    shop.call("installed", &phone(2), Disposition::Completed, &[Some(5)]).await;
    shop.call("installed", &phone(3), Disposition::NoAnswer, &[]).await;
    shop.site.store.remove_do_not_call(&banned, "test", at("2026-03-03 09:05")).await.unwrap();
    shop.site
        .store
        .add_do_not_call(&phone(4).parse().unwrap(), "asked", "test", at("2026-03-03 09:06"))
        .await
        .unwrap();
    shop.event(ids[4], "contract.cancelled", "2026-03-03 09:30", "", "{}").await;
    shop.planner.set_settings(settings(&[&SHOP.replace("due = \"1d\"", "due = \"2d\"")]));
    shop.set("2026-03-05 12:00");
    let again = replay(&shop, "2026-03-03", "").await;
    assert_eq!(again, day, "the same facts, the same decisions");
}

async fn sch_14_a_recorded_day_shows_what_another_policy_would_have_changed(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(3, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 09:02");
    shop.call("installed", &phone(0), Disposition::Completed, &[Some(5)]).await;
    shop.turn("2026-03-03 09:05").await;
    let late = shop.customer("late", &phone(8)).await;
    shop.event(late, "install.finished", "2026-03-02 10:00", "A", "{}").await;
    let heard =
        format!("UPDATE events SET received_at = {} WHERE customer_id = {late}", at("2026-03-03 09:30").0);
    execute(&shop.site.store, &heard).await.unwrap();
    let later = SHOP.replace("due = \"1d\"\ndeadline = \"1d\"", "due = \"10d\"\ndeadline = \"10d\"");
    shop.set("2026-03-06 12:00");
    let day = replay(&shop, "2026-03-03", &later).await;
    assert_eq!(day["differences"], json!([]));
    let other = day["other"].as_array().unwrap();
    assert_eq!(other.len(), 3, "those who were known at ten to nine, and nobody else: {other:#?}");
    assert!(
        other
            .iter()
            .all(|d| d["before"].as_str().unwrap().starts_with("call: 2026-03-03 09:") && d["after"] == ""),
        "{other:#?}"
    );
    let same = replay(&shop, "2026-03-03", SHOP).await;
    assert_eq!(same["other"], json!([]), "the policy of that day changes nothing");
    let wrong = json!({ "policy": "pack = 7\n" });
    shop.site.post("/api/v1/plan/shop/2026-03-03/replay", wrong).await.expect(409);
}

async fn whoever_is_erased_is_left_out_of_recorded_days(db: &Database) {
    let shop = Shop::open(db).await;
    let ids = shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let erase = format!("/api/v1/customers/{}?reason=asked", ids[0]);
    send(shop.site.request(Method::DELETE, &erase, &shop.site.admin)).await.expect(200);
    let day = replay(&shop, "2026-03-03", "").await;
    assert_eq!((&day["callbacks"], &day["same"], &day["erased"]), (&json!(1), &json!(1), &json!(1)));
    let left = shop.number("SELECT COUNT(*) FROM recorded_inputs WHERE input LIKE '%13800000000%'").await;
    assert_eq!(left, 0, "nothing names them");
}

async fn a_day_that_is_not_recorded_says_which_are(db: &Database) {
    let shop = Shop::open(db).await;
    let path = "/api/v1/plan/shop/2026-03-01/replay";
    let none = shop.site.post(path, json!({})).await.expect(409);
    assert!(none["detail"].as_str().unwrap().contains("when it is built or released"), "{none}");
    shop.happened(1, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    let other = shop.site.post(path, json!({})).await.expect(409);
    assert!(other["detail"].as_str().unwrap().contains("from 2026-03-03 to 2026-03-03"), "{other}");
    // Records are forgotten when they are of no use any more.
    shop.turn("2026-06-03 08:50").await;
    let gone = shop.site.post("/api/v1/plan/shop/2026-03-03/replay", json!({})).await.expect(409);
    assert!(!gone["detail"].as_str().unwrap().contains("2026-03-03 to"), "{gone}");
}
