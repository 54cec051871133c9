//! Sealed at rest, heard in memory; keys come and go.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use ringback::app::{load_calendar, load_policies, load_scorecards};
use ringback::config;
use ringback::io::evidence::{Examiner, Settings, Transcriber};
use ringback::io::vault::{Key, KeyRing};
use ringback::io::{planner, planner::Planner};

use super::world::{House, rules};
use crate::support::databases::{Database, number, on_both_databases, text};
use crate::web::site::MONDAY;

on_both_databases! {
    rec_03_a_recording_is_sealed_when_its_call_is_over_and_sealed_again_with_a_new_key,
    a_sealed_recording_that_was_altered_or_exchanged_is_not_played,
    rec_03_evidence_and_transcripts_are_made_of_sealed_recordings,
}

fn key() -> Key {
    Key::random(MONDAY).unwrap()
}

async fn rec_03_a_recording_is_sealed_when_its_call_is_over_and_sealed_again_with_a_new_key(
    database: &Database,
) {
    let mut house = House::open(database, rules(None)).await;
    let (id, wav) = house.call(1, "13800000001", 5.0).await;
    let (old, old_wav) = house.call(31, "13800000002", 5.0).await;
    let first = KeyRing::of(vec![key()]);
    let first_id = first.newest().unwrap().id.clone();
    house.seal_with(first.clone());
    house.keeper.turn(MONDAY).await.unwrap();
    let (third, third_wav) = house.call(1, "13800000003", 1.0).await;
    assert_eq!(house.keeper.turn(MONDAY).await.unwrap().sealed, 1, "what came since the run");
    assert_eq!(house.keeper.turn(MONDAY).await.unwrap().sealed, 0);
    for file in house.files() {
        assert!(file.ends_with(&format!(".{first_id}")), "{file}");
        let bytes = std::fs::read(house.path(&file)).unwrap();
        assert!(!bytes.windows(4).any(|four| four == b"RIFF" || four == b"fLaC"), "{file} shows what it is");
    }
    let rotated = first.rotated(key());
    let second_id = rotated.newest().unwrap().id.clone();
    house.seal_with(rotated.clone());
    assert_eq!(house.heard(&id).await, wav, "old keys open");
    let report = house.run().await;
    assert_eq!((report.tally.sealed, report.tally.failed), (3, 0), "{report:?}");
    assert!(house.files().iter().all(|file| file.ends_with(&format!(".{second_id}"))), "{:?}", house.files());
    let only_new = rotated.without(&first_id).unwrap();
    house.seal_with(only_new);
    for (id, wav) in [(&id, &wav), (&old, &old_wav), (&third, &third_wav)] {
        assert_eq!(&house.heard(id).await, wav);
    }
    let why = text(
        &house.site.store,
        &format!("SELECT gone_why FROM recording_files WHERE call_id = '{old}' AND sealed = '{first_id}'"),
    )
    .await;
    assert_eq!(why, format!("sealed again with key {second_id}"));
    house.seal_with(KeyRing::of(vec![key()]));
    let lost = house.site.get(&format!("/api/v1/calls/{id}/recording")).await;
    assert!(lost.status.is_client_error() || lost.status.is_server_error());
    assert!(
        lost.text().contains(&format!("sealed with key {second_id}, which is not in the key file")),
        "{}",
        lost.text()
    );
    let failed = house.run().await;
    assert_eq!(
        (failed.tally.failed, failed.tally.sealed),
        (3, 0),
        "what cannot be opened is left: {failed:?}"
    );
    assert_eq!(house.files().len(), 3);
}

