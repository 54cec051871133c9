//! Shipped policies from the first fact to the last callback: reminders, tasks, notices, visits.

use ringback::base::Disposition;
use serde_json::json;

use super::firm::{Firm, on};
use super::shop::at;
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    imp_11_a_confirmed_pending_signature_makes_a_print_task_and_a_signing_slot,
    rem_02_a_deposit_below_half_is_422_and_the_department_is_told_the_same_day,
    rem_04_a_visit_that_began_at_1020_was_twenty_minutes_late,
    rem_06_papers_are_reminded_of_twice_until_they_are_delivered,
    rem_07_the_customer_is_reminded_the_day_before_the_signing,
    rem_08_missing_papers_are_chased_every_day_until_all_are_there,
    rem_09_a_booking_is_kept_and_confirmed_by_message,
    rem_10_a_meeting_is_reminded_of_and_progress_is_reported_every_week,
    rem_11_the_time_of_a_rectification_is_told_on_the_day_it_is_fixed,
    rem_12_only_a_satisfied_midterm_asks_for_the_payment,
    sch_19_every_outlet_is_called_once_in_the_month,
    sch_29_one_of_eight_users_is_uncovered_and_a_rectification_is_visited_after_a_year,
    sch_34_a_visit_that_is_wanted_stays_open_until_it_is_logged,
    sch_36_ninety_days_after_the_last_contact_and_a_need_becomes_a_task,
}

const ONE: &str = "13600000001";
const TWO: &str = "13600000002";

