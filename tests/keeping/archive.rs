//! The archive elsewhere: a folder, and an object store.

use std::sync::atomic::Ordering;

use ringback::io::vault::{Key, KeyRing, Settings};

use super::world::{Bucket, DAY, House, rules, write_wav};
use crate::support::databases::{Database, block_on, on_both_databases};
use crate::web::site::{MONDAY, send};

on_both_databases! {
    rec_03_the_archive_is_an_object_store_that_is_read_back_before_the_file_here_goes,
    an_archive_that_is_away_or_lies_costs_nothing_and_is_told,
}

async fn rec_03_the_archive_is_an_object_store_that_is_read_back_before_the_file_here_goes(
    database: &Database,
) {
    let mut house = House::open(database, rules(Some(60))).await;
    let (id, wav) = house.call(31, "13800000001", 70.0).await;
    let (sealed, _) = house.call(32, "13800000002", 1.0).await;
    let bucket = Bucket::default();
    let access = bucket.serve().await;
    let ring = KeyRing::of(vec![Key::random(MONDAY).unwrap()]);
    let key = ring.newest().unwrap().id.clone();
    house.vault.set_settings(Settings { ring, archive: "s3://recordings/shop 1".into(), access });
    let report = house.run().await;
    assert_eq!((report.tally.archived, report.tally.moved, report.tally.failed), (2, 2, 0), "{report:?}");
    assert_eq!(house.files(), [""; 0], "nothing is left here");
    let keys = bucket.keys();
    assert!(keys.contains(&format!("recordings/shop%201/2026/01/01/{id}.flac.{key}")), "{keys:?}");
    let asked = bucket.asked.lock().unwrap().clone();
    assert!(asked.iter().any(|line| line.starts_with("GET ")), "it was read back: {asked:?}");
    assert_eq!(house.heard(&id).await, wav);
    bucket.asked.lock().unwrap().clear();
    let path = format!("/api/v1/calls/{id}/recording");
    let request = house
        .site
        .request(reqwest::Method::GET, &path, &house.site.admin)
        .header("range", "bytes=1000000-1000099");
    let part = send(request).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &wav[1_000_000..1_000_100]));
    let rows = house.site.get("/api/v1/recordings?place=archive&form=flac").await.expect(200);
    assert_eq!(rows["items"][0]["place"], "s3://recordings/shop 1", "{rows}");
    assert_eq!(rows["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        house.site.get("/api/v1/recordings?place=here").await.expect(200)["items"].as_array().unwrap().len(),
        0
    );
    let later = ringback::base::Timestamp((MONDAY + DAY * 29).0);
    let deleted = house.keeper.run(false, later).await.unwrap();
    assert_eq!((deleted.tally.deleted, bucket.keys().len()), (2, 0), "{deleted:?} {sealed}");
}

async fn an_archive_that_is_away_or_lies_costs_nothing_and_is_told(database: &Database) {
    let mut house = House::open(database, rules(None)).await;
    let (id, wav) = house.call(31, "13800000001", 1.0).await;
    let (other, _) = house.call(32, "13800000002", 1.0).await;
    let bucket = Bucket::default();
    let access = bucket.serve().await;
    house.vault.set_settings(Settings { archive: "s3://b".into(), access, ..Settings::default() });
    bucket.lies.store(true, Ordering::Relaxed);
    let lied = house.run().await;
    assert_eq!((lied.tally.failed, lied.tally.archived), (2, 0), "{lied:?}");
    assert!(lied.problems[0].contains("s3://b gives back other bytes than it was given"), "{lied:?}");
    bucket.lies.store(false, Ordering::Relaxed);
    let mut settings = house.vault.settings();
    let right = settings.access.endpoint.clone();
    settings.access.endpoint = "http://127.0.0.1:9".into();
    house.vault.set_settings(settings.clone());
    let away = house.run().await;
    assert_eq!((away.tally.failed, away.problems.len()), (2, 1), "it is waited for once: {away:?}");
    assert!(away.problems[0].starts_with("archive_unreachable: "), "{away:?}");
    assert_eq!(house.heard(&id).await, wav, "{other}");
    settings.access.endpoint = right;
    house.vault.set_settings(settings);
    let rows = house.site.get("/api/v1/warnings?open=true").await.expect(200);
    let open: Vec<(&str, &str)> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["code"].as_str().unwrap(), row["subject"].as_str().unwrap()))
        .collect();
    assert_eq!(
        open,
        [("archive_unreachable", "s3://b")],
        "what was said of the run before holds no more: {rows}"
    );
    let back = house.run().await;
    assert_eq!((back.tally.archived, back.tally.failed), (2, 0), "{back:?}");
    let rows = house.site.get("/api/v1/warnings?open=true").await.expect(200);
    assert_eq!(rows["items"], serde_json::json!([]), "it is over");
    assert_eq!(house.files(), [""; 0]);
}

#[test]
fn a_large_recording_goes_to_the_object_store_in_parts() {
    block_on(async {
        let database = Database::sqlite();
        let mut house = House::open(&database, rules(None)).await;
        let (id, _) = house.call(31, "13800000001", 1.0).await;
        // 9.6 MB of sound that is not made smaller: five minutes of noise.
        let name = format!("2026/01/01/{id}.wav");
        let wav = loud(&house.path(&name), 300.0);
        house
            .sql(&format!(
                "UPDATE calls SET sha256 = '{}'",
                super::world::hex(&<sha2::Sha256 as sha2::Digest>::digest(&wav))
            ))
            .await;
        let bucket = Bucket::default();
        let access = bucket.serve().await;
        house.vault.set_settings(Settings { archive: "s3://b".into(), access, ..Settings::default() });
        let report = house.run().await;
        assert_eq!((report.tally.moved, report.tally.failed), (1, 0), "{report:?}");
        let posts = bucket.asked.lock().unwrap().iter().filter(|line| line.starts_with("POST ")).count();
        assert_eq!(posts, 2, "it was begun and ended in parts");
        assert!(house.heard(&id).await == wav);
    });
}

/// Noise as loud as it can be.
fn loud(path: &std::path::Path, seconds: f64) -> Vec<u8> {
    let quiet = write_wav(path, seconds, 3);
    let mut rng = ringback::base::Rng::seeded(9);
    let mut wav = quiet;
    for pair in wav[44..].chunks_exact_mut(8) {
        pair.copy_from_slice(&rng.next_u64().to_le_bytes());
    }
    std::fs::write(path, &wav).unwrap();
    wav
}

#[test]
fn rec_03_the_archive_is_a_folder_and_old_places_stay_readable() {
    block_on(async {
        let database = Database::sqlite();
        let mut house = House::open(&database, rules(None)).await;
        let (id, wav) = house.call(31, "13800000001", 2.0).await;
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let place = |folder: &tempfile::TempDir| format!("file://{}", folder.path().display());
        house.vault.set_settings(Settings { archive: place(&first), ..Settings::default() });
        house.run().await;
        assert!(first.path().join(format!("2026/01/01/{id}.flac")).exists());
        house.vault.set_settings(Settings { archive: place(&second), ..Settings::default() });
        assert_eq!(house.heard(&id).await, wav, "the row says where it lies");
        assert_eq!(house.run().await.tally.moved, 1, "what is archived follows the archive");
        assert!(second.path().join(format!("2026/01/01/{id}.flac")).exists());
        assert!(!first.path().join(format!("2026/01/01/{id}.flac")).exists());
        house.vault.set_settings(Settings::default());
        house.run().await;
        assert_eq!((house.files(), house.heard(&id).await), (vec![format!("2026/01/01/{id}.flac")], wav));
    });
}
