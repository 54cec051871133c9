//! Who may be given sound and words, and what is noted of it.

use reqwest::Method;
use ringback::io::store::NewToken;
use ringback::io::web::{hash_secret, new_secret};
use serde_json::{Value, json};

use super::world::{Archive, ms};
use crate::support::databases::{Database, on_both_databases};
use crate::web::site::{Answer, send};

on_both_databases! {
    rec_03_an_auditor_hears_a_recording_and_an_agent_of_another_team_does_not,
    rec_03_the_requests_of_one_listening_are_one_access_with_its_part,
    rec_03_whatever_gives_out_sound_words_or_names_is_noted,
    rec_03_sheets_of_people_and_lists_of_findings_are_noted_too,
    rec_03_an_access_takes_no_edit_and_is_linked,
}

async fn token(archive: &Archive, name: &str, roles: &[&str]) -> String {
    let secret = new_secret().unwrap();
    let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
    let hash = hash_secret(&secret);
    let new = NewToken { name, hash: &hash, scope: "", roles: &roles, ..NewToken::default() };
    archive
        .store()
        .create_token(&new, "test", ringback::base::Timestamp(ms("2026-03-02 09:00")))
        .await
        .unwrap();
    secret
}

async fn get(archive: &Archive, path: &str, token: &str) -> Answer {
    send(archive.house.shop.site.request(Method::GET, &format!("/api/v1{path}"), token)).await
}

async fn rec_03_an_auditor_hears_a_recording_and_an_agent_of_another_team_does_not(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    let (auditor, own) =
        (token(&archive, "wang", &["auditor"]).await, token(&archive, "li", &["agent"]).await);
    let other = token(&archive, "zhao", &["agent"]).await;
    let lead = token(&archive, "chen", &["agent", "manager"]).await;
    for path in ["recording", "peaks"] {
        let path = format!("/calls/{call}/{path}");
        for good in [&auditor, &own, &lead] {
            assert_eq!(get(&archive, &path, good).await.status, 200, "{path}");
        }
        let refused = get(&archive, &path, &other).await.expect(403);
        assert!(refused["detail"].as_str().unwrap().contains("for things of its own agent"), "{refused}");
    }
    for path in ["transcript", "answers/1/comment"] {
        get(&archive, &format!("/calls/{call}/{path}"), &other).await.expect(403);
        get(&archive, &format!("/calls/{call}/{path}"), &own).await.expect(404);
    }
    let noted = archive.house.get("/accesses").await;
    let who: Vec<&str> =
        noted["items"].as_array().unwrap().iter().map(|row| row["who"].as_str().unwrap()).collect();
    assert!(!who.contains(&"zhao") && who.len() == 6, "who was refused was given nothing: {noted}");
}

async fn rec_03_the_requests_of_one_listening_are_one_access_with_its_part(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    let path = format!("/api/v1/calls/{call}/recording");
    let site = &archive.house.shop.site;
    // 32 bytes a millisecond behind a header of 44: from 100 ms to 300 ms, then on to 500 ms.
    for range in ["bytes=3244-9643", "bytes=9644-16043"] {
        let part = send(site.request(Method::GET, &path, &site.operate).header("range", range)).await;
        assert_eq!(part.status, 206);
    }
    let rows = archive.house.get("/accesses?what=listen").await;
    let row = &rows["items"][0];
    assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(
        (row["from_ms"].as_i64(), row["to_ms"].as_i64(), row["requests"].as_i64()),
        (Some(100), Some(500), Some(2))
    );
    assert_eq!((&row["who"], &row["place"]), (&json!("operate"), &json!("127.0.0.1")));
    assert_eq!((&row["subject"], &row["ended_at"]), (&json!(format!("call:{call}")), &Value::Null));
    // Somebody else, and the same person after a rest, are other accesses.
    archive.house.shop.set("2026-03-02 11:00");
    send(site.request(Method::GET, &path, &site.admin)).await;
    archive.turn("2026-03-02 11:06").await;
    send(site.request(Method::GET, &path, &site.admin)).await;
    let rows = archive.house.get(&format!("/accesses?subject=call:{call}")).await;
    assert_eq!(rows["items"].as_array().unwrap().len(), 3);
    assert_eq!(archive.number("SELECT COUNT(*) FROM accesses WHERE ended_at IS NULL").await, 1);
    // What was heard is linked when the listening has ended.
    archive.turn("2026-03-02 11:20").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_chain WHERE kind = 'access'").await, 3);
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_chain WHERE kind = 'heard'").await, 3);
    assert_eq!(archive.wrong().await, []);
}

