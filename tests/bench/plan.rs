//! Benchmark of the planner: one day for so many customers with five past events each, over
//! SQLite. How long each part of the day takes, and how much memory at most.
//!
//! ```text
//! cargo bench --bench plan                       10,000, 100,000 and 1,000,000 customers
//! cargo bench --bench plan -- 10000 50000        these sizes
//! ```
//!
//! The archive is filled by a process of its own, so that the peak memory is the planner's.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reads clocks and prints"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use ringback::base::Timestamp;
use ringback::calendar::Calendar;
use ringback::io::planner::{Planner, Settings};
use ringback::io::store::{Db, Store};
use ringback::io::web::{ControlHandle, Done, EventHub, Order};
use ringback::policy::pack::{Policies, Policy};
use sqlx::{AssertSqlSafe, Executor};

/// Past events of one customer.
const EVENTS: i64 = 5;
/// Of so many customers one has an installation that is called back on the day.
const ONE_DUE_IN: i64 = 100;

const PACK: &str = r#"
pack = "bench"
title = "基准"
source = "ours"
[windows]
call = ["09:00-12:00", "14:00-18:00"]
[event."install.finished"]
title = "安装完成"
[rule.installed]
title = "安装次日回访"
source = "ours"
on = { event = ["install.finished"] }
due = "1d"
deadline = "3d"
script = "generic"
[rule.half_year]
title = "半年回访"
source = "ours"
on = { every = { offset = "6mo", since = "install.finished" } }
due = "6mo"
deadline = "7mo"
script = "generic"
"#;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--bench")).collect();
    if let [word, size, folder] = given.as_slice() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (size, url) = (size.parse().unwrap(), format!("sqlite:{folder}/bench.db"));
        let said = match word.as_str() {
            "fill" => runtime.block_on(fill(&url, size)),
            _ => runtime.block_on(plan(&url)),
        };
        return print!("{said}");
    }
    let sizes: Vec<i64> = given.iter().filter_map(|text| text.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    println!(
        "| customers | events | fill | facts of a night | callbacks | list of the day | calls | second turn | peak memory |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for size in sizes {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let run = |word: &str| {
            let this = std::env::current_exe().unwrap();
            let done = Command::new(this).args([word, &size.to_string(), &place]).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let events = size * EVENTS + size / ONE_DUE_IN;
        println!("| {size} | {events} | {} | {} |", run("fill"), run("plan"));
    }
}

fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

async fn run(store: &Store, sql: String) {
    let Db::Sqlite { write, .. } = store.db() else { unreachable!("the benchmark is of SQLite") };
    write.execute(AssertSqlSafe(sql)).await.unwrap();
}

async fn number(store: &Store, sql: &str) -> i64 {
    let Db::Sqlite { read, .. } = store.db() else { unreachable!("the benchmark is of SQLite") };
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(read).await.unwrap()
}

/// The archive as it stands one evening: old events of everybody, and the installations of the
/// day, of which nobody has been looked at yet.
async fn fill(url: &str, customers: i64) -> String {
    let begun = Instant::now();
    let store = &Store::open(url).await.unwrap();
    let (old, new) = (at("2025-11-01 10:00").0, at("2026-03-02 16:00").0);
    let (review, now) = (at("2026-05-02 00:00").0, at("2026-03-02 20:00").0);
    let counted =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {customers})");
    // Filling is not what is measured: no waiting for the disk, and room for the indexes.
    for pragma in ["synchronous = OFF", "cache_size = -600000"] {
        run(store, format!("PRAGMA {pragma}")).await;
    }
    for trigger in ["customers_with_new_events", "customers_that_come_in"] {
        run(store, format!("DROP TRIGGER {trigger}")).await;
    }
    run(store, format!(
        "INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
             plan_every, owner, email, standing, fields, version, review_at, created_at, changed_at)
         {counted} SELECT i, 'bench', 'c' || i, 'Customer ' || i, '', '', '', '', 0, '', '', '', 'active',
             '{{\"product\":\"boiler\",\"address\":\"Road ' || i || '\"}}', 1,
             CASE WHEN i % {ONE_DUE_IN} = 0 THEN 0 ELSE {review} END, {now}, {now} FROM n")).await;
    run(
        store,
        format!(
            "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
         {counted} SELECT i, 'bench', printf('139%08d', i), '', '', 0, {now} FROM n"
        ),
    )
    .await;
    for round in 0..EVENTS {
        run(store, format!(
            "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
             {counted} SELECT 'bench', 'visit.done', 'e{round}-' || i, {old} - {round} * 86400000 + i % 1000 * 60000, 1, i,
                 'order-' || i, '{{\"fitter\":\"Li\"}}', 0, {old} FROM n")).await;
    }
    run(store, format!(
        "INSERT INTO events (pack, kind, external_id, at, has_time, customer_id, matter, fields, late, received_at)
         {counted} SELECT 'bench', 'install.finished', 'i' || i, {new}, 1, i, 'order-' || i, '{{\"fitter\":\"Li\"}}', 0, {new}
         FROM n WHERE i % {ONE_DUE_IN} = 0")).await;
    run(store, "ANALYZE".into()).await;
    run(store, "PRAGMA wal_checkpoint(TRUNCATE)".into()).await;
    store.close().await;
    format!("{:.1} s", begun.elapsed().as_secs_f64())
}

fn planner(store: &Store) -> Planner {
    let mut policies = Policies::default();
    policies.add(Policy::parse("bench.toml", PACK).unwrap()).unwrap();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let settings = Settings {
        policies: Arc::new(policies),
        calendar: Arc::new(Calendar::plain(zone)),
        lines: 200,
        ..Settings::default()
    };
    let (control, mut orders) = ControlHandle::channel();
    tokio::spawn(async move {
        while let Some(Order { reply, .. }) = orders.recv().await {
            reply.send(Ok(Done::Accepted)).ok();
        }
    });
    Planner::new(store.clone(), control, EventHub::new(1), settings)
}

async fn turns(planner: &Planner, now: Timestamp) {
    while planner.turn(now).await.unwrap().more {}
}

/// The evening's facts, the list of the next morning, and a turn after it; each with its time.
async fn plan(url: &str) -> String {
    let store = Store::open(url).await.unwrap();
    let planner = planner(&store);
    let mut times = Vec::new();
    for moment in ["2026-03-02 20:00", "2026-03-03 08:50", "2026-03-03 08:51"] {
        let begun = Instant::now();
        turns(&planner, at(moment)).await;
        times.push(begun.elapsed().as_secs_f64());
    }
    let callbacks = number(&store, "SELECT COUNT(*) FROM callbacks").await;
    let calls = number(&store, "SELECT COUNT(*) FROM entries").await;
    let (night, list, again) = (times[0], times[1], times[2]);
    format!("{night:.2} s | {callbacks} | {list:.2} s | {calls} | {again:.3} s | {} MB", peak_mb())
}

/// Memory at most (VmHWM).
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_000
}
