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
        office.desk.settings(),
    );
    let turn = again.turn(crate::plan::shop::at("2026-03-05 09:01")).await.unwrap();
    assert_eq!((turn.opened, turn.due), (0, 0));
}
