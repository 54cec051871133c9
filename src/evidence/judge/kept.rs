//! What the rule that asked for a call wants of it, and what our person owes to the register.

use super::{Charge, Detector, Findings, Severity};
use crate::evidence::facts::Register;

impl Findings<'_> {
    /// `in_window`: the first INVITE lay in the rule's windows. `by_deadline`: the call completed
    /// its callback before the deadline. Times are the dialler's: no person is charged.
    pub(super) fn kept(&mut self) {
        let kept = self.facts.kept;
        for (detector, held) in [(Detector::InWindow, kept.window), (Detector::ByDeadline, kept.deadline)] {
            let Some(held) = held else { continue };
            let finding = self.add(detector, f64::from(held), None);
            if finding.severity > Severity::Info {
                finding.charge = Charge::System;
            }
        }
        self.register();
    }

    /// `wrap_up_min`: from the end of a call of our person to its entry in the register; where
    /// there is none, the time that has passed in any case.
    fn register(&mut self) {
        let limit = self.card.limit.get(&Detector::WrapUp).cloned().unwrap_or_default();
        let end = self.facts.at(self.facts.ended_at).saturating_sub(1);
        match self.facts.register {
            Register::Open => return,
            Register::Saved(ms) => {
                self.add(Detector::WrapUp, ms.max(0) as f64 / 60_000.0, None);
            }
            Register::Missing => {
                let minutes = limit.first_above().unwrap_or_default();
                let severity = limit.severity(minutes.next_up());
                let finding = self.push(Detector::WrapUp, minutes, None, severity);
                finding.detail = "the register has no entry yet".to_owned();
            }
        }
        self.charge(end);
    }
}
