//! The end of tickets: verification, reopening, overrides.

use serde_json::json;

use super::office::{Office, ms, received, stage};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    ver_02_a_solved_complaint_is_verified_the_next_day_and_a_no_sends_it_back,
    ver_06_after_two_failed_verifications_a_third_is_made_and_the_manager_knows,
    ver_03_the_file_is_made_up_last_when_the_customer_is_satisfied,
    ver_04_a_form_is_passed_only_where_all_criteria_are_yes,
    ver_05_another_department_than_the_handler_verifies,
    tkt_33_a_dissatisfied_customer_keeps_it_open_and_an_override_has_a_reason,
    tkt_39_dissatisfied_is_recorded_handled_told_and_closed_when_satisfied,
    tkt_29_a_key_in_the_call_confirms_with_its_recording,
    tkt_31_what_is_left_over_stays_on_the_same_form,
    tkt_18_a_complaint_is_not_closed_without_its_lesson,
    tkt_38_the_form_is_there_at_once_reminded_of_and_closed_with_a_root_cause,
    tkt_16_a_repair_belongs_to_the_team_leader_and_is_verified,
    a_robot_that_nobody_answers_twice_gives_way_to_a_person,
    the_robot_asks_in_the_windows_of_the_pack_by_an_ordinary_callback,
    a_closed_ticket_takes_its_open_calls_back,
}

/// A complaint of the decoration company, dealt with by a visit at that moment.
async fn visited(office: &Office, visit: &str) -> serde_json::Value {
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-05 10:00", body).await;
    office.done("2026-03-05 11:00", &ticket, json!({ "do": "hand_over" })).await;
    office.done("2026-03-05 11:10", &ticket, received(&ticket)).await;
    office.report("2026-03-05 12:00", &ticket, "contact", json!({})).await;
    let plan = json!({ "solution": "返工", "visit_at": "2026-03-07 09:00" });
    office.report("2026-03-05 13:00", &ticket, "solution", plan).await;
    office.report(visit, &ticket, "visit", json!({})).await
}

async fn ver_02_a_solved_complaint_is_verified_the_next_day_and_a_no_sends_it_back(db: &Database) {
    let mut office = Office::open(db).await;
    let ticket = visited(&office, "2026-03-07 10:00").await;
    assert_eq!(ticket["ticket"]["state"], "verifying");
    assert_eq!(json!(office.wanted_at("verify").await.0), ms("2026-03-08 00:00"), "the next day");
    let due = stage(&ticket, "visit")["due"].clone();
    office.verified("2026-03-08 10:00", "dissatisfied", None).await;
    let ticket = office.show(&ticket).await;
    assert_eq!((&ticket["ticket"]["phase"], &ticket["cycle"]), (&json!("open"), &json!(1)));
    assert_eq!(
        (&ticket["ticket"]["level"], &stage(&ticket, "visit")["due"]),
        (&json!(1), &due),
        "its own clock"
    );
    assert!(office.told("ticket.reopened", "工程部").await == 1);
}

