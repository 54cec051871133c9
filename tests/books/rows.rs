//! Forms of tickets, messages, events and what customers said.

use serde_json::{Value, json};

use super::world::{Department, Made};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    reg_06_a_letter_that_was_sent_has_a_row,
    reg_08_a_repair_is_archived_within_two_days_and_the_next_ticket_shows_its_parts,
    reg_13_the_ledger_has_costs_and_their_sum_by_unit,
    reg_14_each_complaint_and_suggestion_of_a_call_is_a_row,
    reg_15_each_step_of_a_buyer_has_its_date,
    reg_15_an_overdue_step_is_highlighted,
    reg_17_the_departments_result_goes_into_the_row_and_its_history_stays,
    rpt_15_only_customers_who_agreed_are_exported,
    prf_07_failed_drawing_reviews_add_up_by_designer,
    prf_08_a_rescue_past_midnight_pays_each_of_its_crew,
}

async fn reg_06_a_letter_that_was_sent_has_a_row(db: &Database) {
    let department = Department::open(db).await;
    let sent = crate::plan::shop::at("2026-03-03 09:00").0;
    department
        .office
        .sql(&format!(
            "INSERT INTO notices (key, topic, recipient, subject, pack, facts, created_at, address)
             VALUES ('k', 'customer.message', '', 'callback:1', 'billboard_maker',
                     '{{\"text\":\"预约提醒：3月5日上门\",\"customer\":\"张三\"}}', {sent}, 'sms:13800000001')"
        ))
        .await;
    let notice = department.office.number("SELECT MAX(id) FROM notices").await;
    department
        .office
        .sql(&format!(
            "INSERT INTO notice_deliveries (notice_id, channel, round, about, urgent, next_at, sent_at, created_at)
             VALUES ({notice}, 'sms', 0, '', 0, {sent}, {sent}, {sent})"
        ))
        .await;
    let rows = department.rows("letters", "2026-03-03", "2026-03-03").await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        (&row["kind"], &row["customer"], &row["channel"], &row["delivered"], &row["content"]),
        (&json!("通知"), &json!("张三"), &json!("sms"), &json!("是"), &json!("预约提醒：3月5日上门"))
    );
}

async fn reg_08_a_repair_is_archived_within_two_days_and_the_next_ticket_shows_its_parts(db: &Database) {
    let department = Department::open(db).await;
    let office = &department.office;
    let body = json!({ "pack": "billboard_maker", "kind": "repair", "phone": "13800000001",
        "fields": { "consent": "yes", "finding": "电机坏", "advice": "更换", "technician": "周" } });
    let first = office.ticket("2026-03-01 10:00", body.clone()).await;
    assert_eq!(first["last_repair"], json!(null));
    for (at, stage, fields) in [
        ("2026-03-01 11:00", "dispatch", json!({ "technician": "周" })),
        ("2026-03-02 15:00", "repair", json!({})),
        ("2026-03-03 10:00", "form", json!({})),
    ] {
        office.report(at, &first, stage, fields).await;
    }
    let due = |rows: &[serde_json::Value]| rows[0]["archive_due"].as_str().unwrap().to_owned();
    let rows = department.rows("repair-records", "2026-03-01", "2026-03-31").await;
    assert!(due(&rows).starts_with("2026-03-05") || due(&rows) == "2026-03-06 00:00", "{rows:?}");
    let body_without = json!({ "do": "report", "stage": "archive", "fields": {} });
    let refused = office.act("2026-03-04 09:00", &first, body_without).await;
    assert_eq!(refused.status.as_u16(), 422, "no parts, no record: {}", refused.text());
    office.report("2026-03-04 10:00", &first, "archive", json!({ "parts_replaced": "电机、皮带" })).await;
    let rows = department.rows("repair-records", "2026-03-01", "2026-03-31").await;
    assert_eq!((&rows[0]["parts"], &rows[0]["archived"]), (&json!("电机、皮带"), &json!("2026-03-04 10:00")));
    let next = office.ticket("2026-06-01 10:00", body).await;
    assert_eq!(
        (&next["last_repair"]["parts"], &next["last_repair"]["number"]),
        (&json!("电机、皮带"), &first["ticket"]["number"])
    );
}

async fn reg_13_the_ledger_has_costs_and_their_sum_by_unit(db: &Database) {
    let department = Department::open(db).await;
    for (cost, unit) in [("1200", "装配车间"), ("800", "装配车间"), ("", "电气")] {
        let body = json!({ "pack": "equipment_manufacturer", "kind": "quality", "phone": "13800000001",
            "fields": { "content": "漏油", "cost": cost, "our_liability": unit } });
        department.office.ticket("2026-03-03 10:00", body).await;
    }
    let rows = department.rows("rectification-ledger", "2026-03-01", "2026-03-31").await;
    assert_eq!((rows.len(), &rows[0]["cost"], &rows[0]["unit"]), (3, &json!("1200"), &json!("装配车间")));
    let report = department.report("rectification-month", "2026-03-03").await;
    let cost = super::world::figure(&report, "cost");
    assert_eq!(
        (&cost["value"], &cost["missing"]),
        (&json!(2000.0), &json!(1)),
        "one has no cost yet: it is missing"
    );
    assert_eq!(cost["groups"][0]["name"], "电气");
    assert_eq!(cost["groups"][1]["value"], 2000.0);
}

