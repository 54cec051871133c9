//! The ways in which a column of the list can be spoken.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};

use super::{Grammar, MEASURES};

/// How a field is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A number, whole or with a point.
    Number,
    /// Digits one by one.
    Digits,
    /// Yuan, as `1234.50`.
    Money,
    /// `2026-03-02`, also with a time behind it.
    Date,
    /// Day of the week of such a date.
    Weekday,
    /// `15:30`, also with a date before it.
    Time,
    /// Minutes.
    Duration,
    /// How many, with a measure word; a text that is no number counts as a list of items.
    Count(&'static str),
}

impl Kind {
    /// The kind of a word in a script: `number`, or `count` with its measure word.
    pub fn parse(word: &str, measure: Option<&str>) -> Option<Kind> {
        Some(match (word, measure) {
            ("number", None) => Kind::Number,
            ("digits", None) => Kind::Digits,
            ("money", None) => Kind::Money,
            ("date", None) => Kind::Date,
            ("weekday", None) => Kind::Weekday,
            ("time", None) => Kind::Time,
            ("duration", None) => Kind::Duration,
            ("count", Some(measure)) => Kind::Count(MEASURES.iter().find(|m| **m == measure)?),
            _ => return None,
        })
    }

    /// The parts that say `text`; None where the text is not of this kind, so that a wrong
    /// cell of a list is left out and not read as something else.
    pub fn say(self, grammar: Grammar, text: &str, today: Date) -> Option<Vec<String>> {
        let text = text.trim();
        match self {
            Kind::Number => grammar.decimal(text),
            Kind::Digits => grammar.digits(text),
            Kind::Money => grammar.money(fen(text)?),
            Kind::Date => Some(grammar.date(date(text)?, today)),
            Kind::Weekday => Some(grammar.weekday(date(text)?.weekday())),
            Kind::Time => Some(grammar.time(time(text)?)),
            Kind::Duration => grammar.duration(text.parse().ok()?),
            Kind::Count(measure) => {
                let count = text.parse().ok().or_else(|| i64::try_from(items(text).count()).ok())?;
                grammar.count(count, measure)
            }
        }
    }

    /// Every part this kind can need.
    pub fn parts(self, grammar: Grammar) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut add = |list: &[&str]| names.extend(list.iter().map(|n| (*n).to_owned()));
        match self {
            Kind::Number | Kind::Duration | Kind::Count(_) | Kind::Money => add(number_words(grammar)),
            Kind::Date | Kind::Time | Kind::Digits | Kind::Weekday => {}
        }
        match self {
            Kind::Number => add(&["number/minus", "number/point"]),
            Kind::Money if grammar == Grammar::Chinese => add(&["money/jiao"]),
            Kind::Date => add(&["date/yesterday", "date/today", "date/tomorrow"]),
            Kind::Time if grammar == Grammar::English => add(&["letter/o", "time/am", "time/pm"]),
            Kind::Time => add(CHINESE_TIME),
            Kind::Digits if grammar == Grammar::Chinese => add(&["number/yao"]),
            _ => {}
        }
        match self {
            Kind::Money => add(&["money/yuan", "money/fen"]),
            Kind::Date if grammar == Grammar::Chinese => add(&["date/year"]),
            Kind::Date => add(&["number/hundred", "number/thousand", "number/and", "letter/o"]),
            _ => {}
        }
        let measures: &[&str] = match self {
            Kind::Duration => &["hour", "minute"],
            Kind::Count(ref measure) => std::slice::from_ref(measure),
            _ => &[],
        };
        for measure in measures {
            names.insert(format!("measure/{measure}"));
            if grammar == Grammar::English {
                names.insert(format!("measure/{measure}-plural"));
            }
        }
        match self {
            Kind::Weekday => names.extend((1..=7).map(|d| format!("date/weekday-{d}"))),
            Kind::Digits => {
                names.extend((0..=9).map(|n| format!("number/{n}")));
                names.extend(('a'..='z').map(|c| format!("letter/{c}")));
            }
            Kind::Date => {
                names.extend((1..=12).map(|n| format!("date/month-{n}")));
                names.extend((1..=31).map(|n| format!("date/day-{n}")));
                names.extend((0..=99).map(|n| format!("number/{n}")));
            }
            _ => names.extend((0..=99).map(|n| format!("number/{n}"))),
        }
        names
    }
}

const CHINESE_TIME: &[&str] = &[
    "number/liang",
    "time/afternoon",
    "time/dawn",
    "time/early",
    "time/evening",
    "time/half",
    "time/hour",
    "time/minute",
    "time/morning",
    "time/noon",
];

const fn number_words(grammar: Grammar) -> &'static [&'static str] {
    match grammar {
        Grammar::Chinese => &["number/hundred", "number/thousand", "number/ten-thousand", "number/liang"],
        Grammar::English => &["number/hundred", "number/thousand", "number/million", "number/and"],
    }
}

/// The items of a cell such as `门板划痕;缺一个拉手`.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；', '、', '\n', '|']).map(str::trim).filter(|item| !item.is_empty())
}

/// The date at the start of a cell.
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let head = text.split([' ', 'T']).next()?.replace('/', "-");
    let mut numbers = head.split('-').map(|n| n.parse::<i16>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The time in a cell.
pub fn time(text: &str) -> Option<Time> {
    let tail = text.trim().rsplit([' ', 'T']).next()?;
    let mut numbers = tail.split(':').map(|n| n.parse::<i8>().ok());
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    Time::new(hour, minute, 0, 0).ok()
}

/// Hundredths of a yuan; at most two digits after the point are taken, more are refused.
fn fen(text: &str) -> Option<i64> {
    let text = text.replace(',', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > 2 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let hundredths: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<2}").parse().ok()? };
    Some(i64::from(whole) * 100 + hundredths)
}
