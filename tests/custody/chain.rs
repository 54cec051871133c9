//! What is linked, and what is found when somebody who owns the database changes it.

use ringback::custody::{Head, Kind, digest};
use ringback::io::custody::Order;

use super::world::{Archive, wrong};
use crate::support::databases::{Database, number, on_both_databases, text};

on_both_databases! {
    rec_03_recordings_answers_and_the_audit_log_are_linked_once,
    rec_03_rows_altered_removed_or_added_behind_the_triggers_are_found,
    rec_03_an_answer_given_anew_does_not_take_the_place_of_the_one_that_was_linked,
    rec_03_the_chain_itself_takes_no_edit,
    rec_03_a_chain_made_anew_is_found_by_the_roots_that_were_published,
    rec_03_days_narrow_what_is_compared_and_not_the_chain,
    what_waits_is_linked_in_batches_and_a_restart_loses_nothing,
}

async fn rec_03_recordings_answers_and_the_audit_log_are_linked_once(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[4, 5]).await;
    let waiting = archive.number("SELECT COUNT(*) FROM custody_pending").await;
    assert!(archive.number("SELECT COUNT(*) FROM audit_log").await > 0);
    assert_eq!(waiting, archive.number("SELECT COUNT(*) + 3 FROM audit_log").await);
    let before = archive.verified().await;
    assert_eq!(
        (before.good, before.entries, before.waiting),
        (true, 0, waiting.unsigned_abs()),
        "{before:?}"
    );
    assert_eq!(archive.turn("2026-03-02 10:01").await, waiting.unsigned_abs());
    assert_eq!(archive.turn("2026-03-02 10:01").await, 0, "each fact once");
    let after = archive.verified().await;
    assert!(after.good, "{after:?}");
    assert_eq!(
        (after.entries, after.contents, after.waiting),
        (waiting.unsigned_abs(), waiting.unsigned_abs(), 0)
    );
    assert_eq!((after.files, after.bytes), (1, 32_044));
    let kinds = archive.house.get(&format!("/custody/entries?subject=call:{call}")).await;
    let told: Vec<&str> =
        kinds["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(told, ["answer", "answer", "recording"], "newest first");
    assert_eq!(
        archive.number("SELECT COUNT(*) FROM custody_chain WHERE salt IS NULL AND kind = 'answer'").await,
        0
    );
    let salts = archive.number("SELECT COUNT(DISTINCT salt) FROM custody_chain WHERE salt IS NOT NULL").await;
    assert_eq!(salts, 2, "each answer has a salt of its own");
}

async fn rec_03_rows_altered_removed_or_added_behind_the_triggers_are_found(database: &Database) {
    let mut archive = Archive::open(database).await;
    let first = archive.call("2026-03-02 10:00", "li", &[2, 5]).await;
    let second = archive.call("2026-03-02 11:00", "li", &[1]).await;
    archive.turn("2026-03-02 12:00").await;
    assert_eq!(archive.wrong().await, []);
    archive.sql(&format!("UPDATE answers SET score = 5 WHERE call_id = '{first}' AND seq = 1")).await;
    archive.sql(&format!("DELETE FROM answers WHERE call_id = '{second}'")).await;
    archive
        .forge(
            "answers",
            &format!(
                "INSERT INTO answers (call_id, seq, question, score, at) VALUES ('{second}', 7, 'q7', 5, 0)"
            ),
        )
        .await;
    archive.forge("audit_log", "UPDATE audit_log SET actor = 'nobody' WHERE id = 1").await;
    archive.forge("audit_log", "DELETE FROM audit_log WHERE id = 2").await;
    archive.sql(&format!("UPDATE calls SET sha256 = 'ff', recording_ms = 1 WHERE id = '{first}'")).await;
    let mut found = archive.wrong().await;
    found.sort();
    let mut expect = vec![
        wrong("content_altered", format!("answer call:{first}/1")),
        wrong("content_missing", format!("answer call:{second}/1")),
        wrong("row_added", format!("answer call:{second}/7")),
        wrong("content_altered", "audit audit:1"),
        wrong("content_missing", "audit audit:2"),
        wrong("content_altered", format!("recording call:{first}")),
        wrong("file_altered", format!("recording call:{first}")),
    ];
    expect.sort();
    assert_eq!(found, expect);
}

async fn rec_03_an_answer_given_anew_does_not_take_the_place_of_the_one_that_was_linked(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[1]).await;
    archive.turn("2026-03-02 10:01").await;
    archive.sql(&format!("DELETE FROM answers WHERE call_id = '{call}'")).await;
    let better = format!(
        "INSERT INTO answers (call_id, seq, question, keys, score, at) VALUES ('{call}', 1, 'q1', '5', 5, 0)"
    );
    archive.sql(&better).await;
    // The trigger saw it, and it is not linked a second time.
    archive.turn("2026-03-02 10:02").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM custody_pending").await, 0);
    assert_eq!(archive.wrong().await, [wrong("content_altered", format!("answer call:{call}/1"))]);
}

async fn rec_03_the_chain_itself_takes_no_edit(database: &Database) {
    let mut archive = Archive::open(database).await;
    archive.call("2026-03-02 10:00", "li", &[1]).await;
    archive.turn("2026-03-02 10:01").await;
    archive.turn("2026-03-03 00:00").await;
    for edit in [
        "UPDATE custody_chain SET digest = 'x'",
        "UPDATE custody_chain SET salt = 'x'",
        "DELETE FROM custody_chain",
        "UPDATE custody_roots SET hash = 'x'",
        "DELETE FROM custody_roots",
    ] {
        let refused =
            crate::support::databases::execute(archive.store(), edit).await.unwrap_err().to_string();
        assert!(refused.contains("is not edited"), "{edit}: {refused}");
    }
    // A salt alone may go: that is what an erasure does, and without one it is found.
    archive.sql("UPDATE custody_chain SET salt = NULL WHERE kind = 'answer'").await;
    let found = archive.wrong().await;
    assert!(found.len() == 1 && found[0].0 == "content_altered", "{found:?}");
}

