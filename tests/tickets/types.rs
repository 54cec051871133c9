//! Types of tickets by the shipped files: what each asks for, one requirement a test.

use serde_json::json;

use super::office::{Office, ms, received, stage};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    tkt_02_feedback_on_what_is_still_in_production_has_no_warranty,
    tkt_17_a_review_that_fails_comes_back_to_the_designer_and_costs_points,
    tkt_20_in_warranty_somebody_is_assigned_and_afterwards_the_cost_is_decided,
    tkt_22_the_board_shows_what_is_overdue_and_reminds_the_day_before,
    tkt_23_an_item_that_arrived_is_dispatched_the_same_day,
    tkt_24_the_time_to_the_order_is_watched,
    tkt_28_a_diagnosis_comes_before_the_plan,
    tkt_30_a_plan_that_is_reviewed_waits_for_reviewer_and_customer,
    tkt_34_liability_decides_and_the_quality_department_waits_for_the_signature,
    tkt_35_a_plan_is_agreed_in_rounds_and_the_customer_signs,
    tkt_36_what_is_not_solved_on_the_call_is_reported_within_half_an_hour,
    tkt_40_what_is_not_solved_is_reported_up_and_the_customer_told_on_the_day_of_the_solution,
    tkt_41_the_repair_form_must_come_back,
    tkt_43_after_the_warranty_a_repair_has_a_budget,
    tkt_46_a_failed_acceptance_is_a_ticket_of_the_construction_team,
    tkt_47_a_ticket_that_nobody_moves_is_urged_again_and_again,
    esc_05_two_days_without_a_solution_escalate_by_themselves,
    esc_07_a_special_condition_reaches_the_doctor_the_head_and_the_patient,
    ver_01_after_the_rectification_the_customer_is_called_the_next_day,
    eti_08_a_caller_whom_nobody_knows_says_who_they_are_and_hears_the_number_read_back,
    eti_15_the_four_steps_with_a_complaint_are_ticked_with_their_times,
    reg_12_a_returned_form_begins_the_verification_and_one_that_is_not_is_reminded_of,
}

