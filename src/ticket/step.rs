//! One act on a ticket: what it comes to, or why it is refused.

use super::act::{Act, Attempt, Refusal, Role, Who};
use super::changes::{Changes, WantedCall, Work};
use super::clock::Rules;
use super::record::{Phase, Signature, Ticket};
use crate::base::Timestamp;

/// How long before a promised time a call counts as the one that was promised.
const PROMISE_EARLY_MS: i64 = 30 * 60_000;

/// Does `act` to `ticket` at `now`.
///
/// # Errors
/// What is missing, what stands against it, or that this person may not.
pub fn step(rules: &Rules, ticket: Ticket, act: &Act, who: &Who, now: Timestamp) -> Result<Changes, Refusal> {
    let mut work = Work::new(rules, who, ticket, now);
    let may_when_closed = matches!(
        act,
        Act::Reopen(_)
            | Act::Comment(_)
            | Act::Attach(_)
            | Act::Call(_)
            | Act::File
            | Act::Verify(_)
            | Act::Meet(_)
    );
    if !work.out.ticket.is_open() && !may_when_closed {
        return Err(Refusal::Conflict(format!(
            "ticket {} is closed: reopen it first",
            work.out.ticket.number
        )));
    }
    work.carry_out(act)?;
    work.count_lists();
    let now = work.now;
    let ticket = work.ticket();
    (ticket.touched_at, ticket.urged) = (now, 0);
    ticket.version += 1;
    work.recount();
    work.settle_state();
    Ok(work.out)
}

