//! Forms of calls and callbacks, what is written into them, and what is late.

use serde_json::json;

use super::world::{Department, Made};
use crate::support::databases::{Database, on_both_databases};
use crate::tickets::office::Made as Call;

on_both_databases! {
    reg_01_reg_02_a_callback_is_a_wrap_up_until_its_register_entry_is_saved,
    reg_02_an_agent_who_has_not_saved_is_held_until_then,
    reg_03_the_sheet_of_the_day_is_shared_at_six,
    reg_04_three_daily_registers_and_what_is_missing_at_midnight,
    reg_05_every_call_has_a_row_that_is_annotated_and_never_deleted,
    reg_07_the_five_named_forms_are_there_as_csv_with_chinese_titles,
    reg_09_a_complaint_in_the_notes_opens_a_ticket_once,
    reg_10_the_record_form_has_times_by_itself_and_feedback_by_hand,
    reg_11_a_callback_is_in_the_books_at_once_and_a_month_is_exported,
    reg_16_the_notes_of_a_patient_are_in_order_of_time,
}

async fn reg_01_reg_02_a_callback_is_a_wrap_up_until_its_register_entry_is_saved(db: &Database) {
    let mut department = Department::open(db).await;
    let call = department
        .office
        .call(Call {
            at: "2026-03-03 09:55",
            phone: "13800000001",
            direction: "outbound",
            seconds: 300,
            ..Call::default()
        })
        .await;
    let one =
        Made {
            pack: "whole_house_install", rule: "install", assignee: "王", call: &call, ..Made::default()
        };
    let id = department.callback(one).await;
    let record = format!("callback:{id}");
    let open = "/registers/install-feedback?from=2026-03-03&to=2026-03-03&open=true";
    department.office.set("2026-03-03 10:05");
    let form = department.get(open).await;
    assert_eq!(form["missing"][0]["columns"], json!(["遗留问题是否齐全", "处理进度是否已告知"]), "{form}");
    assert_eq!((&form["rows"][0]["record"], &form["rows"][0]["late"]), (&json!(record), &json!(false)));
    assert_eq!(form["rows"][0]["status"], "wrap_up");
    department.office.set("2026-03-03 10:11");
    assert_eq!(department.get(open).await["rows"][0]["late"], true, "ten minutes are over");
    department
        .note("2026-03-03 10:25", &record, json!({ "outstanding": "齐全", "progress_told": "是" }))
        .await;
    let form = department.register("install-feedback", "2026-03-03", "2026-03-03").await;
    let row = &form["rows"][0];
    assert_eq!(row["status"], "complete");
    assert_eq!(
        (&row["wrap_up"], &row["late"], &form["missing"]),
        (&json!(25), &json!(true), &json!([])),
        "{form}"
    );
    // Another stays open: it is listed when the day has ended.
    let other = Made {
        pack: "whole_house_install",
        rule: "install",
        assignee: "王",
        closed: "2026-03-03 17:00",
        ..Made::default()
    };
    let other = department.callback(other).await;
    department.turn("2026-03-03 23:59").await;
    assert!(department.warned("register_late").await.is_empty());
    department.turn("2026-03-04 00:00").await;
    assert_eq!(department.warned("register_late").await, [format!("install-feedback/callback:{other}")]);
}

async fn reg_02_an_agent_who_has_not_saved_is_held_until_then(db: &Database) {
    let mut department = Department::open(db).await;
    let call = department.office.outbound("2026-03-03 09:55", "13800000001", true).await;
    let at = crate::plan::shop::at("2026-03-03 09:55").0;
    department
        .office
        .sql(&format!(
            "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{call}', 1, 'agent', '8001', 'wang', {at}, {at}, {at}, 'talked', 'peer')"
        ))
        .await;
    let made = Made { pack: "whole_house_install", rule: "install", call: &call, ..Made::default() };
    let id = department.callback(made).await;
    let held = |moment: &str| {
        let now = department.office.shop.set(moment);
        let books = department.books.clone();
        async move { books.held(now).await.unwrap() }
    };
    assert_eq!(held("2026-03-03 10:01").await, [("wang".to_owned(), "back_office".to_owned())].into());
    department
        .note(
            "2026-03-03 10:05",
            &format!("callback:{id}"),
            json!({ "outstanding": "齐全", "progress_told": "是" }),
        )
        .await;
    assert!(held("2026-03-03 10:06").await.is_empty());
}