async fn tkt_02_feedback_on_what_is_still_in_production_has_no_warranty(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": "13800000001",
                       "fields": { "in_production": "true", "warranty_end": "2026-01-01" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(stage(&ticket, "reply")["due"], ms("2026-03-03 14:00"), "4 h");
    assert_eq!(ticket["fields"].get("in_warranty"), None);
    assert_eq!(ticket["fields"]["in_production"], "true");
}

async fn tkt_17_a_review_that_fails_comes_back_to_the_designer_and_costs_points(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "xian_decoration", "kind": "drawing_review", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-02 10:00", body).await;
    assert_eq!(stage(&ticket, "review")["due"], ms("2026-03-05 00:00"), "until the end of 4 March");
    let fail =
        json!({ "do": "report", "stage": "review", "result": "fail", "fields": { "remark": "缺水电图" } });
    let ticket = office.done("2026-03-03 10:00", &ticket, fail).await;
    let again = stage(&ticket, "review-2");
    assert_eq!((&again["by"], &again["due"]), (&json!("设计师"), &ms("2026-03-06 00:00")));
    assert_eq!((&ticket["points"][0]["who"], &ticket["points"][0]["points"]), (&json!("设计师"), &json!(-1)));
    let ticket = office.report("2026-03-04 10:00", &ticket, "review-2", json!({})).await;
    assert_eq!(ticket["ticket"]["phase"], "closed");
    let rows =
        office.shop.site.get("/api/v1/ticket-reports/points?from=2026-03-01&to=2026-03-31").await.expect(200);
    let behind = ticket["ticket"]["id"].clone();
    assert_eq!(rows["items"], json!([{ "who": "设计师", "points": -1, "times": 1, "tickets": [behind] }]));
}

async fn tkt_20_in_warranty_somebody_is_assigned_and_afterwards_the_cost_is_decided(db: &Database) {
    let office = Office::open(db).await;
    office.customer("home_decoration", "one", "13800000001", json!({ "warranty_end": "2026-03-31" })).await;
    let body = json!({ "pack": "home_decoration", "kind": "quality_rectification", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-30 09:00", body.clone()).await;
    assert_eq!(stage(&ticket, "assign")["due"], ms("2026-03-31 09:00"));
    assert_eq!(stage(&ticket, "cost_decision")["status"], "not_needed");
    let ticket = office.ticket("2026-04-01 09:00", body).await;
    assert_eq!(ticket["fields"]["in_warranty"], "false");
    let report = json!({ "do": "report", "stage": "cost_decision" });
    let refused = office.act("2026-04-01 10:00", &ticket, report).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "cost_decision");
    office
        .report("2026-04-01 10:00", &ticket, "cost_decision", json!({ "cost_decision": "customer pays" }))
        .await;
}

async fn tkt_22_the_board_shows_what_is_overdue_and_reminds_the_day_before(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "home_decoration", "kind": "quality_rectification", "phone": "13800000001",
                       "fields": { "measure_due": "2026-03-10", "rectifier": "老周" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let ticket = office.report("2026-03-03 10:00", &ticket, "assign", json!({})).await;
    assert_eq!(stage(&ticket, "measure")["due"], ms("2026-03-11 00:00"));
    office.turn("2026-03-08 23:59").await;
    assert_eq!(office.told("ticket.warning", "工程部").await, 0);
    office.turn("2026-03-09 08:00").await;
    assert_eq!(office.told("ticket.warning", "工程部").await, 1, "the day before");
    assert_eq!(office.list("overdue=1").await.len(), 0);
    office.turn("2026-03-11 00:00").await;
    assert_eq!(office.list("overdue=1").await.len(), 1);
    assert_eq!(stage(&office.show(&ticket).await, "measure")["status"], "overdue");
}

async fn tkt_23_an_item_that_arrived_is_dispatched_the_same_day(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "whole_house_install", "kind": "outstanding_issue", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let mut words = vec![ticket["ticket"]["state"].clone()];
    for (day, id) in [(3, "order"), (5, "ship"), (10, "arrive")] {
        let ticket = office.report(&format!("2026-03-{day:02} 14:00"), &ticket, id, json!({})).await;
        words.push(ticket["ticket"]["state"].clone());
    }
    assert_eq!(words, ["registered", "ordered", "shipped", "arrived"]);
    assert_eq!(office.told("ticket.stage", "安装工").await, 1, "a task the same day");
    office.turn("2026-03-11 00:00").await;
    assert_eq!(office.told("ticket.breach", "安装主管").await, 1);
    let rows =
        office.shop.site.get("/api/v1/ticket-reports/ageing?pack=whole_house_install").await.expect(200);
    let line = &rows["items"][0];
    assert_eq!(
        (&line["state"], &line["days"], &line["overdue"]),
        (&json!("arrived"), &json!(7), &json!(true)),
        "{line}"
    );
    office.report("2026-03-11 09:00", &ticket, "dispatch", json!({})).await;
    let done = office.report("2026-03-12 09:00", &ticket, "install", json!({})).await;
    assert_eq!(done["ticket"]["state"], "verifying");
}

async fn tkt_24_the_time_to_the_order_is_watched(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "outstanding_issue", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:30", body).await;
    assert_eq!(stage(&ticket, "order")["due"], ms("2026-03-04 09:30"));
    office.turn("2026-03-04 09:30").await;
    assert_eq!(
        (office.told("ticket.breach", "下单员").await, office.told("ticket.breach", "客服经理").await),
        (1, 1)
    );
}

async fn tkt_28_a_diagnosis_comes_before_the_plan(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "telecom_si", "kind": "service_request", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    office.act("2026-03-03 09:10", &ticket, json!({ "do": "report", "stage": "planned" })).await.expect(409);
    let part = json!({ "do": "report", "stage": "diagnose", "fields": { "symptoms": "断网" } });
    let refused = office.act("2026-03-03 09:10", &ticket, part).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "diagnosis");
    let whole = json!({ "symptoms": "断网", "diagnosis": "光模块故障" });
    let ticket = office.report("2026-03-03 09:20", &ticket, "diagnose", whole).await;
    assert_eq!(ticket["ticket"]["state"], "planned");
    let path = format!("/api/v1/tickets/{}/form", ticket["ticket"]["id"]);
    let text = office.shop.site.get(&path).await.text();
    assert!(text.contains("断网") && text.contains("光模块故障"), "printable: {text}");
}

async fn tkt_30_a_plan_that_is_reviewed_waits_for_reviewer_and_customer(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "telecom_si", "kind": "reviewed_service", "phone": "13800000001",
                       "fields": { "symptoms": "断网", "diagnosis": "光模块" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    office.report("2026-03-03 09:20", &ticket, "planned", json!({})).await;
    let implement = json!({ "do": "report", "stage": "implement" });
    office.act("2026-03-03 09:30", &ticket, implement.clone()).await.expect(409);
    office.done("2026-03-03 09:40", &ticket, json!({ "do": "approve", "approval": "review" })).await;
    office.act("2026-03-03 09:45", &ticket, implement.clone()).await.expect(409);
    office.done("2026-03-03 09:50", &ticket, json!({ "do": "approve", "approval": "customer" })).await;
    office.done("2026-03-03 10:00", &ticket, implement).await;
}

async fn tkt_34_liability_decides_and_the_quality_department_waits_for_the_signature(db: &Database) {
    let office = Office::open(db).await;
    let open = |phone: &str| json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": phone });
    let ours = office.ticket("2026-03-03 08:00", open("13800000001")).await;
    let ours = office.report("2026-03-03 09:00", &ours, "triage", json!({ "our_liability": "yes" })).await;
    assert_eq!(stage(&ours, "quality_ledger")["status"], "open");
    let register = json!({ "do": "report", "stage": "quality_ledger" });
    office.act("2026-03-03 10:00", &ours, register.clone()).await.expect(409);
    let site = &office.shop.site;
    let path = format!("/api/v1/tickets/{}/links", ours["ticket"]["id"]);
    let made = site.post(&path, json!({ "department": "品管部" })).await.expect(201);
    let link = format!("{}{}", site.base, made["path"].as_str().unwrap());
    let ledger = async || {
        let query = "pack=equipment_manufacturer&department=品管部&from=2026-03-03&to=2026-03-03";
        let rows = site.get(&format!("/api/v1/ticket-reports/ledger?{query}")).await.expect(200);
        rows["items"].as_array().unwrap().clone()
    };
    // To the quality department it does not exist before the head has signed.
    assert!(office.list("department=品管部").await.is_empty() && ledger().await.is_empty());
    send(site.client.get(&link)).await.expect(404);
    let act = json!({ "name": "品管", "act": { "do": "comment", "text": "?" } });
    send(site.client.post(format!("{link}/acts")).json(&act)).await.expect(404);
    assert_eq!(office.told("ticket.stage", "品管部").await, 0);
    let sign = json!({ "do": "approve", "approval": "department_head" });
    let (clerk, head) = (office.token("小李", "营销员").await, office.token("张部长", "部门负责人").await);
    let refused = office.act_as(&clerk, "2026-03-03 10:05", &ours, sign.clone()).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("signed by 部门负责人"), "{refused}");
    office.act("2026-03-03 10:06", &ours, sign.clone()).await.expect(403);
    office.act_as(&head, "2026-03-03 10:10", &ours, sign).await.expect(200);
    assert_eq!(office.told("ticket.stage", "品管部").await, 1, "now it is told");
    assert_eq!(office.list("department=品管部").await[0]["number"], ours["ticket"]["number"]);
    send(site.client.get(&link)).await.expect(200);
    let row = &ledger().await[0];
    assert_eq!(
        (&row["number"], &row["signed"], &row["received"]),
        (&ours["ticket"]["number"], &json!("张部长"), &json!("2026-03-03 10:10"))
    );
    let ours = office.done("2026-03-03 10:20", &ours, register).await;
    assert_eq!(stage(&ours, "quality_ledger")["status"], "done", "in the ledger");
    let theirs = office.ticket("2026-03-03 08:00", open("13800000002")).await;
    for id in ["reply", "arrive"] {
        office.report("2026-03-03 09:00", &theirs, id, json!({})).await;
    }
    let theirs = office.report("2026-03-03 09:00", &theirs, "triage", json!({ "our_liability": "no" })).await;
    assert_eq!(stage(&theirs, "quality_ledger")["status"], "not_needed");
    assert_eq!(theirs["ticket"]["state"], "verifying");
    let verify = json!({ "do": "verify", "solved": true });
    let shown = office.done("2026-03-04 09:00", &theirs, verify).await;
    assert_eq!(shown["ticket"]["phase"], "verifying", "the explanation is missing");
    office
        .done("2026-03-04 09:05", &theirs, json!({ "do": "edit", "fields": { "explanation": "使用不当" } }))
        .await;
    office.done("2026-03-04 09:06", &theirs, json!({ "do": "close" })).await;
}

async fn tkt_35_a_plan_is_agreed_in_rounds_and_the_customer_signs(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 08:00", body).await;
    office.report("2026-03-03 09:00", &ticket, "triage", json!({ "our_liability": "yes" })).await;
    // Signed on paper; a supervisor enters it.
    let sign = json!({ "do": "approve", "approval": "department_head", "signed_by": "张部长" });
    let signed = office.done("2026-03-03 10:10", &ticket, sign).await;
    assert_eq!(signed["approvals"][0]["signed"]["by"], "张部长 (entered by admin)");
    office.report("2026-03-03 10:20", &ticket, "quality_ledger", json!({})).await;
    office.report("2026-03-03 11:00", &ticket, "plan", json!({ "cause": "焊接" })).await;
    let refused =
        json!({ "do": "report", "stage": "agree", "result": "fail", "fields": { "customer_said": "太慢" } });
    let ticket = office.done("2026-03-05 11:00", &ticket, refused).await;
    assert_eq!(stage(&ticket, "agree")["result"], "fail");
    let ticket = office.report("2026-03-06 11:00", &ticket, "agree-2", json!({})).await;
    assert_eq!(
        (&stage(&ticket, "agree-2")["status"], &stage(&ticket, "rectify")["status"]),
        (&json!("done"), &json!("open"))
    );
    let unsigned = json!({ "do": "report", "stage": "rectify" });
    let refused = office.act("2026-03-08 11:00", &ticket, unsigned).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "customer_opinion");
    office
        .report("2026-03-08 11:00", &ticket, "rectify", json!({ "customer_opinion": "scan: 意见书.pdf" }))
        .await;
}

async fn tkt_36_what_is_not_solved_on_the_call_is_reported_within_half_an_hour(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("sales_company", "one", "13800000001", json!({})).await;
    // The call ends at 10:00:00.
    office.inbound("2026-03-03 09:59:40", "13800000001", Some("2")).await;
    office.turn("2026-03-03 10:00").await;
    let body = json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(stage(&ticket, "report_up")["due"], ms("2026-03-03 10:30"));
    let reported = office.done("2026-03-03 10:20", &ticket, json!({ "do": "report_up" })).await;
    assert_eq!(
        (&reported["reported_at"], &stage(&reported, "report_up")["status"]),
        (&ms("2026-03-03 10:20"), &json!("done"))
    );
    let solved = json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000009", "fields": { "solved": "true" } });
    let solved = office.ticket("2026-03-03 11:00", solved).await;
    assert_eq!(stage(&solved, "report_up")["status"], "not_needed");
    let path = "/api/v1/ticket-reports/first-contact?pack=sales_company&from=2026-03-03&to=2026-03-03";
    let figures = office.shop.site.get(path).await.expect(200);
    assert_eq!((&figures["solved"], &figures["reported"]), (&json!(1), &json!(1)), "{figures}");
}

async fn tkt_40_what_is_not_solved_is_reported_up_and_the_customer_told_on_the_day_of_the_solution(
    db: &Database,
) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "problem", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(stage(&ticket, "report_up")["due"], ms("2026-03-06 00:00"), "until the end of 5 March");
    office.done("2026-03-05 09:00", &ticket, json!({ "do": "report_up" })).await;
    let ticket =
        office.report("2026-03-06 11:00", &ticket, "solution", json!({ "solution": "换变压器" })).await;
    let tell = stage(&ticket, "inform_customer");
    assert_eq!(tell["due"], ms("2026-03-06 18:00"), "{tell}");
    assert_eq!(office.wanted("inform").await, 1, "on the list by itself");
    office.outbound("2026-03-06 15:00", "13800000001", true).await;
    office.turn("2026-03-06 15:01").await;
    assert_eq!(office.show(&ticket).await["ticket"]["phase"], "closed");
}