impl Work<'_> {
    fn carry_out(&mut self, act: &Act) -> Result<(), Refusal> {
        match act {
            Act::Edit(fields) => self.edit(fields),
            Act::Assign { owner, reason } => self.assign(owner, reason),
            Act::Acknowledge { department } => self.acknowledge(department),
            Act::HandOver { department } => self.hand_over(department),
            Act::Report { stage, result, fields } => {
                self.report(stage, result, fields)?;
                self.when_all_is_done();
                Ok(())
            }
            Act::Promise { at, what } => self.promise(*at, what),
            Act::Call(attempt) => {
                self.call(attempt);
                Ok(())
            }
            Act::Repeat { call } => {
                self.repeat(*call);
                Ok(())
            }
            Act::Comment(text) => {
                self.log("comment", text.clone());
                Ok(())
            }
            Act::CallIn { who, call } => {
                self.log_call("called_in", who.clone(), Some(*call));
                Ok(())
            }
            Act::Attach(file) => {
                self.log("file", format!("{} ({})", file.name, file.kind));
                self.ticket().files.push(file.clone());
                Ok(())
            }
            Act::Escalate { cause, process, demand } => self.escalate(cause, process, demand),
            Act::ReportUp => self.report_up(),
            Act::Approve { approval, signed_by, fields } => self.approve(approval, signed_by, fields),
            Act::Amend(amendment) => self.amend(amendment),
            Act::Wait(reason) => self.wait(reason),
            Act::Resume => self.resume(),
            Act::CallBack { by, at, what } => self.call_back(by, *at, what),
            Act::Meet(meeting) => {
                self.log("meeting", format!("{} {}", meeting.date, meeting.decision));
                self.ticket().meeting = Some(meeting.clone());
                Ok(())
            }
            Act::Handled => self.handled_by_hand(),
            Act::Verify(found) => self.verify(found),
            Act::Close { how } => self.close(how),
            Act::Override(reason) => self.override_close(reason),
            Act::Reopen(reason) => self.reopen(reason),
            Act::Join { into, number } => self.join(*into, number),
            Act::File => self.file(),
        }
    }

    fn edit(&mut self, fields: &std::collections::BTreeMap<String, String>) -> Result<(), Refusal> {
        let (department, severity) = (self.out.ticket.department.clone(), self.out.ticket.severity.clone());
        let changed = self.fill(fields)?;
        if changed.is_empty() {
            return Ok(());
        }
        self.log("edited", super::stage::words_of(fields));
        if self.out.ticket.department != department {
            self.tell_department("ticket.opened", &self.now.0.to_string());
        }
        if self.out.ticket.severity != severity && self.out.ticket.severity == "major" && self.kind().meeting
        {
            self.call_meeting();
        }
        if let Some(at) = fields.get("next_reply_at").filter(|text| !text.is_empty()) {
            self.promised_in_field(at)?;
        }
        Ok(())
    }

    fn assign(&mut self, owner: &str, reason: &str) -> Result<(), Refusal> {
        let owner = owner.trim();
        if owner.is_empty() {
            return Err(Refusal::field("owner", "no ticket is without an owner", "name who answers for it"));
        }
        if self.kind().owner_fixed && self.who.role < Role::Supervisor {
            let text = format!("only a supervisor gives {} to somebody else", self.out.ticket.number);
            return Err(Refusal::Forbidden(text));
        }
        let from = std::mem::replace(&mut self.ticket().owner, owner.to_owned());
        self.log("assigned", format!("{from} to {owner}: {reason}"));
        self.tell("ticket.assigned", owner, &self.now.0.to_string(), &[("reason", reason.to_owned())]);
        Ok(())
    }

    fn acknowledge(&mut self, department: &str) -> Result<(), Refusal> {
        if let Some(signed) = &self.out.ticket.acknowledged {
            return Err(Refusal::Conflict(format!("it was acknowledged by {} already", signed.by)));
        }
        // A department that only has a stage of its own does not receive the ticket for another.
        let ticket = &self.out.ticket;
        let theirs = self.who.holds.is_empty() || self.who.holds.contains(&ticket.department);
        if self.who.role == Role::Department && !theirs {
            return Err(Refusal::Forbidden(format!(
                "{} is with {}: somebody of that department acknowledges it",
                ticket.number, ticket.department
            )));
        }
        // Who is of no department, or of another, says for which one it is received.
        let own = ticket.department.is_empty() || self.who.holds.contains(&ticket.department);
        if department.is_empty() && !own || !department.is_empty() && department != ticket.department {
            let what = match department {
                "" => "for which department is not said".to_owned(),
                other => format!("{} is not with {other}", ticket.number),
            };
            let hint = match ticket.department.as_str() {
                "" => "leave it out: the ticket is with no department".to_owned(),
                theirs => format!("write {theirs}: it is with them"),
            };
            return Err(Refusal::field("department", what, hint));
        }
        let signed = Signature { by: self.who.name.clone(), at: self.now };
        self.ticket().acknowledged = Some(signed);
        self.log("acknowledged", self.out.ticket.department.clone());
        if let Some(at) = self.out.ticket.place("acknowledge").filter(|at| self.is_owed(*at)) {
            self.finish(at, "done", None, "");
        }
        Ok(())
    }

    fn hand_over(&mut self, department: &str) -> Result<(), Refusal> {
        if department.is_empty() && self.out.ticket.department.is_empty() {
            return Err(Refusal::field("department", "to whom is not said", "name the department"));
        }
        if !department.is_empty() && self.out.ticket.department != department {
            self.ticket().department = department.to_owned();
            self.ticket().acknowledged = None;
        }
        self.log("handed_over", self.out.ticket.department.clone());
        self.tell_department("ticket.handover", &self.now.0.to_string());
        if let Some(at) = self.out.ticket.place("handover").filter(|at| self.is_owed(*at)) {
            self.finish(at, "done", None, "");
        }
        Ok(())
    }

    /// Whether a stage has begun, concerns the ticket and is not done.
    pub fn is_owed(&self, at: usize) -> bool {
        let ticket = &self.out.ticket;
        ticket
            .stages
            .get(at)
            .is_some_and(|s| s.done_at.is_none() && s.began_at.is_some() && ticket.in_force(s))
    }

    fn call(&mut self, attempt: &Attempt) {
        let way = if attempt.inbound { "inbound" } else { "outbound" };
        let word = if attempt.answered { "answered" } else { "not answered" };
        let by = if attempt.agent.is_empty() { String::new() } else { format!(" by {}", attempt.agent) };
        self.log_call("call", format!("{way}{by}, {word}"), attempt.call);
        if attempt.inbound && self.out.ticket.in_call {
            self.ticket().call_end = Some(attempt.at);
            self.ticket().in_call = false;
        }
        if !self.out.ticket.is_open() || !attempt.answered {
            return;
        }
        // Who comes again by themselves need not be called back.
        if attempt.inbound && self.out.ticket.kind != self.rules.pack.intake.missed {
            return;
        }
        let now = self.now;
        let mut kept = false;
        for promise in &mut self.ticket().promises {
            if promise.kept_at.is_none() && now.millis_since(promise.at) >= -PROMISE_EARLY_MS {
                promise.kept_at = Some(now);
                kept = true;
            }
        }
        let waits = |s: &super::Stage| s.rule.needs_ack && self.out.ticket.acknowledged.is_none();
        let done: Vec<usize> = (0..self.out.ticket.stages.len())
            .filter(|at| self.is_owed(*at))
            .filter(|at| self.out.ticket.stages.get(*at).is_some_and(|s| s.rule.by_call && !waits(s)))
            .filter(|at| self.is_call_of_whoever_owes(*at, attempt))
            .collect();
        // One call does one thing: the first stage that a call does.
        if let Some(at) = done.first() {
            self.finish(*at, "call", attempt.call, "");
        }
        if kept || !done.is_empty() {
            self.when_all_is_done();
        }
    }

    /// Whether the call is one of those who owe the stage: where it is the department's, and it is
    /// known who belongs to it, a call of somebody else does not do it.
    fn is_call_of_whoever_owes(&self, stage: usize, attempt: &Attempt) -> bool {
        let ticket = &self.out.ticket;
        let theirs = ticket.stages.get(stage).is_some_and(|stage| stage.rule.by == "department");
        let Some(departments) = attempt.departments.as_ref().filter(|_| theirs) else { return true };
        ticket.department.is_empty() || departments.contains(&ticket.department)
    }

    fn wait(&mut self, reason: &str) -> Result<(), Refusal> {
        if self.out.ticket.pause.is_some() {
            return Err(Refusal::Conflict("it waits for the customer already".into()));
        }
        let since = self.now;
        self.ticket().pause = Some(super::Pause { since });
        self.log("waiting", reason);
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        let Some(pause) = self.ticket().pause.take() else {
            return Err(Refusal::Conflict("it does not wait for the customer".into()));
        };
        let (rules, now) = (self.rules, self.now);
        for stage in self.out.ticket.stages.iter_mut().filter(|s| s.done_at.is_none()) {
            if let Some(due) = stage.due {
                let clock = stage.rule.clock.unwrap_or(rules.pack.clock);
                let (moved, text) = rules.after_pause(due, clock, pause.since, now);
                if moved != due {
                    (stage.due, stage.warned_at) = (Some(moved), None);
                    stage.sum.note(text);
                }
            }
        }
        self.log("resumed", "");
        Ok(())
    }

    fn call_back(&mut self, by: &str, at: Timestamp, what: &str) -> Result<(), Refusal> {
        if at <= self.now {
            return Err(Refusal::field("at", "the time has passed", "give a time that is to come"));
        }
        let sum = crate::calendar::Sum(vec![format!("asked for by {}", self.who.name)]);
        let call = WantedCall {
            purpose: "technician".into(),
            no: self.next_call(),
            robot: false,
            due: self.now,
            deadline: at,
            sum,
            assignee: by.to_owned(),
            note: what.to_owned(),
            exact: false,
        };
        let mark = call.no.to_string();
        self.want_call(call);
        let due = self.rules.calendar.civil(at);
        self.tell("ticket.callback", by, &mark, &[("due", due), ("what", what.to_owned())]);
        Ok(())
    }

    fn file(&mut self) -> Result<(), Refusal> {
        if self.out.ticket.phase != Phase::Closed {
            return Err(Refusal::Conflict("only a closed ticket is filed".into()));
        }
        if self.out.ticket.filed_at.is_none() {
            self.ticket().filed_at = Some(self.now);
            self.log("filed", "");
        }
        Ok(())
    }
}