async fn reg_14_each_complaint_and_suggestion_of_a_call_is_a_row(db: &Database) {
    let mut department = Department::open(db).await;
    let filled = json!({ "complaint": "货损", "suggestion": "加固包装；提前电话" });
    department.callback(Made { pack: "sales_company", rule: "trace", filled, ..Made::default() }).await;
    let rows = department.rows("after-sales-record", "2026-03-03", "2026-03-03").await;
    let shown: Vec<_> =
        rows.iter().map(|r| (r["kind"].as_str().unwrap(), r["content"].as_str().unwrap())).collect();
    assert_eq!(shown, [("投诉", "货损"), ("建议", "加固包装"), ("建议", "提前电话")]);
    let record = rows[0]["record"].as_str().unwrap().to_owned();
    department.note("2026-03-04 09:00", &record, json!({ "traced": "运输责任" })).await;
    let rows = department.rows("after-sales-record", "2026-03-03", "2026-03-03").await;
    assert_eq!(
        (&rows[0]["traced"], &rows[1]["traced"]),
        (&json!("运输责任"), &json!("")),
        "each row has its own"
    );
}

async fn reg_15_each_step_of_a_buyer_has_its_date(db: &Database) {
    let mut department = Department::open(db).await;
    for (kind, register, day, fields) in [
        ("signing.scheduled", "contract-printing", "2026-03-02", json!({ "signing_at": "2026-03-05" })),
        ("mortgage.scheduled", "mortgage-signing", "2026-03-06", json!({ "bank": "工行" })),
        ("fund.papers_delivered", "fund-submission", "2026-03-09", json!({})),
        ("contract.filed", "filing-records", "2026-03-12", json!({})),
        ("loan.released", "loan-release", "2026-03-20", json!({ "first_payment_on": "2026-04-20" })),
    ] {
        department.event("real_estate", kind, &format!("{day} 10:00"), fields).await;
        let form = department.register(register, "2026-03-01", "2026-03-31").await;
        assert_eq!(form["rows"].as_array().unwrap().len(), 1, "{register}");
        assert_eq!(form["rows"][0]["cells"][1], day, "{register}");
        // A step without its time is named.
        let lacks = form["missing"].as_array().unwrap().len();
        assert_eq!(lacks, usize::from(register == "mortgage-signing"), "{register}");
    }
}

async fn reg_15_an_overdue_step_is_highlighted(db: &Database) {
    let mut department = Department::open(db).await;
    department
        .event(
            "real_estate",
            "mortgage.scheduled",
            "2026-03-06 10:00",
            json!({ "mortgage_at": "2026-03-06" }),
        )
        .await;
    let overdue = |form: &Value| form["rows"][0]["overdue"].clone();
    department.office.set("2026-03-13 23:59");
    let form = department.register("mortgage-signing", "2026-03-01", "2026-03-31").await;
    assert_eq!(
        (overdue(&form), &form["rows"][0]["late"]),
        (json!([]), &json!(false)),
        "seven days are not over"
    );
    department.office.set("2026-03-14 00:00");
    let form = department.register("mortgage-signing", "2026-03-01", "2026-03-31").await;
    assert_eq!((overdue(&form), &form["rows"][0]["late"]), (json!(["submitted"]), &json!(true)));
    let path = "/registers/mortgage-signing?from=2026-03-01&to=2026-03-31&open=true";
    assert_eq!(
        department.get(path).await["rows"].as_array().unwrap().len(),
        1,
        "it is on the list of what is open"
    );
    let record = form["rows"][0]["record"].as_str().unwrap().to_owned();
    department.note("2026-03-14 09:00", &record, json!({ "submitted": "2026-03-14" })).await;
    assert_eq!(
        overdue(&department.register("mortgage-signing", "2026-03-01", "2026-03-31").await),
        json!([])
    );
    // A step that was not begun at all is owed, and highlighted where its day is over.
    let step = Made {
        pack: "real_estate",
        rule: "print_contract",
        closed: "",
        state: "open",
        late: true,
        ..Made::default()
    };
    department.callback(step).await;
    let steps = department.register("buyer-steps", "2026-03-01", "2026-03-31").await;
    assert_eq!(
        (overdue(&steps), &steps["rows"][0]["cells"][3]),
        (json!(["due"]), &json!("安排打印合同")),
        "{steps}"
    );
}

