//! From calls to tickets: every call of the hotline makes one or joins one, and a call of ours
//! stamps the stage that it was for.

use serde_json::json;

use super::office::{Made, Office, ms, received, stage};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    tkt_03_a_key_makes_a_ticket_of_its_type_even_if_the_caller_hangs_up_right_after,
    tkt_04_every_inbound_call_is_registered_and_one_without_a_ticket_is_listed,
    tkt_10_an_answered_call_of_ours_stamps_the_stage_and_an_unanswered_one_does_not,
    tkt_21_a_low_score_in_a_callback_opens_a_linked_ticket_and_the_department_is_told,
    tkt_21_what_a_person_found_in_a_callback_is_a_ticket_too_and_once,
    esc_06_the_manager_is_told_of_a_dissatisfied_customer_within_a_minute,
    tkt_27_a_call_to_the_published_number_is_a_numbered_service_request,
    tkt_45_a_caller_who_was_not_served_is_called_back_and_never_lost,
    tkt_45_who_waited_for_nobody_is_owed_a_call_and_so_is_what_it_was_about,
    tkt_45_who_calls_again_and_leaves_a_message_has_it_on_both_tickets,
    tkt_45_a_message_left_by_voice_is_heard_from_the_ticket_and_called_back,
    tkt_45_a_callback_of_the_queue_is_waited_for_before_a_person_is_asked_to_call,
    tkt_45_the_delay_of_each_agent_and_queue_is_reported_with_the_share_within_12_s,
    tkt_45_a_caller_who_comes_again_need_not_be_called_back,
    tkt_48_a_rescue_call_at_night_goes_to_the_night_lead_and_arrival_is_measured,
    esc_04_a_second_complaint_is_linked_and_escalated_with_the_responsible_person,
    esc_04_a_complaint_soon_after_the_close_is_a_repeat,
    a_return_call_of_a_customer_whom_we_could_not_reach_names_the_open_callback,
    a_ticket_opened_in_the_call_is_the_calls_own_and_no_repeat,
    a_turn_that_is_done_twice_changes_nothing,
}

async fn tkt_03_a_key_makes_a_ticket_of_its_type_even_if_the_caller_hangs_up_right_after(db: &Database) {
    let mut office = Office::open(db).await;
    let call = office
        .call(Made {
            at: "2026-03-03 09:12",
            key: Some("2"),
            disposition: "partial",
            seconds: 6,
            ..Made::default()
        })
        .await;
    office.turn("2026-03-03 09:12:08").await;
    let ticket = office.nth(0).await;
    assert_eq!(ticket["ticket"]["kind"], "complaint");
    assert_eq!(ticket["ticket"]["phone"], "13800000001");
    assert_eq!(ticket["ticket"]["opened_at"], ms("2026-03-03 09:12"));
    assert_eq!(ticket["fields"]["call"], call.as_str());
    assert_eq!(ticket["timeline"][0]["call_id"], call.as_str(), "its recording is found by the call");
    for (key, kind) in
        [("1", "consultation"), ("3", "repair"), ("4", "shipping_query"), ("5", "technical_query")]
    {
        let phone = format!("1390000000{key}");
        office.inbound("2026-03-03 09:30", &phone, Some(key)).await;
        office.turn("2026-03-03 09:31").await;
        let rows = office.list(&format!("phone={phone}")).await;
        assert_eq!((rows.len(), &rows[0]["kind"]), (1, &json!(kind)));
    }
}

