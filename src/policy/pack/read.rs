//! Text to pack. What the planner could not work with is an error here; what is merely
//! doubtful is found by [`super::check()`].

use jiff::civil::{Date, Time};

use super::{Pack, Rule};
use crate::calendar;
use crate::written::{Mistake, Place};

/// Largest policy file that is read.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Longest id of a pack or rule: both are parts of list names.
const MAX_ID_CHARS: usize = 60;

type Checked = Result<(), Mistake>;

struct Reading<'a> {
    file: &'a str,
    text: &'a str,
}

impl Pack {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Pack, Mistake> {
        let reading = Reading { file, text };
        if text.len() > MAX_TEXT_BYTES {
            return Err(reading.wrong(&[], format!("the file is larger than {MAX_TEXT_BYTES} bytes"), ""));
        }
        let pack: Pack = toml::from_str(text)
            .map_err(|e| Mistake::of_toml(file, text, &e, "`ringback policy schema` describes every key"))?;
        reading.head(&pack)?;
        for (id, rule) in &pack.rule {
            reading.rule(id, rule)?;
        }
        for (name, intake) in &pack.intake {
            for (key, time) in [("by", &intake.by), ("remind", &intake.remind)] {
                if !time.is_empty() {
                    reading.time(&["intake", name, key], time)?;
                }
            }
        }
        Ok(pack)
    }
}

impl Reading<'_> {
    fn wrong(&self, path: &[&str], message: impl Into<String>, hint: impl Into<String>) -> Mistake {
        let place = Place::find_or_start(self.text, path);
        Mistake::at(self.file, place, message, hint)
    }

    fn head(&self, pack: &Pack) -> Checked {
        let shaped = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if pack.pack.is_empty() || pack.pack.chars().count() > MAX_ID_CHARS || !pack.pack.chars().all(shaped)
        {
            let message = format!("`{}` is not the id of a pack", pack.pack);
            return Err(self.wrong(&["pack"], message, "write small letters, digits and _: home_decoration"));
        }
        if let Some(day) = &pack.effective
            && day.parse::<Date>().is_err()
        {
            let message = format!("`{day}` is not a date");
            return Err(self.wrong(&["effective"], message, "write it as 2026-03-01"));
        }
        self.windows(&["windows", "call"], &pack.windows.call)?;
        for (name, windows) in &pack.windows.duty {
            self.windows(&["windows", "duty", name], windows)?;
        }
        Ok(())
    }

    fn rule(&self, id: &str, rule: &Rule) -> Checked {
        let shaped = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if id.is_empty() || id.chars().count() > MAX_ID_CHARS || !id.chars().all(shaped) {
            let hint = format!("write letters, digits, _ - . and at most {MAX_ID_CHARS} of them");
            return Err(self.wrong(&["rule", id], format!("`{id}` is not the id of a rule"), hint));
        }
        match rule.on.given().as_slice() {
            [_] => {}
            [] => {
                let hint = r#"name the event: on = { event = ["install.finished"] }"#;
                return Err(self.wrong(
                    &["rule", id, "on"],
                    format!("rule `{id}` has no trigger, so nothing starts it"),
                    hint,
                ));
            }
            many => {
                let message = format!("rule `{id}` has several triggers: {}", many.join(", "));
                let hint = "keep one of them, and make a rule of its own of each other";
                return Err(self.wrong(&["rule", id, "on"], message, hint));
            }
        }
        if let Some(yearly) = &rule.on.yearly
            && let Err(problem) = yearly.days()
        {
            return Err(self.wrong(&["rule", id, "on", "yearly"], problem, ""));
        }
        self.windows(&["rule", id, "windows"], &rule.windows)?;
        match &rule.at {
            Some(time) => self.time(&["rule", id, "at"], time),
            None => Ok(()),
        }
    }

    fn windows(&self, path: &[&str], windows: &[String]) -> Checked {
        for (i, window) in windows.iter().enumerate() {
            if let Err(problem) = calendar::Windows::parse(&[window], "UTC") {
                let index = i.to_string();
                let path: Vec<&str> = path.iter().copied().chain([index.as_str()]).collect();
                return Err(self.wrong(&path, problem.to_string(), "write one such as Mon-Fri 09:00-12:00"));
            }
        }
        match calendar::Windows::parse(windows, "UTC") {
            Ok(_) => Ok(()),
            Err(problem) => Err(self.wrong(path, problem.to_string(), "")),
        }
    }

    fn time(&self, path: &[&str], text: &str) -> Checked {
        match time_of(text) {
            Some(_) => Ok(()),
            None => Err(self.wrong(path, format!("`{text}` is not a time of day"), "write it as 09:00")),
        }
    }
}

/// `09:00` as a time of day.
pub(super) fn time_of(text: &str) -> Option<Time> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}