async fn reg_03_the_sheet_of_the_day_is_shared_at_six(db: &Database) {
    let mut department = Department::open(db).await;
    for hour in 9..15 {
        let closed = format!("2026-03-03 {hour:02}:00");
        let made = Made { pack: "furniture_mall", rule: "install_first", closed: &closed, ..Made::default() };
        department.callback(made).await;
    }
    let other_day = Made { pack: "furniture_mall", closed: "2026-03-02 10:00", ..Made::default() };
    department.callback(other_day).await;
    department.turn("2026-03-03 17:59").await;
    assert!(department.made("mall-callbacks").await.iter().all(|r| r["from_day"] != "2026-03-03"));
    department.turn("2026-03-03 18:00").await;
    let made = department.made("mall-callbacks").await;
    let made = made.iter().find(|r| r["from_day"] == "2026-03-03").unwrap();
    let site = &department.office.shop.site;
    let csv = site.get("/api/v1/registers/callback-sheet.csv?from=2026-03-03").await;
    assert_eq!(csv.text().lines().count(), 7, "a title and six rows: {}", csv.text());
    let excel = site.get(&format!("/api/v1/reports/{}/excel", made["id"])).await;
    assert!(excel.header("content-disposition").ends_with("-2026-03-03.xlsx"), "{}", excel.text());
    let rows = super::excel::sheet(&excel.bytes, "客户回访表");
    assert_eq!(rows.iter().filter(|row| row[0].parse::<f64>().is_ok()).count(), 6, "{rows:?}");
    let told = department
        .office
        .text("SELECT facts FROM notices WHERE topic = 'report.made' AND recipient = '客服群' AND facts LIKE '%2026-03-03%'")
        .await;
    assert!(told.contains("客户回访表-2026-03-03.xlsx"), "{told}");
    assert_eq!(department.turn("2026-03-03 18:05").await, 0, "once");
}

async fn reg_04_three_daily_registers_and_what_is_missing_at_midnight(db: &Database) {
    let mut department = Department::open(db).await;
    for rule in ["satisfaction", "satisfaction", "lost", "maintenance", "insurance", "insurance"] {
        department.callback(Made { pack: "auto_repair", rule, ..Made::default() }).await;
    }
    for (register, count) in [("auto-satisfaction", 2), ("auto-lost", 1), ("auto-reminders", 3)] {
        let rows = department.rows(register, "2026-03-03", "2026-03-03").await;
        assert_eq!(rows.len(), count, "{register}");
        assert!(rows.iter().all(|row| row["date"] == "2026-03-03"));
    }
    let open = Made { pack: "auto_repair", rule: "lost", closed: "", state: "open", ..Made::default() };
    let open = department.callback(open).await;
    department.turn("2026-03-03 23:59").await;
    assert!(department.warned("register_late").await.is_empty());
    department.turn("2026-03-04 00:00").await;
    assert_eq!(department.warned("register_late").await, [format!("auto-open/callback:{open}")]);
}

