//! Whole calls in simulated time: every flow ends right, with the right disposition, and
//! leaves nothing behind.

use std::time::Duration;

use ringback::base::{Blame, CampaignId, Disposition};
use ringback::call::EndedBy;
use ringback::dialer::{CampaignSettings, CampaignState, Command, EntryState, MachinePolicy};
use ringback::sim::{Act, Behaviour, Keying, Person};

use crate::world::{Ledger, TrunkMood, World, trunk};

const NUMBER: &str = "13800000001";
const HOUR: Duration = Duration::from_secs(3_600);

fn settings() -> CampaignSettings {
    CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        windows: vec!["00:00-24:00".into()],
        ring_seconds: 15,
        max_attempts: 1,
        // What the network refuses is tried again more often than a day's cap allows.
        daily_cap_per_number: 0,
        machine: MachinePolicy::Ignore,
        ..CampaignSettings::default()
    }
}

/// One customer with this behaviour, called to the end of the campaign.
fn call(behaviour: Behaviour, settings: CampaignSettings) -> World {
    let mut world = World::new(1, vec![trunk("a", 1)]);
    world.books.numbers.insert((0, NUMBER.into()), behaviour);
    world.books.ledger.add(&[NUMBER]);
    run(&mut world, settings);
    world
}

fn run(world: &mut World, settings: CampaignSettings) {
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(ringback::engine::Input::Wake);
    world.run_until(HOUR, |w| w.books.ledger.states.last() == Some(&CampaignState::Done));
    // Transactions that only absorb retransmissions live up to 32 s longer, and a health
    // check may be under way at any moment.
    world.run_for(Duration::from_secs(40));
    world.run_until(Duration::from_secs(60), |w| w.leftovers().2.clients == 0);
    assert_clean(world);
}

fn assert_clean(world: &World) {
    let (calls, sessions, held) = world.leftovers();
    assert_eq!((calls, sessions, world.books.ledger.open()), (0, 0, 0), "{}", world.books.ladder.text());
    assert_eq!((held.sessions, held.clients, held.servers), (0, 0, 0), "{}", world.books.ladder.text());
}

fn check(behaviour: Behaviour, expect: Disposition, blame: Blame) -> World {
    let world = call(behaviour, settings());
    let record = &world.books.ledger.only().record;
    assert_eq!((record.disposition, record.blame), (expect, blame), "{}", world.books.ladder.text());
    world
}

fn person(acts: Vec<Act>) -> Person {
    Person { acts, patience_ms: 0, ..Person::default() }
}

fn press(keys: &str) -> Act {
    Act::Press { keys: keys.into(), thought_ms: 300 }
}

#[test]
fn cnt_01_a_customer_presses_five_and_the_survey_is_completed() {
    let world =
        check(Behaviour::Answers(person(vec![press("5"), Act::Ignore])), Disposition::Completed, Blame::None);
    let record = &world.books.ledger.only().record;
    assert!(record.ringing_at < record.answered_at && record.answered_at.is_some());
    assert!(record.recording.as_ref().is_some_and(|r| r.duration > Duration::from_secs(3)));
    let steps = &record.steps;
    assert!(!steps.is_empty() && steps.iter().all(|step| Some(step.at) >= record.answered_at), "{steps:?}");
    let answer = &world.books.ledger.answers[0];
    assert_eq!((answer.keys.as_deref(), answer.score), (Some("5"), Some(5)));
    insta::assert_snapshot!("completed_survey", world.books.ladder.text());
}

#[test]
fn each_final_response_has_its_disposition() {
    let refuses = |status| Behaviour::Refuses { status, after_ms: 500, rings: true };
    for (status, expect, blame) in [
        (486, Disposition::Busy, Blame::Peer),
        (600, Disposition::Busy, Blame::Peer),
        (480, Disposition::Unavailable, Blame::Peer),
        (404, Disposition::InvalidNumber, Blame::Peer),
        (484, Disposition::InvalidNumber, Blame::Peer),
        (410, Disposition::InvalidNumber, Blame::Peer),
        (603, Disposition::Declined, Blame::Peer),
        (488, Disposition::Incompatible, Blame::Carrier),
        (503, Disposition::Congestion, Blame::Carrier),
        (500, Disposition::Congestion, Blame::Carrier),
        (302, Disposition::Congestion, Blame::Carrier),
    ] {
        let world = call(refuses(status), settings());
        let record = &world.books.ledger.reports[0].record;
        assert_eq!((record.disposition, record.blame, record.cause.sip), (expect, blame, status));
        assert_eq!(record.answered_at, None);
    }
}

