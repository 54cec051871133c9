//! Everything that happened with a customer in one order: calls with their answers, events, callbacks,
//! tickets, changes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::api::{CallView, CustomerCard};
use super::super::calls::class_of;
use super::super::frame::Frame;
use crate::io::store::archive::read::{EventRow, VersionRow};
use crate::io::store::read::{AnswerRow, CallbackRow};
use crate::io::store::ticket::TicketRow;

/// One answer of a call or a questionnaire.
pub(super) struct Said {
    pub question: String,
    pub meaning: String,
    pub score: String,
    pub is_bad: bool,
}

/// One value that was changed.
pub(super) struct Changed {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// One moment.
#[derive(Default)]
pub(super) struct Moment {
    pub at: i64,
    /// `call`, `event`, `callback`, `ticket` or `change`.
    pub kind: &'static str,
    pub class: &'static str,
    pub title: String,
    pub detail: String,
    pub href: String,
    pub chip: String,
    pub is_recorded: bool,
    pub answers: Vec<Said>,
    pub changes: Vec<Changed>,
}

/// Kinds of moments, for the filter.
pub(super) const KINDS: [&str; 5] = ["call", "event", "callback", "ticket", "change"];

/// What a timeline is made of.
pub(super) struct Sources<'a> {
    pub card: &'a CustomerCard,
    pub callbacks: &'a [CallbackRow],
    pub tickets: &'a [TicketRow],
    /// Titles of rules and of kinds of events.
    pub titles: &'a BTreeMap<String, String>,
}

/// Everything, newest first.
pub(super) fn moments(frame: &Frame, from: &Sources<'_>) -> Vec<Moment> {
    let mut all: Vec<Moment> = Vec::new();
    all.extend(from.card.calls.iter().map(|view| call(frame, view, &from.card.answers)));
    all.extend(from.card.events.iter().map(|row| event(frame, row, from)));
    all.extend(from.callbacks.iter().map(|row| callback(frame, row, from)));
    all.extend(from.tickets.iter().map(|row| ticket(frame, row)));
    all.extend(from.card.versions.iter().map(|row| change(frame, row)));
    all.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    all
}

fn call(frame: &Frame, view: &CallView, answers: &[AnswerRow]) -> Moment {
    let (row, lang) = (&view.call, frame.lang);
    let said = answers.iter().filter(|answer| answer.call_id == row.id).map(|answer| Said {
        question: answer.question.clone(),
        meaning: answer.meaning.clone().or_else(|| answer.keys.clone()).unwrap_or_default(),
        score: answer.score.map(|score| score.to_string()).unwrap_or_default(),
        is_bad: answer.dissatisfied == 1,
    });
    let talk = row.ended_at.zip(row.answered_at).map(|(end, answer)| frame.length(&(end - answer)));
    let result = match row.disposition.as_deref() {
        Some(word) => lang.word("disposition", word),
        None => lang.text("call-open").into_owned(),
    };
    let parts = [row.phone.clone(), talk.unwrap_or_default(), row.detail.clone()];
    Moment {
        at: row.reserved_at,
        kind: "call",
        class: class_of(row.disposition.as_deref()),
        title: format!("{} · {result}", lang.word("direction", &row.direction)),
        detail: joined(parts),
        href: format!("/calls/{}", row.id),
        is_recorded: row.recording_ms.is_some(),
        answers: said.collect(),
        ..Moment::default()
    }
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// `name value` of the fields of an event, as far as they hold something.
fn fields(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let own = value.as_object().into_iter().flatten();
    joined(own.filter_map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (!text.is_empty() && text != "null").then(|| format!("{name} {text}"))
    }))
}

fn title<'a>(from: &'a Sources<'_>, kind: &str, word: &'a str) -> &'a str {
    from.titles.get(&format!("{kind}:{word}")).map_or(word, String::as_str)
}

fn event(frame: &Frame, row: &EventRow, from: &Sources<'_>) -> Moment {
    let withdrawn = row.withdrawn_at.map(|_| frame.lang.text("customers-withdrawn").into_owned());
    Moment {
        at: row.at,
        kind: "event",
        class: if withdrawn.is_some() { "is-bad" } else { "is-accent" },
        title: joined([title(from, "event", &row.kind).to_owned(), row.matter.clone()]),
        detail: fields(&row.fields),
        chip: withdrawn.unwrap_or_default(),
        ..Moment::default()
    }
}

