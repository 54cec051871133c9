//! Reports at their time: figures with both their parts, sums, reminders, steps, locks.

use serde_json::json;

use super::world::{Department, Made, figure, groups, parts};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    rpt_01_the_month_of_the_mall_is_reminded_of_handed_in_and_approved,
    rpt_02_rpt_03_weekly_and_monthly_repair_reports_name_what_is_missing,
    rpt_03_a_yearly_draft_has_the_figures_of_twelve_months,
    rpt_04_the_month_of_complaints_adds_up,
    rpt_05_the_week_of_dispatch_goes_to_hr_by_designer,
    rpt_09_a_callback_report_shows_attempted_reached_scores_and_problems,
    rpt_12_the_yearly_survey_is_an_index_for_each_team,
    rpt_06_the_heads_measures_are_open_actions,
    rpt_07_month_and_quarter_of_a_hospital_show_both_parts_of_the_rate,
    rpt_08_the_daily_report_is_drafted_overdue_and_reviewed,
    rpt_10_suggestions_are_decided_on_and_the_adopted_share_is_shown,
    rpt_11_rpt_16_suggestions_have_senders_and_needs_are_there_the_same_day,
    rpt_13_yesterdays_statistics_are_there_at_ten_past_midnight,
    rpt_14_a_week_of_samples_by_question_and_outlet,
    a_locked_report_keeps_its_figures_and_shows_what_changed_later,
    a_reports_file_is_the_same_whenever_it_is_made,
}

async fn rpt_01_the_month_of_the_mall_is_reminded_of_handed_in_and_approved(db: &Database) {
    let department = Department::open(db).await;
    let body = json!({ "pack": "furniture_mall", "kind": "complaint", "department": "安装部", "phone": "13800000001" });
    let ticket = department.office.ticket("2026-03-03 10:00", body).await;
    let record = format!("ticket:{}", ticket["ticket"]["id"]);
    let reminders = "SELECT COUNT(*) FROM notices WHERE topic = 'report.reminder'";
    department.turn("2026-03-27 23:00").await;
    assert_eq!(department.office.number(reminders).await, 0);
    department.turn("2026-03-28 09:00").await;
    let facts =
        department.office.text("SELECT MIN(facts) FROM notices WHERE topic = 'report.reminder'").await;
    assert!(
        facts.contains("\"due\":\"2026-03-29\"")
            && facts.contains("\"rows\":\"1\"")
            && facts.contains(&record),
        "{facts}"
    );
    let row = &department.made("mall-month").await[0];
    assert_eq!(
        (&row["from_day"], &row["state"], &row["late"]),
        (&json!("2026-03-01"), &json!("draft"), &json!(0))
    );
    assert_eq!(row["due_at"], json!(crate::plan::shop::at("2026-03-30 00:00").0), "the 29th ends");
    let id = row["id"].as_i64().unwrap();
    let report = department.get(&format!("/reports/{id}")).await;
    assert_eq!(report["incomplete"][0]["columns"], json!(["反馈处理结果"]), "{report}");
    department.note("2026-03-28 10:00", &record, json!({ "result": "补发配件" })).await;
    let step = format!("/reports/{id}/steps");
    let refused = department.post(&step, json!({ "step": "submit" }), 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("经理归纳总结"), "{refused}");
    let texts = format!("/reports/{id}/texts");
    department.post(&texts, json!({ "field": "summary", "text": "三月一件" }), 200).await;
    department.post(&texts, json!({ "field": "measures", "text": "出厂前清点配件" }), 200).await;
    let report = department.post(&step, json!({ "step": "submit" }), 200).await;
    assert_eq!((&report["state"], &report["incomplete"]), (&json!("submitted"), &json!([])));
    department.post(&step, json!({ "step": "approve" }), 403).await;
    let report = department.decide(&step, json!({ "step": "approve", "said": "照此执行" }), 200).await;
    assert_eq!(report["state"], "approved");
    let refused = department.post(&texts, json!({ "field": "summary", "text": "x" }), 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("locked"), "{refused}");
    // In time: nothing is late afterwards.
    department.turn("2026-03-30 00:00").await;
    assert!(department.warned("report_overdue").await.is_empty());
}