async fn rec_03_whatever_gives_out_sound_words_or_names_is_noted(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    archive
        .sql(&format!(
            "INSERT INTO transcripts (call_id, lines, source, made_at) VALUES ('{call}', '[]', 'x', 0)"
        ))
        .await;
    let site = &archive.house.shop.site;
    let operate = site.operate.clone();
    for path in ["recording", "peaks", "transcript"] {
        assert_eq!(get(&archive, &format!("/calls/{call}/{path}"), &operate).await.status, 200, "{path}");
    }
    get(&archive, "/customers/1/export", &operate).await.expect(200);
    let rows = archive.house.get("/accesses?who=operate&from=2026-03-02&to=2026-04-02").await;
    let what: Vec<&str> =
        rows["items"].as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["export", "transcript", "waveform", "listen"], "newest first");
    // The card of the customer tells it, and only an administrator reads the list.
    let card = archive.house.get("/customers/1").await;
    assert_eq!(card["accesses"].as_array().unwrap().len(), 4, "{card}");
    get(&archive, "/accesses", &operate).await.expect(403);
    let csv = get(&archive, "/accesses.csv", &site.admin).await.text();
    assert!(csv.contains("waveform"), "{csv}");
}

async fn rec_03_sheets_of_people_and_lists_of_findings_are_noted_too(database: &Database) {
    let mut archive = Archive::open(database).await;
    archive.call("2026-03-02 10:00", "li", &[]).await;
    let site = &archive.house.shop.site;
    let loaded = ringback::app::load_books(&ringback::config::Policy::default()).unwrap();
    let books = ringback::io::books::Books::new(
        site.store.clone(),
        archive.house.shop.planner.clone(),
        loaded.settings,
    );
    site.api.set_books(books);
    let operate = site.operate.clone();
    for path in [
        "/performance?month=2026-03",
        "/performance.csv?month=2026-03&person=li",
        "/performance/rows?month=2026-03&line=rate&person=li",
        "/findings?agent=li&detector=mutual_silence",
        "/evidence/must-audit",
    ] {
        assert_eq!(get(&archive, path, &operate).await.status, 200, "{path}");
    }
    // Who may not see them is given nothing, and nothing is noted.
    let agent = token(&archive, "zhao", &["agent"]).await;
    get(&archive, "/findings", &agent).await.expect(403);
    let rows = archive.house.get("/accesses").await;
    let noted: Vec<(&str, &str, &str)> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let of = |key: &str| row[key].as_str().unwrap();
            (of("what"), of("subject"), of("detail"))
        })
        .collect();
    assert_eq!(
        noted,
        [
            ("findings", "findings", "must_audit"),
            ("findings", "findings:li", "mutual_silence"),
            ("performance", "performance:2026-03/li", "rate"),
            ("performance", "performance:2026-03/li", ""),
            ("performance", "performance:2026-03", ""),
        ]
    );
    archive.turn("2026-03-02 12:00").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_chain WHERE kind = 'access'").await, 5);
    assert_eq!(archive.wrong().await, []);
}

async fn rec_03_an_access_takes_no_edit_and_is_linked(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    archive.house.get(&format!("/calls/{call}")).await;
    assert_eq!(
        get(&archive, &format!("/calls/{call}/peaks"), &archive.house.shop.site.admin).await.status,
        200
    );
    archive.turn("2026-03-02 10:01").await;
    for edit in ["UPDATE accesses SET who = 'nobody'", "DELETE FROM accesses"] {
        let refused =
            crate::support::databases::execute(archive.store(), edit).await.unwrap_err().to_string();
        assert!(refused.contains("an access is not edited"), "{refused}");
    }
    archive.forge("accesses", "UPDATE accesses SET who = 'nobody'").await;
    assert_eq!(archive.wrong().await, [super::world::wrong("content_altered", "access access:1")]);
}