async fn tkt_41_the_repair_form_must_come_back(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "repair", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let nobody =
        office.act("2026-03-03 10:00", &ticket, json!({ "do": "report", "stage": "dispatch" })).await;
    nobody.expect(422);
    office.report("2026-03-03 10:00", &ticket, "dispatch", json!({ "technician": "陈技师" })).await;
    office.report("2026-03-04 10:00", &ticket, "repair", json!({ "way": "phone" })).await;
    office.turn("2026-03-07 23:59").await;
    assert_eq!(office.told("ticket.reminder", "客服").await, 0);
    office.turn("2026-03-08 00:00").await;
    assert_eq!(office.told("ticket.reminder", "客服").await, 1, "not back three days after");
    let done = office.report("2026-03-08 10:00", &ticket, "form", json!({})).await;
    assert_eq!(done["ticket"]["state"], "verifying");
}

async fn tkt_43_after_the_warranty_a_repair_has_a_budget(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "repair", "phone": "13800000001",
                       "fields": { "warranty_end": "2026-02-28", "parts": "customer", "technician": "陈技师" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    assert_eq!(ticket["fields"]["chargeable"], "true");
    for id in ["dispatch", "repair", "form"] {
        office.report("2026-03-03 10:00", &ticket, id, json!({})).await;
    }
    office.verified("2026-03-04 10:00", "satisfied", None).await;
    let refused = office.act("2026-03-04 11:00", &ticket, json!({ "do": "close" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "budget");
    let path = format!("/api/v1/tickets/{}/form", ticket["ticket"]["id"]);
    let text = office.shop.site.get(&path).await.text();
    assert!(text.contains("不承担质量保证"), "parts of the customer's own: {text}");
}

async fn tkt_46_a_failed_acceptance_is_a_ticket_of_the_construction_team(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "home_decoration", "kind": "quality_rectification", "source": "acceptance",
                       "phone": "13800000001", "matter": "P-7", "fields": { "acceptance": "fail" } });
    let ticket = office.ticket("2026-03-02 16:00", body).await;
    assert_eq!(ticket["ticket"]["department"], "工程部");
    assert_eq!(office.told("ticket.opened", "工程部").await, 1);
    office.shop.turn("2026-03-03 09:00").await;
    let made = office.number("SELECT COUNT(*) FROM callbacks WHERE rule = 'accepted'").await;
    assert_eq!(made, 0, "no callback of an acceptance before it has passed");
}

async fn tkt_47_a_ticket_that_nobody_moves_is_urged_again_and_again(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "sales_company", "kind": "complaint", "department": "生产部", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.turn("2026-03-05 09:00").await;
    office.turn("2026-03-07 09:00").await;
    assert_eq!(office.told("ticket.urge", "销售公司办公室").await, 2);
    let lines = office.number("SELECT COUNT(*) FROM ticket_log WHERE action = 'urged'").await;
    assert_eq!(lines, 2, "#1 and #2 are written down");
    office.done("2026-03-07 10:00", &ticket, json!({ "do": "comment", "text": "生产部在查" })).await;
    office.turn("2026-03-08 10:00").await;
    assert_eq!(office.told("ticket.urge", "销售公司办公室").await, 2, "it moved");
}

async fn esc_05_two_days_without_a_solution_escalate_by_themselves(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "problem", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.turn("2026-03-05 09:59").await;
    assert_eq!(office.show(&ticket).await["ticket"]["level"], 0);
    office.turn("2026-03-05 10:00").await;
    assert_eq!(office.show(&ticket).await["ticket"]["level"], 1);
    assert_eq!(office.told("ticket.level", "上级部门").await, 1);
}

async fn esc_07_a_special_condition_reaches_the_doctor_the_head_and_the_patient(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "hospital", "kind": "special_condition", "source": "callback", "phone": "13800000001",
                       "fields": { "doctor": "李医生" } });
    let ticket = office.ticket("2026-03-03 10:20", body).await;
    assert_eq!(office.told("ticket.opened", "李医生").await, 1);
    assert_eq!(office.number("SELECT MIN(wants_ack) FROM notices WHERE topic = 'ticket.opened'").await, 1);
    office.turn("2026-03-03 10:49").await;
    assert_eq!(office.told("ticket.breach", "科主任").await, 0);
    office.turn("2026-03-03 10:50").await;
    assert_eq!(office.told("ticket.breach", "科主任").await, 1);
    assert_eq!(office.wanted("inform").await, 0);
    office.done("2026-03-03 11:00", &ticket, received(&ticket)).await;
    assert_eq!(office.wanted("inform").await, 1, "the patient is told again");
}

