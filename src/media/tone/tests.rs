//! The figures printed here (`cargo test --lib media::tone -- --nocapture`) are the measured
//! accept rate and talk-off of the in-band detector.

use super::*;
use crate::base::Rng;
use crate::media::g711::{alaw_decode, alaw_encode};
use crate::media::noise::{Babble, white};

const KEYS: &str = "0123456789*#ABCD";
/// A tone at 0 dBm0: 3.14 dB below full scale (G.711 table 1, note).
const DBM0: f64 = 32_767.0 * 0.697;

fn heard(pcm: &[i16]) -> String {
    let mut detector = DtmfDetector::new();
    // Over A-law, as in a call, in frames of 20 ms.
    let line: Vec<i16> = pcm.iter().map(|s| alaw_decode(alaw_encode(*s))).collect();
    line.chunks(160).filter_map(|frame| detector.push(frame)).collect()
}

struct Keying {
    tone_ms: usize,
    pause_ms: usize,
    dbm0: f64,
    /// High group above low group, in dB.
    twist: f64,
    /// Frequency offset, as a factor.
    detune: f64,
    /// Signal to noise in dB; infinite for none.
    snr: f64,
}

impl Default for Keying {
    fn default() -> Self {
        Keying { tone_ms: 80, pause_ms: 80, dbm0: -10.0, twist: 0.0, detune: 1.0, snr: f64::INFINITY }
    }
}

/// Keys heard correctly, missed and invented of 16 keys in each of 8 alignments.
fn rate(keying: &Keying) -> (usize, usize) {
    let (mut right, mut all) = (0, 0);
    for alignment in 0..8 {
        let mut rng = Rng::seeded(alignment);
        let mut pcm = silence(400 + 23 * alignment as usize);
        for key in KEYS.chars() {
            let (row, column) = dtmf_frequencies(key).unwrap();
            let samples = keying.tone_ms * 8;
            let low = DBM0 * 10f64.powf((keying.dbm0 - keying.twist / 2.0) / 20.0);
            let high = DBM0 * 10f64.powf((keying.dbm0 + keying.twist / 2.0) / 20.0);
            let tone = mix(
                &sine(f64::from(row) * keying.detune, low, samples),
                &sine(f64::from(column) * keying.detune, high, samples),
            );
            pcm.extend(tone);
            pcm.extend(silence(keying.pause_ms * 8));
        }
        pcm.extend(silence(400));
        if keying.snr.is_finite() {
            // White noise spread evenly to A has power A^2/3, the two tones A^2.
            let amplitude = DBM0 * 10f64.powf((keying.dbm0 - keying.snr) / 20.0) * 3f64.sqrt();
            pcm = mix(&pcm, &white(&mut rng, amplitude as f32, pcm.len()));
        }
        let got = heard(&pcm);
        all += KEYS.len();
        right +=
            if got == KEYS { KEYS.len() } else { got.chars().filter(|c| KEYS.contains(*c)).count().min(15) };
    }
    (right, all)
}

#[test]
fn keys_are_accepted_within_the_limits_of_q24() {
    let mut all_right = true;
    let mut check = |what: &str, keying: Keying, at_least: f64| {
        let (right, all) = rate(&keying);
        let share = right as f64 / all as f64;
        println!("DTMF accept: {what:<34} {right:>3} of {all} ({:.1} %)", 100.0 * share);
        all_right &= share >= at_least;
    };
    let d = Keying::default;
    check("80 ms, -10 dBm0", d(), 1.0);
    check("40 ms on, 40 ms off", Keying { tone_ms: 40, pause_ms: 40, ..d() }, 1.0);
    check("50 ms on, 50 ms off", Keying { tone_ms: 50, pause_ms: 50, ..d() }, 1.0);
    check("100 ms on, 60 ms off", Keying { tone_ms: 100, pause_ms: 60, ..d() }, 1.0);
    check("2 s on", Keying { tone_ms: 2_000, ..d() }, 1.0);
    check("-3 dBm0", Keying { dbm0: -3.0, ..d() }, 1.0);
    check("-25 dBm0", Keying { dbm0: -25.0, ..d() }, 1.0);
    check("-25 dBm0, 40 ms", Keying { dbm0: -25.0, tone_ms: 40, pause_ms: 40, ..d() }, 1.0);
    check("high group +6 dB", Keying { twist: 6.0, ..d() }, 1.0);
    check("high group -6 dB", Keying { twist: -6.0, ..d() }, 1.0);
    check("high group +8 dB, 40 ms", Keying { twist: 8.0, tone_ms: 40, pause_ms: 40, ..d() }, 1.0);
    check("frequency +1.5 %", Keying { detune: 1.015, ..d() }, 1.0);
    check("frequency -1.5 %", Keying { detune: 0.985, ..d() }, 1.0);
    check("frequency +1.5 %, 40 ms", Keying { detune: 1.015, tone_ms: 40, pause_ms: 40, ..d() }, 1.0);
    check("noise 15 dB below", Keying { snr: 15.0, ..d() }, 1.0);
    check("noise 15 dB below, 40 ms", Keying { snr: 15.0, tone_ms: 40, pause_ms: 40, ..d() }, 0.97);
    check("noise 10 dB below", Keying { snr: 10.0, ..d() }, 0.95);
    assert!(all_right, "see the table above");
}

