use std::io::Cursor;
use std::sync::Arc;

use super::*;
use crate::media::tone::{sine, tone_dbfs};
use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;

/// A WAV of half a second of 600 Hz at half of full scale on every channel.
fn wav(rate: u32, channels: u16, bits: u16, float: bool) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let sample_format = if float { SampleFormat::Float } else { SampleFormat::Int };
    let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format };
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..rate / 2 {
        let value = 0.5 * (std::f32::consts::TAU * 600.0 * i as f32 / rate as f32).sin();
        for _ in 0..channels {
            if float {
                writer.write_sample(value).unwrap();
            } else {
                writer.write_sample((value * 2f32.powi(i32::from(bits) - 1)) as i32).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn every_usual_wav_becomes_the_same_prompt() {
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000] {
        for channels in [1, 2] {
            for (bits, float) in [(8, false), (16, false), (24, false), (32, false), (32, true)] {
                let what = format!("{rate} Hz, {channels} channels, {bits} bit, float {float}");
                let prompt = Prompt::from_wav("x", &wav(rate, channels, bits, float)).expect(&what);
                let millis = prompt.duration().as_millis();
                assert!((498..=502).contains(&millis), "{what}: {millis} ms");
                let level = tone_dbfs(&prompt.pcm()[400..3_600], 600.0);
                assert!((-6.5..=-5.5).contains(&level), "{what}: {level} dBFS");
            }
        }
    }
}

#[test]
fn what_is_above_the_telephone_band_does_not_fold_into_it() {
    let mut bytes = Cursor::new(Vec::new());
    let spec =
        WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..16_000 {
        let value = 16_000.0 * (std::f32::consts::TAU * 6_000.0 * i as f32 / 16_000.0).sin();
        writer.write_sample(value as i16).unwrap();
    }
    writer.finalize().unwrap();
    let prompt = Prompt::from_wav("x", &bytes.into_inner()).unwrap();
    let alias = tone_dbfs(&prompt.pcm()[400..7_600], 2_000.0);
    assert!(alias < -60.0, "6 kHz would fold to 2 kHz: {alias} dBFS");
}

#[test]
fn a_bad_file_is_refused_with_a_way_to_mend_it() {
    let check = |bytes: &[u8], problem: &str, mend: &str| {
        let error = Prompt::from_wav("survey/thanks", bytes).unwrap_err();
        assert!(error.problem.contains(problem), "{error}");
        assert!(error.mend.contains(mend), "{error}");
        assert!(error.to_string().starts_with("prompt `survey/thanks`: "), "{error}");
    };
    check(b"ID3 something else entirely, long enough to be read", "no WAV file", "ffmpeg");
    check(b"", "ends too early", "not whole");
    check(&wav(8_000, 1, 16, false)[..2_000], "ends too early", "not whole");
    let mut compressed = wav(8_000, 1, 16, false);
    compressed[20] = 6;
    check(&compressed, "compressed", "ffmpeg");
    let mut slow = wav(8_000, 1, 16, false);
    slow[24..28].copy_from_slice(&1_000u32.to_le_bytes());
    slow[28..32].copy_from_slice(&2_000u32.to_le_bytes());
    check(&slow, "1000 Hz", "ffmpeg");
    check(&wav(8_000, 1, 16, false)[..44], "ends too early", "not whole");
}

#[test]
fn frames_are_160_bytes_in_every_codec_and_the_last_is_padded() {
    let pcm = sine(600.0, 10_000.0, 1_000);
    let prompt = Prompt::from_pcm("x", &pcm);
    assert_eq!((prompt.frames(), prompt.duration().as_micros()), (7, 125_000));
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722] {
        assert!(prompt.payload(codec, 6).is_some() && prompt.payload(codec, 7).is_none());
        let mut decoder = crate::media::codec::Decoder::new(codec);
        let mut heard = Vec::new();
        for i in 0..prompt.frames() {
            let mut frame = [0; FRAME_SAMPLES];
            decoder.decode(prompt.payload(codec, i).unwrap(), &mut frame);
            heard.extend(frame);
        }
        let level = tone_dbfs(&heard[200..900], 600.0);
        assert!((-11.0..=-9.7).contains(&level), "{codec:?}: {level} dBFS");
    }
    assert_eq!(prompt.pcm_frame(6).unwrap()[40..], [0; 120]);
}

#[test]
fn a_language_falls_back_prompt_by_prompt_and_says_what_it_lacks() {
    let prompt = |name: &str| Arc::new(Prompt::from_pcm(name, &[1; 160]));
    let mut library = PromptLibrary::new("en");
    library.insert("en", prompt("hello"));
    library.insert("en", prompt("survey/thanks"));
    let hello = prompt("hello");
    library.insert("zh-CN", hello.clone());
    assert!(Arc::ptr_eq(&library.get("zh-CN", "hello").unwrap(), &hello));
    assert_eq!(library.get("zh-CN", "survey/thanks").unwrap().name(), "survey/thanks");
    assert!(library.exact("zh-CN", "survey/thanks").is_none() && library.get("zh-CN", "bye").is_none());
    assert_eq!(library.missing("zh-CN", ["bye", "hello", "x", "bye"]), ["bye", "x"]);
    assert_eq!((library.len(), library.languages().collect::<Vec<_>>()), (3, vec!["en", "zh-CN"]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// A valid file with a few bytes changed must be refused or converted, never panic.
    #[test]
    fn no_damaged_file_panics(cut in 0usize..2_000, edits in proptest::collection::vec((0usize..64, any::<u8>()), 0..6)) {
        let mut bytes = wav(8_000, 1, 16, false);
        bytes.truncate(44 + cut);
        for (at, value) in edits {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let _ = Prompt::from_wav("x", &bytes);
    }
}