async fn ver_01_after_the_rectification_the_customer_is_called_the_next_day(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "home_decoration", "kind": "quality_rectification", "phone": "13800000001",
                       "fields": { "rectifier": "老周", "measure_due": "2026-03-12" } });
    let ticket = office.ticket("2026-03-10 09:00", body).await;
    office.report("2026-03-10 10:00", &ticket, "assign", json!({})).await;
    office.report("2026-03-12 15:00", &ticket, "measure", json!({})).await;
    assert_eq!(json!(office.wanted_at("verify").await.0), ms("2026-03-13 00:00"));
}

async fn eti_08_a_caller_whom_nobody_knows_says_who_they_are_and_hears_the_number_read_back(db: &Database) {
    let mut office = Office::open(db).await;
    let call = office.inbound("2026-03-03 09:50", "13800000001", Some("3")).await;
    let body = |name: &str, fields: serde_json::Value| {
        json!({ "pack": "furniture_mall", "kind": "complaint", "phone": "13800000001", "call": call, "name": name,
                "fields": fields })
    };
    for (name, fields, asks) in [
        ("", json!({}), "name"),
        ("王女士", json!({}), "contact_phone"),
        ("王女士", json!({ "contact_phone": "13912345678" }), "read_back"),
        ("王女士", json!({ "contact_phone": "13912345678", "read_back": "no" }), "read_back"),
    ] {
        let refused = office.opening("2026-03-03 09:55", body(name, fields)).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], asks, "{refused}");
    }
    let whole = json!({ "contact_phone": "13912345678", "read_back": "yes" });
    let ticket = office.ticket("2026-03-03 09:55", body("王女士", whole)).await;
    assert_eq!(ticket["ticket"]["name"], "王女士");
    assert_eq!(ticket["fields"]["contact_phone"], "13912345678", "{ticket}");
    // Whom the archive knows by the number, or who wrote, is not asked.
    office.customer("furniture_mall", "李四", "13800000002", json!({})).await;
    let known = office.inbound("2026-03-03 10:00", "13800000002", Some("3")).await;
    let body =
        json!({ "pack": "furniture_mall", "kind": "complaint", "phone": "13800000002", "call": known });
    office.ticket("2026-03-03 10:05", body).await;
}

