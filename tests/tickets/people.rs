//! What people do: open, hand over, acknowledge, promise, escalate, approve, by login or by link.

use serde_json::json;

use super::office::{Office, ms, received, stage};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    tkt_01_a_walk_in_has_the_same_clock_and_an_enquiry_without_a_number_is_warned_of,
    tkt_06_a_promise_meets_the_stage_is_reminded_of_and_may_not_be_later_than_the_next_day,
    tkt_08_nothing_goes_on_before_the_head_of_the_department_has_acknowledged,
    tkt_08_who_is_of_no_department_says_for_which_one_a_ticket_is_received,
    tkt_14_a_complaint_has_an_owner_and_only_a_supervisor_gives_it_away,
    esc_01_an_escalation_needs_cause_process_and_demand_and_the_manager_takes_over,
    esc_02_compensation_is_approved_before_the_case_is_closed,
    esc_03_a_major_ticket_calls_a_meeting_that_must_decide,
    tkt_37_an_exchange_needs_a_reason_and_its_approvals_in_order,
    tkt_42_a_technician_calls_back_and_a_diagnosis_needs_consent,
    tkt_44_a_complaint_is_solved_or_has_a_next_reply,
    tkt_25_an_inspection_needs_liability_and_a_photo,
    a_department_sees_and_reports_its_ticket_by_a_link_until_it_expires,
    the_command_line_opens_shows_and_reports,
    two_people_who_act_at_once_both_have_their_say,
    two_tickets_of_one_matter_are_joined_with_their_calls,
}

async fn tkt_01_a_walk_in_has_the_same_clock_and_an_enquiry_without_a_number_is_warned_of(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "kind": "shipping_query", "source": "walk_in", "phone": "13800000001",
                       "fields": { "address": "人民路 1 号", "employer": "某厂" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(
        (&ticket["ticket"]["source"], &ticket["fields"]["employer"]),
        (&json!("walk_in"), &json!("某厂"))
    );
    assert_eq!(stage(&ticket, "answer")["due"], ms("2026-03-03 12:00"), "the clock of a call");
    assert_eq!(office.number("SELECT COUNT(*) FROM ticket_calls").await, 0, "no recording is expected");
    let ticket =
        office.ticket("2026-03-03 10:00", json!({ "kind": "consultation", "source": "walk_in" })).await;
    let warnings = ticket["warnings"].as_array().unwrap();
    assert!(warnings.contains(&json!("no_phone")) && warnings.contains(&json!("no_address")), "{warnings:?}");
    let refused = office.opening("2026-03-03 10:00", json!({ "kind": "nothing" })).await.expect(422);
    assert!(refused["errors"][0]["hint"].as_str().unwrap().contains("consultation"), "{refused}");
}

async fn tkt_06_a_promise_meets_the_stage_is_reminded_of_and_may_not_be_later_than_the_next_day(
    db: &Database,
) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "technical_query", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(stage(&ticket, "answer")["due"], ms("2026-03-03 14:00"));
    let promise = |at: &str| json!({ "do": "promise", "at": at, "what": "材料参数" });
    let late =
        office.act("2026-03-03 13:30", &ticket, promise("2026-03-05T10:00:00+08:00")).await.expect(422);
    assert_eq!(late["errors"][0]["field"], "next_reply_at", "{late}");
    office.act("2026-03-03 13:30", &ticket, promise("2026-03-03T13:00:00+08:00")).await.expect(422);
    let ticket = office.done("2026-03-03 13:30", &ticket, promise("2026-03-04T16:00:00+08:00")).await;
    let answer = stage(&ticket, "answer");
    assert_eq!((&answer["status"], &answer["result"]), (&json!("done"), &json!("promised")), "met");
    assert_eq!(ticket["ticket"]["due_at"], ms("2026-03-04 16:00"), "the agreed time is the new deadline");
    assert_eq!(
        (office.wanted("promise").await, office.wanted_at("promise").await.0),
        (1, ms("2026-03-04 16:00").as_i64().unwrap())
    );
    office.turn("2026-03-04 15:44").await;
    assert_eq!(office.told("ticket.reminder", "客服专员").await, 0);
    office.turn("2026-03-04 15:45").await;
    assert_eq!(office.told("ticket.reminder", "客服专员").await, 1);
    // Half an hour after its time it is broken.
    office.turn("2026-03-04 16:30").await;
    assert_eq!(office.told("ticket.breach", "客服经理").await, 1);
}

