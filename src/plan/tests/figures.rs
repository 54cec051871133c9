//! Rates, forecasts, comparisons, and callbacks that people set.

use std::collections::BTreeMap;

use super::super::{
    Candidate, Capacity, DayPlan, Ledger, PolicyRef, Subject, Today, appointment, compare, day, drawn,
    follow_up, forecast, manual, rates, total,
};
use super::{World, cn, pack};
use crate::base::{CallbackId, CustomerId};
use crate::policy::{CallbackState, Origin, Outcome, Reason};

const HOSPITAL: &str = "windows={call=['10:00-12:00']}\n[rule.inpatient]\ntitle='t'\nsource='SCH-23'\non={event=['patient.discharged']}\nearliest='+7d'\ndue='+7d'\ndeadline='+10d'\ntarget_rate=100.0\n[rule.staff]\ntitle='t'\nsource='SCH-10'\ncounts=false\non={event=['patient.discharged']}\ndue='+7d'\ndeadline='+10d'";

#[test]
fn sch_23_sch_10_who_was_not_reached_is_named_and_counts() {
    let mut world = World::new(HOSPITAL);
    for stay in 0..10 {
        world.event("patient.discharged", "2026-03-02", &format!("S{stay}"), "");
    }
    world.at("2026-03-02T12:00");
    for at in 0..9 {
        let minute = format!("2026-03-09T10:{at:02}");
        world.done("inpatient", &minute, Outcome::Satisfied);
    }
    let lost = world.done("inpatient", "2026-03-12T11:00", Outcome::Unreached);
    let last = world.callbacks.iter_mut().find(|c| c.id == lost).unwrap();
    last.reason = Reason::new("attempts_spent", "3 of 3 attempts made");
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let month = "2026-03-20".parse().unwrap();
    let by_rule = rates(policy, &world.calendar, month, &world.callbacks);
    let rate = &by_rule["inpatient"];
    assert_eq!((rate.due, rate.in_time, rate.excused, rate.percent()), (10, 9, 1, Some(90.0)));
    assert!(by_rule.values().all(|rate| rate.holds()));
    let [missing] = &rate.missing[..] else { panic!("one patient") };
    assert_eq!((missing.callback, missing.reason.code.as_str()), (lost, "attempts_spent"));
    assert_eq!(total(&by_rule).due, 10, "interviews of our own people do not count");
    let february = rates(policy, &world.calendar, "2026-02-01".parse().unwrap(), &world.callbacks);
    assert!(february.is_empty());
}

#[test]
fn sch_09_a_missed_coverage_counts_in_the_month_of_its_deadline() {
    let mut world = World::new(
        "[rule.coverage]\ntitle='t'\nsource='SCH-09'\non={event=['project.completed']}\nsatisfied_by_any_callback=true\ndue='+1mo'\ndeadline='+3mo'",
    );
    world.event("project.completed", "2025-12-30", "P1", "");
    world.at("2025-12-31");
    world.at("2026-03-31");
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let of = |month: &str| rates(policy, &world.calendar, month.parse().unwrap(), &world.callbacks);
    assert_eq!(of("2026-03-01")["coverage"].percent(), Some(0.0), "the deadline is the end of 30 March");
    assert!(of("2026-02-01").is_empty() && of("2026-04-01").is_empty());
}

#[test]
fn sch_20_the_next_callback_is_set_by_the_doctor() {
    let mut world = World::new(HOSPITAL);
    world.event("patient.discharged", "2026-03-02", "S1", "");
    world.at("2026-03-02T12:00");
    world.done("inpatient", "2026-03-09T10:05", Outcome::Satisfied);
    let parent = world.of("inpatient")[0].clone();
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let set = || {
        let day = "2026-03-23".parse().unwrap();
        let now = cn("2026-03-09T10:06");
        follow_up(policy, &world.calendar, &parent, &world.customer, day, "伤口", now).unwrap()
    };
    let next = set();
    assert_eq!(next, set(), "the same day twice is the same callback");
    assert_eq!((next.origin, next.follows, next.note.as_str()), (Origin::FollowUp, Some(parent.id), "伤口"));
    assert_eq!(world.calendar.civil(next.due), "2026-03-23 00:00");
    let mut stored = next.clone();
    stored.id = CallbackId(9);
    world.callbacks.push(stored);
    world.at("2026-03-23");
    assert_eq!(world.of("inpatient").len(), 2, "the rule makes no further one");
}

