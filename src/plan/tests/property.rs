//! Whatever happens, in whatever order we hear of it: no callback is doubled and none is lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::{
    Candidate, Capacity, Identity, Ledger, NumberLedger, PolicyRef, Subject, Today, Verdict, day, derive,
};
use super::{World, cn};
use crate::archive::Event;
use crate::base::{EventId, Timestamp};
use crate::policy::{CallbackState, Outcome};

const RULES: &str = r#"
    windows = { call = ["09:00-12:00", "14:00-18:00"] }
    [rule.each]
    title = 't'
    source = 'ours'
    on = { event = ['visit'] }
    due = '+1d'
    deadline = '+3d'
    cancelled_by = ['cancelled']
    satisfied_by = ['checked']
    [rule.first]
    title = 't'
    source = 'ours'
    on = { event = ['visit'] }
    once_per = 'customer'
    due = '+7d'
    deadline = '+10d'
    [rule.second]
    title = 't'
    source = 'ours'
    on = { after = { rule = 'each', outcome = ['done'] } }
    wait_while_open = ['opened', 'resolved']
    due = '+1d'
    deadline = '+3d'
    merge = 'never'
    [rule.half]
    title = 't'
    source = 'ours'
    on = { event = ['finished'] }
    once_per = 'matter'
    cancelled_by = ['cancelled']
    due = '+1mo'
    deadline = '+2mo'
    repeat = '1mo'
    [rule.strict]
    title = 't'
    source = 'ours'
    on = { event = ['finished'] }
    group = 'g'
    due = '+1d'
    deadline = '+2d'
    [rule.loose]
    title = 't'
    source = 'ours'
    on = { event = ['finished'] }
    group = 'g'
    due = '+2d'
    deadline = '+7d'
    [rule.lost]
    title = 't'
    source = 'ours'
    on = { every = { offset = '1mo', since = 'visit' } }
    due = '0d'
    deadline = '+1d'
    [rule.routine]
    title = 't'
    source = 'ours'
    on = { every = { offset = '20d' } }
    due = '0d'
    deadline = '+5d'
    [rule.monthly]
    title = 't'
    source = 'ours'
    on = { yearly = { period = 'month', from = '5', to = '31' } }
    satisfied_by_any_callback = true
    due = '0d'
    deadline = '0d'
"#;

const KINDS: [&str; 6] = ["visit", "finished", "opened", "resolved", "cancelled", "checked"];
const HOUR: i64 = 3_600_000;

#[derive(Clone, Debug)]
struct Step {
    kind: usize,
    /// Hours since the beginning.
    at: i64,
    /// Hours after which we hear of it.
    heard: i64,
    matter: u8,
    has_time: bool,
    /// How many open callbacks are settled before it, and how.
    settle: u8,
    /// Whether we derive after it, or only later.
    derive: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0usize..6, 0i64..2_000, 0i64..100, 0u8..3, any::<bool>(), 0u8..6, any::<bool>());
    let step = step.prop_map(|(kind, at, heard, matter, has_time, settle, derive)| Step {
        kind,
        at,
        heard,
        matter,
        has_time,
        settle,
        derive,
    });
    prop::collection::vec(step, 1..25)
}

fn happen(world: &mut World, step: &Step, id: i64) -> Timestamp {
    let mut at = Timestamp(cn("2026-03-01").0 + step.at * HOUR);
    if !step.has_time {
        at = world.calendar.start_of(world.calendar.date(at));
    }
    let received_at = Timestamp(at.0 + step.heard * HOUR);
    world.events.push(Event {
        id: EventId(id),
        pack: "p".into(),
        kind: KINDS[step.kind].into(),
        external_id: id.to_string(),
        at,
        has_time: step.has_time,
        customer: world.customer.id,
        matter: if step.matter == 0 { String::new() } else { format!("M{}", step.matter) },
        fields: BTreeMap::new(),
        received_at,
    });
    received_at
}

fn settle(world: &mut World, how: u8, now: Timestamp) {
    let (state, outcome) = match how {
        1 => (CallbackState::Done, Outcome::Satisfied),
        2 => (CallbackState::Done, Outcome::Dissatisfied),
        3 => (CallbackState::Excused, Outcome::Refused),
        4 => (CallbackState::Excused, Outcome::Unreached),
        _ => return,
    };
    if let Some(callback) = world.callbacks.iter_mut().find(|c| c.state == CallbackState::Open) {
        (callback.state, callback.outcome, callback.closed_at) = (state, Some(outcome), Some(now));
    }
}

/// Lets everything happen in the order in which it is heard of; the last moment.
fn live(world: &mut World, steps: &[Step], always: bool) -> Timestamp {
    let mut steps = steps.to_vec();
    steps.sort_by_key(|step| step.at + step.heard);
    let mut now = Timestamp(0);
    for (at, step) in steps.iter().enumerate() {
        now = now.max(happen(world, step, at as i64 + 1));
        if always || step.derive {
            settle(world, step.settle, now);
            world.at_time(now);
        }
    }
    world.at_time(now);
    now
}

fn keys(world: &World) -> Vec<(String, String, u32)> {
    world.callbacks.iter().map(|c| (c.rule.clone(), c.subject.clone(), c.occurrence)).collect()
}