fn callback(frame: &Frame, row: &CallbackRow, from: &Sources<'_>) -> Moment {
    let lang = frame.lang;
    let class = match row.state.as_str() {
        "done" => "is-good",
        "excused" => "is-warn",
        _ if row.breached_at.is_some() => "is-bad",
        _ => "is-open",
    };
    let due = lang.with("customers-due", "time", frame.times.short(&row.due)).into_owned();
    let reason = if row.reason.is_empty() { String::new() } else { lang.word("reason", &row.reason) };
    Moment {
        at: row.closed_at.unwrap_or(row.created_at),
        kind: "callback",
        class,
        title: title(from, "rule", &row.rule).to_owned(),
        detail: joined([due, reason, row.assignee.clone(), row.note.clone()]),
        href: row.call_id.as_ref().map(|id| format!("/calls/{id}")).unwrap_or_default(),
        chip: lang.word("customers-callback", &row.state),
        ..Moment::default()
    }
}

fn ticket(frame: &Frame, row: &TicketRow) -> Moment {
    let class = match row.phase.as_str() {
        "closed" => "is-good",
        _ if row.level > 0 => "is-bad",
        _ => "is-warn",
    };
    Moment {
        at: row.opened_at,
        kind: "ticket",
        class,
        title: joined([row.number.clone(), row.category.clone()]),
        detail: joined([row.department.clone(), row.owner.clone(), row.matter.clone()]),
        href: format!("/tickets/{}", row.id),
        chip: frame.lang.word("customers-phase", &row.phase),
        ..Moment::default()
    }
}

fn change(frame: &Frame, row: &VersionRow) -> Moment {
    let (before, after) = (flat(&row.before), flat(&row.after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let value = |of: &BTreeMap<String, String>, name: &String| of.get(name).cloned().unwrap_or_default();
    let changed = names.into_iter().filter(|name| value(&before, name) != value(&after, name));
    let changes: Vec<Changed> = changed
        .map(|name| Changed {
            field: match name.strip_prefix("fields.") {
                Some(own) => own.to_owned(),
                None => frame.lang.word("customers-field", name),
            },
            before: value(&before, name),
            after: value(&after, name),
        })
        .collect();
    Moment {
        at: row.at,
        kind: "change",
        title: joined([row.actor.clone(), frame.lang.said(&row.why).into_owned()]),
        detail: row
            .intake_id
            .map(|id| frame.lang.with("customers-by-intake", "n", id).into_owned())
            .unwrap_or_default(),
        href: row.intake_id.map(|id| format!("/lists/intakes/{id}")).unwrap_or_default(),
        class: "is-open",
        changes,
        ..Moment::default()
    }
}

/// A record as names and texts: numbers as one, own fields by their names.
fn flat(json: &str) -> BTreeMap<String, String> {
    const LEFT_OUT: [&str; 4] = ["id", "version", "pack", "external_id"];
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let mut all = BTreeMap::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        match (name.as_str(), value) {
            ("contacts", Value::Array(contacts)) => {
                let text = |key: &str, c: &Value| c[key].as_str().unwrap_or_default().to_owned();
                let one = |c: &Value| joined([text("phone", c), text("label", c)]);
                let numbers = contacts.iter().map(one).collect::<Vec<_>>().join(", ");
                all.insert(name.clone(), numbers);
            }
            ("fields", Value::Object(own)) => {
                all.extend(own.iter().map(|(own, value)| (format!("fields.{own}"), plain(value))));
            }
            (_, value) => {
                all.insert(name.clone(), plain(value));
            }
        }
    }
    all.retain(|_, text| !text.is_empty());
    all
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "✓".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_flat_so_that_two_versions_can_be_laid_side_by_side() {
        let json = r#"{"id":3,"name":"王","contacts":[{"phone":"138****0001","label":"妻子"},{"phone":"139"}],
                       "key_account":false,"owner":"","fields":{"address":"和平路"},"version":2}"#;
        let found = flat(json);
        let expect = [("contacts", "138****0001 · 妻子, 139"), ("fields.address", "和平路"), ("name", "王")];
        assert_eq!(found, expect.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }
}