async fn rpt_02_rpt_03_weekly_and_monthly_repair_reports_name_what_is_missing(db: &Database) {
    let mut department = Department::open(db).await;
    let body = json!({ "pack": "billboard_maker", "kind": "repair", "phone": "13800000001",
        "fields": { "consent": "yes", "finding": "电机坏", "advice": "更换", "technician": "周" } });
    let ticket = department.office.ticket("2026-03-04 10:00", body).await;
    department
        .callback(Made {
            pack: "billboard_maker",
            rule: "tracking",
            closed: "2026-03-08 16:00",
            ..Made::default()
        })
        .await;
    department
        .callback(Made {
            pack: "billboard_maker",
            rule: "tracking",
            closed: "2026-03-09 09:00",
            ..Made::default()
        })
        .await;
    department
        .event("billboard_maker", "sign.accepted", "2026-03-05 10:00", json!({ "technician": "周" }))
        .await;
    department.turn("2026-03-09 07:59").await;
    assert!(department.made("billboard-week").await.iter().all(|r| r["from_day"] != "2026-03-02"));
    department.turn("2026-03-09 08:00").await;
    let made = department.made("billboard-week").await;
    assert_eq!((&made[0]["from_day"], &made[0]["to_day"]), (&json!("2026-03-02"), &json!("2026-03-08")));
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    assert_eq!(parts(figure(&report, "callbacks")), (1, 1, 0), "that of Monday is the next week's");
    assert_eq!(parts(figure(&report, "acceptances")), (1, 1, 0));
    assert_eq!(parts(figure(&report, "repair_dates")), (0, 1, 1), "no finish date: missing");
    let gap = &report["incomplete"][0];
    assert_eq!(
        (&gap["record"], &gap["columns"]),
        (&json!(format!("ticket:{}", ticket["ticket"]["id"])), &json!(["完成日期"]))
    );
    let told =
        "SELECT COUNT(*) FROM notices WHERE topic = 'report.made' AND subject = 'report:billboard-week'
                AND recipient IN ('财务部', '分管经理', '经理') AND facts LIKE '%2026-03-08%'";
    assert_eq!(department.office.number(told).await, 3);
    // The list behind a figure.
    let rows = department.get(&format!("/reports/{}/figures/repair_dates?part=missing", made[0]["id"])).await;
    assert_eq!(rows["items"][0]["link"], json!(format!("/tickets/{}", ticket["ticket"]["id"])));
    department.turn("2026-03-28 08:00").await;
    let made = department.made("billboard-month").await;
    assert_eq!((&made[0]["from_day"], &made[0]["to_day"]), (&json!("2026-02-28"), &json!("2026-03-27")));
}

async fn rpt_03_a_yearly_draft_has_the_figures_of_twelve_months(db: &Database) {
    let mut department = Department::open(db).await;
    for month in 1..=12 {
        let closed = format!("2026-{month:02}-10 10:00");
        department
            .callback(Made { pack: "billboard_maker", rule: "tracking", closed: &closed, ..Made::default() })
            .await;
    }
    department.turn("2026-12-31 18:00").await;
    let made = department.made("billboard-year").await;
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    assert_eq!((&report["state"], &report["from"]), (&json!("draft"), &json!("2026-01-01")));
    let months = groups(figure(&report, "callbacks"));
    assert_eq!(months.len(), 12);
    assert!(months.iter().all(|(_, count, _)| *count == 1), "{months:?}");
}

