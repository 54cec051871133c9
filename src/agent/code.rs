//! Star codes: what a phone without a screen dials to say where its agent is.

use super::settings::{NotReadyReason, OverrideReason};

/// The codes as they are dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// Ready for calls.
    pub available: String,
    /// Not ready; the digit of a reason follows, without one it is the first.
    pub not_ready: String,
    /// Goes home.
    pub log_out: String,
    /// Dials against a rule: the digit of a reason and the number follow.
    pub dial_anyway: String,
}

/// What a code orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ready for calls.
    Available,
    /// Not ready, for this reason.
    NotReady(String),
    /// Goes home.
    LogOut,
}

impl Default for Codes {
    fn default() -> Self {
        Codes {
            available: "*31".into(),
            not_ready: "*32".into(),
            log_out: "*30".into(),
            dial_anyway: "*33".into(),
        }
    }
}

impl Codes {
    /// Reason and number of a call that is dialled against a rule; None where it is none, or
    /// the digit is that of no reason.
    pub fn read_anyway<'a>(&self, dialled: &'a str, reasons: &[OverrideReason]) -> Option<(String, &'a str)> {
        let rest =
            dialled.strip_prefix(self.dial_anyway.as_str()).filter(|_| !self.dial_anyway.is_empty())?;
        let digit = rest.chars().next()?;
        let reason = reasons.iter().find(|reason| reason.digit == digit)?;
        Some((reason.text.clone(), rest.get(digit.len_utf8()..)?))
    }

    /// What was dialled; None where it is no code.
    pub fn read(&self, dialled: &str, reasons: &[NotReadyReason]) -> Option<Order> {
        let is = |code: &str| !code.is_empty() && dialled == code;
        if is(&self.available) {
            return Some(Order::Available);
        }
        if is(&self.log_out) {
            return Some(Order::LogOut);
        }
        let rest = dialled.strip_prefix(self.not_ready.as_str()).filter(|_| !self.not_ready.is_empty())?;
        let mut digits = rest.chars();
        let reason = match (digits.next(), digits.next()) {
            (None, _) => reasons.first(),
            (Some(digit), None) => reasons.iter().find(|reason| reason.digit == digit),
            _ => None,
        };
        reason.map(|reason| Order::NotReady(reason.word.clone()))
    }
}