async fn reg_05_every_call_has_a_row_that_is_annotated_and_never_deleted(db: &Database) {
    let mut department = Department::open(db).await;
    for (hour, answered) in [(9, true), (10, false), (11, true)] {
        department.office.outbound(&format!("2026-03-03 {hour:02}:00"), "13800000001", answered).await;
    }
    department.office.inbound("2026-03-03 14:00", "13800000002", None).await;
    let missed = Call {
        at: "2026-03-03 15:00",
        phone: "13800000003",
        answered: false,
        disposition: "no_answer",
        ..Call::default()
    };
    let missed = department.office.call(missed).await;
    let rows = department.rows("phone-records", "2026-03-03", "2026-03-03").await;
    assert_eq!(rows.len(), 5);
    assert_eq!((&rows[1]["direction"], &rows[1]["result"]), (&json!("呼出"), &json!("无人接听")));
    let started: Vec<_> = rows.iter().map(|r| r["started"].as_str().unwrap()).collect();
    assert_eq!(started, ["09:00", "10:00", "11:00", "14:00", "15:00"]);
    assert_eq!(rows.iter().filter(|r| r["direction"] == "呼入").count(), 2);
    // Annotated, twice: both stay.
    let record = format!("call:{missed}");
    department.note("2026-03-03 15:10", &record, json!({ "key_points": "未接，已回电" })).await;
    let kept = department.note("2026-03-03 15:20", &record, json!({ "key_points": "客户问保修" })).await;
    assert_eq!(kept["items"].as_array().unwrap().len(), 2);
    let row = &department.rows("phone-records", "2026-03-03", "2026-03-03").await[4];
    assert_eq!(row["key_points"], "客户问保修");
    // Neither by the API nor behind its back.
    let site = &department.office.shop.site;
    let url = format!("{}/api/v1/register-notes?record={record}", site.base);
    let refused = site.client.delete(url).bearer_auth(&site.admin).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 405);
    for sql in ["DELETE FROM register_notes", "UPDATE register_notes SET text = 'x'"] {
        assert!(crate::support::databases::execute(&site.store, sql).await.is_err(), "{sql}");
    }
    // The sum of rows and calls stands on the day's report.
    let report = department.report("calls-day", "2026-03-03").await;
    let sums = report["identities"].as_array().unwrap();
    assert_eq!(
        (&sums[0]["left"], &sums[0]["right"], &sums[0]["holds"]),
        (&json!(5), &json!(5), &json!(true))
    );
}

async fn reg_07_the_five_named_forms_are_there_as_csv_with_chinese_titles(db: &Database) {
    let department = Department::open(db).await;
    let all = department.get("/registers?pack=billboard_maker").await;
    let titles: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|r| r["title"].as_str().unwrap()).collect();
    for (id, title, column) in [
        ("customers", "客户档案基本资料表", "翻动形式"),
        ("phone-records", "电话记录表", "谈话要点"),
        ("callback-register", "客户回访登记表", "运转/滚动情况"),
        ("letters", "跟踪服务信函登记表", "类型"),
        ("repair-records", "维修纪录表", "更换的配件"),
    ] {
        assert!(titles.contains(&title), "{title}: {titles:?}");
        let csv =
            department.office.shop.site.get(&format!("/api/v1/registers/{id}.csv?from=2026-03-03")).await;
        assert!(csv.bytes.starts_with("\u{feff}".as_bytes()), "{id}");
        assert!(csv.text().lines().next().unwrap().contains(column), "{id}: {}", csv.text());
    }
}

async fn reg_09_a_complaint_in_the_notes_opens_a_ticket_once(db: &Database) {
    let mut department = Department::open(db).await;
    let id = department.callback(Made { pack: "billboard_maker", rule: "tracking", ..Made::default() }).await;
    let record = format!("callback:{id}");
    let answer = department
        .note(
            "2026-03-03 10:05",
            &record,
            json!({ "complaint": "画面不转", "wish": "周末上门", "demand": "换电机" }),
        )
        .await;
    let number = answer["ticket"].as_str().unwrap().to_owned();
    let tickets = department.get("/tickets?pack=billboard_maker").await;
    assert_eq!(
        (&tickets["items"][0]["number"], &tickets["items"][0]["kind"]),
        (&json!(number), &json!("complaint"))
    );
    let body = department.office.text("SELECT body FROM tickets").await;
    assert!(body.contains("画面不转"), "{body}");
    let again =
        department.note("2026-03-03 10:06", &record, json!({ "complaint": "画面不转，声音大" })).await;
    assert_eq!(again["ticket"], json!(null), "it has one already");
    let unknown = json!({ "record": "callback:999", "notes": { "wish": "x" } });
    let refused = department.post("/register-notes", unknown, 422).await;
    assert_eq!(refused["errors"][0]["field"], "record", "{refused}");
}

