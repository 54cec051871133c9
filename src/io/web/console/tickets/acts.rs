//! What can be done to a ticket as it stands: the forms that its page offers.

use super::super::super::api::TicketDetail;
use super::super::frame::{Frame, Visitor};
use super::titles::Titles;
use crate::access::Permission;

/// A field of a form.
pub(super) struct Field {
    pub name: String,
    pub label: String,
    pub value: String,
}

/// A stage that can be reported.
pub(super) struct Report {
    pub stage: String,
    pub title: String,
    pub fields: Vec<Field>,
    /// What else it waits for, in words.
    pub waits: Vec<String>,
    pub is_optional: bool,
}

/// An approval that can be signed.
pub(super) struct Sign {
    pub word: String,
    pub title: String,
    pub by: String,
    pub fields: Vec<Field>,
}

/// What can be done.
#[derive(Default)]
pub(super) struct Acts {
    /// Anything at all.
    pub answers: bool,
    /// More than a department does.
    pub works: bool,
    pub leads: bool,
    pub links: bool,
    pub is_verifying: bool,
    pub reports: Vec<Report>,
    pub signs: Vec<Sign>,
    /// Fields without which it is not closed and that are empty.
    pub closing: Vec<Field>,
    pub criteria: Vec<String>,
    pub acknowledges: bool,
    pub hands_over: bool,
    pub reports_up: bool,
    pub handles: bool,
    pub closes: bool,
    pub reopens: bool,
}

fn fields(frame: &Frame, ticket: &TicketDetail, names: &[String]) -> Vec<Field> {
    let field = |name: &String| Field {
        label: frame.lang.word("tickets-field", name),
        value: ticket.fields.get(name).cloned().unwrap_or_default(),
        name: name.clone(),
    };
    names.iter().map(field).collect()
}

/// Stages that are owed, each with what it asks for.
fn reports(frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Vec<Report> {
    let row = &ticket.ticket;
    let owed = ticket.stages.iter().filter(|s| s.in_force && matches!(s.status.as_str(), "open" | "overdue"));
    let signed = |id: &String| ticket.approvals.iter().any(|approval| approval.id == *id);
    let report = |stage: &super::super::super::api::StageView| {
        let mut waits = Vec::new();
        if stage.needs_ack && ticket.acknowledged.is_none() {
            waits.push(frame.lang.text("tickets-waits-ack").into_owned());
        }
        let photos = ticket.files.iter().filter(|file| file.kind == "photo").count();
        if (stage.photos as usize) > photos {
            waits.push(frame.lang.with("tickets-waits-photos", "n", i64::from(stage.photos)).into_owned());
        }
        if !stage.files.is_empty() && !ticket.files.iter().any(|file| stage.files.contains(&file.kind)) {
            let kinds: Vec<String> =
                stage.files.iter().map(|kind| frame.lang.word("tickets-file", kind)).collect();
            waits.push(frame.lang.with("tickets-waits-file", "kind", kinds.join(" / ")).into_owned());
        }
        let known = titles.of(&row.pack, &row.kind).map(|of| of.approvals.as_slice()).unwrap_or_default();
        for id in stage.approvals.iter().filter(|id| !signed(id)) {
            let title = known.iter().find(|approval| approval.word == *id).map_or(id, |found| &found.title);
            waits.push(frame.lang.with("tickets-waits-approval", "title", title).into_owned());
        }
        Report {
            stage: stage.id.clone(),
            title: titles
                .stage(frame, &row.pack, &row.kind, &stage.id)
                .unwrap_or_else(|| stage.title.clone()),
            fields: fields(frame, ticket, &stage.requires),
            waits,
            is_optional: stage.optional,
        }
    };
    owed.map(report).collect()
}

/// The approvals of its type that nobody has signed yet.
fn signs(frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Vec<Sign> {
    let row = &ticket.ticket;
    let known = titles.of(&row.pack, &row.kind).map(|of| of.approvals.as_slice()).unwrap_or_default();
    let open = known.iter().filter(|rule| ticket.approvals.iter().all(|given| given.id != rule.word));
    let sign = |rule: &super::super::super::api::ticket_types::ApprovalView| Sign {
        word: rule.word.clone(),
        title: rule.title.clone(),
        by: rule.by.clone(),
        fields: fields(frame, ticket, &rule.requires),
    };
    open.map(sign).collect()
}

impl Acts {
    /// What fits the ticket and whoever looks at it. The rules have the last word.
    pub fn of(visitor: &Visitor, frame: &Frame, titles: &Titles, ticket: &TicketDetail) -> Acts {
        let row = &ticket.ticket;
        let kind = titles.of(&row.pack, &row.kind);
        let is_open = row.phase == "open";
        let is_verifying = row.phase == "verifying";
        let unfinished = ticket.stages.iter().any(|s| {
            s.in_force && !s.optional && matches!(s.status.as_str(), "open" | "overdue" | "waiting")
        });
        let verified = ticket.verification.passed || kind.is_some_and(|kind| kind.no_verification);
        let needs = kind.map(|kind| kind.closes_with.clone()).unwrap_or_default();
        let is_owed = is_open || is_verifying;
        Acts {
            answers: visitor.may(Permission::TicketsAnswer),
            works: visitor.may(Permission::TicketsAnswer)
                && (visitor.may(Permission::TicketsOpen) || visitor.may(Permission::TicketsLead)),
            leads: visitor.may(Permission::TicketsLead),
            links: visitor.may(Permission::TicketsLink),
            is_verifying,
            reports: if is_owed { reports(frame, titles, ticket) } else { Vec::new() },
            signs: if is_owed { signs(frame, titles, ticket) } else { Vec::new() },
            closing: fields(frame, ticket, &needs),
            criteria: titles.pack(&row.pack).map(|types| types.criteria.clone()).unwrap_or_default(),
            acknowledges: is_owed && !row.department.is_empty() && ticket.acknowledged.is_none(),
            hands_over: is_owed,
            reports_up: is_owed && ticket.reported_at.is_none(),
            handles: is_open && !unfinished,
            closes: is_owed && !unfinished && verified,
            reopens: !is_open,
        }
    }
}
