//! WAV to FLAC to nothing, on both databases.

use ringback::evidence::SpeechRule;
use ringback::io::evidence::hear;
use ringback::io::store::custody::{Expected, Known};
use serde_json::json;

use super::world::{DAY, House, rules};
use crate::support::databases::{Database, execute, number, on_both_databases, text};
use crate::web::site::{MONDAY, send};

on_both_databases! {
    rec_03_a_recording_is_archived_without_loss_and_heard_as_before,
    rec_03_what_is_due_is_deleted_and_its_row_says_why,
    a_recording_that_is_not_the_one_that_was_noted_is_left_and_told,
    spoken_comments_are_kept_with_their_call,
    whoever_is_erased_has_no_recording_in_any_form,
}

async fn rec_03_a_recording_is_archived_without_loss_and_heard_as_before(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (young, _) = house.call(29, "13800000001", 1.0).await;
    let (old, wav) = house.call(31, "13800000002", 12.3).await;
    let (name, before) = (house.path(&format!("2026/01/01/{old}.wav")), peaks(&house, &old).await);
    let heard = hear(std::fs::File::open(&name).unwrap(), &SpeechRule::default()).unwrap();
    let dry = house.keeper.run(true, MONDAY).await.unwrap();
    assert_eq!((dry.tally.archived, dry.planned.len()), (1, 1), "{dry:?}");
    assert_eq!(dry.planned[0].because, "its 30 days as WAV are over ([retention])");
    assert!(name.exists(), "a dry run changes nothing");
    let report = house.run().await;
    assert_eq!((report.tally.archived, report.tally.kept, report.tally.failed), (1, 1, 0), "{report:?}");
    assert_eq!(house.files(), [format!("2026/01/01/{young}.wav"), format!("2026/01/01/{old}.flac")].sorted());
    assert_eq!(house.heard(&old).await, wav);
    assert_eq!(peaks(&house, &old).await, before);
    let sound = house.vault.open(&format!("2026/01/01/{old}.wav")).await.unwrap();
    assert_eq!(hear(sound, &SpeechRule::default()).unwrap(), heard, "the examiner hears the same");
    for (range, from, to) in [
        ("bytes=0-43", 0, 44),
        ("bytes=40000-99999", 40_000, 100_000),
        ("bytes=-5", wav.len() - 5, wav.len()),
    ] {
        let path = format!("/api/v1/calls/{old}/recording");
        let request =
            house.site.request(reqwest::Method::GET, &path, &house.site.admin).header("range", range);
        let part = send(request).await;
        assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &wav[from..to]), "{range}");
        assert_eq!(part.header("content-length"), (to - from).to_string());
    }
    let stored = house.site.get(&format!("/api/v1/calls/{old}/recording/stored")).await.expect(200);
    let files = stored["files"].as_array().unwrap();
    let column = |key: &str| files.iter().map(|file| file[key].clone()).collect::<Vec<_>>();
    assert_eq!(column("form"), [json!("wav"), json!("flac")]);
    assert_eq!(column("gone_why"), [json!("archived as FLAC"), json!("")]);
    assert_eq!(column("removed_at")[0], json!(MONDAY.0), "{stored}");
    assert_eq!(files[0]["sha256"], files[1]["wav_sha256"], "the digest of the WAV goes with it");
    assert_eq!(
        files[1]["bytes"],
        json!(std::fs::metadata(house.path(&format!("2026/01/01/{old}.flac"))).unwrap().len())
    );
    assert_eq!(
        (&stored["act"], &stored["because"]),
        (&json!("keep"), &json!("it is kept for ever ([retention])"))
    );
    let expected = house.site.store.expected_files("", "~", 500).await.unwrap().0;
    let is_known = |file: &Expected| matches!(file.known, Known::Sha256(_));
    let now: Vec<(&str, bool)> = expected.iter().map(|file| (file.path.as_str(), is_known(file))).collect();
    assert_eq!(now.len(), 2, "one file a recording must be there: {expected:?}");
    assert!(now.contains(&(format!("2026/01/01/{old}.flac").as_str(), true)));
    let again = house.run().await;
    assert_eq!((again.tally.archived, again.tally.kept), (0, 2));
    for edit in [
        "DELETE FROM recording_files",
        "UPDATE recording_files SET sha256 = 'x'",
        "UPDATE recording_files SET gone_why = 'y' WHERE gone_at IS NOT NULL",
    ] {
        let refused = execute(&house.site.store, edit).await.unwrap_err().to_string();
        assert!(refused.contains("the history of a recording is not edited"), "{edit}: {refused}");
    }
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl<const N: usize> Sorted for [String; N] {
    fn sorted(mut self) -> Self {
        self.sort();
        self
    }
}

async fn peaks(house: &House, id: &str) -> Vec<u8> {
    house.site.get(&format!("/api/v1/calls/{id}/peaks")).await.bytes
}