async fn eti_15_the_four_steps_with_a_complaint_are_ticked_with_their_times(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let steps = ["listen", "acknowledge", "respond", "exceed"];
    for (minute, step) in steps.iter().enumerate() {
        office.report(&format!("2026-03-03 09:0{minute}"), &ticket, step, json!({})).await;
    }
    let shown = office.show(&ticket).await;
    for (minute, step) in steps.iter().enumerate() {
        let step = stage(&shown, step);
        assert_eq!(step["done_at"], ms(&format!("2026-03-03 09:0{minute}")), "{step}");
        assert!(step["title"].as_str().unwrap().starts_with(["A", "B", "C", "D"][minute]), "{step}");
    }
    // They hold nobody up: a ticket without them goes on all the same.
    let body = json!({ "pack": "furniture_mall", "kind": "complaint", "phone": "13800000002" });
    let other = office.ticket("2026-03-03 10:00", body).await;
    office.report("2026-03-03 10:10", &other, "answer", json!({})).await;
    let solved = office.report("2026-03-03 11:00", &other, "solve", json!({ "solution": "换板" })).await;
    assert_eq!(solved["ticket"]["state"], "verifying", "{solved}");
}

async fn reg_12_a_returned_form_begins_the_verification_and_one_that_is_not_is_reminded_of(db: &Database) {
    let office = Office::open(db).await;
    let new = || json!({ "pack": "telecom_si", "kind": "service_request", "phone": "13800000001", "matter": "M-13800000001" });
    let ticket = office.ticket("2026-02-26 09:00", new()).await;
    let found = json!({ "symptoms": "断网", "diagnosis": "光模块故障" });
    office.report("2026-02-26 09:20", &ticket, "diagnose", found).await;
    // The engineer leaves with the form.
    office.report("2026-02-26 10:00", &ticket, "planned", json!({ "solution": "换光模块" })).await;
    office.turn("2026-03-01 23:59").await;
    let reminded = "SELECT COUNT(*) FROM notices WHERE topic = 'ticket.reminder'";
    assert_eq!(office.number(reminded).await, 0);
    office.turn("2026-03-02 00:00").await;
    assert!(office.number(reminded).await > 0, "three days after it went out");
    // It comes back with what was done and the customer's word.
    let fields = json!({ "severity": "ordinary", "form_no": "KF1", "implementation": "换光模块,测试正常", "customer_confirmed": "是" });
    office.happens("telecom_si", "service_form.returned", "F1", "2026-03-02 15:00", fields).await;
    office.both("2026-03-02 15:01").await;
    let shown = office.show(&ticket).await;
    assert!(!stage(&shown, "returned")["done_at"].is_null(), "{shown}");
    assert_eq!(shown["fields"]["implementation"], "换光模块,测试正常");
    let rule = "SELECT COUNT(*) FROM callbacks WHERE rule = 'verify' AND state IN ('open', 'waiting')";
    assert_eq!(office.number(rule).await, 1, "the verification is owed");
    let deadline = office.number("SELECT deadline FROM callbacks WHERE rule = 'verify'").await;
    assert_eq!(json!(deadline), ms("2026-03-06 00:00"), "until the end of the third day");
}