fn check(world: &World) {
    let all = keys(world);
    let distinct: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "doubled: {all:?}");
    for event in &world.events {
        let of = |rule: &str| world.of(rule).into_iter().filter(|c| c.event == Some(event.id)).count();
        match event.kind.as_str() {
            "visit" => assert_eq!(of("each"), 1, "lost or doubled: {event:?}"),
            "finished" => assert_eq!(of("strict") + of("loose"), 1, "one of a group: {event:?}"),
            _ => {}
        }
    }
    let visited = world.events.iter().any(|event| event.kind == "visit");
    assert_eq!(world.of("first").len(), usize::from(visited));
    let identity = Identity::of(&world.callbacks, Timestamp(i64::MAX));
    assert!(identity.holds() && identity.due == all.len() as u64);
    for callback in &world.callbacks {
        let closed = !matches!(callback.state, CallbackState::Open | CallbackState::Waiting);
        assert_eq!(callback.outcome.is_some(), closed);
        assert_eq!(callback.closed_at.is_some(), closed);
        assert!(callback.earliest <= callback.due, "{callback:#?}");
        assert!(!callback.sums.due.0.is_empty() && !callback.sums.deadline.0.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_callback_is_doubled_and_none_is_lost(steps in steps()) {
        let mut world = World::new(RULES);
        let now = live(&mut world, &steps, false);
        check(&world);
        // What open deadlines and periods bring, moment by moment.
        for _ in 0..60 {
            match world.review_at {
                Some(next) if next.0 < now.0 + 90 * 24 * HOUR => world.at_time(next),
                _ => break,
            };
            check(&world);
        }
    }

    #[test]
    fn deriving_again_changes_nothing_and_order_says_nothing(steps in steps()) {
        let mut world = World::new(RULES);
        let now = live(&mut world, &steps, true);
        let policy = PolicyRef { pack: &world.pack, version: "v1" };
        let (mut events, mut callbacks) = (world.events.clone(), world.callbacks.clone());
        events.reverse();
        callbacks.reverse();
        let subject = Subject { customer: &world.customer, events: &events, callbacks: &callbacks };
        prop_assert_eq!(derive(policy, &world.calendar, &subject, now).changes, vec![]);
        // Restarts in between, and hearing of all at once, give the same callbacks of events.
        let mut at_once = World::new(RULES);
        for (at, step) in steps.iter().enumerate() {
            happen(&mut at_once, step, at as i64 + 1);
        }
        at_once.at_time(now);
        let each = |world: &World| world.of("each").len();
        prop_assert_eq!(each(&at_once), each(&world));
    }

    #[test]
    fn a_list_keeps_windows_caps_and_do_not_call(
        steps in steps(),
        hour in 0i64..24,
        quiet in 0u8..23,
        blocked in any::<bool>(),
        placed in prop::collection::vec(0i64..72, 0..5),
        lines in 0u32..4,
    ) {
        let mut world = World::new(RULES);
        let now = Timestamp(live(&mut world, &steps, false).0 + hour * HOUR);
        world.at_time(now);
        world.customer.quiet_hours = format!("{quiet:02}:00-{:02}:30", quiet + 1);
        let date = world.calendar.date(now);
        let mut calls: Vec<Timestamp> = placed.iter().map(|hours| Timestamp(now.0 - hours * HOUR)).collect();
        calls.sort();
        let phone = world.customer.phone().unwrap().clone();
        let numbers = BTreeMap::from([(phone, NumberLedger { calls: calls.clone(), do_not_call: blocked, in_call: false })]);
        let candidates: Vec<Candidate<'_>> = world.callbacks.iter().map(|callback| Candidate {
            callback, customer: &world.customer, event: None, ledger: Ledger::default(),
        }).collect();
        let policies = BTreeMap::from([("p".to_owned(), PolicyRef { pack: &world.pack, version: "v1" })]);
        let plan = day(&Today {
            date, policies: &policies, calendar: &world.calendar, candidates: &candidates,
            numbers: &numbers, capacity: Capacity { lines, ..Capacity::default() }, now,
        });
        prop_assert_eq!(plan.rows.len(), world.callbacks.len());
        prop_assert!(plan.identity.holds());
        let mut starts = Vec::new();
        for row in &plan.rows {
            let Verdict::Call(call) = &row.verdict else { continue };
            let clock = world.calendar.civil(call.start)[11..16].to_owned();
            let clock = clock.as_str();
            prop_assert!(("09:00".."12:00").contains(&clock) || ("14:00".."18:00").contains(&clock), "{}", clock);
            let (from, to) = (format!("{quiet:02}:00"), format!("{:02}:30", quiet + 1));
            prop_assert!(!(from.as_str()..to.as_str()).contains(&clock), "{} in quiet hours", clock);
            prop_assert!(!blocked && call.start >= now && call.start >= row.due);
            prop_assert_eq!(world.calendar.date(call.start), date);
            starts.push(call.start);
        }
        starts.sort();
        let today = calls.iter().filter(|at| world.calendar.date(**at) == date).count();
        prop_assert!(starts.is_empty() || today + starts.len() <= 2, "the daily cap is 2");
        let all: Vec<Timestamp> = calls.iter().filter(|at| **at < now).copied().chain(starts.clone()).collect();
        for start in &starts {
            let near = all.iter().filter(|at| *at != start && (start.0 - at.0).abs() < 5 * 60_000).count();
            prop_assert_eq!(near, 0, "calls within five minutes");
        }
    }
}
