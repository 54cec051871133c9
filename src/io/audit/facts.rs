//! What is known of a call when it is scored.

use super::{AuditOffice, Error};
use crate::audit::{CallFacts, Found, Must};
use crate::call::Direction;
use crate::evidence::Severity;
use crate::io::store::audits::{AuditSource, CaseRow, ClosedComplaint};

/// Reasons of a case that are facts of the register, not of the call's evidence.
const OF_REGISTER: &[Must] = &[Must::TypedScore, Must::EqualScores, Must::SameText];

/// A call, what is known of it, and the version of the scorecard behind that.
pub(super) struct Known {
    pub source: AuditSource,
    pub facts: CallFacts,
    pub scorecard: String,
}

impl AuditOffice {
    pub(super) async fn known(&self, case: &CaseRow) -> Result<Known, Error> {
        let source = self.source(&case.call_id).await?;
        let evidence = self.store().evidence_row(&source.id).await?;
        let mut found: Vec<Found> = self
            .store()
            .findings_of(&source.id)
            .await?
            .into_iter()
            // What another person of ours did in this call is not this one's.
            .filter(|row| row.charge != "agent" || row.agent.as_deref() == Some(&case.agent))
            .map(|row| Found {
                severity: Severity::of(&row.severity).unwrap_or_default(),
                system: row.charge == "system",
                detector: row.detector,
                rule: row.rule,
                value: row.value,
                start_ms: row.start_ms,
                detail: row.detail,
            })
            .collect();
        let why: Vec<String> = serde_json::from_str(&case.why).unwrap_or_default();
        for must in OF_REGISTER.iter().filter(|must| why.iter().any(|word| word == must.as_str())) {
            let severity = if *must == Must::TypedScore { Severity::Critical } else { Severity::Warn };
            found.push(fact(must.as_str(), 1.0, severity, "in the register"));
        }
        found.extend(closure(&self.store().closed_complaints(&source.id).await?));
        let heard = evidence.as_ref().is_some_and(|row| row.heard_ms.is_some() && row.problem.is_empty());
        let direction = if source.direction == "inbound" { Direction::Inbound } else { Direction::Outbound };
        let facts = CallFacts { direction, complaint: source.complaints > 0, heard, found };
        Ok(Known { source, facts, scorecard: evidence.map(|row| row.version).unwrap_or_default() })
    }

    /// A call that a person had and that was looked at.
    pub(super) async fn source(&self, call: &str) -> Result<AuditSource, Error> {
        let source = self.store().call_to_audit(call).await?;
        source.ok_or_else(|| Error::NoSuch("judged call that a person had:", call.to_owned()))
    }
}

/// Whether complaints of the call that are closed ended with a final reply and the customer's word
/// on it (ETI-02); nothing where none is closed.
fn closure(complaints: &[ClosedComplaint]) -> Option<Found> {
    if complaints.is_empty() {
        return None;
    }
    let proper = |complaint: &&ClosedComplaint| {
        let body: serde_json::Value = serde_json::from_str(&complaint.body).unwrap_or_default();
        !body["verification"]["at"].is_null()
    };
    let open: Vec<&str> = complaints
        .iter()
        .filter(|complaint| !proper(complaint))
        .map(|complaint| complaint.number.as_str())
        .collect();
    let severity = if open.is_empty() { Severity::Info } else { Severity::Fail };
    let detail = if open.is_empty() {
        "every complaint was verified".to_owned()
    } else {
        format!("closed without a final reply: {}", open.join(", "))
    };
    Some(fact("closure", f64::from(u8::from(open.is_empty())), severity, &detail))
}

fn fact(word: &str, value: f64, severity: Severity, detail: &str) -> Found {
    Found {
        detector: word.to_owned(),
        rule: String::new(),
        value,
        severity,
        system: false,
        start_ms: None,
        detail: detail.to_owned(),
    }
}
