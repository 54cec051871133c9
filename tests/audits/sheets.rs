//! Sheets: filled in, scored by a person, submitted for ever, appealed against, and what a month comes to.

use reqwest::Method;
use ringback::app::load_books;
use ringback::config;
use ringback::io::books::Books;
use serde_json::{Value, json};

use super::world::{House, Made, sheet};
use crate::support::databases::{Database, execute, on_both_databases};

on_both_databases! {
    rec_02_the_mean_of_the_sheets_and_the_critical_failures_are_the_agents_month,
    rec_02_the_audit_mean_is_a_line_of_the_monthly_sheet_that_opens_its_sheets,
    findings_fill_in_a_person_decides_and_the_system_costs_nobody_a_point,
    a_submitted_sheet_never_changes_and_a_correction_is_a_new_version,
    an_appeal_is_filed_within_its_term_and_reviewed_by_another_person,
    a_session_shows_where_auditors_differ_once_all_have_scored,
    eti_02_a_complaint_that_was_closed_without_a_final_reply_fails_closure,
    eti_21_the_version_of_the_phrase_book_is_kept_with_the_sheet,
}

/// A case of a call for `wang`.
async fn case(house: &House, call: &str) -> Value {
    let case = house.ask(Method::POST, "/audits/cases", json!({ "call_id": call, "auditor": "wang" })).await;
    view(house, &case.expect(201)["id"]).await
}

async fn view(house: &House, id: &Value) -> Value {
    house.get(&format!("/audits/cases/{id}")).await
}

async fn send(house: &House, case: &Value, sheet: Value, reason: &str, by: &str) -> crate::web::site::Answer {
    let body = json!({ "sheet": sheet, "reason": reason, "by": by });
    house.ask(Method::POST, &format!("/audits/cases/{}/submit", case["case"]["id"]), body).await
}

/// A house in which agent A was audited with 92 and 75, the second with a forbidden phrase, and B is not yet:
/// with the second call.
async fn audited(database: &Database) -> (House, String) {
    let mut house = House::open(database).await;
    let first = house.call(&Made { moment: "2026-03-03 10:00", agent: "A", ..Made::default() });
    let second = house.call(&Made { moment: "2026-03-04 10:00", agent: "A", ..Made::default() });
    house.call(&Made { moment: "2026-03-05 10:00", agent: "B", ..Made::default() });
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    house.drawn("2026-03", "27182818", &["wang"]).await;
    let cases = house.cases("agent=A").await;
    let of = |call: &str| cases.iter().find(|case| case["call_id"] == call).unwrap()["id"].clone();
    // 95 points apply, for it is no complaint: 87.4 of them are 92.
    let good = view(&house, &of(&first)).await;
    let sheet_of_first = send(&house, &good, sheet(&good, &[("C1", 0.4)]), "", "wang").await.expect(201);
    assert_eq!((sheet_of_first["score"].as_f64(), sheet_of_first["grade"].as_str()), (Some(92.0), Some("A")));
    // 90.25 are 95, less 20 for a forbidden phrase: 75.
    let bad = view(&house, &of(&second)).await;
    let mut marks = sheet(&bad, &[("C1", 3.25)]);
    marks["criticals"] = json!({ "K2": { "confirmed": true, "comment": "不知道", "at_ms": 31_000 } });
    assert_eq!(send(&house, &bad, marks, "", "wang").await.expect(201)["score"], 75.0);
    (house, second)
}

async fn rec_02_the_mean_of_the_sheets_and_the_critical_failures_are_the_agents_month(database: &Database) {
    let (house, second) = audited(database).await;
    let month = house.get("/audits/results?month=2026-03").await;
    let a = month["agents"].as_array().unwrap().iter().find(|agent| agent["agent"] == "A").unwrap();
    assert_eq!(
        (a["mean"].as_f64(), a["sheets"].as_u64(), a["grade"].as_str()),
        (Some(83.5), Some(2), Some("B"))
    );
    assert_eq!(a["critical"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&a["critical"][0]["critical"], &a["critical"][0]["call_id"]),
        (&json!(["K2"]), &json!(second))
    );
    // Both calls of A were scored: there is nothing to estimate.
    assert_eq!((&a["estimate"]["low"], &a["estimate"]["high"]), (&json!(83.5), &json!(83.5)));
    assert_eq!((month["open"].as_u64(), &month["estimate"]), (Some(1), &Value::Null), "B has no sheet yet");
}

