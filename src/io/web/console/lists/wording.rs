//! A rule of a policy in plain words of the visitor's language.

use super::super::super::api::{ConditionView, PolicyOutline, RuleOutline};
use super::super::lang::Lang;

/// What is said of a rule: a name and its words.
pub(super) struct Said {
    pub label: String,
    pub words: String,
}

/// Number and unit of an offset as files write it: `+1d`, `-30d`, `+48h`.
fn parts(offset: &str) -> Option<(i64, &str)> {
    let text = offset.trim_start_matches('+');
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    Some((text[..at].parse().ok()?, &text[at..]))
}

/// `3 days`, `1 working day`.
fn amount(lang: Lang, n: i64, unit: &str) -> String {
    match unit {
        "min" => lang.with("lists-amount-min", "n", n),
        "h" => lang.with("lists-amount-h", "n", n),
        "wd" => lang.with("lists-amount-wd", "n", n),
        "mo" => lang.with("lists-amount-mo", "n", n),
        "y" => lang.with("lists-amount-y", "n", n),
        _ => lang.with("lists-amount-d", "n", n),
    }
    .into_owned()
}

/// An offset alone: `3 days`.
pub(super) fn length(lang: Lang, offset: &str) -> String {
    parts(offset).map_or_else(|| offset.to_owned(), |(n, unit)| amount(lang, n.abs(), unit))
}

/// What dates are counted from.
fn anchor(lang: Lang, word: &str) -> String {
    match word.strip_prefix("field:") {
        Some(field) => lang.with("lists-anchor-field", "field", field).into_owned(),
        None => lang.word("lists-anchor", word),
    }
}

/// `3 days after it`, `the same day`, `at once`.
fn since(lang: Lang, offset: &str, from: &str) -> String {
    let is_event = from == "event";
    let from = anchor(lang, from);
    match parts(offset) {
        Some((0, "h" | "min")) if is_event => lang.text("lists-at-once").into_owned(),
        Some((0, "h" | "min")) => lang.with("lists-moment-of", "from", &from).into_owned(),
        Some((0, _)) if is_event => lang.text("lists-same-day").into_owned(),
        Some((0, _)) => lang.with("lists-day-of", "from", &from).into_owned(),
        Some((n, unit)) if n < 0 => {
            lang.with2("lists-before", "from", &from, "amount", amount(lang, -n, unit)).into_owned()
        }
        Some((n, unit)) => {
            lang.with2("lists-after", "from", &from, "amount", amount(lang, n, unit)).into_owned()
        }
        None => offset.to_owned(),
    }
}

/// Several words with "or" between them.
fn either(lang: Lang, words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(&lang.text("lists-or"))
}

/// A kind of event by its title.
fn event(lang: Lang, outline: &PolicyOutline, kind: &str) -> String {
    let english = outline.events_en.get(kind).filter(|_| lang == Lang::English);
    let title = english.or_else(|| outline.events.get(kind)).map_or("", String::as_str);
    if title.is_empty() { kind.to_owned() } else { title.to_owned() }
}

fn events(lang: Lang, outline: &PolicyOutline, kinds: &[String]) -> String {
    either(lang, kinds.iter().map(|kind| event(lang, outline, kind)))
}

/// Another rule by its title.
fn rule_title(lang: Lang, outline: &PolicyOutline, id: &str) -> String {
    outline.rules.iter().find(|rule| rule.id == id).map_or_else(|| id.to_owned(), |rule| title(lang, rule))
}

/// The title of a rule in that language.
pub(super) fn title(lang: Lang, rule: &RuleOutline) -> String {
    lang.title(&rule.title, &rule.title_en).to_owned()
}

/// What makes the callback.
fn trigger(lang: Lang, outline: &PolicyOutline, rule: &RuleOutline) -> String {
    let made = events(lang, outline, &rule.kinds);
    match rule.trigger.as_str() {
        "event" => lang.with("lists-on-event", "event", made),
        "after" => {
            let outcomes = either(lang, rule.outcomes.iter().map(|word| lang.word("lists-outcome", word)));
            let other = rule_title(lang, outline, &rule.after);
            lang.with2("lists-on-after", "rule", other, "outcome", outcomes)
        }
        "every" => {
            let last = if made.is_empty() { lang.text("lists-last-callback").into_owned() } else { made };
            lang.with2("lists-on-every", "amount", length(lang, &rule.every), "event", last)
        }
        "yearly" => {
            let text = |place: usize| rule.period.get(place).cloned().unwrap_or_default();
            let span = format!("{} – {}", text(1), text(2));
            lang.with2("lists-on-yearly", "period", lang.word("lists-period", &text(0)), "span", span)
        }
        "sample" => {
            let days = rule.sample_days.join(" ");
            let from = format!("{made} ({days})");
            lang.with2("lists-on-sample", "n", i64::from(rule.sample), "event", from)
        }
        "key_account_plan" => lang.text("lists-on-plan"),
        _ => lang.text("lists-on-manual"),
    }
    .into_owned()
}

