//! Whoever is erased is gone, and the chain holds.

use reqwest::Method;
use ringback::io::store::{NewExpense, NewMaterial};
use serde_json::{Value, json};

use super::world::{Archive, ms, write_wav, wrong};
use crate::audits::world::sheet;
use crate::support::databases::{Database, execute, number, on_both_databases, text};

on_both_databases! {
    rec_03_an_erasure_leaves_tombstones_and_the_chain_holds,
    rec_03_what_was_erased_cannot_come_back_unseen,
    rec_03_an_export_holds_digests_and_entries,
    rec_03_texts_beside_the_records_of_who_is_erased_name_them_no_more,
    a_customer_with_an_open_ticket_is_not_erased,
    an_erasure_before_linking_leaves_nothing_to_guess_from,
}

async fn erase(archive: &Archive, customer: i64) -> Value {
    let path = format!("/customers/{customer}?reason=asked%20by%20letter");
    archive.house.ask(Method::DELETE, &path, Value::Null).await.expect(200)
}

/// A call with a comment and a submitted sheet full of words; the call, and the id of the sheet.
async fn with_words(archive: &mut Archive) -> (String, i64) {
    let call = archive.call("2026-03-02 10:00", "li", &[4]).await;
    let name = format!("2026/03/02/{call}.q2.wav");
    write_wav(&archive.house.shop.site.recordings().join(&name), 9);
    archive
        .sql(&format!("INSERT INTO answers (call_id, seq, question, comment, at) VALUES ('{call}', 2, 'q2', '{name}', 0)"))
        .await;
    let house = &archive.house;
    let case = house.ask(Method::POST, "/audits/cases", json!({ "call_id": call, "auditor": "wang" })).await;
    let id = case.expect(201)["id"].clone();
    let view = house.get(&format!("/audits/cases/{id}")).await;
    let mut marks = sheet(&view, &[]);
    marks["summary"] = json!("王先生 lives in the red house");
    marks["notes"] = json!([{ "at_ms": 100, "text": "王先生 shouts" }]);
    let body = json!({ "sheet": marks, "reason": "", "by": "wang" });
    let made = house.ask(Method::POST, &format!("/audits/cases/{id}/submit"), body).await.expect(201);
    (call, made["id"].as_i64().unwrap())
}

async fn rec_03_an_erasure_leaves_tombstones_and_the_chain_holds(database: &Database) {
    let mut archive = Archive::open(database).await;
    let (call, sheet) = with_words(&mut archive).await;
    let other = archive.call("2026-03-02 11:00", "li", &[2]).await;
    archive.turn("2026-03-02 12:00").await;
    let before = archive.verified().await;
    assert!(before.good && before.erased == 0 && before.files == 3, "{before:?}");
    let file = archive.file(&call).await;
    let score = number(
        archive.store(),
        &format!("SELECT CAST(score AS BIGINT) FROM audit_sheets WHERE id = {sheet}"),
    )
    .await;
    let erased = erase(&archive, 1).await;
    assert_eq!(
        (&erased["sheets"], erased["recordings"].as_array().unwrap().len()),
        (&json!(1), 2),
        "{erased}"
    );
    assert!(!file.exists(), "the file is gone with the answer");
    assert_eq!(archive.number("SELECT COUNT(*) FROM files_to_remove").await, 0);
    archive.turn("2026-03-02 12:01").await;
    let after = archive.verified().await;
    assert!(after.good, "{after:?}");
    assert_eq!((after.erased, after.files), (3, 1), "recording, comment, sheet: {after:?}");
    let stones =
        "SELECT COUNT(*) FROM tombstones WHERE actor = 'admin' AND reason = 'asked by letter' AND was <> ''";
    assert_eq!(archive.number(stones).await, 3);
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_chain WHERE kind = 'tombstone'").await, 3);
    let body = text(archive.store(), &format!("SELECT body FROM audit_sheets WHERE id = {sheet}")).await;
    assert!(
        !body.contains("王先生") && body.contains("\"at_ms\":100"),
        "words go, marks and times stay: {body}"
    );
    let left = number(
        archive.store(),
        &format!("SELECT CAST(score AS BIGINT) FROM audit_sheets WHERE id = {sheet}"),
    )
    .await;
    assert_eq!(left, score);
    let salt = format!("SELECT COUNT(*) FROM custody_chain WHERE subject = 'sheet:{sheet}' AND salt IS NULL");
    assert_eq!(archive.number(&salt).await, 1, "what was written cannot be guessed any more");
    assert!(archive.file(&other).await.exists());
    // The answers stay with their figures, and are held to what was linked.
    archive.sql(&format!("UPDATE answers SET score = 1 WHERE call_id = '{call}' AND seq = 1")).await;
    assert_eq!(archive.wrong().await, [wrong("content_altered", format!("answer call:{call}/1"))]);
}

