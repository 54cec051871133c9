//! The whole engine keeps the hours that a policy sets: holidays, windows to the second, the
//! first call of the day, promised calls.

use std::time::Duration;

use ringback::base::{CampaignId, Disposition, EntryId, ListId, Timestamp};
use ringback::dialer::{CampaignSettings, Command, EntryState, MachinePolicy};
use ringback::engine::Input;
use ringback::policy::pack::Calls;
use ringback::sim::{Act, Behaviour, Person};

use crate::world::{Ledger, SCRIPT, World, answers, library, trunk};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn cn(text: &str) -> Timestamp {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
}

fn settings(windows: &[&str]) -> CampaignSettings {
    CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: windows.iter().map(|w| (*w).to_owned()).collect(),
        holidays: Calls::NoCalls,
        concurrency: 0,
        calls_per_second: 0.0,
        ring_seconds: 15,
        max_attempts: 1,
        machine: MachinePolicy::Ignore,
        standing: true,
        ..CampaignSettings::default()
    }
}

/// A campaign at work over customers of whom each is due at a time of their own.
fn working(now: Timestamp, settings: CampaignSettings, customers: &[(&str, Timestamp, Behaviour)]) -> World {
    let moment = now.to_jiff().to_string();
    let mut world = World::at(&moment, 1, vec![trunk("a", 1)]);
    for (number, due, behaviour) in customers {
        world.numbers.insert((0, (*number).into()), behaviour.clone());
        world.ledger.add(&[number]);
        let id = EntryId(world.ledger.rows.len() as i64);
        world.ledger.rows.get_mut(&id).unwrap().due_at = *due;
    }
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(Input::Wake);
    world
}

/// When each number was called, in the order of the calls.
fn called(world: &World) -> Vec<(String, Timestamp)> {
    let mut calls: Vec<_> = world
        .ledger
        .calls
        .iter()
        .flat_map(|(number, times)| times.iter().map(move |at| (number.to_string(), *at)))
        .collect();
    calls.sort_by_key(|(_, at)| *at);
    calls
}

fn second_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0 / 1_000 * 1_000)
}

#[test]
fn win_01_a_hospital_calls_in_its_two_windows_and_on_no_holiday() {
    // Who takes two and a half minutes to answer the question.
    let slow = Person {
        acts: vec![Act::Press { keys: "5".into(), thought_ms: 150_000 }, Act::Ignore],
        patience_ms: 0,
        ..Person::default()
    };
    let customers = [
        // Discharged on 24 September, due a week later, which is a holiday.
        ("13800000001", cn("2026-10-01T00:00:00"), answers()),
        ("13800000002", cn("2026-10-08T11:58:00"), Behaviour::Answers(slow)),
        ("13800000003", cn("2026-10-08T11:59:59"), answers()),
        ("13800000004", cn("2026-10-08T12:00:00"), answers()),
        ("13800000005", cn("2026-10-08T14:59:59"), answers()),
    ];
    let hours = settings(&["10:00-12:00", "15:00-17:00"]);
    let mut world = working(cn("2026-09-30T17:30:00"), hours, &customers);
    let patient = SCRIPT.replace("seconds = 5", "seconds = 30").replace("silences = 1", "silences = 5");
    let tones = [("ask", 500.0), ("again", 600.0), ("thanks", 700.0), ("message", 800.0)];
    world.engine.set_library(library(&patient, tones));
    world.run_until(9 * DAY, |w| w.ledger.reports.len() == customers.len());
    let seconds: Vec<_> = called(&world).into_iter().map(|(n, at)| (n, second_of(at))).collect();
    let at = |n: usize, time| (customers[n].0.to_owned(), cn(time));
    let expected = [
        at(0, "2026-10-08T10:00:00"),
        at(1, "2026-10-08T11:58:00"),
        at(2, "2026-10-08T11:59:59"),
        at(3, "2026-10-08T15:00:00"),
        at(4, "2026-10-08T15:00:00"),
    ];
    assert_eq!(seconds, expected);
    let long = world.ledger.reports.iter().find(|r| r.record.phone == customers[1].0).unwrap();
    assert_eq!(long.record.disposition, Disposition::Completed, "{}", world.ladder.text());
    assert!(long.record.answered_at.unwrap() < cn("2026-10-08T11:59:00"));
    assert!(long.record.ended_at > cn("2026-10-08T12:00:05"), "it ran past the window untouched");
}

#[test]
fn sch_01_the_first_invite_leaves_at_nine_to_those_three_only() {
    let due = cn("2026-03-03T00:00:00");
    let customers = ["13800000001", "13800000002", "13800000003"].map(|n| (n, due, answers()));
    let hours = settings(&["09:00-12:00", "14:00-18:00"]);
    let mut world = working(cn("2026-03-03T08:50:00"), hours, &customers);
    let nine = cn("2026-03-03T09:00:00");
    // An attempt is reserved before its INVITE leaves.
    world.run_until(DAY, |w| {
        assert!(w.now.utc >= nine || called(w).is_empty(), "{:?}", called(w));
        w.ledger.reports.len() == 3
    });
    let calls = called(&world);
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|(_, at)| second_of(*at) == nine), "{calls:?}");
}

#[test]
fn rem_03_a_promised_call_rings_at_1530() {
    let promised = cn("2026-03-05T15:30:00");
    let customers = [("13800000001", promised, answers())];
    let mut world = working(cn("2026-03-05T14:00:00"), settings(&["09:00-18:00"]), &customers);
    let row = world.ledger.rows.get_mut(&EntryId(1)).unwrap();
    row.details.terms.exact_at = Some(promised);
    row.details.terms.quiet_hours = "15:00-16:00".into();
    world.run_until(DAY, |w| w.ledger.reports.len() == 1);
    let late = called(&world)[0].1.millis_since(promised);
    assert!((0..=60_000).contains(&late), "{late} ms");
    assert_eq!(world.ledger.rows[&EntryId(1)].state, EntryState::Done);
}

#[test]
fn sch_03_a_slip_of_1402_rings_within_seconds() {
    let mut world = working(cn("2026-03-03T13:59:00"), settings(&["09:00-12:00", "14:00-18:00"]), &[]);
    world.run_until(DAY, |w| w.now.utc >= cn("2026-03-03T14:02:00"));
    world.numbers.insert((0, "13800000001".into()), answers());
    world.ledger.add(&["13800000001"]);
    world.engine.handle_list_changed(world.now, ListId(1));
    world.feed(Input::Wake);
    world.run_until(DAY, |w| w.ledger.reports.len() == 1);
    let at = called(&world)[0].1;
    assert!(at < cn("2026-03-03T14:02:05"), "{at}");
}
