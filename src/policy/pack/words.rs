//! A policy in plain sentences, for people who do not read the file.

use std::fmt::Write as _;

use super::{
    Anchor, Calls, Condition, Conflict, Method, Mode, OncePer, OutcomeWord, Pack, Period, Policy, Rule,
    Spacing, SpacingWord, Target,
};
use crate::calendar::{Offset, Roll, Unit};

impl Policy {
    /// The policy in plain sentences: what happens, when who is called, and by whom.
    pub fn in_words(&self) -> String {
        let pack = &self.pack;
        let mut out = format!("{}: {}\n", pack.pack, both(&pack.title, &pack.title_en));
        line(&mut out, "Version", &format!("{} of {}", self.version, self.file));
        if let Some(day) = &pack.effective {
            line(&mut out, "In force", &format!("from {day}"));
        }
        line(&mut out, "Calls", &pack.hours());
        for (name, windows) in &pack.windows.duty {
            line(&mut out, "Hours", &format!("{name}: {}", windows.join("; ")));
        }
        line(&mut out, "Attempts", &pack.tries());
        for (name, intake) in &pack.intake {
            let by = if intake.by.is_empty() { String::new() } else { format!(", there by {}", intake.by) };
            let reasons: Vec<&str> = intake.reject.iter().map(|r| r.reason.as_str()).collect();
            let rejects =
                if reasons.is_empty() { String::new() } else { format!("; rejects {}", reasons.join(", ")) };
            let words = format!("{name}: {}{by}{rejects}", both(&intake.title, &intake.title_en));
            line(&mut out, "List", &words);
        }
        for (id, rule) in &pack.rule {
            out.push('\n');
            pack.rule_in_words(id, rule, &mut out);
        }
        out
    }
}

impl Pack {
    fn hours(&self) -> String {
        let days = |calls: Calls, what: &str| match calls {
            Calls::Calls => format!("also on {what}"),
            Calls::NoCalls => format!("never on {what}"),
        };
        let roll = match self.calendar.roll {
            Roll::None => "",
            Roll::Forward => "; what is due on a day off waits for the next working day",
            Roll::Back => "; what is due on a day off is called the working day before",
        };
        let holidays = days(self.calendar.holidays, "holidays");
        let weekends = days(self.calendar.weekends, "weekends");
        format!("{}; {holidays}, {weekends}{roll}", self.windows.call.join(", "))
    }

    fn tries(&self) -> String {
        let attempts = &self.attempts;
        let gaps: Vec<String> = attempts
            .spacing
            .iter()
            .map(|spacing| match spacing {
                Spacing::After(offset) => format!("{} later", amount(*offset)),
                Spacing::Word(SpacingWord::NextWindow) => "in the next window".into(),
                Spacing::Word(SpacingWord::NextDay) => "the next day".into(),
            })
            .collect();
        let cap = |number: u32, per: &str| match number {
            0 => format!("any number {per}"),
            n => format!("{n} {per}"),
        };
        format!(
            "up to {}, again {}; at most {} and {} to one number",
            attempts.max,
            gaps.join(", then "),
            cap(attempts.caps.day, "a day"),
            cap(attempts.caps.week, "a week")
        )
    }

    fn rule_in_words(&self, id: &str, rule: &Rule, out: &mut String) {
        let off = match (self.is_active(rule), rule.enabled) {
            (true, _) => String::new(),
            (false, true) => format!(" [off: set {}]", rule.set),
            (false, false) => " [off]".into(),
        };
        writeln!(out, "{id}: {}{off}", both(&rule.title, &rule.title_en)).ok();
        line(out, "When", &self.when(rule));
        let (due, deadline) = self.term(rule);
        line(out, "Due", &due);
        line(out, "Deadline", &deadline);
        if let Some(every) = rule.repeats() {
            let end = match rule.repeat_max {
                0 => "without end".into(),
                n => format!("{n} times"),
            };
            line(out, "Again", &format!("every {}, {end}", amount(every)));
        }
        if let Some([opened, resolved]) = &rule.wait_while_open {
            let words = format!("while {} has no {} after it", self.event(opened), self.event(resolved));
            line(out, "Waits", &words);
        }
        if !rule.cancelled_by.is_empty() {
            line(out, "Ends with", &self.events(&rule.cancelled_by));
        }
        if !rule.satisfied_by.is_empty() {
            line(out, "Done by", &self.events(&rule.satisfied_by));
        }
        if rule.milestone {
            line(out, "Milestone", "clear only when the answer was satisfied");
        }
        if rule.satisfied_by_any_callback {
            line(out, "Done by", "any answered callback since");
        }
        self.handling(rule, out);
        line(out, "Source", &rule.source);
    }

