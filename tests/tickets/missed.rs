//! Callers whom nobody took: a call is owed to them, and what they wanted is not lost.

use serde_json::json;

use super::office::{Made, Office, ms, stage};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_45_who_waited_for_nobody_is_owed_a_call_and_so_is_what_it_was_about,
    tkt_45_who_calls_again_and_leaves_a_message_has_it_on_both_tickets,
    tkt_45_a_message_left_by_voice_is_heard_from_the_ticket_and_called_back,
    tkt_45_a_callback_of_the_queue_is_waited_for_before_a_person_is_asked_to_call,
    tkt_45_the_delay_of_each_agent_and_queue_is_reported_with_the_share_within_12_s,
    tkt_45_a_caller_who_comes_again_need_not_be_called_back,
}

/// How a call waited in a queue.
async fn waited(office: &Office, call: &str, queue: &str, fate: &str, agent: &str, ms: i64) {
    let came = crate::plan::shop::at("2026-03-03 09:00").0;
    office
        .sql(&format!(
            "INSERT INTO queue_waits (call_id, queue, fate, agent, came_at, waited_ms)
             VALUES ('{call}', '{queue}', '{fate}', '{agent}', {came}, {ms})"
        ))
        .await;
}

async fn tkt_45_who_waited_for_nobody_is_owed_a_call_and_so_is_what_it_was_about(db: &Database) {
    let mut office = Office::open(db).await;
    // 2 for a complaint; hung up after 20 s in the queue.
    let call = office.call(Made { key: Some("2"), disposition: "hung_up", ..Made::default() }).await;
    waited(&office, &call, "service", "abandoned", "", 20_000).await;
    office.turn("2026-03-03 09:00:22").await;
    let mut kinds: Vec<_> = office.list("").await.iter().map(|t| t["kind"].clone()).collect();
    kinds.sort_by_key(ToString::to_string);
    assert_eq!(kinds, [json!("complaint"), json!("missed_call")]);
    assert_eq!(office.wanted("return").await, 1);
    let missed = if office.nth(0).await["ticket"]["kind"] == "missed_call" { 0 } else { 1 };
    assert_eq!(stage(&office.nth(missed).await, "return_call")["due"], ms("2026-03-03 09:15"));
    // An agent took the next one.
    let call = office
        .call(Made { at: "2026-03-03 09:30", phone: "13800000002", key: Some("1"), ..Made::default() })
        .await;
    waited(&office, &call, "service", "answered", "anna", 4_000).await;
    office
        .sql(&format!(
            "INSERT INTO legs (call_id, number, kind, target, started_at, ended_at, result, ended_by)
             VALUES ('{call}', 1, 'agent', '8001', 0, 0, 'talked', 'us')"
        ))
        .await;
    office.turn("2026-03-03 09:31").await;
    let rows = office.list("phone=13800000002").await;
    assert_eq!((rows.len(), &rows[0]["kind"]), (1, &json!("consultation")));
}

async fn tkt_45_who_calls_again_and_leaves_a_message_has_it_on_both_tickets(db: &Database) {
    let mut office = Office::open(db).await;
    for (minute, moment) in [("09:00", "2026-03-03 09:00:22"), ("09:05", "2026-03-03 09:06")] {
        let at = format!("2026-03-03 {minute}");
        let call = office
            .call(Made { at: &at, key: Some("2"), disposition: "person_wanted", ..Made::default() })
            .await;
        waited(&office, &call, "service", "overflowed", "", 20_000).await;
        office
            .sql(&format!(
                "INSERT INTO answers (call_id, seq, question, comment, at)
                 VALUES ('{call}', 7, 'message', '2026/03/03/{call}.message.wav', 0)"
            ))
            .await;
        office.turn(moment).await;
    }
    let (one, two) = (office.nth(0).await, office.nth(1).await);
    let (missed, wish) = if one["ticket"]["kind"] == "missed_call" { (one, two) } else { (two, one) };
    assert_eq!(
        (&missed["ticket"]["kind"], &wish["ticket"]["kind"]),
        (&json!("missed_call"), &json!("complaint"))
    );
    assert_eq!(
        wish["fields"]["return_call"], missed["ticket"]["number"],
        "the matter names the call that is owed"
    );
    for ticket in [&missed, &wish] {
        assert!(ticket["fields"]["voicemail"].is_string(), "the first message: {ticket}");
        assert!(
            ticket["timeline"].to_string().contains("the caller left a message: /api/v1/calls/"),
            "{ticket}"
        );
    }
    assert_eq!(office.list("").await.len(), 2, "called twice, and still two matters");
}

