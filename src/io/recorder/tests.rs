#![allow(clippy::disallowed_methods, reason = "tests wait for threads by deadline")]

use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::track::BLOCK;
use super::*;

const FRAME: usize = 160;

fn settings(folder: &Path) -> Settings {
    Settings { folder: folder.into(), threads: 2, free_floor: 0, free_resume: 0 }
}

/// Frame `n` of a signal that tells its own place: no two neighbouring frames are alike.
fn frame(n: usize, seed: i16) -> [i16; FRAME] {
    std::array::from_fn(|i| ((n * FRAME + i) as i16).wrapping_mul(31).wrapping_add(seed))
}

fn finished(reports: &Receiver<Report>) -> Finished {
    loop {
        match reports.recv_timeout(Duration::from_secs(10)).expect("the recorder reports") {
            Report::Finished(_, finished) => return finished,
            Report::Failed(..) => {}
        }
    }
}

fn close(mut track: Track) {
    while let Err(Unfinished::Full(back)) = track.finish() {
        track = back;
        std::thread::yield_now();
    }
}

fn channels(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let mut wav = hound::WavReader::open(path).unwrap();
    let all: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    (all.iter().step_by(2).copied().collect(), all.iter().skip(1).step_by(2).copied().collect())
}

#[test]
fn a_recording_holds_both_channels_sample_by_sample_with_hash_and_levels() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    let (to, reports) = unbounded();
    let path = folder.path().join("2026/03/02/CALL.wav");
    let mut track = recorder.open(&path, 2, &to).unwrap();
    let frames = 173;
    for n in 0..frames {
        track.write_stereo(&frame(n, 1), &[0; FRAME]);
    }
    close(track);
    let done = finished(&reports);
    assert_eq!((done.samples, done.missing, done.error), ((frames * FRAME) as u64, 0, None));
    assert_eq!(done.right_dbfs, -96.0);
    let (left, right) = channels(&path);
    assert!(left.iter().eq((0..frames).flat_map(|n| frame(n, 1)).collect::<Vec<_>>().iter()));
    assert!(right.iter().all(|s| *s == 0) && right.len() == left.len());
    let mean = left.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / left.len() as f64;
    assert!((f64::from(done.left_dbfs) - 10.0 * (mean / 32768f64.powi(2)).log10()).abs() < 0.01);
    let again = repair_file(&path).unwrap();
    assert_eq!((again.sha256, again.mended), (done.sha256, false));
    assert!(recorder.open(&path, 2, &to).is_ok(), "asked for without blocking");
    assert!(finished(&reports).error.is_some(), "a file is never overwritten");
    assert_eq!(channels(&path).0, left);
    recorder.stop();
}

#[test]
fn a_kill_loses_less_than_a_second_and_repair_finds_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    let (to, _reports) = unbounded();
    let path = folder.path().join("2026/03/02/CALL.wav");
    let mut track = recorder.open(&path, 2, &to).unwrap();
    let frames = 105; // 2.1 s
    for n in 0..frames {
        track.write_stereo(&frame(n, 5), &frame(n, 6));
    }
    // What a kill would leave: the file as it is once the writer has taken what was handed over.
    let whole = frames * FRAME / BLOCK * BLOCK;
    let torn = folder.path().join("2026/03/02/TORN.wav");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        std::fs::copy(&path, &torn).unwrap_or(0);
        if hound::WavReader::open(&torn).is_ok_and(|wav| wav.duration() as usize == whole) {
            break;
        }
        assert!(Instant::now() < deadline, "the blocks reach the disk");
        std::thread::yield_now();
    }
    assert!(frames * FRAME - whole < 8_000, "less than a second is in memory");
    let want: Vec<i16> = (0..frames).flat_map(|n| frame(n, 5)).take(whole).collect();
    assert_eq!(channels(&torn).0, want, "opens complete without a repair");

    // Killed between audio and header, in the middle of a sample.
    let check = |cut: u64, header: [u8; 4], samples: u64| {
        let file = std::fs::OpenOptions::new().write(true).open(&torn).unwrap();
        file.set_len(cut).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &header, 40).unwrap();
        let found = repair(folder.path(), &BTreeSet::new()).unwrap();
        let mended = found.iter().find(|r| r.path == torn).expect("found");
        assert_eq!(mended.duration, Duration::from_micros(samples * 125));
        assert_eq!(mended.sha256, repair_file(&torn).unwrap().sha256);
        assert_eq!(channels(&torn).0, want[..samples as usize]);
        let again = repair(folder.path(), &BTreeSet::new()).unwrap();
        assert!(!again.iter().any(|r| r.path == torn), "mended once");
        let stem = torn.file_stem().and_then(|s| s.to_str()).unwrap().to_owned();
        let open = repair(folder.path(), &BTreeSet::from([stem])).unwrap();
        let whole = open.iter().find(|r| r.path == torn).expect("the call has no end: told though whole");
        assert_eq!((whole.mended, whole.duration), (false, Duration::from_micros(samples * 125)));
    };
    check(44 + 4 * 9_000 + 3, 100u32.to_le_bytes(), 9_000);
    check(44 + 4 * 8_000, [0; 4], 8_000);
    check(44, 9_999u32.to_le_bytes(), 0);
    close(track);
    recorder.stop();
}