async fn tkt_08_nothing_goes_on_before_the_head_of_the_department_has_acknowledged(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "xian_decoration", "kind": "complaint", "source": "设计部", "category": "设计",
                       "phone": "13800000001", "fields": { "issue_confirmation": "柜体尺寸不符" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(
        (&ticket["ticket"]["source"], &ticket["ticket"]["department"]),
        (&json!("设计部"), &json!("设计部"))
    );
    office.done("2026-03-03 11:00", &ticket, json!({ "do": "hand_over" })).await;
    let report = json!({ "do": "report", "stage": "contact" });
    let refused = office.act("2026-03-03 11:10", &ticket, report).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("acknowledged"), "{refused}");
    let ticket = office.done("2026-03-03 11:20", &ticket, received(&ticket)).await;
    assert_eq!(
        (&ticket["acknowledged"]["by"], &ticket["acknowledged"]["at"]),
        (&json!("admin"), &ms("2026-03-03 11:20"))
    );
    assert_eq!(ticket["ticket"]["state"], "contacting");
    assert_eq!(office.told("ticket.handover", "设计部").await, 1, "a copy stays with the department");
    office.act("2026-03-03 11:30", &ticket, received(&ticket)).await.expect(409);
}

async fn tkt_08_who_is_of_no_department_says_for_which_one_a_ticket_is_received(db: &Database) {
    let office = Office::open(db).await;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "设计", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    for body in [json!({ "do": "acknowledge" }), json!({ "do": "acknowledge", "department": "工程部" })] {
        let refused = office.act("2026-03-03 11:00", &ticket, body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "department", "{refused}");
        assert!(refused["errors"][0]["hint"].as_str().unwrap().contains("设计部"), "{refused}");
    }
    // Who is of the department need not say so.
    let body = json!({ "name": "shi", "expires_in": null, "roles": ["department"], "department": "设计部" });
    let made = office.shop.site.post("/api/v1/tokens", body).await.expect(201);
    let theirs = made["secret"].as_str().unwrap();
    let done =
        office.act_as(theirs, "2026-03-03 11:20", &ticket, json!({ "do": "acknowledge" })).await.expect(200);
    assert_eq!(done["acknowledged"]["by"], "shi", "{done}");
    let ticket = office
        .ticket(
            "2026-03-04 10:00",
            json!({ "pack": "xian_decoration", "kind": "complaint", "category": "设计", "phone": "13800000002" }),
        )
        .await;
    let done = office.done("2026-03-04 11:00", &ticket, received(&ticket)).await;
    assert_eq!(done["acknowledged"]["by"], "admin", "{done}");
}

async fn tkt_14_a_complaint_has_an_owner_and_only_a_supervisor_gives_it_away(db: &Database) {
    let office = Office::open(db).await;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(ticket["ticket"]["owner"], "客服专员");
    let path = format!("/api/v1/tickets/{}/acts", ticket["ticket"]["id"]);
    let site = &office.shop.site;
    let give = json!({ "do": "assign", "owner": "小李", "reason": "休假" });
    let by_agent = site.request(reqwest::Method::POST, &path, &site.operate).json(&give);
    send(by_agent).await.expect(403);
    office.act("2026-03-03 10:05", &ticket, json!({ "do": "assign", "owner": "" })).await.expect(422);
    let ticket = office.done("2026-03-03 10:10", &ticket, give).await;
    assert_eq!(ticket["ticket"]["owner"], "小李");
    let told = office.text("SELECT actor || ': ' || detail FROM ticket_log WHERE action = 'assigned'").await;
    assert_eq!(told, "admin: 客服专员 to 小李: 休假");
}