#[test]
fn no_answer_ends_with_cancel_and_487() {
    let world = check(Behaviour::NoAnswer, Disposition::NoAnswer, Blame::Peer);
    let ladder = world.books.ladder.text();
    assert!(ladder.contains("CANCEL") && ladder.contains("487 1 INVITE"), "{ladder}");
}

#[test]
fn early_media_is_not_an_answer() {
    let behaviour =
        Behaviour::EarlyMediaThenAnswer { early_ms: 4_000, person: person(vec![press("5"), Act::Ignore]) };
    let world = check(behaviour, Disposition::Completed, Blame::None);
    let record = &world.books.ledger.only().record;
    let (early, answered) = (record.early_media_at.unwrap(), record.answered_at.unwrap());
    assert!(answered.millis_since(early) >= 3_900, "{early} {answered}");
}

#[test]
fn a_trunk_that_says_only_100_is_given_up() {
    let world = call(Behaviour::Dead, settings());
    let record = &world.books.ledger.reports[0].record;
    assert_eq!((record.disposition, record.blame), (Disposition::Congestion, Blame::Carrier));
    assert!(world.books.ladder.text().contains("CANCEL"), "{}", world.books.ladder.text());
}

#[test]
fn a_hang_up_in_the_middle_keeps_what_was_answered() {
    let world = call(Behaviour::Answers(person(vec![Act::HangUpAfter(300)])), settings());
    let record = &world.books.ledger.only().record;
    assert_eq!((record.disposition, record.ended_by), (Disposition::HungUp, EndedBy::Peer));
}

#[test]
fn silence_is_stored_as_null_and_never_as_zero() {
    let world = call(Behaviour::Answers(person(vec![Act::Ignore])), settings());
    assert_eq!(world.books.ledger.only().record.disposition, Disposition::NoInput);
    assert_eq!(world.books.ledger.answers.len(), 1);
    assert_eq!((&world.books.ledger.answers[0].keys, world.books.ledger.answers[0].score), (&None, None));
}

#[test]
fn keys_come_by_event_by_tone_and_by_info() {
    for keying in [Keying::Event, Keying::Inband, Keying::Info] {
        let customer = Person { keying, ..person(vec![press("5"), Act::Ignore]) };
        let world = call(Behaviour::Answers(customer), settings());
        assert_eq!(world.books.ledger.only().record.disposition, Disposition::Completed, "{keying:?}");
        assert_eq!(world.books.ledger.answers.len(), 1, "{keying:?}: one press, one answer");
    }
}

#[test]
fn a_machine_is_hung_up_on_or_left_a_message() {
    let machine =
        Behaviour::AnsweringMachine { answer_ms: 800, greeting_ms: 6_000, beep_hz: 1_000, record_ms: 8_000 };
    for (policy, expect) in [
        (MachinePolicy::HangUp, Disposition::Machine),
        (MachinePolicy::LeaveMessage, Disposition::MessageLeft),
    ] {
        let world = call(machine.clone(), CampaignSettings { machine: policy, ..settings() });
        let record = &world.books.ledger.only().record;
        assert_eq!(record.disposition, expect, "{}", world.books.ladder.text());
        assert!(record.amd.is_some());
    }
}

#[test]
fn a_person_is_told_from_a_machine_and_asked() {
    let customer = person(vec![press("5"), Act::Ignore]);
    let world =
        call(Behaviour::Answers(customer), CampaignSettings { machine: MachinePolicy::HangUp, ..settings() });
    assert_eq!(
        world.books.ledger.only().record.disposition,
        Disposition::Completed,
        "{}",
        world.books.ladder.text()
    );
}

#[test]
fn an_extension_is_dialled_through_before_the_survey_begins() {
    for (keying, extension) in [(Keying::Event, "801"), (Keying::Inband, "80,1#")] {
        let mut world = World::new(6, vec![trunk("a", 1)]);
        // Tones sound like a prompt to the phone; with events nothing sounds.
        let listens = if keying == Keying::Inband {
            vec![Act::Ignore; 1 + extension.matches(',').count()]
        } else {
            vec![]
        };
        let acts = [listens, vec![press("5"), Act::Ignore]].concat();
        let keying = Person { keying, ..person(acts) };
        world.books.numbers.insert((0, NUMBER.into()), Behaviour::Answers(keying));
        world.books.ledger.add(&[NUMBER]);
        world.books.ledger.rows.values_mut().for_each(|row| row.details.extension = extension.into());
        run(&mut world, CampaignSettings { extension_pause_ms: 1_500, ..settings() });
        let text = world.books.ladder.text();
        assert_eq!(world.books.ledger.only().record.disposition, Disposition::Completed, "{text}");
        assert_eq!(world.books.keys_heard, [extension.replace(',', "")], "{text}");
        assert_eq!(world.books.ledger.answers[0].score, Some(5), "{text}");
    }
}