    /// How a callback of a rule is made and closed.
    fn handling(&self, rule: &Rule, out: &mut String) {
        line(out, "How", &self.how(rule));
        if let Some(fallback) = rule.fallback {
            line(out, "Unreached", &format!("{} instead", channel(fallback)));
        }
        if !rule.windows.is_empty() {
            line(out, "Hours", &rule.windows.join(", "));
        }
        if !rule.counts {
            line(out, "Rate", "not counted");
        }
        if !rule.close_requires.is_empty() {
            let conditions: Vec<String> = rule.close_requires_when.iter().map(condition).collect();
            let when = if conditions.is_empty() {
                String::new()
            } else {
                format!(" if {}", conditions.join(" and "))
            };
            line(out, "Must note", &format!("{}{when}", rule.close_requires.join(", ")));
        }
        if !rule.blocks.is_empty() {
            line(
                out,
                "Ticks",
                &format!("{}: each done or skipped before an agent closes it", rule.blocks.join(", ")),
            );
        }
        if !rule.group.is_empty() {
            let holds = match &self.conflict {
                Conflict::Strictest => "the earliest deadline of the group holds".into(),
                Conflict::Rule(rule) => format!("the deadline of {rule} holds"),
            };
            line(out, "Group", &format!("{}: {holds}", rule.group));
        }
        if !rule.register.is_empty() {
            line(out, "Register", &rule.register);
        }
    }

    fn when(&self, rule: &Rule) -> String {
        let on = &rule.on;
        let mut words = if let Some(after) = &on.after {
            let outcomes: Vec<&str> = after.outcome.iter().map(|word| outcome(*word)).collect();
            let title = self.rule.get(&after.rule).map_or("", |rule| rule.title.as_str());
            format!("the callback {} ({title}) was {}", after.rule, outcomes.join(" or "))
        } else if let Some(every) = &on.every {
            let last = match every.since.as_str() {
                "" => "the last callback".into(),
                kind => format!("the last {}", self.event(kind)),
            };
            format!("{} have passed since {last}", amount(every.offset))
        } else if let Some(yearly) = &on.yearly {
            let period = if yearly.period == Period::Year { "year" } else { "month" };
            format!("once for each customer in every {period}, from {} to {}", yearly.from, yearly.to)
        } else if let Some(sample) = &on.sample {
            let strata = match sample.strata.as_str() {
                "" => String::new(),
                field => format!(", in proportion by {field}"),
            };
            format!(
                "{} drawn at random on {} from {} of the last {}{strata}, one customer only every {}",
                sample.size,
                sample.days.join(", "),
                self.event(&sample.from),
                amount(sample.recency),
                amount(sample.cooloff)
            )
        } else if on.key_account_plan {
            "the plan of a key account says so".into()
        } else if on.manual {
            "a person adds it, with a reason".into()
        } else {
            self.events(&on.event)
        };
        let conditions: Vec<String> = rule.when.iter().map(condition).collect();
        if !conditions.is_empty() {
            write!(words, ", if {}", conditions.join(" and ")).ok();
        }
        match rule.once_per {
            OncePer::Event => {}
            OncePer::Matter => words.push_str("; once for each order"),
            OncePer::Customer => words.push_str("; once for each customer"),
        }
        words
    }

    /// Due date and deadline.
    fn term(&self, rule: &Rule) -> (String, String) {
        let from = if rule.on.yearly.is_some() { "the first day".into() } else { anchor(&rule.anchor) };
        let at = rule.at.as_ref().map_or(String::new(), |at| format!(", from {at}"));
        let earliest = match rule.earliest {
            Some(earliest) if earliest != rule.due => format!(", not before {}", since(earliest, &from)),
            Some(_) => ", never earlier".into(),
            None => String::new(),
        };
        let due = format!("{}{at}{earliest}", since(rule.due, &from));
        let from = match (&rule.deadline_anchor, rule.deadline_from_due) {
            (_, true) => "the due date".into(),
            (Some(other), false) => anchor(other),
            (None, false) => from,
        };
        let exact = if rule.deadline.unit.is_civil() { "the end of the day " } else { "" };
        let exact =
            if rule.deadline.amount == 0 && rule.deadline.unit.is_civil() { "the end of " } else { exact };
        (due, format!("{exact}{}", since(rule.deadline, &from)))
    }