async fn reg_17_the_departments_result_goes_into_the_row_and_its_history_stays(db: &Database) {
    let department = Department::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "complaint", "department": "安装部", "phone": "13800000001" });
    let ticket = department.office.ticket("2026-03-03 10:00", body).await;
    let record = format!("ticket:{}", ticket["ticket"]["id"]);
    let form = department.register("after-sales-register", "2026-03-03", "2026-03-03").await;
    assert_eq!(form["missing"][0]["record"], json!(record), "no result yet: {form}");
    department.note("2026-03-04 10:00", &record, json!({ "result": "补发配件" })).await;
    department.note("2026-03-05 10:00", &record, json!({ "result": "配件已装好" })).await;
    let rows = department.rows("after-sales-register", "2026-03-03", "2026-03-03").await;
    assert_eq!((rows.len(), &rows[0]["dept_result"]), (1, &json!("配件已装好")), "the same row");
    let history = department.get(&format!("/register-notes?record={record}")).await;
    let said: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|n| n["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["补发配件", "配件已装好"]);
}

async fn rpt_15_only_customers_who_agreed_are_exported(db: &Database) {
    let mut department = Department::open(db).await;
    for consent in ["yes", "no", ""] {
        let customer = json!({ "marketing_consent": consent });
        let filled = json!({ "need": "加装护栏" });
        let made = Made { pack: "generic_enterprise", rule: "routine", filled, customer, ..Made::default() };
        department.callback(made).await;
    }
    assert_eq!(department.rows("needs", "2026-03-01", "2026-03-31").await.len(), 1);
    assert_eq!(department.rows("leads", "2026-03-03", "2026-03-03").await.len(), 3, "inside all are seen");
}

async fn prf_07_failed_drawing_reviews_add_up_by_designer(db: &Database) {
    let department = Department::open(db).await;
    for n in 0..3 {
        let body = json!({ "pack": "xian_decoration", "kind": "drawing_review", "matter": format!("HT{n}"),
            "fields": { "designer": "陈设计" } });
        let ticket = department.office.ticket("2026-03-03 10:00", body).await;
        let at = crate::plan::shop::at("2026-03-04 10:00").0;
        let id = &ticket["ticket"]["id"];
        // The review failed: what the ticket's rules take off for it.
        let body = department.office.text(&format!("SELECT body FROM tickets WHERE id = {id}")).await;
        let mut whole: serde_json::Value = serde_json::from_str(&body).unwrap();
        whole["points"] = json!([{ "who": "陈设计", "points": -2, "why": "尺寸不符", "at": at }]);
        department.office.sql(&format!("UPDATE tickets SET body = '{whole}' WHERE id = {id}")).await;
        let points = "INSERT INTO ticket_points (ticket_id, number, at, who, points)";
        department.office.sql(&format!("{points} VALUES ({id}, 1, {at}, '陈设计', -2)")).await;
    }
    let rows = department.rows("drawing-deductions", "2026-03-01", "2026-03-31").await;
    assert_eq!((rows.len(), &rows[0]["designer"], &rows[0]["points"]), (3, &json!("陈设计"), &json!("-2")));
    assert!(department.rows("drawing-deductions", "2026-04-01", "2026-04-30").await.is_empty());
    let report = department.report("dispatch-month", "2026-03-03").await;
    let sum = super::world::figure(&report, "deductions");
    assert_eq!((&sum["groups"][0]["name"], &sum["groups"][0]["value"]), (&json!("陈设计"), &json!(-6.0)));
    assert_eq!(report["recipients"], json!(["人力资源部"]));
}

async fn prf_08_a_rescue_past_midnight_pays_each_of_its_crew(db: &Database) {
    let department = Department::open(db).await;
    for (finished, crew) in [("2026-07-02 00:05", "甲、乙、丙"), ("2026-07-01 23:59", "丁、戊")] {
        let body = json!({ "pack": "repair_station_rescue", "kind": "rescue", "phone": "13800000001",
            "fields": { "finished_at": finished, "crew": crew } });
        department.office.ticket("2026-07-01 21:00", body).await;
    }
    let rows = department.rows("night-bonus", "2026-07-01", "2026-07-31").await;
    let people: Vec<_> = rows.iter().map(|r| r["person"].as_str().unwrap()).collect();
    assert_eq!(people, ["甲", "乙", "丙"]);
    assert!(rows.iter().all(|row| row["bonus"] == "20" && row["finished"] == "2026-07-02 00:05"), "{rows:?}");
    let report = department.report("night-bonus-month", "2026-07-10").await;
    assert_eq!(super::world::figure(&report, "bonus")["numerator"], 3);
    let yuan = super::world::figure(&report, "yuan");
    assert_eq!((&yuan["value"], &yuan["groups"][0]["value"]), (&json!(60.0), &json!(20.0)), "{yuan}");
}
