//! Who takes a report's steps: never one person twice.

use serde_json::json;

use super::world::{Department, Made};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    rol_05_whoever_handed_a_report_in_or_reviewed_it_does_not_approve_it,
}

async fn rol_05_whoever_handed_a_report_in_or_reviewed_it_does_not_approve_it(db: &Database) {
    let mut department = Department::open(db).await;
    let made = Made { pack: "generic_enterprise", rule: "routine", assignee: "李", ..Made::default() };
    department.callback(made).await;
    department.turn("2026-03-04 00:10").await;
    let id = department.made("callback-report").await[0]["id"].as_i64().unwrap();
    let step = format!("/reports/{id}/steps");
    department.decide(&step, json!({ "step": "submit" }), 200).await;
    for next in ["review", "approve"] {
        let refused = department.decide(&step, json!({ "step": next }), 409).await;
        assert!(refused["detail"].as_str().unwrap().contains("admin handed it in"), "{refused}");
    }
    // Given back, handed in by another, reviewed: then a third person approves.
    department.decide(&step, json!({ "step": "return", "said": "少了一天" }), 200).await;
    department.post(&step, json!({ "step": "submit" }), 200).await;
    department.decide(&step, json!({ "step": "review" }), 200).await;
    let refused = department.decide(&step, json!({ "step": "approve" }), 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("admin reviewed it"), "{refused}");
    assert_eq!(department.approve(&step).await["state"], "approved");
}