async fn rec_02_the_audit_mean_is_a_line_of_the_monthly_sheet_that_opens_its_sheets(database: &Database) {
    let (house, second) = audited(database).await;
    let books = load_books(&config::Policy::default()).unwrap();
    let (site, planner) = (&house.shop.site, house.shop.planner.clone());
    site.api.set_books(Books::new(site.store.clone(), planner, books.settings));
    let results = house.office.results("2026-03", "", "").await.unwrap();
    let sheets = house.get("/performance?month=2026-03&person=A").await;
    let sheet = &sheets["items"][0];
    let line = |id: &str| sheet["lines"].as_array().unwrap().iter().find(|line| line["id"] == id).unwrap();
    let (mean, critical) = (line("audit"), line("audit_critical"));
    let of_a = results.agents.iter().find(|agent| agent.agent == "A").unwrap();
    assert_eq!(
        (mean["value"].as_f64(), mean["numerator"].as_u64()),
        (of_a.mean, Some(of_a.sheets)),
        "{sheet}"
    );
    assert_eq!(mean["value"], 83.5);
    assert_eq!(
        (&mean["few"], &mean["points"], &sheet["rank"]),
        (&json!(true), &json!(0.0), &Value::Null),
        "two are few"
    );
    assert_eq!(critical["numerator"], 1);
    let behind = house.get(mean["rows"].as_str().unwrap()).await;
    let rows = behind["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{behind}");
    let failed = house.get(critical["rows"].as_str().unwrap()).await;
    let row = &failed["items"][0];
    assert_eq!((&row["fields"]["critical"], &row["fields"]["call_id"]), (&json!("K2"), &json!(second)));
    let opened = house.get(row["link"].as_str().unwrap()).await;
    assert_eq!(opened["sheets"][0]["score"], 75.0, "the link opens the sheet");
    // The form of the department has the same sheets, each with its groups.
    let form = house.get("/registers/audit-sheets?from=2026-03-01&to=2026-03-31").await;
    let cells = form["rows"][1]["cells"].as_array().unwrap();
    let names: Vec<String> = serde_json::from_value(form["names"].clone()).unwrap();
    let cell = |name: &str| &cells[names.iter().position(|known| known == name).unwrap()];
    assert_eq!(
        (cell("score"), cell("points_off"), cell("critical")),
        (&json!("75.0"), &json!("25.0"), &json!("K2"))
    );
    assert_eq!((cell("auditor"), cell("opening")), (&json!("wang"), &json!("12/12")));
}