async fn imp_11_a_confirmed_pending_signature_makes_a_print_task_and_a_signing_slot(db: &Database) {
    let firm = Firm::open(db, "real-estate").await;
    let list = "认购书编号,房号,客户姓名,客户电话,日期,销售经理确认,销售人员\n\
                R1,A-101,张三,13600000001,2026-03-02,是,小王\nR2,A-102,李四,13600000002,2026-03-02,,小王\n";
    let report = firm.brings("pending", "2026-03-02 10:00", list).await;
    assert_eq!(
        (&report["counts"]["added"], &report["counts"]["rejected"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(report["problems"][0]["code"], "manager_confirmation_required", "{report}");
    for rule in ["print_contract", "signing_slot"] {
        let task = firm.shop.only(&format!("rule={rule}&state=open&method=task")).await;
        assert_eq!(
            (&task["name"], &task["due"]),
            (&json!("张三"), &json!(at("2026-03-02 00:00").0)),
            "{task}"
        );
    }
    let fields = json!({ "signing_at": "2026-03-10 10:00" });
    firm.sends("signing.scheduled", "S1", "2026-03-02 11:00", ONE, fields).await.expect(200);
    let sql = "UPDATE events SET matter = 'A-101' WHERE kind = 'signing.scheduled'";
    crate::support::databases::execute(&firm.shop.site.store, sql).await.unwrap();
    firm.shop.turn("2026-03-02 11:01").await;
    assert_eq!(firm.days("signing_slot").await, [on("2026-03-02", "done")], "the slot is agreed");
    assert_eq!(firm.days("print_contract").await, [on("2026-03-02", "open")]);
}

async fn rem_02_a_deposit_below_half_is_422_and_the_department_is_told_the_same_day(db: &Database) {
    let firm = Firm::open(db, "billboard-maker").await;
    firm.shop.set("2026-03-03 16:50");
    let order = |key: &str, deposit: u32| {
        json!({ "external_id": key, "at": "2026-03-03 16:50", "customer": { "name": "张三", "phones": [ONE] },
                "fields": { "appointment_at": "2026-03-10 14:00", "parts_price": 1000, "deposit": deposit, "signed": "是" } })
    };
    let path = "/api/v1/events?pack=billboard_maker&intake=appointments";
    let refused = firm.shop.site.post(path, order("A1", 400)).await.expect(422);
    assert!(refused.to_string().contains("deposit_too_low"), "{refused}");
    firm.shop.site.post(path, order("A2", 500)).await.expect(200);
    let store = &firm.shop.site.store;
    assert_eq!(text(store, "SELECT recipient FROM intake_copies").await, "售后服务部");
    let told = number(store, "SELECT created_at FROM intake_copies").await;
    assert_eq!(told, at("2026-03-03 16:50").0, "the same day");
}

async fn rem_04_a_visit_that_began_at_1020_was_twenty_minutes_late(db: &Database) {
    let firm = Firm::open(db, "generic-enterprise").await;
    for (key, phone) in [("V1", ONE), ("V2", TWO)] {
        let fields = json!({ "planned_at": "2026-03-05 10:00" });
        firm.happens("visit.planned", key, "2026-03-03 09:00", phone, fields).await;
    }
    firm.shop.turn("2026-03-05 08:50").await;
    let visits = firm.shop.callbacks("rule=visit").await;
    assert_eq!(visits.len(), 2, "{visits:#?}");
    firm.shop.set("2026-03-05 12:00");
    for (visit, arrival) in visits.iter().zip(["2026-03-05T10:20:00+08:00", "2026-03-05T09:55:00+08:00"]) {
        let body = json!({ "method": "onsite", "outcome": "satisfied", "at": arrival, "reason": "seen" });
        firm.shop.edit(visit, "done", body).await.expect(200);
    }
    let report = firm.shop.site.get("/api/v1/visits?month=2026-03").await.expect(200);
    let items = report["items"].as_array().unwrap();
    let mut late: Vec<i64> = items.iter().map(|v| v["late_minutes"].as_i64().unwrap()).collect();
    late.sort_unstable();
    assert_eq!(late, [0, 20], "{report}");
}

async fn rem_06_papers_are_reminded_of_twice_until_they_are_delivered(db: &Database) {
    let firm = Firm::open(db, "real-estate").await;
    for (key, phone) in [("C1", ONE), ("C2", TWO)] {
        firm.happens("contract.signed", key, "2026-03-02 10:00", phone, json!({ "payment": "公积金" })).await;
    }
    assert_eq!(firm.days("fund_first").await, [on("2026-03-05", "open"), on("2026-03-05", "open")]);
    assert_eq!(firm.days("fund_second").await, [on("2026-03-08", "open"), on("2026-03-08", "open")]);
    let first = firm.shop.callbacks("rule=fund_first").await;
    assert_eq!(first[0]["deadline"], at("2026-03-10 00:00").0, "the end of the ninth");
    firm.happens("fund.papers_delivered", "P1", "2026-03-06 09:00", ONE, json!({})).await;
    firm.shop.turn("2026-03-08 08:50").await;
    let still: Vec<_> = firm.shop.callbacks("rule=fund_second&state=open").await;
    assert_eq!(still.len(), 1, "delivered papers stop the reminders of that customer alone");
    assert_eq!(still[0]["name"], format!("客户{TWO}"));
}

async fn rem_07_the_customer_is_reminded_the_day_before_the_signing(db: &Database) {
    let firm = Firm::open(db, "real-estate").await;
    let fields = json!({ "signing_at": "2026-03-10 10:00", "payment": "按揭", "marital_status": "已婚" });
    firm.happens("signing.scheduled", "S1", "2026-03-03 10:00", ONE, fields).await;
    firm.shop.turn("2026-03-08 08:50").await;
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM entries").await, 0);
    firm.shop.turn("2026-03-09 08:50").await;
    let fields = firm.shop.text("SELECT fields FROM entries WHERE state = 'pending'").await;
    for told in ["2026-03-10 10:00", "按揭", "已婚"] {
        assert!(fields.contains(told), "the script can say {told}: {fields}");
    }
    let script = firm.shop.text("SELECT script FROM entries WHERE state = 'pending'").await;
    assert_eq!(script, "real-estate-signing");
}

async fn rem_08_missing_papers_are_chased_every_day_until_all_are_there(db: &Database) {
    let firm = Firm::open(db, "real-estate").await;
    let fields = json!({ "missing": "户口本", "salesperson": "小王" });
    firm.happens("documents.missing", "D1", "2026-03-02 10:00", ONE, fields).await;
    assert_eq!(firm.days("documents_chase").await, [on("2026-03-02", "open")]);
    let days = |all: Vec<(String, String)>| all.into_iter().map(|(day, _)| day).collect::<Vec<_>>();
    let task = firm.shop.only("rule=documents_chase").await;
    let body = json!({ "method": "task", "outcome": "reached", "reason": "asked" });
    firm.shop.edit(&task, "done", body).await.expect(200);
    firm.shop.turn("2026-03-03 08:50").await;
    assert_eq!(days(firm.days("documents_chase").await), ["2026-03-02", "2026-03-03"], "every day one");
    firm.happens("documents.complete", "D2", "2026-03-04 09:00", ONE, json!({})).await;
    firm.shop.turn("2026-03-06 08:50").await;
    let open = firm.shop.callbacks("rule=documents_chase&state=open").await;
    assert_eq!(open.len(), 0, "until all are there: {open:#?}");
}

async fn rem_09_a_booking_is_kept_and_confirmed_by_message(db: &Database) {
    let firm = Firm::open(db, "catering-vip").await;
    let fields = json!({ "booking_at": "2026-03-06 18:30", "persons": 4 });
    firm.happens("booking.made", "B1", "2026-03-03 11:00", ONE, fields).await;
    let message = firm.shop.only("rule=booking_confirmed&state=open").await;
    assert_eq!((&message["method"], &message["due"]), (&json!("sms"), &json!(at("2026-03-03 11:00").0)));
    let card = firm.shop.site.get("/api/v1/customers/1").await.expect(200);
    assert_eq!(
        (&card["events"][0]["kind"], &card["events"][0]["fields"]["persons"]),
        (&json!("booking.made"), &json!("4"))
    );
    let missing = firm.sends("booking.made", "B2", "2026-03-03 11:05", TWO, json!({})).await.expect(422);
    assert!(missing.to_string().contains("booking_at"), "{missing}");
}

async fn rem_10_a_meeting_is_reminded_of_and_progress_is_reported_every_week(db: &Database) {
    let firm = Firm::open(db, "home-decoration").await;
    let fields = json!({ "meeting_at": "2026-03-06 15:00", "staff_phone": "13900000009" });
    firm.happens("meeting.booked", "M1", "2026-03-03 10:00", ONE, fields).await;
    let task = firm.shop.only("rule=meeting_reminder").await;
    assert_eq!((&task["method"], &task["state"]), (&json!("task"), &json!("open")));
    assert_eq!(firm.days("meeting_reminder").await[0].0, "2026-03-05", "the day before");
    firm.happens("project.started", "P1", "2026-03-02 10:00", TWO, json!({ "project_manager": "老周" }))
        .await;
    assert_eq!(firm.days("progress").await, [on("2026-03-09", "open")]);
    firm.shop.turn("2026-03-16 08:50").await;
    let days: Vec<String> = firm.days("progress").await.into_iter().map(|(day, _)| day).collect();
    assert_eq!(days[..2], ["2026-03-09", "2026-03-16"], "every week");
    firm.happens("project.completed", "P2", "2026-03-17 10:00", TWO, json!({})).await;
    assert_eq!(firm.shop.callbacks("rule=progress&state=open").await.len(), 0);
}

async fn rem_11_the_time_of_a_rectification_is_told_on_the_day_it_is_fixed(db: &Database) {
    let mut firm = Firm::open(db, "equipment-manufacturer").await;
    let fields = json!({ "rectification_at": "2026-03-20 09:00" });
    firm.happens("rectification.scheduled", "R1", "2026-03-12 08:00", ONE, fields).await;
    assert_eq!(firm.days("rectification_time").await, [on("2026-03-12", "open")]);
    firm.shop.turn("2026-03-12 08:50").await;
    firm.shop.set("2026-03-12 09:30");
    firm.answers("rectification_time", ONE, &[]).await;
    firm.shop.turn("2026-03-12 09:35").await;
    let told = firm.shop.only("rule=rectification_time").await;
    assert_eq!((&told["state"], told["call_id"].is_string()), (&json!("done"), true), "{told}");
}

async fn rem_12_only_a_satisfied_midterm_asks_for_the_payment(db: &Database) {
    let mut firm = Firm::open(db, "xian-decoration").await;
    let kind = firm.event_of("midterm");
    for (key, phone) in [("A", ONE), ("B", TWO)] {
        firm.happens(&kind, key, "2026-04-10 10:00", phone, json!({})).await;
    }
    let day = firm.days("midterm").await[0].0.clone();
    firm.shop.turn(&format!("{day} 08:50")).await;
    firm.shop.set(&format!("{day} 10:00"));
    firm.answers("midterm", ONE, &[Some(5)]).await;
    firm.answers("midterm", TWO, &[Some(1)]).await;
    firm.shop.turn(&format!("{day} 10:05")).await;
    firm.shop.turn(&format!("{day} 10:06")).await;
    let payments = firm.shop.callbacks("rule=midterm_payment").await;
    assert_eq!(payments.len(), 1, "{payments:#?}");
    assert_eq!(
        (&payments[0]["name"], &payments[0]["method"]),
        (&json!(format!("客户{ONE}")), &json!("task"))
    );
}

async fn sch_19_every_outlet_is_called_once_in_the_month(db: &Database) {
    let mut firm = Firm::open(db, "express-sampling").await;
    firm.shop.set("2026-02-27 10:00");
    let outlets: Vec<_> = (0..12)
        .map(|n| json!({ "external_id": format!("W{n}"), "name": format!("网点{n}"), "phones": [format!("136000001{n:02}")],
                         "fields": { "type": "网点", "outlet": format!("网点{n}") } }))
        .collect();
    firm.shop.site.post("/api/v1/customers?pack=express_sampling", json!(outlets)).await.expect(200);
    firm.shop.turn("2026-03-01 08:50").await;
    assert_eq!(firm.days("outlets").await.len(), 12);
    firm.shop.turn("2026-03-02 08:50").await;
    firm.shop.set("2026-03-02 10:00");
    for n in 0..12 {
        firm.answers("outlets", &format!("136000001{n:02}"), &[Some(4)]).await;
    }
    firm.shop.turn("2026-03-02 10:30").await;
    firm.shop.turn("2026-03-30 08:50").await;
    let calls = "SELECT COUNT(DISTINCT phone) * 100 + COUNT(*) FROM calls";
    assert_eq!(firm.shop.number(calls).await, 1212, "each once in March");
    let rates = firm.shop.site.get("/api/v1/rates?month=2026-03&by=outlet").await.expect(200);
    let groups: Vec<_> =
        rates["items"].as_array().unwrap().iter().filter(|r| r["rule"] == "outlets").collect();
    assert_eq!(groups.len(), 12, "results by outlet: {rates:#}");
    assert!(groups.iter().all(|r| r["satisfied"] == 1), "{rates:#}");
}

async fn sch_29_one_of_eight_users_is_uncovered_and_a_rectification_is_visited_after_a_year(db: &Database) {
    let mut firm = Firm::open(db, "equipment-manufacturer").await;
    firm.shop.set("2026-10-01 10:00");
    let users: Vec<_> = (0..8)
        .map(|n| json!({ "external_id": format!("U{n}"), "name": format!("用户{n}"), "phones": [format!("1360000020{n}")] }))
        .collect();
    firm.shop.site.post("/api/v1/customers?pack=equipment_manufacturer", json!(users)).await.expect(200);
    firm.shop.turn("2026-11-02 08:50").await;
    firm.shop.set("2026-11-02 10:00");
    for n in 0..7 {
        firm.answers("survey", &format!("1360000020{n}"), &[Some(4)]).await;
    }
    firm.shop.turn("2026-11-02 10:30").await;
    firm.shop.set("2026-12-01 09:00");
    let path = "/api/v1/coverage?pack=equipment_manufacturer&year=2026";
    let report = firm.shop.site.get(path).await.expect(200);
    assert_eq!(
        (&report["customers"], &report["covered"], &report["uncovered"]),
        (&json!(8), &json!(7), &json!(1)),
        "{report}"
    );
    assert_eq!((&report["items"][0]["name"], &report["rules"]), (&json!("用户7"), &json!(["survey"])));
    firm.shop.site.get("/api/v1/coverage?pack=nothing&year=2026").await.expect(404);
    firm.happens("rectification.done", "R1", "2026-12-02 10:00", "13600002000", json!({})).await;
    assert_eq!(firm.days("yearly_visit").await, [on("2027-12-02", "open")]);
    assert_eq!(firm.shop.only("rule=yearly_visit").await["method"], "onsite");
}

async fn sch_34_a_visit_that_is_wanted_stays_open_until_it_is_logged(db: &Database) {
    let firm = Firm::open(db, "home-decoration").await;
    firm.happens("visit.wanted", "W1", "2026-03-03 10:00", ONE, json!({ "address": "幸福路1号" })).await;
    let task = firm.shop.only("rule=visit").await;
    assert_eq!((&task["method"], &task["state"]), (&json!("onsite"), &json!("open")));
    firm.shop.turn("2026-03-04 08:50").await;
    assert_eq!(firm.shop.number("SELECT COUNT(*) FROM entries").await, 0, "nobody rings");
    let path = "/api/v1/plan?pack=home_decoration&date=2026-03-04";
    let plan = firm.shop.site.get(path).await.expect(200);
    let line = &plan["plans"][0]["lines"][0];
    assert_eq!(line["facts"]["address"], "幸福路1号", "the address stands on the task: {line}");
    firm.shop.turn("2026-03-06 08:50").await;
    assert_eq!(firm.days("visit").await, [on("2026-03-04", "open")], "open until the visit is logged");
    firm.happens("visit.done", "W2", "2026-03-06 15:00", ONE, json!({})).await;
    assert_eq!(firm.days("visit").await, [on("2026-03-04", "done")]);
}

async fn sch_36_ninety_days_after_the_last_contact_and_a_need_becomes_a_task(db: &Database) {
    let mut firm = Firm::open(db, "generic-enterprise").await;
    firm.shop.set("2025-10-07 09:00");
    let one = json!([{ "external_id": "K1", "name": "张三", "phones": [ONE] }]);
    firm.shop.site.post("/api/v1/customers?pack=generic_enterprise", one).await.expect(200);
    firm.shop.turn("2025-10-07 09:00").await;
    let body =
        json!({ "customer": 1, "rule": "routine", "day": "2026-01-05", "reason": "the first contact" });
    firm.shop.site.post("/api/v1/callbacks", body).await.expect(201);
    firm.shop.turn("2026-01-05 08:50").await;
    firm.shop.set("2026-01-05 10:00");
    firm.answers("routine", ONE, &[Some(4)]).await;
    firm.shop.turn("2026-01-05 10:05").await;
    firm.shop.turn("2026-04-05 08:50").await;
    assert_eq!(firm.days("routine").await[1], on("2026-04-05", "open"));
    firm.happens("need.noted", "N1", "2026-04-05 10:00", ONE, json!({ "need": "第二台设备" })).await;
    let lead = firm.shop.only("rule=lead").await;
    assert_eq!(
        (&lead["method"], &lead["state"], &lead["origin"]),
        (&json!("task"), &json!("open"), &json!("event"))
    );
}

impl Firm {
    /// The customer with that number is called by a rule and answers.
    async fn answers(&mut self, rule: &str, phone: &str, scores: &[Option<i32>]) {
        let list = format!("{}/{rule}", self.pack());
        self.shop.call_of(&list, phone, Disposition::Completed, scores).await;
    }

    /// The kind of event that makes a callback of that rule.
    fn event_of(&self, rule: &str) -> String {
        let today = jiff::civil::date(2026, 4, 1);
        let settings = self.shop.planner.settings();
        let policy = settings.policies.in_force(self.pack(), today).unwrap();
        policy.pack.rule[rule].on.event[0].clone()
    }
}
