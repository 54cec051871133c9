//! What is held is not deleted: by an open complaint, by an audit, by hand.

use reqwest::Method;
use serde_json::json;

use super::world::{DAY, House, rules};
use crate::support::databases::{Database, number, on_both_databases};
use crate::web::site::{MONDAY, send};

on_both_databases! {
    rec_03_an_open_complaint_holds_the_recordings_of_its_number,
    rec_03_a_person_holds_and_lifts_with_a_reason_that_the_audit_log_shows,
    rec_03_audits_and_appeals_that_are_open_hold_their_calls,
    rec_03_what_must_be_audited_is_held_before_its_month_is_frozen,
}

async fn complaint(house: &House, phone: &str, phase: &str) {
    house
        .sql(&format!(
            "INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
             VALUES (7, 'hospital', 'KF20260303-0001', 'complaint', 'x', 'x', 'call', '{phase}', 'x', 'li', 'x', '{phone}', '',
                 '', 1, 1, 1, '', 0, 1, '{{}}')"
        ))
        .await;
}

async fn rec_03_an_open_complaint_holds_the_recordings_of_its_number(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (held, wav) = house.call(61, "13800000001", 1.0).await;
    let (known, _) = house.call(61, "13800000009", 1.0).await;
    let (free, _) = house.call(61, "13800000002", 1.0).await;
    complaint(&house, "13800000001", "open").await;
    house.sql(&format!("INSERT INTO ticket_calls (ticket_id, call_id) VALUES (7, '{known}')")).await;
    let report = house.run().await;
    assert_eq!((report.tally.deleted, report.tally.held, report.tally.archived), (1, 2, 2), "{report:?}");
    assert_eq!(house.heard(&held).await, wav, "it is archived, and heard");
    assert_eq!(house.site.get(&format!("/api/v1/calls/{free}/recording")).await.status, 410);
    let stored = house.site.get(&format!("/api/v1/calls/{held}/recording/stored")).await.expect(200);
    assert_eq!(stored["held"][0]["reference"], "KF20260303-0001", "{stored}");
    assert_eq!(
        stored["because"],
        "its 60 days are over ([retention]), but it is held: complaint KF20260303-0001"
    );
    let rows = house.site.get("/api/v1/recordings?held=true").await.expect(200);
    assert_eq!(rows["items"].as_array().unwrap().len(), 2, "{rows}");
    house.sql("UPDATE tickets SET phase = 'verifying' WHERE id = 7").await;
    assert_eq!(house.run().await.tally.deleted, 0, "until the customer is content");
    house.sql("UPDATE tickets SET phase = 'closed' WHERE id = 7").await;
    assert_eq!(house.run().await.tally.deleted, 2);
}

async fn rec_03_a_person_holds_and_lifts_with_a_reason_that_the_audit_log_shows(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (id, _) = house.call(61, "13800000001", 1.0).await;
    let (empty, _) = house.call(61, "13800000002", 1.0).await;
    house.sql(&format!("UPDATE calls SET recording = NULL WHERE id = '{empty}'")).await;
    let path = format!("/api/v1/calls/{id}/recording/hold");
    let put = async |token: &str, path: &str, reason: &str| {
        send(house.site.request(Method::PUT, path, token).json(&json!({ "reason": reason }))).await
    };
    let (read, operate, admin) = (&house.site.read, &house.site.operate, &house.site.admin);
    assert_eq!(put(read, &path, "court").await.status, 403);
    assert_eq!(put(operate, &path, "  ").await.status, 422, "a reason is needed");
    put(operate, &path, "the court asked for it").await.expect(204);
    assert_eq!(put(operate, &path, "again").await.status, 409);
    assert_eq!(put(operate, &format!("/api/v1/calls/{empty}/recording/hold"), "x").await.status, 409);
    assert_eq!(
        put(operate, "/api/v1/calls/01KJZZZZZZZZZZZZZZZZZZZZZZ/recording/hold", "x").await.status,
        404
    );
    assert_eq!(house.run().await.tally.deleted, 0);
    let holds = house.site.get("/api/v1/recordings/holds").await.expect(200);
    assert_eq!(holds["items"][0]["reason"], "the court asked for it", "{holds}");
    let lift = async |token: &str| {
        send(house.site.request(Method::DELETE, &format!("{path}?reason=it+is+over"), token)).await
    };
    assert_eq!(lift(operate).await.status, 403, "whoever lifts is a supervisor");
    lift(admin).await.expect(204);
    assert_eq!(lift(admin).await.status, 404);
    assert_eq!(house.site.get("/api/v1/recordings/holds").await.expect(200)["items"], json!([]));
    let all = house.site.get("/api/v1/recordings/holds?all=true").await.expect(200);
    assert_eq!(all["items"][0]["lifted_why"], "it is over", "{all}");
    for action in ["recording.hold", "recording.lift_hold"] {
        let sql = format!(
            "SELECT COUNT(*) FROM audit_log WHERE action = '{action}' AND subject = 'call:{id}' AND detail <> ''"
        );
        assert_eq!(number(&house.site.store, &sql).await, 1, "{action}");
    }
    assert_eq!(house.run().await.tally.deleted, 1);
    let refused = put(operate, &path, "too late").await;
    assert_eq!(refused.status, 409, "{}", refused.text());
}

