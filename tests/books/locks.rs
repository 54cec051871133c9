//! Periods that an approved report has locked.

use serde_json::json;

use super::world::{Department, Made};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_row_of_a_locked_period_is_not_written_into_any_more,
}

async fn a_row_of_a_locked_period_is_not_written_into_any_more(db: &Database) {
    let mut department = Department::open(db).await;
    let made = |deadline, closed| Made {
        pack: "generic_enterprise",
        rule: "routine",
        deadline,
        closed,
        ..Made::default()
    };
    let locked = department.callback(made("2026-03-04 00:00", "2026-03-03 10:00")).await;
    let open = department.callback(made("2026-03-05 00:00", "2026-03-04 10:00")).await;
    let write = |id: i64| json!({ "record": format!("callback:{id}"), "notes": { "feedback": "好" } });
    department.note("2026-03-04 08:00", &format!("callback:{locked}"), json!({ "feedback": "好" })).await;
    let report = department.report("callback-report", "2026-03-03").await;
    let steps = format!("/reports/{}/steps", report["id"]);
    department.post(&steps, json!({ "step": "submit", "said": "" }), 200).await;
    department.decide(&steps, json!({ "step": "review", "said": "" }), 200).await;
    department.post("/register-notes", write(locked), 201).await;
    department.approve(&steps).await;
    for record in [format!("callback:{locked}"), format!("callback:{locked}/complaint/1")] {
        let body = json!({ "record": record, "notes": { "complaint": "补写" } });
        let refused = department.post("/register-notes", body, 409).await;
        let words = refused["detail"].as_str().unwrap();
        assert!(
            words.contains("客户回访报告表") && words.contains("2026-03-03") && words.contains("locked"),
            "{words}"
        );
    }
    department.post("/register-notes", write(open), 201).await;
    let stored = "SELECT COUNT(*) FROM register_notes WHERE text = '补写'";
    assert_eq!(department.office.number(stored).await, 0, "nothing of it was written");
    assert_eq!(department.get("/report-runs").await["items"], json!([]), "nothing is counted any more");
}