async fn tkt_04_every_inbound_call_is_registered_and_one_without_a_ticket_is_listed(db: &Database) {
    let mut office = Office::open(db).await;
    for n in 0..5 {
        let phone = format!("1380000001{n}");
        office.customer("furniture_mall", &format!("C{n}"), &phone, json!({})).await;
        office.inbound(&format!("2026-03-03 10:0{n}"), &phone, Some("3")).await;
    }
    let path = "/api/v1/ticket-reports/unregistered-calls?date=2026-03-03";
    office.set("2026-03-03 23:59");
    let before = office.shop.site.get(path).await.expect(200);
    assert_eq!(before["items"].as_array().unwrap().len(), 5, "nobody has looked yet");
    office.turn("2026-03-03 23:59").await;
    assert_eq!(office.shop.site.get(path).await.expect(200)["items"], json!([]));
    let register = "/api/v1/ticket-reports/register?pack=furniture_mall&from=2026-03-03&to=2026-03-03";
    let rows = office.shop.site.get(register).await.expect(200);
    assert_eq!(rows["items"].as_array().unwrap().len(), 5);
    let line = &rows["items"][0];
    assert_eq!((&line["kind"], &line["received"]), (&json!("投诉"), &json!("2026-03-03 10:00")), "{line}");
    let csv = office
        .shop
        .site
        .request(reqwest::Method::GET, register, &office.shop.site.admin)
        .header("accept", "text/csv");
    let csv = crate::web::site::send(csv).await.text();
    assert!(csv.contains("单号,来电时间,客户姓名,联系电话"), "{csv}");
}

async fn tkt_10_an_answered_call_of_ours_stamps_the_stage_and_an_unanswered_one_does_not(db: &Database) {
    let mut office = Office::open(db).await;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.done("2026-03-03 12:00", &ticket, json!({ "do": "hand_over" })).await;
    let ticket = office.done("2026-03-03 12:10", &ticket, received(&ticket)).await;
    assert_eq!(stage(&ticket, "contact")["due"], ms("2026-03-04 12:00"));
    assert_eq!(ticket["ticket"]["state"], "contacting");
    office.outbound("2026-03-03 20:00", "13800000001", false).await;
    office.turn("2026-03-03 20:01").await;
    assert_eq!(stage(&office.show(&ticket).await, "contact")["status"], "open", "nobody answered");
    let call = office.outbound("2026-03-04 09:00", "13800000001", true).await;
    office.turn("2026-03-04 09:01").await;
    let ticket = office.show(&ticket).await;
    let contact = stage(&ticket, "contact");
    assert_eq!((&contact["status"], &contact["call"]), (&json!("done"), &json!(call)));
    assert_eq!(stage(&ticket, "solution")["status"], "open", "one call does one thing");
}

async fn tkt_21_a_low_score_in_a_callback_opens_a_linked_ticket_and_the_department_is_told(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("home_decoration", "one", "13800000001", json!({})).await;
    let call = office.outbound("2026-03-03 09:20", "13800000001", true).await;
    office.answer(&call, "q1", "2", Some(2), false).await;
    office.turn("2026-03-03 09:20:25").await;
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["ticket"]["kind"], &ticket["ticket"]["source"]),
        (&json!("dissatisfied"), &json!("callback"))
    );
    assert_eq!(ticket["fields"]["call"], call.as_str());
    assert_eq!(ticket["told_at"], ms("2026-03-03 09:20:25"), "the department was told");
    assert_eq!(office.told("ticket.opened", "责任部门").await, 1);
    // Satisfied customers make none.
    let call = office.outbound("2026-03-03 09:40", "13800000002", true).await;
    office.answer(&call, "q1", "5", Some(5), false).await;
    office.turn("2026-03-03 09:41").await;
    assert_eq!(office.list("").await.len(), 1);
}

