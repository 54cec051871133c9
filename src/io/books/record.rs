//! From stored rows to the one model of rows.

use crate::base::{Timestamp, mask as mask_number, mask_numbers};
use crate::calendar::Calendar;
use crate::evidence::Detector;
use crate::io::store::register::{
    AnswerOf, CallRecord, CallbackRecord, CustomerRecord, EventRecord, FindingRecord, MessageRecord,
};
use crate::register::{Fields, Record, Source, Wanted};

/// Fields that hold a number of a customer, and those in whose text one may stand.
const NUMBERS: &[&str] = &["phone"];
const TEXTS: &[&str] = &["address", "content", "detail"];

/// Covers the numbers of a row.
pub(super) fn mask(record: &mut Record) {
    NUMBERS.iter().for_each(|name| record.fields.change(name, mask_number));
    TEXTS.iter().for_each(|name| record.fields.change(name, mask_numbers));
}

/// Sets a time as people write it, and its day.
pub(super) fn time(fields: &mut Fields, calendar: &Calendar, name: &'static str, at: Option<i64>) {
    if let Some(at) = at.filter(|_| fields.wanted().has(name)) {
        fields.set(name, calendar.civil(Timestamp(at)));
    }
}

/// Sets what a JSON object holds, each value under `prefix` and its name.
pub(super) fn spread(fields: &mut Fields, prefix: &str, json: &str) {
    if json.len() <= 2 || !fields.wanted().has_below(prefix) {
        return;
    }
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(json) else { return };
    for (name, value) in object {
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => continue,
            other => other.to_string(),
        };
        fields.set(format!("{prefix}{name}"), text);
    }
}

pub(super) fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// The day and the time of day of a row.
pub(super) fn moment(fields: &mut Fields, calendar: &Calendar, at: Timestamp) {
    if !fields.wanted().has_any(&["date", "time", "month"]) {
        return;
    }
    let civil = calendar.civil(at);
    let (day, hour) = civil.split_once(' ').unwrap_or((&civil, ""));
    fields.set("date", day);
    fields.set("time", hour);
    fields.set("month", day.get(..7).unwrap_or_default());
}

fn talk(fields: &mut Fields, answered: Option<i64>, ended: Option<i64>) {
    fields.set("answered", yes(answered.is_some()));
    if let (Some(answered), Some(ended)) = (answered, ended) {
        fields.set("talk_seconds", ((ended - answered).max(0) / 1_000).to_string());
    }
}

/// A call.
pub(super) fn call(calendar: &Calendar, wanted: &Wanted, row: &CallRecord, answers: &[AnswerOf]) -> Record {
    let at = Timestamp(row.reserved_at);
    let mut fields = Fields::of(wanted);
    moment(&mut fields, calendar, at);
    time(&mut fields, calendar, "started", Some(row.reserved_at));
    for (name, value) in [
        ("direction", row.direction.as_str()),
        ("pack", &row.pack),
        ("rule", &row.rule),
        ("campaign", &row.campaign),
        ("script", &row.script),
        ("phone", &row.phone),
        ("dialled", &row.dialled),
        ("name", &row.name),
        ("outcome", &row.disposition),
        ("hung_up_first", &row.hung_up_first),
        ("agent", &row.agent),
        ("caller", if row.agent.is_empty() { "robot" } else { &row.agent }),
        ("recording", if row.recording.is_empty() { "" } else { &row.id }),
        ("ticket", &row.ticket),
        ("ticket_kind", &row.ticket_kind),
        ("call_id", &row.id),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "ended", Some(row.ended_at));
    talk(&mut fields, row.answered_at, Some(row.ended_at));
    // A call without anybody of ours leaves nothing to be written after it.
    if !row.agent.is_empty() {
        fields.set("ended_ms", row.ended_at.to_string());
    }
    if let Some(callback) = row.callback_id {
        fields.set("callback", callback.to_string());
    }
    self::answers(&mut fields, answers);
    Record { id: format!("call:{}", row.id), at, fields }
}

