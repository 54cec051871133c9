//! The daemon's own look at the files.

use std::time::Duration;

use ringback::io::custody::{Checker, Settings};
use serde_json::json;

use super::world::{Archive, write_wav};
use crate::support::databases::{Database, on_both_databases, text};

on_both_databases! {
    rec_03_a_recording_that_is_gone_or_altered_is_an_alarm_at_the_next_look,
    a_look_goes_on_where_a_restart_broke_it_off,
}

fn settings() -> Settings {
    Settings { check_every: Duration::from_secs(3_600), check_rate: 1_000_000_000 }
}

/// Looks at that moment until there is nothing to do.
async fn look(archive: &Archive, moment: &str) {
    let now = archive.house.shop.set(moment);
    let checker = Checker(archive.custody.clone());
    while checker.turn(now).await.unwrap().0 {}
}

async fn rec_03_a_recording_that_is_gone_or_altered_is_an_alarm_at_the_next_look(database: &Database) {
    let mut archive = Archive::with(database, settings()).await;
    let gone = archive.call("2026-03-02 10:00", "li", &[]).await;
    let altered = archive.call("2026-03-02 11:00", "li", &[]).await;
    archive.call("2026-03-02 12:00", "li", &[]).await;
    archive.turn("2026-03-02 12:01").await;
    look(&archive, "2026-03-02 13:00").await;
    let standing = archive.house.get("/custody").await;
    assert_eq!(
        (&standing["check"]["files"], &standing["check"]["problems"]),
        (&json!(3), &json!(0)),
        "{standing}"
    );
    let kept = archive.file(&gone).await.with_extension("kept");
    std::fs::rename(archive.file(&gone).await, &kept).unwrap();
    write_wav(&archive.file(&altered).await, 77);
    look(&archive, "2026-03-02 13:30").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM warnings").await, 0, "the next look is not due yet");
    look(&archive, "2026-03-02 14:00").await;
    let warnings = "SELECT COUNT(*) FROM warnings WHERE settled_at IS NULL AND day = '2026-03-02'";
    let of = |code: &str, call: &str| format!("{warnings} AND code = '{code}' AND subject = 'call:{call}'");
    assert_eq!(archive.number(&of("recording_missing", &gone)).await, 1);
    assert_eq!(archive.number(&of("recording_altered", &altered)).await, 1);
    let notice = text(archive.store(), "SELECT MIN(facts) FROM notices WHERE topic = 'custody.alarm'").await;
    assert!(notice.contains("recording_"), "{notice}");
    let told = archive.house.shop.site.api.parts.telemetry.alarms.with(&["recording_missing"]).get();
    assert_eq!(told, 1);
    // Told once, and over when the file is back.
    look(&archive, "2026-03-02 15:00").await;
    assert_eq!(archive.number("SELECT COUNT(*) FROM warnings").await, 2);
    assert_eq!(archive.number("SELECT COUNT(*) FROM notices WHERE topic = 'custody.alarm'").await, 2);
    std::fs::rename(&kept, archive.file(&gone).await).unwrap();
    look(&archive, "2026-03-02 16:00").await;
    assert_eq!(archive.number(&of("recording_missing", &gone)).await, 0);
    assert_eq!(archive.number(&of("recording_altered", &altered)).await, 1);
}

async fn a_look_goes_on_where_a_restart_broke_it_off(database: &Database) {
    let mut archive = Archive::with(database, settings()).await;
    for minute in 10..40 {
        archive.call(&format!("2026-03-02 10:{minute}"), "li", &[]).await;
    }
    let now = archive.house.shop.set("2026-03-02 13:00");
    let begun = archive.store().begin_check(now).await.unwrap();
    let half =
        text(archive.store(), "SELECT MAX(id) FROM (SELECT id FROM calls ORDER BY id LIMIT 20) AS c").await;
    let half = ringback::io::store::custody::CheckRow { reached: half, files: 20, ..begun };
    archive.store().keep_check(&half).await.unwrap();
    look(&archive, "2026-03-02 13:01").await;
    let done = archive.store().last_check().await.unwrap().unwrap();
    assert_eq!((done.id, done.files, done.finished_at.is_some()), (half.id, 30, true), "{done:?}");
    assert_eq!(done.bytes, 10 * 32_044);
}
