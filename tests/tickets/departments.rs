//! Departments that the robot calls about their ticket: by key they acknowledge it, or report it.

use serde_json::{Value, json};

use super::office::{Made, Office, ms, received, stage};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_10_a_department_acknowledges_by_key_and_then_reports_its_stage_by_voice,
    a_key_that_comes_too_late_is_written_down_and_harms_nothing,
    a_department_is_called_only_by_a_number,
}

/// The robot's call to the department ended, with this key.
async fn called(office: &mut Office, moment: &str, ticket: &Value, key: Option<&str>, voice: bool) -> String {
    let made = Made {
        at: moment,
        phone: "02155550000",
        direction: "outbound",
        disposition: "completed",
        ..Made::default()
    };
    let call = office.call(made).await;
    let id = &ticket["ticket"]["id"];
    office
        .sql(&format!(
            "INSERT INTO department_calls (call_id, ticket_id, department, created_by, created_at)
             VALUES ('{call}', {id}, '工程部', 'admin', 0)"
        ))
        .await;
    if let Some(key) = key {
        office.answer(&call, "act", key, None, false).await;
    }
    if voice {
        office
            .sql(&format!(
                "INSERT INTO answers (call_id, seq, question, comment, at)
                 VALUES ('{call}', 2, 'report', '2026/03/03/{call}.report.wav', 0)"
            ))
            .await;
    }
    office.turn(moment).await;
    call
}

async fn complaint(office: &Office) -> Value {
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.done("2026-03-03 12:00", &ticket, json!({ "do": "hand_over" })).await
}

async fn tkt_10_a_department_acknowledges_by_key_and_then_reports_its_stage_by_voice(db: &Database) {
    let mut office = Office::open(db).await;
    let ticket = complaint(&office).await;
    called(&mut office, "2026-03-03 12:05", &ticket, None, false).await;
    let ticket = office.show(&ticket).await;
    assert_eq!(ticket["acknowledged"], json!(null), "nobody pressed a key");
    called(&mut office, "2026-03-03 12:10", &ticket, Some("1"), false).await;
    let ticket = office.show(&ticket).await;
    let signed = &ticket["acknowledged"];
    assert_eq!(
        (&signed["by"], &signed["at"]),
        (&json!("工程部 (by telephone)"), &ms("2026-03-03 12:10")),
        "{ticket}"
    );
    let owed: Vec<Value> =
        ticket["stages"].as_array().unwrap().iter().filter(|s| s["status"] == "open").cloned().collect();
    let first = owed[0]["id"].as_str().unwrap();
    let call = called(&mut office, "2026-03-03 15:00", &ticket, Some("2"), true).await;
    let ticket = office.show(&ticket).await;
    let done = stage(&ticket, first);
    assert_eq!(done["status"], "done", "{ticket}");
    let linked = office.number(&format!("SELECT COUNT(*) FROM ticket_calls WHERE call_id = '{call}'")).await;
    assert_eq!(linked, 1, "its recording is found by the call");
}

async fn a_key_that_comes_too_late_is_written_down_and_harms_nothing(db: &Database) {
    let mut office = Office::open(db).await;
    let ticket = complaint(&office).await;
    office.done("2026-03-03 12:02", &ticket, received(&ticket)).await;
    called(&mut office, "2026-03-03 12:10", &ticket, Some("1"), false).await;
    let ticket = office.show(&ticket).await;
    assert_eq!(ticket["acknowledged"]["at"], ms("2026-03-03 12:02"), "the first one stands");
    let timeline = ticket["timeline"].to_string();
    assert!(timeline.contains("by telephone") && timeline.contains("already"), "{timeline}");
    let turn = office.turn("2026-03-03 12:11").await;
    assert_eq!((turn.opened, turn.joined), (0, 0), "seen once");
}

async fn a_department_is_called_only_by_a_number(db: &Database) {
    let office = Office::open(db).await;
    let ticket = complaint(&office).await;
    let path = format!("/api/v1/tickets/{}/department-calls", ticket["ticket"]["id"]);
    let refused = office.shop.site.post(&path, json!({ "phone": "工程部" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "phone", "{refused}");
    office
        .shop
        .site
        .post("/api/v1/tickets/99/department-calls", json!({ "phone": "02155550000" }))
        .await
        .expect(404);
}
