//! What tickets add up to: lines of departments, of ages, of first contacts and of points, which the database
//! counts; the register and the manager's list of dissatisfied customers.

use serde::{Deserialize, Serialize};

use super::clock::Rules;
use super::record::Ticket;
use crate::base::Timestamp;

/// How a department handles its tickets (TKT-26).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DepartmentLine {
    /// Department; empty: none.
    pub department: String,
    /// Tickets.
    pub tickets: u32,
    /// Of these still open.
    pub open: u32,
    /// Not acknowledged yet.
    pub unacknowledged: u32,
    /// Stages done in time.
    pub in_time: u32,
    /// Stages whose deadline passed.
    pub breached: u32,
    /// Numbers of the tickets that are owed past a deadline.
    pub without_response: Vec<String>,
}

/// How long open tickets have stood where they are (TKT-23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgeingLine {
    /// Row id of the ticket.
    pub id: i64,
    /// Policy pack.
    pub pack: String,
    /// Number of the ticket.
    pub number: String,
    /// Type.
    pub kind: String,
    /// The word of its state.
    pub state: String,
    /// Who answers for it.
    pub owner: String,
    /// Whole days since it was opened.
    pub days: i64,
    /// Whole days since its stage began.
    pub days_in_state: i64,
    /// Past a deadline.
    pub overdue: bool,
}

/// One line of the register 售服信息登记表 (TKT-04, TKT-26).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RegisterLine {
    /// Number of the ticket.
    pub number: String,
    /// When it came in.
    pub received: String,
    /// Customer.
    pub customer: String,
    /// Number to call.
    pub phone: String,
    /// Type.
    pub kind: String,
    /// What it is about.
    pub matter: String,
    /// What the customer said.
    pub content: String,
    /// Department.
    pub department: String,
    /// Who answers for it.
    pub owner: String,
    /// What was done.
    pub result: String,
    /// When.
    pub result_date: String,
    /// What the customer said of it.
    pub satisfied: String,
    /// Word of its state.
    pub state: String,
    /// Call that opened it.
    pub call: String,
}

/// The register of tickets.
pub fn register(rules: &Rules, tickets: &[Ticket]) -> Vec<RegisterLine> {
    let first = |ticket: &Ticket, names: &[&str]| {
        names.iter().find_map(|name| ticket.field(name)).unwrap_or_default().to_owned()
    };
    let line = |ticket: &Ticket| {
        let done = ticket.stages.iter().filter_map(|s| s.done_at).max();
        RegisterLine {
            number: ticket.number.clone(),
            received: rules.calendar.civil(ticket.opened_at),
            customer: ticket.name.clone(),
            phone: ticket.phone.clone(),
            kind: rules.pack.kind.get(&ticket.kind).map_or(&ticket.kind, |kind| &kind.title).clone(),
            matter: ticket.matter.clone(),
            content: first(ticket, &["content", "symptoms", "question", "demand"]),
            department: ticket.department.clone(),
            owner: ticket.owner.clone(),
            result: first(ticket, &["result", "solution", "answer", "implementation"]),
            result_date: done.map_or(String::new(), |at| rules.calendar.civil(at)),
            satisfied: first(ticket, &["customer_confirmed", "answer_satisfied"]),
            state: ticket.state.clone(),
            call: first(ticket, &["call"]),
        }
    };
    tickets.iter().map(line).collect()
}

/// One customer of the manager's monthly list (ESC-08).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DissatisfiedLine {
    /// Number of the ticket.
    pub number: String,
    /// Customer.
    pub customer: String,
    /// Who answers for it.
    pub owner: String,
    /// When the customer was dissatisfied.
    pub at: String,
    /// When it was reported; empty: it was not.
    pub reported: String,
    /// `late_report`, `not_reported`, `late_handling`; empty: in time.
    pub flag: String,
    /// What became of it.
    pub result: String,
    /// Rating after the verification.
    pub final_score: Option<i64>,
}

/// Dissatisfied customers among these tickets.
pub fn dissatisfied(rules: &Rules, tickets: &[Ticket], now: Timestamp) -> Vec<DissatisfiedLine> {
    let line = |ticket: &Ticket| {
        let limit = rules
            .calendar
            .add(ticket.opened_at, rules.pack.report_limit, crate::calendar::Edge::End, None)
            .at;
        let flag = match ticket.reported_at {
            Some(at) if at > limit => "late_report",
            None if now > limit => "not_reported",
            _ if ticket.stages.iter().any(|s| s.breached_at.is_some()) => "late_handling",
            _ => "",
        };
        let final_score = ticket.field("final_score").and_then(|score| score.parse().ok());
        DissatisfiedLine {
            number: ticket.number.clone(),
            customer: ticket.name.clone(),
            owner: ticket.owner.clone(),
            at: rules.calendar.civil(ticket.opened_at),
            reported: ticket.reported_at.map_or(String::new(), |at| rules.calendar.civil(at)),
            flag: flag.to_owned(),
            result: if ticket.closed_how.is_empty() {
                ticket.state.clone()
            } else {
                ticket.closed_how.clone()
            },
            final_score,
        }
    };
    tickets.iter().filter(|t| t.dissatisfied).map(line).collect()
}

/// How many were solved on the first contact (TKT-36).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FirstContact {
    /// Tickets.
    pub tickets: u32,
    /// Solved on the first contact.
    pub solved: u32,
    /// Reported upward, of the others.
    pub reported: u32,
}

/// Points taken off, by person (TKT-17: 合同审核扣分情况表).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PointsLine {
    /// Whose.
    pub who: String,
    /// Sum of the points; negative.
    pub points: i64,
    /// How often.
    pub times: u32,
    /// Row ids of the tickets.
    pub tickets: Vec<i64>,
}

/// A ticket as a form to print, in Chinese: head, what was said and found, stages with their
/// signatures (TKT-28, TKT-43).
pub fn form(rules: &Rules, ticket: &Ticket) -> String {
    let kind = rules.pack.kind.get(&ticket.kind);
    let mut out = format!("{}\n单号：{}\n", kind.map_or(&ticket.kind, |k| &k.title), ticket.number);
    let head = [
        ("客户", ticket.name.clone()),
        ("电话", ticket.phone.clone()),
        ("受理时间", rules.calendar.civil(ticket.opened_at)),
        ("负责人", ticket.owner.clone()),
        ("责任部门", ticket.department.clone()),
    ];
    for (title, value) in head.into_iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("{title}：{value}\n"));
    }
    for (name, value) in &ticket.fields {
        out.push_str(&format!("{}：{value}\n", word_of(name)));
    }
    for stage in ticket.stages.iter().filter(|s| s.done_at.is_some()) {
        let at = stage.done_at.map_or(String::new(), |at| rules.calendar.civil(at));
        out.push_str(&format!("{}：{} {at}\n", stage.rule.title, stage.done_by));
    }
    if ticket.field("parts") == Some("customer") {
        out.push_str("客户自备配件，本公司对该配件不承担质量保证。\n");
    }
    out
}

/// Title of a field on a form, where it has one.
fn word_of(name: &str) -> &str {
    match name {
        "symptoms" => "故障现象",
        "diagnosis" => "初步诊断",
        "solution" => "解决方案",
        "result" => "处理结果",
        "demand" => "客户诉求",
        "cause" => "原因",
        "root_cause" => "根本原因",
        "liability" => "责任",
        "budget" => "费用预算",
        other => other,
    }
}
