//! What was found: a value with its unit, a place in the recording, how grave it is, and on
//! whose account it goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detector, Span};

/// How grave a finding is, mildest first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Measured, and as it should be.
    #[default]
    Info,
    /// For a person to think of; costs nothing by itself.
    Hint,
    /// Costs points.
    Warn,
    /// Costs all points of its item.
    Fail,
    /// A candidate for a critical item, which a person confirms.
    Critical,
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Hint, Severity::Warn, Severity::Fail, Severity::Critical];

    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Hint => "hint",
            Severity::Warn => "warn",
            Severity::Fail => "fail",
            Severity::Critical => "critical",
        }
    }

    /// The severity of a word.
    pub fn of(word: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// On whose account a finding goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Charge {
    /// Nobody's: it only says how it was.
    #[default]
    Nobody,
    /// That of our person, by name.
    Agent(String),
    /// The system's: lines, servers, disks, scripts. Never a person's.
    System,
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What found it.
    pub detector: Detector,
    /// In [`Detector::unit`].
    pub value: f64,
    /// Where in the recording; None: it is about the whole call.
    pub span: Option<Span>,
    /// How grave.
    pub severity: Severity,
    /// On whose account.
    pub charge: Charge,
    /// Id of the phrase rule or name of the step, where there is one.
    pub rule: String,
    /// For people: who, which words.
    pub detail: String,
}

/// Why a call must be among those that are audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditReason {
    /// Told as done, and too short for that.
    TooShort,
    /// Told as done, and the customer was never heard.
    Perfunctory,
    /// Loud and on top of each other.
    PossibleDispute,
    /// A candidate for a critical item was found.
    Critical,
}

impl AuditReason {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            AuditReason::TooShort => "too_short",
            AuditReason::Perfunctory => "perfunctory",
            AuditReason::PossibleDispute => "possible_dispute",
            AuditReason::Critical => "critical",
        }
    }
}

/// Everything that is found in one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Findings in the order of their detectors and times.
    pub findings: Vec<Finding>,
    /// Why the call must be audited; empty: it need not.
    pub audit: Vec<AuditReason>,
}

impl Evidence {
    /// The gravest finding.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or_default()
    }

    /// Findings of a detector.
    pub fn of(&self, detector: Detector) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.detector == detector)
    }

    /// Value of the first finding of a detector.
    pub fn value(&self, detector: Detector) -> Option<f64> {
        self.of(detector).next().map(|finding| finding.value)
    }
}