async fn rec_03_what_was_erased_cannot_come_back_unseen(database: &Database) {
    let mut archive = Archive::open(database).await;
    let (call, sheet) = with_words(&mut archive).await;
    archive.turn("2026-03-02 12:00").await;
    let edit = format!("UPDATE audit_sheets SET grade = 'S' WHERE id = {sheet}");
    let refused = execute(archive.store(), &edit).await.unwrap_err().to_string();
    assert!(refused.contains("a submitted sheet is not edited"), "{refused}");
    erase(&archive, 1).await;
    archive.turn("2026-03-02 12:01").await;
    assert_eq!(archive.wrong().await, []);
    // A tombstone opens the sheet to the erasure, and what was left of it is held to.
    archive.sql(&edit).await;
    archive.sql(&format!("UPDATE calls SET sha256 = 'ab', recording = 'x.wav' WHERE id = '{call}'")).await;
    archive.turn("2026-03-02 12:02").await;
    let mut found = archive.wrong().await;
    found.sort();
    assert_eq!(
        found,
        [
            wrong("content_altered", format!("recording call:{call}")),
            wrong("content_altered", format!("sheet sheet:{sheet}")),
            wrong("file_missing", format!("recording call:{call}")),
        ]
    );
}

async fn rec_03_an_export_holds_digests_and_entries(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[4]).await;
    archive.turn("2026-03-02 10:01").await;
    let all = archive.house.get("/customers/1/export").await;
    let kinds: Vec<&str> =
        all["custody"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["answer", "recording"], "{all}");
    let sha256 = text(archive.store(), &format!("SELECT sha256 FROM calls WHERE id = '{call}'")).await;
    assert_eq!(all["calls"][0]["sha256"], sha256);
    // That it was exported is part of the history, and of the chain.
    let again = archive.house.get("/customers/1/export").await;
    assert_eq!(
        (&again["accesses"][1]["what"], &again["accesses"][1]["who"]),
        (&json!("export"), &json!("admin"))
    );
    archive.turn("2026-03-02 10:02").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_chain WHERE kind = 'access'").await, 2);
    assert_eq!(archive.wrong().await, []);
}