async fn rpt_04_the_month_of_complaints_adds_up(db: &Database) {
    let department = Department::open(db).await;
    let open = |category: &str| json!({ "pack": "xian_decoration", "kind": "complaint", "category": category, "phone": "13800000001" });
    let before = department.office.ticket("2026-02-20 10:00", open("工期")).await;
    department.office.ticket("2026-03-03 10:00", open("工期")).await;
    department.office.ticket("2026-03-05 10:00", open("设计")).await;
    let gone = department.office.ticket("2026-02-10 10:00", open("工期")).await;
    for (ticket, at) in [(&before, "2026-03-10 10:00"), (&gone, "2026-02-25 10:00")] {
        let (id, at) = (&ticket["ticket"]["id"], crate::plan::shop::at(at).0);
        let body = department.office.text(&format!("SELECT body FROM tickets WHERE id = {id}")).await;
        let mut whole: serde_json::Value = serde_json::from_str(&body).unwrap();
        (whole["phase"], whole["closed_at"]) = (json!("closed"), json!(at));
        let sql = format!(
            "UPDATE tickets SET body = '{whole}', phase = 'closed', closed_at = {at} WHERE id = {id}"
        );
        department.office.sql(&sql).await;
    }
    department.turn("2026-03-31 18:00").await;
    let made = department.made("complaints-month").await;
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    let count = |id: &str| figure(&report, id)["numerator"].as_u64().unwrap();
    assert_eq!(
        (count("complaints"), count("closed"), count("open")),
        (3, 1, 2),
        "what was closed in February is no part of it"
    );
    assert_eq!(report["identities"][0]["holds"], true);
    let lines = groups(figure(&report, "complaints"));
    assert_eq!(lines.iter().map(|(_, n, _)| n).sum::<u64>(), 3, "{lines:?}");
    assert!(lines.iter().any(|(name, n, _)| name.starts_with("工程部 / 工期") && *n == 2), "{lines:?}");
    assert_eq!(figure(&report, "causes")["missing"], 3, "no root cause is known yet");
    assert_eq!(report["recipients"], json!(["工程部", "设计部", "客服部"]));
}

async fn rpt_05_the_week_of_dispatch_goes_to_hr_by_designer(db: &Database) {
    let mut department = Department::open(db).await;
    for (day, designer) in
        [("2026-03-02", "陈"), ("2026-03-04", "陈"), ("2026-03-08", "林"), ("2026-03-09", "林")]
    {
        let fields = json!({ "designer": designer });
        department.event("xian_decoration", "work.start_fixed", &format!("{day} 10:00"), fields).await;
    }
    department.turn("2026-03-09 08:00").await;
    let made = department.made("dispatch-week").await;
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    assert_eq!((&report["from"], &report["recipients"]), (&json!("2026-03-02"), &json!(["人力资源部"])));
    assert_eq!(groups(figure(&report, "started")), [("林".into(), 1, 1), ("陈".into(), 2, 2)]);
}

async fn rpt_09_a_callback_report_shows_attempted_reached_scores_and_problems(db: &Database) {
    let mut department = Department::open(db).await;
    for (n, answered) in [true, true, false].into_iter().enumerate() {
        let call = department.office.outbound("2026-03-03 10:00", &format!("139{n:08}"), answered).await;
        if answered {
            department.office.answer(&call, "q1", "1", Some(4), false).await;
            let made = Made { pack: "generic_enterprise", rule: "routine", call: &call, ..Made::default() };
            department.callback(made).await;
        }
    }
    // Calls that no callback or ticket ties to the pack are everybody's.
    let body = json!({ "pack": "generic_enterprise", "kind": "complaint", "phone": "13800000001",
        "fields": { "cause_class": "质量", "content": "漏水" } });
    department.office.ticket("2026-03-03 11:00", body).await;
    let report = department.report("campaign-month", "2026-03-03").await;
    assert_eq!(parts(figure(&report, "attempted")), (3, 3, 0));
    assert_eq!(parts(figure(&report, "reached")), (2, 3, 0));
    assert_eq!(figure(&report, "score")["value"], 4.0);
    assert_eq!(groups(figure(&report, "problems")), [("complaint".into(), 1, 1)]);
    assert!(
        report["texts"].as_array().unwrap().iter().any(|t| t["title"] == "改进措施" && t["required"] == true)
    );
}

