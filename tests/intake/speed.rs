//! A long file: with RINGBACK_TEST_INTAKE_ROWS=100000 in a release build this is the promise of
//! 100,000 rows in under ten seconds in constant memory; by default it has 3,000 rows.

use std::time::{Duration, Instant};

use serde_json::json;

use super::excel::{Cell, row, xlsx};
use crate::peers::program::until;
use crate::store::real::{Real, count_from};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_long_file_comes_in_as_a_stream_and_can_be_taken_back,
}

/// Growth of the daemon while a file comes in: the batches under way, SQLite's page cache of
/// 2 MB for each connection, and 20 bytes for each row.
const GROWTH_KB: u64 = 32 * 1024;

async fn a_long_file_comes_in_as_a_stream_and_can_be_taken_back(database: &Database) {
    let rows = count_from("RINGBACK_TEST_INTAKE_ROWS", 3_000);
    // A debug build takes some three times as long.
    let each = if cfg!(debug_assertions) { 3 } else { 1 };
    let limit = Duration::from_millis(rows / 10).max(Duration::from_secs(10)) * each;
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir_all(&policies).unwrap();
    std::fs::write(policies.join("billboard.toml"), super::world::PACKS[2]).unwrap();
    let config =
        format!("[database]\nurl = \"{}\"\n[policy]\nfolder = \"{}\"", database.url, policies.display());
    let daemon = Real::start(folder.path(), &config).await;
    let line = |n: u64| {
        let phone = if n % 1_000 == 7 { "138".to_owned() } else { format!("138{:08}", n / 2) };
        format!("A{n},客户{n},{phone},2026-03-02,\"地址, {n}号\",备注{n}\n")
    };
    let file =
        format!("订单号,姓名,手机号码,下单日期,地址,备注\n{}", (0..rows).map(line).collect::<String>());
    let bad = (0..rows).filter(|n| n % 1_000 == 7).count() as u64;
    let upload = async |file: Vec<u8>| {
        let request =
            daemon.request(reqwest::Method::POST, "/intake?pack=billboard&intake=orders&file_name=long");
        let answer = request.header("content-type", "text/csv").body(file).send().await.unwrap();
        let status = answer.status();
        let report: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(status, 201, "{report}");
        report
    };
    let warm: String = file.lines().take(1_500).map(|l| format!("{l}\n")).collect();
    upload(warm.replace(",138", ",139").replace("\nA", "\nW").into()).await;
    let before = daemon.peak_memory();
    daemon.forget_peak();
    let began = Instant::now();
    let shares = async {
        let mut shares = Vec::new();
        let done = until(Duration::from_secs(300), async || {
            let newest = daemon.get("/intakes?limit=1").await["items"][0].clone();
            if newest["id"] != 2 {
                return None;
            }
            shares.push(newest["bytes_read"].as_u64()? * 100 / newest["bytes"].as_u64()?.max(1));
            (newest["state"] == "done").then_some(())
        });
        assert!(done.await.is_some(), "the intake ends");
        shares
    };
    let (report, shares) = tokio::join!(upload(file.clone().into()), shares);
    let took = began.elapsed();
    assert_eq!(
        (&report["counts"]["added"], &report["counts"]["rejected"]),
        (&json!(rows - bad), &json!(bad))
    );
    assert!(shares.is_sorted() && *shares.last().unwrap() == 100, "{shares:?}");
    let began = Instant::now();
    let again = upload(file.into()).await;
    let unchanged = began.elapsed();
    assert_eq!(
        (&again["counts"]["unchanged"], &again["counts"]["customers_changed"]),
        (&json!(rows - bad), &json!(0)),
        "bringing it in twice changes nothing"
    );
    let grown = daemon.peak_memory().saturating_sub(before);
    let began = Instant::now();
    let (status, undone) = daemon.post("/intakes/2/undo", &json!({"reason": "test"})).await;
    let undo = began.elapsed();
    assert_eq!((status, &undone["events_withdrawn"]), (200, &json!(rows - bad)), "{undone}");
    let sheet = {
        let header = ["订单号", "姓名", "手机号码", "下单日期", "地址", "备注"].map(Cell::Text);
        let mut xml = row(1, &header);
        for n in 0..rows {
            let (id, name, note) = (format!("A{n}"), format!("客户{n}"), format!("备注{n}"));
            let phone = Cell::Number(13_800_000_000.0 + (n / 2) as f64);
            let cells = [
                Cell::Text(&id),
                Cell::Text(&name),
                phone,
                Cell::Date(46_083.0),
                Cell::Text("地址"),
                Cell::Text(&note),
            ];
            xml += &row(n as usize + 2, &cells);
        }
        xlsx(&xml, &[])
    };
    let began = Instant::now();
    let excel = upload(sheet).await;
    let excel_took = began.elapsed();
    assert_eq!(
        excel["counts"]["added"], rows,
        "what was withdrawn is there again, and the rest for the first time"
    );
    println!(
        "{rows} rows on {}: {took:?}, again {unchanged:?}, undo {undo:?}, as xlsx {excel_took:?}; memory grew by {grown} kB from {before} kB",
        database.url.split(':').next().unwrap()
    );
    assert!(took < limit, "{rows} rows took {took:?}");
    assert!(excel_took < limit, "{rows} rows of Excel took {excel_took:?}");
    assert!(grown < GROWTH_KB, "memory grew by {grown} kB");
}