/// A callback.
pub(super) fn callback(
    (calendar, wanted): (&Calendar, &Wanted),
    title: &str,
    row: &CallbackRecord,
    answers: &[AnswerOf],
) -> Record {
    let at = Timestamp(row.at);
    let mut fields = Fields::of(wanted);
    moment(&mut fields, calendar, at);
    let talked = [&row.agent, &row.assignee].into_iter().find(|who| !who.is_empty());
    let answers_for = [&row.assignee, &row.agent, &row.owner].into_iter().find(|who| !who.is_empty());
    let robot = if row.call_id.is_empty() { "" } else { "robot" };
    let in_time = match row.state.as_str() {
        "done" => yes(row.breached_at.is_none()),
        "open" if row.breached_at.is_some() => "no",
        _ => "",
    };
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("rule", &row.rule),
        ("rule_title", title),
        ("subject", &row.subject),
        ("origin", &row.origin),
        ("method", &row.method),
        ("state", &row.state),
        ("outcome", &row.outcome),
        ("reason", &row.reason),
        ("detail", &row.detail),
        ("note", &row.note),
        ("assignee", &row.assignee),
        ("owner", &row.owner),
        ("agent", &row.agent),
        ("caller", talked.map_or(robot, String::as_str)),
        ("responsible", answers_for.map_or("", String::as_str)),
        ("in_time", in_time),
        ("external_id", &row.external_id),
        ("name", &row.name),
        ("grade", &row.grade),
        ("phone", &row.phone),
        ("matter", &row.matter),
        ("event_kind", &row.event_kind),
        ("event_key", &row.event_key),
        ("call_id", &row.call_id),
        ("recording", if row.recording.is_empty() { "" } else { &row.call_id }),
        ("ticket", &row.ticket),
    ] {
        fields.set(name, value);
    }
    fields.set("callback", row.id.to_string());
    fields.set("customer_id", row.customer_id.to_string());
    for (name, at) in [
        ("due", Some(row.due)),
        ("deadline", Some(row.deadline)),
        ("closed", row.closed_at),
        ("event_at", row.event_at),
        ("started", row.call_at),
        ("ended", row.ended_at),
    ] {
        time(&mut fields, calendar, name, at);
    }
    if row.call_at.is_some() {
        talk(&mut fields, row.answered_at, row.ended_at);
    }
    spread(&mut fields, "customer.", &row.customer_fields);
    spread(&mut fields, "event.", &row.event_fields);
    spread(&mut fields, "filled.", &row.filled);
    if let (Some(ended), false) = (row.ended_at.or(row.closed_at), talked.is_none()) {
        fields.set("ended_ms", ended.to_string());
    }
    if let (Some(closed), true) = (row.closed_at, row.filled.len() > 2 || !row.note.is_empty()) {
        fields.set("noted_ms", closed.to_string());
    }
    self::answers(&mut fields, answers);
    Record { id: format!("callback:{}", row.id), at, fields }
}

/// What an answer says, in one word.
fn said(answer: &AnswerOf) -> String {
    let score = answer.score.map(|s| s.to_string());
    answer.meaning.clone().or(score).or_else(|| answer.keys.clone()).unwrap_or_default()
}

fn answers(fields: &mut Fields, answers: &[AnswerOf]) {
    let mut scores = Vec::new();
    let mut dissatisfied = false;
    let has_each = fields.wanted().has_any(&PARTS_OF_ANSWERS);
    for answer in answers {
        if has_each {
            self::answer(fields, answer);
        }
        scores.extend(answer.score);
        dissatisfied |= answer.dissatisfied == 1;
    }
    if let (Some(least), false) = (scores.iter().min(), scores.is_empty()) {
        let mean = scores.iter().sum::<i64>() as f64 / scores.len() as f64;
        fields.set("scores.mean", format!("{:.2}", mean));
        fields.set("scores.min", least.to_string());
        fields.set("scores.n", scores.len().to_string());
    }
    if !answers.is_empty() {
        fields.set("dissatisfied", yes(dissatisfied));
    }
}

fn answer(fields: &mut Fields, answer: &AnswerOf) {
    fields.set(format!("answer.{}", answer.question), said(answer));
    if let Some(score) = answer.score {
        fields.set(format!("score.{}", answer.question), score.to_string());
    }
    if let Some(comment) = &answer.comment {
        fields.set(format!("comment.{}", answer.question), comment.as_str());
    }
    if let (Some(function), Some(person)) = (&answer.rated_function, &answer.rated_person) {
        fields.set(format!("rated.{function}"), person.as_str());
    }
}