async fn rpt_12_the_yearly_survey_is_an_index_for_each_team(db: &Database) {
    let mut department = Department::open(db).await;
    for (n, (team, score)) in [("一队", 5), ("一队", 4), ("二队", 3)].into_iter().enumerate() {
        let call = department.office.outbound("2026-06-03 10:00", &format!("139{n:08}"), true).await;
        department.office.answer(&call, "q1", "1", Some(score), false).await;
        let event = json!({ "engineer": team });
        let made = Made {
            pack: "equipment_manufacturer",
            rule: "survey",
            closed: "2026-06-03 10:05",
            call: &call,
            event,
            ..Made::default()
        };
        department.callback(made).await;
    }
    let report = department.report("survey-year", "2026-06-03").await;
    let index = figure(&report, "index");
    let lines: Vec<_> = index["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (g["name"].as_str().unwrap(), g["value"].as_f64().unwrap()))
        .collect();
    assert_eq!(lines, [("一队", 4.5), ("二队", 3.0)]);
    assert_eq!(parts(figure(&report, "surveys")), (3, 3, 0));
}

async fn rpt_06_the_heads_measures_are_open_actions(db: &Database) {
    let department = Department::open(db).await;
    let body = json!({ "pack": "telecom_si", "kind": "service_request", "phone": "13800000001", "fields": { "symptoms": "掉线", "product": "路由" } });
    department.office.ticket("2026-03-03 10:00", body).await;
    department.turn("2026-04-01 08:00").await;
    let made = department.made("telecom-month").await;
    let id = made[0]["id"].as_i64().unwrap();
    let report = department.get(&format!("/reports/{id}")).await;
    assert_eq!((&report["from"], &report["recipients"]), (&json!("2026-03-01"), &json!(["部门负责人"])));
    let text = "更换该批次电源\n培训工程师";
    department.post(&format!("/reports/{id}/texts"), json!({ "field": "measures", "text": text }), 200).await;
    let actions = department.get("/report-actions").await;
    assert_eq!(actions["items"].as_array().unwrap().len(), 2);
    let first = actions["items"][0]["id"].as_i64().unwrap();
    department.post(&format!("/report-actions/{first}/close"), json!({ "result": "已更换" }), 204).await;
    let left = department.get("/report-actions").await;
    assert_eq!(
        (left["items"].as_array().unwrap().len(), &left["items"][0]["text"]),
        (1, &json!("培训工程师"))
    );
    // Written anew, only the new line is a new action.
    let text = "更换该批次电源\n培训工程师\n增加巡检";
    department.post(&format!("/reports/{id}/texts"), json!({ "field": "measures", "text": text }), 200).await;
    assert_eq!(department.get("/report-actions?closed=true").await["items"].as_array().unwrap().len(), 3);
}

async fn rpt_07_month_and_quarter_of_a_hospital_show_both_parts_of_the_rate(db: &Database) {
    let mut department = Department::open(db).await;
    for n in 0..120 {
        let day = format!("2026-03-{:02}", 2 + n % 28);
        let (deadline, closed) = (format!("{day} 00:00"), if n < 118 { "2026-03-01 10:00" } else { "" });
        let state = if n < 118 { "done" } else { "open" };
        department
            .callback(Made { deadline: &deadline, closed, state, late: n >= 118, ..Made::default() })
            .await;
    }
    // Taken back: owed by nobody.
    let withdrawn = Made { state: "excused", outcome: "withdrawn", ..Made::default() };
    department.callback(withdrawn).await;
    // The deadline of the 31st is the first moment of April; that of February's last day is not March's.
    for deadline in ["2026-03-01 00:00", "2026-04-02 00:00"] {
        department.callback(Made { deadline, closed: "2026-02-27 10:00", ..Made::default() }).await;
    }
    department.turn("2026-04-01 08:00").await;
    let month = department.made("hospital-month").await;
    let report = department.get(&format!("/reports/{}", month[0]["id"])).await;
    assert_eq!((&report["from"], &report["to"]), (&json!("2026-03-01"), &json!("2026-03-31")));
    let rate = figure(&report, "rate");
    assert_eq!((parts(rate), &rate["value"]), ((118, 120, 0), &json!(98.33)));
    assert_eq!(
        (&report["identities"][0]["left"], &report["identities"][0]["holds"]),
        (&json!(120), &json!(true))
    );
    let quarter = department.made("hospital-quarter").await;
    let report = department.get(&format!("/reports/{}", quarter[0]["id"])).await;
    assert_eq!((&report["from"], &report["to"]), (&json!("2026-01-01"), &json!("2026-03-31")));
    assert_eq!(parts(figure(&report, "rate")), (119, 121, 0));
    // The same as the rate that the planner shows.
    let rates = department.get("/rates?month=2026-03").await;
    assert_eq!((&rates["items"][0]["due"], &rates["items"][0]["done"]), (&json!(120), &json!(118)));
}

async fn rpt_08_the_daily_report_is_drafted_overdue_and_reviewed(db: &Database) {
    let mut department = Department::open(db).await;
    let made = Made { pack: "generic_enterprise", rule: "routine", assignee: "李", ..Made::default() };
    department.callback(made).await;
    department.turn("2026-03-04 00:10").await;
    let row = &department.made("callback-report").await[0];
    assert_eq!(
        (&row["from_day"], &row["state"], &row["late"]),
        (&json!("2026-03-03"), &json!("draft"), &json!(0))
    );
    department.turn("2026-03-04 23:59").await;
    assert!(department.warned("report_overdue").await.is_empty());
    department.turn("2026-03-05 00:00").await;
    let id = row["id"].as_i64().unwrap();
    assert_eq!(department.warned("report_overdue").await, [format!("report:{id}")]);
    assert_eq!(department.made("callback-report").await[0]["late"], 1);
    let step = format!("/reports/{id}/steps");
    department.post(&step, json!({ "step": "submit" }), 200).await;
    let report = department.decide(&step, json!({ "step": "review", "said": "加强跟进" }), 200).await;
    assert_eq!(report["state"], "reviewed");
    assert!(report["signatures"][1].as_str().unwrap().contains("加强跟进"), "{report}");
}

async fn rpt_10_suggestions_are_decided_on_and_the_adopted_share_is_shown(db: &Database) {
    let mut department = Department::open(db).await;
    let mut records = Vec::new();
    for n in 0..7 {
        let filled = json!({ "suggestion": format!("建议{n}") });
        let id = department
            .callback(Made { pack: "home_decoration", rule: "regular", filled, ..Made::default() })
            .await;
        records.push(format!("callback:{id}/suggestion/1"));
    }
    for (n, record) in records.iter().enumerate() {
        let class = if n < 4 { "施工" } else { "服务" };
        department.note("2026-03-20 10:00", record, json!({ "class": class })).await;
    }
    let list = department.rows("suggestions", "2026-03-01", "2026-03-31").await;
    let classes: Vec<_> = list.iter().map(|r| r["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["施工", "施工", "施工", "施工", "服务", "服务", "服务"], "grouped by class");
    for (n, record) in records.iter().enumerate().take(6) {
        let adopted = if n < 3 { "yes" } else { "no" };
        department
            .note("2026-04-02 14:00", record, json!({ "adopted": adopted, "meeting": "2026-04-02" }))
            .await;
    }
    let report = department.report("suggestions-month", "2026-03-03").await;
    let adopted = figure(&report, "adopted");
    assert_eq!(
        (parts(adopted), &adopted["value"]),
        ((3, 7, 1), &json!(42.86)),
        "one is not decided: missing"
    );
    assert_eq!(groups(figure(&report, "suggestions")), [("施工".into(), 4, 4), ("服务".into(), 3, 3)]);
}

async fn rpt_11_rpt_16_suggestions_have_senders_and_needs_are_there_the_same_day(db: &Database) {
    let mut department = Department::open(db).await;
    for n in 0..3 {
        let filled = json!({ "suggestion": format!("建议{n}") });
        department.callback(Made { pack: "sales_company", rule: "trace", filled, ..Made::default() }).await;
    }
    let report = department.report("suggestion-digest", "2026-03-03").await;
    let senders = groups(figure(&report, "senders"));
    assert_eq!((senders.len(), report["recipients"].clone()), (3, json!(["总经理"])), "{senders:?}");
    let filled = json!({ "need": "换新画面" });
    department
        .callback(Made {
            pack: "billboard_maker",
            rule: "tracking",
            assignee: "赵",
            filled,
            ..Made::default()
        })
        .await;
    department.turn("2026-03-03 18:00").await;
    let made = department.made("leads-day").await;
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    assert_eq!(
        (&report["from"], groups(figure(&report, "leads"))),
        (&json!("2026-03-03"), vec![("赵".into(), 1, 1)])
    );
}

async fn rpt_13_yesterdays_statistics_are_there_at_ten_past_midnight(db: &Database) {
    let mut department = Department::open(db).await;
    let call = department.office.outbound("2026-03-03 10:00", "13800000001", true).await;
    department.office.answer(&call, "satisfaction", "1", Some(5), false).await;
    department.callback(Made { call: &call, ..Made::default() }).await;
    department.callback(Made { rule: "basic", outcome: "dissatisfied", ..Made::default() }).await;
    department.turn("2026-03-04 00:09").await;
    assert!(department.made("hospital-day").await.is_empty());
    department.turn("2026-03-04 00:10").await;
    let made = department.made("hospital-day").await;
    let report = department.get(&format!("/reports/{}", made[0]["id"])).await;
    assert_eq!(
        groups(figure(&report, "by_rule")),
        [("出院患者回访".into(), 1, 1), ("基础科室首诊回访".into(), 1, 1)]
    );
    assert_eq!(
        groups(figure(&report, "by_result")),
        [("dissatisfied".into(), 1, 1), ("satisfied".into(), 1, 1)]
    );
    assert_eq!(groups(figure(&report, "by_score")), [("5".into(), 1, 1)]);
}

async fn rpt_14_a_week_of_samples_by_question_and_outlet(db: &Database) {
    let mut department = Department::open(db).await;
    for n in 0..60 {
        let phone = format!("139{n:08}");
        let call = department.office.outbound("2026-03-03 10:00", &phone, true).await;
        let outlet = if n % 3 == 0 { "城东" } else { "城西" };
        let made = Made {
            pack: "express_sampling",
            rule: "sample",
            call: &call,
            event: json!({ "outlet": outlet }),
            ..Made::default()
        };
        department.callback(made).await;
        let yes = n < 45;
        let meaning = if yes { "yes" } else { "no" };
        department
            .office
            .sql(&format!("INSERT INTO answers (call_id, seq, question, keys, meaning, at) VALUES ('{call}', 1, 'e2', '1', '{meaning}', 0)"))
            .await;
    }
    let report = department.report("sampling-week", "2026-03-03").await;
    assert_eq!(groups(figure(&report, "calls")), [("城东".into(), 20, 20), ("城西".into(), 40, 40)]);
    let yes = figure(&report, "yes");
    assert_eq!((groups(yes), &yes["value"]), (vec![("e2".into(), 45, 60)], &json!(75.0)));
    assert_eq!(
        groups(figure(&report, "by_outlet")),
        [("城东 / e2".into(), 15, 20), ("城西 / e2".into(), 30, 40)]
    );
}

async fn a_locked_report_keeps_its_figures_and_shows_what_changed_later(db: &Database) {
    let mut department = Department::open(db).await;
    for _ in 0..3 {
        department.callback(Made::default()).await;
    }
    let report = department.report("hospital-month", "2026-03-03").await;
    let step = format!("/reports/{}/steps", report["id"]);
    department.post(&step, json!({ "step": "submit" }), 200).await;
    department.decide(&step, json!({ "step": "approve" }), 200).await;
    department.callback(Made { closed: "", state: "open", ..Made::default() }).await;
    let report = department.get(&format!("/reports/{}", report["id"])).await;
    assert_eq!(parts(figure(&report, "rate")), (3, 3, 0), "as it was handed in");
    let changes = report["later_changes"].as_array().unwrap();
    let rate = changes.iter().find(|c| c["id"] == "rate").unwrap();
    assert_eq!((&rate["kept"], &rate["now"]), (&json!("100 (3/3, 缺 0)"), &json!("75 (3/4, 缺 0)")));
    department.decide(&step, json!({ "step": "return" }), 409).await;
}

async fn a_reports_file_is_the_same_whenever_it_is_made(db: &Database) {
    let mut department = Department::open(db).await;
    for n in 0..5 {
        let score = json!({ "opinion": format!("意见{n}") });
        department.callback(Made { filled: score, ..Made::default() }).await;
    }
    let report = department.report("hospital-month", "2026-03-03").await;
    let path = format!("/api/v1/reports/{}/excel", report["id"]);
    department.office.set("2026-04-01 08:00");
    let first = department.office.shop.site.get(&path).await;
    department.office.set("2026-05-17 13:31");
    let second = department.office.shop.site.get(&path).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text());
    assert!(first.bytes == second.bytes, "the same rows give the same bytes");
    let chart = department
        .office
        .shop
        .site
        .get(&format!("/api/v1/reports/{}/figures/rate/chart", report["id"]))
        .await;
    assert_eq!(chart.header("content-type"), "image/svg+xml");
    assert!(chart.text().starts_with("<svg") && chart.text().contains("回访率"), "{}", chart.text());
}
