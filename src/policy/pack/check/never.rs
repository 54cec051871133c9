//! Rules that never fire, and scripts that are not there.

use std::collections::BTreeSet;

use super::{Check, Severity};
use crate::calendar::Windows;
use crate::policy::pack::condition::same;
use crate::policy::pack::{Condition, Method, Mode, Rule, Sample, Trigger};
use crate::written::nearest;

impl Check<'_> {
    pub(super) fn never_fires(&mut self) {
        for (id, rule) in &self.pack.rule {
            if !rule.enabled {
                self.found(Severity::Note, &["rule", id, "enabled"], "the rule is switched off", "");
            } else if !self.pack.is_active(rule) {
                let message = format!("the set `{}` is switched off, and the rule with it", rule.set);
                self.found(Severity::Note, &["rule", id, "set"], message, "");
            }
            if let Some(why) = contradiction(&rule.when) {
                let hint = "all conditions of a rule must hold together";
                self.error(&["rule", id, "when"], format!("{why}, so this rule never fires"), hint);
            }
            if let Some(sample) = &rule.on.sample {
                self.sample(id, sample);
            }
            if rule.repeat.is_some_and(|every| every.amount <= 0) {
                let message = "a repetition must come later than what it repeats";
                self.error(&["rule", id, "repeat"], message, "write a length such as 6mo");
            }
            if rule.repeat.is_none() && (rule.repeat_max > 0 || rule.repeat_from_done) {
                let message = "nothing is repeated, so how often and from when says nothing";
                self.warn(&["rule", id], message, "add repeat = \"6mo\", or take the other keys out");
            }
            if rule.on.every.as_ref().is_some_and(|every| every.offset.amount <= 0) {
                let message = "the offset of `every` must lie after the last callback";
                self.error(&["rule", id, "on", "every"], message, "write a length such as 90d");
            }
            for choice in &rule.scripts {
                if choice.when.is_empty() {
                    let message =
                        format!("script `{}` has no condition, so none after it is taken", choice.script);
                    self.warn(
                        &["rule", id, "scripts"],
                        message,
                        "put it into `script`, the one for all others",
                    );
                }
            }
        }
    }

    fn sample(&mut self, id: &str, sample: &Sample) {
        let path = ["rule", id, "on", "sample"];
        if sample.days.is_empty() {
            let hint = r#"write days = ["Tue", "Thu"]"#;
            self.error(&path, "no day of the week is named, so nothing is ever drawn", hint);
        }
        for day in &sample.days {
            if Windows::parse(&[format!("{day} 00:00-24:00")], "UTC").is_err() {
                let hint = "write Mon, Tue, Wed, Thu, Fri, Sat or Sun";
                self.error(&path, format!("`{day}` is not a day of the week"), hint);
            }
        }
        if sample.size == 0 {
            self.error(
                &path,
                "the size is 0, so nothing is ever drawn",
                "write how many are drawn each time",
            );
        }
        let draws = u32::try_from(sample.days.iter().collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX);
        if draws < sample.min_a_week {
            let message =
                format!("{draws} draws a week are planned, but at least {} are wanted", sample.min_a_week);
            self.warn(&path, message, "name more days, or lower min_a_week");
        }
        if sample.max_a_week > 0 && draws > sample.max_a_week {
            let message =
                format!("{draws} draws a week are planned, but at most {} are wanted", sample.max_a_week);
            self.warn(&path, message, "name fewer days, or raise max_a_week");
        }
    }

    pub(super) fn scripts(&mut self) {
        for (id, rule) in &self.pack.rule {
            self.scripts_of(id, rule);
        }
        for (kind, event) in &self.pack.event {
            if let Some(by_call) = &event.by_call {
                self.script(&["event", kind, "by_call", "script"], &by_call.script);
            }
        }
    }

    fn scripts_of(&mut self, id: &str, rule: &Rule) {
        let named: BTreeSet<&str> = rule.all_scripts().collect();
        // What nothing of a pack starts is the call of a person about a ticket, who reads no script.
        let of_a_ticket = rule.mode == Mode::Agent && rule.on == Trigger::default();
        if rule.method == Method::Phone && rule.script.is_empty() && !of_a_ticket {
            let hint = "write script = \"generic\", or another method such as \"task\"";
            self.error(&["rule", id], "a call needs a script, and none is named for all customers", hint);
        }
        for script in named {
            self.script(&["rule", id, "script"], script);
        }
    }

    /// A script that is not there, or that cannot be spoken.
    fn script(&mut self, path: &[&str], script: &str) {
        if let Some(known) = self.around.scripts
            && !known.contains(script)
        {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = match nearest(script, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("put {script}.toml into a folder of scripts"),
            };
            self.error(path, format!("there is no script `{script}`"), hint);
            return;
        }
        let missing = (self.around.missing_prompts)(script);
        if let Some(first) = missing.first() {
            let more = match missing.len() {
                1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            let message = format!("script `{script}` needs the prompt `{first}`{more}, which is missing");
            self.error(path, message, "`ringback prompts check` lists them all");
        }
    }
}

/// Why conditions that must all hold never do.
fn contradiction(when: &[Condition]) -> Option<String> {
    let allowed = |word: &String, c: &Condition| {
        (c.is.is_empty() || c.is.iter().any(|w| same(w, word))) && !c.is_not.iter().any(|w| same(w, word))
    };
    for (i, a) in when.iter().enumerate() {
        if a.at_least.zip(a.below).is_some_and(|(low, high)| low >= high) {
            return Some(format!("no number of `{}` is at least and below what is asked", a.field));
        }
        for b in when[i..].iter().filter(|b| b.field == a.field) {
            if !a.is.is_empty() && !a.is.iter().any(|word| allowed(word, a) && allowed(word, b)) {
                return Some(format!("no value of `{}` is in one list and not excluded by another", a.field));
            }
            if a.at_least.zip(b.below).or(b.at_least.zip(a.below)).is_some_and(|(low, high)| low >= high) {
                return Some(format!("no number of `{}` is at least and below what is asked", a.field));
            }
            let asks = |c: &Condition| {
                c.given == Some(true) || !c.is.is_empty() || c.below.is_some() || c.at_least.is_some()
            };
            if a.given == Some(false) && asks(b) || b.given == Some(false) && asks(a) {
                return Some(format!("`{}` is asked to be missing and to have a value", a.field));
            }
        }
    }
    None
}
