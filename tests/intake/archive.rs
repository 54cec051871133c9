//! The customer archive: who is the same person, what is known of them, what was changed.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{counts, site};
use crate::support::databases::{Database, number, on_both_databases, text};
use crate::web::site::{Site, send};

on_both_databases! {
    imp_09_orders_with_one_number_in_any_spelling_are_one_customer,
    arc_01_columns_of_the_product_are_stored_shown_and_found,
    arc_02_a_number_changed_in_a_callback_is_used_next_and_the_old_one_stays_in_the_history,
    arc_05_customers_are_chosen_by_a_field_and_the_count_agrees,
    arc_06_official_and_private_cars_are_counted_apart,
    a_customer_is_known_by_their_own_key_before_their_number,
    two_records_of_one_customer_are_merged_and_later_rows_find_the_one_that_stays,
}

async fn patch(site: &Site, id: i64, body: Value) -> crate::web::site::Answer {
    send(site.request(Method::PATCH, &format!("/api/v1/customers/{id}"), &site.operate).json(&body)).await
}

async fn imp_09_orders_with_one_number_in_any_spelling_are_one_customer(database: &Database) {
    let site = site(database).await;
    let first = "流程单号,客户名称,电话,下单日期\nW1,天河广告,136-0238-8518,2026-03-02\n";
    let report = site.intake("pack=billboard&intake=orders", first).await.expect(201);
    assert_eq!(counts(&report, &["added", "customers_added"]), [1, 1]);
    let more = "流程单号,客户名称,电话,下单日期\nW2,天河广告公司,13602388518,2026-03-03\nW3,天河,+86 136 0238 8518,2026-03-04\nW4,别人,13600001111,2026-03-04\n";
    let report = site.intake("pack=billboard&intake=orders", more).await.expect(201);
    assert_eq!(counts(&report, &["added", "customers_added"]), [3, 1]);
    let card = site.get("/api/v1/customers/1?unmask=true").await.expect(200);
    let orders: Vec<&str> =
        card["events"].as_array().unwrap().iter().map(|e| e["external_id"].as_str().unwrap()).collect();
    assert_eq!(orders, ["W3", "W2", "W1"]);
    assert_eq!(
        (&card["customer"]["name"], &card["customer"]["phone"]),
        (&json!("天河广告"), &json!("13602388518"))
    );
    // Two orders of one new customer in one file make one record too.
    let twice = "流程单号,客户名称,电话,下单日期\nW5,新客,13700000001,2026-03-05\nW6,新客户,137-0000-0001,2026-03-05\n";
    let report = site.intake("pack=billboard&intake=orders", twice).await.expect(201);
    assert_eq!(counts(&report, &["added", "customers_added"]), [2, 1]);
    let again = site.intake("pack=billboard&intake=orders", twice).await.expect(201);
    assert_eq!(counts(&again, &["added", "changed", "unchanged", "customers_changed"]), [0, 0, 2, 0]);
}

async fn arc_01_columns_of_the_product_are_stored_shown_and_found(database: &Database) {
    let site = site(database).await;
    let file = "客户编号,客户名称,地址,电话,规格,翻动形式,保修日期\nC1,天河广告,天河路1号,13602388518/0769-22508699,3x6,三面翻,2027-03-01\nC2,海珠广告,江南道,13600001111,2x4,滚动,2026-03-31\n";
    let report = site.intake("pack=billboard&source=archive", file).await.expect(201);
    assert_eq!(counts(&report, &["added", "customers_added"]), [2, 2]);
    for query in ["phone=136-0238-8518", "text=天河", "phone=076922508699", "text=C1"] {
        let found = site.items(&format!("customers?{query}")).await;
        assert_eq!((found.len(), &found[0]["external_id"]), (1, &json!("C1")), "{query}");
        assert_eq!(found[0]["phone"], "136****8518");
    }
    let card = site.get("/api/v1/customers/1").await.expect(200);
    let fields = &card["customer"]["fields"];
    assert_eq!(
        (&fields["翻动形式"], &fields["address"], &fields["规格"]),
        (&json!("三面翻"), &json!("天河路1号"), &json!("3x6"))
    );
    assert_eq!(card["phones"].as_array().unwrap().len(), 2);
    let again = site.intake("pack=billboard&source=archive", file).await.expect(201);
    assert_eq!(counts(&again, &["added", "changed", "unchanged"]), [0, 0, 2]);
    let changed =
        site.intake("pack=billboard&source=archive", file.replace("滚动", "三面翻")).await.expect(201);
    assert_eq!(counts(&changed, &["changed", "unchanged"]), [1, 1]);
    let versions = site.get("/api/v1/customers/2").await.expect(200)["versions"].clone();
    assert_eq!(
        (&versions[0]["before"]["fields"]["翻动形式"], &versions[0]["after"]["fields"]["翻动形式"]),
        (&json!("滚动"), &json!("三面翻"))
    );
}

