//! The examiner over both databases and the HTTP interface: every call that ended is judged once,
//! whatever happens to the daemon, and again where more becomes known.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use ringback::app::{load_calendar, load_policies, load_scorecards};
use ringback::base::{CustomerId, Timestamp};
use ringback::config;
use ringback::io::evidence::{Examiner, Settings, Transcriber};
use ringback::io::planner;
use serde_json::{Value, json};

use super::tape::Tape;
use crate::plan::shop::{Shop, at};
use crate::support::databases::{Database, execute, number, on_both_databases, text};
use crate::web::site::send;

on_both_databases! {
    rec_04_a_perfunctory_call_is_found_when_its_entry_in_the_register_comes,
    every_call_is_judged_once_by_whichever_daemon_comes,
    findings_are_listed_by_detector_severity_agent_and_time,
    eti_21_a_transcript_is_judged_by_the_phrase_book_and_its_version_is_kept,
    whoever_is_erased_is_without_words_in_the_evidence,
}

struct House {
    shop: Shop,
    examiner: Examiner,
    calls: u32,
}

impl House {
    async fn open(database: &Database) -> House {
        let policies = load_policies(&config::Policy::default()).unwrap().policies;
        let settings = planner::Settings {
            policies: Arc::new(policies),
            calendar: load_calendar(&config::Policy::default()).unwrap(),
            ..planner::Settings::default()
        };
        let shop = Shop::with(database, settings).await;
        let examiner = House::examiner(&shop, Vec::new());
        shop.site.api.set_examiner(examiner.clone());
        House { shop, examiner, calls: 0 }
    }

    fn examiner(shop: &Shop, transcribe: Vec<String>) -> Examiner {
        let cards = Arc::new(load_scorecards(&config::Policy::default()).unwrap().cards);
        let settings = Settings { cards, transcribe, transcribe_limit: Duration::from_millis(400) };
        Examiner::start(
            shop.site.store.clone(),
            shop.planner.clone(),
            shop.site.api.vault().clone(),
            settings,
        )
        .unwrap()
    }

    /// An inbound call that `li` had for all its `seconds`, recorded as the tape is; its id.
    async fn call(&mut self, moment: &str, phone: &str, seconds: i64, tape: Option<&Tape>) -> String {
        self.calls += 1;
        let from = at(moment).0;
        let id =
            ringback::base::CallId::new(Timestamp(from), &mut ringback::base::Rng::seeded(self.calls.into()));
        let id = id.to_string();
        if let Some(tape) = tape {
            tape.write(&self.shop.site.recordings().join(format!("{id}.wav")));
        }
        let end = from + seconds * 1_000;
        self.sql(&format!(
            "INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at, ended_by,
                 disposition, recording, hung_up_first, hung_up_first_at, ticketed)
             VALUES ('{id}', 'inbound', 'ended', '{phone}', {from}, {from}, {from}, {end}, 'peer', 'served',
                 '{id}.wav', 'customer', {end}, 1)"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
             VALUES ('{id}', 1, 'agent', '1001', 'li', {from}, {from}, {end}, 'talked', 'us')"
        ))
        .await;
        id
    }

    async fn sql(&self, sql: &str) {
        execute(&self.shop.site.store, sql).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        number(&self.shop.site.store, sql).await
    }

    async fn get(&self, path: &str) -> Value {
        self.shop.site.get(&format!("/api/v1{path}")).await.expect(200)
    }

    async fn turn(&self, moment: &str) -> u64 {
        self.examiner.turn(self.shop.set(moment)).await.unwrap().judged
    }
}

fn conversation() -> Tape {
    Tape::new(40.0).ours(0.5, 4.0).theirs(6.0, 5.0).ours(8.0, 5.0).theirs(15.0, 4.0).ours(31.0, 4.0)
}

