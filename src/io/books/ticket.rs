//! Tickets as rows of registers.

use super::record::{moment, time, yes};
use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::io::store::register::TicketRecord;
use crate::register::{Fields, Record, Wanted};
use crate::ticket::{Phase, Ticket};

/// A ticket; `to` is the end of the period, exclusive: it says whether it was open then.
pub(super) fn ticket(
    calendar: &Calendar,
    wanted: &Wanted,
    row: &TicketRecord,
    to: Timestamp,
) -> Option<(Ticket, Record)> {
    let ticket: Ticket = serde_json::from_str(&row.body).ok()?;
    let at = Timestamp(row.opened_at);
    let mut fields = Fields::of(wanted);
    moment(&mut fields, calendar, at);
    let breached = ticket.stages.iter().any(|s| s.breached_at.is_some_and(|at| at < to));
    let closed = ticket.closed_at.is_some_and(|at| at < to);
    let satisfied = match (ticket.verification.passed, ticket.dissatisfied) {
        (true, _) => "yes",
        (false, true) => "no",
        _ => "",
    };
    for (name, value) in [
        ("pack", ticket.pack.as_str()),
        ("number", &ticket.number),
        ("kind", &ticket.kind),
        ("severity", &ticket.severity),
        ("category", &ticket.category),
        ("source", &ticket.source),
        ("state", &ticket.state),
        ("phase", phase(ticket.phase)),
        ("load", if closed { "closed" } else { "open" }),
        ("owner", &ticket.owner),
        ("department", &ticket.department),
        ("handler", &ticket.handler),
        ("phone", &ticket.phone),
        ("name", &ticket.name),
        ("matter", &ticket.matter),
        ("region", &ticket.region),
        ("closed_how", &ticket.closed_how),
        ("in_time", yes(!breached)),
        ("satisfied", satisfied),
        ("first_contact", yes(ticket.first_contact)),
    ] {
        fields.set(name, value);
    }
    fields.set("repeat", ticket.repeat.to_string());
    for (name, at) in [
        ("opened", Some(ticket.opened_at)),
        ("due", ticket.due_at()),
        ("closed", ticket.closed_at),
        ("filed", ticket.filed_at),
        ("told", ticket.told_at),
        ("reported", ticket.reported_at),
        ("promised", ticket.next_reply()),
        ("verified", ticket.verification.at),
        ("acknowledged", ticket.acknowledged.as_ref().map(|s| s.at)),
        ("handled", ticket.stages.iter().filter_map(|s| s.done_at).max()),
    ] {
        time(&mut fields, calendar, name, at.map(|at| at.0));
    }
    if let Some(receipt) = &ticket.acknowledged {
        fields.set("acknowledged_by", receipt.by.clone());
    }
    if let Some(score) = ticket.verification.score {
        fields.set("verification_score", score.to_string());
    }
    if wanted.has_below("stage.") {
        stages(&mut fields, calendar, &ticket);
    }
    if wanted.has_below("field.") {
        for (name, value) in &ticket.fields {
            fields.set(format!("field.{name}"), value.as_str());
        }
    }
    if wanted.has_any(&["approvals", "approval."]) {
        approvals(&mut fields, calendar, &ticket);
    }
    let record = Record { id: format!("ticket:{}", row.id), at, fields };
    Some((ticket, record))
}

fn stages(fields: &mut Fields, calendar: &Calendar, ticket: &Ticket) {
    for stage in &ticket.stages {
        let of = |word: &str| format!("stage.{}.{word}", stage.rule.id);
        for (word, at) in [("due", stage.due), ("done", stage.done_at)] {
            if let Some(at) = at {
                fields.set(of(word), calendar.civil(at));
            }
        }
        fields.set(of("by"), stage.done_by.clone());
        fields.set(of("result"), stage.result.clone());
        fields.set(of("late"), if stage.breached_at.is_some() { "yes" } else { "" });
    }
}

fn approvals(fields: &mut Fields, calendar: &Calendar, ticket: &Ticket) {
    let approvals: Vec<String> = ticket
        .approvals
        .iter()
        .map(|a| format!("{} {} {}", a.id, a.signed.by, calendar.civil(a.signed.at)))
        .collect();
    fields.set("approvals", approvals.join("; "));
    for approval in &ticket.approvals {
        fields.set(format!("approval.{}.by", approval.id), approval.signed.by.clone());
        fields.set(format!("approval.{}.at", approval.id), calendar.civil(approval.signed.at));
    }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Verifying => "verifying",
        Phase::Closed => "closed",
        Phase::Joined => "joined",
    }
}

/// Points that a ticket took off between two moments.
pub(super) fn each_points(
    calendar: &Calendar,
    ticket: &Ticket,
    record: &Record,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Record> {
    let within = ticket.points.iter().enumerate().filter(|(_, p)| p.at >= from && p.at < to);
    let one = |(place, points): (usize, &crate::ticket::Points)| {
        let mut fields = record.fields.clone();
        moment(&mut fields, calendar, points.at);
        fields.set("person", points.who.clone());
        fields.set("points", points.points.to_string());
        fields.set("content", points.why.clone());
        Record { id: format!("{}/points/{}", record.id, place + 1), at: points.at, fields }
    };
    within.map(one).collect()
}

/// The crew of a ticket that was finished between two moments, one row for each of them. Work that
/// ends from midnight to six counts as past midnight.
pub(super) fn each_of_crew(
    calendar: &Calendar,
    ticket: &Ticket,
    record: &Record,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Record> {
    let written = ticket.field("finished_at").and_then(|text| text.replace('T', " ").parse().ok());
    let written = written.map(|at: jiff::civil::DateTime| calendar.instant(at.date(), at.time()));
    let Some(end) = written.or(ticket.closed_at).filter(|at| *at >= from && *at < to) else {
        return Vec::new();
    };
    let crew = ticket.field("crew").unwrap_or_default();
    let people = crew.split(['、', ',', '，', ';', '；']).map(str::trim).filter(|who| !who.is_empty());
    let civil = calendar.civil(end);
    let past = civil.split_once(' ').is_some_and(|(_, time)| time < "06:00");
    let one = |(place, person): (usize, &str)| {
        let mut fields = record.fields.clone();
        moment(&mut fields, calendar, end);
        fields.set("person", person);
        fields.set("finished", civil.clone());
        fields.set("past_midnight", yes(past));
        Record { id: format!("{}/crew/{}", record.id, place + 1), at: end, fields }
    };
    people.enumerate().map(one).collect()
}
