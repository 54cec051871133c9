//! A reload in simulated time: what changed is taken over, and no call is dropped.

use std::time::Duration;

use ringback::base::{CampaignId, Disposition};
use ringback::dialer::{CampaignSettings, CampaignState, Command, Health, MachinePolicy};
use ringback::engine::{InboundRule, Input, TrunkSettings};
use ringback::sip::Credentials;

use crate::world::{Ledger, World, answers, trunk};

const FIRST: &str = "13800000001";
const SECOND: &str = "13800000002";
const HOUR: Duration = Duration::from_secs(3_600);

fn settings() -> CampaignSettings {
    CampaignSettings {
        script: "survey".into(),
        language: "en".into(),
        ring_seconds: 15,
        max_attempts: 1,
        concurrency: 1,
        machine: MachinePolicy::Ignore,
        ..CampaignSettings::default()
    }
}

/// A world with these trunks whose two customers answer on each; the first call is up.
fn first_call_up(trunks: Vec<TrunkSettings>) -> World {
    let mut world = World::new(1, trunks);
    for trunk in 0..4 {
        world.books.numbers.insert((trunk, FIRST.into()), answers());
        world.books.numbers.insert((trunk, SECOND.into()), answers());
    }
    world.books.ledger.add(&[FIRST, SECOND]);
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings())).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(Input::Wake);
    world.run_until(HOUR, |w| w.engine.calls().any(|c| c.answered_at.is_some()));
    world
}

/// To the end of the campaign: disposition and trunk of each call, in order.
fn outcome(world: &mut World) -> Vec<(Disposition, String)> {
    world.run_until(HOUR, |w| w.books.ledger.states.last() == Some(&CampaignState::Done));
    world.run_for(Duration::from_secs(40));
    assert_eq!((world.leftovers().0, world.leftovers().1), (0, 0));
    let record =
        |r: &ringback::engine::Report| (r.record.disposition, r.record.trunk.clone().unwrap_or_default());
    world.books.ledger.reports.iter().map(record).collect()
}

fn completed(first: &str, second: &str) -> Vec<(Disposition, String)> {
    vec![(Disposition::Completed, first.into()), (Disposition::Completed, second.into())]
}

fn registers(world: &World) -> Vec<String> {
    let text = world.books.ladder.text();
    let lines = text.lines().filter(|l| l.contains("REGISTER for"));
    lines
        .map(|l| l.split("-> ").nth(1).unwrap_or(l).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn registering(mut settings: TrunkSettings, user: &str) -> TrunkSettings {
    settings.register = Some(600);
    settings.credentials = Some(Credentials { user: user.into(), password: "secret".into(), realm: None });
    settings
}

#[test]
fn a_call_on_a_trunk_that_is_removed_goes_on_and_the_next_takes_the_new_trunk() {
    let mut world = first_call_up(vec![trunk("a", 1)]);
    world.reload(|s| s.trunks = vec![trunk("b", 1)]);
    assert_eq!(world.engine.trunks().len(), 1);
    assert_eq!(outcome(&mut world), completed("a", "b"), "{}", world.books.ladder.text());
    let text = world.books.ladder.text();
    assert!(text.contains("-> trunk1    BYE"), "the first call ends on the old trunk\n{text}");
    assert!(text.contains("-> trunk2    INVITE"), "{text}");
}

#[test]
fn a_call_on_a_trunk_that_moves_goes_on_and_the_next_follows_it() {
    let mut world = first_call_up(vec![trunk("a", 1), trunk("b", 2)]);
    world.reload(|s| {
        s.trunks[0].server.host = "elsewhere.example".into();
        s.trunks[0].codecs.reverse();
        s.trunks[0].choice.max_calls = 1;
    });
    assert_eq!(world.engine.trunks()[0].health, Health::Unknown, "nothing is known of the new place");
    assert_eq!(outcome(&mut world), completed("a", "a"), "{}", world.books.ladder.text());
    assert!(world.books.ladder.text().contains("INVITE sdp"));
}

#[test]
fn a_call_that_rings_on_a_removed_trunk_is_answered_there() {
    let mut world = World::new(1, vec![trunk("a", 1), trunk("b", 2)]);
    world.books.numbers.insert((0, FIRST.into()), answers());
    world.books.ledger.add(&[FIRST]);
    let now = world.now;
    world.engine.handle_campaign(now, Ledger::campaign(settings())).unwrap();
    world.engine.command(now, CampaignId(1), Command::Start, "test").unwrap();
    world.feed(Input::Wake);
    world.run_until(HOUR, |w| w.engine.calls().any(|c| c.state == ringback::call::State::Ringing));
    world.reload(|s| drop(s.trunks.remove(0)));
    let expect = vec![(Disposition::Completed, "a".to_owned())];
    assert_eq!(outcome(&mut world), expect, "{}", world.books.ladder.text());
}

#[test]
fn a_trunk_that_comes_registers_and_one_that_goes_gives_its_registration_back() {
    let mut world = World::new(1, vec![registering(trunk("a", 1), "1001")]);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.engine.trunks()[0].health, Health::Up);
    world.reload(|s| s.trunks = vec![registering(trunk("b", 1), "1002")]);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.engine.trunks()[0].health, Health::Up);
    assert_eq!(
        registers(&world),
        ["trunk1 REGISTER for 600 s", "trunk1 REGISTER for 0 s", "trunk2 REGISTER for 600 s"]
    );
    assert_eq!(world.leftovers().2.registrations, 1);
}

