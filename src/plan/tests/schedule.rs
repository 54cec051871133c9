//! SCH: when which event calls for which callback.

use super::{World, cn, pack};
use crate::archive::Standing;
use crate::policy::pack::{Conflict, Method};
use crate::policy::{CallbackState, Origin, Outcome};

const INSTALL: &str = r#"
    [rule.install]
    title = 't'
    source = 'SCH-02'
    on = { event = ['install.finished'] }
    once_per = 'matter'
    due = '+1d'
    at = '09:00'
    deadline = '+2d'
    deadline_anchor = 'first'
"#;

#[test]
fn sch_02_the_deadline_is_counted_from_the_first_installation() {
    let mut world = World::new(INSTALL);
    world.event("install.finished", "2026-03-02", "O1", "");
    world.at("2026-03-02T18:00");
    assert_eq!(world.dates("install"), ["2026-03-03 09:00 .. 2026-03-05 00:00 open"]);
    assert_eq!(world.review_at, Some(cn("2026-03-05")));
    world.at("2026-03-04T23:59");
    assert_eq!(world.one("install").breached_at, None);
    world.at("2026-03-05");
    assert_eq!(world.dates("install"), ["2026-03-03 09:00 .. 2026-03-05 00:00 open late"]);
    world.event("install.finished", "2026-03-10", "O1", "");
    world.at("2026-03-10T18:00");
    assert_eq!(world.dates("install"), ["2026-03-03 09:00 .. 2026-03-05 00:00 open late"]);
    world.done("install", "2026-03-11T10:00", Outcome::Satisfied);
    world.at("2026-03-11T10:00");
    assert!(world.one("install").breached_at.is_some(), "a breach stays when the call succeeds later");
}

#[test]
fn sch_02_a_later_visit_with_its_own_callback_is_not_late_from_the_start() {
    let rules = INSTALL.replace("once_per = 'matter'", "");
    let mut world = World::new(&rules);
    world.event("install.finished", "2026-03-02T10:00", "O1", "");
    world.event("install.finished", "2026-03-03T10:00", "O1", "");
    world.event("install.finished", "2026-03-10T10:00", "O1", "");
    world.at("2026-03-10T18:00");
    let expect = [
        "2026-03-03 09:00 .. 2026-03-05 00:00 open late",
        "2026-03-04 09:00 .. 2026-03-05 00:00 open late",
        "2026-03-11 09:00 .. 2026-03-13 00:00 open",
    ];
    assert_eq!(world.dates("install"), expect);
}

#[test]
fn sch_03_a_slip_is_called_about_at_once() {
    let mut world = World::new(
        "[rule.cleaning]\ntitle='t'\nsource='SCH-03'\non={event=['slip.received']}\nwhen=[{field='kind',is=['保洁']}]\ndue='0min'\ndeadline='+1d'\npriority=8",
    );
    world.event("slip.received", "2026-03-03T14:02", "O1", "kind=保洁");
    world.event("slip.received", "2026-03-03T14:02", "O2", "kind=售后");
    world.at("2026-03-03T14:02");
    assert_eq!(world.dates("cleaning"), ["2026-03-03 14:02 .. 2026-03-05 00:00 open"]);
}

#[test]
fn sch_04_forty_eight_hours_are_clock_hours() {
    let mut world = World::new(
        "[rule.contract]\ntitle='t'\nsource='SCH-04'\non={event=['contract.signed']}\ndue='+1d'\ndeadline='48h'",
    );
    world.event("contract.signed", "2026-03-06T17:30", "O1", "");
    world.at("2026-03-06T17:30");
    assert_eq!(world.dates("contract"), ["2026-03-07 00:00 .. 2026-03-08 17:30 open"]);
    assert_eq!(world.one("contract").sums.deadline.to_string(), "2026-03-06 17:30 + 48 h = 2026-03-08 17:30");
}

#[test]
fn sch_05_an_outstanding_item_is_verified_the_day_after() {
    let mut world = World::new(
        "[rule.solved]\ntitle='t'\nsource='SCH-05'\npurpose='verification'\non={event=['outstanding.resolved']}\ndue='+1d'\ndeadline='+2d'",
    );
    let event = world.event("outstanding.resolved", "2026-03-12T16:00", "O1", "");
    world.at("2026-03-12T16:00");
    assert_eq!(world.dates("solved"), ["2026-03-13 00:00 .. 2026-03-15 00:00 open"]);
    assert_eq!(world.one("solved").event, Some(event));
}

