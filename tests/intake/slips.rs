//! Slips, settled jobs, handovers, reports: what packs ask of what comes in.

use serde_json::{Value, json};

use super::world::{counts, site};
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    imp_01_two_of_three_slips_come_in_and_the_third_is_missed_at_half_past_eight,
    imp_02_slips_entered_a_day_later_are_flagged_and_stay_so,
    imp_03_a_slip_without_score_is_listed_by_its_row_and_leaves_nothing,
    imp_05_the_settled_jobs_of_a_gbk_export_come_in_once,
    imp_06_the_register_is_reconciled_with_the_source_by_caller,
    imp_07_an_item_marked_as_mismatch_stands_in_the_register,
    imp_08_a_project_is_after_sales_from_its_handover_on_and_the_department_gets_a_copy,
    rem_02_an_appointment_with_too_small_a_deposit_is_422,
    rem_05_a_report_is_reminded_of_and_then_missed_until_it_is_there,
    a_mapping_is_remembered_for_its_source,
}

async fn imp_01_two_of_three_slips_come_in_and_the_third_is_missed_at_half_past_eight(database: &Database) {
    let site = site(database).await;
    site.set_clock("2026-03-02T18:00:00+08:00");
    let finished = "订单号,客户,电话,完工日期\nO1,张三,13600001111,2026-03-02\nO2,李四,13600001112,2026-03-02\nO3,王五,13600001113,2026-03-02\n";
    site.intake("pack=install&intake=finished", finished).await.expect(201);
    site.set_clock("2026-03-03T08:10:00+08:00");
    let slips = "订单号,客户,电话,客户评分\nO1,张三,13600001111,5\nO2,李四,13600001112,4\n";
    let query = "pack=install&intake=slips&collected_by=安装主管&handed_over_by=王主管";
    let report = site.intake(query, slips).await.expect(201);
    assert_eq!(counts(&report, &["added", "rejected", "customers_added"]), [2, 0, 0]);
    assert_eq!(
        site.items("intake-warnings?pack=install").await,
        Vec::<Value>::new(),
        "not yet half past eight"
    );
    site.set_clock("2026-03-03T08:30:00+08:00");
    let warnings = site.items("intake-warnings?pack=install").await;
    let missing: Vec<_> = warnings.iter().filter(|w| w["code"] == "missing_slip").collect();
    assert_eq!(missing.len(), 1, "{warnings:?}");
    assert_eq!(
        (&missing[0]["event"]["matter"], &missing[0]["event"]["name"]),
        (&json!("O3"), &json!("王五"))
    );
    let card = site.get("/api/v1/customers/1").await.expect(200);
    let slip = card["events"].as_array().unwrap().iter().find(|e| e["kind"] == "slip.received").unwrap();
    assert_eq!(
        (&slip["fields"]["collected_by"], &slip["fields"]["handed_over_by"]),
        (&json!("安装主管"), &json!("王主管"))
    );
    let intake = &site.items("intakes?pack=install").await[0];
    assert_eq!(intake["collected_by"], "安装主管");
}

async fn imp_02_slips_entered_a_day_later_are_flagged_and_stay_so(database: &Database) {
    let site = site(database).await;
    site.set_clock("2026-03-03T08:20:00+08:00");
    let slip =
        |id: &str, at: &str| format!("订单号,电话,客户评分,收单时间\n{id},1360000111{},5,{at}\n", id.len());
    site.intake("pack=install&intake=slips", slip("A", "2026-03-03 08:05")).await.expect(201);
    site.set_clock("2026-03-04T00:01:00+08:00");
    let late = site.intake("pack=install&intake=slips", slip("BB", "2026-03-03")).await.expect(201);
    assert_eq!(counts(&late, &["added", "late"]), [1, 1]);
    // The file of yesterday once more: row A was in time and stays so.
    let again = site.intake("pack=install&intake=slips", slip("A", "2026-03-03 08:05")).await.expect(201);
    assert_eq!(counts(&again, &["unchanged", "late"]), [1, 0]);
    assert_eq!(text(&site.store, "SELECT external_id FROM events WHERE late = 1").await, "BB");
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events WHERE late = 0").await, 1);
}

