//! What a phone says: voice, beeps and keys, as RTP.

use std::collections::VecDeque;

use super::sdp::Agreed;
use crate::base::Rng;
use crate::media::FRAME_SAMPLES;
use crate::media::codec::Encoder;
use crate::media::noise::Babble;
use crate::media::rtp::{MAX_PACKET, RtpSender};
use crate::media::telephone_event::EventSender;
use crate::media::tone::{dtmf, sine};

/// Peak of a voice or tone.
const AMPLITUDE: f64 = 9_000.0;
/// Length of one key press in ms.
pub(super) const PRESS_MS: u32 = 100;
/// Pause after an in-band key in samples: 80 ms.
const INBAND_PAUSE: usize = 640;

/// Samples that wait to be said, and keys that wait to be pressed.
pub(super) struct Mouth {
    encoder: Encoder,
    sender: RtpSender,
    keys: EventSender,
    waiting: VecDeque<i16>,
    voice: Babble,
    tone_hz: u32,
}

impl Mouth {
    pub fn new(agreed: &Agreed, tone_hz: u32, rng: &mut Rng) -> Self {
        Mouth {
            encoder: Encoder::new(agreed.codec),
            sender: RtpSender::new(rng),
            keys: EventSender::default(),
            waiting: VecDeque::new(),
            voice: Babble::new(rng.next_u64(), AMPLITUDE as f32).without_pauses(),
            tone_hz,
        }
    }

    pub fn set_codec(&mut self, agreed: &Agreed) {
        if self.encoder.codec() != agreed.codec {
            self.encoder = Encoder::new(agreed.codec);
        }
    }

    /// Speaks with the phone's own voice.
    pub fn speak(&mut self, millis: u32) {
        let samples = millis as usize * 8;
        if self.tone_hz > 0 {
            self.tone(self.tone_hz, millis);
        } else {
            let mut pcm = vec![0; samples];
            self.voice.fill(&mut pcm);
            self.waiting.extend(pcm);
        }
    }

    pub fn tone(&mut self, hz: u32, millis: u32) {
        self.waiting.extend(sine(f64::from(hz), AMPLITUDE, millis as usize * 8));
    }

    pub fn pause(&mut self, millis: u32) {
        self.waiting.extend(std::iter::repeat_n(0, millis as usize * 8));
    }

    /// Presses a key by event, or by tone where `inband` is set.
    pub fn press(&mut self, key: char, inband: bool) {
        if inband {
            self.waiting.extend(dtmf(key, AMPLITUDE, PRESS_MS as usize * 8));
            self.waiting.extend(std::iter::repeat_n(0, INBAND_PAUSE));
        } else {
            // A phone's script never fills the queue of 64 keys; a key too many is not pressed.
            let _ = self.keys.press(key, PRESS_MS);
        }
    }

    /// Whether something is being said or pressed.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || self.keys.is_busy()
    }

    /// The packets of the next 20 ms.
    pub fn tick(&mut self, agreed: &Agreed, mut send: impl FnMut(&[u8])) {
        let mut buffer = [0; MAX_PACKET];
        if let Some(payload_type) = agreed.event_payload_type.filter(|_| self.keys.is_busy()) {
            for event in self.keys.frame(self.sender.timestamp()) {
                let len = self.sender.event(
                    payload_type,
                    event.marker,
                    event.timestamp,
                    &event.payload,
                    &mut buffer,
                );
                send(&buffer[..len]);
            }
            self.sender.skip(FRAME_SAMPLES as u32);
            return;
        }
        let mut pcm = [0; FRAME_SAMPLES];
        for (sample, said) in pcm.iter_mut().zip(self.waiting.drain(..self.waiting.len().min(FRAME_SAMPLES)))
        {
            *sample = said;
        }
        let mut payload = [0; FRAME_SAMPLES];
        self.encoder.encode(&pcm, &mut payload);
        let len = self.sender.audio(agreed.payload_type, &payload, &mut buffer);
        send(&buffer[..len]);
    }
}