#[test]
fn a_hang_up_while_an_extension_is_dialled_ends_cleanly() {
    let mut world = World::new(7, vec![trunk("a", 1)]);
    let leaves = Person { acts: vec![Act::Ignore], patience_ms: 1, ..Person::default() };
    world.books.numbers.insert((0, NUMBER.into()), Behaviour::Answers(leaves));
    world.books.ledger.add(&[NUMBER]);
    world.books.ledger.rows.values_mut().for_each(|row| row.details.extension = "8,,,,,,0".into());
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings())).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(ringback::engine::Input::Wake);
    world.run_until(HOUR, |w| w.engine.calls().any(|c| c.state == ringback::call::State::Extension));
    let now = world.now;
    world.engine.command(now, CampaignId(1), Command::Stop, "test").unwrap();
    world.feed(ringback::engine::Input::Wake);
    world.run_for(Duration::from_secs(80));
    world.run_until(Duration::from_secs(60), |w| w.leftovers().2.clients == 0);
    assert_eq!(world.books.ledger.only().record.disposition, Disposition::Cancelled);
    assert_clean(&world);
}

#[test]
fn the_next_trunk_takes_over_on_503() {
    let mut world = World::new(2, vec![trunk("a", 1), trunk("b", 2)]);
    let congested = Behaviour::Refuses { status: 503, after_ms: 50, rings: false };
    world.books.numbers.insert((0, NUMBER.into()), congested);
    world.books.numbers.insert((1, NUMBER.into()), Behaviour::Answers(person(vec![press("5"), Act::Ignore])));
    world.books.ledger.add(&[NUMBER]);
    run(&mut world, settings());
    let record = &world.books.ledger.only().record;
    assert_eq!((record.disposition, record.trunk.as_deref()), (Disposition::Completed, Some("b")));
    insta::assert_snapshot!("failover", world.books.ladder.text());
}

#[test]
fn a_silent_trunk_goes_down_and_the_other_carries_the_calls() {
    let mut world = World::new(3, vec![trunk("a", 1), trunk("b", 2)]);
    world.run_for(Duration::from_secs(2));
    world.moods[0] = TrunkMood::Silent;
    world.run_for(Duration::from_secs(40));
    world.books.numbers.insert((1, NUMBER.into()), Behaviour::Answers(person(vec![press("5"), Act::Ignore])));
    world.books.ledger.add(&[NUMBER]);
    run(&mut world, settings());
    let record = &world.books.ledger.only().record;
    assert_eq!((record.disposition, record.trunk.as_deref()), (Disposition::Completed, Some("b")));
}

#[test]
fn busy_is_tried_again_by_its_rule_and_the_reason_is_kept() {
    let world = {
        let mut world = World::new(4, vec![trunk("a", 1)]);
        world.books.numbers.insert((0, NUMBER.into()), Behaviour::BUSY);
        world.books.ledger.add(&[NUMBER]);
        run(&mut world, CampaignSettings { max_attempts: 3, daily_cap_per_number: 0, ..settings() });
        world
    };
    assert_eq!(world.books.ledger.reports.len(), 3);
    let row = world.books.ledger.rows.values().next().unwrap();
    assert_eq!(row.state, EntryState::Failed);
    assert_eq!(row.reason.as_ref().unwrap().code, ringback::policy::code::ATTEMPTS_SPENT);
    let gap = |i: usize| {
        world.books.ledger.reports[i + 1]
            .record
            .started_at
            .millis_since(world.books.ledger.reports[i].record.ended_at)
    };
    assert!(gap(0) >= 600_000 && gap(1) >= 600_000, "busy waits ten minutes: {} {}", gap(0), gap(1));
}

#[test]
fn stopping_a_campaign_hangs_up_and_pausing_does_not() {
    for (command, expect) in
        [(Command::Stop, Disposition::Cancelled), (Command::Pause, Disposition::Completed)]
    {
        let mut world = World::new(5, vec![trunk("a", 1)]);
        let slow = Act::Press { keys: "5".into(), thought_ms: 2_000 };
        world.books.numbers.insert((0, NUMBER.into()), Behaviour::Answers(person(vec![slow, Act::Ignore])));
        world.books.ledger.add(&[NUMBER]);
        let now = world.now;
        world.engine.handle_campaign(now, Ledger::campaign(settings())).unwrap();
        world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
        world.feed(ringback::engine::Input::Wake);
        world.run_until(HOUR, |w| w.engine.calls().any(|c| c.answered_at.is_some()));
        let now = world.now;
        world.engine.command(now, CampaignId(1), command, "test").unwrap();
        world.feed(ringback::engine::Input::Wake);
        world.run_until(HOUR, |w| w.books.ledger.reports.len() == 1);
        assert_eq!(
            world.books.ledger.only().record.disposition,
            expect,
            "{command:?}\n{}",
            world.books.ladder.text()
        );
    }
}

