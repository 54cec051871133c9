//! What is kept of the further legs of a call.

use ringback::base::{Disposition, Timestamp};
use ringback::call::leg::{LegKind, LegRecord, LegResult, Pause};
use ringback::call::{Bridging, EndedBy, HungUpFirst};
use ringback::engine::Write;
use ringback::sip::TraceItem;

use super::world::{Desk, MONDAY, World, report};
use crate::support::databases::{Database, number, on_both_databases};

on_both_databases! {
    legs_pauses_and_who_hung_up_first_are_stored_with_the_call,
    the_messages_of_further_legs_are_kept_beside_those_of_the_call,
}

fn at(ms: i64) -> Timestamp {
    Timestamp(MONDAY.0 + ms)
}

fn leg(number: u32, kind: LegKind, result: LegResult) -> LegRecord {
    LegRecord {
        number,
        kind,
        target: format!("100{number}"),
        agent: (kind != LegKind::Trunk).then(|| format!("100{number}")),
        started_at: at(5_000),
        ringing_at: Some(at(5_200)),
        answered_at: (result == LegResult::Talked).then(|| at(8_000)),
        ended_at: at(30_000),
        result,
        ended_by: EndedBy::Peer,
    }
}

async fn legs_pauses_and_who_hung_up_first_are_stored_with_the_call(database: &Database) {
    let mut world = World::new(database, 2).await;
    let mut desk = Desk::open(&world.store);
    let candidates = world.due(MONDAY).await;
    let attempts: Vec<_> = candidates.iter().map(|c| world.attempt(c, MONDAY)).collect();
    desk.reserve(attempts.clone()).await;
    let mut bridged = report(&attempts[0], Disposition::Completed);
    bridged.record.bridging = Bridging {
        legs: vec![
            leg(2, LegKind::Agent, LegResult::Elsewhere),
            leg(1, LegKind::Agent, LegResult::Talked),
            leg(3, LegKind::Trunk, LegResult::NotAccepted),
        ],
        hung_up_first: Some((HungUpFirst::Agent, at(30_000))),
        pauses: vec![
            Pause { from: at(10_000), to: Some(at(14_000)), by: "anna".into() },
            Pause { from: at(20_000), to: None, by: "boss".into() },
        ],
        begun_by: Some("anna".into()),
        abandoned: true,
        holds: vec![(at(15_000), at(19_000))],
    };
    let plain = report(&attempts[1], Disposition::Completed);
    for report in [bridged.clone(), plain, bridged] {
        desk.submit(Write::Report(Box::new(report)));
    }
    desk.flush().await;
    let row = world.store.bridged_row(attempts[0].call).await.unwrap();
    assert_eq!((row.hung_up_first.as_deref(), row.hung_up_first_at), (Some("agent"), Some(at(30_000).0)));
    let legs: Vec<_> =
        row.legs.iter().map(|leg| (leg.number, leg.kind.as_str(), leg.result.as_str())).collect();
    assert_eq!(legs, [(1, "agent", "talked"), (2, "agent", "elsewhere"), (3, "trunk", "not_accepted")]);
    assert_eq!((row.legs[0].agent.as_deref(), row.legs[2].agent.as_deref()), (Some("1001"), None));
    assert_eq!((row.legs[0].answered_at, row.legs[1].answered_at), (Some(at(8_000).0), None));
    let pauses: Vec<_> = row.pauses.iter().map(|p| (p.from_at, p.to_at, p.actor.as_str())).collect();
    assert_eq!(pauses, [(at(10_000).0, Some(at(14_000).0), "anna"), (at(20_000).0, None, "boss")]);
    let holds: Vec<_> = row.holds.iter().map(|hold| (hold.from_at, hold.to_at)).collect();
    assert_eq!(holds, [(at(15_000).0, at(19_000).0)]);
    let nothing = world.store.bridged_row(attempts[1].call).await.unwrap();
    assert_eq!(nothing, Default::default(), "a call of one leg");
    assert_eq!(number(&world.store, "SELECT COUNT(*) FROM legs").await, 3, "told twice, kept once");
    let agents = "SELECT COUNT(*) FROM calls WHERE begun_by = 'anna' AND abandoned = 1 AND survey_owed = 1";
    assert_eq!(number(&world.store, agents).await, 1);
    let (day, next) = ((MONDAY, at(86_400_000)), (at(86_400_000), at(172_800_000)));
    let campaign = attempts[0].campaign;
    assert_eq!(world.store.abandoned_of(campaign, day).await.unwrap(), (2, 1), "known again after a restart");
    assert_eq!(world.store.abandoned_of(campaign, next).await.unwrap(), (0, 0));
    let plain = "SELECT COUNT(*) FROM calls WHERE begun_by IS NULL AND abandoned = 0 AND survey_owed = 0";
    assert_eq!(number(&world.store, plain).await, 1);
}

async fn the_messages_of_further_legs_are_kept_beside_those_of_the_call(database: &Database) {
    let mut world = World::new(database, 1).await;
    let mut desk = Desk::open(&world.store);
    let candidates = world.due(MONDAY).await;
    let attempts: Vec<_> = candidates.iter().map(|c| world.attempt(c, MONDAY)).collect();
    desk.reserve(attempts.clone()).await;
    let item = |text: &str| TraceItem {
        at: at(1_000),
        sent: true,
        transport: "udp".into(),
        peer: "192.0.2.1:5060".into(),
        text: text.into(),
    };
    let call = attempts[0].call;
    for (number, text) in [(2, "BYE"), (1, "INVITE"), (1, "INVITE")] {
        desk.submit(Write::LegTrace { call, number, trace: vec![item(text)] });
    }
    // A call that was refused before it was written.
    let unknown = ringback::base::CallId::new(at(0), &mut ringback::base::Rng::seeded(99));
    desk.submit(Write::LegTrace { call: unknown, number: 1, trace: vec![item("INVITE")] });
    desk.flush().await;
    let kept = world.store.leg_traces(call).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|(number, json)| (*number, json.contains("INVITE"))).collect();
    assert_eq!(kept, [(1, true), (2, false)]);
    assert!(world.store.leg_traces(unknown).await.unwrap().is_empty());
}