async fn tkt_21_what_a_person_found_in_a_callback_is_a_ticket_too_and_once(db: &Database) {
    let mut office = Office::open(db).await;
    let one = office.customer("home_decoration", "one", "13800000001", json!({})).await;
    office.set("2026-03-03 09:00");
    let body = json!({ "customer": one, "day": "2026-03-03", "reason": "the manager asked" });
    let callback = office.shop.site.post("/api/v1/callbacks", body).await.expect(201);
    let done = json!({ "method": "onsite", "outcome": "dissatisfied", "reason": "地板起拱" });
    office.shop.edit(&callback, "done", done).await.expect(200);
    for _ in 0..2 {
        office.turn("2026-03-03 09:05").await;
    }
    assert_eq!(office.list("").await.len(), 1);
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["ticket"]["kind"], &ticket["ticket"]["phone"]),
        (&json!("dissatisfied"), &json!("13800000001"))
    );
    assert_eq!(ticket["fields"]["callback"], callback["id"].to_string());
    assert!(ticket["fields"]["content"].as_str().unwrap().contains("地板起拱"), "{}", ticket["fields"]);
    // Dissatisfied again while it is open: the same ticket, once more.
    let call = office.outbound("2026-03-03 10:00", "13800000001", true).await;
    office.answer(&call, "q1", "1", Some(1), false).await;
    office.turn("2026-03-03 10:01").await;
    assert_eq!((office.list("").await.len(), &office.nth(0).await["repeat"]), (1, &json!(2)));
}

async fn esc_06_the_manager_is_told_of_a_dissatisfied_customer_within_a_minute(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("repair_station_rescue", "one", "13800000001", json!({})).await;
    let call = office.outbound("2026-03-03 10:05", "13800000001", true).await;
    office.answer(&call, "q1", "1", Some(1), false).await;
    office.turn("2026-03-03 10:05:24").await;
    assert_eq!(office.told("ticket.opened", "主管经理").await, 1);
    let facts = office.text("SELECT facts FROM notices WHERE recipient = '主管经理'").await;
    assert!(facts.contains("/api/v1/tickets/") && facts.contains("专职回访员"), "{facts}");
    let pack = office.text("SELECT pack FROM notices WHERE recipient = '主管经理'").await;
    assert_eq!(pack, "repair_station_rescue", "by which the number is masked");
}

async fn tkt_27_a_call_to_the_published_number_is_a_numbered_service_request(db: &Database) {
    let mut office = Office::open(db).await;
    for phone in ["13800000001", "13800000002"] {
        office.call(Made { phone, dialled: "10000", ..Made::default() }).await;
    }
    office.turn("2026-03-03 09:01").await;
    let numbers: Vec<_> = office.list("pack=telecom_si").await.iter().map(|t| t["number"].clone()).collect();
    assert_eq!(numbers, [json!("KF20260303-0002"), json!("KF20260303-0001")]);
    let ticket = office.nth(0).await;
    assert_eq!(ticket["ticket"]["kind"], "service_request");
    assert_eq!(office.told("ticket.opened", "省内工程师").await, 2, "the engineer of the region");
    office
        .call(Made { at: "2026-03-04 09:00", phone: "13800000003", dialled: "10000", ..Made::default() })
        .await;
    office.turn("2026-03-04 09:01").await;
    assert_eq!(office.list("pack=telecom_si").await[0]["number"], "KF20260304-0001");
}