async fn rec_03_what_is_due_is_deleted_and_its_row_says_why(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (archived, _) = house.call(40, "13800000001", 1.0).await;
    let (plain, _) = house.call(61, "13800000002", 1.0).await;
    house.run().await;
    assert_eq!(house.files(), [format!("2026/01/01/{archived}.flac")]);
    let gone = house.site.get(&format!("/api/v1/calls/{plain}/recording")).await;
    assert_eq!(gone.status, 410, "{}", gone.text());
    assert!(gone.text().contains("its 60 days are over ([retention])"), "{}", gone.text());
    let rows = format!(
        "SELECT COUNT(*) FROM recording_files WHERE call_id = '{plain}' AND gone_at IS NOT NULL AND removed_at IS NOT NULL"
    );
    assert_eq!(number(&house.site.store, &rows).await, 1, "a tombstone stays");
    let sha =
        text(&house.site.store, &format!("SELECT wav_sha256 FROM recording_files WHERE call_id = '{plain}'"))
            .await;
    assert_eq!(sha, text(&house.site.store, &format!("SELECT sha256 FROM calls WHERE id = '{plain}'")).await);
    let later = ringback::base::Timestamp((MONDAY + super::world::DAY * 25).0);
    let report = house.keeper.run(false, later).await.unwrap();
    assert_eq!((report.tally.deleted, house.files().len()), (1, 0), "the archived one follows: {report:?}");
    assert!(house.site.store.expected_files("", "~", 500).await.unwrap().0.is_empty());
    assert_eq!(house.keeper.run(false, later).await.unwrap().tally, ringback::io::vault::Tally::default());
}

async fn a_recording_that_is_not_the_one_that_was_noted_is_left_and_told(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (id, mut wav) = house.call(31, "13800000001", 1.0).await;
    let (missing, _) = house.call(32, "13800000002", 1.0).await;
    let (good, _) = house.call(33, "13800000003", 1.0).await;
    wav[5_000] ^= 1;
    let path = house.path(&format!("2026/01/01/{id}.wav"));
    std::fs::write(&path, &wav).unwrap();
    std::fs::remove_file(house.path(&format!("2026/01/01/{missing}.wav"))).unwrap();
    let report = house.run().await;
    assert_eq!((report.tally.archived, report.tally.failed), (1, 2), "{report:?}");
    let problems = report.problems.join("\n");
    assert!(
        problems.contains(&format!("{id}.wav: the recording is not the one that was noted")),
        "{problems}"
    );
    assert!(problems.contains(&format!("{missing}.wav: No such file")), "{problems}");
    assert!(path.exists(), "it is evidence of what happened");
    // Both stand among the warnings, once, however often the keeper comes by.
    let later = ringback::base::Timestamp((MONDAY + DAY).0);
    house.keeper.run(false, later).await.unwrap();
    let warned = number(
        &house.site.store,
        "SELECT COUNT(*) FROM warnings WHERE code = 'recording_not_kept' AND pack = ''",
    );
    assert_eq!(warned.await, 2);
    house.site.store.settle_warning(1, "seen", "li", MONDAY).await.unwrap();
    let open = number(&house.site.store, "SELECT COUNT(*) FROM warnings WHERE settled_at IS NULL");
    assert_eq!(open.await, 1);
    assert!(house.path(&format!("2026/01/01/{good}.flac")).exists(), "others do not wait for it");
    assert!(!house.files().iter().any(|file| file.contains(&format!("{id}.flac"))), "{:?}", house.files());
}

async fn spoken_comments_are_kept_with_their_call(database: &Database) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (id, _) = house.call(31, "13800000001", 1.0).await;
    let name = format!("2026/01/01/{id}.why.wav");
    let comment = super::world::write_wav(&house.path(&name), 2.0, 99);
    house.sql(&format!(
        "INSERT INTO answers (call_id, seq, question, dissatisfied, comment, at) VALUES ('{id}', 1, 'why', 0, '{name}', 0)"
    )).await;
    assert_eq!(house.run().await.tally.archived, 2);
    assert_eq!(house.files(), [format!("2026/01/01/{id}.flac"), format!("2026/01/01/{id}.why.flac")]);
    let heard = house.site.get(&format!("/api/v1/calls/{id}/answers/1/comment")).await;
    assert_eq!(heard.bytes, comment);
    let later = ringback::base::Timestamp((MONDAY + super::world::DAY * 30).0);
    assert_eq!(house.keeper.run(false, later).await.unwrap().tally.deleted, 2);
    assert_eq!(house.site.get(&format!("/api/v1/calls/{id}/answers/1/comment")).await.status, 410);
}

async fn whoever_is_erased_has_no_recording_in_any_form(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (archived, _) = house.call(31, "13800000001", 1.0).await;
    let (plain, _) = house.call(1, "13800000001", 1.0).await;
    let (other, _) = house.call(1, "13800000002", 1.0).await;
    house.run().await;
    for name in [format!("2026/01/01/{archived}.wav"), format!("2026/01/01/{plain}.wav")] {
        house.vault.erase(&name, "erased on request", MONDAY).await.unwrap();
        house.vault.erase(&name, "erased on request", MONDAY).await.unwrap();
    }
    assert_eq!(house.files(), [format!("2026/01/01/{other}.wav")]);
    let gone = "SELECT COUNT(*) FROM recording_files WHERE gone_why = 'erased on request' AND removed_at IS NOT NULL";
    assert_eq!(number(&house.site.store, gone).await, 2);
    assert_eq!(house.site.get(&format!("/api/v1/calls/{plain}/recording")).await.status, 410);
}