#[test]
fn sch_13_rem_03_manual_and_promised_callbacks() {
    let world = World::new(HOSPITAL);
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let now = cn("2026-03-03T10:00");
    let day = "2026-03-05".parse().unwrap();
    let added = manual(policy, &world.calendar, "inpatient", &world.customer, day, "asked twice", now);
    let added = added.unwrap();
    assert_eq!((added.origin, added.reason.detail.as_str()), (Origin::Manual, "asked twice"));
    assert_eq!(world.calendar.civil(added.deadline), "2026-03-06 00:00");
    assert_eq!(manual(policy, &world.calendar, "nothing", &world.customer, day, "", now), None);
    let at = cn("2026-03-05T15:30");
    let promised = appointment(policy, &world.calendar, &added, &world.customer, at, "王芳", now).unwrap();
    assert_eq!((promised.earliest, promised.due, promised.assignee.as_str()), (at, at, "王芳"));
    assert_eq!(promised.deadline, cn("2026-03-05T16:00"));
}

#[test]
fn sch_18_a_drawn_unit_becomes_a_callback() {
    let mut world = World::new(
        "[rule.sample]\ntitle='t'\nsource='SCH-18'\ndue='0d'\ndeadline='+1d'\n[rule.sample.on.sample]\nfrom='parcel.signed'\ndays=['Tue']\nsize=20\nrecency='3d'\ncooloff='90d'",
    );
    world.event("parcel.signed", "2026-03-02T10:00", "YD1", "");
    assert!(world.at("2026-03-03").callbacks.is_empty(), "only the draw makes callbacks");
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let day = "2026-03-03".parse().unwrap();
    let (calendar, event) = (&world.calendar, &world.events[0]);
    let callback = drawn(policy, calendar, "sample", &world.customer, event, day, cn("2026-03-03")).unwrap();
    assert_eq!((callback.origin, callback.subject.as_str()), (Origin::Sample, "YD1#1"));
    assert_eq!((callback.due, callback.deadline), (cn("2026-03-03"), cn("2026-03-05")));
}

#[test]
fn a_forecast_sees_what_exists_and_what_time_brings() {
    let mut world = World::new(
        "[rule.year1]\ntitle='t'\nsource='SCH-07'\non={event=['job.settled']}\ndue='+6mo'\ndeadline='+7mo'\n[rule.lost]\ntitle='t'\nsource='SCH-16'\non={every={offset='6mo',since='job.settled'}}\ndue='0d'\ndeadline='0d'",
    );
    world.event("job.settled", "2026-03-03T10:00", "J1", "");
    world.at("2026-03-03T10:00");
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let subject = Subject { customer: &world.customer, events: &world.events, callbacks: &world.callbacks };
    let on = |day: &str| -> Vec<(String, i64)> {
        let found = forecast(policy, &world.calendar, &subject, day.parse().unwrap());
        found.into_iter().map(|callback| (callback.rule, callback.id.0)).collect()
    };
    assert!(on("2026-09-02").is_empty());
    assert_eq!(on("2026-09-03"), [("lost".to_owned(), 0), ("year1".to_owned(), 1)]);
}

fn list(world: &World, callbacks: &[crate::policy::Callback]) -> DayPlan {
    let policies = BTreeMap::from([("p".to_owned(), PolicyRef { pack: &world.pack, version: "v1" })]);
    let numbers = BTreeMap::new();
    let candidates: Vec<Candidate<'_>> = callbacks
        .iter()
        .map(|callback| Candidate {
            callback,
            customer: &world.customer,
            event: None,
            ledger: Ledger::default(),
        })
        .collect();
    day(&Today {
        date: "2026-03-10".parse().unwrap(),
        policies: &policies,
        calendar: &world.calendar,
        candidates: &candidates,
        numbers: &numbers,
        capacity: Capacity::default(),
        now: cn("2026-03-10"),
    })
}

#[test]
fn two_policies_differ_by_what_they_do_to_each_callback() {
    let mut world = World::new(HOSPITAL);
    for stay in ["S1", "S2", "S3"] {
        world.event("patient.discharged", "2026-03-03", stay, "");
    }
    world.at("2026-03-03");
    let owed: Vec<_> = world.of("inpatient").into_iter().cloned().collect();
    let a = list(&world, &owed[..2]);
    assert_eq!(compare(&a, &a).same, 2);
    world.pack = pack(&HOSPITAL.replace("10:00-12:00", "11:00-12:00"));
    let mut moved = owed.clone();
    moved[1].rule = "staff".into();
    let b = list(&world, &moved[1..]);
    let difference = compare(&a, &b);
    assert_eq!((difference.gone.len(), difference.added.len(), difference.same), (1, 1, 0));
    assert_eq!(difference.gone[0].callback, owed[0].id);
    let [change] = &difference.moved[..] else { panic!("{difference:#?}") };
    assert_eq!(change.before.callback, change.after.callback);
    assert!(change.what.contains(&"rule".to_owned()), "{:?}", change.what);
    assert_eq!(world.customer.id, CustomerId(1));
    assert!(owed.iter().all(|callback| callback.state == CallbackState::Open));
}
