//! Several keys ended by `#`: order numbers, dates, and the time of a later call.

use jiff::civil::{Date, Time};

use crate::base::{Disposition, Now, Timestamp};
use crate::ivr::{Format, Input, NodeKind, Purpose};

use super::{Cue, Given, HASH_GRACE, Runner, State};

/// Keys of a time of day at most.
const TIME_KEYS: usize = 4;

impl Runner {
    pub(super) fn input_key(&mut self, now: Now, input: &Input, key: char) {
        self.collect(now, key, input.max);
    }

    pub(super) fn later_key(&mut self, now: Now, key: char) {
        self.collect(now, key, TIME_KEYS);
    }

    /// `*` begins again, `#` ends, the last key of `max` ends too.
    fn collect(&mut self, now: Now, key: char, max: usize) {
        match key {
            '#' if self.ask.keys.is_empty() => return self.wrong(now),
            '#' => return self.keys_ended(now),
            '*' => {
                self.ask.keys.clear();
                if self.count_step(now) {
                    self.say(now, Cue::Prompts);
                }
                return;
            }
            '0'..='9' => self.ask.keys.push(key),
            _ => {}
        }
        if self.ask.keys.len() >= max {
            self.swallow_hash = now.mono + HASH_GRACE;
            self.keys_ended(now);
        } else {
            self.state = State::Waiting { until: now.mono + self.patience() };
        }
    }

    /// All keys are in.
    pub(super) fn keys_ended(&mut self, now: Now) {
        let script = self.script.clone();
        match &script.node(self.at).kind {
            NodeKind::Input(input) => self.input_ended(now, input),
            NodeKind::Later { confirm, next, .. } => {
                let Some(time) = parse_time(&self.ask.keys) else { return self.wrong(now) };
                let Some(at) = self.next_at(now, time) else { return self.wrong(now) };
                let given = Given {
                    keys: Some(self.ask.keys.clone()),
                    meaning: Some(time.strftime("%H:%M").to_string()),
                    ..Given::default()
                };
                self.store(Purpose::Side, given);
                self.later_time = Some((time, at));
                self.settle(Disposition::Later, false);
                if confirm.is_empty() {
                    self.todo = Some(*next);
                } else {
                    self.say(now, Cue::Confirm);
                }
            }
            _ => {}
        }
    }

    fn input_ended(&mut self, now: Now, input: &Input) {
        let keys = self.ask.keys.clone();
        let meaning = match input.format {
            Format::Digits => None,
            Format::Time => match parse_time(&keys) {
                Some(time) => Some(time.strftime("%H:%M").to_string()),
                None => return self.wrong(now),
            },
            Format::Date => match parse_date(&keys) {
                Some(date) => Some(date.strftime("%m-%d").to_string()),
                None => return self.wrong(now),
            },
        };
        if keys.len() < input.min {
            return self.wrong(now);
        }
        let mut next = input.next;
        let mut meaning = meaning;
        if let Some((field, mismatch)) = &input.equals {
            let matches = self.facts.fields.get(field).is_some_and(|text| text.trim() == keys);
            if !matches {
                if self.ask.wrong_keys < input.waiting.wrong_keys {
                    return self.wrong(now);
                }
                next = *mismatch;
            }
            meaning = Some(if matches { "match" } else { "mismatch" }.into());
        }
        self.store(input.purpose, Given { keys: Some(keys), meaning, ..Given::default() });
        self.todo = Some(next);
    }

    /// The next moment at which clocks of the customer's zone show `time`. A time that a
    /// change of summer time leaves out moves to the nearest one that exists.
    fn next_at(&self, now: Now, time: Time) -> Option<Timestamp> {
        let zone = &self.facts.timezone;
        let today = now.utc.to_jiff().to_zoned(zone.clone()).date();
        [Ok(today), today.tomorrow()].into_iter().flatten().find_map(|day| {
            let at = day.to_datetime(time).to_zoned(zone.clone()).ok()?;
            let at = Timestamp::from_jiff(at.timestamp());
            (at > now.utc).then_some(at)
        })
    }
}

/// `HHMM`, `HMM` or `HH`.
fn parse_time(keys: &str) -> Option<Time> {
    let number: i16 = keys.parse().ok()?;
    let (hour, minute) = if keys.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// `MMDD` or `MDD`; 29 February is a date.
fn parse_date(keys: &str) -> Option<Date> {
    const LEAP_YEAR: i16 = 2024;
    let number: i16 = keys.parse().ok()?;
    Date::new(LEAP_YEAR, i8::try_from(number / 100).ok()?, i8::try_from(number % 100).ok()?).ok()
}
