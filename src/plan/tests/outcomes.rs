//! What hangs on outcomes and on other events: second callbacks, milestones, verification by a
//! visit, cancelled contracts, reminders.

use super::super::{PolicyRef, Subject, milestones};
use super::{World, cn};
use crate::archive::Standing;
use crate::policy::pack::Method;
use crate::policy::{CallbackState, Origin, Outcome};

const TWO_CALLS: &str = r#"
    [rule.install1]
    title = 't'
    source = 'SCH-06'
    on = { event = ['install.finished'] }
    once_per = 'matter'
    due = '+1d'
    deadline = '+2d'
    cancelled_by = ['contract.cancelled']
    caller = { role = '调度专员', on_behalf_of = '安装部' }
    [rule.install2]
    title = 't'
    source = 'SCH-06'
    on = { after = { rule = 'install1', outcome = ['done'] } }
    due = '+1d'
    deadline = '+3d'
    cancelled_by = ['contract.cancelled']
    wait_while_open = ['outstanding.opened', 'outstanding.resolved']
    caller = { role = '客服专员', on_behalf_of = '客服部', not_the_caller_of = 'install1' }
"#;

#[test]
fn sch_06_the_second_callback_follows_the_first() {
    let mut world = World::new(TWO_CALLS);
    world.event("install.finished", "2026-03-02", "O1", "");
    world.at("2026-03-02T18:00");
    assert!(world.of("install2").is_empty());
    let first = world.done("install1", "2026-03-03T10:00", Outcome::Dissatisfied);
    world.at("2026-03-03T10:00");
    assert_eq!(world.dates("install2"), ["2026-03-04 00:00 .. 2026-03-07 00:00 open"]);
    let second = world.one("install2");
    assert_eq!((second.follows, second.origin), (Some(first), Origin::Outcome));
}

#[test]
fn sch_06_the_second_callback_waits_for_what_is_outstanding() {
    let mut world = World::new(TWO_CALLS);
    world.event("install.finished", "2026-03-02", "O1", "");
    world.event("outstanding.opened", "2026-03-02T17:00", "O1", "");
    world.event("outstanding.opened", "2026-03-02T17:00", "O2", "");
    world.at("2026-03-02T18:00");
    world.done("install1", "2026-03-03T10:00", Outcome::Satisfied);
    world.at("2026-03-20");
    let waiting = world.one("install2");
    assert_eq!((waiting.state, waiting.breached_at), (CallbackState::Waiting, None));
    assert_eq!(waiting.reason.detail, "outstanding.resolved, since outstanding.opened on 2026-03-02");
    world.event("outstanding.resolved", "2026-03-21T15:00", "O1", "");
    world.at("2026-03-21T15:00");
    assert_eq!(world.dates("install2"), ["2026-03-22 00:00 .. 2026-03-25 00:00 open"]);
}

#[test]
fn arc_03_a_cancelled_contract_excuses_what_is_open_of_its_matter() {
    let mut world = World::new(TWO_CALLS);
    world.event("install.finished", "2026-03-02", "O1", "");
    world.event("install.finished", "2026-03-02", "O2", "");
    world.at("2026-03-02T18:00");
    world.event("contract.cancelled", "2026-03-05", "O1", "");
    world.at("2026-03-05T09:00");
    let [first, other] = world.of("install1")[..] else { panic!("two callbacks") };
    assert_eq!((first.state, first.outcome), (CallbackState::Excused, Some(Outcome::Withdrawn)));
    assert_eq!(first.reason.detail, "contract.cancelled on 2026-03-05");
    assert_eq!(other.state, CallbackState::Open);
}

const MILESTONES: &str = r#"
    [rule.start]
    title = 't'
    source = 'SCH-12'
    milestone = true
    on = { event = ['work.started'] }
    due = '+1d'
    deadline = '+3d'
    [rule.concealed]
    title = 't'
    source = 'SCH-12'
    milestone = true
    on = { event = ['work.concealed'] }
    due = '+1d'
    deadline = '+3d'
    [rule.mid]
    title = 't'
    source = 'SCH-12'
    milestone = true
    on = { event = ['work.midterm'] }
    due = '+1d'
    deadline = '+3d'
    [rule.payment]
    title = 't'
    source = 'REM-12'
    purpose = 'reminder'
    method = 'task'
    on = { after = { rule = 'mid', outcome = ['satisfied'] } }
    due = '+1d'
    deadline = '+3d'
    [rule.verify]
    title = 't'
    source = 'SCH-12'
    purpose = 'verification'
    on = { event = ['complaint.visited'] }
    due = '+1d'
    deadline = '+2d'
"#;

