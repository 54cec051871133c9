//! Trunks that campaigns are held off, because of their canary.

use super::*;
use crate::dialer::Reason;

fn red() -> Option<Reason> {
    Some(Reason::new(code::CANARY_FAILED, "its canary failed"))
}

fn quick(settings: &mut CampaignSettings) {
    (settings.calls_per_second, settings.concurrency) = (0.0, 0);
}

#[test]
fn campaigns_go_by_other_trunks_and_wait_where_there_is_none() {
    let mut w = World::new(vec![trunk("a", 0, 0.0), trunk("b", 0, 0.0)]);
    w.add_campaign(campaign(1, quick));
    w.add_entries(1, 6);
    w.dialer.handle_trunk_held(w.now, "a", red());
    w.command(1, Command::Start);
    w.settle_store();
    assert_eq!(w.invites.len(), 6);
    assert!(w.invites.iter().all(|invite| &*invite.trunk == "b"), "{:?}", w.invites);

    w.dialer.handle_trunk_held(w.now, "b", red());
    w.add_entries(1, 2);
    w.run_for(ms(60_000));
    assert_eq!(w.invites.len(), 6, "nothing is dialled");
    let why = w.reasons[&CampaignId(1)].clone().expect("why");
    assert_eq!(why.code, code::NO_TRUNK);
    assert!(why.detail.contains("a: its canary failed"), "{why:?}");

    // Entries that were refused rest for a minute.
    w.dialer.handle_trunk_held(w.now, "a", None);
    w.run_for(ms(180_000));
    assert_eq!(w.invites.len(), 8);
    assert!(w.invites[6..].iter().all(|invite| &*invite.trunk == "a"), "{:?}", w.invites);
}

#[test]
fn what_was_reserved_before_the_light_turned_red_leaves_by_another_trunk_or_not_at_all() {
    let mut w = World::new(vec![trunk("a", 0, 0.0)]);
    w.add_campaign(campaign(1, quick));
    w.add_entries(1, 1);
    w.command(1, Command::Start);
    w.answer_fetches();
    assert_eq!(w.reserving.len(), 1);
    w.dialer.handle_trunk_held(w.now, "a", red());
    w.answer_reserves();
    w.run_for(ms(30_000));
    assert!(w.invites.is_empty(), "{:?}", w.invites);
    let row = w.rows.values().next().unwrap();
    assert_eq!(row.state, EntryState::Pending, "it is called once the light is green");
}

#[test]
fn a_person_and_a_call_about_the_trunk_itself_get_through_a_held_one() {
    let mut w = World::new(vec![trunk("a", 0, 0.0), trunk("b", 0, 0.0)]);
    let number: PhoneNumber = "95588".parse().unwrap();
    w.dialer.handle_trunk_held(w.now, "a", red());
    let way = |w: &mut World| {
        let id = CallId::new(w.now.utc, &mut w.rng);
        w.dialer.handle_route_wanted(w.now, id, "", &number).map(|route| route.trunk.to_string())
    };
    for _ in 0..10 {
        assert_eq!(way(&mut w).as_deref(), Some("b"), "another is better");
    }
    w.health("b", Health::Down("away".into()));
    assert_eq!(way(&mut w).as_deref(), Some("a"), "who speaks hears for themselves");
    let id = CallId::new(w.now.utc, &mut w.rng);
    let about = w.dialer.handle_trunk_wanted(w.now, id, "a", &number).expect("a way");
    assert_eq!(&*about.trunk, "a");
    assert!(w.dialer.is_ready(w.now, "a") && !w.dialer.is_ready(w.now, "b"));
}
