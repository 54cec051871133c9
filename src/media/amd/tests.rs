//! `cargo test --lib media::amd -- --nocapture` prints precision and recall on the labelled set.

use super::*;
use crate::base::Rng;
use crate::media::FRAME_SAMPLES;
use crate::media::g711::{alaw_decode, alaw_encode};
use crate::media::noise::{Babble, white};
use crate::media::tone::{mix, silence, sine};

/// What the detector says to a recording: the first verdict and the last.
fn listen(pcm: &[i16]) -> Vec<AmdVerdict> {
    let mut detector = AmdDetector::new(AmdSettings::default());
    let mut frame = [0; FRAME_SAMPLES];
    let mut verdicts = Vec::new();
    for chunk in pcm.as_chunks::<FRAME_SAMPLES>().0 {
        for (out, sample) in frame.iter_mut().zip(chunk) {
            *out = alaw_decode(alaw_encode(*sample));
        }
        verdicts.extend(detector.push(&frame));
    }
    verdicts
}

fn pause(millis: usize) -> Vec<i16> {
    silence(millis * 8)
}

struct Speaker {
    voice: Babble,
    rng: Rng,
    noise: f32,
}

impl Speaker {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::seeded(seed ^ 0xA3D);
        let amplitude = [3_000.0, 6_000.0, 12_000.0][rng.below(3) as usize];
        let noise = [0.0, 10.0, 60.0, 120.0][rng.below(4) as usize];
        Speaker { voice: Babble::new(seed, amplitude).without_pauses(), rng, noise }
    }

    fn between(&mut self, low: u64, high: u64) -> usize {
        (low + self.rng.below(high - low)) as usize
    }

    fn finish(&mut self, pcm: Vec<i16>) -> Vec<i16> {
        let noise = white(&mut self.rng, self.noise, pcm.len());
        mix(&pcm, &noise)
    }

    /// Somebody picks up, says one to three short things, and waits.
    fn person(&mut self) -> Vec<i16> {
        let start = self.between(100, 1_500);
        let mut pcm = pause(start);
        for i in 0..self.between(1, 4) {
            if i > 0 {
                let gap = self.between(150, 600);
                pcm.extend(pause(gap));
            }
            let word = self.between(250, 650);
            pcm.extend(self.voice.speak(word));
        }
        pcm.extend(pause(4_000));
        self.finish(pcm)
    }

    /// A greeting of sentences; gives the recording and the end of the beep in ms.
    fn machine(&mut self) -> (Vec<i16>, u32) {
        let start = self.between(200, 1_200);
        let mut pcm = pause(start);
        let length = self.between(4_000, 12_000) * 8;
        while pcm.len() < length {
            let sentence = self.between(900, 2_600);
            pcm.extend(self.voice.speak(sentence));
            let gap = self.between(120, 500);
            pcm.extend(pause(gap));
        }
        let gap = self.between(200, 1_500);
        pcm.extend(pause(gap));
        let hz = [800.0, 1_000.0, 1_400.0, 2_000.0][self.rng.below(4) as usize];
        let beep = self.between(220, 900);
        pcm.extend(sine(hz, 6_000.0, beep * 8));
        let end = (pcm.len() / 8) as u32;
        pcm.extend(pause(3_000));
        (self.finish(pcm), end)
    }
}

#[test]
fn the_labelled_set_is_told_apart_and_no_person_is_taken_for_a_machine() {
    let each = 100;
    let mut as_machine = [0; 2];
    let mut as_human = [0; 2];
    let (mut after, mut beeps) = (0, 0);
    for seed in 0..each {
        let verdicts = listen(&Speaker::new(seed).person());
        assert_eq!(verdicts.len(), 1, "one verdict for a person, seed {seed}");
        as_machine[0] += usize::from(verdicts[0].kind == AmdKind::Machine);
        as_human[0] += usize::from(verdicts[0].kind == AmdKind::Human);
        after += verdicts[0].after_ms;
        let (pcm, end) = Speaker::new(1_000 + seed).machine();
        let verdicts = listen(&pcm);
        as_machine[1] += usize::from(verdicts[0].kind == AmdKind::Machine);
        as_human[1] += usize::from(verdicts[0].kind == AmdKind::Human);
        let heard = verdicts.last().and_then(|v| v.beep_ms);
        beeps += usize::from(heard.is_some_and(|at| at.abs_diff(end) <= 40));
    }
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    println!(
        "AMD, {each} people and {each} machines: Machine precision {:.1} %, recall {:.1} %; Human precision {:.1} %, \
         recall {:.1} %; beep end within 40 ms {:.1} %; verdict on a person after {} ms on average",
        share(as_machine[1], as_machine[0] + as_machine[1]),
        share(as_machine[1], each as usize),
        share(as_human[0], as_human[0] + as_human[1]),
        share(as_human[0], each as usize),
        share(beeps, each as usize),
        after / each as u32,
    );
    assert_eq!(as_machine[0], 0, "a person must never be taken for a machine");
    assert!(as_human[0] >= 97 && as_machine[1] >= 95 && beeps >= 93);
}