async fn esc_01_an_escalation_needs_cause_process_and_demand_and_the_manager_takes_over(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "xian_decoration", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-05 15:00", body).await;
    let without = json!({ "do": "escalate", "cause": "漏水", "process": "两次上门" });
    let refused = office.act("2026-03-05 16:00", &ticket, without).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "demand");
    let whole = json!({ "do": "escalate", "cause": "漏水", "process": "两次上门", "demand": "赔偿" });
    let ticket = office.done("2026-03-05 16:00", &ticket, whole).await;
    assert_eq!(
        (&ticket["ticket"]["owner"], &ticket["ticket"]["severity"]),
        (&json!("客服经理"), &json!("major"))
    );
    assert_eq!(office.told("ticket.escalated", "客服经理").await, 1);
}

async fn esc_02_compensation_is_approved_before_the_case_is_closed(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "xian_decoration", "kind": "complaint", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-05 15:00", body).await;
    let whole = json!({ "do": "escalate", "cause": "漏水", "process": "两次上门", "demand": "赔偿" });
    office.done("2026-03-05 16:00", &ticket, whole).await;
    office
        .done("2026-03-05 16:10", &ticket, json!({ "do": "edit", "fields": { "compensation": "500" } }))
        .await;
    office.report("2026-03-06 10:00", &ticket, "major_visit", json!({})).await;
    office
        .report("2026-03-06 11:00", &ticket, "plan", json!({ "liability": "工程部", "solution": "赔偿" }))
        .await;
    office.verified("2026-03-07 10:00", "satisfied", Some(4)).await;
    let shown = office.show(&ticket).await;
    assert_eq!(shown["ticket"]["state"], "verified", "satisfied, and still not closed");
    let refused = office.act("2026-03-07 11:00", &ticket, json!({ "do": "close" })).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("executive, finance, leader"), "{refused}");
    let sign =
        |id: &str, fields: serde_json::Value| json!({ "do": "approve", "approval": id, "fields": fields });
    let chief = office.token("刘总", "公司主管领导").await;
    let finance = office.token("钱会计", "财务部").await;
    let leader = office.token("王董", "领导").await;
    let voucher = json!({ "voucher_no": "V1" });
    office.act_as(&finance, "2026-03-07 11:00", &ticket, sign("finance", voucher.clone())).await.expect(409);
    let others = sign("executive", json!({ "cost_liability": "工程部" }));
    office.act_as(&finance, "2026-03-07 11:00", &ticket, others.clone()).await.expect(403);
    office.act_as(&chief, "2026-03-07 11:01", &ticket, others).await.expect(200);
    office.act_as(&finance, "2026-03-07 11:02", &ticket, sign("finance", json!({}))).await.expect(422);
    office.act_as(&finance, "2026-03-07 11:03", &ticket, sign("finance", voucher)).await.expect(200);
    office.act("2026-03-07 11:04", &ticket, json!({ "do": "close" })).await.expect(409);
    office.act_as(&leader, "2026-03-07 11:05", &ticket, sign("leader", json!({}))).await.expect(200);
    let ticket = office.done("2026-03-07 11:06", &ticket, json!({ "do": "close" })).await;
    assert_eq!(
        (&ticket["ticket"]["phase"], &ticket["approvals"][2]["signed"]["by"]),
        (&json!("closed"), &json!("王董"))
    );
}