async fn imp_03_a_slip_without_score_is_listed_by_its_row_and_leaves_nothing(database: &Database) {
    let site = site(database).await;
    let slips = "订单号,客户,电话,客户评分\nA,张三,13600001111,5\nB,=李四,13600001112,\nC,王五,12,5\n";
    let report = site.intake("pack=install&intake=slips", slips).await.expect(201);
    assert_eq!(counts(&report, &["added", "rejected"]), [1, 2]);
    let problem = &report["problems"][0];
    assert_eq!((&problem["line"], &problem["code"]), (&json!(3), &json!("no_customer_score")));
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events").await, 1, "the register has no row of it");
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customers").await, 1);
    let refused = site.get(&format!("/api/v1/intakes/{}/rejected.csv", report["id"])).await;
    let text = refused.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.lines().nth(1).unwrap().contains("\"B,=李四,13600001112,\""), "{text}");
    let hidden = site.items(&format!("intakes/{}/rows?result=rejected", report["id"])).await;
    assert_eq!((hidden.len(), &hidden[0]["text"]), (2, &json!("")), "numbers are not shown to everybody");
    let lenient = site
        .intake("pack=install&intake=lenient", "订单号,电话,客户评分\nB,13600001112,\n")
        .await
        .expect(201);
    assert_eq!(counts(&lenient, &["added", "rejected", "warned"]), [1, 0, 1]);
    let dry = site
        .intake("pack=install&intake=slips&dry_run=true", "订单号,电话,客户评分\nZ,13600001119,5\n")
        .await
        .expect(200);
    assert_eq!((counts(&dry, &["added", "customers_added"]), &dry["id"]), (vec![1, 1], &json!(null)));
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events WHERE external_id = 'Z'").await, 0);
}

async fn imp_05_the_settled_jobs_of_a_gbk_export_come_in_once(database: &Database) {
    let site = site(database).await;
    site.set_clock("2026-03-03T08:00:00+08:00");
    let mut export = String::from("结算单号,车主,车主电话,车牌号,状态,结算日期\n");
    for n in 0..7 {
        let status = if n < 5 { "已结算" } else { "未结算" };
        export += &format!("J{n},陈晓{n}㐀,1360000111{n},粤S{n}888,{status},2026/3/2\n");
    }
    let (gbk, _, lost) = encoding_rs::GB18030.encode(&export);
    assert!(!lost);
    let query = "pack=auto_repair&intake=settled&source=yhsoft&file_name=a.csv";
    let report = site.intake(query, gbk.to_vec()).await.expect(201);
    assert_eq!(counts(&report, &["added", "skipped", "rejected", "customers_added"]), [5, 2, 0, 5]);
    assert_eq!(site.touched.lock().unwrap().len(), 5, "their callbacks are worked out again");
    assert_eq!(site.items("customers?pack=auto_repair").await[0]["name"], "陈晓0㐀", "names are intact");
    let again = site.intake(query, gbk.to_vec()).await.expect(201);
    assert_eq!(counts(&again, &["added", "changed", "unchanged", "skipped"]), [0, 0, 5, 2]);
    assert_eq!(site.touched.lock().unwrap().len(), 5, "nothing new is known");
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customer_versions").await, 0);
}