async fn rec_04_a_perfunctory_call_is_found_when_its_entry_in_the_register_comes(database: &Database) {
    let mut house = House::open(database).await;
    let customer = house.shop.customer("王", "13800000001").await;
    let silent = Tape::new(6.0).ours(0.5, 4.0).noise(1, 3, -60.0);
    let call = house.call("2026-03-02 09:00", "13800000001", 6, Some(&silent)).await;
    house
        .sql(&format!(
            "INSERT INTO lists (id, name, created_at) VALUES (7, 'furniture_mall/arrival', 0);
             INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest,
                 due, deadline, sums, state, reason, detail, created_at, changed_at)
             VALUES (5, 'furniture_mall', 'install_second', 'x', {customer}, 's', 0, 'manual', 'phone', 0, 0, {}, '{{}}', 'open',
                 'due', '', 0, 0)",
            at("2026-03-03 00:00").0
        ))
        .await;
    house
        .sql(&format!(
            "INSERT INTO entries (id, list_id, row_key, external_id, phone, extension, name, language, priority, fields,
                 state, reason, detail, due_at, created_at, changed_at, last_call, callback_id)
             VALUES (9, 7, 'k', '', '13800000001', '', '王', '', 5, '{{}}', 'pending', '', '', 0, 0, 0, '{call}', 5)"
        ))
        .await;
    house.sql(&format!("UPDATE calls SET entry_id = 9, direction = 'outbound', disposition = 'hung_up' WHERE id = '{call}'")).await;
    assert_eq!(house.turn("2026-03-02 09:01").await, 1);
    let before = house.get(&format!("/calls/{call}/evidence")).await;
    assert_eq!(before["audit"], json!([]), "nobody told yet that it is done: {before}");
    // The agent writes 'satisfied' three minutes later.
    house
        .sql(&format!(
            "UPDATE callbacks SET state = 'done', outcome = 'satisfied', reason = 'finished', closed_at = {} WHERE id = 5",
            at("2026-03-02 09:03").0
        ))
        .await;
    assert_eq!(house.turn("2026-03-02 09:09").await, 0, "the register has its time");
    assert_eq!(house.turn("2026-03-02 09:11").await, 1);
    let after = house.get(&format!("/calls/{call}/evidence")).await;
    let audit = after["audit"].as_array().unwrap();
    assert!(audit.contains(&json!("perfunctory")) && audit.contains(&json!("too_short")), "{after}");
    let listed = house.get("/evidence/must-audit?reason=perfunctory").await;
    assert_eq!(listed["items"][0]["call_id"], call.as_str());
    let found = after["findings"].as_array().unwrap();
    let register = found.iter().find(|f| f["detector"] == "wrap_up_min").unwrap();
    assert_eq!(register["value"], 2.9, "from the end of the call to the entry: {register}");
    assert!(found.iter().any(|f| f["detector"] == "in_window" && f["value"] == 1.0), "{after}");
    assert_eq!(house.turn("2026-03-02 09:30").await, 0, "once");
}

async fn every_call_is_judged_once_by_whichever_daemon_comes(database: &Database) {
    let mut house = House::open(database).await;
    let heard = house.call("2026-03-02 09:00", "13800000001", 40, Some(&conversation())).await;
    let lost = house.call("2026-03-02 09:05", "13800000002", 40, None).await;
    let torn = house.call("2026-03-02 09:10", "13800000003", 40, Some(&conversation())).await;
    let file = house.shop.site.recordings().join(format!("{torn}.wav"));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    // An outbound call that nobody answered: there is nothing to find in it.
    house
        .sql(
            "INSERT INTO calls (id, direction, state, phone, reserved_at, ended_at, ended_by, disposition, ticketed)
             VALUES ('01KZ0000000000000000000000', 'outbound', 'ended', '13800000009', 0, 1, 'peer', 'no_answer', 1)",
        )
        .await;
    // A call that is up is not looked at, nor one that the desk of tickets has not seen.
    house.sql("INSERT INTO calls (id, direction, state, phone, reserved_at) VALUES ('01KZ1', 'inbound', 'reserved', '1', 0)").await;
    let fresh = house.call("2026-03-02 09:20", "13800000004", 40, Some(&conversation())).await;
    house.sql(&format!("UPDATE calls SET ticketed = 0 WHERE id = '{fresh}'")).await;
    // The daemon that was up when they ended never came to it; the next one does.
    drop(std::mem::replace(&mut house.examiner, House::examiner(&house.shop, Vec::new())));
    assert_eq!(house.turn("2026-03-02 09:20:41").await, 3);
    assert_eq!(house.turn("2026-03-02 09:20:42").await, 0);
    assert_eq!(house.turn("2026-03-02 09:21:11").await, 1, "the desk is not waited for any longer");
    assert_eq!(house.number("SELECT COUNT(*) FROM call_evidence").await, 4);
    assert_eq!(house.number("SELECT COUNT(*) FROM calls WHERE state = 'ended' AND heard = 0").await, 0);
    let evidence = house.get(&format!("/calls/{heard}/evidence")).await;
    let value = |word: &str| {
        let all = evidence["findings"].as_array().unwrap();
        all.iter()
            .find(|finding| finding["detector"] == word)
            .map(|finding| finding["value"].as_f64().unwrap())
    };
    assert_eq!(value("interruptions"), Some(1.0), "{evidence}");
    assert!((value("agent_silence_max_s").unwrap() - 12.0).abs() < 0.2, "{evidence}");
    assert_eq!((evidence["agent"].as_str(), evidence["worst"].as_str()), (Some("li"), Some("warn")));
    assert_eq!(evidence["version"].as_str().map(str::len), Some(12));
    assert!(evidence["ticks"].as_array().is_some_and(|ticks| ticks.len() > 5), "{evidence}");
    for (call, problem) in [(lost, "No such file"), (torn, ".wav")] {
        let evidence = house.get(&format!("/calls/{call}/evidence")).await;
        assert!(evidence["problem"].as_str().unwrap().contains(problem), "{evidence}");
        assert!(evidence["findings"].to_string().contains("no_recording"), "{evidence}");
    }
    let picture = house.shop.site.get(&format!("/api/v1/calls/{heard}/evidence/picture")).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert!(picture.text().starts_with("<svg") && picture.text().contains("坐席沉默"), "{}", picture.text());
    house.shop.site.get("/api/v1/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/evidence").await.expect(404);
}