#[test]
fn repair_looks_at_the_newest_days_and_leaves_other_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let days = ["2025/12/31", "2026/03/01", "2026/03/02", "2026/03/03"];
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    let (to, reports) = unbounded();
    for day in days {
        let path = folder.path().join(day).join("C.wav");
        let mut track = recorder.open(&path, 1, &to).unwrap();
        track.write_mono(&frame(0, 1));
        close(track);
        finished(&reports);
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(44 + 100).unwrap();
    }
    let alien = folder.path().join("2026/03/03/alien.wav");
    std::fs::write(&alien, [7; 500]).unwrap();
    std::fs::write(folder.path().join("2026/03/03/short.wav"), b"RIFF").unwrap();
    let found: Vec<_> =
        repair(folder.path(), &BTreeSet::new()).unwrap().into_iter().map(|r| r.path).collect();
    assert_eq!(found, days[1..].iter().map(|d| folder.path().join(d).join("C.wav")).collect::<Vec<_>>());
    assert_eq!(std::fs::read(&alien).unwrap(), [7; 500]);
    recorder.stop();
}

/// A writer that never takes anything, as when the disk hangs.
fn stalled_lane(room: usize) -> (Lane, Receiver<writer::Order>, Sender<Vec<i16>>) {
    let (orders, inbox) = bounded(room);
    let (give_back, spare) = bounded(1);
    (Lane { orders, spare }, inbox, give_back)
}

