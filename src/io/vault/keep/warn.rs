//! What the keeper could not do: an alarm once, and a warning that stays until a run has nothing to say of it.

use jiff::civil::Date;

use super::super::Error;
use super::super::report::{KeepingReport, NAMED};
use super::Keeper;
use crate::base::{CallId, Timestamp};
use crate::io::store::{NewWarning, WarningRow};

/// Warnings of the keeper are of no policy pack.
const HOUSE: &str = "";
/// Who raises and closes them.
const ACTOR: &str = "keeper";
/// A recording is not stored, or not deleted, as it should be.
const NOT_KEPT: &str = "recording_not_kept";
/// A recording lies open that should be sealed.
const NOT_SEALED: &str = "recording_not_sealed";
/// What is warned of, by the words of the alarms.
const WARNED_OF: [&str; 3] = [NOT_KEPT, NOT_SEALED, "archive_unreachable"];

impl Keeper {
    /// What went wrong in a run stands among the warnings until a run has nothing to say of it.
    pub(super) async fn warn(&self, report: &KeepingReport, now: Timestamp) -> Result<(), Error> {
        let mut troubles = std::mem::take(&mut self.seen().troubles);
        let known = self.store().known_warnings(HOUSE, self.day(now)).await?;
        let open: Vec<_> =
            known.iter().filter(|w| w.settled_at.is_none() && WARNED_OF.contains(&w.code.as_str())).collect();
        let is = |w: &WarningRow, n: &NewWarning| w.code == n.code && w.subject == n.subject;
        // Of more than are named it is not known which hold no more.
        if report.problems.len() < NAMED {
            let over: Vec<i64> =
                open.iter().filter(|w| !troubles.iter().any(|n| is(w, n))).map(|w| w.id).collect();
            self.store().close_warnings(&over, ACTOR, now).await?;
        }
        // One that is open from a day before is not raised again.
        troubles.retain(|n| !open.iter().any(|w| is(w, n)));
        self.store().raise_warnings(HOUSE, &troubles, ACTOR, now).await?;
        Ok(())
    }

    pub(super) fn day(&self, now: Timestamp) -> Date {
        now.to_jiff().to_zoned(self.rules().hours.zone().clone()).date()
    }

    /// A warning of what an alarm says.
    fn trouble(&self, subject: &str, problem: &str, now: Timestamp) -> NewWarning {
        let (code, detail) = problem.split_once(": ").unwrap_or((problem, ""));
        NewWarning { day: self.day(now), code: code.into(), subject: subject.into(), detail: detail.into() }
    }

    /// A recording that was made lately could not be sealed.
    pub(super) async fn tell_unsealed(&self, name: &str, error: &Error, now: Timestamp) -> Result<(), Error> {
        let problem = format!("{NOT_SEALED}: {error}");
        self.alarm(&problem);
        let trouble = self.trouble(name, &problem, now);
        self.store().raise_warnings(HOUSE, &[trouble], ACTOR, now).await?;
        Ok(())
    }

    /// Something that went wrong: in the report, as an alarm, and as a warning that stays.
    pub(super) fn problem(&self, report: &mut KeepingReport, subject: &str, problem: &str, now: Timestamp) {
        report.tally.failed += 1;
        let said = match WARNED_OF.iter().any(|code| problem.starts_with(code)) {
            true => problem.to_owned(),
            false => format!("{NOT_KEPT}: {problem}"),
        };
        if report.problems.len() < NAMED {
            report.problems.push(problem.to_owned());
            let trouble = self.trouble(subject, &said, now);
            self.seen().troubles.push(trouble);
        }
        self.alarm(&said);
    }

    /// An alarm, once for as long as it is the same.
    fn alarm(&self, problem: &str) {
        let problem = problem.to_owned();
        let mut seen = self.seen();
        if seen.alarms.contains(&problem) {
            return;
        }
        if seen.alarms.len() == NAMED {
            seen.alarms.pop_front();
        }
        seen.alarms.push_back(problem.clone());
        drop(seen);
        tracing::error!(problem, "a recording could not be kept as it should");
        let call: Option<CallId> = None;
        self.parts.hub.publish_value("alarm", &serde_json::json!({ "call": call, "alarm": problem }));
    }
}