/// Below these stand the answers of a row, each under its question or whom it rates.
const PARTS_OF_ANSWERS: [&str; 4] = ["answer.", "score.", "comment.", "rated."];

/// Whether anything is read that comes of answers.
pub(super) fn reads_answers(wanted: &Wanted) -> bool {
    wanted.has_any(&PARTS_OF_ANSWERS)
        || wanted.has_any(&["scores.mean", "scores.min", "scores.n", "dissatisfied"])
}

/// What the rows of a source are made of beside the values that are read of them.
pub(super) fn made_of(source: Source, wanted: &Wanted) -> Vec<&'static str> {
    match source {
        Source::Answers if wanted.has("rated_person") => vec!["event."],
        Source::Opinions if wanted.has("praised") => [&["note.", "filled."][..], &PRAISED].concat(),
        Source::Opinions => vec!["note.", "filled."],
        _ => Vec::new(),
    }
}

/// One row for each answer of a callback.
pub(super) fn each_answer(callback: &Record, answers: &[AnswerOf]) -> Vec<Record> {
    let one = |answer: &AnswerOf| {
        let mut fields = callback.fields.clone();
        let function = answer.rated_function.as_deref().unwrap_or_default();
        if fields.wanted().has("rated_person") {
            // Where nobody said whom it rates, it is whom the event names for the function.
            let of_event = fields.get(&format!("event.{function}")).unwrap_or_default().to_owned();
            fields.set("rated_person", answer.rated_person.clone().unwrap_or(of_event));
        }
        fields.set("rated_function", function);
        fields.set("question", answer.question.as_str());
        fields.set("answer", said(answer));
        fields.set("score", answer.score.map(|s| s.to_string()).unwrap_or_default());
        fields.set("dimension", answer.dimension.as_deref().unwrap_or_default());
        fields.set("comment", answer.comment.as_deref().unwrap_or_default());
        fields.set("dissatisfied", yes(answer.dissatisfied == 1));
        Record { id: format!("{}/answer/{}", callback.id, answer.seq), at: callback.at, fields }
    };
    answers.iter().map(one).collect()
}

/// What customers say beside the questions: word, and what it is called on forms.
pub(super) const SAYINGS: [(&str, &str); 7] = [
    ("complaint", "投诉"),
    ("praise", "表扬"),
    ("suggestion", "建议"),
    ("opinion", "意见"),
    ("demand", "要求"),
    ("wish", "希望"),
    ("need", "需求"),
];

/// Who is praised: whom somebody wrote down, else who did the work (ETI-23).
const PRAISED: [&str; 7] = [
    "note.praised",
    "filled.praised",
    "event.installer",
    "event.crew",
    "event.project_manager",
    "event.designer",
    "agent",
];

/// One row for each thing a customer said (REG-14): several stand in a field one a line, or
/// between semicolons.
pub(super) fn each_opinion(callback: &Record) -> Vec<Record> {
    let mut rows = Vec::new();
    for (kind, title) in SAYINGS {
        let text = ["note.", "filled."].iter().find_map(|prefix| {
            let one = callback.fields.get(&format!("{prefix}{kind}"));
            one.or_else(|| callback.fields.get(&format!("{prefix}{kind}s")))
        });
        let parts =
            text.unwrap_or_default().split(['\n', '；', ';']).map(str::trim).filter(|part| !part.is_empty());
        for (place, part) in parts.enumerate() {
            let mut fields = callback.fields.clone();
            fields.set("kind", kind);
            fields.set("kind_title", title);
            fields.set("content", part);
            if kind == "praise" {
                let praised = PRAISED.iter().find_map(|name| callback.fields.get(name));
                fields.set("praised", praised.unwrap_or_default());
            }
            rows.push(Record {
                id: format!("{}/{kind}/{}", callback.id, place + 1),
                at: callback.at,
                fields,
            });
        }
    }
    rows
}