async fn findings_are_listed_by_detector_severity_agent_and_time(database: &Database) {
    let mut house = House::open(database).await;
    for day in 2..5 {
        house.call(&format!("2026-03-0{day} 09:00"), "13800000001", 40, Some(&conversation())).await;
    }
    assert_eq!(house.turn("2026-03-05 09:00").await, 3);
    let count =
        async |query: &str| house.get(&format!("/findings?{query}")).await["items"].as_array().unwrap().len();
    assert_eq!(count("detector=interruption").await, 3);
    assert_eq!(count("detector=interruption&from=2026-03-03&to=2026-03-03").await, 1);
    assert_eq!(count("detector=interruption&agent=li").await, 3);
    assert_eq!(count("detector=interruption&agent=wang").await, 0);
    assert_eq!(count("detector=interruption&severity=fail").await, 0);
    assert_eq!(count("detector=answer_delay_s").await, 0, "what is only measured is not listed");
    assert_eq!(count("detector=answer_delay_s&severity=info").await, 3);
    assert_eq!(count("charge=system").await, 0);
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("/findings?limit=2{after}")).await;
        rows.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(
        rows.len(),
        house.number("SELECT COUNT(*) FROM findings WHERE severity <> 'info'").await as usize
    );
    let ids: Vec<&str> = rows.iter().map(|row| row["call_id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a >= b), "newest first");
    let site = &house.shop.site;
    let csv =
        send(site.request(reqwest::Method::GET, "/api/v1/findings", &site.read).header("accept", "text/csv"))
            .await;
    assert_eq!(csv.text().lines().count(), rows.len() + 1);
    let wrong = site.get("/api/v1/findings?detector=mood").await.expect(422);
    assert!(wrong["errors"][0]["hint"].as_str().unwrap().contains("interruptions"), "{wrong}");
    let cards = house.get("/scorecards").await;
    assert!(
        cards["scorecards"].as_array().unwrap().len() >= 4
            && cards["detectors"].as_array().unwrap().len() > 30
    );
}

async fn eti_21_a_transcript_is_judged_by_the_phrase_book_and_its_version_is_kept(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call("2026-03-02 09:00", "13800000001", 40, Some(&conversation())).await;
    house.turn("2026-03-02 09:01").await;
    let site = &house.shop.site;
    let put = async |lines: Value| {
        let path = format!("/api/v1/calls/{call}/transcript");
        let body = json!({ "lines": lines });
        send(site.request(reqwest::Method::PUT, &path, &site.operate).json(&body)).await
    };
    let line = |from: u32, to: u32, text: &str| json!({ "side": "agent", "start_ms": from, "end_ms": to, "text": text });
    put(json!([line(5, 4, "x")])).await.expect(422);
    put(json!([line(500, 4_500, "您好"), line(31_000, 35_000, "这个不知道")])).await.expect(204);
    let first = house.get(&format!("/calls/{call}/evidence")).await;
    let forbidden = |evidence: &Value| {
        let all = evidence["findings"].as_array().unwrap();
        all.iter()
            .filter(|f| f["detector"] == "forbidden_phrase")
            .map(|f| f["rule"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(forbidden(&first), ["do_not_know"], "{first}");
    assert_eq!((first["transcription"].as_str(), &first["ticks"]), (Some("attached"), &json!([])));
    assert_eq!(first["audit"], json!(["critical"]));
    // The phrase book changes: the next judgement has another version and other words.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("scorecards")).unwrap();
    let shipped =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/scorecards/default.toml"));
    let changed = shipped.unwrap().replace("\"不知道\", ", "");
    std::fs::write(folder.path().join("scorecards/default.toml"), changed).unwrap();
    let policy = config::Policy { folder: Some(folder.path().into()), ..config::Policy::default() };
    let cards = Arc::new(load_scorecards(&policy).unwrap().cards);
    house.examiner.set_settings(Settings { cards, ..house.examiner.settings() });
    put(json!([line(500, 4_500, "您好"), line(31_000, 35_000, "这个不知道")])).await.expect(204);
    let second = house.get(&format!("/calls/{call}/evidence")).await;
    assert!(forbidden(&second).is_empty(), "{second}");
    assert_ne!(first["version"], second["version"]);
    let read = site.get(&format!("/api/v1/calls/{call}/transcript")).await.expect(200);
    assert_eq!(read["lines"][1]["text"], "这个不知道");
    let noted = site.get("/api/v1/accesses?what=transcript").await.expect(200);
    assert_eq!(noted["items"][0]["subject"], format!("call:{call}"));
}

async fn whoever_is_erased_is_without_words_in_the_evidence(database: &Database) {
    let mut house = House::open(database).await;
    let customer = house.shop.customer("王", "13800000001").await;
    let call = house.call("2026-03-02 09:00", "13800000001", 40, Some(&conversation())).await;
    house.turn("2026-03-02 09:01").await;
    let lines = r#"[{"side":"agent","start_ms":0,"end_ms":900,"text":"王先生您好"}]"#;
    let transcript = ringback::evidence::Transcript::from_json(lines.as_bytes()).unwrap();
    house.examiner.attach(&call, &transcript, "test", at("2026-03-02 09:02")).await.unwrap();
    assert!(house.number("SELECT COUNT(*) FROM findings WHERE detail LIKE '%王先生%'").await > 0);
    let store = &house.shop.site.store;
    store.erase_customer(CustomerId(customer), "asked", "test", at("2026-03-02 10:00")).await.unwrap();
    assert_eq!(house.number("SELECT COUNT(*) FROM findings WHERE detail LIKE '%王先生%'").await, 0);
    assert_eq!(house.number("SELECT COUNT(*) FROM transcripts").await, 0);
    assert!(house.number("SELECT COUNT(*) FROM findings").await > 0, "figures stay");
}

#[tokio::test]
async fn a_program_writes_transcripts_and_one_that_fails_is_told_of_and_not_asked_again() {
    let database = Database::sqlite();
    let mut house = House::open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, body: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        vec![path.display().to_string(), "{file}".to_owned()]
    };
    let good = r#"test -s "$1" && echo '[{"side":"agent","start_ms":500,"end_ms":4500,"text":"喂"}]'"#;
    for (place, (name, body, expect)) in [
        ("good", good, "attached"),
        ("fails", "echo no model >&2; exit 3", "no model"),
        ("chats", "echo hello", "it is no transcript"),
        ("hangs", "exec tail -f /dev/null", "took longer"),
        ("floods", "exec cat /dev/zero", "took longer"),
    ]
    .into_iter()
    .enumerate()
    {
        house.examiner = House::examiner(&house.shop, program(name, body));
        let moment = format!("2026-03-02 1{place}:00");
        let call = house.call(&moment, "13800000001", 40, Some(&conversation())).await;
        let now = at(&format!("2026-03-02 1{place}:01"));
        house.examiner.turn(now).await.unwrap();
        let state = || {
            text(
                &house.shop.site.store,
                "SELECT transcription FROM call_evidence ORDER BY call_id DESC LIMIT 1",
            )
        };
        assert_eq!(state().await, "wanted", "{name}");
        let transcriber = Transcriber(house.examiner.clone());
        assert!(transcriber.turn(now).await.unwrap().more);
        let told = state().await;
        assert!(told.contains(expect), "{name}: {told}");
        assert!(!transcriber.turn(now).await.unwrap().more, "not asked again");
        let greeting =
            format!("SELECT COUNT(*) FROM findings WHERE call_id = '{call}' AND rule = 'greeting'");
        assert_eq!(house.number(&greeting).await, i64::from(name == "good"), "{name}: the missing greeting");
    }
}