#[test]
fn sch_07_a_year_later_is_clamped_in_february() {
    for (installed, due) in [("2025-03-03", "2026-03-03"), ("2024-02-29", "2025-02-28")] {
        let mut world = World::new(
            "[rule.year1]\ntitle='t'\nsource='SCH-07'\non={event=['install.finished']}\ndue='+1y'\ndeadline='7d'\ndeadline_from_due=true",
        );
        world.event("install.finished", installed, "O1", "");
        world.at(installed);
        assert_eq!(world.due_days("year1"), [due]);
    }
}

#[test]
fn sch_10_a_project_manager_is_asked_too() {
    let mut world = World::new(
        "[rule.customer]\ntitle='t'\nsource='SCH-10'\non={event=['project.completed']}\ndue='+7d'\ndeadline='+3mo'\n[rule.pm]\ntitle='t'\nsource='SCH-10'\npurpose='internal'\non={event=['project.completed']}\ntarget={field='pm_phone'}\ncounts=false\ndue='+7d'\ndeadline='+3mo'",
    );
    world.event("project.completed", "2026-03-02", "P1", "pm_phone=13800000001");
    world.customer.standing = Standing::OptedOut;
    world.at("2026-03-02");
    assert_eq!(world.one("customer").state, CallbackState::Excused, "the customer opted out");
    assert_eq!(world.one("pm").state, CallbackState::Open, "the project manager did not");
}

#[test]
fn sch_11_stages_acceptance_and_moving_in() {
    let mut world = World::new(
        "[rule.stage]\ntitle='t'\nsource='SCH-11'\non={event=['project.stage_finished']}\ndue='+1d'\ndeadline='+2d'\n[rule.accept]\ntitle='t'\nsource='SCH-11'\non={event=['project.accepted']}\ndue='+1d'\ndeadline='+7d'\n[rule.movein]\ntitle='t'\nsource='SCH-11'\non={event=['project.moved_in']}\ndue='+14d'\ndeadline='+1mo'",
    );
    world.event("project.stage_finished", "2026-03-02", "P1", "stage=水电");
    world.event("project.accepted", "2026-04-20", "P1", "");
    world.event("project.moved_in", "2026-05-31", "P1", "");
    world.at("2026-05-31");
    assert_eq!(world.due_days("stage"), ["2026-03-03"]);
    assert!(world.dates("accept")[0].contains(".. 2026-04-28 00:00"), "end of 27 April");
    assert!(world.dates("movein")[0].contains(".. 2026-07-01 00:00"), "end of 30 June");
}

#[test]
fn sch_14_a_changed_rule_is_for_callbacks_that_do_not_exist_yet() {
    let rule = "[rule.first]\ntitle='t'\nsource='SCH-14'\non={event=['project.completed']}\ndue='+7d'\ndeadline='+14d'";
    let mut world = World::new(rule);
    world.event("project.completed", "2026-03-02", "P1", "");
    world.at("2026-03-02");
    world.pack = pack(&rule.replace("+7d", "+10d"));
    world.version = "v2".into();
    world.event("project.completed", "2026-03-04", "P2", "");
    world.at("2026-03-04");
    assert_eq!(world.due_days("first"), ["2026-03-09", "2026-03-14"]);
    let versions: Vec<&str> = world.of("first").iter().map(|c| c.version.as_str()).collect();
    assert_eq!(versions, ["v1", "v2"]);
    world.pack = pack(&rule.replace("due='+7d'", "once_per='matter'\ndue='+7d'"));
    world.at("2026-03-04");
    assert_eq!(world.of("first").len(), 2, "another name for the same callback makes no second one");
}

#[test]
fn sch_15_yesterdays_jobs_are_on_todays_list() {
    let mut world = World::new(
        "[rule.satisfaction]\ntitle='t'\nsource='SCH-15'\non={event=['job.settled']}\ndue='+1d'\ndeadline='+1d'",
    );
    world.event("job.settled", "2026-03-02T18:40", "J1", "");
    world.event("job.settled", "2026-03-03T00:10", "J2", "");
    world.at("2026-03-03T08:00");
    assert_eq!(world.due_days("satisfaction"), ["2026-03-03", "2026-03-04"]);
}