fn clear(world: &World, now: &str) -> Vec<(String, bool)> {
    let policy = PolicyRef { pack: &world.pack, version: "v1" };
    let subject = Subject { customer: &world.customer, events: &world.events, callbacks: &world.callbacks };
    let found = milestones(policy, &world.calendar, &subject, "P1", cn(now));
    found.into_iter().map(|milestone| (milestone.rule, milestone.clear)).collect()
}

#[test]
fn sch_12_a_dissatisfied_milestone_is_fed_back_before_the_next_is_clear() {
    let mut world = World::new(MILESTONES);
    world.event("work.started", "2026-03-02", "P1", "");
    world.at("2026-03-02");
    world.done("start", "2026-03-03T10:00", Outcome::Satisfied);
    world.event("work.concealed", "2026-03-20", "P1", "");
    world.at("2026-03-20");
    world.done("concealed", "2026-03-21T10:00", Outcome::Dissatisfied);
    world.event("work.midterm", "2026-04-10", "P1", "");
    world.at("2026-04-10");
    let detail = &world.one("mid").reason.detail;
    assert_eq!(
        detail,
        "work.midterm on 2026-04-10; ask again: concealed was dissatisfied and is not fed back"
    );
    world.done("mid", "2026-04-11T10:00", Outcome::Satisfied);
    let is = |list: &[(&str, bool)]| list.iter().map(|(r, c)| ((*r).to_owned(), *c)).collect::<Vec<_>>();
    let expect = is(&[("start", true), ("concealed", false), ("mid", false)]);
    assert_eq!(clear(&world, "2026-04-11T11:00"), expect);
    world.event("complaint.visited", "2026-04-12", "P1", "");
    world.at("2026-04-12");
    world.done("verify", "2026-04-13T10:00", Outcome::Satisfied);
    let expect = is(&[("start", true), ("concealed", true), ("mid", true)]);
    assert_eq!(clear(&world, "2026-04-13T11:00"), expect);
}

#[test]
fn rem_12_a_payment_reminder_follows_a_satisfied_milestone_only() {
    let mut world = World::new(MILESTONES);
    world.event("work.midterm", "2026-04-10", "P1", "");
    world.at("2026-04-10");
    world.done("mid", "2026-04-11T10:00", Outcome::Dissatisfied);
    world.at("2026-04-11T10:00");
    assert!(world.of("payment").is_empty(), "held while dissatisfied");
    world.event("complaint.visited", "2026-04-12", "P1", "");
    world.at("2026-04-12");
    world.done("verify", "2026-04-13T10:00", Outcome::Satisfied);
    world.at("2026-04-13T10:00");
    assert_eq!(world.due_days("payment"), ["2026-04-14"]);
    let mut world = World::new(MILESTONES);
    world.event("work.midterm", "2026-04-10", "P1", "");
    world.at("2026-04-10");
    world.done("mid", "2026-04-11T10:00", Outcome::Satisfied);
    world.at("2026-04-11T10:00");
    assert_eq!(world.due_days("payment"), ["2026-04-12"]);
}

#[test]
fn sch_27_a_visit_verifies_without_a_call() {
    let mut world = World::new(
        "[rule.verify]\ntitle='t'\nsource='SCH-27'\npurpose='verification'\non={event=['service_form.returned']}\nsatisfied_by=['visit.made']\ndue='+1d'\ndeadline='+3d'",
    );
    world.event("service_form.returned", "2026-03-02T15:00", "T1", "");
    world.at("2026-03-02T15:00");
    assert_eq!(world.dates("verify"), ["2026-03-03 00:00 .. 2026-03-06 00:00 open"]);
    world.event("visit.made", "2026-03-04T11:00", "T2", "");
    world.at("2026-03-04T11:00");
    assert_eq!(world.one("verify").state, CallbackState::Open, "a visit about another ticket");
    world.event("visit.made", "2026-03-04T12:00", "T1", "outcome=satisfied");
    world.at("2026-03-07");
    let callback = world.one("verify");
    assert_eq!((callback.state, callback.method), (CallbackState::Done, Method::Onsite));
    assert_eq!((callback.outcome, callback.breached_at), (Some(Outcome::Satisfied), None));
}

