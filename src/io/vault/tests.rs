//! Forms in which a recording is stored: nothing is lost, nothing altered goes unseen.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use super::file::Output;
use super::flac::{FlacAsWav, encode, head_bytes};
use super::key::{Key, KeyRing};
use super::seal::{BLOCK, HEADER, Opened};
use crate::base::{Rng, Timestamp};
use crate::media::g711;

fn wav(channels: u16, samples: &[i16]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn flac_of(wav: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let head = encode(&mut &*wav, wav.len() as u64, &mut out)?;
    assert!(head.len() <= head_bytes(wav.len() as u64), "the header was foreseen");
    out[..head.len()].copy_from_slice(&head);
    Ok(out)
}

/// Names with sound of that many samples: what lines carry, and what is hard for a codec.
fn material(samples: usize) -> Vec<(&'static str, Vec<i16>)> {
    let mut rng = Rng::seeded(samples as u64 + 1);
    let noise: Vec<i16> = (0..samples).map(|_| rng.next_u64() as i16).collect();
    let tone = |n: usize| ((n as f64 / 8_000.0 * 440.0 * std::f64::consts::TAU).sin() * 12_000.0) as i16;
    let alaw = |sample: i16| g711::alaw_decode(g711::alaw_encode(sample));
    vec![
        ("silence", vec![0; samples]),
        ("noise", noise.clone()),
        ("noise of a line", noise.iter().map(|sample| alaw(sample / 64)).collect()),
        ("tone of a line", (0..samples).map(|n| alaw(tone(n))).collect()),
        ("extremes", (0..samples).map(|n| if n % 2 == 0 { i16::MIN } else { i16::MAX }).collect()),
        ("one side only", (0..samples).map(|n| if n % 2 == 0 { 0 } else { alaw(tone(n)) }).collect()),
    ]
}

#[test]
fn rec_03_flac_gives_back_every_byte_of_the_wav_at_every_length() {
    for channels in [1u16, 2] {
        for frames in [0, 1, 2, 15, 16, 17, 4_095, 4_096, 4_097, 9_000] {
            for (what, samples) in material(frames * usize::from(channels)) {
                let wav = wav(channels, &samples);
                let flac = flac_of(&wav).unwrap();
                let mut back = Vec::new();
                let mut reader = FlacAsWav::new(Cursor::new(&flac)).unwrap();
                assert_eq!(reader.length(), wav.len() as u64);
                reader.read_to_end(&mut back).unwrap();
                assert!(back == wav, "{frames} frames of {what} on {channels} channels");
            }
        }
    }
}

#[test]
fn any_part_of_a_flac_is_read_without_what_is_before_it() {
    // Longer than three points of the seek table, with an odd end.
    let wav = wav(2, &material(2 * (3 * 20 * 4_096 + 1_234))[2].1);
    let flac = flac_of(&wav).unwrap();
    let counted = Counted { inner: Cursor::new(&flac), read: 0 };
    let mut reader = FlacAsWav::new(counted).unwrap();
    let mut rng = Rng::seeded(4);
    for round in 0..200u64 {
        let from = match round {
            0 => wav.len() as u64 - 3,
            1 => 0,
            2 => 43,
            _ => rng.next_u64() % wav.len() as u64,
        };
        let size = usize::try_from((wav.len() as u64 - from).min(1 + rng.next_u64() % 20_000)).unwrap();
        let mut part = vec![0; size];
        reader.seek(SeekFrom::Start(from)).unwrap();
        reader.read_exact(&mut part).unwrap();
        let start = usize::try_from(from).unwrap();
        assert!(part == wav[start..start + size], "{size} bytes from {from}");
    }
    let table = 20 * 4_096 * 4;
    let mut last = FlacAsWav::new(Counted { inner: Cursor::new(&flac), read: 0 }).unwrap();
    last.seek(SeekFrom::End(-4)).unwrap();
    last.read_exact(&mut [0; 4]).unwrap();
    let read = last.into_inner().unwrap().read;
    assert!(read < table, "{read} bytes were read for the last sample");
}

struct Counted<R> {
    inner: R,
    read: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(out)?;
        self.read += n;
        Ok(n)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_wav_that_flac_would_lose_something_of_is_refused() {
    let good = wav(2, &[1, 2, 3, 4]);
    flac_of(&good).unwrap();
    let mut longer = good.clone();
    longer.extend(b"LIST");
    let mut odd = good.clone();
    odd.pop();
    let mut rate = good.clone();
    rate[24] = 1;
    for (what, bytes) in
        [("more at its end", longer), ("cut off", odd), ("another rate", rate), ("short", vec![0; 9])]
    {
        let refused = flac_of(&bytes).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidData, "{what}: {refused}");
    }
}

#[test]
fn a_damaged_flac_is_an_error_and_never_other_sound() {
    let wav = wav(2, &material(20_000)[2].1);
    let flac = flac_of(&wav).unwrap();
    let mut rng = Rng::seeded(8);
    for _ in 0..300 {
        let mut damaged = flac.clone();
        let place = 42 + usize::try_from(rng.next_u64() % (damaged.len() as u64 - 42)).unwrap();
        damaged[place] ^= 1 << (rng.next_u64() % 8);
        let mut back = Vec::new();
        let read = FlacAsWav::new(Cursor::new(&damaged)).and_then(|mut reader| reader.read_to_end(&mut back));
        assert!(read.is_err() || back == wav, "byte {place} was altered and nothing said so");
    }
}

fn ring(n: i64) -> KeyRing {
    KeyRing::of(vec![Key::random(Timestamp(n)).unwrap()])
}

fn sealed(ring: &KeyRing, name: &str, plain: &[u8], head: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut out = Output::create(&path, ring.newest(), name, head.len()).unwrap();
    out.write_all(plain).unwrap();
    out.finish(head).unwrap();
    std::fs::read(path).unwrap()
}

fn open(ring: &KeyRing, name: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    Opened::new(Cursor::new(bytes), ring, name)?.read_to_end(&mut plain)?;
    Ok(plain)
}

fn bytes(n: usize) -> Vec<u8> {
    let mut rng = Rng::seeded(n as u64);
    (0..n).map(|_| rng.next_u64() as u8).collect()
}

#[test]
fn rec_03_what_is_sealed_opens_with_its_key_whole_and_in_parts() {
    let ring = ring(1);
    for size in [0, 1, 43, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7] {
        for head in [0, 1, 40, BLOCK + 5] {
            if head > size {
                continue;
            }
            let mut plain = bytes(size);
            let stored = sealed(&ring, "a.wav", &plain, &vec![9; head]);
            plain[..head].fill(9);
            assert_eq!(stored.len(), HEADER + size + 16 * size.div_ceil(BLOCK).max(1));
            assert!(open(&ring, "a.wav", &stored).unwrap() == plain, "{size} bytes, {head} of them set last");
            let mut opened = Opened::new(Cursor::new(&stored), &ring, "a.wav").unwrap();
            let mut rng = Rng::seeded(size as u64);
            for _ in 0..20 {
                let from = usize::try_from(rng.next_u64() % (size as u64 + 1)).unwrap();
                let count = (size - from).min(100_000);
                let mut part = vec![0; count];
                opened.seek(SeekFrom::Start(from as u64)).unwrap();
                opened.read_exact(&mut part).unwrap();
                assert!(part == plain[from..from + count]);
            }
        }
    }
    let twice = [sealed(&ring, "a.wav", &[1; 99], &[]), sealed(&ring, "a.wav", &[1; 99], &[])];
    assert_ne!(twice[0], twice[1], "the same sound never looks the same");
}

#[test]
fn what_was_altered_swapped_cut_or_brought_from_elsewhere_does_not_open() {
    let ring = ring(1);
    let plain = bytes(3 * BLOCK + 100);
    let stored = sealed(&ring, "a.wav", &plain, &[]);
    let block = BLOCK + 16;
    let refused = |bytes: &[u8], what: &str| {
        let error = open(&ring, "a.wav", bytes).expect_err(what);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{what}: {error}");
    };
    for place in [HEADER - 1, HEADER, HEADER + block, stored.len() - 1] {
        let mut altered = stored.clone();
        altered[place] ^= 1;
        refused(&altered, "a bit was turned");
    }
    let mut swapped = stored.clone();
    let (first, second) = (HEADER..HEADER + block, HEADER + block..HEADER + 2 * block);
    swapped[first.clone()].copy_from_slice(&stored[second.clone()]);
    swapped[second].copy_from_slice(&stored[first]);
    refused(&swapped, "two blocks change places");
    refused(&stored[..HEADER + 3 * block], "the last block is cut off");
    refused(&stored[..stored.len() - 1], "a byte is cut off");
    refused(&stored[..HEADER], "nothing but the header");
    refused(&stored[..HEADER - 1], "not even that");
    let mut longer = stored.clone();
    longer.extend_from_slice(&stored[HEADER..HEADER + block]);
    refused(&longer, "a block was added");
    let elsewhere = open(&ring, "b.wav", &stored).unwrap_err();
    assert!(elsewhere.to_string().contains("belongs elsewhere"), "{elsewhere}");
    let lost = open(&super::tests::ring(2), "a.wav", &stored).unwrap_err();
    let id = &ring.newest().unwrap().id;
    assert!(
        lost.to_string().contains(&format!("sealed with key {id}, which is not in the key file")),
        "{lost}"
    );
    // A part whose blocks are whole is read, whatever became of the others.
    let mut altered = stored.clone();
    altered[HEADER + 2 * block] ^= 1;
    let mut opened = Opened::new(Cursor::new(&altered), &ring, "a.wav").unwrap();
    let mut part = vec![0; BLOCK];
    opened.read_exact(&mut part).unwrap();
    assert!(part == plain[..BLOCK]);
}