async fn ver_06_after_two_failed_verifications_a_third_is_made_and_the_manager_knows(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("repair_station_rescue", "one", "13800000001", json!({})).await;
    let body = json!({ "pack": "repair_station_rescue", "kind": "dissatisfied", "phone": "13800000001",
                       "fields": { "demand": "重修", "events": "修后又坏", "persons": "何师傅", "solution": "换件" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.report("2026-03-03 11:00", &ticket, "details", json!({})).await;
    for (round, day) in [(1, 4), (2, 5)] {
        office.report(&format!("2026-03-0{} 12:00", day - 1), &ticket, "handled", json!({})).await;
        office.verified(&format!("2026-03-0{day} 10:00"), "dissatisfied", Some(1)).await;
        assert_eq!(office.show(&ticket).await["cycle"], round);
        let alerts = office.told("ticket.alert", "主管经理").await;
        assert_eq!(alerts, i64::from(round == 2), "at the second round");
    }
    office.report("2026-03-05 12:00", &ticket, "handled", json!({})).await;
    assert_eq!(office.wanted("verify").await, 1, "the third");
    assert_eq!(office.number("SELECT COUNT(*) FROM ticket_callbacks WHERE purpose = 'verify'").await, 3);
    office.verified("2026-03-06 10:00", "satisfied", Some(5)).await;
    assert_eq!(office.show(&ticket).await["ticket"]["phase"], "closed");
}

async fn ver_03_the_file_is_made_up_last_when_the_customer_is_satisfied(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "dissatisfied", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert!(office.told("ticket.opened", "客服专员").await >= 1, "the responsible person");
    let ticket = office.report("2026-03-03 12:00", &ticket, "handled", json!({ "solution": "补件" })).await;
    assert_eq!((&ticket["filed_at"], office.wanted("verify").await), (&json!(null), 1));
    office.verified("2026-03-04 10:00", "satisfied", Some(4)).await;
    let ticket = office.show(&ticket).await;
    assert_eq!(ticket["filed_at"], ms("2026-03-04 10:00"));
    let timeline = ticket["timeline"].as_array().unwrap();
    assert_eq!(timeline.last().unwrap()["action"], "filed", "{timeline:#?}");
}

async fn ver_04_a_form_is_passed_only_where_all_criteria_are_yes(db: &Database) {
    let office = Office::open(db).await;
    let serve = async |phone: &str| {
        let body = json!({ "pack": "telecom_si", "kind": "service_request", "phone": phone,
                           "fields": { "symptoms": "断网", "diagnosis": "光模块" } });
        let ticket = office.ticket("2026-03-03 09:00", body).await;
        for stage in ["diagnose", "planned", "implement"] {
            office.report("2026-03-03 10:00", &ticket, stage, json!({})).await;
        }
        ticket
    };
    let form = |system_stable: bool| json!({ "do": "verify", "criteria": { "problem_gone": true, "engineer_behaviour": true, "system_stable": system_stable } });
    let one = serve("13800000001").await;
    let part = json!({ "do": "verify", "criteria": { "problem_gone": true } });
    office.act("2026-03-04 10:00", &one, part).await.expect(422);
    let failed = office.done("2026-03-04 10:00", &one, form(false)).await;
    assert_eq!((&failed["cycle"], &failed["ticket"]["phase"]), (&json!(1), &json!("open")));
    let two = serve("13800000002").await;
    let passed = office.done("2026-03-04 10:00", &two, form(true)).await;
    assert_eq!(passed["ticket"]["phase"], "closed");
}

async fn ver_05_another_department_than_the_handler_verifies(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "sales_company", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.report("2026-03-03 12:00", &ticket, "solve", json!({ "solution": "换货" })).await;
    let ask = |role: &str| json!({ "do": "verify", "solved": true, "role": role });
    let refused = office.act("2026-03-04 10:00", &ticket, ask("市场督查部")).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("admin handled it"), "{refused}");
    let site = &office.shop.site;
    let path = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
    let by_other =
        |role: &str| send(site.request(reqwest::Method::POST, &path, &site.operate).json(&ask(role)));
    by_other("区域A").await.expect(403);
    let ticket = by_other("市场督查部").await.expect(200);
    assert_eq!(ticket["ticket"]["phase"], "closed");
}

async fn tkt_33_a_dissatisfied_customer_keeps_it_open_and_an_override_has_a_reason(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": "13800000001",
                       "fields": { "our_liability": "no", "explanation": "使用不当" } });
    let ticket = office.ticket("2026-03-03 08:00", body).await;
    for stage in ["reply", "arrive", "triage"] {
        office.report("2026-03-03 11:00", &ticket, stage, json!({})).await;
    }
    office.verified("2026-03-04 10:00", "dissatisfied", Some(1)).await;
    let shown = office.show(&ticket).await;
    assert_eq!((&shown["ticket"]["phase"], &shown["cycle"]), (&json!("open"), &json!(1)));
    office.act("2026-03-04 11:00", &ticket, json!({ "do": "close" })).await.expect(409);
    let site = &office.shop.site;
    let path = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
    let by_agent = json!({ "do": "override", "reason": "客户失联" });
    send(site.request(reqwest::Method::POST, &path, &site.operate).json(&by_agent)).await.expect(403);
    office.act("2026-03-04 11:00", &ticket, json!({ "do": "override", "reason": " " })).await.expect(422);
    let closed = office.done("2026-03-04 11:10", &ticket, by_agent).await;
    assert_eq!((&closed["ticket"]["phase"], &closed["closed_how"]), (&json!("closed"), &json!("overridden")));
    let told =
        office.text("SELECT actor || ': ' || detail FROM ticket_log WHERE action = 'overridden'").await;
    assert_eq!(told, "admin: 客户失联");
    assert_eq!(office.number("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.override'").await, 1);
}

