//! Benchmark of the books and the audit: a year of callbacks and calls of people, with three answers each, told
//! by a yearly report, counted for everybody's sheet, filled into a register as Excel; and each month frozen, drawn
//! and drawn again. Time and peak memory of each.
//!
//! ```text
//! cargo bench --bench report                200,000 calls
//! cargo bench --bench report -- 20000       this many
//! ```
//!
//! The database is filled by a process of its own, so that the peak memory is that of the books.

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

use ringback::app::{load_books, load_calendar, load_forms, load_policies};
use ringback::base::Timestamp;
use ringback::config;
use ringback::io::audit::{self, AuditOffice, SeedBody};
use ringback::io::books::Books;
use ringback::io::planner::{Planner, Settings};
use ringback::io::store::{Db, Store};
use ringback::io::web::{ControlHandle, EventHub};
use sqlx::{AssertSqlSafe, Executor};

/// A year of the hospital: every figure of the quarterly report, over twelve months.
const REPORT: &str = "hospital-quarter";

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--bench")).collect();
    if let [word, size, folder] = given.as_slice() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (size, url) = (size.parse().unwrap(), format!("sqlite:{folder}/bench.db"));
        let said = match word.as_str() {
            "fill" => runtime.block_on(fill(&url, size)),
            task => runtime.block_on(run(&url, task)),
        };
        return print!("{said}");
    }
    let sizes: Vec<i64> = given.iter().filter_map(|text| text.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![200_000] } else { sizes };
    println!(
        "| calls a year | fill | yearly report | sheets of all months | register of the year as Excel | twelve draws | \
         the draws verified |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in sizes {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let run = |word: &str| {
            let this = std::env::current_exe().unwrap();
            let done = Command::new(this).args([word, &size.to_string(), &place]).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let parts = ["fill", "report", "sheets", "excel", "draw", "verify"].map(run);
        println!("| {size} | {} |", parts.join(" | "));
    }
}

