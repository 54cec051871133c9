//! Faults of lines, servers and disks: findings of their own, never a person's.

use super::{Charge, Detector, Findings, Heard, Severity};
use crate::call::EndedBy;
use crate::media::SAMPLE_RATE;

/// A call without a sound from the customer tells of a fault only from this length on.
const DEAF_MS: u32 = 2_000;

impl Findings<'_> {
    /// Adds them; true where what is heard of the talk cannot be trusted.
    pub(super) fn system(&mut self, heard: Option<&Heard>) -> bool {
        let mut broken = false;
        if self.facts.answered_at.is_some() && self.facts.recorded && heard.is_none() {
            self.fault(Detector::NoRecording, 1.0, "an answered call without a readable recording");
        }
        let received = self.facts.quality.as_ref().map(|quality| quality.packets_received);
        let deaf = heard.is_some_and(|heard| heard.ms >= DEAF_MS && !heard.right_sound);
        if deaf || received == Some(0) && self.facts.talk_ms() >= i64::from(DEAF_MS) {
            let detail = match received {
                Some(0) => "no packet came in",
                _ => "what came in was exact silence",
            };
            self.fault(Detector::OneWayAudio, 1.0, detail);
            broken = true;
        }
        if let Some(quality) = self.facts.quality.as_ref().filter(|quality| quality.packets_received > 0) {
            let lost = f64::from(quality.loss()) * 100.0;
            broken |= self.measured_fault(Detector::LostAudio, lost);
        }
        let missing = self.facts.missing_samples as f64 / f64::from(SAMPLE_RATE);
        broken |= missing > 0.0 && self.measured_fault(Detector::LostRecording, missing);
        if self.facts.answered_at.is_some() && self.facts.ended_by == EndedBy::Fault {
            self.fault(Detector::Dropped, 1.0, "a timer or a fault ended the call");
        }
        broken
    }

    fn fault(&mut self, detector: Detector, value: f64, detail: &str) {
        let finding = self.push(detector, value, None, Severity::Fail);
        finding.charge = Charge::System;
        finding.detail = detail.to_owned();
    }

    /// True where the scorecard calls it grave.
    fn measured_fault(&mut self, detector: Detector, value: f64) -> bool {
        let finding = self.add(detector, value, None);
        let grave = finding.severity > Severity::Info;
        if grave {
            finding.charge = Charge::System;
        }
        grave
    }
}
