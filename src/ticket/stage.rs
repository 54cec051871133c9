//! Stages: which of them is owed, since when, until when, and what reporting one asks for.

use std::collections::BTreeMap;

use super::act::{Refusal, Role};
use super::changes::{WantedCall, Work};
use super::record::{Phase, Points, Stage, Ticket};
use crate::base::{CallId, Timestamp};

/// What a stage is counted from that begins once the customer is content.
const VERIFIED: &str = "verified";

impl Ticket {
    /// Whether a stage concerns this ticket.
    pub(super) fn in_force(&self, stage: &Stage) -> bool {
        self.holds(&stage.rule.when)
    }

    /// Whether a stage concerns this ticket as it stands.
    pub fn concerns(&self, stage: &Stage) -> bool {
        self.in_force(stage)
    }

    /// Stages that have begun and are not done.
    pub fn owed(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|s| s.done_at.is_none() && s.began_at.is_some() && self.in_force(s))
    }

    /// Since when it has stood where it is: since the last stage that is owed began.
    pub fn state_since(&self) -> Timestamp {
        self.owed().filter_map(|stage| stage.began_at).max().unwrap_or(self.opened_at)
    }

    /// Stages with a deadline: how many were done by it, and of how many it passed.
    pub fn deadlines(&self) -> (i64, i64) {
        let dated = || self.stages.iter().filter(|stage| !stage.rule.reminder && stage.due.is_some());
        let in_time = dated().filter(|stage| stage.done_at.is_some() && stage.breached_at.is_none());
        let breached = dated().filter(|stage| stage.breached_at.is_some());
        (in_time.count() as i64, breached.count() as i64)
    }

    /// The place of a stage by its word.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.rule.id == id)
    }

    /// Stages that must still be done before the ticket is closed.
    pub(super) fn unfinished(&self) -> Vec<String> {
        self.undone(|_| true)
    }

    /// Stages that must still be done before the customer is asked.
    pub(super) fn unfinished_before_asking(&self) -> Vec<String> {
        self.undone(|stage| !self.comes_after_asking(stage))
    }

    fn undone(&self, which: impl Fn(&Stage) -> bool) -> Vec<String> {
        let open = |s: &&Stage| s.done_at.is_none() && !s.rule.optional && self.in_force(s) && which(s);
        self.stages.iter().filter(open).map(|s| s.rule.id.clone()).collect()
    }

    /// Whether a stage is one of those that begin once the customer is content (CNT-11).
    pub(super) fn comes_after_asking(&self, stage: &Stage) -> bool {
        let mut after = stage.rule.after.as_str();
        for _ in &self.stages {
            if after == VERIFIED {
                return true;
            }
            let Some(before) = self.place(after).and_then(|at| self.stages.get(at)) else { return false };
            after = before.rule.after.as_str();
        }
        false
    }

    /// When a stage begins; None: not yet. A stage that does not concern the ticket is passed
    /// over: what is counted from it is counted from its own beginning.
    fn beginning(&self, stage: &Stage, depth: usize) -> Option<Timestamp> {
        match stage.rule.after.as_str() {
            "" | "opened" => Some(self.opened_at),
            "escalated" => self.escalated_at,
            "acknowledged" => self.acknowledged.as_ref().map(|s| s.at),
            VERIFIED => self.verification.at.filter(|_| self.verification.passed),
            "call_end" if self.in_call => None,
            "call_end" => Some(self.call_end.unwrap_or(self.opened_at)),
            id => {
                let before = self.stages.get(self.place(id)?)?;
                if depth > 0 && !self.in_force(before) {
                    return self.beginning(before, depth - 1);
                }
                before.done_at
            }
        }
    }
}

