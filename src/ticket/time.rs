//! What time alone brings about: warnings, breaches, escalations, reminders.

use super::act::Who;
use super::changes::{Changes, Work};
use super::clock::Rules;
use super::record::{Phase, Stage, Ticket};
use crate::base::Timestamp;
use crate::calendar::{Edge, Offset};

/// Everything that is due at `now`; None where nothing is. Done twice it gives nothing.
pub fn due(rules: &Rules, ticket: &Ticket, now: Timestamp) -> Option<Changes> {
    if next_at(rules, ticket).is_none_or(|at| at > now) {
        return None;
    }
    let who = Who::daemon();
    let mut work = Work::new(rules, &who, ticket.clone(), now);
    work.stages_due();
    work.promises_due();
    work.urge();
    work.ticket().version += 1;
    work.recount();
    work.settle_state();
    Some(work.out)
}

/// The next moment at which time has something to do with a ticket.
pub fn next_at(rules: &Rules, ticket: &Ticket) -> Option<Timestamp> {
    if !ticket.is_open() || ticket.pause.is_some() {
        return None;
    }
    let stages = ticket.owed().flat_map(|stage| [warning_of(rules, stage), breach_of(stage)]).flatten();
    let promises = ticket
        .promises
        .iter()
        .flat_map(|promise| Work::promise_moments(promise, rules.pack.promise_reminder))
        .flatten();
    stages.chain(promises).chain(urge_at(rules, ticket)).min()
}

fn warning_of(rules: &Rules, stage: &Stage) -> Option<Timestamp> {
    let (began, due) = (stage.began_at?, stage.due?);
    let open = stage.warned_at.is_none() && stage.breached_at.is_none() && !stage.rule.reminder;
    open.then(|| rules.warn_at(&stage.rule, began, due))
}

fn breach_of(stage: &Stage) -> Option<Timestamp> {
    stage.due.filter(|_| stage.breached_at.is_none())
}

fn urge_at(rules: &Rules, ticket: &Ticket) -> Option<Timestamp> {
    let urge = rules.pack.kind.get(&ticket.kind)?.urge.as_ref()?;
    if ticket.phase != Phase::Open {
        return None;
    }
    let times = i32::try_from(ticket.urged + 1).unwrap_or(i32::MAX);
    let offset = Offset { amount: urge.after.amount.saturating_mul(times), unit: urge.after.unit };
    Some(rules.calendar.add(ticket.touched_at, offset, Edge::Start, None).at)
}

impl Work<'_> {
    fn stages_due(&mut self) {
        for at in 0..self.out.ticket.stages.len() {
            if !self.is_owed(at) {
                continue;
            }
            let stage = self.out.ticket.stages[at].clone();
            if warning_of(self.rules, &stage).is_some_and(|warn| warn <= self.now) {
                self.out.ticket.stages[at].warned_at = Some(self.now);
                if stage.due.is_some_and(|due| due > self.now) {
                    self.warn(&stage);
                }
            }
            if breach_of(&stage).is_some_and(|due| due <= self.now) {
                self.out.ticket.stages[at].breached_at = stage.due;
                if stage.rule.reminder { self.remind(&stage) } else { self.breach(&stage) }
            }
        }
    }

    fn facts(&self, stage: &Stage) -> Vec<(&'static str, String)> {
        let due = stage.due.map_or(String::new(), |due| self.rules.calendar.civil(due));
        vec![("stage", stage.rule.title.clone()), ("due", due), ("sum", stage.sum.to_string())]
    }

    fn warn(&mut self, stage: &Stage) {
        let facts = self.facts(stage);
        self.log("warned", format!("{} is due: {}", stage.rule.id, stage.sum));
        let (to, owner) = (self.role(&stage.rule.by), self.out.ticket.owner.clone());
        self.tell("ticket.warning", &to, &stage.rule.id, &facts);
        self.tell("ticket.warning", &owner, &stage.rule.id, &facts);
    }

    fn remind(&mut self, stage: &Stage) {
        let facts = self.facts(stage);
        self.log("reminded", format!("{} is due: {}", stage.rule.id, stage.sum));
        let to = self.role(&stage.rule.by);
        self.tell("ticket.reminder", &to, &stage.rule.id, &facts);
        self.tell_others("ticket.reminder", stage, &facts);
    }

    fn breach(&mut self, stage: &Stage) {
        let facts = self.facts(stage);
        self.log("breach", format!("{} was due: {}", stage.rule.id, stage.sum));
        let (to, supervisor) = (self.role(&stage.rule.by), self.rules.pack.supervisor.clone());
        self.tell("ticket.breach", &to, &stage.rule.id, &facts);
        self.tell("ticket.breach", &supervisor, &stage.rule.id, &facts);
        self.tell_others("ticket.breach", stage, &facts);
        if stage.rule.breach_escalates {
            self.raise(&format!("{} was not done in time", stage.rule.id));
        }
    }

    fn tell_others(&mut self, topic: &str, stage: &Stage, facts: &[(&str, String)]) {
        for role in &stage.rule.breach_to {
            let to = self.role(role);
            self.tell(topic, &to, &stage.rule.id, facts);
        }
    }

    /// Nothing happened for long: a reminder, and another after as long (TKT-47).
    fn urge(&mut self) {
        let Some(at) = urge_at(self.rules, &self.out.ticket).filter(|at| *at <= self.now) else { return };
        let Some(urge) = self.kind().urge else { return };
        self.ticket().urged += 1;
        let (count, to) = (self.out.ticket.urged, self.role(&urge.to));
        let since = self.rules.calendar.civil(self.out.ticket.touched_at);
        self.log("urged", format!("#{count} to {to}: nothing since {since}"));
        let mark = format!("{}-{count}", at.0);
        self.tell("ticket.urge", &to, &mark, &[("count", count.to_string()), ("since", since)]);
    }
}