#[test]
fn hard_cases_end_as_they_must() {
    let check = |what: &str, pcm: &[i16], kind: AmdKind, reason: AmdReason| {
        let verdicts = listen(pcm);
        let got = verdicts.first().map(|v| (v.kind, v.reason));
        assert_eq!(got, Some((kind, reason)), "{what}: {verdicts:?}");
    };
    let speak = |seed, millis| Babble::new(seed, 8_000.0).without_pauses().speak(millis);
    check("nobody speaks", &pause(8_000), AmdKind::Unsure, AmdReason::InitialSilence);
    let short = [pause(300), speak(1, 500), pause(2_000)].concat();
    check("one word", &short, AmdKind::Human, AmdReason::ShortGreeting);
    let long = [pause(300), speak(2, 9_000)].concat();
    check("a long greeting", &long, AmdKind::Machine, AmdReason::LongGreeting);
    let fan = white(&mut Rng::seeded(1), 2_000.0, 64_000);
    let verdict = listen(&fan)[0].clone();
    assert_ne!(verdict.kind, AmdKind::Machine, "a noisy line: {verdict:?}");
    let tone = [pause(300), sine(450.0, 6_000.0, 32_000), pause(4_000)].concat();
    assert_ne!(listen(&tone)[0].kind, AmdKind::Machine, "a tone of the exchange");
    let first_beep =
        [pause(100), sine(1_000.0, 6_000.0, 2_400), pause(400), speak(3, 500), pause(2_000)].concat();
    check("a beep before a person speaks", &first_beep, AmdKind::Human, AmdReason::ShortGreeting);
    let quick = [pause(300), speak(4, 900), pause(400), sine(1_000.0, 6_000.0, 3_200), pause(1_000)].concat();
    check("a short greeting that ends in a beep", &quick, AmdKind::Machine, AmdReason::Beep);
    let clicks: Vec<i16> =
        (0..20).flat_map(|_| [white(&mut Rng::seeded(2), 9_000.0, 240), pause(170)].concat()).collect();
    check("clicks", &clicks, AmdKind::Unsure, AmdReason::InitialSilence);
}

#[test]
fn a_machine_without_a_beep_is_told_once_more_when_the_wait_is_over() {
    let settings = AmdSettings { beep_wait_ms: 2_000, ..AmdSettings::default() };
    let mut detector = AmdDetector::new(settings);
    let pcm = [Babble::new(2, 8_000.0).without_pauses().speak(6_000), pause(6_000)].concat();
    let verdicts: Vec<AmdVerdict> =
        pcm.as_chunks().0.iter().filter_map(|frame| detector.push(frame)).collect();
    assert_eq!(verdicts.len(), 2, "{verdicts:?}");
    assert_eq!(verdicts[0], verdicts[1], "no beep");
    assert!(detector.is_done());
}

#[test]
fn settings_and_verdicts_have_a_stable_text_form() {
    let text = "speech_dbfs = -30.0\nmax_ms = 4000\n";
    let settings: AmdSettings = toml::from_str(text).unwrap();
    assert_eq!((settings.max_ms, settings.max_words), (4_000, AmdSettings::default().max_words));
    assert!(toml::from_str::<AmdSettings>("max_word = 3").unwrap_err().message().contains("max_word"));
    let verdict = AmdVerdict {
        kind: AmdKind::Machine,
        reason: AmdReason::LongGreeting,
        after_ms: 3_100,
        beep_ms: None,
    };
    let json = serde_json::to_string(&verdict).unwrap();
    assert_eq!(json, r#"{"kind":"machine","reason":"long_greeting","after_ms":3100,"beep_ms":null}"#);
    assert_eq!(serde_json::from_str::<AmdVerdict>(&json).unwrap(), verdict);
}
