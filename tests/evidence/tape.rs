//! Recordings made of the speech of our prompts, without their pauses, put at known places.

use std::path::Path;
use std::sync::OnceLock;

use ringback::app::load_scorecards;
use ringback::base::{Disposition, Rng, Timestamp};
use ringback::call::{Direction, EndedBy, HungUpFirst};
use ringback::config;
use ringback::evidence::{
    CallFacts, Evidence, Heard, Kept, Listener, Part, Register, Scorecard, Transcript, judge,
};
use ringback::media::{g711, level};

/// 2026-03-02 09:00 in Shanghai: the call is answered.
pub const ANSWERED: Timestamp = Timestamp(1_772_413_200_000);
/// Level of speech where a test does not say, in dBov.
pub const SPOKEN: f32 = -24.0;
/// Who talks with the customer.
pub const AGENT: &str = "li";
const RATE: f64 = 8_000.0;

/// Both channels while they are put together.
#[derive(Clone)]
pub struct Tape {
    channels: [Vec<f32>; 2],
    seed: usize,
}

impl Tape {
    /// Silence of that length in seconds.
    pub fn new(seconds: f64) -> Tape {
        let silence = vec![0.0; samples(seconds)];
        Tape { channels: [silence.clone(), silence], seed: 0 }
    }

    /// Speech on one channel (0 ours, 1 the customer's), mean level in dBov.
    pub fn speak(mut self, channel: usize, at: f64, seconds: f64, dbov: f32) -> Tape {
        let voice = &voices()[channel];
        let count = samples(seconds);
        self.seed += 7_919;
        let part: Vec<i16> =
            voice.iter().cycle().skip(self.seed * 160 % voice.len()).take(count).copied().collect();
        let gain = 10f32.powf((dbov - level::dbfs(&part)) / 20.0);
        self.mix(channel, at, part.iter().map(|sample| f32::from(*sample) * gain));
        self
    }

    pub fn ours(self, at: f64, seconds: f64) -> Tape {
        self.speak(0, at, seconds, SPOKEN)
    }

    pub fn theirs(self, at: f64, seconds: f64) -> Tape {
        self.speak(1, at, seconds, SPOKEN)
    }

    /// A tone that comes and goes twice a second: music, as far as a detector of speech goes.
    pub fn music(mut self, at: f64, seconds: f64) -> Tape {
        let tone = (0..samples(seconds)).map(|n| {
            let t = n as f64 / RATE;
            ((t * 440.0 * std::f64::consts::TAU).sin()
                * (t * 2.0 * std::f64::consts::TAU).sin().abs()
                * 6_000.0) as f32
        });
        self.mix(0, at, tone);
        self
    }

    /// White noise all along, in dBov.
    pub fn noise(mut self, channel: usize, seed: u64, dbov: f32) -> Tape {
        let mut rng = Rng::seeded(seed);
        // Evenly spread noise of amplitude a has the level a / sqrt 3.
        let amplitude = 32_768.0 * 10f32.powf(dbov / 20.0) * 3f32.sqrt();
        let noise = ringback::media::noise::white(&mut rng, amplitude, self.channels[channel].len());
        self.mix(channel, 0.0, noise.into_iter().map(f32::from));
        self
    }

    /// The first seconds of it.
    pub fn cut(mut self, seconds: f64) -> Tape {
        self.channels.iter_mut().for_each(|channel| channel.truncate(samples(seconds)));
        self
    }

    fn mix(&mut self, channel: usize, at: f64, sound: impl Iterator<Item = f32>) {
        for (place, sample) in self.channels[channel].iter_mut().skip(samples(at)).zip(sound) {
            *place += sample;
        }
    }

    /// Interleaved, as it comes through an A-law line; what is exactly silent stays so.
    pub fn pcm(&self) -> Vec<i16> {
        let line = |sample: f32| match sample.round() as i16 {
            0 => 0,
            some => g711::alaw_decode(g711::alaw_encode(some)),
        };
        self.channels[0].iter().zip(&self.channels[1]).flat_map(|(l, r)| [line(*l), line(*r)]).collect()
    }