#[test]
fn sch_17_reminders_come_ahead_of_a_date_of_the_customer() {
    let mut world = World::new(
        "[rule.insurance]\ntitle='t'\nsource='SCH-17'\npurpose='reminder'\non={event=['vehicle.listed']}\nanchor={field='insurance_expiry'}\ndue='-30d'\ndeadline='0d'\n[rule.maintenance]\ntitle='t'\nsource='SCH-17'\npurpose='reminder'\non={event=['maintenance.due_date']}\ndue='-7d'\ndeadline='0d'",
    );
    world.customer.fields.insert("insurance_expiry".into(), "2026/4/2".into());
    world.event("vehicle.listed", "2026-01-05", "V1", "");
    world.heard("maintenance.due_date", "2026-03-10", "2026-01-05", "V1", "");
    world.at("2026-01-05");
    assert_eq!(world.dates("insurance"), ["2026-03-03 00:00 .. 2026-04-03 00:00 open"]);
    assert_eq!(world.dates("maintenance"), ["2026-03-03 00:00 .. 2026-03-11 00:00 open"]);
    world.customer.fields.insert("insurance_expiry".into(), "soon".into());
    world.event("vehicle.listed", "2026-01-06", "V2", "");
    world.at("2026-01-06");
    assert_eq!(world.of("insurance").len(), 1);
    let fault = "rule `insurance`: event 3 (vehicle.listed) has `soon` in `insurance_expiry`: write a date such as 2026-03-10";
    assert_eq!(world.faults, [fault]);
}

#[test]
fn sch_20_sch_22_not_before_a_week_and_rolled_over_holidays() {
    let mut world = World::new(
        "calendar={holidays='no_calls',weekends='no_calls',roll='forward'}\n[rule.inpatient]\ntitle='t'\nsource='SCH-20'\non={event=['patient.discharged']}\nearliest='+7d'\ndue='+7d'\ndeadline='+10d'\n[rule.basic]\ntitle='t'\nsource='SCH-22'\non={event=['patient.first_visit']}\nonce_per='customer'\nearliest='+10d'\ndue='+10d'\ndeadline='+13d'",
    );
    world.event("patient.discharged", "2026-03-02", "S1", "");
    world.event("patient.first_visit", "2026-03-03", "S2", "");
    world.event("patient.discharged", "2026-09-24", "S3", "");
    world.at("2026-09-24");
    assert_eq!(world.due_days("inpatient"), ["2026-03-09", "2026-10-08"]);
    let rolled = world.of("inpatient")[1];
    assert_eq!(
        rolled.sums.due.to_string(),
        "2026-09-24 + 7 days = 2026-10-01; 2026-10-01 is a holiday (国庆节), rolled forward to 2026-10-08"
    );
    assert_eq!(world.calendar.civil(rolled.deadline), "2026-10-05 00:00", "deadlines never move");
    assert_eq!(world.calendar.civil(world.of("inpatient")[0].earliest), "2026-03-09 00:00");
    assert_eq!(world.due_days("basic"), ["2026-03-13"]);
}

#[test]
fn sch_21_only_the_first_visit_of_a_patient_counts() {
    let mut world = World::new(
        "[rule.specialty]\ntitle='t'\nsource='SCH-21'\non={event=['patient.visited']}\nonce_per='customer'\nearliest='+7d'\ndue='+7d'\ndeadline='+10d'",
    );
    world.event("patient.visited", "2026-03-03", "S1", "");
    world.at("2026-03-03");
    world.event("patient.visited", "2026-03-05", "S2", "");
    world.at("2026-03-05");
    assert_eq!(world.due_days("specialty"), ["2026-03-10"]);
}

#[test]
fn sch_24_three_triggers_within_ten_days() {
    let mut world = World::new(
        "[rule.ten]\ntitle='t'\nsource='SCH-24'\non={event=['repair.paid','repair.warranty','customer.registered']}\ndue='+3d'\ndeadline='+10d'",
    );
    world.event("repair.paid", "2026-03-02", "R1", "");
    world.event("repair.warranty", "2026-03-03", "R2", "");
    world.event("customer.registered", "2026-03-04", "", "");
    for (now, late) in [("2026-03-12T23:59", 0), ("2026-03-13", 1), ("2026-03-14", 2), ("2026-03-15", 3)] {
        world.at(now);
        assert_eq!(world.callbacks.iter().filter(|c| c.breached_at.is_some()).count(), late, "{now}");
    }
}

