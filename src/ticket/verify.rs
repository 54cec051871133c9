//! Verification: the customer says whether it is solved, and only that closes a ticket.

use super::act::{Found, Refusal, Role};
use super::changes::{WantedCall, Work};
use super::record::{Phase, Verification};

impl Work<'_> {
    /// Where nothing is left to do the customer is asked, or the ticket closes.
    pub fn when_all_is_done(&mut self) {
        let ticket = &self.out.ticket;
        if ticket.phase == Phase::Verifying {
            self.when_the_rest_is_done();
        } else if ticket.phase == Phase::Open
            && !ticket.stages.is_empty()
            && ticket.unfinished_before_asking().is_empty()
        {
            self.all_done();
        }
    }

    /// The customer is content, and so is whoever had something to do after that.
    fn when_the_rest_is_done(&mut self) {
        let ticket = &self.out.ticket;
        let rest = ticket.stages.iter().any(|stage| ticket.comes_after_asking(stage));
        if rest && ticket.verification.passed && ticket.unfinished().is_empty() {
            self.close_satisfied();
        }
    }

    /// Somebody says that everything is done.
    pub fn handled_by_hand(&mut self) -> Result<(), Refusal> {
        if self.out.ticket.phase == Phase::Verifying {
            return Err(Refusal::Conflict("the customer is being asked already".into()));
        }
        let unfinished = self.out.ticket.unfinished_before_asking();
        if !unfinished.is_empty() {
            return Err(Refusal::Conflict(format!("not done yet: {}", unfinished.join(", "))));
        }
        self.out.ticket.handler = self.who.name.clone();
        self.all_done();
        Ok(())
    }

    fn all_done(&mut self) {
        self.out.ticket.flags.remove("outstanding");
        if !self.wants_verification() {
            let closed = self.close("handled");
            if let Err(refusal) = closed {
                self.log("not_closed", refusal.to_string());
            }
            return;
        }
        let rule = self.rules.pack.verify.clone();
        let due = self.rules.calendar.add(self.now, rule.after, crate::calendar::Edge::Start, None);
        let verification = &mut self.out.ticket.verification;
        let calls = verification.calls;
        *verification =
            Verification { due: Some(due.at.max(self.now)), sum: due.sum, calls, ..Verification::default() };
        self.out.ticket.phase = Phase::Verifying;
        self.log("handled", "the customer is asked whether it is solved");
        self.ask(true);
    }

    /// Puts the verification on the list.
    fn ask(&mut self, robot: bool) {
        let rule = self.rules.pack.verify.clone();
        let deadline = self.rules.calendar.add(self.now, rule.deadline, crate::calendar::Edge::End, None);
        if self.out.ticket.phone.is_empty() {
            // Nobody can be called: a person asks by another way.
            let owner = self.out.ticket.owner.clone();
            let mark = self.out.ticket.verification.calls.to_string();
            self.tell("ticket.verify_by_hand", &owner, &mark, &[]);
        }
        let verification = &mut self.out.ticket.verification;
        verification.calls += 1;
        verification.by_person = !robot;
        let (no, due, sum) = (verification.calls, verification.due, verification.sum.clone());
        let due = due.unwrap_or(self.now).max(self.now);
        let assignee = if robot { String::new() } else { rule.by };
        let call = WantedCall {
            purpose: "verify".into(),
            no,
            robot,
            due,
            deadline: deadline.at.max(due),
            sum,
            assignee,
            note: self.out.ticket.number.clone(),
            exact: false,
        };
        self.want_call(call);
    }

    /// A verification came to a result.
    pub fn verify(&mut self, found: &Found) -> Result<(), Refusal> {
        self.may_verify(found)?;
        let solved = self.judged(found)?;
        self.out.ends_verification = true;
        let now = self.now;
        match solved {
            None => self.unreached(),
            Some(solved) => {
                let verification = &mut self.out.ticket.verification;
                (verification.passed, verification.score, verification.at) = (solved, found.score, Some(now));
                let score = found.score.map_or(String::new(), |s| format!(", score {s}"));
                let word = if solved { "solved" } else { "not solved" };
                self.log_call("verified", format!("{word}{score}"), found.call);
                if let Some(score) = found.score {
                    self.out.ticket.fields.insert("final_score".into(), score.to_string());
                }
                if solved { self.passed(found) } else { self.failed(found) }
            }
        }
        Ok(())
    }

    fn may_verify(&self, found: &Found) -> Result<(), Refusal> {
        let rule = &self.rules.pack.verify;
        let ticket = &self.out.ticket;
        if ticket.phase != Phase::Verifying {
            return Err(Refusal::Conflict(
                "nothing is to be verified: it is not dealt with, or closed".into(),
            ));
        }
        if self.who.role == Role::Department && rule.independent {
            return Err(Refusal::Forbidden("the department that handled it does not verify it".into()));
        }
        if rule.independent && self.who.name == ticket.handler {
            return Err(Refusal::Forbidden(format!(
                "{} handled it: somebody else verifies it",
                ticket.handler
            )));
        }
        let by_robot = self.who.name == super::Who::daemon().name;
        if !rule.by.is_empty() && rule.independent && !by_robot && found.role != rule.by {
            return Err(Refusal::Forbidden(format!("{} verifies it", rule.by)));
        }
        Ok(())
    }

    /// By the criteria of the pack where it has any: passed only where all are yes (VER-04).
    fn judged(&self, found: &Found) -> Result<Option<bool>, Refusal> {
        let criteria = &self.rules.pack.verify.criteria;
        if criteria.is_empty() || found.solved.is_none() && found.criteria.is_empty() {
            return Ok(found.solved);
        }
        if found.criteria.is_empty() && self.who.name == super::Who::daemon().name {
            return Ok(found.solved);
        }
        if let Some(missing) = criteria.iter().find(|name| !found.criteria.contains_key(*name)) {
            let hint = format!("answer all of {}", criteria.join(", "));
            return Err(Refusal::field(missing, "the form asks for it", hint));
        }
        Ok(Some(
            criteria.iter().all(|name| found.criteria.get(name) == Some(&true))
                && found.solved != Some(false),
        ))
    }

    fn passed(&mut self, found: &Found) {
        let fields = &mut self.out.ticket.fields;
        fields.insert("customer_confirmed".into(), "true".into());
        if let Some(call) = found.call {
            fields.insert("confirmed_in_call".into(), call.to_string());
        }
        // What begins only now is no gap: it is done first.
        let ticket = &self.out.ticket;
        let begins = ticket.unfinished_before_asking().is_empty() && !ticket.unfinished().is_empty();
        if !begins {
            self.close_satisfied();
        }
    }

    fn close_satisfied(&mut self) {
        if let Err(refusal) = self.close("satisfied") {
            self.log("not_closed", refusal.to_string());
            let owner = self.out.ticket.owner.clone();
            let mark = format!("close-{}", self.out.ticket.cycle);
            self.tell("ticket.incomplete", &owner, &mark, &[("why", refusal.to_string())]);
        }
    }

    /// Not solved: back to work on the deadlines it had, one level up (TKT-33, VER-02).
    fn failed(&mut self, found: &Found) {
        self.out.ticket.cycle += 1;
        let cycle = self.out.ticket.cycle;
        self.out.ticket.dissatisfied = true;
        self.out.ticket.fields.insert("customer_confirmed".into(), "false".into());
        if !found.leftover.is_empty() {
            self.out.ticket.fields.insert("leftover".into(), found.leftover.clone());
            self.out.ticket.flags.insert("outstanding".into());
        }
        self.back_to_work();
        let responsible = if self.out.ticket.handler.is_empty() {
            &self.out.ticket.owner
        } else {
            &self.out.ticket.handler
        };
        let responsible = responsible.clone();
        let facts = [("cycle", cycle.to_string()), ("responsible", responsible.clone())];
        self.tell("ticket.not_solved", &responsible, &cycle.to_string(), &facts);
        if cycle >= self.rules.pack.verify.alert_cycle {
            let manager = self.rules.pack.supervisor.clone();
            self.tell("ticket.alert", &manager, &format!("cycle-{cycle}"), &facts);
        }
        self.raise(&format!("not solved, round {cycle}"));
    }

    /// Nobody answered: again by the robot, then by a person.
    fn unreached(&mut self) {
        let verification = &mut self.out.ticket.verification;
        verification.unreached += 1;
        verification.due = Some(self.now);
        let (count, most) = (verification.unreached, self.rules.pack.verify.robot_attempts);
        self.log("verification.unreached", format!("{count} of {most}"));
        if count >= most {
            let owner = self.out.ticket.owner.clone();
            self.tell("ticket.verify_by_hand", &owner, &self.out.ticket.verification.calls.to_string(), &[]);
        }
        self.ask(count < most);
    }
}