fn condition(lang: Lang, condition: &ConditionView) -> String {
    let field = &condition.field;
    let mut all = Vec::new();
    let join = |words: &[String]| words.join(&lang.text("lists-or"));
    if !condition.is.is_empty() {
        all.push(lang.with2("lists-if-is", "field", field, "value", join(&condition.is)).into_owned());
    }
    if !condition.is_not.is_empty() {
        all.push(
            lang.with2("lists-if-is-not", "field", field, "value", join(&condition.is_not)).into_owned(),
        );
    }
    match condition.given {
        Some(true) => all.push(lang.with("lists-if-given", "field", field).into_owned()),
        Some(false) => all.push(lang.with("lists-if-missing", "field", field).into_owned()),
        None => {}
    }
    if let Some(n) = condition.below {
        all.push(lang.with2("lists-if-below", "field", field, "value", n.to_string()).into_owned());
    }
    if let Some(n) = condition.at_least {
        all.push(lang.with2("lists-if-at-least", "field", field, "value", n.to_string()).into_owned());
    }
    if !condition.differs_from.is_empty() {
        all.push(
            lang.with2("lists-if-differs", "field", field, "value", &condition.differs_from).into_owned(),
        );
    }
    all.join(&lang.text("lists-and"))
}

/// Who calls, how, in whose name.
fn how(lang: Lang, rule: &RuleOutline) -> String {
    let mut all = vec![match rule.method.as_str() {
        "phone" => lang.word("lists-mode", &rule.mode),
        other => lang.word("lists-method", other),
    }];
    if !rule.role.is_empty() {
        all.push(rule.role.clone());
    }
    if !rule.on_behalf_of.is_empty() {
        all.push(lang.with("lists-behalf", "name", &rule.on_behalf_of).into_owned());
    }
    if !rule.target.is_empty() {
        all.push(lang.with("lists-target", "field", &rule.target).into_owned());
    }
    if !rule.fallback.is_empty() {
        let fallback = lang.word("lists-method", &rule.fallback);
        all.push(lang.with("lists-fallback", "method", fallback).into_owned());
    }
    all.push(lang.with("lists-priority", "n", i64::from(rule.priority)).into_owned());
    all.join(&lang.text("lists-comma"))
}

/// Everything that is said of a rule, without what is not.
pub(super) fn rule(lang: Lang, outline: &PolicyOutline, rule: &RuleOutline) -> Vec<Said> {
    let mut all = Vec::new();
    let mut say = |key: &str, words: String| {
        if !words.is_empty() {
            all.push(Said { label: lang.text(key).into_owned(), words });
        }
    };
    let mut made = trigger(lang, outline, rule);
    if rule.once_per != "event" {
        made.push_str(&lang.text("lists-comma"));
        made.push_str(&lang.word("lists-once", &rule.once_per));
    }
    say("lists-say-when", made);
    let conditions: Vec<String> = rule.when.iter().map(|c| condition(lang, c)).collect();
    say("lists-say-if", conditions.join(&lang.text("lists-and")));
    let mut due = since(lang, &rule.due, &rule.anchor);
    if !rule.at.is_empty() {
        due.push_str(&lang.with("lists-from-time", "time", &rule.at));
    }
    say("lists-say-due", due);
    say("lists-say-deadline", since(lang, &rule.deadline, &rule.deadline_anchor));
    if !rule.repeat.is_empty() {
        let every = length(lang, &rule.repeat);
        let words = match rule.repeat_max {
            0 => lang.with("lists-repeat", "amount", every),
            n => lang.with2("lists-repeat-max", "amount", every, "n", i64::from(n)),
        };
        say("lists-say-again", words.into_owned());
    }
    if let [opened, resolved] = rule.waits.as_slice() {
        let (opened, resolved) = (event(lang, outline, opened), event(lang, outline, resolved));
        say(
            "lists-say-waits",
            lang.with2("lists-waits", "opened", opened, "resolved", resolved).into_owned(),
        );
    }
    say("lists-say-cancelled", events(lang, outline, &rule.cancelled_by));
    say("lists-say-satisfied", events(lang, outline, &rule.satisfied_by));
    say("lists-say-how", how(lang, rule));
    if !rule.not_the_caller_of.is_empty() {
        say("lists-say-other", rule_title(lang, outline, &rule.not_the_caller_of));
    }
    say("lists-say-windows", rule.windows.join(" · "));
    say("lists-say-notes", rule.close_requires.join(&lang.text("lists-comma")));
    say("lists-say-register", rule.register.clone());
    if !rule.counts {
        say("lists-say-rate", lang.text("lists-not-counted").into_owned());
    }
    all
}

/// Retries of a policy: how often, and how far apart.
pub(super) fn retries(lang: Lang, outline: &PolicyOutline) -> String {
    let gap = |word: &String| match word.as_str() {
        "next_window" | "next_day" => lang.word("lists-spacing", word),
        offset => lang.with("lists-later", "amount", length(lang, offset)).into_owned(),
    };
    let gaps: Vec<String> = outline.spacing.iter().map(gap).collect();
    let gaps = gaps.join(&lang.text("lists-then"));
    lang.with2("lists-retries", "n", i64::from(outline.attempts), "gaps", gaps).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_said_in_both_languages() {
        for (offset, from, chinese, english) in [
            ("+1d", "event", "之后 1 天", "1 day after it"),
            ("+0d", "event", "当天", "the same day"),
            ("+0min", "event", "立即", "at once"),
            (
                "-30d",
                "field:warranty_end",
                "「warranty_end」的日期之前 30 天",
                "30 days before the date in warranty_end",
            ),
            ("+48h", "first", "第一次之后 48 小时", "48 hours after the first one"),
            ("odd", "event", "odd", "odd"),
        ] {
            assert_eq!(since(Lang::Chinese, offset, from), chinese, "{offset}");
            assert_eq!(since(Lang::English, offset, from), english, "{offset}");
        }
    }
}
