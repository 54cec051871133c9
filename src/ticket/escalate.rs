//! Escalation: by hand, by time, and by customers who come again.

use super::act::Refusal;
use super::changes::Work;
use crate::base::CallId;

impl Work<'_> {
    /// The manager takes it over; cause, process so far and demand are needed (ESC-01).
    pub fn escalate(&mut self, cause: &str, process: &str, demand: &str) -> Result<(), Refusal> {
        for (name, value) in [("cause", cause), ("process", process), ("demand", demand)] {
            if value.trim().is_empty() {
                return Err(Refusal::field(
                    name,
                    "an escalation needs it",
                    "say cause, process so far and demand",
                ));
            }
            self.out.ticket.fields.insert(name.to_owned(), value.trim().to_owned());
        }
        let manager = self.rules.pack.supervisor.clone();
        let (now, kind) = (self.now, self.kind());
        let ticket = self.ticket();
        ticket.reported_at.get_or_insert(now);
        ticket.escalated_at = Some(now);
        if kind.escalation_is_major {
            "major".clone_into(&mut ticket.severity);
            if kind.meeting {
                self.call_meeting();
            }
        }
        self.raise(&format!("{cause}; demand: {demand}"));
        let from = std::mem::replace(&mut self.ticket().owner, manager.clone());
        self.log("escalated", format!("{from} to {manager}: {cause}"));
        let facts =
            [("cause", cause.to_owned()), ("process", process.to_owned()), ("demand", demand.to_owned())];
        self.tell("ticket.escalated", &manager, &self.now.0.to_string(), &facts);
        Ok(())
    }

    /// One level up. Its stages stay what they are: only a person's escalation makes it another
    /// kind of work.
    pub fn raise(&mut self, why: &str) {
        self.ticket().level += 1;
        let level = self.out.ticket.level;
        let to = self.at_level(level);
        self.log("level", format!("{level}: {to}; {why}"));
        let facts = [("why", why.to_owned()), ("level", level.to_string())];
        self.tell("ticket.level", &to, &level.to_string(), &facts);
        self.recount();
    }

    /// Reported upward by hand.
    pub fn report_up(&mut self) -> Result<(), Refusal> {
        if self.out.ticket.reported_at.is_some() {
            return Err(Refusal::Conflict("it was reported already".into()));
        }
        let now = self.now;
        self.ticket().reported_at = Some(now);
        if let Some(at) = self.out.ticket.place("report_up").filter(|at| self.is_owed(*at)) {
            self.finish(at, "done", None, "");
        } else {
            self.log("reported", "");
        }
        let to = self.at_level(self.out.ticket.level + 1);
        self.tell("ticket.reported", &to, "", &[]);
        Ok(())
    }

    /// The same customer comes with the same matter again: the responsible person and the level
    /// above are named, and it counts against whoever did not report it (ESC-04).
    pub fn repeat(&mut self, call: Option<CallId>) {
        self.ticket().repeat += 1;
        let (repeat, owner) = (self.out.ticket.repeat, self.out.ticket.owner.clone());
        self.log_call("repeat", format!("the customer came {repeat} times"), call);
        if !self.kind().complaint {
            return;
        }
        let flags = &mut self.ticket().flags;
        flags.insert("repeat".into());
        flags.insert("penalty_candidate".into());
        let department = self.out.ticket.department.clone();
        let why = format!("repeat {repeat}; responsible: {owner} {department}");
        self.raise(why.trim_end());
    }
}