#[test]
fn new_credentials_register_only_after_the_old_registration_is_gone() {
    let mut world = World::new(1, vec![registering(trunk("a", 1), "1001")]);
    world.run_for(Duration::from_secs(2));
    world.reload(|s| s.trunks[0] = registering(trunk("a", 1), "1002"));
    assert_eq!(world.engine.trunks()[0].health, Health::Unknown);
    assert_eq!(registers(&world).last().unwrap(), "trunk1 REGISTER for 0 s");
    world.run_for(Duration::from_secs(2));
    assert_eq!(registers(&world).last().unwrap(), "trunk1 REGISTER for 600 s");
    assert_eq!(world.engine.trunks()[0].health, Health::Up);
    // What the registration does not stand on leaves it alone.
    let before = registers(&world).len();
    world.reload(|s| s.trunks[0].choice.max_calls = 3);
    world.run_for(Duration::from_secs(2));
    assert_eq!((registers(&world).len(), &world.engine.trunks()[0].health), (before, &Health::Up));
    // And a trunk that is static from here on gives it back for good.
    world.reload(|s| s.trunks[0].register = None);
    world.run_for(Duration::from_secs(2));
    assert_eq!((world.leftovers().2.registrations, &world.engine.trunks()[0].health), (0, &Health::Up));
}

#[test]
fn a_health_check_that_is_switched_on_finds_a_dead_trunk() {
    let mut dead = trunk("a", 1);
    dead.ping_every = Duration::ZERO;
    let mut world = World::new(1, vec![dead]);
    world.moods[0] = crate::world::TrunkMood::Silent;
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.engine.trunks()[0].health, Health::Up, "nobody asked");
    world.reload(|s| s.trunks[0].ping_every = Duration::from_secs(10));
    world.run_for(Duration::from_secs(6));
    assert!(matches!(world.engine.trunks()[0].health, Health::Down(_)));
    world.reload(|s| s.trunks[0].ping_every = Duration::ZERO);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.engine.trunks()[0].health, Health::Up);
}

#[test]
fn windows_that_close_stop_the_next_call_and_not_the_running_one() {
    let mut world = first_call_up(vec![trunk("a", 1)]);
    let night = ringback::calendar::Windows::parse(&["02:00-03:00".to_owned()], "Asia/Shanghai").unwrap();
    world.reload(|s| s.dialer.windows = night);
    world.run_until(HOUR, |w| w.books.ledger.reports.len() == 1);
    world.run_for(Duration::from_secs(600));
    assert_eq!(world.books.ledger.reports.len(), 1, "the second waits for the night");
    let reason = world.books.ledger.blocked.as_ref().map(|r| r.code.to_string());
    assert_eq!(reason.as_deref(), Some("window_closed"));
    assert_eq!(outcome(&mut world_at_night(world)), completed("a", "a"));
}

/// The same world after most of a day.
fn world_at_night(mut world: World) -> World {
    world.run_for(Duration::from_secs(17 * 3_600 + 60));
    world
}

#[test]
fn inbound_rules_are_those_of_the_last_reload() {
    let mut world = World::new(1, vec![trunk("a", 1)]);
    world.run_for(Duration::from_secs(1));
    let answer = |world: &mut World| {
        world.call_in(0, "4008001234");
        world.run_for(Duration::from_secs(1));
        let text = world.books.ladder.text();
        text.lines().rfind(|l| l.contains("-> trunk1") && !l.contains(" 100 ")).unwrap_or("").to_owned()
    };
    assert!(answer(&mut world).contains("404"), "{}", world.books.ladder.text());
    world.reload(|s| {
        s.inbound = vec![InboundRule {
            trunk: String::new(),
            number: "400*".into(),
            script: "survey".into(),
            language: "en".into(),
        }];
    });
    assert!(answer(&mut world).contains("200"), "{}", world.books.ladder.text());
}