async fn arc_02_a_number_changed_in_a_callback_is_used_next_and_the_old_one_stays_in_the_history(
    database: &Database,
) {
    let site = site(database).await;
    site.intake("pack=billboard", "客户编号,姓名,电话,需求,预算\nC1,张三,13600001111,客厅,20万\n")
        .await
        .expect(201);
    let body = json!({"why": "the customer said so", "version": 1, "phones": [{"phone": "136 0000 2222", "label": "new"}], "quiet_hours": "12:00-14:00", "fields": {"预算": "25万", "需求": null}});
    let card = patch(&site, 1, body.clone()).await.expect(200);
    assert_eq!(
        (&card["customer"]["version"], &card["customer"]["phone"]),
        (&json!(2), &json!("136****2222"))
    );
    assert_eq!(card["customer"]["fields"], json!({"预算": "25万"}));
    let phones = site.get("/api/v1/customers/1?unmask=true").await.expect(200)["phones"].clone();
    assert_eq!((&phones[0]["phone"], phones[0]["valid_to"].is_null()), (&json!("13600002222"), true));
    assert_eq!((&phones[1]["phone"], phones[1]["valid_to"].is_null()), (&json!("13600001111"), false));
    let stored = site.store.customer(ringback::base::CustomerId(1)).await.unwrap().unwrap();
    assert_eq!(stored.phone().unwrap().as_str(), "13600002222", "the next attempt uses the new number");
    let version = &card["versions"][0];
    assert_eq!((&version["actor"], &version["why"]), (&json!("operate"), &json!("the customer said so")));
    assert_eq!(version["before"]["contacts"][0]["phone"], "136****1111");
    assert_eq!(site.items("customers?phone=13600001111").await.len(), 1, "found by the old number too");
    let stale = patch(&site, 1, body).await.expect(409);
    assert!(stale["detail"].as_str().unwrap().contains("version 2"), "{stale}");
    patch(&site, 1, json!({"why": "x", "quiet_hours": "noon"})).await.expect(422);
    patch(&site, 1, json!({"why": "", "name": "x"})).await.expect(422);
    patch(&site, 99, json!({"why": "x", "name": "x"})).await.expect(404);
    assert_eq!(site.touched.lock().unwrap().len(), 2, "one intake, one edit");
}

async fn arc_05_customers_are_chosen_by_a_field_and_the_count_agrees(database: &Database) {
    let site = site(database).await;
    let mut file = String::from("客户编号,电话,warranty_end,key_account\n");
    for day in 1..=40 {
        let date = jiff::civil::date(2026, 2, 20).saturating_add(jiff::Span::new().days(day));
        file += &format!("C{day},136000010{day:02},{date},{}\n", if day % 10 == 0 { "是" } else { "" });
    }
    site.intake("pack=billboard", file).await.expect(201);
    let found = site.items("customers?field=warranty_end&from=2026-03-01&to=2026-03-31&limit=500").await;
    assert_eq!(found.len(), 31);
    assert_eq!(site.items("customers?key_account=true").await.len(), 4);
    assert_eq!(site.items("customers?field=warranty_end&is=2026-03-05").await.len(), 1);
    site.get("/api/v1/customers?from=2026-03-01").await.expect(422);
}