#[test]
fn a_loop_asks_again_until_the_customer_is_satisfied() {
    let mut world = World::new(
        "[rule.paid]\ntitle='t'\nsource='SCH-24'\non={event=['repair.paid']}\ndue='+3d'\ndeadline='+10d'\n[rule.again]\ntitle='t'\nsource='SCH-24'\non={after={rule='again',outcome=['dissatisfied']}}\ndue='+1d'\ndeadline='+2d'\n[rule.handled]\ntitle='t'\nsource='SCH-24'\non={after={rule='paid',outcome=['dissatisfied']}}\ndue='+1d'\ndeadline='+2d'",
    );
    world.event("repair.paid", "2026-03-02", "R1", "");
    world.at("2026-03-02");
    world.done("paid", "2026-03-05T10:00", Outcome::Dissatisfied);
    world.at("2026-03-05T10:00");
    assert_eq!(world.due_days("handled"), ["2026-03-06"]);
    // The first of a loop is a person's; the rule itself goes on from there.
    world.callbacks.last_mut().unwrap().rule = "again".into();
    for day in ["2026-03-06T10:00", "2026-03-07T10:00"] {
        world.done("again", day, Outcome::Dissatisfied);
        world.at(day);
    }
    world.done("again", "2026-03-08T10:00", Outcome::Satisfied);
    world.at("2026-03-20");
    assert_eq!(world.due_days("again"), ["2026-03-06", "2026-03-07", "2026-03-08"]);
}

#[test]
fn rem_01_rem_07_a_reminder_a_day_before_an_appointment() {
    for (lead, due) in [("-1d", "2026-03-09"), ("-2d", "2026-03-08")] {
        let mut world = World::new(&format!(
            "[rule.remind]\ntitle='t'\nsource='REM-01'\npurpose='reminder'\non={{event=['appointment.made']}}\ncancelled_by=['appointment.made']\ndue='{lead}'\ndeadline='0d'"
        ));
        world.heard("appointment.made", "2026-03-10T14:00", "2026-03-03T10:00", "A1", "");
        world.at("2026-03-03T10:00");
        assert_eq!(world.due_days("remind"), [due]);
        world.heard("appointment.made", "2026-03-08T14:00", "2026-03-04T10:00", "A1", "");
        world.at("2026-03-04T10:00");
        let [old, new] = world.of("remind")[..] else { panic!("two reminders") };
        assert_eq!(old.state, CallbackState::Excused, "moved to another time");
        assert_eq!(new.state, CallbackState::Open);
    }
}

#[test]
fn rem_06_fund_papers_are_reminded_of_until_they_are_there() {
    let rule = |id: &str, due: &str| {
        format!(
            "[rule.{id}]\ntitle='t'\nsource='REM-06'\npurpose='reminder'\non={{event=['contract.signed']}}\nwhen=[{{field='payment',is=['公积金']}}]\nsatisfied_by=['fund.delivered']\ndue='{due}'\ndeadline='+7d'\n"
        )
    };
    let mut world = World::new(&(rule("fund1", "+3d") + &rule("fund2", "+6d")));
    world.event("contract.signed", "2026-03-02", "U1", "payment=公积金");
    world.at("2026-03-02");
    assert_eq!(world.dates("fund1"), ["2026-03-05 00:00 .. 2026-03-10 00:00 open"]);
    assert_eq!(world.due_days("fund2"), ["2026-03-08"]);
    world.done("fund1", "2026-03-05T10:00", Outcome::Reached);
    world.event("fund.delivered", "2026-03-06T10:00", "U1", "");
    world.at("2026-03-06T10:00");
    assert_eq!(world.one("fund2").state, CallbackState::Done);
}

#[test]
fn rem_03_an_appointment_is_at_its_exact_time() {
    let mut world = World::new(
        "[rule.appointment]\ntitle='t'\nsource='REM-03'\npurpose='appointment'\non={event=['appointment.made']}\ndue='0min'\ndeadline='30min'",
    );
    world.heard("appointment.made", "2026-03-05T15:30", "2026-03-03T10:00", "", "");
    world.at("2026-03-03T10:00");
    assert_eq!(world.dates("appointment"), ["2026-03-05 15:30 .. 2026-03-05 16:00 open"]);
    assert_eq!(world.one("appointment").earliest, cn("2026-03-05T15:30"));
}

#[test]
fn customers_who_are_gone_or_opted_out_are_excused() {
    for (standing, outcome) in [
        (Standing::OptedOut, Outcome::Forbidden),
        (Standing::Gone, Outcome::Withdrawn),
        (Standing::Deceased, Outcome::Withdrawn),
        (Standing::Erased, Outcome::Withdrawn),
    ] {
        let mut world = World::new(MILESTONES);
        world.event("work.started", "2026-03-02", "P1", "");
        world.event("complaint.visited", "2026-03-02", "P1", "");
        world.at("2026-03-02");
        world.customer.standing = standing;
        world.event("work.midterm", "2026-03-03", "P1", "");
        world.at("2026-03-03");
        for rule in ["start", "mid"] {
            let callback = world.one(rule);
            assert_eq!((callback.state, callback.outcome), (CallbackState::Excused, Some(outcome)), "{rule}");
            assert_eq!(callback.reason.code, "standing");
        }
        let verification = world.one("verify").state;
        assert_eq!(verification == CallbackState::Open, standing == Standing::OptedOut, "complaints go on");
    }
}
