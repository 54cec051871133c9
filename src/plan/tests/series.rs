//! SCH: series, periods, plans.

use super::{World, cn};
use crate::calendar::Offset;
use crate::policy::{CallbackState, Origin, Outcome};

const SERIES: &str = r#"
    [rule.first]
    title = 't'
    source = 'SCH-08'
    on = { event = ['project.completed'] }
    due = '+1d'
    deadline = '+7d'
    [rule.month1]
    title = 't'
    source = 'SCH-08'
    on = { event = ['project.completed'] }
    due = '+1mo'
    deadline = '3d'
    deadline_from_due = true
    [rule.half]
    title = 't'
    source = 'SCH-08'
    on = { event = ['project.completed'] }
    once_per = 'matter'
    cancelled_by = ['contract.cancelled']
    due = '+9mo'
    deadline = '7d'
    deadline_from_due = true
    repeat = '6mo'
"#;

#[test]
fn sch_08_half_yearly_without_end_and_month_ends_stay() {
    let mut world = World::new(SERIES);
    world.event("project.completed", "2026-08-31", "P1", "");
    world.at("2026-08-31");
    assert_eq!(world.dates("first"), ["2026-09-01 00:00 .. 2026-09-08 00:00 open"]);
    assert_eq!(world.due_days("month1"), ["2026-09-30"]);
    assert_eq!(world.due_days("half"), ["2027-05-31"]);
    world.done("half", "2027-06-01T10:00", Outcome::Satisfied);
    world.at("2027-06-01T10:00");
    assert_eq!(world.due_days("half"), ["2027-05-31", "2027-11-30"]);
    assert_eq!(world.of("half")[1].origin, Origin::Series);
    assert_eq!(
        world.of("half")[1].sums.due.to_string(),
        "2026-08-31 + 15 months = 2027-11-30, clamped to the last day of the month"
    );
    world.pass_until("2027-06-01T10:00", "2028-11-30");
    let due = ["2027-05-31", "2027-11-30", "2028-05-31", "2028-11-30"];
    assert_eq!(world.due_days("half"), due, "an open one does not keep the next from coming");
    world.event("contract.cancelled", "2028-12-01T10:00", "P1", "");
    world.pass_until("2028-12-01T10:00", "2031-01-01");
    assert_eq!(world.due_days("half"), due, "a series that was taken back ends");
    assert!(world.of("half")[1..].iter().all(|c| c.outcome == Some(Outcome::Withdrawn)));
}

#[test]
fn sch_08_counted_from_the_previous_by_setting() {
    let mut world = World::new(&format!("{SERIES}repeat_from_done = true\n"));
    world.event("project.completed", "2026-08-31", "P1", "");
    world.at("2026-08-31");
    world.pass_until("2026-08-31", "2028-01-01");
    assert_eq!(world.due_days("half"), ["2027-05-31"], "waits for the one before");
    world.done("half", "2028-01-05T10:00", Outcome::Satisfied);
    world.at("2028-01-05T10:00");
    assert_eq!(world.dates("half")[1], "2028-07-05 00:00 .. 2028-07-13 00:00 open");
}

#[test]
fn sch_08_a_series_learned_of_late_begins_with_what_is_still_to_come() {
    let mut world = World::new(SERIES);
    world.heard("project.completed", "2020-01-31", "2026-03-02", "P1", "");
    world.at("2026-03-02");
    assert_eq!(world.due_days("half"), ["2026-04-30"]);
    assert_eq!(world.of("half")[0].occurrence, 11);
}

#[test]
fn sch_09_any_answered_callback_covers_a_customer() {
    let rules = format!(
        "{SERIES}[rule.coverage]\ntitle='t'\nsource='SCH-09'\non={{event=['project.completed']}}\nsatisfied_by_any_callback=true\ndue='+1mo'\ndeadline='+3mo'"
    );
    let mut world = World::new(&rules);
    world.event("project.completed", "2025-12-03", "P1", "");
    world.at("2025-12-03");
    world.pass_until("2025-12-03", "2026-03-03T23:59");
    assert_eq!(world.one("coverage").breached_at, None);
    world.at("2026-03-04");
    assert_eq!(world.one("coverage").breached_at, Some(cn("2026-03-04")), "missed at the end of 3 March");
    let mut world = World::new(&rules);
    world.event("project.completed", "2025-12-03", "P1", "");
    world.at("2025-12-03");
    let other = world.done("first", "2025-12-05T10:00", Outcome::Satisfied);
    world.at("2025-12-05T10:00");
    let covered = world.one("coverage");
    assert_eq!((covered.state, covered.merged_into), (CallbackState::Done, Some(other)));
    assert_eq!((covered.closed_at, covered.breached_at), (Some(cn("2025-12-05T10:00")), None));
}

const LOST: &str = "[rule.lost]\ntitle='t'\nsource='SCH-16'\non={every={offset='6mo',since='job.settled'}}\ndue='0d'\ndeadline='0d'";

#[test]
fn sch_16_six_months_to_the_day_and_never_again_after_contact() {
    for (visit, day) in [("2025-09-03T10:00", "2026-03-03"), ("2025-08-31T10:00", "2026-02-28")] {
        let mut world = World::new(LOST);
        world.event("job.settled", "2025-02-01T10:00", "J0", "");
        world.event("job.settled", visit, "J1", "");
        world.at(visit);
        assert_eq!((world.of("lost").len(), world.review_at), (0, Some(cn(day))), "not before its day");
        world.at(day);
        assert_eq!(world.due_days("lost"), [day]);
        world.done("lost", &format!("{day}T10:00"), Outcome::Reached);
        world.pass_until(&format!("{day}T10:00"), "2027-03-01");
        assert_eq!(world.of("lost").len(), 1, "not listed again after contact");
    }
}