async fn findings_fill_in_a_person_decides_and_the_system_costs_nobody_a_point(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call(&Made::default());
    house.finding(&call, 1, "interruptions", "", 2.0, "warn", "agent");
    house.finding(&call, 2, "agent_silence_max_s", "", 33.0, "fail", "system");
    house.finding(&call, 3, "phrase_said", "greeting", 1.0, "info", "nobody");
    house.finding(&call, 4, "phrase_missing", "closing", 1.0, "warn", "agent");
    house.finding(&call, 5, "forbidden_phrase", "do_not_know", 1.0, "critical", "agent");
    house.finding(&call, 6, "cut_off", "", 0.2, "critical", "system");
    house.finding(&call, 7, "hangup_by", "", 0.0, "info", "nobody");
    house.written().await;
    let case = case(&house, &call).await;
    let points = |item: &str| case["prefill"][item]["points"].as_f64();
    assert_eq!(
        (points("B1"), points("A1"), points("F2"), points("F3")),
        (Some(4.0), Some(4.0), Some(0.0), Some(6.0))
    );
    assert_eq!(case["prefill"]["B1"]["at_ms"], json!([1000]));
    assert_eq!((points("E2"), points("A2")), (None, None), "a person must listen");
    assert_eq!(
        (&case["prefill"]["B4"]["na"], &case["prefill"]["B4"]["system"]),
        (&json!(true), &json!(true))
    );
    // The line cut the customer off, no person: only the phrase is a candidate.
    let candidates: Vec<&String> = case["candidates"].as_object().unwrap().keys().collect();
    assert_eq!(candidates, ["K2"]);
    let undecided = send(&house, &case, sheet(&case, &[]), "", "wang").await.expect(422);
    assert_eq!(undecided["errors"][0]["field"], "criticals.K2", "{undecided}");
    let decided = |confirmed: bool, comment: &str| {
        let mut marks = sheet(&case, &[("B1", 10.0)]);
        marks["criticals"] = json!({ "K2": { "confirmed": confirmed, "comment": comment } });
        marks
    };
    let without = send(&house, &case, decided(true, ""), "", "wang").await.expect(422);
    assert_eq!(without["errors"][0]["field"], "criticals.K2");
    let mut charged = decided(false, "the customer said it");
    charged["marks"]["B4"] = json!({ "points": 0 });
    let refused = send(&house, &case, charged, "", "wang").await.expect(422);
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("fault of the system"), "{refused}");
    let mut odd = decided(false, "no");
    odd["marks"]["B1"] = json!({ "points": 9 });
    odd["marks"]["Z9"] = json!({ "points": 1 });
    odd["marks"].as_object_mut().unwrap().remove("A2");
    let odd = send(&house, &case, odd, "", "wang").await.expect(422);
    let fields: Vec<&str> =
        odd["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["marks.A2", "marks.B1", "marks.Z9"], "{odd}");
    // The auditor heard that it was no interruption, and dismisses the phrase.
    let sheet = send(&house, &case, decided(false, "the customer said it"), "", "wang").await.expect(201);
    assert_eq!((sheet["score"].as_f64(), sheet["critical"].as_str()), (Some(100.0), Some("[]")), "{sheet}");
}

async fn a_submitted_sheet_never_changes_and_a_correction_is_a_new_version(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call(&Made::default());
    house.written().await;
    let case = case(&house, &call).await;
    let id = case["case"]["id"].clone();
    let draft = json!({ "sheet": { "notes": [{ "at_ms": 12_500, "text": "语速快" }] }, "by": "wang" });
    let kept = house.ask(Method::PUT, &format!("/audits/cases/{id}/draft"), draft.clone()).await.expect(200);
    assert_eq!((kept["state"].as_str(), &kept["score"]), (Some("draft"), &Value::Null));
    house.ask(Method::PUT, &format!("/audits/cases/{id}/draft"), draft).await.expect(200);
    assert_eq!(house.number("SELECT COUNT(*) FROM audit_sheets").await, 1, "one draft");
    let other = json!({ "sheet": {}, "by": "zhao" });
    house.ask(Method::PUT, &format!("/audits/cases/{id}/draft"), other).await.expect(403);
    let first = send(&house, &case, sheet(&case, &[]), "", "wang").await.expect(201);
    assert_eq!((first["version"].as_i64(), first["sha256"].as_str().map(str::len)), (Some(1), Some(64)));
    for sql in ["UPDATE audit_sheets SET score = 100", "DELETE FROM audit_sheets"] {
        assert!(execute(&house.shop.site.store, sql).await.is_err(), "{sql}");
    }
    send(&house, &case, sheet(&case, &[("F3", 0.0)]), "", "wang").await.expect(422);
    let second =
        send(&house, &case, sheet(&case, &[("F3", 0.0)]), "listened again", "wang").await.expect(201);
    assert_eq!((second["version"].as_i64(), second["reason"].as_str()), (Some(2), Some("listened again")));
    let shown = view(&house, &id).await;
    assert_eq!((&shown["case"]["score"], shown["sheets"].as_array().unwrap().len()), (&json!(93.7), 2));
    assert_eq!(shown["sheets"][1]["score"], 100.0, "the first stands as it was");
    let audit = house.get("/audit?action=sheet.submit").await;
    assert!(
        audit["items"][0]["detail"].as_str().unwrap().contains(second["sha256"].as_str().unwrap()),
        "{audit}"
    );
    let form = house.get(&format!("/audits/forms/{}", first["form_version"].as_str().unwrap())).await;
    assert_eq!(form["item"]["B1"]["points"], 10.0, "the form stays, whatever is in force");
}

