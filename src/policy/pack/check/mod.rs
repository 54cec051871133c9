//! What is doubtful or wrong in a policy that reads well, in the words of those who run it.

mod attempts;
mod dates;
mod fields;
mod names;
mod never;
mod setting;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::{Pack, Policy};
use crate::calendar::Calendar;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Works, but probably not as meant.
    Warning,
    /// Cannot work.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// File of the policy.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// The key: `rule.install.deadline`.
    pub key: String,
    /// What.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{word}: {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.key, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " (hint: {})", self.hint)?;
        }
        Ok(())
    }
}

/// What a policy stands in.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Holidays and working days.
    pub calendar: &'a Arc<Calendar>,
    /// Names of the scripts that exist; None where nobody knows.
    pub scripts: Option<&'a BTreeSet<String>>,
    /// Prompts that a script needs and lacks.
    pub missing_prompts: &'a dyn Fn(&str) -> Vec<String>,
    /// The day from which terms are tried out.
    pub today: Date,
}

struct Check<'a> {
    policy: &'a Policy,
    pack: &'a Pack,
    around: Around<'a>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn found(
        &mut self,
        severity: Severity,
        path: &[&str],
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.findings.push(Finding {
            severity,
            file: self.policy.file.clone(),
            line: self.policy.line_of(path),
            key: path.join("."),
            message: message.into(),
            hint: hint.into(),
        });
    }

    fn error(&mut self, path: &[&str], message: impl Into<String>, hint: impl Into<String>) {
        self.found(Severity::Error, path, message, hint);
    }

    fn warn(&mut self, path: &[&str], message: impl Into<String>, hint: impl Into<String>) {
        self.found(Severity::Warning, path, message, hint);
    }
}

/// Checks a policy: errors first, then in the order of the file.
pub fn check(policy: &Policy, around: &Around<'_>) -> Vec<Finding> {
    let mut check = Check { policy, pack: &policy.pack, around: *around, findings: Vec::new() };
    check.settings();
    check.intakes();
    check.names();
    check.fields();
    check.never_fires();
    check.scripts();
    check.dates();
    check.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.line.cmp(&b.line)));
    check.findings
}
