//! Keys that we press: an extension that is dialled through after the answer (RFC 4733
//! where events were agreed, else tones in the audio).
//!
//! One press is 100 ms long with 100 ms of silence behind it. As events:
//!
//! ```text
//!  frame  0    1    2    3    4    5    6    7 .. 9
//!  M      1
//!  ticks  160  320  480  640  800  800  800  audio: silence
//!  E                          1    1    1
//! ```
//!
//! The timestamp is that of frame 0 throughout; the end goes out three times, one packet
//! per frame (section 2.5.1.4). The recording hears the tone in either case.

use std::collections::VecDeque;
use std::time::Duration;

use crate::media::codec::Encoder;
use crate::media::telephone_event::{EVENT_BYTES, SentEvent, event_of};
use crate::media::tone::dtmf_frequencies;
use crate::media::{Codec, FRAME_SAMPLES, SAMPLE_RATE};

/// Keys that are pressed at most; an extension has six, with its pauses and a # ten.
const MAX_KEYS: usize = 32;
/// Longest wait before the first key.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// A press: 100 ms, above the 40 ms that Q.24 asks for.
const PRESS_FRAMES: u32 = 5;
/// A press and the silence behind it.
const KEY_FRAMES: u32 = 2 * PRESS_FRAMES;
/// A comma waits 2 s, as with modems since ever.
const COMMA_FRAMES: u32 = 100;
/// The end goes out three times.
const END_PACKETS: u32 = 3;
/// Power of the tone in -dBm0 (RFC 4733 section 2.3.4).
const VOLUME: u8 = 10;
/// Amplitude of each of the two tones: a sine of -10 dBm0, where full scale is 3.14 dBm0.
const AMPLITUDE: f64 = 7_200.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many frames of silence.
    Pause(u32),
    /// A key.
    Press(char),
}

/// What goes out in one frame of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyFrame {
    /// How it sounds.
    pub pcm: [i16; FRAME_SAMPLES],
    /// The event packet, where events are agreed; else, or without one, audio is sent.
    pub event: Option<SentEvent>,
}

/// Keys on their way out. Allocates nothing after it was made.
pub(super) struct Dialled {
    steps: VecDeque<Step>,
    /// Frames of the first step that are out.
    sent: u32,
    /// Timestamp of the running press.
    began: u32,
    encoder: Encoder,
}

impl Dialled {
    /// Waits for `pause` (at most [`MAX_PAUSE`]), then presses the keys (at most
    /// [`MAX_KEYS`]): `0`-`9`, `*`, `#`, `A`-`D`; `,` waits 2 s; all else is left out.
    pub fn new(pause: Duration, keys: &str) -> Self {
        let wait = u32::try_from(pause.min(MAX_PAUSE).as_millis() / 20).unwrap_or(0);
        let steps = VecDeque::from([Step::Pause(wait)]);
        let mut dialled = Dialled { steps, sent: 0, began: 0, encoder: Encoder::new(Codec::Pcma) };
        dialled.press(keys);
        dialled
    }

    /// These too, behind those that wait; at most [`MAX_KEYS`] wait at once.
    pub fn press(&mut self, keys: &str) {
        let step = |key: char| match key {
            ',' => Some(Step::Pause(COMMA_FRAMES)),
            key => event_of(key).map(|_| Step::Press(key)),
        };
        let room = (MAX_KEYS + 1).saturating_sub(self.steps.len());
        self.steps.extend(keys.chars().filter_map(step).take(room));
    }

    /// The next frame; None when all is dialled. `timestamp` is that of the audio frame in
    /// whose place it goes.
    pub fn next(&mut self, timestamp: u32) -> Option<KeyFrame> {
        loop {
            let step = *self.steps.front()?;
            let frames = match step {
                Step::Pause(frames) => frames,
                Step::Press(_) => KEY_FRAMES,
            };
            if self.sent >= frames {
                self.steps.pop_front();
                self.sent = 0;
                continue;
            }
            let at = self.sent;
            self.sent += 1;
            let Step::Press(key) = step else {
                return Some(KeyFrame { pcm: [0; FRAME_SAMPLES], event: None });
            };
            if at == 0 {
                self.began = timestamp;
            }
            return Some(KeyFrame { pcm: tone(key, at), event: self.event(key, at) });
        }
    }

    /// The payload of a frame where no events were agreed.
    pub fn encode(&mut self, codec: Codec, frame: &KeyFrame) -> [u8; FRAME_SAMPLES] {
        if self.encoder.codec() != codec {
            self.encoder = Encoder::new(codec);
        }
        let mut payload = [codec.silence_byte(); FRAME_SAMPLES];
        self.encoder.encode(&frame.pcm, &mut payload);
        payload
    }

    fn event(&self, key: char, at: u32) -> Option<SentEvent> {
        let event = event_of(key).filter(|_| at < PRESS_FRAMES + END_PACKETS - 1)?;
        let sent = (at + 1).min(PRESS_FRAMES);
        let duration = u16::try_from(sent * FRAME_SAMPLES as u32).unwrap_or(u16::MAX);
        let [high, low] = duration.to_be_bytes();
        let end = if sent == PRESS_FRAMES { 0x80 } else { 0 };
        let payload: [u8; EVENT_BYTES] = [event, end | VOLUME, high, low];
        Some(SentEvent { marker: at == 0, timestamp: self.began, payload })
    }
}

/// Frame `at` of a press: the tone pair, then silence.
fn tone(key: char, at: u32) -> [i16; FRAME_SAMPLES] {
    let mut pcm = [0; FRAME_SAMPLES];
    let Some((row, column)) = dtmf_frequencies(key).filter(|_| at < PRESS_FRAMES) else { return pcm };
    let step = std::f64::consts::TAU / f64::from(SAMPLE_RATE);
    for (sample, i) in pcm.iter_mut().zip(at * FRAME_SAMPLES as u32..) {
        let phase = step * f64::from(i);
        let sum = (phase * f64::from(row)).sin() + (phase * f64::from(column)).sin();
        *sample = (AMPLITUDE * sum).round() as i16;
    }
    pcm
}