async fn esc_03_a_major_ticket_calls_a_meeting_that_must_decide(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "home_decoration", "kind": "complaint", "severity": "major", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    let open = office.shop.site.get("/api/v1/meetings/open").await.expect(200);
    assert_eq!(open["items"][0]["number"], ticket["ticket"]["number"]);
    let fields = json!({ "cause": "a", "solution": "b", "implementation": "c", "lesson": "d" });
    office.report("2026-03-03 11:00", &ticket, "accept", json!({})).await;
    office.report("2026-03-03 12:00", &ticket, "investigate", fields.clone()).await;
    office.report("2026-03-03 13:00", &ticket, "measure", fields).await;
    office.done("2026-03-04 13:00", &ticket, json!({ "do": "verify", "solved": true })).await;
    let refused = office.act("2026-03-04 13:10", &ticket, json!({ "do": "close" })).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("meeting"), "{refused}");
    let meet =
        json!({ "do": "meet", "date": "2026-03-04", "participants": "经理, 设计", "decision": "重做" });
    office.done("2026-03-04 13:20", &ticket, meet).await;
    office.done("2026-03-04 13:30", &ticket, json!({ "do": "close" })).await;
    let open = office.shop.site.get("/api/v1/meetings/open").await.expect(200);
    assert_eq!(open["items"], json!([]));
}

async fn tkt_37_an_exchange_needs_a_reason_and_its_approvals_in_order(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "sales_company", "kind": "exchange", "phone": "13800000001" });
    let refused = office.opening("2026-03-03 10:00", body).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "reason");
    let body = json!({ "pack": "sales_company", "kind": "exchange", "phone": "13800000001", "fields": { "reason": "变质" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    let sign = |id: &str| json!({ "do": "approve", "approval": id, "fields": { "remarks": "属实" } });
    office.act("2026-03-03 10:10", &ticket, sign("office")).await.expect(409);
    let early = json!({ "do": "report", "stage": "exchange", "fields": { "handler": "仓库 赵" } });
    office.act("2026-03-03 10:15", &ticket, early.clone()).await.expect(409);
    for id in ["regional_head", "office", "general_manager"] {
        office.done("2026-03-03 10:20", &ticket, sign(id)).await;
    }
    let ticket = office.done("2026-03-03 10:30", &ticket, early).await;
    assert_eq!(
        (&ticket["ticket"]["phase"], &ticket["fields"]["handler"]),
        (&json!("closed"), &json!("仓库 赵"))
    );
}

async fn tkt_42_a_technician_calls_back_and_a_diagnosis_needs_consent(db: &Database) {
    let mut office = Office::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "repair", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    let ask = json!({ "do": "call_back", "by": "陈技师", "what": "灯箱不亮" });
    office.done("2026-03-03 10:00", &ticket, ask).await;
    let deadline = office.number("SELECT deadline FROM callbacks").await;
    assert_eq!(json!(deadline), ms("2026-03-03 10:30"));
    assert_eq!(office.told("ticket.callback", "陈技师").await, 1);
    let call = office.outbound("2026-03-03 10:20", "13800000001", true).await;
    office.turn("2026-03-03 10:21").await;
    assert_eq!(
        office.number(&format!("SELECT COUNT(*) FROM ticket_calls WHERE call_id = '{call}'")).await,
        1
    );
    let diagnosis = json!({ "do": "report", "stage": "diagnosis", "fields": { "finding": "电源坏", "advice": "换电源" } });
    let refused = office.act("2026-03-03 10:30", &ticket, diagnosis).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "consent");
    let fields = json!({ "consent": "true", "finding": "电源坏", "advice": "换电源" });
    office.report("2026-03-03 10:31", &ticket, "diagnosis", fields).await;
}

async fn tkt_44_a_complaint_is_solved_or_has_a_next_reply(db: &Database) {
    let mut office = Office::open(db).await;
    let plain = json!({ "pack": "billboard_maker", "kind": "complaint", "phone": "13800000001" });
    let refused = office.opening("2026-03-03 10:00", plain).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "next_reply_at");
    let body = json!({ "pack": "billboard_maker", "kind": "complaint", "phone": "13800000001",
                       "fields": { "next_reply_at": "2026-03-04 15:00", "apology": "已致歉" } });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    assert_eq!(ticket["promises"][0]["at"], ms("2026-03-04 15:00"));
    assert_eq!(json!(office.wanted_at("promise").await.0), ms("2026-03-04 15:00"));
    office.report("2026-03-04 16:00", &ticket, "solve", json!({})).await;
    office.verified("2026-03-05 10:00", "satisfied", None).await;
    let refused = office.act("2026-03-05 11:00", &ticket, json!({ "do": "close" })).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "answer_satisfied");
    office
        .done("2026-03-05 11:01", &ticket, json!({ "do": "edit", "fields": { "answer_satisfied": "满意" } }))
        .await;
    office.done("2026-03-05 11:02", &ticket, json!({ "do": "close" })).await;
}

