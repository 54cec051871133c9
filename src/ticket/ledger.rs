//! The ledger of a department (台账): what has come to it and what it did (TKT-34).

use serde::{Deserialize, Serialize};

use super::clock::Rules;
use super::record::Ticket;
use super::seen::stages_of;

/// One line: a stage of a ticket that is this department's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LedgerLine {
    /// Row id of the ticket.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Number of the ticket.
    pub number: String,
    /// Type.
    pub kind: String,
    /// Title of the stage.
    pub stage: String,
    /// Customer.
    pub customer: String,
    /// Order, project, equipment.
    pub matter: String,
    /// What the customer said.
    pub content: String,
    /// When it came to the department: once everything was signed.
    pub received: String,
    /// Who signed.
    pub signed: String,
    /// Until when it must be done.
    pub due: String,
    /// When it was done; empty: not yet.
    pub done: String,
    /// Who did it.
    pub done_by: String,
}

/// The ledger of a department.
pub fn ledger(rules: &Rules, tickets: &[Ticket], department: &str) -> Vec<LedgerLine> {
    let civil = |at: Option<_>| at.map_or(String::new(), |at| rules.calendar.civil(at));
    let mut lines = Vec::new();
    for ticket in tickets {
        for stage in stages_of(rules, ticket, department) {
            let signed = ticket.approvals.iter().filter(|a| stage.rule.approvals.contains(&a.id));
            let last = signed.clone().map(|approval| approval.signed.at).max();
            lines.push(LedgerLine {
                id: ticket.id,
                pack: ticket.pack.clone(),
                number: ticket.number.clone(),
                kind: ticket.kind.clone(),
                stage: stage.rule.title.clone(),
                customer: ticket.name.clone(),
                matter: ticket.matter.clone(),
                content: ticket.field("content").or(ticket.field("symptoms")).unwrap_or_default().to_owned(),
                received: civil(stage.began_at.max(last)),
                signed: signed.map(|a| a.signed.by.clone()).collect::<Vec<_>>().join(", "),
                due: civil(stage.due),
                done: civil(stage.done_at),
                done_by: stage.done_by.clone(),
            });
        }
    }
    lines
}