async fn rec_03_texts_beside_the_records_of_who_is_erased_name_them_no_more(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[4]).await;
    let other = archive.call("2026-03-02 11:00", "li", &[]).await;
    archive
        .sql(&format!(
            "UPDATE customers SET name = '王小明' WHERE id = 1;
             INSERT INTO callbacks (id, pack, rule, version, customer_id, subject, occurrence, origin, method, earliest,
                 due, deadline, sums, state, reason, detail, created_at, changed_at, filled)
                 VALUES (900, 'home_decoration', 'stage', 'x', 1, 's', 0, 'manual', 'onsite', 0, 0, 0, '{{}}', 'open', '', '',
                 0, 0, '{{}}');
             INSERT INTO audit_sessions (title, call_id, made_by, made_at)
                 VALUES ('what was said to 王', '{call}', 'wang', 0), ('as loud as 王小明', '{other}', 'wang', 0),
                        ('calm', '{other}', 'wang', 0);
             INSERT INTO warnings (pack, day, code, subject, detail, raised_at)
                 VALUES ('home_decoration', '2026-03-02', 'missing_slip', 's', 'O1, 王小明: nothing came in', 0);
             INSERT INTO recording_holds (call_id, reason, put_by, put_at)
                 VALUES ('{other}', 'as 13900000001 asks', 'wang', 0)"
        ))
        .await;
    let (store, now) = (archive.store(), ringback::base::Timestamp(ms("2026-03-02 11:30")));
    for (callback, item) in [(Some(900), "a lamp for 王太太"), (None, "王小明's key"), (None, "a ladder")]
    {
        let (pack, item, holder) = ("shop".to_owned(), item.to_owned(), "li".to_owned());
        let new = NewMaterial { pack, callback, item: item.clone(), holder, due_back: now };
        store.take_material(&new, "li", now).await.unwrap();
        let (pack, person, day) = ("shop".to_owned(), "li".to_owned(), "2026-03-02".to_owned());
        let new = NewExpense { pack, callback, person, day, purpose: item, amount: 500, ceiling: 500 };
        store.enter_expense(&new, "li", now).await.unwrap();
    }
    store.close_material(1, Some("王太太 keeps it"), "chen", now).await.unwrap();
    store.decide_expense(1, true, "as 王太太 asked", "chen", now).await.unwrap();
    archive.turn("2026-03-02 12:00").await;
    erase(&archive, 1).await;
    archive.turn("2026-03-02 12:01").await;
    let texts = [
        "SELECT title FROM audit_sessions ORDER BY id",
        "SELECT item || ':' || COALESCE(excuse, '-') FROM materials ORDER BY id",
        "SELECT purpose || ':' || reason FROM expenses ORDER BY id",
        "SELECT detail FROM warnings",
        "SELECT reason FROM recording_holds",
        "SELECT detail FROM audit_log ORDER BY id",
    ];
    for sql in texts {
        let count = format!(
            "SELECT COUNT(*) FROM ({}) AS texts WHERE texts.t LIKE '%王%' OR texts.t LIKE '%13900000001%'",
            sql.replacen(" FROM", " AS t FROM", 1)
        );
        assert_eq!(archive.number(&count).await, 0, "{sql}");
    }
    let left = |sql: &str| format!("SELECT COUNT(*) FROM {sql}");
    assert_eq!(archive.number(&left("audit_sessions WHERE title IN ('calm', 'as loud as erased')")).await, 2);
    assert_eq!(
        archive.number(&left("materials WHERE item = 'a ladder'")).await,
        1,
        "what names nobody stays"
    );
    assert_eq!(archive.number(&left("materials WHERE item = 'erased''s key'")).await, 1);
    assert_eq!(archive.number(&left("warnings WHERE detail = 'O1, erased: nothing came in'")).await, 1);
    assert_eq!(archive.number(&left("expenses WHERE amount = 500")).await, 3, "figures stay");
    let after = archive.verified().await;
    assert!(after.good, "{after:?}");
}

async fn a_customer_with_an_open_ticket_is_not_erased(database: &Database) {
    let mut archive = Archive::open(database).await;
    archive.call("2026-03-02 10:00", "li", &[]).await;
    let ticket = |phase: &str| {
        format!(
            "INSERT INTO tickets (pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body, customer_id)
                 VALUES ('p', 'KF-{phase}', 'k', '', '', '', '{phase}', '', 'o', '', '13900000001', '王', 'M1', 0, 0, 0, '', 0, 0,
                 '{}', 1)",
            json!(ringback::ticket::Ticket {
                phone: "13900000001".into(),
                name: "王".into(),
                ..ringback::ticket::Ticket::default()
            })
        )
    };
    archive.sql(&ticket("open")).await;
    let refused = archive.house.ask(Method::DELETE, "/customers/1?reason=asked", Value::Null).await;
    let refused = refused.expect(409).to_string();
    assert!(refused.contains("KF-open") && refused.contains("close them first"), "{refused}");
    archive.sql("UPDATE tickets SET phase = 'closed'").await;
    archive.sql("INSERT INTO ticket_log (ticket_id, at, actor, action, detail) SELECT id, 0, 'li', 'said', '王' FROM tickets").await;
    let erased = erase(&archive, 1).await;
    assert_eq!(erased["tickets"], 1);
    let named = "SELECT COUNT(*) FROM tickets WHERE body LIKE '%13900000001%' OR body LIKE '%王%' OR phone <> '' OR name <> ''";
    assert_eq!(archive.number(named).await, 0);
    assert_eq!(archive.number("SELECT COUNT(*) FROM ticket_log WHERE detail <> ''").await, 0);
}

async fn an_erasure_before_linking_leaves_nothing_to_guess_from(database: &Database) {
    let mut archive = Archive::open(database).await;
    let (call, sheet) = with_words(&mut archive).await;
    erase(&archive, 1).await;
    archive.turn("2026-03-02 12:00").await;
    let zeros = "0".repeat(64);
    for subject in [format!("call:{call}"), format!("call:{call}/2"), format!("sheet:{sheet}")] {
        let sql = format!(
            "SELECT COUNT(*) FROM custody_chain WHERE subject = '{subject}' AND digest = '{zeros}' AND salt IS NULL"
        );
        assert_eq!(archive.number(&sql).await, 1, "{subject}");
    }
    let found = archive.verified().await;
    assert!(found.good && found.erased == 3, "{found:?}");
}
