//! What a phone hears: when a prompt begins and ends, and how loud each pitch was.

use crate::media::codec::Decoder;
use crate::media::level::dbfs;
use crate::media::rtp::Packet;
use crate::media::telephone_event::EventReceiver;
use crate::media::tone::DtmfDetector;
use crate::media::{Codec, FRAME_SAMPLES};

/// Louder than this is a prompt, in dBFS.
const SOUND_DBFS: f32 = -45.0;
/// Silence after which a prompt is over, in ms.
const PROMPT_GAP_MS: u32 = 600;
/// Sound shorter than this is no prompt, in ms.
const MIN_PROMPT_MS: u32 = 200;
/// Audio kept for tests: 60 s.
const MAX_KEPT: usize = 60 * 8_000;

/// What was heard so far.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Prompts that ended.
    pub prompts: u32,
    /// Packets that came.
    pub packets: u64,
    /// Keys that the caller pressed, by event or by tone.
    pub keys: String,
    /// Audio as it came, if the phone was told to keep it; at most 60 s.
    pub pcm: Vec<i16>,
}

/// A moment that a person reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A prompt has sounded for this many ms.
    Sounding(u32),
    /// A prompt ended just now; it had sounded for this many ms.
    Ended(u32),
    /// Silence for this many ms.
    Quiet(u32),
}

/// Listens packet by packet.
pub(super) struct Ear {
    decoder: Decoder,
    keep: bool,
    loud: bool,
    sound_ms: u32,
    quiet_ms: u32,
    in_prompt: bool,
    events: EventReceiver,
    tones: DtmfDetector,
    pub heard: Heard,
}

impl Ear {
    pub fn new(codec: Codec, keep: bool) -> Self {
        Ear {
            decoder: Decoder::new(codec),
            keep,
            loud: false,
            sound_ms: 0,
            quiet_ms: 0,
            in_prompt: false,
            events: EventReceiver::default(),
            tones: DtmfDetector::new(),
            heard: Heard::default(),
        }
    }

    pub fn set_codec(&mut self, codec: Codec) {
        if self.decoder.codec() != codec {
            self.decoder = Decoder::new(codec);
        }
    }

    /// Takes a packet of events.
    pub fn feel(&mut self, packet: &Packet<'_>) {
        self.heard.keys.extend(self.events.accept(packet));
    }

    /// Takes the payload of an audio packet.
    pub fn listen(&mut self, payload: &[u8]) {
        let mut pcm = [0; 960];
        let len = self.decoder.decode(payload, &mut pcm);
        self.heard.packets += 1;
        for frame in pcm[..len].chunks(FRAME_SAMPLES) {
            self.heard.keys.extend(self.tones.push(frame));
        }
        self.loud |= dbfs(&pcm[..len]) > SOUND_DBFS;
        if self.keep && self.heard.pcm.len() < MAX_KEPT {
            self.heard.pcm.extend_from_slice(&pcm[..len]);
        }
    }

    /// The prompt was cut short: what sounds next is another one.
    pub fn next_prompt(&mut self) {
        self.heard.prompts += 1;
        self.sound_ms = 0;
        self.in_prompt = false;
    }

    /// 20 ms have passed.
    pub fn tick(&mut self) -> Moment {
        if std::mem::take(&mut self.loud) {
            self.sound_ms += 20;
            self.quiet_ms = 0;
            self.in_prompt |= self.sound_ms >= MIN_PROMPT_MS;
            return Moment::Sounding(self.sound_ms);
        }
        self.quiet_ms += 20;
        if self.quiet_ms < PROMPT_GAP_MS && self.sound_ms > 0 {
            // The pauses of a prompt belong to it.
            self.sound_ms += 20;
            return Moment::Sounding(self.sound_ms);
        }
        let sounded_ms = std::mem::take(&mut self.sound_ms).saturating_sub(PROMPT_GAP_MS);
        if std::mem::take(&mut self.in_prompt) {
            self.heard.prompts += 1;
            return Moment::Ended(sounded_ms);
        }
        Moment::Quiet(self.quiet_ms)
    }
}
