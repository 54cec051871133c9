//! The monthly sheets of people, and what counts for and against them.

use serde_json::json;

use super::world::{Department, Made, figure, parts};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::send;

on_both_databases! {
    prf_01_prf_02_the_sheet_of_a_person_is_the_sum_of_its_lines_and_opens_them,
    prf_03_a_slip_that_is_not_complete_earns_no_commission,
    prf_04_the_ratings_of_staff_are_shown_with_their_number,
    rol_08_a_rating_that_names_nobody_is_missing_in_the_report_of_its_function,
    prf_05_full_marks_make_a_commendation,
    prf_06_a_penalty_counts_once_a_manager_has_approved_it,
}

async fn prf_01_prf_02_the_sheet_of_a_person_is_the_sum_of_its_lines_and_opens_them(db: &Database) {
    let mut department = Department::open(db).await;
    for n in 0..100 {
        let done = n < 91;
        let (closed, state) = if done { ("2026-03-03 10:00", "done") } else { ("", "open") };
        department.callback(Made { assignee: "张", closed, state, ..Made::default() }).await;
    }
    department.callback(Made { assignee: "新", closed: "", state: "open", ..Made::default() }).await;
    department
        .office
        .sql("INSERT INTO score_events (key, pack, person, day, kind, subject, points, detail, created_by, created_at)
              VALUES ('k', 'hospital', '张', '2026-03-09', 'praise', 'call:01', 1, '表扬信', 'x', 0)")
        .await;
    let sheets = department.get("/performance?month=2026-03&pack=hospital").await;
    let all = sheets["items"].as_array().unwrap();
    let of = |who: &str| all.iter().find(|s| s["person"] == who).unwrap();
    let line = |who: &str, id: &str| {
        of(who)["lines"].as_array().unwrap().iter().find(|l| l["id"] == id).unwrap().clone()
    };
    let rate = line("张", "rate");
    assert_eq!((&rate["value"], &rate["tiers"], &rate["points"]), (&json!(91.0), &json!(2), &json!(-2.0)));
    let sum: f64 = of("张")["lines"].as_array().unwrap().iter().map(|l| l["points"].as_f64().unwrap()).sum();
    assert_eq!((of("张")["total"].as_f64(), sum), (Some(-1.0), -1.0));
    assert_eq!(
        (&of("张")["rank"], &of("新")["rank"]),
        (&json!(1), &json!(null)),
        "one of one is too few to rank"
    );
    assert_eq!(line("新", "rate")["few"], true);
    // On the page each line stands in the language of who looks.
    let site = &department.office.shop.site;
    for (lang, title, other) in
        [("en", "Callbacks made (%)", "回访率(%)"), ("zh-CN", "回访率(%)", "Callbacks made")]
    {
        let path = "/audit/performance?month=2026-03&pack=hospital";
        let request = site.request(reqwest::Method::GET, path, &site.admin).header("accept-language", lang);
        let shown = send(request).await.text();
        assert!(shown.contains(title) && !shown.contains(other), "{lang}: {shown}");
    }
    // Each line opens what it comes of.
    let path = format!("{}&pack=hospital", rate["rows"].as_str().unwrap());
    let rows = department.get(&path).await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 100);
    assert!(rows["items"][0]["link"].as_str().unwrap().starts_with("/callbacks/"));
    let events = line("张", "events");
    let rows = department.get(&format!("{}&pack=hospital", events["rows"].as_str().unwrap())).await;
    assert_eq!(rows["items"][0]["fields"]["subject"], "call:01");
}

async fn prf_03_a_slip_that_is_not_complete_earns_no_commission(db: &Database) {
    let mut department = Department::open(db).await;
    let slip = json!({ "install_status": "done", "installer": "王", "collected_by": "主管", "customer_present": "yes",
        "supervisor": "赵" });
    let id = department.event("whole_house_install", "install.slip", "2026-03-03 16:00", slip.clone()).await;
    let form = department.register("installation-slips", "2026-03-03", "2026-03-03").await;
    assert_eq!(form["rows"][0]["missing"], json!(["score", "signed"]), "two fields: no commission");
    let rows = department.rows("installation-slips", "2026-03-03", "2026-03-03").await;
    assert_eq!((&rows[0]["commission_eligible"], &rows[0]["completed"]), (&json!("否"), &json!("")));
    let mut whole = slip;
    (whole["score"], whole["supervisor_signoff"]) = (json!("5"), json!("2026-03-04"));
    let at = crate::plan::shop::at("2026-03-05 09:00").0;
    department
        .office
        .sql(&format!(
            "INSERT INTO intakes (pack, intake, source, channel, file_name, sha256, bytes, state, created_by, created_at)
             VALUES ('whole_house_install', 'slips', 's', 'file', 'f', '', 0, 'done', 'x', {at})"
        ))
        .await;
    department
        .office
        .sql(&format!(
            "UPDATE events SET fields = '{whole}', changed_in = (SELECT MAX(id) FROM intakes) WHERE id = {id}"
        ))
        .await;
    let rows = department.rows("installation-slips", "2026-03-03", "2026-03-03").await;
    assert_eq!((&rows[0]["score"], &rows[0]["completed"]), (&json!("5"), &json!("2026-03-05 09:00")));
    assert_eq!(rows[0]["commission_eligible"], "是", "from that day on");
    let form = department.register("installation-slips", "2026-03-03", "2026-03-03").await;
    assert_eq!(form["missing"], json!([]));
}