#[test]
fn a_slow_disk_costs_counted_silence_and_never_alignment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.wav");
    let (lane, inbox, give_back) = stalled_lane(3);
    let (to, reports) = unbounded();
    let missing = Arc::new(AtomicU64::new(0));
    let mut track = Track::open(TrackId(1), lane, &path, 2, &to, missing.clone()).unwrap();
    let per_block = BLOCK / FRAME;
    // Two blocks fit behind the order to open; the next three are lost.
    for n in 0..5 * per_block {
        track.write_stereo(&frame(n, 1), &frame(n, 2));
    }
    assert_eq!(missing.load(Ordering::Relaxed), 3 * BLOCK as u64);
    track.lose(FRAME);
    let Err(Unfinished::Full(mut track)) = track.finish() else { panic!("the queue is full") };
    let (to_seal, sealing) = seal::queue();
    let (alarm, _failures) = Alarm::new();
    let threads = [
        std::thread::spawn(move || writer::Writer::new(give_back, to_seal, alarm).run(&inbox)),
        std::thread::spawn(move || seal::run(&sealing)),
    ];
    let first = 5 * per_block + 1;
    for n in first..first + 3 {
        track.write_stereo(&frame(n, 1), &frame(n, 2));
    }
    close(track);
    let done = finished(&reports);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((done.missing, done.error), ((3 * BLOCK + FRAME) as u64, None));
    let (left, right) = channels(&path);
    assert_eq!(left.len(), (first + 3) * FRAME);
    for (channel, seed) in [(left, 1), (right, 2)] {
        for (n, got) in channel.chunks(FRAME).enumerate() {
            let lost = (2 * per_block..first).contains(&n);
            let want = if lost { [0; FRAME] } else { frame(n, seed) };
            assert_eq!(got, want, "frame {n} stands at its time");
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_recovers_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    assert!(matches!(*recorder.disk().borrow(), Disk::Well { .. }));
    let (to, reports) = unbounded();
    // A file where the folder should be fails for root too, whom permissions do not stop.
    std::fs::write(folder.path().join("2026"), b"in the way").unwrap();
    let path = folder.path().join("2026/C.wav");
    let track = recorder.open(&path, 2, &to).unwrap();
    let Report::Failed(id, reason) = reports.recv_timeout(Duration::from_secs(10)).unwrap() else {
        panic!("the failure is told before the end")
    };
    assert_eq!(id, track.id());
    assert!(reason.contains("2026/C.wav"), "{reason}");
    assert!(finished(&reports).error.is_some());
    let wait_for = |wanted: fn(&Disk) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(10);
        let disk = recorder.disk();
        while !wanted(&disk.borrow()) {
            assert!(Instant::now() < deadline, "still {:?}", *disk.borrow());
            std::thread::yield_now();
        }
    };
    wait_for(|disk| matches!(disk, Disk::Failed(_)));
    wait_for(|disk| matches!(disk, Disk::Well { .. }));
    recorder.stop();
}

#[test]
fn a_read_only_folder_fails_the_disk_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let deny = |mode| {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    deny(0o555);
    let writable_anyway = std::fs::write(folder.path().join("x"), b"").is_ok();
    let recorder = Recorder::start(settings(folder.path())).unwrap();
    if !writable_anyway {
        assert!(matches!(*recorder.disk().borrow(), Disk::Failed(_)));
    }
    recorder.stop();
    deny(0o755);
}

#[test]
fn too_little_room_is_low_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { free_floor: u64::MAX, free_resume: u64::MAX, ..settings(folder.path()) };
    let recorder = Recorder::start(settings).unwrap();
    assert!(matches!(*recorder.disk().borrow(), Disk::Low { .. }));
    recorder.stop();
}

#[test]
fn a_write_that_fails_leaves_silence_and_what_follows_stands_at_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.wav");
    let mut file = file::WavFile::create(&path, 2, sink::Scratch::default()).unwrap();
    let stereo = |n: usize| -> Vec<i16> { frame(n, 3).iter().flat_map(|s| [*s, -(*s / 2)]).collect() };
    file.write(0, 0, &stereo(0)).unwrap();
    // The descriptor turns read-only for a while, which fails writes as a full disk does.
    let fd = file.descriptor();
    let read_only = std::fs::File::open(&path).unwrap();
    // SAFETY: descriptors of files that live to the end of this test.
    let kept = unsafe { libc::dup(fd) };
    unsafe { libc::dup2(read_only.as_raw_fd(), fd) };
    assert!(file.write(0, 0, &stereo(1)).is_err());
    assert!(file.write(FRAME as u64, 0, &stereo(3)).is_err());
    unsafe { libc::dup2(kept, fd) };
    unsafe { libc::close(kept) };
    file.write(0, 0, &stereo(4)).unwrap();
    let written = file.finish();
    assert_eq!((written.finished.missing, written.finished.error), (3 * FRAME as u64, None));
    let (left, right) = channels(&path);
    assert_eq!((left.len(), right.len()), (5 * FRAME, 5 * FRAME));
    assert_eq!(left[..FRAME], frame(0, 3));
    assert!(left[FRAME..4 * FRAME].iter().all(|s| *s == 0));
    assert_eq!(left[4 * FRAME..], frame(4, 3));
}
