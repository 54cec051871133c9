//! Recordings are found by customer, number, agent, time, policy, result, ticket, score, form and hold.

use serde_json::Value;

use super::world::{House, rules};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    rec_03_recordings_are_found_by_everything_that_is_known_of_their_calls,
}

async fn found(house: &House, query: &str) -> Vec<String> {
    let rows = house.site.get(&format!("/api/v1/recordings?sort=oldest&{query}")).await.expect(200);
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows["items"].as_array().unwrap().iter().map(id).collect()
}

async fn rec_03_recordings_are_found_by_everything_that_is_known_of_their_calls(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (gone, _) = house.call(61, "13800000004", 1.0).await;
    let (a, _) = house.call(31, "13800000001", 1.0).await;
    let (b, _) = house.call(2, "13800000002", 1.0).await;
    let (c, _) = house.call(1, "13800000001", 1.0).await;
    house
        .sql(&format!(
            "INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, plan_every,
                 owner, email, fields, key_account, standing, version, created_at, changed_at)
             VALUES (5, 'hospital', 'x', '王', '', '', '', '', '', '', '', '{{}}', 0, 'active', 1, 0, 0);
             INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             VALUES (5, 'hospital', '13800000001', '', '', 0, 0);
             INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{b}', 1, 'agent', '1001', 'li', 0, 1, 2, 'talked', 'us');
             INSERT INTO answers (call_id, seq, question, score, dissatisfied, at) VALUES ('{c}', 1, 'q', 2, 0, 0);
             INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
             VALUES (7, 'hospital', 'KF1', 'x', 'x', 'x', 'call', 'closed', 'x', 'li', 'x', '', '', '', 0, 0, 1, '', 0, 1, '{{}}');
             INSERT INTO ticket_calls (ticket_id, call_id) VALUES (7, '{b}');
             INSERT INTO lists (id, name, created_at) VALUES (7, 'hospital/discharge_1', 0);
             INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
                 deadline, sums, state, reason, detail, created_at, changed_at)
             VALUES (5, 'hospital', 'discharge_1', 'x', 5, 's', 0, 'manual', 'phone', 0, 0, 0, '{{}}', 'open', 'due', '', 0, 0);
             INSERT INTO entries (id, list_id, row_key, external_id, phone, extension, name, language, priority, fields, state,
                 reason, detail, due_at, created_at, changed_at, last_call, callback_id)
             VALUES (9, 7, 'k', '', '13800000001', '', '', '', 5, '{{}}', 'pending', '', '', 0, 0, 0, '{c}', 5);
             UPDATE calls SET entry_id = 9 WHERE id = '{c}';
             UPDATE calls SET disposition = 'hung_up' WHERE id = '{b}'"
        ))
        .await;
    house.run().await;
    let all = [a.clone(), b.clone(), c.clone()];
    let cases: [(&str, &[String]); 21] = [
        ("", &all[..]),
        ("customer=5", &[a.clone(), c.clone()]),
        ("phone=13800000002", &all[1..2]),
        ("agent=li", &all[1..2]),
        ("agent=wang", &[]),
        ("ticket=KF1", &all[1..2]),
        ("rule=discharge_1", &all[2..]),
        ("pack=hospital", &all[2..]),
        ("pack=shop", &[]),
        ("disposition=hung_up", &all[1..2]),
        ("max_score=2", &all[2..]),
        ("min_score=3", &[]),
        ("from=2026-02-27", &all[1..]),
        ("to=2026-02-27", &all[..1]),
        ("form=flac", &all[..1]),
        ("form=wav", &all[1..]),
        ("form=gone", &[gone.clone()]),
        ("place=here", &all[..]),
        ("place=archive", &[]),
        ("held=true", &[]),
        ("form=flac&customer=5&place=here", &all[..1]),
    ];
    for (query, expect) in cases {
        assert_eq!(found(&house, query).await, expect, "{query}");
    }
    let first = house.site.get("/api/v1/recordings?limit=2").await.expect(200);
    assert_eq!(first["items"][0]["id"], c);
    let next = first["next"].as_str().unwrap();
    let rest = house.site.get(&format!("/api/v1/recordings?limit=2&after={next}")).await.expect(200);
    assert_eq!((&rest["items"][0]["id"], &rest["items"][0]["form"]), (&Value::from(a), &Value::from("flac")));
    for wrong in ["form=mp3", "place=moon", "disposition=nice"] {
        assert_eq!(house.site.get(&format!("/api/v1/recordings?{wrong}")).await.status, 422, "{wrong}");
    }
    let request = house
        .site
        .request(reqwest::Method::GET, "/api/v1/recordings", &house.site.admin)
        .header("accept", "text/csv");
    let csv = crate::web::site::send(request).await.text();
    assert!(csv.lines().count() == 4 && csv.contains("138****0001") && csv.contains(",flac,"), "{csv}");
}