fn at(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

/// The id of call `i` at a time in ms, in SQL: ten digits of Crockford's base 32 and a number, as the daemon's ids sort.
fn id_at(ms: &str) -> String {
    let digit = |place: u32| {
        format!("substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (({ms} >> {}) & 31) + 1, 1)", 5 * place)
    };
    let digits: Vec<String> = (0..10).rev().map(digit).collect();
    format!("{} || printf('%016d', i)", digits.join(" || "))
}

/// Calls of a year, evenly spread, each with its callback and three answers.
async fn fill(url: &str, calls: i64) -> String {
    let begun = Instant::now();
    let store = Store::open(url).await.unwrap();
    let Db::Sqlite { write, .. } = store.db() else { unreachable!("the benchmark is of SQLite") };
    let from = at("2026-01-01 00:00").0;
    let step = (at("2027-01-01 00:00").0 - from) / calls;
    let counted =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {calls})");
    let people = calls / 4;
    let id = id_at(&format!("({from} + i * {step} - 1)"));
    let statements = [
        "PRAGMA synchronous = OFF".to_owned(),
        "DROP TRIGGER customers_that_come_in".to_owned(),
        format!(
            "INSERT INTO customers (id, pack, external_id, name, language, grade, preferred_hours, quiet_hours, key_account,
                 plan_every, owner, email, standing, fields, version, created_at, changed_at)
             {counted} SELECT i, 'hospital', 'c' || i, '患者' || i, '', '', '', '', 0, '', '', '', 'active',
                 '{{\"department\":\"科' || i % 12 || '\"}}', 1, {from}, {from} FROM n WHERE i <= {people}"
        ),
        format!(
            "INSERT INTO customer_phones (customer_id, pack, phone, extension, label, position, valid_from)
             {counted} SELECT i, 'hospital', printf('139%08d', i), '', '', 0, 0 FROM n WHERE i <= {people}"
        ),
        format!(
            "INSERT INTO calls (id, direction, state, phone, script, reserved_at, started_at, answered_at, ended_at, disposition)
             {counted} SELECT {id}, 'outbound', 'ended', printf('139%08d', i % {people} + 1), 'hospital',
                 {from} + i * {step} - 1, {from} + i * {step}, {from} + i * {step} + 5000, {from} + i * {step} + 95000,
                 'completed' FROM n"
        ),
        format!(
            "INSERT INTO callbacks (pack, rule, version, customer_id, subject, occurrence, origin, method, earliest, due,
                 deadline, sums, state, reason, detail, outcome, closed_at, call_id, assignee, created_at, changed_at)
             {counted} SELECT 'hospital', CASE i % 3 WHEN 0 THEN 'basic' WHEN 1 THEN 'inpatient' ELSE 'specialty' END, 'v',
                 i % {people} + 1, 's' || i, 0, 'event', 'phone', {from}, {from}, {from} + i * {step}, '{{}}', 'done', 'called',
                 '', CASE WHEN i % 20 THEN 'satisfied' ELSE 'dissatisfied' END, {from} + i * {step} - 1,
                 {id}, '客服' || (i % 25), {from}, {from} FROM n"
        ),
    ];
    for sql in statements {
        write.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    // The id of a call is its time and a number, as those of the daemon are: the audit takes a month by it.
    for (table, more) in [
        (
            "legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)",
            "1, 'agent', '1001', '客服' || (rowid % 25), started_at, answered_at, ended_at, 'talked', 'us'",
        ),
        (
            "call_evidence (call_id, made_at, pack, version, agent, talk_ms, heard_ms, heard, worst, audit, problem, transcription)",
            "ended_at, 'hospital', '0123456789ab', '客服' || (rowid % 25), 90000, 90000, '{}', 'info',
          CASE WHEN rowid % 50 THEN '[]' ELSE '[\"critical\"]' END, '', ''",
        ),
        (
            "findings (call_id, number, detector, value, unit, start_ms, end_ms, severity, charge, agent, rule, detail)",
            "1, 'interruptions', 1.0, '', 1000, 2000, 'warn', 'agent', '客服' || (rowid % 25), '', ''",
        ),
    ] {
        let sql = format!("INSERT INTO {table} SELECT id, {more} FROM calls");
        write.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    write.execute("UPDATE calls SET heard = 1, recording = id || '.wav'").await.unwrap();
    for question in ["recovery", "satisfaction", "opinion"] {
        let sql = format!(
            "INSERT INTO answers (call_id, seq, question, keys, score, at)
             SELECT id, {}, '{question}', '1', 1 + reserved_at % 5, ended_at FROM calls",
            question.len()
        );
        write.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    write.execute("ANALYZE").await.unwrap();
    write.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    store.close().await;
    format!("{:.1} s", begun.elapsed().as_secs_f64())
}

async fn run(url: &str, task: &str) -> String {
    let store = Store::open(url).await.unwrap();
    let settings = Settings {
        policies: Arc::new(load_policies(&config::Policy::default()).unwrap().policies),
        calendar: load_calendar(&config::Policy::default()).unwrap(),
        ..Settings::default()
    };
    let (control, _orders) = ControlHandle::channel();
    let planner = Planner::new(store.clone(), control, EventHub::new(1), settings);
    let (office_store, office_planner) = (store.clone(), planner.clone());
    let books = Books::new(store, planner, load_books(&config::Policy::default()).unwrap().settings);
    let (now, begun) = (at("2027-01-02 00:00"), Instant::now());
    let office = AuditOffice::new(
        office_store,
        office_planner,
        audit::Settings { forms: Arc::new(load_forms(&config::Policy::default()).unwrap().forms) },
    );
    let days = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    let what = match task {
        "report" => {
            let mut counted = 0;
            for month in ["2026-02-01", "2026-05-01", "2026-08-01", "2026-11-01"] {
                let made = books.report_for(REPORT, month.parse().unwrap(), "bench", now).await.unwrap();
                counted += made.view.figures[0].denominator;
            }
            format!("{counted} callbacks")
        }
        "sheets" => {
            let mut people = 0;
            for month in 1..=12 {
                let month = jiff::civil::date(2026, month, 1);
                people += books.performance("hospital", month, None).await.unwrap().len();
            }
            format!("{people} sheets")
        }
        "draw" => {
            let mut picks = 0;
            for month in 1..=12 {
                let draw =
                    office.freeze(&format!("2026-{month:02}"), "", "dice", "bench", now).await.unwrap();
                let seed = SeedBody {
                    seed: "27182818".into(),
                    auditors: vec!["审核甲".into(), "审核乙".into()],
                };
                picks += office.seed(draw, &seed, "bench", now).await.unwrap().result.unwrap().picks.len();
            }
            format!("{picks} picks")
        }
        "verify" => {
            let (mut calls, mut bad) = (0, 0);
            for draw in office.draw_views().await.unwrap() {
                let verified = office.verify(draw.id).await.unwrap();
                calls += verified.calls;
                bad += usize::from(!verified.good);
            }
            assert_eq!(bad, 0, "every draw is as it was published");
            format!("{calls} calls")
        }
        _ => {
            let table = books.filled("hospital-register", days, true, now).await.unwrap();
            let register = books.register("hospital-register").unwrap();
            let bytes = ringback::io::books::table_sheet(&register, &table).unwrap();
            format!("{} rows, {} MB", table.rows.len(), bytes.len() / 1_000_000)
        }
    };
    format!("{:.1} s, {} MB ({what})", begun.elapsed().as_secs_f64(), peak_mb())
}

/// Memory at most (VmHWM).
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_000
}
