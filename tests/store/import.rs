//! Long lists come in through the real daemon, by API and by command line, as a stream.
//!
//! `RINGBACK_TEST_IMPORT_ROWS=100000` makes them as long as the requirement says (IM-02,
//! reliability 28: 100,000 rows in constant memory); by default they have 5,000 rows.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::real::{Real, count_from};
use crate::peers::program::until;
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    a_long_list_comes_in_as_a_stream_by_api_and_by_command_line,
}

/// Growth of the daemon while a list comes in: the pieces under way, SQLite's page cache of
/// 2 MB for each connection, and 20 bytes for each row.
const GROWTH_KB: u64 = 24 * 1024;

/// One customer; a thousandth of them have a number that is none.
fn row(n: u64) -> String {
    let phone = if n % 1_000 == 7 { "138".to_owned() } else { format!("138{n:08}") };
    format!("客户{n},{phone},A{n},\"地址, {n}号\",2026-03-02\n")
}

async fn a_long_list_comes_in_as_a_stream_by_api_and_by_command_line(database: &Database) {
    let rows = count_from("RINGBACK_TEST_IMPORT_ROWS", 5_000);
    let limit = Duration::from_millis(rows / 10).max(Duration::from_secs(10));
    let folder = tempfile::tempdir().unwrap();
    let daemon = Real::start(folder.path(), &format!("[database]\nurl = \"{}\"", database.url)).await;
    let bad = (0..rows).filter(|n| n % 1_000 == 7).count() as u64;
    let list = format!("姓名,手机号码,订单号,地址,安装日期\n{}", (0..rows).map(row).collect::<String>());
    // A short list first, so that pools, caches and code are there before memory is looked at.
    daemon.upload("warm", list.lines().take(2_000).collect::<Vec<_>>().join("\n")).await;
    let before = daemon.peak_memory();
    daemon.forget_peak();

    let began = Instant::now();
    let pieces =
        tokio_stream::iter(list.clone().into_bytes().chunks(10_000).map(<[u8]>::to_vec).collect::<Vec<_>>());
    let body = reqwest::Body::wrap_stream(tokio_stream::StreamExt::map(pieces, Ok::<_, std::io::Error>));
    let (report, shares) = tokio::join!(daemon.upload("api", body), shares_read(&daemon));
    let api = began.elapsed();
    assert_eq!(
        (&report["counts"]["added"], &report["counts"]["rejected"]),
        (&json!(rows - bad), &json!(bad))
    );
    assert!(api < limit, "{rows} rows took {api:?}");
    assert!(shares.is_sorted() && *shares.last().unwrap() == 100, "{shares:?}");

    let csv = folder.path().join("list.csv");
    std::fs::write(&csv, &list).unwrap();
    let began = Instant::now();
    let output =
        daemon.cli(&["list", "import", "list.csv", "--list", "cli", "--rejected", "bad.csv", "--json"]);
    let cli = began.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["added"], rows - bad);
    assert!(cli < limit, "{rows} rows took {cli:?} by the command line");
    let rejected = std::fs::read_to_string(folder.path().join("bad.csv")).unwrap();
    assert_eq!(rejected.lines().count() as u64, bad + 1, "the header and a line for each");
    let first = rejected.lines().nth(1).unwrap();
    assert!(first.starts_with("9,rejected,") && first.contains("客户7,138,A7"), "{first}");

    let began = Instant::now();
    let again = daemon.upload("api", list.clone()).await;
    let unchanged = began.elapsed();
    assert_eq!(again["counts"]["unchanged"], rows - bad, "importing twice changes nothing");
    let renamed = list.replace("客户", "先生");
    let began = Instant::now();
    assert_eq!(daemon.upload("api", renamed).await["counts"]["changed"], rows - bad);
    let changed = began.elapsed();

    let grown = daemon.peak_memory().saturating_sub(before);
    println!(
        "{rows} rows on {}: API {api:?}, command line {cli:?}, again {unchanged:?}, changed {changed:?}; memory grew by {grown} kB from {before} kB",
        database.url.split(':').next().unwrap()
    );
    assert!(grown < GROWTH_KB, "memory grew by {grown} kB");
}

/// Percent of the file read, as the API tells while the import runs, to its end.
async fn shares_read(daemon: &Real) -> Vec<u64> {
    let mut shares = Vec::new();
    let done = until(Duration::from_secs(120), async || {
        let newest = daemon.get("/imports?limit=1").await["items"][0].clone();
        let (read, bytes) = (newest["bytes_read"].as_u64()?, newest["bytes"].as_u64()?);
        // The short list that came before has less than any.
        if bytes > 1 && newest["list_id"] != 1 {
            shares.push(read * 100 / bytes);
            return (newest["state"] == "done").then_some(());
        }
        None
    });
    assert!(done.await.is_some(), "the import ends");
    shares
}

#[test]
fn a_list_without_end_is_refused_at_the_limit_and_leaves_nothing() {
    crate::support::databases::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Real::start(folder.path(), "").await;
        let before = daemon.peak_memory();
        let piece = "x".repeat(1 << 20);
        // 1 GB, were it taken.
        let pieces = tokio_stream::iter((0..1024).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
        let request = daemon.request(Method::POST, "/imports?list_name=endless");
        let answer = request.header("content-type", "text/csv").body(reqwest::Body::wrap_stream(pieces));
        let answer = answer.send().await.expect("an answer although not all was sent");
        assert_eq!(answer.status(), 413);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/too-large");
        assert!(problem["detail"].as_str().unwrap().contains("split the file"), "{problem}");
        assert_eq!(daemon.get("/lists").await["items"], json!([]));
        let grown = daemon.peak_memory().saturating_sub(before);
        assert!(grown < GROWTH_KB, "memory grew by {grown} kB");
        let left = std::fs::read_dir(folder.path().join("recordings")).unwrap().count();
        assert_eq!(left, 0, "the file is gone with the request");
    });
}