async fn reg_10_the_record_form_has_times_by_itself_and_feedback_by_hand(db: &Database) {
    let mut department = Department::open(db).await;
    let call = department.office.outbound("2026-03-03 10:00", "13800000001", true).await;
    let made =
        Made { pack: "generic_enterprise", rule: "routine", call: &call, assignee: "李", ..Made::default() };
    let id = department.callback(made).await;
    let row = &department.rows("callback-records", "2026-03-03", "2026-03-03").await[0];
    assert_eq!(
        (&row["process"], &row["caller"], &row["feedback"]),
        (&json!("2026-03-03 10:00"), &json!("李"), &json!(""))
    );
    assert!(row["talk_seconds"].as_str().unwrap().parse::<i64>().unwrap() > 0);
    let notes = json!({ "feedback": "满意", "handling": "无问题", "need": "加一台" });
    department.note("2026-03-03 10:08", &format!("callback:{id}"), notes).await;
    let row = &department.rows("callback-records", "2026-03-03", "2026-03-03").await[0];
    assert_eq!(
        (&row["feedback"], &row["handling"], &row["needs"]),
        (&json!("满意"), &json!("无问题"), &json!("加一台"))
    );
}

async fn reg_11_a_callback_is_in_the_books_at_once_and_a_month_is_exported(db: &Database) {
    let mut department = Department::open(db).await;
    for (pack, closed) in [
        ("repair_station_rescue", "2026-03-01 00:00"),
        ("repair_station_rescue", "2026-03-31 23:59"),
        ("repair_station_rescue", "2026-04-01 00:00"),
    ] {
        department.callback(Made { pack, rule: "paid", closed, ..Made::default() }).await;
        let day = &closed[..10];
        assert_eq!(department.rows("callback-results", day, day).await.len(), 1);
    }
    let path = "/api/v1/registers/callback-results/excel?from=2026-03-01&to=2026-03-31";
    let excel = department.office.shop.site.get(path).await;
    let rows = super::excel::sheet(&excel.bytes, "回访结果一览");
    assert_eq!(rows[1][0], "期间：2026-03-01 至 2026-03-31");
    assert_eq!(rows.iter().filter(|row| row[0].parse::<f64>().is_ok()).count(), 2, "{rows:?}");
}

async fn reg_16_the_notes_of_a_patient_are_in_order_of_time(db: &Database) {
    let mut department = Department::open(db).await;
    let mut ids = Vec::new();
    for (closed, agent) in
        [("2026-03-05 10:00", "乙"), ("2026-03-03 10:00", "甲"), ("2026-03-09 15:00", "丙")]
    {
        ids.push(department.callback(Made { closed, assignee: agent, ..Made::default() }).await);
    }
    // Three callbacks of one patient.
    let patient = department.office.number("SELECT MIN(customer_id) FROM callbacks").await;
    department.office.sql(&format!("UPDATE callbacks SET customer_id = {patient}")).await;
    for (id, said) in ids.iter().zip(["第二次", "第一次", "第三次"]) {
        department.note("2026-03-10 09:00", &format!("callback:{id}"), json!({ "recovery": said })).await;
    }
    let rows = department.rows("hospital-register", "2026-03-01", "2026-03-31").await;
    let shown: Vec<_> =
        rows.iter().map(|r| (r["recovery"].as_str().unwrap(), r["caller"].as_str().unwrap())).collect();
    assert_eq!(shown, [("第一次", "甲"), ("第二次", "乙"), ("第三次", "丙")]);
    assert!(rows.iter().all(|row| row["patient"] == rows[0]["patient"]));
}