async fn rec_03_a_chain_made_anew_is_found_by_the_roots_that_were_published(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[1, 4]).await;
    archive.turn("2026-03-02 10:01").await;
    archive.call("2026-03-03 10:00", "li", &[3]).await;
    archive.turn("2026-03-03 10:01").await;
    archive.turn("2026-03-04 00:00").await;
    assert_eq!(number(archive.store(), "SELECT COUNT(*) FROM custody_roots").await, 2);
    let kept = std::fs::read_to_string(archive.roots().join("2026-03.txt")).unwrap();
    assert_eq!(kept.lines().filter(|line| !line.starts_with('#')).count(), 2, "{kept}");
    let good = archive.verified().await;
    assert!(good.good && good.roots == 2, "{good:?}");
    // Somebody who knows everything: the answer, its digest, every hash behind it, and the roots.
    archive
        .sql(&format!("UPDATE answers SET score = 5, keys = '5' WHERE call_id = '{call}' AND seq = 1"))
        .await;
    let (mut head, mut sql, mut after) = (Head::default(), String::new(), 0);
    loop {
        let entries = archive.store().custody_entries(after).await.unwrap();
        let Some((last, _)) = entries.last() else { break };
        after = last.seq;
        for (entry, salt) in entries {
            let content = archive.store().custody_contents(entry.kind, &[&entry.subject]).await.unwrap();
            let forged = match (entry.kind, content.get(&entry.subject)) {
                (Kind::Answer, Some(content)) => digest(salt.as_deref().unwrap_or_default(), content),
                _ => entry.digest,
            };
            let new = head.link(entry.at, entry.kind, entry.subject, forged);
            sql += &format!(
                "UPDATE custody_chain SET digest = '{}', hash = '{}' WHERE seq = {};",
                new.digest, new.hash, new.seq
            );
        }
    }
    archive.forge("custody_chain", sql.trim_end_matches(';')).await;
    archive
        .forge("custody_roots", "UPDATE custody_roots SET hash = (SELECT hash FROM custody_chain c WHERE c.seq = custody_roots.seq)")
        .await;
    let alone = archive.verified_as(Order::default()).await;
    assert!(alone.good, "the database by itself holds: {alone:?}");
    let found = archive.verified().await;
    assert_eq!((found.good, found.problems), (false, 2), "{found:?}");
    assert!(
        found.troubles.iter().all(|t| t.code == "chain_broken" && t.detail.contains("the root of 2026-03-0"))
    );
    // The daemon finds it too, where its own file stands.
    archive.turn("2026-03-04 00:01").await;
    let alarm = text(archive.store(), "SELECT detail FROM warnings WHERE code = 'roots_differ'").await;
    assert!(alarm.contains("another root of 2026-03-02"), "{alarm}");
}

async fn rec_03_days_narrow_what_is_compared_and_not_the_chain(database: &Database) {
    let mut archive = Archive::open(database).await;
    let first = archive.call("2026-03-02 10:00", "li", &[1]).await;
    archive.turn("2026-03-02 10:01").await;
    let second = archive.call("2026-03-03 10:00", "li", &[2]).await;
    archive.turn("2026-03-03 10:01").await;
    for call in [&first, &second] {
        archive.sql(&format!("UPDATE answers SET score = 5 WHERE call_id = '{call}'")).await;
        std::fs::remove_file(archive.file(call).await).unwrap();
    }
    let day = |day: i8| Some(jiff::civil::date(2026, 3, day));
    let late = archive.verified_as(Order { since: day(3), ..Order::default() }).await;
    let of: Vec<&str> = late.troubles.iter().map(|t| t.subject.as_str()).collect();
    assert_eq!(of, [format!("answer call:{second}/1"), format!("recording call:{second}")]);
    let early = archive.verified_as(Order { until: day(2), ..Order::default() }).await;
    assert!(early.problems == 2 && early.troubles.iter().all(|t| t.subject.contains(&first)), "{early:?}");
    assert_eq!(early.entries, late.entries, "the chain is followed whole");
}

async fn what_waits_is_linked_in_batches_and_a_restart_loses_nothing(database: &Database) {
    let mut archive = Archive::open(database).await;
    let scores: Vec<i64> = (0..300).map(|n| n % 5 + 1).collect();
    archive.call("2026-03-02 10:00", "li", &scores).await;
    let store = archive.store();
    let waiting = store.custody_waiting().await.unwrap();
    assert_eq!(waiting.len(), 256);
    // The same batch twice, as after a connection that broke while it was committed.
    let salt = || Ok("ab".repeat(16));
    let now = (ringback::base::Timestamp(5), ringback::base::Timestamp(0));
    let linked = store.custody_link(&waiting, &Default::default(), salt, now).await.unwrap();
    assert_eq!(linked, 256);
    assert_eq!(store.custody_link(&waiting, &Default::default(), salt, now).await.unwrap(), 0);
    let rest = archive.turn("2026-03-02 10:01").await;
    let all = archive.number("SELECT COUNT(*) FROM custody_chain").await;
    assert_eq!(rest + 256, all.unsigned_abs());
    assert!(archive.verified().await.good);
    // A database that is opened again goes on where it was.
    let again = database.open().await;
    assert_eq!(again.custody_standing().await.unwrap().entries, all);
}
