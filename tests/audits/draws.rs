//! The draw of a month.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{House, Made, sheet};
use crate::plan::shop::at;
use crate::support::databases::{Database, execute, on_both_databases};
use crate::web::cli::ringback;

on_both_databases! {
    rec_01_a_month_is_frozen_drawn_and_drawn_again,
    rec_01_what_must_be_audited_stands_apart_with_its_reason,
    rec_01_a_candidate_for_a_critical_item_is_audited_in_any_case,
    rol_05_nobody_audits_a_call_they_had,
    a_second_look_knows_nothing_of_the_first_and_agreement_is_a_number,
}

/// 200 recorded calls of four agents in March 2026: fifty each, ten on each working day of the week.
async fn march(database: &Database) -> House {
    let mut house = House::open(database).await;
    for n in 0..200 {
        let (agent, day, hour) =
            (["li", "ma", "sun", "wu"][n % 4], 2 + n / 4 % 5 + n / 20 % 2 * 7, 9 + n / 40);
        let moment = format!("2026-03-{day:02} {hour:02}:{:02}", n % 40);
        house.call(&Made { moment: &moment, agent, ..Made::default() });
    }
    house.written().await;
    house
}

async fn rec_01_a_month_is_frozen_drawn_and_drawn_again(database: &Database) {
    let house = march(database).await;
    house.shop.set("2026-03-31 23:00");
    house.ask(Method::POST, "/audits/draws", json!({ "month": "2026-03" })).await.expect(409);
    // The job of 1 April freezes the list; there is no seed yet, and nothing is drawn.
    let now = house.shop.set("2026-04-01 00:10");
    let draw = house.office.turn(now).await.unwrap().frozen.expect("frozen");
    assert_eq!(house.office.turn(now).await.unwrap().frozen, None, "once");
    let frozen = house.get(&format!("/audits/draws/{draw}")).await;
    assert_eq!((frozen["state"].as_str(), frozen["calls"].as_i64()), (Some("frozen"), Some(200)));
    assert!(frozen["seed"].is_null() && frozen["seed_from"].as_str().unwrap().contains("双色球"), "{frozen}");
    assert!(execute(&house.shop.site.store, "UPDATE audit_population SET agent = 'x'").await.is_err());
    let path = format!("/audits/draws/{draw}/seed");
    let body = |seed: &str| json!({ "seed": seed, "auditors": ["zhao", "wang"] });
    house.ask(Method::POST, &path, body("123")).await.expect(422);
    let drawn = house.ask(Method::POST, &path, body("03 09 14 22 27 31 + 08")).await.expect(200);
    house.ask(Method::POST, &path, body("1234567")).await.expect(409);

    let picks = drawn["result"]["picks"].as_array().unwrap();
    assert_eq!(picks.len(), 20);
    assert!(picks.iter().all(|pick| pick["probability"] == 0.1 && pick["why"] == json!(["drawn"])));
    for part in drawn["result"]["agents"].as_array().unwrap() {
        assert_eq!((part["calls"].as_u64(), part["drawn"].as_u64()), (Some(50), Some(5)), "{part}");
    }
    // One call of each weekday for each agent: the strata have their share.
    let list = house.ask(Method::GET, &format!("/audits/draws/{draw}/list"), Value::Null).await.text();
    let weekday: BTreeMap<&str, &str> = list
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|cells| (cells[0], cells[3]))
        .collect();
    let kinds: BTreeSet<(&str, &str)> = picks
        .iter()
        .map(|pick| (pick["agent"].as_str().unwrap(), weekday[pick["key"].as_str().unwrap()]))
        .collect();
    assert_eq!(kinds.len(), 20, "{kinds:?}");
    assert!(!list.contains("139000"), "no number is published");
    // Every pick has its case; the auditors have as many, two calls are scored twice.
    let cases = house.cases(&format!("draw={draw}")).await;
    assert_eq!(cases.iter().filter(|case| case["second"] == 0).count(), 20);
    assert_eq!(cases.iter().filter(|case| case["second"] == 1).count(), 2);
    assert_eq!(cases.iter().filter(|case| case["auditor"] == "wang").count(), 11);
    assert_eq!(cases[0]["due_at"].as_i64(), Some(at("2026-04-11 00:00").0));
    // Anybody comes to the same: the daemon, our program without it, and another one.
    assert_eq!(house.get(&format!("/audits/draws/{draw}/verify")).await["good"], json!(true));
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("march").display().to_string();
    let site = &house.shop.site;
    ringback(site, &["audit", "export", &draw.to_string(), "--to", &folder]).await.unwrap();
    ringback(site, &["audit", "verify", &folder]).await.unwrap();
    let again = redraw(&folder);
    assert_eq!(again["list_sha256"], frozen["list_sha256"]);
    let ours: BTreeMap<String, f64> = picks
        .iter()
        .map(|pick| (pick["key"].as_str().unwrap().to_owned(), pick["probability"].as_f64().unwrap()))
        .collect();
    let theirs: BTreeMap<String, f64> = serde_json::from_value(again["picks"].clone()).unwrap();
    assert_eq!(ours, theirs);
    // Whoever takes one call out of the list is found out.
    let short: Vec<&str> =
        list.lines().filter(|line| !line.starts_with(picks[0]["key"].as_str().unwrap())).collect();
    std::fs::write(format!("{folder}/list.csv"), short.join("\n") + "\n").unwrap();
    assert!(ringback(site, &["audit", "verify", &folder]).await.is_err());
    for line in [
        &["audit", "show"][..],
        &["audit", "show", "1"],
        &["audit", "cases"],
        &["audit", "results", "2026-03"],
    ] {
        ringback(site, line).await.unwrap();
    }
}