impl Work<'_> {
    /// Lets stages begin whose time has come, and works out their deadlines. A deadline that
    /// stands stays, unless a field names it.
    pub fn recount(&mut self) {
        for at in 0..self.out.ticket.stages.len() {
            let ticket = &self.out.ticket;
            let Some(stage) = ticket.stages.get(at) else { break };
            if stage.done_at.is_some() || !ticket.in_force(stage) {
                continue;
            }
            let Some(began) = stage.began_at.or_else(|| ticket.beginning(stage, ticket.stages.len())) else {
                continue;
            };
            let begins = stage.began_at.is_none();
            let named = !stage.rule.due_field.is_empty();
            let rule = stage.rule.clone();
            if begins || named {
                let moment = self.rules.stage_due(ticket, &rule, began);
                let stage = &mut self.out.ticket.stages[at];
                stage.began_at = Some(began);
                let due = moment.as_ref().map(|m| m.at);
                if stage.due != due {
                    (stage.due, stage.breached_at, stage.warned_at) = (due, None, None);
                    stage.sum = moment.map(|m| m.sum).unwrap_or_default();
                }
            }
            if begins && rule.callback {
                self.call_for_stage(at);
            }
            if begins && self.out.ticket.is_cleared(&self.out.ticket.stages[at]) {
                self.tell_stage(at);
            }
        }
    }

    /// Whoever does a stage hears of it.
    pub fn tell_stage(&mut self, at: usize) {
        let rule = self.out.ticket.stages[at].rule.clone();
        if rule.by.is_empty() {
            return;
        }
        let (to, due) = (self.role(&rule.by), self.due_text(at));
        self.tell("ticket.stage", &to, &rule.id, &[("stage", rule.title), ("due", due)]);
    }

    fn due_text(&self, at: usize) -> String {
        let due = self.out.ticket.stages.get(at).and_then(|stage| stage.due);
        due.map_or(String::new(), |due| self.rules.calendar.civil(due))
    }

    /// The stage is a call to the customer: it stands on somebody's list.
    fn call_for_stage(&mut self, at: usize) {
        let stage = self.out.ticket.stages[at].clone();
        let (began, now) = (stage.began_at.unwrap_or(self.now), self.now);
        let deadline = stage.due.unwrap_or_else(|| self.rules.end_of_business(now).at);
        let call = WantedCall {
            purpose: if stage.rule.id == "return_call" { "return".into() } else { "inform".into() },
            no: self.next_call(),
            robot: false,
            due: began.max(now),
            deadline: deadline.max(now),
            sum: stage.sum.clone(),
            assignee: String::new(),
            note: stage.rule.title.clone(),
            exact: false,
        };
        self.want_call(call);
    }

    /// Reports a stage as done or failed.
    pub fn report(
        &mut self,
        id: &str,
        result: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let Some(at) = self.out.ticket.place(id) else {
            let known: Vec<&str> = self.out.ticket.stages.iter().map(|s| s.rule.id.as_str()).collect();
            let hint = format!("this ticket has {}", known.join(", "));
            return Err(Refusal::field("stage", format!("`{id}` is no stage of it"), hint));
        };
        if !["done", "fail", ""].contains(&result) {
            return Err(Refusal::field("result", format!("`{result}` is no result"), "write done or fail"));
        }
        self.may_report(at)?;
        self.is_theirs(at)?;
        self.fill(fields)?;
        let rule = self.out.ticket.stages[at].rule.clone();
        if result != "fail" {
            self.need(&rule.requires, &format!("stage `{id}`"))?;
            let photos = self.out.ticket.files.iter().filter(|f| f.kind == "photo").count();
            if photos < usize::try_from(rule.photos).unwrap_or(0) {
                let detail = format!("stage `{id}` asks for {} photos, {photos} are attached", rule.photos);
                return Err(Refusal::field("photos", detail, "attach them with kind=photo first"));
            }
            let has = |kind: &String| self.out.ticket.files.iter().any(|file| file.kind == *kind);
            if let Some(kind) = rule.files.iter().find(|kind| !has(kind)) {
                let detail = format!("stage `{id}` asks for a file of kind `{kind}`, and none is attached");
                return Err(Refusal::field("files", detail, format!("attach it with kind={kind} first")));
            }
            if let Some(missing) = rule.approvals.iter().find(|id| !self.out.ticket.is_signed(id)) {
                return Err(Refusal::Conflict(format!("stage `{id}` waits for the approval `{missing}`")));
            }
        }
        self.out.ticket.handler = self.who.name.clone();
        match (&rule.rework, result) {
            (Some(rework), "fail") => self.rework(at, &rework.clone()),
            (None, "fail") => {
                self.log("stage.fail", format!("{id}: {}", words_of(fields)));
                self.out.ticket.stages[at].result = "fail".into();
            }
            _ => self.finish(at, "done", None, &words_of(fields)),
        }
        Ok(())
    }

    fn may_report(&self, at: usize) -> Result<(), Refusal> {
        let ticket = &self.out.ticket;
        let Some(stage) = ticket.stages.get(at) else { return Ok(()) };
        let id = &stage.rule.id;
        if !ticket.is_open() {
            return Err(Refusal::Conflict(format!("ticket {} is closed: reopen it first", ticket.number)));
        }
        if stage.done_at.is_some() {
            return Err(Refusal::Conflict(format!("stage `{id}` was done by {} already", stage.done_by)));
        }
        if !ticket.in_force(stage) {
            return Err(Refusal::Conflict(format!("stage `{id}` does not concern this ticket as it stands")));
        }
        if stage.began_at.is_none() {
            return Err(Refusal::Conflict(format!(
                "stage `{id}` comes after `{}`, which is not done",
                stage.rule.after
            )));
        }
        if stage.rule.needs_ack && ticket.acknowledged.is_none() {
            return Err(Refusal::Conflict(format!(
                "stage `{id}` waits until the department has acknowledged the ticket"
            )));
        }
        Ok(())
    }

    /// Refuses who has no part in a stage: a department writes its own, and what is one role's alone
    /// nobody else writes (ROL-07).
    fn is_theirs(&self, at: usize) -> Result<(), Refusal> {
        let Some(stage) = self.out.ticket.stages.get(at) else { return Ok(()) };
        let (rule, who) = (&stage.rule, self.who);
        let by = if rule.by.is_empty() { "department" } else { rule.by.as_str() };
        let bound = match who.role {
            Role::Department => true,
            Role::Agent => rule.by_only,
            Role::Supervisor => false,
        };
        let doer = self.role(by);
        if !bound || who.name == doer || who.holds.contains(&doer) {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "stage `{}` is written by {doer}, and {} is not of it; a supervisor may enter it for them",
            rule.id, who.name
        )))
    }

    /// A stage is done.
    pub fn finish(&mut self, at: usize, result: &str, call: Option<CallId>, what: &str) {
        let (now, by) = (self.now, self.who.name.clone());
        let Some(stage) = self.out.ticket.stages.get_mut(at) else { return };
        let late = stage.due.is_some_and(|due| now >= due) && !stage.rule.reminder;
        if late && stage.breached_at.is_none() {
            stage.breached_at = stage.due;
        }
        (stage.done_at, stage.done_by, stage.result) = (Some(now), by, result.to_owned());
        stage.call = call;
        let id = stage.rule.id.clone();
        let late_by = stage.due.filter(|_| late).map(|due| now.millis_since(due) / 60_000);
        let text = match late_by {
            Some(minutes) => format!("{id}: {result}, {minutes} min late; {what}"),
            None => format!("{id}: {result}; {what}"),
        };
        self.log_call("stage.done", text.trim_end_matches("; ").to_owned(), call);
        if id == "report_up" {
            self.out.ticket.reported_at = Some(now);
        }
        self.recount();
    }

    /// A review that failed comes again as somebody's task, and costs points (TKT-17).
    fn rework(&mut self, at: usize, rework: &super::pack::Rework) {
        let rule = self.out.ticket.stages[at].rule.clone();
        self.finish(at, "fail", None, &format!("rework by {}", rework.to));
        let count = self.out.ticket.stages.iter().filter(|s| s.rule.id.starts_with(rule.id.as_str())).count();
        let mut redo = rule.clone();
        redo.id = format!("{}-{}", rule.id, count + 1);
        (redo.by, redo.due, redo.after) = (rework.to.clone(), Some(rework.due), rule.id.clone());
        redo.title = format!("{}（整改）", rule.title);
        // Whatever came after the failed one comes after the new one.
        for stage in &mut self.out.ticket.stages {
            if stage.rule.after == rule.id && stage.done_at.is_none() {
                (stage.began_at, stage.due) = (None, None);
                stage.rule.after.clone_from(&redo.id);
            }
        }
        let stage = Stage { rule: redo, ..Stage::default() };
        self.out.ticket.stages.insert(at + 1, stage);
        if rework.points != 0 {
            let points = Points {
                who: rework.to.clone(),
                points: -rework.points.abs(),
                why: rule.title,
                at: self.now,
            };
            self.out.ticket.points.push(points);
        }
        self.recount();
    }

    /// The word for people: of the next stage, or of the phase.
    pub fn settle_state(&mut self) {
        let ticket = &self.out.ticket;
        let next =
            ticket.stages.iter().find(|s| s.done_at.is_none() && ticket.in_force(s) && s.began_at.is_some());
        let states = self.rules.pack.kind.get(&ticket.kind).map(|kind| &kind.states);
        let own = |word: &str| states.and_then(|s| s.get(word)).map_or(word, String::as_str).to_owned();
        let word = match ticket.phase {
            Phase::Closed => own("closed"),
            Phase::Joined => "joined".to_owned(),
            Phase::Verifying if ticket.verification.passed => own("verified"),
            Phase::Verifying => own("verifying"),
            Phase::Open if ticket.pause.is_some() => "waiting_customer".to_owned(),
            Phase::Open if ticket.flags.contains("outstanding") => "outstanding".to_owned(),
            Phase::Open => match next {
                Some(stage) if stage.rule.state.is_empty() => stage.rule.id.clone(),
                Some(stage) => stage.rule.state.clone(),
                None => "in_progress".to_owned(),
            },
        };
        self.out.ticket.state = word;
    }
}

/// What was filled in, in words.
pub(super) fn words_of(fields: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    all.join(", ")
}