async fn a_sealed_recording_that_was_altered_or_exchanged_is_not_played(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (a, _) = house.call(0, "13800000001", 20.0).await;
    let (b, _) = house.call(0, "13800000002", 20.0).await;
    let ring = KeyRing::of(vec![key()]);
    let id = ring.newest().unwrap().id.clone();
    house.seal_with(ring);
    house.keeper.turn(MONDAY).await.unwrap();
    let path = |call: &str| house.path(&format!("2026/01/01/{call}.wav.{id}"));
    let (bytes_a, bytes_b) = (std::fs::read(path(&a)).unwrap(), std::fs::read(path(&b)).unwrap());
    std::fs::write(path(&a), &bytes_b).unwrap();
    let exchanged = house.site.get(&format!("/api/v1/calls/{a}/peaks")).await;
    assert!(exchanged.status.is_server_error(), "{}", exchanged.text());
    let mut altered = bytes_b.clone();
    let end = altered.len() - 1;
    altered[end] ^= 1;
    std::fs::write(path(&b), altered).unwrap();
    let sound = house.vault.open(&format!("2026/01/01/{b}.wav")).await.unwrap();
    let mut heard = Vec::new();
    let refused = tokio::task::spawn_blocking(move || {
        let mut sound = sound;
        std::io::Read::read_to_end(&mut sound, &mut heard).unwrap_err().to_string()
    });
    let refused = refused.await.unwrap();
    assert!(refused.contains("was altered") && refused.contains("its end was cut off"), "{refused}");
    std::fs::write(path(&a), bytes_a).unwrap();
    house.heard(&a).await;
}

async fn rec_03_evidence_and_transcripts_are_made_of_sealed_recordings(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (id, wav) = house.call(31, "13800000001", 5.0).await;
    house.sql(&format!("INSERT INTO legs (call_id, number, kind, target, agent, started_at, answered_at, ended_at, result, ended_by)
        SELECT id, 1, 'agent', '1001', 'li', started_at, answered_at, ended_at + 5000, 'talked', 'us' FROM calls WHERE id = '{id}'")).await;
    house
        .sql(&format!("UPDATE calls SET direction = 'inbound', ended_at = ended_at + 5000 WHERE id = '{id}'"))
        .await;
    house.seal_with(KeyRing::of(vec![key()]));
    house.run().await;
    assert!(house.files()[0].contains(".flac.k"), "{:?}", house.files());
    // The program tells how many bytes the file has that it is given.
    let program = house.site.folder.path().join("transcribe");
    let size = wav.len();
    let line = r#"[{"side":"agent","start_ms":0,"end_ms":900,"text":"%s bytes"}]"#;
    std::fs::write(&program, format!("#!/bin/sh\nprintf '{line}' $(wc -c < \"$1\")\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hub = house.site.api.parts.events.clone();
    let settings = planner::Settings {
        policies: Arc::new(load_policies(&config::Policy::default()).unwrap().policies),
        calendar: load_calendar(&config::Policy::default()).unwrap(),
        ..planner::Settings::default()
    };
    let planner = Planner::new(house.site.store.clone(), house.site.api.parts.control.clone(), hub, settings);
    let settings = Settings {
        cards: Arc::new(load_scorecards(&config::Policy::default()).unwrap().cards),
        transcribe: vec![program.display().to_string(), "{file}".into()],
        transcribe_limit: Duration::from_secs(20),
    };
    let examiner = Examiner::start(house.site.store.clone(), planner, house.vault.clone(), settings).unwrap();
    assert_eq!(examiner.turn(MONDAY).await.unwrap().judged, 1);
    let heard = format!("SELECT heard_ms FROM call_evidence WHERE call_id = '{id}' AND problem = ''");
    assert_eq!(number(&house.site.store, &heard).await, 5_000);
    Transcriber(examiner).turn(MONDAY).await.unwrap();
    let words = text(&house.site.store, &format!("SELECT transcription || ' ' || COALESCE((SELECT lines FROM transcripts WHERE call_id = '{id}'), '') FROM call_evidence")).await;
    assert!(words.contains(&format!("{size} bytes")), "{words}");
    assert_eq!(house.files().len(), 1, "no plain sound was put on the disk: {:?}", house.files());
}