/// A message.
pub(super) fn message(calendar: &Calendar, row: &MessageRecord) -> Record {
    let mut fields = Fields::default();
    moment(&mut fields, calendar, Timestamp(row.at));
    let kind = match row.topic.as_str() {
        "customer.reply" | "ticket.reply" => "reply",
        _ if row.address.is_empty() => "memo",
        _ => "notice",
    };
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("topic", &row.topic),
        ("kind", kind),
        ("recipient", if row.recipient.is_empty() { &row.address } else { &row.recipient }),
        ("to_customer", yes(!row.address.is_empty())),
        ("address", &row.address),
        ("subject", &row.subject),
        ("channel", &row.channel),
        (
            "delivered",
            if row.sent_at.is_some() {
                "yes"
            } else if row.given_up_at.is_some() {
                "no"
            } else {
                ""
            },
        ),
        ("error", &row.error),
        ("acked_by", &row.acked_by),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "sent", row.sent_at);
    time(&mut fields, calendar, "acked", row.acked_at);
    spread(&mut fields, "fact.", &row.facts);
    for (name, known) in [("name", ["customer", "name"]), ("content", ["text", "message"])] {
        let value =
            known.iter().find_map(|fact| fields.get(&format!("fact.{fact}"))).unwrap_or_default().to_owned();
        fields.set(name, value);
    }
    Record { id: format!("notice:{}/delivery/{}", row.notice_id, row.id), at: Timestamp(row.at), fields }
}

/// An event.
pub(super) fn event(calendar: &Calendar, row: &EventRecord) -> Record {
    let mut fields = Fields::default();
    moment(&mut fields, calendar, Timestamp(row.at));
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("kind", &row.kind),
        ("number", &row.external_id),
        ("matter", &row.matter),
        ("name", &row.name),
        ("phone", &row.phone),
        ("collected_by", &row.collected_by),
        ("handed_over_by", &row.handed_over_by),
        ("entered_by", &row.entered_by),
        ("late", yes(row.late == 1)),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "received", Some(row.received_at));
    time(&mut fields, calendar, "changed", Some(row.changed_at.unwrap_or(row.received_at)));
    spread(&mut fields, "customer.", &row.customer_fields);
    spread(&mut fields, "event.", &row.fields);
    Record { id: format!("event:{}", row.id), at: Timestamp(row.at), fields }
}

/// A customer.
pub(super) fn customer(calendar: &Calendar, row: &CustomerRecord) -> Record {
    let mut fields = Fields::default();
    moment(&mut fields, calendar, Timestamp(row.created_at));
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("external_id", &row.external_id),
        ("name", &row.name),
        ("grade", &row.grade),
        ("owner", &row.owner),
        ("email", &row.email),
        ("phone", &row.phone),
        ("preferred_hours", &row.preferred_hours),
        ("quiet_hours", &row.quiet_hours),
        ("standing", &row.standing),
        ("last_ticket", &row.last_ticket),
    ] {
        fields.set(name, value);
    }
    fields.set("tickets", row.tickets.to_string());
    spread(&mut fields, "customer.", &row.fields);
    Record { id: format!("customer:{}", row.id), at: Timestamp(row.created_at), fields }
}

/// A finding.
pub(super) fn finding(calendar: &Calendar, wanted: &Wanted, row: &FindingRecord) -> Record {
    let at = Timestamp(row.at);
    let mut fields = Fields::of(wanted);
    moment(&mut fields, calendar, at);
    let title = Detector::of(&row.detector).map_or(row.detector.as_str(), |detector| detector.titles().0);
    let value = format!("{} {}", row.value, row.unit);
    for (name, text) in [
        ("pack", row.pack.as_str()),
        ("detector", &row.detector),
        ("title", title),
        ("value", value.trim()),
        ("severity", &row.severity),
        ("charge", &row.charge),
        ("agent", &row.agent),
        ("content", &row.detail),
        ("phone", &row.phone),
        ("call_id", &row.call_id),
        ("recording", if row.recording.is_empty() { "" } else { &row.call_id }),
    ] {
        fields.set(name, text);
    }
    Record { id: format!("call:{}/finding/{}", row.call_id, row.number), at, fields }
}