async fn tkt_45_a_caller_who_was_not_served_is_called_back_and_never_lost(db: &Database) {
    let mut office = Office::open(db).await;
    let lost = Made { answered: false, disposition: "cancelled", seconds: 20, ..Made::default() };
    office.call(lost).await;
    office.turn("2026-03-03 09:00:22").await;
    let ticket = office.nth(0).await;
    assert_eq!(ticket["ticket"]["kind"], "missed_call");
    assert_eq!(stage(&ticket, "return_call")["due"], ms("2026-03-03 09:15"));
    assert_eq!(office.wanted("return").await, 1);
    // Again: the same ticket, and no second call that would ring twice.
    office
        .call(Made { at: "2026-03-03 09:05", answered: false, disposition: "hung_up", ..Made::default() })
        .await;
    office.turn("2026-03-03 09:06").await;
    assert_eq!((office.list("").await.len(), office.wanted("return").await), (1, 1));
    assert_eq!(office.nth(0).await["repeat"], 2);
    office.outbound("2026-03-03 09:10", "13800000001", true).await;
    office.turn("2026-03-03 09:11").await;
    let ticket = office.nth(0).await;
    assert_eq!((&ticket["ticket"]["phase"], office.wanted("return").await), (&json!("closed"), 0));
    office.call(Made { at: "2026-03-03 09:20", phone: "13800000005", ..Made::default() }).await;
    office.turn("2026-03-03 09:21").await;
    let delay = "/api/v1/ticket-reports/answer-delay?from=2026-03-03&to=2026-03-03";
    let delay = office.shop.site.get(delay).await.expect(200);
    assert_eq!(
        (&delay["calls"], &delay["answered"], &delay["late"]),
        (&json!(3), &json!(1), &json!(0)),
        "{delay}"
    );
    assert_eq!(delay["allowed_seconds"], 12);
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

async fn tkt_48_a_rescue_call_at_night_goes_to_the_night_lead_and_arrival_is_measured(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("repair_station_rescue", "one", "13800000001", json!({ "city": "西安市" })).await;
    office.inbound("2026-07-01 23:10", "13800000001", Some("1")).await;
    office.turn("2026-07-01 23:11").await;
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["ticket"]["kind"], &ticket["ticket"]["department"]),
        (&json!("rescue"), &json!("夜班组长"))
    );
    assert_eq!(stage(&ticket, "arrival")["due"], ms("2026-07-02 01:10"));
    assert!(office.told("ticket.opened", "夜班组长").await >= 1);
    office.turn("2026-07-02 01:10").await;
    assert_eq!(office.told("ticket.breach", "夜班组长").await, 1);
    let ticket = office.report("2026-07-02 01:20", &ticket, "arrival", json!({})).await;
    assert_eq!(stage(&ticket, "arrival")["status"], "late");
    let told = office.text("SELECT detail FROM ticket_log WHERE action = 'stage.done'").await;
    assert!(told.contains("10 min late"), "{told}");
    office.customer("repair_station_rescue", "two", "13800000002", json!({ "city": "西安" })).await;
    office.inbound("2026-07-02 10:00", "13800000002", Some("1")).await;
    office.turn("2026-07-02 10:01").await;
    assert_eq!(office.nth(1).await["ticket"]["department"], "日班");
}

async fn esc_04_a_second_complaint_is_linked_and_escalated_with_the_responsible_person(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("sales_company", "one", "13800000001", json!({})).await;
    let body =
        json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000001", "owner": "王销售" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let call = office.inbound("2026-03-05 09:00", "13800000001", None).await;
    office.turn("2026-03-05 09:01").await;
    let ticket = office.show(&ticket).await;
    assert_eq!((&ticket["repeat"], &ticket["ticket"]["level"]), (&json!(2), &json!(1)));
    assert!(ticket["flags"].as_array().unwrap().contains(&json!("penalty_candidate")), "{}", ticket["flags"]);
    assert_eq!(office.told("ticket.level", "区域负责人").await, 1, "the regional head");
    let why = office.text("SELECT facts FROM notices WHERE topic = 'ticket.level'").await;
    assert!(why.contains("王销售"), "the responsible person: {why}");
    let linked = office.text(&format!("SELECT call_id FROM ticket_calls WHERE call_id = '{call}'")).await;
    assert_eq!(linked, call);
    assert_eq!(office.list("").await.len(), 1);
}

async fn esc_04_a_complaint_soon_after_the_close_is_a_repeat(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("sales_company", "one", "13800000001", json!({})).await;
    let body = json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    office.done("2026-03-04 09:00", &ticket, json!({ "do": "override", "reason": "谈妥" })).await;
    office.inbound("2026-03-08 09:00", "13800000001", Some("2")).await;
    office.turn("2026-03-08 09:01").await;
    let again = office.nth(1).await;
    assert_eq!(again["fields"]["repeat_of"], ticket["ticket"]["number"]);
    assert_eq!((&again["repeat"], &again["ticket"]["level"]), (&json!(2), &json!(1)));
    // After the window it is a matter of its own.
    office.done("2026-03-08 10:00", &again, json!({ "do": "override", "reason": "谈妥" })).await;
    office.inbound("2026-03-20 09:00", "13800000001", Some("2")).await;
    office.turn("2026-03-20 09:01").await;
    assert_eq!(office.nth(2).await["repeat"], 1);
}