async fn tkt_39_dissatisfied_is_recorded_handled_told_and_closed_when_satisfied(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("repair_station_rescue", "one", "13800000001", json!({})).await;
    let call = office.outbound("2026-03-03 10:05", "13800000001", true).await;
    office.answer(&call, "q1", "1", Some(1), false).await;
    office.turn("2026-03-03 10:06").await;
    let ticket = office.nth(0).await;
    assert_eq!(office.told("ticket.opened", "主管经理").await, 1);
    let details =
        json!({ "do": "report", "stage": "details", "fields": { "demand": "重修", "events": "修后又坏" } });
    let refused = office.act("2026-03-03 11:00", &ticket, details).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "persons");
    let all = json!({ "demand": "重修", "events": "修后又坏", "persons": "何师傅" });
    office.report("2026-03-03 11:10", &ticket, "details", all).await;
    office.report("2026-03-03 15:00", &ticket, "handled", json!({ "solution": "免费重修" })).await;
    assert_eq!(office.wanted("verify").await, 1);
    office.verified("2026-03-04 10:00", "satisfied", Some(5)).await;
    assert_eq!(office.show(&ticket).await["closed_how"], "satisfied");
}

async fn tkt_29_a_key_in_the_call_confirms_with_its_recording(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "telecom_si", "kind": "service_request", "severity": "major", "phone": "13800000001",
                       "fields": { "symptoms": "断网", "diagnosis": "光模块" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    for stage in ["diagnose", "planned", "implement"] {
        office.report("2026-03-03 10:00", &ticket, stage, json!({})).await;
    }
    office.act("2026-03-03 10:10", &ticket, json!({ "do": "close" })).await.expect(422);
    office.verified("2026-03-04 10:00", "reached", None).await;
    let shown = office.show(&ticket).await;
    assert_eq!(
        (&shown["ticket"]["phase"], &shown["fields"]["customer_confirmed"]),
        (&json!("closed"), &json!("true"))
    );
    let call = office.text("SELECT call_id FROM callbacks WHERE rule = 'ticket_verify'").await;
    assert_eq!(shown["fields"]["confirmed_in_call"], call.as_str());
}

async fn tkt_31_what_is_left_over_stays_on_the_same_form(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "telecom_si", "kind": "service_request", "phone": "13800000001",
                       "fields": { "symptoms": "断网", "diagnosis": "光模块" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    for stage in ["diagnose", "planned", "implement"] {
        office.report("2026-03-03 10:00", &ticket, stage, json!({})).await;
    }
    let found = json!({ "do": "verify", "leftover": "偶发丢包",
                        "criteria": { "problem_gone": false, "engineer_behaviour": true, "system_stable": true } });
    let again = office.done("2026-03-04 10:00", &ticket, found).await;
    assert_eq!(
        (&again["ticket"]["state"], &again["fields"]["leftover"]),
        (&json!("outstanding"), &json!("偶发丢包"))
    );
    assert_eq!(again["ticket"]["number"], ticket["ticket"]["number"]);
    office
        .done("2026-03-04 10:10", &ticket, json!({ "do": "assign", "owner": "郑工", "reason": "指定维护人" }))
        .await;
    let done = office.report("2026-03-05 10:00", &ticket, "implement", json!({ "result": "更换跳线" })).await;
    assert_eq!(
        (&done["ticket"]["state"], &done["fields"]["result"]),
        (&json!("verifying"), &json!("更换跳线"))
    );
}

async fn tkt_18_a_complaint_is_not_closed_without_its_lesson(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "home_decoration", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.report("2026-03-03 11:00", &ticket, "accept", json!({})).await;
    office.report("2026-03-03 12:00", &ticket, "investigate", json!({ "cause": "赶工" })).await;
    let measure = json!({ "solution": "返工", "implementation": "已返工" });
    office.report("2026-03-05 12:00", &ticket, "measure", measure).await;
    office.verified("2026-03-06 10:00", "satisfied", Some(5)).await;
    let refused = office.act("2026-03-06 11:00", &ticket, json!({ "do": "close" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "lesson");
    let shown = office.show(&ticket).await;
    let stages: Vec<_> =
        shown["timeline"].as_array().unwrap().iter().filter(|l| l["action"] == "stage.done").collect();
    assert!(
        stages.len() == 3 && stages.iter().all(|l| l["actor"] == "admin"),
        "text, user, time: {stages:#?}"
    );
    office
        .done("2026-03-06 11:01", &ticket, json!({ "do": "edit", "fields": { "lesson": "排期留余量" } }))
        .await;
    office.done("2026-03-06 11:02", &ticket, json!({ "do": "close" })).await;
}

async fn tkt_38_the_form_is_there_at_once_reminded_of_and_closed_with_a_root_cause(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("generic_enterprise", "张三", "13800000001", json!({})).await;
    // The call ends at 10:00:00.
    office.inbound("2026-03-03 09:59:40", "13800000001", Some("2")).await;
    office.turn("2026-03-03 10:00:01").await;
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["ticket"]["name"], &ticket["ticket"]["phone"]),
        (&json!("张三"), &json!("13800000001"))
    );
    assert_eq!(stage(&ticket, "form")["due"], ms("2026-03-03 10:05"));
    office.turn("2026-03-03 10:05").await;
    assert_eq!(office.told("ticket.reminder", "客服专员").await, 1);
    assert_eq!(office.told("ticket.breach", "客服经理").await, 0, "a reminder is no breach");
    office
        .report("2026-03-03 10:07", &ticket, "form", json!({ "cause_class": "质量", "content": "开裂" }))
        .await;
    let solve =
        json!({ "do": "report", "stage": "solve", "fields": { "corrective": "更换", "preventive": "抽检" } });
    let refused = office.act("2026-03-03 11:00", &ticket, solve).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "root_cause");
    let all = json!({ "root_cause": "含水率", "corrective": "更换", "preventive": "抽检" });
    office.report("2026-03-03 11:00", &ticket, "solve", all).await;
    office.verified("2026-03-04 10:00", "satisfied", None).await;
    assert_eq!(office.show(&ticket).await["ticket"]["phase"], "closed");
}

async fn tkt_16_a_repair_belongs_to_the_team_leader_and_is_verified(db: &Database) {
    let mut office = Office::open(db).await;
    office.customer("xian_decoration", "one", "13800000001", json!({})).await;
    office.inbound("2026-03-03 09:00", "13800000001", Some("3")).await;
    office.turn("2026-03-03 09:01").await;
    assert_eq!(office.list("owner=维修队长").await.len(), 1);
    let ticket = office.nth(0).await;
    office.report("2026-03-03 10:00", &ticket, "dispatch", json!({})).await;
    office.report("2026-03-03 16:00", &ticket, "repair", json!({})).await;
    assert_eq!(office.wanted("verify").await, 1);
}

async fn a_robot_that_nobody_answers_twice_gives_way_to_a_person(db: &Database) {
    let mut office = Office::open(db).await;
    let ticket = visited(&office, "2026-03-07 10:00").await;
    office.verified("2026-03-08 10:00", "unreached", None).await;
    assert_eq!(office.text("SELECT rule FROM callbacks ORDER BY id DESC LIMIT 1").await, "ticket_verify");
    office.verified("2026-03-08 11:00", "unreached", None).await;
    assert_eq!(
        office.text("SELECT rule FROM callbacks ORDER BY id DESC LIMIT 1").await,
        "ticket_call",
        "a person's task"
    );
    assert_eq!(office.told("ticket.verify_by_hand", "客服专员").await, 1);
    let found = json!({ "do": "verify", "solved": true });
    let site = &office.shop.site;
    let path = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
    let closed =
        send(site.request(reqwest::Method::POST, &path, &site.operate).json(&found)).await.expect(200);
    assert_eq!(closed["ticket"]["phase"], "closed");
    assert_eq!(office.wanted("verify").await, 0, "nobody is called any more");
}

async fn the_robot_asks_in_the_windows_of_the_pack_by_an_ordinary_callback(db: &Database) {
    let mut office = Office::open(db).await;
    let ticket = visited(&office, "2026-03-09 10:00").await;
    office.both("2026-03-10 08:50").await;
    let entries = office.shop.entries_of("xian_decoration/ticket_verify").await;
    assert_eq!(entries.len(), 1, "released with the day's list");
    let script =
        office.text("SELECT settings FROM campaigns WHERE name = 'xian_decoration/ticket_verify'").await;
    assert!(script.contains("ticket-verify"), "{script}");
    office.set("2026-03-10 09:30");
    let end = ringback::base::Disposition::Completed;
    office.shop.call_of("xian_decoration/ticket_verify", "13800000001", end, &[Some(5)]).await;
    office.both("2026-03-10 09:31").await;
    let shown = office.show(&ticket).await;
    assert_eq!((&shown["ticket"]["phase"], &shown["closed_how"]), (&json!("closed"), &json!("satisfied")));
}

async fn a_closed_ticket_takes_its_open_calls_back(db: &Database) {
    let office = Office::open(db).await;
    let ticket = visited(&office, "2026-03-09 10:00").await;
    assert_eq!(office.wanted("verify").await, 1);
    office.done("2026-03-09 11:00", &ticket, json!({ "do": "override", "reason": "客户搬走" })).await;
    assert_eq!(office.wanted("verify").await, 0);
    let reason = office.text("SELECT reason FROM callbacks WHERE rule = 'ticket_verify'").await;
    assert_eq!(reason, "ticket_closed");
}