async fn rec_03_audits_and_appeals_that_are_open_hold_their_calls(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (id, _) = house.call(61, "13800000001", 1.0).await;
    let why = async |house: &House| {
        let held = house.site.store.held(&[&id]).await.unwrap();
        held.get(&id)
            .map(|rows| rows.iter().map(|row| row.kind.clone()).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    assert_eq!(why(&house).await, [""; 0]);
    house
        .sql(&format!(
            "INSERT INTO audit_draws (id, month, pack, state, form_version, rule, list_sha256, calls, left_out, source,
                 frozen_by, frozen_at) VALUES (1, '2026-01', '', 'frozen', 'x', '{{}}', 'x', 1, 0, 'dice', 'x', 0);
             INSERT INTO audit_population (draw_id, key, call_id, agent, rule, weekday, hour, risk, must)
             VALUES (1, 'k', '{id}', 'li', '', 1, 9, '', '')"
        ))
        .await;
    assert_eq!(why(&house).await, ["draw"]);
    house.sql("UPDATE audit_draws SET state = 'drawn', seed = '7' WHERE id = 1").await;
    assert_eq!(why(&house).await, [""; 0]);
    house
        .sql(&format!(
            "INSERT INTO audit_cases (id, draw_id, call_id, agent, why, auditor, second, made_by, made_at)
             VALUES (3, 1, '{id}', 'li', '[]', 'wang', 0, 'x', 0);
             INSERT INTO audit_sheets (id, case_id, version, state, auditor, pack, form_version, scorecard_version, body,
                 result, grade, critical, reason, saved_at, sha256)
             VALUES (4, 3, 1, 'draft', 'wang', '', 'x', 'x', '{{}}', '{{}}', '', '[]', '', 0, '')"
        ))
        .await;
    assert_eq!(why(&house).await, ["audit"], "a draft is no end");
    assert_eq!(house.run().await.tally.deleted, 0);
    house.sql("UPDATE audit_sheets SET state = 'submitted', submitted_at = 1, score = 90 WHERE id = 4").await;
    assert_eq!(why(&house).await, [""; 0]);
    house
        .sql(
            "INSERT INTO audit_appeals (id, sheet_id, agent, text, made_at, state, reviewer, answer)
             VALUES (5, 4, 'li', 'no', 0, 'open', '', '')",
        )
        .await;
    assert_eq!(why(&house).await, ["appeal"]);
    house.sql("UPDATE audit_appeals SET state = 'rejected' WHERE id = 5").await;
    house
        .sql(&format!(
            "INSERT INTO audit_examples (id, call_id, kind, item, from_ms, to_ms, title, note, made_by, made_at)
             VALUES (6, '{id}', 'good', '', 0, 1, 'calm', '', 'x', 0)"
        ))
        .await;
    assert_eq!(why(&house).await, ["example"]);
    house.sql("DELETE FROM audit_examples").await;
    let later = ringback::base::Timestamp((MONDAY + DAY).0);
    assert_eq!(house.keeper.run(false, later).await.unwrap().tally.deleted, 1);
}

async fn rec_03_what_must_be_audited_is_held_before_its_month_is_frozen(database: &Database) {
    let mut house = House::open(database, rules(Some(20))).await;
    let mut calls = Vec::new();
    for (n, (agent, audit)) in [
        ("'li'", r#"["too_short"]"#),
        ("'li'", r#"["critical"]"#),
        ("'li'", "[]"),
        ("NULL", r#"["too_short"]"#),
    ]
    .into_iter()
    .enumerate()
    {
        let (id, _) = house.call(21, &format!("1380000000{n}"), 1.0).await;
        let made = MONDAY.0 - i64::try_from((DAY * 21).as_millis()).unwrap();
        house
            .sql(&format!(
                "INSERT INTO call_evidence (call_id, made_at, pack, version, agent, talk_ms, heard, worst, audit, problem,
                     transcription) VALUES ('{id}', {made}, '', 'x', {agent}, 1, '{{}}', 'info', '{audit}', '', '')"
            ))
            .await;
        calls.push(id);
    }
    let report = house.run().await;
    assert_eq!((report.tally.deleted, report.tally.held), (2, 2), "{report:?}");
    let stored = house.site.get(&format!("/api/v1/calls/{}/recording/stored", calls[0])).await.expect(200);
    assert_eq!(
        (&stored["held"][0]["kind"], &stored["held"][0]["reference"]),
        (&json!("must_audit"), &json!("li"))
    );
    // The list of the month takes one of them over; that the draw waits for its seed holds it from then on.
    let frozen = (MONDAY + DAY * 10).0;
    house
        .sql(&format!(
            "INSERT INTO audit_draws (id, month, pack, state, form_version, rule, list_sha256, calls, left_out, source,
                 frozen_by, frozen_at) VALUES (1, '2026-02', '', 'frozen', 'x', '{{}}', 'x', 1, 0, 'dice', 'x', {frozen});
             INSERT INTO audit_population (draw_id, key, call_id, agent, rule, weekday, hour, risk, must)
             VALUES (1, 'k', '{}', 'li', '', 1, 9, '', 'too_short')",
            calls[0]
        ))
        .await;
    let held = house.site.store.held(&[&calls[0], &calls[1]]).await.unwrap();
    let kinds = |call: &str| held[call].iter().map(|row| row.kind.as_str()).collect::<Vec<_>>();
    assert_eq!((kinds(&calls[0]), kinds(&calls[1])), (vec!["draw"], vec!["must_audit"]));
    // What no list has taken 40 days later is in none.
    house.sql(&format!("UPDATE audit_draws SET frozen_at = {}", (MONDAY + DAY * 20).0)).await;
    assert_eq!(house.run().await.tally.deleted, 1);
}
