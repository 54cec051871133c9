//! Which departments see a ticket: its own, and those that have a stage of it which has begun and
//! for which everything is signed (TKT-34). To others it does not exist.

use std::collections::BTreeSet;

use super::act::Who;
use super::changes::Work;
use super::clock::Rules;
use super::record::{Stage, Ticket};
use crate::base::Timestamp;

/// Departments and roles that see a ticket.
pub fn seen_by(rules: &Rules, ticket: &Ticket) -> BTreeSet<String> {
    let shown = doers(rules, ticket).into_iter().filter(|(_, stage)| shows(ticket, stage));
    let mut seen: BTreeSet<String> = shown.map(|(name, _)| name).collect();
    seen.insert(ticket.department.clone());
    seen.retain(|name| !name.is_empty());
    seen
}

/// Whether a ticket is kept from a department that has a stage of it.
pub fn is_hidden_from(rules: &Rules, ticket: &Ticket, department: &str) -> bool {
    let has_one = doers(rules, ticket).iter().any(|(name, _)| name == department);
    has_one && !seen_by(rules, ticket).contains(department)
}

/// Stages of a ticket that are a department's and that it sees.
pub(super) fn stages_of<'a>(
    rules: &Rules,
    ticket: &'a Ticket,
    department: &str,
) -> impl Iterator<Item = &'a Stage> {
    let theirs = doers(rules, ticket).into_iter().filter(move |(_, stage)| shows(ticket, stage));
    let theirs: Vec<&Stage> = theirs.filter(|(name, _)| name == department).map(|(_, stage)| stage).collect();
    theirs.into_iter()
}

fn shows(ticket: &Ticket, stage: &Stage) -> bool {
    stage.began_at.is_some() && ticket.concerns(stage) && ticket.is_cleared(stage)
}

/// Who does each stage that names somebody.
fn doers<'a>(rules: &Rules, ticket: &'a Ticket) -> Vec<(String, &'a Stage)> {
    let nobody = Who::default();
    let work = Work::new(rules, &nobody, ticket.clone(), Timestamp(0));
    let named = ticket.stages.iter().filter(|stage| !stage.rule.by.is_empty());
    named.map(|stage| (work.role(&stage.rule.by), stage)).collect()
}