async fn tkt_45_a_message_left_by_voice_is_heard_from_the_ticket_and_called_back(db: &Database) {
    let mut office = Office::open(db).await;
    let call = office.call(Made { disposition: "person_wanted", seconds: 60, ..Made::default() }).await;
    office
        .sql(&format!(
            "INSERT INTO answers (call_id, seq, question, comment, at)
             VALUES ('{call}', 1, 'message', '2026/03/03/{call}.message.wav', 0)"
        ))
        .await;
    office.turn("2026-03-03 09:01:02").await;
    let ticket = office.nth(0).await;
    assert_eq!(ticket["ticket"]["kind"], "missed_call", "a machine took the call, and nobody served it");
    let heard = ticket["fields"]["voicemail"].as_str().unwrap();
    assert_eq!(heard, format!("/api/v1/calls/{call}/answers/1/comment"));
    assert_eq!(office.wanted("return").await, 1);
    assert_eq!(stage(&ticket, "return_call")["due"], ms("2026-03-03 09:15"));
}

async fn tkt_45_a_callback_of_the_queue_is_waited_for_before_a_person_is_asked_to_call(db: &Database) {
    let mut office = Office::open(db).await;
    let mut promised = Vec::new();
    for phone in ["13800000001", "13800000002"] {
        let call = office.call(Made { phone, disposition: "person_wanted", ..Made::default() }).await;
        waited(&office, &call, "service", "promised_callback", "", 30_000).await;
        office
            .sql(&format!(
                "INSERT INTO queue_callbacks (call_id, queue, phone, caller, joined_at, until_at, attempts)
                 VALUES ('{call}', 'service', '{phone}', '{{}}', 0, 0, 0)"
            ))
            .await;
        promised.push(call);
    }
    office.turn("2026-03-03 09:05").await;
    assert_eq!(office.list("").await.len(), 0, "the queue calls: nobody else is asked to");
    for (call, fate) in promised.iter().zip(["given_up", "reached"]) {
        office
            .sql(&format!(
                "UPDATE queue_callbacks SET fate = '{fate}', ended_at = 0 WHERE call_id = '{call}'"
            ))
            .await;
    }
    office.turn("2026-03-03 09:20").await;
    let kind = async |phone: &str| office.list(&format!("phone={phone}")).await[0]["kind"].clone();
    assert_eq!(kind("13800000001").await, "missed_call", "a person's task now");
    assert_ne!(kind("13800000002").await, "missed_call", "the callback has served them");
    assert_eq!(office.wanted("return").await, 1);
}

async fn tkt_45_the_delay_of_each_agent_and_queue_is_reported_with_the_share_within_12_s(db: &Database) {
    let mut office = Office::open(db).await;
    for (n, (fate, agent, wait)) in [
        ("answered", "anna", 4_000),
        ("answered", "bob", 20_000),
        ("abandoned", "", 20_000),
        ("promised_callback", "", 60_000),
    ]
    .into_iter()
    .enumerate()
    {
        let call = office.call(Made { phone: &format!("1380000000{n}"), ..Made::default() }).await;
        waited(&office, &call, "service", fate, agent, wait).await;
    }
    // Anna answers after 4 s and after 14 s, lets one ring to its end, and one is withdrawn.
    let from = crate::plan::shop::at("2026-03-03 09:00").0;
    let states = [
        (0, "available", "registered"),
        (10, "offered", "offer"),
        (14, "on_call", "call"),
        (60, "available", "wrapped_up"),
        (70, "offered", "offer"),
        (84, "on_call", "call"),
        (120, "offered", "offer"),
        (132, "not_ready", "no_answer"),
        (140, "offered", "offer"),
        (143, "available", "withdrawn"),
    ];
    for (at, state, reason) in states {
        let began = from + at * 1_000;
        office
            .sql(&format!(
                "INSERT INTO agent_states (agent, state, reason, changed_by, began_at)
                 VALUES ('anna', '{state}', '{reason}', 'daemon', {began})"
            ))
            .await;
    }
    let path = "/api/v1/ticket-reports/answer-delay?from=2026-03-03&to=2026-03-03";
    let delay = office.shop.site.get(path).await.expect(200);
    assert_eq!(delay["allowed_seconds"], 12);
    let line = |name: &str, figures: [i64; 4], mean: f64, longest: i64| {
        let [offered, answered, in_time, missed] = figures;
        json!({ "name": name, "offered": offered, "answered": answered, "in_time": in_time, "missed": missed,
            "mean_ms": mean, "longest_ms": longest })
    };
    assert_eq!(delay["queues"], json!([line("service", [4, 2, 1, 1], 12_000.0, 20_000)]));
    assert_eq!(delay["agents"], json!([line("anna", [4, 2, 1, 1], 9_000.0, 14_000)]));
}

async fn tkt_45_a_caller_who_comes_again_need_not_be_called_back(db: &Database) {
    let mut office = Office::open(db).await;
    office.call(Made { answered: false, disposition: "cancelled", ..Made::default() }).await;
    office.turn("2026-03-03 09:01").await;
    office.inbound("2026-03-03 09:05", "13800000001", Some("1")).await;
    office.turn("2026-03-03 09:06").await;
    assert_eq!(office.nth(0).await["ticket"]["phase"], "closed");
    assert_eq!(office.wanted("return").await, 0);
    assert_eq!(office.nth(1).await["ticket"]["kind"], "consultation");
}
