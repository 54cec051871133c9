//! Callbacks by other channels than the telephone, and the rate over all of them.

use ringback::base::Disposition;
use serde_json::json;

use super::shop::{Shop, phone};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    sch_32_a_visit_is_a_task_that_never_rings_and_counts_when_it_is_done,
    sch_33_who_is_not_reached_gets_a_questionnaire_and_its_answer_closes_the_callback,
    sch_23_the_unreached_stay_in_the_figure_with_a_name_and_a_task,
}

async fn sch_32_a_visit_is_a_task_that_never_rings_and_counts_when_it_is_done(db: &Database) {
    let shop = Shop::open(db).await;
    shop.happened(1, "visit.planned", "2026-03-02 16:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.turn("2026-03-04 08:50").await;
    assert_eq!(shop.number("SELECT COUNT(*) FROM entries").await, 0, "nobody is called");
    let task = shop.only("method=onsite").await;
    assert_eq!(task["state"], "open");
    let verdict = shop.text("SELECT verdict FROM day_verdicts WHERE day = '2026-03-03'").await;
    assert_eq!(verdict, "task", "it stands on the day's list as a task");
    shop.set("2026-03-05 17:00");
    let body = json!({ "method": "onsite", "outcome": "satisfied", "at": "2026-03-05", "reason": "seen" });
    shop.edit(&task, "done", body).await.expect(200);
    let rates = shop.site.get("/api/v1/rates?month=2026-03").await.expect(200);
    let rate = &rates["items"][0];
    assert_eq!((&rate["due"], &rate["done"], &rate["rate"]), (&json!(1), &json!(1), &json!(100.0)));
    assert_eq!(rate["by_method"], json!({ "onsite": 1 }));
}

async fn sch_33_who_is_not_reached_gets_a_questionnaire_and_its_answer_closes_the_callback(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(1, "patient.discharged", "2026-02-24 10:00").await;
    shop.turn("2026-03-03 08:50").await;
    shop.set("2026-03-03 16:00");
    shop.call("discharged", &phone(0), Disposition::NoAnswer, &[]).await;
    shop.turn("2026-03-03 16:01").await;
    let mail = shop.only("state=open&method=email").await;
    assert_eq!(mail["reason"], "fallback", "one questionnaire is to be sent");
    shop.turn("2026-03-04 08:50").await;
    let pending = shop.number("SELECT COUNT(*) FROM entries WHERE state IN ('pending', 'dialling')").await;
    assert_eq!(pending, 0, "and nobody rings any more");
    shop.set("2026-03-04 12:00");
    let body = json!({ "method": "email", "outcome": "reached", "reason": "the answer came" });
    let done = shop.edit(&mail, "done", body).await.expect(200);
    assert_eq!((&done["state"], &done["method"]), (&json!("done"), &json!("email")));
}

async fn sch_23_the_unreached_stay_in_the_figure_with_a_name_and_a_task(db: &Database) {
    let mut shop = Shop::open(db).await;
    shop.happened(10, "patient.discharged", "2026-03-02 10:00").await;
    shop.turn("2026-03-09 08:50").await;
    shop.set("2026-03-09 10:00");
    for n in 0..9 {
        shop.call("discharged", &phone(n), Disposition::Completed, &[Some(5)]).await;
    }
    shop.call("discharged", &phone(9), Disposition::NoAnswer, &[]).await;
    shop.turn("2026-03-09 11:00").await;
    let rates = shop.site.get("/api/v1/rates?month=2026-03").await.expect(200);
    let rate = &rates["items"][0];
    assert_eq!((&rate["due"], &rate["done"], &rate["rate"]), (&json!(10), &json!(9), &json!(90.0)));
    let left = shop.only("state=open").await;
    assert_eq!((&left["name"], &left["method"]), (&json!("C9"), &json!("email")), "listed, with a task");
    assert!(left["detail"].as_str().unwrap().contains("no_answer"), "and the reason: {left}");
}