async fn arc_06_official_and_private_cars_are_counted_apart(database: &Database) {
    let site = site(database).await;
    let mut file = String::from("姓名,电话,客户类型\n");
    for n in 0..7 {
        file += &format!("车主{n},1360000111{n},{}\n", if n < 3 { "公车" } else { "私车" });
    }
    site.intake("pack=auto_repair", file).await.expect(201);
    assert_eq!(site.items("customers?field=客户类型&is=公车").await.len(), 3);
    assert_eq!(site.items("customers?field=客户类型&is=私车").await.len(), 4);
}

async fn a_customer_is_known_by_their_own_key_before_their_number(database: &Database) {
    let site = site(database).await;
    let path = "/api/v1/customers?pack=billboard";
    let customer =
        |key: &str, name: &str, phone: &str| json!({"external_id": key, "name": name, "phones": [phone]});
    let wife_and_husband =
        json!([customer("C1", "张三", "13600001111"), customer("C2", "李四", "13600001111")]);
    let report = site.post(path, wife_and_husband).await.expect(200);
    assert_eq!(counts(&report["intake"], &["added"]), [2]);
    let again = site
        .post(path, json!([customer("C1", "张三丰", "13600001111"), customer("", "谁", "13600002222")]))
        .await
        .expect(200);
    let results: Vec<_> = again["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["result"].as_str().unwrap(), r["customer_id"].as_i64().unwrap()))
        .collect();
    assert_eq!(results, [("changed", 1), ("added", 3)]);
    // One who came without a key gets it when it is known.
    site.post(path, json!([customer("C3", "", "13600002222")])).await.expect(200);
    assert_eq!(text(&site.store, "SELECT external_id FROM customers WHERE id = 3").await, "C3");
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customers").await, 3);
    // An event of a known matter needs no number.
    let event = |id: &str, customer: Value| json!({"kind": "order.placed", "external_id": id, "at": "2026-03-02", "matter": "M1", "customer": customer});
    let path = "/api/v1/events?pack=billboard";
    site.post(path, event("E1", json!({"external_id": "C2"}))).await.expect(200);
    let second = site.post(path, event("E2", json!({}))).await.expect(200);
    assert_eq!(second["results"][0]["customer_id"], 2);
    let unknown = json!({"kind": "order.placed", "external_id": "E3", "at": "2026-03-02", "matter": "M9"});
    assert_eq!(site.post(path, unknown).await.expect(422)["errors"][0]["field"], "unknown_customer");
}

async fn two_records_of_one_customer_are_merged_and_later_rows_find_the_one_that_stays(database: &Database) {
    let site = site(database).await;
    let file = "客户编号,姓名,电话,等级\nC1,张三,13600001111,\nC2,张三,13600002222,A\n";
    site.intake("pack=billboard", file).await.expect(201);
    let order = |id: &str, customer: &str| format!("订单号,客户编号,日期\n{id},{customer},2026-03-02\n");
    site.intake("pack=billboard&intake=orders", order("O2", "C2")).await.expect(201);
    let card = site
        .post("/api/v1/customers/merge", json!({"keep": 1, "other": 2, "reason": "same person"}))
        .await
        .expect(200);
    assert_eq!((&card["customer"]["grade"], card["events"].as_array().unwrap().len()), (&json!("A"), 1));
    assert_eq!(card["phones"].as_array().unwrap().iter().filter(|p| p["valid_to"].is_null()).count(), 2);
    assert_eq!(site.items("customers").await.len(), 1);
    site.intake("pack=billboard&intake=orders", order("O3", "C2")).await.expect(201);
    let card = site.get("/api/v1/customers/1").await.expect(200);
    assert_eq!(card["events"].as_array().unwrap().len(), 2, "the old key finds the record that stays");
    for (keep, other, status) in [(1, 1, 409), (1, 2, 409), (1, 99, 404)] {
        site.post("/api/v1/customers/merge", json!({"keep": keep, "other": other, "reason": "x"}))
            .await
            .expect(status);
    }
    assert_eq!(
        number(&site.store, "SELECT COUNT(*) FROM audit_log WHERE action = 'customer.merge'").await,
        1
    );
}
