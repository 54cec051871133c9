//! Files that were altered, removed, emptied, or put beside the others.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

use super::world::{Archive, write_wav, wrong};
use crate::support::databases::{Database, on_both_databases};

on_both_databases! {
    rec_03_a_file_altered_removed_emptied_or_added_is_found,
    rec_03_a_comment_is_held_to_the_file_it_was,
    the_files_of_a_call_that_is_up_and_of_tickets_are_no_strangers,
}

async fn rec_03_a_file_altered_removed_emptied_or_added_is_found(database: &Database) {
    let mut archive = Archive::open(database).await;
    let mut calls = Vec::new();
    for hour in 10..14 {
        calls.push(archive.call(&format!("2026-03-02 {hour}:00"), "li", &[5]).await);
    }
    archive.turn("2026-03-02 15:00").await;
    let good = archive.verified().await;
    assert_eq!((good.good, good.files), (true, 4), "{good:?}");
    let mut file = std::fs::OpenOptions::new().write(true).open(archive.file(&calls[0]).await).unwrap();
    file.seek(SeekFrom::Start(20_000)).unwrap();
    file.write_all(&[1]).unwrap();
    std::fs::remove_file(archive.file(&calls[1]).await).unwrap();
    std::fs::write(archive.file(&calls[2]).await, b"").unwrap();
    let stranger = archive.house.shop.site.recordings().join("2026/03/02/other.wav");
    write_wav(&stranger, 3);
    let expect = |n: usize, code: &str| wrong(code, format!("recording call:{}", calls[n]));
    let three = [expect(0, "file_altered"), expect(1, "file_missing"), expect(2, "file_altered")];
    assert_eq!(archive.wrong().await, three, "what is being written is no stranger yet");
    let old = SystemTime::now() - Duration::from_secs(3_600);
    std::fs::File::options().write(true).open(&stranger).unwrap().set_modified(old).unwrap();
    let mut found = archive.wrong().await;
    assert_eq!(found.pop(), Some(wrong("file_added", "2026/03/02/other.wav")));
    assert_eq!(found, three);
    // A path that leads elsewhere is not followed.
    archive.sql(&format!("UPDATE calls SET recording = '../secret' WHERE id = '{}'", calls[3])).await;
    assert!(archive.wrong().await.contains(&expect(3, "file_unreadable")));
}

async fn rec_03_a_comment_is_held_to_the_file_it_was(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    let name = format!("2026/03/02/{call}.q1.wav");
    let file = archive.house.shop.site.recordings().join(&name);
    write_wav(&file, 9);
    archive
        .sql(&format!("INSERT INTO answers (call_id, seq, question, comment, at) VALUES ('{call}', 1, 'q1', '{name}', 0)"))
        .await;
    archive.turn("2026-03-02 10:01").await;
    let good = archive.verified().await;
    assert_eq!((good.good, good.files), (true, 2), "{good:?}");
    write_wav(&file, 10);
    assert_eq!(archive.wrong().await, [wrong("file_altered", format!("comment call:{call}/1"))]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(archive.wrong().await, [wrong("file_missing", format!("comment call:{call}/1"))]);
}

async fn the_files_of_a_call_that_is_up_and_of_tickets_are_no_strangers(database: &Database) {
    let mut archive = Archive::open(database).await;
    let call = archive.call("2026-03-02 10:00", "li", &[]).await;
    archive.turn("2026-03-02 10:01").await;
    let recordings = archive.house.shop.site.recordings();
    let old = SystemTime::now() - Duration::from_secs(3_600);
    let put = |name: &str| {
        let path = recordings.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, b"x").unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    };
    put(".write-probe");
    put("tickets/1/ab");
    let id = call.replace(&call[20..], "000000");
    put(&format!("2026/03/02/{id}.wav"));
    let strangers =
        vec![wrong("file_added", format!("2026/03/02/{id}.wav")), wrong("file_added", "tickets/1/ab")];
    let mut found = archive.wrong().await;
    found.sort();
    assert_eq!(found, strangers);
    archive
        .sql(&format!(
            "INSERT INTO calls (id, direction, state, phone, reserved_at) VALUES ('{id}', 'inbound', 'reserved', '1', 0);
             INSERT INTO tickets (id, pack, number, kind, severity, category, source, phase, state, owner, department, phone,
                 name, matter, complaint, dissatisfied, level, meeting, opened_at, version, body)
                 VALUES (1, 'p', 'n', 'k', '', '', '', 'closed', '', 'o', '', '', '', '', 0, 0, 0, '', 0, 0, '{{}}');
             INSERT INTO ticket_files (ticket_id, name, kind, path, sha256, bytes, added_by, added_at) VALUES (1, 'a.jpg',
                 'photo', 'tickets/1/ab', '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', 1, 'li', 0)"
        ))
        .await;
    archive.turn("2026-03-02 10:02").await;
    let good = archive.verified().await;
    assert!(good.good && good.files == 2, "{good:?}");
}