/// The picks of an exported draw by a program of its own.
fn redraw(folder: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audits/redraw.py");
    let done = Command::new("python3").arg(script).arg(folder).output().expect("python3 is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn rec_01_a_draw_is_the_same_when_it_was_written_down_and_read_again() {
    let rule = ringback::audit::DrawRule::default();
    for calls in 6..120 {
        let line = |n: usize| ringback::audit::Line {
            key: ringback::audit::key("2026-03", &n.to_string()),
            agent: "li".into(),
            rule: String::new(),
            weekday: 1,
            hour: 9,
            risk: "info".into(),
            must: if n == 0 { vec!["critical".into()] } else { Vec::new() },
        };
        let lines: Vec<_> = (0..calls).map(line).collect();
        let drawn = ringback::audit::draw(&rule, &lines, "27182818");
        let text = serde_json::to_string(&drawn).unwrap();
        let mut read: ringback::audit::Drawn = serde_json::from_str(&text).unwrap();
        assert!(drawn.is_same(&read), "{calls} calls: {} of {text}", read.agents[0].probability);
        read.picks[1].key = read.picks[0].key.clone();
        assert!(!drawn.is_same(&read), "a pick that was exchanged is found");
    }
}

async fn rec_01_what_must_be_audited_stands_apart_with_its_reason(database: &Database) {
    let mut house = House::open(database).await;
    for n in 0..30 {
        house.call(&Made { moment: &format!("2026-03-03 10:{n:02}"), ..Made::default() });
    }
    let short = house.call(&Made { audit: r#"["too_short","critical"]"#, ..Made::default() });
    let silent = house.call(&Made { recorded: false, ..Made::default() });
    // What a robot said alone is not scored for a person.
    house.call(&Made::default());
    let robot = house.call(&Made { agent: "nobody", ..Made::default() });
    house.also(&format!("UPDATE call_evidence SET agent = NULL WHERE call_id = '{robot}';"));
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    let draw = house.drawn("2026-03", "diced 3 5 1 6 2 2", &["wang"]).await;
    assert_eq!((draw["calls"].as_i64(), draw["left_out"].as_i64()), (Some(33), Some(1)));
    let part = &draw["result"]["agents"][0];
    assert_eq!(
        (part["must"].as_u64(), part["frame"].as_u64(), part["drawn"].as_u64()),
        (Some(2), Some(31), Some(5))
    );
    let cases = house.cases("").await;
    let why = |call: &str| {
        cases.iter().find(|case| case["call_id"] == call).map(|case| case["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(why(&short).as_deref(), Some(r#"["critical","too_short"]"#));
    assert_eq!(why(&silent).as_deref(), Some(r#"["no_recording"]"#));
    assert_eq!(cases.len(), 7, "with one auditor nobody is left for a second look");
}

async fn rec_01_a_candidate_for_a_critical_item_is_audited_in_any_case(database: &Database) {
    let mut house = House::open(database).await;
    for n in 0..10 {
        house.call(&Made { moment: &format!("2026-03-03 10:{n:02}"), ..Made::default() });
    }
    // The evidence takes it for a hint; the form takes it for a sign of K3.
    let dispute = house.call(&Made { moment: "2026-03-03 11:00", ..Made::default() });
    house.finding(&dispute, 1, "possible_dispute", "", 5.0, "info", "nobody");
    let line = house.call(&Made { moment: "2026-03-03 11:01", ..Made::default() });
    house.finding(&line, 1, "cut_off", "", 0.2, "critical", "system");
    house.written().await;
    house.shop.set("2026-04-01 09:00");
    let view = house.drawn("2026-03", "27182818", &["wang"]).await;
    let must: Vec<&Value> = view["result"]["picks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pick| &pick["why"])
        .filter(|why| **why != json!(["drawn"]))
        .collect();
    assert_eq!(must, [&json!(["critical"])], "what the line did is nobody's: {view}");
    assert_eq!(house.get(&format!("/audits/draws/{}/verify", view["id"])).await["good"], json!(true));
}

async fn rol_05_nobody_audits_a_call_they_had(database: &Database) {
    let mut house = House::open(database).await;
    let call = house.call(&Made::default());
    // A colleague took the customer over.
    house.also(&format!(
        "INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
         VALUES ('{call}', 2, 'agent', '1002', 'ma', 0, 1, 2, 'talked', 'us');"
    ));
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    let open = |auditor: &str| json!({ "call_id": call, "auditor": auditor });
    for auditor in ["li", "ma"] {
        let refused = house.ask(Method::POST, "/audits/cases", open(auditor)).await.expect(409);
        assert!(refused["detail"].as_str().unwrap().contains("nobody audits their own call"), "{refused}");
    }
    let case = house.ask(Method::POST, "/audits/cases", open("wang")).await.expect(201);
    let to = async |auditor: &str| {
        house
            .ask(Method::PUT, &format!("/audits/cases/{}/auditor", case["id"]), json!({ "auditor": auditor }))
            .await
    };
    to("li").await.expect(409);
    assert_eq!(to("zhao").await.expect(200)["auditor"], "zhao");
    // Nor in a draw: those who had every call are no auditors.
    let frozen = house.ask(Method::POST, "/audits/draws", json!({ "month": "2026-03" })).await.expect(201);
    let path = format!("/audits/draws/{}/seed", frozen["id"]);
    let seed = |auditors: Value| json!({ "seed": "1234567", "auditors": auditors });
    let refused = house.ask(Method::POST, &path, seed(json!(["li", "ma"]))).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "auditors", "{refused}");
    house.ask(Method::POST, &path, seed(json!(["li", "ma", "wang"]))).await.expect(200);
    assert_eq!(house.cases(&format!("draw={}", frozen["id"])).await[0]["auditor"], "wang");
    assert!(
        execute(&house.shop.site.store, "UPDATE audit_cases SET auditor = agent").await.is_err(),
        "not even the database takes it"
    );
}

async fn a_second_look_knows_nothing_of_the_first_and_agreement_is_a_number(database: &Database) {
    let mut house = House::open(database).await;
    for n in 0..10 {
        house.call(&Made { moment: &format!("2026-03-03 10:{n:02}"), ..Made::default() });
    }
    house.written().await;
    house.shop.set("2026-04-02 09:00");
    house.drawn("2026-03", "314159265", &["wang", "zhao"]).await;
    let tokens =
        [("wang", house.token("wang", "operate").await), ("zhao", house.token("zhao", "operate").await)];
    let cases = house.cases("").await;
    let second = cases.iter().find(|case| case["second"] == 1).unwrap();
    let first =
        cases.iter().find(|case| case["call_id"] == second["call_id"] && case["second"] == 0).unwrap();
    assert_ne!(first["auditor"], second["auditor"]);
    let token = |case: &Value| &tokens.iter().find(|(name, _)| case["auditor"] == *name).unwrap().1;
    let path = |case: &Value, rest: &str| format!("/audits/cases/{}{rest}", case["id"]);
    let view = async |case: &Value| {
        house.ask_as(token(case), Method::GET, &path(case, ""), Value::Null).await.expect(200)
    };
    let submit = async |case: &Value, but: &[(&str, f64)]| {
        let sheet = sheet(&view(case).await, but);
        let sent = json!({ "sheet": sheet });
        house.ask_as(token(case), Method::POST, &path(case, "/submit"), sent).await.expect(201)
    };
    submit(first, &[]).await;
    let peek = house.ask_as(token(second), Method::GET, &path(first, ""), Value::Null).await.expect(403);
    assert!(peek["detail"].as_str().unwrap().contains("submit your sheet"), "{peek}");
    let listed =
        house.ask_as(token(second), Method::GET, "/audits/cases?limit=500", Value::Null).await.expect(200);
    let seen = listed["items"].as_array().unwrap().iter().find(|case| case["id"] == first["id"]).unwrap();
    assert!(seen["score"].is_null(), "{seen}");
    house.ask_as(token(second), Method::GET, "/audits/results?month=2026-03", Value::Null).await.expect(403);
    // F3 costs 6 of the 95 points that apply: 93.7, the same grade.
    submit(second, &[("F3", 0.0)]).await;
    let results = house.get("/audits/results?month=2026-03").await;
    assert_eq!(
        results["agreement"],
        json!({ "calls": 1, "difference": 6.3, "same_grade": 1.0, "kappa": null }),
        "{results}"
    );
    assert_eq!(results["agents"][0]["sheets"], 1, "the second look does not count twice");
}
