//! From what is known and heard to findings.

mod kept;
mod signal;
mod sound;
mod system;

use super::{
    AuditReason, CallFacts, Charge, Detector, Evidence, Finding, Heard, Scorecard, Severity, Span, Talk,
    Transcript, phrase,
};

/// Findings while they are gathered.
struct Findings<'a> {
    card: &'a Scorecard,
    facts: &'a CallFacts,
    found: Vec<Finding>,
}

impl Findings<'_> {
    /// A value whose gravity the scorecard says, and which our person is charged with where it is
    /// grave.
    fn add(&mut self, detector: Detector, value: f64, span: impl Into<Option<Span>>) -> &mut Finding {
        let severity = self.card.limit.get(&detector).map(|limit| limit.severity(value)).unwrap_or_default();
        self.push(detector, value, span.into(), severity)
    }

    fn push(
        &mut self,
        detector: Detector,
        value: f64,
        span: Option<Span>,
        severity: Severity,
    ) -> &mut Finding {
        let place = self.found.len();
        self.found.push(Finding {
            detector,
            value: round(value),
            span,
            severity,
            charge: Charge::Nobody,
            rule: String::new(),
            detail: String::new(),
        });
        &mut self.found[place]
    }

    /// Charges the finding just added with whoever had the customer then, if it is grave.
    fn charge(&mut self, at: u32) {
        let agent = self.facts.agent_at(at);
        let Some(last) = self.found.last_mut() else { return };
        if last.severity > Severity::Info && !agent.is_empty() {
            last.charge = Charge::Agent(agent);
        }
    }
}

/// Three decimals: no finding is better than a millisecond.
fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// Everything that can be said of a call right after its end. `heard`: None where it has no
/// recording; `transcript`: None where nobody attached one.
pub fn judge(
    card: &Scorecard,
    facts: &CallFacts,
    heard: Option<&Heard>,
    transcript: Option<&Transcript>,
) -> Evidence {
    let mut findings = Findings { card, facts, found: Vec::new() };
    let talk = heard.map(|heard| Talk::new(facts, heard));
    let broken = findings.system(heard);
    findings.signal(talk.as_ref());
    findings.kept();
    if let (Some(heard), Some(talk)) = (heard, &talk) {
        findings.sound(heard, talk, broken);
    }
    if let Some(transcript) = transcript {
        let said = phrase::judge(card, facts, talk.as_ref(), transcript);
        findings.found.extend(said);
    }
    let mut found = findings.found;
    if broken {
        // What a line did to a talk is nobody's fault.
        for finding in found.iter_mut().filter(|finding| finding.detector.is_of_sound()) {
            if let Charge::Agent(_) = finding.charge {
                finding.charge = Charge::System;
            }
        }
    }
    found.sort_by_key(|finding| (finding.detector, finding.span));
    let audit = audit(&found);
    Evidence { findings: found, audit }
}

fn audit(found: &[Finding]) -> Vec<AuditReason> {
    let mut reasons = std::collections::BTreeSet::new();
    for finding in found.iter().filter(|finding| finding.charge != Charge::System) {
        match finding.detector {
            Detector::TooShort if finding.severity > Severity::Info => {
                reasons.insert(AuditReason::TooShort);
            }
            Detector::Perfunctory => {
                reasons.insert(AuditReason::Perfunctory);
            }
            Detector::PossibleDispute => {
                reasons.insert(AuditReason::PossibleDispute);
            }
            _ => {}
        }
        if finding.severity == Severity::Critical {
            reasons.insert(AuditReason::Critical);
        }
    }
    reasons.into_iter().collect()
}

impl Detector {
    /// Whether broken sound makes it say what is not so.
    fn is_of_sound(self) -> bool {
        use Detector as D;
        matches!(
            self,
            D::CutOff
                | D::Interruptions
                | D::Interruption
                | D::Overlap
                | D::OverlapRatio
                | D::AgentSilenceMax
                | D::AgentSilence
                | D::MutualSilenceMax
                | D::MutualSilence
                | D::SlowGreeting
                | D::AgentLevel
                | D::CustomerLevel
                | D::Shouting
                | D::TalkRatio
                | D::SpeechRate
                | D::NoCustomerSpeech
                | D::Perfunctory
                | D::TooShort
        )
    }
}