async fn an_appeal_is_filed_within_its_term_and_reviewed_by_another_person(database: &Database) {
    let mut house = House::open(database).await;
    let calls = [house.call(&Made::default()), house.call(&Made::default())];
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    let (appealed, late) = (case(&house, &calls[0]).await, case(&house, &calls[1]).await);
    for case in [&appealed, &late] {
        send(&house, case, sheet(case, &[("B1", 0.0)]), "", "wang").await.expect(201);
    }
    let li = house.token("li", "read").await;
    let path = |case: &Value| format!("/audits/cases/{}/appeal", case["case"]["id"]);
    let says = json!({ "text": "客户自己停下来了" });
    let ma = house.token("ma", "read").await;
    house.ask_as(&ma, Method::POST, &path(&appealed), says.clone()).await.expect(403);
    let seen = house
        .ask_as(&li, Method::GET, &format!("/audits/cases/{}", appealed["case"]["id"]), Value::Null)
        .await;
    assert_eq!(seen.expect(200)["sheets"][0]["state"], "submitted", "the agent sees the sheet");
    // Seven days: the whole of 9 April, and not a minute of the 10th.
    house.shop.set("2026-04-09 23:59");
    let appeal = house.ask_as(&li, Method::POST, &path(&appealed), says.clone()).await.expect(201);
    house.ask_as(&li, Method::POST, &path(&appealed), says.clone()).await.expect(409);
    house.shop.set("2026-04-10 00:00");
    let over = house.ask_as(&li, Method::POST, &path(&late), says).await.expect(409);
    assert!(over["detail"].as_str().unwrap().contains("7 days"), "{over}");
    assert_eq!(house.get("/audits/appeals").await["items"].as_array().unwrap().len(), 1);
    let decide = format!("/audits/appeals/{}/decide", appeal["id"]);
    for by in ["wang", "li"] {
        let body = json!({ "upheld": false, "answer": "no", "by": by });
        house.ask(Method::POST, &decide, body).await.expect(409);
    }
    // Whoever upholds it corrects the sheet; before that they may not.
    let right = sheet(&appealed, &[]);
    send(&house, &appealed, right.clone(), "appeal", "zhao").await.expect(403);
    let body = json!({ "upheld": true, "answer": "agent waited", "by": "zhao" });
    assert_eq!(house.ask(Method::POST, &decide, body.clone()).await.expect(200)["state"], "upheld");
    house.ask(Method::POST, &decide, body).await.expect(409);
    send(&house, &appealed, right, "appeal upheld", "zhao").await.expect(201);
    let month = house.get("/audits/results?month=2026-03").await;
    let scores: Vec<&Value> =
        month["agents"][0]["lines"].as_array().unwrap().iter().map(|line| &line["score"]).collect();
    assert_eq!(scores, [&json!(100.0), &json!(89.5)], "{month}");
}