async fn tkt_25_an_inspection_needs_liability_and_a_photo(db: &Database) {
    let office = Office::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "outstanding_issue", "phone": "13800000001",
                       "fields": { "cause": "transport" } });
    let ticket = office.ticket("2026-03-03 09:00", body).await;
    assert_eq!(office.told("ticket.stage", "安装监理").await, 1, "the supervisor's task");
    let report = |fields: serde_json::Value| json!({ "do": "report", "stage": "inspect", "fields": fields });
    let refused = office.act("2026-03-03 10:00", &ticket, report(json!({}))).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "liability");
    let refused =
        office.act("2026-03-03 10:00", &ticket, report(json!({ "liability": "物流" }))).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "photos");
    let site = &office.shop.site;
    let path = format!("/api/v1/tickets/{}/files", ticket["ticket"]["id"]);
    let photo = site
        .request(reqwest::Method::POST, &format!("{path}?name=door.jpg&kind=photo"), &site.admin)
        .header("content-type", "application/octet-stream")
        .body("not really a photo");
    let file = send(photo).await.expect(201);
    let back = site.get(&format!("{path}/{}", file["id"])).await;
    assert_eq!(back.text(), "not really a photo");
    let ticket = office.done("2026-03-03 10:10", &ticket, report(json!({ "liability": "物流" }))).await;
    assert_eq!(stage(&ticket, "inspect")["status"], "done");
    assert_eq!(ticket["files"][0]["sha256"], file["sha256"]);
}

async fn a_department_sees_and_reports_its_ticket_by_a_link_until_it_expires(db: &Database) {
    let office = Office::open(db).await;
    let body =
        json!({ "pack": "xian_decoration", "kind": "complaint", "category": "工期", "phone": "13800000001" });
    let ticket = office.ticket("2026-03-03 10:00", body).await;
    office.done("2026-03-03 10:30", &ticket, json!({ "do": "hand_over" })).await;
    let site = &office.shop.site;
    let link =
        site.post(&format!("/api/v1/tickets/{}/links", ticket["ticket"]["id"]), json!({})).await.expect(201);
    let url = format!("{}{}", site.base, link["path"].as_str().unwrap());
    let seen = send(site.client.get(&url)).await.expect(200);
    assert_eq!(seen["ticket"]["phone"], "138****0001", "numbers stay masked");
    let act = |name: &str, act: serde_json::Value| {
        site.client.post(format!("{url}/acts")).json(&json!({ "name": name, "act": act }))
    };
    send(act("", json!({ "do": "acknowledge" }))).await.expect(422);
    send(act("刘工", json!({ "do": "close" }))).await.expect(403);
    let seen = send(act("刘工", json!({ "do": "acknowledge" }))).await.expect(200);
    assert_eq!(seen["acknowledged"]["by"], "刘工 (工程部)");
    let seen = send(act("刘工", json!({ "do": "report", "stage": "contact" }))).await.expect(200);
    assert_eq!(stage(&seen, "contact")["done_by"], "刘工 (工程部)");
    office.set("2026-03-10 10:31");
    send(site.client.get(&url)).await.expect(404);
}

