//! What a person may ask for: to be forgotten, and to see what is stored.

use reqwest::Method;
use ringback::base::Disposition;
use ringback::media::Recording;
use serde_json::json;

use super::world::{counts, site};
use crate::support::databases::{Database, number, on_both_databases, text};
use crate::web::site::{Call, MONDAY, send};

on_both_databases! {
    an_erased_customer_leaves_figures_and_nothing_that_names_them,
    an_export_holds_everything_and_is_logged,
}

const ORDER: &str = "订单号,客户,电话,日期,备注\nO1,张三,13600001111,2026-03-02,secret\n";
const QUERY: &str = "pack=billboard&intake=orders";

async fn an_erased_customer_leaves_figures_and_nothing_that_names_them(database: &Database) {
    let mut site = site(database).await;
    site.intake(QUERY, ORDER).await.expect(201);
    let (campaign, entries) = site.campaign(&["13600001111", "13600001112"]).await;
    let file = site.recordings().join("a.wav");
    std::fs::write(&file, "sound").unwrap();
    let recording = Recording {
        path: file.clone(),
        duration: std::time::Duration::from_secs(20),
        sha256: "00".repeat(32),
        left_dbfs: -20.0,
        right_dbfs: -20.0,
        missing_frames: 0,
    };
    let call = Call {
        disposition: Disposition::Completed,
        scores: &[Some(5)],
        seconds: 20,
        recording: Some(recording),
        detail: "spoke with 13600001111",
    };
    site.call(campaign, entries[0], "13600001111", MONDAY.0 + 1_000, call).await;
    let erase = async |reason: &str, token: &str| {
        send(site.request(Method::DELETE, &format!("/api/v1/customers/1?reason={reason}"), token)).await
    };
    erase("asked", &site.operate).await.expect(403);
    erase("", &site.admin).await.expect(422);
    let erased = erase("asked%20by%20letter", &site.admin).await.expect(200);
    assert_eq!((&erased["calls"], &erased["entries"], &erased["events"]), (&json!(1), &json!(1), &json!(1)));
    assert!(!file.exists(), "the recording is gone");
    for (table, columns) in [
        ("customers", "name || external_id || fields || email"),
        ("customer_versions", "before || after || why"),
        ("events", "fields || matter"),
        ("entries", "phone || name || row_key || fields"),
        ("calls", "phone || detail || COALESCE(recording, '')"),
    ] {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} WHERE {columns} LIKE '%13600001111%' OR {columns} LIKE '%secret%' OR {columns} LIKE '%张三%'"
        );
        assert_eq!(number(&site.store, &sql).await, 0, "{table}");
    }
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM customer_phones").await, 0);
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM traces").await, 0);
    assert_eq!(
        number(&site.store, "SELECT COUNT(*) FROM calls WHERE disposition = 'completed' AND answered_at > 0")
            .await,
        1,
        "figures stay"
    );
    assert_eq!(number(&site.store, "SELECT COUNT(*) FROM answers WHERE score = 5").await, 1);
    assert_eq!(
        text(&site.store, "SELECT detail FROM audit_log WHERE action = 'customer.erase'").await,
        "asked by letter"
    );
    assert_eq!(
        number(&site.store, "SELECT COUNT(*) FROM entries WHERE phone = '13600001112'").await,
        1,
        "nobody else is touched"
    );
    // The same file once more tells nothing of them again; a new order is a new customer.
    let again = site.intake(QUERY, ORDER).await.expect(201);
    assert_eq!(counts(&again, &["added", "changed", "skipped"]), [0, 0, 1]);
    erase("twice", &site.admin).await.expect(409);
}

async fn an_export_holds_everything_and_is_logged(database: &Database) {
    let mut site = site(database).await;
    site.intake(QUERY, ORDER).await.expect(201);
    let (campaign, entries) = site.campaign(&["13600001111"]).await;
    let call = Call {
        disposition: Disposition::Completed,
        scores: &[Some(4)],
        seconds: 20,
        recording: None,
        detail: "",
    };
    site.call(campaign, entries[0], "13600001111", MONDAY.0 + 1_000, call).await;
    send(site.request(Method::GET, "/api/v1/customers/1/export", &site.read)).await.expect(403);
    let all = site.get("/api/v1/customers/1/export").await.expect(200);
    assert_eq!(all["customer"]["phone"], "13600001111");
    assert_eq!(
        (&all["events"][0]["fields"]["备注"], &all["answers"][0]["score"]),
        (&json!("secret"), &json!(4))
    );
    assert_eq!((all["calls"].as_array().unwrap().len(), all["entries"].as_array().unwrap().len()), (1, 1));
    assert_eq!(
        text(&site.store, "SELECT subject FROM audit_log WHERE action = 'customer.export'").await,
        "customer:1"
    );
    let card = send(site.request(Method::GET, "/api/v1/customers/1", &site.read)).await.expect(200);
    assert_eq!(
        (&card["calls"][0]["phone"], &card["phones"][0]["phone"]),
        (&json!("136****1111"), &json!("136****1111"))
    );
}