    pub fn heard(&self) -> Heard {
        let mut listener = Listener::new(&card().speech);
        // In pieces that fit no frame.
        for piece in self.pcm().chunks(1_234) {
            listener.push(piece);
        }
        listener.finish()
    }

    pub fn write(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(path, spec).unwrap();
        self.pcm().into_iter().for_each(|sample| wav.write_sample(sample).unwrap());
        wav.finalize().unwrap();
    }

    pub fn judge(&self, facts: &CallFacts) -> Evidence {
        judge(&card(), facts, Some(&self.heard()), None)
    }

    pub fn judge_words(&self, facts: &CallFacts, transcript: &Transcript) -> Evidence {
        judge(&card(), facts, Some(&self.heard()), Some(transcript))
    }
}

fn samples(seconds: f64) -> usize {
    (seconds * RATE).round() as usize
}

/// Mandarin for our side, English for the customer's: prompts without the pauses between words.
fn voices() -> &'static [Vec<i16>; 2] {
    static VOICES: OnceLock<[Vec<i16>; 2]> = OnceLock::new();
    VOICES.get_or_init(|| {
        let ours = ["hotline/menu", "hotline/message", "hotline/noted", "hotline/wait", "hotline/accept"];
        let theirs =
            ["home/intro", "home/stage-quality", "hospital/symptoms", "install/intro", "home/materials"];
        let voice = |language: &str, names: [&str; 5]| {
            names.iter().flat_map(|name| without_pauses(&prompt(language, name))).collect::<Vec<i16>>()
        };
        [voice("zh-CN", ours), voice("en", theirs)]
    })
}

fn prompt(language: &str, name: &str) -> Vec<i16> {
    let path = format!("{}/config/prompts/{language}/{name}.wav", env!("CARGO_MANIFEST_DIR"));
    hound::WavReader::open(path).unwrap().into_samples::<i16>().map(Result::unwrap).collect()
}

/// Leaves at most 80 ms of what is softer than 25 dB below speech.
fn without_pauses(pcm: &[i16]) -> Vec<i16> {
    let mut quiet = 0;
    let dense = pcm.chunks(160).filter(|frame| {
        quiet = if level::dbfs(frame) < -45.0 { quiet + 1 } else { 0 };
        quiet <= 4
    });
    dense.flatten().copied().collect()
}

/// The shipped scorecard of that pack.
pub fn card_of(pack: &str) -> Scorecard {
    let loaded = load_scorecards(&config::Policy::default()).unwrap();
    assert_eq!(loaded.problems, Vec::<String>::new());
    (*loaded.cards.of(pack).unwrap().0).clone()
}

pub fn card() -> Scorecard {
    card_of("default")
}

pub fn at(seconds: f64) -> Timestamp {
    Timestamp(ANSWERED.0 + (seconds * 1_000.0) as i64)
}

/// An inbound call of that length that our person had from the first to the last second, and
/// that the customer ended.
pub fn talk(seconds: f64) -> CallFacts {
    let part =
        Part { agent: AGENT.into(), rang_at: at(-4.0), from: at(0.0), to: at(seconds), transferred: false };
    CallFacts {
        parts: vec![part],
        hung_up_first: Some((HungUpFirst::Customer, at(seconds))),
        disposition: Disposition::Served,
        ..robot(seconds)
    }
}

/// The same without a person: the robot's.
pub fn robot(seconds: f64) -> CallFacts {
    CallFacts {
        direction: Direction::Inbound,
        started_at: at(-3.0),
        answered_at: Some(ANSWERED),
        ended_at: at(seconds),
        ended_by: EndedBy::Peer,
        disposition: Disposition::Completed,
        parts: Vec::new(),
        hung_up_first: None,
        holds: Vec::new(),
        pauses: Vec::new(),
        steps: Vec::new(),
        steps_out_of_order: String::new(),
        keys: 0,
        quality: None,
        missing_samples: 0,
        recorded: true,
        kept: Kept::default(),
        rule: String::new(),
        department: String::new(),
        brand: String::new(),
        title: String::new(),
        tickets: Vec::new(),
        complaint: false,
        register: Register::Open,
        told_done: false,
        promise_kept: false,
        usual_ms: None,
    }
}