async fn a_return_call_of_a_customer_whom_we_could_not_reach_names_the_open_callback(db: &Database) {
    let mut office = Office::open(db).await;
    let one = office.customer("home_decoration", "one", "13800000001", json!({})).await;
    office
        .sql(&format!(
            "INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest,
                 due, deadline, sums, state, reason, detail, created_at, changed_at)
             VALUES (7, 'home_decoration', 'first', '', {one}, 's', 0, 'event', 'phone', 0, 0, 0, '{{}}', 'open', 'due', '', 0, 0)"
        ))
        .await;
    office.sql("INSERT INTO lists (id, name, created_at) VALUES (9, 'l', 0)").await;
    office
        .sql(
            "INSERT INTO entries (list_id, row_key, external_id, phone, extension, name, language, priority, fields, state,
                 reason, detail, due_at, attempts, created_at, changed_at, callback_id)
             VALUES (9, 'k', '', '13800000001', '', '', '', 5, '{}', 'pending', '', '', 0, 1, 0, 0, 7)",
        )
        .await;
    office.inbound("2026-03-03 09:00", "13800000001", None).await;
    office.turn("2026-03-03 09:01").await;
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["fields"]["returns_callback"], &ticket["fields"]["returns_rule"]),
        (&json!("7"), &json!("first"))
    );
}

async fn a_ticket_opened_in_the_call_is_the_calls_own_and_no_repeat(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("sales_company", "one", "13800000001", json!({})).await;
    let call = office.inbound("2026-03-03 09:50", "13800000001", Some("2")).await;
    office
        .sql(&format!(
            "UPDATE calls SET state = 'reserved', ended_at = NULL, disposition = NULL WHERE id = '{call}'"
        ))
        .await;
    let body = json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000001", "call": call });
    let ticket = office.ticket("2026-03-03 09:55", body).await;
    assert_eq!(stage(&ticket, "report_up")["status"], "waiting", "the call is still up");
    let end = crate::plan::shop::at("2026-03-03 10:00").0;
    office
        .sql(&format!(
            "UPDATE calls SET state = 'ended', ended_at = {end}, disposition = 'served' WHERE id = '{call}'"
        ))
        .await;
    office.turn("2026-03-03 10:00:02").await;
    let ticket = office.show(&ticket).await;
    assert_eq!((office.list("").await.len(), &ticket["repeat"]), (1, &json!(1)));
    assert_eq!(stage(&ticket, "report_up")["due"], ms("2026-03-03 10:30"), "from the end of the call");
}

async fn a_turn_that_is_done_twice_changes_nothing(db: &Database) {
    let mut office = Office::open(db).await;
    office.inbound("2026-03-03 09:00", "13800000001", Some("2")).await;
    office
        .call(Made { phone: "13800000002", answered: false, disposition: "no_answer", ..Made::default() })
        .await;
    office.turn("2026-03-05 09:01").await;
    let count = "SELECT (SELECT COUNT(*) FROM ticket_log) * 1000 + (SELECT COUNT(*) FROM notices)
                 + (SELECT COUNT(*) FROM callbacks) * 1000000";
    let before = office.number(count).await;
    let turn = office.turn("2026-03-05 09:01").await;
    assert_eq!((turn.opened, turn.joined, turn.settled, turn.due), (0, 0, 0, 0));
    assert_eq!(office.number(count).await, before);
    // A second desk over the same store finds nothing to do either.
    let again = ringback::io::desk::TicketDesk::new(
        office.shop.site.store.clone(),
        office.shop.planner.clone(),
        office.shop.site.api.parts.events.clone(),
        office.desk.settings(),
    );
    let turn = again.turn(crate::plan::shop::at("2026-03-05 09:01")).await.unwrap();
    assert_eq!((turn.opened, turn.due), (0, 0));
}