#[test]
fn what_is_no_key_is_refused() {
    let check = |what: &str, pcm: &[i16]| assert_eq!(heard(pcm), "", "{what}");
    check("23 ms", &[silence(800), dtmf('5', 8_000.0, 184), silence(800)].concat());
    check("one tone", &sine(770.0, 10_000.0, 8_000));
    check("dial tone, 450 Hz", &sine(450.0, 10_000.0, 8_000));
    check(
        "a row alone with noise",
        &mix(&sine(852.0, 9_000.0, 8_000), &white(&mut Rng::seeded(1), 1_000.0, 8_000)),
    );
    check("twist of 14 dB", &mix(&sine(770.0, 2_000.0, 8_000), &sine(1_336.0, 10_000.0, 8_000)));
    check("two rows", &mix(&sine(770.0, 8_000.0, 8_000), &sine(941.0, 8_000.0, 8_000)));
    let three = mix(
        &mix(&sine(770.0, 8_000.0, 8_000), &sine(1_336.0, 8_000.0, 8_000)),
        &sine(1_633.0, 8_000.0, 8_000),
    );
    check("three tones", &three);
    check("-40 dBm0", &dtmf('5', DBM0 / 100.0, 8_000));
    check("noise", &white(&mut Rng::seeded(9), 8_000.0, 80_000));
    check("5 % off", &mix(&sine(770.0 * 1.05, 8_000.0, 8_000), &sine(1_336.0 * 1.05, 8_000.0, 8_000)));
}

#[test]
fn a_tone_with_a_short_break_is_one_key_and_two_presses_are_two() {
    let tone = |ms: usize| dtmf('7', 6_000.0, ms * 8);
    let pause = |ms: usize| silence(ms * 8);
    assert_eq!(heard(&[pause(50), tone(60), pause(8), tone(60), pause(100)].concat()), "7");
    assert_eq!(heard(&[pause(50), tone(60), pause(45), tone(60), pause(100)].concat()), "77");
}

#[test]
fn speech_is_not_taken_for_keys() {
    let (mut seconds, mut false_keys) = (0, 0);
    for seed in 0..8 {
        for amplitude in [3_000.0, 12_000.0] {
            let pcm = Babble::new(seed, amplitude).speak(10_000);
            seconds += 10;
            false_keys += heard(&pcm).len();
        }
    }
    println!("DTMF talk-off: {false_keys} false keys in {seconds} s of synthetic speech");
    // Vowels as steady as these, with formants this narrow, are harder than any voice.
    assert!(false_keys <= 4, "{false_keys} false keys in {seconds} s");
}

#[test]
fn rendered_speech_is_not_taken_for_keys() {
    let (mut seconds, mut false_keys) = (0, 0);
    let text = "Hello, this is a call about the installation of your new furniture. How satisfied are you with \
                the punctuality, the attitude and the work of our fitters? Seven, eight, nine, four hundred.";
    for voice in ["en", "en-us+f3", "de", "cmn", "en+m7", "fr", "en-us+f5", "es"] {
        for speed in ["200"] {
            let Some(pcm) = render(voice, speed, text) else { continue };
            seconds += pcm.len() / 8_000;
            false_keys += heard(&pcm).len();
        }
    }
    println!("DTMF talk-off: {false_keys} false keys in {seconds} s of rendered speech");
    assert!(false_keys <= 1 + seconds / 200, "{false_keys} false keys in {seconds} s");
}

/// Speech by espeak-ng at 8 kHz, where it is installed.
fn render(voice: &str, speed: &str, text: &str) -> Option<Vec<i16>> {
    let output = std::process::Command::new("espeak-ng")
        .args(["-v", voice, "-s", speed, "--stdout", text])
        .output()
        .ok()?;
    // The length in a header written to a pipe is a placeholder; the samples follow it.
    let mut wav = output.stdout;
    let data = u32::try_from(wav.len().checked_sub(44)?).ok()?;
    wav[4..8].copy_from_slice(&(data + 36).to_le_bytes());
    wav[40..44].copy_from_slice(&data.to_le_bytes());
    Some(crate::media::Prompt::from_wav("speech", &wav).ok()?.pcm().to_vec())
}

#[test]
fn one_frequency_is_measured_among_others() {
    let pcm = mix(&sine(700.0, 8_000.0, 8_000), &sine(1_100.0, 800.0, 8_000));
    for (hz, expect) in [(700.0, -12.25), (1_100.0, -32.25)] {
        let got = tone_dbfs(&pcm, hz);
        assert!((got - expect).abs() < 0.2, "{hz} Hz: {got}, expected {expect}");
    }
    assert!(tone_dbfs(&pcm, 900.0) < -60.0);
    assert_eq!(tone_dbfs(&[0; 160], 900.0), -96.0);
}

#[test]
fn a_steady_tone_is_known_by_its_pitch_and_speech_is_none() {
    for hz in [400.0, 425.0, 800.0, 1_000.0, 1_400.0, 2_100.0] {
        let got = steady_tone(&sine(hz, 6_000.0, 160)).expect("a sine").hz;
        assert!((f64::from(got) / hz - 1.0).abs() < 0.01, "{hz}: {got}");
        let noisy = mix(&sine(hz, 6_000.0, 160), &white(&mut Rng::seeded(2), 300.0, 160));
        let got = steady_tone(&noisy).unwrap_or_else(|| panic!("{hz} Hz at 29 dB above noise")).hz;
        assert!((f64::from(got) / hz - 1.0).abs() < 0.03, "{hz} in noise: {got}");
    }
    assert_eq!(steady_tone(&[0; 160]), None);
    assert_eq!(steady_tone(&white(&mut Rng::seeded(3), 6_000.0, 160)), None);
    assert_eq!(steady_tone(&dtmf('5', 6_000.0, 160)), None);
    let speech = Babble::new(5, 8_000.0).speak(20_000);
    let tones = speech.chunks(160).filter(|f| steady_tone(f).is_some()).count();
    println!("steady tone in {tones} of 1,000 frames of synthetic speech");
    assert!(tones < 60, "{tones}");
}