    fn how(&self, rule: &Rule) -> String {
        let mut words = match (rule.method, rule.mode) {
            (Method::Phone, Mode::Robot) => "call by the robot".to_owned(),
            (Method::Phone, Mode::Agent) => "call by an agent".to_owned(),
            (method, _) => channel(method).to_owned(),
        };
        if let Target::Field(field) = &rule.target {
            write!(words, " to the number in {field}").ok();
        }
        for choice in &rule.scripts {
            let conditions: Vec<String> = choice.when.iter().map(condition).collect();
            write!(words, ", script {} if {}", choice.script, conditions.join(" and ")).ok();
        }
        if !rule.script.is_empty() {
            let word = if rule.scripts.is_empty() { "script" } else { "else script" };
            write!(words, ", {word} {}", rule.script).ok();
        }
        if !rule.caller.role.is_empty() {
            write!(words, ", by {}", rule.caller.role).ok();
        }
        if !rule.caller.on_behalf_of.is_empty() {
            write!(words, " in the name of {}", rule.caller.on_behalf_of).ok();
        }
        if !rule.caller.not_the_caller_of.is_empty() {
            write!(words, ", not the caller of {}", rule.caller.not_the_caller_of).ok();
        }
        write!(words, ", priority {}", rule.priority).ok();
        words
    }

    fn event(&self, kind: &str) -> String {
        let title = self.event.get(kind).map_or("", |event| event.title.as_str());
        if title.is_empty() { kind.to_owned() } else { format!("{title} ({kind})") }
    }

    fn events(&self, kinds: &[String]) -> String {
        kinds.iter().map(|kind| self.event(kind)).collect::<Vec<_>>().join(" or ")
    }
}

fn line(out: &mut String, name: &str, words: &str) {
    writeln!(out, "  {name:<11}{words}").ok();
}

fn both(title: &str, english: &str) -> String {
    if english.is_empty() { title.to_owned() } else { format!("{title} ({english})") }
}

fn anchor(anchor: &Anchor) -> String {
    match anchor {
        Anchor::Event => "it".into(),
        Anchor::First => "the first of its order".into(),
        Anchor::Field(field) => format!("the date in {field}"),
    }
}

/// `3 days`, `1 working day`, `48 hours`.
fn amount(offset: Offset) -> String {
    let word = match offset.unit {
        Unit::Minutes => "minute",
        Unit::Hours => "hour",
        Unit::Days => "day",
        Unit::WorkingDays => "working day",
        Unit::Months => "month",
        Unit::Years => "year",
    };
    let n = offset.amount.unsigned_abs();
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// `3 days after it`, `the same day`, `at once`.
fn since(offset: Offset, from: &str) -> String {
    match (offset.amount, offset.unit.is_civil()) {
        (0, true) if from == "it" => "the same day".into(),
        (0, false) if from == "it" => "at once".into(),
        (0, true) => format!("the day of {from}"),
        (0, false) => format!("the moment of {from}"),
        (n, _) if n < 0 => format!("{} before {from}", amount(offset)),
        _ => format!("{} after {from}", amount(offset)),
    }
}

fn condition(condition: &Condition) -> String {
    let mut tests = Vec::new();
    if !condition.is.is_empty() {
        tests.push(format!("is {}", condition.is.join(" or ")));
    }
    if !condition.is_not.is_empty() {
        tests.push(format!("is not {}", condition.is_not.join(" or ")));
    }
    match condition.given {
        Some(true) => tests.push("is given".into()),
        Some(false) => tests.push("is missing".into()),
        None => {}
    }
    tests.extend(condition.below.map(|n| format!("is below {n}")));
    tests.extend(condition.at_least.map(|n| format!("is {n} or more")));
    if !condition.differs_from.is_empty() {
        tests.push(format!("differs from {}", condition.differs_from));
    }
    format!("{} {}", condition.field, tests.join(" and "))
}

const fn outcome(word: OutcomeWord) -> &'static str {
    match word {
        OutcomeWord::Done => "done",
        OutcomeWord::Satisfied => "done and satisfied",
        OutcomeWord::Dissatisfied => "done and dissatisfied",
        OutcomeWord::Unreached => "not reached",
    }
}

const fn channel(method: Method) -> &'static str {
    match method {
        Method::Phone => "call",
        Method::Onsite => "visit",
        Method::Email => "e-mail",
        Method::Sms => "text message",
        Method::Letter => "letter",
        Method::Web => "questionnaire on the web",
        Method::Task => "task",
    }
}
