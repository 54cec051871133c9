//! The decision.

use super::beep::{Beep, BeepWatch};
use super::cadence::Cadence;
use super::{AmdKind, AmdReason, AmdSettings, AmdVerdict};
use crate::media::FRAME_SAMPLES;
use crate::media::vad::Vad;

/// Listens from the answer on; give it every 20 ms frame of the customer.
#[derive(Clone, Debug)]
pub struct AmdDetector {
    settings: AmdSettings,
    vad: Vad,
    cadence: Cadence,
    beep: BeepWatch,
    now_ms: u32,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// No verdict yet.
    Deciding,
    /// A machine; its beep is awaited until `until_ms`.
    Awaiting {
        verdict: AmdVerdict,
        until_ms: u32,
    },
    Done,
}

impl AmdDetector {
    /// Begins at the answer.
    pub fn new(settings: AmdSettings) -> Self {
        AmdDetector {
            vad: Vad::new(settings.speech_dbfs),
            settings,
            cadence: Cadence::default(),
            beep: BeepWatch::default(),
            now_ms: 0,
            stage: Stage::Deciding,
        }
    }

    /// Takes one frame. Gives the verdict once; after `Machine` by cadence a second time: at
    /// the end of the beep (`beep_ms` is set), or when none came in `beep_wait_ms` (it is not).
    pub fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<AmdVerdict> {
        if self.is_done() {
            return None;
        }
        self.now_ms += 20;
        let beep = self.beep.push(&self.settings, frame);
        let (speech, level) = self.vad.push(frame);
        match &self.stage {
            Stage::Deciding => {
                self.cadence.push(&self.settings, speech && beep != Beep::Sounding, level);
                let (kind, reason) = self.decide(beep)?;
                Some(self.conclude(kind, reason))
            }
            Stage::Awaiting { verdict, until_ms } => {
                let heard = beep == Beep::Ended;
                if !heard && self.now_ms < *until_ms {
                    return None;
                }
                let verdict = AmdVerdict { beep_ms: heard.then_some(self.now_ms - 20), ..verdict.clone() };
                self.stage = Stage::Done;
                Some(verdict)
            }
            Stage::Done => None,
        }
    }

    /// Whether everything was said; further frames are ignored.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    fn decide(&self, beep: Beep) -> Option<(AmdKind, AmdReason)> {
        let (settings, cadence) = (&self.settings, &self.cadence);
        // A tone before any word may be the far exchange or a headset; it proves nothing.
        if beep == Beep::Ended && cadence.words > 0 {
            return Some((AmdKind::Machine, AmdReason::Beep));
        }
        // While a tone sounds, what it will be is awaited.
        if beep == Beep::Sounding && self.now_ms < settings.max_ms {
            return None;
        }
        let long = cadence.sound_ms > settings.max_greeting_ms;
        let many = cadence.words > settings.max_words;
        if long || many {
            return Some(match (cadence.is_voice(), long) {
                (true, true) => (AmdKind::Machine, AmdReason::LongGreeting),
                (true, false) => (AmdKind::Machine, AmdReason::ManyWords),
                (false, _) => (AmdKind::Unsure, AmdReason::MaxTime),
            });
        }
        if cadence.words > 0 && cadence.silence_ms >= settings.after_greeting_ms {
            return Some((AmdKind::Human, AmdReason::ShortGreeting));
        }
        if cadence.words == 0 && settings.initial_silence_ms > 0 && self.now_ms >= settings.initial_silence_ms
        {
            return Some((AmdKind::Unsure, AmdReason::InitialSilence));
        }
        (self.now_ms >= settings.max_ms).then_some((AmdKind::Unsure, AmdReason::MaxTime))
    }

    fn conclude(&mut self, kind: AmdKind, reason: AmdReason) -> AmdVerdict {
        let beep_ms = (reason == AmdReason::Beep).then(|| self.now_ms.saturating_sub(20));
        let verdict = AmdVerdict { kind, reason, after_ms: self.now_ms, beep_ms };
        let awaits = kind == AmdKind::Machine && beep_ms.is_none() && self.settings.beep_wait_ms > 0;
        self.stage = if awaits {
            Stage::Awaiting {
                verdict: verdict.clone(),
                until_ms: self.now_ms.saturating_add(self.settings.beep_wait_ms),
            }
        } else {
            Stage::Done
        };
        verdict
    }
}