#[test]
fn sch_25_sch_26_the_strictest_deadline_of_a_group_holds() {
    let rules = "[rule.after_repair]\ntitle='t'\nsource='SCH-25'\non={event=['repair.done']}\ngroup='repair'\ndue='+1d'\ndeadline='+3d'\n[rule.tracking]\ntitle='t'\nsource='SCH-26'\non={event=['repair.done','sign.accepted']}\ngroup='repair'\ndue='+3d'\ndeadline='+7d'";
    let mut world = World::new(rules);
    world.event("repair.done", "2026-03-02", "R1", "");
    world.event("sign.accepted", "2026-03-02", "B1", "");
    world.at("2026-03-02");
    assert_eq!(world.dates("after_repair"), ["2026-03-03 00:00 .. 2026-03-06 00:00 open"]);
    assert_eq!(world.dates("tracking"), ["2026-03-05 00:00 .. 2026-03-10 00:00 open"], "the acceptance");
    world.pack.conflict = Conflict::Rule("tracking".into());
    world.at("2026-03-02");
    assert_eq!(world.callbacks.len(), 2, "what exists stays");
    let mut world = World::new(rules);
    world.pack.conflict = Conflict::Rule("tracking".into());
    world.event("repair.done", "2026-03-02", "R1", "");
    world.at("2026-03-02");
    assert!(world.of("after_repair").is_empty());
    assert_eq!(world.dates("tracking"), ["2026-03-05 00:00 .. 2026-03-10 00:00 open"]);
}

#[test]
fn sch_28_a_month_after_a_major_problem() {
    let mut world = World::new(
        "[rule.major]\ntitle='t'\nsource='SCH-28'\non={event=['service.done']}\nwhen=[{field='severity',is=['major']}]\ndue='+14d'\ndeadline='+1mo'",
    );
    world.event("service.done", "2026-01-31T09:00", "T1", "severity=major");
    world.event("service.done", "2026-01-31T09:00", "T2", "severity=ordinary");
    world.at("2026-02-28T23:59");
    assert_eq!(world.dates("major"), ["2026-02-14 00:00 .. 2026-03-01 00:00 open"]);
    world.at("2026-03-01");
    assert!(world.one("major").breached_at.is_some());
}

#[test]
fn sch_32_other_channels_have_the_same_deadline() {
    let mut world = World::new(
        "[rule.visit]\ntitle='t'\nsource='SCH-32'\nmethod='onsite'\non={event=['rectification.done']}\ndue='+1y'\ndeadline='+1y'\n",
    );
    world.event("rectification.done", "2026-03-02", "M1", "");
    world.at("2026-03-02");
    assert_eq!(world.one("visit").method, Method::Onsite);
    assert_eq!(world.dates("visit"), ["2027-03-02 00:00 .. 2027-03-03 00:00 open"]);
}

#[test]
fn sch_13_who_complained_is_in_the_pool() {
    let mut world = World::new(
        "[rule.complained]\ntitle='t'\nsource='SCH-13'\non={event=['complaint.closed']}\ndue='+1d'\ndeadline='+2d'",
    );
    world.event("complaint.closed", "2026-03-02T11:00", "", "");
    world.at("2026-03-02T11:00");
    let callback = world.one("complained");
    assert_eq!(
        (callback.origin, callback.reason.detail.as_str()),
        (Origin::Event, "complaint.closed on 2026-03-02")
    );
}

#[test]
fn an_archive_of_past_years_owes_no_callbacks() {
    let mut world = World::new(INSTALL);
    world.heard("install.finished", "2023-05-01", "2026-03-02", "O1", "");
    world.heard("install.finished", "2026-02-20", "2026-03-02", "O2", "");
    world.at("2026-03-02");
    assert_eq!(world.history, 1);
    assert_eq!(world.dates("install"), ["2026-02-21 09:00 .. 2026-02-23 00:00 open late"]);
}
