//! The wall clock is set while the daemon runs: nobody is called twice, nobody outside a
//! window, and what runs goes on.

use std::time::Duration;

use ringback::base::{CampaignId, Disposition, Timestamp};
use ringback::dialer::{CampaignSettings, CampaignState, Command, EntryState, MachinePolicy};
use ringback::engine::Input;
use ringback::sim::Behaviour;

use crate::world::{Ledger, World, answers, trunk};

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const NUMBERS: [&str; 4] = ["13800000001", "13800000002", "13800000003", "13800000004"];

fn settings() -> CampaignSettings {
    CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: vec!["00:00-24:00".into()],
        ring_seconds: 15,
        max_attempts: 3,
        daily_cap_per_number: 0,
        concurrency: 1,
        machine: MachinePolicy::Ignore,
        ..CampaignSettings::default()
    }
}

/// A campaign at work, with these customers who all behave so.
fn working(behaviour: &Behaviour, numbers: &[&str], settings: CampaignSettings) -> World {
    let mut world = World::new(1, vec![trunk("a", 1)]);
    for number in numbers {
        world.books.numbers.insert((0, (*number).into()), behaviour.clone());
    }
    world.books.ledger.add(numbers);
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(Input::Wake);
    world
}

/// Sets the wall clock; the other goes on.
fn set_clock(world: &mut World, by_ms: i64) {
    world.now.utc = Timestamp(world.now.utc.0 + by_ms);
}

fn until_a_call_is_up(world: &mut World) {
    world.run_until(HOUR, |w| w.engine.calls().any(|c| c.answered_at.is_some()));
}

#[test]
fn a_clock_that_is_set_calls_nobody_twice_and_lets_calls_end_as_they_would() {
    let lengths = |by_ms: i64| {
        let mut world = working(&answers(), &NUMBERS, settings());
        for _ in 0..2 {
            until_a_call_is_up(&mut world);
            set_clock(&mut world, by_ms);
            world.run_until(HOUR, |w| w.engine.calls().all(|c| c.answered_at.is_none()));
        }
        world.run_until(HOUR, |w| w.books.ledger.states.last() == Some(&CampaignState::Done));
        let text = world.books.ladder.text();
        assert_eq!(world.books.ledger.reports.len(), NUMBERS.len(), "{by_ms} ms\n{text}");
        for row in world.books.ledger.rows.values() {
            assert_eq!((row.attempts.len(), row.state), (1, EntryState::Done), "{by_ms} ms\n{text}");
        }
        let lengths: Vec<i64> = world
            .books
            .ledger
            .reports
            .iter()
            .map(|r| {
                assert_eq!(r.record.disposition, Disposition::Completed, "{by_ms} ms\n{text}");
                r.record.ended_at.millis_since(r.record.answered_at.unwrap())
            })
            .collect();
        lengths
    };
    let undisturbed = lengths(0);
    for by_ms in [-HOUR_MS, DAY_MS, -DAY_MS, HOUR_MS] {
        assert_eq!(lengths(by_ms), undisturbed, "{by_ms} ms");
    }
}

#[test]
fn no_call_leaves_once_the_clock_says_that_the_window_is_closed() {
    // It is 09:00; two calls fit before the clock is set.
    for by_ms in [4 * HOUR_MS, -2 * HOUR_MS] {
        let day = CampaignSettings { windows: vec!["08:30-12:00".into()], ..settings() };
        let mut world = working(&answers(), &NUMBERS, day);
        until_a_call_is_up(&mut world);
        set_clock(&mut world, by_ms);
        world.run_until(HOUR, |w| w.books.ledger.reports.len() == 1);
        world.run_for(Duration::from_secs(1_200));
        assert_eq!(world.books.ledger.reports.len(), 1, "{by_ms} ms\n{}", world.books.ladder.text());
        let reason = world.books.ledger.blocked.as_ref().map(|r| r.code.to_string());
        assert_eq!(reason.as_deref(), Some("window_closed"));
        world.run_until(24 * HOUR, |w| w.books.ledger.reports.len() == 2);
        let at = world.books.ledger.reports[1].record.started_at.to_jiff();
        let at = at.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let minutes = i32::from(at.hour()) * 60 + i32::from(at.minute());
        assert!((510..720).contains(&minutes), "{by_ms} ms: called at {at}");
    }
}

#[test]
fn a_retry_waits_by_the_wall_clock_and_is_never_lost_or_doubled() {
    for (by_ms, least_ms, most_ms) in [
        (0, 600_000, 700_000),
        // Set back, the customer is due by what the clock shows.
        (-HOUR_MS, 600_000 + HOUR_MS, 700_000 + HOUR_MS),
        // A day ahead, the time has come; a poll later at most.
        (DAY_MS, 0, 60_000),
    ] {
        let mut world =
            working(&Behaviour::BUSY, &NUMBERS[..1], CampaignSettings { max_attempts: 2, ..settings() });
        world.run_until(HOUR, |w| w.books.ledger.reports.len() == 1);
        let before = world.now.mono;
        set_clock(&mut world, by_ms);
        world.run_until(3 * HOUR, |w| w.books.ledger.reports.len() == 2);
        let waited = i64::try_from(world.now.mono.since(before).as_millis()).unwrap();
        assert!((least_ms..most_ms).contains(&waited), "{by_ms} ms: waited {waited} ms");
        world.run_until(3 * HOUR, |w| w.books.ledger.states.last() == Some(&CampaignState::Done));
        world.run_for(2 * HOUR);
        assert_eq!(world.books.ledger.reports.len(), 2, "{by_ms} ms");
    }
}

#[test]
fn registrations_and_health_checks_keep_their_pace() {
    let registers = |by_ms: i64| {
        let mut settings = trunk("a", 1);
        settings.register = Some(600);
        let auth = ringback::sip::Credentials { user: "1001".into(), password: "x".into(), realm: None };
        settings.credentials = Some(auth);
        let mut world = World::new(1, vec![settings]);
        world.run_for(Duration::from_secs(2));
        set_clock(&mut world, by_ms);
        world.run_for(Duration::from_secs(1_500));
        assert_eq!(world.engine.trunks()[0].health, ringback::dialer::Health::Up);
        world.books.ladder.text().matches("REGISTER for 600 s").count()
    };
    let undisturbed = registers(0);
    assert!(undisturbed >= 3, "{undisturbed}");
    for by_ms in [-HOUR_MS, DAY_MS] {
        assert_eq!(registers(by_ms), undisturbed, "{by_ms} ms");
    }
}