async fn a_session_shows_where_auditors_differ_once_all_have_scored(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call(&Made::default());
    house.written().await;
    let ask = |auditors: Value| json!({ "title": "三月校准", "call_id": call, "auditors": auditors });
    house.ask(Method::POST, "/audits/sessions", ask(json!(["wang", "li"]))).await.expect(409);
    let session = house.ask(Method::POST, "/audits/sessions", ask(json!(["wang", "zhao"]))).await.expect(201);
    let path = format!("/audits/sessions/{}", session["session"]["id"]);
    for (auditor, but) in [("wang", &[("B2", 4.0), ("E2", 5.0)]), ("zhao", &[("B2", 2.0), ("E2", 3.0)])] {
        assert_eq!(
            (&house.get(&path).await["complete"], &house.get(&path).await["spread"]),
            (&json!(false), &Value::Null)
        );
        let cases = session["cases"].as_array().unwrap();
        let case = view(&house, &cases.iter().find(|case| case["auditor"] == auditor).unwrap()["id"]).await;
        send(&house, &case, sheet(&case, but), "", auditor).await.expect(201);
    }
    let both = house.get(&path).await;
    let items: Vec<&str> =
        both["items"].as_array().unwrap().iter().map(|item| item["item"].as_str().unwrap()).collect();
    assert_eq!((items, &both["items"][0]["given"]["zhao"]), (vec!["B2", "E2"], &json!(2.0)), "{both}");
    assert!(both["spread"].as_f64().unwrap() > 4.0, "{both}");
    let month = house.get("/audits/results?month=2026-03").await;
    assert_eq!(month["agents"], json!([]), "a session is no result of the agent");
    let example = json!({ "call_id": call, "kind": "bad", "item": "B2", "from_ms": 5_000, "to_ms": 9_000, "title": "抢话" });
    house.ask(Method::POST, "/audits/examples", example.clone()).await.expect(201);
    house.ask(Method::POST, "/audits/examples", example).await.expect(201);
    house.ask(Method::POST, "/audits/sessions", ask(json!(["wang", "zhao"]))).await.expect(201);
    for list in ["/audits/examples", "/audits/sessions"] {
        let newest = house.get(&format!("{list}?limit=1")).await;
        let next = newest["next"].as_str().expect("a second page");
        let oldest = house.get(&format!("{list}?limit=1&after={next}")).await;
        assert_eq!((&newest["items"][0]["id"], &oldest["items"][0]["id"]), (&json!(2), &json!(1)), "{list}");
        assert_eq!(oldest["next"], Value::Null, "{list}");
    }
    let wrong = json!({ "call_id": call, "kind": "bad", "from_ms": 9, "to_ms": 5, "title": "x" });
    house.ask(Method::POST, "/audits/examples", wrong).await.expect(422);
    assert_eq!(house.get("/audits/examples?kind=bad&item=B2").await["items"][0]["title"], "抢话");
}

async fn eti_02_a_complaint_that_was_closed_without_a_final_reply_fails_closure(database: &Database) {
    let mut house = House::open(database).await;
    for (id, at, expect) in [(1, "null", 0.0), (2, "1772500000000", 3.0)] {
        let call = house.call(&Made { pack: "billboard_maker", ..Made::default() });
        house.also(&format!(
            "INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, closed_at, version, body)
             VALUES ({id}, 'billboard_maker', 'KF{id}', 'complaint', '', '', 'phone', 'closed', 'closed', 'li', '', '', '', '', 1,
                 0, 0, '', 0, 1, 1, '{{\"verification\":{{\"at\":{at}}}}}');
             INSERT INTO ticket_calls (ticket_id, call_id) VALUES ({id}, '{call}');"
        ));
        house.written().await;
        let case = case(&house, &call).await;
        assert_eq!(case["prefill"]["closure"]["points"], expect, "{}", case["prefill"]);
        assert_eq!(case["form"]["pack"], "billboard_maker");
        assert_eq!(case["prefill"]["D1"]["na"], false, "an apology is asked of complaints");
    }
}

async fn eti_21_the_version_of_the_phrase_book_is_kept_with_the_sheet(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call(&Made::default());
    house.written().await;
    let case = case(&house, &call).await;
    let first = send(&house, &case, sheet(&case, &[]), "", "wang").await.expect(201);
    // The phrase book changed and the call was judged again by it.
    let sql = format!("UPDATE call_evidence SET version = 'fedcba987654' WHERE call_id = '{call}'");
    execute(&house.shop.site.store, &sql).await.unwrap();
    let second = send(&house, &case, sheet(&case, &[]), "other phrases", "wang").await.expect(201);
    assert_eq!(
        (first["scorecard_version"].as_str(), second["scorecard_version"].as_str()),
        (Some("0123456789ab"), Some("fedcba987654"))
    );
}