async fn prf_04_the_ratings_of_staff_are_shown_with_their_number(db: &Database) {
    let mut department = Department::open(db).await;
    for (n, score) in [5, 5, 5, 5, 5, 5, 5, 5, 4, 2].into_iter().enumerate() {
        let call = department.office.outbound("2026-03-03 10:00", &format!("139{n:08}"), true).await;
        department
            .callback(Made { pack: "home_decoration", rule: "regular", call: &call, ..Made::default() })
            .await;
        let unhappy = i64::from(score < 3);
        department
            .office
            .sql(&format!(
                "INSERT INTO answers (call_id, seq, question, keys, score, at, dissatisfied, rated_function, rated_person)
                 VALUES ('{call}', 1, 'q', '1', {score}, 0, {unhappy}, '安装', '张')"
            ))
            .await;
    }
    let report = department.report("staff-month", "2026-03-03").await;
    let mean = figure(&report, "mean");
    assert_eq!(
        (&mean["groups"][0]["name"], &mean["groups"][0]["value"], &mean["groups"][0]["numerator"]),
        (&json!("张 / 安装"), &json!(4.6), &json!(10))
    );
    assert_eq!(figure(&report, "dissatisfied")["groups"][0]["numerator"], 1);
}

async fn rol_08_a_rating_that_names_nobody_is_missing_in_the_report_of_its_function(db: &Database) {
    let mut department = Department::open(db).await;
    let subjects =
        [("安装", "张"), ("售服", "李"), ("保洁", "吴姐"), ("导购", "周"), ("设计师", "陈"), ("保洁", "")];
    for (n, (function, person)) in subjects.into_iter().enumerate() {
        let call = department.office.outbound("2026-03-03 10:00", &format!("139{n:08}"), true).await;
        department
            .callback(Made { pack: "furniture_mall", rule: "cleaning", call: &call, ..Made::default() })
            .await;
        let person = if person.is_empty() { "NULL".into() } else { format!("'{person}'") };
        department
            .office
            .sql(&format!(
                "INSERT INTO answers (call_id, seq, question, keys, score, at, dissatisfied, rated_function, rated_person)
                 VALUES ('{call}', 1, 'q', '1', 4, 0, 0, '{function}', {person})"
            ))
            .await;
    }
    let report = department.report("staff-month", "2026-03-03").await;
    for id in ["mean", "dissatisfied"] {
        let figure = figure(&report, id);
        let mut groups: Vec<(&str, u64)> = figure["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| (group["name"].as_str().unwrap(), group["missing"].as_u64().unwrap()))
            .collect();
        groups.sort_unstable();
        let mut expect = [
            ("张 / 安装", 0),
            ("李 / 售服", 0),
            ("吴姐 / 保洁", 0),
            ("周 / 导购", 0),
            ("陈 / 设计师", 0),
            (" / 保洁", 1),
        ];
        expect.sort_unstable();
        assert_eq!(groups, expect, "person and function of each, and who is not named is owed");
        assert_eq!(parts(figure), (if id == "mean" { 5 } else { 0 }, 6, 1), "{figure}");
    }
}

async fn prf_05_full_marks_make_a_commendation(db: &Database) {
    let mut department = Department::open(db).await;
    for (n, scores) in [[5, 5, 5], [5, 5, 4]].into_iter().enumerate() {
        let call = department.office.outbound("2026-03-03 10:00", &format!("139{n:08}"), true).await;
        for (place, score) in scores.into_iter().enumerate() {
            department.office.answer(&call, &format!("q{place}"), "1", Some(score), false).await;
        }
        let event = json!({ "crew": "X队", "project_manager": "Y经理" });
        let customer = json!({ "publicity_consent": "yes" });
        let made =
            Made { pack: "home_decoration", rule: "first", call: &call, event, customer, ..Made::default() };
        department.callback(made).await;
    }
    let rows = department.rows("commendations", "2026-03-01", "2026-03-31").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["month"], &rows[0]["team"], &rows[0]["pm"], &rows[0]["consent"]),
        (&json!("2026-03"), &json!("X队"), &json!("Y经理"), &json!("是"))
    );
}

async fn prf_06_a_penalty_counts_once_a_manager_has_approved_it(db: &Database) {
    let department = Department::open(db).await;
    let body = json!({ "pack": "sales_company", "person": "区域经理王", "date": "2026-03-03", "kind": "penalty",
        "subject": "ticket:1", "points": -5, "reason": "投诉属实" });
    let id = department.post("/score-events", body.clone(), 201).await;
    let path = "/performance?month=2026-03&pack=sales_company";
    let total = |sheets: serde_json::Value| {
        let all = sheets["items"].as_array().unwrap().clone();
        all.iter().find(|s| s["person"] == "区域经理王").map_or(0.0, |s| s["total"].as_f64().unwrap())
    };
    assert_eq!(total(department.get(path).await), 0.0, "proposed, and not in the score");
    let decision = format!("/score-events/{id}/decision");
    department.post(&decision, json!({ "approve": true, "reason": "" }), 403).await;
    department.decide(&decision, json!({ "approve": true, "reason": "属实" }), 204).await;
    assert_eq!(total(department.get(path).await), -5.0);
    department.decide(&decision, json!({ "approve": false, "reason": "" }), 422).await;
    let mut other = body;
    other["subject"] = json!("ticket:2");
    let refused = department.post("/score-events", other, 201).await;
    department
        .decide(
            &format!("/score-events/{refused}/decision"),
            json!({ "approve": false, "reason": "误记" }),
            204,
        )
        .await;
    assert_eq!(total(department.get(path).await), -5.0, "what was refused does not count");
    let rows = department.rows("score-events", "2026-03-01", "2026-03-31").await;
    assert_eq!((&rows[0]["decision"], &rows[1]["decision"]), (&json!("已批"), &json!("未批")));
}
