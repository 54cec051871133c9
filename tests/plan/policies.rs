//! Policies that change, and plans by another policy.

use serde_json::json;

use super::shop::{SHOP, Shop, at, settings};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    sch_14_a_changed_offset_is_for_callbacks_that_do_not_exist_yet,
    sch_37_an_old_callback_shows_the_version_it_was_made_by,
    a_plan_by_another_policy_is_worked_out_and_changes_nothing,
    a_policy_is_tried_on_more_customers_than_are_held_at_once,
}

fn ten_days() -> String {
    SHOP.replace("due = \"1d\"\ndeadline = \"1d\"", "due = \"10d\"\ndeadline = \"10d\"")
}

async fn sch_14_a_changed_offset_is_for_callbacks_that_do_not_exist_yet(db: &Database) {
    let shop = Shop::open(db).await;
    let one = shop.customer("one", "13800000001").await;
    shop.event(one, "install.finished", "2026-03-02 10:00", "A", "{}").await;
    shop.turn("2026-03-02 10:01").await;
    shop.planner.reloaded_by("manager");
    shop.planner.set_settings(settings(&[&ten_days()]));
    shop.turn("2026-03-03 08:00").await;
    let two = shop.customer("two", "13800000002").await;
    shop.event(two, "install.finished", "2026-03-04 10:00", "B", "{}").await;
    shop.turn("2026-03-04 10:01").await;
    let all = shop.callbacks("rule=installed").await;
    assert_eq!(all[0]["due"], at("2026-03-03 00:00").0, "what was scheduled stays");
    assert_eq!(all[1]["due"], at("2026-03-14 00:00").0, "what is new goes by the new rule");
    let told = shop
        .text("SELECT actor || ' ' || detail FROM audit_log WHERE action = 'policy.version' ORDER BY id DESC LIMIT 1")
        .await;
    let (old, new) = (all[0]["version"].as_str().unwrap(), all[1]["version"].as_str().unwrap());
    assert_eq!(told, format!("manager version 2 is {new}, before it {old}"));
}

async fn sch_37_an_old_callback_shows_the_version_it_was_made_by(db: &Database) {
    let shop = Shop::open(db).await;
    let one = shop.customer("one", "13800000001").await;
    shop.event(one, "install.finished", "2026-03-02 10:00", "A", "{}").await;
    shop.turn("2026-03-02 10:01").await;
    shop.planner.set_settings(settings(&[&ten_days()]));
    shop.event(one, "install.finished", "2026-03-03 10:00", "B", "{}").await;
    shop.turn("2026-03-03 10:01").await;
    let all = shop.callbacks("rule=installed").await;
    let detail = |id: &serde_json::Value| format!("/api/v1/callbacks/{id}");
    let old = shop.site.get(&detail(&all[0]["id"])).await.expect(200);
    let new = shop.site.get(&detail(&all[1]["id"])).await.expect(200);
    assert_eq!((&old["policy"]["number"], &new["policy"]["number"]), (&json!(1), &json!(2)));
    assert_eq!(old["policy"]["text"], SHOP);
    assert!(new["policy"]["text"].as_str().unwrap().contains("due = \"10d\""));
    let steps = old["callback"]["sums"]["due"][0].as_str().unwrap();
    assert!(steps.contains("2026-03-02"), "the sum is shown: {steps}");
    assert!(!old["verdicts"].as_array().unwrap().is_empty(), "and what was said of it on the third: {old}");
}

async fn a_plan_by_another_policy_is_worked_out_and_changes_nothing(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(2, "install.finished", "2026-03-02 16:00").await;
    shop.turn("2026-03-02 17:00").await;
    shop.set("2026-03-02 18:00");
    let plans = shop.number("SELECT COUNT(*) FROM day_plans").await;
    let before = shop.text("SELECT CAST(COUNT(*) AS TEXT) || ' ' || MAX(changed_at) FROM callbacks").await;
    let tomorrow = shop.plan("2026-03-03").await;
    assert_eq!((&tomorrow["calls"], &tomorrow["state"]), (&json!(2), &json!("preview")));
    let body = json!({ "date": "2026-03-03", "policy": SHOP, "against": ten_days() });
    let answer = shop.site.post("/api/v1/plan", body).await.expect(200);
    assert_eq!(answer["plans"][0]["calls"], 2, "{answer:#}");
    let difference = answer["difference"].as_array().unwrap();
    assert_eq!(difference.len(), 2, "{difference:#?}");
    assert!(difference.iter().all(|d| d["before"].as_str().unwrap().starts_with("call")), "{difference:#?}");
    let other = json!({ "date": "2026-03-12", "policy": ten_days() });
    let answer = shop.site.post("/api/v1/plan", other).await.expect(200);
    assert_eq!(answer["plans"][0]["calls"], 2, "ten days after: {answer:#}");
    let wrong = json!({ "policy": "pack = 7\n" });
    let refused = shop.site.post("/api/v1/plan", wrong).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("the policy given"), "{refused}");
    shop.site.post("/api/v1/plan", json!({ "policy": "nobody" })).await.expect(404);
    let after = shop.text("SELECT CAST(COUNT(*) AS TEXT) || ' ' || MAX(changed_at) FROM callbacks").await;
    assert_eq!(before, after, "nothing was changed");
    assert_eq!(shop.number("SELECT COUNT(*) FROM day_plans").await, plans);
    let csv = shop.site.request(reqwest::Method::GET, "/api/v1/plan?date=2026-03-03", &shop.site.admin);
    let csv = crate::web::site::send(csv.header("accept", "text/csv")).await;
    let text = csv.text();
    assert!(text.starts_with("\u{feff}verdict,code") && text.lines().count() == 3, "{text}");
}

/// Some batches; `RINGBACK_TEST_LONG=1` takes more than 200,000 customers.
async fn a_policy_is_tried_on_more_customers_than_are_held_at_once(db: &Database) {
    let shop = Shop::open(db).await;
    let long = std::env::var("RINGBACK_TEST_LONG").is_ok_and(|value| value == "1");
    let (count, owed) = if long { (205_000, 2_050) } else { (2_100, 21) };
    let series = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let happened = at("2026-03-02 16:00").0;
    for statement in [
        format!(
            "{series} INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours,
                 key_account, plan_every, owner, email, standing, fields, version, created_at, changed_at)
             SELECT i, 'shop', '', 'C' || i, '', '', '', '', 0, '', '', '', 'active', '{{}}', 1, 0, 0 FROM n"
        ),
        format!(
            "{series} INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             SELECT i, 'shop', CAST(13600000000 + i AS TEXT), '', '', 0, 0 FROM n"
        ),
        format!(
            "{series} INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
             SELECT 'shop', 'install.finished', 'E' || i, {happened}, 1, i, '', '{{}}', 0, {happened} FROM n
             WHERE i % 100 = 0"
        ),
    ] {
        crate::support::databases::execute(&shop.site.store, &statement).await.unwrap();
    }
    shop.set("2026-03-02 18:00");
    let day = Some(jiff::civil::date(2026, 3, 3));
    let wanted = ringback::io::planner::Wanted { day, policy: Some(SHOP.into()), ..Default::default() };
    let answer = shop.planner.preview(&wanted, shop.now()).await.unwrap();
    let plan = &answer.plans[0];
    assert_eq!(plan.lines.len(), owed, "everybody to whom something happened, and nobody else");
}