async fn imp_06_the_register_is_reconciled_with_the_source_by_caller(database: &Database) {
    let site = site(database).await;
    site.set_clock("2026-03-03T08:00:00+08:00");
    let mut export = String::from("结算单号,车主,车主电话,状态,结算日期,caller\n");
    let mut register = String::from("结算单号,客户姓名,电话,回访员\n");
    for n in 0..10 {
        export += &format!("J{n},客户{n},1360000111{n},已结算,2026-03-02,anna\n");
        match n {
            4 => {}
            6 => register += &format!("J{n},客户{n},139-9999-9999,anna\n"),
            _ => register += &format!("J{n},客户{n},136 0000 111{n},anna\n"),
        }
    }
    site.intake("pack=auto_repair&intake=settled&source=yhsoft", export).await.expect(201);
    let path = "/api/v1/reconciliations?pack=auto_repair&date=2026-03-03&source=yhsoft";
    for _ in 0..2 {
        let request =
            site.request(reqwest::Method::POST, path, &site.operate).header("content-type", "text/csv");
        crate::web::site::send(request.body(register.clone())).await.expect(200);
    }
    let found = site.items("reconciliations?pack=auto_repair&date=2026-03-03").await;
    let short: Vec<_> = found
        .iter()
        .map(|r| {
            (r["caller"].as_str().unwrap(), r["kind"].as_str().unwrap(), r["line_key"].as_str().unwrap())
        })
        .collect();
    assert_eq!(short, [("anna", "altered", "J6"), ("anna", "missing", "J4")]);
    assert_eq!(
        found.iter().map(|r| r["points"].as_i64().unwrap()).sum::<i64>(),
        2,
        "each costs a point, once"
    );
    let scores = async || -> Vec<(String, i64, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows =
            site.items("score-events?pack=auto_repair&person=anna&from=2026-03-01&to=2026-03-31").await;
        rows.iter().map(|r| (text(r, "day"), r["points"].as_i64().unwrap(), text(r, "detail"))).collect()
    };
    let found = scores().await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(day, points, _)| day == "2026-03-03" && *points == -1), "{found:?}");
    assert!(
        found[0].2.starts_with("missing J4") && found[1].2.starts_with("altered J6: phone: "),
        "{found:?}"
    );
    // The caller hands the missing line in: what was found is taken back.
    register += "J4,客户4,13600001114,anna\n";
    let request = site.request(reqwest::Method::POST, path, &site.operate).header("content-type", "text/csv");
    crate::web::site::send(request.body(register)).await.expect(200);
    let left = scores().await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].2.starts_with("altered J6"), "{left:?}");
    let all = site.items("score-events?person=anna&withdrawn=true").await;
    assert_eq!(all.len(), 2, "and stays in the books as withdrawn");
}

async fn imp_07_an_item_marked_as_mismatch_stands_in_the_register(database: &Database) {
    let site = site(database).await;
    let order = "订单号,客户,电话,日期,item1,item2,item3\nO1,张三,13600001111,2026-03-02,沙发,餐桌,床\n";
    site.intake("pack=billboard&intake=orders", order).await.expect(201);
    let card = site.get("/api/v1/customers/1").await.expect(200);
    let fields = &card["events"][0]["fields"];
    assert_eq!(
        (&fields["item1"], &fields["item2"], &fields["item3"]),
        (&json!("沙发"), &json!("餐桌"), &json!("床"))
    );
    let path = format!("/api/v1/events/{}/checks", card["events"][0]["id"]);
    site.post(&path, json!({"field": "item2", "result": "mismatch", "note": "书桌"})).await.expect(204);
    let refused = site.post(&path, json!({"field": "item9", "result": "match"})).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("`item2`"), "{refused}");
    site.post(&path, json!({"field": "item1", "result": "maybe"})).await.expect(422);
    let card = site.get("/api/v1/customers/1").await.expect(200);
    let check = &card["events"][0]["checks"]["item2"];
    assert_eq!((&check["result"], &check["note"]), (&json!("mismatch"), &json!("书桌")));
}

async fn imp_08_a_project_is_after_sales_from_its_handover_on_and_the_department_gets_a_copy(
    database: &Database,
) {
    let site = site(database).await;
    let state = async |at: &str| {
        site.get(&format!("/api/v1/matters?pack=billboard&matter=P1&at={at}")).await.expect(200)
    };
    let handover = "项目编号,编号,客户,电话,移交日期\nP1,H1,甲公司,13600001111,2026-03-02\n";
    site.intake("pack=billboard&intake=handover", handover).await.expect(201);
    let before = state("2026-03-01").await;
    assert_eq!((&before["state"], &before["flag"]), (&json!(null), &json!("not_handed_over")));
    let after = state("2026-03-02").await;
    assert_eq!((&after["state"], &after["flag"]), (&json!("after_sales"), &json!(null)));
    assert_eq!(
        text(&site.store, "SELECT recipient FROM intake_copies WHERE created_at > 0").await,
        "项目管理部"
    );
    site.intake("pack=billboard&intake=handover", handover).await.expect(201);
    assert_eq!(
        number(&site.store, "SELECT COUNT(*) FROM intake_copies").await,
        1,
        "one copy of one handover"
    );
}