async fn the_command_line_opens_shows_and_reports(db: &Database) {
    use clap::Parser;
    let office = Office::open(db).await;
    office.set("2026-03-03 10:00");
    let site = &office.shop.site;
    let settings = ringback::io::cli::ClientSettings {
        socket: site.socket(),
        database: site.url(),
        console: site.base.clone(),
        zone: jiff::tz::TimeZone::UTC,
        roles: ringback::io::roles::built_in(),
    };
    let run = async |line: &[&str]| {
        let cli = ringback::io::cli::Cli::try_parse_from(["ringback", "tickets"].iter().chain(line)).unwrap();
        ringback::io::cli::run(&cli, &settings).await
    };
    run(&["open", "repair", "--phone", "13800000001", "--field", "address=人民路 1 号"]).await.unwrap();
    let id = office.nth(0).await["ticket"]["id"].to_string();
    run(&["report", &id, "dispatch"]).await.unwrap();
    run(&["comment", &id, "call before eleven"]).await.unwrap();
    // The ticket is with no department: none can be named.
    run(&["acknowledge", &id, "--department", "工程部"]).await.unwrap_err();
    run(&["acknowledge", &id]).await.unwrap();
    run(&["show", &id]).await.unwrap();
    run(&["--overdue", "--kind", "repair"]).await.unwrap();
    run(&["close", &id]).await.unwrap_err();
    run(&["schema"]).await.unwrap();
    let ticket = office.nth(0).await;
    assert_eq!(
        (&ticket["fields"]["address"], &ticket["acknowledged"]["by"]),
        (&json!("人民路 1 号"), &json!("local"))
    );
    assert_eq!(stage(&ticket, "dispatch")["status"], "done");
}

async fn two_people_who_act_at_once_both_have_their_say(db: &Database) {
    let office = Office::open(db).await;
    let ticket = office.ticket("2026-03-03 10:00", json!({ "kind": "other", "phone": "13800000001" })).await;
    let acts = (0..6).map(|n| {
        office.act("2026-03-03 10:01", &ticket, json!({ "do": "comment", "text": format!("c{n}") }))
    });
    let mut pending = Vec::new();
    for act in acts {
        pending.push(Box::pin(act));
    }
    for act in pending {
        act.await.expect(200);
    }
    let desk = &office.desk;
    let id = ticket["ticket"]["id"].as_i64().unwrap();
    let who = ringback::ticket::Who::default();
    let at = crate::plan::shop::at("2026-03-03 10:02");
    let (one, two) = (ringback::ticket::Act::Comment("x".into()), ringback::ticket::Act::Comment("y".into()));
    let (a, b) = tokio::join!(desk.act(id, &one, &who, at), desk.act(id, &two, &who, at));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(office.number("SELECT COUNT(*) FROM ticket_log WHERE action = 'comment'").await, 8);
}

async fn two_tickets_of_one_matter_are_joined_with_their_calls(db: &Database) {
    let mut office = Office::open(db).await;
    let call = office.inbound("2026-03-03 09:00", "13800000001", Some("3")).await;
    office.turn("2026-03-03 09:01").await;
    let (from, into) = (
        office.nth(0).await,
        office.ticket("2026-03-03 10:00", json!({ "kind": "repair", "phone": "13800000002" })).await,
    );
    let gone =
        office.done("2026-03-03 10:10", &from, json!({ "do": "join", "into": into["ticket"]["id"] })).await;
    assert_eq!(gone["ticket"]["phase"], "joined");
    let linked =
        office.number(&format!("SELECT MAX(ticket_id) FROM ticket_calls WHERE call_id = '{call}'")).await;
    assert_eq!(json!(linked), into["ticket"]["id"]);
    office.act("2026-03-03 10:20", &from, json!({ "do": "close" })).await.expect(409);
    let back = office
        .done("2026-03-03 10:30", &from, json!({ "do": "reopen", "reason": "another matter after all" }))
        .await;
    assert_eq!(back["ticket"]["phase"], "open");
}
