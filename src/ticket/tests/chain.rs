//! The chain of a complaint: hand over, verify, solve, visit; and what an escalation makes of it.

use std::collections::BTreeMap;

use super::{acted, at, later, opened, report, shipped, stage, told};
use crate::ticket::{Act, Refusal, Rules, Ticket};

fn xian() -> Rules {
    shipped(include_str!("../../../config/tickets/xian-decoration.toml"), &[])
}

fn handed_over(rules: &Rules, moment: &str) -> Ticket {
    let ticket = opened(rules, "complaint", "2026-03-03 10:00", &[("category", "工期")]);
    let act = Act::HandOver { department: String::new() };
    let ticket = acted(rules, &ticket, moment, act).unwrap().ticket;
    let act = Act::Acknowledge { department: ticket.department.clone() };
    acted(rules, &ticket, moment, act).unwrap().ticket
}

fn solved(rules: &Rules) -> Ticket {
    let ticket = handed_over(rules, "2026-03-03 12:00");
    let ticket = report(rules, &ticket, "2026-03-04 09:00", "contact", &[]);
    let plan = [("solution", "返工"), ("visit_at", "2026-03-06 14:00")];
    report(rules, &ticket, "2026-03-05 09:00", "solution", &plan)
}

#[test]
fn tkt_09_the_complaint_is_handed_over_within_three_hours() {
    let rules = xian();
    let ticket = opened(&rules, "complaint", "2026-03-03 10:00", &[("category", "工期")]);
    assert_eq!(
        (stage(&ticket, "handover").due, ticket.department.as_str()),
        (Some(at("2026-03-03 13:00")), "工程部")
    );
    let late = later(&rules, &ticket, "2026-03-03 13:00");
    assert_eq!(stage(&late.ticket, "handover").breached_at, Some(at("2026-03-03 13:00")));
    assert_eq!(told(&late, "ticket.level", "客服经理"), 1, "escalated to the manager");
    assert_eq!(late.ticket.level, 1);
}

#[test]
fn tkt_10_the_department_phones_within_24_hours() {
    let rules = xian();
    let ticket = handed_over(&rules, "2026-03-03 12:00");
    assert_eq!(stage(&ticket, "contact").due, Some(at("2026-03-04 12:00")));
}

#[test]
fn tkt_11_the_solution_comes_with_the_time_of_the_visit() {
    let rules = xian();
    let ticket = handed_over(&rules, "2026-03-03 12:00");
    let ticket = report(&rules, &ticket, "2026-03-04 09:00", "contact", &[]);
    assert_eq!(stage(&ticket, "solution").due, Some(at("2026-03-05 09:00")));
    let fields = BTreeMap::from([("solution".to_owned(), "返工".to_owned())]);
    let act = Act::Report { stage: "solution".into(), result: "done".into(), fields };
    let refused = acted(&rules, &ticket, "2026-03-04 10:00", act).unwrap_err();
    assert!(matches!(refused, Refusal::Field { ref field, .. } if field == "visit_at"), "{refused}");
}

#[test]
fn tkt_12_the_visit_is_within_48_hours_of_the_solution() {
    let rules = xian();
    let ticket = solved(&rules);
    assert_eq!(stage(&ticket, "visit").due, Some(at("2026-03-07 09:00")));
    let late = later(&rules, &ticket, "2026-03-07 09:00");
    assert_eq!(stage(&late.ticket, "visit").breached_at, Some(at("2026-03-07 09:00")));
    let done = report(&rules, &ticket, "2026-03-06 15:00", "visit", &[]);
    assert_eq!(stage(&done, "visit").breached_at, None);
    assert_eq!(done.state, "verifying");
}

#[test]
fn tkt_13_a_major_complaint_is_visited_within_two_working_days() {
    let rules = xian();
    let ticket = opened(&rules, "complaint", "2026-03-05 15:00", &[("category", "工期")]);
    let act =
        Act::Escalate { cause: "漏水".into(), process: "两次上门".into(), demand: "赔偿".into() };
    let major = acted(&rules, &ticket, "2026-03-05 16:00", act).unwrap().ticket;
    // Thursday: Friday and Monday, to its 24:00.
    assert_eq!(stage(&major, "major_visit").due, Some(at("2026-03-10 00:00")));
    assert!(stage(&major, "major_visit").sum.to_string().contains("+ 2 working days = 2026-03-09"));
    assert_eq!(major.state, "major_visit");
    let major = report(&rules, &major, "2026-03-06 10:00", "major_visit", &[]);
    let plan = Act::Report { stage: "plan".into(), result: "done".into(), fields: BTreeMap::new() };
    let refused = acted(&rules, &major, "2026-03-06 12:00", plan).unwrap_err();
    assert!(
        matches!(refused, Refusal::Field { ref field, .. } if field == "liability"),
        "liability is determined"
    );
}

#[test]
fn ver_02_an_unsolved_complaint_is_back_on_its_own_clock_one_level_up() {
    let rules = xian();
    let done = report(&rules, &solved(&rules), "2026-03-06 15:00", "visit", &[]);
    assert_eq!(done.verification.due, Some(at("2026-03-07 00:00")));
    let found = crate::ticket::Found { solved: Some(false), ..crate::ticket::Found::default() };
    let back = acted(&rules, &done, "2026-03-07 10:00", Act::Verify(found)).unwrap();
    assert_eq!((back.ticket.cycle, back.ticket.level), (1, 1));
    let visit = stage(&back.ticket, "visit");
    assert_eq!((visit.done_at, visit.due), (None, Some(at("2026-03-07 09:00"))));
    let late = later(&rules, &back.ticket, "2026-03-07 10:00");
    assert!(late.log.iter().any(|l| l.action == "breach"), "the clock went on");
}