async fn rem_02_an_appointment_with_too_small_a_deposit_is_422(database: &Database) {
    let site = site(database).await;
    let event = |id: &str, deposit: u32| {
        json!({
            "kind": "appointment.made", "external_id": id, "at": "2026-03-03 16:50",
            "customer": {"name": "张三", "phones": ["13600001111"]}, "fields": {"price": 1000, "deposit": deposit},
        })
    };
    let path = "/api/v1/events?pack=billboard&intake=appointments";
    let refused = site.post(path, event("A1", 400)).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "deposit_too_low");
    let taken = site.post(path, event("A2", 500)).await.expect(200);
    assert_eq!(taken["results"][0]["result"], "added");
    let both = site
        .post(path, json!([event("A2", 500), event("A1", 400), event("A3", 900), event("A3", 900)]))
        .await
        .expect(200);
    let results: Vec<&str> =
        both["results"].as_array().unwrap().iter().map(|r| r["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["unchanged", "rejected", "added", "duplicate"], "idempotent by key");
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customers").await, 1);
    site.post("/api/v1/events?pack=nothing", event("A4", 900)).await.expect(422);
    let unknown = site
        .post(
            "/api/v1/events?pack=billboard",
            json!({"kind": "sold", "at": "2026-03-03", "customer": {"phones": ["13600001111"]}}),
        )
        .await
        .expect(422);
    assert!(unknown["detail"].as_str().unwrap().contains("`order.placed`"), "{unknown}");
}

async fn rem_05_a_report_is_reminded_of_and_then_missed_until_it_is_there(database: &Database) {
    let site = site(database).await;
    let codes = async |at: &str| -> Vec<String> {
        site.set_clock(at);
        let all = site.items("intake-warnings?pack=install").await;
        all.iter()
            .filter(|w| w["intake"] == "shipping")
            .map(|w| w["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes("2026-03-03T09:44:00+08:00").await, Vec::<String>::new());
    assert_eq!(codes("2026-03-03T09:45:00+08:00").await, ["report_due"]);
    assert_eq!(codes("2026-03-03T10:00:00+08:00").await, ["report_missing"]);
    site.intake("pack=install&intake=shipping", "订单号,电话\nO1,13600001111\n").await.expect(201);
    assert_eq!(codes("2026-03-03T10:01:00+08:00").await, Vec::<String>::new());
    assert_eq!(codes("2026-03-04T10:00:00+08:00").await, ["report_missing"], "each day has its own");
}

async fn a_mapping_is_remembered_for_its_source(database: &Database) {
    let site = site(database).await;
    let file = |n: u32| format!("k1,k2\n1360000111{n},N{n}\n");
    let query = "pack=billboard&source=old%20system";
    site.intake(query, file(1)).await.expect(422);
    let mapping = "%7B%22k1%22%3A%22phone%22%2C%22k2%22%3A%22name%22%7D";
    site.intake(&format!("{query}&mapping={mapping}"), file(1)).await.expect(201);
    let second = site.intake(query, file(2)).await.expect(201);
    assert_eq!(counts(&second, &["added", "customers_added"]), [1, 1]);
    let known = site.items("intake-sources").await;
    assert_eq!((&known[0]["source"], &known[0]["mapping"]["k2"]), (&json!("old system"), &json!("name")));
    let body = json!({"pack": "billboard", "source": "old system", "mapping": {"k1": "phone", "k2": "-"}});
    let put = crate::web::site::send(
        site.request(reqwest::Method::PUT, "/api/v1/intake-sources", &site.operate).json(&body),
    )
    .await;
    put.expect(204);
    site.intake(query, file(3)).await.expect(201);
    assert_eq!(text(&site.store, "SELECT name FROM customers WHERE id = 3").await, "");
}
