//! Taking an intake back.

use serde_json::json;

use super::world::{counts, site};
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    an_undone_intake_leaves_the_archive_as_it_was,
    what_was_changed_since_stays,
}

fn orders(rows: &[(&str, &str, &str)]) -> String {
    let mut file = String::from("订单号,客户,电话,日期,备注,地址\n");
    for (id, phone, note) in rows {
        file += &format!("{id},客户{id},{phone},2026-03-02,{note},{note}路\n");
    }
    file
}

const QUERY: &str = "pack=billboard&intake=orders";

async fn an_undone_intake_leaves_the_archive_as_it_was(database: &Database) {
    let site = site(database).await;
    let first = orders(&[("O1", "13600001111", "a"), ("O2", "13600001112", "b")]);
    site.intake(QUERY, first.clone()).await.expect(201);
    let wrong =
        orders(&[("O1", "13600001111", "WRONG"), ("O3", "13600001113", "c"), ("O4", "13600001112", "d")]);
    let report = site.intake(QUERY, wrong.clone()).await.expect(201);
    assert_eq!(counts(&report, &["added", "changed", "customers_added", "customers_changed"]), [2, 1, 1, 2]);
    site.touched.lock().unwrap().clear();
    let path = format!("/api/v1/intakes/{}/undo", report["id"]);
    let undone = site.post(&path, json!({"reason": "wrong file"})).await.expect(200);
    assert_eq!(undone["events_withdrawn"], 2);
    assert_eq!((&undone["events_restored"], &undone["events_kept"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&undone["customers_removed"], &undone["customers_restored"], &undone["customers_kept"]),
        (&json!(1), &json!(2), &json!(0))
    );
    assert_eq!(site.touched.lock().unwrap().len(), 2, "the removed one has no callbacks to work out");
    assert!(text(&site.store, "SELECT fields FROM events WHERE external_id = 'O1'").await.contains("\"a\""));
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM events WHERE withdrawn_at IS NULL").await, 2);
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customers").await, 2);
    assert!(text(&site.store, "SELECT fields FROM customers WHERE id = 1").await.contains("a路"));
    assert_eq!(site.get(&format!("/api/v1/intakes/{}", report["id"])).await.expect(200)["state"], "undone");
    let twice = site.post(&path, json!({"reason": "again"})).await.expect(409);
    assert!(twice["detail"].as_str().unwrap().contains("undone already"), "{twice}");
    // The same file may come in again: what was withdrawn is there again.
    let again = site.intake(QUERY, wrong).await.expect(201);
    assert_eq!(counts(&again, &["added", "changed", "customers_added"]), [2, 1, 1]);
    assert_eq!(
        number(
            &site.store,
            "SELECT COUNT(*) FROM events WHERE withdrawn_at IS NULL AND customer_id IS NOT NULL"
        )
        .await,
        4
    );
    site.post("/api/v1/intakes/99/undo", json!({"reason": "x"})).await.expect(404);
}

async fn what_was_changed_since_stays(database: &Database) {
    let site = site(database).await;
    let first = site
        .intake(QUERY, orders(&[("O1", "13600001111", "a"), ("O2", "13600001112", "b")]))
        .await
        .expect(201);
    site.intake(QUERY, orders(&[("O1", "13600001111", "corrected")])).await.expect(201);
    let undone =
        site.post(&format!("/api/v1/intakes/{}/undo", first["id"]), json!({"reason": "x"})).await.expect(200);
    assert_eq!(
        (&undone["events_withdrawn"], &undone["customers_removed"], &undone["customers_kept"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(text(&site.store, "SELECT external_id FROM events WHERE withdrawn_at IS NULL").await, "O1");
}
