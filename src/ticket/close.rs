//! The end of a ticket: what it asks for, and who may do without.

use super::act::{Refusal, Role};
use super::changes::Work;
use super::pack::OnMissing;
use super::record::Phase;

/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

impl Work<'_> {
    /// Whether a customer has to say that it is solved.
    pub fn wants_verification(&self) -> bool {
        self.rules.pack.close.satisfied && !self.kind().no_verification
    }

    /// Closes it, if everything is there.
    pub fn close(&mut self, how: &str) -> Result<(), Refusal> {
        self.may_close()?;
        self.end(if how.is_empty() { "closed" } else { how });
        Ok(())
    }

    fn may_close(&mut self) -> Result<(), Refusal> {
        let unfinished = self.out.ticket.unfinished();
        if !unfinished.is_empty() {
            return Err(Refusal::Conflict(format!("not done yet: {}", unfinished.join(", "))));
        }
        self.complete()?;
        if self.wants_verification() && !self.out.ticket.verification.passed {
            return Err(Refusal::Conflict(
                "the customer has not said that it is solved: wait for the verification, or let a supervisor override it"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Fields, approvals and the decision of a meeting.
    fn complete(&mut self) -> Result<(), Refusal> {
        let kind = self.kind();
        let missing = self.out.ticket.missing(&kind.closes_with);
        if let Some(first) = missing.first() {
            if self.rules.pack.close.missing == OnMissing::Refuse {
                let detail = format!("closing asks for {}", missing.join(", "));
                return Err(Refusal::field(first, detail, "fill it in first"));
            }
            for name in &missing {
                self.ticket().flags.insert(format!("missing_{name}"));
            }
        }
        let lacking: Vec<&str> = kind
            .approval
            .iter()
            .filter(|a| !a.optional && self.out.ticket.holds(&a.when) && !self.out.ticket.is_signed(&a.id))
            .map(|a| a.id.as_str())
            .collect();
        if !lacking.is_empty() {
            return Err(Refusal::Conflict(format!("approvals are missing: {}", lacking.join(", "))));
        }
        if self.out.ticket.meeting.as_ref().is_some_and(|m| m.decision.trim().is_empty()) {
            return Err(Refusal::Conflict("the meeting has not decided: write down its decision".into()));
        }
        Ok(())
    }

    /// A supervisor closes it without a satisfied customer; that is written down (TKT-33).
    pub fn override_close(&mut self, reason: &str) -> Result<(), Refusal> {
        if self.who.role < Role::Supervisor {
            return Err(Refusal::Forbidden(
                "only a supervisor closes a ticket without a satisfied customer".into(),
            ));
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS {
            return Err(Refusal::field(
                "reason",
                "a reason is needed",
                format!("write 1 to {REASON_CHARS} characters"),
            ));
        }
        self.ticket().flags.insert("overridden".into());
        self.log("overridden", reason);
        self.end("overridden");
        Ok(())
    }

    /// Closes and files it.
    pub fn end(&mut self, how: &str) {
        let now = self.now;
        let ticket = self.ticket();
        ticket.phase = Phase::Closed;
        (ticket.closed_at, ticket.pause) = (Some(now), None);
        how.clone_into(&mut ticket.closed_how);
        for promise in ticket.promises.iter_mut().filter(|p| p.kept_at.is_none()) {
            promise.kept_at = Some(now);
        }
        self.log("closed", how);
        // The file is made up last, when nothing else is to come (VER-03).
        self.ticket().filed_at = Some(now);
        self.log("filed", "");
        self.out.ends_calls = true;
        let owner = self.out.ticket.owner.clone();
        self.tell("ticket.closed", &owner, &now.0.to_string(), &[("how", how.to_owned())]);
    }

    /// Opens it again, on the deadlines it had.
    pub fn reopen(&mut self, reason: &str) -> Result<(), Refusal> {
        if self.out.ticket.phase == Phase::Open {
            return Err(Refusal::Conflict("it is open".into()));
        }
        if reason.trim().is_empty() {
            return Err(Refusal::field("reason", "a reason is needed", "say why it is opened again"));
        }
        self.log("reopened", reason.trim());
        self.back_to_work();
        Ok(())
    }

    /// The last stage that says so, else the last one, is owed again, until when it was.
    pub fn back_to_work(&mut self) {
        let ticket = self.ticket();
        ticket.phase = Phase::Open;
        (ticket.closed_at, ticket.filed_at, ticket.joined_into) = (None, None, None);
        ticket.closed_how.clear();
        ticket.verification.passed = false;
        for at in 0..ticket.stages.len() {
            if ticket.comes_after_asking(&ticket.stages[at]) {
                let stage = &mut ticket.stages[at];
                (stage.began_at, stage.due, stage.done_at) = (None, None, None);
            }
        }
        let marked = ticket.stages.iter().position(|s| s.rule.reopens && s.done_at.is_some());
        let last = ticket.stages.iter().rposition(|s| s.done_at.is_some() && !s.rule.optional);
        if let Some(at) = marked.or(last) {
            for stage in ticket.stages.iter_mut().skip(at).filter(|s| !s.rule.optional) {
                (stage.done_at, stage.call) = (None, None);
                stage.done_by.clear();
                stage.result.clear();
            }
        }
        self.tell_department("ticket.reopened", &self.now.0.to_string());
    }

    /// It is the same as another, which goes on.
    pub fn join(&mut self, into: i64, number: &str) -> Result<(), Refusal> {
        if into == self.out.ticket.id {
            return Err(Refusal::field("into", "it is this ticket itself", "name the ticket that goes on"));
        }
        let now = self.now;
        let ticket = self.ticket();
        (ticket.phase, ticket.joined_into, ticket.closed_at) = (Phase::Joined, Some(into), Some(now));
        "joined".clone_into(&mut ticket.closed_how);
        self.log("joined", format!("into {number}"));
        self.out.ends_calls = true;
        Ok(())
    }
}
