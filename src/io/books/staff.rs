//! Our own people as rows of registers: nights, shifts, expenses, audit sheets, what counts for and
//! against them.

use super::record::{moment, time, yes};
use crate::audit::{Score, SheetBody};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::ScoreEventRow;
use crate::io::store::register::{DutyRecord, ExpenseRecord, MustRecord, SheetRecord, ShiftRecord};
use crate::io::store::roster::LeaveRow;
use crate::register::{Fields, Record, Wanted};

/// A post of a night.
pub(super) fn duty(calendar: &Calendar, row: &DutyRecord) -> Record {
    let day = row.date.parse().map(|day| calendar.start_of(day)).unwrap_or(Timestamp(0));
    let mut fields = Fields::default();
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("date", &row.date),
        ("role", &row.role),
        ("person", &row.person),
        ("phone", &row.phone),
        ("substitute_for", &row.instead_of),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "published", row.published_at);
    let id = format!("duty:{}/{}/{}/{}", row.roster_id, row.date, row.role, row.position);
    Record { id, at: day, fields }
}

/// A shift; `leaves` are those of its days.
pub(super) fn shift(calendar: &Calendar, row: &ShiftRecord, leaves: &[LeaveRow]) -> Record {
    let at = Timestamp(row.starts_at);
    let mut fields = Fields::default();
    moment(&mut fields, calendar, at);
    let day = fields.get("date").unwrap_or_default().to_owned();
    let leave = leaves
        .iter()
        .find(|leave| leave.person == row.person && leave.from_day <= day && day <= leave.to_day);
    let clock = |at: i64| {
        calendar.civil(Timestamp(at)).split_once(' ').map_or(String::new(), |(_, time)| time.to_owned())
    };
    let hours = format!("{}-{}", clock(row.starts_at), clock(row.ends_at));
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("person", &row.person),
        ("agent", &row.person),
        ("shift", &hours),
        ("leave", leave.map_or("", |leave| &leave.reason)),
        ("on_leave", yes(leave.is_some())),
        ("late", yes(row.arrived_at.is_some_and(|arrived| arrived > row.starts_at))),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "starts", Some(row.starts_at));
    time(&mut fields, calendar, "ends", Some(row.ends_at));
    time(&mut fields, calendar, "arrived", row.arrived_at);
    Record { id: format!("shift:{}", row.id), at, fields }
}

/// What somebody paid on a visit.
pub(super) fn expense(calendar: &Calendar, row: &ExpenseRecord) -> Record {
    let at = row.day.parse().map(|day| calendar.start_of(day)).unwrap_or(Timestamp(0));
    let mut fields = Fields::default();
    let decision = match row.approved {
        None => "proposed",
        Some(0) => "refused",
        Some(_) => "approved",
    };
    let visit = row.callback_id.map(|id| id.to_string()).unwrap_or_default();
    let approved = row.approved.map(|yuan| yuan.to_string()).unwrap_or_default();
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("date", &row.day),
        ("month", row.day.get(..7).unwrap_or_default()),
        ("callback", &visit),
        ("person", &row.person),
        ("purpose", &row.purpose),
        ("amount", &row.amount.to_string()),
        ("limit", &row.ceiling.to_string()),
        ("approved", &approved),
        ("decision", decision),
        ("decided_by", &row.decided_by),
        ("reason", &row.reason),
    ] {
        fields.set(name, value);
    }
    Record { id: format!("expense:{}", row.id), at, fields }
}

/// One row for each reason for which a call must be audited.
pub(super) fn each_must(calendar: &Calendar, wanted: &Wanted, row: &MustRecord) -> Vec<Record> {
    let at = Timestamp(row.at);
    let one = |reason: &str| {
        let mut fields = Fields::of(wanted);
        moment(&mut fields, calendar, at);
        for (name, value) in [
            ("pack", row.pack.as_str()),
            ("agent", &row.agent),
            ("rule", &row.rule),
            ("reason", reason),
            ("phone", &row.phone),
            ("call_id", &row.call_id),
            ("recording", if row.recording.is_empty() { "" } else { &row.call_id }),
        ] {
            fields.set(name, value);
        }
        Record { id: format!("call:{}/must/{reason}", row.call_id), at, fields }
    };
    row.must.split_whitespace().map(one).collect()
}

/// An audit sheet.
pub(super) fn sheet(calendar: &Calendar, wanted: &Wanted, row: &SheetRecord) -> Record {
    let at = Timestamp(row.at);
    let mut fields = Fields::of(wanted);
    moment(&mut fields, calendar, at);
    let list = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default().join("、");
    let (total, points_off) = (format!("{:.1}", row.score), format!("{:.1}", 100.0 - row.score));
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("agent", &row.agent),
        ("auditor", &row.auditor),
        ("why", &list(&row.why)),
        ("score", &total),
        ("points_off", &points_off),
        ("grade", &row.grade),
        ("critical", &list(&row.critical)),
        ("appeal", &row.appeal),
        ("call_id", &row.call_id),
        ("recording", if row.recording.is_empty() { "" } else { &row.call_id }),
    ] {
        fields.set(name, value);
    }
    time(&mut fields, calendar, "submitted", Some(row.submitted_at));
    if wanted.has("content") {
        fields.set("content", said_of(&serde_json::from_str(&row.body).unwrap_or_default()));
    }
    if wanted.has_below("group.") {
        let score: Score = serde_json::from_str(&row.result).unwrap_or_default();
        for (group, (given, possible)) in &score.groups {
            fields.set(format!("group.{group}"), format!("{given}/{possible}"));
        }
    }
    Record { id: format!("case:{}", row.id), at, fields }
}

/// Everything that was said on a sheet.
fn said_of(body: &SheetBody) -> String {
    let marks = body.marks.values().map(|mark| &mark.comment);
    let all = std::iter::once(&body.summary).chain(marks).chain(body.notes.iter().map(|note| &note.text));
    all.map(|text| text.trim()).filter(|text| !text.is_empty()).collect::<Vec<&str>>().join("；")
}

/// Something that counts for or against somebody.
pub(super) fn score(calendar: &Calendar, row: &ScoreEventRow) -> Record {
    let day = row.day.parse().map(|day| calendar.start_of(day)).unwrap_or(Timestamp(row.created_at));
    let mut fields = Fields::default();
    let decided = match (row.proposed, row.approved) {
        (0, _) => "direct",
        (_, None) => "proposed",
        (_, Some(1)) => "approved",
        _ => "refused",
    };
    let points = row.points.to_string();
    for (name, value) in [
        ("pack", row.pack.as_str()),
        ("date", &row.day),
        ("month", row.day.get(..7).unwrap_or_default()),
        ("person", &row.person),
        ("kind", &row.kind),
        ("subject", &row.subject),
        ("points", &points),
        ("content", &row.detail),
        ("decision", decided),
        ("counts", yes(matches!(decided, "direct" | "approved"))),
        ("decided_by", row.decided_by.as_deref().unwrap_or_default()),
        ("created_by", &row.created_by),
    ] {
        fields.set(name, value);
    }
    Record { id: format!("score:{}", row.id), at: day, fields }
}