#[test]
fn sch_16_who_comes_back_leaves_the_list() {
    let mut world = World::new(LOST);
    world.event("job.settled", "2025-09-03T10:00", "J1", "");
    world.at("2025-09-03T10:00");
    world.event("job.settled", "2026-03-01T10:00", "J2", "");
    world.pass_until("2026-03-01T10:00", "2026-03-03");
    assert!(world.of("lost").is_empty());
    world.pass_until("2026-03-03", "2026-09-01");
    assert_eq!(world.due_days("lost"), ["2026-09-01"]);
    world.event("job.settled", "2026-09-01T09:00", "J3", "");
    world.at("2026-09-01T09:00");
    let reason = &world.one("lost").reason;
    assert_eq!((reason.code.as_str(), reason.detail.as_str()), ("superseded", "job.settled on 2026-09-01"));
}

#[test]
fn sch_29_once_a_year_for_each_user() {
    let mut world = World::new(
        "[rule.survey]\ntitle='t'\nsource='SCH-29'\non={yearly={period='year',from='11-01',to='12-31'}}\nsatisfied_by_any_callback=true\ndue='0d'\ndeadline='0d'\n[rule.other]\ntitle='t'\nsource='SCH-29'\non={event=['rectification.done']}\ndue='+3d'\ndeadline='+7d'",
    );
    world.at("2026-05-01");
    assert_eq!((world.callbacks.len(), world.review_at), (0, Some(cn("2026-11-01"))));
    world.pass_until("2026-05-01", "2026-12-01");
    assert_eq!(world.dates("survey"), ["2026-11-01 00:00 .. 2027-01-01 00:00 open"]);
    world.event("rectification.done", "2027-03-01", "M1", "");
    world.at("2027-03-01");
    world.done("other", "2027-03-04T10:00", Outcome::Satisfied);
    world.pass_until("2027-03-04T10:00", "2027-12-01");
    assert_eq!(world.of("survey")[1].state, CallbackState::Done, "covered by the call in March");
    assert_eq!(world.of("survey").len(), 2);
}

#[test]
fn sch_19_an_outlet_is_called_once_a_month() {
    let mut world = World::new(
        "[rule.outlet]\ntitle='t'\nsource='SCH-19'\non={yearly={period='month',from='1',to='31'}}\nwhen=[{field='type',is=['outlet']}]\ndue='0d'\ndeadline='0d'",
    );
    world.pass_until("2026-02-10", "2026-03-20");
    assert!(world.callbacks.is_empty(), "no outlet");
    world.customer.fields.insert("type".into(), "outlet".into());
    world.pass_until("2026-02-10", "2026-03-20");
    let expect =
        ["2026-02-01 00:00 .. 2026-03-01 00:00 open late", "2026-03-01 00:00 .. 2026-04-01 00:00 open"];
    assert_eq!(world.dates("outlet"), expect);
}

#[test]
fn sch_30_a_key_account_has_its_own_plan() {
    let mut world = World::new(
        "[rule.key]\ntitle='t'\nsource='SCH-30'\non={key_account_plan=true}\ndue='0d'\ndeadline='+3d'",
    );
    world.customer.key_account = true;
    world.customer.plan_every = Some(Offset::days(14));
    world.customer.plan_from = Some(cn("2026-03-02"));
    world.customer.owner = "王芳".into();
    world.pass_until("2026-02-20", "2026-03-31");
    assert_eq!(world.due_days("key"), ["2026-03-02", "2026-03-16", "2026-03-30"]);
    assert!(world.of("key").iter().all(|c| c.assignee == "王芳" && c.origin == Origin::Plan));
    world.customer.plan_every = Some("1mo".parse().unwrap());
    world.pass_until("2026-03-31", "2026-05-10");
    assert_eq!(
        world.due_days("key")[3..],
        ["2026-04-02", "2026-05-02"],
        "a changed plan goes on from its day"
    );
}

#[test]
fn sch_36_so_long_after_the_last_contact() {
    let mut world = World::new(
        "[rule.routine]\ntitle='t'\nsource='SCH-36'\non={every={offset='90d'}}\ndue='0d'\ndeadline='+7d'\n[rule.first]\ntitle='t'\nsource='SCH-36'\non={event=['project.completed']}\ndue='+1d'\ndeadline='+7d'",
    );
    world.event("project.completed", "2026-01-01", "P1", "");
    world.at("2026-01-01");
    world.done("first", "2026-01-05T10:00", Outcome::Satisfied);
    world.pass_until("2026-01-05T10:00", "2026-04-05");
    assert_eq!(world.due_days("routine"), ["2026-04-05"]);
    world.done("routine", "2026-04-06T10:00", Outcome::Satisfied);
    world.pass_until("2026-04-06T10:00", "2026-07-05");
    assert_eq!(world.due_days("routine"), ["2026-04-05", "2026-07-05"]);
    world.event("project.completed", "2026-07-06", "P2", "");
    world.at("2026-07-06");
    let other = world.done("first", "2026-07-07T10:00", Outcome::Satisfied);
    world.at("2026-07-07T10:00");
    assert_eq!(world.of("routine")[1].merged_into, Some(other), "another contact does as well");
}