#[test]
fn media_end_with_our_bye_though_nobody_answers_it() {
    let mut world = World::new(8, vec![trunk("a", 1)]);
    world.books.numbers.insert((0, NUMBER.into()), Behaviour::Answers(person(vec![Act::Ignore])));
    world.books.ledger.add(&[NUMBER]);
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings())).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(ringback::engine::Input::Wake);
    world.run_until(HOUR, |w| w.engine.calls().any(|c| c.answered_at.is_some()));
    world.run_for(Duration::from_secs(1));
    world.moods[0] = TrunkMood::Silent;
    let (now, hung_up_at) = (world.now, world.now.utc);
    world.engine.command(now, CampaignId(1), Command::Stop, "test").unwrap();
    world.feed(ringback::engine::Input::Wake);
    world.run_for(Duration::from_millis(200));
    let (calls, seats, held) = world.leftovers();
    assert_eq!((calls, seats, held.sessions), (1, 0, 1), "{}", world.books.ladder.text());
    world.run_until(Duration::from_secs(60), |w| w.books.ledger.reports.len() == 1);
    let record = &world.books.ledger.only().record;
    assert_eq!((record.disposition, record.ended_at), (Disposition::Cancelled, hung_up_at));
    assert!(record.recording.as_ref().is_some_and(|r| r.duration < Duration::from_secs(2)), "{record:?}");
}

#[test]
fn media_end_with_a_dialog_that_is_never_acknowledged() {
    let mut world = World::new(9, vec![trunk("a", 1)]);
    world.run_for(Duration::from_secs(1));
    world.reload(|settings| {
        settings.rtp_timeout = Duration::ZERO;
        settings.inbound = vec![ringback::engine::InboundRule {
            trunk: String::new(),
            number: "400*".into(),
            script: "survey".into(),
            language: "en".into(),
        }];
    });
    world.moods[0] = TrunkMood::Silent;
    world.call_in(0, "4008001234");
    world.run_for(Duration::from_secs(31));
    assert_eq!(world.leftovers().1, 1, "{}", world.books.ladder.text());
    world.run_for(Duration::from_secs(2));
    let (calls, seats, held) = world.leftovers();
    assert_eq!((calls, seats, held.sessions), (1, 0, 1), "{}", world.books.ladder.text());
    world.run_until(Duration::from_secs(60), |w| w.books.ledger.reports.len() == 1);
    let record = &world.books.ledger.only().record;
    assert_eq!((record.ended_by, record.cause.sip), (EndedBy::Fault, 408), "{record:?}");
    let up = record.ended_at.millis_since(record.answered_at.unwrap());
    assert!((31_900..32_200).contains(&up), "{record:?}");
}

#[test]
fn the_survey_waits_for_somebody_at_the_extension() {
    // What the phone says first is what is heard behind the switchboard.
    let check = |tone_hz, greeting_ms, extension_wait_seconds, expect: std::ops::Range<i64>| {
        let mut world = World::new(6, vec![trunk("a", 1)]);
        let there = Person { tone_hz, greeting_ms, ..person(vec![press("5"), Act::Ignore]) };
        world.books.numbers.insert((0, NUMBER.into()), Behaviour::Answers(there));
        world.books.ledger.add(&[NUMBER]);
        world.books.ledger.rows.values_mut().for_each(|row| row.details.extension = "8".into());
        let settings = CampaignSettings { extension_pause_ms: 1_500, extension_wait_seconds, ..settings() };
        let now = world.now;
        world.engine.handle_campaign(now, Ledger::campaign(settings)).unwrap();
        world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
        world.feed(ringback::engine::Input::Wake);
        world.run_until(HOUR, |w| w.engine.calls().any(|c| c.state == ringback::call::State::Script));
        let answered = world.engine.calls().find_map(|c| c.answered_at).unwrap();
        let waited = world.now.utc.millis_since(answered);
        assert!(expect.contains(&waited), "{tone_hz} Hz: {waited} ms\n{}", world.books.ladder.text());
    };
    check(0, 6_000, 20, 1_800..3_000);
    check(450, 6_000, 20, 21_600..22_000);
    check(0, 0, 20, 21_600..22_000);
    check(0, 0, 0, 1_600..1_800);
}
